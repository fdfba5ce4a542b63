/**
 * The committed blocks of one replica, the state they lead to, and its checkpoints.
 *
 * Blocks since the last stable checkpoint are kept, to help replicas that are behind; what is older
 * is the host's to archive. The state may be one block ahead: a block is applied before it is voted
 * for, and taken back if another one is committed in its place.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { MAX_BATCH_BYTES, NO_HASH, nextBlockTimeMs, sealBlock } from './block.ts';
import type { Block, BlockBody } from './block.ts';
import type { Committee, ReplicaVerifier } from './committee.ts';
import type { CheckpointProof, CommittedBlock } from './messages.ts';
import type { RequestPool } from './request-pool.ts';
import type { Rules } from './rules.ts';
import type { ReplicaSettings } from './settings.ts';
import type { StateMachine, TransactionResult } from './state-machine.ts';
import { isCertificateGood } from './vote.ts';
import type { Certificate } from './vote.ts';

/** What a chain needs to be handed. */
export interface ChainComponents {
  readonly committee: Committee;
  readonly verifier: ReplicaVerifier;
  readonly rules: Rules;
  readonly settings: ReplicaSettings;
  readonly app: StateMachine;
  readonly pool: RequestPool;
}

/** A proven checkpoint and the state there. */
export interface StableCheckpoint {
  readonly proof: CheckpointProof;
  readonly snapshot: Uint8Array;
}

interface Speculation {
  readonly block: Block;
  readonly results: readonly TransactionResult[];
}

/** The state does not follow from the blocks that the committee agreed on. */
export class StateDivergedError extends Error {
  static override readonly name = 'StateDivergedError';
  override readonly name = 'StateDivergedError';
  readonly code = 'STATE_DIVERGED';
}

/** A primary drops so many transactions that cannot stand in a block before it gives up. */
const MAX_DROPPED = 16;

export class Chain {
  /** Height of the last committed block; 0 at genesis. */
  height = 0;
  /** Digest of the last committed block. */
  digest: Uint8Array = NO_HASH;
  timeMs: number;
  /** Certificate of the last committed block. */
  commit: Certificate | undefined;
  /** Signed part of the last committed block. */
  header: BlockBody | undefined;
  stable: StableCheckpoint | undefined;
  readonly #parts: ChainComponents;
  readonly #quorum: number;
  readonly #blocks = new Map<number, CommittedBlock>();
  /** States at checkpoints that are not stable yet. */
  readonly #snapshots = new Map<number, Uint8Array>();
  #speculation: Speculation | undefined;

  constructor(parts: ChainComponents) {
    this.#parts = parts;
    this.#quorum = parts.rules.quorum(parts.committee.replicas.length);
    this.timeMs = parts.committee.genesisTimeMs;
  }

  get stableHeight(): number {
    return this.stable?.proof.body.height ?? 0;
  }

  /** Whether the next block may be voted for, or the replica waits for a checkpoint. */
  get hasRoom(): boolean {
    return this.height < this.stableHeight + this.#parts.settings.window;
  }

