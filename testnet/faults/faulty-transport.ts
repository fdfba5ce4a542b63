/**
 * TCP with faults on the connections that this node dials. As each connection has one dialler, a
 * network whose nodes all use it has each fault once; and the dialler knows which end is which, so
 * a cut can be of one direction.
 *
 * @module
 */

import type { Connection, MultiaddrConnection, Upgrader } from '@libp2p/interface';
import { tcp } from '@libp2p/tcp';
import type { Multiaddr } from '@multiformats/multiaddr';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import type { Clock } from '../../protocols/components.ts';
import type { HostInit } from '../../protocols/libp2p-host.ts';
import { NO_FAULTS, connectionState, linkState } from './fault-rules.ts';
import type { FaultFile } from './fault-rules.ts';
import { FaultyConnection } from './faulty-connection.ts';

type Transport = NonNullable<HostInit['transport']>;
type TcpTransport = ReturnType<ReturnType<typeof tcp>>;
type DialOptions = Parameters<TcpTransport['dial']>[1];

/** What the faults did so far. */
export interface FaultCounts {
  readonly dials: number;
  readonly dialsHeld: number;
  readonly dialsLost: number;
  readonly resets: number;
}

/** A dial that a fault let fail. */
export class ConnectionLostError extends Error {
  static override readonly name = 'ConnectionLostError';
  override readonly name = 'ConnectionLostError';
  readonly code = 'ECONNRESET';
}

interface OpenConnection {
  readonly peerId: string;
  readonly connection: FaultyConnection;
  resetTimer: NodeJS.Timeout | undefined;
}

/** The faults of one node, and the connections that it dialled. */
export class FaultyLinks {
  readonly #self: string;
  readonly #clock: Clock;
  readonly #open = new Set<OpenConnection>();
  readonly #held = new Set<() => void>();
  #random = new SeededRandom(NO_FAULTS.seed);
  #rules: FaultFile = NO_FAULTS;
  #counts = { dials: 0, dialsHeld: 0, dialsLost: 0, resets: 0 };

  constructor(self: string, clock: Clock) {
    this.#self = self;
    this.#clock = clock;
  }

  get counts(): FaultCounts {
    return { ...this.#counts };
  }

  get revision(): number {
    return this.#rules.revision;
  }

  /** Puts other faults in force, also on connections that are open. */
  apply(rules: FaultFile): void {
    if (rules.seed !== this.#rules.seed) this.#random = new SeededRandom(rules.seed);
    this.#rules = rules;
    for (const entry of this.#open) {
      entry.connection.update();
      this.#planReset(entry);
    }
    for (const retry of [...this.#held]) retry();
  }

  /** TCP with these faults, for {@link HostInit.transport}. */
  transport(): Transport {
    return (components) => {
      const transport = tcp()(components);
      const dial = transport.dial.bind(transport);
      transport.dial = async (address: Multiaddr, options: DialOptions): Promise<Connection> => {
        const peerId = peerIdOf(address);
        if (peerId === undefined) return dial(address, options);
        await this.#connect(peerId, options.signal);
        return dial(address, { ...options, upgrader: this.#upgrader(options.upgrader, peerId) });
      };
      return transport;
    };
  }

  /** The time and the chance of a TCP handshake. */
  async #connect(peerId: string, signal: AbortSignal): Promise<void> {
    this.#counts.dials += 1;
    const there = (): ReturnType<typeof linkState> => this.#direction(this.#self, peerId);
    const back = (): ReturnType<typeof linkState> => this.#direction(peerId, this.#self);
    if (there().isCut || back().isCut) {
      this.#counts.dialsHeld += 1;
      await this.#untilHealed(() => !there().isCut && !back().isCut, signal);
    }
    const { lossPercent } = connectionState(this.#rules.faults, this.#self, peerId);
    const roundTripMs = there().latencyMs + back().latencyMs;
    if (roundTripMs > 0) await pause(roundTripMs, signal);
    if (lossPercent > 0 && this.#random.uniform() * 100 < lossPercent) {
      this.#counts.dialsLost += 1;
      throw new ConnectionLostError(`the connection to ${peerId} was lost by a fault`);
    }
  }

  #direction(from: string, to: string): ReturnType<typeof linkState> {
    return linkState(this.#rules.faults, from, to);
  }

  #untilHealed(isHealed: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#held.delete(retry);
        signal.removeEventListener('abort', onAbort);
      };
      const retry = (): void => {
        if (!isHealed()) return;
        end();
        resolve();
      };
      const onAbort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      this.#held.add(retry);
      signal.addEventListener('abort', onAbort);
    });
  }

  #upgrader(upgrader: Upgrader, peerId: string): Upgrader {
    const upgradeOutbound = (inner: MultiaddrConnection, options: never): Promise<Connection> =>
      upgrader.upgradeOutbound(this.#wrap(inner, peerId), options);
    return {
      upgradeOutbound,
      upgradeInbound: upgrader.upgradeInbound.bind(upgrader),
      createInboundAbortSignal: upgrader.createInboundAbortSignal.bind(upgrader),
      getStreamMuxers: upgrader.getStreamMuxers.bind(upgrader),
      getConnectionEncrypters: upgrader.getConnectionEncrypters.bind(upgrader),
    };
  }

  #wrap(inner: MultiaddrConnection, peerId: string): FaultyConnection {
    const line = { clock: this.#clock, random: this.#random };
    const connection = new FaultyConnection(inner, {
      out: { ...line, state: () => this.#direction(this.#self, peerId) },
      in: { ...line, state: () => this.#direction(peerId, this.#self) },
    });
    const entry: OpenConnection = { peerId, connection, resetTimer: undefined };
    this.#open.add(entry);
    connection.addEventListener('close', () => {
      clearTimeout(entry.resetTimer);
      this.#open.delete(entry);
    });
    this.#planReset(entry);
    return connection;
  }

  /** Lives of connections are exponential: a reset depends on nothing but chance. */
  #planReset(entry: OpenConnection): void {
    clearTimeout(entry.resetTimer);
    const { resetEveryMs } = connectionState(this.#rules.faults, this.#self, entry.peerId);
    if (resetEveryMs === Infinity) return;
    const lifeMs = -Math.log(1 - this.#random.uniform()) * resetEveryMs;
    entry.resetTimer = setTimeout(() => {
      this.#counts.resets += 1;
      entry.connection.abort(new ConnectionLostError('the connection was reset by a fault'));
    }, lifeMs).unref();
  }
}

/** The last peer of an address: libp2p appends it to each that it dials. */
function peerIdOf(address: Multiaddr): string | undefined {
  return address.getComponents().findLast(({ name }) => name === 'p2p')?.value;
}

function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, durationMs).unref();
    signal.addEventListener('abort', onAbort);
  });
}
