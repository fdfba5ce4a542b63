/**
 * `node`: from spawn to ready with an existing data directory, and the memory five seconds later,
 * beside a bare libp2p + kad-dht node with the same datastore. The two take turns, pair by pair.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../node/system-clock.ts';
import { median } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';
import { freePort, residentMegabytes } from './processes.ts';

const PAIRS = 5;
const SETTLE_MS = 5_000;
const POLL_MS = 5;
const READY_TIMEOUT_MS = 60_000;

interface Sample {
  readonly readyMs: number;
  readonly rssMegabytes: number;
}

export const benchNodeStart: Bench = async (onProgress) => {
  const directory = await mkdtemp(join(tmpdir(), 'coalesce-bench-'));
  const ours = (port: number) => [
    fileURLToPath(new URL('../../node/cli/main.js', import.meta.url)),
    ...['--data', join(directory, 'ours'), 'start', '--http-port', String(port)],
    ...['--log-file', join(directory, 'log')],
  ];
  const bare = (port: number) => [
    fileURLToPath(new URL('./bare-node.js', import.meta.url)),
    join(directory, 'bare'),
    String(port),
  ];
  try {
    await sample(ours); // makes the data directories, not counted
    await sample(bare);
    const pairs: { ours: Sample; bare: Sample }[] = [];
    for (let i = 0; i < PAIRS; i++) {
      onProgress(`node: pair ${i + 1} of ${PAIRS}`);
      pairs.push({ ours: await sample(ours), bare: await sample(bare) });
    }
    return [
      row('spawn to ready, existing data directory', 'ms', pairs, ({ readyMs }) => readyMs),
      row('resident memory 5 s after ready', 'MB', pairs, ({ rssMegabytes }) => rssMegabytes),
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};

function row(
  name: string,
  unit: string,
  pairs: readonly { ours: Sample; bare: Sample }[],
  pick: (sample: Sample) => number,
): BenchRow {
  return {
    bench: 'node',
    case: name,
    value: median(pairs.map(({ ours }) => pick(ours))),
    unit,
    baseline: median(pairs.map(({ bare }) => pick(bare))),
    ratio: median(pairs.map(({ ours, bare }) => pick(ours) / pick(bare))),
  };
}

async function sample(argumentsFor: (port: number) => string[]): Promise<Sample> {
  const port = await freePort();
  const startMs = systemClock.monotonicMs();
  const child = spawn(process.execPath, argumentsFor(port), { stdio: 'ignore' });
  try {
    const readyMs = (await untilReady(child, port)) - startMs;
    await delay(SETTLE_MS);
    return { readyMs, rssMegabytes: await residentMegabytes([child.pid!]) };
  } finally {
    child.kill('SIGTERM');
    await new Promise((resolve) => child.once('exit', resolve));
  }
}

async function untilReady(child: ChildProcess, port: number): Promise<number> {
  const deadlineMs = systemClock.monotonicMs() + READY_TIMEOUT_MS;
  while (systemClock.monotonicMs() < deadlineMs && child.exitCode === null) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/readyz`)).ok) return systemClock.monotonicMs();
    } catch {
      // not listening yet
    }
    await delay(POLL_MS);
  }
  throw new Error('The node did not become ready');
}
