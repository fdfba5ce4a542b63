/** Runs a task, or only decides on it, and shows how it goes. @module */

import type { PlanProgressDocument, RunDocument, SubtaskDocument } from '../../../api-documents.ts';
import type { DecisionRecord } from '../../../decision/decision-record.ts';
import { EXPLORATION_STRATEGIES } from '../../../decision/exploration/exploration-strategy.ts';
import { POLICY_NAMES } from '../../../decision/policy.ts';
import type { ApiProblem } from '../api.ts';
import { post } from '../api.ts';
import { dataTable, field, fill, h, problemBox, section, tiles } from '../elements.ts';
import { microUsdOf, textOf } from '../form-values.ts';
import { decisionLink, duration, peerLink, percent, statusBadge, usd } from '../format.ts';
import type { View } from './view.ts';

/** Characters of a result that are shown. */
const MAX_SHOWN = 20_000;

function choices(names: readonly string[]): HTMLSelectElement {
  const all = ['', ...names].map((name) => h('option', { value: name }, name || "the node's own"));
  return h('select', {}, ...all);
}

function taskForm(term: string) {
  const skill = h('input', {
    id: 'skill',
    required: true,
    value: term,
    placeholder: 'performs:nlp/sentiment',
  });
  const text = h('textarea', { id: 'text', rows: 6, required: true });
  const type = h('input', { value: 'text/plain', required: true });
  const price = h('input', { inputmode: 'decimal', placeholder: 'no limit' });
  const policy = choices(POLICY_NAMES);
  const explore = choices(EXPLORATION_STRATEGIES);
  const body = () => ({
    skill: skill.value,
    inputs: [{ name: 'input', mediaType: type.value, text: text.value }],
    ...microUsdOf('maxPriceMicroUsd', price.value),
    ...textOf('policy', policy.value),
    ...textOf('explore', explore.value),
  });
  const fields = [
    field('Skill', skill),
    field('Media type', type),
    field('Pay at most, USD', price, 'In all; it counts for the run'),
    field('Policy', policy),
    field('Exploration', explore),
    field('Input', text, 'A contractor that is chosen gets it, and can keep it'),
  ];
  return { fields, body };
}

export const runView: View = async (place, { argument }) => {
  const { fields, body } = taskForm(argument ?? '');
  const answer = h('div', { 'aria-live': 'polite' });
  const run = h('button', { type: 'submit' }, 'Run');
  const decide = h('button', { type: 'button', class: 'plain' }, 'Decide only');
  const cancel = h('button', { type: 'button', class: 'plain', disabled: true }, 'Cancel');
  let work = new AbortController();
  // It goes on when another view is shown: only "Cancel" ends it, or the end of the page.
  const doing = async (begin: () => Promise<HTMLElement>): Promise<void> => {
    work = new AbortController();
    run.disabled = decide.disabled = true;
    cancel.disabled = false;
    try {
      fill(answer, await begin());
    } catch (error) {
      const { message, problems = [] } = error as ApiProblem;
      fill(answer, problemBox(work.signal.aborted ? 'Cancelled.' : message, problems));
    } finally {
      run.disabled = decide.disabled = false;
      cancel.disabled = true;
    }
  };
  const startRun = async (): Promise<HTMLElement> => {
    fill(answer, h('p', { class: 'busy' }, 'Deciding…'));
    const onProgress = (told: unknown): void =>
      fill(answer, progress(told as PlanProgressDocument));
    const { signal } = work;
    return ended(await post<RunDocument>('/run', body(), { signal, onProgress }));
  };
  const startDecision = async (): Promise<HTMLElement> => {
    fill(answer, h('p', { class: 'busy' }, 'Asking for quotes…'));
    const { maxPriceMicroUsd: _ofRuns, ...question } = body() as Record<string, unknown>;
    const { result } = await post<DecisionRecord>('/decide', question, { signal: work.signal });
    return h(
      'div',
      {},
      h('p', {}, statusBadge(result.choice), ` ${result.reason}`),
      h('p', {}, 'Decision ', decisionLink(result.decisionId)),
    );
  };
  decide.addEventListener('click', () => void doing(startDecision));
  cancel.addEventListener('click', () => work.abort());
  const onsubmit = (event: Event): void => {
    event.preventDefault();
    void doing(startRun);
  };
  const buttons = h('div', { class: 'buttons' }, run, decide, cancel);
  fill(place, h('form', { class: 'form', onsubmit }, ...fields, buttons), answer);
  return Promise.resolve();
};

function progress({ ended: done, of, paidMicroUsd, runId }: PlanProgressDocument): HTMLElement {
  return h(
    'div',
    {},
    h('p', { class: 'busy' }, `Run ${runId}: ${done} of ${of} ended, ${usd(paidMicroUsd)} paid`),
    h('progress', { value: done, max: of, 'aria-label': 'Subtasks that have ended' }),
  );
}

function ended(run: RunDocument): HTMLElement {
  const { totals } = run;
  const heads = ['step', 'status', 'where', 'decision', 'checks', 'paid', 'took', 'why'];
  return h(
    'div',
    { id: 'run-result' },
    section('Result', h('p', {}, statusBadge(run.status), ` ${run.title}`), output(run)),
    section('Steps', dataTable('Steps', heads, run.subtasks.map(stepRow))),
    section(
      'Cost',
      tiles([
        ['Paid', usd(totals.paidMicroUsd)],
        ['Here it would cost', usd(totals.localCostMicroUsd)],
        ['Net saving', percent(totals.netSavingPercent), 'everything counted'],
        ["The paper's metric", percent(totals.paperMetricPercent), 'losses left out'],
        ['Took', duration(totals.wallMs)],
      ]),
    ),
  );
}

function stepRow(step: SubtaskDocument) {
  const failed = step.verification.checks.filter(({ passed, skipped }) => !passed && !skipped);
  const passed = `${step.verification.checks.length} passed`;
  return [
    step.source ?? step.id,
    statusBadge(step.status),
    peerLink(step.attempts.at(-1)?.where ?? null),
    decisionLink(step.decision.decisionId),
    failed.length === 0
      ? passed
      : failed.map(({ type, detail }) => `${type}: ${detail}`).join('; '),
    usd(step.paidMicroUsd),
    duration(step.wallMs),
    step.attempts.at(-1)?.reason ?? step.decision.reason,
  ];
}

function output({ output: parts }: RunDocument): HTMLElement {
  if (parts === null) return h('p', {}, 'No result.');
  return h(
    'div',
    {},
    ...parts.map((part) => {
      const text = part.text ?? JSON.stringify(part.data, undefined, 2) ?? '';
      const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
      return h('pre', { tabindex: 0 }, shown);
    }),
  );
}
