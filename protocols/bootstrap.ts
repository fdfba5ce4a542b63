/**
 * Gets a node into the network: dials its bootstrap peers and those that it knew before a restart,
 * and again with growing pauses while it knows nobody.
 *
 * @module
 */

import type { Libp2p } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import type { Logger } from './components.ts';
import type { KnownPeers } from './known-peers.ts';
import { explainDial } from './reachability.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
/** First and longest pause between two rounds of dialling. */
const RETRY_MS = SECOND_MS;
const MAX_RETRY_MS = MINUTE_MS;
const DIAL_TIMEOUT_MS = 5 * SECOND_MS;
/** Failed dials of a round that are told of. */
const MAX_PROBLEMS = 4;

/** What a {@link Bootstrap} is handed. */
export interface BootstrapInit {
  readonly node: Libp2p;
  /** Multiaddrs with `/p2p/`, of the bootstrap peers. */
  readonly addresses: readonly string[];
  /** Loaded; dialled beside the bootstrap peers. */
  readonly known: KnownPeers;
  /** Whether this node has the key of a private network. */
  readonly hasKey: boolean;
  readonly logger: Logger;
}

/** Dials all at once, at the start and whenever nobody is left. */
export class Bootstrap {
  readonly #init: BootstrapInit;
  readonly #stopped = new AbortController();
  readonly #connected = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDialling = false;

  constructor(init: BootstrapInit) {
    this.#init = init;
  }

  /**
   * Resolves after the first connection, or after `timeoutMs` without one; without bootstrap peers
   * also once all known ones have failed.
   */
  async start(timeoutMs: number): Promise<void> {
    const { node, addresses } = this.#init;
    node.addEventListener('peer:disconnect', this.#onDisconnect);
    if (this.#targets().length === 0) return;
    const firstRound = this.#round(RETRY_MS);
    if (addresses.length === 0) void firstRound.then(this.#connected.resolve);
    const patience = setTimeout(this.#connected.resolve, timeoutMs);
    await this.#connected.promise;
    clearTimeout(patience);
  }

  stop(): void {
    this.#init.node.removeEventListener('peer:disconnect', this.#onDisconnect);
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  /** Addresses of each peer to dial. */
  #targets(): readonly (readonly string[])[] {
    const { addresses, known } = this.#init;
    return [...addresses.map((address) => [address]), ...known.all().map((peer) => peer.addresses)];
  }

  readonly #onDisconnect = (): void => {
    if (this.#init.node.getPeers().length > 0 || this.#isDialling) return;
    void this.#round(RETRY_MS);
  };

  async #round(pauseMs: number): Promise<void> {
    const { node, addresses, known, logger } = this.#init;
    if (this.#stopped.signal.aborted || this.#targets().length === 0) return;
    this.#isDialling = true;
    const { isConnected, problems } = await this.#dialAll();
    // Others may have dialled us meanwhile; then nobody is alone and nothing is left to do.
    if (isConnected || this.#stopped.signal.aborted || node.getPeers().length > 0) {
      this.#isDialling = false;
      return;
    }
    const details = {
      bootstrap: addresses,
      known: known.all().length,
      retryInMs: pauseMs,
      problems,
    };
    // Whoever names no bootstrap peer may be the one that others come to.
    const level = addresses.length > 0 ? 'warn' : 'info';
    logger[level](
      details,
      'No bootstrap or known peer answered; this node is alone until one does.',
    );
    const next = Math.min(pauseMs * 2, MAX_RETRY_MS);
    this.#timer = setTimeout(() => void this.#round(next), pauseMs);
    this.#timer.unref();
  }

  async #dialAll(): Promise<{ isConnected: boolean; problems: readonly string[] }> {
    const { node, hasKey } = this.#init;
    const dials = this.#targets().map(async (addresses) => {
      const timeout = AbortSignal.timeout(DIAL_TIMEOUT_MS);
      const signal = AbortSignal.any([this.#stopped.signal, timeout]);
      const multiaddrs = addresses.map((address) => multiaddr(address));
      try {
        await node.dial(multiaddrs, { signal });
      } catch (error) {
        throw explainDial(error, addresses[0]!, hasKey);
      }
      this.#connected.resolve();
    });
    const outcomes = await Promise.allSettled(dials);
    const failures = outcomes.flatMap((one): unknown[] => {
      return one.status === 'rejected' ? [one.reason] : [];
    });
    return {
      isConnected: failures.length < outcomes.length,
      problems: failures.slice(0, MAX_PROBLEMS).map((error) => firstLine(error)),
    };
  }
}

function firstLine(error: unknown): string {
  return error instanceof Error ? error.message.split('\n')[0]! : 'unknown error';
}
