import { bytesToNumberLE } from '@noble/curves/utils.js';
import { describe, expect, it } from 'vitest';
import type { RandomBytes } from '../bytes.ts';
import { Transcript } from '../merlin.ts';
import { proveRange } from '../range-prover.ts';
import { verifyRange } from '../range-verifier.ts';
import { decodeScalar, encodeScalar, modOrder } from '../ristretto.ts';
import { seededRandom } from './certificate-fixtures.ts';
import { TEST_LABEL, makeRangeProof } from './proof-fixtures.ts';

const made = makeRangeProof(8, [200n]);

/** The weights of both equations, 16 bytes each, in the order in which they are drawn. */
interface Weights {
  readonly vectors: Uint8Array;
  readonly polynomial: Uint8Array;
}

/** A prover's transcript that hears its two blindings shifted. */
class ShiftedTranscript extends Transcript {
  readonly shifts = new Map<string, bigint>();
  readonly heard = new Map<string, Uint8Array>();

  override append(label: string, message: Uint8Array | string): void {
    if (!label.endsWith('_blinding')) return super.append(label, message);
    const scalar = decodeScalar(message as Uint8Array)! + this.shifts.get(label)!;
    this.heard.set(label, encodeScalar(modOrder(scalar)));
    super.append(label, this.heard.get(label)!);
  }
}

/**
 * A proof of which both equations are false: one misses by the weight of the polynomial times B~,
 * the other by minus that of the vectors. Each times its weight, they cancel for these weights only
 * (and for those in the same proportion).
 */
function forgeFor({ vectors, polynomial }: Weights): Uint8Array {
  const transcript = new ShiftedTranscript(TEST_LABEL);
  transcript.shifts.set('t_x_blinding', -bytesToNumberLE(vectors));
  transcript.shifts.set('e_blinding', bytesToNumberLE(polynomial));
  const commitments = made.commitments.map((element) => element.toBytes());
  const init = { bitCount: 8, openings: made.openings, commitments };
  const proof = proveRange(transcript, init, seededRandom('forged'));
  proof.set(transcript.heard.get('t_x_blinding')!, 5 * 32);
  proof.set(transcript.heard.get('e_blinding')!, 6 * 32);
  return proof;
}

function accepts(proof: Uint8Array, random: RandomBytes): boolean {
  const { commitments } = made;
  const transcript = new Transcript(TEST_LABEL);
  return verifyRange({ transcript, bitCount: 8, commitments, proof }, random).valid;
}

/** Draws these weights and nothing else. */
function scripted({ vectors, polynomial }: Weights): RandomBytes {
  const script = [vectors, polynomial];
  return (length) => {
    const drawn = script.shift();
    if (drawn?.length !== length) throw new Error(`no ${length} bytes in the script`);
    return drawn;
  };
}

describe('weights of the equations of a proof', () => {
  const random = seededRandom('weights that the forger knows');
  const known = { vectors: random(16), polynomial: random(16) };
  const forged = forgeFor(known);

  it('that the forger knows make a false proof hold (control), and no others do', () => {
    expect(accepts(forged, scripted(known))).toBe(true);
    for (const seed of ['a', 'b', 'c']) expect(accepts(forged, seededRandom(seed))).toBe(false);
  });

  it('are not equal: errors that cancel under equal weights are found', () => {
    const one = Uint8Array.of(1, ...new Uint8Array(15));
    const equal = forgeFor({ vectors: one, polynomial: one });
    expect(accepts(equal, scripted({ ...known, polynomial: known.vectors }))).toBe(true);
    for (const seed of ['a', 'b', 'c']) expect(accepts(equal, seededRandom(seed))).toBe(false);
  });

  it('are not small: errors that cancel under the lowest bits or bytes of both are found', () => {
    const low = (weight: Uint8Array, length: number, mask = 0xff) =>
      weight.map((byte, i) => (i < length ? byte & mask : 0));
    for (const [length, mask] of [
      [1, 1],
      [1, 0xff],
      [4, 0xff],
      [8, 0xff],
      [15, 0xff],
    ] as const) {
      for (const name of ['vectors', 'polynomial'] as const) {
        const weak = { ...known, [name]: low(known[name], length, mask) };
        const proof = forgeFor(weak);
        expect(accepts(proof, scripted(weak))).toBe(true);
        expect(accepts(proof, scripted(known))).toBe(false);
      }
    }
  });

  it.each(['vectors', 'polynomial'] as const)('use every byte that is drawn for %s', (name) => {
    for (let at = 0; at < 16; at++) {
      const weight = known[name].map((byte, i) => (i === at ? byte ^ (1 << (at % 8)) : byte));
      expect(accepts(forged, scripted({ ...known, [name]: weight })), `byte ${at}`).toBe(false);
    }
  });
});
