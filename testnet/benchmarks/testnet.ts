/**
 * `testnet`: how long a local network of real nodes takes until it is ready, and what memory a node
 * takes, beside as many bare libp2p + kad-dht nodes with the same datastore.
 *
 * Ready: every contractor has published a skill of its own, and 200 random ordered pairs of nodes
 * were answered, the first asking for the skill of the second. Of bare nodes: every one provides a
 * key of its own, and 200 such pairs found the provider. A pair that fails is asked again, so that
 * a network that is slow to settle is slow here. Both start four processes at a time and ask eight
 * pairs at a time; bare nodes stop at the first provider, and nobody reads a record there.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { QueryDocument } from '../../node/api-documents.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { systemClock } from '../../node/system-clock.ts';
import { builtModule } from '../scenario-runner/built-file.ts';
import { createTestnet, forEachConcurrently } from '../testnet.ts';
import { median } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';
import { freePort, residentMegabytes } from './processes.ts';

const SEED = 20_261_130;
const PAIRS = 200;
const STARTED_AT_ONCE = 4;
const ASKED_AT_ONCE = 8;
const RETRY_MS = 100;
/** A network that is not ready by then never is. */
const READY_TIMEOUT_MS = 300_000;
const MAX_RATIO = 1.5;

/** A network that is ready. */
interface Sample {
  readonly readyMs: number;
  readonly megabytesPerNode: number;
  /** Answers that did not hold who was asked for. */
  readonly missed: number;
}

interface Field {
  readonly size: number;
  readonly isInProcess: boolean;
  readonly dir: string;
}

/** Ordered pairs of different numbers below `size`, the second of them at least `from`. */
function randomPairs(size: number, from: number): readonly (readonly [number, number])[] {
  const random = new SeededRandom(SEED);
  return Array.from({ length: PAIRS }, () => {
    const asked = from + random.integer(size - from);
    const asking = (asked + 1 + random.integer(size - 1)) % size;
    return [asking, asked] as const;
  });
}

/** Asks each pair until it is answered. @returns answers that were not right. */
async function untilAnswered(
  size: number,
  from: number,
  ask: (asking: number, asked: number) => Promise<boolean>,
): Promise<number> {
  const deadlineMs = systemClock.monotonicMs() + READY_TIMEOUT_MS;
  let missed = 0;
  await forEachConcurrently(randomPairs(size, from), ASKED_AT_ONCE, async ([asking, asked]) => {
    while (!(await ask(asking, asked))) {
      missed += 1;
      if (systemClock.monotonicMs() > deadlineMs) throw new Error('The network is not ready');
      await delay(RETRY_MS);
    }
  });
  return missed;
}

const termOf = (number: number): string => `performs:bench/skill-${number}`;

/** What a contractor sells; nobody buys here. */
function offerOf(number: number): object {
  const path = builtModule('adversaries/slow-worker.js');
  const executor = { type: 'module', path, estimatedSeconds: 1 };
  const common = { description: 'A skill of its own', priceMicroUsd: 10, perUnit: 'task' };
  return {
    skills: [{ term: termOf(number), ...common, latencyMs: 2_000, capacity: 4, executor }],
  };
}

/** Client and attestor, which sell nothing, come before the contractors. */
const SELLERS_FROM = 2;

async function sampleOurs({ size, isInProcess, dir }: Field): Promise<Sample> {
  const startMs = systemClock.monotonicMs();
  const options = { dir, isInProcess, isAttested: false, replicas: 0 };
  await using network = await createTestnet(size, options);
  const nodes = network.nodes.map(({ process: node }) => node);
  const sellers = nodes.map((_, at) => at).slice(SELLERS_FROM);
  await forEachConcurrently(sellers, STARTED_AT_ONCE, async (at) => {
    await nodes[at]!.api.post('/v1/skills', offerOf(at));
  });
  const missed = await untilAnswered(size, SELLERS_FROM, async (asking, asked) => {
    const body = { query: termOf(asked) };
    const { hits } = await nodes[asking]!.api.post<QueryDocument>('/v1/query', body);
    return hits.some(({ peerId }) => peerId === nodes[asked]!.peerId);
  });
  const readyMs = systemClock.monotonicMs() - startMs;
  const megabytes = await residentMegabytes(nodes.map(({ pid }) => pid));
  return { readyMs, megabytesPerNode: megabytes / size, missed };
}

/** A process of bare nodes. */
interface BareProcess {
  readonly child: ChildProcess;
  ask(order: string, node?: number, text?: string): Promise<readonly string[]>;
}

