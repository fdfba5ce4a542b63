/**
 * Command line of the testnet: `up`, `status`, `logs`, `shell`, `fault`, `heal`, `down`, `demo`,
 * `routing` and `consensus`, with the exit codes of the `coalesce` command.
 *
 * @module
 */

import { Command, CommanderError, Option } from 'commander';
import { wholeNumber } from '../node/cli/options.ts';
import { table } from '../node/cli/table.ts';
import { shortPeerId } from '../node/decision/plain-text.ts';
import { BadInputError, UserFacingError, printable } from '../node/errors.ts';
import { VERSION } from '../node/version.ts';
import { COMMITTEE_SIZES } from '../protocols/pbft/committee.ts';
import { addConsensusCommand } from './consensus-command.ts';
import { runDemo } from './demo.ts';
import { MAX_NODES, MAX_NODES_IN_PROCESS, MIN_NODES } from './local-plan.ts';
import { addScenarioCommands } from './scenario-command.ts';
import { addRoutingCommand } from './routing-command.ts';
import { bringDown, bringUp, networkStatus } from './testnet-directory.ts';
import type { TestnetDocument } from './testnet-directory.ts';
import { addFaultCommands } from './fault-command.ts';
import { addLookCommands } from './look-command.ts';
import { readContractors } from './contractor-file.ts';

const DEFAULT_DIRECTORY = './.coalesce-testnet';
/** Each ends a command with everything stopped that it had started. */
const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

interface Options {
  readonly dir: string;
  readonly nodes: number;
  readonly replicas?: string;
  readonly contractors?: string;
  readonly seed?: number;
  readonly inProcess?: true;
  readonly json?: true;
  readonly keep?: true;
  readonly input?: string;
}

/** Runs one command line. @returns the exit code. */
export async function runTestnetCli(argv: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  const onInterrupt = (): void => interrupt.abort(new Error('Interrupted'));
  for (const signal of ENDING) process.on(signal, onInterrupt);
  // A reader that is gone (`demo | head`) ends the command as Ctrl-C does: with everything stopped.
  process.stdout.on('error', onInterrupt);
  const program = new Command('coalesce-testnet')
    .description('A local network of real nodes, each a process of its own.')
    .version(VERSION)
    .showSuggestionAfterError()
    .exitOverride();
  addCommands(program, interrupt.signal);
  addLookCommands(program, withDirectory, interrupt.signal);
  addFaultCommands(program, withDirectory);
  addRoutingCommand(program, interrupt.signal);
  let exitCode = 0;
  addScenarioCommands(program, interrupt.signal, (code) => (exitCode = code));
  addConsensusCommand(program, interrupt.signal, (code) => (exitCode = code));
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    return interrupt.signal.aborted ? interrupted() : report(error, argv.includes('--json'));
  } finally {
    for (const signal of ENDING) process.off(signal, onInterrupt);
  }
}

