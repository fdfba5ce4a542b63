import { gcm } from '@noble/ciphers/aes.js';
import { x25519 as nobleX25519 } from '@noble/curves/ed25519.js';
import { expand as nobleExpand, extract as nobleExtract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, fromHex, toHex, u16, utf8 } from '../bytes.ts';
import {
  HPKE_OVERHEAD_BYTES,
  authDecapsulate,
  authEncapsulate,
  authKeySchedule,
  openHpke,
  sealHpke,
} from '../hpke.ts';
import { x25519KeyPair } from '../x25519.ts';
import { readVectors, vectorsDirectory } from './vectors.ts';

type Vector = Readonly<Record<string, string>> & {
  readonly mode: string;
  readonly aead_id: string;
};

const KEY_BYTES: Readonly<Record<string, number>> = { 1: 16, 3: 32 };
const pair = (byte: number) => x25519KeyPair(new Uint8Array(32).fill(byte));
const keyBytes = () => fc.uint8Array({ minLength: 32, maxLength: 32 });
const someBytes = () => fc.uint8Array({ maxLength: 200 });

describe.skipIf(vectorsDirectory() === undefined)('HPKE, the vectors of RFC 9180 A', () => {
  const { vectors } = readVectorFile();

  it('gives every secret, key, nonce and exporter of mode_auth, at both ends', () => {
    const authenticated = vectors.filter(({ mode }) => mode === '2');
    expect(authenticated.map(({ aead_id: id }) => id)).toEqual(['1', '3']);
    for (const vector of authenticated) {
      const of = (name: string) => fromHex(vector[name]!);
      const [ephemeral, sender, recipient] = ['skEm', 'skSm', 'skRm'].map((name) =>
        x25519KeyPair(of(name)),
      ) as [ReturnType<typeof pair>, ReturnType<typeof pair>, ReturnType<typeof pair>];
      const secret = authEncapsulate(ephemeral, sender, of('pkRm'))!;
      expect(toHex(secret)).toBe(vector['shared_secret']);
      expect(toHex(authDecapsulate(of('enc'), recipient, of('pkSm'))!)).toBe(toHex(secret));
      const aead = { id: Number(vector.aead_id), keyBytes: KEY_BYTES[vector.aead_id]! };
      const keys = authKeySchedule(secret, of('info'), aead);
      expect(toHex(keys.key)).toBe(vector['key']);
      expect(toHex(keys.baseNonce)).toBe(vector['base_nonce']);
      expect(toHex(keys.exporterSecret)).toBe(vector['exporter_secret']);
    }
  });
});

function readVectorFile(): { readonly vectors: readonly Vector[] } {
  if (vectorsDirectory() === undefined) return { vectors: [] };
  return readVectors('hpke_rfc9180.json') as { readonly vectors: readonly Vector[] };
}

/** The sealing of RFC 9180 for this suite, written down once more over other primitives. */
function sealOracle(
  keys: { ephemeral: Uint8Array; sender: Uint8Array; recipientKey: Uint8Array },
  info: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const none = new Uint8Array(0);
  const labeled = (suite: Uint8Array) => ({
    extract: (salt: Uint8Array, label: string, key: Uint8Array) =>
      nobleExtract(sha256, concatBytes(utf8('HPKE-v1'), suite, utf8(label), key), salt),
    expand: (prk: Uint8Array, label: string, context: Uint8Array, length: number) => {
      const text = concatBytes(u16(length), utf8('HPKE-v1'), suite, utf8(label), context);
      return nobleExpand(sha256, prk, text, length);
    },
  });
  const { ephemeral, sender, recipientKey } = keys;
  const encapsulated = nobleX25519.getPublicKey(ephemeral);
  const kem = labeled(fromHex('4b454d0020'));
  const results = [ephemeral, sender].map((key) => nobleX25519.getSharedSecret(key, recipientKey));
  const context = concatBytes(encapsulated, recipientKey, nobleX25519.getPublicKey(sender));
  const prk = kem.extract(none, 'eae_prk', concatBytes(...results));
  const secret = kem.expand(prk, 'shared_secret', context, 32);
  const hpke = labeled(fromHex('48504b45002000010002'));
  const schedule = concatBytes(
    Uint8Array.of(2),
    hpke.extract(none, 'psk_id_hash', none),
    hpke.extract(none, 'info_hash', info),
  );
  const scheduleSecret = hpke.extract(secret, 'secret', none);
  const key = hpke.expand(scheduleSecret, 'key', schedule, 32);
  const nonce = hpke.expand(scheduleSecret, 'base_nonce', schedule, 12);
  return concatBytes(encapsulated, gcm(key, nonce, associatedData).encrypt(plaintext));
}

