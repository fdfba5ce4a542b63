/**
 * What this node itself has seen of each contractor: verified and failed results, per task type.
 * These are the outcomes of Eq. 14 and Eq. 18; nobody else's word is among them.
 *
 * @module
 */

import type { OutcomeHistory } from '../decision/request.ts';
import type { JsonSection } from '../storage/store.ts';

const MS_PER_MONTH = 30.4375 * 24 * 3_600_000;
/** Contractors remembered. A peer makes an entry by being hired; the oldest one goes first. */
const MAX_ENTRIES = 20_000;

/** Stored outcomes of one contractor in one task type. */
export interface OutcomeEntry {
  readonly peerId: string;
  readonly taskType: string;
  readonly successes: number;
  readonly failures: number;
  readonly lastMs: number;
  readonly paidMicroUsd: number;
  /** Sum of the realised utilities (Eq. 13). Left out in entries of an older version. */
  readonly utility?: number;
  /** Verdicts that the contractor did not accept; left out for none. */
  readonly disputes?: number;
}

/** Outcomes of one contractor, in the form the decision engine reads. */
export interface ContractorHistory extends OutcomeHistory {
  /** Of all task types: what went wrong beside the work itself (Eq. 15, P_breach). */
  readonly incidents: { readonly disputes: number; readonly interactions: number };
  readonly byType: Readonly<Record<string, OutcomeHistory>>;
}

function keyOf(peerId: string, taskType: string): string {
  return `${peerId}/${taskType}`;
}

/** The book of outcomes. */
export class OutcomeBook {
  readonly #section: JsonSection<OutcomeEntry>;
  readonly #entries = new Map<string, OutcomeEntry>();

  private constructor(section: JsonSection<OutcomeEntry>) {
    this.#section = section;
  }

  static async load(section: JsonSection<OutcomeEntry>): Promise<OutcomeBook> {
    const book = new OutcomeBook(section);
    // The store has them by key; what goes first is what was used longest ago.
    const entries = await section.values();
    for (const entry of entries.sort((a, b) => a.lastMs - b.lastMs)) {
      book.#entries.set(keyOf(entry.peerId, entry.taskType), entry);
    }
    return book;
  }

  /** Adds one outcome and stores it. */
  async record(outcome: {
    readonly peerId: string;
    readonly taskType: string;
    readonly isSuccess: boolean;
    readonly paidMicroUsd: number;
    /** In [0, 1]. */
    readonly utility: number;
    /** Whether the contractor did not accept the verdict. */
    readonly isDisputed?: boolean;
    readonly atMs: number;
  }): Promise<void> {
    const key = keyOf(outcome.peerId, outcome.taskType);
    const before = this.#entries.get(key);
    const disputes = (before?.disputes ?? 0) + (outcome.isDisputed ? 1 : 0);
    const entry: OutcomeEntry = {
      peerId: outcome.peerId,
      taskType: outcome.taskType,
      successes: (before?.successes ?? 0) + (outcome.isSuccess ? 1 : 0),
      failures: (before?.failures ?? 0) + (outcome.isSuccess ? 0 : 1),
      lastMs: outcome.atMs,
      paidMicroUsd: (before?.paidMicroUsd ?? 0) + outcome.paidMicroUsd,
      utility: (before ? utilityOf(before) : 0) + outcome.utility,
      ...(disputes === 0 ? {} : { disputes }),
    };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    await this.#section.put(key, entry);
    await this.#forgetOldest();
  }

  /** History of one contractor; zeros if there is none. */
  historyOf(peerId: string, nowMs: number): ContractorHistory {
    const entries = this.entriesOf(peerId);
    const byType: Record<string, OutcomeHistory> = {};
    for (const entry of entries) byType[entry.taskType] = historyOf([entry], nowMs);
    const disputes = entries.reduce((sum, entry) => sum + (entry.disputes ?? 0), 0);
    const interactions = entries.reduce((sum, one) => sum + one.successes + one.failures, 0);
    return { ...historyOf(entries, nowMs), byType, incidents: { disputes, interactions } };
  }

  entriesOf(peerId: string): OutcomeEntry[] {
    return this.all().filter((entry) => entry.peerId === peerId);
  }

  /** Contractors with verified results in one of the types, those with the most first. */
  provenIn(isWanted: (taskType: string) => boolean): readonly string[] {
    const proven = this.all().filter((one) => one.successes > 0 && isWanted(one.taskType));
    proven.sort((a, b) => b.successes - a.successes);
    return [...new Set(proven.map(({ peerId }) => peerId))];
  }

  all(): OutcomeEntry[] {
    return [...this.#entries.values()];
  }

  async #forgetOldest(): Promise<void> {
    if (this.#entries.size <= MAX_ENTRIES) return;
    for (const key of this.#entries.keys()) {
      this.#entries.delete(key);
      await this.#section.delete(key);
      return;
    }
  }
}

function historyOf(entries: readonly OutcomeEntry[], nowMs: number): OutcomeHistory {
  let successes = 0;
  let failures = 0;
  let lastMs = 0;
  let utility = 0;
  for (const entry of entries) {
    successes += entry.successes;
    failures += entry.failures;
    lastMs = Math.max(lastMs, entry.lastMs);
    utility += utilityOf(entry);
  }
  const monthsSinceLast = lastMs === 0 ? 0 : Math.max(0, (nowMs - lastMs) / MS_PER_MONTH);
  // Rounding must not lift the sum above what it is a part of.
  return { successes, failures, monthsSinceLast, utility: Math.min(utility, successes) };
}

function utilityOf({ utility, successes }: OutcomeEntry): number {
  return utility ?? successes;
}
