/**
 * What becomes of a task that is handed out: whether it comes back, whether the result is right,
 * whether anybody notices, and what all of it costs. The true figures of a contractor are used here
 * and by the yardsticks, and nowhere else.
 *
 * @module
 */

import {
  communicationCostMicroUsd,
  latencyCostMicroUsd,
  transferMicroUsdPerHour,
} from '../../node/cost/external-cost.ts';
import { mishapOf } from '../../node/decision/candidate-evidence.ts';
import { DEFAULTS } from '../../node/config/defaults.ts';
import { REFERENCE_POLICY } from '../../node/decision/policy.ts';
import type { Adversaries } from './adversaries.ts';
import type { Market } from './market.ts';
import type { Population } from './population.ts';
import type { RunSettings } from './settings.ts';
import type { Workload } from './workload.ts';

/** Share of the audits of a wrong result that find it wrong (security.md 6). */
const AUDIT_FINDS = 0.9;

/** How a trade ended. */
export interface Trade {
  /** Price, handling and damage; what doing it again costs is not in it. */
  readonly paidMicroUsd: number;
  /** Whether the client takes it for a success, and pays. */
  readonly isSuccess: boolean;
  /** Whether no right result came back, noticed or not. */
  readonly isLost: boolean;
  /** Whether the client has to do the task again. */
  readonly isRepeated: boolean;
}

/** A task in a contractor's hands. */
export interface TradedTask {
  readonly task: number;
  readonly contractor: number;
  readonly priceMicroUsd: number;
  /** Outcomes of this contractor that the client knows: audits depend on it. */
  readonly knownOutcomes: number;
}

/** Lets contractors work. */
export class Trades {
  readonly #settings: RunSettings;
  readonly #market: Market;
  readonly #tasks: Workload;
  readonly #population: Population;
  readonly #adversaries: Adversaries;
  readonly #transferMicroUsdPerHour: number;

  constructor(
    settings: RunSettings,
    market: Market,
    tasks: Workload,
    population: Population,
    adversaries: Adversaries,
  ) {
    this.#settings = settings;
    this.#market = market;
    this.#tasks = tasks;
    this.#population = population;
    this.#adversaries = adversaries;
    const { transferMicroUsdPerGb, bandwidthMbps } = market.link;
    this.#transferMicroUsdPerHour = transferMicroUsdPerHour(transferMicroUsdPerGb, bandwidthMbps);
  }

  perform(traded: TradedTask): Trade {
    const handling = this.#handling(traded);
    return this.#settings.failures === 'drawn'
      ? this.#drawn(traded, handling)
      : this.#insured(traded, handling);
  }

  /** Transfer, verification, integration and lateness. */
  #handling({ task, contractor }: TradedTask): number {
    const { overheads, link, latencyMicroUsdPerMinute, tasks: types } = this.#market;
    const { inputGb, outputGb, type } = this.#tasks;
    const { reliability, latencyMinutes } = this.#population;
    const isAutomatic = reliability[contractor]! > REFERENCE_POLICY.automaticVerificationAbove;
    const verification = isAutomatic
      ? overheads.automaticVerificationMicroUsd
      : overheads.manualVerificationMicroUsd;
    const communication = communicationCostMicroUsd(
      inputGb[task]! + outputGb[task]!,
      link.bandwidthMbps,
      this.#transferMicroUsdPerHour,
      overheads.sessionMicroUsd,
    );
    const lateness = latencyCostMicroUsd(
      latencyMinutes[contractor]!,
      types[type[task]!]!.maxLatencyMinutes,
      latencyMicroUsdPerMinute,
    );
    return communication + verification + overheads.integrationMicroUsd + lateness;
  }

  /** The expected loss is charged whatever happens (Eq. 9, as the paper's code sums it). */
  #insured({ task, contractor, priceMicroUsd }: TradedTask, handling: number): Trade {
    const { reliability, securityRisk, qualityRisk } = this.#population;
    const { valueMicroUsd, externalFactor, deliveryDraw, qualityDraw } = this.#tasks;
    const mishap = mishapOf(
      REFERENCE_POLICY,
      reliability[contractor]!,
      securityRisk[contractor]!,
      qualityRisk[contractor]!,
    );
    const isRight =
      deliveryDraw[task]! < reliability[contractor]! &&
      qualityDraw[task]! >= qualityRisk[contractor]!;
    const isSuccess = this.#settings.failures === 'premium' || isRight;
    return {
      paidMicroUsd:
        (priceMicroUsd + handling + valueMicroUsd[task]! * mishap) * externalFactor[task]!,
      isSuccess,
      isLost: !isSuccess,
      isRepeated: false,
    };
  }

  /** What fails and is noticed is not paid for, and done again here; the rest costs its value. */
  #drawn({ task, contractor, priceMicroUsd, knownOutcomes }: TradedTask, handling: number): Trade {
    const { reliability, securityRisk, qualityRisk } = this.#population;
    const tasks = this.#tasks;
    const value = tasks.valueMicroUsd[task]!;
    const isDelivered = tasks.deliveryDraw[task]! < reliability[contractor]!;
    const isMadeUp = this.#adversaries.cheats(contractor, value, tasks.cheatDraw[task]!);
    const isRight = !isMadeUp && tasks.qualityDraw[task]! >= qualityRisk[contractor]!;
    const isFound = tasks.auditDraw[task]! < this.#auditRate(knownOutcomes);
    const isSuccess = isDelivered && (isRight || !isFound);
    const isLeaked = isDelivered && tasks.securityDraw[task]! < securityRisk[contractor]!;
    const isWrongUsed = isSuccess && !isRight;
    const damage = (isLeaked ? value : 0) + (isWrongUsed ? value : 0);
    const price = isSuccess ? priceMicroUsd : 0;
    return {
      paidMicroUsd: (price + handling) * tasks.externalFactor[task]! + damage,
      isSuccess,
      isLost: !isDelivered || !isRight,
      isRepeated: !isSuccess,
    };
  }

  /** Probability that a wrong result is found. */
  #auditRate(knownOutcomes: number): number {
    switch (this.#settings.world.audits) {
      case 'all':
        return 1;
      case 'none':
        return 0;
      case 'sampled': {
        const { auditRateNew, auditRateKnown, knownFromOutcomes } = DEFAULTS.verification;
        return AUDIT_FINDS * (knownOutcomes < knownFromOutcomes ? auditRateNew : auditRateKnown);
      }
    }
  }
}
