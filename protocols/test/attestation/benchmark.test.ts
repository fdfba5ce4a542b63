import { describe, expect, it } from 'vitest';
import { MerkleTree } from '../../../crypto/merkle.ts';
import { sha256 } from '../../../crypto/hash.ts';
import type { BenchmarkOrder } from '../../attestation/benchmark-attestor.ts';
import type { BenchmarkMessage } from '../../attestation/benchmark-messages.ts';
import { MatrixChain } from '../../attestation/matrix-chain.ts';
import type { ComputeChallenge, StepOpening } from '../../attestation/compute-challenge.ts';
import type { MemoryChallenge, MemoryWalk } from '../../attestation/memory-challenge.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import type { FakeClock } from '../a2a/test-agent.ts';
import { FakeBenchmarkWorker } from './benchmark-fakes.ts';
import type { Tamper } from './benchmark-fakes.ts';
import { COMPUTE, MEMORY, attestor, createWorld } from './benchmark-world.ts';
import {
  keepMostUsed,
  referenceFill,
  referenceWalk,
  unitsToRecompute,
} from './reference-memory.ts';
import type { ReferenceMemory } from './reference-memory.ts';

describe('a benchmark of compute', () => {
  it('measures operations by the clock of the attestor', async () => {
    const { measure, worker, spent, reports, streams } = createWorld();
    const outcome = await measure(COMPUTE);
    expect(outcome).toMatchObject({
      measured: true,
      resource: 'hasResource:cpu-mflops',
      unit: 'MFLOP/s',
      value: 1,
      elapsedMs: 200,
    });
    // The first round is a warm-up, which is not timed.
    expect(worker.calls).toEqual([...Array<string>(4).fill('runChain'), 'openSteps']);
    expect(worker.released).toBe(1);
    expect(streams.opened[0]!.abortedWith).toBeUndefined();
    if (!outcome.measured) throw new Error(outcome.detail);
    expect(spent).toEqual([outcome.busyMs]);
    expect(reports).toEqual([
      {
        attestor: attestor.peerId,
        resource: outcome.resource,
        value: 1,
        transcript: outcome.transcript,
      },
    ]);
  });

  it('fits the number of steps to the speed that it finds', async () => {
    for (const [stepMs, value] of [
      [0.1, 10],
      [10, 0],
      [0.05, 20],
    ] as const) {
      const { measure, worker } = createWorld();
      worker.speed.stepMs = stepMs;
      const outcome = await measure(COMPUTE);
      expect(outcome).toMatchObject({ measured: true, value });
      if (outcome.measured) expect(outcome.elapsedMs).toBeCloseTo(200, 0);
    }
  });

  it('has another transcript each time', async () => {
    const { measure } = createWorld();
    const [first, second] = [await measure(COMPUTE), await measure(COMPUTE)];
    if (!first.measured || !second.measured) throw new Error('not measured');
    expect(first.transcript).not.toEqual(second.transcript);
  });

  it('throws for a duration beyond five seconds, and ends with the signal', async () => {
    const { measure, streams } = createWorld();
    await expect(measure({ ...COMPUTE, durationMs: 5_001 })).rejects.toThrow(RangeError);
    expect(streams.opened).toHaveLength(0);
    const ended = new AbortController();
    ended.abort(new Error('no longer wanted'));
    await expect(measure(COMPUTE, ended.signal)).rejects.toThrow('no longer wanted');
  });
});

describe('a benchmark of memory', () => {
  it('measures the amount that the holder could answer from in time', async () => {
    const { measure, worker, components } = createWorld();
    expect(await measure(MEMORY)).toMatchObject({ measured: true, unit: 'MiB', value: 1 });
    expect(worker.calls).toEqual(['fillMemory', 'walkMemory', 'walkMemory', 'walkMemory']);
    expect([worker.released, components.worker.released]).toEqual([1, 1]);
  });
});

/** A holder whose chain has wrong steps, and that commits to what it has as it should. */
abstract class WrongStepsWorker extends FakeBenchmarkWorker {
  #states: Uint8Array[] = [];

