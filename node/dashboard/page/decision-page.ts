/** One decision: costs, scores, criteria, gates, what would have turned it, replay. @module */

import type { DecisionRecord, DecisionResult } from '../../decision/decision-record.ts';
import { get, post } from './api.ts';
import type { ApiProblem } from './api.ts';
import { bars, chart, label } from './charts.ts';
import { badge, dataTable, fill, h, problemBox, section, tiles } from './elements.ts';
import { peerLink, shortPeer, statusBadge, usd } from './format.ts';

/** Contractors that the charts show, the best first; the tables have more. */
const MAX_CHARTED = 12;
const MAX_LISTED = 200;
const CRITERIA = ['cost', 'reliability', 'latency', 'security'] as const;

type Logged = DecisionRecord & {
  readonly log: { readonly agrees: boolean; readonly differences: readonly string[] };
};

interface Replay {
  readonly agrees: boolean;
  readonly differences: readonly string[];
}

/** Fills `place` with the decision `decisionId`. */
export async function showDecision(
  place: HTMLElement,
  decisionId: string,
  signal: AbortSignal,
): Promise<void> {
  const path = `/decisions/${encodeURIComponent(decisionId)}`;
  const { result, log, version, inputDigest } = await get<Logged>(path, { signal });
  fill(
    place,
    h('p', {}, h('a', { href: '#/decisions' }, 'All decisions')),
    h('p', { class: 'lead' }, statusBadge(result.choice), ` ${result.reason}`),
    !log.agrees &&
      problemBox('What was logged differs from what its inputs give now', log.differences),
    head(result),
    section('What would have turned it', counterfactual(result)),
    section('Costs', costs(result)),
    section('Scores', scores(result)),
    section('Criteria', criteria(result)),
    section('Gates', gates(result)),
    section('Replay', replayPart(path, signal), provenance(version, inputDigest, result.seed)),
  );
}

function head(result: DecisionResult): HTMLElement {
  const { runnerUp } = result;
  return tiles([
    [
      'Contractor',
      peerLink(result.contractor ?? result.considered),
      result.contractor ? '' : 'considered only',
    ],
    ['Score', figure(result.score)],
    ['Confidence', figure(result.confidence)],
    ['Settled by', result.decidedBy],
    ['Explored', result.exploration ? 'yes' : 'no'],
    ['Policy', result.policy],
    [
      'Runner-up',
      runnerUp ? peerLink(runnerUp.peerId) : 'none',
      runnerUp && `score ${figure(runnerUp.score)}, ${usd(runnerUp.costExternalMicroUsd)}`,
    ],
  ]);
}

function figure(value: number | null | undefined): string {
  return value === null || value === undefined ? 'n/a' : value.toFixed(4);
}

function counterfactual({ counterfactual: change }: DecisionResult): HTMLElement {
  if (!change) return h('p', { class: 'quiet' }, 'No single change that was tried turns it.');
  return h('p', {}, change.sentence);
}

/** Amounts of a cost's parts: what ends in MicroUsd, the total apart. */
function partsOf(parts: object | null): [string, number][] {
  return Object.entries(parts ?? {}).flatMap(
    ([name, value]: [string, unknown]): [string, number][] => {
      const isPart = name.endsWith('MicroUsd') && name !== 'totalMicroUsd';
      return isPart && typeof value === 'number' ? [[name.replace(/MicroUsd$/, ''), value]] : [];
    },
  );
}

function costs(result: DecisionResult): HTMLElement {
  const { internal, external } = result.costParts;
  const here = partsOf(internal);
  const there = partsOf(external);
  const series = [
    ...here.map(([name, value]) => ({ name: `here: ${name}`, data: [value / 1e6, null] })),
    ...there.map(([name, value]) => ({ name: `there: ${name}`, data: [null, value / 1e6] })),
  ].filter(({ data }) => data.some((value) => value !== null && value !== 0));
  const rows = [
    ...here.map((part) => ['here', ...part] as const),
    ...there.map((part) => ['there', ...part] as const),
  ];
  return h(
    'div',
    {},
    tiles([
      [
        'Here, in all',
        usd(result.costInternalMicroUsd),
        result.localInfeasible ? 'not possible here' : '',
      ],
      ['There, in all', usd(result.costExternalMicroUsd)],
    ]),
    series.length > 0 &&
      chart('Parts of the cost here and there, in USD before calibration', () =>
        bars(['here', 'there'], series, { unit: 'USD', isStacked: true }),
      ),
    dataTable(
      'Parts of the cost',
      ['where', 'part', 'amount'],
      rows.map(([where, name, value]) => [where, name, usd(value)]),
    ),
  );
}

