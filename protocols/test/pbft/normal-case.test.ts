import { describe, expect, it } from 'vitest';
import { ReplicaGroup } from './replica-group.ts';
import { tally } from './tally-application.ts';

describe('the normal case of agreement', () => {
  it('executes a transaction on every replica, whichever it was given to', () => {
    const group = new ReplicaGroup();
    group.submit(2, tally('alice', 1, 5));
    expect(group.members.map(({ app }) => app.sum('alice'))).toEqual([5, 5, 5, 5]);
    expect(group.members.map(({ replica }) => replica.height)).toEqual([1, 1, 1, 1]);
  });

  it('executes a transaction once, however often it is submitted', () => {
    const group = new ReplicaGroup();
    for (const i of [0, 1, 2, 3, 2]) group.submit(i, tally('alice', 1, 5));
    expect(group.members.map(({ app }) => app.sum('alice'))).toEqual([5, 5, 5, 5]);
    const replies = group.members[2]!.effects.filter(({ type }) => type === 'reply');
    expect(replies).toEqual([
      { type: 'reply', account: 'alice', seq: 1, height: 1, result: new Uint8Array([53]) },
      { type: 'reply', account: 'alice', seq: 1, height: 1, result: new Uint8Array([53]) },
    ]);
  });
  it('replaces a silent primary', () => {
    const group = new ReplicaGroup();
    group.isLost = (from) => from === 0;
    group.submit(2, tally('alice', 1, 5));
    group.pass(10_000);
    expect(group.members.map(({ replica }) => replica.view)).toEqual([1, 1, 1, 1]);
    expect(group.members.map(({ app }) => app.sum('alice'))).toEqual([5, 5, 5, 5]);
  });
});
