import { createCipheriv, createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../bytes.ts';
import { AES_GCM_TAG_BYTES } from '../aes-gcm.ts';
import {
  SEALED_CHUNK_BYTES,
  openSealedResult,
  sealKeyCommitment,
  sealResult,
} from '../sealed-result.ts';
import { runSeed } from './fuzz.ts';

const KEY = new Uint8Array(32).fill(1);
const CONTRACT = new Uint8Array(32).fill(2);
const CHUNK = SEALED_CHUNK_BYTES + AES_GCM_TAG_BYTES;

function plaintextOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31) & 255);
}

describe('a sealed result', () => {
  it.each([0, 1, 65_535, 65_536, 65_537, 131_072, 200_000])(
    'of %i bytes opens to the same, with 16 bytes more for each chunk',
    (length) => {
      const plaintext = plaintextOf(length);
      const sealed = sealResult(KEY, CONTRACT, plaintext);
      const chunks = Math.max(1, Math.ceil(length / 65_536));
      expect(sealed).toHaveLength(length + 16 * chunks);
      expect(openSealedResult(KEY, CONTRACT, sealed)).toEqual(plaintext);
    },
  );

  it('opens with no other key and under no other contract', () => {
    const sealed = sealResult(KEY, CONTRACT, plaintextOf(100));
    expect(openSealedResult(new Uint8Array(32), CONTRACT, sealed)).toBeUndefined();
    expect(openSealedResult(KEY, new Uint8Array(32), sealed)).toBeUndefined();
  });

  it('does not open with a changed bit anywhere', () => {
    const sealed = sealResult(KEY, CONTRACT, plaintextOf(300));
    fc.assert(
      fc.property(fc.nat(sealed.length * 8 - 1), (bit) => {
        const changed = sealed.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
        return openSealedResult(KEY, CONTRACT, changed) === undefined;
      }),
      { seed: runSeed, numRuns: 500 },
    );
  });

  it('does not open with chunks left out, added, repeated or exchanged', () => {
    const sealed = sealResult(KEY, CONTRACT, plaintextOf(3 * SEALED_CHUNK_BYTES));
    const [a, b, c] = [0, 1, 2].map((i) => sealed.subarray(i * CHUNK, (i + 1) * CHUNK)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(openSealedResult(KEY, CONTRACT, concatBytes(a, b, c))).toBeDefined();
    const wrong = [[a, b], [a], [b, c], [b, a, c], [a, b, c, c], [a, a, b, c], []];
    for (const chunks of wrong) {
      expect(openSealedResult(KEY, CONTRACT, concatBytes(...chunks))).toBeUndefined();
    }
  });

  it('never throws on bytes that are none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(openSealedResult(KEY, CONTRACT, bytes)).toBeUndefined();
      }),
      { seed: runSeed, numRuns: 1_000 },
    );
  });

  it('has known bytes: the key commitment and the ciphertext by another implementation', () => {
    // SHA-256 of "coalesce/seal-key/v1", a zero byte and the key, by hand.
    const hash = createHash('sha256');
    hash.update('coalesce/seal-key/v1').update(Uint8Array.of(0)).update(KEY);
    expect(Buffer.from(sealKeyCommitment(KEY)).toString('hex')).toBe(hash.digest('hex'));
    const cipher = createCipheriv('aes-256-gcm', KEY, Buffer.alloc(12));
    const number = Buffer.alloc(8);
    cipher.setAAD(Buffer.concat([Buffer.from('s'), CONTRACT, Buffer.from([1]), number]));
    const body = Buffer.concat([cipher.update('hello'), cipher.final(), cipher.getAuthTag()]);
    const sealed = sealResult(KEY, CONTRACT, new TextEncoder().encode('hello'));
    expect(Buffer.from(sealed).toString('hex')).toBe(body.toString('hex'));
  });

  it('commits to its key by a hash that another key does not have', () => {
    expect(sealKeyCommitment(KEY)).toHaveLength(32);
    expect(sealKeyCommitment(KEY)).not.toEqual(sealKeyCommitment(CONTRACT));
  });
});
