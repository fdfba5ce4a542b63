/**
 * The application that replicas agree on, as consensus sees it. It is deterministic: the same
 * blocks in the same order give the same roots everywhere.
 *
 * A block names the state after it, so a replica applies a block before it votes for it, and takes
 * it back if another block is agreed on in its place. One block at most is ever taken back.
 *
 * @module
 */

/** A block as the application sees it. */
export interface AppliedBlock {
  readonly height: number;
  /** Block time, milliseconds since 1970. */
  readonly timeMs: number;
  /** Envelopes, at most 512. */
  readonly transactions: readonly Uint8Array[];
}

/** What became of a transaction. */
export interface TransactionResult {
  readonly account: string;
  readonly seq: number;
  /** Answer to the client. */
  readonly result: Uint8Array;
  /** An account of which no transaction can be executed from here on. */
  readonly retired?: string;
}

/** Outcome of applying a block. */
export type BlockOutcome =
  | {
      readonly applied: true;
      /** State after the block, 32 bytes. */
      readonly stateRoot: Uint8Array;
      /** One per transaction, in order. */
      readonly results: readonly TransactionResult[];
    }
  | {
      /** The transaction at `index` cannot stand there; the state is as before. */
      readonly applied: false;
      readonly index: number;
      readonly reason: string;
    };

/** Outcome of the checks that come before a transaction is held. */
export type Admission =
  | { readonly admitted: true; readonly account: string; readonly seq: number }
  | {
      readonly admitted: false;
      /** `EXECUTED`: its sequence number is taken; `account` and `seq` then say which. */
      readonly reason: string;
      readonly account?: string;
      readonly seq?: number;
    };

/** What the replica runs. Nothing here may read a clock or a random source. */
export interface StateMachine {
  /** Every check of one transaction but its signature, against the current state. */
  admit(transaction: Uint8Array): Admission;
  /** Whether its account signed it. */
  isSigned(transaction: Uint8Array): boolean;
  /** Sequence number of an account's last transaction; 0 for none. */
  lastSeq(account: string): number;
  /**
   * Applies a block to the current state. Signatures of its transactions were checked.
   *
   * @param isChecked - This replica has applied the very block before: what is signed inside its
   *   transactions need not be checked again.
   */
  apply(block: AppliedBlock, isChecked?: boolean): BlockOutcome;
  /** Takes back the last `apply`. Called at most once after each. */
  revert(): void;
  /** The whole state, the same bytes on every replica. */
  snapshot(): Uint8Array;
  /** Takes over a state if its root is `stateRoot`. `false`: it is not, and nothing changed. */
  restore(snapshot: Uint8Array, stateRoot: Uint8Array): boolean;
}
