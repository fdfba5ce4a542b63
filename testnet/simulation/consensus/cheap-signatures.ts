/**
 * Signatures for the simulation: a keyed hash in the place of Ed25519, a thousand times faster. It
 * stands up to the simulated adversaries because they sign with their own signer only and the
 * verifier recomputes; it is worth nothing against anyone else. A share of seeds runs with real
 * keys.
 *
 * @module
 */

import type { ReplicaSigner, ReplicaVerifier } from '../../../protocols/pbft/committee.ts';

function mix(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** 64 bits that depend on all of `id` and on the key. */
function hash(key: number, id: Uint8Array): { high: number; low: number } {
  let high = mix(key + 0x9e3779b9);
  let low = mix(key ^ 0x7f4a7c15);
  for (let i = 0; i + 4 <= id.length; i += 4) {
    const word = id[i]! | (id[i + 1]! << 8) | (id[i + 2]! << 16) | (id[i + 3]! << 24);
    high = mix(high ^ word);
    low = mix((low + word) | 0) ^ high;
  }
  return { high, low };
}

/** Key of a replica; keys of clients lie elsewhere. */
export function cheapSigner(key: number): ReplicaSigner {
  return {
    sign(id) {
      const signature = new Uint8Array(64);
      const { high, low } = hash(key, id);
      const view = new DataView(signature.buffer);
      view.setInt32(0, high);
      view.setInt32(4, low);
      return signature;
    },
  };
}

/** Replica i has key i. */
export const cheapVerifier: ReplicaVerifier = {
  verify(replica, id, signature) {
    if (signature.length !== 64) return false;
    const { high, low } = hash(replica, id);
    const view = new DataView(signature.buffer, signature.byteOffset);
    return view.getInt32(0) === high && view.getInt32(4) === low;
  },
};
