/**
 * A local network whose replicas are killed at random while tasks run: long, so it is asked for
 * with `COALESCE_LONG=1`. `COALESCE_KILL_SECONDS` says for how long (60), `COALESCE_KILL_SEED` in
 * which order.
 */

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isLongRun } from '../../crypto/test/fuzz.ts';
import type { RunDocument, StatusDocument } from '../../node/api-documents.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import type { LedgerDocument, ReputationDocument } from '../../node/ledger/ledger-documents.ts';
import { systemClock } from '../../node/system-clock.ts';
import { taskForSkill } from '../../node/tasks/task-for-skill.ts';
import { NodeProcess } from '../node-process.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';

const KILL_SECONDS = Number(process.env['COALESCE_KILL_SECONDS'] ?? 60);
const SEED = Number(process.env['COALESCE_KILL_SEED'] ?? 1);
const TIMEOUT_MS = 300_000 + 5_000 * KILL_SECONDS;
const TERM = 'performs:nlp/sentiment';
/** Two contractors are no replicas: there is work for the ledger while replicas are killed. */
const NODES = 8;
const MAX_DOWN = 2;
/** Buys whatever it costs, and whatever has failed before. */
const BUYER = { hasEconomicGate: false, confidenceThreshold: 0, isBargaining: false };
const CLI = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));

let root: string;
let network: Testnet;
/** Replicas by name, as they run now. */
const replicas = new Map<string, NodeProcess>();
const figures: Record<string, number> = {};

function count(what: string, by = 1): void {
  figures[what] = (figures[what] ?? 0) + by;
}

