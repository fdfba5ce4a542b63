/**
 * Table I of the paper: 13 configurations, 20 seeds each, beside the paper's own figures and an
 * oracle that knows everything.
 *
 * @module
 */

import { POLICY_NAMES } from '../../node/decision/policy.ts';
import type { PolicyName } from '../../node/decision/policy.ts';
import { cellOf, rounded } from './experiment.ts';
import type { CellRuns, Experiment, ExperimentReport, ReportRow } from './experiment.ts';
import type { Chart } from './charts.ts';

/** Runs per configuration in the paper. */
const SEEDS = 20;

/** One row of the paper's table. */
export interface PaperRow {
  readonly id: string;
  readonly days: number;
  readonly clients: number;
  readonly contractors: number;
  readonly paperPercent: number;
  /** Its band, in the same unit. */
  readonly paperSigma: number;
  readonly paperTimePercent: number;
}

function row(
  id: string,
  [days, clients, contractors]: readonly [number, number, number],
  [paperPercent, paperSigma, paperTimePercent]: readonly [number, number, number],
): PaperRow {
  return { id, days, clients, contractors, paperPercent, paperSigma, paperTimePercent };
}

/** Paper V-E, Table I. */
export const PAPER_ROWS: readonly PaperRow[] = [
  row('dur_01', [1, 15, 30], [27.1, 10.2, 33]),
  row('dur_02', [3, 15, 30], [35.2, 10.7, 42.7]),
  row('dur_03', [5, 15, 30], [40.5, 5.7, 46.2]),
  row('dur_04', [7, 15, 30], [41.3, 23, 41.2]),
  row('dur_05', [10, 15, 30], [38, 3.1, 44.1]),
  row('agt_01', [7, 5, 10], [70.9, 26.2, 53.5]),
  row('agt_02', [7, 10, 20], [59.7, 48.3, 42.9]),
  row('agt_03', [7, 15, 30], [40.9, 12.6, 44.9]),
  row('agt_04', [7, 20, 40], [40.7, 6, 45.3]),
  row('agt_05', [7, 25, 50], [40.3, 2.5, 44.7]),
  row('agt_06', [7, 30, 60], [39.1, 4.7, 46.8]),
  row('agt_07', [7, 40, 80], [35.8, 2.2, 42.4]),
  row('agt_08', [7, 50, 100], [35.4, 4.3, 41]),
];

function rowOf(paper: PaperRow, policy: PolicyName, runs: CellRuns, oracle: CellRuns): ReportRow {
  const metric = runs.estimate('paperMetricPercent');
  const net = runs.estimate('netSavingWithOpportunityPercent');
  const cash = runs.estimate('netSavingPercent');
  const best = oracle.mean('netSavingPercent');
  return {
    id: paper.id,
    policy,
    days: paper.days,
    clients: paper.clients,
    contractors: paper.contractors,
    runs: runs.runs.length,
    tasks: rounded(runs.tasks),
    paperPercent: paper.paperPercent,
    paperSigma: paper.paperSigma,
    paperMetricPercent: rounded(metric.mean),
    paperMetricHalfWidth: rounded(metric.halfWidth),
    paperMetricWithoutOpportunityPercent: rounded(
      runs.mean('paperMetricWithoutOpportunityPercent'),
    ),
    isWithinPaperBand: Math.abs(metric.mean - paper.paperPercent) <= paper.paperSigma,
    netSavingPercent: rounded(net.mean),
    netSavingHalfWidth: rounded(net.halfWidth),
    netSavingWithoutOpportunityPercent: rounded(cash.mean),
    netSavingWithoutOpportunityHalfWidth: rounded(cash.halfWidth),
    oraclePercent: rounded(best),
    // Undefined where even the oracle saves nothing.
    ofOraclePercent: best > 0 ? rounded((100 * cash.mean) / best) : null,
    outsourcingRatePercent: rounded(runs.mean('outsourcingRatePercent')),
    explorationRatePercent: rounded(runs.mean('explorationRatePercent')),
    atALossPercent: rounded(runs.mean('atALossPercent')),
    paperTimePercent: paper.paperTimePercent,
    timeSavingPercent: rounded(runs.mean('timeSavingPercent')),
    netTimeSavingPercent: rounded(runs.mean('netTimeSavingPercent')),
    score: rounded(runs.mean('score')),
    confidence: rounded(runs.mean('confidence')),
    herfindahl: rounded(runs.mean('concentration')),
  };
}

function chartOf(rows: readonly ReportRow[], policies: readonly PolicyName[]): Chart {
  const of = (policy: PolicyName, name: string): number[] =>
    rows.filter((one) => one['policy'] === policy).map((one) => one[name] as number);
  return {
    name: 'table-1',
    title: 'Table I: cost reduction by the paper’s metric, and net saving without Eq. (5)',
    kind: 'bar',
    xName: 'configuration',
    yName: 'percent',
    categories: PAPER_ROWS.map(({ id }) => id),
    series: [
      { name: 'paper, its metric', data: PAPER_ROWS.map(({ paperPercent }) => paperPercent) },
      ...(policies.includes('reference')
        ? [{ name: 'reference, its metric', data: of('reference', 'paperMetricPercent') }]
        : []),
      ...policies.map((policy) => ({
        name: `${policy}, net saving`,
        data: of(policy, 'netSavingWithoutOpportunityPercent'),
      })),
      { name: 'oracle, net saving', data: of(policies[0]!, 'oraclePercent') },
    ],
  };
}

function notesOf(rows: readonly ReportRow[], policies: readonly PolicyName[]): string[] {
  return policies.map((policy) => {
    const own = rows.filter((one) => one['policy'] === policy);
    const within = own.filter((one) => one['isWithinPaperBand'] === true).length;
    const shares = own.flatMap(({ ofOraclePercent: x }) => (typeof x === 'number' ? [x] : []));
    const range =
      shares.length === 0
        ? 'the oracle saves nothing'
        : `${Math.min(...shares)} to ${Math.max(...shares)} % of the oracle's net saving`;
    return (
      `${policy}: the paper's metric is within the paper's band on ${within} of ` +
      `${own.length} rows; ${range}.`
    );
  });
}

export const table1: Experiment = {
  name: 'table-1',
  summary:
    'Table I: 13 configurations, three policies, both metrics, beside the paper and an oracle',
  hasOwnSizes: true,
  run: async (options, runCells): Promise<ExperimentReport> => {
    const policies = options.policy === undefined ? POLICY_NAMES : [options.policy];
    const cells = PAPER_ROWS.flatMap(({ id, days, clients, contractors }) =>
      [...policies, 'oracle' as const].map((decider) =>
        cellOf(`${id} ${decider}`, options, { days, clients, contractors, decider }),
      ),
    );
    const results = await runCells(cells, options.seeds ?? SEEDS);
    const rows = policies.flatMap((policy) =>
      PAPER_ROWS.map((paper) =>
        rowOf(
          paper,
          policy,
          results.get(`${paper.id} ${policy}`)!,
          results.get(`${paper.id} oracle`)!,
        ),
      ),
    );
    return { rows, notes: notesOf(rows, policies), charts: [chartOf(rows, policies)] };
  },
};
