/**
 * `coalesce testnet fault ...` and `heal`: break a running network, and mend it.
 *
 * @module
 */

import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { table } from '../node/cli/table.ts';
import type { LinkFault } from './faults/fault-rules.ts';
import { NetworkFaults, chooseNodes } from './faults/network-faults.ts';
import type { LinkChoice, LinkEffect } from './faults/network-faults.ts';
import { durationMs, kilobits, percent } from './faults/quantities.ts';
import { networkStatus, openNetwork, recordProcesses } from './testnet-directory.ts';
import type { TestnetNodeDocument } from './testnet-directory.ts';

interface LinkOptions {
  readonly dir: string;
  readonly json?: true;
  readonly from?: string;
  readonly to?: string;
  readonly oneWay?: true;
  readonly jitter?: number;
}

/** Adds `--dir` and `--json`. */
type WithDirectory = (command: Command) => Command;

function quantity(parse: (text: string) => number | undefined, form: string) {
  return (text: string): number => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`expected ${form}.`);
    return value;
  };
}

const duration = quantity(durationMs, 'a time, for example 200ms, 5s or 2m');
const rate = quantity(kilobits, 'a rate, for example 256kbit or 10mbit');
const share = quantity(percent, 'a share, for example 30%');

/** Adds the two commands. */
export function addFaultCommands(program: Command, withDirectory: WithDirectory): void {
  const fault = program
    .command('fault')
    .description('break links and nodes of a running network, without root; heal mends them');
  const links = (name: string, description: string): Command =>
    withDirectory(fault.command(name))
      .description(description)
      .option('--from <nodes>', 'names or roles, with commas: bytes from these', 'all')
      .option('--to <nodes>', 'to these; left out: to all others')
      .option('--one-way', 'leave the other direction alone');
  links('latency', 'delay what is sent')
    .argument('<time>', 'for example 200ms', duration)
    .option('--jitter <time>', 'the delay differs by up to this', duration)
    .action((latencyMs: number, options: LinkOptions) => {
      const { jitter } = options;
      return inject('latency', { latencyMs, ...(jitter && { jitterMs: jitter }) }, options);
    });
  links('bandwidth', 'limit each connection')
    .argument('<rate>', 'for example 256kbit', rate)
    .action((kilobitsPerSecond: number, options: LinkOptions) =>
      inject('bandwidth', { kilobitsPerSecond }, options),
    );
  links('loss', 'let new connections fail')
    .argument('<share>', 'for example 30%', share)
    .action((lossPercent: number, options: LinkOptions) =>
      inject('loss', { lossPercent }, options),
    );
  links('reset', 'reset open connections at random')
    .argument('<time>', 'mean life of a connection, for example 5s', duration)
    .action((resetEveryMs: number, options: LinkOptions) =>
      inject('reset', { resetEveryMs }, options),
    );
  links('partition', 'let nothing pass').action((options: LinkOptions) =>
    inject('partition', { isCut: true }, options),
  );
  addProcessFaults(fault, withDirectory);
  withDirectory(fault.command('list'))
    .description('faults of links in force')
    .action(async ({ dir, json }: LinkOptions) => {
      const { faults, nodes } = await faultsOf(dir);
      const list = await faults.list();
      print(json, { faults: list }, () => describeFaults(list, nodes));
    });
  withDirectory(program.command('heal'))
    .description('take faults away, wake paused nodes and start killed ones')
    .argument('[ids...]', 'faults of links; left out: everything')
    .action((ids: string[], options: LinkOptions) => heal(ids, options));
}

function addProcessFaults(fault: Command, withDirectory: WithDirectory): void {
  for (const [name, description] of [
    ['pause', 'stop the processes of nodes (SIGSTOP): they are connected and say nothing'],
    ['kill', 'end them at once (SIGKILL)'],
    ['restart', 'kill them, and start them again over their directories'],
  ] as const) {
    withDirectory(fault.command(name))
      .description(description)
      .argument('<nodes>', 'names or roles, with commas')
      .action(async (list: string, { dir, json }: LinkOptions) => {
        const { nodes } = await networkStatus(dir);
        const chosen = chooseNodes(nodes, list).map((node) => node.name);
        await using network = await openNetwork(dir);
        for (const node of chosen) {
          if (name === 'pause') network.node(node).pause();
          else if (name === 'kill') await network.node(node).kill();
          else await network.restart(node);
        }
        if (name === 'restart') await recordProcesses(dir, network.nodes);
        print(json, { fault: name, nodes: chosen }, () => `${name}: ${chosen.join(', ')}`);
      });
  }
}

