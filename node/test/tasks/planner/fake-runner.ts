/** A plan to run, and a runner of single tasks that does as it is told. @module */

import { utf8 } from '../../../../crypto/bytes.ts';
import { FakeClock, FakeLogger } from '../../../../protocols/test/negotiation/fake-world.ts';
import type { RunDocument } from '../../../api-documents.ts';
import type { Plan, PlannedTask } from '../../../tasks/planner/plan.ts';
import { PlanRunner } from '../../../tasks/planner/plan-runner.ts';
import type { PreparedTask } from '../../../tasks/prepared-task.ts';
import type { SpendingCap } from '../../../tasks/spending-cap.ts';
import { taskForSkill } from '../../../tasks/task-for-skill.ts';

export const PRICE_MICRO_USD = 100;

export function planned(id: string, ...dependsOn: string[]): PlannedTask {
  const inputs = [{ file: `${id}.txt`, mediaType: 'text/plain' }];
  const specification = taskForSkill({ term: 'performs:nlp/sentiment', inputs, valueMicroUsd: 9 });
  const parts = [{ mediaType: 'text/plain', bytes: utf8(id), name: `${id}.txt` }];
  return { id, dependsOn, source: null, specification, parts };
}

export function planOf(tasks: readonly PlannedTask[], limits: Partial<Plan> = {}): Plan {
  const plan = { title: 'T', origin: 'named', budgetMicroUsd: null, deadlineMs: null } as const;
  return { ...plan, tasks, ...limits };
}

/** A runner of single tasks that answers with the input in brackets, and does as it is told. */
export class FakeRunner {
  readonly started: string[] = [];
  readonly failing = new Set<string>();
  /** Paid, and not done all the same. */
  readonly failingWhenPaid = new Set<string>();
  atWork = 0;
  mostAtWork = 0;
  isStuck = false;

  async run(
    task: PreparedTask,
    _choice: object,
    signal: AbortSignal,
    cap: SpendingCap,
  ): Promise<RunDocument> {
    const texts = task.parts.map(({ bytes }) => new TextDecoder().decode(bytes));
    const [id = ''] = texts;
    this.started.push(id);
    this.mostAtWork = Math.max(this.mostAtWork, ++this.atWork);
    try {
      await new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('aborted')));
        if (!this.isStuck) setImmediate(resolve);
      });
    } finally {
      this.atWork--;
    }
    const reservation = this.failing.has(id) ? undefined : await cap.reserve(PRICE_MICRO_USD);
    await reservation?.settle(PRICE_MICRO_USD);
    const isDone = reservation !== undefined && !this.failingWhenPaid.has(id);
    const paidMicroUsd = reservation ? PRICE_MICRO_USD : 0;
    const subtask = {
      attempts: [{ where: 'peer', outcome: 'verified' }],
      verification: { passed: isDone, checks: [{ type: 'recompute', passed: true }] },
      status: isDone ? 'completed' : 'failed',
      receiptId: `receipt of ${id}`,
      paidMicroUsd,
      wallMs: 1,
      cost: {
        localCostMicroUsd: 1_000,
        localCostWithOpportunityMicroUsd: 1_000,
        paidMicroUsd,
        handlingMicroUsd: 7,
        isDoneHere: false,
        isCompleted: isDone,
        workHereSeconds: 0,
        wallMs: 1,
      },
    };
    const output = isDone ? [{ mediaType: 'text/plain', text: `[${texts.join('+')}]` }] : null;
    return { status: subtask.status, output, subtasks: [subtask] } as unknown as RunDocument;
  }
}

export function runnerOf(runner: FakeRunner, maxParallel = 4): PlanRunner {
  let seconds = 0;
  return new PlanRunner({
    runner,
    machine: {
      attend: (_task, work) => work(),
      priceOfCpu: (cpuSeconds) => cpuSeconds,
      expectedOutputBytes: () => 10,
    },
    clock: new FakeClock(),
    processor: { seconds: () => (seconds += 6) },
    logger: new FakeLogger(),
    maxParallel,
  });
}
