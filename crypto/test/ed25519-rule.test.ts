import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { concatBytes, fromHex, toBase64Url, toHex, u32, utf8 } from '../bytes.ts';
import { encodeBody, fields, openEnvelope, openEnvelopeAsync } from '../envelope.ts';
import type { DocumentDefinition } from '../envelope.ts';
import { sha256 } from '../hash.ts';
import {
  Identity,
  docId,
  isPeerId,
  peerIdBytesOf,
  peerIdToText,
  verifyDocumentSignature,
  verifyDocumentSignatureAsync,
  verifyEd25519,
} from '../identity.ts';

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const PRIME = 2n ** 255n - 19n;

/** The ten encodings of wire-formats.md 0, written out again so that a slip in one list shows. */
const REFUSED = [
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `00${'00'.repeat(31)}`,
  `00${'00'.repeat(30)}80`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  `01${'00'.repeat(30)}80`,
  `ec${'ff'.repeat(31)}`,
].map(fromHex);
/** Those eight of them that decode: the points of order 1, 2, 4, 4, 8, 8, 8, 8. */
const SMALL_ORDER = REFUSED.slice(0, 8).map((bytes) => Point.fromBytes(bytes));

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function scalarBytes(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function challengeOf(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return littleEndian(sha512(concatBytes(r, key, message))) % ORDER;
}

/** S*B - k*A, encoded; nothing is refused but what has no points. */
function recomputedR(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Uint8Array {
  const r = signature.subarray(0, 32);
  const s = littleEndian(signature.subarray(32)) % ORDER;
  const k = challengeOf(r, key, message);
  const a = Point.fromBytes(key, true);
  return Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(k)).toBytes();
}

/** The rule of wire-formats.md 0 in other words: arithmetic on big numbers, no native code. */
function oracle(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const r = signature.subarray(0, 32);
  for (const point of [key, r]) {
    if ((littleEndian(point) & (2n ** 255n - 1n)) >= PRIME) return false;
    if (REFUSED.some((bytes) => toHex(bytes) === toHex(point))) return false;
  }
  if (littleEndian(signature.subarray(32)) >= ORDER) return false;
  try {
    return toHex(recomputedR(key, message, signature)) === toHex(r);
  } catch {
    return false;
  }
}

/**
 * The equation S*B - k*A = R without the rule's refusals: shows which attacks they stop. (The
 * native verifier of Node.js 20 takes these; that of Node.js 24 refuses some by itself.)
 */
function equationOnly(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    return toHex(recomputedR(key, message, signature)) === toHex(signature.subarray(0, 32));
  } catch {
    return false;
  }
}

const identity = Identity.fromSeed(new Uint8Array(32).fill(1));
const secret = ed25519.utils.getExtendedPublicKey(identity.seed).scalar;
const messages = Array.from({ length: 8 }, (_, i) => utf8(`message ${i}`));
const reproducible = (label: string, i: number): bigint =>
  littleEndian(sha512(concatBytes(utf8(label), u32(i)))) % ORDER;

describe('honest signatures', () => {
  // RFC 8032 section 7.1, tests 1 to 3.
  it.each([
    [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
        '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
        '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
        '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('of RFC 8032 are accepted: key %s', (key, message, signature) => {
    const args = [fromHex(key), fromHex(message), fromHex(signature)] as const;
    expect(verifyEd25519(...args)).toBe(true);
    expect(oracle(...args)).toBe(true);
  });

  it('and mutated ones get the same answer from the oracle', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 40 }),
        fc.option(fc.integer({ min: 0, max: 767 })),
        (seed, message, bit) => {
          const key = ed25519.getPublicKey(seed);
          const parts = concatBytes(key, ed25519.sign(message, seed));
          if (bit !== null) parts[bit >> 3]! ^= 1 << (bit & 7);
          const args = [parts.slice(0, 32), message, parts.slice(32)] as const;
          const isValid = verifyEd25519(...args);
          expect(isValid).toBe(oracle(...args));
          expect(isValid).toBe(bit === null);
          if (isValid) accepted++;
        },
      ),
      { numRuns: 150 },
    );
    expect(accepted).toBeGreaterThan(0);
  });
});

