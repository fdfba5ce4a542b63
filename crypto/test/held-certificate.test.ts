import { describe, expect, it } from 'vitest';
import { fromUtf8, toBase64Url, toHex, utf8 } from '../bytes.ts';
import { encodeClaim, encodePadding } from '../certificate-leaf.ts';
import type { CertificateClaim } from '../certificate-leaf.ts';
import { signDocument } from '../envelope.ts';
import {
  HELD_CERTIFICATE_LIMITS,
  checkHeldCertificate,
  decodeHeldCertificate,
  encodeHeldCertificate,
} from '../held-certificate.ts';
import { MerkleTree } from '../merkle.ts';
import { skillCertificateDefinition } from '../skill-certificate.ts';
import type { SkillCertificate } from '../skill-certificate.ts';
import { hostileMessages } from './costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';
import {
  DAY,
  ISSUED,
  exampleClaims,
  holder,
  issue,
  issuer,
  seededRandom,
  stranger,
} from './certificate-fixtures.ts';

const held = issue();

/** A certificate over any leaves, signed as an issuer that breaks the rules would. */
function check(leaves: readonly Uint8Array[], change: Partial<SkillCertificate> = {}) {
  const body: SkillCertificate = {
    ...held.certificate.body,
    size: leaves.length,
    root: toBase64Url(new MerkleTree(leaves).root),
    ...change,
  };
  const { envelope } = signDocument(skillCertificateDefinition, body, issuer);
  return checkHeldCertificate(envelope, leaves, holder.peerId);
}

function leavesOf(claims: readonly CertificateClaim[], size = 32): Uint8Array[] {
  const random = seededRandom('leaves');
  const leaves = claims.map((claim) => encodeClaim(claim, random(16)));
  while (leaves.length < size) leaves.push(encodePadding(random(16)));
  return leaves;
}

describe('checkHeldCertificate', () => {
  it('accepts what the issuer made, and lists its claims', () => {
    const checked = checkHeldCertificate(held.certificate.envelope, held.leaves, holder.peerId);
    expect(checked.valid).toBe(true);
    if (!checked.valid) return;
    expect(checked.claims).toHaveLength(2);
    expect(checked.claims).toEqual(expect.arrayContaining([...exampleClaims]));
    expect(checked.held.certificate.body).toEqual(held.certificate.body);
  });

  it('accepts the leaves that the refusals below start from', () => {
    expect(check(leavesOf(exampleClaims))).toMatchObject({ valid: true });
  });

  it("refuses another holder's certificate", () => {
    expect(
      checkHeldCertificate(held.certificate.envelope, held.leaves, stranger.peerId),
    ).toMatchObject({ valid: false, reason: 'OTHER_HOLDER' });
  });

  it('refuses a leaf more or less than the header says', () => {
    const { envelope } = held.certificate;
    for (const leaves of [held.leaves.slice(1), [...held.leaves, held.leaves[0]!], []]) {
      expect(checkHeldCertificate(envelope, leaves, holder.peerId)).toMatchObject({
        valid: false,
        reason: 'WRONG_LEAF_COUNT',
      });
    }
  });

  it('refuses more padding than the size class needs', () => {
    expect(check(leavesOf(exampleClaims, 64))).toMatchObject({ reason: 'WRONG_LEAF_COUNT' });
  });

  it('refuses leaves of another tree, and leaves in another order', () => {
    const other = issue({ random: seededRandom('another') });
    const { envelope } = held.certificate;
    for (const leaves of [other.leaves, [...held.leaves].reverse()]) {
      expect(checkHeldCertificate(envelope, leaves, holder.peerId)).toMatchObject({
        valid: false,
        reason: 'WRONG_ROOT',
      });
    }
  });

  it('refuses a tree with bytes that are no leaf', () => {
    const leaves = leavesOf(exampleClaims);
    leaves[3] = utf8('a leaf of sixty-four bytes that is only text and nothing else....');
    expect(check(leaves)).toMatchObject({ valid: false, reason: 'BAD_LEAF' });
  });

  it('refuses a claim that stands in the tree twice', () => {
    const twice = [exampleClaims[1]!, { ...exampleClaims[1]!, value: 8n } as CertificateClaim];
    expect(check(leavesOf(twice))).toMatchObject({ valid: false, reason: 'DUPLICATE_CLAIM' });
  });

  it('refuses salts used twice: one opened leaf would open another to guesses', () => {
    const leaves = leavesOf(exampleClaims);
    leaves[7] = encodePadding(leaves[0]!.slice(17, 33));
    expect(check(leaves)).toMatchObject({ valid: false, reason: 'REPEATED_SALT' });
  });

  it('refuses a quantity in a certificate of more than a day', () => {
    expect(check(leavesOf(exampleClaims), { exp: ISSUED + DAY + 1 })).toMatchObject({
      valid: false,
      reason: 'QUANTITY_TOO_LONG_LIVED',
    });
  });

  it('refuses a header with a broken signature', () => {
    const broken = held.certificate.envelope.slice();
    const at = fromUtf8(broken).indexOf('"s":"') + 5;
    broken[at] = broken[at] === 65 ? 66 : 65;
    expect(checkHeldCertificate(broken, held.leaves, holder.peerId)).toMatchObject({
      valid: false,
      reason: 'BAD_SIGNATURE',
    });
  });
});

describe('stored form', () => {
  it('reads back what was stored', () => {
    const read = decodeHeldCertificate(encodeHeldCertificate(held), holder.peerId);
    expect(read.valid).toBe(true);
    if (!read.valid) return;
    expect(read.held.leaves.map(toHex)).toEqual(held.leaves.map(toHex));
    expect(toHex(read.held.certificate.envelope)).toBe(toHex(held.certificate.envelope));
    expect(toHex(read.held.certificate.id)).toBe(toHex(held.certificate.id));
  });

  it('has room for 1,024 leaves of the largest kind', () => {
    const claims = Array.from({ length: 1_024 }, (_, i) => ({
      kind: 'text' as const,
      name: `${i} `.padEnd(256, 'n'),
      text: 't'.repeat(256),
    }));
    const largest = issue({ claims });
    const bytes = encodeHeldCertificate(largest);
    expect(bytes.length).toBeLessThan(HELD_CERTIFICATE_LIMITS.maxBytes);
    expect(decodeHeldCertificate(bytes, holder.peerId).valid).toBe(true);
  });

  it('refuses more than 1.25 MiB', () => {
    const bytes = new Uint8Array(HELD_CERTIFICATE_LIMITS.maxBytes + 1).fill(32);
    expect(decodeHeldCertificate(bytes, holder.peerId)).toMatchObject({
      valid: false,
      reason: 'MALFORMED',
      detail: expect.stringContaining('larger than 1310720') as string,
    });
  });

  it(
    'never throws on damaged storage, and never takes it',
    () => {
      const stored = encodeHeldCertificate(held);
      fuzz(hostileMessages(stored), (bytes) => {
        expect(decodeHeldCertificate(bytes, holder.peerId).valid).toBe(false);
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});
