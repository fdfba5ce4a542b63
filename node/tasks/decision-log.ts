/**
 * The log of decisions: one record each, appended and never changed, so that any of them can be
 * shown and recomputed later.
 *
 * @module
 */

import { replayDecision } from '../decision/decision-record.ts';
import type { DecisionRecord, Replay } from '../decision/decision-record.ts';
import type { ShortDecisionDocument } from '../api-documents.ts';
import type { Clock, Random } from '../../protocols/components.ts';
import { toHex } from '../../crypto/bytes.ts';
import { NothingFoundError } from '../errors.ts';
import type { JsonSection } from '../storage/store.ts';

/** Characters of a decision's id that tell its time: it sorts by it. */
const TIME_CHARACTERS = 9;

/** The log of one node. */
export class DecisionLog {
  readonly #section: JsonSection<DecisionRecord>;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(section: JsonSection<DecisionRecord>, clock: Clock, random: Random) {
    this.#section = section;
    this.#clock = clock;
    this.#random = random;
  }

  /** A new id: time first, so that the log's order is the order of decisions. */
  newId(): string {
    const time = this.#clock.nowMs().toString(36).padStart(TIME_CHARACTERS, '0');
    return `${time}-${toHex(this.#random.bytes(4))}`;
  }

  /** A fresh seed, an unsigned 32-bit integer. */
  newSeed(): number {
    return new DataView(this.#random.bytes(4).buffer).getUint32(0);
  }

  async append(record: DecisionRecord): Promise<void> {
    await this.#section.put(record.result.decisionId, record);
  }

  /** The newest decisions first. */
  async list(limit: number): Promise<ShortDecisionDocument[]> {
    const records = await this.#section.values({ limit, reverse: true });
    return records.map(shortDecision);
  }

  /** @throws {@link NothingFoundError} for an id that is not in the log. */
  async show(decisionId: string): Promise<DecisionRecord> {
    const record = await this.#section.get(decisionId);
    if (!record) throw new NothingFoundError(`No decision ${decisionId} is in the log`);
    return record;
  }

  /** Recomputes a decision from its record. */
  async replay(decisionId: string): Promise<Replay & { readonly decisionId: string }> {
    return { decisionId, ...replayDecision(await this.show(decisionId)) };
  }
}

/** A decision as it stands in a list or in a run. */
export function shortDecision({ result }: DecisionRecord): ShortDecisionDocument {
  return {
    decisionId: result.decisionId,
    choice: result.choice,
    contractor: result.contractor,
    score: result.score,
    confidence: result.confidence,
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
