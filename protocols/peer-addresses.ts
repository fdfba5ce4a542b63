/**
 * How many addresses the peer store keeps of one peer.
 *
 * Anybody may tell addresses of anybody: in answers of the DHT, as a provider, on identification.
 * `@libp2p/peer-store` compares each with every other, so that 10,000 of one peer, which fit into
 * 100 kB, stop a node for seconds (measured), and whoever is told of the peer by it next. An honest
 * peer has a handful.
 *
 * @module
 */

import type { Address, Peer, PeerData, PeerId, PeerStore } from '@libp2p/interface';

/** Addresses that are taken of one message, the first ones. */
export const MAX_TOLD_ADDRESSES = 16;
/** Addresses of before that stay where there are too many. */
const MAX_OLDER = 8;
/** Addresses that are kept of one peer. */
export const MAX_PEER_ADDRESSES = MAX_TOLD_ADDRESSES + MAX_OLDER;

type Change = (peer: PeerId, data: PeerData, options?: object) => Promise<Peer>;

function cut(data: PeerData): PeerData {
  const { multiaddrs, addresses } = data;
  return {
    ...data,
    ...(multiaddrs && { multiaddrs: multiaddrs.slice(0, MAX_TOLD_ADDRESSES) }),
    ...(addresses && { addresses: addresses.slice(0, MAX_TOLD_ADDRESSES) }),
  };
}

/**
 * Which addresses stay: those that the peer itself has certified, some of before, and those told
 * now. Who tells false ones first and last puts out a true one that nobody certified; a search
 * tells it again from the peer's own record.
 */
function staying(all: readonly Address[], { multiaddrs = [], addresses = [] }: PeerData) {
  const told = new Set([...multiaddrs, ...addresses.map((one) => one.multiaddr)].map(String));
  const certified = all.filter(({ isCertified }) => isCertified);
  const others = all.filter(({ isCertified }) => !isCertified);
  const isToldNow = ({ multiaddr }: Address): boolean => told.has(multiaddr.toString());
  const older = others.filter((one) => !isToldNow(one)).slice(0, MAX_OLDER);
  return [...certified, ...older, ...others.filter(isToldNow)].slice(0, MAX_PEER_ADDRESSES);
}

/** From now on the store keeps {@link MAX_PEER_ADDRESSES} of each peer, whoever writes to it. */
export function boundAddresses(peerStore: Pick<PeerStore, 'merge' | 'patch' | 'save'>): void {
  const merge: Change = peerStore.merge.bind(peerStore);
  const patch: Change = peerStore.patch.bind(peerStore);
  const save: Change = peerStore.save.bind(peerStore);
  peerStore.patch = (peer, data, options) => patch(peer, cut(data), options);
  peerStore.save = (peer, data, options) => save(peer, cut(data), options);
  peerStore.merge = async (peer, data, options) => {
    const told = cut(data);
    const merged = await merge(peer, told, options);
    if (merged.addresses.length <= MAX_PEER_ADDRESSES) return merged;
    return patch(peer, { addresses: staying(merged.addresses, told) }, options);
  };
}
