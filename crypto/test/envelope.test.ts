import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fromUtf8, toBase64Url, toHex, utf8 } from '../bytes.ts';
import {
  MAX_ENVELOPE_BYTES,
  countersign,
  encodeBody,
  fields,
  openEnvelope,
  openEnvelopeAsync,
  signDocument,
} from '../envelope.ts';
import type { DocumentDefinition } from '../envelope.ts';
import { Identity, docId } from '../identity.ts';
import { mutations, textMutations } from './mutations.ts';

const client = Identity.fromSeed(new Uint8Array(32).fill(1));
const contractor = Identity.fromSeed(new Uint8Array(32).fill(2));
const stranger = Identity.fromSeed(new Uint8Array(32).fill(3));

const schema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('agr'),
  client: fields.peerId,
  contractor: fields.peerId,
  price: fields.decimal,
});
type Body = z.infer<typeof schema>;
const agreement: DocumentDefinition<Body> = {
  kind: 'agr',
  schema,
  signers: (body) => [body.client, body.contractor],
};
const verdict: DocumentDefinition<Body> = { ...agreement, kind: 'vrd', minSignatures: 1 };

const body: Body = {
  v: 1,
  typ: 'agr',
  client: client.peerId,
  contractor: contractor.peerId,
  price: '100',
};
const signed = signDocument(agreement, body, client, contractor);

type Parsed = { b: string; s: { k: string; s: string }[] };
const parsed = JSON.parse(fromUtf8(signed.envelope)) as Parsed;

/** An envelope with anything in it, in canonical form. */
function envelopeOf(change: Partial<Parsed>): Uint8Array {
  const { b, s } = { ...parsed, ...change };
  return utf8(JSON.stringify({ b, s: s.map(({ k, s: signature }) => ({ k, s: signature })) }));
}

/** The verdict of both ways to open an envelope, which must be the same. */
async function reasonOf(envelope: Uint8Array, definition = agreement): Promise<string> {
  const opened = openEnvelope(definition, envelope);
  expect(await openEnvelopeAsync(definition, envelope)).toStrictEqual(opened);
  return opened.valid ? 'valid' : opened.reason;
}

describe('signDocument', () => {
  it('makes an envelope that opens, with the docId of the body', () => {
    const opened = openEnvelope(agreement, signed.envelope);
    expect(opened).toMatchObject({
      valid: true,
      body,
      signers: [client.peerId, contractor.peerId],
    });
    expect(opened.valid && toHex(opened.id)).toBe(toHex(docId('agr', encodeBody(agreement, body))));
    expect(opened.valid && toHex(opened.envelope)).toBe(toHex(signed.envelope));
  });

  it('throws when an identity signs in the place of another', () => {
    expect(() => signDocument(agreement, body, contractor, client)).toThrow(TypeError);
    expect(() => signDocument(agreement, body, stranger)).toThrow(/signature 0 of a agr/);
    expect(() => signDocument(agreement, body, client, contractor, stranger)).toThrow(TypeError);
  });

  it('throws for a body that its own schema refuses', () => {
    expect(() => signDocument(agreement, { ...body, price: '0100' }, client)).toThrow();
    expect(() => signDocument(agreement, { ...body, extra: 1 } as Body, client)).toThrow();
  });
});

describe('countersign', () => {
  it('adds the next signature and changes nothing else', () => {
    const first = signDocument(agreement, body, client);
    const both = countersign(agreement, first, contractor);
    expect(toHex(both.envelope)).toBe(toHex(signed.envelope));
    expect(toHex(both.id)).toBe(toHex(first.id));
  });

  it('throws for anyone but the next signer', () => {
    const first = signDocument(agreement, body, client);
    expect(() => countersign(agreement, first, client)).toThrow(/signature 1 of this agr/);
    expect(() => countersign(agreement, first, stranger)).toThrow(TypeError);
    expect(() => countersign(agreement, signed, stranger)).toThrow(/signature 2/);
  });
});

