/** `coalesce tasks`: what the node runs, and what it does for others. @module */

import { Option } from 'commander';
import { TASK_STATES } from '../../activity-documents.ts';
import type {
  ContractorTaskDocument,
  RunRecordDocument,
  TaskCancelDocument,
  TaskDocument,
  TasksDocument,
  TaskState,
} from '../../activity-documents.ts';
import type { RegisterCommand } from '../context.ts';
import { printable } from '../../errors.ts';
import { id, wholeNumber } from '../options.ts';
import { table, usd } from '../table.ts';

interface ListOptions {
  readonly limit: number;
  readonly state?: TaskState;
}

export const registerTasks: RegisterCommand = (program, run) => {
  const tasks = program
    .command('tasks')
    .description('tasks of this node, and those of its clients');
  tasks
    .command('list', { isDefault: true })
    .description('the newest first: runs of this node, and contracts that are not settled')
    .option('--limit <n>', 'how many of each', wholeNumber(1, 1_000), 20)
    .addOption(new Option('--state <state>', 'only tasks in this state').choices(TASK_STATES))
    .action(
      run(async (context, { limit, state }: ListOptions) => {
        const query = new URLSearchParams({ limit: String(limit), ...(state && { state }) });
        const found = await context.withDaemon((client) =>
          client.get<TasksDocument>(`/v1/tasks?${query.toString()}`, { signal: context.signal }),
        );
        context.print(found, () => listOf(found));
        return found.asClient.length + found.asContractor.length === 0 ? 3 : 0;
      }),
    );
  tasks
    .command('show')
    .description('one run with its steps, or one contract')
    .argument('<id>', 'as "tasks list" prints it', id)
    .action(
      run(async (context, taskId: string) => {
        const task = await context.withDaemon((client) =>
          client.get<TaskDocument>(`/v1/tasks/${encodeURIComponent(taskId)}`),
        );
        context.print(task, () => describeTask(task));
      }),
    );
  tasks
    .command('cancel')
    .description('call a task off: a run of this node, or a contract that is not delivered yet')
    .argument('<id>', 'as "tasks list" prints it', id)
    .action(
      run(async (context, taskId: string) => {
        const ended = await context.withDaemon((client) =>
          client.post<TaskCancelDocument>(`/v1/tasks/${encodeURIComponent(taskId)}/cancel`),
        );
        context.print(ended, () =>
          ended.role === 'client'
            ? `cancelled the run ${ended.id}, which was ${ended.was}`
            : `called off the task ${ended.id}, which was ${ended.was}; ` +
              'to its client it counts as one that was not delivered',
        );
      }),
    );
};

function listOf({ asClient, asContractor }: TasksDocument): string {
  const runs = asClient.map((one) => [
    one.runId,
    one.status,
    contractorsOf(one),
    usd(priceOf(one)),
    time(one.deadlineMs),
    one.title,
  ]);
  const contracts = asContractor.map((one) => [
    one.contractId,
    one.state,
    one.client,
    usd(one.priceMicroUsd),
    time(one.deadlineMs),
    one.term,
  ]);
  const parts: string[] = [];
  if (runs.length > 0) {
    parts.push(table(['run', 'state', 'contractor', 'price', 'deadline', 'title'], runs));
  }
  if (contracts.length > 0) {
    parts.push(table(['contract', 'state', 'client', 'price', 'deadline', 'skill'], contracts));
  }
  return parts.length === 0 ? 'No tasks. See: coalesce run --help' : parts.join('\n\n');
}

/** Who has it, or had it: one, or how many. */
function contractorsOf({ atWork, steps }: RunRecordDocument): string {
  const all = new Set([...steps, ...atWork].flatMap(({ where }) => where ?? []));
  const [only] = all;
  return all.size > 1 ? `${all.size} in all` : (only ?? 'nobody');
}

/** Paid, and asked for what is at work. */
function priceOf({ paidMicroUsd, atWork }: RunRecordDocument): number {
  return atWork.reduce((sum, { priceMicroUsd }) => sum + (priceMicroUsd ?? 0), paidMicroUsd);
}

function time(ms: number | null): string {
  return ms === null ? 'none' : new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

function describeTask({ run, contract }: TaskDocument): string {
  return run ? describeRun(run) : describeContract(contract!);
}

function describeRun(run: RunRecordDocument): string {
  const { runId, status, startedMs, endedMs, deadlineMs, problem } = run;
  const steps = [
    ...run.steps.map((one) => [
      one.source ?? one.id,
      one.status,
      one.where ?? 'nobody',
      usd(one.paidMicroUsd),
      one.reason ?? '',
    ]),
    ...run.atWork.map((one) => [one.id, 'working', one.where, usd(one.priceMicroUsd), '']),
  ];
  const end = endedMs === null ? 'at work' : `ended ${time(endedMs)}`;
  const lines = [
    `run ${runId}: ${status}`,
    run.title,
    `begun ${time(startedMs)}, ${end}, deadline ${time(deadlineMs)}`,
    `paid ${usd(run.paidMicroUsd)}; ${run.steps.length} of ${run.subtasks} subtasks have ended`,
    ...(problem === null ? [] : [problem]),
  ];
  const rows = steps.length > 0 ? [table(['step', 'state', 'where', 'price', 'why'], steps)] : [];
  return [...lines.map(printable), ...rows].join('\n');
}

function describeContract(contract: ContractorTaskDocument): string {
  const { contractId, client, term, state, phase, sinceMs, deadlineMs, priceMicroUsd } = contract;
  return [
    `contract ${contractId}: ${state} (${phase})`,
    `${term} for ${client}, ${usd(priceMicroUsd)}`,
    `since ${time(sinceMs)}, deadline ${time(deadlineMs)}`,
  ]
    .map(printable)
    .join('\n');
}
