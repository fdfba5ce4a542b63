/**
 * Entry of the thread that does a benchmark's work: one request at a time, from and to the port of
 * its parent (benchmark-worker.ts).
 *
 * @module
 */

import { parentPort } from 'node:worker_threads';
import { BenchmarkWork } from '../../protocols/attestation/benchmark-work.ts';
import type { BenchmarkCall } from '../../protocols/attestation/benchmark-work.ts';

/** A request to the thread. */
export interface ThreadRequest {
  readonly call: BenchmarkCall;
  readonly input: unknown;
}

/** What the thread answers. */
export type ThreadAnswer = { readonly result: unknown } | { readonly error: string };

const work = new BenchmarkWork();

function answerTo({ call, input }: ThreadRequest): ThreadAnswer {
  try {
    return { result: work[call](input as never) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : 'failed' };
  }
}

parentPort?.on('message', (request: ThreadRequest) => {
  parentPort?.postMessage(answerTo(request));
});
