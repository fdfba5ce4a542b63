/**
 * A replica of this process, as the rest of the node sees it: the door through which transactions
 * go in and blocks, proofs and answers come out.
 *
 * @module
 */

import type { RefusalCode } from '../../protocols/errors.ts';
import type { LedgerRules } from '../../protocols/ledger/genesis.ts';
import type { StateProof } from '../../protocols/ledger/state-proof.ts';
import type { CommittedBlock, CommittedHeader } from '../../protocols/pbft/messages.ts';

/** What became of a transaction. */
export type SubmitOutcome =
  | {
      readonly committed: true;
      /** Block in which it stands. */
      readonly height: number;
      readonly result: 'done' | RefusalCode;
    }
  | {
      readonly committed: false;
      /**
       * `EXECUTED`: its number is taken, and what became of it is not remembered here: the state
       * says. `TIMED_OUT`: it may still be executed. `BUSY`: the replica has stopped.
       */
      readonly reason: RefusalCode;
    };

/** Entries of the state and the block that they are proven against. */
export interface ProvenEntries {
  /** 2f + 1 replicas have signed its state root. */
  readonly head: CommittedHeader;
  /** One per key, in the order asked. */
  readonly proofs: readonly StateProof[];
}

/** A committed block as it is stored. */
export interface StoredBlock {
  readonly height: number;
  /** As `encodeBlock` writes it, and the audit reads it. */
  readonly block: Uint8Array;
  /** Its certificate, as `encodeCertificate` writes it: 2f + 1 commit votes. */
  readonly commit: Uint8Array;
}

/** A running replica. */
export interface ReplicaDoor {
  readonly rules: LedgerRules;
  /**
   * Resolves once the transaction stands in a committed block, or is refused. May be called again
   * with the same bytes. How often a client may ask is the caller's to limit.
   */
  submit(transaction: Uint8Array): Promise<SubmitOutcome>;
  /** The last committed block; none before the first. */
  head(): CommittedHeader | undefined;
  /** Proofs of state entries, or of their absence; none before the first block. */
  prove(keys: readonly string[]): ProvenEntries | undefined;
  /**
   * Committed blocks from `fromHeight` on, ascending and without a gap, at most `max`. Ends early
   * where a block is not here (yet).
   */
  blocks(fromHeight: number, max: number): AsyncIterable<StoredBlock>;
  /** Tells of each block that is committed here. @returns the way to stop. */
  onCommit(listener: (committed: CommittedBlock) => void): () => void;
}