describe('openEnvelope refuses', () => {
  it('the signatures in the wrong order', async () => {
    expect(await reasonOf(envelopeOf({ s: [...parsed.s].reverse() }))).toBe('WRONG_SIGNERS');
  });

  it('a second signature of one key', async () => {
    const [first, second] = parsed.s;
    expect(await reasonOf(envelopeOf({ s: [first!, first!] }))).toBe('WRONG_SIGNERS');
    expect(await reasonOf(envelopeOf({ s: [first!, first!, second!] }))).toBe('WRONG_SIGNERS');
    expect(await reasonOf(envelopeOf({ s: [first!, second!, second!] }))).toBe('WRONG_SIGNERS');
  });

  it('a document whose two signers are one key', async () => {
    const alone = signDocument(agreement, { ...body, contractor: client.peerId }, client, client);
    expect(await reasonOf(alone.envelope)).toBe('WRONG_SIGNERS');
  });

  it('a missing signature, unless the definition stands with fewer', async () => {
    const one = signDocument(agreement, body, client);
    expect(await reasonOf(one.envelope)).toBe('WRONG_SIGNERS');
    expect(openEnvelope(agreement, one.envelope, 1).valid).toBe(true);
    expect(openEnvelope(agreement, signed.envelope, 1)).toMatchObject({ reason: 'WRONG_SIGNERS' });
    const verdictOfOne = signDocument(verdict, body, client);
    expect(await reasonOf(verdictOfOne.envelope, verdict)).toBe('valid');
    expect(await reasonOf(countersign(verdict, verdictOfOne, contractor).envelope, verdict)).toBe(
      'valid',
    );
    expect(await reasonOf(envelopeOf({ s: [] }), verdict)).toBe('WRONG_SIGNERS');
    expect(await reasonOf(envelopeOf({ s: [parsed.s[1]!] }), verdict)).toBe('WRONG_SIGNERS');
  });

  it('the signature of a stranger', async () => {
    const other = { k: stranger.peerId, s: toBase64Url(stranger.signDocument(signed.id)) };
    expect(await reasonOf(envelopeOf({ s: [parsed.s[0]!, other] }))).toBe('WRONG_SIGNERS');
  });

  it('a signature under the name of another', async () => {
    const forged = { k: contractor.peerId, s: toBase64Url(stranger.signDocument(signed.id)) };
    expect(await reasonOf(envelopeOf({ s: [parsed.s[0]!, forged] }))).toBe('BAD_SIGNATURE');
  });

  it('a signature of the same body as another type', async () => {
    const asVerdict = signDocument(verdict, body, client, contractor);
    expect(await reasonOf(asVerdict.envelope)).toBe('BAD_SIGNATURE');
  });

  it.each<[string, () => Uint8Array]>([
    ['an extra key', () => utf8(JSON.stringify({ b: parsed.b, s: parsed.s, z: 1 }))],
    [
      'an extra key beside a signature',
      () => utf8(JSON.stringify({ b: parsed.b, s: parsed.s.map((one) => ({ ...one, z: 1 })) })),
    ],
    ['a missing key', () => utf8(JSON.stringify({ b: parsed.b }))],
    ['white space', () => utf8(fromUtf8(signed.envelope).replace(',', ', '))],
    ['keys in another order', () => utf8(JSON.stringify({ s: parsed.s, b: parsed.b }))],
    ['a body with padding', () => envelopeOf({ b: `${parsed.b}==` })],
    ['a body that is not canonical', () => bodyOf(JSON.stringify(body, null, 1))],
    ['a body with an extra key', () => bodyOf(JSON.stringify({ ...sorted(body), zebra: 1 }))],
    ['a body of another schema', () => bodyOf('{"v":1}')],
    ['a body that is no JSON', () => bodyOf('agreed')],
    ['an empty body', () => envelopeOf({ b: '' })],
    ['a body of more than 16 KiB', () => bodyOf(JSON.stringify({ x: 'x'.repeat(16_384) }))],
    ['five signatures', () => envelopeOf({ s: new Array<Parsed['s'][0]>(5).fill(parsed.s[0]!) })],
    ['a signature of 63 bytes', () => envelopeOf({ s: [{ ...parsed.s[0]!, s: 'A'.repeat(84) }] })],
    ['more than 24 KiB', () => new Uint8Array(MAX_ENVELOPE_BYTES + 1).fill(91)],
  ])('%s', async (_, make) => {
    expect(await reasonOf(make())).toBe('MALFORMED');
  });

  function sorted(value: object): object {
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  function bodyOf(text: string): Uint8Array {
    return envelopeOf({ b: toBase64Url(utf8(text)) });
  }

  it('every flipped bit', async () => {
    const bits = signed.envelope.length * 8;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bits - 1 }), async (bit) => {
        const flipped = signed.envelope.slice();
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        expect(await reasonOf(flipped)).not.toBe('valid');
      }),
      { numRuns: 2_000 },
    );
  });

  it('arbitrary and mutated bytes, without throwing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.uint8Array({ maxLength: 400 }),
          fc.json().map(utf8),
          mutations(signed.envelope),
          textMutations(fromUtf8(signed.envelope)).map(utf8),
        ),
        async (bytes) => {
          expect(await reasonOf(bytes)).toMatch(/^(MALFORMED|WRONG_SIGNERS|BAD_SIGNATURE)$/);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('fields', () => {
  it.each(['0', '1', '9999999999999999999'])('take %s as a decimal', (text) => {
    expect(fields.decimal.safeParse(text).success).toBe(true);
  });

  it.each(['', '00', '01', '-1', '+1', '1.0', '1e3', '10000000000000000000', '1\n', ' 1'])(
    'refuse %j as a decimal',
    (text) => {
      expect(fields.decimal.safeParse(text).success).toBe(false);
    },
  );

  it('count the bytes of base64url, not its characters', () => {
    const text = (length: number) => toBase64Url(new Uint8Array(length));
    expect(fields.bytes(32).safeParse(text(32)).success).toBe(true);
    expect(fields.bytes(32).safeParse(text(31)).success).toBe(false);
    expect(fields.bytes(32).safeParse(`${text(32).slice(0, -1)}B`).success).toBe(false);
    expect(fields.bytesUpTo(1, 4).safeParse(text(0)).success).toBe(false);
    expect(fields.bytesUpTo(1, 4).safeParse(text(4)).success).toBe(true);
    expect(fields.bytesUpTo(1, 4).safeParse(text(5)).success).toBe(false);
  });

  it('take whole numbers up to 2^53-1', () => {
    expect(fields.integer.safeParse(Number.MAX_SAFE_INTEGER).success).toBe(true);
    for (const value of [-1, 0.5, NaN, 2 ** 53, '1', 1n]) {
      expect(fields.integer.safeParse(value).success).toBe(false);
    }
  });

  it('take PeerIds of Ed25519 keys only', () => {
    expect(fields.peerId.safeParse(client.peerId).success).toBe(true);
    expect(fields.peerId.safeParse('QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N').success).toBe(
      false,
    );
  });
});
