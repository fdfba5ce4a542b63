/**
 * The compute challenge: how many operations a holder does in a given time (paper III-A 2,
 * "benchmark attestation"). Resource `hasResource:cpu-mflops`, unit MFLOP/s.
 *
 * The holder computes a chain of K states from a fresh nonce (matrix-chain.ts), commits to all of
 * them by the root of a Merkle tree over their hashes, and sends the root: there the clock stops.
 * Only then the attestor names a few steps; the holder opens both ends of each, and the attestor
 * does the step itself.
 *
 * Soundness: a chain of which a share f of the steps is not what it should be survives s random
 * steps with probability (1-f)^s at most. s = 21: of the chains that skip a fifth of the work 99 %
 * are caught, of those that skip a tenth 89 %.
 *
 * What it does not show: that one thread did it. A holder may use all its cores inside a step, or
 * break the chain into c pieces that it computes side by side; of the c - 1 broken links none is
 * asked for four times in five (a test counts it). Nor does it see a helper: whoever answers as
 * fast as the claim has its power at hand, and that is what is measured. The operations counted are
 * the 2 n^3 of a product by the book; a faster algorithm counts as a faster machine.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { MerkleTree, leafHash, verifyInclusion } from '../../crypto/merkle.ts';
import type { Random } from '../components.ts';
import { MatrixChain, isState } from './matrix-chain.ts';

/** Term and unit of what is measured. */
export const COMPUTE_RESOURCE = 'hasResource:cpu-mflops';
export const COMPUTE_UNIT = 'MFLOP/s';

/** Most steps of a chain. */
export const MAX_STEPS = 32_768;
/** Steps that are opened: the least s with (1 - 0.2)^s <= 0.01. */
export const OPENED_STEPS = 21;

/** States that a holder keeps; the rest it computes again from the nearest one before. */
const MAX_CHECKPOINTS = 128;

/** What is to be computed. */
export interface ComputeChallenge {
  /** 32 random bytes of the attestor. */
  readonly nonce: Uint8Array;
  /** Rows of a matrix. */
  readonly order: number;
  /** Steps of the chain, K. */
  readonly steps: number;
}

/** Both ends of a step, and their places in the tree. */
export interface StepOpening {
  /** i, from 0 to K - 1. */
  readonly step: number;
  /** Bytes of X(i) and of X(i+1). */
  readonly from: Uint8Array;
  readonly to: Uint8Array;
  readonly fromPath: readonly Uint8Array[];
  readonly toPath: readonly Uint8Array[];
}

/** Multiplications and additions of the products of a challenge. */
export function operationsOf({ order, steps }: Omit<ComputeChallenge, 'nonce'>): number {
  return steps * 2 * order ** 3;
}

/** A chain that was computed: its root, and what opening its steps needs. */
export class ComputedChain {
  /** Root of the tree over SHA-256 of each state, K + 1 leaves, 32 bytes. */
  readonly root: Uint8Array;
  readonly #chain: MatrixChain;
  readonly #steps: number;
  readonly #tree: MerkleTree;
  readonly #interval: number;
  /** States 0, interval, 2 * interval and so on. */
  readonly #checkpoints: Uint8Array[] = [];

  /** Computes the whole chain, which takes as long as the challenge is large. */
  constructor({ nonce, order, steps }: ComputeChallenge) {
    this.#chain = new MatrixChain(nonce, order);
    this.#steps = steps;
    this.#interval = Math.ceil(steps / MAX_CHECKPOINTS);
    const digests: Uint8Array[] = [];
    let state = this.#chain.start();
    for (let i = 0; ; i++) {
      digests.push(sha256(state));
      if (i % this.#interval === 0) this.#checkpoints.push(state);
      if (i === steps) break;
      state = this.#chain.next(i, state);
    }
    this.#tree = new MerkleTree(digests);
    this.root = this.#tree.root;
  }

  /**
   * Opens steps, in the given order. Computes at most a 128th of the chain again for each.
   *
   * @throws {@link RangeError} for a step that the chain does not have.
   */
  open(steps: readonly number[]): StepOpening[] {
    return steps.map((step) => {
      if (!Number.isInteger(step) || step < 0 || step >= this.#steps) {
        throw new RangeError(`"step" expected 0 to ${this.#steps - 1}, got ${step}`);
      }
      const checkpoint = Math.floor(step / this.#interval);
      let from = this.#checkpoints[checkpoint]!;
      for (let i = checkpoint * this.#interval; i < step; i++) from = this.#chain.next(i, from);
      return {
        step,
        from,
        to: this.#chain.next(step, from),
        fromPath: this.#tree.inclusionPath(step),
        toPath: this.#tree.inclusionPath(step + 1),
      };
    });
  }
}

/**
 * Different random steps of a chain of `steps`, {@link OPENED_STEPS} or all there are. The
 * remainder of 32 random bits favours some steps by less than 2^-17.
 */
export function pickSteps(steps: number, random: Random): number[] {
  const picked = new Set<number>();
  while (picked.size < Math.min(OPENED_STEPS, steps)) {
    const bytes = random.bytes(4);
    picked.add(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % steps);
  }
  return [...picked];
}

/** Why an opened step was refused. */
export type StepRefusal =
  | 'OTHER_STEP'
  /** Bytes that are no state, or that do not stand in the tree at this place. */
  | 'BAD_STATE'
  | 'BAD_PATH'
  /** X(0) does not follow from the nonce. */
  | 'WRONG_START'
  /** X(i+1) does not follow from X(i). */
  | 'WRONG_STEP';

/** Checks opened steps of one chain. */
export class StepChecker {
  readonly #challenge: ComputeChallenge;
  readonly #root: Uint8Array;
  readonly #chain: MatrixChain;

  constructor(challenge: ComputeChallenge, root: Uint8Array) {
    this.#challenge = challenge;
    this.#root = root;
    this.#chain = new MatrixChain(challenge.nonce, challenge.order);
  }

  /**
   * Does the step and compares. Costs one step of the holder's. Never throws on received bytes.
   *
   * @param step - The step that was asked for.
   */
  refusalOf(step: number, opening: StepOpening): StepRefusal | undefined {
    const { order } = this.#challenge;
    const { from, to, fromPath, toPath } = opening;
    if (opening.step !== step) return 'OTHER_STEP';
    if (!isState(from, order) || !isState(to, order)) return 'BAD_STATE';
    if (!this.#stands(step, from, fromPath) || !this.#stands(step + 1, to, toPath)) {
      return 'BAD_PATH';
    }
    if (step === 0 && !equalBytes(from, this.#chain.start())) return 'WRONG_START';
    return equalBytes(to, this.#chain.next(step, from)) ? undefined : 'WRONG_STEP';
  }

  #stands(index: number, state: Uint8Array, path: readonly Uint8Array[]): boolean {
    const size = this.#challenge.steps + 1;
    const hash = leafHash(sha256(state));
    return verifyInclusion({ leafHash: hash, index, size, path, root: this.#root });
  }
}
