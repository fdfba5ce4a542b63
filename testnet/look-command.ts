/**
 * `coalesce testnet logs` and `shell`: look into a running network.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import { chmod, mkdir, open, stat, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { builtProgram } from '../node/built-program.ts';
import { wholeNumber } from '../node/cli/options.ts';
import { printable } from '../node/errors.ts';
import { chooseNodes } from './faults/network-faults.ts';
import { networkStatus } from './testnet-directory.ts';
import type { TestnetNodeDocument } from './testnet-directory.ts';

const LOG_FILE = 'daemon.log';
const MAX_LINES = 100_000;
/** Read from the end of one log. */
const MAX_LOG_BYTES = 16_777_216;
const FOLLOW_INTERVAL_MS = 200;
/** Made in the network's directory, for {@link shell}. */
const BIN_DIRECTORY = 'bin';

interface LookOptions {
  readonly dir: string;
  readonly json?: true;
  readonly lines: number;
  readonly follow?: true;
}

/** Adds the two commands. */
export function addLookCommands(
  program: Command,
  withDirectory: (command: Command) => Command,
  signal: AbortSignal,
): void {
  withDirectory(program.command('logs'))
    .description('what nodes have logged: warnings and errors, unless they are told to say more')
    .argument('[nodes]', 'names or roles, with commas', 'all')
    .option('--lines <n>', 'last lines of each', wholeNumber(0, MAX_LINES), 20)
    .option('--follow', 'go on until Ctrl-C')
    .action(async (list: string, options: LookOptions) => {
      const { nodes } = await networkStatus(options.dir);
      const chosen = chooseNodes(nodes, list);
      const read = await Promise.all(chosen.map((node) => lastLines(node, options.lines)));
      if (options.json) {
        const logs = read.map(({ lines }, at) => ({ node: chosen[at]!.name, lines }));
        process.stdout.write(`${JSON.stringify({ logs }, undefined, 2)}\n`);
        return;
      }
      read.forEach(({ lines }, at) => show(chosen[at]!, lines));
      if (read.every(({ lines }) => lines.length === 0)) process.stderr.write('Nothing logged.\n');
      if (options.follow)
        await follow(
          chosen,
          read.map(({ end }) => end),
          signal,
        );
    });
  withDirectory(program.command('shell'))
    .description('a shell in which "coalesce" talks to one node; exit ends it')
    .argument('[node]', 'name of the node', 'client-1')
    .action(async (name: string, { dir }: LookOptions) => {
      const network = await networkStatus(dir);
      const [node] = chooseNodes(network.nodes, name);
      await shell(network.dir, node!);
    });
}

function show({ name }: TestnetNodeDocument, lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${name}  ${printable(line)}\n`);
}

interface LogEnd {
  readonly lines: readonly string[];
  /** Bytes read. */
  readonly end: number;
}

async function lastLines(
  { dataDir }: TestnetNodeDocument,
  count: number,
  from?: number,
): Promise<LogEnd> {
  const path = join(dataDir, LOG_FILE);
  const size = (await stat(path).catch(() => undefined))?.size ?? 0;
  const start = Math.max(from ?? 0, size - MAX_LOG_BYTES);
  if (size <= start) return { lines: [], end: size };
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(size - start);
    await file.read(bytes, 0, bytes.length, start);
    // A line that is being written is left for the next look.
    const whole = bytes.subarray(0, bytes.lastIndexOf(10) + 1);
    const lines = whole.toString('utf8').split('\n').slice(0, -1);
    return { lines: count === 0 ? [] : lines.slice(-count), end: start + whole.length };
  } finally {
    await file.close();
  }
}

async function follow(
  nodes: readonly TestnetNodeDocument[],
  ends: number[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await delay(FOLLOW_INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    for (const [at, node] of nodes.entries()) {
      const { lines, end } = await lastLines(node, MAX_LINES, ends[at]);
      ends[at] = end;
      show(node, lines);
    }
  }
}

async function shell(dir: string, { name, dataDir }: TestnetNodeDocument): Promise<void> {
  const bin = join(dir, BIN_DIRECTORY);
  await mkdir(bin, { recursive: true, mode: 0o700 });
  const script = join(bin, 'coalesce');
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\\''`)}'`;
  const command = `exec ${quoted(process.execPath)} ${quoted(builtProgram('coalesce'))} "$@"`;
  await writeFile(script, `#!/bin/sh\n${command}\n`);
  await chmod(script, 0o700);
  process.stderr.write(`"coalesce" talks to ${name} in this shell; "exit" ends it.\n`);
  const env = {
    ...process.env,
    COALESCE_DATA: dataDir,
    PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}`,
    PS1: `(${name}) \\$ `,
  };
  await new Promise<void>((resolve, reject) => {
    const child = spawn(process.env['SHELL'] ?? '/bin/sh', [], { stdio: 'inherit', env });
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
}
