/**
 * Executor of a skill as a user configures it in an offer. Everything here is the operator's own:
 * nothing of it comes from a peer, and nothing of it leaves the node.
 *
 * @module
 */

import { z } from 'zod';
import { INPUT_PLACEHOLDER } from './executors/chat-prompt.ts';
import { TASK_LIMITS } from './task-limits.ts';
import { exactObject, quote } from './task-problems.ts';

/** Executors that this version can run. */
export const EXECUTOR_TYPES = ['builtin', 'module', 'openai', 'command', 'a2a'] as const;
const AVAILABLE = EXECUTOR_TYPES.map(quote).join(', ');

/** Limits of the lists and texts of an executor. */
export const EXECUTOR_LIMITS = {
  maxPromptCharacters: 65_536,
  maxArguments: 64,
  maxVariables: 64,
  maxOrigins: 8,
  maxOutputTokens: 1_000_000,
  maxParameters: 32,
  maxCpuSeconds: 86_400,
  maxMemoryMib: 1_048_576,
} as const;

const path = z
  .string()
  .min(1)
  .max(TASK_LIMITS.maxPathCharacters)
  .refine((text) => !text.includes('\0'), 'expected a path without a zero character');
const url = z.string().min(1).max(TASK_LIMITS.maxUrlCharacters);
const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'expected the name of an environment variable');
const maxInputBytes = z.int().min(1).max(TASK_LIMITS.maxPartBytes).optional();
const timeoutMs = z.int().min(1).max(TASK_LIMITS.maxLatencyMs).optional();
/** Seconds of processor time that one piece of work usually takes. */
const estimatedSeconds = z.number().gt(0).max(604_800).optional();
const memoryGib = z.number().min(0).max(65_536).optional();
const usdPerMillionTokens = z.number().min(0).max(1_000_000).optional();
const prompt = z.string().min(1).max(EXECUTOR_LIMITS.maxPromptCharacters);

const executors = [
  exactObject({
    /** The executor that this program has for the term. */
    type: z.literal('builtin'),
    maxInputBytes,
  }),
  exactObject({
    /** An ES module whose default export is an A2A AgentExecutor. */
    type: z.literal('module'),
    path,
    maxInputBytes,
    estimatedSeconds,
    memoryGib,
  }),
  exactObject({
    /** A model behind a service that speaks the OpenAI API. */
    type: z.literal('openai'),
    baseUrl: url,
    model: z.string().min(1).max(TASK_LIMITS.maxNameCharacters),
    /** Environment variable that holds the key; left out: no key is sent. */
    apiKeyVariable: variable.optional(),
    systemPrompt: prompt,
    /** Text around the place of the client's input. */
    template: prompt
      .refine(
        (text) => text.includes(INPUT_PLACEHOLDER),
        `expected ${INPUT_PLACEHOLDER} where the client's input goes`,
      )
      .optional(),
    maxInputBytes,
    maxOutputTokens: z.int().min(1).max(EXECUTOR_LIMITS.maxOutputTokens).optional(),
    /** Further keys of the request, such as temperature. */
    parameters: z
      .record(z.string(), z.unknown())
      .refine(
        (keys) => Object.keys(keys).length <= EXECUTOR_LIMITS.maxParameters,
        `expected at most ${EXECUTOR_LIMITS.maxParameters} keys`,
      )
      .optional(),
    /** Whether the service knows response_format. */
    hasJsonMode: z.boolean().optional(),
    timeoutMs,
    inputUsdPerMillionTokens: usdPerMillionTokens,
    outputUsdPerMillionTokens: usdPerMillionTokens,
  }),
  exactObject({
    /** A program. */
    type: z.literal('command'),
    /** A path, or a name that is looked for on PATH. */
    program: path,
    args: z
      .array(
        z
          .string()
          .max(TASK_LIMITS.maxPathCharacters)
          .refine((text) => !text.includes('\0')),
      )
      .max(EXECUTOR_LIMITS.maxArguments)
      .optional(),
    /** What it reads: the task as one JSON document, or the bytes of its parts in a row. */
    stdin: z.enum(['json', 'content']).optional(),
    /** Variables of the node's environment that it gets. */
    environment: z.array(variable).max(EXECUTOR_LIMITS.maxVariables).optional(),
    maxInputBytes,
    timeoutMs,
    maxCpuSeconds: z.int().min(1).max(EXECUTOR_LIMITS.maxCpuSeconds).optional(),
    /** Address space of each of its processes. */
    maxMemoryMib: z.int().min(16).max(EXECUTOR_LIMITS.maxMemoryMib).optional(),
    /** Largest file that it may write. */
    maxFileMib: z.int().min(0).max(EXECUTOR_LIMITS.maxMemoryMib).optional(),
    estimatedSeconds,
    memoryGib,
  }),
  exactObject({
    /** An A2A agent. */
    type: z.literal('a2a'),
    /** Where its card stands: an origin, or the card's own address. */
    url,
    /** What the agent is told before the client's input. */
    instruction: prompt.optional(),
    /** Environment variable that holds a bearer token; left out: none is sent. */
    tokenVariable: variable.optional(),
    /** Other origins that its card may name. */
    origins: z.array(url).max(EXECUTOR_LIMITS.maxOrigins).optional(),
    maxInputBytes,
    timeoutMs,
    /** What the agent charges for a task that it completes. */
    paidMicroUsd: z.number().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
  }),
] as const;

/** Who does the work of a skill. */
export const executorConfigSchema = z.discriminatedUnion('type', executors, {
  error: (issue) =>
    issue.code === 'invalid_union'
      ? `has a type that this version cannot run: set "type" to one of ${AVAILABLE}`
      : undefined,
});

/** Executor of a skill, as configured. */
export type ExecutorConfig = z.infer<typeof executorConfigSchema>;
