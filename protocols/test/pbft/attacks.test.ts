import { describe, expect, it } from 'vitest';
import { sealBlock } from '../../pbft/block.ts';
import type { Block } from '../../pbft/block.ts';
import { IdentityVerifier, identitySigner } from '../../pbft/committee.ts';
import type { PrePrepare } from '../../pbft/messages.ts';
import { isEvidenceGood, signVote } from '../../pbft/vote.ts';
import { certificateOf, firstBlock } from './fixtures.ts';
import { ReplicaGroup } from './replica-group.ts';
import { forgedTally, tally } from './tally-application.ts';

/** A pre-prepare of replica 0 in view 0, whatever the block. */
function proposalOf(group: ReplicaGroup, block: Block): PrePrepare {
  const { height, digest } = block;
  const ballot = { phase: 'prepare', view: 0, height, digest, ts: 0, replica: 0 } as const;
  const { signature } = signVote(group.committee, identitySigner(group.identities[0]!), ballot);
  return { type: 'pre-prepare', view: 0, block, signature };
}

/** Gives backup 1 a proposal of the primary. @returns whether the backup voted for it. */
function isVotedFor(group: ReplicaGroup, block: Block): boolean {
  const backup = group.members[1]!;
  backup.effects.length = 0;
  group.step(1, { type: 'message', from: 0, message: proposalOf(group, block) });
  return backup.effects.some((effect) => effect.type === 'send' && effect.message.type === 'vote');
}

/** A group in which nothing is delivered, and the block its primary would propose. */
function groupWithBlock(): { group: ReplicaGroup; block: Block } {
  const group = new ReplicaGroup();
  group.isLost = () => true;
  group.submit(0, tally('alice', 1));
  const sent = group.members[0]!.effects.find(
    (effect) => effect.type === 'send' && effect.message.type === 'pre-prepare',
  );
  if (sent?.type !== 'send' || sent.message.type !== 'pre-prepare') throw new Error('no proposal');
  return { group, block: sent.message.block };
}

describe('a Byzantine primary', () => {
  it('gets votes for a good block, as a check of the tests below', () => {
    const { group, block } = groupWithBlock();
    expect(isVotedFor(group, block)).toBe(true);
  });

  const WRONG: readonly [string, (block: Block) => Block][] = [
    ['a time of its choice', (block) => sealBlock({ ...block, timeMs: block.timeMs + 1 })],
    ['a wrong state', (block) => sealBlock({ ...block, stateRoot: new Uint8Array(32) })],
    [
      'another block before it',
      (block) => sealBlock({ ...block, prev: new Uint8Array(32).fill(1) }),
    ],
    ['a block of another ledger', (block) => sealBlock({ ...block, ledger: new Uint8Array(32) })],
    ['a block of another epoch', (block) => sealBlock({ ...block, epoch: 1 })],
    [
      'a transaction that its account did not sign',
      (block) => sealBlock({ ...block, transactions: [forgedTally('alice', 1)] }),
    ],
    [
      'a transaction out of turn',
      (block) => sealBlock({ ...block, transactions: [tally('alice', 2)] }),
    ],
    [
      'a certificate of nothing',
      (block) =>
        sealBlock({ ...block, parentCommit: certificateOf('commit', firstBlock().digest) }),
    ],
  ];
  for (const [what, change] of WRONG) {
    it(`gets no vote, and is left at once, for ${what}`, () => {
      const { group, block } = groupWithBlock();
      expect(isVotedFor(group, change(block))).toBe(false);
      expect(group.members[1]!.replica.view).toBe(1);
    });
  }

  it('gets no second vote by equivocation, and leaves evidence that others can check', () => {
    const { group, block } = groupWithBlock();
    isVotedFor(group, block);
    const other = sealBlock({ ...block, transactions: [], stateRoot: new Uint8Array(32) });
    expect(isVotedFor(group, other)).toBe(false);
    const found = group.members[1]!.effects.find(({ type }) => type === 'evidence');
    if (found?.type !== 'evidence') throw new Error('no evidence');
    expect(found.evidence.first.replica).toBe(0);
    const verifier = new IdentityVerifier(group.committee.replicas);
    expect(isEvidenceGood(group.committee, verifier, found.evidence)).toBe(true);
    expect(group.members[1]!.replica.view).toBe(1);
  });

  it('that censors one client is replaced within one time-out, and the request is executed', () => {
    const group = new ReplicaGroup();
    group.isLost = (_from, to, message) => to === 0 && message.type === 'request';
    group.submit(1, tally('alice', 1, 5));
    group.submit(2, tally('alice', 1, 5));
    // The client of the primary's choice is served all the while.
    for (let seq = 1; seq <= 30; seq++) {
      group.submit(0, tally('bob', seq));
      group.pass(70);
    }
    expect(group.members[1]!.replica.view).toBe(1);
    expect(group.members.map(({ app }) => app.sum('alice'))).toEqual([5, 5, 5, 5]);
  });
});

