import { describe, expect, it } from 'vitest';
import { fromHex, fromUtf8, toBase64Url, toHex } from '../bytes.ts';
import { decodeLeaf } from '../certificate-leaf.ts';
import type { CertificateClaim } from '../certificate-leaf.ts';
import { encodeBody, openEnvelope, signDocument } from '../envelope.ts';
import { MerkleTree, leafHash } from '../merkle.ts';
import {
  checkCertificateTimes,
  leafCount,
  skillCertificateDefinition,
  verifySkillCertificate,
} from '../skill-certificate.ts';
import type { SkillCertificate } from '../skill-certificate.ts';
import { hostileMessages } from './costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';
import {
  DAY,
  ISSUED,
  exampleClaims,
  exampleLeaves,
  holder,
  issue,
  issuer,
  seededRandom,
  stranger,
} from './certificate-fixtures.ts';

const exampleHeader: SkillCertificate = {
  v: 1,
  typ: 'cert',
  suite: 1,
  kind: 'attestation',
  issuer: issuer.peerId,
  holder: holder.peerId,
  list: 0,
  slot: 7,
  iat: ISSUED,
  nbf: ISSUED,
  exp: ISSUED + DAY,
  size: 32,
  root: toBase64Url(new MerkleTree(exampleLeaves()).root),
  evidence: toBase64Url(new Uint8Array(32).fill(0xee)),
};

function decodedClaims(leaves: readonly Uint8Array[]): CertificateClaim[] {
  return leaves.flatMap((bytes) => {
    const leaf = decodeLeaf(bytes);
    if (!leaf.valid) throw new Error(leaf.reason);
    return leaf.claim ? [leaf.claim] : [];
  });
}

// wire-formats.md 8, worked example B.
describe('worked example B', () => {
  const leaves = exampleLeaves();
  const tree = new MerkleTree(leaves);
  const document = signDocument(skillCertificateDefinition, exampleHeader, issuer);

  it('encodes leaf 5 and leaf 9 byte for byte', () => {
    expect(toHex(leaves[5]!)).toBe(
      '636f616c657363652f6c6561662f763100cc4efc6ae0d270fd4816cceea255e959010016' +
        '706572666f726d733a6e6c702f73656e74696d656e7400000000',
    );
    expect(toHex(leaves[9]!)).toBe(
      '636f616c657363652f6c6561662f763100966af28110260703f8c0577eb7bdbe1602001a' +
        '6861735265736f757263653a6770752d6d656d6f72792d676962000000080000000000000050',
    );
  });

  it('has the hash of leaf 5, its path and the root', () => {
    expect(toHex(leafHash(leaves[5]!))).toBe(
      '8bcd348f120debe4982a2652f26241dc7620e9bc97c3334745cf618e18fd2d22',
    );
    expect(tree.inclusionPath(5).map(toHex)).toEqual([
      '70fd7009078f060ab5accad7c7bbf135403d7ef9546c1d57c43268b5b74744ad',
      '46cf900161173d93d10dce43f179e01b84345af2fe4c2f52eb15df428e07fcbd',
      '18410ae136c26185a645d1323dff090b0a5536998735f0625874ba9a32519ccb',
      'b272dee5595bd2b2448f98eea99c5e5b1ef0813c0433199aca8d4c599ceae12d',
      'a6b5de940ef1fc9a293d22600b0fd6d5770d02983badf735110a600bdd36dda9',
    ]);
    expect(toHex(tree.root)).toBe(
      'e0197b00decbd470ac9e9baaa0148d38df79b1fd173aa70eb40ae4b118c24f74',
    );
  });

  it('has the header as one line of 368 bytes', () => {
    const header = encodeBody(skillCertificateDefinition, exampleHeader);
    expect(header.length).toBe(368);
    expect(fromUtf8(header)).toBe(
      '{"evidence":"7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u4","exp":1800086400,' +
        '"holder":"12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5","iat":1800000000,' +
        '"issuer":"12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq",' +
        '"kind":"attestation","list":0,"nbf":1800000000,' +
        '"root":"4Bl7AN7L1HCsnpuqoBSNON95sf0XOqcOtArksRjCT3Q","size":32,"slot":7,' +
        '"suite":1,"typ":"cert","v":1}',
    );
  });

  it('has the certId, the signature and an envelope of 659 bytes', () => {
    const signature = fromHex(
      'f653f5e865837d0242797874714c6042ff0065687ede07b9de54f64ae9b26621' +
        'b58dd1fee1872fca1e6a8d909f3bb37c8a8d71426f72acf65548c84f9675790a',
    );
    expect(toHex(document.id)).toBe(
      '8206736537bdd9b6281433e291936f4200c97f950a2cc6b52fe5119c8a0bc47b',
    );
    expect(document.envelope.length).toBe(659);
    expect(fromUtf8(document.envelope)).toContain(toBase64Url(signature));
  });

  it('verifies what it has issued', () => {
    const verified = verifySkillCertificate(document.envelope, { nowSeconds: ISSUED });
    expect(verified).toMatchObject({ valid: true, body: exampleHeader, signers: [issuer.peerId] });
  });
});

