/**
 * The reference of all metrics, made from what a fresh node would answer: `npm run docs` writes it
 * to `node/docs/metrics.md`, and a test compares the two.
 *
 * @module
 */

import { INITIAL_WEIGHTS, RATIONAL_POLICY } from '../decision/policy.ts';
import { INITIAL_STATE, decisionStatus } from '../tasks/decision-state.ts';
import { brokerMetrics, decisionMetrics } from './metrics.ts';

/** One family of samples. */
export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Every family that `/metrics` has. */
export function metricFamilies(): readonly MetricFamily[] {
  const lines = freshMetrics().split('\n');
  return lines.flatMap((line): MetricFamily[] => {
    const [, name, help] = /^# HELP (\S+) (.*)$/.exec(line) ?? [];
    if (name === undefined || help === undefined) return [];
    const type = lines.find((one) => one.startsWith(`# TYPE ${name} `))?.split(' ')[3] ?? '';
    const samples = lines.filter((one) => one.startsWith(`${name}{`)).join('');
    const labels = [...new Set([...samples.matchAll(/([a-z]+)="/g)].map(([, label]) => label!))];
    return [{ name, type, help, labels }];
  });
}

/** The page, in Markdown. */
export function metricsReference(): string {
  const rows = metricFamilies().map(
    ({ name, type, help, labels }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`,
  );
  return [
    '# Metrics',
    '',
    'Made from the code by `npm run docs`. `GET /metrics` answers them in the text format of',
    'Prometheus, with the token of the data directory:',
    '`authorization: { credentials_file: <data directory>/token }`. A dashboard for Grafana that shows',
    'them is [grafana-dashboard.json](../deploy/grafana-dashboard.json).',
    '',
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** What a node answers that has decided nothing; with one alarm, to show the label. */
function freshMetrics(): string {
  const alarms = [{ kind: 'PRICE_OUTLIER', atMs: 0, sentence: '' }];
  const state = { ...INITIAL_STATE, alarms };
  const decisions = decisionMetrics(decisionStatus(state, RATIONAL_POLICY, INITIAL_WEIGHTS, 0));
  return decisions + brokerMetrics({ records: 0, quotes: 0 });
}
