/**
 * Runs a benchmark's work in a thread, so that the node serves others meanwhile, and so that work
 * that takes too long can be ended: a chain of matrix products looks at no signal, but its thread
 * can be terminated.
 *
 * The thread starts with the first request and ends with `release`, an abort or a failure; then
 * what it kept is gone. Its time is measured by the caller and not bounded here.
 *
 * @module
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type {
  BenchmarkCall,
  BenchmarkCalls,
  BenchmarkWorker,
} from '../../protocols/attestation/benchmark-work.ts';
import type { ThreadAnswer, ThreadRequest } from './benchmark-thread.ts';

/** Built file of the thread: a thread loads JavaScript. */
const THREAD = new URL('./benchmark-thread.js', import.meta.url);

/** Most of the thread's own heap, in MiB; chains and memories lie outside of it. */
const HEAP_MIB = 128;

type Result<Call extends BenchmarkCall> = ReturnType<BenchmarkCalls[Call]>;
type Input<Call extends BenchmarkCall> = Parameters<BenchmarkWorker[Call]>[0];

/** A worker with a thread of its own. */
export class ThreadBenchmarkWorker implements BenchmarkWorker {
  readonly #script: URL;
  #thread: Worker | undefined;
  #isWorking = false;

  /** @param script - Built `benchmark-thread.js`; default: the one beside this file. */
  constructor(script: URL = THREAD) {
    this.#script = script;
  }

  runChain(challenge: Input<'runChain'>, signal: AbortSignal): Promise<Result<'runChain'>> {
    return this.#request('runChain', challenge, signal);
  }

  openSteps(steps: Input<'openSteps'>, signal: AbortSignal): Promise<Result<'openSteps'>> {
    return this.#request('openSteps', steps, signal);
  }

  fillMemory(challenge: Input<'fillMemory'>, signal: AbortSignal): Promise<Result<'fillMemory'>> {
    return this.#request('fillMemory', challenge, signal);
  }

  walkMemory(walk: Input<'walkMemory'>, signal: AbortSignal): Promise<Result<'walkMemory'>> {
    return this.#request('walkMemory', walk, signal);
  }

  release(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    void thread?.terminate();
  }

  /** @throws {@link TypeError} if a request is under way; an Error if the work or thread failed. */
  async #request<Call extends BenchmarkCall>(
    call: Call,
    input: Input<Call>,
    signal: AbortSignal,
  ): Promise<Result<Call>> {
    if (this.#isWorking) throw new TypeError(`${call} expected an idle worker`);
    signal.throwIfAborted();
    this.#isWorking = true;
    const thread = (this.#thread ??= this.#start());
    const ended = new AbortController();
    const stop = (): void => this.release();
    signal.addEventListener('abort', stop, { once: true });
    thread.ref();
    try {
      const exit = once(thread, 'exit', { signal: ended.signal }).then(() => {
        throw new Error('the thread ended');
      });
      thread.postMessage({ call, input } satisfies ThreadRequest);
      const answered = once(thread, 'message', { signal: ended.signal });
      const [answer] = (await Promise.race([answered, exit])) as [ThreadAnswer];
      if ('error' in answer) throw new Error(answer.error);
      return answer.result as Result<Call>;
    } catch (error) {
      signal.throwIfAborted();
      this.release();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      ended.abort();
      thread.unref();
      this.#isWorking = false;
    }
  }

  #start(): Worker {
    const thread = new Worker(this.#script, {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    // A request under way sees the error itself; a thread that failed is not used again.
    thread.on('error', () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    thread.unref();
    return thread;
  }
}
