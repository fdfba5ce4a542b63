/**
 * TaskSpecification (paper III-D; architecture.md 8): what a user hands in, and the form in which
 * it travels, where each input part is replaced by its media type, size and hash (wire-formats.md
 * 4.1).
 *
 * Does not read files, fetch URLs or compute the task hash.
 *
 * @module
 */

import { z } from 'zod';
import { resourceNameProblem } from '../skills/resource-name.ts';
import { MIN_PIECE_BYTES, SPLIT_WAYS } from './planner/split.ts';
import { parseTerm } from '../../protocols/skill-discovery/terms.ts';
import { TASK_LIMITS } from './task-limits.ts';
import { exactObject, parseWith } from './task-problems.ts';
import type { Parsed, Problem } from './task-problems.ts';
import { jsonSchemaSchema, verificationCheckSchema } from './task-verification.ts';
import { findSchemaProblem } from './verification/json-schema-check.ts';

const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*(?:; ?[\x21-\x7e ]+)?$/i;

/** Field types that the task and the offer share. */
export const taskFields = {
  /** `<predicate>:<path>` (architecture.md 5). */
  skillTerm: z.string().superRefine((text, context) => {
    const parsed = parseTerm(text);
    if (!parsed.valid) context.addIssue({ code: 'custom', message: parsed.detail });
  }),
  mediaType: z
    .string()
    .max(TASK_LIMITS.maxMediaTypeCharacters)
    .regex(MEDIA_TYPE, 'expected a media type such as text/csv'),
  name: z.string().min(1).max(TASK_LIMITS.maxNameCharacters),
  microUsd: z.int().min(0),
  sensitivity: z.enum(['low', 'medium', 'high']),
  bytes: z.int().min(0).max(TASK_LIMITS.maxPartBytes),
} as const;

const CONTENT_KEYS = ['text', 'data', 'file', 'url'] as const;

const inputPartSchema = exactObject({
  text: z.string().optional(),
  data: z.json().optional(),
  file: z.string().min(1).max(TASK_LIMITS.maxPathCharacters).optional(),
  url: z
    .url({ protocol: /^https?$/, error: 'expected a URL that starts with http:// or https://' })
    .max(TASK_LIMITS.maxUrlCharacters)
    .optional(),
  mediaType: taskFields.mediaType,
  sizeBytes: taskFields.bytes.optional(),
  sensitivity: taskFields.sensitivity.optional(),
}).superRefine((part, context) => {
  const given = CONTENT_KEYS.filter((key) => part[key] !== undefined);
  if (given.length === 1) return;
  const got = given.length === 0 ? 'none' : given.join(' and ');
  context.addIssue({
    code: 'custom',
    message: `expected exactly one of ${CONTENT_KEYS.join(', ')}, got ${got}`,
  });
});

const wirePartSchema = exactObject({
  mediaType: taskFields.mediaType,
  sizeBytes: taskFields.bytes,
  /** SHA-256 of the part's bytes, base64url. */
  sha256: z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, 'expected 32 bytes, base64url'),
});

const resourcesSchema = exactObject({
  flops: z.number().min(0).optional(),
  /** Beside `flops`: bytes moved between processor and memory. */
  memoryTrafficBytes: z.number().min(0).optional(),
  memoryGiB: z.number().min(0).optional(),
  libraries: z.array(taskFields.name).max(TASK_LIMITS.maxLibraries).optional(),
  minimums: z
    .record(
      z
        .string()
        .regex(/^(hasResource:)?[a-z0-9/._+-]{1,64}$/, 'expected a resource, such as memory-mib'),
      z.number().min(0).max(4_294_967_295),
    )
    .refine((minimums) => Object.keys(minimums).length <= TASK_LIMITS.maxMinimums, {
      error: ({ input }) =>
        `expected at most ${TASK_LIMITS.maxMinimums} keys, got ${Object.keys(input as object).length}`,
    })
    .optional(),
});

const constraintsSchema = exactObject({
  maxLatencyMs: z.int().min(1).max(TASK_LIMITS.maxLatencyMs).optional(),
  maxPriceMicroUsd: taskFields.microUsd.optional(),
  sensitivity: taskFields.sensitivity,
  regions: z.array(taskFields.name).min(1).max(TASK_LIMITS.maxRegions).optional(),
  /** Lowest certificate level of a contractor: 0 self to 3 k-of-m (wire-formats.md 2.2). */
  level: z.int().min(0).max(3).optional(),
});

function partsSchema<Part extends z.ZodType>(part: Part) {
  return exactObject({ parts: z.array(part).min(1).max(TASK_LIMITS.maxParts) });
}

const commonShape = {
  title: z.string().min(1).max(TASK_LIMITS.maxTitleCharacters),
  skills: z.array(taskFields.skillTerm).min(1).max(TASK_LIMITS.maxSkills),
  description: z.string().max(TASK_LIMITS.maxDescriptionCharacters).optional(),
  resources: resourcesSchema.optional(),
  output: exactObject({
    mediaType: taskFields.mediaType,
    schema: jsonSchemaSchema.optional(),
    expectedBytes: taskFields.bytes.optional(),
  }),
  verification: z.array(verificationCheckSchema).max(TASK_LIMITS.maxChecks),
  constraints: constraintsSchema,
  /** How many times harder than usual for its skill; default 1. */
  complexity: z.number().gt(0, 'expected a number above 0').max(1e6).optional(),
  criticality: z.enum(['normal', 'high']).optional(),
  valueMicroUsd: taskFields.microUsd,
} as const;

