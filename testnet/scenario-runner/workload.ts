/**
 * Work that a scenario has done: sentiment tasks whose right result the runner knows, because it
 * does the same work itself, and queries whose right answer it knows.
 *
 * @module
 */

import { isDeepStrictEqual } from 'node:util';
import { setTimeout as delay } from 'node:timers/promises';
import type { QueryDocument, RunDocument } from '../../node/api-documents.ts';
import { systemClock } from '../../node/system-clock.ts';
import { createBuiltinExecutor } from '../../node/tasks/executors/executor-registry.ts';
import type { NodeProcess } from '../node-process.ts';
import type { QueryOutcome, TaskOutcome } from './measurements.ts';

/** The skill of every contractor. */
export const TERM = 'performs:nlp/sentiment';
/** Operations of a task, as it states them: so many that a client would rather hand it over. */
const TASK_FLOPS = 1e12;
/** A client whose `hardware.memoryGib` is below this cannot do a task itself. */
const TASK_MEMORY_GIB = 2;
const TASK_TIMEOUT_MS = 120_000;
const QUERY_TIMEOUT_MS = 60_000;

const SENTENCES = [
  'The tent is light and went up in five minutes.',
  'The zip broke on the first day.',
  'We were dry and happy through two nights of rain.',
  'The bag is ugly, heavy and smells of glue.',
  'Delivery was slow, but the people were kind.',
] as const;

/** Another text for each number, about `bytes` long. */
export function textOf(number: number, bytes: number): string {
  let text = `Review ${number}.`;
  for (let at = number; text.length < bytes; at++) text += ` ${SENTENCES[at % SENTENCES.length]!}`;
  return text;
}

/** What the work gives, where nobody cheats. */
async function rightResult(text: string): Promise<unknown> {
  const executor = createBuiltinExecutor(TERM)!;
  const { parts } = await executor.execute(
    { parts: [{ mediaType: 'text/plain', bytes: Buffer.from(text) }] } as never,
    { signal: new AbortController().signal },
  );
  return parts[0]?.data;
}

/** What a task says beside its text. */
export interface TaskFacts {
  readonly sensitivity: 'low' | 'medium' | 'high';
  readonly valueMicroUsd: number;
}

const USUAL_FACTS: TaskFacts = { sensitivity: 'low', valueMicroUsd: 1_000_000 };

/** The body of a request to run a task. */
export function taskBody(
  text: string,
  title: string,
  { sensitivity, valueMicroUsd }: TaskFacts = USUAL_FACTS,
) {
  return {
    task: {
      title,
      skills: [TERM],
      input: { parts: [{ text, mediaType: 'text/plain' }] },
      output: { mediaType: 'application/json' },
      verification: [{ type: 'recompute' }],
      resources: { flops: TASK_FLOPS, memoryGiB: TASK_MEMORY_GIB },
      constraints: { sensitivity },
      valueMicroUsd,
    },
  };
}

/** One task of a workload. */
export interface WorkloadTask extends TaskFacts {
  readonly workload: string;
  readonly name: string;
  readonly text: string;
}

/** How a task of a workload is called in everything that is written down. */
export function taskName(workload: string, number: number): string {
  return `${workload || 'task'}-${number}`;
}

/** Has one task done. Never throws: a task that is lost is an outcome. */
export async function doTask(
  client: NodeProcess,
  { workload, name, text, ...facts }: WorkloadTask,
  signal: AbortSignal,
): Promise<TaskOutcome> {
  const { sensitivity, valueMicroUsd } = facts;
  const known = { workload, name, sensitivity, valueMicroUsd };
  const startMs = systemClock.monotonicMs();
  const wallMs = (): number => Math.round(systemClock.monotonicMs() - startMs);
  try {
    const run = await client.api.post<RunDocument>('/v1/run', taskBody(text, name, facts), {
      signal: AbortSignal.any([signal, AbortSignal.timeout(TASK_TIMEOUT_MS)]),
    });
    const attempts = run.subtasks.flatMap((subtask) => subtask.attempts);
    const last = attempts.at(-1);
    const isOutsourced = last?.outcome === 'verified' && last.where !== 'local';
    const data = run.output?.[0]?.data;
    return {
      ...{ ...known, isOutsourced, wallMs: wallMs(), problem: null },
      decisionId: run.subtasks[0]?.decision.decisionId ?? null,
      status: run.status,
      reason: run.subtasks[0]?.decision.reason ?? null,
      isWrong: run.status === 'completed' && !isDeepStrictEqual(data, await rightResult(text)),
      attempts: attempts.map(({ where, outcome }) => ({ where, outcome })),
      paidMicroUsd: run.totals.paidMicroUsd,
      quoteMs: run.subtasks.reduce((sum, { phasesMs }) => sum + (phasesMs['quote'] ?? 0), 0),
      payees: new Set(attempts.filter((one) => one.paidMicroUsd > 0).map(({ where }) => where))
        .size,
    };
  } catch (error) {
    return {
      ...{ ...known, isOutsourced: false, isWrong: false, attempts: [], decisionId: null },
      ...{
        status: null,
        reason: null,
        quoteMs: null,
        paidMicroUsd: 0,
        payees: 0,
        wallMs: wallMs(),
      },
      problem: error instanceof Error ? error.message : String(error),
    };
  }
}

/** A contractor that an answer ought to hold. */
export interface Publisher {
  readonly peerId: string;
  readonly priceMicroUsd: number;
}

/** Asks once who has the skill. Never throws. */
export async function ask(
  from: NodeProcess,
  workload: string,
  publishers: readonly Publisher[],
  signal: AbortSignal,
): Promise<QueryOutcome> {
  const startMs = systemClock.monotonicMs();
  const wallMs = (): number => Math.round(systemClock.monotonicMs() - startMs);
  try {
    const { hits } = await from.api.post<QueryDocument>(
      '/v1/query',
      { query: TERM },
      { signal: AbortSignal.any([signal, AbortSignal.timeout(QUERY_TIMEOUT_MS)]) },
    );
    const found = new Map(hits.map((hit) => [hit.peerId, hit.priceMicroUsd]));
    const missed = publishers.filter(({ peerId }) => !found.has(peerId)).length;
    const wrong = publishers.filter(({ peerId, priceMicroUsd }) => {
      return found.has(peerId) && found.get(peerId) !== priceMicroUsd;
    }).length;
    return { workload, missed, wrong, wallMs: wallMs(), problem: null };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { workload, missed: publishers.length, wrong: 0, wallMs: wallMs(), problem };
  }
}

/** Does `count` pieces of work, each `everyMs` after the one before began, so many at once. */
export async function paced(
  count: number,
  { everyMs, atOnce }: { readonly everyMs: number; readonly atOnce: number },
  signal: AbortSignal,
  work: (number: number) => Promise<void>,
): Promise<void> {
  let begun = 0;
  const startMs = systemClock.monotonicMs();
  const worker = async (): Promise<void> => {
    while (begun < count && !signal.aborted) {
      const number = ++begun;
      const dueMs = startMs + (number - 1) * everyMs - systemClock.monotonicMs();
      if (dueMs > 0) await delay(dueMs, undefined, { signal });
      await work(number);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}
