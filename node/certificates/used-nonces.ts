/**
 * The nonces that proofs in files were accepted for: each serves once (wire-formats.md 2.5), also
 * across a restart. A nonce is forgotten when a presentation made for it would be too old anyway.
 *
 * @module
 */

import { CHALLENGE_SECONDS } from '../../crypto/presentation-verifier.ts';
import type { Clock } from '../../protocols/components.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../../protocols/negotiation/documents.ts';
import type { JsonSection } from '../storage/store.ts';

const LIFE_MS = (CHALLENGE_SECONDS + 2 * CLOCK_TOLERANCE_SECONDS) * 1_000;
/** Only proofs that verify take a place, and this node chose their nonces. */
const MAX_NONCES = 4_096;
const SETTINGS_KEY = 'used-nonces';

/** Nonces as they are stored, the oldest first. */
export interface StoredNonces {
  readonly used: readonly { readonly nonce: string; readonly atMs: number }[];
}

export interface UsedNoncesInit {
  readonly settings: JsonSection<StoredNonces>;
  readonly clock: Clock;
}

/** Nonces of one verifier. */
export class UsedNonces {
  readonly #init: UsedNoncesInit;
  readonly #usedAtMs = new Map<string, number>();

  constructor(init: UsedNoncesInit) {
    this.#init = init;
  }

  /** Reads those of before the restart. */
  async load(): Promise<void> {
    const stored = await this.#init.settings.get(SETTINGS_KEY);
    for (const { nonce, atMs } of stored?.used ?? []) this.#usedAtMs.set(nonce, atMs);
  }

  /** @returns whether the nonce had not been used. From now on it has, on disk too. */
  async use(nonce: string): Promise<boolean> {
    const nowMs = this.#init.clock.nowMs();
    for (const [used, atMs] of this.#usedAtMs) {
      if (nowMs - atMs <= LIFE_MS && this.#usedAtMs.size < MAX_NONCES) break;
      this.#usedAtMs.delete(used);
    }
    if (this.#usedAtMs.has(nonce)) return false;
    this.#usedAtMs.set(nonce, nowMs);
    const used = [...this.#usedAtMs].map(([one, atMs]) => ({ nonce: one, atMs }));
    await this.#init.settings.put(SETTINGS_KEY, { used });
    return true;
  }
}
