/**
 * Checks of the daemon and of its place in the network.
 *
 * @module
 */

import { count, failure, ifObserved, ok, warning } from './finding.ts';
import type { Finding, Observed } from './finding.ts';

/** The daemon of the data directory. */
export interface DaemonReadings {
  readonly isRunning: boolean;
  /** Where it is and how long; or why it does not answer. */
  readonly detail: string;
  /** Whether a process is there that does not answer. */
  readonly isMute: boolean;
}

export function checkDaemon({ isRunning, detail, isMute }: DaemonReadings): Finding {
  const check = 'daemon';
  if (isRunning) return ok(check, detail);
  if (isMute) {
    return failure(check, {
      found: detail,
      cause: 'it is stuck, or another program has its port, or the token is not its own',
      mend: 'look at its log, end the process, and start it anew with "coalesce start"',
    });
  }
  return warning(check, {
    found: detail,
    cause: 'nothing is bought or sold, and part of the checks is skipped',
    mend: 'coalesce start',
  });
}

/** A port that the configuration names. */
export interface PortReadings {
  /** The setting, for example http.port. */
  readonly setting: string;
  readonly host: string;
  readonly port: number;
  /** Why nobody can listen there now; null if somebody could. */
  readonly problem: string | null;
  /** Whether the daemon says that it listens there. */
  readonly isOurs: boolean;
}

export function checkPorts(observed: Observed<readonly PortReadings[]>): Finding {
  const check = 'ports';
  return ifObserved(check, observed, (ports) => {
    const taken = ports.filter(({ problem, isOurs }) => problem !== null && !isOurs);
    if (ports.length === 0) return ok(check, 'the system chooses every port');
    if (taken.length === 0) {
      const rows = ports.map((one) => `${named(one)} ${one.isOurs ? 'is held by us' : 'is free'}`);
      return ok(check, rows.join(', '));
    }
    return failure(check, {
      found: taken.map((one) => `${named(one)} cannot be taken (${one.problem})`).join(', '),
      cause: 'another program listens there, or the address is not one of this machine',
      mend: `end that program, or name another port: ${taken[0]!.setting}`,
    });
  });
}

function named({ setting, host, port }: PortReadings): string {
  return `${setting} ${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** A peer that the configuration joins the network through. */
export interface BootstrapReadings {
  readonly address: string;
  /** Why it does not answer; null if it does, or is connected. */
  readonly problem: string | null;
}

export function checkBootstrap(observed: Observed<readonly BootstrapReadings[]>): Finding {
  const check = 'bootstrap-peers';
  return ifObserved(check, observed, (peers) => {
    const dead = peers.filter(({ problem }) => problem !== null);
    if (peers.length === 0) return ok(check, 'none is configured: others must come to this node');
    const found =
      `${peers.length - dead.length} of ${peers.length} answer` +
      dead.map(({ address, problem }) => `; ${address}: ${problem}`).join('');
    if (dead.length === 0) return ok(check, found);
    const cause = 'they are off, have moved, or a firewall is between';
    const mend = 'name others: coalesce init --bootstrap MULTIADDR, and restart the daemon';
    const isAlone = dead.length === peers.length;
    return (isAlone ? failure : warning)(check, { found, cause, mend });
  });
}

/** Whom the daemon knows. */
export interface PeerReadings {
  readonly connected: number;
  readonly routingTable: number;
  /** Whether it has a way to find somebody: bootstrap peers, relays or multicast DNS. */
  readonly hasWayIn: boolean;
}

export function checkPeers(observed: Observed<PeerReadings>): Finding {
  const check = 'connected-peers';
  return ifObserved(check, observed, ({ connected, routingTable, hasWayIn }) => {
    const found = `${connected} connected, ${routingTable} in the routing table`;
    if (connected === 0) {
      const cause = hasWayIn
        ? 'no bootstrap or known peer answers'
        : 'the configuration names nobody to join through, and nobody has come';
      const mend = 'coalesce init --bootstrap MULTIADDR, or network.hasMdns on a LAN; then restart';
      return (hasWayIn ? failure : warning)(check, { found, cause, mend });
    }
    if (routingTable > 0) return ok(check, found);
    return warning(check, {
      found,
      cause: 'those that are connected keep no part of the DHT, so nothing is found in it',
      mend: 'join through a peer that is reached directly: coalesce init --bootstrap MULTIADDR',
    });
  });
}

/** Under which addresses others find the daemon. */
export interface ReachabilityReadings {
  readonly addresses: readonly string[];
  readonly isLocalNetwork: boolean;
  /** Relays in the configuration. */
  readonly relays: number;
}

export function checkReachability(observed: Observed<ReachabilityReadings>): Finding {
  const check = 'reachability';
  return ifObserved(check, observed, ({ addresses, isLocalNetwork, relays }) => {
    const relayed = addresses.filter((address) => address.includes('/p2p-circuit'));
    const open = addresses.filter((address) => scopeOf(address) === 'public');
    const found = `listens on ${addresses.join(', ') || 'nothing'}`;
    if (relays > 0 && relayed.length === 0) {
      return failure(check, {
        found: `none of ${count(relays, 'relay')} relays for this node; it ${found}`,
        cause: 'the relays are off, or have no place left',
        mend: 'name other relays in network.relays, and restart the daemon',
      });
    }
    if (relayed.length > 0) return ok(check, `${count(relayed.length, 'address')} by a relay`);
    if (open.length > 0)
      return ok(check, `${found}; whether a firewall lets peers in, it cannot say`);
    if (isLocalNetwork) return ok(check, `${found}, as a local network needs`);
    const isLan = addresses.some((address) => scopeOf(address) === 'private');
    return warning(check, {
      found,
      cause: isLan
        ? 'these addresses are of the LAN or behind NAT: peers outside cannot connect'
        : 'only programs of this machine can connect',
      mend: 'listen on a public address (network.listen), or through relays (network.relays)',
    });
  });
}

/** RFC 1918, link-local, and the addresses behind the NAT of a carrier (RFC 6598). */
const PRIVATE = [
  /^\/ip4\/(?:10|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01]))\./,
  /^\/ip4\/100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^\/ip6\/f[cde]/i,
];
const LOOPBACK = /^\/ip4\/(?:127\.|0\.)|^\/ip6\/::1?\/|^\/dns[46]?\/localhost\//;

function scopeOf(address: string): 'loopback' | 'private' | 'public' {
  if (LOOPBACK.test(address)) return 'loopback';
  return PRIVATE.some((form) => form.test(address)) ? 'private' : 'public';
}
