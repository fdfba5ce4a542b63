/**
 * A plan: the subtasks of a task and which of them need the results of which. A list in which each
 * depends on earlier ones only, so that it has no cycle.
 *
 * @module
 */

import { BadInputError } from '../../errors.ts';
import type { PreparedTask } from '../prepared-task.ts';
import { prepared } from '../prepared-task.ts';
import type { ResolvedPart, ResultPart } from '../task-parts.ts';
import { encodeResultPart } from '../task-parts.ts';
import { TASK_LIMITS } from '../task-limits.ts';
import type { TaskSpecification } from '../task.ts';

/** One subtask of a plan. */
export interface PlannedTask {
  readonly id: string;
  /** Earlier subtasks whose results are further input, in this order. */
  readonly dependsOn: readonly string[];
  /** Which part of the input it is about; `null` for all that it names itself. */
  readonly source: string | null;
  /** Without subtasks. Its input is `parts`. */
  readonly specification: TaskSpecification;
  readonly parts: readonly ResolvedPart[];
}

/** What is to be done for one task of a user. */
export interface Plan {
  readonly title: string;
  /** How the subtasks came about: none were cut, the user named them, or a rule cut the input. */
  readonly origin: 'whole' | 'named' | 'rule';
  readonly tasks: readonly PlannedTask[];
  /** For all subtasks together; `null` for no limit. */
  readonly budgetMicroUsd: number | null;
  /** From start to end; `null` for no limit. */
  readonly deadlineMs: number | null;
}

/** Results of the subtasks that are done, by id. */
export type Results = ReadonlyMap<string, readonly ResultPart[]>;

/** Subtasks that no other one depends on: their results are those of the plan. */
export function sinksOf({ tasks }: Plan): readonly PlannedTask[] {
  const needed = new Set(tasks.flatMap(({ dependsOn }) => dependsOn));
  return tasks.filter(({ id }) => !needed.has(id));
}

/**
 * Checks a plan before anything is spent.
 *
 * @throws {@link BadInputError} that lists every problem.
 */
export function checkPlan(plan: Plan): void {
  const problems: string[] = [];
  const { length } = plan.tasks;
  const { maxPlannedTasks: most, maxParts } = TASK_LIMITS;
  if (length === 0) problems.push('the input is empty: there is nothing to do');
  if (length > most) {
    problems.push(`the input falls into ${length} pieces, the most is ${most}: make them larger`);
  }
  const earlier = new Set<string>();
  for (const { id, dependsOn, parts } of plan.tasks) {
    for (const other of dependsOn) {
      if (!earlier.has(other))
        problems.push(`${id}: depends on ${other}, which does not come first`);
    }
    if (earlier.has(id)) problems.push(`${id}: comes twice`);
    const inputs = parts.length + dependsOn.length;
    if (inputs > maxParts) {
      problems.push(`${id}: has ${inputs} inputs, the most is ${maxParts}`);
    }
    earlier.add(id);
  }
  if (problems.length > 0) throw new BadInputError('The plan is not valid', { problems });
}

/** A subtask with the results that it needs: data behind its own parts, one part for each. */
export function withResults(task: PlannedTask, results: Results): PreparedTask {
  const further = task.dependsOn.map((id) => resultAsPart(results.get(id)!));
  const { specification, parts } = task;
  const named = further.map(({ mediaType, text }) => ({ mediaType, text }));
  return prepared(
    { ...specification, input: { parts: [...specification.input.parts, ...named] } },
    [...parts, ...further.map(({ mediaType, bytes }) => ({ mediaType, bytes }))],
  );
}

function resultAsPart(result: readonly ResultPart[]): ResolvedPart & { readonly text: string } {
  const [only] = result;
  const part: ResultPart =
    only && result.length === 1
      ? only
      : {
          mediaType: 'application/json',
          data: result.map(({ data, text }) => data ?? text ?? null),
        };
  const bytes = encodeResultPart(part);
  return { mediaType: part.mediaType, bytes, text: new TextDecoder().decode(bytes) };
}
