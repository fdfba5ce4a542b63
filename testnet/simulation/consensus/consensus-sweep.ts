/**
 * Many seeds, and the mutants: what a sweep is asked, what it finds, and running it in threads.
 *
 * @module
 */

import { Worker } from 'node:worker_threads';
import { simulateConsensus } from './consensus-simulation.ts';
import type { SimulationResult } from './consensus-simulation.ts';
import { MUTANTS } from './mutants.ts';
import type { Mutant } from './mutants.ts';

/** Built file of the thread: a thread loads JavaScript. */
const THREAD = new URL('./sweep-thread.js', import.meta.url);
/** Most failing seeds that are kept in words. */
const MAX_FAILURES = 10;
/** Seeds between two reports of a thread. */
const PART = 20;

export interface SweepSettings {
  readonly firstSeed: number;
  readonly seeds: number;
  /** One Byzantine replica too many, in collusion: the negative control. */
  readonly isOverrun?: boolean;
  readonly hasRealSignatures?: boolean;
}

/** A seed that broke an invariant, or did not come alive. */
export interface FailedSeed {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly standing: readonly string[];
}

/** What seeds came to, added up. */
export interface SweepTotals {
  readonly seeds: number;
  /** Seeds with a violation. */
  readonly violations: number;
  readonly live: number;
  readonly events: number;
  readonly blocks: number;
  readonly viewChanges: number;
  readonly crashes: number;
  readonly stateTransfers: number;
  readonly evidence: number;
  /** Longest virtual time from healing until everything was executed. */
  readonly longestHealingMs: number;
  readonly failures: readonly FailedSeed[];
}

export const NO_SEEDS: SweepTotals = {
  seeds: 0,
  violations: 0,
  live: 0,
  events: 0,
  blocks: 0,
  viewChanges: 0,
  crashes: 0,
  stateTransfers: 0,
  evidence: 0,
  longestHealingMs: 0,
  failures: [],
};

function totalsOf(result: SimulationResult): SweepTotals {
  const { seed, violations, isLive, standing, events, blocks, crashes } = result;
  const isGood = violations.length === 0 && isLive;
  return {
    seeds: 1,
    violations: violations.length > 0 ? 1 : 0,
    live: isLive ? 1 : 0,
    ...{ events, blocks, crashes },
    viewChanges: result.highestView,
    stateTransfers: result.stateTransfers,
    evidence: result.evidence,
    longestHealingMs: result.healedAfterMs ?? 0,
    failures: isGood ? [] : [{ seed, violations, standing }],
  };
}

/** Sum of two parts of a sweep. */
export function addTotals(a: SweepTotals, b: SweepTotals): SweepTotals {
  return {
    seeds: a.seeds + b.seeds,
    violations: a.violations + b.violations,
    live: a.live + b.live,
    events: a.events + b.events,
    blocks: a.blocks + b.blocks,
    viewChanges: a.viewChanges + b.viewChanges,
    crashes: a.crashes + b.crashes,
    stateTransfers: a.stateTransfers + b.stateTransfers,
    evidence: a.evidence + b.evidence,
    longestHealingMs: Math.max(a.longestHealingMs, b.longestHealingMs),
    failures: [...a.failures, ...b.failures].sort((x, y) => x.seed - y.seed).slice(0, MAX_FAILURES),
  };
}

/** Runs the seeds `first`, `first + step`, ... here, reporting part by part. */
export function* sweepParts(
  settings: SweepSettings,
  first = 0,
  step = 1,
): Generator<SweepTotals, void> {
  const { isOverrun = false, hasRealSignatures = false } = settings;
  let part = NO_SEEDS;
  for (let i = first; i < settings.seeds; i += step) {
    const result = simulateConsensus(settings.firstSeed + i, { isOverrun, hasRealSignatures });
    part = addTotals(part, totalsOf(result));
    if (part.seeds < PART) continue;
    yield part;
    part = NO_SEEDS;
  }
  yield part;
}

/** Runs all seeds in this thread. */
export function sweepConsensus(settings: SweepSettings): SweepTotals {
  let totals = NO_SEEDS;
  for (const part of sweepParts(settings)) totals = addTotals(totals, part);
  return totals;
}