/** The command line on the data of a node, running or not. */
function coalesce(
  ...args: string[]
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [CLI, ...args], (error, stdout, stderr) => {
      const exitCode = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

beforeAll(async () => {
  if (!isLongRun) return;
  root = await mkdtemp(join(tmpdir(), 'coalesce-storm-'));
  network = await createTestnet(NODES, {
    dir: join(root, 'network'),
    config: { committee: { withoutLedger: 'bilateral' }, decision: BUYER },
  });
  for (const { isReplica, process: node } of network.nodes) {
    if (isReplica) replicas.set(node.name, node);
  }
}, TIMEOUT_MS);

afterAll(async () => {
  if (!isLongRun) return;
  await Promise.all([...replicas.values()].map((node) => node.kill()));
  await network.destroy();
  await rm(root, { recursive: true, force: true });
}, TIMEOUT_MS);

async function restart(node: NodeProcess): Promise<void> {
  const { name, dataDir } = node;
  // Not ready yet, it is no replica that can be killed.
  replicas.set(name, await NodeProcess.start({ name, dataDir, lifetime: 'with-parent' }));
}

/** Kills replicas at random, each of which is started again at once; at the end all run. */
async function storm(): Promise<void> {
  const random = new SeededRandom(SEED);
  const endMs = systemClock.monotonicMs() + 1_000 * KILL_SECONDS;
  const starts: Promise<void>[] = [];
  while (systemClock.monotonicMs() < endMs) {
    await delay(random.integer(5_000));
    const running = [...replicas.values()].filter(({ isAlive }) => isAlive);
    // One more than the committee bears at the most: it must stop at times, and go on again.
    if (running.length <= replicas.size - MAX_DOWN) continue;
    const node = running[random.integer(running.length)]!;
    await node.kill();
    count('kills');
    figures['most replicas down'] = Math.max(
      figures['most replicas down'] ?? 0,
      5 - running.length,
    );
    starts.push(restart(node));
  }
  await Promise.all(starts);
}

/** Runs tasks until told to stop. */
async function runTasks(isOver: () => boolean): Promise<void> {
  for (let i = 0; !isOver(); i++) {
    const text = `Day ${i} was good. The night was bad.`;
    const task = taskForSkill({
      term: TERM,
      inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
      valueMicroUsd: 1_000_000,
    });
    const body = { task, files: { 'a.txt': Buffer.from(text).toString('base64') } };
    const startMs = systemClock.monotonicMs();
    const run = await network.client.api.post<RunDocument>('/v1/run', body);
    const wallMs = Math.round(systemClock.monotonicMs() - startMs);
    figures['longest task, ms'] = Math.max(figures['longest task, ms'] ?? 0, wallMs);
    const last = run.subtasks[0]!.attempts.at(-1);
    const where = last?.where === 'local' ? 'here' : (last?.settlement?.by ?? 'nowhere');
    count(`tasks ${run.status}, ${where}`);
  }
}

async function untilLevel(): Promise<number> {
  const heights = async () =>
    Promise.all(
      [...replicas.values()].map(async ({ api }) => {
        const { ledger } = await api.get<StatusDocument>('/v1/status');
        return { height: ledger!.replica!.height, stored: ledger!.replica!.storedHeight };
      }),
    );
  const goal = Math.max(...(await heights()).map(({ height }) => height)) + 1;
  await expect
    .poll(async () => Math.min(...(await heights()).map(({ stored }) => stored)), {
      timeout: 120_000,
      interval: 500,
    })
    .toBeGreaterThanOrEqual(goal);
  return goal;
}

async function balanceSum(): Promise<number> {
  const others = network.nodes.filter(({ isReplica }) => !isReplica);
  const nodes = [...others.map(({ process: node }) => node), ...replicas.values()];
  const shown = await Promise.all(nodes.map(({ api }) => api.get<LedgerDocument>('/v1/ledger')));
  return shown.reduce((sum, { ledger }) => sum + ledger!.account!.balanceMicroUsd, 0);
}

/** State root of each height in the export of a replica that does not run, every block checked. */
async function rootsOf({ dataDir, name }: NodeProcess): Promise<ReadonlyMap<number, string>> {
  const file = join(root, `${name}.jsonl`);
  const verified = await coalesce('--data', dataDir, 'ledger', 'verify', '--json');
  expect(verified.exitCode, `${name}: ${verified.stdout}${verified.stderr}`).toBe(0);
  const exported = await coalesce('--data', dataDir, 'ledger', 'export', '--out', file);
  expect(exported.exitCode, exported.stderr).toBe(0);
  const lines = (await readFile(file, 'utf8')).trim().split('\n').slice(1);
  const blocks = lines.map((line) => JSON.parse(line) as { height: number; stateRoot: string });
  return new Map(blocks.map(({ height, stateRoot }) => [height, stateRoot]));
}

describe.runIf(isLongRun)('a local network whose replicas are killed at random', () => {
  it(
    `ends with one ledger everywhere, books that add up, and proven scores (seed ${SEED})`,
    async () => {
      const before = await balanceSum();
      let isOver = false;
      const tasks = [1, 2].map(() => runTasks(() => isOver));
      await storm();
      isOver = true;
      await Promise.all(tasks);
      const height = await untilLevel();
      expect(figures['kills']).toBeGreaterThan(3);

      // No fee is taken here but that of a dispute, and nobody disputes.
      expect(await balanceSum()).toBe(before);
      const seller = network.contractors.at(-1)!.peerId;
      const { scores } = await network.client.api.get<ReputationDocument>(
        `/v1/reputation?peer=${seller}&term=${encodeURIComponent(TERM)}`,
      );
      expect(scores).toMatchObject([{ source: 'ledger', proof: { status: 'proven' } }]);

      await Promise.all([...replicas.values()].map((node) => node.stop()));
      const roots = [];
      for (const node of replicas.values()) roots.push(await rootsOf(node));
      expect(new Set(roots.map((one) => one.get(height))).size).toBe(1);
      expect(roots[0]!.get(height)).toBeDefined();
      process.stdout.write(`${JSON.stringify({ ...figures, height, score: scores[0]!.score })}\n`);
    },
    TIMEOUT_MS,
  );
});
