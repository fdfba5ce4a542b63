/**
 * Wycheproof (C2SP/wycheproof dac1dd47, testvectors_v1, Apache-2.0): every case of X25519,
 * HKDF-SHA256 and AES-GCM is run or counted as one that the interface does not take.
 */

import { describe, expect, it } from 'vitest';
import { openAesGcm, sealAesGcm } from '../aes-gcm.ts';
import { concatBytes, fromHex, toHex } from '../bytes.ts';
import { MAX_HKDF_BYTES, extract, hkdfExpand } from '../hkdf.ts';
import { x25519 } from '../x25519.ts';
import { readVectors, vectorsDirectory } from './vectors.ts';

type Case = Readonly<Record<string, string>> & {
  readonly tcId: number;
  readonly size: number;
  readonly flags: readonly string[];
};
type Group = Readonly<Record<string, number>> & { readonly tests: readonly Case[] };

function readGroups(name: string): readonly Group[] {
  const file = readVectors(`wycheproof/${name}_test.json`) as { testGroups: readonly Group[] };
  return file.testGroups;
}

describe.skipIf(vectorsDirectory() === undefined)('Wycheproof', () => {
  it('X25519: gives every shared secret and refuses exactly the all-zero ones', () => {
    const counts = { equal: 0, refused: 0 };
    for (const { tcId, private: d, public: x, shared } of readGroups('x25519')[0]!.tests) {
      const secret = x25519(fromHex(d!), fromHex(x!));
      if (/^0+$/.test(shared!)) {
        expect(secret, `case ${tcId}`).toBeUndefined();
        counts.refused++;
      } else {
        expect(toHex(secret!), `case ${tcId}`).toBe(shared);
        counts.equal++;
      }
    }
    expect(counts).toEqual({ equal: 487, refused: 31 });
  });

  it('HKDF-SHA256: gives every output and refuses every size that RFC 5869 forbids', () => {
    const counts = { equal: 0, refused: 0 };
    for (const { tcId, ikm, salt, info, size, okm, result } of readGroups('hkdf_sha256').flatMap(
      ({ tests }) => tests,
    )) {
      const key = extract(fromHex(salt!), fromHex(ikm!));
      if (result === 'invalid') {
        expect(size).toBeGreaterThan(MAX_HKDF_BYTES);
        expect(() => hkdfExpand(key, fromHex(info!), size), `case ${tcId}`).toThrow(RangeError);
        counts.refused++;
      } else {
        expect(toHex(hkdfExpand(key, fromHex(info!), size)), `case ${tcId}`).toBe(okm);
        counts.equal++;
      }
    }
    expect(counts.equal + counts.refused).toBe(86);
    expect(counts.refused).toBeGreaterThan(0);
  });

  it('AES-GCM: runs the 66 cases of our sizes, and refuses the interface of the other 250', () => {
    const counts = { run: 0, refusedInterface: 0 };
    for (const { keySize, ivSize, tests } of readGroups('aes_gcm')) {
      for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
        const sealed = concatBytes(fromHex(ct!), fromHex(tag!));
        const open = () => openAesGcm(fromHex(key!), fromHex(iv!), fromHex(aad!), sealed);
        if (keySize !== 256 || ivSize !== 96) {
          expect(open, `case ${tcId}`).toThrow(TypeError);
          counts.refusedInterface++;
          continue;
        }
        counts.run++;
        const opened = open();
        expect(opened && toHex(opened), `case ${tcId}`).toBe(result === 'valid' ? msg : undefined);
        if (result === 'valid') {
          const again = sealAesGcm(fromHex(key!), fromHex(iv!), fromHex(aad!), fromHex(msg!));
          expect(toHex(again), `case ${tcId}`).toBe(toHex(sealed));
        }
      }
    }
    expect(counts).toEqual({ run: 66, refusedInterface: 250 });
  });
});
