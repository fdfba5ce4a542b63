/** Tasks in both roles: runs on one axis of time, live, and contracts for others. @module */

import type {
  ContractorTaskDocument,
  RunRecordDocument,
  TasksDocument,
} from '../../../activity-documents.ts';
import { get } from '../api.ts';
import { dataTable, fill, h, section } from '../elements.ts';
import {
  clockTime,
  dateTime,
  decisionLink,
  duration,
  peerLink,
  statusBadge,
  usd,
} from '../format.ts';
import { nodeClockMs, onRun } from '../live.ts';
import { RUN_HEADS, runRows } from '../run-rows.ts';
import type { View } from './view.ts';
import { repeat } from './view.ts';

const REFRESH_MS = 2_000;
const MAX_BARS = 20;
const MAX_RUNS = 100;
/** A bar is at least so wide, in percent of the axis. */
const LEAST_WIDTH = 0.6;

export const tasksView: View = async (place, { signal, argument }) => {
  const axis = h('div', { 'aria-live': 'off' });
  const table = h('div', {});
  const others = h('div', {});
  const chosen = h('div', {});
  fill(
    place,
    section('Time', axis),
    chosen,
    section('Runs of this node', table),
    section('For others', others),
  );
  const runs = new Map<string, RunRecordDocument>();
  const draw = (): void => {
    const all = [...runs.values()].sort((a, b) => b.startedMs - a.startedMs).slice(0, MAX_RUNS);
    fill(axis, timeline(all.slice(0, MAX_BARS)));
    fill(table, dataTable('Runs', RUN_HEADS, runRows(all), 'No run yet.'));
    const run = argument === undefined ? undefined : runs.get(argument);
    if (run) fill(chosen, runDetail(run));
  };
  onRun((run) => {
    runs.set(run.runId, run);
    draw();
  }, signal);
  await repeat(REFRESH_MS, signal, async () => {
    const { asClient, asContractor } = await get<TasksDocument>(`/tasks?limit=${MAX_RUNS}`, {
      signal,
    });
    const isFirst = runs.size === 0;
    for (const run of asClient) runs.set(run.runId, run);
    if (isFirst || asClient.some(({ status }) => status === 'working')) draw();
    fill(others, contracts(asContractor));
  });
};

/** One line per run, from its beginning to its end, its steps as marks. */
function timeline(runs: readonly RunRecordDocument[]): HTMLElement {
  if (runs.length === 0) return h('p', { class: 'quiet' }, 'No run yet.');
  const endOf = (run: RunRecordDocument): number =>
    run.endedMs ?? Math.max(nodeClockMs(), run.startedMs);
  const from = Math.min(...runs.map(({ startedMs }) => startedMs));
  const to = Math.max(from + 1, ...runs.map(endOf));
  const share = (ms: number): number => (100 * (ms - from)) / (to - from);
  const lines = runs.map((run) => {
    const bar = h('span', { class: `bar ${run.status}` });
    const left = Math.min(share(run.startedMs), 100 - LEAST_WIDTH);
    bar.style.setProperty('left', `${left}%`);
    bar.style.setProperty('width', `${Math.max(LEAST_WIDTH, share(endOf(run)) - left)}%`);
    const marks = run.steps.map((step) => {
      const mark = h('span', { class: `mark ${step.status}` });
      mark.style.setProperty('left', `${Math.min(99.6, share(step.endedMs))}%`);
      return mark;
    });
    const took = run.endedMs === null ? 'at work' : duration(run.endedMs - run.startedMs);
    return h(
      'li',
      {},
      h('a', { href: `#/tasks/${encodeURIComponent(run.runId)}` }, run.title),
      h('span', { class: 'track', 'aria-hidden': true }, bar, ...marks),
      h(
        'span',
        { class: 'when' },
        statusBadge(run.status),
        ` ${clockTime(run.startedMs)}, ${took}`,
      ),
    );
  });
  return h(
    'div',
    { class: 'timeline' },
    h('p', { class: 'quiet' }, `${dateTime(from)} to ${dateTime(to)}`),
    h('ol', {}, ...lines),
  );
}

function runDetail(run: RunRecordDocument): HTMLElement {
  const phases = (step: RunRecordDocument['steps'][number]): string =>
    Object.entries(step.phasesMs)
      .map(([phase, ms]) => `${phase} ${duration(ms)}`)
      .join(', ');
  const heads = ['step', 'status', 'where', 'decision', 'paid', 'took', 'of it', 'why'];
  const rows = run.steps.map((step) => [
    step.source ?? step.id,
    statusBadge(step.status),
    peerLink(step.where),
    decisionLink(step.decisionId),
    usd(step.paidMicroUsd),
    duration(step.wallMs),
    phases(step),
    step.reason ?? '',
  ]);
  return section(
    `Run ${run.runId}`,
    run.problem !== null && h('p', {}, run.problem),
    dataTable(run.title, heads, rows, 'No step has ended yet.'),
  );
}

function contracts(tasks: readonly ContractorTaskDocument[]): HTMLElement {
  const rows = tasks.map((task) => [
    clockTime(task.sinceMs),
    peerLink(task.client),
    task.term,
    task.state,
    usd(task.priceMicroUsd),
  ]);
  const heads = ['since', 'client', 'skill', 'state', 'price'];
  return dataTable('Contracts not settled yet', heads, rows, 'No contract is open.');
}
