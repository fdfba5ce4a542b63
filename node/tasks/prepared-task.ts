/**
 * A task as the client works with it: the specification, the content of its input, and what of it
 * goes on the wire. Nothing here talks to anyone.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type { Random } from '../../protocols/components.ts';
import {
  TASK_SALT_BYTES,
  encodeTaskSpecification,
  taskHashOfBytes,
} from '../../protocols/negotiation/task-hash.ts';
import type { TaskShape } from '../../protocols/negotiation/documents.ts';
import { BadInputError } from '../errors.ts';
import { resolveInlinePart, specificationForWire } from './task-parts.ts';
import type { ResolvedPart } from './task-parts.ts';
import { formatProblems } from './task-problems.ts';
import { parseTaskSpecification } from './task.ts';
import type { TaskSpecification } from './task.ts';

/** Bytes of a result that the client is ready to take if the task names no size. */
const DEFAULT_MAX_RESULT_BYTES = 1_000_000;
/** Expected bytes of a result if the task names no size: a small JSON document. */
const DEFAULT_RESULT_BYTES = 4_096;

/** A task ready to be decided on. */
export interface PreparedTask {
  readonly taskId: string;
  readonly specification: TaskSpecification;
  readonly parts: readonly ResolvedPart[];
  /** The one skill it needs, which is also its type for calibration and outcomes. */
  readonly term: string;
  readonly inputBytes: number;
  readonly expectedOutputBytes: number;
}

/** The same task for the eyes of one contractor: salted anew for each, so that none can compare. */
export interface WireTask {
  readonly salt: Uint8Array;
  readonly specification: Uint8Array;
  readonly hash: Uint8Array;
  readonly shape: TaskShape;
}

/**
 * Checks a task and takes up its input.
 *
 * @param files - Content of its `file` parts, by the path in the specification.
 * @throws {@link BadInputError} that lists every problem.
 */
export function prepareTask(json: unknown, files: ReadonlyMap<string, Uint8Array>): PreparedTask {
  const parsed = parseTaskSpecification(json);
  if (!parsed.valid) {
    throw new BadInputError('The task is not valid', {
      problems: formatProblems(parsed.problems).split('\n'),
    });
  }
  const specification = parsed.value;
  for (const key of ['subtasks', 'split'] as const) {
    if (specification[key] !== undefined) {
      throw new BadInputError(`${key}: this is a plan of several tasks; use "decide --plan"`);
    }
  }
  singleTerm(specification);
  return prepared(specification, resolveParts(specification, files));
}

/**
 * Content of a specification's parts.
 *
 * @param files - Content of its `file` parts, by the path in the specification.
 * @throws {@link BadInputError} for a part whose content is not at hand.
 */
export function resolveParts(
  { input }: Pick<TaskSpecification, 'input'>,
  files: ReadonlyMap<string, Uint8Array>,
): ResolvedPart[] {
  return input.parts.map((part, i): ResolvedPart => {
    const inline = resolveInlinePart(part);
    if (inline) return inline;
    if (part.file === undefined) {
      throw new BadInputError(
        `input.parts[${i}].url: is not fetched; hand in the content as a file`,
      );
    }
    const bytes = files.get(part.file);
    if (!bytes) throw new BadInputError(`input.parts[${i}].file: ${part.file} was not handed in`);
    return { mediaType: part.mediaType, bytes, name: part.file.split('/').at(-1) ?? part.file };
  });
}

/**
 * A task of a specification that was checked.
 *
 * @param parts - Content of its input, in the order of the specification.
 * @throws {@link BadInputError} for what no single task can have.
 */
export function prepared(
  specification: TaskSpecification,
  parts: readonly ResolvedPart[],
): PreparedTask {
  const term = singleTerm(specification);
  return {
    taskId: randomUUID(),
    specification,
    parts,
    term,
    inputBytes: parts.reduce((sum, { bytes }) => sum + bytes.length, 0),
    expectedOutputBytes: specification.output.expectedBytes ?? DEFAULT_RESULT_BYTES,
  };
}

/** @throws {@link BadInputError} for what no single task can have. */
function singleTerm({ skills, constraints }: TaskSpecification): string {
  const [term, ...others] = skills;
  if (term === undefined || others.length > 0) {
    throw new BadInputError('skills: a task has one skill; name "subtasks" for several');
  }
  if (constraints.regions !== undefined) {
    throw new BadInputError('constraints.regions: regions cannot be attested yet; leave them out');
  }
  return term;
}

/** The task for one contractor, and how its result is to come. */
export function wireTask(
  task: PreparedTask,
  random: Random,
  delivery: TaskShape['delivery'] = 'open',
): WireTask {
  const wire = specificationForWire(task.specification, task.parts);
  const specification = encodeTaskSpecification(wire);
  const salt = random.bytes(TASK_SALT_BYTES);
  const { constraints, output } = task.specification;
  return {
    salt,
    specification,
    hash: taskHashOfBytes(salt, specification),
    shape: {
      skills: [task.term],
      inBytes: task.inputBytes,
      outMaxBytes: output.expectedBytes ?? DEFAULT_MAX_RESULT_BYTES,
      maxLatencyMs: constraints.maxLatencyMs ?? 0,
      sensitivity: constraints.sensitivity,
      delivery,
    },
  };
}
