/**
 * Who is ranked of a crowd: known peers before all others, and three of one network and of one
 * attestor group (wire-formats.md 6). Identities are free, addresses and attestors less so: a crowd
 * behind one of them does not fill the ranking.
 *
 * A peer's network is that of the connection to it, and what its record says only where there is
 * none: a record may name any address, so these have places of their own, and so have those that
 * name none. Peers met at a loopback or private address are exempt, since
 * a local testnet has one address and one attestor; so are those that the configuration names.
 *
 * @module
 */

import { LOCAL_NETWORK, networkOf } from '../../protocols/address-network.ts';

/** Peers of one network, and of one attestor group, that are ranked. */
export const MAX_PEERS_PER_GROUP = 3;

/** What the limit looks at. */
export interface CrowdMember {
  readonly peerId: string;
  /** Multiaddrs of the open connections to it; none if there is none. */
  readonly connectedAt: readonly string[];
  /** Multiaddrs that its record names. */
  readonly toldAddresses: readonly string[];
  /** Whose attestation its level rests on; `null` without one. */
  readonly attestorGroup: string | null;
  /** Named in the configuration: never left out. */
  readonly isNamed: boolean;
}

/** An entry that is left out, and the group that was full. */
export interface LeftOut<Entry> {
  readonly entry: Entry;
  readonly reason: 'NETWORK_FULL' | 'ATTESTOR_GROUP_FULL';
  /** As `198.51.100.0/24`, or the name of the attestor group. */
  readonly group: string;
}

/** What came of a crowd. */
export interface LimitedCrowd<Entry> {
  readonly kept: readonly Entry[];
  readonly leftOut: readonly LeftOut<Entry>[];
}

/** Where a peer is that is not connected and names no address. */
const NOWHERE = 'no address';

type Group = Pick<LeftOut<unknown>, 'reason' | 'group'>;

/** The groups that a member takes a place in. */
function groupsOf({ connectedAt, toldAddresses, attestorGroup }: CrowdMember): readonly Group[] {
  const isConnected = connectedAt.length > 0;
  const networks = new Set((isConnected ? connectedAt : toldAddresses).map(networkOf));
  if (isConnected && networks.size === 1 && networks.has(LOCAL_NETWORK)) return [];
  const named = networks.size > 0 ? [...networks] : [NOWHERE];
  // What a record says of others' networks takes no place of those who were met there.
  const told = isConnected ? '' : ' by its own word';
  const groups = named.map((group): Group => ({ reason: 'NETWORK_FULL', group: group + told }));
  if (attestorGroup === null) return groups;
  return [...groups, { reason: 'ATTESTOR_GROUP_FULL', group: attestorGroup }];
}

/**
 * Keeps the order of `entries`, the best first, and leaves out those that a full group has no place
 * for. A peer with several entries takes one place.
 */
export function limitCrowd<Entry extends { readonly crowd: CrowdMember }>(
  entries: readonly Entry[],
): LimitedCrowd<Entry> {
  const places = new Map<string, Set<string>>();
  const kept: Entry[] = [];
  const leftOut: LeftOut<Entry>[] = [];
  for (const entry of entries) {
    const { peerId, isNamed } = entry.crowd;
    const groups = groupsOf(entry.crowd).map(({ reason, group }) => {
      const key = `${reason} ${group}`;
      const taken = places.get(key) ?? new Set<string>();
      places.set(key, taken);
      return { reason, group, taken };
    });
    const full = groups.find(
      ({ taken }) => taken.size >= MAX_PEERS_PER_GROUP && !taken.has(peerId),
    );
    if (full && !isNamed) {
      leftOut.push({ entry, reason: full.reason, group: full.group });
      continue;
    }
    kept.push(entry);
    for (const { taken } of groups) taken.add(peerId);
  }
  return { kept, leftOut };
}

/** As it is told to the caller. */
export function describeLeftOut({ reason, group }: LeftOut<unknown>): string {
  return `${reason}: ${group} has its ${MAX_PEERS_PER_GROUP} places`;
}
