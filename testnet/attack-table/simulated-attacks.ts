/**
 * Attacks whose outcome takes thousands of tasks or nodes: simulations that run the shipped rules
 * of decision, reputation and lookup without a network (security.md 6).
 *
 * @module
 */

import { adversaries } from '../experiments/adversaries-experiment.ts';
import type { ExperimentOptions, ReportRow } from '../experiments/experiment.ts';
import { newKnownRuns, runExperiment } from '../experiments/experiment-run.ts';
import type { LookupRule } from '../simulation/lookup.ts';
import { measureRatingAttack } from '../simulation/reputation-attacks.ts';
import type { RatingAttack, RatingAttackResult } from '../simulation/reputation-attacks.ts';
import { routingSteps } from '../simulation/routing-simulation.ts';
import { attackRow } from './attack-row.ts';
import type { AttackRow } from './attack-row.ts';

/** How the simulations are run. */
export interface SimulationOptions {
  /** Runs of each attack, with defences and without. */
  readonly seeds: number;
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (text: string) => void;
}

/** Of the market: what keeps each attacker out. */
const MARKET_DEFENCES: Readonly<Record<string, string>> = {
  fabrication: 'audits (0.8 of the unknown, 0.25 of the known), reliability, certificates',
  'on-off': 'the same; decay of old evidence',
  whitewashing: 'a new name is unknown: certificate first',
  collusion: 'testimony counts by the credibility of who gives it, seven outcomes at most',
  'bait-and-switch': 'audits, reliability',
  'exploration-abuse': 'a loss budget for explorations',
};

const MARKET_OPTIONS: Omit<ExperimentOptions, 'seeds'> = {
  preset: undefined,
  policy: undefined,
  explore: undefined,
  seed: 1,
  history: 'shared',
  failures: undefined,
  hasCertificates: true,
  hasSecurityBudget: true,
  days: undefined,
  clients: undefined,
  contractors: undefined,
};

/** The experiment `adversaries`, whose floor is the same market with everybody honest. */
async function marketRows(options: SimulationOptions): Promise<AttackRow[]> {
  const { seeds, workers, signal, onProgress } = options;
  const { report } = await runExperiment(
    adversaries,
    { ...MARKET_OPTIONS, seeds },
    {
      workers,
      signal,
      known: newKnownRuns(),
      onProgress: (done, all) => {
        if (done % 50 === 0) onProgress(`market simulator: ${done} of ${all} runs`);
      },
    },
  );
  signal.throwIfAborted();
  return report.rows.map(marketRow);
}

function marketRow(row: ReportRow): AttackRow {
  const number = (key: string): number => Number(row[key]);
  const attack = String(row['attack']);
  const bar = {
    is: 'at most',
    median: number('barMedianPercent'),
    worst: number('barWorstPercent'),
  } as const;
  const off = number('defencesOffMedianPercent');
  return {
    ...{ attack, defence: MARKET_DEFENCES[attack] ?? '', by: 'market simulator' },
    runs: number('runs'),
    measure: `tasks lost, % (${String(row['floorPercent'])} with nobody malicious)`,
    median: number('lostMedianPercent'),
    worst: number('lostWorstPercent'),
    ...{ off, bar },
    isMet: row['isMet'] === true && off > bar.median,
  };
}

function seedsFrom1(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

/** 30 % of the raters lie. The bars of reputation are means. */
function ratingRows({ seeds }: SimulationOptions): AttackRow[] {
  const figures = (attack: RatingAttack, pick: (result: RatingAttackResult) => number) =>
    [true, false].map((hasDefences) =>
      seedsFrom1(seeds).map((seed) => pick(measureRatingAttack(attack, { hasDefences }, [seed]))),
    ) as [number[], number[]];
  const [moved, movedOff] = figures('bad-mouthing', ({ meanMove }) => meanMove);
  const [ring, ringOff] = figures('ring', ({ meanRingScore }) => meanRingScore);
  const by = 'ratings simulation';
  return [
    attackRow({
      attack: 'bad-mouthing',
      defence: 'receipts that both sides signed; credibility of raters; a cap for each pair',
      by,
      measure: 'score of honest contractors moved, mean, 30 % liars',
      on: moved,
      off: movedOff,
      bar: { is: 'at most', median: 0.05, worst: null },
    }),
    attackRow({
      attack: 'collusion-ring',
      defence: 'the same; trust flows from the seeds of the genesis',
      by,
      measure: 'score shown by a ring of quality 0.20, mean',
      on: ring,
      off: ringOff,
      bar: { is: 'at most', median: 0.33, worst: null },
    }),
  ];
}

const ECLIPSE = { nodes: 10_000, adversariesPercent: 20, lookups: 500 } as const;
/** Runs of the routing simulation: one takes seconds, and each has 500 lookups. */
const MAX_ECLIPSE_RUNS = 5;

async function eclipseRow({ seeds, signal, onProgress }: SimulationOptions): Promise<AttackRow> {
  const found = async (rule: Partial<LookupRule>): Promise<number[]> => {
    const percents: number[] = [];
    for (const seed of seedsFrom1(Math.min(seeds, MAX_ECLIPSE_RUNS))) {
      onProgress(`routing simulation: run ${seed}, ${rule.paths} paths`);
      percents.push(await successPercent(rule, seed, signal));
    }
    return percents;
  };
  return attackRow({
    attack: 'eclipse',
    defence: 'ten disjoint paths of twenty names',
    by: 'routing simulation',
    measure: 'records found, %, 20 % adversaries placed uniformly',
    on: await found({ paths: 10 }),
    off: await found({ paths: 1, listSize: 1, alpha: 1 }),
    bar: { is: 'at least', median: 95, worst: 95 },
  });
}

async function successPercent(
  rule: Partial<LookupRule>,
  seed: number,
  signal: AbortSignal,
): Promise<number> {
  const { nodes, adversariesPercent, lookups } = ECLIPSE;
  const settings = { nodes, adversariesPercent, lookups, churnPercentPerHour: 0, seed, rule };
  const steps = routingSteps({ ...settings, table: 'kademlia' });
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value.successPercent;
    await new Promise(setImmediate);
    signal.throwIfAborted();
  }
}

/** Every attack that is simulated. */
export async function simulatedAttacks(options: SimulationOptions): Promise<AttackRow[]> {
  return [...(await marketRows(options)), ...ratingRows(options), await eclipseRow(options)];
}
