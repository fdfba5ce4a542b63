/**
 * X25519, natively (RFC 7748 s.5 and 6.1).
 *
 * A peer's key of small order gives a result of 32 zero bytes, which carries no secret: such a
 * result is never handed out (RFC 7748 s.6.1, wire-formats.md 1.1).
 *
 * @module
 */

import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { fromBase64Url, toBase64Url } from './bytes.ts';

/** Length of a private key, a public key and a shared secret, in bytes. */
export const X25519_KEY_BYTES = 32;

/** Two halves of one key. `privateKey` stays in memory; `erase` it when it is no longer needed. */
export interface X25519KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

function assertKey(key: Uint8Array, name: string): void {
  if (key.length !== X25519_KEY_BYTES) {
    throw new TypeError(`"${name}" expected ${X25519_KEY_BYTES} bytes, got ${key.length}`);
  }
}

/**
 * JWK, not DER: the import costs 4 instead of 62 microseconds. `x` of a private key is not read.
 */
function importPrivateKey(privateKey: Uint8Array): KeyObject {
  assertKey(privateKey, 'privateKey');
  const jwk = { kty: 'OKP', crv: 'X25519', x: '', d: toBase64Url(privateKey) };
  return createPrivateKey({ key: jwk, format: 'jwk' });
}

/**
 * Key pair of a private key. Any 32 bytes are a private key: random ones make a fresh pair.
 *
 * @throws {@link TypeError} unless `privateKey` has 32 bytes.
 */
export function x25519KeyPair(privateKey: Uint8Array): X25519KeyPair {
  const jwk = createPublicKey(importPrivateKey(privateKey)).export({ format: 'jwk' });
  return { privateKey: new Uint8Array(privateKey), publicKey: fromBase64Url(jwk.x!) };
}

/**
 * Shared secret of a private and a peer's public key, 32 bytes, or `undefined` where it would be
 * all zero: the caller aborts.
 *
 * @throws {@link TypeError} unless both keys have 32 bytes.
 */
export function x25519(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined {
  const own = importPrivateKey(privateKey);
  assertKey(publicKey, 'publicKey');
  const jwk = { kty: 'OKP', crv: 'X25519', x: toBase64Url(publicKey) };
  let secret: Uint8Array;
  try {
    secret = new Uint8Array(
      diffieHellman({ privateKey: own, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }),
    );
  } catch {
    return undefined; // OpenSSL 3 refuses an all-zero result itself
  }
  return secret.some((byte) => byte !== 0) ? secret : undefined;
}
