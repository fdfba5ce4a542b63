/**
 * The log of decisions: appended, never changed, so that any of them can be shown, recomputed and
 * redone by hand later. What it holds stands in `stored-decision.ts`.
 *
 * Appending is cheap: all entries that wait go to disk as one value in one step, and a table, a
 * policy or a machine is written once for all decisions that were made from it. Such a value stands
 * under the first of its ids; ids ascend, so the value of an id is the last one up to it.
 *
 * @module
 */

import { fromUtf8, toHex, utf8 } from '../../crypto/bytes.ts';
import type { Clock, Random } from '../../protocols/components.ts';
import type { DecisionsSummaryDocument, ShortDecisionDocument } from '../api-documents.ts';
import type { HardwareProfile } from '../cost/internal-cost.ts';
import type { CandidateTable } from '../decision/candidate-table.ts';
import { explainDecision } from '../decision/decision-record.ts';
import type { DecisionRecord, Replay } from '../decision/decision-record.ts';
import { compareValues } from '../decision/compare-values.ts';
import { DecisionEngine, ENGINE_VERSION } from '../decision/engine.ts';
import type { Decision } from '../decision/engine.ts';
import { SeededRandom } from '../decision/exploration/seeded-random.ts';
import type { DecisionPolicy } from '../decision/policy.ts';
import type { DecisionPurpose, DecisionQuery } from '../decision/request.ts';
import { NothingFoundError } from '../errors.ts';
import type { Section } from '../storage/store.ts';
import {
  digestOf,
  readableEntry,
  similaritiesOf,
  storedDecision,
  storedHardware,
  storedPolicy,
  storedTable,
  tableOf,
} from './stored-decision.ts';
import type { Digested, StoredDecision } from './stored-decision.ts';

/** Characters of a decision's id that tell its time: it sorts by it. */
const TIME_CHARACTERS = 9;
/**
 * Tables of contractors up to this size, about a thousand rows, are decided on again for a list: a
 * table of 55,000 held up the node for ten seconds.
 */
const MAX_LISTED_TABLE_BYTES = 262_144;
/** Decisions that a summary reads at most, the newest ones. */
export const MAX_SUMMARISED = 100_000;

const DECISION = 'decision/';
const POLICY = 'policy/';
const TABLE = 'table/';
const HARDWARE = 'hardware/';
/** Between entries of one value. JSON has no line break outside of a text, and escapes it there. */
const SEPARATOR = '\n';

/** Room for entries that wait, at first. */
const WAITING_BYTES = 65_536;

/** Where seeds come from: the system, or one seed that fixes them all. */
export interface SeedSource {
  next(): number;
}

/** The same seeds in the same order, for a run that is to be repeated. */
export function seedsFrom(seed: number): SeedSource {
  const random = new SeededRandom(seed);
  return { next: () => random.integer(2 ** 32) };
}

/** The log of one node. */
export class DecisionLog {
  readonly #section: Section;
  readonly #waiting = new WaitingEntries();
  /** Values that go to disk with the next step: parts of what waits, and what failed before. */
  #waitingValues = new Map<string, Uint8Array>();
  #turn: Promise<void> = Promise.resolve();
  #nextStep: Promise<void> | undefined;
  #lastMs = 0;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #seeds: SeedSource | undefined;
  readonly #engine = new DecisionEngine();
  readonly #storedTables = new WeakMap<CandidateTable, string>();
  readonly #storedPolicies = new WeakMap<DecisionPolicy, string>();
  readonly #storedHardware = new WeakMap<HardwareProfile, string>();

  constructor(section: Section, clock: Clock, random: Random, seeds?: SeedSource) {
    this.#section = section;
    this.#clock = clock;
    this.#random = random;
    this.#seeds = seeds;
  }

  /** A new id: time first, so that ids ascend. Two of one millisecond are a millisecond apart. */
  newId(): string {
    this.#lastMs = Math.max(this.#clock.nowMs(), this.#lastMs + 1);
    const time = this.#lastMs.toString(36).padStart(TIME_CHARACTERS, '0');
    return `${time}-${toHex(this.#random.bytes(4))}`;
  }

