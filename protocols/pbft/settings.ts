/**
 * Times and bounds of a replica. All replicas of a ledger run with the same.
 *
 * @module
 */

import { MAX_BLOCK_TRANSACTIONS } from './block.ts';

export interface ReplicaSettings {
  /** Transactions in a block, at most 512. */
  readonly maxBatch: number;
  /** A checkpoint every so many blocks (K). */
  readonly checkpointInterval: number;
  /** Blocks past the last stable checkpoint (L): how much a replica keeps. */
  readonly window: number;
  /** How long a request may wait in the first view; doubled with each change of view. */
  readonly requestTimeoutMs: number;
  readonly maxTimeoutMs: number;
  /** How long the first time-out may get where blocks are slow; less than {@link silenceMs}. */
  readonly maxPaceTimeoutMs: number;
  /** A request that waits so long goes to all replicas, so that all hold it against the primary. */
  readonly spreadAfterMs: number;
  /** An idle primary proposes an empty block so long after the last one. */
  readonly heartbeatMs: number;
  /** A replica asks for another primary so long after the last block. */
  readonly silenceMs: number;
  /** First pause before what was sent is sent again; doubled each time. */
  readonly resendMs: number;
  readonly maxResendMs: number;
  /** How long to be behind before asking others for blocks. */
  readonly fetchDelayMs: number;
  /** How long one replica may take to answer. */
  readonly fetchTimeoutMs: number;
  /** How often one replica is helped with what it lacks, at most. */
  readonly helpIntervalMs: number;
  readonly maxPoolTransactions: number;
  readonly maxPoolBytes: number;
}

/** wire-formats.md 5.1 and 5.2 where they name a value. */
export const DEFAULT_REPLICA_SETTINGS: ReplicaSettings = {
  maxBatch: MAX_BLOCK_TRANSACTIONS,
  checkpointInterval: 64,
  window: 128,
  requestTimeoutMs: 2_000,
  maxTimeoutMs: 60_000,
  maxPaceTimeoutMs: 8_000,
  spreadAfterMs: 500,
  heartbeatMs: 5_000,
  silenceMs: 10_000,
  resendMs: 250,
  maxResendMs: 4_000,
  fetchDelayMs: 50,
  fetchTimeoutMs: 1_000,
  helpIntervalMs: 100,
  maxPoolTransactions: 10_000,
  maxPoolBytes: 33_554_432,
};
