import { createDecipheriv, scryptSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, utf8 } from '../bytes.ts';
import { SEALED_SEED_BYTES, openSeed, sealSeed } from '../sealed-key.ts';

const salt = Uint8Array.from({ length: 16 }, (_, i) => i);
const seed = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const context = { passphrase: 'correct horse', salt, peerId: '12D3KooWx' };

describe('a seed under a passphrase', () => {
  it('comes back with the same passphrase, salt and PeerId, and with no other', async () => {
    const sealed = await sealSeed(context, seed);
    expect(sealed).toHaveLength(SEALED_SEED_BYTES);
    expect(toHex(sealed)).not.toContain(toHex(seed).slice(0, 8));
    expect(await openSeed(context, sealed)).toEqual(seed);
    for (const other of [
      { passphrase: 'correct horsf' },
      { passphrase: 'correct horse ' },
      { passphrase: '' },
      { salt: salt.toReversed() },
      { peerId: '12D3KooWy' },
    ]) {
      expect(await openSeed({ ...context, ...other }, sealed)).toBeUndefined();
    }
  });

  it('is AES-256-GCM under scrypt with N = 2^17, r = 8, p = 1: a file of today opens for ever', async () => {
    const sealed = await sealSeed(context, seed);
    const options = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };
    const key = scryptSync('correct horse', salt, 32, options);
    const decipher = createDecipheriv('aes-256-gcm', key, new Uint8Array(12), {
      authTagLength: 16,
    });
    decipher.setAAD(
      concatBytes(utf8('coalesce/sealed-key/v1'), Uint8Array.of(0), salt, utf8('12D3KooWx')),
    );
    decipher.setAuthTag(sealed.subarray(32));
    const opened = Buffer.concat([decipher.update(sealed.subarray(0, 32)), decipher.final()]);
    expect(toHex(opened)).toBe(toHex(seed));
  });

  it('opens whichever way a keyboard composes its letters', async () => {
    const sealed = await sealSeed({ ...context, passphrase: 'caf\u00e9 noir' }, seed);
    expect(await openSeed({ ...context, passphrase: 'cafe\u0301 noir' }, sealed)).toEqual(seed);
  });

  it('does not open once any byte was changed, or for bytes of another length', async () => {
    const sealed = await sealSeed(context, seed);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: SEALED_SEED_BYTES - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const other = sealed.slice();
          other[at]! ^= change;
          expect(await openSeed(context, other)).toBeUndefined();
        },
      ),
      { numRuns: 8 },
    );
    for (const length of [0, 16, 47, 49]) {
      expect(await openSeed(context, new Uint8Array(length))).toBeUndefined();
    }
  });

  it('refuses a salt and a seed of another length', async () => {
    await expect(sealSeed({ ...context, salt: new Uint8Array(15) }, seed)).rejects.toThrow(
      '"salt"',
    );
    await expect(sealSeed(context, new Uint8Array(31))).rejects.toThrow('"seed"');
  });
});