  /** A fresh seed, an unsigned 32-bit integer. */
  newSeed(): number {
    if (this.#seeds) return this.#seeds.next();
    return new DataView(this.#random.bytes(4).buffer).getUint32(0);
  }

  /**
   * Resolves once the decision is on disk. Several at once take one wait for the disk. Not `async`:
   * that would keep each decision alive as long as it waits.
   */
  append(decision: Decision): Promise<void> {
    const { table, query } = decision;
    const entry = storedDecision(decision, {
      table: this.#keep(this.#storedTables, table, TABLE, storedTable),
      policy: this.#keep(this.#storedPolicies, query.policy, POLICY, storedPolicy),
      hardware: this.#keep(this.#storedHardware, query.local.hardware, HARDWARE, storedHardware),
    });
    this.#waiting.add(query.decisionId, entry);
    return this.#flush();
  }

  /** The newest decisions first. One that can no longer be explained is listed as it was logged. */
  async list(limit: number): Promise<ShortDecisionDocument[]> {
    const newest: ShortDecisionDocument[] = [];
    for await (const entry of this.#newest(limit)) newest.push(await this.#short(entry));
    return newest;
  }

  /**
   * Everything about one decision, found again from its inputs, and whether that is what was
   * logged.
   *
   * @throws {@link NothingFoundError} for an unknown id; {@link RangeError} if inputs are damaged.
   */
  async show(decisionId: string): Promise<DecisionRecord & { readonly log: Replay }> {
    const entry = await this.#entry(decisionId);
    const decision = await this.#decide(entry);
    const differences = differencesOf(entry, decision);
    const log = { agrees: differences.length === 0, differences };
    return { ...explainDecision(decision), log };
  }

  /**
   * Recomputes a decision from its entry and compares every figure, bit for bit.
   *
   * @throws {@link NothingFoundError} for an unknown id.
   */
  async replay(decisionId: string): Promise<Replay & { readonly decisionId: string }> {
    const entry = await this.#entry(decisionId);
    let differences: string[];
    try {
      differences = differencesOf(entry, await this.#decide(entry));
    } catch (error) {
      differences = [`inputs: ${messageOf(error)}`];
    }
    return { decisionId, agrees: differences.length === 0, differences };
  }

  /**
   * How many decisions on tasks that were run were settled by what; of the newest
   * {@link MAX_SUMMARISED}. Questions are counted apart.
   */
  async summary(): Promise<DecisionsSummaryDocument> {
    let decisions = 0;
    let notActedOn = 0;
    const choices: Record<string, number> = {};
    const counts: Record<string, number> = {};
    for await (const { choice, decidedBy, query } of this.#newest(MAX_SUMMARISED)) {
      if (purposeOf(query) !== 'run') {
        notActedOn++;
        continue;
      }
      decisions++;
      choices[choice] = (choices[choice] ?? 0) + 1;
      counts[decidedBy] = (counts[decidedBy] ?? 0) + 1;
    }
    const rows = Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([decidedBy, count]) => ({ decidedBy, count, sharePercent: (100 * count) / decisions }));
    return { decisions, choices, rows, notActedOn };
  }

  async *#newest(limit: number): AsyncIterable<StoredDecision> {
    let left = limit;
    for await (const [, bytes] of this.#section.entries({ prefix: DECISION, reverse: true })) {
      const entries = fromUtf8(bytes)
        .split(SEPARATOR)
        .map((text) => JSON.parse(text) as StoredDecision)
        .sort((a, b) => (a.query.decisionId < b.query.decisionId ? 1 : -1));
      for (const entry of entries) {
        if (left-- <= 0) return;
        yield entry;
      }
    }
  }

  /** The engine's decision, made again from what an entry was made from. */
  async #decide(entry: StoredDecision): Promise<Decision> {
    const { parts, query } = entry;
    const policy = JSON.parse(
      fromUtf8(await this.#digested(POLICY, parts.policy)),
    ) as DecisionPolicy;
    const hardware = JSON.parse(
      fromUtf8(await this.#digested(HARDWARE, parts.hardware)),
    ) as HardwareProfile;
    const table = tableOf(await this.#digested(TABLE, parts.table));
    const whole = { ...query, policy, local: { ...query.local, hardware } };
    return this.#engine.decide(table, whole, similaritiesOf(entry));
  }

  async #short(entry: StoredDecision): Promise<ShortDecisionDocument> {
    const { choice, query, parts } = entry;
    const table = await this.#section.get(TABLE + parts.table);
    if (table && table.length > MAX_LISTED_TABLE_BYTES) {
      const reason = 'among more contractors than are listed again: see decisions show';
      const { decisionId } = query;
      return { ...UNEXPLAINED, decisionId, purpose: purposeOf(query), choice, reason };
    }
    try {
      const decision = await this.#decide(entry);
      const short = shortDecision(explainDecision(decision, { counterfactual: false }));
      if (differencesOf(entry, decision).length === 0) return short;
      const reason = `the log says ${choice}, its inputs something else: see decisions replay`;
      return { ...short, choice, contractor: null, reason };
    } catch (error) {
      const { decisionId } = query;
      const reason = `cannot be shown: ${messageOf(error)}`;
      return { ...UNEXPLAINED, decisionId, purpose: purposeOf(query), choice, reason };
    }
  }

  async #entry(decisionId: string): Promise<StoredDecision> {
    const likely = { prefix: DECISION, until: DECISION + decisionId, limit: 1, reverse: true };
    // A clock that was set back between two starts makes the first look miss.
    for (const where of [likely, { prefix: DECISION }]) {
      for await (const [, bytes] of this.#section.entries(where)) {
        const found = fromUtf8(bytes)
          .split(SEPARATOR)
          .find((text) => text.includes(decisionIdField(decisionId)));
        if (found !== undefined) return JSON.parse(found) as StoredDecision;
      }
    }
    throw new NothingFoundError(`No decision ${decisionId} is in the log`);
  }

  /** @throws {@link RangeError} if the text is gone or is not the one that was decided on. */
  async #digested(prefix: string, digest: string): Promise<Uint8Array> {
    const text = await this.#section.get(prefix + digest);
    if (!text || digestOf(text) !== digest) {
      throw new RangeError(`"${prefix}${digest}" expected its text, got another or none`);
    }
    return text;
  }

  /** Puts all that waits on disk in one step; resolves once it is there. */
  #flush(): Promise<void> {
    // A step that has not begun yet takes what comes until then.
    return (this.#nextStep ??= this.#step());
  }

  #step(): Promise<void> {
    const step = this.#turn.then(async () => {
      this.#nextStep = undefined;
      const entry = this.#waiting.take();
      const values = this.#waitingValues;
      if (entry) values.set(DECISION + entry.firstId, entry.value);
      if (values.size === 0) return;
      this.#waitingValues = new Map();
      try {
        await this.#section.write(values);
      } catch (error) {
        // What could not be written waits again.
        this.#waitingValues = new Map([...values, ...this.#waitingValues]);
        throw error;
      }
    });
    this.#turn = step.catch(() => undefined);
    return step;
  }

  /** Writes a table or a policy once; it is on disk no later than the decision made from it. */
  #keep<Value extends object>(
    stored: WeakMap<Value, string>,
    value: Value,
    prefix: string,
    encode: (value: Value) => Digested,
  ): string {
    const known = stored.get(value);
    if (known !== undefined) return known;
    const { digest, text } = encode(value);
    this.#waitingValues.set(prefix + digest, utf8(text));
    stored.set(value, digest);
    return digest;
  }
}

