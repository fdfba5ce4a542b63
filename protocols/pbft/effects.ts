/**
 * What goes into a replica and what comes out. The host delivers inputs one at a time and carries
 * out the effects in order; it owns the network, the disk and the clock.
 *
 * @module
 */

import type { CommittedBlock, Message } from './messages.ts';
import type { TransactionResult } from './state-machine.ts';
import type { Evidence } from './vote.ts';

/** The host's clocks at an input. */
export interface Moment {
  /** Never goes back: for time-outs. */
  readonly monotonicMs: number;
  /** Milliseconds since 1970, may jump: goes into commit votes. */
  readonly wallMs: number;
}

export type Input =
  /** A message of another replica; `from` is who the connection belongs to. */
  | { readonly type: 'message'; readonly from: number; readonly message: Message }
  /** A transaction of a client. */
  | { readonly type: 'request'; readonly transaction: Uint8Array }
  /** Time has passed. Due at `nextWakeMs`; harmless at any other time. */
  | { readonly type: 'tick' }
  /** Everything up to the flush of this number is on the disk. */
  | { readonly type: 'flushed'; readonly flush: number }
  /** The disk takes no more: the replica stops voting until it is started anew. */
  | { readonly type: 'disk-failed'; readonly reason: string };

export type Effect =
  /** To one replica, or to all others. */
  | { readonly type: 'send'; readonly to: number | 'others'; readonly message: Message }
  /** Cuts off what a crash left of a record that was being written. */
  | { readonly type: 'truncate'; readonly length: number }
  /** Bytes at the end of the log. */
  | { readonly type: 'append'; readonly bytes: Uint8Array }
  /** Puts these bytes in the place of the whole log, at once or not at all. */
  | { readonly type: 'replace'; readonly bytes: Uint8Array }
  /** Make the log safe, then answer with `flushed`. */
  | { readonly type: 'flush'; readonly flush: number }
  /** A block is final. `results`: one per transaction. */
  | {
      readonly type: 'commit';
      readonly committed: CommittedBlock;
      readonly results: readonly TransactionResult[];
    }
  /** The state was taken over from a proven checkpoint; blocks before it were not seen here. */
  | { readonly type: 'restored'; readonly height: number }
  /** Answer of a transaction that was executed before and is asked for again. */
  | {
      readonly type: 'reply';
      readonly account: string;
      readonly seq: number;
      readonly height: number;
      readonly result: Uint8Array;
    }
  /** A transaction is not taken. */
  | { readonly type: 'refuse'; readonly transaction: Uint8Array; readonly reason: string }
  /** A replica voted twice. Anyone can check it. */
  | { readonly type: 'evidence'; readonly evidence: Evidence }
  /** The replica has stopped for good; the reason names the mend. */
  | { readonly type: 'halted'; readonly reason: string };
