/**
 * Whether the executors of the skills on sale can still work: their files are there, their keys are
 * set, and something answers where a service or an agent is said to be. No work is done, so a model
 * that refuses every request is not noticed.
 *
 * @module
 */

import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ExecutorHealthDocument } from '../api-documents.ts';
import { codeOf } from '../storage/data-directory.ts';
import { probeTcp } from '../tcp-probe.ts';
import type { ExecutorConfig } from './executor-config.ts';

/** One skill that was put on sale. */
interface Sold {
  readonly term: string;
  readonly executor: ExecutorConfig;
}

/**
 * Looks at one executor.
 *
 * @param setUp - Sets the executor up anew, and throws with the reason if that cannot be; left out
 *   where that must not be tried.
 */
export async function executorHealth(
  { term, executor }: Sold,
  baseDirectory: string,
  setUp?: () => Promise<unknown>,
): Promise<ExecutorHealthDocument> {
  const problem = (await setUpProblem(setUp)) ?? (await reachProblem(executor, baseDirectory));
  return { term, type: executor.type, problem: problem ?? null };
}

async function setUpProblem(setUp?: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await setUp?.();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function reachProblem(
  executor: ExecutorConfig,
  baseDirectory: string,
): Promise<string | undefined> {
  switch (executor.type) {
    case 'builtin':
    case 'command':
      return undefined;
    case 'module': {
      // A module that was loaded once stays in memory, also when its file is gone.
      const path = resolve(baseDirectory, executor.path);
      return access(path).then(
        () => undefined,
        (error: unknown) => `${path}: cannot be read (${codeOf(error)})`,
      );
    }
    case 'openai':
      return serviceProblem(executor.baseUrl);
    case 'a2a':
      return serviceProblem(executor.url);
  }
}

async function serviceProblem(text: string): Promise<string | undefined> {
  const { hostname, port, protocol } = new URL(text);
  const host = hostname.replace(/^\[|\]$/g, '');
  const usual = protocol === 'https:' ? 443 : 80;
  const problem = await probeTcp({ host, port: port === '' ? usual : Number(port) });
  return problem && `${text}: nothing answers (${problem})`;
}
