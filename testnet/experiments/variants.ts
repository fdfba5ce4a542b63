/**
 * Experiments that hold variants of one market against each other: ablation, robustness, market
 * power. Each variant is a name and what it changes.
 *
 * @module
 */

import { CONDUCTS } from '../market-simulator/market-power.ts';
import { PLAIN_WORLD } from '../market-simulator/settings.ts';
import type { PolicyChanges, World } from '../market-simulator/settings.ts';
import { cellOf, rounded } from './experiment.ts';
import type {
  CellRuns,
  CellSettings,
  Experiment,
  ExperimentOptions,
  ReportRow,
  RunCells,
} from './experiment.ts';

const SEEDS = 20;

interface Variant {
  readonly name: string;
  /** What it is about, where an experiment has several questions. */
  readonly question?: string;
  readonly settings: Partial<CellSettings>;
}

const NO_CHANCE: PolicyChanges = { strategy: 'none' };

function changed(name: string, changes: PolicyChanges, question?: string): Variant {
  const settings = { changes: { ...NO_CHANCE, ...changes } };
  return question === undefined ? { name, settings } : { name, question, settings };
}

function inWorld(name: string, world: Partial<World>, question?: string): Variant {
  const settings = { changes: NO_CHANCE, world: { ...PLAIN_WORLD, ...world } };
  return question === undefined ? { name, settings } : { name, question, settings };
}

function rowOf({ name, question }: Variant, runs: CellRuns, oracle: CellRuns | null): ReportRow {
  const net = runs.estimate('netSavingPercent');
  return {
    ...(question === undefined ? {} : { question }),
    variant: name,
    runs: runs.runs.length,
    netSavingWithoutOpportunityPercent: rounded(net.mean),
    halfWidth: rounded(net.halfWidth),
    netSavingPercent: rounded(runs.mean('netSavingWithOpportunityPercent')),
    paperMetricPercent: rounded(runs.mean('paperMetricPercent')),
    ...(oracle === null ? {} : { oraclePercent: rounded(oracle.mean('netSavingPercent')) }),
    outsourcingRatePercent: rounded(runs.mean('outsourcingRatePercent')),
    atALossPercent: rounded(runs.mean('atALossPercent')),
    lostPercent: rounded(runs.mean('lostPercent')),
    herfindahl: Number(runs.mean('concentration').toFixed(3)),
  };
}

async function compare(
  options: ExperimentOptions,
  runCells: RunCells,
  variants: readonly Variant[],
  hasOracle: boolean,
): Promise<ReportRow[]> {
  const cells = variants.flatMap(({ name, settings }) => [
    cellOf(name, options, settings),
    ...(hasOracle ? [cellOf(`${name} oracle`, options, { ...settings, decider: 'oracle' })] : []),
  ]);
  const results = await runCells(cells, options.seeds ?? SEEDS);
  return variants.map((variant) =>
    rowOf(variant, results.get(variant.name)!, results.get(`${variant.name} oracle`) ?? null),
  );
}

function chartOf(name: string, title: string, rows: readonly ReportRow[]) {
  return {
    name,
    title,
    kind: 'bar' as const,
    xName: 'variant',
    yName: 'percent',
    categories: rows.map((row) => String(row['variant'])),
    series: [
      {
        name: 'net saving without Eq. (5)',
        data: rows.map((row) => row['netSavingWithoutOpportunityPercent'] as number),
      },
    ],
  };
}

const ABLATIONS: readonly Variant[] = [
  changed('all mechanisms', {}),
  changed('no economic gate', { hasEconomicGate: false }),
  changed('no confidence gate (Eq. 18)', { confidenceThreshold: 0 }),
  changed('no score gate', { scoreThreshold: 0 }),
  changed('no success gate', { successThreshold: 0 }),
  changed('no skill threshold (Eq. 12)', { skillThreshold: 0 }),
  changed('no correlation penalty (Eq. 11)', { correlationPenalty: 0 }),
  changed('no market signals (Listing 1)', { signalShare: 0 }),
  changed('no forgetting (Eq. 14)', { decayPerMonth: 0 }),
  { name: 'no certificates', settings: { changes: NO_CHANCE, hasCertificates: false } },
  {
    name: 'no opportunity cost (Eq. 5)',
    settings: { changes: NO_CHANCE, hasOpportunityCost: false },
  },
  inWorld('no learned weights (Eq. 13)', { learnsWeights: false }),
  inWorld('no dynamic prices (Eq. 7)', { hasDynamicPrices: false }),
];

