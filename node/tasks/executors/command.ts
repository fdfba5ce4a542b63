/**
 * Back end `command`: a program of the operator's does the work of a skill.
 *
 * Program and arguments are the offer's and never change. A client's input comes on standard input
 * and in files whose names are ours, in a fresh directory that is removed afterwards; no word of it
 * becomes an argument, a variable or a path. Exit code and standard error go to the log alone.
 *
 * @module
 */

import { constants } from 'node:fs';
import { access, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Logger } from '../../../protocols/components.ts';
import { TASK_LIMITS } from '../task-limits.ts';
import type { ResolvedPart } from '../task-parts.ts';
import { ExecutorConfigError, ExecutorFailedError } from './errors.ts';
import { runProcessGroup } from './process-group.ts';
import type { ProcessOutcome } from './process-group.ts';
import type { ExecuteOptions, SkillExecutor, SkillResult, SkillWork } from './skill-executor.ts';
import { withTimeout } from './time-limit.ts';
import { assertInputSize, DEFAULT_MAX_INPUT_BYTES, isJson, readText } from './work-input.ts';
import { readResultPart } from './work-result.ts';

const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_CPU_SECONDS = 60;
const DEFAULT_MAX_MEMORY_MIB = 2_048;
const DEFAULT_MAX_FILE_MIB = 64;
const DEFAULT_SECONDS = 1;
const DEFAULT_MEMORY_GIB = 0.1;

/** Configuration. */
export interface CommandExecutorInit {
  readonly term: string;
  /** A path, absolute or relative to `baseDirectory`, or a name that is looked for on PATH. */
  readonly program: string;
  readonly baseDirectory: string;
  readonly args?: readonly string[];
  /** `json`: one document with the task and its parts; `content`: the bytes of all parts. */
  readonly stdin?: 'json' | 'content';
  /** Variables of this process that the program gets, besides PATH. */
  readonly environment?: readonly string[];
  readonly maxInputBytes?: number;
  readonly timeoutMs?: number;
  readonly maxCpuSeconds?: number;
  readonly maxMemoryMib?: number;
  readonly maxFileMib?: number;
  readonly estimatedSeconds?: number;
  readonly memoryGib?: number;
  readonly logger: Logger;
}

/**
 * Looks the program up.
 *
 * @throws {@link ExecutorConfigError} if it is not there or may not be run.
 */
