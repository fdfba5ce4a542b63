/**
 * The private seed of an identity under a passphrase: a key from scrypt (RFC 7914), then
 * AES-256-GCM.
 *
 * N = 2^17, r = 8, p = 1, the strongest of the equal choices in OWASP's Password Storage Cheat
 * Sheet: 128 MiB and a fraction of a second for each guess. They are fixed, so that a file cannot
 * ask for a cost of its own. The salt is fresh for each seal, so each key seals once and the nonce
 * is the counter 0. The PeerId is associated data: a sealed seed cannot be put under another name.
 *
 * @module
 */

import { scrypt } from 'node:crypto';
import { AES_GCM_TAG_BYTES, counterNonce, openAesGcm, sealAesGcm } from './aes-gcm.ts';
import { concatBytes, utf8 } from './bytes.ts';
import { SEALED_KEY_TAG } from './domain-tags.ts';

/** Parameters of scrypt, as a file states them. */
export const SEAL_PARAMETERS = { n: 131_072, r: 8, p: 1 } as const;
/** Length of a salt, in bytes. */
export const SEAL_SALT_BYTES = 16;
const SEED_BYTES = 32;
/** Length of a sealed seed, in bytes. */
export const SEALED_SEED_BYTES = SEED_BYTES + AES_GCM_TAG_BYTES;

const KEY_BYTES = 32;
/** scrypt takes 128 N r bytes, and a little for the rest. */
const MAX_MEMORY_BYTES = 2 * 128 * SEAL_PARAMETERS.n * SEAL_PARAMETERS.r;

/** What a sealed seed stands beside in its file. */
export interface SealContext {
  /** NFC, so that the same letters give the same key on every keyboard. */
  readonly passphrase: string;
  /** 16 random bytes, fresh for each seal. */
  readonly salt: Uint8Array;
  readonly peerId: string;
}

function keyOf({ passphrase, salt }: SealContext): Promise<Uint8Array> {
  if (salt.length !== SEAL_SALT_BYTES) {
    throw new TypeError(`"salt" expected ${SEAL_SALT_BYTES} bytes, got ${salt.length}`);
  }
  const { n: N, r, p } = SEAL_PARAMETERS;
  const options = { N, r, p, maxmem: MAX_MEMORY_BYTES };
  return new Promise((resolve, reject) => {
    scrypt(utf8(passphrase.normalize('NFC')), salt, KEY_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function associatedData({ peerId, salt }: SealContext): Uint8Array {
  return concatBytes(utf8(SEALED_KEY_TAG), Uint8Array.of(0), salt, utf8(peerId));
}

/**
 * The sealed seed, 48 bytes.
 *
 * @param seed - 32 bytes.
 * @throws {@link TypeError} for a seed or a salt of another length.
 */
export async function sealSeed(context: SealContext, seed: Uint8Array): Promise<Uint8Array> {
  if (seed.length !== SEED_BYTES) {
    throw new TypeError(`"seed" expected ${SEED_BYTES} bytes, got ${seed.length}`);
  }
  return sealAesGcm(await keyOf(context), counterNonce(0), associatedData(context), seed);
}

/**
 * The seed, 32 bytes; `undefined` for another passphrase, and for what was changed: the two cannot
 * be told apart.
 *
 * @throws {@link TypeError} unless the salt has 16 bytes.
 */
export async function openSeed(
  context: SealContext,
  sealed: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (sealed.length !== SEALED_SEED_BYTES) return undefined;
  return openAesGcm(await keyOf(context), counterNonce(0), associatedData(context), sealed);
}
