/**
 * What dealing with contractors costs here besides their price: session, check and integration, as
 * moving averages over all of them, and per (contractor, task type) the ratio of what a deal took
 * to what these averages said before it. Paper Eq. (6) and (10).
 *
 * Only handling is calibrated. The price is invoiced as agreed; what a contractor's failures cost
 * is corrected by its outcomes (Eq. 14). A check that repeats the work is no part of a ratio
 * either: whether it is done is drawn by lot, and what it costs is what the work costs here.
 *
 * Does not store itself, and decides nothing.
 *
 * @module
 */

import { ewma } from '../cost/calibration.ts';
import type { Calibration } from '../cost/calibration.ts';
import type { Measure, OpenMeasure, WorkMeter } from './work-meter.ts';

/** What tasks have cost besides their price, as running means in micro-USD; null until measured. */
export interface MeasuredOverheads {
  readonly sessionMicroUsd: number | null;
  readonly verificationMicroUsd: number | null;
  /** From the checked parts of a result to the document of the run. */
  readonly integrationMicroUsd: number | null;
}

/** Nothing was measured yet. */
export const UNMEASURED: MeasuredOverheads = {
  sessionMicroUsd: null,
  verificationMicroUsd: null,
  integrationMicroUsd: null,
};

/** One kind of handling. */
export type OverheadKind = keyof MeasuredOverheads;

/** One settled contract, as measured. */
export interface Deal {
  readonly taskId: string;
  /** PeerId of the contractor. */
  readonly party: string;
  readonly taskType: string;
  /** The averages that were in force when it was decided on. */
  readonly expected: MeasuredOverheads;
  /** Agreement, delivery and settlement. */
  readonly session: Measure;
  /** `null` if the check repeated the work. */
  readonly verification: Measure | null;
  /** Whether its result goes on to the user. */
  readonly isAccepted: boolean;
}

/** Actual and expected cost of the same kinds of handling. */
interface Comparison {
  readonly actualMicroUsd: number;
  readonly expectedMicroUsd: number;
}

interface OpenDeal {
  readonly deal: Deal;
  readonly open: OpenMeasure;
}

export interface HandlingCostsInit {
  readonly calibration: Calibration;
  readonly meter: WorkMeter;
  /** Price of processor time here, in micro-USD. */
  readonly priceOfCpu: (seconds: number) => number;
}

/** Averages and ratios of handling. */
export class HandlingCosts {
  readonly #init: HandlingCostsInit;
  /** Own tasks in work by task id; a deal while its result is on its way to the user. */
  readonly #runs = new Map<string, OpenDeal | null>();
  #overheads: MeasuredOverheads;
  #hasDealt = false;
  #hasIntegrated = false;

  constructor(init: HandlingCostsInit, overheads: MeasuredOverheads = UNMEASURED) {
    this.#init = init;
    this.#overheads = overheads;
  }

  get overheads(): MeasuredOverheads {
    return this.#overheads;
  }

  /**
   * Moves an average towards what one kind of handling took. A disturbed measure is better than
   * none, and no better than an undisturbed one.
   */
  learn(kind: OverheadKind, { seconds, isAlone }: Measure): void {
    const average = this.#overheads[kind];
    if (!isAlone && average !== null) return;
    const costMicroUsd = Math.max(0, this.#init.priceOfCpu(seconds));
    this.#overheads = { ...this.#overheads, [kind]: ewma(average, costMicroUsd) };
  }

  /** A run of an own task begins. */
  begin(taskId: string): void {
    this.#runs.set(taskId, null);
  }

  /**
   * Learns from a settled contract. The first one after a start pays for code that is compiled
   * once: it is no measure.
   */
  settled(deal: Deal): void {
    if (!this.#hasDealt) {
      this.#hasDealt = true;
      return;
    }
    this.learn('sessionMicroUsd', deal.session);
    if (deal.isAccepted && this.#runs.has(deal.taskId)) {
      this.#runs.set(deal.taskId, { deal, open: this.#init.meter.begin('computes') });
    } else {
      this.#compare(deal, null);
    }
  }

  /** The accepted result of a task stands in the document of its run. @returns if it teaches. */
  integrated(taskId: string): boolean {
    const opened = this.#runs.get(taskId);
    if (!opened) return false;
    this.#runs.set(taskId, null);
    const integration = opened.open.end();
    this.#compare(opened.deal, this.#hasIntegrated ? integration : null);
    // The first one after a start compiles its code too.
    if (this.#hasIntegrated) this.learn('integrationMicroUsd', integration);
    this.#hasIntegrated = true;
    return true;
  }

  /** The run of a task is over, whether or not there is a document. */
  end(taskId: string): void {
    this.#runs.get(taskId)?.open.end();
    this.#runs.delete(taskId);
  }

  #compare(
    { party, taskType, expected, session, verification }: Deal,
    integration: Measure | null,
  ) {
    const { actualMicroUsd, expectedMicroUsd } = this.#sum([
      [expected.sessionMicroUsd, session],
      [expected.verificationMicroUsd, verification],
      [expected.integrationMicroUsd, integration],
    ]);
    const modelledMicroUsd = expectedMicroUsd;
    this.#init.calibration.observe({ party, taskType, actualMicroUsd, modelledMicroUsd });
  }

  /** Sums over the kinds of which both sides are known. */
  #sum(kinds: readonly (readonly [number | null, Measure | null])[]): Comparison {
    let actualMicroUsd = 0;
    let expectedMicroUsd = 0;
    for (const [expected, measure] of kinds) {
      if (expected === null || measure?.isAlone !== true) continue;
      actualMicroUsd += this.#init.priceOfCpu(measure.seconds);
      expectedMicroUsd += expected;
    }
    return { actualMicroUsd, expectedMicroUsd };
  }
}