async function startBare(directory: string, nodes?: number): Promise<BareProcess> {
  const port = await freePort();
  const program = fileURLToPath(new URL('./bare-node.js', import.meta.url));
  const size = nodes === undefined ? [] : [String(nodes)];
  const child = spawn(process.execPath, [program, directory, String(port), ...size], {
    stdio: 'ignore',
  });
  const ask = async (order: string, node = 0, text = ''): Promise<readonly string[]> => {
    const query = new URLSearchParams({ node: String(node), text });
    const response = await fetch(`http://127.0.0.1:${port}/${order}?${query}`);
    if (!response.ok) throw new Error(`${order}: ${await response.text()}`);
    return (await response.json()) as readonly string[];
  };
  const deadlineMs = systemClock.monotonicMs() + READY_TIMEOUT_MS;
  for (;;) {
    try {
      await ask('readyz');
      return { child, ask };
    } catch {
      if (child.exitCode !== null || systemClock.monotonicMs() > deadlineMs) {
        child.kill('SIGKILL');
        throw new Error('A bare node did not become ready');
      }
    }
    await delay(10);
  }
}

async function sampleBare({ size, isInProcess, dir }: Field): Promise<Sample> {
  const startMs = systemClock.monotonicMs();
  const processes: BareProcess[] = [];
  try {
    if (isInProcess) processes.push(await startBare(dir, size));
    else {
      await forEachConcurrently([...Array(size).keys()], STARTED_AT_ONCE, async (at) => {
        processes.push(await startBare(join(dir, String(at)), 1));
      });
    }
    const ask = (at: number, order: string, text = '') =>
      isInProcess ? processes[0]!.ask(order, at, text) : processes[at]!.ask(order, 0, text);
    const [bootstrap] = await ask(0, 'address');
    const numbers = [...Array(size).keys()];
    await forEachConcurrently(numbers.slice(1), STARTED_AT_ONCE, async (at) => {
      await ask(at, 'dial', bootstrap);
    });
    const peerIds: string[] = [];
    await forEachConcurrently(numbers.slice(SELLERS_FROM), STARTED_AT_ONCE, async (at) => {
      const [peerId] = await ask(at, 'provide', termOf(at));
      peerIds[at] = peerId!;
    });
    const missed = await untilAnswered(size, SELLERS_FROM, async (asking, asked) =>
      (await ask(asking, 'find', termOf(asked))).includes(peerIds[asked]!),
    );
    const readyMs = systemClock.monotonicMs() - startMs;
    const megabytes = await residentMegabytes(processes.map(({ child }) => child.pid!));
    return { readyMs, megabytesPerNode: megabytes / size, missed };
  } finally {
    await Promise.all(processes.map(({ child }) => endOf(child)));
  }
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await ended;
  clearTimeout(late);
}

/** Small networks are started more often: they are over soon, and vary more. */
const NETWORKS = [
  { size: 10, isInProcess: false, runs: 3 },
  { size: 25, isInProcess: false, runs: 1 },
  { size: 50, isInProcess: false, runs: 1 },
  { size: 100, isInProcess: true, runs: 1 },
] as const;

function rowsOf(title: string, ours: readonly Sample[], bare: readonly Sample[]): BenchRow[] {
  const row = (what: string, unit: string, pick: (sample: Sample) => number): BenchRow => {
    const value = median(ours.map(pick));
    const baseline = median(bare.map(pick));
    const bar = MAX_RATIO * baseline;
    const common = { bench: 'testnet', case: `${title}: ${what}`, unit, value, baseline };
    return { ...common, ratio: value / baseline, bar, met: value <= bar };
  };
  const missed = Math.max(...ours.map((sample) => sample.missed));
  return [
    row(`start until ${PAIRS} pairs were answered`, 'ms', ({ readyMs }) => readyMs),
    row('resident memory a node', 'MB', ({ megabytesPerNode }) => megabytesPerNode),
    {
      ...{ bench: 'testnet', case: `${title}: answers that missed, and were asked for again` },
      ...{ value: missed, unit: 'answers' },
      baseline: Math.max(...bare.map((sample) => sample.missed)),
    },
  ];
}

export const benchTestnet: Bench = async (onProgress) => {
  const rows: BenchRow[] = [];
  for (const { size, isInProcess, runs } of NETWORKS) {
    const title = isInProcess ? `${size} nodes in one process` : `${size} processes`;
    const ours: Sample[] = [];
    const bare: Sample[] = [];
    for (let run = 0; run < runs; run++) {
      onProgress(`testnet: ${title}, run ${run + 1} of ${runs}`);
      const dir = await mkdtemp(join(tmpdir(), 'coalesce-bench-testnet-'));
      try {
        ours.push(await sampleOurs({ size, isInProcess, dir: join(dir, 'ours') }));
        bare.push(await sampleBare({ size, isInProcess, dir: join(dir, 'bare') }));
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    }
    rows.push(...rowsOf(title, ours, bare));
  }
  return rows;
};
