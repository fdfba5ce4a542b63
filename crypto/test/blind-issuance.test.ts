import { ristretto255 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  commitQuantity,
  makeBlinding,
  opensCommitment,
  verifyBlinding,
} from '../blind-issuance.ts';
import type { BlindingRequest, IssuanceContext } from '../blind-issuance.ts';
import { toHex } from '../bytes.ts';
import { peerIdToBytes } from '../identity.ts';
import { Transcript } from '../merlin.ts';
import { BASE, BLINDING_BASE, MAX_QUANTITY } from '../pedersen.ts';
import {
  GROUP_ORDER,
  decodeElement,
  decodeScalar,
  encodeScalar,
  modOrder,
  randomScalar,
  reduceWideScalar,
} from '../ristretto.ts';
import { holder, issuer, seededRandom, stranger } from './certificate-fixtures.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';
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

  it(
    'never throws on a received request and takes no mutation of a good one',
    () => {
      const parts = ['R', 'P', 's'] as const;
      const changes = fc
        .constantFrom(...parts)
        .chain((part) =>
          fc
            .oneof(
              fc.uint8Array({ maxLength: 40 }),
              fc.constant(new Uint8Array(65_536)),
              mutations(made.request[part]),
            )
            .map((bytes) => ({ ...made.request, [part]: bytes })),
        );
      fuzz(
        changes,
        (request) => {
          expect(verifyBlinding(context, request).valid).toBe(false);
        },
        // Points that can be read cost three multiplications; few of these can: 0.2 ms a case.
      );
    },
    FUZZ_TIMEOUT_MS,
  );

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

/** The challenge as wire-formats.md 3.1 writes it, with some of its messages left out. */
function writtenChallenge(
  { R, P }: Pick<BlindingRequest, 'R' | 'P'>,
  forgotten: readonly string[] = [],
): bigint {
  const transcript = new Transcript('coalesce/blind-pok/v1');
  const messages: [string, Uint8Array | string][] = [
    ['sh', context.sessionHash],
    ['attestor', peerIdToBytes(context.attestor)],
    ['holder', peerIdToBytes(context.holder)],
    ['job', context.job],
    ['resource', context.resource],
    ['unit', context.unit],
    ['R', R],
    ['P', P],
  ];
  for (const [label, message] of messages) {
    if (!forgotten.includes(label)) transcript.append(label, message);
  }
  return reduceWideScalar(transcript.challenge('c', 64));
}

/** The check s*B~ = P + c*R, with the challenge of a transcript that forgets some messages. */
function holdsWeakly({ R, P, s }: BlindingRequest, forgotten: readonly string[]): boolean {
  const c = writtenChallenge({ R, P }, forgotten);
  const right = decodeElement(P)!.add(decodeElement(R)!.multiplyUnsafe(c));
  return BLINDING_BASE.multiplyUnsafe(decodeScalar(s)!).equals(right);
}

describe('the proof that a blinding is known', () => {
  it('is the one that was computed once for this context and randomness', () => {
    expect(toHex(made.request.R)).toBe(
      'c035e3c5847597fe9c37554f61180fabb4bd2e6f976a2fd557eed88c3f1cdd2f',
    );
    expect(toHex(made.request.P)).toBe(
      '7cee2ecb7c2756eccd7724c8ee1f4c8fe5944ff0e6317b5afaed363a40fe087c',
    );
    expect(toHex(made.request.s)).toBe(
      'e2cc030fd49c3bfbbf7cb040960cef34e25d82a9067110a8d7c7ac0be7702505',
    );
  });

  it('hashes all that the specification writes out, and so R and P', () => {
    expect(holdsWeakly(made.request, [])).toBe(true);
    for (const label of ['sh', 'attestor', 'holder', 'job', 'resource', 'unit', 'R', 'P']) {
      expect(holdsWeakly(made.request, [label]), label).toBe(false);
    }
  });

  it('cannot be forged by choosing s first, as where P is not hashed: 80 of a measured 8', () => {
    const random = seededRandom('s first');
    const [r, s] = [randomScalar(random), randomScalar(random)];
    const inflated = BLINDING_BASE.multiply(r).add(BASE.multiply(72n));
    const R = inflated.toBytes();
    const c = writtenChallenge({ R, P: new Uint8Array(32) }, ['P']);
    const P = BLINDING_BASE.multiply(s).subtract(inflated.multiply(c)).toBytes();
    const forged = { R, P, s: encodeScalar(s) };
    expect(holdsWeakly(forged, ['P'])).toBe(true);
    // What the weak attestor would sign for a measured 8 opens as 80.
    const commitment = BASE.multiply(8n).add(inflated).toBytes();
    expect(opensCommitment(commitment, 80n, encodeScalar(r))).toBe(true);
    expect(verifyBlinding(context, forged)).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
  });

  it('cannot be forged by choosing R last, as where R is not hashed', () => {
    const random = seededRandom('R last');
    const [k, s] = [randomScalar(random), randomScalar(random)];
    const announced = BLINDING_BASE.multiply(k).add(BASE);
    const P = announced.toBytes();
    const c = writtenChallenge({ R: new Uint8Array(32), P }, ['R']);
    const inverse = ristretto255.Point.Fn.inv(c);
    const R = BLINDING_BASE.multiply(s).subtract(announced).multiply(inverse).toBytes();
    const forged = { R, P, s: encodeScalar(s) };
    expect(holdsWeakly(forged, ['R'])).toBe(true);
    // R holds -1/c of B: the holder can open what it was never measured to have.
    const blinding = BLINDING_BASE.multiply(modOrder((s - k) * inverse));
    expect(decodeElement(R)!.equals(blinding.subtract(BASE.multiply(inverse)))).toBe(true);
    expect(verifyBlinding(context, forged)).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
  });
});
