/**
 * The generators G and H of range proofs, as the `bulletproofs` crate derives them: party j has two
 * chains, SHAKE256("GeneratorsChain" || 'G' or 'H' || u32 LE j), 64 bytes for each generator.
 *
 * Generators and their tables are made when they are first used, and kept: about 40 kB each and up
 * to 4 ms in a process that has just started; 64 of them for one quantity of 32 bits, 512 for the
 * largest proof of eight.
 *
 * @module
 */

import { ristretto255_hasher } from '@noble/curves/ed25519.js';
import { shake256 } from '@noble/hashes/sha3.js';
import { concatBytes, u8, utf8 } from './bytes.ts';
import { RANGE_PROOF_TAGS } from './domain-tags.ts';
import { oddMultiples } from './multi-scalar.ts';
import type { OddMultiples, SumTerm } from './multi-scalar.ts';
import { BASE, BLINDING_BASE } from './pedersen.ts';
import { modOrder } from './ristretto.ts';
import type { Element } from './ristretto.ts';

/** Width of the digits of fixed elements: 128 multiples each. */
const FIXED_WIDTH = 9;
/** Uniform bytes of which a generator is made. */
const GENERATOR_BYTES = 64;

/** One generator and its table. */
export class FixedElement {
  readonly element: Element;
  #table: OddMultiples | undefined;

  constructor(element: Element) {
    this.element = element;
  }

  get table(): OddMultiples {
    this.#table ??= oddMultiples(this.element, FIXED_WIDTH);
    return this.#table;
  }
}

/** The endless list of generators of one letter and party. */
class GeneratorChain {
  readonly #stream;
  readonly #made: FixedElement[] = [];

  constructor(letter: 'G' | 'H', party: number) {
    this.#stream = shake256
      .create({})
      .update(
        concatBytes(utf8(RANGE_PROOF_TAGS.generators + letter), u8(party), new Uint8Array(3)),
      );
  }

  at(index: number): FixedElement {
    while (this.#made.length <= index) {
      const uniform = this.#stream.xof(GENERATOR_BYTES);
      this.#made.push(new FixedElement(ristretto255_hasher.deriveToCurve!(uniform)));
    }
    return this.#made[index]!;
  }
}

const chains = new Map<string, GeneratorChain>();

function chain(letter: 'G' | 'H', party: number): GeneratorChain {
  const key = `${letter}${party}`;
  let found = chains.get(key);
  if (!found) chains.set(key, (found = new GeneratorChain(letter, party)));
  return found;
}

const base = new FixedElement(BASE);
const blindingBase = new FixedElement(BLINDING_BASE);

/** Number of values in a proof and bits of each: what says which generators it stands on. */
export interface ProofShape {
  readonly bitCount: number;
  readonly valueCount: number;
}

/** The generators of a proof in its own order: all bits of the first value, then of the next. */
export function proofGenerators(letter: 'G' | 'H', shape: ProofShape): FixedElement[] {
  const { bitCount, valueCount } = shape;
  return Array.from({ length: bitCount * valueCount }, (_, i) =>
    chain(letter, Math.floor(i / bitCount)).at(i % bitCount),
  );
}

/** A sum over fixed elements whose scalars are gathered before it is computed. */
export class FixedSum {
  readonly #scalars = new Map<FixedElement, bigint>();

  /** Adds `scalar * element`, for any whole number. */
  add(element: FixedElement, scalar: bigint): void {
    this.#scalars.set(element, (this.#scalars.get(element) ?? 0n) + scalar);
  }

  /** Adds multiples of B and B~. */
  addBases(scalar: bigint, blinding: bigint): void {
    this.add(base, scalar);
    this.add(blindingBase, blinding);
  }

  /** What has been added, one term for each element. */
  terms(): SumTerm[] {
    return [...this.#scalars].map(([{ table }, scalar]) => ({ table, scalar: modOrder(scalar) }));
  }
}
