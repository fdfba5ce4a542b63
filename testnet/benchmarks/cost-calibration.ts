/**
 * How well a node knows what a task costs it: predicted against measured cost of real runs of every
 * built-in executor, before and after calibration (paper Eq. 1 and 10).
 *
 * Inputs are made from a seed, of sizes spread evenly over an order of magnitude; tables differ in
 * width too. A trial learns from 20 runs and from then on only predicts, for 50 more: a running
 * node would go on learning. Each figure is the middle one of seven trials, on inputs of their own.
 *
 * A run is measured as the middle one of three, at the machine's usual speed
 * (`speed-reference.ts`): on a shared machine two runs of one input differ by a sixth, which is no
 * fault of a prediction. That says how good the model is; what a node meets are single runs as they
 * come, so these are printed too and held against the same bar. Printed beside: by how much two
 * runs of one input differ, which bounds what any prediction of single runs can reach; and what the
 * average of Eq. (10) alone, over the declared times, would have given.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { utf8 } from '../../crypto/bytes.ts';
import { loadConfig } from '../../node/config/load.ts';
import { Calibration, LOCAL_PARTY } from '../../node/cost/calibration.ts';
import { internalCost } from '../../node/cost/internal-cost.ts';
import { silentLogger } from '../../node/logger.ts';
import type { JsonSection } from '../../node/storage/store.ts';
import { systemProcessor, systemRandom } from '../../node/system-clock.ts';
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
import { SpeedReference } from './speed-reference.ts';
import type { ScaledTime } from './speed-reference.ts';

const SEED = 'cost calibration';
/** Runs per executor before the first trial: its code is compiled meanwhile. */
const WARM_UP_RUNS = 20;
const TRIALS = 7;
const CALIBRATION_RUNS = 20;
const MEASURED_RUNS = 50;
const RUNS_PER_MEASURE = 3;
const BAR_PERCENT = 15;
/** Below, a table takes a few milliseconds, and a collection of garbage decides how many. */
const INPUT_BYTES = { min: 100_000, max: 1_000_000 };
const ASSETS = { min: 8, max: 30 };
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
  const shelf = new SkillShelf({
    section,
    baseDirectory: '.',
    random: systemRandom,
    logger: silentLogger,
  });
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

function newMachine(shelf: SkillShelf): LocalMachine {
  const hardware = { peakFlops: 1e9, memoryGib: 1_000 };
  return new LocalMachine({
    config: loadConfig([{ origin: 'benchmark', values: { hardware } }]),
    shelf,
    settings: emptySection(),
    processor: systemProcessor,
  });
}

/** Relative errors of one task, by how its cost was predicted. */
interface RunErrors {
  readonly term: string;
  readonly uncalibrated: number;
  /** Declared times by the average of Eq. (10). */
  readonly averaged: number;
  readonly calibrated: number;
  /** The same, learned from and held against one run as it came. */
  readonly single: number;
  /** Between two runs of this input as they came. */
  readonly repeated: number;
}

/** A machine that learns, one that learns from single runs as they come, and one that does not. */
class CalibrationTrial {
  readonly #shelf: SkillShelf;
  readonly #reference: SpeedReference;
  readonly #machine: LocalMachine;
  readonly #single: LocalMachine;
  readonly #declaring: LocalMachine;
  readonly #average = new Calibration();

  constructor(shelf: SkillShelf, reference: SpeedReference) {
    this.#shelf = shelf;
    this.#reference = reference;
    this.#machine = newMachine(shelf);
    this.#single = newMachine(shelf);
    this.#declaring = newMachine(shelf);
  }

  /** Teaches nothing: the first run of each type on a machine is taken for cold. */
  async begin(tasks: readonly PreparedTask[]): Promise<void> {
    for (const task of tasks) {
      await this.#machine.observeRun(task, 1);
      await this.#single.observeRun(task, 1);
    }
  }

