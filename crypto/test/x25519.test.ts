import { x25519 as noble } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../bytes.ts';
import { x25519, x25519KeyPair } from '../x25519.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('X25519', () => {
  it('reproduces the iterated vectors of RFC 7748 5.2 after 1 and 1,000 rounds', () => {
    let [k, u] = [fromHex(`09${'00'.repeat(31)}`), fromHex(`09${'00'.repeat(31)}`)];
    for (let round = 1; round <= 1_000; round++) {
      [k, u] = [x25519(k, u)!, k];
      if (round === 1) {
        expect(toHex(k)).toBe('422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
      }
    }
    expect(toHex(k)).toBe('684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
  });

  it('agrees with an independent implementation on public keys and shared secrets', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        const pair = x25519KeyPair(a);
        const peer = x25519KeyPair(b);
        expect(toHex(pair.publicKey)).toBe(toHex(noble.getPublicKey(a)));
        const secret = x25519(pair.privateKey, peer.publicKey)!;
        expect(toHex(secret)).toBe(toHex(noble.getSharedSecret(a, peer.publicKey)));
        expect(toHex(secret)).toBe(toHex(x25519(peer.privateKey, pair.publicKey)!));
      }),
      { numRuns: 50 },
    );
  });

  it('agrees with an independent implementation on arbitrary bytes as a public key', () => {
    fc.assert(
      fc.property(key, key, (privateKey, publicKey) => {
        let expected: string | undefined;
        try {
          expected = toHex(noble.getSharedSecret(privateKey, publicKey));
        } catch {
          expected = undefined;
        }
        const secret = x25519(privateKey, publicKey);
        expect(secret && toHex(secret)).toBe(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('hands out no all-zero secret for a public key of small order', () => {
    const privateKey = new Uint8Array(32).fill(5);
    const smallOrder = [
      '00'.repeat(32),
      `01${'00'.repeat(31)}`,
      'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
      '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
      `ec${'ff'.repeat(30)}7f`,
      `ed${'ff'.repeat(30)}7f`,
      `ee${'ff'.repeat(30)}7f`,
    ];
    for (const publicKey of smallOrder) {
      expect(x25519(privateKey, fromHex(publicKey)), publicKey).toBeUndefined();
    }
  });

  it('copies the private key it is given, so that erasing one does not erase the other', () => {
    const seed = new Uint8Array(32).fill(9);
    const pair = x25519KeyPair(seed);
    seed.fill(0);
    expect(pair.privateKey).toEqual(new Uint8Array(32).fill(9));
  });

  it('throws for keys of another length', () => {
    const good = new Uint8Array(32).fill(1);
    expect(() => x25519KeyPair(good.subarray(1))).toThrow(TypeError);
    expect(() => x25519(good.subarray(1), good)).toThrow(TypeError);
    expect(() => x25519(good, new Uint8Array(33))).toThrow(TypeError);
  });
});
