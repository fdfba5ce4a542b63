/**
 * Parses the command line, runs one command, and turns every failure into one clear line and an
 * exit code.
 *
 * @module
 */

import { Command, CommanderError } from 'commander';
import { UserFacingError, printable, printableJson } from '../errors.ts';
import { CliContext } from './context.ts';
import type { GlobalOptions, RunAction } from './context.ts';
import { registerAttest } from './commands/attest.ts';
import { registerBackup, registerRestore } from './commands/backup.ts';
import { registerCert } from './commands/cert.ts';
import { registerCompletion } from './commands/completion.ts';
import { registerDashboard } from './commands/dashboard.ts';
import { registerDecide } from './commands/decide.ts';
import { registerDecisions } from './commands/decisions.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerInit } from './commands/init.ts';
import { registerKey } from './commands/key.ts';
import { registerLedger } from './commands/ledger.ts';
import { registerMcp } from './commands/mcp.ts';
import { registerPeers } from './commands/peers.ts';
import { registerQuery } from './commands/query.ts';
import { registerReputation } from './commands/reputation.ts';
import { registerRun } from './commands/run.ts';
import { registerSkills } from './commands/skills.ts';
import { registerStart } from './commands/start.ts';
import { registerStatus } from './commands/status.ts';
import { registerStop } from './commands/stop.ts';
import { registerTasks } from './commands/tasks.ts';
import { registerTestnet } from './commands/testnet.ts';
import { VERSION } from '../version.ts';

/** An id in base64url that begins with "-", as one in 64 does. */
const DASHED_ID = /^-[\w-]{42}$/;

/** Such ids behind a "--", so that none of them is taken for an option. */
function withIdsLast(argv: readonly string[]): readonly string[] {
  const ids = argv.filter((argument) => DASHED_ID.test(argument));
  if (ids.length === 0 || argv.includes('--')) return argv;
  return [...argv.filter((argument) => !DASHED_ID.test(argument)), '--', ...ids];
}

/** Every command, in the order of the help. @param run - Wraps their actions. */
export function createProgram(run: RunAction): Command {
  const program = new Command('coalesce')
    .description('Peer-to-peer node for LLM agents: find skills, compare costs, hand work over.')
    .version(VERSION)
    .option('--data <directory>', 'data directory (default: $COALESCE_DATA or ~/.coalesce)')
    .option(
      '--passphrase-file <file>',
      'file whose first line opens the identity (default: $COALESCE_PASSPHRASE_FILE, or asked for)',
    )
    .option('--json', 'print one JSON document on stdout and nothing else')
    .showSuggestionAfterError()
    .exitOverride();
  for (const register of [
    registerInit,
    registerStart,
    registerStop,
    registerStatus,
    registerDoctor,
    registerKey,
    registerBackup,
    registerRestore,
    registerPeers,
    registerSkills,
    registerQuery,
    registerDecide,
    registerRun,
    registerTasks,
    registerDecisions,
    registerCert,
    registerAttest,
    registerReputation,
    registerLedger,
    registerMcp,
    registerDashboard,
    registerCompletion,
    registerTestnet,
  ]) {
    register(program, run);
  }
  return program;
}

/** Runs one command line. @returns the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = () => {
    interrupt.abort(new InterruptedError());
  };
  process.on('SIGINT', onInterrupt);
  let exitCode = 0;
  let context: CliContext | undefined;
  const run: RunAction =
    (action) =>
    async (...args) => {
      context = new CliContext(program.opts<GlobalOptions>(), interrupt.signal);
      exitCode = (await action(context, ...args)) ?? 0;
    };
  const program = createProgram(run);
  try {
    await program.parseAsync(withIdsLast(argv), { from: 'user' });
    return exitCode;
  } catch (error) {
    const failure = failureOf(error, interrupt.signal.aborted);
    // A daemon that fails after its start has printed its one document by then.
    if (argv.includes('--json') && context?.hasPrinted !== true) printFailure(failure);
    return failure.exitCode;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** Ctrl-C. */
class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
  constructor() {
    super('Interrupted');
  }
}

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly problems: readonly string[];
  readonly exitCode: number;
}

/** Says on stderr what went wrong. */
function failureOf(error: unknown, isInterrupted: boolean): Failure {
  if (error instanceof CommanderError) {
    // Commander has printed its line, or the help that was asked for.
    const message = error.code === 'commander.help' ? 'expected a command' : error.message;
    const exitCode = error.exitCode === 0 ? 0 : 2;
    return { code: 'BAD_INPUT', message, problems: [], exitCode };
  }
  const failure = describeFailure(error, isInterrupted);
  const { message, problems } = failure;
  for (const line of [`coalesce: ${message}`, ...problems.map((problem) => `  ${problem}`)]) {
    process.stderr.write(`${printable(line)}\n`);
  }
  return failure;
}

function describeFailure(error: unknown, isInterrupted: boolean): Failure {
  if (error instanceof UserFacingError) {
    const { code, message, problems, exitCode } = error;
    return { code, message, problems, exitCode };
  }
  const isAbort = error instanceof Error && error.name === 'AbortError';
  if (error instanceof InterruptedError || (isInterrupted && isAbort)) {
    return { code: 'INTERRUPTED', message: 'Interrupted', problems: [], exitCode: 130 };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'INTERNAL', message, problems: [], exitCode: 1 };
}

function printFailure(failure: Failure): void {
  if (failure.exitCode === 0) return; // the help or the version was the answer
  process.stdout.write(`${printableJson(JSON.stringify({ error: failure }))}\n`);
}
