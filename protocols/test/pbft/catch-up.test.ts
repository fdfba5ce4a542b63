import { describe, expect, it } from 'vitest';
import { ReplicaGroup } from './replica-group.ts';
import { tally } from './tally-application.ts';

const SETTINGS = { checkpointInterval: 8, window: 16 };

function cutOff(group: ReplicaGroup, replica: number): void {
  group.isLost = (from, to) => from === replica || to === replica;
}

function submitMany(group: ReplicaGroup, from: number, to: number): void {
  for (let seq = from; seq <= to; seq++) group.submit(0, tally('alice', seq));
}

describe('a replica that is behind', () => {
  it('gets the blocks it lacks while the others keep them', () => {
    const group = new ReplicaGroup(4, SETTINGS);
    cutOff(group, 3);
    submitMany(group, 1, 5);
    group.isLost = () => false;
    group.pass(6_000);
    const { replica, app, effects } = group.members[3]!;
    expect(replica.height).toBe(group.members[0]!.replica.height);
    expect(app.sum('alice')).toBe(5);
    expect(effects.some(({ type }) => type === 'restored')).toBe(false);
  });

  it('takes over the state of a proven checkpoint where the blocks are gone', () => {
    const group = new ReplicaGroup(4, SETTINGS);
    cutOff(group, 3);
    submitMany(group, 1, 40);
    expect(group.members[0]!.replica.stableHeight).toBe(40);
    group.isLost = () => false;
    group.pass(6_000);
    const { replica, app, effects } = group.members[3]!;
    expect(effects).toContainEqual({ type: 'restored', height: 40 });
    expect(replica.height).toBe(group.members[0]!.replica.height);
    expect(app.sum('alice')).toBe(40);
    // It votes on, and its log now begins at the checkpoint.
    group.restart(3);
    expect(group.members[3]!.app.sum('alice')).toBe(40);
    group.isLost = (from) => from === 2;
    group.submit(1, tally('alice', 41));
    expect(group.members[3]!.app.sum('alice')).toBe(41);
  });

  it('is not taken in by a lying checkpoint, and asks the next replica', () => {
    const group = new ReplicaGroup(4, SETTINGS);
    cutOff(group, 3);
    submitMany(group, 1, 40);
    const lies: number[] = [];
    group.isLost = (from, to, message) => {
      if (message.type !== 'snapshot' || from !== 0 || to !== 3) return false;
      lies.push(from);
      // JSON of another sum.
      message.chunk[message.chunk.length - 4]! ^= 1;
      return false;
    };
    group.pass(20_000);
    expect(lies.length).toBeLessThanOrEqual(2);
    expect(group.members[3]!.app.sum('alice')).toBe(40);
  });
});

describe('checkpoints', () => {
  it('let the log and the kept blocks go, so that both stay bounded', () => {
    const group = new ReplicaGroup(4, SETTINGS);
    submitMany(group, 1, 100);
    for (const { replica, log } of group.members) {
      expect(replica.stableHeight).toBe(96);
      expect(replica.retained.map(({ block }) => block.height)).toEqual([97, 98, 99, 100]);
      expect(log.length).toBeLessThan(20_000);
    }
  });

  it('hold up the others once the window is full, rather than let memory grow', () => {
    const group = new ReplicaGroup(4, SETTINGS);
    group.isLost = (_from, _to, message) =>
      message.type === 'vote' && message.vote.phase === 'checkpoint';
    submitMany(group, 1, 30);
    expect(group.members.map(({ replica }) => replica.height)).toEqual([16, 16, 16, 16]);
    group.isLost = () => false;
    group.pass(10_000);
    expect(group.members[0]!.app.sum('alice')).toBe(30);
  });
});

describe('an idle committee', () => {
  it('makes a block every 5 s, and its time follows the clocks of the replicas', () => {
    const group = new ReplicaGroup();
    group.pass(30_100);
    const { retained } = group.members[2]!.replica;
    expect(retained).toHaveLength(6);
    const times = retained.map(({ block }) => block.timeMs - group.committee.genesisTimeMs);
    // The time of a block is that of the commit of the one before.
    expect(times).toEqual([1, 5_000, 10_000, 15_000, 20_000, 25_000]);
  });
});
