/**
 * How far each decider is from perfect information, under each rule of failure.
 *
 * @module
 */

import type { DeciderName, FailureRule } from '../market-simulator/settings.ts';
import { cellOf, rounded } from './experiment.ts';
import type { Experiment, ReportRow } from './experiment.ts';

const SEEDS = 20;
const DECIDERS: readonly DeciderName[] = ['rational', 'paper', 'reference', 'random-eligible'];
const RULES: readonly FailureRule[] = ['premium', 'taught', 'drawn'];

export const oracle: Experiment = {
  name: 'oracle',
  summary: 'regret of each decider against perfect information, by what failures do',
  hasOwnSizes: false,
  run: async (options, runCells) => {
    const rules = options.failures === undefined ? RULES : [options.failures];
    const deciders = options.policy === undefined ? DECIDERS : [options.policy];
    const cells = rules.flatMap((failures) =>
      [...deciders, 'oracle' as const].map((decider) =>
        cellOf(`${failures} ${decider}`, options, { failures, decider }),
      ),
    );
    const results = await runCells(cells, options.seeds ?? SEEDS);
    const rows = rules.flatMap((failures) => {
      const best = results.get(`${failures} oracle`)!;
      return deciders.map((decider): ReportRow => {
        const runs = results.get(`${failures} ${decider}`)!;
        const net = runs.estimate('netSavingPercent');
        return {
          failures,
          decider,
          runs: runs.runs.length,
          netSavingWithoutOpportunityPercent: rounded(net.mean),
          halfWidth: rounded(net.halfWidth),
          netSavingPercent: rounded(runs.mean('netSavingWithOpportunityPercent')),
          paperMetricPercent: rounded(runs.mean('paperMetricPercent')),
          oraclePercent: rounded(best.mean('netSavingPercent')),
          regretPoints: rounded(best.mean('netSavingPercent') - net.mean),
          outsourcingRatePercent: rounded(runs.mean('outsourcingRatePercent')),
          lostPercent: rounded(runs.mean('lostPercent')),
        };
      });
    });
    return {
      rows,
      notes: [
        'The oracle takes the cheapest eligible contractor by the true figures, if it costs ' +
          'less than the task costs here. Where failures are drawn it knows their ' +
          'probabilities, not their outcome.',
      ],
      charts: [
        {
          name: 'oracle',
          title: 'Net saving without Eq. (5), percent',
          kind: 'bar',
          xName: 'what failures do',
          yName: 'percent',
          categories: [...rules],
          series: [...deciders, 'oracle' as const].map((decider) => ({
            name: decider,
            data: rules.map((rule) =>
              rounded(results.get(`${rule} ${decider}`)!.mean('netSavingPercent')),
            ),
          })),
        },
      ],
    };
  },
};