function addUp(program: Command, signal: AbortSignal): void {
  const nodes = wholeNumber(MIN_NODES, MAX_NODES_IN_PROCESS);
  withDirectory(program.command('up'))
    .description('start a network and return once its contractors are certified')
    .option(
      '--nodes <n>',
      `how many nodes, ${MIN_NODES} to ${MAX_NODES}, or to ${MAX_NODES_IN_PROCESS} in one process`,
      nodes,
      10,
    )
    .addOption(
      new Option(
        '--replicas <n>',
        'how many of them are replicas of a ledger; left out: 4, or none of 3 nodes',
      ).choices(['0', ...COMMITTEE_SIZES.map(String)]),
    )
    .option('--in-process', 'all nodes in one process: lighter, and none can be killed alone')
    .option('--contractors <file>', 'JSON list of offer files: what the first contractors sell')
    .option('--seed <n>', 'fix keys and draws', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .action(async (options: Options) => {
      const onProgress = options.json ? () => undefined : progress;
      const { dir, nodes: size, seed } = options;
      const isInProcess = options.inProcess === true;
      if (size > MAX_NODES && !isInProcess) {
        throw new BadInputError(
          `--nodes ${size}: expected ${MIN_NODES} to ${MAX_NODES}; for more add --in-process`,
        );
      }
      const replicas = options.replicas === undefined ? {} : { replicas: Number(options.replicas) };
      if ((replicas.replicas ?? 0) > size) {
        throw new BadInputError(`--replicas ${replicas.replicas} is more than --nodes ${size}`);
      }
      const offers =
        options.contractors === undefined ? [] : await readContractors(options.contractors, size);
      const network = await bringUp(dir, size, {
        ...{ signal, onProgress, isInProcess, offers, ...replicas },
        ...(seed !== undefined && { seed }),
      });
      print(options, network, () => `${describe(network)}\nNext: ${nextCommand(network)}`);
    });
}

function addCommands(program: Command, signal: AbortSignal): void {
  addUp(program, signal);
  withDirectory(program.command('status'))
    .description('the nodes of a network')
    .action(async (options: Options) => {
      const network = await networkStatus(options.dir);
      print(options, network, () => describe(network));
    });
  withDirectory(program.command('down'))
    .description('stop a network and remove its directory; safe to call twice')
    .action(async (options: Options) => {
      const stopped = await bringDown(options.dir);
      print(options, stopped, () => `Stopped ${stopped.stopped} nodes of ${stopped.dir}.`);
    });
  program
    .command('demo')
    .description('the main job end to end on a network of its own, which is removed afterwards')
    .option(
      '--nodes <n>',
      `how many nodes, ${MIN_NODES + 1} to ${MAX_NODES}`,
      wholeNumber(MIN_NODES + 1, MAX_NODES),
      10,
    )
    .option('--input <file>', 'text file to analyse in the place of one of the project’s own')
    .option('--keep', 'leave the network up')
    .option('--json', 'print one JSON document on stdout and nothing else')
    .action(async (options: Options) => {
      const story = options.json
        ? () => undefined
        : (text: string) => process.stdout.write(`${text}\n`);
      const result = await runDemo({
        nodes: options.nodes,
        isKept: options.keep ?? false,
        keepDirectory: DEFAULT_DIRECTORY,
        inputFile: options.input,
        tell: story,
        signal,
      });
      if (options.json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    });
}

function withDirectory(command: Command): Command {
  return command
    .option('--dir <directory>', 'directory of the network', DEFAULT_DIRECTORY)
    .option('--json', 'print one JSON document on stdout and nothing else');
}

function progress(text: string): void {
  process.stderr.write(`${text}\n`);
}

function print(options: Options, value: unknown, human: () => string): void {
  process.stdout.write(`${options.json ? JSON.stringify(value, undefined, 2) : human()}\n`);
}

function describe(network: TestnetDocument): string {
  const shown = (value: number | null, digits = 0): string => value?.toFixed(digits) ?? '-';
  return table(
    ['node', 'role', 'peer', 'state', 'process', 'peers', 'tasks', 'score', 'uUSD', 'skills'],
    network.nodes.map((node) => [
      node.name,
      node.roles.join(','),
      shortPeerId(node.peerId),
      node.state,
      node.pid > 0 ? String(node.pid) : '-',
      shown(node.peers),
      shown(node.tasks),
      shown(node.score, 2),
      shown(node.balanceMicroUsd),
      node.skills.join(' ') || '-',
    ]),
  );
}

function nextCommand(network: TestnetDocument): string {
  const client = network.nodes.find((node) => node.roles.includes('client'));
  return `npx coalesce --data ${client?.dataDir ?? network.dir} query performs:nlp/sentiment`;
}

function interrupted(): number {
  process.stderr.write('coalesce-testnet: interrupted; what had started was stopped\n');
  return 130;
}

function report(error: unknown, isJson: boolean): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const message = error instanceof Error ? error.message : String(error);
  const problems = error instanceof UserFacingError ? error.problems : [];
  const exitCode = error instanceof UserFacingError ? error.exitCode : 1;
  if (isJson) {
    const code = error instanceof UserFacingError ? error.code : 'FAILED';
    process.stdout.write(`${JSON.stringify({ error: { code, message, problems, exitCode } })}\n`);
  }
  for (const line of [`coalesce-testnet: ${message}`, ...problems.map((text) => `  ${text}`)]) {
    process.stderr.write(`${printable(line)}\n`);
  }
  return exitCode;
}
