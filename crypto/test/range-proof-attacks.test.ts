import { ristretto255 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { describe, expect, it } from 'vitest';
import { Transcript } from '../merlin.ts';
import { BASE, BLINDING_BASE, commit } from '../pedersen.ts';
import { proveRange } from '../range-prover.ts';
import { GROUP_ORDER, decodeElement, decodeScalar } from '../ristretto.ts';
import { bitChallenge, checkBits, mod } from './bit-proof.ts';
import { seededRandom } from './certificate-fixtures.ts';
import { checkNaively } from './plain-range-verifier.ts';
import type { Weakness } from './plain-range-verifier.ts';
import { TEST_LABEL, checkRange, littleEndian, makeRangeProof } from './proof-fixtures.ts';

const made = makeRangeProof(8, [200n]);
const ELEMENTS = ['A', 'S', 'T_1', 'T_2'];
const SCALARS = ['t_x', 't_x_blinding', 'e_blinding'];
/** Names of the parts of a proof of 8 bits, 32 bytes each. */
const PARTS = [
  ...ELEMENTS,
  ...SCALARS,
  ...[0, 1, 2].flatMap((round) => [`L_${round}`, `R_${round}`]),
  ...['a', 'b'],
];
const isScalar = (name: string) => SCALARS.includes(name) || name === 'a' || name === 'b';

function partOf(proof: Uint8Array, index: number): Uint8Array {
  return proof.slice(32 * index, 32 * (index + 1));
}

function withPart(proof: Uint8Array, index: number, part: Uint8Array): Uint8Array {
  const changed = proof.slice();
  changed.set(part, 32 * index);
  return changed;
}

function checkWeakly(proof: Uint8Array, weakness: Weakness): boolean {
  const transcript = new Transcript(TEST_LABEL);
  return checkNaively(transcript, 8, made.commitments, proof, weakness);
}

/** Makes our prover lie: hears T_1 + B for T_1, and forgets V if the verifier does. */
class ForgedTranscript extends Transcript {
  forgetsCommitments = false;
  readonly drawn = new Map<string, bigint>();
  heard = new Uint8Array(0);

  override append(label: string, message: Uint8Array | string): void {
    if (label === 'V' && this.forgetsCommitments) return;
    if (label !== 'T_1') return super.append(label, message);
    this.heard = decodeElement(message as Uint8Array)!
      .add(BASE)
      .toBytes();
    super.append(label, this.heard);
  }

  override challenge(label: string, length: number): Uint8Array {
    const bytes = super.challenge(label, length);
    this.drawn.set(label, bytesToNumberLE(bytes) % GROUP_ORDER);
    return bytes;
  }
}

describe('weak Fiat-Shamir', () => {
  it('lets a prover choose the commitment after the proof; ours hashes it first', () => {
    const transcript = new ForgedTranscript(TEST_LABEL);
    transcript.forgetsCommitments = true;
    const [opening] = makeRangeProof(8, [1n]).openings;
    const commitments = [commit(opening!.value, opening!.blinding).toBytes()];
    const init = { bitCount: 8, openings: [opening!], commitments };
    const proof = withPart(proveRange(transcript, init, seededRandom('f')), 2, transcript.heard);
    // t(x) has grown by x, so a commitment to 1 - x / z^2 makes up for it.
    const [x, z] = ['x', 'z'].map((label) => transcript.drawn.get(label)!) as [bigint, bigint];
    const forgedValue = mod(1n - x * ristretto255.Point.Fn.inv(mod(z * z)));
    expect(forgedValue > 1n << 64n).toBe(true);
    const forged = commit(forgedValue, opening!.blinding);

    const weak = { forgetsCommitments: true };
    expect(checkNaively(new Transcript(TEST_LABEL), 8, [forged], proof, weak)).toBe(true);
    expect(checkNaively(new Transcript(TEST_LABEL), 8, [forged], proof)).toBe(false);
    expect(checkRange(8, [forged], proof)).toMatchObject({ valid: false, reason: 'BAD_PROOF' });
  });

  it('lets a proof of one bit hold for a number of 251 bits that is neither 0 nor 1', () => {
    const { Fn } = ristretto255.Point;
    let forgeries = 0;
    for (let attempt = 0; attempt < 16; attempt++) {
      const random = seededRandom(`forgery ${attempt}`);
      const scalar = () => mod(bytesToNumberLE(random(64)));
      const [beta0, beta1, alpha0, alpha1, r] = Array.from({ length: 5 }, scalar) as [
        ...[bigint, bigint, bigint],
        ...[bigint, bigint],
      ];
      const announcements = [commit(beta0, alpha0), commit(beta1, alpha1)] as const;
      // The weak challenge does not depend on the commitment, so it is known before that.
      const c = bitChallenge(BASE, [{ commitment: BASE, announcements }], true);
      // beta0 + c0 v = 0 and beta1 + (c - c0)(v - 1) = 0, so c v^2 + (beta0 + beta1 - c) v = beta0.
      const linear = mod(beta0 + beta1 - c);
      const discriminant = mod(linear * linear + 4n * c * beta0);
      let root: bigint;
      try {
        root = Fn.sqrt(discriminant);
      } catch {
        continue; // no such v: the next attempt
      }
      const v = mod((root - linear) * Fn.inv(mod(2n * c)));
      const challenge0 = mod(-beta0 * Fn.inv(v));
      const commitment = commit(v, r);
      const responses = [mod(alpha0 + challenge0 * r), mod(alpha1 + (c - challenge0) * r)] as const;
      const bits = [{ commitment, announcements, challenge0, responses }];
      expect(v > 1n && checkBits(commitment, bits, true)).toBe(true);
      expect(checkBits(commitment, bits)).toBe(false);
      forgeries++;
    }
    expect(forgeries).toBeGreaterThan(0);
  });
});

describe('scalars that are not canonical', () => {
  it.each(PARTS.filter(isScalar))('give %s a second form, which is refused', (name) => {
    const index = PARTS.indexOf(name);
    const scalar = decodeScalar(partOf(made.proof, index))!;
    const second = withPart(made.proof, index, littleEndian(scalar + GROUP_ORDER));
    expect(checkWeakly(second, { reducesScalars: true })).toBe(true);
    expect(checkRange(8, made.commitments, second)).toEqual({
      valid: false,
      reason: 'BAD_SCALAR',
      detail: `${name} is not below the group order`,
    });
  });
});

describe('elements that are not canonical', () => {
  it.each(PARTS.filter((name) => !isScalar(name)))('give %s a second form: refused', (name) => {
    const index = PARTS.indexOf(name);
    const part = partOf(made.proof, index);
    part[31]! |= 128;
    const second = withPart(made.proof, index, part);
    expect(checkWeakly(second, { clearsHighBit: true })).toBe(true);
    expect(checkRange(8, made.commitments, second)).toEqual({
      valid: false,
      reason: 'BAD_ELEMENT',
      detail: `${name} is not canonical, or the identity`,
    });
  });
});

describe('identity elements', () => {
  it.each(PARTS.filter((name) => !isScalar(name)))('in place of %s are refused', (name) => {
    const index = PARTS.indexOf(name);
    const changed = withPart(made.proof, index, new Uint8Array(32));
    expect(checkRange(8, made.commitments, changed)).toMatchObject({
      reason: 'BAD_ELEMENT',
      detail: `${name} is not canonical, or the identity`,
    });
  });

  it('would pass where they fulfil the equations: a prover without randomness blinds nothing', () => {
    const init = {
      bitCount: 8,
      openings: [{ value: 200n, blinding: 0n }],
      commitments: [commit(200n, 0n).toBytes()],
    };
    const noRandom = (length: number) => new Uint8Array(length);
    const proof = proveRange(new Transcript(TEST_LABEL), init, noRandom);
    const commitments = [commit(200n, 0n)];
    const check = (weakness: Weakness) =>
      checkNaively(new Transcript(TEST_LABEL), 8, commitments, proof, weakness);
    expect(check({ takesIdentity: true })).toBe(true);
    expect(check({})).toBe(false);
    expect(checkRange(8, commitments, proof)).toMatchObject({
      reason: 'BAD_ELEMENT',
      detail: 'S is not canonical, or the identity',
    });
  });
});

describe('a polynomial that is not the one of the value', () => {
  it('is refused, although the vectors of the proof are in order', () => {
    const transcript = new ForgedTranscript(TEST_LABEL);
    const init = {
      bitCount: 8,
      openings: made.openings,
      commitments: made.commitments.map((element) => element.toBytes()),
    };
    const proof = withPart(proveRange(transcript, init, seededRandom('t')), 2, transcript.heard);
    expect(checkRange(8, made.commitments, proof)).toMatchObject({ reason: 'BAD_PROOF' });
  });
});

describe('a value outside the range', () => {
  it('is not proved by the proof of its low bits', () => {
    const { openings, proof } = makeRangeProof(8, [4n]);
    const { blinding } = openings[0]!;
    expect(checkRange(8, [commit(4n, blinding)], proof).valid).toBe(true);
    expect(checkRange(8, [commit(260n, blinding)], proof).valid).toBe(false);
    expect(checkRange(8, [commit(GROUP_ORDER - 4n, blinding)], proof).valid).toBe(false);
    expect(checkRange(8, [commit(4n, blinding).add(BLINDING_BASE)], proof).valid).toBe(false);
  });
});
