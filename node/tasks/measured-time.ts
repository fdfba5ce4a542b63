/**
 * A contractor's account of being tested by attestors: benchmarks of its resources, and the tasks
 * that an attestor sends it. Re-attestation takes at most 2 % of the time that it works for others.
 *
 * A newcomer has no work yet that 2 % could be taken of. So the first attestation of a resource or
 * a skill by an attestor is on a start budget: five minutes for life, not for a day. It is a
 * re-attestation as soon as this node has a certificate of that attestor for it, or ever had one:
 * this node knows that itself and asks nobody. What does not fit is declined, and the attestor
 * comes again at some other time.
 *
 * Work and tests count for a week. An attestor's tasks are tests, whatever they are: nothing in
 * them tells a known-answer task from another, and 2 % of work that attestors hand out themselves
 * would bound nothing. A benchmark announces its time and has to fit whole; so has a round of as
 * many tasks as an attestor sends by default, by what the last one of that skill took.
 *
 * Kept over restarts. Time spent is written at once; work may be lost in a crash, which only lowers
 * the limit. The share is not sent to attestors: it would tell them how much this node works for
 * others. So `status` shows it here, and an attestor prints the time that its test took.
 *
 * @module
 */

import type { Clock } from '../../protocols/components.ts';
import type { JsonSection } from '../storage/store.ts';

/** Most of the busy time that may be spent on re-attestation. */
const MAX_MEASURED_SHARE = 0.02;
/** Most that first attestations may take, for life: ten of the longest benchmarks. */
const START_BUDGET_MS = 300_000;
/** Tasks of an attestation by default. */
const ROUND_TASKS = 8;
/** Tasks of a skill that come within this time of the first are one round. */
const ROUND_MS = 600_000;
/** Days that work and tests count for. */
const DAYS = 7;
const DAY_MS = 86_400_000;
/** Attestors and terms that are remembered; beyond, all attestation is re-attestation. */
const MAX_CERTIFIED = 1_024;
const SETTINGS_KEY = 'measured-time';

/** What is tested, and by whom. */
export interface TestedTerm {
  /** PeerId. */
  readonly attestor: string;
  /** Resource or skill. */
  readonly term: string;
}

/** One day, by its number since 1970. */
interface Day {
  readonly day: number;
  readonly spentMs: number;
  readonly busyMs: number;
}

/** The account as it is stored. */
export interface StoredMeasuredTime {
  /** Days with work or re-attestation, at most the last seven. */
  readonly days: readonly Day[];
  /** Spent on first attestations, ever. */
  readonly startSpentMs: number;
  /** `attestor/term` of the certificates that this node has or had. */
  readonly certified: readonly string[];
}

/** The account as it is shown. */
export interface MeasuredTimeStatus {
  /** Spent on re-attestation in the last seven days. */
  readonly spentMs: number;
  /** Most that may be spent on it: 2 % of the work. */
  readonly allowedMs: number;
  /** Spent on work for others that are no attestors, in the same days. */
  readonly busyMs: number;
  /** Spent of busy, in percent; null without work. */
  readonly sharePercent: number | null;
  /** Spent on first attestations, ever. */
  readonly startSpentMs: number;
  /** Most that may be spent on them, ever. */
  readonly startAllowedMs: number;
}

export interface MeasuredTimeInit {
  readonly settings: JsonSection<StoredMeasuredTime>;
  readonly clock: Clock;
}

/** The account of one node. */
export class MeasuredTime {
  readonly #init: MeasuredTimeInit;
  #days: readonly Day[] = [];
  #startSpentMs = 0;
  readonly #certified = new Set<string>();
  /** What the last task of a skill took, by its term. */
  readonly #taskMs = new Map<string, number>();
  /** When the last round began, by attestor and term. */
  readonly #rounds = new Map<string, number>();
  #isSaved = true;

  constructor(init: MeasuredTimeInit) {
    this.#init = init;
  }

