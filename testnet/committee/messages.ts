/**
 * What passes between a replica's process and the one that started it, over the channel that Node
 * opens between the two.
 *
 * @module
 */

import type { SubmitOutcome } from '../../node/ledger/replica-door.ts';
import type { ReplicaStatus } from '../../node/ledger/replica-host.ts';

/** To the replica. */
export type Order =
  | {
      readonly type: 'submit';
      /** Number of the first; the others count on. */
      readonly first: number;
      readonly transactions: readonly Uint8Array[];
    }
  | { readonly type: 'status'; readonly id: number }
  | { readonly type: 'stop' };

/** Where a replica's process stands. */
export interface ProcessStatus extends ReplicaStatus {
  readonly rssBytes: number;
  /** Processor time since the start. */
  readonly processorSeconds: number;
  readonly addresses: readonly string[];
}

/** From the replica. */
export type Answer =
  | { readonly type: 'ready'; readonly addresses: readonly string[] }
  | { readonly type: 'outcomes'; readonly outcomes: readonly (readonly [number, SubmitOutcome])[] }
  | { readonly type: 'status'; readonly id: number; readonly status: ProcessStatus };
