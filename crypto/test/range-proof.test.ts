import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RandomBytes } from '../bytes.ts';
import { Transcript } from '../merlin.ts';
import { commit } from '../pedersen.ts';
import { decodeRangeProof, rangeProofBytes } from '../range-proof.ts';
import { proveRange } from '../range-prover.ts';
import { verifyRange, verifyRanges } from '../range-verifier.ts';
import type { RangeStatement } from '../range-verifier.ts';
import { decodeScalar, encodeScalar, modOrder } from '../ristretto.ts';
import { seededRandom } from './certificate-fixtures.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from './fuzz.ts';
import { mutations } from './mutations.ts';
import { checkNaively } from './plain-range-verifier.ts';
import { TEST_LABEL, checkRange, makeRangeProof, openingsOf } from './proof-fixtures.ts';

const single = makeRangeProof(32, [1_234_567n]);

describe('range proofs', () => {
  it.each([
    [32, [0n], 608],
    [32, [0xffff_ffffn, 7n], 672],
    [32, [1n, 2n, 3n, 4n], 736],
    [32, [0n, 1n, 2n, 3n, 4n, 5n, 6n, 0xffff_ffffn], 800],
    [8, [255n], 480],
    [16, [65_535n], 544],
    [64, [0xffff_ffff_ffff_ffffn], 672],
  ])('of %i bits hold for %o and have %i bytes', (bitCount, values, bytes) => {
    const { commitments, proof } = makeRangeProof(bitCount, values);
    expect(proof.length).toBe(bytes);
    expect(rangeProofBytes({ bitCount, valueCount: values.length })).toBe(bytes);
    expect(checkRange(bitCount, commitments, proof)).toEqual({ valid: true });
  });

  it('hold for any value in range, and a plain verifier agrees', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 255n }), fc.string(), (value, seed) => {
        const { commitments, proof } = makeRangeProof(8, [value], seed);
        expect(checkRange(8, commitments, proof).valid).toBe(true);
        expect(checkNaively(new Transcript(TEST_LABEL), 8, commitments, proof)).toBe(true);
      }),
      { numRuns: 10 },
    );
  });

  it('are fresh every time: one value has many proofs', () => {
    const other = makeRangeProof(8, [5n], 'a');
    const { openings, commitments, proof } = makeRangeProof(8, [5n], 'b');
    expect(proof).not.toEqual(other.proof);
    const init = {
      bitCount: 8,
      openings,
      commitments: commitments.map((element) => element.toBytes()),
    };
    expect(proveRange(new Transcript(TEST_LABEL), init, seededRandom('c'))).not.toEqual(proof);
  });

  it('do not hold for another commitment, label, order of values or number of bits', () => {
    const { commitments, proof } = makeRangeProof(16, [1n, 2n]);
    const [first, second] = commitments as [never, never];
    expect(checkRange(16, [first, second], proof).valid).toBe(true);
    expect(checkRange(16, [second, first], proof).valid).toBe(false);
    expect(checkRange(16, [first, first], proof).valid).toBe(false);
    expect(checkRange(32, [commit(1n, 9n)], proof)).toMatchObject({ reason: 'BAD_PROOF' });
    const elsewhere = { transcript: new Transcript('another protocol'), bitCount: 16 };
    const statement = { ...elsewhere, commitments, proof };
    expect(verifyRange(statement, seededRandom('w'))).toMatchObject({ reason: 'BAD_PROOF' });
  });

  it('cannot be made for a value outside, or of a shape that does not exist', () => {
    const make = (bitCount: number, values: readonly bigint[]) => () =>
      makeRangeProof(bitCount, values);
    expect(make(8, [256n])).toThrow(RangeError);
    expect(make(32, [1n << 32n])).toThrow(RangeError);
    expect(make(12, [1n])).toThrow(/bitCount/);
    expect(make(8, [1n, 2n, 3n])).toThrow(/valueCount/);
    expect(make(8, [])).toThrow(/valueCount/);
    const openings = openingsOf([1n], seededRandom('x'));
    const init = { bitCount: 8, openings, commitments: [] };
    expect(() => proveRange(new Transcript(TEST_LABEL), init, seededRandom('y'))).toThrow(
      /commitments/,
    );
    expect(() => checkRange(12, [commit(1n, 1n)], single.proof)).toThrow(RangeError);
  });
});

