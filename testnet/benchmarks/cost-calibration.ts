/**
 * How well a node knows what a task costs it: predicted against measured cost of real runs of every
 * built-in executor, before and after calibration (paper Eq. 1 and 10).
 *
 * Inputs are made from a seed, of sizes spread evenly over the orders of magnitude; tables differ
 * in width too. As in a running node, what is predicted is predicted before the run, and every run
 * is learned from. Measured is processor time at the machine's usual speed (`scaled-processor.ts`);
 * the same with the time as it is, and the average of Eq. (10) alone over the declared times, are
 * printed beside. Every figure is the median of three trials, each with a machine that knows
 * nothing yet.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { utf8 } from '../../crypto/bytes.ts';
import { loadConfig } from '../../node/config/load.ts';
import { Calibration, LOCAL_PARTY } from '../../node/cost/calibration.ts';
import { internalCost } from '../../node/cost/internal-cost.ts';
import type { JsonSection } from '../../node/storage/store.ts';
import { systemRandom } from '../../node/system-clock.ts';
import type { Processor } from '../../node/system-clock.ts';
import { DOCUMENT_ANALYSIS_TERM } from '../../node/tasks/executors/document-analysis.ts';
import { BUILTIN_TERMS } from '../../node/tasks/executors/executor-registry.ts';
import { PORTFOLIO_TERM } from '../../node/tasks/executors/portfolio-optimization.ts';
import { RISK_TERM } from '../../node/tasks/executors/risk-assessment.ts';
import { SENTIMENT_TERM } from '../../node/tasks/executors/sentiment.ts';
import { composePriceTable } from '../../node/tasks/known-answer-prices.ts';
import { composeReport } from '../../node/tasks/known-answer-reports.ts';
import { composeReview } from '../../node/tasks/known-answer-reviews.ts';
import { LocalMachine } from '../../node/tasks/local-machine.ts';
import { prepareTask } from '../../node/tasks/prepared-task.ts';
import type { PreparedTask } from '../../node/tasks/prepared-task.ts';
import { SeededSequence } from '../../node/tasks/seeded-sequence.ts';
import { SkillShelf } from '../../node/tasks/skill-shelf.ts';
import type { StoredSkill } from '../../node/tasks/skill-shelf.ts';
import { taskForSkill } from '../../node/tasks/task-for-skill.ts';
import { median } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';
import { ScaledProcessor } from './scaled-processor.ts';

const SEED = 'cost calibration';
const TRIALS = 3;
/** Runs per executor before the first trial: its code is compiled meanwhile. */
const WARM_UP_RUNS = 20;
const CALIBRATION_RUNS = 20;
const MEASURED_RUNS = 50;
const BAR_PERCENT = 15;
/** Below, a run takes a few milliseconds, and a collection of garbage decides how many. */
const INPUT_BYTES = { min: 50_000, max: 500_000 };
const ASSETS = { min: 5, max: 30 };
const BYTES_PER_PRICE = 7.2;
const REFERENCE_CHARACTERS = 40_000;
/** What the making of the inputs left behind is collected meanwhile. */
const PAUSE_MS = 2_000;
const NEVER = new AbortController().signal;

interface Input {
  readonly mediaType: string;
  readonly text: string;
}

type Compose = (sequence: SeededSequence, bytes: number) => Input;

const COMPOSERS: Readonly<Record<string, Compose>> = {
  [DOCUMENT_ANALYSIS_TERM]: (sequence, bytes) =>
    composeText(bytes, () => composeReport(sequence).text),
  [PORTFOLIO_TERM]: composeTable,
  [RISK_TERM]: composeTable,
  [SENTIMENT_TERM]: (sequence, bytes) => composeText(bytes, () => composeReview(sequence)),
};

function composeText(bytes: number, compose: () => string): Input {
  const texts: string[] = [];
  for (let length = 0; length < bytes; length += texts.at(-1)!.length) texts.push(compose());
  return { mediaType: 'text/plain', text: texts.join('\n\n') };
}