  /** What it puts in the place of a state that it does not compute; `undefined`: it does. */
  protected abstract insteadOf(
    next: number,
    challenge: ComputeChallenge,
    state: Uint8Array,
  ): Uint8Array | undefined;

  /** What the chain takes it, of the time of all steps one after the other. */
  protected abstract readonly timeShare: number;

  override async runChain(challenge: ComputeChallenge, signal: AbortSignal) {
    const chain = new MatrixChain(challenge.nonce, challenge.order);
    this.#states = [chain.start()];
    for (let i = 0; i < challenge.steps; i++) {
      const state = this.#states[i]!;
      this.#states.push(this.insteadOf(i + 1, challenge, state) ?? chain.next(i, state));
    }
    const timeMs = challenge.steps * this.timeShare * this.speed.stepMs;
    await this.spend('runChain', timeMs, signal);
    return this.#tree().root;
  }

  override openSteps(steps: readonly number[]): Promise<readonly StepOpening[]> {
    const tree = this.#tree();
    const openings = steps.map((step) => ({
      step,
      from: this.#states[step]!,
      to: this.#states[step + 1]!,
      fromPath: tree.inclusionPath(step),
      toPath: tree.inclusionPath(step + 1),
    }));
    return Promise.resolve(openings);
  }

  #tree(): MerkleTree {
    return new MerkleTree(this.#states.map((state) => sha256(state)));
  }
}

/** A holder that computes only some of the steps. */
class SkippingWorker extends WrongStepsWorker {
  skippedShare = 0.2;

  get timeShare(): number {
    return 1 - this.skippedShare;
  }

  insteadOf(next: number, _: ComputeChallenge, state: Uint8Array): Uint8Array | undefined {
    return ((next - 1) * this.skippedShare) % 1 >= this.timeShare ? state : undefined;
  }
}

/** A holder that has each of its helpers compute a piece of the chain, all at the same time. */
class SharingWorker extends WrongStepsWorker {
  helpers = 4;

  get timeShare(): number {
    return 1 / this.helpers;
  }

  /** Each piece but the first begins at a state of its own making. */
  insteadOf(next: number, { order, steps }: ComputeChallenge): Uint8Array | undefined {
    for (let piece = 1; piece < this.helpers; piece++) {
      if (next !== Math.floor((piece * steps) / this.helpers)) continue;
      return new MatrixChain(new Uint8Array(32).fill(piece), order).start();
    }
    return undefined;
  }
}

/** Answers from work that it did beforehand, for a nonce of its own. */
class PrecomputedWorker extends FakeBenchmarkWorker {
  override runChain(challenge: ComputeChallenge, signal: AbortSignal) {
    return super.runChain({ ...challenge, nonce: new Uint8Array(32) }, signal);
  }

  override fillMemory(challenge: MemoryChallenge, signal: AbortSignal) {
    return super.fillMemory({ ...challenge, nonce: new Uint8Array(32) }, signal);
  }
}

/** Keeps half of the blocks, the most used ones, and takes 50 ns for a unit it computes again. */
class HalfMemoryWorker extends FakeBenchmarkWorker {
  share = 0.5;
  recomputed = 0;
  #memory: ReferenceMemory | undefined;

  override async fillMemory(challenge: MemoryChallenge, signal: AbortSignal) {
    await this.spend('fillMemory', challenge.mib * this.speed.mibMs, signal);
    this.#memory = referenceFill(challenge.nonce, challenge.mib);
  }

  override async walkMemory({ nonce, reads }: MemoryWalk, signal: AbortSignal) {
    const memory = this.#memory!;
    const isKept = keepMostUsed(memory, this.share);
    const { units, answer } = referenceWalk(memory, nonce, reads);
    const before = this.recomputed;
    for (const unit of units) {
      this.recomputed += unitsToRecompute(memory, isKept, Math.floor(unit / 256));
    }
    const recomputeMs = (this.recomputed - before) * 50e-6;
    await this.spend('walkMemory', reads * this.speed.readMs + recomputeMs, signal);
    return answer;
  }
}

