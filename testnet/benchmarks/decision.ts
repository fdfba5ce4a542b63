/**
 * `decision`: the decision engine alone, the same with live embeddings, the durable log, the memory
 * that a million decisions leave behind, and how well the cost model is calibrated.
 *
 * Fields are random, from a fixed seed: contractors of every level, with histories of their task
 * type and attested tests, of which nearly all can be judged. Each decision has a seed of its own,
 * the default policy and exploration, and leaves a record from which everything can be explained.
 * The table of candidates is made once, as when a node has several tasks for the same quotes. What
 * depends on the table, the policy and the task type alone (Jaccard indexes; Eq. 14, 15 and 18) is
 * found at the first decision and kept with the table. So a decision on a table that was just made
 * is printed beside, the making included: that is what a node pays whose quotes are all new.
 *
 * The engine is timed twice: alone, in a thread that has loaded nothing else, and in this one,
 * which has loaded what a node has. The difference is V8's: once any ArrayBuffer of a thread was
 * detached, as when the WebAssembly of libp2p's Noise grows its memory, every access to a typed
 * array checks for that. On a machine where the first is 6.4 us the second is 7.6, and one detached
 * buffer of eight bytes is enough for it.
 *
 * @module
 */

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { DEFAULTS } from '../../node/config/defaults.ts';
import { COST_PRESETS, microUsd } from '../../node/cost/presets.ts';
import { CandidateTable } from '../../node/decision/candidate-table.ts';
import { explainDecision, replayDecision } from '../../node/decision/decision-record.ts';
import { DecisionEngine } from '../../node/decision/engine.ts';
import type { Decision } from '../../node/decision/engine.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { INITIAL_WEIGHTS, RATIONAL_POLICY } from '../../node/decision/policy.ts';
import type { Candidate, DecisionQuery } from '../../node/decision/request.ts';
import { EmbeddingTable } from '../../node/skills/embedding-table.ts';
import { createDataDirectory, dataDirectory } from '../../node/storage/data-directory.ts';
import { openStore } from '../../node/storage/store.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import { DecisionLog } from '../../node/tasks/decision-log.ts';
import { benchCostCalibration } from './cost-calibration.ts';
import { measureReferenceUs, median, rowOf } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';

const SEED = 20_261_121;
const TERM = 'performs:nlp/sentiment';
const RUNS = 7;
/** Decisions per run, so that a run takes tens of milliseconds. */
const DECISIONS: Readonly<Record<number, number>> = { 100: 5_000, 1_000: 500 };
const WARM_UP_RUNS = 3;
const DIMENSIONS = 256;
/**
 * Decisions appended at once, and how often. As in a busy node, the next are taken while the last
 * are on their way to the disk; a run ends when all of its are there.
 */
const APPENDED_AT_ONCE = 250;
const APPEND_GROUPS = 8;
/** Quotes that a node asks for by default. */
const USUAL_QUOTES = DEFAULTS.decision.maxCandidates;
const RETAINED_DECISIONS = 1_000_000;

/** Bars in microseconds on the nominal machine. */
const BARS_US: Readonly<Record<string, number>> = {
  'decision 100': 7,
  'decision 1000': 70,
  'embeddings 1000': 280,
  'append 100': 25,
  'append 1000': 250,
};

/** A random field. Everybody offers the term; outcomes, tests, prices and times differ. */
export function randomField(count: number, random: SeededRandom): Candidate[] {
  return Array.from({ length: count }, (_, i) => {
    const outcomes = {
      successes: random.integer(60),
      failures: random.integer(5),
      monthsSinceLast: 3 * random.uniform(),
    };
    return {
      peerId: `peer-${i}`,
      skills: [TERM],
      similarity: 0.7 + 0.3 * random.uniform(),
      quote: {
        priceMicroUsd: 500 + random.integer(9_000),
        latencyMs: 100 + random.integer(50_000),
        load: { demand: random.integer(5), available: random.integer(5), total: 4 },
        expiresAtSeconds: 2_000,
      },
      level: random.integer(4),
      evidence: { passed: 6, run: 8 },
      history: { ...outcomes, byType: { [TERM]: outcomes } },
      incidents: { disputes: random.integer(2), canaryHits: 0, interactions: 20 },
    };
  });
}

