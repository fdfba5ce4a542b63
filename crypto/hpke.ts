/**
 * HPKE in its authenticated mode, single-shot (RFC 9180 s.5.1.3 and 6.1): DHKEM(X25519,
 * HKDF-SHA256), HKDF-SHA256, AES-GCM. It seals one message for a peer that is not there.
 *
 * The mode binds the sealing key of the sender too, but that proves nothing to others, and nothing
 * to the recipient once its own key is stolen: who wrote a message is said by the signature inside
 * (wire-formats.md 1.5). There is no forward secrecy against theft of the recipient's key.
 *
 * A key is used for one message, so the sequence number is always 0 and the nonce is the base
 * nonce. Where a shared secret would be all zero, nothing is sealed or opened (RFC 9180 s.7.1.4).
 *
 * @module
 */

import { AES_GCM_KEY_BYTES, AES_GCM_TAG_BYTES, openAesGcm, sealAesGcm } from './aes-gcm.ts';
import { concatBytes, u16, utf8 } from './bytes.ts';
import { extract, hkdfExpand } from './hkdf.ts';
import { X25519_KEY_BYTES, x25519 } from './x25519.ts';
import type { X25519KeyPair } from './x25519.ts';

/** Identifiers of the algorithms (RFC 9180 s.7). */
const KEM_ID = Uint8Array.of(0x00, 0x20);
const KDF_ID = Uint8Array.of(0x00, 0x01);
const MODE_AUTH = Uint8Array.of(0x02);
const NONCE_BYTES = 12;
const HASH_BYTES = 32;
const VERSION = utf8('HPKE-v1');
const NOTHING = new Uint8Array(0);

/** An AEAD of the suite: its identifier and the length of its key. */
export interface HpkeAead {
  readonly id: number;
  readonly keyBytes: number;
}

/** AES-256-GCM, the one that messages are sealed with. */
export const AES_256_GCM: HpkeAead = { id: 0x0002, keyBytes: AES_GCM_KEY_BYTES };

/** Bytes that sealing adds: the encapsulated key before the ciphertext, the tag after it. */
export const HPKE_OVERHEAD_BYTES = X25519_KEY_BYTES + AES_GCM_TAG_BYTES;

/** What both sides derive: the AEAD's key, its nonce for the first message, and the exporter. */
export interface HpkeKeys {
  readonly key: Uint8Array;
  readonly baseNonce: Uint8Array;
  readonly exporterSecret: Uint8Array;
}

/** Binds a message to its purpose, in the clear at both ends. */
export interface HpkeBinding {
  readonly info: Uint8Array;
  readonly associatedData: Uint8Array;
}

/** LabeledExtract and LabeledExpand of one suite (RFC 9180 s.4). */
class Labeled {
  readonly #suite: Uint8Array;

  constructor(suite: Uint8Array) {
    this.#suite = suite;
  }

