/**
 * The committee of a ledger: who votes, who is primary, how many votes suffice.
 *
 * The committee is the genesis' and does not change (wire-formats.md 5.4).
 *
 * @module
 */

import { verifyDocumentSignature } from '../../crypto/identity.ts';
import type { Identity } from '../../crypto/identity.ts';

/** Sizes a committee may have: n = 3f + 1 for f = 1 to 4. */
export const COMMITTEE_SIZES: readonly number[] = [4, 7, 10, 13];

/** Members of a ledger's committee and what their votes are bound to. */
export interface Committee {
  /** Hash of the genesis document, 32 bytes. */
  readonly ledger: Uint8Array;
  /** Number of the membership; 0 is the genesis'. */
  readonly epoch: number;
  readonly genesisTimeMs: number;
  /** PeerIds; a replica's number is its place here. */
  readonly replicas: readonly string[];
}

/**
 * Checks what a genesis says.
 *
 * @throws {@link RangeError} for a size that is not 3f + 1, a replica named twice, a ledger that is
 *   not 32 bytes.
 */
export function checkCommittee(committee: Committee): Committee {
  const { ledger, replicas } = committee;
  if (!COMMITTEE_SIZES.includes(replicas.length)) {
    throw new RangeError(
      `"replicas" expected ${COMMITTEE_SIZES.join(', ')} names, got ${replicas.length}`,
    );
  }
  if (new Set(replicas).size !== replicas.length) {
    throw new RangeError('"replicas" expected different names: a key has one vote');
  }
  if (ledger.length !== 32)
    throw new RangeError(`"ledger" expected 32 bytes, got ${ledger.length}`);
  return committee;
}

/** f: how many of n replicas may be faulty. */
export function faultyAtMost(replicas: number): number {
  return Math.floor((replicas - 1) / 3);
}

/** The primary of a view: replica `view mod n`. */
export function primaryOf(view: number, replicas: number): number {
  return view % replicas;
}

/** Signs with this replica's key. */
export interface ReplicaSigner {
  /** @param id - 32 bytes, from `docId`. @returns 64 bytes, the same for the same id. */
  sign(id: Uint8Array): Uint8Array;
}

/** Checks signatures of the committee's members. */
export interface ReplicaVerifier {
  verify(replica: number, id: Uint8Array, signature: Uint8Array): boolean;
}

/** The signer of an identity. */
export function identitySigner(identity: Identity): ReplicaSigner {
  return { sign: (id) => identity.signDocument(id) };
}

/** Signatures that were found good, remembered; the oldest is forgotten first. */
const MAX_REMEMBERED = 8_192;

/**
 * Ed25519 by the one rule of wire-formats.md 0. Certificates carry votes that were already checked
 * one by one, so good signatures are remembered.
 */
export class IdentityVerifier implements ReplicaVerifier {
  readonly #replicas: readonly string[];
  readonly #good = new Map<string, string>();

  constructor(replicas: readonly string[]) {
    this.#replicas = replicas;
  }

  verify(replica: number, id: Uint8Array, signature: Uint8Array): boolean {
    const peerId = this.#replicas[replica];
    if (peerId === undefined) return false;
    const key = latin1(signature);
    const signed = `${replica} ${latin1(id)}`;
    if (this.#good.get(key) === signed) return true;
    if (!verifyDocumentSignature(peerId, id, signature)) return false;
    this.#good.set(key, signed);
    if (this.#good.size > MAX_REMEMBERED) {
      for (const oldest of this.#good.keys()) {
        this.#good.delete(oldest);
        break;
      }
    }
    return true;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
