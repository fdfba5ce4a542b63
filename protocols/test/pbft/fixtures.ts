/** Signed votes, certificates and blocks of a small committee, for tests of bytes and checks. */
import { sealBlock } from '../../pbft/block.ts';
import type { Block } from '../../pbft/block.ts';
import { IdentityVerifier, identitySigner } from '../../pbft/committee.ts';
import { signVote } from '../../pbft/vote.ts';
import type { Certificate, Phase, Vote } from '../../pbft/vote.ts';
import { GENESIS_TIME_MS, committeeOf, keysOf } from './replica-group.ts';
import { tally } from './tally-application.ts';

export const identities = keysOf(4);
export const committee = committeeOf(identities);
export const verifier = new IdentityVerifier(committee.replicas);

export function voteOf(
  replica: number,
  phase: Phase,
  digest: Uint8Array,
  { view = 0, height = 1, ts = phase === 'commit' ? GENESIS_TIME_MS + replica : 0 } = {},
): Vote {
  const signer = identitySigner(identities[replica]!);
  return signVote(committee, signer, { phase, view, height, digest, ts, replica });
}

export function certificateOf(
  phase: Phase,
  digest: Uint8Array,
  { view = 0, height = 1, replicas = [0, 1, 3] } = {},
): Certificate {
  const votes = replicas.map((replica) => voteOf(replica, phase, digest, { view, height }));
  return { view, votes: votes.map(({ replica, ts, signature }) => ({ replica, ts, signature })) };
}

export function firstBlock(): Block {
  return sealBlock({
    ledger: committee.ledger,
    epoch: 0,
    height: 1,
    prev: new Uint8Array(32),
    timeMs: GENESIS_TIME_MS + 1,
    stateRoot: new Uint8Array(32).fill(9),
    parentCommit: undefined,
    transactions: [tally('alice', 1), tally('bob', 1)],
  });
}

export function secondBlock(): Block {
  const first = firstBlock();
  return sealBlock({
    ledger: committee.ledger,
    epoch: 0,
    height: 2,
    prev: first.digest,
    timeMs: GENESIS_TIME_MS + 2,
    stateRoot: new Uint8Array(32).fill(8),
    parentCommit: certificateOf('commit', first.digest),
    transactions: [],
  });
}
