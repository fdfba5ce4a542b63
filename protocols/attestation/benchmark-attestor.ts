/**
 * The attestor's side of a benchmark: measures what a holder computes, or whether it has an amount
 * of memory, over a stream (paper III-A 2, "benchmark attestation").
 *
 * The value is meant to be too low rather than too high: times are the attestor's and include the
 * round trip. The holder could lengthen the echo that measures the round trip, so at most a
 * twentieth of the time is subtracted for it, and a quarter of a second at most is added to a
 * deadline.
 *
 * Does not issue the certificate in which the value stands.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { Clock, Random } from '../components.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStreams } from '../secure-stream.ts';
import { BenchmarkExchange, BenchmarkFailure } from './benchmark-exchange.ts';
import type { BenchmarkFailureReason } from './benchmark-exchange.ts';
import type { BenchmarkMessageOf } from './benchmark-messages.ts';
import type { BenchmarkWorker } from './benchmark-work.ts';
import {
  COMPUTE_RESOURCE,
  COMPUTE_UNIT,
  MAX_STEPS,
  StepChecker,
  operationsOf,
  pickSteps,
} from './compute-challenge.ts';
import type { ComputeChallenge } from './compute-challenge.ts';
import type { MEMORY_RESOURCE } from './memory-challenge.ts';
import { MEMORY_UNIT, READ_DEADLINE_MS } from './memory-challenge.ts';

/** What is to be measured. */
export type BenchmarkOrder =
  | {
      readonly resource: typeof COMPUTE_RESOURCE;
      /** Rows of a matrix; default 128. */
      readonly order?: number;
      /** How long the timed round is to take, in milliseconds; default 1,000, at most 5,000. */
      readonly durationMs?: number;
    }
  | {
      readonly resource: typeof MEMORY_RESOURCE;
      /** Amount, in MiB; default 64. The attestor needs it too, for as long as it prepares. */
      readonly mib?: number;
      /** Timed rounds; default 4. */
      readonly rounds?: number;
      /** Reads of a round; default 262,144. */
      readonly reads?: number;
    };

/** Longest timed round, in milliseconds. */
const MAX_DURATION_MS = 5_000;
/** A round may take so many times the duration. */
const LATE_FACTOR = 3;
const FIRST_STEPS = 8;
/** The first round starts the holder's thread and compiles its code: it takes as long as it may. */
const WARM_UP_FACTOR = 2;
/** A round grows so many times at most: early ones run code that is not compiled yet. */
const MAX_GROWTH = 8;
const MAX_RUNS = 7;
/** A round of this share of the duration counts; the ones before show how long it has to be. */
const ENOUGH_SHARE = 0.5;
const ECHOES = 3;
/** Largest share of a time that is subtracted for the round trip. */
const MAX_ROUND_TRIP_SHARE = 0.05;
/** Most that is added to a deadline for the round trip, in milliseconds. */
const MAX_ROUND_TRIP_MS = 250;
/** Longest wait for an answer that takes no work. */
const ANSWER_TIMEOUT_MS = 10_000;
/** Far more than the 5 to 25 ms that a holder needs: a slow filling gains it nothing. */
const FILL_MS_PER_MIB = 100;
const MAX_VALUE = 2 ** 32 - 1;

/** What the attestor is handed. */
export interface BenchmarkAttestorComponents {
  readonly streams: SecureStreams;
  /** PeerId of this node. */
  readonly attestor: string;
  /** Fills the memory that the holder's is compared with. */
  readonly worker: BenchmarkWorker;
  readonly clock: Clock;
  readonly random: Random;
}

/** What came of a benchmark. */
export type BenchmarkOutcome =
  | {
      readonly measured: true;
      readonly resource: BenchmarkOrder['resource'];
      readonly unit: typeof COMPUTE_UNIT | typeof MEMORY_UNIT;
      /** Whole number, 0 <= value < 2^32. */
      readonly value: number;
      /** SHA-256 over everything exchanged, 32 bytes. */
      readonly transcript: Uint8Array;
      /** Timed rounds on the attestor's clock, round trips included. */
      readonly elapsedMs: number;
      /** Time of its worker, by the holder's own word. */
      readonly busyMs: number;
    }
  | {
      readonly measured: false;
      readonly reason: BenchmarkFailureReason;
      readonly detail: string;
    };

interface Measured {
  readonly unit: typeof COMPUTE_UNIT | typeof MEMORY_UNIT;
  readonly value: number;
  readonly elapsedMs: number;
}

