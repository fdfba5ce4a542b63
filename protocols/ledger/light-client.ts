/**
 * Reads one score or one account without the ledger: with a header that 2f + 1 replicas have signed
 * and one proof. Whether they have signed it, consensus says; here the proof is held against its
 * state root.
 *
 * @module
 */

import { hourOf } from './block-context.ts';
import { accountKey, decodeRecord } from './records.ts';
import type { AccountRecord } from './records.ts';
import { verifyStateProof } from './state-proof.ts';
import type { StateProof } from './state-proof.ts';
import { NO_SCORE, scoreKey } from '../reputation/records.ts';
import type { ScoreRecord, ScoreSubject } from '../reputation/records.ts';
import { evidenceScoreQ32, literalScoreQ32 } from '../reputation/score.ts';

/** What is taken from a header whose certificate was checked. */
export interface CertifiedHeader {
  /** Block time, milliseconds since 1970. */
  readonly timeMs: number;
  /** 32 bytes. */
  readonly stateRoot: Uint8Array;
}

/** A score at the time of a header, and what it stands on. Q32. */
export interface ProvenScore {
  readonly literalQ32: bigint;
  readonly evidenceQ32: bigint;
  /** Zero sums where nobody was ever judged. */
  readonly record: ScoreRecord;
}

/** Score of a subject; `undefined` if the proof does not hold. Never throws on received proofs. */
export function provenScore(
  proof: StateProof,
  subject: ScoreSubject,
  header: CertifiedHeader,
): ProvenScore | undefined {
  const entry = provenRecord(proof, scoreKey(subject), header);
  if (!entry) return undefined;
  const record = (entry.record as ScoreRecord | undefined) ?? NO_SCORE;
  const hour = hourOf(header.timeMs);
  return {
    literalQ32: literalScoreQ32(record, hour),
    evidenceQ32: evidenceScoreQ32(record, hour),
    record,
  };
}

/** Account of a holder, if the proof holds; `account` is `undefined` where there is none. */
export function provenAccount(
  proof: StateProof,
  holder: string,
  header: CertifiedHeader,
): { readonly account: AccountRecord | undefined } | undefined {
  const entry = provenRecord(proof, accountKey(holder), header);
  return entry && { account: entry.record as AccountRecord | undefined };
}

function provenRecord(proof: StateProof, key: string, { stateRoot }: CertifiedHeader) {
  const proven = verifyStateProof(proof, key, stateRoot);
  if (!proven.valid) return undefined;
  // Under a certified root, values are those that replicas wrote.
  return { record: proven.value && decodeRecord(key, proven.value) };
}
