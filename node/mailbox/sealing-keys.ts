/**
 * The keys that letters for this node are sealed for (wire-formats.md 1.5). A new one is made every
 * day and stands in the next skill record; each is kept for seven days, so that a letter that was
 * sealed in time can be opened, and then forgotten with everything that was sealed for it.
 *
 * They are stored in the clear, as the store is: theft of the data directory opens the letters of a
 * week (no forward secrecy), and signs nothing.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { x25519KeyPair } from '../../crypto/x25519.ts';
import type { X25519KeyPair } from '../../crypto/x25519.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Random } from '../../protocols/components.ts';
import type { JsonSection } from '../storage/store.ts';

/** How long a key is given to others, in seconds. */
export const SEALING_KEY_USE_SECONDS = 86_400;
/** How long it opens what was sealed for it, from its making. */
export const SEALING_KEY_LIFE_SECONDS = 604_800;

/** A key as it is stored; its public half, base64url, is its name. */
export interface StoredSealingKey {
  readonly publicKey: string;
  readonly privateKey: string;
  readonly madeAtSeconds: number;
}

export interface SealingKeysInit {
  readonly section: JsonSection<StoredSealingKey>;
  readonly clock: Clock;
  readonly random: Random;
}

/** A key in memory. */
interface SealingKey {
  readonly pair: X25519KeyPair;
  readonly madeAtSeconds: number;
}

export class SealingKeys {
  readonly #init: SealingKeysInit;
  readonly #keys = new Map<string, SealingKey>();

  constructor(init: SealingKeysInit) {
    this.#init = init;
  }

  /** Takes up the keys of before a restart, and makes one where none is new enough. */
  async load(): Promise<void> {
    for (const { publicKey, privateKey, madeAtSeconds } of await this.#init.section.values()) {
      const pair = x25519KeyPair(fromBase64Url(privateKey));
      this.#keys.set(publicKey, { pair, madeAtSeconds });
    }
    await this.renew();
  }

  /** The key that others are given now. @throws before {@link SealingKeys.load}. */
  current(): X25519KeyPair {
    const newest = this.#newest();
    if (!newest) throw new Error('Sealing keys are used before they are loaded');
    return newest.pair;
  }

  #newest(): SealingKey | undefined {
    let newest: SealingKey | undefined;
    for (const key of this.#keys.values()) {
      if (!newest || key.madeAtSeconds > newest.madeAtSeconds) newest = key;
    }
    return newest;
  }

  /** The key with this public half, base64url, while it is kept. */
  find(publicKey: string): X25519KeyPair | undefined {
    return this.#keys.get(publicKey)?.pair;
  }

  /**
   * Makes a key where the newest is a day old, and forgets those of a week.
   *
   * @returns whether one was made, which others are to be told of.
   */
  async renew(): Promise<boolean> {
    const { section, clock, random } = this.#init;
    const now = nowSeconds(clock);
    const newest = this.#newest();
    const isDue = !newest || now - newest.madeAtSeconds >= SEALING_KEY_USE_SECONDS;
    if (isDue) {
      const pair = x25519KeyPair(random.bytes(32));
      const publicKey = toBase64Url(pair.publicKey);
      const privateKey = toBase64Url(pair.privateKey);
      // First on disk: a key that others are given must open letters after a crash.
      await section.put(publicKey, { publicKey, privateKey, madeAtSeconds: now });
      this.#keys.set(publicKey, { pair, madeAtSeconds: now });
    }
    for (const [name, { pair, madeAtSeconds }] of this.#keys) {
      if (now - madeAtSeconds < SEALING_KEY_LIFE_SECONDS) continue;
      this.#keys.delete(name);
      pair.privateKey.fill(0);
      await section.delete(name);
    }
    return isDue;
  }
}