  /** @param isLearning - Whether the machines learn from the run. */
  async run(task: PreparedTask, isLearning: boolean): Promise<RunErrors> {
    const { term: taskType } = task;
    const [predicted, predictedSingle, declared] = [
      this.#machine,
      this.#single,
      this.#declaring,
    ].map((machine) => machine.costMicroUsd(task) ?? Number.NaN) as [number, number, number];
    const averaged = declared * this.#average.ratio(LOCAL_PARTY, taskType);
    const times: ScaledTime[] = [];
    for (let i = 0; i < RUNS_PER_MEASURE; i++) {
      times.push(await this.#reference.time(() => execute(this.#shelf, task)));
    }
    const seconds = median(times.map(({ scaledSeconds }) => scaledSeconds));
    const [singleSeconds, secondSeconds] = [times[0]!.seconds, times[1]!.seconds];
    const actual = this.#costOfTime(task, seconds);
    const actualSingle = this.#costOfTime(task, singleSeconds);
    if (isLearning) {
      await this.#machine.observeRun(task, seconds);
      await this.#single.observeRun(task, singleSeconds);
      const party = LOCAL_PARTY;
      const costs = { actualMicroUsd: actual, modelledMicroUsd: declared };
      this.#average.observe({ party, taskType, ...costs });
    }
    return {
      term: taskType,
      uncalibrated: Math.abs(declared - actual) / actual,
      averaged: Math.abs(averaged - actual) / actual,
      calibrated: Math.abs(predicted - actual) / actual,
      single: Math.abs(predictedSingle - actualSingle) / actualSingle,
      repeated: Math.abs(secondSeconds - singleSeconds) / singleSeconds,
    };
  }

  #costOfTime(task: PreparedTask, measuredSeconds: number): number {
    const { hardware, memory } = this.#declaring.execution(task);
    const execution = { measuredSeconds };
    return internalCost({ execution, hardware, memory, queue: [] }).totalMicroUsd;
  }
}

async function execute(shelf: SkillShelf, task: PreparedTask): Promise<void> {
  const { term, specification, parts } = task;
  await shelf.find(term)?.runner.execute({ specification, parts }, { signal: NEVER });
}

/** One trial: a fresh machine learns, then predicts. */
async function runTrial(
  sequence: SeededSequence,
  shelf: SkillShelf,
  reference: SpeedReference,
): Promise<RunErrors[]> {
  const first = composeTasks(BUILTIN_TERMS.length, sequence);
  const calibration = composeTasks(CALIBRATION_RUNS, sequence);
  const measured = composeTasks(MEASURED_RUNS, sequence);
  await delay(PAUSE_MS);
  const trial = new CalibrationTrial(shelf, reference);
  await trial.begin(first);
  for (const task of calibration) await trial.run(task, true);
  const runs: RunErrors[] = [];
  for (const task of measured) runs.push(await trial.run(task, false));
  return runs;
}

/** Median error of predicted against measured local cost, over all built-in executors. */
export const benchCostCalibration: Bench = async (onProgress) => {
  const sequence = new SeededSequence(SEED);
  const shelf = await shelfOfBuiltins();
  for (const task of composeTasks(WARM_UP_RUNS * BUILTIN_TERMS.length, sequence)) {
    await execute(shelf, task);
  }
  const reviews = composeText(REFERENCE_CHARACTERS, () => composeReview(sequence));
  const reference = new SpeedReference(reviews.text);
  const trials: RunErrors[][] = [];
  while (trials.length < TRIALS) {
    onProgress(`cost: trial ${trials.length + 1} of ${TRIALS}`);
    trials.push(await runTrial(sequence, shelf, reference));
  }
  return rowsOf(trials);
};

function rowsOf(trials: readonly (readonly RunErrors[])[]): BenchRow[] {
  const percent = (pick: (errors: RunErrors) => number, term?: string) =>
    100 *
    median(
      trials.map((runs) =>
        median(runs.filter((run) => term === undefined || run.term === term).map(pick)),
      ),
    );
  const before = percent(({ uncalibrated }) => uncalibrated);
  const error = 'median error of predicted local cost';
  const row = (name: string, value: number): BenchRow => ({
    bench: 'decision',
    case: name,
    value,
    unit: '%',
  });
  const barred = (name: string, value: number): BenchRow => ({
    ...row(name, value),
    baseline: before,
    ratio: value / before,
    bar: BAR_PERCENT,
    met: value <= BAR_PERCENT,
  });
  const after = `${error}, after ${CALIBRATION_RUNS} runs`;
  return [
    row(`${error}, uncalibrated`, before),
    row(
      `${error}, by the average of Eq. 10 alone`,
      percent(({ averaged }) => averaged),
    ),
    barred(
      `${after}, single runs as they come`,
      percent(({ single }) => single),
    ),
    row(
      'median difference of two runs of one input as they come',
      percent(({ repeated }) => repeated),
    ),
    barred(
      `${after}, middle of 3 at the usual speed`,
      percent(({ calibrated }) => calibrated),
    ),
    ...BUILTIN_TERMS.map((term) => {
      const value = percent(({ calibrated }) => calibrated, term);
      const baseline = percent(({ uncalibrated }) => uncalibrated, term);
      return { ...row(`of this: ${term}`, value), baseline, ratio: value / baseline };
    }),
  ];
}