describe('issueSkillCertificate', () => {
  it('makes a certificate that verifies and leaves that hash to its root', () => {
    const { certificate, leaves } = issue();
    const verified = verifySkillCertificate(certificate.envelope, { nowSeconds: ISSUED });
    expect(verified).toMatchObject({ valid: true, body: certificate.body });
    expect(toBase64Url(new MerkleTree(leaves).root)).toBe(certificate.body.root);
    expect(decodedClaims(leaves)).toHaveLength(2);
    expect(decodedClaims(leaves)).toEqual(expect.arrayContaining([...exampleClaims]));
  });

  it('fills up to 32 leaves or the next power of two, so the count tells a size class only', () => {
    const expected = [
      [1, 32],
      [31, 32],
      [32, 32],
      [33, 64],
      [64, 64],
      [65, 128],
      [512, 512],
      [513, 1_024],
      [1_024, 1_024],
    ] as const;
    for (const [count, size] of expected) {
      const claims = Array.from({ length: count }, (_, i) => ({
        kind: 'skill' as const,
        name: `performs:t/${i}`,
      }));
      const { certificate, leaves } = issue({ claims });
      expect(leafCount(count)).toBe(size);
      expect(certificate.body.size).toBe(size);
      expect(leaves).toHaveLength(size);
      expect(decodedClaims(leaves)).toHaveLength(count);
    }
  });

  it('salts every leaf anew', () => {
    const { leaves } = issue();
    const salts = leaves.map((leaf) => toHex(leaf.subarray(17, 33)));
    expect(new Set(salts).size).toBe(32);
  });

  it('shuffles, so that every place is about as likely for the first claim', () => {
    const random = seededRandom('shuffle');
    const places = new Array<number>(32).fill(0);
    const rounds = 640;
    for (let i = 0; i < rounds; i++) {
      const { leaves } = issue({ random });
      const place = leaves.findIndex((leaf) => leaf[33] === 1);
      places[place]!++;
    }
    const expected = rounds / 32;
    const chiSquare = places.reduce((sum, got) => sum + (got - expected) ** 2 / expected, 0);
    expect(Math.min(...places)).toBeGreaterThan(0);
    // 31 degrees of freedom: 61.1 is the 0.1 % point. The seed is fixed.
    expect(chiSquare).toBeLessThan(61.1);
  });

  it.each([
    ['no claim', { claims: [] }, /expected 1 to 1024/],
    [
      '1,025 claims',
      {
        claims: Array.from({ length: 1_025 }, (_, i) => ({
          kind: 'skill' as const,
          name: `performs:t/${i}`,
        })),
      },
      /expected 1 to 1024/,
    ],
    ['a claim made twice', { claims: [exampleClaims[0]!, exampleClaims[0]!] }, /twice/],
    ['a quantity for more than a day', { exp: ISSUED + DAY + 1 }, /86400 s after/],
    ['a salt that is too short', { random: () => new Uint8Array(8) }, /BAD_SALT/],
  ])('throws for %s', (_, change, message) => {
    expect(() => issue(change)).toThrow(message);
  });

  it.each([
    ['self for somebody else', { kind: 'self' as const, evidence: new Uint8Array(32) }],
    ['attestation of oneself', { holder: issuer.peerId }],
    ['endorsement of oneself', { holder: issuer.peerId, kind: 'endorsement' as const }],
    ['evidence of 31 bytes', { evidence: new Uint8Array(31) }],
    ['a slot beyond 65,535', { slot: 65_536 }],
    ['an end that is not after the beginning', { exp: ISSUED }],
    ['a life of more than 30 days', { exp: ISSUED + 2_592_001, claims: [exampleClaims[0]!] }],
  ])('throws for %s', (_, change) => {
    expect(() => issue(change)).toThrow();
  });

  it('takes the longest lives that are allowed', () => {
    expect(issue({ exp: ISSUED + DAY }).certificate.body.exp).toBe(ISSUED + DAY);
    const month = issue({ exp: ISSUED + 2_592_000, claims: [exampleClaims[0]!] });
    expect(month.certificate.body.exp).toBe(ISSUED + 2_592_000);
  });

  it('makes a certificate of oneself with zeros as evidence, and with nothing else', () => {
    const self = { holder: issuer.peerId, kind: 'self' as const };
    const { certificate } = issue({ ...self, evidence: new Uint8Array(32) });
    expect(certificate.body.kind).toBe('self');
    expect(() => issue(self)).toThrow(/zeros/);
  });
});

