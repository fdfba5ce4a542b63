/** Runs as rows of a table. @module */

import type { RunRecordDocument } from '../../activity-documents.ts';
import type { Child } from './elements.ts';
import { clockTime, duration, percent, statusBadge, usd } from './format.ts';

export const RUN_HEADS = ['begun', 'run', 'status', 'steps', 'took', 'paid', 'net saving'];

export function runRows(runs: readonly RunRecordDocument[]): Child[][] {
  return runs.map((run) => [
    clockTime(run.startedMs),
    run.title,
    statusBadge(run.status),
    `${run.steps.length} of ${run.subtasks}`,
    run.endedMs === null ? '…' : duration(run.endedMs - run.startedMs),
    usd(run.paidMicroUsd),
    percent(run.totals?.netSavingPercent ?? null),
  ]);
}