export async function loadCommandExecutor(init: CommandExecutorInit): Promise<CommandExecutor> {
  const { term, program } = init;
  const isName = !/[/\\]/.test(program);
  const directories = isName
    ? (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '')
    : [init.baseDirectory];
  for (const directory of directories) {
    const path = resolve(directory, program);
    if (await isProgram(path)) return new CommandExecutor({ ...init, program: path });
  }
  const where = isName ? 'on PATH' : `at ${resolve(init.baseDirectory, program)}`;
  throw new ExecutorConfigError(
    'PROGRAM_NOT_FOUND',
    `The executor of ${term} is not ${where}, or may not be run: check "program" and its rights`,
    { term, path: program },
  );
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Runs a program once per piece of work. */
export class CommandExecutor implements SkillExecutor {
  readonly term: string;
  readonly workKind = 'waits';
  readonly #init: CommandExecutorInit;

  /** @param init - With the absolute path of a program. */
  constructor(init: CommandExecutorInit) {
    this.term = init.term;
    this.#init = init;
  }

  estimate() {
    return {
      seconds: this.#init.estimatedSeconds ?? DEFAULT_SECONDS,
      memoryGib: this.#init.memoryGib ?? DEFAULT_MEMORY_GIB,
    };
  }

  async execute(work: SkillWork, { signal, onSpent }: ExecuteOptions): Promise<SkillResult> {
    signal.throwIfAborted();
    assertInputSize(work.parts, this.#init.maxInputBytes ?? DEFAULT_MAX_INPUT_BYTES);
    const directory = await mkdtemp(join(tmpdir(), 'coalesce-work-'));
    try {
      const files = await writeParts(directory, work.parts);
      const limitMs = this.#init.timeoutMs ?? DEFAULT_TIMEOUT_MS;
      const outcome = await withTimeout(limitMs, signal, (limited) =>
        this.#run(work, directory, files, limited),
      );
      const { processorSeconds } = outcome;
      if (processorSeconds !== undefined) onSpent?.({ processorSeconds });
      return { parts: [this.#resultOf(outcome, work.specification.output.mediaType)] };
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  #run(
    work: SkillWork,
    workingDirectory: string,
    files: readonly string[],
    signal: AbortSignal,
  ): Promise<ProcessOutcome> {
    const { program, args = [], stdin = 'json' } = this.#init;
    const { maxCpuSeconds, maxMemoryMib, maxFileMib } = this.#init;
    return runProcessGroup(
      {
        program,
        args,
        workingDirectory,
        environment: this.#environment(workingDirectory),
        stdin: stdin === 'json' ? documentOf(work, files) : contentOf(work.parts),
        maxStdoutBytes: TASK_LIMITS.maxPartBytes,
        maxCpuSeconds: maxCpuSeconds ?? DEFAULT_MAX_CPU_SECONDS,
        maxMemoryMib: maxMemoryMib ?? DEFAULT_MAX_MEMORY_MIB,
        maxFileMib: maxFileMib ?? DEFAULT_MAX_FILE_MIB,
      },
      signal,
    );
  }

  /** PATH, a home that goes away, and what the offer names. */
  #environment(directory: string): Record<string, string> {
    const names = ['PATH', ...(this.#init.environment ?? [])];
    const allowed = names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return { HOME: directory, TMPDIR: directory, ...Object.fromEntries(allowed) };
  }

  #resultOf(outcome: ProcessOutcome, mediaType: string) {
    const { exitCode, stderr, isTooLarge, hasMemoryLimit, processorSeconds, stdout } = outcome;
    const { logger } = this.#init;
    const fields = { term: this.term, exitCode, processorSeconds, stderr, hasMemoryLimit };
    if (isTooLarge || exitCode !== 0) {
      logger.warn(fields, 'A program failed.');
      throw new ExecutorFailedError(isTooLarge ? 'RESULT_TOO_LARGE' : 'FAILED');
    }
    logger.debug(fields, 'A program ended.');
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(stdout);
    } catch (cause) {
      throw new ExecutorFailedError('BAD_RESULT', { cause });
    }
    return readResultPart(text, mediaType);
  }
}

/** Writes `part-0.csv` and so on. @returns the names. */
async function writeParts(directory: string, parts: readonly ResolvedPart[]): Promise<string[]> {
  const names = parts.map((part, i) => `part-${i}${extensionOf(part)}`);
  for (const [i, name] of names.entries()) await writeFile(join(directory, name), parts[i]!.bytes);
  return names;
}

function extensionOf(part: ResolvedPart): string {
  const [essence = ''] = part.mediaType.toLowerCase().split(';');
  if (isJson(part)) return '.json';
  if (essence.trim() === 'text/csv') return '.csv';
  return essence.startsWith('text/') ? '.txt' : '.bin';
}

/** The task as the program reads it. Text and JSON stand in it; the rest is in the files alone. */
function documentOf({ specification, parts }: SkillWork, files: readonly string[]): Uint8Array {
  const { title, description, output } = specification;
  const document = {
    title,
    description,
    output: { mediaType: output.mediaType, schema: output.schema },
    parts: parts.map((part, i) => ({
      file: files[i],
      mediaType: part.mediaType,
      ...(extensionOf(part) !== '.bin' && { text: readText(part, i) }),
    })),
  };
  return Buffer.from(`${JSON.stringify(document)}\n`);
}

function contentOf(parts: readonly ResolvedPart[]): Uint8Array {
  return Buffer.concat(parts.map(({ bytes }) => bytes));
}
