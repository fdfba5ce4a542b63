import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { loadConfig } from '../../config/load.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { LOCAL_PARTY } from '../../cost/calibration.ts';
import { ExecutorInputError } from '../../tasks/executors/errors.ts';
import { LocalMachine } from '../../tasks/local-machine.ts';
import type { LocalMachineInit } from '../../tasks/local-machine.ts';
import { prepareTask } from '../../tasks/prepared-task.ts';
import type { PreparedTask } from '../../tasks/prepared-task.ts';
import { SkillShelf } from '../../tasks/skill-shelf.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import type { Processor } from '../../system-clock.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const TERM = 'performs:nlp/sentiment';
const OTHER_TERM = 'performs:finance/portfolio-optimization';
/** Takes a second on {@link HARDWARE}. */
const LONG = { resources: { flops: 5e8 } };
const HARDWARE: ConfigFile = {
  hardware: { peakFlops: 1e9, utilisation: 0.5, memoryGib: 2, powerWatts: 100, purchaseUsd: 0 },
  prices: { computeUsdPerHour: 3.6, memoryUsdPerHour: 0, energyUsdPerKwh: 0 },
};
const never = new AbortController().signal;

type Settings = LocalMachineInit['settings'];

/** Processor time that goes on by itself: this much from one look at it to the next. */
class FakeProcessor implements Processor {
  stepSeconds = 0;
  #seconds = 0;
  seconds(): number {
    this.#seconds += this.stepSeconds;
    return this.#seconds;
  }
}

function open(config: ConfigFile = HARDWARE, settings: Settings = new MemoryJsonSection()) {
  const processor = new FakeProcessor();
  const shelf = new SkillShelf({
    section: new MemoryJsonSection(),
    baseDirectory: import.meta.dirname,
    random: new FakeRandom('shelf'),
  });
  const machine = new LocalMachine({
    config: loadConfig([{ origin: 'test', values: config }]),
    shelf,
    settings,
    processor,
  });
  return { machine, shelf, settings, processor };
}

function task(change: object = {}, text = 'good'): PreparedTask {
  const specification = taskForSkill({
    term: TERM,
    inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
    valueMicroUsd: 1,
  });
  return prepareTask({ ...specification, ...change }, new Map([['a.txt', utf8(text)]]));
}

describe('cost of a task here', () => {
  it('follows the operations that the task names: Eq. 2 by hand', () => {
    const { machine } = open();
    // 5e8 operations at 1e9 x 0.5 per second take 1 s; 3.6 USD an hour are 1,000 micro-USD a second
    expect(machine.costMicroUsd(task({ resources: { flops: 5e8 } }))).toBeCloseTo(1_000, 6);
    expect(machine.costMicroUsd(task({ resources: { flops: 1e9 } }))).toBeCloseTo(2_000, 6);
  });

  it('follows the estimate of the executor where the task names none', () => {
    const { machine } = open();
    const { execution, isAvailable } = machine.execution(task());
    const estimate = machine.executor(TERM)!.estimate({ inputBytes: 4 });
    expect(isAvailable).toBe(true);
    expect(execution).toEqual({ measuredSeconds: estimate.seconds });
    expect(machine.costMicroUsd(task())).toBeCloseTo(estimate.seconds * 1_000, 6);
  });

  it('is null where nothing can do the work, with the reason for the decision', () => {
    const { machine } = open();
    const unknown = task({ skills: ['performs:nlp/none'] });
    expect(machine.costMicroUsd(unknown)).toBeNull();
    expect(machine.execution(unknown)).toMatchObject({
      isAvailable: false,
      unavailableReason: 'no executor for performs:nlp/none',
    });
  });

  it('is null where the task needs more memory than there is', () => {
    const { machine } = open();
    expect(machine.costMicroUsd(task({ resources: { memoryGiB: 2.1 } }))).toBeNull();
    expect(machine.costMicroUsd(task({ resources: { memoryGiB: 1.9 } }))).not.toBeNull();
  });

  it('counts power: an hour at 100 W and 0.5 USD per kWh is 0.05 USD', () => {
    const prices = { ...HARDWARE.prices, computeUsdPerHour: 0, energyUsdPerKwh: 0.5 };
    const { machine } = open({ ...HARDWARE, prices });
    expect(machine.priceOfCpu(3_600)).toBeCloseTo(50_000, 6);
    expect(open().machine.priceOfCpu(1)).toBeCloseTo(1_000, 6);
  });
});

