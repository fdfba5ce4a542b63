import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commitQuantity,
  makeBlinding,
  opensCommitment,
  verifyBlinding,
} from '../blind-issuance.ts';
import type { BlindingRequest, IssuanceContext } from '../blind-issuance.ts';
import { MAX_QUANTITY } from '../pedersen.ts';
import { GROUP_ORDER, decodeScalar } from '../ristretto.ts';
import { holder, issuer, seededRandom, stranger } from './certificate-fixtures.ts';
import { mutations } from './mutations.ts';
import { littleEndian } from './proof-fixtures.ts';

const context: IssuanceContext = {
  sessionHash: new Uint8Array(32).fill(0x11),
  attestor: issuer.peerId,
  holder: holder.peerId,
  job: new Uint8Array(32).fill(0x22),
  resource: 'hasResource:gpu-memory-gib',
  unit: 'GiB',
};
const made = makeBlinding(context, seededRandom('blinding'));

function accepted(request: BlindingRequest) {
  const verified = verifyBlinding(context, request);
  if (!verified.valid) throw new Error(verified.reason);
  return verified;
}

describe('blinded issuance', () => {
  it('commits to what was measured, so that the holder alone can open it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_QUANTITY }), fc.string(), (value, seed) => {
        const { blinding, request } = makeBlinding(context, seededRandom(seed));
        const commitment = commitQuantity(accepted(request), value);
        expect(opensCommitment(commitment, value, blinding)).toBe(true);
        expect(opensCommitment(commitment, value ^ 1n, blinding)).toBe(false);
        expect(opensCommitment(commitment, value, made.blinding)).toBe(false);
      }),
      { numRuns: 15 },
    );
  });

  it('lets the holder see a commitment to another value, or to its blinding alone', () => {
    const other = commitQuantity(accepted(made.request), 79n);
    expect(opensCommitment(other, 80n, made.blinding)).toBe(false);
    expect(opensCommitment(made.request.R, 80n, made.blinding)).toBe(false);
  });

  it('blinds afresh, so that a renewed certificate does not show by how much a value rose', () => {
    const random = seededRandom('renewal');
    const [first, second] = [makeBlinding(context, random), makeBlinding(context, random)];
    expect(first.request.R).not.toEqual(second.request.R);
    expect(first.request.P).not.toEqual(second.request.P);
  });

  it.each([
    ['session', { sessionHash: new Uint8Array(32).fill(0x12) }],
    ['attestor', { attestor: stranger.peerId }],
    ['holder', { holder: stranger.peerId }],
    ['job', { job: new Uint8Array(32).fill(0x23) }],
    ['resource', { resource: 'hasResource:memory-gib' }],
    ['unit', { unit: 'MiB' }],
  ])('refuses a blinding that was made for another %s', (_, change) => {
    const verified = verifyBlinding({ ...context, ...change }, made.request);
    expect(verified).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
  });

  it('refuses the identity, elements that are not canonical and scalars from L on', () => {
    const { request } = made;
    const zeros = new Uint8Array(32);
    const check = (change: Partial<BlindingRequest>) =>
      verifyBlinding(context, { ...request, ...change });
    for (const bad of [zeros, new Uint8Array(32).fill(0xff), new Uint8Array(31)]) {
      expect(check({ R: bad })).toMatchObject({ reason: 'BAD_ELEMENT' });
      expect(check({ P: bad })).toMatchObject({ reason: 'BAD_ELEMENT' });
    }
    const same = littleEndian(decodeScalar(request.s)! + GROUP_ORDER);
    expect(check({ s: same })).toMatchObject({ reason: 'BAD_SCALAR' });
    expect(check({ s: new Uint8Array(33) })).toMatchObject({ reason: 'BAD_SCALAR' });
  });

  it('never throws on a received request and takes no mutation of a good one', () => {
    const parts = ['R', 'P', 's'] as const;
    const changes = fc
      .constantFrom(...parts)
      .chain((part) =>
        fc
          .oneof(fc.uint8Array({ maxLength: 40 }), mutations(made.request[part]))
          .map((bytes) => ({ ...made.request, [part]: bytes })),
      );
    fc.assert(
      fc.property(changes, (request) => {
        expect(verifyBlinding(context, request).valid).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('throws where this side is wrong: contexts and values of the wrong form', () => {
    const bad = { ...context, job: new Uint8Array(31) };
    expect(() => makeBlinding(bad, seededRandom('x'))).toThrow(/job/);
    expect(() => verifyBlinding({ ...context, holder: 'nobody' }, made.request)).toThrow(TypeError);
    const verified = accepted(made.request);
    expect(() => commitQuantity(verified, -1n)).toThrow(RangeError);
    expect(() => commitQuantity(verified, MAX_QUANTITY + 1n)).toThrow(RangeError);
    expect(opensCommitment(new Uint8Array(32), MAX_QUANTITY + 1n, made.blinding)).toBe(false);
  });
});
