import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { u32, utf8 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { leafHash, verifyInclusion } from '../../../crypto/merkle.ts';
import {
  ComputedChain,
  OPENED_STEPS,
  StepChecker,
  operationsOf,
  pickSteps,
} from '../../attestation/compute-challenge.ts';
import type { StepOpening } from '../../attestation/compute-challenge.ts';
import { MatrixChain, isState, stateBytes } from '../../attestation/matrix-chain.ts';
import { FakeRandom } from '../a2a/test-agent.ts';

const PRIME = 8_388_593n;
const random = new FakeRandom();
const nonce = random.bytes(32);
const challenge = { nonce, order: 8, steps: 300 };

/** Entries of 3 bytes, from the description in matrix-chain.ts. */
function expand(seed: Uint8Array, order: number): bigint[] {
  const cipher = createCipheriv('aes-128-ctr', seed.subarray(0, 16), seed.subarray(16));
  return entries(cipher.update(new Uint8Array(3 * order * order)), 0x7f).map((e) => e % PRIME);
}

function entries(bytes: Uint8Array, mask = 0xff): bigint[] {
  return Array.from({ length: bytes.length / 3 }, (_, k) => {
    const [high, middle, low] = bytes.subarray(3 * k, 3 * k + 3);
    return BigInt(((high! & mask) << 16) | (middle! << 8) | low!);
  });
}

function squarePlus(x: readonly bigint[], d: readonly bigint[], order: number): bigint[] {
  return x.map((_, at) => {
    const [row, column] = [Math.floor(at / order), at % order];
    let sum = d[at]!;
    for (let k = 0; k < order; k++) sum += x[row * order + k]! * x[k * order + column]!;
    return sum % PRIME;
  });
}

describe('a chain of matrices', () => {
  it.each([8, 30, 128])('of %i rows is what integers of any size give', (order) => {
    const chain = new MatrixChain(nonce, order);
    const zero = Uint8Array.of(0);
    let state = chain.start();
    const start = sha256(utf8('coalesce/benchmark/compute-start/v1'), zero, nonce, u32(order));
    expect(entries(state)).toEqual(expand(start, order));
    for (let i = 0; i < 3; i++) {
      const tag = utf8('coalesce/benchmark/compute-step/v1');
      const seed = sha256(tag, zero, nonce, u32(i), sha256(state));
      const expected = squarePlus(entries(state), expand(seed, order), order);
      state = chain.next(i, state);
      expect(entries(state)).toEqual(expected);
    }
  });

  it('stays exact for the largest entries there are', () => {
    const order = 128;
    const largest = new Uint8Array(stateBytes(order));
    for (let k = 0; k < largest.length; k += 3) largest.set([0x7f, 0xff, 0xf0], k);
    expect(isState(largest, order)).toBe(true);
    const tag = utf8('coalesce/benchmark/compute-step/v1');
    const seed = sha256(tag, Uint8Array.of(0), nonce, u32(0), sha256(largest));
    const expected = squarePlus(entries(largest), expand(seed, order), order);
    expect(entries(new MatrixChain(nonce, order).next(0, largest))).toEqual(expected);
  });

  it.each([6, 9, 130, 0, Number.NaN])('does not exist with %s rows', (order) => {
    expect(() => new MatrixChain(nonce, order)).toThrow(RangeError);
  });

  it('has no state with an entry of p or more, or of another length', () => {
    const state = new MatrixChain(nonce, 8).start();
    expect(isState(state, 8)).toBe(true);
    expect(isState(state, 10)).toBe(false);
    state.set([0x7f, 0xff, 0xf1]);
    expect(isState(state, 8)).toBe(false);
    state.set([0x7f, 0xff, 0xf0]);
    expect(isState(state, 8)).toBe(true);
  });

  it('counts a multiplication and an addition for each term of a product', () => {
    expect(operationsOf({ order: 128, steps: 3 })).toBe(3 * 2 * 128 ** 3);
  });
});

describe('a computed chain', () => {
  const chain = new ComputedChain(challenge);
  const checker = new StepChecker(challenge, chain.root);

  it('opens every step, although it keeps only some of the states', () => {
    const steps = Array.from({ length: challenge.steps }, (_, i) => i).reverse();
    for (const opening of chain.open(steps)) {
      expect(checker.refusalOf(opening.step, opening)).toBeUndefined();
    }
  });

  it('throws for a step that it does not have', () => {
    for (const step of [-1, 300, 0.5]) expect(() => chain.open([step])).toThrow(RangeError);
  });

  it('commits to the last state too', () => {
    const [opening] = chain.open([299]);
    const hash = leafHash(sha256(opening!.to));
    const place = { leafHash: hash, index: 300, path: opening!.toPath, root: chain.root };
    expect(verifyInclusion({ ...place, size: 301 })).toBe(true);
    expect(verifyInclusion({ ...place, size: 302 })).toBe(false);
  });

  it.each<[string, (opening: StepOpening, other: StepOpening) => StepOpening, string]>([
    ['another step', (_, other) => other, 'OTHER_STEP'],
    ['the number of another step', (o, other) => ({ ...other, step: o.step }), 'BAD_PATH'],
    ['a state outside the tree', (o) => ({ ...o, to: o.from }), 'BAD_PATH'],
    ['a start outside the tree', (o) => ({ ...o, from: o.to }), 'BAD_PATH'],
    ['a path that is too short', (o) => ({ ...o, toPath: o.toPath.slice(1) }), 'BAD_PATH'],
    ['no path', (o) => ({ ...o, fromPath: [] }), 'BAD_PATH'],
    ['a state of another size', (o) => ({ ...o, to: o.to.slice(3) }), 'BAD_STATE'],
    ['bytes that are no state', (o) => ({ ...o, from: o.from.map(() => 255) }), 'BAD_STATE'],
  ])('is not opened with %s', (_, change, refusal) => {
    const [opening, other] = chain.open([7, 8]);
    expect(checker.refusalOf(7, change(opening!, other!))).toBe(refusal);
  });

  it('of another nonce is refused at every step', () => {
    const other = { ...challenge, nonce: random.bytes(32) };
    const precomputed = new ComputedChain(other);
    const strict = new StepChecker(challenge, precomputed.root);
    const steps = Array.from({ length: challenge.steps }, (_, i) => i);
    const refusals = precomputed.open(steps).map((o, i) => strict.refusalOf(i, o));
    expect(refusals[0]).toBe('WRONG_START');
    expect(new Set(refusals.slice(1))).toEqual(new Set(['WRONG_STEP']));
  });
});

describe('the steps that are opened', () => {
  it('are different ones of the chain, all of them if there are few', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), (steps) => {
        const picked = pickSteps(steps, random);
        expect(picked).toHaveLength(Math.min(OPENED_STEPS, steps));
        expect(new Set(picked).size).toBe(picked.length);
        expect(picked.every((step) => step >= 0 && step < steps)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('are the fewest that catch a fifth of the work skipped with 99 in 100', () => {
    expect(0.8 ** OPENED_STEPS).toBeLessThanOrEqual(0.01);
    expect(0.8 ** (OPENED_STEPS - 1)).toBeGreaterThan(0.01);
  });

  it('miss a skipped fifth as seldom as that says, whichever fifth it is', () => {
    const draws = 2_000;
    const places: ((step: number) => boolean)[] = [(s) => s % 5 === 0, (s) => s < 200];
    for (const isSkipped of places) {
      let missed = 0;
      for (let i = 0; i < draws; i++) if (!pickSteps(1_000, random).some(isSkipped)) missed += 1;
      // 0.0087 are expected; three standard deviations either way.
      expect(missed / draws).toBeGreaterThan(0.0025);
      expect(missed / draws).toBeLessThan(0.015);
    }
  });
});
