/**
 * The work of a benchmark, for either end, and the interface that it is asked through: it takes
 * seconds of a processor, so a node runs it in a thread of its own.
 *
 * @module
 */

import { ComputedChain } from './compute-challenge.ts';
import type { ComputeChallenge, StepOpening } from './compute-challenge.ts';
import { FilledMemory } from './memory-challenge.ts';
import type { MemoryChallenge, MemoryWalk } from './memory-challenge.ts';

/** A request for work and what it gives. */
export interface BenchmarkCalls {
  /** Computes a chain, keeps it for opening, and gives its root. */
  readonly runChain: (challenge: ComputeChallenge) => Uint8Array;
  /** Opens steps of the chain that was computed last. */
  readonly openSteps: (steps: readonly number[]) => readonly StepOpening[];
  /** Fills memory in place of what was kept before. */
  readonly fillMemory: (challenge: MemoryChallenge) => void;
  /** Reads from the memory that was filled last, and gives the answer. */
  readonly walkMemory: (walk: MemoryWalk) => Uint8Array;
}

/** Name of a request. */
export type BenchmarkCall = keyof BenchmarkCalls;

/**
 * Where the work runs. One request at a time.
 *
 * Each rejects with the signal's reason once that is aborted, and then works no longer.
 */
export type BenchmarkWorker = {
  readonly [Call in BenchmarkCall]: (
    input: Parameters<BenchmarkCalls[Call]>[0],
    signal: AbortSignal,
  ) => Promise<ReturnType<BenchmarkCalls[Call]>>;
} & {
  /** Lets go of everything kept, its memory and its thread. Safe at any time. */
  release(): void;
};

/** Does the work on the spot and keeps one chain or one memory. */
export class BenchmarkWork implements BenchmarkCalls {
  #chain: ComputedChain | undefined;
  #memory: FilledMemory | undefined;

  runChain(challenge: ComputeChallenge): Uint8Array {
    this.#memory = undefined;
    this.#chain = new ComputedChain(challenge);
    return this.#chain.root;
  }

  /** @throws {@link TypeError} if there is no chain; {@link RangeError} for a step it has not. */
  openSteps(steps: readonly number[]): readonly StepOpening[] {
    if (!this.#chain) throw new TypeError('openSteps expected a chain, got none');
    return this.#chain.open(steps);
  }

  fillMemory(challenge: MemoryChallenge): void {
    this.#chain = undefined;
    this.#memory = undefined;
    this.#memory = new FilledMemory(challenge);
  }

  /** @throws {@link TypeError} if no memory was filled. */
  walkMemory(walk: MemoryWalk): Uint8Array {
    if (!this.#memory) throw new TypeError('walkMemory expected a filled memory, got none');
    return this.#memory.walk(walk);
  }
}
