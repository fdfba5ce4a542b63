/**
 * A contractor's account of being tested by attestors: benchmarks of its resources, and the tasks
 * that an attestor sends it. Re-attestation takes at most 2 % of the time that it works for others.
 *
 * A newcomer has no work yet that 2 % could be taken of. So the first attestation of a resource or
 * a skill by an attestor is on a start budget: a minute for each attestor and five for all, for
 * life, not for a day. It is a re-attestation as soon as this node has a certificate of that
 * attestor for it, or ever had one: this node knows that itself and asks nobody. What does not fit
 * is declined, and the attestor comes again at some other time.
 *
 * Time is reserved when a test is accepted and settled when it ends, so that tests side by side
 * cannot take the same time twice. A test that wants longer than was reserved gets more if there is
 * more, or is stopped.
 *
 * Work and tests count for a week. Kept over restarts. Time spent is written at the end of each
 * test; a crash loses that of the tests in work, and some work, which only lowers the limit. The
 * share is not sent to attestors: it would tell them how much this node works for others. So
 * `status` shows it here, and an attestor prints the time that its test took.
 *
 * @module
 */

import type { Clock } from '../../protocols/components.ts';
import type { JsonSection } from '../storage/store.ts';

/** Most of the busy time that may be spent on re-attestation. */
const MAX_MEASURED_SHARE = 0.02;
/** Most that first attestations may take, for life: ten of the longest benchmarks. */
const START_BUDGET_MS = 300_000;
/** Most of it that one attestor may take. */
const START_BUDGET_OF_ONE_MS = 60_000;
/** Days that work and tests count for. */
const DAYS = 7;
const DAY_MS = 86_400_000;
const SETTINGS_KEY = 'measured-time';

/** What is tested, and by whom. */
export interface TestedTerm {
  /** PeerId. */
  readonly attestor: string;
  /** Resource or skill. */
  readonly term: string;
}

/** Time that was reserved for one test. */
export interface TestTime {
  /** So far, in milliseconds. */
  readonly reservedMs: number;
  /** Reserves so much more. @returns whether there was so much. */
  extend(durationMs: number): boolean;
  /** Ends the test: counts what it took, gives the rest back; resolves once it is on disk. */
  settle(spentMs: number): Promise<void>;
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
  /** Of it, by PeerId of the attestor. Left out by an older version. */
  readonly startSpentByMs?: Readonly<Record<string, number>>;
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
  /** Most of it that one attestor may spend. */
  readonly startAllowedOfOneMs: number;
}

export interface MeasuredTimeInit {
  readonly settings: JsonSection<StoredMeasuredTime>;
  readonly clock: Clock;
}

/** Where the time of a test is taken from: the start budget, or the share of the work. */
export type Purse = 'start' | 'share';

interface Reservation {
  readonly purse: Purse;
  readonly attestor: string;
  reservedMs: number;
}

/** The account of one node. */
export class MeasuredTime {
  readonly #init: MeasuredTimeInit;
  #days: readonly Day[] = [];
  #startSpentMs = 0;
  readonly #startSpentBy = new Map<string, number>();
  /** Terms, by attestor. */
  readonly #certified = new Map<string, Set<string>>();
  readonly #reserved = new Set<Reservation>();
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
    for (const [attestor, spentMs] of Object.entries(stored.startSpentByMs ?? {})) {
      this.#startSpentBy.set(attestor, spentMs);
    }
    for (const key of stored.certified ?? []) {
      const at = key.indexOf('/');
      this.onCertified(key.slice(0, at), [key.slice(at + 1)]);
    }
    this.#isSaved = true;
  }

  /**
   * From now on tests of these by the attestor are re-attestation. {@link save} writes it.
   *
   * @param terms - Such as can be tested: there are few of them.
   */
  onCertified(attestor: string, terms: readonly string[]): void {
    const known = this.#certified.get(attestor) ?? new Set<string>();
    this.#certified.set(attestor, known);
    for (const term of terms) {
      if (known.has(term)) continue;
      known.add(term);
      this.#isSaved = false;
    }
  }

  /** Whether this node has no certificate of that attestor for the term, and never had one. */
  isFirst({ attestor, term }: TestedTerm): boolean {
    return this.#certified.get(attestor)?.has(term) !== true;
  }

  /** Where so many milliseconds of a test would be taken from now; `undefined`: nowhere. */
  purseFor(tested: TestedTerm, durationMs: number): Purse | undefined {
    const { attestor } = tested;
    if (this.isFirst(tested) && durationMs <= this.#leftMs('start', attestor)) return 'start';
    return durationMs <= this.#leftMs('share', attestor) ? 'share' : undefined;
  }

  /** Reserves the time of a test; `undefined` if there is not so much. */
  reserve(tested: TestedTerm, durationMs: number): TestTime | undefined {
    const purse = this.purseFor(tested, durationMs);
    if (purse === undefined) return undefined;
    const { attestor } = tested;
    const reservation: Reservation = { purse, attestor, reservedMs: durationMs };
    this.#reserved.add(reservation);
    return {
      get reservedMs() {
        return reservation.reservedMs;
      },
      extend: (moreMs) => {
        if (!this.#reserved.has(reservation)) return false;
        if (this.#leftMs(purse, attestor) < moreMs) return false;
        reservation.reservedMs += moreMs;
        return true;
      },
      settle: (spentMs) => {
        if (!this.#reserved.delete(reservation)) return Promise.resolve();
        this.#spend(reservation, spentMs);
        return this.save();
      },
    };
  }

  /** Counts time of work for others that are no attestors; {@link save} writes it. */
  onWorked(durationMs: number): void {
    this.#add({ spentMs: 0, busyMs: durationMs });
  }

  /** Writes the account if it has changed. */
  async save(): Promise<void> {
    if (this.#isSaved) return;
    this.#isSaved = true;
    const certified = [...this.#certified].flatMap(([attestor, terms]) =>
      [...terms].map((term) => `${attestor}/${term}`),
    );
    try {
      await this.#init.settings.put(SETTINGS_KEY, {
        days: this.#lastDays(),
        startSpentMs: this.#startSpentMs,
        startSpentByMs: Object.fromEntries(this.#startSpentBy),
        certified,
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
      startAllowedOfOneMs: START_BUDGET_OF_ONE_MS,
    };
  }

  /** What is neither spent nor reserved. */
  #leftMs(purse: Purse, attestor: string): number {
    const reserved = [...this.#reserved].filter((one) => one.purse === purse);
    if (purse === 'share') {
      const { spentMs, allowedMs } = this.status();
      return allowedMs - spentMs - sumOf(reserved);
    }
    const ownMs = sumOf(reserved.filter((one) => one.attestor === attestor));
    return Math.min(
      START_BUDGET_MS - this.#startSpentMs - sumOf(reserved),
      START_BUDGET_OF_ONE_MS - (this.#startSpentBy.get(attestor) ?? 0) - ownMs,
    );
  }

  #spend({ purse, attestor }: Reservation, spentMs: number): void {
    if (spentMs === 0) return;
    if (purse === 'share') return this.#add({ spentMs, busyMs: 0 });
    this.#startSpentMs += spentMs;
    this.#startSpentBy.set(attestor, (this.#startSpentBy.get(attestor) ?? 0) + spentMs);
    this.#isSaved = false;
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

function sumOf(reservations: readonly Reservation[]): number {
  return reservations.reduce((sum, { reservedMs }) => sum + reservedMs, 0);
}