interface Measurement {
  readonly exchange: BenchmarkExchange;
  readonly roundTripMs: number;
  readonly components: BenchmarkAttestorComponents;
  readonly signal: AbortSignal;
}

/**
 * Measures a resource of a peer.
 *
 * @throws {@link RangeError} for an order outside its limits; the errors of opening a stream; the
 *   signal's reason; the errors of the own worker.
 */
export async function measureResource(
  components: BenchmarkAttestorComponents,
  holder: string,
  order: BenchmarkOrder,
  signal: AbortSignal,
): Promise<BenchmarkOutcome> {
  const { streams, attestor, clock, random } = components;
  const job = random.bytes(32);
  const announced = announce(job, order);
  const stream = await streams.open(holder, SECURE_PROTOCOLS.attest, { signal });
  const exchange = new BenchmarkExchange({ stream, attestor, job, clock, signal });
  let isComplete = false;
  try {
    await exchange.begin(announced);
    await exchange.acceptance(ANSWER_TIMEOUT_MS);
    const roundTripMs = await echo(exchange, random);
    const measurement = { exchange, roundTripMs, components, signal };
    const { unit, value, elapsedMs } =
      announced.resource === COMPUTE_RESOURCE
        ? await measureCompute(measurement, announced, durationOf(order))
        : await measureMemory(measurement, announced);
    const busyMs = await finish(exchange, value, elapsedMs);
    isComplete = busyMs !== undefined;
    if (isComplete) await stream.closeWrite({ signal });
    const transcript = exchange.transcript();
    const times = { elapsedMs, busyMs: busyMs ?? elapsedMs };
    return { measured: true, resource: order.resource, unit, value, transcript, ...times };
  } catch (error) {
    if (!(error instanceof BenchmarkFailure)) throw error;
    return { measured: false, reason: error.reason, detail: error.message };
  } finally {
    if (!isComplete) stream.abort('cancelled');
  }
}

/**
 * Tells the holder its value. One that hangs up when it has read it is measured all the same:
 * otherwise it would be rid of a value that it does not like.
 *
 * @returns Time of its worker in milliseconds; `undefined` where it does not say.
 */
async function finish(
  exchange: BenchmarkExchange,
  value: number,
  elapsedMs: number,
): Promise<number | undefined> {
  try {
    await exchange.ask({ typ: 'bmend', value, elapsedMs: Math.round(elapsedMs) });
    return (await exchange.answer('bmbusy', ANSWER_TIMEOUT_MS)).busyMs;
  } catch (error) {
    if (error instanceof BenchmarkFailure) return undefined;
    throw error;
  }
}

function durationOf(order: BenchmarkOrder): number {
  const durationMs = ('durationMs' in order ? order.durationMs : undefined) ?? 1_000;
  if (!(durationMs > 0 && durationMs <= MAX_DURATION_MS)) {
    throw new RangeError(`"durationMs" expected up to ${MAX_DURATION_MS}, got ${durationMs}`);
  }
  return durationMs;
}

function announce(job: Uint8Array, order: BenchmarkOrder): BenchmarkMessageOf<'bmask'> {
  const common = { v: 1, typ: 'bmask', job } as const;
  if (order.resource === COMPUTE_RESOURCE) {
    const { resource, order: rows = 128 } = order;
    // The warm-up, the rounds before, a late one at worst, and the opening of steps.
    const budgetMs = Math.ceil(durationOf(order) * (WARM_UP_FACTOR + LATE_FACTOR + 2));
    const unit = COMPUTE_UNIT;
    return { ...common, resource, unit, order: rows, steps: MAX_STEPS, budgetMs };
  }
  const { resource, mib = 64, rounds = 4, reads = 262_144 } = order;
  const budgetMs = Math.ceil(mib * FILL_MS_PER_MIB + rounds * reads * READ_DEADLINE_MS);
  return { ...common, resource, unit: MEMORY_UNIT, mib, rounds, reads, budgetMs };
}

/** The shortest of a few round trips, in milliseconds. */
async function echo(exchange: BenchmarkExchange, random: Random): Promise<number> {
  let shortestMs = Infinity;
  for (let i = 0; i < ECHOES; i++) {
    const nonce = random.bytes(32);
    const question = { typ: 'bmecho', nonce } as const;
    const { answer, elapsedMs } = await exchange.time(question, 'bmecho', ANSWER_TIMEOUT_MS);
    if (!equalBytes(answer.nonce, nonce)) {
      throw new BenchmarkFailure('BAD_ANSWER', 'the echo has another nonce');
    }
    shortestMs = Math.min(shortestMs, elapsedMs);
  }
  return shortestMs;
}

