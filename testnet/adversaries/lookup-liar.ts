/**
 * Peers of one attacker that are in everybody's routing tables and answer lookups wrongly
 * (security.md 6, eclipse): as closer peers they name each other, as providers peers that do not
 * exist, more than the twenty after which kad-dht's own search ends, and as records bytes that are
 * none. What they are given to keep they drop, and say that they have it. Their keys lie anywhere:
 * such as were ground to lie next to a key they are not.
 *
 * @module
 */

import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { concatBytes, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { Identity } from '../../crypto/identity.ts';
import { silentLogger } from '../../node/logger.ts';
import { systemClock } from '../../node/system-clock.ts';
import { createHost } from '../../protocols/libp2p-host.ts';
import type { Host } from '../../protocols/libp2p-host.ts';
import { RECORD_NAMESPACE } from '../../protocols/skill-discovery/dht-keys.ts';
import type { AttackInit } from './wire-peer.ts';

const JOIN_TIMEOUT_MS = 20_000;
/** Names of an answer: beyond twenty a search that stops at so many ends with them. */
export const INVENTED_PROVIDERS = 24;
/** A port that nobody listens on. */
const DEAD_ADDRESS = '/ip4/127.0.0.1/tcp/1';
const FALSE_RECORD_BYTES = 200;

/** A peer as a message of the DHT has it. */
interface WirePeerInfo {
  readonly id: Uint8Array;
  readonly multiaddrs: readonly Uint8Array[];
}

/** The part of a message of the DHT that a liar looks at. */
export interface DhtQuestion {
  readonly type?: string;
  readonly key?: Uint8Array;
  readonly clusterLevel?: number;
}

/**
 * What a liar says.
 *
 * @param colluders - The peers of the attacker.
 * @returns `undefined` where nothing is answered, `'honest'` where it answers as others do.
 */
export function lieAbout(
  question: DhtQuestion,
  colluders: readonly WirePeerInfo[],
): Readonly<Record<string, unknown>> | 'honest' | undefined {
  const { type, key = new Uint8Array(), clusterLevel } = question;
  const common = { type, key, clusterLevel, closer: colluders, providers: [] };
  switch (type) {
    case 'FIND_NODE':
      return common;
    case 'GET_PROVIDERS':
      return { ...common, providers: inventedPeers(key) };
    case 'GET_VALUE': {
      const value = new Uint8Array(FALSE_RECORD_BYTES).fill(key.at(-1) ?? 0);
      return { ...common, record: { key, value, timeReceived: '2020-01-01T00:00:00.000000000Z' } };
    }
    case 'PUT_VALUE':
      return question as Readonly<Record<string, unknown>>;
    case 'ADD_PROVIDER':
      return undefined;
    default:
      return 'honest';
  }
}

/** Peers that do not exist, the same for the same key: each liar vouches for the names of all. */
function inventedPeers(key: Uint8Array): WirePeerInfo[] {
  return Array.from({ length: INVENTED_PROVIDERS }, (_, number) => {
    const { peerId } = Identity.fromSeed(sha256(concatBytes(utf8(`invented/${number}/`), key)));
    return infoOf(peerId, [DEAD_ADDRESS]);
  });
}

function infoOf(peerId: string, addresses: readonly string[]): WirePeerInfo {
  return {
    id: peerIdFromString(peerId).toMultihash().bytes,
    multiaddrs: addresses.map((address) => multiaddr(address).bytes),
  };
}

/** How many liars there are. */
export interface LookupLiarsInit extends AttackInit {
  readonly peers: number;
  /** Fixes their keys. */
  readonly seed: number;
}

/**
 * Joins the network and lies until the signal. Counts questions: `served` are those that were
 * answered with a lie.
 */
export async function lieInLookups(init: LookupLiarsInit): Promise<void> {
  const { targets, peers, seed, signal } = init;
  const bootstrap = targets.flatMap(({ addresses }) => addresses);
  const liars: Host[] = [];
  try {
    for (let number = 0; number < peers && !signal.aborted; number++) {
      const identity = Identity.fromSeed(sha256(utf8(`coalesce/testnet/liar/${seed}/${number}`)));
      liars.push(await startLiar(identity, bootstrap, liars, init));
    }
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });
  } finally {
    await Promise.all(liars.map((liar) => liar.stop()));
  }
}

interface Serving {
  handleMessage(from: unknown, message: DhtQuestion): Promise<unknown>;
}

/** @param liars - Those of the attacker, as they come. */
async function startLiar(
  identity: Identity,
  bootstrap: readonly string[],
  liars: readonly Host[],
  { counts }: AttackInit,
): Promise<Host> {
  const host = await createHost({
    ...{ clock: systemClock, identity, logger: silentLogger, isLocalNetwork: true, bootstrap },
    validators: { [RECORD_NAMESPACE]: () => Promise.resolve() },
    selectors: { [RECORD_NAMESPACE]: () => 0 },
  });
  const { rpc } = host.dht as unknown as { readonly rpc: Serving };
  const handle: Serving['handleMessage'] = rpc.handleMessage.bind(rpc);
  rpc.handleMessage = (from, message) => {
    const colluders = liars.map((liar) => infoOf(liar.peerId, liar.addresses()));
    const lie = lieAbout(message, colluders);
    if (lie === 'honest') return handle(from, message);
    counts.tried += 1;
    counts.served += 1;
    return Promise.resolve(lie);
  };
  await host.waitForPeers(1, AbortSignal.timeout(JOIN_TIMEOUT_MS));
  return host;
}
