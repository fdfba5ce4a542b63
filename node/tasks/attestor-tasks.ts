/**
 * Tasks that attestors send: known-answer tasks come by the normal path, so a task of a skill that
 * can be tested so is counted as a test when a trusted attestor sends it, and taken only while the
 * account of being tested allows it. Any other task is work; one of an attestor for a skill that
 * has no known-answer tasks is neither, for attestors must not raise what they may take.
 *
 * Nothing in a task tells a test from an attestor's own business: it has to do that under another
 * PeerId. What it is told here is `TESTED_ENOUGH`, not that this node is busy.
 *
 * A task reserves twice what the last tasks of its skill took, or what the offer states before
 * there was one, ten seconds at most, and more when it needs it. A new round that is taken from the
 * work has to have room for as many tasks as an attestor sends by default, so that it is not cut
 * half way, with nothing to show for the time; a longer one may be, and so may one on the start
 * budget, which begins if there is room for a task.
 *
 * Time in which several tasks are in work at once is counted once: it is time of this node, and not
 * of the tasks.
 *
 * @module
 */

import { RESOURCE_UNITS } from '../../protocols/attestation/resource-units.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import { KNOWN_ANSWER_TERMS } from './known-answer.ts';
import type { MeasuredTime, TestTime } from './measured-time.ts';

/** Tasks of an attestation by default. */
const ROUND_TASKS = 8;
/** Tasks of a skill that come within this time of the first are one round. */
const ROUND_MS = 600_000;
/** Of what the last tasks took, what is reserved for the next: they differ in size. */
const RESERVE = 2;
/** Tasks of a skill whose median is taken: a single one may be of any size. */
const REMEMBERED_TASKS = 5;
/** Most that is reserved before a task is begun. */
const MAX_RESERVED_MS = 10_000;
/** Skills whose last tasks are remembered. */
const MAX_TERMS = 1_024;

export interface AttestorTasksInit {
  readonly measuredTime: MeasuredTime;
  /** PeerIds of trusted attestors. */
  readonly attestors: ReadonlySet<string>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What a task is, and whose. */
export interface WorkedTask {
  /** PeerId of the client. */
  readonly client: string;
  readonly term: string;
}

/** A task that was agreed. */
export interface AgreedTask extends WorkedTask {
  /** base64url. */
  readonly contractId: string;
  /** What the offer says that it takes, in milliseconds. */
  readonly latencyMs: number;
}

/** A task in work. */
export interface TimedTask {
  /** Counts the wall time that it took, in milliseconds. */
  end(durationMs: number): void;
}

/** Tells tests from work. */
export class AttestorTasks {
  readonly #init: AttestorTasksInit;
  /** Reserved for tests that were agreed and are not begun, by contract. */
  readonly #reserved = new Map<string, TestTime>();
  /** Contracts of tests in work: only their end settles their time. */
  readonly #begun = new Set<string>();
  /** Tasks in work for others, and since when their time is not counted yet. */
  #working = 0;
  #uncountedSinceMs = 0;
  /** What the last tasks of a skill took, by its term. */
  readonly #taskMs = new Map<string, readonly number[]>();
  /** When the last round began, by attestor and term. */
  readonly #rounds = new Map<string, number>();

  constructor(init: AttestorTasksInit) {
    this.#init = init;
  }