/** A task that costs about 9,500 micro-USD here, in a node that has some experience. */
export const BENCH_QUERY: DecisionQuery = {
  decisionId: 'bench',
  seed: SEED,
  policy: RATIONAL_POLICY,
  task: {
    taskType: TERM,
    requiredSkills: [TERM],
    valueMicroUsd: 12_000,
    sensitivity: 'low',
    criticality: 'normal',
    complexity: 1,
    inputBytes: 20_000,
    expectedOutputBytes: 2_000,
    maxLatencyMs: 60_000,
  },
  local: {
    isAvailable: true,
    execution: { measuredSeconds: 600 },
    hardware: {
      ...COST_PRESETS.shipped.prices,
      peakFlopsPerSecond: 1e12,
      memoryGib: 16,
      powerWatts: 30,
    },
    memory: { modelGib: 2, kvCacheGib: 0, activationsGib: 0 },
    queue: [{ valueMicroUsd: 100, hours: 1 }],
  },
  context: {
    historicalWeights: INITIAL_WEIGHTS,
    overheads: {
      sessionMicroUsd: 10,
      automaticVerificationMicroUsd: 20,
      manualVerificationMicroUsd: 40,
      integrationMicroUsd: 5,
    },
    link: { bandwidthMbps: 100, transferMicroUsdPerGb: microUsd(0.1) },
    localCalibrationRatio: 1.1,
    atSeconds: 1_000,
    exploration: {
      decisionIndex: 5,
      cumulativeLocalMicroUsd: 1e6,
      cumulativeLossMicroUsd: 0,
      isForced: false,
      linearModel: null,
    },
  },
};

/** Median time per call of `work` in microseconds, and the reference measured between the runs. */
function timed(work: (i: number) => void, calls: number) {
  const valuesUs: number[] = [];
  const referencesUs: number[] = [];
  for (let run = -WARM_UP_RUNS; run < RUNS; run++) {
    const startMs = systemClock.monotonicMs();
    for (let i = 0; i < calls; i++) work(i);
    const us = ((systemClock.monotonicMs() - startMs) * 1_000) / calls;
    if (run < 0) continue;
    valuesUs.push(us);
    referencesUs.push(measureReferenceUs(200));
  }
  return { us: median(valuesUs), referenceUs: median(referencesUs) };
}

function decisionRow(name: string, key: string, us: number, referenceUs: number): BenchRow {
  const row = { bench: 'decision', case: name, value: us, unit: 'us', bar: BARS_US[key]! };
  return rowOf(row, referenceUs);
}

/** @param where - For the name of the rows. */
export function benchEngine(count: number, where: string): BenchRow[] {
  const random = new SeededRandom(SEED);
  const table = new CandidateTable(randomField(count, random));
  const similarities = Float64Array.from({ length: count }, () => 0.7 + 0.3 * random.uniform());
  const engine = new DecisionEngine(count);
  let last: Decision | undefined;
  const { us, referenceUs } = timed((seed) => {
    last = engine.decide(table, { ...BENCH_QUERY, seed }, similarities);
  }, DECISIONS[count]!);
  requireExplainable(last);
  const name = `one decision, ${count} candidates, similarities given, record in memory${where}`;
  const candidates = table.candidates;
  const fresh = timed((seed) => {
    engine.decide(new CandidateTable(candidates), { ...BENCH_QUERY, seed }, similarities);
  }, DECISIONS[count]! / 10);
  return [
    decisionRow(name, `decision ${count}`, us, referenceUs),
    {
      bench: 'decision',
      case: `the same on a table just made, the making included, ${count} candidates${where}`,
      value: fresh.us,
      unit: 'us',
    },
  ];
}

function benchEmbeddings(count: number): BenchRow[] {
  const random = new SeededRandom(SEED);
  const table = new CandidateTable(randomField(count, random));
  // All positive: then every candidate is near enough to be judged.
  const vector = () => Float32Array.from({ length: DIMENSIONS }, () => 1 + random.uniform());
  const embeddings = new EmbeddingTable(
    Array.from({ length: count }, () => vector()),
    DIMENSIONS,
  );
  const questions = Array.from({ length: 16 }, () => vector());
  const similarities = new Float64Array(count);
  const engine = new DecisionEngine(count);
  const { us, referenceUs } = timed((seed) => {
    embeddings.similarities(questions[seed % questions.length]!, similarities);
    engine.decide(table, { ...BENCH_QUERY, seed }, similarities);
  }, DECISIONS[count]!);
  const name = `the same with live embeddings of ${DIMENSIONS} dimensions, ${count} candidates`;
  return [decisionRow(name, `embeddings ${count}`, us, referenceUs)];
}