function composeTable(sequence: SeededSequence, bytes: number): Input {
  const assets = sequence.integer(ASSETS.min, ASSETS.max);
  const days = Math.max(assets + 5, Math.round(bytes / assets / BYTES_PER_PRICE));
  return { mediaType: 'text/csv', text: composePriceTable(sequence, { assets, days }).csv };
}

function composeTask(term: string, sequence: SeededSequence): PreparedTask {
  const compose = COMPOSERS[term];
  if (!compose) throw new RangeError(`"term" expected one with inputs here, got ${term}`);
  const { min, max } = INPUT_BYTES;
  const { mediaType, text } = compose(sequence, min * (max / min) ** sequence.uniform());
  const inputs = [{ file: 'input', mediaType }];
  const specification = taskForSkill({ term, inputs, valueMicroUsd: 1_000 });
  return prepareTask(specification, new Map([['input', utf8(text)]]));
}

/** `count` tasks, of each executor in turn. */
function composeTasks(count: number, sequence: SeededSequence): PreparedTask[] {
  return Array.from({ length: count }, (_, i) =>
    composeTask(BUILTIN_TERMS[i % BUILTIN_TERMS.length]!, sequence),
  );
}

/** A store that keeps nothing: a benchmark has no later start. */
function emptySection<Value>(): JsonSection<Value> {
  return {
    get: () => Promise.resolve(undefined),
    put: () => Promise.resolve(),
    delete: () => Promise.resolve(),
    values: () => Promise.resolve([]),
  };
}

/** Every built-in executor, so that all machines share them, and what is compiled for them. */
async function shelfOfBuiltins(): Promise<SkillShelf> {
  const section = emptySection<StoredSkill>();
  const shelf = new SkillShelf({ section, baseDirectory: '.', random: systemRandom });
  const skills = BUILTIN_TERMS.map((term) => ({
    term,
    description: 'built in',
    priceMicroUsd: 1,
    perUnit: 'task',
    latencyMs: 1_000,
    capacity: 1,
    executor: { type: 'builtin' },
  }));
  await shelf.add({ skills });
  return shelf;
}

function newMachine(shelf: SkillShelf, processor: Processor): LocalMachine {
  const hardware = { peakFlops: 1e9, memoryGib: 1_000 };
  return new LocalMachine({
    config: loadConfig([{ origin: 'benchmark', values: { hardware } }]),
    shelf,
    settings: emptySection(),
    processor,
  });
}

/** Relative errors of one run, by how its cost was predicted. */
interface RunErrors {
  readonly term: string;
  readonly uncalibrated: number;
  /** Declared times by the average of Eq. (10). */
  readonly averaged: number;
  readonly calibrated: number;
  /** The same, learned from and held against processor time that is not scaled. */
  readonly unscaled: number;
}

/** A machine that learns, one that learns from times as they are, and one that does not learn. */
class CalibrationTrial {
  readonly #processor: ScaledProcessor;
  readonly #scaled: LocalMachine;
  readonly #unscaled: LocalMachine;
  readonly #declaring: LocalMachine;
  readonly #average = new Calibration();

  constructor(shelf: SkillShelf, processor: ScaledProcessor) {
    this.#processor = processor;
    this.#scaled = newMachine(shelf, processor);
    this.#unscaled = newMachine(shelf, processor);
    this.#declaring = newMachine(shelf, processor);
  }

  /** Teaches nothing: the first run of each type on a machine is taken for cold. */
  async begin(tasks: readonly PreparedTask[]): Promise<void> {
    for (const task of tasks) {
      const { seconds } = await this.#scaled.run(task, NEVER);
      await this.#unscaled.observeRun(task, seconds);
    }
  }

