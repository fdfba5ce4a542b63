/**
 * The votes and the proposal of one height, as far as they have arrived. One slot per replica and
 * phase, which holds its vote of the highest view: what peers can make a replica keep is bounded.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { PrePrepare } from './messages.ts';
import { doVotesContradict } from './vote.ts';
import type { Certificate, Evidence, Phase, Vote } from './vote.ts';

export class Round {
  readonly height: number;
  /** Of the highest view. */
  proposal: PrePrepare | undefined;
  /** Shown to be committed; its block may still be missing here. */
  decided: { readonly digest: Uint8Array; readonly commit: Certificate } | undefined;
  readonly #slots: Record<Phase, (Vote | undefined)[]>;

  readonly #quorum: number;

  constructor(height: number, replicas: number, quorum: number) {
    this.height = height;
    this.#quorum = quorum;
    const slots = (): (Vote | undefined)[] => Array.from({ length: replicas }, () => undefined);
    this.#slots = { prepare: slots(), commit: slots(), checkpoint: slots() };
  }

  vote(phase: Phase, replica: number): Vote | undefined {
    return this.#slots[phase][replica];
  }

  /** Whether a vote would change anything here; cheaper than checking its signature. */
  isNews(vote: Vote): boolean {
    const held = this.vote(vote.phase, vote.replica);
    return !held || vote.view > held.view || doVotesContradict(held, vote);
  }

  /** Keeps a vote whose signature was checked. @returns evidence if it contradicts the one held. */
  add(vote: Vote): Evidence | undefined {
    const held = this.vote(vote.phase, vote.replica);
    if (held && doVotesContradict(held, vote)) return { first: held, second: vote };
    if (held && vote.view <= held.view) return undefined;
    this.#slots[vote.phase][vote.replica] = vote;
    if (vote.phase === 'commit' && !this.decided) {
      const commit = this.certificate('commit', vote.view, vote.digest);
      if (commit) this.decided = { digest: vote.digest, commit };
    }
    return undefined;
  }

  /** Certificate of a quorum of votes for a block in a view, if there are as many. */
  certificate(phase: Phase, view: number, digest: Uint8Array): Certificate | undefined {
    const votes: Vote[] = [];
    for (const vote of this.#slots[phase]) {
      if (vote?.view !== view || !equalBytes(vote.digest, digest)) continue;
      votes.push(vote);
      if (votes.length < this.#quorum) continue;
      return {
        view,
        votes: votes.map(({ replica, ts, signature }) => ({ replica, ts, signature })),
      };
    }
    return undefined;
  }
}
