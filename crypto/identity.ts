/**
 * Ed25519 identities, PeerIds, `docId`, and the one signature rule (wire-formats.md 0, RFC 8032).
 *
 * Signing and verifying are native. The native verifier does not multiply by the cofactor, which is
 * what the rule asks for; encodings that it would take too kindly are refused here first. Libraries
 * that multiply by the cofactor accept signatures that this file refuses: do not swap one in.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';
import { concatBytes, fromHex, toBase64Url, toHex, utf8 } from './bytes.ts';
import { DOCUMENT_TYPES, SIGNATURE_TAG } from './domain-tags.ts';
import { sha256 } from './hash.ts';

const ZERO = new Uint8Array(1);

/** identity multihash (00), 36 bytes (24), protobuf: key type Ed25519 (08 01), 32 bytes (12 20). */
const PEER_ID_PREFIX = fromHex('002408011220');

/** Length of the raw PeerId of an Ed25519 key, in bytes. */
export const PEER_ID_BYTES = 38;

/** Group order L of Ed25519 (RFC 8032 s.5.1), little-endian. */
const ORDER_LE = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');

/** Encodings refused as A and as R: small order, or x = 0 with the sign bit set. */
const REFUSED_POINTS: ReadonlySet<string> = new Set([
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  '00'.repeat(32),
  `${'00'.repeat(31)}80`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(31)}`,
]);

/** Whether y < 2^255 - 19, the sign bit left out: a larger y is a second encoding of a point. */
function isCanonicalY(point: Uint8Array): boolean {
  if ((point[31]! & 0x7f) !== 0x7f) return true;
  for (let i = 30; i >= 1; i--) if (point[i] !== 0xff) return true;
  return point[0]! < 0xed;
}

/** First bytes of the refused points: most others need no look into the table. */
const REFUSED_FIRST_BYTES: ReadonlySet<number> = new Set(
  [...REFUSED_POINTS].map((point) => Number.parseInt(point.slice(0, 2), 16)),
);

function isAcceptedPoint(point: Uint8Array): boolean {
  if (!isCanonicalY(point)) return false;
  return !REFUSED_FIRST_BYTES.has(point[0]!) || !REFUSED_POINTS.has(toHex(point));
}

/** S < L: a larger S would make a second signature of the same message. */
function isReducedScalar(scalar: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    if (scalar[i]! !== ORDER_LE[i]!) return scalar[i]! < ORDER_LE[i]!;
  }
  return false;
}

/** Puts an entry into a cache that holds at most `max`: the oldest goes. */
function remember<Value>(cache: Map<string, Value>, key: string, value: Value, max: number): void {
  if (cache.size >= max) {
    for (const oldest of cache.keys()) {
      cache.delete(oldest);
      break;
    }
  }
  cache.set(key, value);
}

/** Imported public keys: an import costs a tenth of a verification. Bounded, oldest out first. */
const keyObjects = new Map<string, KeyObject>();
const MAX_KEY_OBJECTS = 4_096;

function importPublicKey(publicKey: Uint8Array): KeyObject {
  const x = toBase64Url(publicKey);
  const known = keyObjects.get(x);
  if (known) return known;
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  remember(keyObjects, x, key, MAX_KEY_OBJECTS);
  return key;
}

/**
 * Whether `signature` is one of `message` under `publicKey`, by the one rule.
 *
 * @param publicKey - 32 bytes.
 * @param signature - R || S, 64 bytes.
 * @returns `false` for any other length and for every refused encoding; never throws.
 */
export function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (publicKey.length !== 32 || !isAcceptedPoint(publicKey)) return false;
  try {
    return verifyWithKey(importPublicKey(publicKey), message, signature);
  } catch {
    return false; // not a point of the curve
  }
}

/** What the rule asks of a signature before any point is multiplied. */
function isAcceptedSignature(signature: Uint8Array): boolean {
  return (
    signature.length === 64 &&
    isAcceptedPoint(signature.subarray(0, 32)) &&
    isReducedScalar(signature.subarray(32))
  );
}

/** The rule for a key that is accepted. @throws if the key is no point of the curve. */
function verifyWithKey(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return isAcceptedSignature(signature) && verify(null, message, key, signature);
}

/** Raw PeerId of an Ed25519 public key, 38 bytes. */
export function peerIdBytesOf(publicKey: Uint8Array): Uint8Array {
  if (publicKey.length !== 32) {
    throw new TypeError(`"publicKey" expected 32 bytes, got ${publicKey.length}`);
  }
  return concatBytes(PEER_ID_PREFIX, publicKey);
}

/** Text of a raw PeerId: base58btc without the multibase letter (`12D3Koo...`). */
export function peerIdToText(bytes: Uint8Array): string {
  return base58btc.encode(bytes).slice(1);
}

/** PeerIds that were read: base58 costs more than all other checks of one. Oldest out first. */
const readPeerIds = new Map<string, Uint8Array>();
const MAX_READ_PEER_IDS = 4_096;

function readPeerId(peerId: string): Uint8Array {
  const known = readPeerIds.get(peerId);
  if (known) return known;
  if (peerId.length > 60) throw new TypeError('"peerId" expected the PeerId of an Ed25519 key');
  let bytes: Uint8Array;
  try {
    bytes = base58btc.decode(`z${peerId}`);
  } catch {
    throw new TypeError(`"peerId" expected base58btc text, got ${JSON.stringify(peerId)}`);
  }
  const isEd25519 =
    bytes.length === PEER_ID_BYTES && PEER_ID_PREFIX.every((byte, i) => bytes[i] === byte);
  if (!isEd25519) throw new TypeError('"peerId" expected the PeerId of an Ed25519 key');
  remember(readPeerIds, peerId, bytes, MAX_READ_PEER_IDS);
  return bytes;
}

/**
 * Raw bytes of a PeerId.
 *
 * @throws {@link TypeError} for anything but the identity PeerId of an Ed25519 key.
 */
export function peerIdToBytes(peerId: string): Uint8Array {
  return readPeerId(peerId).slice();
}

/** Whether `text` is the PeerId of an Ed25519 key. */
export function isPeerId(text: string): boolean {
  try {
    readPeerId(text);
    return true;
  } catch {
    return false;
  }
}

/** Public key inside a PeerId, 32 bytes. @throws {@link TypeError} as `peerIdToBytes`. */
export function publicKeyOfPeerId(peerId: string): Uint8Array {
  return readPeerId(peerId).slice(PEER_ID_PREFIX.length);
}

/** Kinds of documents that have a type string. */
export type DocumentKind = keyof typeof DOCUMENT_TYPES;

const typePrefixes = Object.fromEntries(
  Object.entries(DOCUMENT_TYPES).map(([kind, type]) => [kind, concatBytes(utf8(type), ZERO)]),
) as Readonly<Record<DocumentKind, Uint8Array>>;

/** Id of a document: SHA-256(type || 0x00 || body), 32 bytes. */
export function docId(kind: DocumentKind, ...body: readonly Uint8Array[]): Uint8Array {
  return sha256(typePrefixes[kind], ...body);
}

const signaturePrefix = concatBytes(utf8(SIGNATURE_TAG), ZERO);

function signedMessage(id: Uint8Array): Uint8Array {
  return concatBytes(signaturePrefix, id);
}

/** Keys of the PeerIds whose documents were verified, by the PeerId. Bounded as the others. */
const keysByPeerId = new Map<string, KeyObject>();

/** Key of a PeerId, if it is one that the rule accepts. @throws if it is none. */
function keyOfPeerId(peerId: string): KeyObject | undefined {
  const known = keysByPeerId.get(peerId);
  if (known) return known;
  const publicKey = publicKeyOfPeerId(peerId);
  if (!isAcceptedPoint(publicKey)) return undefined;
  const key = importPublicKey(publicKey);
  remember(keysByPeerId, peerId, key, MAX_KEY_OBJECTS);
  return key;
}

/** Whether `peerId` signed the document with this id. Never throws. */
export function verifyDocumentSignature(
  peerId: string,
  id: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const key = keyOfPeerId(peerId);
    return key !== undefined && verifyWithKey(key, signedMessage(id), signature);
  } catch {
    return false; // no PeerId, or not a point of the curve
  }
}

/**
 * As {@link verifyDocumentSignature}, by the same rule, on a thread beside: for many signatures at
 * once, and where the event loop must not stand still. Never rejects.
 */
export function verifyDocumentSignatureAsync(
  peerId: string,
  id: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const key = keyOfPeerId(peerId);
      if (!key || !isAcceptedSignature(signature)) resolve(false);
      else {
        const onVerified = (error: Error | null, isValid: boolean) => resolve(!error && isValid);
        verify(null, signedMessage(id), key, signature, onVerified);
      }
    } catch {
      resolve(false); // no PeerId, or not a point of the curve
    }
  });
}

/** A node's own key. Signs documents and nothing else. */
export class Identity {
  readonly peerId: string;
  readonly publicKey: Uint8Array;
  /** The private seed, 32 bytes (RFC 8032 s.5.1.5): for the key store and for libp2p only. */
  readonly seed: Uint8Array;
  readonly #key: KeyObject;

  private constructor(seed: Uint8Array) {
    // The fixed PKCS #8 prefix of an Ed25519 seed (RFC 8410 s.7).
    const der = concatBytes(fromHex('302e020100300506032b657004220420'), seed);
    this.#key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
    const jwk = createPublicKey(this.#key).export({ format: 'jwk' });
    this.seed = seed;
    this.publicKey = new Uint8Array(Buffer.from(jwk.x!, 'base64url'));
    this.peerId = peerIdToText(peerIdBytesOf(this.publicKey));
  }

  /** @throws {@link TypeError} unless `seed` has 32 bytes. */
  static fromSeed(seed: Uint8Array): Identity {
    if (seed.length !== 32) throw new TypeError(`"seed" expected 32 bytes, got ${seed.length}`);
    return new Identity(new Uint8Array(seed));
  }

  static generate(): Identity {
    return new Identity(new Uint8Array(randomBytes(32)));
  }

  /** Signature of the document with this id, 64 bytes. */
  signDocument(id: Uint8Array): Uint8Array {
    return new Uint8Array(sign(null, signedMessage(id), this.#key));
  }
}
