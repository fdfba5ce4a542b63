/**
 * `coalesce testnet`, `coalesce demo`, `coalesce simulate`: run the testnet's own executables, as
 * git does with its subcommands, because node/ must not import testnet/.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { builtProgram } from '../../built-program.ts';
import { RefusedError } from '../../errors.ts';
import type { RegisterCommand } from '../context.ts';

/** Not bundled: its threads load single modules. */
const EXPERIMENTS = fileURLToPath(new URL('../../../testnet/experiments/main.js', import.meta.url));
const testnet = (): string => builtProgram('coalesce-testnet');

/** Signals that end a command; its executable stops what it started. */
const PASSED_ON: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export const registerTestnet: RegisterCommand = (program, run) => {
  for (const [name, description, executable, ...first] of [
    ['testnet', 'a local network of real nodes: up, status, fault, heal, run, down', testnet],
    ['demo', 'the main job end to end on a local network', testnet, 'demo'],
    ['simulate', "the paper's experiments and ours, on a simulated market", () => EXPERIMENTS],
  ] as const) {
    program
      .command(`${name} [arguments...]`)
      .description(description)
      .allowUnknownOption()
      .helpOption(false)
      .action(
        run((context, args: string[]) =>
          runExecutable(executable(), [...first, ...args, ...(context.isJson ? ['--json'] : [])]),
        ),
      );
  }
};

function runExecutable(executable: string, args: readonly string[]): Promise<number> {
  if (!existsSync(executable)) {
    throw new RefusedError(`${executable}: is missing; build the project with "npm run build"`);
  }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [executable, ...args], { stdio: 'inherit' });
    // A terminal sends Ctrl-C to both; `timeout` and service managers send to this process alone.
    const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
    for (const signal of PASSED_ON) process.on(signal, passOn);
    const stopPassing = (): void => {
      for (const signal of PASSED_ON) process.off(signal, passOn);
    };
    child.once('error', (error) => {
      stopPassing();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      stopPassing();
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
