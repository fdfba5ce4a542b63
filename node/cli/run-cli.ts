/**
 * Parses the command line, runs one command, and turns every failure into one clear line and an exit
 * code.
 *
 * @module
 */

import { Command, CommanderError } from 'commander';
import { UserFacingError, printable } from '../errors.ts';
import { CliContext } from './context.ts';
import type { GlobalOptions, RunAction } from './context.ts';
import { registerAttest } from './commands/attest.ts';
import { registerCert } from './commands/cert.ts';
import { registerDecide } from './commands/decide.ts';
import { registerDecisions } from './commands/decisions.ts';
import { registerInit } from './commands/init.ts';
import { registerPeers } from './commands/peers.ts';
import { registerQuery } from './commands/query.ts';
import { registerRun } from './commands/run.ts';
import { registerSkills } from './commands/skills.ts';
import { registerStart } from './commands/start.ts';
import { registerStatus } from './commands/status.ts';
import { registerStop } from './commands/stop.ts';
import { registerTestnet } from './commands/testnet.ts';
import { VERSION } from '../version.ts';

/** Runs one command line. @returns the exit code. */
export async function runCli(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = () => {
    interrupt.abort(new InterruptedError());
  };
  process.on('SIGINT', onInterrupt);
  let exitCode = 0;
  const program = new Command('coalesce')
    .description('Peer-to-peer node for LLM agents: find skills, compare costs, hand work over.')
    .version(VERSION)
    .option('--data <directory>', 'data directory (default: $COALESCE_DATA or ~/.coalesce)')
    .option('--json', 'print one JSON document on stdout and nothing else')
    .showSuggestionAfterError()
    .exitOverride();
  const run: RunAction =
    (action) =>
    async (...args) => {
      const context = new CliContext(program.opts<GlobalOptions>(), interrupt.signal);
      exitCode = (await action(context, ...args)) ?? 0;
    };
  for (const register of [
    registerInit,
    registerStart,
    registerStop,
    registerStatus,
    registerPeers,
    registerSkills,
    registerQuery,
    registerDecide,
    registerRun,
    registerDecisions,
    registerCert,
    registerAttest,
    registerTestnet,
  ]) {
    register(program, run);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, argv.includes('--json'));
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

function report(error: unknown, isJson: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it printed its line
  if (error instanceof UserFacingError) {
    const { code, message, problems, exitCode } = error;
    if (isJson) {
      process.stdout.write(`${JSON.stringify({ error: { code, message, problems, exitCode } })}\n`);
    }
    for (const line of [`coalesce: ${message}`, ...problems.map((problem) => `  ${problem}`)]) {
      process.stderr.write(`${printable(line)}\n`);
    }
    return exitCode;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`coalesce: ${printable(message)}\n`);
  return error instanceof InterruptedError ? 130 : 1;
}
