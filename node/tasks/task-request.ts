/**
 * From what the API was handed to a task that can be decided on: a specification with its files, or
 * just a skill and inputs.
 *
 * @module
 */

import type { TaskRequest } from '../http-api/routes/requests.ts';
import type { LocalMachine } from './local-machine.ts';
import { prepareTask } from './prepared-task.ts';
import type { PreparedTask } from './prepared-task.ts';
import { taskForSkill } from './task-for-skill.ts';

/**
 * Least value of a task whose user names none, and its ratio to the cost here (architecture.md 10).
 */
const MIN_DEFAULT_VALUE_MICRO_USD = 1_000;
const DEFAULT_VALUE_RATIO = 1.5;

/** @throws {@link BadInputError} that lists every problem of the task. */
export function preparedFromRequest(request: TaskRequest, machine: LocalMachine): PreparedTask {
  if ('task' in request) {
    const files = Object.entries(request.files).map(
      ([name, base64]) => [name, new Uint8Array(Buffer.from(base64, 'base64'))] as const,
    );
    return sized(prepareTask(request.task, new Map(files)), machine);
  }
  const { skill: term, inputs, maxPriceMicroUsd } = request;
  const files = new Map(
    inputs.map(({ name, contentBase64 }) => [
      name,
      new Uint8Array(Buffer.from(contentBase64, 'base64')),
    ]),
  );
  const specificationOf = (valueMicroUsd: number) =>
    taskForSkill({
      term,
      inputs: inputs.map(({ name, mediaType }) => ({ file: name, mediaType })),
      valueMicroUsd,
      maxPriceMicroUsd,
    });
  const draft = prepareTask(specificationOf(MIN_DEFAULT_VALUE_MICRO_USD), files);
  const valueMicroUsd = defaultValueMicroUsd(draft, machine);
  return sized(prepareTask(specificationOf(valueMicroUsd), files), machine);
}

/** What a task is worth whose user does not say. */
export function defaultValueMicroUsd(task: PreparedTask, machine: LocalMachine): number {
  const costHere = machine.costMicroUsd(task) ?? 0;
  return Math.max(MIN_DEFAULT_VALUE_MICRO_USD, Math.ceil(DEFAULT_VALUE_RATIO * costHere));
}

/** The size of the result as earlier results of this type suggest it. */
export function sized(
  task: PreparedTask,
  machine: Pick<LocalMachine, 'expectedOutputBytes'>,
): PreparedTask {
  return { ...task, expectedOutputBytes: machine.expectedOutputBytes(task) };
}
