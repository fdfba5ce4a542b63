/**
 * A contractor that is killed again and again while a client has tasks done by it, all of them real
 * processes: every task ends once, no result that was delivered is computed again, none is lost,
 * and what one side has paid the other has earned.
 *
 * `COALESCE_LONG=1` runs 500 tasks and five kills instead of 60 and two. `COALESCE_KILL_SEED` says
 * when it is killed.
 */

import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueryDocument, RunDocument, StatusDocument } from '../../node/api-documents.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { systemClock } from '../../node/system-clock.ts';
import { NodeProcess } from '../node-process.ts';
import { createTestnet, forEachConcurrently } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';

const IS_LONG = process.env['COALESCE_LONG'] === '1';
const TASKS = IS_LONG ? 500 : 60;
const KILLS = IS_LONG ? 5 : 2;
const SEED = Number(process.env['COALESCE_KILL_SEED'] ?? 1);
/** A client may have two open quotes: more tasks at a time only get in each other's way. */
const AT_A_TIME = 4;
const MAX_WORK_MS = 400;
const RESEND_PAUSE_MS = 250;
const MAX_RESENT = 400;
const TIMEOUT_MS = 120_000 + 2_000 * TASKS;
const TERM = 'performs:text/counted-work';

const offer = (path: string): unknown => ({
  skills: [
    {
      term: TERM,
      description: 'Writes down that it was done',
      priceMicroUsd: 100,
      perUnit: 'task',
      latencyMs: 1_000,
      capacity: 16,
      executor: { type: 'module', path },
    },
  ],
});

const taskOf = (name: string, workMs: number): object => ({
  task: {
    title: name,
    skills: [TERM],
    input: { parts: [{ text: `${name} ${workMs}`, mediaType: 'text/plain' }] },
    output: { mediaType: 'application/json' },
    verification: [],
    constraints: { sensitivity: 'low' },
    valueMicroUsd: 10_000,
  },
});

let dir: string;
let network: Testnet;
let contractor: NodeProcess;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coalesce-interrupted-'));
  const module = fileURLToPath(new URL('fixtures/counted-work.mjs', import.meta.url));
  await copyFile(module, join(dir, 'counted-work.mjs'));
  network = await createTestnet(3, {
    isAttested: false,
    replicas: 0,
    // Nobody has attested this skill: without outcomes the client would keep away from it.
    config: { decision: { confidenceThreshold: 0, scoreThreshold: 0 } },
  });
  contractor = network.contractors[0]!;
  await contractor.api.post('/v1/skills', offer(join(dir, 'counted-work.mjs')));
}, 120_000);

afterAll(async () => {
  await contractor?.stop();
  await network?.destroy();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

async function hitsOfClient(): Promise<number> {
  const { hits } = await network.client.api.post<QueryDocument>('/v1/query', { query: TERM });
  return hits.length;
}

/** Executions of each task, in their order. */
async function executionsByTask(): Promise<Map<string, string[]>> {
  const text = await readFile(join(dir, 'executions.log'), 'utf8');
  const byTask = new Map<string, string[]>();
  for (const line of text.trimEnd().split('\n')) {
    const [name, execution] = line.split(' ') as [string, string];
    byTask.set(name, [...(byTask.get(name) ?? []), execution]);
  }
  return byTask;
}

/** SIGKILL, and a new process over the same directory. @returns how long it was away, in ms. */
async function killAndStart(): Promise<number> {
  const startMs = systemClock.monotonicMs();
  const { name, dataDir } = contractor;
  await contractor.kill();
  contractor = await NodeProcess.start({ name, dataDir, lifetime: 'with-parent' });
  return systemClock.monotonicMs() - startMs;
}

/** Kills the contractor at random moments among the tasks. */
class Killer {
  readonly awayMs: number[] = [];
  readonly #random: SeededRandom;
  /** Numbers of tasks begun after which it is killed, ascending. */
  readonly #at: number[];
  #begun = 0;
  #killing: Promise<void> = Promise.resolve();

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const share = Math.floor(TASKS / (KILLS + 1));
    this.#at = Array.from({ length: KILLS }, (_, i) => {
      return share * (i + 1) - this.#random.integer(Math.ceil(share / 2));
    });
  }

  onTask(): void {
    this.#begun += 1;
    if (this.#begun !== this.#at[0]) return;
    this.#at.shift();
    const afterMs = this.#random.integer(MAX_WORK_MS);
    this.#killing = this.#killing.then(async () => {
      await delay(afterMs);
      this.awayMs.push(Math.round(await killAndStart()));
    });
  }

  end(): Promise<void> {
    return this.#killing;
  }
}