  async run(task: PreparedTask): Promise<RunErrors> {
    const { term: taskType } = task;
    const predicted = costOf(this.#scaled, task);
    const predictedUnscaled = costOf(this.#unscaled, task);
    const declared = costOf(this.#declaring, task);
    const averaged = declared * this.#average.ratio(LOCAL_PARTY, taskType);
    await this.#scaled.run(task, NEVER);
    const { rawSeconds, scaledSeconds } = this.#processor.lastInterval;
    await this.#unscaled.observeRun(task, rawSeconds);
    const actual = this.#costOfTime(task, scaledSeconds);
    this.#average.observe({
      party: LOCAL_PARTY,
      taskType,
      actualMicroUsd: actual,
      modelledMicroUsd: declared,
    });
    const actualUnscaled = this.#costOfTime(task, rawSeconds);
    return {
      term: taskType,
      uncalibrated: Math.abs(declared - actual) / actual,
      averaged: Math.abs(averaged - actual) / actual,
      calibrated: Math.abs(predicted - actual) / actual,
      unscaled: Math.abs(predictedUnscaled - actualUnscaled) / actualUnscaled,
    };
  }

  #costOfTime(task: PreparedTask, measuredSeconds: number): number {
    const { hardware, memory } = this.#declaring.execution(task);
    const execution = { measuredSeconds };
    return internalCost({ execution, hardware, memory, queue: [] }).totalMicroUsd;
  }
}

function costOf(machine: LocalMachine, task: PreparedTask): number {
  return machine.costMicroUsd(task) ?? Number.NaN;
}

async function warmUp(shelf: SkillShelf, tasks: readonly PreparedTask[]): Promise<void> {
  for (const { term, specification, parts } of tasks) {
    await shelf.find(term)?.runner.execute({ specification, parts }, { signal: NEVER });
  }
}

/** Median error of predicted against measured local cost, over all built-in executors. */
export const benchCostCalibration: Bench = async (onProgress) => {
  onProgress('cost: making inputs');
  const sequence = new SeededSequence(SEED);
  const first = composeTasks(WARM_UP_RUNS * BUILTIN_TERMS.length, sequence);
  const calibration = composeTasks(CALIBRATION_RUNS, sequence);
  const measured = composeTasks(MEASURED_RUNS, sequence);
  await delay(PAUSE_MS);
  const shelf = await shelfOfBuiltins();
  await warmUp(shelf, first);
  const processor = new ScaledProcessor(
    composeText(REFERENCE_CHARACTERS, () => composeReview(sequence)).text,
  );
  const trials: RunErrors[][] = [];
  for (let i = 1; i <= TRIALS; i++) {
    onProgress(`cost: trial ${i} of ${TRIALS}`);
    const trial = new CalibrationTrial(shelf, processor);
    await trial.begin(first.slice(0, BUILTIN_TERMS.length));
    for (const task of calibration) await trial.run(task);
    const runs: RunErrors[] = [];
    for (const task of measured) runs.push(await trial.run(task));
    trials.push(runs);
  }
  return rowsOf(trials);
};

function rowsOf(trials: readonly (readonly RunErrors[])[]): BenchRow[] {
  const percent = (pick: (errors: RunErrors) => number, term?: string) =>
    median(
      trials.map((runs) => {
        const some = term === undefined ? runs : runs.filter((run) => run.term === term);
        return 100 * median(some.map(pick));
      }),
    );
  const before = percent(({ uncalibrated }) => uncalibrated);
  const after = percent(({ calibrated }) => calibrated);
  const error = 'median error of predicted local cost';
  const row = (name: string, value: number): BenchRow => ({
    bench: 'decision',
    case: name,
    value,
    unit: '%',
  });
  return [
    row(`${error}, uncalibrated`, before),
    row(
      `${error}, by the average of Eq. 10 alone`,
      percent(({ averaged }) => averaged),
    ),
    {
      ...row(`${error}, after ${CALIBRATION_RUNS} runs (bar ${BAR_PERCENT} %)`, after),
      baseline: before,
      ratio: after / before,
      bar: BAR_PERCENT,
      met: after <= BAR_PERCENT,
    },
    row(
      `${error}, after ${CALIBRATION_RUNS} runs, times as they are`,
      percent(({ unscaled }) => unscaled),
    ),
    ...BUILTIN_TERMS.map((term) => {
      const value = percent(({ calibrated }) => calibrated, term);
      const baseline = percent(({ uncalibrated }) => uncalibrated, term);
      return { ...row(`of this: ${term}`, value), baseline, ratio: value / baseline };
    }),
  ];
}