  /** Whether a task of the client would be taken, as far as tests go. */
  mayTake(task: WorkedTask, latencyMs: number): boolean {
    if (!this.#isTest(task)) return true;
    const { measuredTime } = this.#init;
    const tested = testedOf(task);
    const taskMs = this.#expectedMs(task.term, latencyMs);
    const purse = measuredTime.purseFor(tested, taskMs);
    const isNewRound = purse === 'share' && !this.#isInRound(task);
    return isNewRound
      ? measuredTime.purseFor(tested, ROUND_TASKS * taskMs) !== undefined
      : purse !== undefined;
  }

  /** Reserves the time of a task that is being agreed. @returns whether there is so much. */
  reserve(task: AgreedTask): boolean {
    const { contractId, latencyMs } = task;
    if (!this.#isTest(task) || this.#reserved.has(contractId)) return true;
    return this.mayTake(task, latencyMs) && this.#reserve(task);
  }

  #reserve(task: AgreedTask): boolean {
    const { contractId, latencyMs, term } = task;
    const durationMs = this.#expectedMs(term, latencyMs);
    const time = this.#init.measuredTime.reserve(testedOf(task), durationMs);
    if (!time) return false;
    this.#reserved.set(contractId, time);
    this.#noteRound(task);
    return true;
  }

  /** Gives back the time of a test, if it was not begun: what has run is not undone. */
  release(contractId: string): void {
    const time = this.#reserved.get(contractId);
    this.#reserved.delete(contractId);
    if (time) this.#settle(time, 0);
  }

  /**
   * Begins a task. `stop` is called when the time of a test has run out and there is no more.
   *
   * @returns `undefined` for a test for which there is no time.
   */
  begin(task: AgreedTask, stop: () => void): TimedTask | undefined {
    const { contractId, client, term } = task;
    if (!this.#isTest(task)) return this.#beginWork(term, this.#init.attestors.has(client));
    // Agreed before a restart, it is in the middle of its round.
    if (this.#begun.has(contractId)) return undefined;
    if (!this.#reserved.has(contractId) && !this.#reserve(task)) return undefined;
    const time = this.#reserved.get(contractId)!;
    this.#reserved.delete(contractId);
    this.#begun.add(contractId);
    let timer: NodeJS.Timeout;
    const arm = (durationMs: number) => {
      timer = setTimeout(() => {
        if (time.extend(durationMs)) arm(durationMs);
        else stop();
      }, durationMs);
    };
    arm(time.reservedMs);
    return {
      end: (durationMs) => {
        clearTimeout(timer);
        this.#begun.delete(contractId);
        this.#noteTask(term, durationMs);
        this.#settle(time, durationMs);
      },
    };
  }

  /** @param isUncounted - What attestors have done must not raise what they may take. */
  #beginWork(term: string, isUncounted: boolean): TimedTask {
    if (!isUncounted) {
      this.#countWork();
      this.#working += 1;
    }
    return {
      end: (durationMs) => {
        this.#noteTask(term, durationMs);
        if (isUncounted) return;
        this.#countWork();
        this.#working -= 1;
      },
    };
  }

  /** Counts the time since the last count, if anything was in work meanwhile. */
  #countWork(): void {
    const nowMs = this.#init.clock.monotonicMs();
    const sinceMs = this.#uncountedSinceMs;
    this.#uncountedSinceMs = nowMs;
    if (this.#working > 0) this.#init.measuredTime.onWorked(nowMs - sinceMs);
  }

  #settle(time: TestTime, spentMs: number): void {
    time.settle(spentMs).catch((error: unknown) => {
      this.#init.logger.error({ err: error }, 'The time of a test could not be stored.');
    });
  }

  /** Of work that took no time yet nothing can be taken, however short a task is. */
  #expectedMs(term: string, latencyMs: number): number {
    const lastMs = [...(this.#taskMs.get(term) ?? [])].sort((a, b) => a - b);
    const medianMs = lastMs[Math.floor(lastMs.length / 2)];
    const expectedMs = Math.ceil(medianMs === undefined ? latencyMs : RESERVE * medianMs);
    return Math.min(MAX_RESERVED_MS, Math.max(1, expectedMs));
  }

  #noteTask(term: string, durationMs: number): void {
    const lastMs = this.#taskMs.get(term);
    if (lastMs === undefined && this.#taskMs.size >= MAX_TERMS) return;
    this.#taskMs.set(term, [...(lastMs ?? []), durationMs].slice(-REMEMBERED_TASKS));
  }

  #isInRound(task: WorkedTask): boolean {
    const beganMs = this.#rounds.get(keyOf(task));
    return beganMs !== undefined && this.#init.clock.monotonicMs() - beganMs < ROUND_MS;
  }

  #noteRound(task: WorkedTask): void {
    if (this.#isInRound(task)) return;
    const nowMs = this.#init.clock.monotonicMs();
    for (const [other, beganMs] of this.#rounds) {
      if (nowMs - beganMs >= ROUND_MS) this.#rounds.delete(other);
    }
    this.#rounds.set(keyOf(task), nowMs);
  }

  #isTest({ client, term }: WorkedTask): boolean {
    return this.#init.attestors.has(client) && KNOWN_ANSWER_TERMS.includes(term);
  }
}

/** Of what a certificate names, what an attestor can test: the rest is not remembered of it. */
export function testedTerms(claims: readonly { readonly name: string }[]): readonly string[] {
  return claims
    .map(({ name }) => name)
    .filter((name) => RESOURCE_UNITS.has(name) || KNOWN_ANSWER_TERMS.includes(name));
}

function testedOf({ client, term }: WorkedTask) {
  return { attestor: client, term };
}

function keyOf({ client, term }: WorkedTask): string {
  return `${client}/${term}`;
}
