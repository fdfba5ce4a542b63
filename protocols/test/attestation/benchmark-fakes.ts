/**
 * Workers whose time is that of a fake clock, and a holder that changes what it sends.
 *
 * @module
 */

import {
  decodeBenchmarkMessage,
  encodeBenchmarkMessage,
} from '../../attestation/benchmark-messages.ts';
import type { BenchmarkMessage } from '../../attestation/benchmark-messages.ts';
import { BenchmarkWork } from '../../attestation/benchmark-work.ts';
import type { BenchmarkCall, BenchmarkWorker } from '../../attestation/benchmark-work.ts';
import type { ComputeChallenge, StepOpening } from '../../attestation/compute-challenge.ts';
import type { MemoryChallenge, MemoryWalk } from '../../attestation/memory-challenge.ts';
import type { SecureStream } from '../../secure-stream.ts';
import type { FakeClock } from '../a2a/test-agent.ts';

/** What work costs on the fake clock, in milliseconds. */
export interface FakeSpeed {
  stepMs: number;
  mibMs: number;
  readMs: number;
  /** Added to every request: the way to a helper and back. */
  relayMs: number;
}

/** Does the real work, and takes the time that the test gives it. */
export class FakeBenchmarkWorker implements BenchmarkWorker {
  readonly calls: BenchmarkCall[] = [];
  readonly speed: FakeSpeed = { stepMs: 1, mibMs: 7, readMs: 0.0003, relayMs: 0 };
  readonly work = new BenchmarkWork();
  released = 0;
  /** Requests wait for this. */
  gate: Promise<void> = Promise.resolve();
  readonly #clock: FakeClock | undefined;

  /** @param clock - Put forward by the work; left out: the work takes no time. */
  constructor(clock?: FakeClock) {
    this.#clock = clock;
  }

  async runChain(challenge: ComputeChallenge, signal: AbortSignal): Promise<Uint8Array> {
    await this.spend('runChain', challenge.steps * this.speed.stepMs, signal);
    return this.work.runChain(challenge);
  }

  async openSteps(steps: readonly number[], signal: AbortSignal): Promise<readonly StepOpening[]> {
    await this.spend('openSteps', steps.length * this.speed.stepMs, signal);
    return this.work.openSteps(steps);
  }

  async fillMemory(challenge: MemoryChallenge, signal: AbortSignal): Promise<void> {
    await this.spend('fillMemory', challenge.mib * this.speed.mibMs, signal);
    this.work.fillMemory(challenge);
  }

  async walkMemory(walk: MemoryWalk, signal: AbortSignal): Promise<Uint8Array> {
    await this.spend('walkMemory', walk.reads * this.speed.readMs, signal);
    return this.work.walkMemory(walk);
  }

  release(): void {
    this.released += 1;
  }

  protected async spend(call: BenchmarkCall, ms: number, signal: AbortSignal): Promise<void> {
    this.calls.push(call);
    await this.gate;
    signal.throwIfAborted();
    if (this.#clock) this.#clock.ms += ms + this.speed.relayMs;
  }
}

/** What a lying holder sends instead of a message. */
export type Tamper = (message: BenchmarkMessage) => BenchmarkMessage | Uint8Array | undefined;

/** The holder's stream, with every message replaced by what `tamper` makes of it. */
export function tampered(stream: SecureStream, tamper: Tamper): SecureStream {
  return {
    remotePeer: stream.remotePeer,
    sessionHash: stream.sessionHash,
    context: stream.context,
    readMessage: (options) => stream.readMessage(options),
    closeWrite: (options) => stream.closeWrite(options),
    abort: (reason) => stream.abort(reason),
    writeMessages: (messages, options) => stream.writeMessages(messages, options),
    writeMessage: async (bytes, options) => {
      const instead = tamper(decodeBenchmarkMessage(bytes)!);
      if (instead === undefined) return;
      const sent = instead instanceof Uint8Array ? instead : encodeBenchmarkMessage(instead);
      await stream.writeMessage(sent, options);
    },
  };
}
