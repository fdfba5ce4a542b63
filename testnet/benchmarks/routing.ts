/**
 * `routing`: the simulated network of 10^5 nodes under churn, and what uniformly placed adversaries
 * do to lookups with and without the defences. Processor time, because nothing else is waited for.
 *
 * @module
 */

import { systemProcessor } from '../../node/system-clock.ts';
import type { LookupRule } from '../simulation/lookup.ts';
import { simulateRouting } from '../simulation/routing-simulation.ts';
import type { RoutingResult } from '../simulation/routing-simulation.ts';
import { measureReferenceUs, rowOf } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';

const SEED = 20_261_121;
const LOOKUPS = 1_000;
const CHURN = { nodes: 100_000, percentPerHour: 20, minSuccessPercent: 99, maxSeconds: 60 };
const ADVERSARIES = { nodes: 10_000, percent: 20, minSuccessPercent: 95 };

const GREEDY: Partial<LookupRule> = { listSize: 1, alpha: 1 };

interface AttackCase {
  readonly name: string;
  readonly rule: Partial<LookupRule>;
  /** The defence is off: shown, with no bar. */
  readonly isUndefended: boolean;
}

const ATTACKS: readonly AttackCase[] = [
  { name: '10 paths of 20', rule: { paths: 10 }, isUndefended: false },
  { name: '1 path of 20', rule: { paths: 1 }, isUndefended: true },
  { name: '10 greedy walks', rule: { ...GREEDY, paths: 10 }, isUndefended: false },
  { name: '1 greedy walk', rule: { ...GREEDY, paths: 1 }, isUndefended: true },
  { name: 'false providers, all answers read', rule: { behaviour: 'flood' }, isUndefended: false },
  {
    name: 'false providers, ends with twenty',
    rule: { behaviour: 'flood', stopsAtTwentyProviders: true },
    isUndefended: true,
  },
];

function benchChurn(): BenchRow[] {
  const { nodes, percentPerHour, minSuccessPercent, maxSeconds } = CHURN;
  const before = measureReferenceUs();
  const start = systemProcessor.seconds();
  const result = simulateRouting({
    nodes,
    churnPercentPerHour: percentPerHour,
    adversariesPercent: 0,
    table: 'kademlia',
    lookups: LOOKUPS,
    seed: SEED,
  });
  const seconds = systemProcessor.seconds() - start;
  const referenceUs = (before + measureReferenceUs()) / 2;
  const name = `simulated ${nodes} nodes, ${percentPerHour} % churn per hour`;
  const median = (what: string, unit: string, value: number): BenchRow => {
    return { bench: 'routing', case: `${name}: ${what}`, value, unit };
  };
  return [
    successRow(`${name}: records found`, result, minSuccessPercent),
    rowOf(
      { bench: 'routing', case: `${name}: compute`, value: seconds, unit: 's', bar: maxSeconds },
      referenceUs,
    ),
    median('hops to the record', 'hops', result.hopsToRecord.median),
    median('hops to the end', 'hops', result.hopsToEnd.median),
    median('requests to the end', 'requests', result.requestsToEnd.median),
    median('time-outs per lookup', 'requests', result.timeOuts.median),
  ];
}

function benchAttack({ name, rule, isUndefended }: AttackCase): BenchRow {
  const { nodes, percent, minSuccessPercent } = ADVERSARIES;
  const result = simulateRouting({
    nodes,
    churnPercentPerHour: 0,
    adversariesPercent: percent,
    table: 'kademlia',
    lookups: LOOKUPS,
    seed: SEED,
    rule,
  });
  const title = `simulated ${nodes} nodes, ${percent} % adversaries: ${name}`;
  return successRow(title, result, isUndefended ? undefined : minSuccessPercent);
}

function successRow(name: string, result: RoutingResult, bar: number | undefined): BenchRow {
  const value = result.successPercent;
  const row = { bench: 'routing', case: name, value, unit: '%' };
  return bar === undefined ? row : { ...row, bar, met: value >= bar };
}

export const benchRouting: Bench = async (onProgress) => {
  onProgress('routing: 10^5 simulated nodes under churn');
  const churn = benchChurn();
  onProgress('routing: adversaries on lookup paths');
  return [...churn, ...ATTACKS.map(benchAttack)];
};
