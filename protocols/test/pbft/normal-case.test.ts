import { describe, expect, it } from 'vitest';
import { ReplicaGroup } from './replica-group.ts';
import { tally } from './tally-application.ts';

describe('the normal case of agreement', () => {
  for (const size of [4, 7, 10, 13]) {
    it(`executes a transaction on each of ${size} replicas, whichever it was given to`, () => {
      const group = new ReplicaGroup(size);
      group.submit(2, tally('alice', 1, 5));
      for (const { app, replica } of group.members) {
        expect([app.sum('alice'), replica.height]).toEqual([5, 1]);
      }
    });
  }

  it('executes a transaction once, however often it is submitted, and answers again', () => {
    const group = new ReplicaGroup();
    for (const i of [0, 1, 2, 3, 2]) group.submit(i, tally('alice', 1, 5));
    expect(group.members.map(({ app }) => app.sum('alice'))).toEqual([5, 5, 5, 5]);
    const replies = group.members[2]!.effects.filter(({ type }) => type === 'reply');
    const reply = { type: 'reply', account: 'alice', seq: 1, height: 1, result: Uint8Array.of(53) };
    expect(replies).toEqual([reply, reply]);
  });

  it('puts what waits into one block', () => {
    const group = new ReplicaGroup();
    group.isLost = (_from, _to, message) => message.type === 'vote';
    for (const account of ['alice', 'bob', 'carol']) group.submit(0, tally(account, 1));
    group.isLost = () => false;
    group.pass(1_000);
    const { retained } = group.members[3]!.replica;
    expect(retained.map(({ block }) => block.transactions.length)).toEqual([1, 2]);
  });

  it('gives the same effects for the same inputs', () => {
    const run = (): string => {
      const group = new ReplicaGroup();
      group.submit(1, tally('alice', 1));
      group.pass(12_000);
      return JSON.stringify(group.members.map(({ effects }) => effects));
    };
    expect(run()).toBe(run());
  });
});
