/**
 * Checkpoint votes: when 2f + 1 replicas say that they hold the state at a checkpoint, the log up
 * to there may go (Castro and Liskov 1999, section 4.3).
 *
 * A vote is for the digest of the block, which names the state after it.
 *
 * @module
 */

import type { Block } from './block.ts';

import type { ReplicaParts } from './replica-parts.ts';
import { Round } from './round.ts';
import { isVoteSigned, signVote } from './vote.ts';
import type { Vote } from './vote.ts';

export class Checkpoints {
  readonly #parts: ReplicaParts;
  readonly #onStable: () => void;
  /** By height, above the last stable checkpoint. */
  readonly #rounds = new Map<number, Round>();

  constructor(parts: ReplicaParts, onStable: () => void) {
    this.#parts = parts;
    this.#onStable = onStable;
  }

  /** Heights between the last stable checkpoint and the end of the window, and no others. */
  #roundAt(height: number): Round | undefined {
    const { chain, settings, committee, rules } = this.#parts;
    const { stableHeight } = chain;
    if (height <= stableHeight || height > stableHeight + settings.window) return undefined;
    if (!chain.isCheckpoint(height)) return undefined;
    let round = this.#rounds.get(height);
    if (!round) {
      const size = committee.replicas.length;
      round = new Round(height, size, rules.checkpointQuorum(size));
      this.#rounds.set(height, round);
    }
    return round;
  }

  /** A block at a checkpoint is committed: votes for it once it is flushed. */
  onCommitted({ height, digest }: Block): void {
    const { committee, signer, index, journal, emit, isObserver, chain } = this.#parts;
    if (!chain.isCheckpoint(height)) return;
    this.#settle(height);
    if (isObserver) return;
    const phase = 'checkpoint';
    const ballot = { phase, view: 0, height, digest, ts: 0, replica: index } as const;
    const vote = signVote(committee, signer, ballot);
    journal.afterFlush(() => {
      emit({ type: 'send', to: 'others', message: { type: 'vote', vote } });
      this.#roundAt(height)?.add(vote);
      this.#settle(height);
    });
  }

  onVote(from: number, vote: Vote): void {
    const { committee, verifier, emit } = this.#parts;
    if (vote.replica !== from || vote.view !== 0) return;
    const round = this.#roundAt(vote.height);
    if (!round?.isNews(vote) || !isVoteSigned(committee, verifier, vote)) return;
    const evidence = round.add(vote);
    if (evidence) emit({ type: 'evidence', evidence });
    this.#settle(vote.height);
  }

  #settle(height: number): void {
    const { chain } = this.#parts;
    const committed = chain.block(height);
    const round = this.#rounds.get(height);
    if (!committed || !round) return;
    const certificate = round.certificate('checkpoint', 0, committed.block.digest);
    if (!certificate || !chain.stabilise(height, certificate)) return;
    this.forget();
    this.#onStable();
  }

  /** Drops votes for checkpoints that are stable or older. */
  forget(): void {
    for (const height of this.#rounds.keys()) {
      if (height <= this.#parts.chain.stableHeight) this.#rounds.delete(height);
    }
  }

  resend(): void {
    const { index, emit } = this.#parts;
    for (const round of this.#rounds.values()) {
      const vote = round.vote('checkpoint', index);
      if (vote) emit({ type: 'send', to: 'others', message: { type: 'vote', vote } });
    }
  }
}