describe('a Byzantine replica', () => {
  it('cannot vote in the name of another', () => {
    const { group, block } = groupWithBlock();
    isVotedFor(group, block);
    const { height, digest } = block;
    const signer = identitySigner(group.identities[3]!);
    for (const replica of [0, 2, 3]) {
      const ballot = { phase: 'commit', view: 0, height, digest, ts: 1, replica } as const;
      const vote = signVote(group.committee, signer, ballot);
      group.step(1, { type: 'message', from: 3, message: { type: 'vote', vote } });
      group.step(1, { type: 'message', from: replica, message: { type: 'vote', vote } });
    }
    expect(group.members[1]!.replica.height).toBe(0);
  });

  it('cannot pass off a block that nobody committed', () => {
    const { group, block } = groupWithBlock();
    const commit = certificateOf('prepare', block.digest);
    const message = { type: 'blocks', blocks: [{ block, commit }] } as const;
    group.step(1, { type: 'message', from: 3, message });
    expect(group.members[1]!.replica.height).toBe(0);
  });

  it('cannot make others ask for a view by itself', () => {
    const group = new ReplicaGroup();
    group.isLost = (from) => from === 3;
    for (let view = 1; view < 50; view++) {
      group.step(3, { type: 'tick' });
      group.pass(1_000);
    }
    expect(group.members.slice(0, 3).map(({ replica }) => replica.view)).toEqual([0, 0, 0]);
  });

  it('that boasts of blocks it does not have delays catching up, and no more', () => {
    const group = new ReplicaGroup();
    const boast = {
      type: 'status',
      view: 0,
      isActive: true,
      height: 999,
      stableHeight: 0,
    } as const;
    group.step(1, { type: 'message', from: 3, message: boast });
    group.submit(1, tally('alice', 1, 5));
    group.pass(5_000);
    expect(group.members.map(({ app }) => app.sum('alice'))).toEqual([5, 5, 5, 5]);
  });
});

describe('a client', () => {
  it('is told why its transaction is not taken', () => {
    const group = new ReplicaGroup(4, { maxPoolTransactions: 1 });
    group.isLost = () => true;
    const refusals = (): string[] =>
      group.members[1]!.effects.flatMap((effect) =>
        effect.type === 'refuse' ? [effect.reason] : [],
      );
    group.submit(1, new Uint8Array(16_385));
    group.submit(1, new Uint8Array(5));
    group.submit(1, forgedTally('alice', 1));
    group.submit(1, tally('alice', 17));
    group.submit(1, tally('alice', 1));
    group.submit(1, tally('alice', 1));
    group.submit(1, tally('bob', 1));
    expect(refusals()).toEqual([
      'TOO_LARGE',
      'MALFORMED',
      'BAD_SIGNATURE',
      'SEQ_TOO_FAR_AHEAD',
      'HELD',
      'POOL_FULL',
    ]);
  });

  it('that leaves a gap in its numbers cannot bring down the primary', () => {
    const group = new ReplicaGroup();
    group.submit(1, tally('alice', 2));
    group.pass(30_000);
    expect(group.members[1]!.replica.view).toBe(0);
  });

  it('that signs two transactions with one number gets one of them executed', () => {
    const group = new ReplicaGroup();
    group.isLost = (_from, _to, message) => message.type === 'request';
    group.submit(1, tally('alice', 1, 7));
    group.isLost = () => false;
    group.submit(0, tally('alice', 1, 5));
    group.pass(10_000);
    expect(group.members.map(({ app }) => app.sum('alice'))).toEqual([5, 5, 5, 5]);
    expect(group.members[1]!.replica.view).toBe(0);
  });
});

describe('transactions of which one alone can be executed', () => {
  it('sent again and again keep no honest transaction out: the first of them stands', () => {
    const group = new ReplicaGroup();
    group.delayMs = 10;
    const submitToAll = (transaction: Uint8Array): void => {
      for (const i of group.members.keys()) group.submit(i, transaction);
    };
    const flood = (): void => {
      for (let n = 0; n < 60; n++) submitToAll(tally(`rival-${n}`, 1));
    };
    submitToAll(tally('warm', 1));
    flood();
    submitToAll(tally('honest', 1));
    const { app, replica } = group.members[0]!;
    for (let i = 0; i < 40 && app.lastSeq('honest') === 0; i++) {
      group.pass(20);
      flood();
    }
    expect(app.lastSeq('honest')).toBe(1);
    expect(replica.height).toBeLessThan(12);
  });
});