describe('verifySkillCertificate', () => {
  const { envelope } = issue().certificate;

  function verifyChanged(change: object, signer = issuer) {
    const body = { ...issue().certificate.body, ...change } as SkillCertificate;
    const lenient = { ...skillCertificateDefinition, schema: anything };
    const forged = signDocument(lenient, body, signer);
    return verifySkillCertificate(forged.envelope, { nowSeconds: ISSUED });
  }
  const anything = { parse: (value: unknown) => value } as never;

  it.each([
    ['another version', { v: 2 }],
    ['another type', { typ: 'status' }],
    ['another suite', { suite: 2 }],
    ['a kind that does not exist', { kind: 'committee' }],
    ['self with another issuer', { kind: 'self' }],
    ['an attestation of oneself', { holder: issuer.peerId }],
    ['24 leaves', { size: 24 }],
    ['16 leaves', { size: 16 }],
    ['2,048 leaves', { size: 2_048 }],
    ['33 leaves', { size: 33 }],
    ['a root of 31 bytes', { root: toBase64Url(new Uint8Array(31)) }],
    ['a root that is not base64url', { root: `${'A'.repeat(42)}+` }],
    ['an unknown key', { level: 3 }],
    ['a missing key', { slot: undefined }],
    ['a life of 30 days and a second', { exp: ISSUED + 2_592_001 }],
    ['an end before its beginning', { exp: ISSUED - 1 }],
    ['a slot beyond 65,535', { slot: 65_536 }],
    ['a holder that is no PeerId', { holder: 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N' }],
  ])('refuses %s, although its issuer signed it', (_, change) => {
    expect(verifyChanged(change)).toMatchObject({ valid: false, reason: 'MALFORMED' });
  });

  it('accepts what the signer of these refusals signs when nothing is changed', () => {
    expect(verifyChanged({})).toMatchObject({ valid: true });
  });

  it('refuses an expired certificate, one minute after its end and not before', () => {
    const at = (nowSeconds: number) => verifySkillCertificate(envelope, { nowSeconds });
    expect(at(ISSUED + DAY + 59)).toMatchObject({ valid: true });
    expect(at(ISSUED + DAY + 60)).toMatchObject({ valid: false, reason: 'EXPIRED' });
  });

  it('refuses a certificate that is not yet valid, up to one minute before its beginning', () => {
    const at = (nowSeconds: number) => verifySkillCertificate(envelope, { nowSeconds });
    expect(at(ISSUED - 60)).toMatchObject({ valid: true });
    expect(at(ISSUED - 61)).toMatchObject({ valid: false, reason: 'NOT_YET_VALID' });
  });

  it('refuses a certificate issued in the future', () => {
    const early = issue({ iat: ISSUED + 61 }).certificate.envelope;
    expect(verifySkillCertificate(early, { nowSeconds: ISSUED })).toMatchObject({
      valid: false,
      reason: 'NOT_YET_VALID',
    });
  });

  it('uses the tolerance it is given', () => {
    const times = { iat: 100, nbf: 100, exp: 200 };
    const at = (nowSeconds: number, toleranceSeconds: number) =>
      checkCertificateTimes(times, { nowSeconds, toleranceSeconds });
    expect(at(99, 0)).toBe('NOT_YET_VALID');
    expect(at(100, 0)).toBeUndefined();
    expect(at(199, 0)).toBeUndefined();
    expect(at(200, 0)).toBe('EXPIRED');
    expect(at(90, 10)).toBeUndefined();
    expect(at(209, 10)).toBeUndefined();
  });

  it('refuses a tampered header', () => {
    const text = fromUtf8(envelope);
    const body = { ...issue().certificate.body, slot: 8 };
    const tampered = text.replace(
      /"b":"[^"]*"/,
      `"b":"${toBase64Url(encodeBody(skillCertificateDefinition, body))}"`,
    );
    const verified = verifySkillCertificate(Buffer.from(tampered), { nowSeconds: ISSUED });
    expect(verified).toMatchObject({ valid: false, reason: 'BAD_SIGNATURE' });
  });

  it('refuses a header that a stranger signed in the name of the issuer', () => {
    const definition = { ...skillCertificateDefinition, signers: () => [stranger.peerId] };
    const forged = signDocument(definition, issue().certificate.body, stranger);
    expect(verifySkillCertificate(forged.envelope, { nowSeconds: ISSUED })).toMatchObject({
      valid: false,
      reason: 'WRONG_SIGNERS',
    });
  });

  it('refuses a certificate of one document type under the name of another', () => {
    const asStatus = { ...skillCertificateDefinition, kind: 'status' as const };
    const forged = signDocument(asStatus, issue().certificate.body, issuer);
    expect(openEnvelope(asStatus, forged.envelope).valid).toBe(true);
    expect(verifySkillCertificate(forged.envelope, { nowSeconds: ISSUED })).toMatchObject({
      valid: false,
      reason: 'BAD_SIGNATURE',
    });
  });

  it(
    'never throws on arbitrary or mutated bytes, and never takes them',
    () => {
      fuzz(hostileMessages(envelope), (bytes) => {
        expect(verifySkillCertificate(bytes, { nowSeconds: ISSUED }).valid).toBe(false);
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});
