/**
 * What the rules of a ledger are told while a block is executed: the draft they change, the rules
 * of the genesis, and the time of the block.
 *
 * @module
 */

import type { PairRecord, RaterRecord, ReputationRecords } from '../reputation/records.ts';
import type { ScoreRecord } from '../reputation/records.ts';
import type { LedgerRules } from './genesis.ts';
import type { DocumentOpener } from './opened-documents.ts';
import { CLOCK_KEY } from './records.ts';
import type { ClockRecord } from './records.ts';
import type { StateDraft, StateReader } from './state.ts';

const HOUR_MS = 3_600_000;

/** A block's time, and how to read and change the state in it. */
export interface BlockContext {
  readonly rules: LedgerRules;
  readonly draft: StateDraft;
  readonly height: number;
  readonly timeMs: number;
  /** How documents inside transactions are opened. */
  readonly open: DocumentOpener;
  /** What rotations of this block have moved until now. */
  readonly moved: MovedEntries;
}

/** Records of reputation that were moved in one block. */
export interface MovedEntries {
  count: number;
}

/** Hour of a block: what decay counts in. */
export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / HOUR_MS);
}

/** The clock of a state. */
export function clockOf(state: StateReader): ClockRecord {
  return state.get(CLOCK_KEY) as ClockRecord;
}

/** Reputation records of a draft. */
export function reputationRecords(draft: StateDraft): ReputationRecords {
  return {
    score: (key) => draft.get(key) as ScoreRecord | undefined,
    pair: (key) => draft.get(key) as PairRecord | undefined,
    rater: (key) => draft.get(key) as RaterRecord | undefined,
    putScore: (key, record) => draft.put(key, record),
    putPair: (key, record) => draft.put(key, record),
    putRater: (key, record) => draft.put(key, record),
  };
}
