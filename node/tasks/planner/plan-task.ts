/**
 * From what the API was handed to a plan. A plan comes from the user, who names subtasks, or from a
 * rule, which cuts the input; without either it is the task itself. Nothing here talks to anyone.
 *
 * @module
 */

import type { TaskRequest } from '../../http-api/routes/requests.ts';
import { BadInputError } from '../../errors.ts';
import type { LocalMachine } from '../local-machine.ts';
import { prepared, resolveParts } from '../prepared-task.ts';
import { defaultValueMicroUsd } from '../task-request.ts';
import { taskForSkill } from '../task-for-skill.ts';
import { formatProblems } from '../task-problems.ts';
import type { ResolvedPart } from '../task-parts.ts';
import { parseTaskSpecification } from '../task.ts';
import type { Sensitivity, Subtask, TaskSpecification } from '../task.ts';
import { checkPlan, withResults } from './plan.ts';
import type { Plan, PlannedTask } from './plan.ts';
import { DEFAULT_PIECE_BYTES, splitParts } from './split.ts';
import type { SplitRule } from './split.ts';

const SENSITIVITIES: readonly Sensitivity[] = ['low', 'medium', 'high'];

/**
 * Plans a task.
 *
 * @throws {@link BadInputError} that lists every problem of the task or of the plan.
 */
export function planFromRequest(request: TaskRequest, machine: LocalMachine): Plan {
  const plan = 'task' in request ? planOfFile(request) : planOfSkill(request, machine);
  checkPlan(plan);
  // What no task can be is refused before the first one is paid.
  const empty = new Map(plan.tasks.map(({ id }) => [id, [{ mediaType: 'text/plain', text: '' }]]));
  for (const task of plan.tasks) withResults(task, empty);
  return plan;
}

type FileRequest = Extract<TaskRequest, { readonly task: unknown }>;
type SkillRequest = Exclude<TaskRequest, FileRequest>;

function planOfFile({ task: json, files: given }: FileRequest): Plan {
  const parsed = parseTaskSpecification(json);
  if (!parsed.valid) {
    throw new BadInputError('The task is not valid', {
      problems: formatProblems(parsed.problems).split('\n'),
    });
  }
  const files = new Map(
    Object.entries(given).map(([name, text]) => [
      name,
      new Uint8Array(Buffer.from(text, 'base64')),
    ]),
  );
  const { subtasks, split, ...specification } = parsed.value;
  if (subtasks) return planOfNamed({ ...specification, subtasks }, files);
  const parts = resolveParts(specification, files);
  return split
    ? planOfRule(specification, parts, ruleOf(split))
    : planOfWhole(specification, parts);
}

function planOfSkill(request: SkillRequest, machine: LocalMachine): Plan {
  const { skill: term, inputs, split, maxPriceMicroUsd } = request;
  const parts = inputs.map(({ name, mediaType, contentBase64 }): ResolvedPart => {
    const bytes = new Uint8Array(Buffer.from(contentBase64, 'base64'));
    return { mediaType, bytes, name: name.split('/').at(-1) ?? name };
  });
  const named = inputs.map(({ name, mediaType }) => ({ file: name, mediaType }));
  const specificationOf = (valueMicroUsd: number): TaskSpecification =>
    taskForSkill({ term, inputs: named, valueMicroUsd, maxPriceMicroUsd });
  const draft = prepared(specificationOf(0), parts);
  const specification = specificationOf(defaultValueMicroUsd(draft, machine));
  return split
    ? planOfRule(specification, parts, ruleOf(split))
    : planOfWhole(specification, parts);
}

function ruleOf({ by, maxBytes = DEFAULT_PIECE_BYTES }: SplitOptions): SplitRule {
  return { by, maxBytes };
}

type SplitOptions = Pick<SplitRule, 'by'> & { readonly maxBytes?: number | undefined };

function planOfWhole(specification: TaskSpecification, parts: readonly ResolvedPart[]): Plan {
  const { title } = specification;
  const task = { id: 'task', dependsOn: [], source: null, specification, parts };
  return { title, origin: 'whole', tasks: [task], budgetMicroUsd: null, deadlineMs: null };
}

/** One subtask for each piece. It is worth its share of the whole by size. */
function planOfRule(
  specification: TaskSpecification,
  parts: readonly ResolvedPart[],
  rule: SplitRule,
): Plan {
  const pieces = splitParts(parts, rule);
  const bytes = pieces.reduce((sum, { part }) => sum + part.bytes.length, 0);
  const digits = String(pieces.length).length;
  const tasks = pieces.map(({ source, part }, i): PlannedTask => {
    const share = bytes === 0 ? 1 / pieces.length : part.bytes.length / bytes;
    const { mediaType, name: file = 'piece' } = part;
    return {
      id: `piece-${String(i + 1).padStart(digits, '0')}`,
      dependsOn: [],
      source,
      specification: {
        ...specification,
        input: { parts: [{ file, mediaType }] },
        valueMicroUsd: Math.ceil(specification.valueMicroUsd * share),
      },
      parts: [part],
    };
  });
  return { title: specification.title, origin: 'rule', tasks, ...limitsOf(specification) };
}

/**
 * The subtasks that the user named. None is less sensitive than the whole, nor than what it takes
 * its input from.
 */
function planOfNamed(
  whole: Omit<TaskSpecification, 'subtasks'> & { readonly subtasks: readonly Subtask[] },
  files: ReadonlyMap<string, Uint8Array>,
): Plan {
  const sensitivity = new Map<string, Sensitivity>();
  const tasks = whole.subtasks.map(({ id, dependsOn = [], specification }): PlannedTask => {
    const { constraints } = specification;
    const least = [whole.constraints.sensitivity, ...dependsOn.map((one) => sensitivity.get(one)!)];
    const highest = mostSensitive([constraints.sensitivity, ...least]);
    sensitivity.set(id, highest);
    return {
      id,
      dependsOn,
      source: null,
      specification: { ...specification, constraints: { ...constraints, sensitivity: highest } },
      parts: resolveParts(specification, files),
    };
  });
  return { title: whole.title, origin: 'named', tasks, ...limitsOf(whole) };
}

function mostSensitive(list: readonly Sensitivity[]): Sensitivity {
  return SENSITIVITIES[Math.max(...list.map((one) => SENSITIVITIES.indexOf(one)))]!;
}

function limitsOf({
  constraints,
}: Pick<TaskSpecification, 'constraints'>): Pick<Plan, 'budgetMicroUsd' | 'deadlineMs'> {
  const { maxPriceMicroUsd = null, maxLatencyMs = null } = constraints;
  return { budgetMicroUsd: maxPriceMicroUsd, deadlineMs: maxLatencyMs };
}
