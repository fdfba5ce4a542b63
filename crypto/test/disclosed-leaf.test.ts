import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { equalBytes, fromBase64Url, fromHex, toBase64Url, toHex, u64 } from '../bytes.ts';
import { decodeLeaf, encodeClaim, encodeLeafParts, encodePadding } from '../certificate-leaf.ts';
import { openLeaf, openLeaves, verifyDisclosedLeaf } from '../disclosed-leaf.ts';
import type { DisclosedLeaf } from '../disclosed-leaf.ts';
import { openEnvelope, signDocument } from '../envelope.ts';
import type { SignedDocument } from '../envelope.ts';
import { sha256 } from '../hash.ts';
import { MerkleTree, leafHash } from '../merkle.ts';
import { skillCertificateDefinition } from '../skill-certificate.ts';
import type { IssuedCertificate, SkillCertificate } from '../skill-certificate.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';
import { DAY, ISSUED, exampleLeaves, issue, issuer, seededRandom } from './certificate-fixtures.ts';

const held = issue();
const { certificate } = held;

function indexOf(kind: number, from: IssuedCertificate = held): number {
  return from.leaves.findIndex((leaf) => leaf[33] === kind);
}

const skill = openLeaf(held, indexOf(1));
const quantity = openLeaf(held, indexOf(2));

function signTree(leaves: readonly Uint8Array[], change: object = {}): IssuedCertificate {
  const body: SkillCertificate = {
    ...certificate.body,
    size: leaves.length,
    root: toBase64Url(new MerkleTree(leaves).root),
    ...change,
  };
  return { certificate: signDocument(skillCertificateDefinition, body, issuer), leaves };
}

describe('openLeaf', () => {
  it('opens leaf 5 of the worked example B', () => {
    expect(openLeaf(signTree(exampleLeaves()), 5)).toEqual({
      cert: 'ggZzZTe92bYoFDPikZNvQgDJf5UKLMa1L-URnIoLxHs',
      i: 5,
      salt: toBase64Url(fromHex('cc4efc6ae0d270fd4816cceea255e959')),
      kind: 1,
      name: 'performs:nlp/sentiment',
      value: '',
      path: new MerkleTree(exampleLeaves()).inclusionPath(5).map(toBase64Url),
    });
  });

  it('opens leaves that verify, with their claims', () => {
    expect(verifyDisclosedLeaf(certificate, skill)).toEqual({
      valid: true,
      claim: { kind: 'skill', name: 'performs:nlp/sentiment' },
    });
    expect(verifyDisclosedLeaf(certificate, quantity)).toEqual({
      valid: true,
      claim: { kind: 'quantity', name: 'hasResource:gpu-memory-gib', value: 80n },
    });
  });

  it('tells nothing of a closed leaf but hashes', () => {
    const opened = JSON.stringify(skill);
    for (const [i, leaf] of held.leaves.entries()) {
      if (i === skill.i) continue;
      expect(opened).not.toContain(toBase64Url(leaf.subarray(17, 33)));
    }
    expect(opened).not.toContain('hasResource');
  });

  it('throws for an index outside the tree', () => {
    expect(() => openLeaf(held, 32)).toThrow(RangeError);
    expect(() => openLeaves(held, [0, -1])).toThrow(RangeError);
  });
});

