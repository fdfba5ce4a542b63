/**
 * A committee of four real processes whose replicas are killed at random, as a crash ends them.
 * `COALESCE_KILL_SECONDS` says for how long (6), `COALESCE_KILL_SEED` in which order.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { systemClock } from '../../node/system-clock.ts';
import { nowSeconds } from '../../protocols/components.ts';
import { ConsensusLoad } from '../benchmarks/consensus-load.ts';
import { LedgerWorld } from '../benchmarks/ledger-world.ts';
import { CommitteeProcesses } from '../committee/committee-process.ts';
import type { ProcessStatus } from '../committee/messages.ts';

const KILL_SECONDS = Number(process.env['COALESCE_KILL_SECONDS'] ?? 6);
const SEED = Number(process.env['COALESCE_KILL_SEED'] ?? 1);
const TIMEOUT_MS = 180_000 + 10_000 * KILL_SECONDS;

let root: string;
let committee: CommitteeProcesses;
let world: LedgerWorld;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'coalesce-kills-'));
  world = new LedgerWorld(20, () => nowSeconds(systemClock));
  committee = await CommitteeProcesses.create(root, world.genesis, world.replicas);
  await committee.startAll();
}, TIMEOUT_MS);

afterAll(async () => {
  await Promise.all(committee.replicas.map((replica) => replica.kill()));
  await rm(root, { recursive: true, force: true });
}, TIMEOUT_MS);

/** Kills and starts replicas at random; at the end all run. */
async function killAtRandom(random: SeededRandom): Promise<number> {
  const endMs = systemClock.monotonicMs() + 1_000 * KILL_SECONDS;
  let kills = 0;
  while (systemClock.monotonicMs() < endMs) {
    const replica = committee.replicas[random.integer(committee.replicas.length)]!;
    if (replica.isRunning) {
      await replica.kill();
      kills++;
    } else await committee.start(replica);
    await delay(random.integer(600));
  }
  for (const replica of committee.replicas) {
    if (!replica.isRunning) await committee.start(replica);
  }
  return kills;
}

async function statuses(): Promise<readonly ProcessStatus[]> {
  return Promise.all(committee.replicas.map((replica) => replica.status()));
}

/** Waits until every replica has, and has stored, what the furthest of them had. */
async function untilLevel(): Promise<void> {
  const height = Math.max(...(await statuses()).map((status) => status.height));
  const deadlineMs = systemClock.monotonicMs() + 60_000;
  for (;;) {
    const all = await statuses();
    if (all.every((status) => status.height >= height && status.storedHeight >= height)) return;
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(JSON.stringify(all));
    await delay(100);
  }
}

describe('a committee whose replicas are killed at random', () => {
  it(
    `ends with one history everywhere that passes the audit (seed ${SEED})`,
    async () => {
      const load = new ConsensusLoad(committee, world, 8);
      const kills = await killAtRandom(new SeededRandom(SEED));
      expect(kills).toBeGreaterThan(0);
      await load.stop();
      expect(load.take().refused).toEqual([]);
      await untilLevel();
      await committee.stopAll();
      const audits = [];
      for (const replica of committee.replicas) audits.push(await committee.audit(replica));
      for (const { report } of audits) expect(report).toMatchObject({ valid: true });
      const height = Math.min(...audits.map(({ stateRoots }) => stateRoots.length));
      expect(new Set(audits.map(({ stateRoots }) => stateRoots[height - 1])).size).toBe(1);
      // Whatever was answered with "done" stands in the blocks, and nothing else does.
      const [{ report }] = audits as [(typeof audits)[number]];
      expect(report).toMatchObject({ transactions: load.done });
    },
    TIMEOUT_MS,
  );
});