describe('HPKE with AES-256-GCM', () => {
  it('seals every message as an independent implementation does, and opens it again', () => {
    fc.assert(
      fc.property(
        fc.tuple(keyBytes(), keyBytes(), keyBytes()),
        fc.tuple(someBytes(), someBytes(), someBytes()),
        ([ephemeral, sender, recipient], [info, associatedData, plaintext]) => {
          const [own, other] = [x25519KeyPair(sender), x25519KeyPair(recipient)];
          const recipientKey = other.publicKey;
          const binding = { info, associatedData };
          const sealed = sealHpke(
            { ephemeral: x25519KeyPair(ephemeral), sender: own, recipientKey },
            binding,
            plaintext,
          )!;
          const oracle = { ephemeral, sender, recipientKey };
          expect(toHex(sealed)).toBe(toHex(sealOracle(oracle, info, associatedData, plaintext)));
          expect(sealed).toHaveLength(plaintext.length + HPKE_OVERHEAD_BYTES);
          const keys = { recipient: other, senderKey: own.publicKey };
          expect(openHpke(keys, binding, sealed)).toEqual(plaintext);
        },
      ),
      { numRuns: 100 },
    );
  });

  const binding = { info: utf8('info'), associatedData: utf8('aad') };
  const seal = () =>
    sealHpke(
      { ephemeral: pair(1), sender: pair(2), recipientKey: pair(3).publicKey },
      binding,
      utf8('a message'),
    )!;
  const right = { recipient: pair(3), senderKey: pair(2).publicKey };

  it('opens nothing with one bit of the message changed, or with an end cut off', () => {
    const sealed = seal();
    expect(openHpke(right, binding, sealed)).toEqual(utf8('a message'));
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const changed = sealed.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      // The highest bit of an X25519 key is not part of it (RFC 7748 s.5), but of what is hashed.
      expect(openHpke(right, binding, changed), `bit ${bit}`).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(openHpke(right, binding, sealed.subarray(0, length))).toBeUndefined();
    }
  });

  it.each([
    ['another recipient', { ...right, recipient: pair(4) }, binding],
    ['another sender', { ...right, senderKey: pair(4).publicKey }, binding],
    ['another info', right, { ...binding, info: utf8('infO') }],
    ['other associated data', right, { ...binding, associatedData: utf8('aaD') }],
  ])('opens nothing for %s', (_, keys, bound) => {
    expect(openHpke(keys, bound, seal())).toBeUndefined();
  });

  it('seals nothing to a key of small order, and opens nothing that names one', () => {
    const zero = new Uint8Array(32);
    const keys = { ephemeral: pair(1), sender: pair(2), recipientKey: zero };
    expect(sealHpke(keys, binding, utf8('secret'))).toBeUndefined();
    expect(openHpke({ ...right, senderKey: zero }, binding, seal())).toBeUndefined();
    const sealed = seal();
    sealed.set(zero);
    expect(openHpke(right, binding, sealed)).toBeUndefined();
  });

  it('erases the ephemeral key, so that it seals one message only', () => {
    const ephemeral = pair(1);
    const recipientKey = pair(3).publicKey;
    sealHpke({ ephemeral, sender: pair(2), recipientKey }, binding, utf8('once'));
    expect(ephemeral.privateKey).toEqual(new Uint8Array(32));
  });

  it('opens nothing that chance made, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (sealed) => {
        expect(openHpke(right, binding, sealed)).toBeUndefined();
      }),
      { numRuns: 10_000 },
    );
  });
});
