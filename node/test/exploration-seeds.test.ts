/**
 * Where the draws of exploration come from, at nodes as the daemon makes them: from the system, so
 * that no two explore the same decisions, or from one seed that fixes them all.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../../protocols/test/negotiation/fake-world.ts';
import { loadAgentParts } from '../agent-parts.ts';
import { readConfig } from '../config/config-file.ts';
import { silentLogger } from '../logger.ts';
import { createDataDirectory, dataDirectory } from '../storage/data-directory.ts';
import { loadOrCreateIdentity } from '../storage/keystore.ts';
import { openStore } from '../storage/store.ts';
import { systemRandom } from '../system-clock.ts';
import { Deliberation } from '../tasks/deliberation.ts';
import { taskForSkill } from '../tasks/task-for-skill.ts';
import { preparedFromRequest } from '../tasks/task-request.ts';
import { candidate, newcomer, TASK_TYPE } from './decision/requests.ts';

const DECISIONS = 2_000;
const EPSILON = 0.1;
const AT_ONCE = 100;
/** So unlikely is a failure of this test where nothing is wrong. */
const NEVER = 1e-9;

const TASK = taskForSkill({
  term: TASK_TYPE,
  inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
  valueMicroUsd: 1_000_000,
});
const FILES = { 'a.txt': Buffer.from('good').toString('base64') };
// Quotes without an end: what they offer is the same at any time.
const CANDIDATES = [candidate('known'), newcomer('new', 2, 2)].map((one) => {
  const { expiresAtSeconds: _, ...quote } = one.quote;
  return { ...one, quote: { ...quote, priceMicroUsd: 0 } };
});

const SETTINGS = [
  // Nothing is measured.
  'hardware.peakFlops=1e9',
  'hardware.memoryGib=2',
  // Whatever a fresh node may lose is within the budget: epsilon alone decides.
  'prices.computeUsdPerHour=500',
  'decision.exploration.maxLossShareOfValue=1',
  'decision.exploration.maxLossShareOfLocal=1',
];

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'coalesce-seeds-'));
});

afterEach(() => rm(path, { recursive: true, force: true }));

interface Explored {
  readonly seeds: readonly number[];
  /** Which of the decisions explored, by number. */
  readonly indices: ReadonlySet<number>;
}

/** What a node on a fresh directory makes of the same task again and again. */
async function freshNode(name: string, ...flags: string[]): Promise<Explored> {
  const directory = dataDirectory(join(path, name));
  await createDataDirectory(directory);
  const config = await readConfig(directory.configFile, {}, [...SETTINGS, ...flags]);
  expect(config.decision.exploration.rate).toBe(EPSILON);
  // Nodes that start at the same moment, and whose time stands still: no seed may be made of it.
  const clock = new FakeClock();
  const store = await openStore(directory);
  try {
    const { identity } = await loadOrCreateIdentity(directory);
    const parts = await loadAgentParts({
      ...{ config, identity, store, directory },
      logger: silentLogger,
      clock,
      random: systemRandom,
    });
    const { machine, decisions: log, decisionMemory: memory } = parts;
    const self = identity.peerId;
    const deliberation = new Deliberation({
      machine,
      log,
      memory,
      config,
      clock,
      self,
    });
    const task = preparedFromRequest({ task: TASK, files: FILES }, machine);
    const seeds: number[] = [];
    const indices = new Set<number>();
    for (let done = 0; done < DECISIONS; done += AT_ONCE) {
      const batch = Array.from({ length: AT_ONCE }, () =>
        deliberation.onCandidates(task, {}, CANDIDATES),
      );
      for (const { query, isExploration, exploration } of await Promise.all(batch)) {
        expect(exploration).toMatchObject({ bar: null, rate: EPSILON, isForced: false });
        if (isExploration) indices.add(seeds.length);
        seeds.push(query.seed);
      }
    }
    return { seeds, indices };
  } finally {
    await store.close();
  }
}

function common<Value>(a: ReadonlySet<Value>, b: ReadonlySet<Value>): number {
  return [...a].filter((one) => b.has(one)).length;
}

function logFactorial(n: number): number {
  let sum = 0;
  for (let i = 2; i <= n; i++) sum += Math.log(i);
  return sum;
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Probability that two sets of such sizes, drawn by chance, have so many in common, or more. */
function chanceOfCommon(least: number, a: number, b: number): number {
  let sum = 0;
  for (let k = least; k <= Math.min(a, b); k++) {
    if (b - k > DECISIONS - a) continue;
    const log = logChoose(a, k) + logChoose(DECISIONS - a, b - k) - logChoose(DECISIONS, b);
    sum += Math.exp(log);
  }
  return sum;
}

describe('the decisions that two nodes explore', () => {
  it('have no more in common than chance gives, where both are fresh', async () => {
    const first = await freshNode('first');
    const second = await freshNode('second');
    const equalSeeds = first.seeds.filter((seed, i) => seed === second.seeds[i]).length;
    // Of 32 bits: one of two thousand is equal once in two million times.
    expect(equalSeeds).toBeLessThanOrEqual(2);
    expect(common(new Set(first.seeds), new Set(second.seeds))).toBeLessThanOrEqual(4);
    for (const { indices } of [first, second]) {
      // Seven standard deviations of 13.4 about 200.
      expect(Math.abs(indices.size - EPSILON * DECISIONS)).toBeLessThan(94);
    }
    const both = common(first.indices, second.indices);
    const chance = chanceOfCommon(both, first.indices.size, second.indices.size);
    expect(chance, `${both} are explored by both`).toBeGreaterThan(NEVER);
    // The test can tell: what one node has in common with itself is not chance.
    const { size } = first.indices;
    expect(chanceOfCommon(size, size, size)).toBeLessThan(NEVER);
  }, 60_000);

  it('are the same where one seed fixes both, and others where another seed does', async () => {
    const first = await freshNode('first', 'decision.seed=7');
    const second = await freshNode('second', 'decision.seed=7');
    expect(second).toEqual(first);
    expect(first.indices.size).toBeGreaterThan(100);
    const other = await freshNode('other', 'decision.seed=8');
    const both = common(first.indices, other.indices);
    expect(chanceOfCommon(both, first.indices.size, other.indices.size)).toBeGreaterThan(NEVER);
  }, 60_000);
});
