import { describe, expect, it } from 'vitest';
import { Transcript } from '../merlin.ts';
import { verifyRange } from '../range-verifier.ts';
import { seededRandom } from './certificate-fixtures.ts';
import { isLongRun, runSeed } from './fuzz.ts';
import { publishedProofs } from './proof-fixtures.ts';
import type { PublishedProof } from './proof-fixtures.ts';
import { vectorsDirectory } from './vectors.ts';

/** One bit of one byte of one published proof. */
interface BitChange {
  readonly published: PublishedProof;
  readonly at: number;
  readonly bit: number;
}

/** Every byte of every proof in the long run, else 64; drawn from a seed that is new each run. */
function bitChanges(cases: readonly PublishedProof[]): BitChange[] {
  const random = seededRandom(`bits ${runSeed}`);
  const bitOf = () => random(1)[0]! % 8;
  if (isLongRun) {
    return cases.flatMap((published) =>
      Array.from(published.proof, (_, at) => ({ published, at, bit: bitOf() })),
    );
  }
  return Array.from({ length: 64 }, () => {
    const [which, high, low] = random(3) as Uint8Array & [number, number, number];
    const published = cases[which % cases.length]!;
    return { published, at: (high * 256 + low) % published.proof.length, bit: bitOf() };
  });
}

// Proofs of the `bulletproofs` crate, its test deserialize_and_verify (MIT).
describe.skipIf(vectorsDirectory() === undefined)('published range proofs of dalek', () => {
  function check({ bitCount, valueCount }: PublishedProof, proof: Uint8Array) {
    const { label, commitments } = publishedProofs();
    return verifyRange(
      {
        transcript: new Transcript(label),
        bitCount,
        commitments: commitments.slice(0, valueCount),
        proof,
      },
      seededRandom('weights'),
    );
  }

  it('all hold for their commitments', () => {
    const { cases } = publishedProofs();
    expect(cases.length).toBeGreaterThanOrEqual(8);
    for (const published of cases) {
      const name = `${published.bitCount} bits, ${published.valueCount} values`;
      expect(check(published, published.proof), name).toEqual({ valid: true });
    }
  });

  it(
    'are all refused when a single bit is changed',
    () => {
      for (const { published, at, bit } of bitChanges(publishedProofs().cases)) {
        const changed = published.proof.slice();
        changed[at]! ^= 1 << bit;
        const name = `${published.bitCount} bits, ${published.valueCount} values: ${at}.${bit}`;
        const replay = `COALESCE_FUZZ_SEED=${runSeed} draws it again`;
        expect(check(published, changed).valid, `${name}; ${replay}`).toBe(false);
      }
    },
    isLongRun ? 3_600_000 : 60_000,
  );
});
