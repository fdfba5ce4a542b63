import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, fromUtf8, toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { encodeDocument } from '../../../crypto/canonical-json.ts';
import type { DocumentValue } from '../../../crypto/canonical-json.ts';
import { docId, Identity } from '../../../crypto/identity.ts';
import {
  MAX_ADDRESSES,
  MAX_OFFERS,
  MAX_RECORD_BYTES,
  MAX_RECORD_CERTIFICATES,
  MAX_RECORD_LIFETIME_SECONDS,
  openSkillRecord,
  signSkillRecord,
} from '../../skill-discovery/skill-record.ts';
import type { SkillRecord } from '../../skill-discovery/skill-record.ts';
import { bodyOf, recordOf } from './fixtures.ts';

const NOW = 1_800_000_100;
const alice = Identity.fromSeed(new Uint8Array(32).fill(1));
const mallory = Identity.fromSeed(new Uint8Array(32).fill(2));

/** An envelope of any body, rightly signed, as a hostile peer can make it. */
function envelopeOf(body: unknown, signer: Identity): Uint8Array {
  const bytes = encodeDocument(body as DocumentValue);
  const signature = toBase64Url(signer.signDocument(docId('record', bytes)));
  return encodeDocument(
    { b: toBase64Url(bytes), s: [{ k: signer.peerId, s: signature }] },
    { maxBytes: 24_576, maxDepth: 3 },
  );
}

async function verdictOf(body: unknown, signer = alice, nowSeconds = NOW): Promise<string> {
  const opened = await openSkillRecord(envelopeOf(body, signer), alice.peerId, nowSeconds);
  return opened.valid ? 'valid' : opened.reason;
}

const terms = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    ...bodyOf(alice).offers[0]!,
    term: `performs:t${i}`,
  }));
const certificate = {
  certId: toBase64Url(new Uint8Array(32)),
  kind: 'attestation' as const,
  issuer: mallory.peerId,
  exp: 1_800_086_400,
};

