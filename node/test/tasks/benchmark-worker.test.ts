import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { StepChecker } from '../../../protocols/attestation/compute-challenge.ts';
import { FilledMemory } from '../../../protocols/attestation/memory-challenge.ts';
import { ThreadBenchmarkWorker } from '../../tasks/benchmark-worker.ts';

/** A thread loads what was built. */
const SCRIPT = new URL('../../../dist/node/tasks/benchmark-thread.js', import.meta.url);

const worker = new ThreadBenchmarkWorker(SCRIPT);
const signal = new AbortController().signal;
const nonce = new Uint8Array(randomBytes(32));
const endless = { nonce, order: 128, steps: 32_768 };

afterEach(() => worker.release());

describe('a benchmark in a thread', () => {
  it('computes a chain and opens its steps', async () => {
    const challenge = { nonce, order: 16, steps: 40 };
    const root = await worker.runChain(challenge, signal);
    const checker = new StepChecker(challenge, root);
    const openings = await worker.openSteps([0, 39], signal);
    expect(openings.map((opening) => checker.refusalOf(opening.step, opening))).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('fills memory and answers from it', async () => {
    await worker.fillMemory({ nonce, mib: 1 }, signal);
    const walk = { nonce, reads: 1_000 };
    const answer = await worker.walkMemory(walk, signal);
    expect(answer).toEqual(new FilledMemory({ nonce, mib: 1 }).walk(walk));
  });

  it('leaves this thread free for others meanwhile', async () => {
    let turns = 0;
    const work = worker.runChain({ nonce, order: 64, steps: 200 }, signal);
    let isDone = false;
    void work.then(() => (isDone = true));
    while (!isDone) {
      await new Promise(setImmediate);
      turns += 1;
    }
    await work;
    expect(turns).toBeGreaterThan(10);
  });

  it('ends work that looks at no signal, and works again afterwards', async () => {
    const ended = new AbortController();
    const work = worker.runChain(endless, ended.signal);
    setImmediate(() => ended.abort(new Error('took too long')));
    await expect(work).rejects.toThrow('took too long');
    const root = await worker.runChain({ nonce, order: 8, steps: 2 }, signal);
    expect(root).toHaveLength(32);
  });

  it('ends work when it is released, and forgets what it kept', async () => {
    const work = worker.runChain(endless, signal);
    setImmediate(() => worker.release());
    await expect(work).rejects.toThrow('the thread ended');
    await expect(worker.openSteps([0], signal)).rejects.toThrow('expected a chain');
  });

  it('takes one request at a time and none that is ended already', async () => {
    const first = worker.runChain({ nonce, order: 8, steps: 2 }, signal);
    await expect(worker.runChain(endless, signal)).rejects.toThrow('expected an idle worker');
    expect(await first).toHaveLength(32);
    await expect(worker.runChain(endless, AbortSignal.abort())).rejects.toThrow('abort');
  });

  it('rejects if its thread cannot start', async () => {
    const lost = new ThreadBenchmarkWorker(new URL('./no-such-file.js', SCRIPT));
    await expect(lost.fillMemory({ nonce, mib: 1 }, signal)).rejects.toThrow('Cannot find module');
  });
});