async function faultsOf(
  dir: string,
): Promise<{ faults: NetworkFaults; nodes: readonly TestnetNodeDocument[] }> {
  const { dir: root, nodes } = await networkStatus(dir);
  // Whoever does not run reads the file when it starts.
  const reached = nodes.filter(({ state }) => state !== 'not running');
  return { faults: new NetworkFaults(root, nodes, reached), nodes };
}

async function inject(name: string, effect: LinkEffect, options: LinkOptions): Promise<void> {
  const { from, to, oneWay: isOneWay } = options;
  const { faults, nodes } = await faultsOf(options.dir);
  const choice: LinkChoice = { from, to, isOneWay };
  const { fault, late } = await faults.inject(name, effect, choice);
  print(options.json, { fault, late }, () =>
    [describeFaults([fault], nodes), ...lateness(late), `Mend: ${mend(fault, options)}`].join('\n'),
  );
}

function mend({ id }: LinkFault, { dir }: LinkOptions): string {
  return `coalesce testnet heal ${id} --dir ${dir}`;
}

function lateness(late: readonly string[]): string[] {
  return late.length === 0
    ? []
    : [`Not in force yet at ${late.join(', ')}: not running, or paused`];
}

/** Links first: a node that starts again has to reach the others. */
async function heal(ids: readonly string[], options: LinkOptions): Promise<void> {
  const started: string[] = [];
  await using network = await openNetwork(options.dir);
  if (ids.length === 0) for (const { process: node } of network.nodes) node.resume();
  const { faults } = await faultsOf(options.dir);
  const { healed, late } = await faults.heal(ids);
  if (ids.length === 0) {
    const dead = network.nodes.filter(({ process: node }) => !node.isAlive);
    for (const { process: node } of dead) started.push((await network.restart(node.name)).name);
    if (dead.length > 0) await recordProcesses(options.dir, network.nodes);
  }
  print(options.json, { healed, started, late }, () => {
    const what = [...healed, ...started.map((name) => `${name} (started)`)].join(', ');
    return [`Healed: ${what || 'nothing was broken'}`, ...lateness(late)].join('\n');
  });
}

function describeFaults(
  faults: readonly LinkFault[],
  nodes: readonly TestnetNodeDocument[],
): string {
  if (faults.length === 0) return 'No faults of links.';
  const namesOf = (peers: LinkFault['from']): string =>
    peers === 'all'
      ? 'all'
      : peers
          .map((peerId) => nodes.find((node) => node.peerId === peerId)?.name ?? peerId)
          .join(',');
  return table(
    ['fault', 'from', '', 'to', 'effect'],
    faults.map((fault) => [
      fault.id,
      namesOf(fault.from),
      fault.isBothWays ? '<->' : '->',
      namesOf(fault.to),
      effectOf(fault),
    ]),
  );
}

function effectOf(fault: LinkFault): string {
  const { latencyMs, jitterMs, kilobitsPerSecond, lossPercent, resetEveryMs, isCut } = fault;
  return [
    latencyMs !== undefined && `${latencyMs} ms later${jitterMs ? ` +- ${jitterMs} ms` : ''}`,
    kilobitsPerSecond !== undefined && `${kilobitsPerSecond} kbit/s a connection`,
    lossPercent !== undefined && `${lossPercent} % of new connections fail`,
    resetEveryMs !== undefined && `reset after ${resetEveryMs} ms in the mean`,
    isCut === true && 'nothing passes',
  ]
    .filter(Boolean)
    .join(', ');
}

function print(isJson: true | undefined, value: unknown, human: () => string): void {
  process.stdout.write(`${isJson ? JSON.stringify(value, undefined, 2) : human()}\n`);
}