describe('skill record', () => {
  it('opens what its peer signed, field for field', async () => {
    const full: Partial<SkillRecord> = {
      offers: [
        {
          term: 'hasResource:gpu-memory-gib',
          quantity: '80',
          unit: 'GiB',
          priceMicroUsd: '18446744073709551'.slice(0, 17),
          perUnit: 'hour',
          latencyMs: 0,
          capacity: 1,
          windows: [{ from: 1_800_000_000, to: 1_800_010_000 }],
        },
      ],
      certificates: [certificate],
      recovery: toBase64Url(new Uint8Array(32).fill(7)),
    };
    const record = recordOf(alice, full);
    const opened = await openSkillRecord(record.envelope, alice.peerId, NOW);
    expect(opened).toMatchObject({ valid: true, record: { body: bodyOf(alice, full) } });
  });

  it('refuses a forged record: the signature of another peer in the name of the holder', async () => {
    const envelope = fromUtf8(envelopeOf(bodyOf(alice), mallory));
    const renamed = utf8(envelope.replace(mallory.peerId, alice.peerId));
    expect(await openSkillRecord(renamed, alice.peerId, NOW)).toMatchObject({
      reason: 'BAD_SIGNATURE',
    });
    expect(await verdictOf(bodyOf(alice), mallory)).toBe('WRONG_SIGNERS');
  });

  it('refuses the valid record of another peer under the key of the holder', async () => {
    expect(await verdictOf(bodyOf(mallory), mallory)).toBe('WRONG_KEY');
  });

  it('allows 60 s for clocks that differ, and not a second more', async () => {
    const { iat, exp } = bodyOf(alice);
    expect(await verdictOf(bodyOf(alice), alice, iat - 60)).toBe('valid');
    expect(await verdictOf(bodyOf(alice), alice, iat - 61)).toBe('NOT_YET_VALID');
    expect(await verdictOf(bodyOf(alice), alice, exp + 60)).toBe('valid');
    expect(await verdictOf(bodyOf(alice), alice, exp + 61)).toBe('EXPIRED');
  });

  it.each<[string, Partial<SkillRecord>, Partial<SkillRecord>]>([
    [
      'life',
      { exp: 1_800_000_000 + MAX_RECORD_LIFETIME_SECONDS },
      { exp: 1_800_000_001 + MAX_RECORD_LIFETIME_SECONDS },
    ],
    ['shortest life', { exp: 1_800_000_001 }, { exp: 1_800_000_000 }],
    ['number of offers', { offers: terms(MAX_OFFERS) }, { offers: terms(MAX_OFFERS + 1) }],
    [
      'number of addresses',
      { addresses: Array.from({ length: MAX_ADDRESSES }, (_, i) => `/ip4/192.0.2.${i}/tcp/1`) },
      { addresses: Array.from({ length: MAX_ADDRESSES + 1 }, (_, i) => `/ip4/192.0.2.${i}/tcp/1`) },
    ],
    [
      'number of certificates',
      { certificates: Array(MAX_RECORD_CERTIFICATES).fill(certificate) },
      { certificates: Array(MAX_RECORD_CERTIFICATES + 1).fill(certificate) },
    ],
    ['first sequence number', { seq: 1 }, { seq: 0 }],
  ])('takes a record at the limit of its %s and refuses it beyond', async (_, atLimit, beyond) => {
    // Certificates and addresses make the record long; the limit of its size is another test.
    const lean = { offers: terms(1), addresses: [] };
    const { iat } = bodyOf(alice);
    expect(await verdictOf({ ...bodyOf(alice), ...lean, ...atLimit }, alice, iat)).toBe('valid');
    expect(await verdictOf({ ...bodyOf(alice), ...lean, ...beyond }, alice, iat)).toBe('MALFORMED');
  });

  it.each<[string, object]>([
    ['an unknown key', { admin: 1 }],
    ['a negative price', { offers: [{ ...terms(1)[0], priceMicroUsd: '-1' }] }],
    ['a price as a number', { offers: [{ ...terms(1)[0], priceMicroUsd: 5 }] }],
    ['a term that is none', { offers: [{ ...terms(1)[0], term: 'nlp' }] }],
    ['one term twice', { offers: [...terms(1), ...terms(1)] }],
    [
      'a window that ends before it begins',
      { offers: [{ ...terms(1)[0], windows: [{ from: 2, to: 1 }] }] },
    ],
    ['an address that is none', { addresses: ['http://192.0.2.7/'] }],
    ['an address in another spelling', { addresses: ['/ip4/192.0.2.7/tcp/04001'] }],
    ['a short sealing key', { sealingKey: 'AAAA' }],
    ['another document type', { typ: 'cert' }],
    ['another version', { v: 2 }],
  ])('refuses a record with %s', async (_, overrides) => {
    expect(await verdictOf({ ...bodyOf(alice), ...overrides })).toBe('MALFORMED');
  });

  it('refuses an oversize record before it reads it, and never signs one', async () => {
    const wide = terms(MAX_OFFERS).map((offer, i) => ({
      ...offer,
      term: `performs:${'x'.repeat(90)}${i}`,
    }));
    const envelope = envelopeOf(bodyOf(alice, { offers: wide }), alice);
    expect(envelope.length).toBeGreaterThan(MAX_RECORD_BYTES);
    expect(await openSkillRecord(envelope, alice.peerId, NOW)).toMatchObject({
      reason: 'OVERSIZE',
    });
    expect(() => signSkillRecord(bodyOf(alice, { offers: wide }), alice)).toThrowError(
      expect.objectContaining({ code: 'RECORD_TOO_LARGE' }),
    );
    const junk = new Uint8Array(MAX_RECORD_BYTES);
    expect(await openSkillRecord(junk, alice.peerId, NOW)).toMatchObject({ reason: 'MALFORMED' });
  });

  it('never throws on bytes, and takes none that its peer did not sign', async () => {
    const original = recordOf(alice).envelope;
    const mutated = fc
      .tuple(fc.nat(original.length - 1), fc.integer({ min: 1, max: 255 }))
      .map(([at, change]) => original.map((byte, i) => (i === at ? byte ^ change : byte)));
    const cut = fc.nat(original.length - 1).map((length) => original.slice(0, length));
    await fc.assert(
      fc.asyncProperty(fc.oneof(mutated, cut, fc.uint8Array({ maxLength: 300 })), async (bytes) => {
        expect((await openSkillRecord(bytes, alice.peerId, NOW)).valid).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });

  it('refuses every body that was changed and not signed anew', async () => {
    const { b, s } = JSON.parse(fromUtf8(recordOf(alice).envelope)) as { b: string; s: unknown };
    const body = JSON.parse(fromUtf8(fromBase64Url(b))) as SkillRecord;
    await fc.assert(
      fc.asyncProperty(fc.nat(10 ** 12), fc.nat(10 ** 9), async (price, seq) => {
        fc.pre(`${price}` !== '1500' || seq !== body.seq);
        const offers = [{ ...body.offers[0]!, priceMicroUsd: `${price}` }];
        const changed = encodeDocument({ ...body, seq: seq + 1, offers });
        const envelope = encodeDocument({ b: toBase64Url(changed), s } as DocumentValue);
        const opened = await openSkillRecord(envelope, alice.peerId, NOW);
        expect(opened).toMatchObject({ valid: false, reason: 'BAD_SIGNATURE' });
      }),
      { numRuns: 500 },
    );
  });
});