describe('the ten refused encodings', () => {
  it.each(REFUSED.map((bytes) => [toHex(bytes), bytes] as const))(
    '%s is refused as a key',
    (_, a) => {
      // R = S*B for any message: with the last two as key the native verifier takes them all.
      const r = Point.BASE.multiplyUnsafe(5n);
      const forged = concatBytes(r.toBytes(), scalarBytes(5n));
      for (const message of messages) expect(verifyEd25519(a, message, forged)).toBe(false);
    },
  );

  it.each(REFUSED.map((bytes) => [toHex(bytes), bytes] as const))('%s is refused as R', (_, r) => {
    // S = k*a makes S*B - k*A the neutral point, which is the first of the ten.
    for (const message of messages) {
      const s = (challengeOf(r, identity.publicKey, message) * secret) % ORDER;
      const forged = concatBytes(r, scalarBytes(s));
      expect(verifyEd25519(identity.publicKey, message, forged)).toBe(false);
    }
  });

  it('hold back signatures for which the equation alone holds', () => {
    const r = Point.BASE.multiplyUnsafe(5n).toBytes();
    const anyMessage = concatBytes(r, scalarBytes(5n));
    const [neutral] = REFUSED;
    const s = (challengeOf(neutral!, identity.publicKey, messages[0]!) * secret) % ORDER;
    const neutralR = concatBytes(neutral!, scalarBytes(s));
    expect(messages.every((message) => equationOnly(REFUSED[8]!, message, anyMessage))).toBe(true);
    expect(messages.every((message) => equationOnly(neutral!, message, anyMessage))).toBe(true);
    expect(equationOnly(identity.publicKey, messages[0]!, neutralR)).toBe(true);
  });

  it('are refused in every pair as key and R, with S = 0, on 8 messages each', () => {
    let holding = 0;
    for (const a of REFUSED) {
      for (const r of REFUSED) {
        for (const message of messages) {
          const forged = concatBytes(r, new Uint8Array(32));
          if (equationOnly(a, message, forged)) holding++;
          expect(verifyEd25519(a, message, forged)).toBe(false);
          expect(oracle(a, message, forged)).toBe(false);
        }
      }
    }
    expect(holding).toBeGreaterThan(0);
  });

  it('make PeerIds whose signatures never verify', () => {
    for (const a of REFUSED) {
      expect(isPeerId(peerIdToText(peerIdBytesOf(a)))).toBe(true);
      expect(verifyEd25519(a, messages[0]!, new Uint8Array(64))).toBe(false);
    }
  });
});

describe('points of mixed order', () => {
  it('as R: 200 signatures that a cofactored verifier takes are all refused', () => {
    let cofactored = 0;
    for (let i = 0; i < 200; i++) {
      const message = u32(i);
      const nonce = reproducible('nonce', i);
      const r = Point.BASE.multiplyUnsafe(nonce)
        .add(SMALL_ORDER[1 + (i % 7)]!)
        .toBytes();
      const k = challengeOf(r, identity.publicKey, message);
      const signature = concatBytes(r, scalarBytes((nonce + k * secret) % ORDER));
      if (ed25519.verify(signature, message, identity.publicKey)) cofactored++;
      expect(verifyEd25519(identity.publicKey, message, signature)).toBe(false);
      expect(oracle(identity.publicKey, message, signature)).toBe(false);
    }
    expect(cofactored).toBe(200);
  });

  it('as key: 200 signatures get the same answer from the oracle, one in eight is good', () => {
    let accepted = 0;
    for (let i = 0; i < 200; i++) {
      const message = u32(i);
      const a = reproducible('key', i);
      const nonce = reproducible('nonce', i);
      // The points of order 8: k*T vanishes for one k in eight.
      const key = Point.BASE.multiplyUnsafe(a)
        .add(SMALL_ORDER[4 + (i % 4)]!)
        .toBytes();
      const r = Point.BASE.multiplyUnsafe(nonce).toBytes();
      const k = challengeOf(r, key, message);
      const signature = concatBytes(r, scalarBytes((nonce + k * a) % ORDER));
      const isValid = verifyEd25519(key, message, signature);
      expect(isValid).toBe(oracle(key, message, signature));
      if (isValid) accepted++;
    }
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(50);
  });
});

