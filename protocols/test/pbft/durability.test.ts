import { describe, expect, it } from 'vitest';
import type { Effect } from '../../pbft/effects.ts';
import { LogRefusedError } from '../../pbft/replica.ts';
import { ReplicaGroup } from './replica-group.ts';
import { tally } from './tally-application.ts';

function votesIn(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.type === 'send' && effect.message.type === 'vote' ? [effect.message.vote.phase] : [],
  );
}

describe('a replica that was stopped', () => {
  it('comes back with its blocks, its state and its view', () => {
    const group = new ReplicaGroup();
    group.isLost = (from) => from === 0;
    group.submit(2, tally('alice', 1, 5));
    group.pass(3_000);
    const before = group.members[2]!.replica;
    expect(before.view).toBe(1);
    group.restart(2);
    const { replica, app } = group.members[2]!;
    expect([replica.height, replica.view]).toEqual([before.height, before.view]);
    expect(app.sum('alice')).toBe(5);
    group.submit(2, tally('alice', 2, 5));
    expect(app.sum('alice')).toBe(10);
  });

  it('keeps to the vote that its log holds, whatever it is shown next', () => {
    const group = new ReplicaGroup();
    group.isLost = (_from, _to, message) => message.type === 'vote';
    group.submit(0, tally('alice', 1, 5));
    expect(votesIn(group.members[1]!.effects)).toEqual(['prepare']);
    group.restart(1);
    group.pass(300);
    const proposals = group.members[0]!.effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === 'pre-prepare' ? [effect.message] : [],
    );
    const votes = group.members[1]!.effects.flatMap((effect) =>
      effect.type === 'send' && effect.message.type === 'vote' ? [effect.message.vote] : [],
    );
    // The same bytes again, and no vote for anything else.
    expect(votes.length).toBeGreaterThan(0);
    for (const vote of votes) expect(vote.digest).toEqual(proposals[0]!.block.digest);
  });

  it('restarts from a log that was torn anywhere, or says why it does not', () => {
    const group = new ReplicaGroup();
    for (let seq = 1; seq <= 3; seq++) group.submit(0, tally('alice', seq));
    const { log } = group.members[3]!;
    for (let length = 200; length < log.length; length += 97) {
      group.restart(3, log.slice(0, length));
      expect(group.members[3]!.replica.height).toBeLessThanOrEqual(3);
      group.members[3]!.log = log;
    }
    const damaged = log.slice();
    damaged[300]! ^= 1;
    expect(() => group.restart(3, damaged)).toThrow(LogRefusedError);
  });

  it('does not start with the log of another replica', () => {
    const group = new ReplicaGroup();
    group.submit(0, tally('alice', 1));
    expect(() => group.restart(3, group.members[2]!.log)).toThrow(/another ledger or replica/);
  });

  it('never votes again once its log is lost, and follows the others (amnesia)', () => {
    const group = new ReplicaGroup();
    group.submit(0, tally('alice', 1));
    group.restart(3, new Uint8Array());
    group.submit(0, tally('alice', 2));
    group.pass(12_000);
    const { replica, effects, log } = group.members[3]!;
    expect(replica.isObserver).toBe(true);
    expect(replica.height).toBe(group.members[0]!.replica.height);
    expect(votesIn(effects)).toEqual([]);
    group.restart(3, log);
    expect(group.members[3]!.replica.isObserver).toBe(true);
  });
});

describe('a vote', () => {
  it('is not sent before the log is flushed', () => {
    const group = new ReplicaGroup();
    group.submit(0, tally('alice', 1));
    for (const { effects } of group.members) {
      let flushes = 0;
      let votes = 0;
      for (const effect of effects) {
        if (effect.type === 'flush') flushes++;
        if (effect.type !== 'send') continue;
        const { message } = effect;
        if (message.type === 'pre-prepare') votes++;
        if (message.type === 'vote' && message.vote.phase !== 'checkpoint') votes++;
        expect(votes).toBeLessThanOrEqual(flushes);
      }
      expect(votes).toBeGreaterThan(0);
    }
  });

  it('is not given once the disk takes no more, and the replica says so with the mend', () => {
    const group = new ReplicaGroup();
    group.step(2, { type: 'disk-failed', reason: 'no space left' });
    const { effects } = group.members[2]!;
    const halted = effects.find(({ type }) => type === 'halted');
    expect(halted).toMatchObject({ reason: expect.stringMatching(/no space left.*make room/) });
    effects.length = 0;
    group.submit(0, tally('alice', 1));
    group.pass(20_000);
    expect(effects).toEqual([]);
    expect(group.members[0]!.app.sum('alice')).toBe(1);
  });
});
