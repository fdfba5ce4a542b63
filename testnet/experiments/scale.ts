/**
 * Saving against the size of the market: 5 to 1,000 clients, two contractors for each, arrivals in
 * proportion to the clients. The paper's own agent rows keep the arrivals of all clients together
 * the same; they stand in table-1.
 *
 * @module
 */

import { cellOf, rounded } from './experiment.ts';
import type { CellRuns, Experiment, ReportRow } from './experiment.ts';
import { correlationOf } from './statistics.ts';

const SEEDS = 1;
const CLIENTS = [5, 10, 15, 20, 25, 30, 40, 50, 100, 200, 500, 1_000];
/** Clients among whom the paper's arrivals are shared. */
const CLIENTS_OF_PAPER = 15;
const DECIDERS = ['reference', 'rational', 'oracle'] as const;

export const scale: Experiment = {
  name: 'scale',
  summary: '5 to 1,000 clients, 10 to 2,000 contractors, 7 days',
  hasOwnSizes: true,
  run: async (options, runCells) => {
    const cells = CLIENTS.flatMap((clients) =>
      DECIDERS.map((decider) =>
        cellOf(`${clients} ${decider}`, options, {
          clients,
          contractors: 2 * clients,
          arrivalFactor: clients / CLIENTS_OF_PAPER,
          decider,
        }),
      ),
    );
    const results = await runCells(cells, options.seeds ?? SEEDS);
    const rows = DECIDERS.flatMap((decider) =>
      CLIENTS.map((clients): ReportRow => {
        const runs = results.get(`${clients} ${decider}`)!;
        return {
          decider,
          clients,
          contractors: 2 * clients,
          runs: runs.runs.length,
          tasks: rounded(runs.tasks),
          paperMetricPercent: rounded(runs.mean('paperMetricPercent')),
          netSavingPercent: rounded(runs.mean('netSavingWithOpportunityPercent')),
          netSavingWithoutOpportunityPercent: rounded(runs.mean('netSavingPercent')),
          outsourcingRatePercent: rounded(runs.mean('outsourcingRatePercent')),
          herfindahl: rounded(runs.mean('concentration')),
        };
      }),
    );
    return {
      rows,
      notes: DECIDERS.map((decider) =>
        correlationNote(
          decider,
          CLIENTS.map((clients) => results.get(`${clients} ${decider}`)!),
        ),
      ),
      charts: [
        {
          name: 'scale',
          title: 'Net saving without Eq. (5) by number of clients',
          kind: 'line',
          xName: 'clients',
          yName: 'percent',
          categories: CLIENTS.map(String),
          series: DECIDERS.map((decider) => ({
            name: decider,
            data: CLIENTS.map((clients) =>
              rounded(results.get(`${clients} ${decider}`)!.mean('netSavingPercent')),
            ),
          })),
        },
      ],
    };
  },
};

function correlationNote(decider: string, cells: readonly CellRuns[]): string {
  const points = cells.flatMap((cell, i) =>
    cell.figures.map((one) => ({
      clients: CLIENTS[i]!,
      rate: one.outsourcingRatePercent,
      net: one.netSavingPercent ?? 0,
      metric: one.paperMetricPercent ?? 0,
    })),
  );
  const r = (x: 'clients' | 'rate', y: 'net' | 'metric'): string =>
    correlationOf(
      points.map((point) => point[x]),
      points.map((point) => point[y]),
    ).toFixed(3);
  return (
    `${decider}: r(clients, net saving) = ${r('clients', 'net')}, ` +
    `r(outsourcing rate, net saving) = ${r('rate', 'net')}, by the paper's metric ` +
    `${r('clients', 'metric')} and ${r('rate', 'metric')} (paper: -0.428 and 0.833).`
  );
}
