import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromUtf8, toBase64Url, utf8 } from '../bytes.ts';
import { encodeBody, signDocument } from '../envelope.ts';
import {
  emptyStatusBits,
  isRevoked,
  revokeSlot,
  statusListDefinition,
  verifyStatusList,
} from '../status-list.ts';
import { hostileMessages } from './costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';
import { DAY, ISSUED, issuer, statusList, stranger } from './certificate-fixtures.ts';

const now = { nowSeconds: ISSUED };

describe('status bits', () => {
  it('starts with no slot revoked', () => {
    const list = statusList().body;
    for (let slot = 0; slot < 1_024; slot++) expect(isRevoked(list, slot)).toBe(false);
  });

  it('has one byte for eight slots, 8,192 bytes for all', () => {
    expect(emptyStatusBits(1)).toHaveLength(1);
    expect(emptyStatusBits(8)).toHaveLength(1);
    expect(emptyStatusBits(9)).toHaveLength(2);
    expect(emptyStatusBits()).toHaveLength(8_192);
  });

  it.each([0, -1, 65_537, 1.5])('throws for a bitmap of %s slots', (slots) => {
    expect(() => emptyStatusBits(slots)).toThrow(RangeError);
  });

  it('puts slot i into bit i & 7 of byte i >> 3', () => {
    const bits = revokeSlot(revokeSlot(emptyStatusBits(32), 0), 21);
    expect([...bits]).toEqual([0b1, 0, 0b100000, 0]);
  });

  it('revokes exactly the slots it is told to', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 199 }), { maxLength: 40 }), (slots) => {
        const bits = slots.reduce(revokeSlot, emptyStatusBits(200));
        const list = statusList([], { bits }).body;
        for (let slot = 0; slot < 200; slot++) {
          expect(isRevoked(list, slot)).toBe(slots.includes(slot));
        }
      }),
      { numRuns: 50 },
    );
  });

  it('leaves the bitmap it was given as it was', () => {
    const bits = emptyStatusBits(8);
    revokeSlot(bits, 3);
    expect([...bits]).toEqual([0]);
  });

  it.each([-1, 8, 65_536, 2 ** 32, 0.5])('throws when slot %s of eight is revoked', (slot) => {
    expect(() => revokeSlot(emptyStatusBits(8), slot)).toThrow(RangeError);
  });

  it.each([1_024, 65_535, 2 ** 32, 2 ** 35])('knows nothing of slot %s of 1,024', (slot) => {
    expect(isRevoked(statusList().body, slot)).toBeUndefined();
  });
});

describe('verifyStatusList', () => {
  const { envelope, body } = statusList([7]);

  it('accepts a signed list', () => {
    expect(verifyStatusList(envelope, now)).toMatchObject({
      valid: true,
      body,
      signers: [issuer.peerId],
    });
  });

  it('takes a list of the largest size', () => {
    const largest = statusList([], { bits: emptyStatusBits() });
    expect(verifyStatusList(largest.envelope, now).valid).toBe(true);
  });

  it('refuses an expired list, from one minute after its next one was due', () => {
    const at = (nowSeconds: number) => verifyStatusList(envelope, { nowSeconds });
    expect(at(ISSUED + 3_659)).toMatchObject({ valid: true });
    expect(at(ISSUED + 3_660)).toMatchObject({ valid: false, reason: 'EXPIRED' });
  });

  it('refuses a list that is not yet valid', () => {
    const at = (nowSeconds: number) => verifyStatusList(envelope, { nowSeconds });
    expect(at(ISSUED - 60)).toMatchObject({ valid: true });
    expect(at(ISSUED - 61)).toMatchObject({ valid: false, reason: 'NOT_YET_VALID' });
  });

  const anything = { parse: (value: unknown) => value } as never;
  it.each<[string, object]>([
    ['a life of more than a day', { next: ISSUED + DAY + 1 }],
    ['a life of no time', { next: ISSUED }],
    ['no bits', { bits: '' }],
    ['8,193 bytes of bits', { bits: toBase64Url(new Uint8Array(8_193)) }],
    ['bits that are not base64url', { bits: 'AA==' }],
    ['a negative number', { seq: -1 }],
    ['another type', { typ: 'cert' }],
    ['an unknown key', { encoding: 'gzip' }],
    ['an issuer that is no PeerId', { issuer: 'me' }],
  ])('refuses %s, although its issuer signed it', (_, change) => {
    const lenient = { ...statusListDefinition, schema: anything, signers: () => [issuer.peerId] };
    let forged: Uint8Array;
    try {
      forged = signDocument(lenient, { ...body, ...change }, issuer).envelope;
    } catch {
      // Canonical JSON refuses to write it: then send it as text.
      const text = fromUtf8(envelope);
      const bytes = utf8(JSON.stringify({ ...body, ...change }));
      forged = utf8(text.replace(/"b":"[^"]*"/, `"b":"${toBase64Url(bytes)}"`));
    }
    expect(verifyStatusList(forged, now)).toMatchObject({ valid: false, reason: 'MALFORMED' });
  });

  it('refuses a list in which the holder cleared a bit', () => {
    const cleared = { ...body, bits: toBase64Url(emptyStatusBits(1_024)) };
    const text = fromUtf8(envelope).replace(
      /"b":"[^"]*"/,
      `"b":"${toBase64Url(encodeBody(statusListDefinition, cleared))}"`,
    );
    expect(verifyStatusList(utf8(text), now)).toMatchObject({
      valid: false,
      reason: 'BAD_SIGNATURE',
    });
  });

  it('refuses a list that a stranger signed in the name of the issuer', () => {
    const definition = { ...statusListDefinition, signers: () => [stranger.peerId] };
    const forged = signDocument(definition, body, stranger);
    expect(verifyStatusList(forged.envelope, now)).toMatchObject({ reason: 'WRONG_SIGNERS' });
  });

  it(
    'never throws on arbitrary or mutated bytes, and never takes them',
    () => {
      fuzz(hostileMessages(envelope), (bytes) => {
        expect(verifyStatusList(bytes, now).valid).toBe(false);
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});
