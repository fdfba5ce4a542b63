/**
 * The market of language-model work at public prices (preset `llm-2026`), with the source of every
 * figure beside it.
 *
 * @module
 */

import { LLM_ASSUMPTIONS, LLM_FIGURES } from '../market-simulator/llm-market.ts';
import { cellOf, rounded } from './experiment.ts';
import type { Experiment, ReportRow } from './experiment.ts';

const SEEDS = 20;
const DECIDERS = ['rational', 'oracle'] as const;

export const llm2026: Experiment = {
  name: 'llm-2026',
  summary: 'local card against public per-token prices, each figure with its source',
  hasOwnSizes: false,
  run: async (options, runCells) => {
    const cells = DECIDERS.map((decider) =>
      cellOf(decider, options, {
        preset: 'llm-2026',
        decider,
        failures: options.failures ?? 'drawn',
      }),
    );
    const results = await runCells(cells, options.seeds ?? SEEDS);
    const rows = DECIDERS.map((decider): ReportRow => {
      const runs = results.get(decider)!;
      const sums = runs.runs;
      const total = (of: (run: (typeof sums)[number]) => number): number =>
        sums.reduce((sum, run) => sum + of(run), 0);
      return {
        decider,
        runs: sums.length,
        tasks: rounded(runs.tasks),
        netSavingPercent: rounded(runs.mean('netSavingWithOpportunityPercent')),
        netSavingWithoutOpportunityPercent: rounded(runs.mean('netSavingPercent')),
        paperMetricPercent: rounded(runs.mean('paperMetricPercent')),
        outsourcingRatePercent: rounded(runs.mean('outsourcingRatePercent')),
        infeasibleTasks: total((run) => run.infeasible),
        refusedTasks: total((run) => run.refused),
        localMicroUsdPerFeasibleTask: rounded(
          total((run) => run.local) /
            Math.max(
              1,
              total((run) => run.tasks - run.infeasible),
            ),
        ),
        paidMicroUsdPerInfeasibleTask: rounded(runs.mean('paidPerInfeasibleMicroUsd')),
        lostPercent: rounded(runs.mean('lostPercent')),
      };
    });
    const sources = Object.entries(LLM_FIGURES).map(([name, one]): ReportRow => ({ name, ...one }));
    return {
      rows,
      tables: [{ title: 'Published figures', rows: sources }],
      notes: [
        `Ours, not published: ${JSON.stringify(LLM_ASSUMPTIONS)}`,
        'Tasks for a 70B model do not fit the card. They are counted apart and no saving is computed for them.',
        'The price of the card is spread over three years of use at every hour: a card that idles costs more per task.',
      ],
      charts: [
        {
          name: 'llm-2026',
          title: 'Paid for a task that does not fit the card, micro-USD',
          kind: 'bar',
          xName: 'decider',
          yName: 'micro-USD',
          categories: [...DECIDERS],
          series: [
            {
              name: 'mean',
              data: rows.map((row) => row['paidMicroUsdPerInfeasibleTask'] as number),
            },
          ],
        },
      ],
    };
  },
};