function scores({ candidates, contractor }: DecisionResult): HTMLElement {
  const judged = candidates.filter(({ score }) => score !== null);
  const best = judged.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0)).slice(0, MAX_CHARTED);
  const rows = candidates
    .slice(0, MAX_LISTED)
    .map((one) => [
      peerLink(one.peerId),
      one.peerId === contractor ? badge('chosen', 'good') : '',
      figure(one.score),
      figure(one.confidence),
      figure(one.compatibility),
      usd(one.costExternalMicroUsd),
      one.dropped ?? one.failedGate ?? '',
    ]);
  const heads = [
    'peer',
    'place',
    'score',
    'confidence',
    'fit',
    'cost in all',
    'dropped, or first gate failed',
  ];
  return h(
    'div',
    {},
    best.length > 0 &&
      chart(`Scores of the best ${best.length} contractors, 0 to 1`, () =>
        bars(
          best.map(({ peerId }) => shortPeer(peerId)),
          [{ name: 'score', data: best.map(({ score }) => score) }],
          { max: 1 },
        ),
      ),
    dataTable(`${candidates.length} contractors`, heads, rows, 'Nobody offered it.'),
  );
}

function criteria({ criteria: all, weights }: DecisionResult): HTMLElement {
  const shown = all.slice(0, MAX_CHARTED);
  const rows = all
    .slice(0, MAX_LISTED)
    .map(({ peerId, raw, weight }) => [
      peerLink(peerId),
      ...CRITERIA.map((name) => `${raw[name].toPrecision(4)} (${weight[name].toPrecision(3)})`),
    ]);
  const heads = ['peer', 'cost, micro-USD', 'reliability', 'latency, min', 'security risk'];
  return h(
    'div',
    {},
    weights &&
      tiles(CRITERIA.map((name) => [`Weight of ${name}`, weights[name].toFixed(3)] as const)),
    shown.length > 0 &&
      chart('Criteria of each contractor, normalised over the field', () =>
        bars(
          shown.map(({ peerId }) => shortPeer(peerId)),
          CRITERIA.map((name) => ({ name, data: shown.map(({ normalised }) => normalised[name]) })),
        ),
      ),
    dataTable(
      'Criteria as they came (and weighted)',
      heads,
      rows,
      'No contractor could be judged.',
    ),
  );
}

function gates({ gates: all }: DecisionResult): HTMLElement {
  const rows = all.map(({ name, applies, passed, value, threshold }) => [
    label(name),
    applies ? badge(passed ? 'passed' : 'failed', passed ? 'good' : 'bad') : 'does not count here',
    value === null ? 'n/a' : value.toPrecision(6),
    threshold === null ? 'none' : threshold.toPrecision(6),
  ]);
  return dataTable(
    'Gates of the considered contractor',
    ['gate', 'outcome', 'value', 'threshold'],
    rows,
  );
}

function replayPart(path: string, signal: AbortSignal): HTMLElement {
  const outcome = h('div', { 'aria-live': 'polite', id: 'replay-outcome' });
  const replay = async (): Promise<void> => {
    fill(outcome, h('p', { class: 'busy' }, 'Deciding again…'));
    try {
      const { agrees, differences } = await post<Replay>(`${path}/replay`, {}, { signal });
      fill(
        outcome,
        agrees
          ? h('p', {}, badge('agrees', 'good'), ' The replay agrees bit for bit.')
          : problemBox('The replay differs in', differences),
      );
    } catch (error) {
      const { message, problems = [] } = error as ApiProblem;
      if (!signal.aborted) fill(outcome, problemBox(message, problems));
    }
  };
  return h(
    'div',
    {},
    h('button', { type: 'button', onclick: () => void replay() }, 'Replay'),
    outcome,
  );
}

function provenance(version: number, inputDigest: string, seed: number): HTMLElement {
  const words = `Engine ${version}, seed ${seed}, SHA-256 of the inputs `;
  return h('p', { class: 'quiet' }, words, h('code', {}, inputDigest));
}
