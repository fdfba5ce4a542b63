import { ristretto255 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, fromUtf8, toBase64Url, toHex, u64, utf8 } from '../bytes.ts';
import { encodeDocument } from '../canonical-json.ts';
import { openLeaf } from '../disclosed-leaf.ts';
import { signDocument } from '../envelope.ts';
import { docId } from '../identity.ts';
import {
  SHOW_LIMITS,
  decodeChallenge,
  decodeShow,
  embedEnvelope,
  encodeChallenge,
  encodeDisclosure,
  encodeShow,
  presentationDefinition,
} from '../presentation-messages.ts';
import type { PresentationBody, ShowMessage } from '../presentation-messages.ts';
import { verifyPresentation } from '../presentation-verifier.ts';
import type { PresentationExpectation } from '../presentation-verifier.ts';
import { makePresentation } from '../presentation.ts';
import type { PresentationInit } from '../presentation.ts';
import { skillCertificateDefinition } from '../skill-certificate.ts';
import { StatusListMemory } from '../status-list-memory.ts';
import { emptyStatusBits } from '../status-list.ts';
import { hostileMessages } from './costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';
import {
  DAY,
  ISSUED,
  holder,
  issue,
  issuer,
  seededRandom,
  statusList,
  stranger,
  verifier,
} from './certificate-fixtures.ts';
import { textMutations } from './mutations.ts';

const NOW = ISSUED + 100;
const nonce = new Uint8Array(32).fill(0xaa);
const sessionHash = new Uint8Array(32).fill(0xbb);
const SENTIMENT = 'performs:nlp/sentiment';
const MEMORY = 'hasResource:gpu-memory-gib';
const held = issue();
const wanted = [
  { term: SENTIMENT, min: '' },
  { term: MEMORY, min: '40' },
];

function make(change: Partial<PresentationInit> = {}) {
  return makePresentation({
    holder,
    verifier: verifier.peerId,
    nonce,
    sessionHash,
    iat: NOW,
    certificates: [held],
    status: [statusList()],
    wanted,
    random: seededRandom('presentation'),
    ...change,
  });
}

function verify(bytes: Uint8Array, change: Partial<PresentationExpectation> = {}) {
  return verifyPresentation(bytes, {
    holder: holder.peerId,
    verifier: verifier.peerId,
    nonce,
    sessionHash,
    nowSeconds: NOW,
    wanted,
    believes: (by) => by === issuer.peerId,
    random: seededRandom('verifier'),
    ...change,
  });
}

function parse(bytes: Uint8Array): ShowMessage {
  const read = decodeShow(bytes);
  if (!read.valid) throw new Error(read.detail);
  return read.message;
}

/** A message as the holder would sign it, whatever stands in it. */
function resign(
  change: Partial<ShowMessage>,
  pres: Partial<PresentationBody> = {},
  signer = holder,
): Uint8Array {
  const message = { ...parse(make().bytes), ...change };
  const body: PresentationBody = {
    v: 1,
    typ: 'pres',
    holder: signer.peerId,
    verifier: verifier.peerId,
    nonce: toBase64Url(nonce),
    sh: toBase64Url(sessionHash),
    iat: NOW,
    disc: toBase64Url(docId('disclosure', encodeDisclosure(message.disclosure))),
    ...pres,
  };
  const signed = signDocument(presentationDefinition, body, signer);
  return encodeShow({ ...message, pres: embedEnvelope(signed.envelope) });
}