describe('verifyDisclosedLeaf', () => {
  it('refuses an inner node given as a leaf (second preimage)', () => {
    const tree = new MerkleTree(held.leaves);
    const forged = { ...skill, path: tree.inclusionPath(skill.i).slice(1).map(toBase64Url) };
    expect(verifyDisclosedLeaf(certificate, forged)).toEqual({
      valid: false,
      reason: 'BAD_PATH_LENGTH',
    });
    // 64 bytes of two hashes are no leaf: they lack the tag and the lengths.
    const pair = Buffer.concat([leafHash(held.leaves[0]!), leafHash(held.leaves[1]!)]);
    expect(decodeLeaf(pair)).toMatchObject({ valid: false });
  });

  it('refuses the leaf of another tree', () => {
    const other = issue({ random: seededRandom('another') });
    const foreign = openLeaf(other, indexOf(1, other));
    expect(verifyDisclosedLeaf(certificate, foreign)).toEqual({
      valid: false,
      reason: 'OTHER_CERTIFICATE',
    });
    const renamed = { ...foreign, cert: skill.cert };
    expect(verifyDisclosedLeaf(certificate, renamed)).toEqual({
      valid: false,
      reason: 'BAD_PROOF',
    });
  });

  it('refuses the wrong tree size: the size is the signed one and fixes the path', () => {
    const larger = signTree(held.leaves, { size: 64 });
    const forLarger = { ...skill, cert: toBase64Url(larger.certificate.id) };
    expect(verifyDisclosedLeaf(larger.certificate, forLarger)).toEqual({
      valid: false,
      reason: 'BAD_PATH_LENGTH',
    });
    const padded = { ...forLarger, path: [...skill.path, toBase64Url(sha256())] };
    expect(verifyDisclosedLeaf(larger.certificate, padded)).toEqual({
      valid: false,
      reason: 'BAD_PROOF',
    });
  });

  it('refuses every other place in the tree', () => {
    for (let i = 0; i < 32; i++) {
      const moved = verifyDisclosedLeaf(certificate, { ...skill, i });
      expect(moved.valid).toBe(i === skill.i);
    }
    expect(verifyDisclosedLeaf(certificate, { ...skill, i: 32 })).toEqual({
      valid: false,
      reason: 'INDEX_OUT_OF_RANGE',
    });
  });

  it('refuses a quantity that the holder raised', () => {
    const raised = { ...quantity, value: toBase64Url(u64(160)) };
    expect(verifyDisclosedLeaf(certificate, raised)).toEqual({ valid: false, reason: 'BAD_PROOF' });
  });

  it('refuses padding: it claims nothing', () => {
    const padding = openLeaf(held, indexOf(0));
    expect(verifyDisclosedLeaf(certificate, padding)).toEqual({ valid: false, reason: 'PADDING' });
  });

  it('refuses a quantity that an issuer put in a certificate of more than a day', () => {
    const long = signTree(held.leaves, { exp: ISSUED + DAY + 1 });
    expect(verifyDisclosedLeaf(long.certificate, openLeaf(long, quantity.i))).toEqual({
      valid: false,
      reason: 'QUANTITY_TOO_LONG_LIVED',
    });
    expect(verifyDisclosedLeaf(long.certificate, openLeaf(long, skill.i)).valid).toBe(true);
  });

  it.each<[string, Partial<Record<keyof DisclosedLeaf, unknown>>, string]>([
    ['an unknown kind', { kind: 6 }, 'UNKNOWN_KIND'],
    ['another kind', { kind: 5 }, 'BAD_PROOF'],
    ['another name', { name: 'performs:nlp/translation' }, 'BAD_PROOF'],
    ['another salt', { salt: toBase64Url(new Uint8Array(16)) }, 'BAD_PROOF'],
    ['a value where the kind has none', { value: 'AA' }, 'BAD_VALUE'],
    ['a name that is not well-formed', { name: '\ud800' }, 'BAD_NAME'],
    ['a salt of 15 bytes', { salt: toBase64Url(new Uint8Array(15)) }, 'MALFORMED'],
    ['a salt with padding', { salt: `${skill.salt}==` }, 'MALFORMED'],
    ['a negative index', { i: -1 }, 'MALFORMED'],
    ['an index of 1,024', { i: 1_024 }, 'MALFORMED'],
    ['a path hash of 31 bytes', { path: [toBase64Url(new Uint8Array(31))] }, 'MALFORMED'],
    ['a path of 11 hashes', { path: new Array(11).fill(skill.path[0]) }, 'MALFORMED'],
    ['no path', { path: [] }, 'BAD_PATH_LENGTH'],
    ['a value of 257 bytes', { value: toBase64Url(new Uint8Array(257)) }, 'MALFORMED'],
    ['a missing key', { kind: undefined }, 'MALFORMED'],
  ])('refuses %s', (_, change, reason) => {
    expect(verifyDisclosedLeaf(certificate, { ...skill, ...change })).toEqual({
      valid: false,
      reason,
    });
  });

  it('refuses an unknown key', () => {
    expect(verifyDisclosedLeaf(certificate, { ...skill, level: 3 })).toEqual({
      valid: false,
      reason: 'MALFORMED',
    });
  });

  it(
    'never throws on any value and accepts none that it did not make',
    () => {
      const shape = fc.record(
        {
          cert: fc.constant(skill.cert),
          i: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.anything()),
          salt: fc.oneof(fc.constant(skill.salt), fc.string()),
          kind: fc.oneof(fc.integer({ min: 0, max: 7 }), fc.anything()),
          name: fc.oneof(fc.constant(skill.name), fc.string()),
          value: fc.oneof(fc.constant(''), fc.string()),
          path: fc.oneof(fc.constant(skill.path), fc.array(fc.constantFrom(...skill.path))),
        },
        { requiredKeys: ['cert'] },
      );
      fuzz(fc.oneof(shape, fc.anything()), (opening) => {
        const verified = verifyDisclosedLeaf(certificate, opening);
        if (verified.valid) expect(opening).toEqual(skill);
        else expect(verified.reason).toMatch(/^[A-Z_]+$/);
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});

describe('dictionary attack on a low-entropy leaf', () => {
  const GUESSES = 100_000;
  // Last of all, so that the control tries every guess too.
  const SECRET = 99_999n;

  /** Tries every guess for a closed leaf whose hash stands in an opened leaf's path. */
  function guess(target: Uint8Array, salt: Uint8Array): bigint | undefined {
    for (let value = 0n; value < GUESSES; value++) {
      const claim = { kind: 'quantity', name: 'hasResource:gpu-memory-gib', value } as const;
      if (equalBytes(leafHash(encodeClaim(claim, salt)), target)) return value;
    }
    return undefined;
  }

  const secret = { kind: 'quantity', name: 'hasResource:gpu-memory-gib', value: SECRET } as const;
  const neighbour = encodeClaim({ kind: 'skill', name: 'performs:a' }, new Uint8Array(16).fill(3));

  /** A certificate whose leaf 1, the secret, is the sibling of leaf 0, which is opened. */
  function siblingHash(salt: Uint8Array): Uint8Array {
    const random = seededRandom('padding');
    const padding = Array.from({ length: 30 }, () => encodePadding(random(16)));
    const built = signTree([neighbour, encodeClaim(secret, salt), ...padding]);
    const opening = openLeaf(built, 0);
    expect(verifyDisclosedLeaf(built.certificate, opening).valid).toBe(true);
    return fromBase64Url(opening.path[0]!);
  }

  it('finds the value of a leaf without a salt (control)', () => {
    const noSalt = new Uint8Array(16);
    expect(guess(siblingHash(noSalt), noSalt)).toBe(SECRET);
  }, 60_000);

  it('finds nothing in 100,000 guesses when the leaf is salted', () => {
    const target = siblingHash(seededRandom('secret salt')(16));
    expect(guess(target, new Uint8Array(16))).toBeUndefined();
    expect(guess(target, neighbour.slice(17, 33))).toBeUndefined();
  }, 60_000);
});

describe('a certificate that crossed the wire', () => {
  it('verifies the leaves that its holder opens', () => {
    const received = openEnvelope(skillCertificateDefinition, certificate.envelope);
    expect(received.valid).toBe(true);
    const document = received as unknown as SignedDocument<SkillCertificate>;
    const parsed: unknown = JSON.parse(JSON.stringify(quantity));
    expect(verifyDisclosedLeaf(document, parsed).valid).toBe(true);
    const leaf = decodeLeaf(held.leaves[quantity.i]!);
    expect(leaf.valid && toHex(encodeLeafParts(leaf.parts))).toBe(toHex(held.leaves[quantity.i]!));
  });
});
