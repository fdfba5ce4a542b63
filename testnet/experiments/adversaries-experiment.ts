/**
 * 30 % of the contractors cheat: tasks lost with the shipped defences and without them, beside the
 * same market of honest contractors; and saving against exposure for exploring with and without a
 * security budget. The scale is that of security.md 6: 40 clients, 100 contractors, 6,000 tasks.
 *
 * @module
 */

import { DEFAULTS } from '../../node/config/defaults.ts';
import { ATTACKS } from '../market-simulator/adversaries.ts';
import type { Attack } from '../market-simulator/adversaries.ts';
import { PLAIN_WORLD } from '../market-simulator/settings.ts';
import type { PolicyChanges, World } from '../market-simulator/settings.ts';
import { cellOf, rounded } from './experiment.ts';
import type {
  Cell,
  CellRuns,
  Experiment,
  ExperimentOptions,
  ReportRow,
  RunCells,
} from './experiment.ts';
import { quantileOf } from './statistics.ts';

const SEEDS = 20;
const MALICIOUS_SHARE = 0.3;
const CLIENTS = 40;
const CONTRACTORS = 100;
const TASKS = 6_000;
/** Tasks of the preset in 7 days, about: 6,000 are reached on the seventh day. */
const ARRIVAL_FACTOR = 11;

/** Points above the honest floor, in the median and in the worst seed. */
const BARS: Readonly<Record<Attack, readonly [number, number]>> = {
  fabrication: [2, 3],
  'on-off': [4, 6],
  whitewashing: [2, 3],
  collusion: [2, 3],
  'bait-and-switch': [2, 3],
  'exploration-abuse': [2, 3],
};

/** Everything that keeps a contractor out for what it did, or for what nobody attests. */
const NO_DEFENCES: PolicyChanges = {
  confidenceThreshold: 0,
  successThreshold: 0,
  pseudoOutcomesFromLevel: 0,
  maxPseudoOutcomes: 1_000,
};

const EXPLORING: PolicyChanges = { strategy: 'epsilon-greedy' };

function cell(
  id: string,
  options: ExperimentOptions,
  changes: PolicyChanges,
  world: Partial<World>,
): Cell {
  return cellOf(id, options, {
    clients: CLIENTS,
    contractors: CONTRACTORS,
    arrivalFactor: ARRIVAL_FACTOR,
    failures: 'drawn',
    changes,
    world: { ...PLAIN_WORLD, audits: 'sampled', maxTasks: TASKS, ...world },
  });
}

/** An attack and its floor differ in nothing but who is malicious. */
function cellsOf(options: ExperimentOptions, attack: Attack): Cell[] {
  const isExploring = attack === 'exploration-abuse';
  const changes: PolicyChanges = isExploring ? EXPLORING : { strategy: 'none' };
  const under = { attack, maliciousShare: MALICIOUS_SHARE };
  const world: Partial<World> = isExploring ? { sensitivity: 'low' } : {};
  return [
    cell(`${attack} floor`, options, changes, world),
    cell(`${attack} on`, options, changes, { ...world, ...under }),
    isExploring
      ? cell(
          `${attack} off`,
          options,
          { ...changes, hasSecurityBudget: false },
          {
            ...world,
            ...under,
          },
        )
      : cell(
          `${attack} off`,
          options,
          { ...changes, ...NO_DEFENCES },
          { ...world, ...under, isGullible: true, audits: 'none' },
        ),
  ];
}

function rowOf(attack: Attack, results: ReadonlyMap<string, CellRuns>): ReportRow {
  const floors = results.get(`${attack} floor`)!.values('lostPercent');
  const lost = results.get(`${attack} on`)!.values('lostPercent');
  const floor = quantileOf(floors, 0.5);
  const median = quantileOf(lost, 0.5);
  const worst = quantileOf(lost, 1);
  const [barMedian, barWorst] = BARS[attack];
  return {
    attack,
    runs: lost.length,
    floorPercent: rounded(floor),
    lostMedianPercent: rounded(median),
    lostWorstPercent: rounded(worst),
    barMedianPercent: rounded(floor + barMedian),
    barWorstPercent: rounded(floor + barWorst),
    isMet: median <= floor + barMedian && worst <= floor + barWorst,
    defencesOffMedianPercent: rounded(
      quantileOf(results.get(`${attack} off`)!.values('lostPercent'), 0.5),
    ),
    netSavingWithoutOpportunityPercent: rounded(
      results.get(`${attack} on`)!.mean('netSavingPercent'),
    ),
    floorNetSavingPercent: rounded(results.get(`${attack} floor`)!.mean('netSavingPercent')),
    defencesOffNetSavingPercent: rounded(results.get(`${attack} off`)!.mean('netSavingPercent')),
    paperMetricPercent: rounded(results.get(`${attack} on`)!.mean('paperMetricPercent')),
  };
}

