/**
 * Process of one or several nodes of a testnet: the ordinary daemon over {@link FaultyLinks}. The
 * `coalesce` command starts nodes without them.
 *
 *     node main.js --data DIR [--data DIR ...] [--faults FILE] [--stop-with-parent]
 *         [--without record-validation] [--without quote-limits]
 *         [--price-bait DIR] [--price-switch DIR]
 *
 * Of several nodes the first one starts alone; the others join the network through it.
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { StatusDocument } from '../../node/api-documents.ts';
import { runDaemon } from '../../node/daemon.ts';
import type { DaemonInit } from '../../node/daemon.ts';
import { createLogger } from '../../node/logger.ts';
import { systemClock } from '../../node/system-clock.ts';
import type { HostInit } from '../../protocols/libp2p-host.ts';
import type { ContractorInit } from '../../protocols/negotiation/contractor.ts';
import { RECORD_NAMESPACE } from '../../protocols/skill-discovery/dht-keys.ts';
import { PRICE_SWITCHES, switchingPolicy } from '../adversaries/price-switcher.ts';
import { followFaults } from './fault-file.ts';
import { FaultyLinks } from './faulty-transport.ts';

const LOG_FILE = 'daemon.log';
/** Nodes of this process that start at the same time. */
const START_CONCURRENCY = 8;

const { values } = parseArgs({
  options: {
    data: { type: 'string', multiple: true, default: [] },
    faults: { type: 'string' },
    'stop-with-parent': { type: 'boolean', default: false },
    without: { type: 'string', multiple: true, default: [] },
    'price-bait': { type: 'string', multiple: true, default: [] },
    'price-switch': { type: 'string', multiple: true, default: [] },
  },
});

const end = new AbortController();
setMaxListeners(0, end.signal);
process.setMaxListeners(0); // each node of this process listens for its end
process.on('SIGINT', () => end.abort());
if (values['stop-with-parent']) {
  process.stdin.on('close', () => end.abort());
  process.stdin.on('end', () => end.abort());
  process.stdin.resume();
  process.stdin.unref(); // an open pipe must not keep a stopped node alive
}

/** The host with a defence left away, to see what an attack does then. */
function weakened(init: HostInit): HostInit {
  if (!values.without.includes('record-validation')) return init;
  return {
    ...init,
    validators: { [RECORD_NAMESPACE]: () => Promise.resolve() },
    selectors: { [RECORD_NAMESPACE]: () => 0 },
  };
}

/** Takes every question of a client for good. */
function unlimited(init: ContractorInit): ContractorInit {
  if (!values.without.includes('quote-limits')) return init;
  const all = { burst: Infinity, perSecond: Infinity };
  return {
    ...init,
    ...{ questionsPerPeer: all, questionsPerNetwork: all, questionsOfAll: all },
    openQuotes: { perClient: Infinity, total: Infinity },
    maxStreamsPerPeer: Infinity,
    isAskingForWork: false,
  };
}

/** What the node in this directory does to prices, where it is an adversary. */
function dishonest(dataPath: string): Pick<DaemonInit, 'adaptPolicy'> {
  const kind = PRICE_SWITCHES.find((one) => values[`price-${one}`].includes(dataPath));
  if (kind === undefined) return {};
  return {
    adaptPolicy: (policy, { trust }) => switchingPolicy(policy, kind, trust.attestors),
  };
}

interface RunningNode {
  readonly ready: Promise<StatusDocument>;
  /** Exit code. */
  readonly ended: Promise<number>;
}

/** Runs one node. */
function run(dataPath: string, bootstrap: readonly string[]): RunningNode {
  const logFile = join(dataPath, LOG_FILE);
  let unfollow = (): void => undefined;
  const adaptHost = (init: HostInit): HostInit => {
    const links = new FaultyLinks(init.identity.peerId, systemClock);
    if (values.faults !== undefined) {
      const logger = createLogger('warn', logFile);
      unfollow = followFaults(values.faults, dataPath, { links, logger });
    }
    return { ...weakened(init), transport: links.transport() };
  };
  let ended = Promise.resolve(1);
  const ready = new Promise<StatusDocument>((resolve, reject) => {
    ended = runDaemon({
      dataPath,
      flags: bootstrap.length > 0 ? [`network.bootstrap=${bootstrap.join(',')}`] : [],
      environment: {},
      logFile,
      signal: end.signal,
      adaptHost,
      adaptContractor: unlimited,
      ...dishonest(dataPath),
      onReady: resolve,
    }).finally(() => unfollow());
    ended.then(() => reject(new Error(`${dataPath} has ended`)), reject);
  });
  return { ready, ended };
}

async function runAll([first, ...others]: readonly string[]): Promise<number> {
  if (first === undefined) throw new TypeError('--data: expected a directory');
  const nodes = [run(first, [])];
  const { addresses } = await nodes[0]!.ready;
  const queue = [...others];
  const starter = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      const node = run(one, addresses);
      nodes.push(node);
      await node.ready;
    }
  };
  await Promise.all(Array.from({ length: START_CONCURRENCY }, starter));
  const codes = await Promise.all(nodes.map(({ ended }) => ended));
  return Math.max(...codes);
}

try {
  process.exitCode = await runAll(values.data);
} catch (error) {
  end.abort();
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