async function measureCompute(
  { exchange, roundTripMs, components: { random } }: Measurement,
  { order }: BenchmarkMessageOf<'bmask'> & { resource: typeof COMPUTE_RESOURCE },
  durationMs: number,
): Promise<Measured> {
  const run = async (steps: number, deadlineMs: number) => {
    const challenge: ComputeChallenge = { nonce: random.bytes(32), order, steps };
    const question = { typ: 'bmrun', nonce: challenge.nonce, steps } as const;
    const { answer, elapsedMs } = await exchange.time(question, 'bmroot', deadlineMs);
    return { challenge, root: answer.root, elapsedMs };
  };
  const allowanceMs = Math.min(roundTripMs, MAX_ROUND_TRIP_MS);
  const deadlineMs = LATE_FACTOR * durationMs + allowanceMs;
  await run(FIRST_STEPS, WARM_UP_FACTOR * durationMs + allowanceMs);
  let timed = await run(FIRST_STEPS, deadlineMs);
  for (let runs = 1; runs < MAX_RUNS; runs++) {
    const { steps } = timed.challenge;
    if (timed.elapsedMs >= ENOUGH_SHARE * durationMs || steps === MAX_STEPS) break;
    // Of the holder's making, the echo too: a chain that it makes too long only ends up late.
    const workMs = Math.max(timed.elapsedMs - allowanceMs, timed.elapsedMs / 4);
    const growth = Math.min(MAX_GROWTH, durationMs / workMs);
    timed = await run(Math.min(MAX_STEPS, Math.ceil(steps * growth)), deadlineMs);
  }
  const { challenge, root, elapsedMs } = timed;
  await checkSteps(exchange, challenge, root, random);
  const netMs = elapsedMs - Math.min(roundTripMs, MAX_ROUND_TRIP_SHARE * elapsedMs);
  // Operations per millisecond are thousands per second.
  const value = Math.floor(operationsOf(challenge) / netMs / 1_000);
  return { unit: COMPUTE_UNIT, value: Math.min(MAX_VALUE, value), elapsedMs };
}

async function checkSteps(
  exchange: BenchmarkExchange,
  challenge: ComputeChallenge,
  root: Uint8Array,
  random: Random,
): Promise<void> {
  const checker = new StepChecker(challenge, root);
  const steps = pickSteps(challenge.steps, random);
  await exchange.ask({ typ: 'bmopen', steps });
  for (const step of steps) {
    const opening = await exchange.answer('bmstep', ANSWER_TIMEOUT_MS);
    const refusal = checker.refusalOf(step, opening);
    if (refusal) throw new BenchmarkFailure('WRONG_ANSWER', `step ${step}: ${refusal}`);
  }
}

async function measureMemory(
  { exchange, roundTripMs, components: { random, worker }, signal }: Measurement,
  { mib, rounds, reads }: BenchmarkMessageOf<'bmask'> & { resource: typeof MEMORY_RESOURCE },
): Promise<Measured> {
  const nonce = random.bytes(32);
  const walks = Array.from({ length: rounds }, () => ({ nonce: random.bytes(32), reads }));
  const answers: Uint8Array[] = [];
  try {
    await worker.fillMemory({ nonce, mib }, signal);
    for (const walk of walks) answers.push(await worker.walkMemory(walk, signal));
  } finally {
    worker.release();
  }
  const allowanceMs = Math.min(roundTripMs, MAX_ROUND_TRIP_MS);
  const fillDeadlineMs = mib * FILL_MS_PER_MIB + allowanceMs;
  await exchange.time({ typ: 'bmfill', nonce }, 'bmfull', fillDeadlineMs);
  const deadlineMs = reads * READ_DEADLINE_MS + allowanceMs;
  let totalMs = 0;
  for (const [round, walk] of walks.entries()) {
    const question = { typ: 'bmwalk', ...walk } as const;
    const { answer, elapsedMs } = await exchange.time(question, 'bmwalked', deadlineMs);
    if (!equalBytes(answer.digest, answers[round]!)) {
      throw new BenchmarkFailure('WRONG_ANSWER', `round ${round}`);
    }
    totalMs += elapsedMs;
  }
  return { unit: MEMORY_UNIT, value: mib, elapsedMs: totalMs };
}
