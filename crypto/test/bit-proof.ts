/**
 * A second way to prove that a committed value is below 2^n, for comparison only: one commitment
 * for each bit and, for each, the proof that it is 0 or 1 (Cramer, Damgard, Schoenmakers 1994), all
 * under one Fiat-Shamir challenge. Shares nothing with the range proofs but the two bases.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import type { RandomBytes } from '../bytes.ts';
import { BASE, BLINDING_BASE } from '../pedersen.ts';
import { GROUP_ORDER, IDENTITY } from '../ristretto.ts';
import type { Element } from '../ristretto.ts';

/** What is said of one bit: its commitment, two announcements, one challenge, two responses. */
export interface BitProof {
  readonly commitment: Element;
  readonly announcements: readonly [Element, Element];
  readonly challenge0: bigint;
  readonly responses: readonly [bigint, bigint];
}

export const mod = (value: bigint): bigint => ((value % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER;
const times = (element: Element, scalar: bigint): Element => element.multiplyUnsafe(mod(scalar));
const weigh = (list: readonly bigint[]): bigint =>
  list.reduce((sum, value, i) => mod(sum + (value << BigInt(i))), 0n);

/** Challenge of all bits. The weak form leaves out what is proved. */
export function bitChallenge(
  value: Element,
  bits: readonly Pick<BitProof, 'commitment' | 'announcements'>[],
  isWeak = false,
): bigint {
  const hash = createHash('sha512');
  if (!isWeak) hash.update(value.toBytes());
  for (const { commitment, announcements } of bits) {
    if (!isWeak) hash.update(commitment.toBytes());
    for (const announcement of announcements) hash.update(announcement.toBytes());
  }
  return mod(bytesToNumberLE(hash.digest()));
}

/** Proves that `value` is below 2^bitCount. Of a larger one, the low bits are taken. */
export function proveBits(
  { value, blinding }: { readonly value: bigint; readonly blinding: bigint },
  bitCount: number,
  random: RandomBytes,
): BitProof[] {
  const scalar = () => mod(bytesToNumberLE(random(64)));
  const blindings = Array.from({ length: bitCount }, (_, i) => (i === 0 ? 0n : scalar()));
  blindings[0] = mod(blinding - weigh(blindings));
  const begun = blindings.map((r, i) => {
    const bit = Number((value >> BigInt(i)) & 1n);
    const commitment = times(BASE, BigInt(bit)).add(times(BLINDING_BASE, r));
    const [nonce, simulated, response] = [scalar(), scalar(), scalar()];
    // The branch of the other bit is simulated with a challenge chosen in advance.
    const claim = bit === 0 ? commitment.subtract(BASE) : commitment;
    const fake = times(BLINDING_BASE, response).subtract(times(claim, simulated));
    const real = times(BLINDING_BASE, nonce);
    const announcements: [Element, Element] = bit === 0 ? [real, fake] : [fake, real];
    return { r, bit, commitment, announcements, nonce, simulated, response };
  });
  const whole = times(BASE, value).add(times(BLINDING_BASE, blinding));
  const challenge = bitChallenge(whole, begun);
  return begun.map(({ r, bit, commitment, announcements, nonce, simulated, response }) => {
    const own = mod(challenge - simulated);
    const answer = mod(nonce + own * r);
    return bit === 0
      ? { commitment, announcements, challenge0: own, responses: [answer, response] }
      : { commitment, announcements, challenge0: simulated, responses: [response, answer] };
  });
}

/** Whether `value` commits to a number below 2^(number of bits). */
export function checkBits(value: Element, bits: readonly BitProof[], isWeak = false): boolean {
  const challenge = bitChallenge(value, bits, isWeak);
  const sum = bits.reduceRight((total, { commitment }) => total.double().add(commitment), IDENTITY);
  return (
    sum.equals(value) &&
    bits.every(({ commitment, announcements, challenge0, responses }) =>
      [commitment, commitment.subtract(BASE)].every((claim, branch) => {
        const own = branch === 0 ? challenge0 : challenge - challenge0;
        const expected = announcements[branch]!.add(times(claim, own));
        return times(BLINDING_BASE, responses[branch]!).equals(expected);
      }),
    )
  );
}