/** Saving against exposure: how much is lost by exploring more, with and without a budget. */
async function frontier(options: ExperimentOptions, runCells: RunCells, seeds: number) {
  const cells = [0, 0.05, 0.1, 0.15, 0.2, 0.25].flatMap((explorationRate) =>
    [true, false].map((hasSecurityBudget) => ({
      ...cell(
        `${explorationRate} ${hasSecurityBudget}`,
        options,
        { ...EXPLORING, explorationRate, hasSecurityBudget },
        { attack: 'fabrication', maliciousShare: MALICIOUS_SHARE, sensitivity: 'low' },
      ),
      explorationRate,
      hasSecurityBudget,
    })),
  );
  const results = await runCells(cells, seeds);
  return cells.map(({ id, explorationRate, hasSecurityBudget }): ReportRow => {
    const runs = results.get(id)!;
    return {
      explorationRate,
      hasSecurityBudget,
      runs: runs.runs.length,
      explorationRatePercent: rounded(runs.mean('explorationRatePercent')),
      lostPercent: rounded(runs.mean('lostPercent')),
      netSavingWithoutOpportunityPercent: rounded(runs.mean('netSavingPercent')),
      paperMetricPercent: rounded(runs.mean('paperMetricPercent')),
    };
  });
}

export const adversaries: Experiment = {
  name: 'adversaries',
  summary: '30 % malicious contractors: six attacks, defences on and off',
  hasOwnSizes: true,
  run: async (options, runCells) => {
    const seeds = options.seeds ?? SEEDS;
    const results = await runCells(
      ATTACKS.flatMap((attack) => cellsOf(options, attack)),
      seeds,
    );
    const rows = ATTACKS.map((attack) => rowOf(attack, results));
    const points = await frontier(options, runCells, seeds);
    const { auditRateNew, auditRateKnown, knownFromOutcomes } = DEFAULTS.verification;
    return {
      rows,
      tables: [{ title: 'Saving against exposure under fabrication', rows: points }],
      notes: [
        `Results are audited at the shipped rates: ${auditRateNew} of a contractor with fewer ` +
          `than ${knownFromOutcomes} outcomes, ${auditRateKnown} after that; an audit finds 90 ` +
          `% of the wrong results. History is ${options.history}.`,
        'lost: outsourced tasks that brought no right result, noticed or not, as a share of ' +
          'all tasks. The floor is the same market with everybody honest.',
        'Defences off: no certificates asked for, every claim and every testimony believed, ' +
          'no audits, no gate of confidence or success. For exploration abuse: no security ' +
          'budget.',
      ],
      charts: [
        {
          name: 'adversaries',
          title: 'Tasks lost with 30 % malicious contractors, median',
          kind: 'bar',
          xName: 'attack',
          yName: 'percent of all tasks',
          categories: [...ATTACKS],
          series: [
            { name: 'honest floor', data: rows.map((row) => row['floorPercent'] as number) },
            { name: 'defences on', data: rows.map((row) => row['lostMedianPercent'] as number) },
            {
              name: 'defences off',
              data: rows.map((row) => row['defencesOffMedianPercent'] as number),
            },
          ],
        },
        {
          name: 'frontier',
          title: 'Saving against exposure under fabrication',
          kind: 'scatter',
          xName: 'tasks lost, percent',
          yName: 'net saving, percent',
          series: [true, false].map((has) => ({
            name: has ? 'with a security budget' : 'without one',
            data: points
              .filter((point) => point['hasSecurityBudget'] === has)
              .map((point): readonly [number, number] => [
                point['lostPercent'] as number,
                point['netSavingWithoutOpportunityPercent'] as number,
              ]),
          })),
        },
      ],
    };
  },
};
