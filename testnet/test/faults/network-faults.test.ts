/** Which links a fault names, and the file it stands in. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { faultFileOf, readFaults } from '../../faults/fault-file.ts';
import { connectionState, linkState } from '../../faults/fault-rules.ts';
import { NetworkFaults, chooseNodes } from '../../faults/network-faults.ts';
import { durationMs, kilobits, percent } from '../../faults/quantities.ts';

const targets = [
  { name: 'client-1', roles: ['client'], peerId: 'A', dataDir: '' },
  { name: 'contractor-1', roles: ['contractor', 'replica'], peerId: 'B', dataDir: '' },
  { name: 'contractor-2', roles: ['contractor'], peerId: 'C', dataDir: '' },
];
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coalesce-faults-'));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

describe('the faults of a network', () => {
  it('add up on a link, and the least bandwidth counts', async () => {
    const faults = new NetworkFaults(dir, targets, []);
    await faults.inject('latency', { latencyMs: 100 }, {});
    await faults.inject('latency', { latencyMs: 50, kilobitsPerSecond: 64 }, { from: 'client-1' });
    await faults.inject('loss', { lossPercent: 50 }, { from: 'client' });
    await faults.inject('loss', { lossPercent: 50 }, { from: 'client' });
    const list = await faults.list();
    expect(linkState(list, 'A', 'B')).toMatchObject({ latencyMs: 150, kilobitsPerSecond: 64 });
    expect(linkState(list, 'B', 'C')).toMatchObject({
      latencyMs: 100,
      kilobitsPerSecond: Infinity,
    });
    expect(connectionState(list, 'B', 'A').lossPercent).toBe(75);
  });

  it('cuts off a set of nodes from all others by default, and not among themselves', async () => {
    const faults = new NetworkFaults(dir, targets, []);
    await faults.inject('partition', { isCut: true }, { from: 'contractors' });
    const list = await faults.list();
    expect(linkState(list, 'B', 'A').isCut).toBe(true);
    expect(linkState(list, 'A', 'B').isCut).toBe(true);
    expect(linkState(list, 'B', 'C').isCut).toBe(false);
  });

  it('cuts one direction alone where told', async () => {
    const faults = new NetworkFaults(dir, targets, []);
    await faults.inject('partition', { isCut: true }, { from: 'client-1', isOneWay: true });
    const list = await faults.list();
    expect(linkState(list, 'A', 'B').isCut).toBe(true);
    expect(linkState(list, 'B', 'A').isCut).toBe(false);
  });

  it('heals one by its name or all, and names those that there are', async () => {
    const faults = new NetworkFaults(dir, targets, []);
    await faults.inject('latency', { latencyMs: 1 }, {});
    await faults.inject('loss', { lossPercent: 1 }, {});
    await expect(faults.heal(['reset-1'])).rejects.toThrow(/no such fault; in force: latency-1/);
    expect(await faults.heal(['loss-1'])).toMatchObject({ healed: ['loss-1'] });
    expect(await faults.heal()).toMatchObject({ healed: ['latency-1'] });
    expect(await faults.list()).toEqual([]);
  });

  it('refuses a damaged file with its mend, and heal is that mend', async () => {
    await writeFile(faultFileOf(dir), '{"v":1');
    await expect(readFaults(faultFileOf(dir))).rejects.toThrow(/testnet heal/);
    const faults = new NetworkFaults(dir, targets, []);
    await faults.heal();
    expect(await faults.list()).toEqual([]);
  });

  it('names nodes by name, role and plural, and says what it did not know', () => {
    const named = (list: string) => chooseNodes(targets, list).map(({ name }) => name);
    expect(named('contractors')).toEqual(['contractor-1', 'contractor-2']);
    expect(named('replica, client-1')).toEqual(['contractor-1', 'client-1']);
    expect(() => named('nobody')).toThrow(/nobody: names no node; expected all/);
  });

  it('reads quantities with their unit and nothing without', () => {
    expect([durationMs('200ms'), durationMs('1.5s'), durationMs('2m')]).toEqual([
      200, 1_500, 120_000,
    ]);
    expect([kilobits('256kbit'), kilobits('10mbit'), percent('30%')]).toEqual([256, 10_000, 30]);
    for (const bad of ['200', 'ms', '-1s', '1h', '1e3ms', '']) {
      expect(durationMs(bad), bad).toBeUndefined();
    }
    expect(percent('0.3')).toBeUndefined();
  });
});
