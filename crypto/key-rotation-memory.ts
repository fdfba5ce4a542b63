/**
 * What a node without a ledger remembers of key rotations (wire-formats.md 2.4): the first rotation
 * of each key, the identities that are dead because one key was rotated to two others, and the
 * recovery keys that were registered in skill records.
 *
 * Which of the two came from the owner cannot be told, so neither counts. A memory only sees what
 * reached it: with a ledger the order of the blocks decides instead. Keeps nothing on disk:
 * `envelopes` and `recoveries` give what to store, `note` and `noteRecovery` take it back.
 *
 * @module
 */

import { equalBytes, fromBase64Url } from './bytes.ts';
import type { SignedDocument } from './envelope.ts';
import type { KeyRotation } from './key-rotation.ts';

/** Rotations kept unless the constructor says otherwise: at most some 4 MiB of envelopes. */
export const DEFAULT_MAX_ROTATIONS_KEPT = 4_096;

/** What the memory made of a rotation. */
export type KeyRotationNote =
  | 'NEW'
  | 'KNOWN'
  /** Its old key is not one to remember. */
  | 'NOT_KEPT'
  /** Another rotation of the old key to the same new one; the first stays. */
  | 'SAME_KEYS'
  /** Another rotation of the old key to another new one: the identity is dead from now on. */
  | 'CONFLICT'
  | 'IDENTITY_DEAD'
  | 'MEMORY_FULL';

/** Two rotations of one key that cannot both count. */
export interface RotationConflict {
  /** PeerId of the key that was rotated twice. */
  readonly old: string;
  /** Envelopes, byte for byte. */
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}

/** Hash of the recovery key that was registered for a key. */
export interface RegisteredRecovery {
  readonly peerId: string;
  readonly hash: Uint8Array;
}

/** Limits and policy of a {@link KeyRotationMemory}. */
export interface KeyRotationMemoryInit {
  /** Also the most recovery keys. */
  readonly maxRotations?: number;
  /**
   * Whether rotations of this key take a place. Identities are free, so a node on an open network
   * keeps those of peers that it knows. Default: all.
   */
  readonly isKept?: (old: string) => boolean;
}

/** Rotations by the key they replace. */
export class KeyRotationMemory {
  readonly #maxRotations: number;
  readonly #isKept: (old: string) => boolean;
  readonly #byOld = new Map<string, SignedDocument<KeyRotation>>();
  readonly #recoveries = new Map<string, RegisteredRecovery>();
  readonly #conflicts = new Map<string, RotationConflict>();

  constructor(init: KeyRotationMemoryInit = {}) {
    const { maxRotations = DEFAULT_MAX_ROTATIONS_KEPT, isKept } = init;
    this.#maxRotations = maxRotations;
    this.#isKept = isKept ?? (() => true);
  }

  /**
   * Compares a rotation with what is known, and keeps the first of each key.
   *
   * @param rotation - One that `verifyKeyRotation` accepted: a rotation that is not checked against
   *   the registered recovery key would let a thief of the old key kill the identity.
   */
  note(rotation: SignedDocument<KeyRotation>): KeyRotationNote {
    const { old } = rotation.body;
    if (this.#conflicts.has(old)) return 'IDENTITY_DEAD';
    if (!this.#isKept(old)) return 'NOT_KEPT';
    const known = this.#byOld.get(old);
    if (known) {
      if (known.body.new !== rotation.body.new) {
        const second = rotation.envelope;
        this.#conflicts.set(old, { old, first: known.envelope, second });
        return 'CONFLICT';
      }
      return equalBytes(known.id, rotation.id) ? 'KNOWN' : 'SAME_KEYS';
    }
    if (this.#byOld.size >= this.#maxRotations) return 'MEMORY_FULL';
    this.#byOld.set(old, rotation);
    const { new: peerId, nextRecovery } = rotation.body;
    // Signed by the recovery key before it: it counts more than any record of the new key.
    if (nextRecovery !== '') {
      this.#recoveries.set(peerId, { peerId, hash: fromBase64Url(nextRecovery) });
    }
    return 'NEW';
  }

  /** Whether this key was rotated to two others. A chain through it is dead with it. */
  isDead(peerId: string): boolean {
    return this.#conflicts.has(peerId);
  }

  /** The key that this one was rotated to, dead or not; `undefined` if no rotation is known. */
  successorOf(peerId: string): string | undefined {
    return this.#byOld.get(peerId)?.body.new;
  }

  /**
   * Remembers the recovery key of a skill record. The first one of each key stays: whoever has
   * stolen the key could sign a record with another, or with none.
   */
  noteRecovery(recovery: RegisteredRecovery): void {
    const { peerId } = recovery;
    if (this.#recoveries.has(peerId) || this.#recoveries.size >= this.#maxRotations) return;
    this.#recoveries.set(peerId, recovery);
  }

  /** Hash of the recovery key that is known of this key. */
  registered(peerId: string): Uint8Array | undefined {
    return this.#recoveries.get(peerId)?.hash;
  }

  /** Recovery keys to be stored. */
  recoveries(): readonly RegisteredRecovery[] {
    return [...this.#recoveries.values()];
  }

  /** Evidence of every death, to be passed on. */
  conflicts(): readonly RotationConflict[] {
    return [...this.#conflicts.values()];
  }

  /** Envelopes to be stored: every rotation kept, and the second one of each conflict. */
  envelopes(): readonly Uint8Array[] {
    const second = this.conflicts().map((conflict) => conflict.second);
    return [...[...this.#byOld.values()].map(({ envelope }) => envelope), ...second];
  }
}