describe('attacks of a holder on the measure', () => {
  it('a holder that skips a fifth of the chain is caught', async () => {
    const { measure } = createWorld({
      holderWorker: (clock) => new SkippingWorker(clock),
      limits: { perPeer: { burst: 100, perSecond: 1 }, all: { burst: 100, perSecond: 1 } },
    });
    for (let i = 0; i < 10; i++) {
      expect(await measure(COMPUTE)).toMatchObject({
        measured: false,
        reason: 'WRONG_ANSWER',
        detail: expect.stringContaining('WRONG_STEP') as string,
      });
    }
  });

  it('a holder that skips nothing gains nothing by the same way of answering', async () => {
    const holderWorker = (clock: FakeClock) => {
      const worker = new SkippingWorker(clock);
      worker.skippedShare = 0;
      return worker;
    };
    expect(await createWorld({ holderWorker }).measure(COMPUTE)).toMatchObject({ value: 1 });
  });

  it('a holder that answers from a table made for another nonce is caught', async () => {
    const holderWorker = (clock: FakeClock) => new PrecomputedWorker(clock);
    for (const order of [COMPUTE, MEMORY]) {
      expect(await createWorld({ holderWorker }).measure(order)).toMatchObject({
        measured: false,
        reason: 'WRONG_ANSWER',
      });
    }
  });

  it('a holder that kept half of the memory is late, although it answers rightly', async () => {
    const order = { ...MEMORY, mib: 8, rounds: 1, reads: 300 };
    let worker: HalfMemoryWorker | undefined;
    const holderWorker = (clock: FakeClock) => (worker = new HalfMemoryWorker(clock));
    const outcome = await createWorld({ holderWorker }).measure(order);
    expect(outcome).toMatchObject({ measured: false, reason: 'LATE' });
    expect(worker!.recomputed).toBeGreaterThan(40 * order.reads);
    const whole = (clock: FakeClock) => {
      const honest = new HalfMemoryWorker(clock);
      honest.share = 1;
      return honest;
    };
    expect(await createWorld({ holderWorker: whole }).measure(order)).toMatchObject({ value: 8 });
  });

  it('a holder that answers late in the timed round is not measured', async () => {
    const { measure, worker } = createWorld();
    const spend = worker.speed;
    // Fast while the attestor calibrates, slow afterwards.
    const runChain = worker.runChain.bind(worker);
    worker.runChain = (challenge, signal) => {
      if (challenge.steps > 64) spend.stepMs = 4;
      return runChain(challenge, signal);
    };
    expect(await measure(COMPUTE)).toMatchObject({ measured: false, reason: 'LATE' });
  });

  it('a holder that fills its memory late is not measured, and one in time is', async () => {
    const outcomes: unknown[] = [];
    for (const mibMs of [100, 101]) {
      const { measure, worker } = createWorld();
      worker.speed.mibMs = mibMs;
      outcomes.push(await measure(MEMORY));
    }
    expect(outcomes).toMatchObject([{ measured: true }, { measured: false, reason: 'LATE' }]);
    expect(outcomes[1]).toMatchObject({ detail: 'bmfull after 101 of 100 ms' });
  });

  it('a holder that answers a round of reads late is not measured', async () => {
    for (const [readMs, late] of [
      [0.002_1, '42'],
      [0.002_005, '40.1'],
    ] as const) {
      const { measure, worker } = createWorld();
      worker.speed.readMs = readMs;
      expect(await measure(MEMORY)).toMatchObject({
        reason: 'LATE',
        detail: `bmwalked after ${late} of 40 ms`,
      });
    }
  });

  it('a holder that relays to a slower helper is measured as the helper, and the way to it', async () => {
    // Claimed are 100 MFLOP/s; the helper does 51.2, and less when it is 20 ms away, of 200 ms.
    const valueWith = async (relayMs: number, echoMs: number) => {
      const made: { clock?: FakeClock } = {};
      const tamper: Tamper = (message) => {
        if (message.typ === 'bmecho') made.clock!.ms += echoMs;
        return message;
      };
      const world = createWorld({ tamper });
      made.clock = world.clock;
      Object.assign(world.worker.speed, { stepMs: 0.02, relayMs });
      const outcome = await world.measure(COMPUTE);
      if (!outcome.measured) throw new Error(outcome.detail);
      return outcome.value;
    };
    expect(await valueWith(0, 0)).toBe(51);
    expect(await valueWith(20, 0)).toBeGreaterThanOrEqual(45);
    expect(await valueWith(20, 0)).toBeLessThanOrEqual(47);
    // The echo takes the same way: a twentieth of the time is taken off, and it is no more.
    expect(await valueWith(20, 20)).toBeLessThan(51);
  });

  it('a holder that reads the memory of a slower helper, or of one too far away, is late', async () => {
    for (const [readMs, relayMs, isMeasured] of [
      [0.001_5, 0, true],
      [0.001_5, 9, true],
      [0.001_5, 11, false],
      [0.002_1, 0, false],
    ] as const) {
      const { measure, worker } = createWorld();
      Object.assign(worker.speed, { readMs, relayMs });
      const outcome = await measure(MEMORY);
      expect(outcome.measured).toBe(isMeasured);
      if (!outcome.measured) expect(outcome.reason).toBe('LATE');
    }
  });

  it('a holder that shares the chain among slower helpers passes four times in five', async () => {
    // As by default: a helper of 350 MFLOP/s does 83 steps of order 128 in a second. Of c helpers
    // c - 1 links are broken, and 21 of 83 c steps are opened: 0.82 pass at c = 4, 0.80 at 8.
    const limits = {
      perPeer: { burst: 300, perSecond: 1 },
      all: { burst: 300, perSecond: 1 },
    };
    const tries = 30;
    let passed = 0;
    for (const helpers of [4, 8]) {
      const holderWorker = (clock: FakeClock) =>
        Object.assign(new SharingWorker(clock), { helpers });
      const { measure, worker } = createWorld({ holderWorker, limits });
      worker.speed.stepMs = 50;
      for (let i = 0; i < tries; i++) {
        const outcome = await measure({ ...COMPUTE, durationMs: 4_150 });
        if (outcome.measured) {
          passed += 1;
        } else {
          expect(outcome.reason).toBe('WRONG_ANSWER');
        }
      }
    }
    expect(passed / (2 * tries)).toBeGreaterThan(0.7);
    expect(passed / (2 * tries)).toBeLessThan(0.9);
  }, 60_000);

  it('a holder that lengthens the echo gains a twentieth at most, and no deadline', async () => {
    const measureWith = async (echoMs: number, order: BenchmarkOrder) => {
      const made: { clock?: FakeClock } = {};
      const tamper: Tamper = (message) => {
        if (message.typ === 'bmecho') made.clock!.ms += echoMs;
        return message;
      };
      const world = createWorld({ tamper });
      made.clock = world.clock;
      Object.assign(world.worker.speed, { stepMs: 0.05, readMs: 0.02 });
      return world.measure(order);
    };
    const honest = await measureWith(0, COMPUTE);
    if (!honest.measured) throw new Error(honest.detail);
    for (const echoMs of [60, 5_000]) {
      const lying = await measureWith(echoMs, COMPUTE);
      if (!lying.measured) throw new Error(lying.detail);
      expect(lying.value).toBeGreaterThan(honest.value);
      expect(lying.value).toBeLessThanOrEqual(Math.ceil(honest.value / 0.95));
    }
    const oneRound = { ...MEMORY, rounds: 1 };
    expect(await measureWith(5_000, oneRound)).toMatchObject({ reason: 'LATE' });
  });
});

