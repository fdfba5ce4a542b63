/**
 * A range verifier that is written as the paper writes it: both equations by themselves, generators
 * folded round by round, no batch, no tables. Slow, and independent of the one that is shipped. Its
 * defences can be taken away, so that tests show what each is good for.
 *
 * @module
 */

import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { bytesToNumberLE } from '@noble/curves/utils.js';
import { sha3_512, shake256 } from '@noble/hashes/sha3.js';
import { concatBytes, utf8 } from '../bytes.ts';
import type { Transcript } from '../merlin.ts';
import { BASE } from '../pedersen.ts';
import { GROUP_ORDER, encodeScalar } from '../ristretto.ts';
import type { Element } from '../ristretto.ts';

/** Defences that a weakened verifier leaves out. */
export interface Weakness {
  /** Takes the identity for A, S, T_1, T_2, L and R. */
  readonly takesIdentity?: boolean;
  /** Takes scalars of L and more and reduces them. */
  readonly reducesScalars?: boolean;
  /** Takes elements that are not canonical: ignores the highest bit. */
  readonly clearsHighBit?: boolean;
  /** Leaves the commitments out of the transcript. */
  readonly forgetsCommitments?: boolean;
}

const mod = (value: bigint): bigint => ((value % GROUP_ORDER) + GROUP_ORDER) % GROUP_ORDER;
const times = (element: Element, scalar: bigint): Element => element.multiplyUnsafe(mod(scalar));

function inverse(value: bigint): bigint {
  let result = 1n;
  let base = mod(value);
  for (let exponent = GROUP_ORDER - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = mod(result * base);
    base = mod(base * base);
  }
  return result;
}

function chain(letter: string, party: number, count: number): Element[] {
  const seed = concatBytes(utf8(`GeneratorsChain${letter}`), Uint8Array.of(party, 0, 0, 0));
  const bytes = shake256(seed, { dkLen: 64 * count });
  return Array.from({ length: count }, (_, i) =>
    ristretto255_hasher.deriveToCurve!(bytes.subarray(64 * i, 64 * (i + 1))),
  );
}

const blindingBase = ristretto255_hasher.deriveToCurve!(sha3_512(BASE.toBytes()));

class Reader {
  readonly #bytes: Uint8Array;
  readonly #weakness: Weakness;
  #offset = 0;

  constructor(bytes: Uint8Array, weakness: Weakness) {
    this.#bytes = bytes;
    this.#weakness = weakness;
  }

  next(): Uint8Array {
    return this.#bytes.slice(this.#offset, (this.#offset += 32));
  }

  scalar(): bigint {
    const scalar = bytesToNumberLE(this.next());
    if (scalar >= GROUP_ORDER && !this.#weakness.reducesScalars) throw new Error('scalar');
    return mod(scalar);
  }

  element(): Element {
    const bytes = this.next();
    if (this.#weakness.clearsHighBit) bytes[31]! &= 127;
    const element = ristretto255.Point.fromBytes(bytes);
    if (element.is0() && !this.#weakness.takesIdentity) throw new Error('identity');
    return element;
  }
}

/** Whether the proof holds, in the words of the paper. Anything that cannot be read does not. */
export function checkNaively(
  transcript: Transcript,
  bitCount: number,
  commitments: readonly Element[],
  proof: Uint8Array,
  weakness: Weakness = {},
): boolean {
  try {
    return check(transcript, bitCount, commitments, proof, weakness);
  } catch {
    return false;
  }
}

function check(
  transcript: Transcript,
  n: number,
  commitments: readonly Element[],
  proof: Uint8Array,
  weakness: Weakness,
): boolean {
  const m = commitments.length;
  const rounds = Math.log2(n * m);
  if (proof.length !== 32 * (9 + 2 * rounds)) return false;
  const reader = new Reader(proof, weakness);
  const draw = (label: string) => mod(bytesToNumberLE(transcript.challenge(label, 64)));
  const hear = (label: string) => {
    const element = reader.element();
    transcript.append(label, element.toBytes());
    return element;
  };
  const hearScalar = (label: string) => {
    const scalar = reader.scalar();
    transcript.append(label, encodeScalar(scalar));
    return scalar;
  };
  transcript.append('dom-sep', 'rangeproof v1');
  transcript.appendU64('n', n);
  transcript.appendU64('m', m);
  if (!weakness.forgetsCommitments) {
    for (const commitment of commitments) transcript.append('V', commitment.toBytes());
  }
  const [A, S] = [hear('A'), hear('S')];
  const [y, z] = [draw('y'), draw('z')];
  const [T1, T2] = [hear('T_1'), hear('T_2')];
  const x = draw('x');
  const tx = hearScalar('t_x');
  const txBlinding = hearScalar('t_x_blinding');
  const eBlinding = hearScalar('e_blinding');
  const Q = times(BASE, draw('w'));

  // t(x) is committed to by V, T_1 and T_2.
  let delta = 0n;
  let right = times(T1, x).add(times(T2, x * x));
  let yPower = 1n;
  for (let i = 0; i < n * m; i++, yPower = mod(yPower * y)) delta += (z - z * z) * yPower;
  let zPower = mod(z * z);
  for (const commitment of commitments) {
    right = right.add(times(commitment, zPower));
    zPower = mod(zPower * z);
    delta -= zPower * ((1n << BigInt(n)) - 1n);
  }
  right = right.add(times(BASE, delta));
  if (!times(BASE, tx).add(times(blindingBase, txBlinding)).equals(right)) return false;

  // A and S commit to l(x) and r(x), whose inner product is t(x).
  let G = Array.from({ length: m }, (_, j) => chain('G', j, n)).flat();
  let H = Array.from({ length: m }, (_, j) => chain('H', j, n)).flat();
  const inverseOfY = inverse(y);
  let factor = 1n;
  H = H.map((element) => {
    const folded = times(element, factor);
    factor = mod(factor * inverseOfY);
    return folded;
  });
  let P = A.add(times(S, x)).add(times(blindingBase, -eBlinding)).add(times(Q, tx));
  yPower = 1n;
  for (let i = 0; i < n * m; i++, yPower = mod(yPower * y)) {
    const bit = z ** BigInt(2 + Math.floor(i / n)) * (1n << BigInt(i % n));
    P = P.add(times(G[i]!, -z)).add(times(H[i]!, z * yPower + bit));
  }
  transcript.append('dom-sep', 'ipp v1');
  transcript.appendU64('n', n * m);
  for (let round = 0; round < rounds; round++) {
    const [L, R] = [hear('L'), hear('R')];
    const u = draw('u');
    const v = inverse(u);
    const half = G.length / 2;
    P = P.add(times(L, u * u)).add(times(R, v * v));
    const fold = (list: Element[], low: bigint, high: bigint) =>
      list.slice(0, half).map((each, i) => times(each, low).add(times(list[half + i]!, high)));
    G = fold(G, v, u);
    H = fold(H, u, v);
  }
  const [a, b] = [reader.scalar(), reader.scalar()];
  const expected = times(G[0]!, a)
    .add(times(H[0]!, b))
    .add(times(Q, a * b));
  return P.equals(expected);
}
