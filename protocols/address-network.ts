/**
 * The network that an address lies in: a /24 of IPv4 or a /48 of IPv6, which cost more than
 * identities do (wire-formats.md 6).
 *
 * @module
 */

import ipaddr from 'ipaddr.js';
import { multiaddr } from '@multiformats/multiaddr';

const IPV4_PREFIX_BITS = 24;
const IPV6_PREFIX_BITS = 48;
/** Loopback and private addresses, that no stranger is met at. */
export const LOCAL_NETWORK = 'local';
/** All names of hosts together: a name costs nothing. */
const NAMES = 'names of hosts';
/** Ranges of addresses that no stranger is met at. */
const LOCAL_RANGES: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'linkLocal',
  'uniqueLocal',
]);

/** The IP address that a multiaddr begins with; `undefined` for a name. */
function ipOf(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const [first] = multiaddr(address).getComponents();
  if (first?.value === undefined || !ipaddr.isValid(first.value)) return undefined;
  return ipaddr.process(first.value);
}

/** The /24 or /48 that a multiaddr lies in, or what it is instead. */
export function networkOf(address: string): string {
  const ip = ipOf(address);
  if (ip === undefined) return NAMES;
  if (LOCAL_RANGES.has(ip.range())) return LOCAL_NETWORK;
  const bits = ip.kind() === 'ipv4' ? IPV4_PREFIX_BITS : IPV6_PREFIX_BITS;
  const bytes = ip.toByteArray().map((byte, i) => (i < bits / 8 ? byte : 0));
  return `${ipaddr.fromByteArray(bytes).toString()}/${bits}`;
}

/** The network of a peer's first address; `undefined` for one without or a local one. */
export function strangersNetwork([address]: readonly string[]): string | undefined {
  const network = address === undefined ? undefined : networkOf(address);
  return network === LOCAL_NETWORK ? undefined : network;
}