/**
 * Entries on their way to the disk, already as bytes: to keep their texts, and to encode them as
 * one, takes several times as long.
 */
class WaitingEntries {
  #bytes = Buffer.allocUnsafeSlow(WAITING_BYTES);
  #length = 0;
  #firstId = '';

  add(id: string, text: string): void {
    this.#reserve(SEPARATOR.length + Buffer.byteLength(text));
    if (this.#length === 0 || id < this.#firstId) this.#firstId = id;
    if (this.#length > 0) this.#length += this.#bytes.write(SEPARATOR, this.#length);
    this.#length += this.#bytes.write(text, this.#length);
  }

  /** Everything that waits, as one value, under the lowest of its ids. */
  take(): { readonly firstId: string; readonly value: Uint8Array } | undefined {
    if (this.#length === 0) return undefined;
    const value = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
    this.#length = 0;
    return { firstId: this.#firstId, value };
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Each entry begins with it, so no text of a peer can pass for it. */
function decisionIdField(decisionId: string): string {
  return `"query":{"decisionId":${JSON.stringify(decisionId)},`;
}

/** Figures of an entry that is listed as it was logged. */
const UNEXPLAINED = {
  contractor: null,
  score: null,
  confidence: null,
  exploration: false,
  costInternalMicroUsd: null,
  costExternalMicroUsd: null,
  candidates: [],
} as const;

/** Where an entry differs from what is decided from its inputs now; at most 20 places. */
function differencesOf(entry: StoredDecision, decision: Decision): string[] {
  const differences = entry.version === ENGINE_VERSION ? [] : ['version'];
  const again = JSON.parse(storedDecision(decision, entry.parts)) as StoredDecision;
  compareValues(readableEntry(entry), readableEntry(again), '', differences);
  return differences;
}

function purposeOf({ context }: Pick<DecisionQuery, 'context'>): DecisionPurpose {
  return context.purpose ?? 'run';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'unusable';
}

/** A decision as it stands in a list or in a run. */
export function shortDecision({ result, request }: DecisionRecord): ShortDecisionDocument {
  return {
    decisionId: result.decisionId,
    purpose: purposeOf(request),
    choice: result.choice,
    contractor: result.contractor,
    score: result.score,
    confidence: result.confidence,
    exploration: result.exploration,
    costInternalMicroUsd: result.costInternalMicroUsd,
    costExternalMicroUsd: result.costExternalMicroUsd,
    reason: result.reason,
    candidates: result.candidates.map(({ peerId, score, costExternalMicroUsd, dropped }) => ({
      peerId,
      score,
      ...(costExternalMicroUsd === undefined ? {} : { costExternalMicroUsd }),
      ...(dropped === undefined ? {} : { dropped }),
    })),
  };
}