describe('executors', () => {
  it('are the one on the shelf before the built-in one', async () => {
    const { machine, shelf } = open();
    const builtin = machine.executor(TERM);
    expect(machine.executor(TERM)).toBe(builtin);
    await shelf.add({
      skills: [
        {
          term: TERM,
          description: 'x',
          priceMicroUsd: 1,
          perUnit: 'task',
          latencyMs: 1,
          capacity: 1,
          executor: { type: 'module', path: 'fixtures/shouting-executor.ts' },
        },
      ],
    });
    expect(machine.executor(TERM)).toBe(shelf.find(TERM)!.runner);
    await shelf.remove(TERM);
    expect(machine.executor(TERM)).toBe(builtin);
  });
});

describe('a run', () => {
  it('gives the result and its processor time, and moves the calibration towards it', async () => {
    const { machine, processor } = open();
    processor.stepSeconds = 2; // modelled as 1
    await machine.run(task(LONG), never);
    const before = machine.costMicroUsd(task(LONG))!;
    const run = await machine.run(task(LONG), never);
    expect(run.seconds).toBe(2);
    expect(run.parts).toHaveLength(1);
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBeGreaterThan(1);
    expect(machine.costMicroUsd(task(LONG))!).toBeGreaterThan(before);
    expect(machine.ratio(LOCAL_PARTY, 'performs:nlp/none')).toBe(1);
  });

  it('teaches nothing the first time, when its code is compiled; each task type has its own', async () => {
    const { machine, processor } = open();
    processor.stepSeconds = 2;
    await machine.run(task(LONG), never);
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBe(1);
    await machine.observeRun(task({ ...LONG, skills: [OTHER_TERM] }), 1_000);
    expect(machine.ratio(LOCAL_PARTY, OTHER_TERM)).toBe(1);
    await machine.observeRun(task({ ...LONG, skills: [OTHER_TERM] }), 1_000);
    expect(machine.ratio(LOCAL_PARTY, OTHER_TERM)).toBeGreaterThan(1);
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBe(1);
  });

  it('teaches what a restart does not forget', async () => {
    const { machine, settings, processor } = open();
    processor.stepSeconds = 2;
    await machine.run(task(LONG), never);
    await machine.run(task(LONG), never);
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBeGreaterThan(1);
    await machine.observeOverhead('sessionMicroUsd', 40);
    const again = open(HARDWARE, settings).machine;
    expect(again.ratio(LOCAL_PARTY, TERM)).toBe(1);
    await again.load();
    expect(again.ratio(LOCAL_PARTY, TERM)).toBe(machine.ratio(LOCAL_PARTY, TERM));
    expect(again.overheads).toEqual(machine.overheads);
  });

  it('of a few milliseconds teaches nothing, however often', async () => {
    const { machine, processor } = open();
    processor.stepSeconds = 2;
    const short = task({ resources: { flops: 1e6 } });
    for (let runs = 0; runs < 3; runs++) await machine.run(short, never);
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBe(1);
  });

  it('that fails teaches nothing', async () => {
    const { machine, processor } = open();
    processor.stepSeconds = 2;
    await machine.run(task(LONG), never);
    const bad = task(LONG, '\u0000'.repeat(10));
    const binary = { ...bad, parts: [{ mediaType: 'text/plain', bytes: new Uint8Array([255]) }] };
    await expect(machine.run(binary, never)).rejects.toThrow(ExecutorInputError);
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBe(1);
  });

  it('of a skill without an executor is an error of the program', async () => {
    const unknown = task({ skills: ['performs:nlp/none'] });
    await expect(open().machine.run(unknown, never)).rejects.toThrow(TypeError);
  });
});

describe('overheads', () => {
  it('are unknown at first, then a running mean; never below 0', async () => {
    const { machine } = open();
    expect(machine.overheads).toEqual({ sessionMicroUsd: null, verificationMicroUsd: null });
    await machine.observeOverhead('sessionMicroUsd', 100);
    expect(machine.overheads).toEqual({ sessionMicroUsd: 100, verificationMicroUsd: null });
    await machine.observeOverhead('sessionMicroUsd', 200);
    expect(machine.overheads.sessionMicroUsd).toBeCloseTo(120, 9);
    await machine.observeOverhead('verificationMicroUsd', -5);
    expect(machine.overheads.verificationMicroUsd).toBe(0);
  });
});
