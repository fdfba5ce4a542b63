import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { loadConfig } from '../../config/load.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { LOCAL_PARTY } from '../../cost/calibration.ts';
import { decide } from '../../decision/decision-record.ts';
import { ExecutorInputError } from '../../tasks/executors/errors.ts';
import { silentLogger } from '../../logger.ts';
import { LocalMachine } from '../../tasks/local-machine.ts';
import type { LocalMachineInit } from '../../tasks/local-machine.ts';
import { prepareTask } from '../../tasks/prepared-task.ts';
import type { PreparedTask } from '../../tasks/prepared-task.ts';
import { SkillShelf } from '../../tasks/skill-shelf.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import type { Processor } from '../../system-clock.ts';
import { request } from '../decision/requests.ts';
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

const alone = (seconds: number) => ({ seconds, isAlone: true });

function open(
  config: ConfigFile = HARDWARE,
  settings: Settings = new MemoryJsonSection(),
  measured: LocalMachineInit['measured'] = null,
) {
  const processor = new FakeProcessor();
  const shelf = new SkillShelf({
    section: new MemoryJsonSection(),
    baseDirectory: import.meta.dirname,
    random: new FakeRandom('shelf'),
    logger: silentLogger,
  });
  const machine = new LocalMachine({
    config: loadConfig([{ origin: 'test', values: config }]),
    shelf,
    settings,
    processor,
    measured,
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

  it('follows the bytes that the task names where moving them takes longer, as measured', () => {
    const measured = {
      peakFlopsPerSecond: 1e9,
      memoryBandwidthBytesPerSecond: 1e9,
      memoryGib: 8,
      measuredAtMs: 0,
    };
    const { machine } = open(HARDWARE, undefined, measured);
    const moving = (memoryTrafficBytes: number) =>
      machine.costMicroUsd(task({ resources: { flops: 5e8, memoryTrafficBytes } }));
    expect(moving(4e9)).toBeCloseTo(4_000, 6);
    expect(moving(1e8)).toBeCloseTo(1_000, 6);
    const unmeasured = open().machine;
    const large = task({ resources: { flops: 5e8, memoryTrafficBytes: 4e9 } });
    expect(unmeasured.costMicroUsd(large)).toBeCloseTo(1_000, 6);
  });

  it('follows the estimate of the executor where the task names none', () => {
    const { machine } = open();
    const { execution, isAvailable } = machine.execution(task());
    const estimate = machine.executor(TERM)!.estimate({ inputBytes: 4 });
    expect(isAvailable).toBe(true);
    expect(execution).toEqual({ measuredSeconds: estimate.seconds, measuredRuns: 0 });
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

  it('counts power as Eq. 4: half of 100 W for an hour at 0.5 USD per kWh is 0.025 USD', () => {
    const prices = { ...HARDWARE.prices, computeUsdPerHour: 0, energyUsdPerKwh: 0.5 };
    const { machine } = open({ ...HARDWARE, prices });
    expect(machine.priceOfCpu(3_600)).toBeCloseTo(25_000, 6);
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
    await machine.observeOverhead('sessionMicroUsd', alone(40));
    for (let runs = 0; runs < 4; runs++) await machine.run(task(), never);
    const again = open(HARDWARE, settings).machine;
    expect(again.ratio(LOCAL_PARTY, TERM)).toBe(1);
    await again.load();
    expect(again.ratio(LOCAL_PARTY, TERM)).toBe(machine.ratio(LOCAL_PARTY, TERM));
    expect(again.overheads).toEqual(machine.overheads);
    expect(again.execution(task())).toEqual(machine.execution(task()));
    expect(again.expectedOutputBytes(task())).toBe(machine.expectedOutputBytes(task()));
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

describe('the memory of the machine', () => {
  const { prices } = HARDWARE;
  const MEASURED = {
    peakFlopsPerSecond: 1e9,
    memoryBandwidthBytesPerSecond: 1e9,
    memoryGib: 8,
    measuredAtMs: 0,
  };
  const withMemory = (hardware: ConfigFile['hardware']) =>
    open({ hardware, prices }, undefined, MEASURED).machine;

  it('as measured makes a task infeasible that does not fit, and none that does', () => {
    const machine = withMemory({ utilisation: 0.5 });
    const large = task({ resources: { flops: 5e8, memoryGiB: 8.1 } });
    expect(machine.costMicroUsd(large)).toBeNull();
    expect(decideOn(machine, large)).toMatchObject({
      choice: 'REFUSED',
      localInfeasible: true,
      costInternalMicroUsd: null,
    });
    const small = task({ resources: { flops: 5e8, memoryGiB: 7.9 } });
    expect(machine.costMicroUsd(small)).toBeGreaterThan(0);
    expect(decideOn(machine, small)).toMatchObject({
      choice: 'LOCAL',
      localInfeasible: false,
    });
  });

  it('as configured wins over the measured one', () => {
    const machine = withMemory({ utilisation: 0.5, memoryGib: 1 });
    expect(machine.costMicroUsd(task({ resources: { memoryGiB: 2 } }))).toBeNull();
  });
});

/** A decision on `work` without contractors. */
function decideOn(machine: LocalMachine, work: PreparedTask) {
  return decide({ ...request([]), local: machine.execution(work) }).result;
}

describe('the queue', () => {
  const queueOf = (machine: LocalMachine, work: PreparedTask) => machine.execution(work).queue;

  it('is the other tasks in work, each with its value and its time here', async () => {
    const { machine } = open();
    const [first, second] = [task({ ...LONG, valueMicroUsd: 700 }), task(LONG)];
    await machine.attend(first, () =>
      machine.attend(second, () => {
        expect(queueOf(machine, second)).toEqual([{ valueMicroUsd: 700, hours: 1 / 3_600 }]);
        expect(queueOf(machine, task(LONG))).toHaveLength(2);
        return Promise.resolve();
      }),
    );
    expect(queueOf(machine, task(LONG))).toEqual([]);
  });

  it('makes work here dearer by the best rate in it, and audits not: Eq. 5 by hand', async () => {
    const { machine } = open();
    // 700 micro-USD for a second of this machine; the task here takes two
    const waiting = task({ ...LONG, valueMicroUsd: 700 });
    await machine.attend(waiting, () => {
      const work = task({ resources: { flops: 1e9 } });
      const result = decideOn(machine, work);
      expect(result.costInternalMicroUsd).toBeCloseTo(2_000 + 1_400, 6);
      expect(result.costInternalWithoutOpportunityMicroUsd).toBeCloseTo(2_000, 6);
      expect(machine.costMicroUsd(work)).toBeCloseTo(2_000, 6);
      return Promise.resolve();
    });
  });

  it('leaves out what cannot run here, and a task that is with a contractor', async () => {
    const { machine } = open();
    const large = task({ resources: { flops: 5e8, memoryGiB: 3 } });
    const unknown = task({ skills: ['performs:nlp/none'] });
    const idle = task({ resources: { flops: 0 } });
    for (const other of [large, unknown, idle]) {
      await machine.attend(other, () => {
        expect(queueOf(machine, task(LONG))).toEqual([]);
        return Promise.resolve();
      });
    }
    const away = task(LONG);
    await machine.attend(away, () =>
      machine.queue.whileElsewhere(away.taskId, () => {
        expect(queueOf(machine, task(LONG))).toEqual([]);
        return Promise.resolve();
      }),
    );
  });

  it('takes calibrated times', async () => {
    const { machine } = open();
    await machine.observeRun(task(LONG), 3);
    await machine.observeRun(task(LONG), 3);
    const waiting = task(LONG);
    await machine.attend(waiting, () => {
      const hours = (0.8 + 0.2 * 3) / 3_600;
      expect(queueOf(machine, task(LONG))[0]!.hours).toBeCloseTo(hours, 12);
      return Promise.resolve();
    });
  });

  it('goes into a decision with the 16 tasks that are worth most per hour', () => {
    const { machine } = open();
    for (let i = 1; i <= 40; i++) {
      const { specification, inputBytes, term } = task(LONG);
      machine.queue.add(`contract ${i}`, {
        task: { term, inputBytes, specification },
        valueMicroUsd: i,
      });
    }
    const values = queueOf(machine, task(LONG)).map(({ valueMicroUsd }) => valueMicroUsd);
    expect(values).toEqual(Array.from({ length: 16 }, (_, i) => 40 - i));
  });

  it('is left by a task whose run breaks off', async () => {
    const { machine } = open();
    const broken = machine.attend(task(LONG), () => Promise.reject(new Error('hung up')));
    await expect(broken).rejects.toThrow('hung up');
    expect(machine.queue.size).toBe(0);
  });
});

describe('the time of a task without operations', () => {
  const text = (bytes: number) => task({}, 'good '.repeat(bytes / 5));
  const secondsOf = (machine: LocalMachine, work: PreparedTask) =>
    machine.execution(work).execution!.measuredSeconds!;

  it('is learned from its runs, a part per task and a part per byte', async () => {
    const { machine } = open();
    const truth = (bytes: number) => 0.01 + 3e-7 * bytes;
    await machine.observeRun(text(10), 9); // cold
    for (const bytes of [5_000, 20_000, 60_000, 100_000, 150_000]) {
      await machine.observeRun(text(bytes), truth(bytes));
    }
    expect(secondsOf(machine, text(200_000))).toBeCloseTo(truth(200_000), 4);
    expect(machine.costMicroUsd(text(40_000))).toBeCloseTo(1_000 * truth(40_000), 1);
  });

  it('does not touch the ratio of Eq. 10, which is for operations; nor the other way round', async () => {
    const { machine } = open();
    for (let runs = 0; runs < 4; runs++) await machine.observeRun(text(100_000), 5);
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBe(1);
    const before = secondsOf(machine, text(100_000));
    await machine.observeRun(task(LONG), 3);
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBeCloseTo(1.4, 9);
    expect(secondsOf(machine, text(100_000))).toBe(before);
    expect(machine.localRatio(task(LONG))).toBeCloseTo(1.4, 9);
    expect(machine.localRatio(text(100_000))).toBe(1);
  });

  it('is not learned from a run beside another one, whose time it would include', async () => {
    const { machine, processor } = open();
    processor.stepSeconds = 2;
    await machine.run(text(1_000), never);
    const before = secondsOf(machine, text(1_000));
    await Promise.all([machine.run(text(1_000), never), machine.run(text(1_000), never)]);
    expect(secondsOf(machine, text(1_000))).toBe(before);
    await machine.run(text(1_000), never);
    expect(secondsOf(machine, text(1_000))).toBeGreaterThan(before);
  });
});

describe('the size of a result', () => {
  it('is as specified, else by the results of its type, else as assumed', async () => {
    const { machine } = open();
    expect(machine.expectedOutputBytes(task())).toBe(task().expectedOutputBytes);
    const { parts } = await machine.run(task({}, 'good day'), never);
    const ratio = JSON.stringify(parts[0]!.data).length / 8;
    expect(machine.expectedOutputBytes(task({}, 'x'.repeat(80)))).toBe(Math.ceil(80 * ratio));
    const output = { mediaType: 'application/json', expectedBytes: 77 };
    expect(machine.expectedOutputBytes(task({ output }))).toBe(77);
    expect(machine.expectedOutputBytes(task({}, 'x'.repeat(600_000)))).toBe(1_000_000);
  });
});

describe('overheads', () => {
  it('are unknown at first, then running means', async () => {
    const { machine } = open();
    const unknown = {
      sessionMicroUsd: null,
      verificationMicroUsd: null,
      integrationMicroUsd: null,
    };
    expect(machine.overheads).toEqual(unknown);
    await machine.observeOverhead('sessionMicroUsd', alone(0.1));
    expect(machine.overheads).toEqual({ ...unknown, sessionMicroUsd: 100 });
    await machine.observeOverhead('sessionMicroUsd', alone(0.2));
    expect(machine.overheads.sessionMicroUsd).toBeCloseTo(120, 9);
  });

  it('load from settings that an older version wrote', async () => {
    const settings: Settings = new MemoryJsonSection();
    await settings.put('local-machine', {
      calibration: {
        rate: 0.2,
        ratios: [
          { party: LOCAL_PARTY, taskType: TERM, ratio: 2 },
          { party: 'peer', taskType: TERM, ratio: 3 },
        ],
      },
      overheads: { sessionMicroUsd: 7, verificationMicroUsd: null },
    });
    const { machine } = open(HARDWARE, settings);
    await machine.load();
    expect(machine.overheads).toEqual({
      sessionMicroUsd: 7,
      verificationMicroUsd: null,
      integrationMicroUsd: null,
    });
    // it corrected what executors declare, and not operations
    expect(machine.ratio(LOCAL_PARTY, TERM)).toBe(1);
    expect(machine.ratio('peer', TERM)).toBe(3);
    await machine.observeOverhead('integrationMicroUsd', alone(0.001));
    const { machine: again } = open(HARDWARE, settings);
    await again.load();
    expect(again.overheads.integrationMicroUsd).toBeCloseTo(1, 9);
  });
});