describe('challenge', () => {
  const challenge = {
    nonce,
    want: [
      { term: SENTIMENT, min: '' },
      { term: MEMORY, min: '40' },
    ],
  };

  it('has the canonical form of wire-formats.md 2.5', () => {
    expect(fromUtf8(encodeChallenge(challenge))).toBe(
      `{"nonce":"${toBase64Url(nonce)}","typ":"chal","v":1,"want":[` +
        `{"min":"","term":"${SENTIMENT}"},{"min":"40","term":"${MEMORY}"}]}`,
    );
  });

  it('reads back what was written', () => {
    expect(decodeChallenge(encodeChallenge(challenge))).toEqual({ valid: true, challenge });
  });

  it('takes 32 terms and refuses 33', () => {
    const want = Array.from({ length: 32 }, (_, i) => ({ term: `performs:t/${i}`, min: '' }));
    const bytes = encodeChallenge({ nonce, want });
    expect(decodeChallenge(bytes).valid).toBe(true);
    const text = fromUtf8(bytes).replace(']}', ',{"min":"","term":"performs:x"}]}');
    expect(decodeChallenge(utf8(text))).toMatchObject({ valid: false, reason: 'LIMIT_EXCEEDED' });
  });

  it.each([
    ['more than 16 KiB', ' '.repeat(16_385), 'TOO_LARGE'],
    ['no JSON', 'nonce', 'MALFORMED'],
    ['a nonce of 31 bytes', `{"nonce":"${'A'.repeat(42)}","typ":"chal","v":1,"want":[]}`],
    ['white space', `{"nonce":"${toBase64Url(nonce)}", "typ":"chal","v":1,"want":[]}`],
    ['another type', `{"nonce":"${toBase64Url(nonce)}","typ":"show","v":1,"want":[]}`],
    [
      'a minimum that is no decimal',
      `{"nonce":"${toBase64Url(nonce)}","typ":"chal","v":1,"want":[{"min":"04","term":"a"}]}`,
    ],
    [
      'an empty term',
      `{"nonce":"${toBase64Url(nonce)}","typ":"chal","v":1,"want":[{"min":"","term":""}]}`,
    ],
  ])('refuses %s', (_, text, reason = 'MALFORMED') => {
    expect(decodeChallenge(utf8(text))).toMatchObject({ valid: false, reason });
  });

  it(
    'never throws on arbitrary bytes, and reads only what it would write',
    () => {
      const valid = encodeChallenge(challenge);
      fuzz(hostileMessages(valid), (bytes) => {
        const read = decodeChallenge(bytes);
        if (read.valid) expect(toHex(encodeChallenge(read.challenge))).toBe(toHex(bytes));
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});

describe('a presentation', () => {
  it('shows the verifier the wanted leaves of a certificate in good standing', () => {
    const { bytes, opened, omitted } = make();
    expect(verify(bytes)).toEqual({
      valid: true,
      certificates: [
        {
          certId: toBase64Url(held.certificate.id),
          issuer: issuer.peerId,
          holder: holder.peerId,
          kind: 'attestation',
          nbf: ISSUED,
          exp: ISSUED + DAY,
          evidence: toBase64Url(new Uint8Array(32).fill(0xee)),
          leaves: [
            { kind: 'skill', name: SENTIMENT },
            { kind: 'quantity', name: MEMORY, value: 80n },
          ],
          proved: [],
          status: 'good',
          statusReason: 'CURRENT_LIST',
        },
      ],
    });
    expect(opened).toHaveLength(2);
    expect(omitted).toEqual({ leaves: 0, statusLists: 0 });
  });

  it('opens nothing that was not asked for', () => {
    const { bytes } = make({ wanted: [{ term: SENTIMENT, min: '' }] });
    expect(parse(bytes).disclosure.open.map(({ name }) => name)).toEqual([SENTIMENT]);
    expect(fromUtf8(bytes)).not.toContain(MEMORY);
  });

  it('says no, and nothing else, to a minimum that is not reached', () => {
    const { bytes } = make({ wanted: [{ term: MEMORY, min: '81' }] });
    expect(parse(bytes)).toMatchObject({ certs: [], status: [], disclosure: { open: [] } });
    expect(verify(bytes)).toEqual({ valid: true, certificates: [] });
    expect(make({ wanted: [{ term: MEMORY, min: '80' }] }).opened).toHaveLength(1);
  });

  it('opens a quantity for a bare term only if there is no skill leaf of that name', () => {
    const both = issue({
      claims: [
        { kind: 'quantity', name: MEMORY, value: 80n },
        { kind: 'skill', name: MEMORY },
      ],
    });
    const wanted = [{ term: MEMORY, min: '' }];
    expect(make({ certificates: [both], wanted }).opened).toMatchObject([{ kind: 1 }]);
    expect(make({ wanted }).opened).toMatchObject([{ kind: 2 }]);
  });

  it('answers no minimum with a committed quantity', () => {
    const commitment = ristretto255.Point.BASE.toBytes();
    const claims = [{ kind: 'committedQuantity' as const, name: MEMORY, commitment }];
    const { opened } = make({
      certificates: [issue({ claims })],
      wanted: [
        { term: MEMORY, min: '1' },
        { term: MEMORY, min: '' },
      ],
    });
    expect(opened).toEqual([]);
  });

  it('shows the canary score beside the skill it belongs to, and no other score', () => {
    const score = { kind: 'canaryScore', name: SENTIMENT, passed: 19, run: 20 } as const;
    const scored = issue({
      claims: [{ kind: 'skill', name: SENTIMENT }, score, { ...score, name: 'performs:other' }],
    });
    const verified = verify(make({ certificates: [scored] }).bytes);
    expect(verified.valid && verified.certificates[0]!.leaves).toEqual([
      { kind: 'skill', name: SENTIMENT },
      score,
    ]);
  });

  it('shows a leaf that nobody asked for when the holder wants it', () => {
    const region = { kind: 'text', name: 'region', text: 'eu' } as const;
    const described = issue({ claims: [{ kind: 'skill', name: SENTIMENT }, region] });
    const index = described.leaves.findIndex((leaf) => leaf[33] === 5);
    const additional = [openLeaf(described, index)];
    const { bytes } = make({ certificates: [described], additional });
    const verified = verify(bytes);
    expect(verified.valid && verified.certificates[0]!.leaves).toContainEqual(region);
    expect(verify(make({ certificates: [described] }).bytes)).toMatchObject({
      certificates: [{ leaves: [{ kind: 'skill' }] }],
    });
    expect(() => make({ additional })).toThrow(/none of the certificates/);
  });

  it('leaves out a certificate that is not valid now', () => {
    const expired = issue({ exp: ISSUED + 50 });
    const later = issue({ nbf: ISSUED + 200, random: seededRandom('later') });
    const { bytes } = make({ certificates: [expired, later] });
    expect(verify(bytes)).toEqual({ valid: true, certificates: [] });
  });

  it("throws for another holder's certificate", () => {
    const foreign = issue({ holder: stranger.peerId });
    expect(() => make({ certificates: [foreign] })).toThrow(TypeError);
  });

  it('shows several certificates for one term, for a verifier that wants k of m', () => {
    const second = issue({ issuer: stranger, random: seededRandom('second') });
    const { bytes } = make({ certificates: [held, second] });
    const verified = verify(bytes);
    expect(verified.valid && verified.certificates.map((one) => [one.issuer, one.status])).toEqual([
      [issuer.peerId, 'good'],
      [stranger.peerId, 'unknown'],
    ]);
  });

  it('shows at most 8 certificates and says what it left out', () => {
    const certificates = Array.from({ length: 9 }, (_, i) =>
      issue({ slot: i, random: seededRandom(`certificate ${i}`) }),
    );
    const wanted = [{ term: SENTIMENT, min: '' }];
    const { bytes, omitted } = make({ certificates, wanted });
    expect(omitted.leaves).toBe(1);
    const verified = verify(bytes);
    expect(verified.valid && verified.certificates).toHaveLength(8);
  });

  it('opens at most 32 leaves', () => {
    const claims = Array.from({ length: 40 }, (_, i) => ({
      kind: 'skill' as const,
      name: `performs:t/${i}`,
    }));
    const wanted = claims.map(({ name }) => ({ term: name, min: '' }));
    const { bytes, omitted } = make({ certificates: [issue({ claims })], wanted });
    expect(omitted.leaves).toBe(8);
    const verified = verify(bytes);
    expect(verified.valid && verified.certificates[0]!.leaves).toHaveLength(32);
  });

  it('keeps the disclosure within 64 KiB', () => {
    // A control character takes six bytes of JSON: the longest leaves there can be.
    const claims = Array.from({ length: 40 }, (_, i) => ({
      kind: 'text' as const,
      name: `${i}`.padEnd(256, '\u0001'),
      text: 't'.repeat(256),
    }));
    const largest = issue({ claims });
    const indexes = largest.leaves.flatMap((leaf, i) => (leaf[33] === 5 ? [i] : []));
    const additional = indexes.map((index) => openLeaf(largest, index));
    const { bytes, opened } = make({ certificates: [largest], additional, wanted: [] });
    expect(opened.length).toBeLessThan(32);
    expect(encodeDisclosure(parse(bytes).disclosure).length).toBeLessThanOrEqual(65_536);
    expect(verify(bytes)).toMatchObject({ valid: true });
  });

  it('keeps the message within 96 KiB by leaving out status lists', () => {
    const certificates = Array.from({ length: 8 }, (_, list) =>
      issue({ list, random: seededRandom(`list ${list}`) }),
    );
    const bits = emptyStatusBits();
    const status = Array.from({ length: 8 }, (_, list) => statusList([], { list, bits }));
    const wanted = [{ term: SENTIMENT, min: '' }];
    const { bytes, omitted } = make({ certificates, status, wanted });
    expect(bytes.length).toBeLessThanOrEqual(98_304);
    expect(omitted.statusLists).toBeGreaterThan(0);
    const verified = verify(bytes);
    const good = verified.valid ? verified.certificates.filter((one) => one.status === 'good') : [];
    expect(good).toHaveLength(8 - omitted.statusLists);
  });
});

describe('certificates of a PeerId that the holder had before', () => {
  const formerHolders = new Set([holder.peerId]);

  it('are shown and believed, and say whose they were', () => {
    const { bytes } = make({ holder: stranger, formerHolders });
    const verified = verify(bytes, { holder: stranger.peerId, formerHolders });
    expect(verified).toMatchObject({
      valid: true,
      certificates: [{ holder: holder.peerId, leaves: [{ name: SENTIMENT }, { name: MEMORY }] }],
    });
    expect(verify(bytes, { holder: stranger.peerId })).toMatchObject({
      reason: 'CERTIFICATE_OF_OTHER_HOLDER',
    });
  });

  it('end when they say so', () => {
    const { bytes } = make({ holder: stranger, formerHolders, iat: ISSUED + DAY + 60 });
    const late = { holder: stranger.peerId, formerHolders, nowSeconds: ISSUED + DAY + 60 };
    expect(verify(bytes, late)).toEqual({ valid: true, certificates: [] });
  });
});

describe('verifyPresentation refuses', () => {
  const { bytes } = make();

  function reasonOf(show: Uint8Array, change: Partial<PresentationExpectation> = {}) {
    const verified = verify(show, change);
    return verified.valid ? 'valid' : verified.reason;
  }

  it("another verifier's presentation, passed on", () => {
    expect(reasonOf(bytes, { verifier: stranger.peerId })).toBe('WRONG_VERIFIER');
  });

  it('a replayed presentation: another nonce', () => {
    expect(reasonOf(bytes, { nonce: new Uint8Array(32).fill(0xab) })).toBe('WRONG_NONCE');
  });

  it('a presentation of another session', () => {
    expect(reasonOf(bytes, { sessionHash: new Uint8Array(32) })).toBe('WRONG_SESSION');
  });

  it('a presentation of another peer than the one of the session', () => {
    expect(reasonOf(bytes, { holder: stranger.peerId })).toBe('WRONG_HOLDER');
  });

  it("another holder's certificate under one's own signature", () => {
    const stolen = resign({}, {}, stranger);
    expect(reasonOf(stolen, { holder: stranger.peerId })).toBe('CERTIFICATE_OF_OTHER_HOLDER');
  });

  it("another holder's certificate also where the peer has former PeerIds", () => {
    const stolen = resign({}, {}, stranger);
    const change = { holder: stranger.peerId, formerHolders: new Set([verifier.peerId]) };
    expect(reasonOf(stolen, change)).toBe('CERTIFICATE_OF_OTHER_HOLDER');
  });

  it('an old presentation and one from the future', () => {
    expect(reasonOf(bytes, { nowSeconds: NOW + 120 })).toBe('valid');
    expect(reasonOf(bytes, { nowSeconds: NOW + 121 })).toBe('STALE_PRESENTATION');
    expect(reasonOf(bytes, { nowSeconds: NOW - 60 })).toBe('valid');
    expect(reasonOf(bytes, { nowSeconds: NOW - 61 })).toBe('STALE_PRESENTATION');
    expect(reasonOf(bytes, { nowSeconds: NOW + 1, toleranceSeconds: 0 })).toBe('valid');
    expect(reasonOf(bytes, { nowSeconds: NOW - 1, toleranceSeconds: 0 })).toBe(
      'STALE_PRESENTATION',
    );
  });

  it('a disclosure that the signature does not cover', () => {
    const message = parse(bytes);
    const open = message.disclosure.open.slice(1);
    const less = encodeShow({ ...message, disclosure: { open, proofs: [] } });
    expect(reasonOf(less)).toBe('WRONG_DISCLOSURE');
  });

  it('a forged signature of the holder', () => {
    const message = parse(bytes);
    const [signature] = message.pres.s;
    const s = [{ ...signature!, s: toBase64Url(new Uint8Array(64)) }];
    expect(reasonOf(encodeShow({ ...message, pres: { ...message.pres, s } }))).toBe(
      'BAD_PRESENTATION_SIGNATURE',
    );
    expect(reasonOf(encodeShow({ ...message, pres: { ...message.pres, s: [] } }))).toBe(
      'BAD_PRESENTATION_SIGNATURE',
    );
  });

  it('cheaply: a wrong nonce is seen before any signature is checked', () => {
    const message = parse(bytes);
    const forged = encodeShow({ ...message, pres: { ...message.pres, s: [] } });
    expect(reasonOf(forged, { nonce: new Uint8Array(32) })).toBe('WRONG_NONCE');
  });

  it.each([
    ['an expired certificate', { exp: ISSUED + 20 }, 'CERTIFICATE_EXPIRED'],
    ['a certificate that is not yet valid', { nbf: NOW + 61 }, 'CERTIFICATE_NOT_YET_VALID'],
  ])('%s', (_, change, reason) => {
    const certs = [embedEnvelope(issue(change).certificate.envelope)];
    expect(reasonOf(resign({ certs }))).toBe(reason);
  });

  it('a certificate that its issuer did not sign', () => {
    const definition = { ...skillCertificateDefinition, signers: () => [holder.peerId] };
    const forged = signDocument(definition, held.certificate.body, holder);
    const certs = [embedEnvelope(forged.envelope)];
    expect(reasonOf(resign({ certs }))).toBe('BAD_CERTIFICATE_SIGNATURE');
  });

  it('a tampered header', () => {
    const [cert] = parse(bytes).certs;
    const body = fromUtf8(fromBase64Url(cert!.b)).replace('"slot":7', '"slot":8');
    const certs = [{ ...cert!, b: toBase64Url(utf8(body)) }];
    expect(reasonOf(resign({ certs }))).toBe('BAD_CERTIFICATE_SIGNATURE');
  });

  it('a document of another type in the place of a certificate', () => {
    const certs = [embedEnvelope(statusList().envelope)];
    expect(reasonOf(resign({ certs }))).toBe('BAD_CERTIFICATE');
  });

  it('one certificate shown twice', () => {
    const [cert] = parse(bytes).certs;
    expect(reasonOf(resign({ certs: [cert!, cert!] }))).toBe('DUPLICATE_CERTIFICATE');
  });

  it('a forged status list', () => {
    const forged = embedEnvelope(statusList().envelope);
    const s = [{ ...forged.s[0]!, s: toBase64Url(new Uint8Array(64)) }];
    expect(reasonOf(resign({ status: [{ ...forged, s }] }))).toBe('BAD_STATUS_LIST');
    expect(reasonOf(resign({ status: [{ b: 'AAAA', s }] }))).toBe('BAD_STATUS_LIST');
  });

  it('a status list of no certificate shown, and one list twice', () => {
    const stray = embedEnvelope(statusList([], { list: 1 }).envelope);
    expect(reasonOf(resign({ status: [stray] }))).toBe('UNEXPECTED_STATUS_LIST');
    const own = embedEnvelope(statusList().envelope);
    expect(reasonOf(resign({ status: [own, own] }))).toBe('UNEXPECTED_STATUS_LIST');
  });

  it('a leaf of a certificate that is not shown', () => {
    const other = issue({ random: seededRandom('other') });
    const open = [openLeaf(other, 0)];
    expect(reasonOf(resign({ disclosure: { open, proofs: [] } }))).toBe('OTHER_CERTIFICATE');
  });

  it('a leaf of another tree under the name of this certificate', () => {
    const other = issue({ random: seededRandom('other') });
    const index = other.leaves.findIndex((leaf) => leaf[33] === 1);
    const open = [{ ...openLeaf(other, index), cert: toBase64Url(held.certificate.id) }];
    expect(reasonOf(resign({ disclosure: { open, proofs: [] } }))).toBe('BAD_PROOF');
  });

  it('a quantity that the holder raised and signed', () => {
    const open = parse(bytes).disclosure.open.map((leaf) =>
      leaf.kind === 2 ? { ...leaf, value: toBase64Url(u64(800)) } : leaf,
    );
    expect(reasonOf(resign({ disclosure: { open, proofs: [] } }))).toBe('BAD_PROOF');
  });

  it('padding, and a leaf opened twice', () => {
    const index = held.leaves.findIndex((leaf) => leaf[33] === 0);
    const padding = [openLeaf(held, index)];
    expect(reasonOf(resign({ disclosure: { open: padding, proofs: [] } }))).toBe('PADDING');
    const [leaf] = parse(bytes).disclosure.open;
    const twice = { open: [leaf!, leaf!], proofs: [] };
    expect(reasonOf(resign({ disclosure: twice }))).toBe('DUPLICATE_LEAF');
  });

  it('a range proof of a leaf that was not opened, or is no commitment', () => {
    const { open } = parse(bytes).disclosure;
    const proofs = [{ at: [[open[0]!.cert, 3]] as [string, number][], rung: ['8'], proof: 'AA' }];
    expect(reasonOf(resign({ disclosure: { open, proofs } }))).toBe('PROOF_OF_NOTHING');
    const ofSkill = [{ ...proofs[0]!, at: [[open[0]!.cert, open[0]!.i]] as [string, number][] }];
    expect(reasonOf(resign({ disclosure: { open, proofs: ofSkill } }))).toBe('PROOF_OF_NOTHING');
  });

  it.each<[string, Partial<ShowMessage>]>([
    ['9 certificates', { certs: new Array(9).fill(parse(bytes).certs[0]) }],
    ['9 status lists', { status: new Array(9).fill(parse(bytes).status[0]) }],
    [
      '33 opened leaves',
      { disclosure: { open: new Array(33).fill(parse(bytes).disclosure.open[0]), proofs: [] } },
    ],
    [
      '5 range proofs',
      {
        disclosure: {
          open: [],
          proofs: new Array(5).fill({
            at: [[toBase64Url(held.certificate.id), 0]],
            rung: ['1'],
            proof: 'AA',
          }),
        },
      },
    ],
  ])('%s', (_, change) => {
    expect(reasonOf(resign(change))).toBe('LIMIT_EXCEEDED');
  });

  it('a disclosure of more than 64 KiB and a message of more than 96 KiB', () => {
    // As many leaves as may be opened, with names that take six characters for each of their own.
    const [leaf] = parse(bytes).disclosure.open;
    const open = (length: number) =>
      Array(32).fill({
        ...leaf!,
        name: '\u0001'.repeat(length),
        value: 'A'.repeat(340),
        path: Array(10).fill('A'.repeat(43)),
      });
    const long = (length: number) => {
      const { certs, status, pres } = parse(bytes);
      const disclosure = { open: open(length), proofs: [] };
      return encodeDocument({ v: 1, typ: 'show', certs, status, disclosure, pres }, SHOW_LIMITS);
    };
    expect(reasonOf(long(100))).toBe('WRONG_DISCLOSURE');
    expect(reasonOf(long(256))).toBe('TOO_LARGE');
    expect(reasonOf(new Uint8Array(98_305).fill(91))).toBe('TOO_LARGE');
  });

  it('nesting deeper than 7', () => {
    expect(reasonOf(utf8('['.repeat(98_304)))).toBe('MALFORMED');
    expect(reasonOf(utf8('['.repeat(8) + ']'.repeat(8)))).toBe('MALFORMED');
  });

  it('a message that is not canonical', () => {
    expect(reasonOf(utf8(fromUtf8(bytes).replace('"certs":', '"certs": ')))).toBe('MALFORMED');
  });

  it(
    'every mutation of a valid message, without throwing',
    () => {
      fuzz(hostileMessages(bytes), (mutated) => {
        expect(reasonOf(mutated)).toMatch(/^[A-Z_]+$/);
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it('or accepts nothing but itself when the holder signs mutated parts', () => {
    const original = parse(bytes);
    const text = JSON.stringify({ ...original, pres: undefined });
    fc.assert(
      fc.property(textMutations(text), (mutated) => {
        let show: Uint8Array;
        try {
          show = resign(JSON.parse(mutated) as Partial<ShowMessage>);
        } catch {
          return; // not JSON, or not a message that can be written
        }
        const verified = verify(show);
        if (!verified.valid) return;
        expect(verified).toEqual(verify(bytes));
      }),
      { numRuns: 1_500 },
    );
  });
});

describe('status of a presented certificate', () => {
  function statusOf(change: Partial<PresentationInit>, expectation = {}) {
    const verified = verify(make(change).bytes, expectation);
    if (!verified.valid) throw new Error(verified.detail);
    const { status, statusReason } = verified.certificates[0]!;
    return { status, statusReason };
  }

  it('is revoked when the stapled list says so', () => {
    expect(statusOf({ status: [statusList([7])] })).toMatchObject({ status: 'revoked' });
  });

  it('is unknown without a list, and with one that is past its time', () => {
    expect(statusOf({ status: [] })).toEqual({ status: 'unknown', statusReason: 'NO_LIST' });
    const old = statusList([], { iat: ISSUED - 3_700, next: ISSUED - 100 });
    expect(statusOf({ status: [old] })).toEqual({
      status: 'unknown',
      statusReason: 'LIST_EXPIRED',
    });
  });

  it('is unknown for a quantity with a list of a day, and good for the skill alone', () => {
    const status = [statusList([], { next: ISSUED + DAY })];
    expect(statusOf({ status })).toEqual({
      status: 'unknown',
      statusReason: 'LIST_TOO_LONG_LIVED',
    });
    expect(statusOf({ status, wanted: [{ term: SENTIMENT, min: '' }] }).status).toBe('good');
  });

  it('is revoked although the holder staples an older status list', () => {
    const statusMemory = new StatusListMemory();
    statusMemory.note(statusList([7], { seq: 2 }), NOW);
    expect(statusOf({ status: [statusList([], { seq: 1 })] }, { statusMemory }).status).toBe(
      'revoked',
    );
  });

  it('is unknown after an equivocating status list, and the evidence is kept', () => {
    const statusMemory = new StatusListMemory();
    expect(statusOf({}, { statusMemory }).status).toBe('good');
    const other = statusList([9]);
    expect(statusOf({ status: [other] }, { statusMemory })).toEqual({
      status: 'unknown',
      statusReason: 'ISSUER_DISTRUSTED',
    });
    expect(toHex(statusMemory.equivocations()[0]!.second)).toBe(toHex(other.envelope));
  });

  it('notes nothing from a presentation that is refused', () => {
    const statusMemory = new StatusListMemory();
    const { open } = parse(make().bytes).disclosure;
    const forged = open.map((leaf) => ({ ...leaf, salt: toBase64Url(new Uint8Array(16)) }));
    const show = resign({ disclosure: { open: forged, proofs: [] } });
    expect(verify(show, { statusMemory }).valid).toBe(false);
    expect(statusMemory.envelopes()).toEqual([]);
  });
});