describe('second forms of a good signature', () => {
  const message = messages[0]!;
  const signature = ed25519.sign(message, identity.seed);
  const s = littleEndian(signature.slice(32));

  it('S + L is refused', () => {
    const malleated = concatBytes(signature.slice(0, 32), scalarBytes(s + ORDER));
    expect(s + ORDER).toBeLessThan(2n ** 256n);
    expect(verifyEd25519(identity.publicKey, message, malleated)).toBe(false);
  });

  it.each([
    ['L', ORDER],
    ['L + 1', ORDER + 1n],
    ['2^252', 2n ** 252n],
    ['2^256 - 1', 2n ** 256n - 1n],
  ])('S = %s gets the answer of the oracle, which is no', (_, value) => {
    const forged = concatBytes(signature.slice(0, 32), scalarBytes(value));
    expect(verifyEd25519(identity.publicKey, message, forged)).toBe(false);
    expect(oracle(identity.publicKey, message, forged)).toBe(false);
  });

  it('a y of p or more is refused as key and as R, for all 38 encodings', () => {
    for (let y = PRIME; y < 2n ** 255n; y++) {
      for (const sign of [0n, 1n << 255n]) {
        const point = scalarBytes(y | sign);
        const asR = concatBytes(point, new Uint8Array(32));
        const asKey = concatBytes(Point.BASE.toBytes(), scalarBytes(1n));
        expect(verifyEd25519(identity.publicKey, message, asR)).toBe(false);
        expect(verifyEd25519(point, message, asKey)).toBe(false);
      }
    }
  });
});