  extract(salt: Uint8Array, label: string, inputKey: Uint8Array): Uint8Array {
    return extract(salt, concatBytes(VERSION, this.#suite, utf8(label), inputKey));
  }

  expand(key: Uint8Array, label: string, info: Uint8Array, length: number): Uint8Array {
    const labeled = concatBytes(u16(length), VERSION, this.#suite, utf8(label), info);
    return hkdfExpand(key, labeled, length);
  }
}

const KEM = new Labeled(concatBytes(utf8('KEM'), KEM_ID));

/** Shared secret of two X25519 results (ExtractAndExpand, RFC 9180 s.4.1); erases both. */
function sharedSecret(
  results: readonly [Uint8Array | undefined, Uint8Array | undefined],
  publicKeys: readonly Uint8Array[],
): Uint8Array | undefined {
  const [first, second] = results;
  if (!first || !second) return undefined;
  const both = concatBytes(first, second);
  const prk = KEM.extract(NOTHING, 'eae_prk', both);
  const secret = KEM.expand(prk, 'shared_secret', concatBytes(...publicKeys), HASH_BYTES);
  for (const bytes of [first, second, both, prk]) bytes.fill(0);
  return secret;
}

/**
 * AuthEncap: the secret that a sender shares with the holder of `recipientKey`.
 *
 * @param ephemeral - Fresh for this message; its public half is what travels.
 * @returns 32 bytes, or `undefined` where a key is of small order.
 */
export function authEncapsulate(
  ephemeral: X25519KeyPair,
  sender: X25519KeyPair,
  recipientKey: Uint8Array,
): Uint8Array | undefined {
  return sharedSecret(
    [x25519(ephemeral.privateKey, recipientKey), x25519(sender.privateKey, recipientKey)],
    [ephemeral.publicKey, recipientKey, sender.publicKey],
  );
}

/** AuthDecap: the same secret, at the recipient. */
export function authDecapsulate(
  encapsulated: Uint8Array,
  recipient: X25519KeyPair,
  senderKey: Uint8Array,
): Uint8Array | undefined {
  return sharedSecret(
    [x25519(recipient.privateKey, encapsulated), x25519(recipient.privateKey, senderKey)],
    [encapsulated, recipient.publicKey, senderKey],
  );
}

/** KeySchedule of mode_auth, which has no pre-shared key (RFC 9180 s.5.1). */
export function authKeySchedule(secret: Uint8Array, info: Uint8Array, aead: HpkeAead): HpkeKeys {
  const suite = new Labeled(concatBytes(utf8('HPKE'), KEM_ID, KDF_ID, u16(aead.id)));
  const context = concatBytes(
    MODE_AUTH,
    suite.extract(NOTHING, 'psk_id_hash', NOTHING),
    suite.extract(NOTHING, 'info_hash', info),
  );
  const prk = suite.extract(secret, 'secret', NOTHING);
  const keys = {
    key: suite.expand(prk, 'key', context, aead.keyBytes),
    baseNonce: suite.expand(prk, 'base_nonce', context, NONCE_BYTES),
    exporterSecret: suite.expand(prk, 'exp', context, HASH_BYTES),
  };
  prk.fill(0);
  return keys;
}

/** Takes the keys of one message, works with them, and erases them. */
function withKeys<T>(
  secret: Uint8Array | undefined,
  info: Uint8Array,
  work: (keys: HpkeKeys) => T,
): T | undefined {
  if (!secret) return undefined;
  const keys = authKeySchedule(secret, info, AES_256_GCM);
  try {
    return work(keys);
  } finally {
    for (const bytes of [secret, keys.key, keys.baseNonce, keys.exporterSecret]) bytes.fill(0);
  }
}

/**
 * Seals one message (SealAuth): encapsulated key (32 bytes) || ciphertext || tag (16 bytes).
 *
 * @param ephemeral - A fresh key pair, used for this message alone; erased afterwards.
 * @returns `undefined` where the recipient's key is of small order: nothing would be secret.
 * @throws {@link TypeError} unless the recipient's key has 32 bytes.
 */
export function sealHpke(
  keys: {
    readonly ephemeral: X25519KeyPair;
    readonly sender: X25519KeyPair;
    readonly recipientKey: Uint8Array;
  },
  { info, associatedData }: HpkeBinding,
  plaintext: Uint8Array,
): Uint8Array | undefined {
  const { ephemeral, sender, recipientKey } = keys;
  const secret = authEncapsulate(ephemeral, sender, recipientKey);
  ephemeral.privateKey.fill(0);
  return withKeys(secret, info, ({ key, baseNonce }) =>
    concatBytes(ephemeral.publicKey, sealAesGcm(key, baseNonce, associatedData, plaintext)),
  );
}

/**
 * Opens one message (OpenAuth).
 *
 * @returns The plaintext, or `undefined` for any other key, binding or byte: it does not say which.
 * @throws {@link TypeError} unless the sender's key has 32 bytes.
 */
export function openHpke(
  keys: { readonly recipient: X25519KeyPair; readonly senderKey: Uint8Array },
  { info, associatedData }: HpkeBinding,
  sealed: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < HPKE_OVERHEAD_BYTES) return undefined;
  const encapsulated = sealed.subarray(0, X25519_KEY_BYTES);
  const secret = authDecapsulate(encapsulated, keys.recipient, keys.senderKey);
  return withKeys(secret, info, ({ key, baseNonce }) =>
    openAesGcm(key, baseNonce, associatedData, sealed.subarray(X25519_KEY_BYTES)),
  );
}
