/**
 * The nonces that proofs in files were accepted for: each serves once (wire-formats.md 2.5). A
 * nonce is forgotten when a presentation made for it would be too old anyway.
 *
 * Kept in memory only: for two minutes after a restart a proof from before it is accepted again.
 *
 * @module
 */

import { CHALLENGE_SECONDS } from '../../crypto/presentation-verifier.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../../protocols/negotiation/documents.ts';

const LIFE_MS = (CHALLENGE_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS) * 1_000;
/** Only proofs that verify take a place, and this node chose their nonces. */
const MAX_NONCES = 4_096;

/** Nonces of one verifier. */
export class UsedNonces {
  readonly #usedAtMs = new Map<string, number>();

  /** @returns whether the nonce had not been used. From now on it has. */
  use(nonce: string, nowMs: number): boolean {
    for (const [used, atMs] of this.#usedAtMs) {
      if (nowMs - atMs <= LIFE_MS && this.#usedAtMs.size < MAX_NONCES) break;
      this.#usedAtMs.delete(used);
    }
    if (this.#usedAtMs.has(nonce)) return false;
    this.#usedAtMs.set(nonce, nowMs);
    return true;
  }
}
