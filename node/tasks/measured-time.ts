/**
 * A contractor's account of being measured: at most 2 % of the time that it works for others, or
 * half a minute where it has worked little, so that a new contractor can be measured at all.
 *
 * The account is one of a day: it begins anew with the first benchmark or work after 24 h, so that
 * an idle year does not save up hours for attestors. It is kept over restarts. Time spent is
 * written at once; work may be lost in a crash, which only lowers the limit.
 *
 * The share is not sent to the attestor. It would tell each attestor how much this node works for
 * others, it would be this node's own word, and messages of a benchmark are strict: an attestor
 * that does not know the field would throw the finished measurement away. So `status` shows the
 * share here, and an attestor prints the time that it took, and the work of which that is 2 %.
 *
 * @module
 */

import type { Clock } from '../../protocols/components.ts';
import type { JsonSection } from '../storage/store.ts';

/** Most of the busy time that may be spent on being measured. */
export const MAX_MEASURED_SHARE = 0.02;
/** What is allowed in a day without any work: the longest benchmark that a holder accepts. */
const FLOOR_MS = 30_000;
const DAY_MS = 86_400_000;
const SETTINGS_KEY = 'measured-time';

/** The account as it is stored. */
export interface StoredMeasuredTime {
  /** When the day began, milliseconds since 1970. */
  readonly startMs: number;
  readonly spentMs: number;
  readonly busyMs: number;
}

/** The account as it is shown. */
export interface MeasuredTimeStatus {
  /** Spent on being measured, today. */
  readonly spentMs: number;
  /** Most that may be spent today. */
  readonly allowedMs: number;
  /** Spent on work for others, today. */
  readonly busyMs: number;
  /** Spent of busy, in percent; null without work. */
  readonly sharePercent: number | null;
}

export interface MeasuredTimeInit {
  readonly settings: JsonSection<StoredMeasuredTime>;
  readonly clock: Clock;
}

/** The account of one node. */
export class MeasuredTime {
  readonly #init: MeasuredTimeInit;
  #account: StoredMeasuredTime;
  #isSaved = true;

  constructor(init: MeasuredTimeInit) {
    this.#init = init;
    this.#account = { startMs: init.clock.nowMs(), spentMs: 0, busyMs: 0 };
  }

  /** Reads the account of before the restart. */
  async load(): Promise<void> {
    this.#account = (await this.#init.settings.get(SETTINGS_KEY)) ?? this.#account;
  }

  /** Whether a benchmark of so many milliseconds at most fits into what is left of the day. */
  mayBeMeasured(durationMs: number): boolean {
    const { spentMs, busyMs } = this.#today();
    return spentMs + durationMs <= allowedMs(busyMs);
  }

  /** Counts a benchmark, and resolves once that is on disk. */
  onSpent(durationMs: number): Promise<void> {
    const today = this.#today();
    this.#account = { ...today, spentMs: today.spentMs + durationMs };
    this.#isSaved = false;
    return this.save();
  }

  /** Counts work for others; {@link save} writes it. */
  onWorked(durationMs: number): void {
    const today = this.#today();
    this.#account = { ...today, busyMs: today.busyMs + durationMs };
    this.#isSaved = false;
  }

  /** Writes the account if it has changed. */
  async save(): Promise<void> {
    if (this.#isSaved) return;
    this.#isSaved = true;
    try {
      await this.#init.settings.put(SETTINGS_KEY, this.#account);
    } catch (error) {
      this.#isSaved = false;
      throw error;
    }
  }

  status(): MeasuredTimeStatus {
    const { spentMs, busyMs } = this.#today();
    return {
      spentMs,
      allowedMs: allowedMs(busyMs),
      busyMs,
      sharePercent: busyMs === 0 ? null : (100 * spentMs) / busyMs,
    };
  }

  /** The account, begun anew if its day is over; a clock that was set back does not prolong it. */
  #today(): StoredMeasuredTime {
    const nowMs = this.#init.clock.nowMs();
    const ageMs = nowMs - this.#account.startMs;
    if (ageMs < 0 || ageMs >= DAY_MS) {
      this.#account = { startMs: nowMs, spentMs: 0, busyMs: 0 };
    }
    return this.#account;
  }
}

function allowedMs(busyMs: number): number {
  return Math.max(FLOOR_MS, MAX_MEASURED_SHARE * busyMs);
}
