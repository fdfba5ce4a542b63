/**
 * All strategies of exploration from a cold start without certificates, beside none, an oracle and
 * any eligible contractor; what the first hundred tasks save; and whether choices are better after
 * an exploration than before. The paper says that they are and shows no figure (V-G).
 *
 * @module
 */

import { EXPLORATION_STRATEGIES } from '../../node/decision/exploration/exploration-strategy.ts';
import { PLAIN_WORLD } from '../market-simulator/settings.ts';
import { cellOf, rounded } from './experiment.ts';
import type { Cell, CellRuns, Experiment, ExperimentOptions, ReportRow } from './experiment.ts';

const SEEDS = 20;
const FIRST_TASKS = 100;
const YARDSTICKS = ['oracle', 'random-eligible'] as const;

/** What is compared: a strategy, or a yardstick. */
type Compared = (typeof EXPLORATION_STRATEGIES)[number] | (typeof YARDSTICKS)[number];

const ALL: readonly Compared[] = [...EXPLORATION_STRATEGIES, ...YARDSTICKS];

/** Outcomes have to differ for anything to be learned: they are drawn. */
function cellsOf(options: ExperimentOptions, compared: Compared): Cell[] {
  const isYardstick = compared === 'oracle' || compared === 'random-eligible';
  const settings = {
    failures: options.failures ?? 'taught',
    hasCertificates: false,
    ...(isYardstick
      ? { decider: compared }
      : { changes: { strategy: compared, hasSecurityBudget: false } }),
  };
  return [
    cellOf(`${compared} all`, options, settings),
    cellOf(`${compared} first`, options, {
      ...settings,
      world: { ...PLAIN_WORLD, maxTasks: FIRST_TASKS },
    }),
  ];
}

function rowOf(compared: Compared, all: CellRuns, first: CellRuns, oracle: CellRuns): ReportRow {
  const net = all.estimate('netSavingPercent');
  return {
    strategy: compared,
    runs: all.runs.length,
    netSavingWithoutOpportunityPercent: rounded(net.mean),
    halfWidth: rounded(net.halfWidth),
    netSavingPercent: rounded(all.mean('netSavingWithOpportunityPercent')),
    paperMetricPercent: rounded(all.mean('paperMetricPercent')),
    ofOraclePercent: rounded((100 * net.mean) / oracle.mean('netSavingPercent')),
    firstHundredNetSavingPercent: rounded(first.mean('netSavingPercent')),
    outsourcingRatePercent: rounded(all.mean('outsourcingRatePercent')),
    explorationRatePercent: rounded(all.mean('explorationRatePercent')),
    atALossPercent: rounded(all.mean('atALossPercent')),
    savedBeforePercent: rounded(all.mean('savedBeforePercent')),
    savedAfterPercent: rounded(all.mean('savedAfterPercent')),
  };
}

export const exploration: Experiment = {
  name: 'exploration',
  summary: 'all strategies from a cold start without certificates',
  hasOwnSizes: false,
  run: async (options, runCells) => {
    const results = await runCells(
      ALL.flatMap((compared) => cellsOf(options, compared)),
      options.seeds ?? SEEDS,
    );
    const oracle = results.get('oracle all')!;
    const rows = ALL.map((compared) =>
      rowOf(compared, results.get(`${compared} all`)!, results.get(`${compared} first`)!, oracle),
    );
    return {
      rows,
      notes: [
        'No certificates, no loss budget, history shared by all clients. Failures are drawn ' +
          'and taught; their expected cost is charged.',
        'savedBefore and savedAfter: share of the cost here that the ten outsourced tasks ' +
          'before each exploration saved, and the ten after it, explorations left out.',
        'A strategy may take contractors below the skill threshold, the oracle may not: so it ' +
          'can save more than the oracle.',
      ],
      charts: [
        {
          name: 'exploration',
          title: 'Net saving without Eq. (5), from a cold start without certificates',
          kind: 'bar',
          xName: 'strategy',
          yName: 'percent',
          categories: [...ALL],
          series: [
            {
              name: 'all tasks',
              data: rows.map((row) => row['netSavingWithoutOpportunityPercent'] as number),
            },
            {
              name: 'tasks 1 to 100',
              data: rows.map((row) => row['firstHundredNetSavingPercent'] as number),
            },
          ],
        },
      ],
    };
  },
};