describe('attacks of a holder on the exchange', () => {
  it('an answer to another question is refused', async () => {
    const tamper: Tamper = (message) =>
      message.typ === 'bmroot' ? { ...message, seq: message.seq + 1 } : message;
    expect(await createWorld({ tamper }).measure(COMPUTE)).toMatchObject({ reason: 'BAD_ANSWER' });
  });

  it('an answer that is replayed from an earlier question is refused', async () => {
    let first: BenchmarkMessage | undefined;
    const tamper: Tamper = (message) => {
      if (message.typ !== 'bmwalked') return message;
      first ??= message;
      return first;
    };
    expect(await createWorld({ tamper }).measure(MEMORY)).toMatchObject({
      reason: 'BAD_ANSWER',
      detail: 'expected the answer to 6, got that to 5',
    });
    const renumbered: Tamper = (message) => {
      if (message.typ !== 'bmwalked') return message;
      first = first?.typ === 'bmwalked' ? { ...first, seq: message.seq } : message;
      return first;
    };
    first = undefined;
    expect(await createWorld({ tamper: renumbered }).measure(MEMORY)).toMatchObject({
      reason: 'WRONG_ANSWER',
    });
  });

  it('opened steps out of order are refused', async () => {
    const held: BenchmarkMessage[] = [];
    const tamper: Tamper = (message) => {
      if (message.typ !== 'bmstep') return message;
      held.push(message);
      return held.length === 1 ? message : held[0];
    };
    expect(await createWorld({ tamper }).measure(COMPUTE)).toMatchObject({
      reason: 'WRONG_ANSWER',
      detail: expect.stringContaining('OTHER_STEP') as string,
    });
  });

  it('an answer of another job and an echo of another nonce are refused', async () => {
    const job: Tamper = (message) => ({ ...message, job: new Uint8Array(32) });
    expect(await createWorld({ tamper: job }).measure(COMPUTE)).toMatchObject({
      reason: 'BAD_ANSWER',
    });
    const echo: Tamper = (message) =>
      message.typ === 'bmecho' ? { ...message, nonce: new Uint8Array(32) } : message;
    expect(await createWorld({ tamper: echo }).measure(COMPUTE)).toMatchObject({
      reason: 'BAD_ANSWER',
    });
  });

  it('garbage and an oversized message are refused', async () => {
    for (const bytes of [
      new TextEncoder().encode('{}'),
      new Uint8Array(SECURE_PROTOCOLS.attest.maxMessageBytes + 1),
    ]) {
      const tamper: Tamper = (message) => (message.typ === 'bmroot' ? bytes : message);
      expect(await createWorld({ tamper }).measure(COMPUTE)).toMatchObject({
        reason: 'BAD_ANSWER',
      });
    }
  });

  it('a holder that hangs up when it has read its value is measured all the same', async () => {
    for (const order of [COMPUTE, MEMORY]) {
      const hangsUp: Tamper = (message) => {
        if (message.typ !== 'bmbusy') return message;
        throw new Error('would rather keep what it had');
      };
      const { measure } = createWorld({ tamper: hangsUp });
      const outcome = await measure(order);
      expect(outcome).toMatchObject({ measured: true, value: 1 });
      // What it has spent is taken from the attestor's clock, since it does not say.
      if (outcome.measured) expect(outcome.busyMs).toBe(outcome.elapsedMs);
    }
  });

  it('a holder that hangs up has not answered', async () => {
    const { measure, worker } = createWorld();
    worker.runChain = () => Promise.reject(new Error('out of memory'));
    expect(await measure(COMPUTE)).toMatchObject({
      measured: false,
      reason: 'NO_ANSWER',
      detail: 'STREAM_ABORTED',
    });
  });

  it('a holder that says nothing at all is waited for no longer than the deadline', async () => {
    const tamper: Tamper = (message) => (message.typ === 'bmroot' ? undefined : message);
    const outcome = await createWorld({ tamper }).measure({ ...COMPUTE, durationMs: 10 });
    expect(outcome).toMatchObject({ measured: false, reason: 'LATE' });
  });
});
