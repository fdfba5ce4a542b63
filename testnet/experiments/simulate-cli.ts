/**
 * Command line of the experiments: `coalesce simulate <experiment>`, with the exit codes of the
 * `coalesce` command. An interrupt keeps what was done, marks it partial, and ends with 130.
 *
 * @module
 */

import { availableParallelism } from 'node:os';
import { Argument, Command, CommanderError, Option } from 'commander';
import { exploreOption, wholeNumber } from '../../node/cli/options.ts';
import { table } from '../../node/cli/table.ts';
import { POLICY_NAMES } from '../../node/decision/policy.ts';
import { BadInputError, printable, UserFacingError } from '../../node/errors.ts';
import { systemClock } from '../../node/system-clock.ts';
import { VERSION } from '../../node/version.ts';
import { PRESET_NAMES } from '../market-simulator/settings.ts';
import type { ExperimentOptions, ReportRow } from './experiment.ts';
import { runExperiment } from './experiment-run.ts';
import { EXPERIMENTS } from './experiments.ts';
import { MARKET_LIMITS, requirePossibleMarket } from './market-limits.ts';
import type { ReportDocument } from './report.ts';
import { RunStore } from './run-store.ts';

const MAX_SEEDS = 100_000;
const MAX_SEED = 2 ** 32 - 1 - MAX_SEEDS;
const MAX_WORKERS = 64;
const OUTPUT_DIRECTORY = '.coalesce-simulate';
const PROGRESS_MS = 500;
/** Columns that a terminal shows; the files hold all of them. */
const MAX_SHOWN_COLUMNS = 14;

interface CliOptions extends Omit<ExperimentOptions, 'hasCertificates' | 'hasSecurityBudget'> {
  readonly certificates: boolean;
  readonly securityBudget: boolean;
  readonly out?: string;
  readonly resume?: true;
  readonly json?: true;
  readonly workers: number;
}

/** Runs one command line. @returns the exit code. */
export async function runSimulateCli(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Error('Interrupted'));
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onInterrupt);
  process.stdout.on('error', onInterrupt);
  let exitCode = 0;
  const program = newProgram(async (name, options) => {
    exitCode = await simulate(name, options, interrupt.signal);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return failed(error, argv.includes('--json'));
  } finally {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onInterrupt);
  }
}

function newProgram(action: (name: string, options: CliOptions) => Promise<void>): Command {
  const { clients, contractors, days } = MARKET_LIMITS;
  const list = EXPERIMENTS.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join('\n');
  return new Command('coalesce simulate')
    .description("The paper's experiments and ours: a simulated market around the shipped engine.")
    .version(VERSION)
    .addArgument(
      new Argument('<experiment>', 'what to run').choices(EXPERIMENTS.map(({ name }) => name)),
    )
    .addHelpText('after', `\nExperiments:\n${list}`)
    .addOption(new Option('--preset <name>', 'market (default: paper)').choices(PRESET_NAMES))
    .addOption(new Option('--policy <name>', 'one policy only').choices(POLICY_NAMES))
    .addOption(exploreOption())
    .option('--no-security-budget', 'no limit of what exploring may lose and of whose data it uses')
    .option('--no-certificates', 'contractors start without certificates')
    .addOption(
      new Option('--history <whose>', 'who learns from an outcome: all clients, or its own')
        .choices(['shared', 'own'])
        .default('shared'),
    )
    .addOption(
      new Option('--failures <rule>', 'what risk does: see README').choices([
        'premium',
        'taught',
        'drawn',
      ]),
    )
    .option('--days <n>', 'length of a run', wholeNumber(1, days))
    .option('--clients <n>', 'clients', wholeNumber(1, clients))
    .option('--contractors <n>', 'contractors', wholeNumber(1, contractors))
    .option('--seeds <n>', 'runs per cell', wholeNumber(1, MAX_SEEDS))
    .option('--seed <n>', 'first seed', wholeNumber(0, MAX_SEED), 1)
    .option('--out <directory>', `where files go (default: ${OUTPUT_DIRECTORY}/<experiment>)`)
    .option('--resume', 'go on with an interrupted experiment of that directory')
    .option(
      '--workers <n>',
      'worker threads; 0: none',
      wholeNumber(0, MAX_WORKERS),
      availableParallelism(),
    )
    .option('--json', 'print one JSON document on stdout and nothing else')
    .showSuggestionAfterError()
    .exitOverride()
    .action(action);
}

