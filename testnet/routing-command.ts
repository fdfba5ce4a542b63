/**
 * `coalesce-testnet routing`: simulates lookups in networks of several sizes and prints hops,
 * requests, time-outs and success. What is modelled and what is not stands in
 * `simulation/routing-simulation.ts`.
 *
 * @module
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { wholeNumber } from '../node/cli/options.ts';
import { BadInputError } from '../node/errors.ts';
import { systemProcessor } from '../node/system-clock.ts';
import { KAD_DHT_RULE } from './simulation/lookup.ts';
import type { AdversaryBehaviour } from './simulation/lookup.ts';
import { routingChart, routingCsv, routingTable } from './simulation/routing-report.ts';
import { MAX_SIMULATED_NODES, MIN_SIMULATED_NODES } from './simulation/routing-simulation.ts';
import { routingSteps } from './simulation/routing-simulation.ts';
import type { RoutingResult, RoutingSettings } from './simulation/routing-simulation.ts';
import { TABLE_NAMES } from './simulation/table-shape.ts';
import type { TableName } from './simulation/table-shape.ts';

const DEFAULT_NODES = [1_000, 10_000, 100_000];
const DEFAULT_LOOKUPS = 1_000;
const MAX_LOOKUPS = 1_000_000;
const MAX_SIZES = 16;
const BEHAVIOURS: readonly AdversaryBehaviour[] = ['collude', 'silent', 'flood'];

interface RoutingOptions {
  readonly nodes: readonly number[];
  readonly churnPercentPerHour: number;
  readonly adversariesPercent: number;
  readonly behaviour: AdversaryBehaviour;
  readonly paths: number;
  readonly listSize: number;
  readonly stopAtTwenty?: true;
  readonly table: TableName;
  readonly grown?: true;
  readonly seed: number;
  readonly lookups: number;
  readonly out?: string;
  readonly json?: true;
}

/** What `--json` prints and `--out` writes. */
export interface RoutingDocument {
  readonly results: readonly RoutingResult[];
}

/** Adds the command. */
export function addRoutingCommand(program: Command, signal: AbortSignal): void {
  const { paths, listSize } = KAD_DHT_RULE;
  program
    .command('routing')
    .description('simulate lookups in networks of many nodes: hops, requests, success')
    .option('--nodes <n,n>', 'sizes of the networks', sizes, DEFAULT_NODES)
    .option('--churn-percent-per-hour <n>', 'nodes that leave', wholeNumber(0, 1_000), 0)
    .option('--adversaries-percent <n>', 'adversaries, placed uniformly', wholeNumber(0, 90), 0)
    .addOption(
      new Option('--behaviour <name>', 'what adversaries answer')
        .choices(BEHAVIOURS)
        .default('collude'),
    )
    .option('--paths <n>', 'disjoint paths of a lookup', wholeNumber(1, 20), paths)
    .option('--list-size <n>', 'answers per path; 1: a greedy walk', wholeNumber(1, 20), listSize)
    .option('--stop-at-twenty', "end with twenty named providers, as the library's own lookup does")
    .addOption(
      new Option('--table <name>', "buckets of the paper, or of @libp2p/kad-dht's default")
        .choices(TABLE_NAMES)
        .default('kademlia'),
    )
    .option('--grown', 'fill tables by real joins in place of drawing them; slow beyond 1,000')
    .option('--seed <n>', 'the same seed, the same figures', wholeNumber(0, 2 ** 32 - 1), 1)
    .option('--lookups <n>', 'lookups per network', wholeNumber(1, MAX_LOOKUPS), DEFAULT_LOOKUPS)
    .option('--out <directory>', 'also write routing.csv, routing.json and routing.svg there')
    .option('--json', 'print one JSON document on stdout and nothing else')
    .action(async (options: RoutingOptions) => runRouting(options, signal));
}

async function runRouting(options: RoutingOptions, signal: AbortSignal): Promise<void> {
  const results: RoutingResult[] = [];
  for (const nodes of options.nodes) {
    const start = systemProcessor.seconds();
    results.push(await simulate(settingsOf(options, nodes), signal));
    if (options.json) continue;
    const seconds = (systemProcessor.seconds() - start).toFixed(1);
    process.stderr.write(`${nodes} nodes simulated in ${seconds} s of processor time\n`);
  }
  const document: RoutingDocument = { results };
  if (options.out !== undefined) await writeReport(options.out, document);
  const text = options.json ? JSON.stringify(document, undefined, 2) : routingTable(results);
  process.stdout.write(`${text}\n`);
}

async function simulate(settings: RoutingSettings, signal: AbortSignal): Promise<RoutingResult> {
  const steps = startSteps(settings);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
    // Lets Ctrl-C in.
    await setImmediate();
    signal.throwIfAborted();
  }
}

function startSteps(settings: RoutingSettings) {
  try {
    return routingSteps(settings);
  } catch (error) {
    if (error instanceof RangeError) throw new BadInputError(error.message, { cause: error });
    throw error;
  }
}

function settingsOf(options: RoutingOptions, nodes: number): RoutingSettings {
  return {
    nodes,
    churnPercentPerHour: options.churnPercentPerHour,
    adversariesPercent: options.adversariesPercent,
    table: options.table,
    lookups: options.lookups,
    seed: options.seed,
    hasGrownTables: options.grown ?? false,
    rule: {
      paths: options.paths,
      listSize: options.listSize,
      // A path never has more under way than it wants answers.
      alpha: Math.min(KAD_DHT_RULE.alpha, options.listSize),
      behaviour: options.behaviour,
      stopsAtTwentyProviders: options.stopAtTwenty ?? false,
    },
  };
}

async function writeReport(directory: string, document: RoutingDocument): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'routing.csv'), routingCsv(document.results));
  const json = `${JSON.stringify(document, undefined, 2)}\n`;
  await writeFile(join(directory, 'routing.json'), json);
  await writeFile(join(directory, 'routing.svg'), routingChart(document.results));
}

/** Parser of `1000,10000`. */
function sizes(text: string): number[] {
  const parts = text.split(',');
  if (parts.length > MAX_SIZES) throw new InvalidArgumentError(`expected ${MAX_SIZES} at most.`);
  return parts.map(wholeNumber(MIN_SIMULATED_NODES, MAX_SIMULATED_NODES));
}