export const ablation: Experiment = {
  name: 'ablation',
  summary: 'policy rational with each mechanism switched off; failures are drawn',
  hasOwnSizes: false,
  run: async (options, runCells) => {
    const drawn = { ...options, failures: options.failures ?? ('drawn' as const) };
    const rows = await compare(drawn, runCells, ABLATIONS, false);
    return {
      rows,
      notes: ['Failures are drawn: what fails is not paid for and is done again here.'],
      charts: [chartOf('ablation', 'Net saving with one mechanism off', rows)],
    };
  },
};

const INDEPENDENCE = 'exploration independence';
const ADAPTABILITY = 'market adaptability';
const BOOTSTRAPPING = 'knowledge bootstrapping';
const RESILIENCE = 'threshold resilience';

const ROBUSTNESS: readonly Variant[] = [
  changed('rational, no exploration', {}, INDEPENDENCE),
  {
    name: 'reference, no exploration',
    question: INDEPENDENCE,
    settings: { decider: 'reference', changes: NO_CHANCE },
  },
  {
    name: 'paper, no exploration',
    question: INDEPENDENCE,
    settings: { decider: 'paper', changes: NO_CHANCE },
  },
  ...[10, 20, 60, 100].map((contractors): Variant => ({
    name: `${contractors} contractors`,
    question: ADAPTABILITY,
    settings: { changes: NO_CHANCE, contractors },
  })),
  inWorld('fixed prices', { hasDynamicPrices: false }, ADAPTABILITY),
  inWorld('a price war', { conduct: 'price-war' }, ADAPTABILITY),
  inWorld('hoarded capacity', { conduct: 'capacity-hoarding' }, ADAPTABILITY),
  {
    name: 'no certificates, nothing explored',
    question: BOOTSTRAPPING,
    settings: { changes: NO_CHANCE, hasCertificates: false },
  },
  {
    name: 'no certificates, UCB1',
    question: BOOTSTRAPPING,
    settings: {
      changes: { strategy: 'ucb1', hasSecurityBudget: false },
      hasCertificates: false,
    },
  },
  ...[0.6, 0.8].map((x) => changed(`theta ${x}`, { skillThreshold: x }, RESILIENCE)),
  ...[0.5, 0.7].map((x) => changed(`tau ${x}`, { scoreThreshold: x }, RESILIENCE)),
  ...[0.7, 0.9].map((x) => changed(`rho ${x}`, { confidenceThreshold: x }, RESILIENCE)),
];

export const robustness: Experiment = {
  name: 'robustness',
  summary: 'the four criteria of the paper (VI-G)',
  hasOwnSizes: true,
  run: async (options, runCells) => {
    const rows = await compare(options, runCells, ROBUSTNESS, true);
    const first = rows[0];
    const independent = first ? first['netSavingWithoutOpportunityPercent'] : null;
    return {
      rows,
      notes: [
        'Exploration independence asks for more than 15 % without random exploration: ' +
          `${independent} %.`,
      ],
      charts: [chartOf('robustness', 'Net saving of policy rational unless said', rows)],
    };
  },
};

export const marketPower: Experiment = {
  name: 'market-power',
  summary: 'price war, capacity hoarding, predatory pricing: saving and concentration',
  hasOwnSizes: false,
  run: async (options, runCells) => {
    const variants = [
      inWorld('none', {}),
      ...CONDUCTS.map((conduct) => inWorld(conduct, { conduct })),
    ];
    const rows = await compare(options, runCells, variants, true);
    return {
      rows,
      notes: [
        'Price war: the type that serves most tasks cuts prices by 10 % a day, to half. ' +
          'Hoarding: 30 % of all contractors say that they are full. Predatory pricing: one ' +
          'contractor of each type asks 40 % of its price in the first half and 160 % in the ' +
          'second.',
        'Herfindahl index of what contractors were paid: 1 is a monopoly.',
      ],
      charts: [chartOf('market-power', 'Net saving under market power', rows)],
    };
  },
};