const singleTaskSchema = exactObject({ ...commonShape, input: partsSchema(inputPartSchema) });

/** How a rule cuts the input into subtasks. */
export const splitSchema = exactObject({
  by: z.enum(SPLIT_WAYS),
  maxBytes: z.int().min(MIN_PIECE_BYTES).max(TASK_LIMITS.maxPartBytes).optional(),
});

const subtaskSchema = exactObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'expected a name such as price-history'),
  /** Ids of subtasks whose results this one takes as further input parts, in this order. */
  dependsOn: z.array(z.string()).max(TASK_LIMITS.maxSubtasks).optional(),
  specification: singleTaskSchema,
});

/** A task as its user writes it; {@link parseTaskSpecification} checks more than this. */
export const specificationSchema = exactObject({
  ...commonShape,
  input: partsSchema(inputPartSchema),
  subtasks: z.array(subtaskSchema).min(1).max(TASK_LIMITS.maxSubtasks).optional(),
  split: splitSchema.optional(),
}).superRefine((specification, context) => {
  if (specification.subtasks && specification.split) {
    const message = 'is for a task without subtasks: name them, or have the input cut';
    context.addIssue({ code: 'custom', path: ['split'], message });
  }
  for (const { path, message } of findSubtaskProblems(specification.subtasks ?? [])) {
    context.addIssue({ code: 'custom', path: [...path], message });
  }
});

const wireSpecificationSchema = exactObject({ ...commonShape, input: partsSchema(wirePartSchema) });

/** One part of the input, as its user wrote it. */
export type InputPart = z.infer<typeof inputPartSchema>;
/** A subtask that the user cut out. */
export type Subtask = z.infer<typeof subtaskSchema>;
/** A task as its user wrote it. */
export type TaskSpecification = z.infer<typeof specificationSchema>;
/** A task as it travels and is hashed: subtasks stay at home, input parts are hashes. */
export type WireTaskSpecification = z.infer<typeof wireSpecificationSchema>;
/** How much harm a disclosure does. */
export type Sensitivity = z.infer<typeof taskFields.sensitivity>;

interface Located {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A subtask may depend on earlier ones only: the list is then a DAG in a valid order. */
function findSubtaskProblems(subtasks: readonly Subtask[]): Located[] {
  const problems: Located[] = [];
  const earlier = new Set<string>();
  subtasks.forEach(({ id, dependsOn }, i) => {
    if (earlier.has(id)) {
      problems.push({
        path: ['subtasks', i, 'id'],
        message: `"${id}" is taken: give each subtask a name of its own`,
      });
    }
    (dependsOn ?? []).forEach((dependency, j) => {
      if (earlier.has(dependency)) return;
      problems.push({
        path: ['subtasks', i, 'dependsOn', j],
        message: `"${dependency}" is not an earlier subtask: list subtasks in the order they run`,
      });
    });
    earlier.add(id);
  });
  return problems;
}

type Checked = Pick<TaskSpecification, 'output' | 'verification' | 'resources'>;

function findCheckProblems(task: Checked, prefix: string): Problem[] {
  const problems: Problem[] = [];
  const report = (path: string, message: string | undefined): void => {
    if (message !== undefined) problems.push({ path: `${prefix}${path}`, message });
  };
  for (const name of Object.keys(task.resources?.minimums ?? {})) {
    report('resources.minimums', resourceNameProblem(name));
  }
  if (task.output.schema !== undefined) {
    report('output.schema', findSchemaProblem(task.output.schema));
  }
  task.verification.forEach((check, i) => {
    if (check.type !== 'json-schema') return;
    if (check.schema !== undefined) {
      report(`verification[${i}].schema`, findSchemaProblem(check.schema));
    } else if (task.output.schema === undefined) {
      report(`verification[${i}]`, 'has no schema: give "schema" here or "output.schema"');
    }
  });
  return problems;
}

/**
 * Checks a specification that this node's own user wrote, JSON Schemas included. All problems are
 * listed at once; nothing is filled in.
 */
export function parseTaskSpecification(json: unknown): Parsed<TaskSpecification> {
  const parsed = parseWith(specificationSchema, json, {
    maxBytes: TASK_LIMITS.maxSpecificationBytes,
    maxDepth: TASK_LIMITS.maxDepth,
  });
  if (!parsed.valid) return parsed;
  const problems = findCheckProblems(parsed.value, '');
  parsed.value.subtasks?.forEach(({ specification }, i) => {
    problems.push(...findCheckProblems(specification, `subtasks[${i}].specification.`));
  });
  return problems.length === 0 ? parsed : { valid: false, problems };
}

/**
 * Checks a specification that a peer sent. Its JSON Schemas are not compiled: only the client that
 * wrote them runs them.
 */
export function parseWireTaskSpecification(json: unknown): Parsed<WireTaskSpecification> {
  return parseWith(wireSpecificationSchema, json, {
    maxBytes: TASK_LIMITS.maxWireSpecificationBytes,
    maxDepth: TASK_LIMITS.maxDepth,
  });
}