interface Ended {
  readonly run: RunDocument;
  /** How often it was sent before: no contractor was there, so no contract was made. */
  readonly resent: number;
}

/** Has a task done; sends it again where no contract came about. */
async function doTask(name: string, workMs: number): Promise<Ended> {
  for (let resent = 0; ; resent++) {
    const run = await network.client.api.post<RunDocument>('/v1/run', taskOf(name, workMs));
    const attempts = run.subtasks.flatMap((subtask) => subtask.attempts);
    if (attempts.length > 0 || resent === MAX_RESENT) return { run, resent };
    await delay(RESEND_PAUSE_MS);
  }
}

describe(`a contractor that is killed ${KILLS} times among ${TASKS} tasks (seed ${SEED})`, () => {
  it(
    'does every task, and none again whose result it has delivered',
    async () => {
      await expect.poll(hitsOfClient, { timeout: 30_000, interval: 250 }).toBe(1);
      const random = new SeededRandom(SEED + 1);
      const killer = new Killer(SEED);
      const tasks = Array.from({ length: TASKS }, (_, i) => {
        return { name: `task-${i + 1}`, workMs: random.integer(MAX_WORK_MS) };
      });
      const ended = new Map<string, Ended>();
      const startMs = systemClock.monotonicMs();
      await forEachConcurrently(tasks, AT_A_TIME, async ({ name, workMs }) => {
        killer.onTask();
        const one = await doTask(name, workMs);
        expect(ended.has(name)).toBe(false);
        ended.set(name, one);
      });
      const tookSeconds = (systemClock.monotonicMs() - startMs) / 1_000;
      await killer.end();
      const executions = await executionsByTask();
      const again = [...executions.values()].reduce((sum, all) => sum + all.length - 1, 0);
      const resent = [...ended.values()].reduce((sum, one) => sum + one.resent, 0);
      const figures = { TASKS, SEED, tookSeconds, awayMs: killer.awayMs, again, resent };
      process.stdout.write(`${JSON.stringify(figures)}\n`);
      expect(killer.awayMs).toHaveLength(KILLS);
      expect(ended.size).toBe(TASKS);
      for (const [name, { run }] of ended) {
        expect(run, name).toMatchObject({ status: 'completed' });
        const [subtask] = run.subtasks;
        const where = { where: contractor.peerId, outcome: 'verified' };
        expect(subtask!.attempts, name).toMatchObject([where]);
        expect(subtask!.receiptId, name).toMatch(/^[\w-]{43}$/);
        // The result that came is the one that was computed last: nothing was done after it.
        const result = { name, execution: executions.get(name)!.at(-1) };
        expect(run.output, name).toMatchObject([{ data: result }]);
      }
      // Only what was at work when the process died was begun again.
      expect(again).toBeLessThanOrEqual(KILLS * AT_A_TIME);
      const lives = (all: readonly string[]) => new Set(all.map((one) => one.split('-')[0])).size;
      for (const all of executions.values()) expect(lives(all)).toBe(all.length);
      const { paidMicroUsd } = await network.client.api.get<StatusDocument>('/v1/status');
      expect(paidMicroUsd).toBeGreaterThan(0);
      const earned = async () =>
        (await contractor.api.get<StatusDocument>('/v1/status')).earnedMicroUsd;
      await expect.poll(earned, { timeout: 10_000, interval: 250 }).toBe(paidMicroUsd);
    },
    TIMEOUT_MS,
  );
});