async function simulate(name: string, cli: CliOptions, signal: AbortSignal): Promise<number> {
  const startMs = systemClock.monotonicMs();
  const experiment = EXPERIMENTS.find((one) => one.name === name)!;
  const { certificates, securityBudget, out, resume, json, workers, ...rest } = cli;
  const options: ExperimentOptions = {
    ...rest,
    hasCertificates: certificates,
    hasSecurityBudget: securityBudget,
  };
  requirePossibleMarket(experiment, options);
  const directory = out ?? `${OUTPUT_DIRECTORY}/${name}`;
  const store = await openStore(directory, resume ?? false);
  const { report, isPartial } = await runExperiment(experiment, options, {
    workers,
    signal,
    known: store,
    onProgress: progressTo(name),
  });
  const { writeReport } = await import('./report.ts');
  const { charts: _, ...shown } = report;
  const document: ReportDocument = {
    experiment: name,
    ...shown,
    isPartial,
    seed: options.seed,
    wallMs: Math.round(systemClock.monotonicMs() - startMs),
    command: commandOf(name, cli),
    report: null,
  };
  const page = await writeReport(directory, experiment, document, report);
  if (isPartial) await store.flush();
  else await store.remove();
  const wallMs = Math.round(systemClock.monotonicMs() - startMs);
  print({ ...document, wallMs, report: page }, json ?? false);
  return isPartial ? 130 : 0;
}

async function openStore(directory: string, isResumed: boolean): Promise<RunStore> {
  try {
    return await RunStore.open(directory, isResumed);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BadInputError(`--out ${directory}: cannot be written to (${reason}); name another`, {
      cause: error,
    });
  }
}

function progressTo(name: string): (done: number, all: number) => void {
  let lastMs = systemClock.monotonicMs();
  return (done, all) => {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - lastMs < PROGRESS_MS) return;
    lastMs = nowMs;
    process.stderr.write(`${name}: ${done} of ${all} runs\n`);
  };
}

/** What was asked for, as a command that asks for it again. */
function commandOf(name: string, cli: CliOptions): string {
  const flags = [
    ['--preset', cli.preset],
    ['--policy', cli.policy],
    ['--explore', cli.explore],
    ['--history', cli.history === 'own' ? 'own' : undefined],
    ['--failures', cli.failures],
    ['--days', cli.days],
    ['--clients', cli.clients],
    ['--contractors', cli.contractors],
    ['--seeds', cli.seeds],
    ['--seed', cli.seed === 1 ? undefined : cli.seed],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [`${flag} ${value}`]));
  if (!cli.certificates) flags.push('--no-certificates');
  if (!cli.securityBudget) flags.push('--no-security-budget');
  return ['coalesce simulate', name, ...flags].join(' ');
}

function print(document: ReportDocument, isJson: boolean): void {
  if (isJson) {
    process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
    return;
  }
  const tables = [{ title: '', rows: document.rows }, ...(document.tables ?? [])];
  const text = tables.map(({ title, rows }) => `${title}${title && '\n'}${terminalTable(rows)}`);
  const state = document.isPartial ? ['Partial: interrupted. Go on with --resume.'] : [];
  const memoryMb = Math.round(process.memoryUsage.rss() / 1e6);
  const end = `${(document.wallMs / 1000).toFixed(1)} s, ${memoryMb} MB; ${document.report}`;
  process.stdout.write(`${[...text, ...document.notes, ...state, end].join('\n')}\n`);
}

function terminalTable(rows: readonly ReportRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, MAX_SHOWN_COLUMNS);
  const cells = rows.map((row) => names.map((name) => String(row[name] ?? '')));
  return table(names, cells);
}

function failed(error: unknown, isJson: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  const { code, exitCode } =
    error instanceof UserFacingError ? error : { code: 'FAILED', exitCode: 1 };
  if (isJson) process.stdout.write(`${JSON.stringify({ error: { code, message, exitCode } })}\n`);
  process.stderr.write(`${printable(`coalesce simulate: ${message}`)}\n`);
  return exitCode;
}
