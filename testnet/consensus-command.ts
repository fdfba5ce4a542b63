/**
 * `coalesce-testnet consensus`: runs the committee under simulated faults, seed after seed, and
 * prints what was found. What is simulated stands in `simulation/consensus/`.
 *
 * @module
 */

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { wholeNumber } from '../node/cli/options.ts';
import { table } from '../node/cli/table.ts';
import { systemClock } from '../node/system-clock.ts';
import { catchMutantsInThreads, sweepInThreads } from './simulation/consensus/consensus-sweep.ts';
import type { MutantOutcome, SweepTotals } from './simulation/consensus/consensus-sweep.ts';

const DEFAULT_SEEDS = 1_000;
const MAX_SEEDS = 10_000_000;
/** Seeds that a mutant has to be noticed in. */
const MAX_MUTANT_SEEDS = 10_000;
const MAX_JOBS = 64;
/** Share of seeds that must be live after healing. */
const MIN_LIVE_PERCENT = 99.9;

interface ConsensusOptions {
  readonly seeds: number;
  readonly seed: number;
  readonly jobs: number;
  readonly mutants?: true;
  readonly overrun?: true;
  readonly realSignatures?: true;
  readonly json?: true;
}

/** What `--json` prints. */
export interface ConsensusDocument extends SweepTotals {
  readonly livePercent: number;
  readonly wallMs: number;
  /** Broken rules that were tried, how many were noticed, and how long it took. */
  readonly mutants: number;
  readonly mutantsCaught: number;
  readonly mutantsWallMs: number;
  readonly outcomes: readonly MutantOutcome[];
}

/** Adds the command. @param onExitCode - Told 1 if the simulation found what must not be. */
export function addConsensusCommand(
  program: Command,
  signal: AbortSignal,
  onExitCode: (exitCode: number) => void,
): void {
  const jobs = Math.min(MAX_JOBS, availableParallelism());
  program
    .command('consensus')
    .description('simulate the committee under faults: violations, liveness after healing')
    .option('--seeds <n>', 'how many runs', wholeNumber(1, MAX_SEEDS), DEFAULT_SEEDS)
    .option('--seed <n>', 'the first seed; the same seed, the same run', wholeNumber(0, 2 ** 40), 1)
    .option('--jobs <n>', 'threads', wholeNumber(1, MAX_JOBS), jobs)
    .option('--mutants', 'also break one rule after the other, each of which must be noticed')
    .option('--overrun', 'one Byzantine replica too many: violations must be found')
    .option('--real-signatures', 'Ed25519 in the place of cheap signatures; slow')
    .option('--json', 'print one JSON document on stdout and nothing else')
    .action(async (options: ConsensusOptions) => onExitCode(await runConsensus(options, signal)));
}

/** @returns the exit code. */
async function runConsensus(options: ConsensusOptions, signal: AbortSignal): Promise<number> {
  const { seeds, seed, jobs } = options;
  const tell = options.json ? () => undefined : progress;
  const settings = {
    firstSeed: seed,
    seeds,
    isOverrun: options.overrun ?? false,
    hasRealSignatures: options.realSignatures ?? false,
  };
  const startMs = systemClock.monotonicMs();
  let told = 0;
  const totals = await sweepInThreads(settings, Math.min(jobs, seeds), signal, (part) => {
    if (part.seeds < told + 1_000) return;
    told = part.seeds;
    tell(`${part.seeds} of ${seeds} seeds, ${part.violations} with violations`);
  });
  const wallMs = systemClock.monotonicMs() - startMs;
  const outcomes = options.mutants
    ? await catchMutantsInThreads(seed, MAX_MUTANT_SEEDS, jobs, signal, (outcome) =>
        tell(`${outcome.caughtBySeed === undefined ? 'MISSED' : 'noticed'}: ${outcome.name}`),
      )
    : [];
  const document: ConsensusDocument = {
    ...totals,
    livePercent: (100 * totals.live) / totals.seeds,
    wallMs: Math.round(wallMs),
    mutants: outcomes.length,
    mutantsCaught: outcomes.filter(({ caughtBySeed }) => caughtBySeed !== undefined).length,
    mutantsWallMs: Math.round(systemClock.monotonicMs() - startMs - wallMs),
    outcomes,
  };
  process.stdout.write(
    `${options.json ? JSON.stringify(document, undefined, 2) : describe(document, options)}\n`,
  );
  const problem = problemOf(document, options);
  if (problem === undefined) return 0;
  process.stderr.write(`coalesce-testnet: ${problem}\n`);
  return 1;
}

function problemOf(document: ConsensusDocument, options: ConsensusOptions): string | undefined {
  if (options.overrun) {
    return document.violations > 0
      ? undefined
      : 'More Byzantine replicas than can be borne, and no violation was found';
  }
  if (document.violations > 0) return `${document.violations} seeds with violations`;
  if (document.livePercent < MIN_LIVE_PERCENT) {
    return `${document.seeds - document.live} seeds not live after healing`;
  }
  if (document.mutantsCaught < document.mutants) {
    return `${document.mutants - document.mutantsCaught} broken rules were not noticed`;
  }
  return undefined;
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function describe(document: ConsensusDocument, { seed }: ConsensusOptions): string {
  const { seeds } = document;
  const mean = (sum: number): string => (sum / seeds).toFixed(1);
  const lines = [
    `seeds ${seed} to ${seed + seeds - 1}: ${document.violations} with violations, ` +
      `${document.livePercent.toFixed(2)} % live, ${(document.wallMs / 1_000).toFixed(1)} s`,
    `per seed: ${mean(document.events)} events, ${mean(document.blocks)} blocks, ` +
      `${mean(document.viewChanges)} view changes, ${mean(document.crashes)} crashes, ` +
      `${mean(document.stateTransfers)} state transfers`,
    `longest time from healing until everything was executed: ` +
      `${(document.longestHealingMs / 1_000).toFixed(1)} s of virtual time`,
  ];
  for (const failure of document.failures) {
    lines.push(
      `seed ${failure.seed}: ${failure.violations.join('; ') || 'not live'}`,
      ...failure.standing.map((text, i) => `  replica ${i}: ${text}`),
      `  replay: coalesce testnet consensus --seeds 1 --seed ${failure.seed}`,
    );
  }
  if (document.outcomes.length > 0) lines.push(mutantTable(document));
  return lines.join('\n');
}

function mutantTable({
  outcomes,
  mutants,
  mutantsCaught,
  mutantsWallMs,
}: ConsensusDocument): string {
  const rows = outcomes.map(({ name, breaks, caughtBySeed, what }) => [
    name,
    breaks,
    caughtBySeed === undefined ? 'MISSED' : String(caughtBySeed),
    (what ?? '').slice(0, 60),
  ]);
  const seconds = (mutantsWallMs / 1_000).toFixed(1);
  return [
    table(['broken rule', 'breaks', 'seed', 'noticed as'], rows),
    `${mutantsCaught} of ${mutants} broken rules noticed, ${seconds} s`,
  ].join('\n');
}
