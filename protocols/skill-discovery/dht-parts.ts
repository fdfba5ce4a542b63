/**
 * The parts of kad-dht that its type does not show, and that lookups and early telling need. They
 * are looked at before use, so that another version ends in a clear error.
 *
 * @module
 */

import type { KadDHT, QueryEvent } from '@libp2p/kad-dht';
import type { PeerId, PeerInfo } from '@libp2p/interface';
import type { CID } from 'multiformats/cid';

/** What a lookup asks of a peer. */
export type LookupRequest = 'GET_VALUE' | 'GET_PROVIDERS';

/** A peer to be asked, and what belongs to its lookup. */
export interface QueryContext {
  readonly peer: PeerInfo;
  readonly signal: AbortSignal;
  readonly path: object;
}

/** Tells a peer who provides a key, as kad-dht hands it to its encoder. */
export interface AddProvider {
  readonly type: 'ADD_PROVIDER';
  readonly key: Uint8Array;
  readonly providers: readonly {
    readonly id: Uint8Array;
    readonly multiaddrs: readonly Uint8Array[];
  }[];
}

interface MessageOptions {
  readonly signal: AbortSignal;
  readonly path: object;
}

/** The parts. */
export interface DhtParts {
  readonly queryManager: {
    run(
      key: Uint8Array,
      query: (context: QueryContext) => AsyncIterable<QueryEvent>,
      options: { readonly signal: AbortSignal },
    ): AsyncIterable<QueryEvent>;
  };
  readonly network: {
    sendRequest(
      to: PeerId,
      message: { readonly type: LookupRequest; readonly key: Uint8Array },
      options: MessageOptions,
    ): AsyncIterable<QueryEvent>;
    sendMessage(
      to: PeerId,
      message: AddProvider,
      options: MessageOptions,
    ): AsyncIterable<QueryEvent>;
  };
  readonly providers: { getProviders(cid: CID): Promise<readonly PeerId[]> };
  readonly routingTable: {
    closestPeers(kadId: Uint8Array, options: { readonly count: number }): readonly PeerId[];
  };
}

/** The path of a message that belongs to no lookup. */
export const NO_PATH = { index: -1, queued: 0, running: 0, total: 0 };

/** A method of a part, as `part.method`. */
type MethodName = {
  [Part in keyof DhtParts]: `${Part}.${Extract<keyof DhtParts[Part], string>}`;
}[keyof DhtParts];

/**
 * The parts, of which the caller uses these methods.
 *
 * @throws TypeError if one is not there, as in another version.
 */
export function partsOf(dht: KadDHT, ...used: readonly MethodName[]): DhtParts {
  const parts = dht as unknown as Record<string, Record<string, unknown> | undefined>;
  for (const name of used) {
    const [part, method] = name.split('.') as [string, string];
    if (typeof parts[part]?.[method] === 'function') continue;
    throw new TypeError(`"dht" expected kad-dht 16 with ${name}, got another version`);
  }
  return dht as unknown as DhtParts;
}
