/**
 * The node on the network: its host, and what of the configuration says how it is reached.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { LevelDatastore } from 'datastore-level';
import { createHost } from '../protocols/libp2p-host.ts';
import type { Host, HostInit } from '../protocols/libp2p-host.ts';
import { parseNetworkKey } from '../protocols/reachability.ts';
import type { NetworkKey, ReachabilityInit } from '../protocols/reachability.ts';
import { RECORD_NAMESPACE } from '../protocols/skill-discovery/dht-keys.ts';
import type { RecordGuard } from '../protocols/skill-discovery/validator.ts';
import { selectRecord } from '../protocols/skill-discovery/validator.ts';
import type { AgentParts } from './agent-parts.ts';
import type { Config } from './config/schema.ts';
import { BadInputError } from './errors.ts';
import { codeOf } from './storage/data-directory.ts';
import type { DataDirectory } from './storage/data-directory.ts';

/** The node on the network. @throws {@link BadInputError} for an address it cannot listen on. */
export async function openHost(
  { init: { config, identity, directory, clock, logger, adaptHost } }: AgentParts,
  datastore: LevelDatastore,
  guard: RecordGuard,
): Promise<Host> {
  const { listen, bootstrap, isLocalNetwork } = config.network;
  const reachability = await reachabilityOf(config, directory);
  try {
    const init: HostInit = {
      identity,
      clock,
      logger,
      datastore,
      validators: { [RECORD_NAMESPACE]: guard.validate },
      selectors: { [RECORD_NAMESPACE]: selectRecord },
      listen,
      bootstrap,
      isLocalNetwork,
      ...reachability,
      isProven: (peerId) => guard.bestSeq(peerId) !== undefined,
    };
    return await createHost(adaptHost?.(init) ?? init);
  } catch (error) {
    throw new BadInputError(
      `network.listen: cannot listen on ${listen.join(', ')} (${firstLine(error)}); choose other addresses, or port 0 for a free one`,
      { cause: error },
    );
  }
}

async function reachabilityOf(
  { network }: Config,
  { path }: DataDirectory,
): Promise<ReachabilityInit> {
  const ways = {
    hasMdns: network.hasMdns,
    isRelay: network.isRelay,
    relays: network.relays,
    hasHolePunching: network.hasHolePunching,
  };
  if (network.keyFile === undefined) return ways;
  return { ...ways, networkKey: await readNetworkKey(resolve(path, network.keyFile)) };
}

/** @throws {@link BadInputError} with the mend: a node never joins another network by mistake. */
async function readNetworkKey(file: string): Promise<NetworkKey> {
  const content = await readFile(file).catch((error: unknown) => {
    const problem = `network.keyFile: ${file} cannot be read (${codeOf(error)})`;
    throw new BadInputError(`${problem}; copy it from another node of the network, or unset it`);
  });
  const networkKey = parseNetworkKey(content);
  if (networkKey !== undefined) return networkKey;
  throw new BadInputError(
    `network.keyFile: ${file} is no network key; expected the lines /key/swarm/psk/1.0.0/, /base16/ and 64 digits of hexadecimal`,
  );
}

/** libp2p joins several errors with their stacks; the first line says what failed. */
function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : 'unknown error';
  return /E[A-Z]{4,}/.exec(text)?.[0] ?? text.split('\n')[0] ?? text;
}
