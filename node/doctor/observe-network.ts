/**
 * Looks at the ports that a configuration names, and at the peers that it joins through.
 *
 * @module
 */

import { multiaddr } from '@multiformats/multiaddr';
import type { PeerDocument, StatusDocument } from '../api-documents.ts';
import type { Config } from '../config/schema.ts';
import { probeListen, probeTcp } from '../tcp-probe.ts';
import type { TcpAddress } from '../tcp-probe.ts';
import type { Observed } from './finding.ts';
import type { BootstrapReadings, PortReadings } from './network-checks.ts';

export const NO_CONFIG = 'the configuration is not valid';
const HOST_NAMES = new Set(['ip4', 'ip6', 'dns', 'dns4', 'dns6']);

/**
 * Where a multiaddr of TCP leads, for one behind a relay to the relay; `undefined` for one of
 * another transport.
 */
export function tcpAddressOf(address: string): TcpAddress | undefined {
  const [first, second] = multiaddr(address).getComponents();
  if (first?.value === undefined || second?.name !== 'tcp') return undefined;
  if (!HOST_NAMES.has(first.name)) return undefined;
  return { host: first.value, port: Number(second.value) };
}

/** @param status - Of the running daemon, which holds ports of its own. */
export async function observePorts(
  config: Config | undefined,
  status: StatusDocument | undefined,
): Promise<Observed<readonly PortReadings[]>> {
  if (!config) return { missing: NO_CONFIG };
  const { network, http, a2a } = config;
  const wanted = [
    ...network.listen.flatMap((address) => {
      const at = tcpAddressOf(address);
      return at ? [{ setting: 'network.listen', ...at }] : [];
    }),
    { setting: 'http.port', ...http },
    ...(a2a.isServed ? [{ setting: 'a2a.port', host: a2a.host, port: a2a.port }] : []),
  ].filter(({ port }) => port !== 0);
  const held = status ? portsOf(status) : new Set<number>();
  const ports = wanted.map(async ({ setting, host, port }) => {
    const isOurs = held.has(port);
    const problem = isOurs ? undefined : await probeListen({ host, port });
    return { setting, host, port, problem: problem ?? null, isOurs };
  });
  return { value: await Promise.all(ports) };
}

function portsOf({ addresses, http, a2a }: StatusDocument): Set<number> {
  const urls = [http, ...(a2a === null ? [] : [a2a])].map((url) => Number(new URL(url).port));
  const own = addresses.filter((address) => !address.includes('/p2p-circuit'));
  return new Set([...urls, ...own.flatMap((one) => tcpAddressOf(one)?.port ?? [])]);
}

/** @param peers - Whom the running daemon knows: who is connected needs no look. */
export async function observeBootstrap(
  config: Config | undefined,
  peers: readonly PeerDocument[] = [],
): Promise<Observed<readonly BootstrapReadings[]>> {
  if (!config) return { missing: NO_CONFIG };
  const connected = peers.filter((peer) => peer.connected).map(({ peerId }) => peerId);
  const readings = config.network.bootstrap.map(async (address) => {
    if (connected.some((peerId) => address.endsWith(`/p2p/${peerId}`))) {
      return { address, problem: null };
    }
    const at = tcpAddressOf(address);
    const problem = at ? await probeTcp(at) : 'is not of TCP, the one transport of this program';
    return { address, problem: problem ?? null };
  });
  return { value: await Promise.all(readings) };
}
