/**
 * What a node measures, in the text format of Prometheus 0.0.4 (prometheus.io, "Exposition
 * formats"). So far: its decisions. Scraped with the node's token:
 * `authorization: { credentials_file: <data directory>/token }`.
 *
 * @module
 */

import type { DecisionStatusDocument } from '../api-documents.ts';

/** Media type of the format. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const PREFIX = 'coalesce_';

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

function metric(
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: readonly Sample[],
): string[] {
  const lines = samples.map(({ labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    const set = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    return `${PREFIX}${name}${set} ${value}`;
  });
  return [`# HELP ${PREFIX}${name} ${help}`, `# TYPE ${PREFIX}${name} ${type}`, ...lines];
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** The decision module's metrics. What has no value yet is left out. */
export function decisionMetrics(status: DecisionStatusDocument): string {
  const { exploration, weights, thresholds, spending, convergence, alarms } = status;
  const kinds = new Map<string, number>();
  for (const { kind } of alarms) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  const labelled = (label: string, values: Readonly<Record<string, number>>): Sample[] =>
    Object.entries(values).map(([text, value]) => ({ labels: { [label]: text }, value }));
  const lines = [
    ...metric('exploration_allowed_decisions', 'gauge', 'Tested decisions that might explore.', [
      { value: exploration.allowedDecisions },
    ]),
    ...metric('exploration_explored_decisions', 'gauge', 'Of these, how many explored.', [
      { value: exploration.explored },
    ]),
    ...metric('exploration_rate', 'gauge', 'Share of the tested decisions that explored.', [
      { labels: { kind: 'expected' }, value: exploration.expectedRate },
      { labels: { kind: 'actual' }, value: exploration.actualRate },
    ]),
    ...metric(
      'exploration_p_value',
      'gauge',
      'Of the binomial test of the rates; none where the strategy leaves nothing to chance.',
      exploration.pValue === null ? [] : [{ value: exploration.pValue }],
    ),
    ...metric('exploration_by_chance_decisions', 'gauge', 'Decisions that the p-value is of.', [
      { value: exploration.byChanceDecisions },
    ]),
    ...metric('exploration_alarm', 'gauge', '1 if the rates do not fit.', [
      { value: exploration.isAlarm ? 1 : 0 },
    ]),
    ...metric('exploration_forced', 'gauge', '1 if the next decision is to explore.', [
      { value: exploration.isForced ? 1 : 0 },
    ]),
    ...metric('exploration_loss_micro_usd', 'gauge', 'Lost by explorations, at most.', [
      { value: exploration.lossMicroUsd },
    ]),
    ...metric('decided_local_cost_micro_usd', 'counter', 'All decided tasks, if done here.', [
      { value: exploration.localCostMicroUsd },
    ]),
    ...metric(
      'criterion_weight',
      'gauge',
      'Learned weights of the criteria.',
      labelled('criterion', { ...weights }),
    ),
    ...metric(
      'decision_threshold',
      'gauge',
      'Thresholds in force.',
      labelled('threshold', { ...thresholds }),
    ),
    ...metric('spending_micro_usd', 'gauge', 'Own spending, faded by half each month.', [
      { value: spending.microUsd },
    ]),
    ...metric('spending_concentration_hhi', 'gauge', 'Herfindahl-Hirschman index, 0 to 1.', [
      { value: spending.concentrationHhi },
    ]),
    ...metric(
      'decision_stability',
      'gauge',
      'Share of repeated choices among the last decisions.',
      convergence.stability === null ? [] : [{ value: convergence.stability }],
    ),
    ...metric(
      'decision_alarms',
      'gauge',
      'Alarms kept, by kind.',
      labelled('kind', Object.fromEntries(kinds)),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** What a broker has; nothing for a node that is none. */
export function brokerMetrics(
  figures: { readonly records: number; readonly quotes: number } | undefined,
): string {
  if (figures === undefined) return '';
  const { records, quotes } = figures;
  const lines = [
    ...metric('broker_records', 'gauge', 'Skill records in the index.', [{ value: records }]),
    ...metric('broker_quotes', 'gauge', 'Quotes of contractors held.', [{ value: quotes }]),
  ];
  return `${lines.join('\n')}\n`;
}
