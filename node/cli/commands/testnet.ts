/**
 * `coalesce testnet`, `coalesce demo`: run the testnet's own executable, as git does with its
 * subcommands, because node/ must not import testnet/.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { RefusedError } from '../../errors.ts';
import type { RegisterCommand } from '../context.ts';

export const registerTestnet: RegisterCommand = (program, run) => {
  for (const [name, description] of [
    ['testnet', 'a local network of real nodes: up, status, down'],
    ['demo', 'the main job end to end on a local network'],
  ] as const) {
    program
      .command(`${name} [arguments...]`)
      .description(description)
      .allowUnknownOption()
      .helpOption(false)
      .action(
        run((context, args: string[]) =>
          runTestnet([
            ...(name === 'demo' ? ['demo'] : []),
            ...args,
            ...(context.isJson ? ['--json'] : []),
          ]),
        ),
      );
  }
};

function runTestnet(args: readonly string[]): Promise<number> {
  const executable = fileURLToPath(new URL('../../../testnet/main.js', import.meta.url));
  if (!existsSync(executable)) {
    throw new RefusedError(`${executable}: is missing; build the project with "npm run build"`);
  }
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [executable, ...args], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}
