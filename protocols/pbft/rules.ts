/**
 * The rules that safety and liveness stand on, one function each, with what breaks without it. They
 * are handed to the replica so that the simulation can break one at a time and show that its
 * checker notices; nothing else passes other rules.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { Block, BlockBody } from './block.ts';
import { faultyAtMost } from './committee.ts';
import { meetsRequirement, requirementOf } from './view-change.ts';
import type { Prepared, Requirement, ViewChange } from './view-change.ts';

export interface Rules {
  /** Votes of a certificate. Any two quorums share an honest replica. */
  quorum(replicas: number): number;
  /** VIEW-CHANGEs of a NEW-VIEW: as many, so that one of them knows of any committed block. */
  newViewQuorum(replicas: number): number;
  /** VIEW-CHANGEs for later views that make a replica follow: one of them is honest. */
  joinThreshold(replicas: number): number;
  /**
   * Whether to vote in `view`. Who asked for a later view has told what it prepared; a vote in an
   * earlier one would make that a lie.
   */
  mayVote(view: number, current: { view: number; isActive: boolean }): boolean;
  /** Whether to enter a view: none older than the one asked for, none twice. */
  mayEnter(view: number, current: { view: number; isActive: boolean }): boolean;
  /** Whether a certificate in a VIEW-CHANGE holds. */
  isProven(check: () => boolean): boolean;
  /** What the NEW-VIEW's VIEW-CHANGEs ask of the first block. */
  requirementOf(changes: readonly ViewChange[]): Requirement;
  /** Whether a block is what the NEW-VIEW asks for. */
  meetsRequirement(requirement: Requirement | undefined, block: Block): boolean;
  /** What a VIEW-CHANGE tells of the block that its sender prepared: all it knows. */
  reportedPrepared(prepared: Prepared | undefined): Prepared | undefined;
  /** Whether a block's time is the one that everybody computes. */
  isTimeRight(block: BlockBody, expectedMs: number): boolean;
  /** Whether the state that a block names is the one it leads to. */
  isStateRight(named: Uint8Array, computed: Uint8Array): boolean;
  /** Whether a transaction that was never held here must be checked before it is voted for. */
  isSignatureNeeded(): boolean;
  /** Whether a certificate that came with a block or a snapshot holds. */
  isCommitted(check: () => boolean): boolean;
  /** Checkpoint votes before the log up to there may go: 2f + 1 replicas hold the state. */
  checkpointQuorum(replicas: number): number;
  /** Whether a restarted replica keeps to the views and votes in its log. */
  remembersVotes(): boolean;
  /** Whether votes wait until the log is flushed. */
  waitsForFlush(): boolean;
  /** Whether a replica whose log is gone may vote: never, for it may have voted before. */
  mayVoteWithoutLog(): boolean;
  /** Whether what was sent is sent again when nothing happens. */
  resends(): boolean;
  /** Whether a primary that proposes nothing is replaced. */
  suspectsSilence(): boolean;
  /** Whether a request that waits too long is held against the primary. */
  suspectsCensorship(): boolean;
}

/** The rules of the protocol. */
export const RULES: Rules = {
  quorum: (replicas) => 2 * faultyAtMost(replicas) + 1,
  newViewQuorum: (replicas) => 2 * faultyAtMost(replicas) + 1,
  joinThreshold: (replicas) => faultyAtMost(replicas) + 1,
  mayVote: (view, current) => current.isActive && view === current.view,
  mayEnter: (view, current) => view > current.view || (view === current.view && !current.isActive),
  isProven: (check) => check(),
  requirementOf,
  meetsRequirement,
  reportedPrepared: (prepared) => prepared,
  isTimeRight: (block, expectedMs) => block.timeMs === expectedMs,
  isStateRight: equalBytes,
  isSignatureNeeded: () => true,
  isCommitted: (check) => check(),
  checkpointQuorum: (replicas) => 2 * faultyAtMost(replicas) + 1,
  remembersVotes: () => true,
  waitsForFlush: () => true,
  mayVoteWithoutLog: () => false,
  resends: () => true,
  suspectsSilence: () => true,
  suspectsCensorship: () => true,
};
