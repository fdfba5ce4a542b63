/**
 * Shapes of the answers about tasks (`activity-documents.ts`), in whole: what the description of
 * the API says of them. The compiler holds them to the documents.
 *
 * @module
 */

import { z } from 'zod';
import { CONTRACT_STATES, RUN_STATES, TASK_STATES } from '../activity-documents.ts';
import type { TaskCancelDocument, TaskDocument, TasksDocument } from '../activity-documents.ts';
import { partOf } from '../mcp/output-schemas.ts';

const microUsd = z.number().describe('Micro-USD: 1000000 is one dollar');
const atMs = z.number().describe('Milliseconds since 1970, by the clock of the node');
const where = z.string().describe('PeerId of who does it, or "local"');

const step = z.object({
  id: z.string(),
  source: z.string().nullable(),
  status: z.enum(['completed', 'failed', 'refused', 'skipped']),
  where: where.nullable(),
  decisionId: z.string().nullable(),
  reason: z.string().nullable(),
  paidMicroUsd: microUsd,
  wallMs: z.number(),
  endedMs: atMs,
});

const run = z.object({
  runId: z.string(),
  title: z.string(),
  status: z.enum(RUN_STATES),
  startedMs: atMs,
  deadlineMs: atMs.nullable().describe('When its time is up; null for no limit'),
  endedMs: atMs.nullable(),
  subtasks: z.number(),
  steps: z.array(step).describe('Subtasks that have ended'),
  atWork: z.array(
    z.object({ id: z.string(), where, priceMicroUsd: microUsd.nullable(), sinceMs: atMs }),
  ),
  paidMicroUsd: microUsd,
  problem: z.string().nullable(),
});

const contract = z.object({
  contractId: z.string(),
  client: z.string(),
  term: z.string(),
  state: z.enum(CONTRACT_STATES),
  phase: z.string(),
  sinceMs: atMs,
  deadlineMs: atMs.nullable().describe('Last moment in which it may be delivered'),
  priceMicroUsd: microUsd.nullable(),
});

const role = z.enum(['client', 'contractor']);

export const tasksOutput = partOf<TasksDocument>()(
  z.object({ asClient: z.array(run), asContractor: z.array(contract) }),
);

export const taskOutput = partOf<TaskDocument>()(
  z.object({ id: z.string(), role, run: run.nullable(), contract: contract.nullable() }),
);

export const taskCancelOutput = partOf<TaskCancelDocument>()(
  z.object({ id: z.string(), role, was: z.enum(TASK_STATES) }),
);