/** A record that cannot be explained and replayed would make the figures worthless. */
function requireExplainable(decision: Decision | undefined): void {
  const record = decision && explainDecision(decision, { counterfactual: false });
  const isWhole = record?.result.criteria.length === record?.result.candidates.length;
  if (record && isWhole && replayDecision(explainDecision(decision)).agrees) return;
  throw new Error('The last decision of the benchmark does not replay');
}

async function benchLog(count: number): Promise<BenchRow[]> {
  const table = new CandidateTable(randomField(count, new SeededRandom(SEED)));
  const { us, referenceUs } = await timeLog(count, () => table);
  const name = `decided and appended to the log on disk, ${count} candidates, amortised`;
  return [decisionRow(name, `append ${count}`, us, referenceUs)];
}

/** What a node does whose quotes are all new: each decision has a table of its own. */
async function benchFreshLog(): Promise<BenchRow> {
  const candidates = randomField(USUAL_QUOTES, new SeededRandom(SEED));
  const { us } = await timeLog(USUAL_QUOTES, () => new CandidateTable(candidates.slice()));
  const name = `the same on tables of their own, made and logged too, ${USUAL_QUOTES} candidates`;
  return { bench: 'decision', case: name, value: us, unit: 'us' };
}

/** Median time per decision, all of them on disk. */
async function timeLog(count: number, tableOf: () => CandidateTable) {
  const path = await mkdtemp(join(tmpdir(), 'coalesce-bench-log-'));
  const directory = dataDirectory(path);
  await createDataDirectory(directory);
  const store = await openStore(directory);
  try {
    const log = new DecisionLog(store.section('decisions'), systemClock, systemRandom);
    const engine = new DecisionEngine(count);
    const valuesUs: number[] = [];
    const referencesUs: number[] = [];
    for (let run = -1; run < RUNS; run++) {
      const startMs = systemClock.monotonicMs();
      let before: Promise<unknown> = Promise.resolve();
      for (let group = 0; group < APPEND_GROUPS; group++) {
        const appended: Promise<void>[] = [];
        for (let seed = 0; seed < APPENDED_AT_ONCE; seed++) {
          const query = { ...BENCH_QUERY, decisionId: log.newId(), seed };
          appended.push(log.append(engine.decide(tableOf(), query)));
        }
        await before;
        before = Promise.all(appended);
      }
      await before;
      if (run < 0) continue;
      const decisions = APPENDED_AT_ONCE * APPEND_GROUPS;
      valuesUs.push(((systemClock.monotonicMs() - startMs) * 1_000) / decisions);
      referencesUs.push(measureReferenceUs(200));
    }
    return { us: median(valuesUs), referenceUs: median(referencesUs) };
  } finally {
    await store.close();
    await rm(path, { recursive: true, force: true });
  }
}

/** Growth of the heap, collected, from the first tenth of the decisions to the last. */
function benchMemory(): BenchRow[] {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const count = 10;
  const table = new CandidateTable(randomField(count, new SeededRandom(SEED)));
  const engine = new DecisionEngine(count);
  const heapAfter = (decisions: number, from: number): number => {
    for (let i = 0; i < decisions; i++) engine.decide(table, { ...BENCH_QUERY, seed: from + i });
    collect();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };
  const tenth = RETAINED_DECISIONS / 10;
  const before = heapAfter(tenth, 0);
  const after = heapAfter(RETAINED_DECISIONS - tenth, tenth);
  const grownKb = (after - before) / 1_000;
  // What one decision in a hundred kept would be: a leak cannot hide below it.
  const bar = 100;
  return [
    {
      bench: 'decision',
      case: 'growth of the collected heap over 10^6 decisions of 10 candidates',
      value: grownKb,
      unit: 'kB',
      bar,
      met: grownKb <= bar,
    },
  ];
}

/** The rows that a thread of its own sends. */
async function benchAlone(): Promise<readonly BenchRow[]> {
  const worker = new Worker(new URL('./engine-alone.js', import.meta.url));
  const [rows] = (await once(worker, 'message')) as [readonly BenchRow[]];
  return rows;
}

export const benchDecision: Bench = async (onProgress) => {
  onProgress('decision: the engine');
  const here = ', in a node';
  const engine = [
    ...(await benchAlone()),
    ...benchEngine(100, here),
    ...benchEngine(1_000, here),
    ...benchEmbeddings(1_000),
  ];
  onProgress('decision: the log');
  const log = [...(await benchLog(100)), ...(await benchLog(1_000)), await benchFreshLog()];
  onProgress('decision: memory over a million decisions');
  const memory = benchMemory();
  const calibration = await benchCostCalibration(onProgress);
  return [...engine, ...log, ...memory, ...calibration];
};