  /** Reads the account of before the restart; one of an older form begins anew. */
  async load(): Promise<void> {
    const stored = (await this.#init.settings.get(SETTINGS_KEY)) as Partial<StoredMeasuredTime>;
    if (!stored?.days) return;
    this.#days = stored.days;
    this.#startSpentMs = stored.startSpentMs ?? 0;
    for (const key of stored.certified ?? []) this.#certified.add(key);
  }

  /** From now on tests of these by the attestor are re-attestation. {@link save} writes it. */
  onCertified(attestor: string, terms: readonly string[]): void {
    for (const term of terms) {
      const key = keyOf({ attestor, term });
      if (this.#certified.has(key) || this.#certified.size >= MAX_CERTIFIED) continue;
      this.#certified.add(key);
      this.#isSaved = false;
    }
  }

  /** Whether a benchmark of so many milliseconds at most may be run. */
  mayBeMeasured(tested: TestedTerm, durationMs: number): boolean {
    const { spentMs, allowedMs } = this.status();
    if (spentMs + durationMs <= allowedMs) return true;
    return this.#isFirst(tested) && this.#startSpentMs + durationMs <= START_BUDGET_MS;
  }

  /** Whether a task of an attestor may be taken: with a new round, as many as it has. */
  mayBeTasked(tested: TestedTerm): boolean {
    const key = keyOf(tested);
    const nowMs = this.#init.clock.monotonicMs();
    const beganMs = this.#rounds.get(key);
    const isNew = beganMs === undefined || nowMs - beganMs >= ROUND_MS;
    const taskMs = this.#taskMs.get(tested.term) ?? 0;
    // Of work that took no time yet nothing can be taken, however short a task is.
    const durationMs = Math.max(1, taskMs * (isNew ? ROUND_TASKS : 1));
    if (!this.mayBeMeasured(tested, durationMs)) return false;
    if (isNew) this.#noteRound(key, nowMs);
    return true;
  }

  /** Counts a test, and resolves once that is on disk. */
  onSpent(tested: TestedTerm, durationMs: number): Promise<void> {
    if (this.#isFirst(tested) && this.#startSpentMs < START_BUDGET_MS) {
      this.#startSpentMs += durationMs;
      this.#isSaved = false;
    } else {
      this.#add({ spentMs: durationMs, busyMs: 0 });
    }
    return this.save();
  }

  /** Counts work for others that are no attestors; {@link save} writes it. */
  onWorked(durationMs: number): void {
    this.#add({ spentMs: 0, busyMs: durationMs });
  }

  /** Notes what a task of a skill takes, whoever has sent it. */
  onTask(term: string, durationMs: number): void {
    if (this.#taskMs.size < MAX_CERTIFIED || this.#taskMs.has(term)) {
      this.#taskMs.set(term, durationMs);
    }
  }

  /** Writes the account if it has changed. */
  async save(): Promise<void> {
    if (this.#isSaved) return;
    this.#isSaved = true;
    try {
      await this.#init.settings.put(SETTINGS_KEY, {
        days: this.#lastDays(),
        startSpentMs: this.#startSpentMs,
        certified: [...this.#certified],
      });
    } catch (error) {
      this.#isSaved = false;
      throw error;
    }
  }

  status(): MeasuredTimeStatus {
    const days = this.#lastDays();
    const spentMs = days.reduce((sum, day) => sum + day.spentMs, 0);
    const busyMs = days.reduce((sum, day) => sum + day.busyMs, 0);
    return {
      spentMs,
      allowedMs: MAX_MEASURED_SHARE * busyMs,
      busyMs,
      sharePercent: busyMs === 0 ? null : (100 * spentMs) / busyMs,
      startSpentMs: this.#startSpentMs,
      startAllowedMs: START_BUDGET_MS,
    };
  }

  #isFirst(tested: TestedTerm): boolean {
    return this.#certified.size < MAX_CERTIFIED && !this.#certified.has(keyOf(tested));
  }

  #noteRound(key: string, nowMs: number): void {
    for (const [other, beganMs] of this.#rounds) {
      if (nowMs - beganMs >= ROUND_MS) this.#rounds.delete(other);
    }
    this.#rounds.set(key, nowMs);
  }

  #add({ spentMs, busyMs }: Omit<Day, 'day'>): void {
    const day = this.#dayNow();
    const days = this.#lastDays();
    const today = days.find((one) => one.day === day) ?? { day, spentMs: 0, busyMs: 0 };
    const sum = { day, spentMs: today.spentMs + spentMs, busyMs: today.busyMs + busyMs };
    this.#days = [...days.filter((one) => one.day !== day), sum];
    this.#isSaved = false;
  }

  /** The days that count; one of the future is of a clock that was set back. */
  #lastDays(): readonly Day[] {
    const now = this.#dayNow();
    return this.#days.filter(({ day }) => day <= now && day > now - DAYS);
  }

  #dayNow(): number {
    return Math.floor(this.#init.clock.nowMs() / DAY_MS);
  }
}

function keyOf({ attestor, term }: TestedTerm): string {
  return `${attestor}/${term}`;
}