describe('verifyRanges', () => {
  function statement({ bitCount, commitments, proof }: typeof single): RangeStatement {
    return { transcript: new Transcript(TEST_LABEL), bitCount, commitments, proof };
  }
  const several = ['a', 'b', 'c', 'd', 'e'].map((seed, i) => makeRangeProof(8, [BigInt(i)], seed));

  it('accepts a batch of valid proofs of different shapes, and an empty one', () => {
    const mixed = [...several, makeRangeProof(8, [1n, 2n]), makeRangeProof(16, [9n])];
    const outcomes = verifyRanges(mixed.map(statement), seededRandom('w'));
    expect(outcomes).toEqual(mixed.map(() => ({ valid: true })));
    expect(verifyRanges([], seededRandom('w'))).toEqual([]);
  });

  it('names the bad ones and no other', () => {
    const truncated = { ...several[1]!, proof: several[1]!.proof.slice(32) };
    const stolen = { ...several[3]!, commitments: several[2]!.commitments };
    const batch = [several[0]!, truncated, several[2]!, stolen, several[4]!];
    const outcomes = verifyRanges(batch.map(statement), seededRandom('w'));
    const reasons = outcomes.map((outcome) => (outcome.valid ? 'valid' : outcome.reason));
    expect(reasons).toEqual(['valid', 'BAD_LENGTH', 'valid', 'BAD_PROOF', 'valid']);
  });

  it('is not deceived by two false proofs whose errors cancel each other out', () => {
    // The last two scalars are in no transcript: one proof twice, with +1 and -1 in one of them.
    const shifted = (by: bigint) => {
      const proof = several[0]!.proof.slice();
      const at = proof.length - 64;
      const scalar = decodeScalar(proof.subarray(at, at + 32))!;
      proof.set(encodeScalar(modOrder(scalar + by)), at);
      return { ...several[0]!, proof };
    };
    const batch = () => [shifted(1n), shifted(-1n)].map(statement);
    const validity = (random: RandomBytes) =>
      verifyRanges(batch(), random).map(({ valid }) => valid);
    expect(validity((length) => new Uint8Array(length).fill(7))).toEqual([true, true]);
    expect(validity(seededRandom('w'))).toEqual([false, false]);
  });

  it('draws a weight of 128 bits for each equation of each proof', () => {
    const lengths: number[] = [];
    verifyRanges(several.map(statement), (length) => {
      lengths.push(length);
      return seededRandom(`${lengths.length}`)(length);
    });
    expect(lengths).toEqual(several.flatMap(() => [16, 16]));
  });
});

describe('the parser of proofs', () => {
  it.each([
    [1, 608],
    [2, 672],
    [4, 736],
    [8, 800],
  ])(
    'never throws, and takes no length but the exact one, for %i values in %i bytes',
    (valueCount, length) => {
      const shape = { bitCount: 32, valueCount };
      const values = Array.from({ length: valueCount }, (_, i) => 1_234_567n + BigInt(i));
      const { proof } = makeRangeProof(32, values);
      expect(decodeRangeProof(proof, shape)).toMatchObject({ valid: true });
      const bytesOf = (lengths: fc.Arbitrary<number>) =>
        lengths.chain((size) => fc.uint8Array({ minLength: size, maxLength: size }));
      const anything = bytesOf(fc.integer({ min: 0, max: 1_100 }));
      const otherShape = bytesOf(fc.constantFrom(608, 672, 736, 800));
      const exact = bytesOf(fc.constant(length));
      const large = fc.integer({ min: 801, max: 65_536 }).map((size) => new Uint8Array(size));
      fuzz(fc.oneof(anything, otherShape, exact, large, mutations(proof)), (bytes) => {
        const read = decodeRangeProof(bytes, shape);
        if (bytes.length !== length) expect(read).toMatchObject({ reason: 'BAD_LENGTH' });
        expect(typeof read.valid).toBe('boolean');
      });
    },
    FUZZ_TIMEOUT_MS,
  );

  it('leads to a refusal of every mutation, whatever the parser said', () => {
    fc.assert(
      fc.property(mutations(single.proof), (bytes) => {
        expect(checkRange(32, single.commitments, bytes).valid).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});