  get retained(): readonly CommittedBlock[] {
    return [...this.#blocks.values()];
  }

  block(height: number): CommittedBlock | undefined {
    return this.#blocks.get(height);
  }

  /** Whether 2f + 1 commit votes are for this block. */
  isCommitGood(block: { height: number; digest: Uint8Array }, commit: Certificate): boolean {
    const { committee, verifier, rules } = this.#parts;
    const ballot = { phase: 'commit', height: block.height, digest: block.digest } as const;
    return rules.isCommitted(() =>
      isCertificateGood(committee, verifier, commit, ballot, this.#quorum),
    );
  }

  /**
   * Everything that makes a block a good one to vote for at this height. Applies it.
   *
   * @returns what is wrong, or `undefined`.
   */
  examine(block: Block): string | undefined {
    const { committee, rules, settings, app, pool } = this.#parts;
    if (block.height !== this.height + 1) return 'wrong height';
    if (!equalBytes(block.ledger, committee.ledger) || block.epoch !== committee.epoch) {
      return 'another ledger';
    }
    if (!equalBytes(block.prev, this.digest)) return 'another block before it';
    if (block.transactions.length > settings.maxBatch) return 'too many transactions';
    if (this.height > 0) {
      const parent = { height: this.height, digest: block.prev };
      if (!block.parentCommit || !this.isCommitGood(parent, block.parentCommit)) {
        return 'no certificate of the block before it';
      }
    } else if (block.parentCommit) return 'a certificate of nothing';
    const expectedMs = nextBlockTimeMs(committee, this.timeMs, block.parentCommit);
    if (!rules.isTimeRight(block, expectedMs)) return 'wrong time';
    if (rules.isSignatureNeeded()) {
      const isSigned = (transaction: Uint8Array): boolean =>
        pool.holds(transaction) || app.isSigned(transaction);
      if (!block.transactions.every(isSigned)) return 'a transaction that is not signed';
    }
    return this.#speculate(block);
  }

  #speculate(block: Block, isChecked = false): string | undefined {
    if (this.#speculation && equalBytes(this.#speculation.block.digest, block.digest)) {
      return undefined;
    }
    this.takeBack();
    const { app, rules } = this.#parts;
    const outcome = app.apply(block, isChecked);
    if (isChecked && !(outcome.applied && equalBytes(block.stateRoot, outcome.stateRoot))) {
      // A document with a bad signature was refused then: this time every one is looked at.
      if (outcome.applied) app.revert();
      return this.#speculate(block);
    }
    if (!outcome.applied) return `transaction ${outcome.index}: ${outcome.reason}`;
    this.#speculation = { block, results: outcome.results };
    if (rules.isStateRight(block.stateRoot, outcome.stateRoot)) return undefined;
    this.takeBack();
    return 'wrong state root';
  }

  /** Brings the state back to the last committed block. */
  takeBack(): void {
    if (this.#speculation) this.#parts.app.revert();
    this.#speculation = undefined;
  }

  /**
   * A block of what waits, on top of the last committed one. What cannot stand in it is left out in
   * its place, and after so many of them all that follows: whoever sends such transactions must not
   * keep out those that were before them.
   */
  build(): Block {
    const { app, pool, settings } = this.#parts;
    this.takeBack();
    const lastSeq = (account: string): number => app.lastSeq(account);
    let transactions = [...pool.select(settings.maxBatch, MAX_BATCH_BYTES, lastSeq)];
    for (let dropped = 1; dropped <= MAX_DROPPED + 1; dropped++) {
      const built = this.#complete(transactions);
      if (!('index' in built)) return built;
      const [culprit] = transactions.splice(built.index, 1);
      const { account, seq } = app.admit(culprit!);
      if (account !== undefined && seq !== undefined) pool.remove(account, seq);
      // What was before the last culprit has just been applied, so it can be.
      if (dropped === MAX_DROPPED) transactions = transactions.slice(0, built.index);
    }
    const empty = this.#complete([]);
    if ('index' in empty) throw new StateDivergedError('an empty block cannot be applied');
    return empty;
  }

  #complete(transactions: readonly Uint8Array[]): Block | { readonly index: number } {
    const { app, committee } = this.#parts;
    const height = this.height + 1;
    const timeMs = nextBlockTimeMs(committee, this.timeMs, this.commit);
    const outcome = app.apply({ height, timeMs, transactions });
    if (!outcome.applied) return { index: outcome.index };
    const block = sealBlock({
      ledger: committee.ledger,
      epoch: committee.epoch,
      height,
      prev: this.digest,
      timeMs,
      stateRoot: outcome.stateRoot,
      parentCommit: this.commit,
      transactions,
    });
    this.#speculation = { block, results: outcome.results };
    return block;
  }

  /**
   * Makes a block final. The caller has checked that its certificate is good.
   *
   * @param isChecked - It comes out of this replica's own log, where it went once it was applied.
   *   The state that it leads to is compared with the one it names as ever.
   * @returns results, one per transaction.
   * @throws {@link StateDivergedError} if 2f + 1 replicas agreed on a state that is not ours.
   */
  append({ block, commit }: CommittedBlock, isChecked = false): readonly TransactionResult[] {
    const problem = this.#speculate(block, isChecked);
    if (problem !== undefined) {
      throw new StateDivergedError(
        `Block ${block.height} is committed and cannot be applied here: ${problem}. ` +
          'Compare the version of this program with that of the other replicas.',
      );
    }
    const { results } = this.#speculation!;
    this.#speculation = undefined;
    this.height = block.height;
    this.digest = block.digest;
    this.timeMs = block.timeMs;
    this.commit = commit;
    this.header = block;
    this.#blocks.set(block.height, { block, commit });
    if (this.isCheckpoint(block.height)) {
      this.#snapshots.set(block.height, this.#parts.app.snapshot());
    }
    return results;
  }

  isCheckpoint(height: number): boolean {
    return height % this.#parts.settings.checkpointInterval === 0;
  }

  /** Votes show that a checkpoint is stable: drops what is older. `false`: we are not there yet. */
  stabilise(height: number, checkpoint: Certificate): boolean {
    const committed = this.#blocks.get(height);
    const snapshot = this.#snapshots.get(height);
    if (!committed || !snapshot) return false;
    const { block, commit } = committed;
    this.#setStable({ proof: { body: block, commit, checkpoint }, snapshot });
    return true;
  }

  #setStable(stable: StableCheckpoint): void {
    this.stable = stable;
    for (const height of this.#blocks.keys()) {
      if (height <= this.stableHeight) this.#blocks.delete(height);
    }
    for (const height of this.#snapshots.keys()) {
      if (height <= this.stableHeight) this.#snapshots.delete(height);
    }
  }

  /** Whether 2f + 1 replicas say that they hold the state after a committed block. */
  isCheckpointGood({ body, commit, checkpoint }: CheckpointProof, digest: Uint8Array): boolean {
    const { committee, verifier, rules } = this.#parts;
    const { height } = body;
    const ballot = { phase: 'checkpoint', height, digest } as const;
    return (
      equalBytes(body.ledger, committee.ledger) &&
      body.epoch === committee.epoch &&
      this.isCommitGood({ height, digest }, commit) &&
      rules.isCommitted(() =>
        isCertificateGood(committee, verifier, checkpoint, ballot, this.#quorum),
      )
    );
  }

  /** Takes over the state of a proven checkpoint. `false`: the snapshot is not that state. */
  restore(stable: StableCheckpoint, digest: Uint8Array): boolean {
    const { body, commit } = stable.proof;
    this.takeBack();
    if (!this.#parts.app.restore(stable.snapshot, body.stateRoot)) return false;
    this.height = body.height;
    this.digest = digest;
    this.timeMs = body.timeMs;
    this.commit = commit;
    this.header = body;
    this.#setStable(stable);
    return true;
  }
}