/** A mutant and the first seed that shows it. */
export interface MutantOutcome {
  readonly name: string;
  readonly breaks: Mutant['breaks'];
  /** None of the seeds tried showed it, if absent. */
  readonly caughtBySeed?: number;
  readonly what?: string;
}

/** Tries seeds until the checker notices the broken rule. */
export function catchMutant(mutant: Mutant, firstSeed: number, maxSeeds: number): MutantOutcome {
  const { name, breaks } = mutant;
  for (let seed = firstSeed; seed < firstSeed + maxSeeds; seed++) {
    const result = simulateConsensus(seed, { ...mutant.scenario, mutant });
    const { violations, isLive, standing } = result;
    if (breaks === 'safety' && violations.length > 0) {
      return { name, breaks, caughtBySeed: seed, what: violations[0]! };
    }
    if (breaks === 'liveness' && violations.length === 0 && !isLive) {
      return { name, breaks, caughtBySeed: seed, what: standing.join('; ') };
    }
  }
  return { name, breaks };
}

/** What a thread is told. */
export type ThreadTask =
  | {
      readonly kind: 'seeds';
      readonly settings: SweepSettings;
      readonly first: number;
      readonly step: number;
    }
  | {
      readonly kind: 'mutants';
      readonly names: readonly string[];
      readonly firstSeed: number;
      readonly maxSeeds: number;
    };

/** What a thread answers, part by part. */
export type ThreadAnswer = { readonly totals: SweepTotals } | { readonly mutant: MutantOutcome };

/** Does a thread's task. */
export function* answersTo(task: ThreadTask): Generator<ThreadAnswer, void> {
  if (task.kind === 'seeds') {
    for (const totals of sweepParts(task.settings, task.first, task.step)) yield { totals };
    return;
  }
  for (const mutant of MUTANTS.filter(({ name }) => task.names.includes(name))) {
    yield { mutant: catchMutant(mutant, task.firstSeed, task.maxSeeds) };
  }
}

async function inThread(
  task: ThreadTask,
  signal: AbortSignal,
  onAnswer: (answer: ThreadAnswer) => void,
): Promise<void> {
  signal.throwIfAborted();
  const worker = new Worker(THREAD, { workerData: task });
  const onAbort = (): void => void worker.terminate();
  signal.addEventListener('abort', onAbort);
  try {
    await new Promise<void>((resolve, reject) => {
      worker.on('message', onAnswer);
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
  signal.throwIfAborted();
}

/** Runs a sweep in `threads` threads. Needs the built files. */
export async function sweepInThreads(
  settings: SweepSettings,
  threads: number,
  signal: AbortSignal,
  onProgress: (totals: SweepTotals) => void,
): Promise<SweepTotals> {
  let totals = NO_SEEDS;
  const tasks = Array.from({ length: threads }, (_, first): ThreadTask => {
    return { kind: 'seeds', settings, first, step: threads };
  });
  await Promise.all(
    tasks.map((task) =>
      inThread(task, signal, (answer) => {
        if (!('totals' in answer)) return;
        totals = addTotals(totals, answer.totals);
        onProgress(totals);
      }),
    ),
  );
  return totals;
}

/** Tries all mutants in `threads` threads. Needs the built files. */
export async function catchMutantsInThreads(
  firstSeed: number,
  maxSeeds: number,
  threads: number,
  signal: AbortSignal,
  onProgress: (outcome: MutantOutcome) => void,
): Promise<MutantOutcome[]> {
  const names = MUTANTS.map(({ name }) => name);
  const outcomes: MutantOutcome[] = [];
  const tasks = Array.from({ length: threads }, (_, first): ThreadTask => {
    const own = names.filter((_name, i) => i % threads === first);
    return { kind: 'mutants', names: own, firstSeed, maxSeeds };
  });
  await Promise.all(
    tasks.map((task) =>
      inThread(task, signal, (answer) => {
        if (!('mutant' in answer)) return;
        outcomes.push(answer.mutant);
        onProgress(answer.mutant);
      }),
    ),
  );
  return outcomes.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name));
}