describe('verifyEd25519', () => {
  const signature = ed25519.sign(messages[0]!, identity.seed);

  it.each([
    ['a key of 31 bytes', identity.publicKey.slice(1), signature],
    ['a key of 33 bytes', concatBytes(identity.publicKey, Uint8Array.of(0)), signature],
    ['no key', new Uint8Array(0), signature],
    ['a signature of 63 bytes', identity.publicKey, signature.slice(1)],
    ['a signature of 65 bytes', identity.publicKey, concatBytes(signature, Uint8Array.of(0))],
    ['no signature', identity.publicKey, new Uint8Array(0)],
    ['a key that is not on the curve', scalarBytes(2n), signature],
  ])('answers false to %s', (_, key, signed) => {
    expect(verifyEd25519(key, messages[0]!, signed)).toBe(false);
  });

  it('never throws on arbitrary keys and signatures, and agrees with the oracle', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        (key, signed) => {
          const message = sha256(signed);
          expect(verifyEd25519(key, message, signed)).toBe(oracle(key, message, signed));
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** The same attacks by the other way in, which all documents take: a PeerId and a docId. */
describe('the rule in signatures of documents', () => {
  const peerIdOf = (key: Uint8Array): string => peerIdToText(peerIdBytesOf(key));
  const idOf = (i: number): Uint8Array => docId('cert', u32(i));
  /** What is signed: the tag, a zero byte and the docId. */
  const signedOver = (id: Uint8Array): Uint8Array => concatBytes(utf8('coalesce/sig/v1\0'), id);
  const ids = messages.map((_, i) => idOf(i));
  /** R = S*B: good for any message under a key of small order that k*A drops out of. */
  const anyMessage = concatBytes(Point.BASE.multiplyUnsafe(5n).toBytes(), scalarBytes(5n));

  const note: DocumentDefinition<{ readonly by: string; readonly i: number }> = {
    kind: 'cert',
    schema: z.strictObject({ by: fields.peerId, i: fields.integer }),
    signers: ({ by }) => [by],
  };
  /** An envelope signed by whoever makes a signature for the docId of its body. */
  async function openForged(
    key: Uint8Array,
    i: number,
    sign: (id: Uint8Array) => Uint8Array,
  ): Promise<string> {
    const by = peerIdOf(key);
    const bytes = encodeBody(note, { by, i });
    const s = toBase64Url(sign(docId('cert', bytes)));
    const parts = { b: toBase64Url(bytes), s: [{ k: by, s }] };
    const envelope = utf8(JSON.stringify(parts));
    const opened = openEnvelope(note, envelope);
    expect(await openEnvelopeAsync(note, envelope)).toStrictEqual(opened);
    return opened.valid ? 'valid' : opened.reason;
  }

  /** The answer of both verifiers, which must be the same. */
  async function signs(peerId: string, id: Uint8Array, signature: Uint8Array): Promise<boolean> {
    const isValid = verifyDocumentSignature(peerId, id, signature);
    expect(await verifyDocumentSignatureAsync(peerId, id, signature)).toBe(isValid);
    return isValid;
  }

  it('an honest signature made by hand opens an envelope', async () => {
    const sign = (id: Uint8Array): Uint8Array => ed25519.sign(signedOver(id), identity.seed);
    expect(await openForged(identity.publicKey, 0, sign)).toBe('valid');
    expect(await openForged(identity.publicKey, 0, () => anyMessage)).toBe('BAD_SIGNATURE');
  });

  it.each(REFUSED.map((bytes) => [toHex(bytes), bytes] as const))(
    '%s as key signs no document and opens no envelope',
    async (_, key) => {
      for (const forged of [anyMessage, ...REFUSED.map((r) => concatBytes(r, scalarBytes(0n)))]) {
        for (const id of ids) expect(await signs(peerIdOf(key), id, forged)).toBe(false);
        for (let i = 0; i < 4; i++)
          expect(await openForged(key, i, () => forged)).toBe('BAD_SIGNATURE');
      }
    },
  );

  it('those keys would sign any document if only the equation counted', () => {
    const neutral = REFUSED[0]!;
    for (const id of ids) {
      expect(equationOnly(neutral, signedOver(id), anyMessage)).toBe(true);
      expect(equationOnly(REFUSED[8]!, signedOver(id), anyMessage)).toBe(true);
    }
  });

  it.each(REFUSED.map((bytes) => [toHex(bytes), bytes] as const))(
    '%s as R signs no document and opens no envelope',
    async (_, r) => {
      const key = identity.publicKey;
      const forge = (id: Uint8Array): Uint8Array =>
        concatBytes(r, scalarBytes((challengeOf(r, key, signedOver(id)) * secret) % ORDER));
      for (const [i, id] of ids.entries()) {
        expect(await signs(identity.peerId, id, forge(id))).toBe(false);
        expect(await openForged(key, i, forge)).toBe('BAD_SIGNATURE');
      }
    },
  );

  it('a key with a y of p or more signs none, for all 38 encodings', async () => {
    for (let y = PRIME; y < 2n ** 255n; y++) {
      for (const sign of [0n, 1n << 255n]) {
        const key = scalarBytes(y | sign);
        expect(await signs(peerIdOf(key), ids[0]!, anyMessage)).toBe(false);
        expect(await openForged(key, 0, () => anyMessage)).toBe('BAD_SIGNATURE');
      }
    }
  });

  it('200 R of mixed order that a cofactored verifier takes are refused', async () => {
    let cofactored = 0;
    for (let i = 0; i < 200; i++) {
      const id = idOf(i);
      const nonce = reproducible('nonce', i);
      const torsion = SMALL_ORDER[1 + (i % 7)]!;
      const r = Point.BASE.multiplyUnsafe(nonce).add(torsion).toBytes();
      const k = challengeOf(r, identity.publicKey, signedOver(id));
      const signature = concatBytes(r, scalarBytes((nonce + k * secret) % ORDER));
      if (ed25519.verify(signature, signedOver(id), identity.publicKey)) cofactored++;
      expect(await signs(identity.peerId, id, signature)).toBe(false);
    }
    expect(cofactored).toBe(200);
  });

  it('200 keys of mixed order get the answer of the oracle, also in an envelope', async () => {
    let accepted = 0;
    for (let i = 0; i < 200; i++) {
      const a = reproducible('key', i);
      const nonce = reproducible('nonce', i);
      const torsion = SMALL_ORDER[4 + (i % 4)]!;
      const key = Point.BASE.multiplyUnsafe(a).add(torsion).toBytes();
      const r = Point.BASE.multiplyUnsafe(nonce).toBytes();
      const forge = (id: Uint8Array): Uint8Array =>
        concatBytes(r, scalarBytes((nonce + challengeOf(r, key, signedOver(id)) * a) % ORDER));
      const signature = forge(idOf(i));
      const isValid = await signs(peerIdOf(key), idOf(i), signature);
      expect(isValid).toBe(oracle(key, signedOver(idOf(i)), signature));
      if (isValid) accepted++;
      let isRight = false;
      const outcome = await openForged(key, i, (id) => {
        isRight = oracle(key, signedOver(id), forge(id));
        return forge(id);
      });
      expect(outcome).toBe(isRight ? 'valid' : 'BAD_SIGNATURE');
    }
    expect(accepted).toBeGreaterThan(10);
    expect(accepted).toBeLessThan(50);
  });
});
