import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import { deliverCertificate } from '../../attestation/attestor.ts';
import {
  decodeBenchmarkMessage,
  encodeBenchmarkMessage,
} from '../../attestation/benchmark-messages.ts';
import { BENCHMARK_LIMITS } from '../../attestation/benchmark-holder.ts';
import type { MeasuredTerm } from '../../attestation/benchmark-holder.ts';
import type { BenchmarkMessage } from '../../attestation/benchmark-messages.ts';
import { refusalNumber } from '../../errors.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { COMPUTE, MEMORY, attestor, createWorld, holder } from './benchmark-world.ts';

type World = ReturnType<typeof createWorld>;

const job = new Uint8Array(32).fill(9);
const nonce = new Uint8Array(32).fill(8);
const computeAsk = {
  v: 1,
  typ: 'bmask',
  job,
  budgetMs: 1_000,
  resource: 'hasResource:cpu-mflops',
  unit: 'MFLOP/s',
  order: 8,
  steps: 100,
} as const;
const memoryAsk = {
  v: 1,
  typ: 'bmask',
  job,
  budgetMs: 1_000,
  resource: 'hasResource:memory-mib',
  unit: 'MiB',
  mib: 1,
  rounds: 2,
  reads: 100,
} as const;

const frame = (seq: number) => ({ v: 1, job, seq }) as const;
const run = (seq: number, steps: number): BenchmarkMessage => {
  return { ...frame(seq), typ: 'bmrun', nonce, steps };
};
const fill = (seq: number): BenchmarkMessage => ({ ...frame(seq), typ: 'bmfill', nonce });
const walk = (seq: number, reads: number): BenchmarkMessage => {
  return { ...frame(seq), typ: 'bmwalk', nonce, reads };
};
const echo = (seq: number): BenchmarkMessage => ({ ...frame(seq), typ: 'bmecho', nonce });

/** What the holder sends to an attestor that says just this, one message after the other. */
function talk(world: World, ...messages: readonly (BenchmarkMessage | Uint8Array)[]) {
  return talkOn(world.streams, ...messages);
}

async function talkOn(
  streams: World['streams'],
  ...messages: readonly (BenchmarkMessage | Uint8Array)[]
) {
  const stream = await streams.open(holder.peerId, SECURE_PROTOCOLS.attest);
  const answers: string[] = [];
  try {
    for (const message of messages) {
      const isBytes = message instanceof Uint8Array;
      await stream.writeMessage(isBytes ? message : encodeBenchmarkMessage(message));
      const bytes = await stream.readMessage();
      const answer = bytes && decodeBenchmarkMessage(bytes);
      answers.push(answer?.typ === 'bmno' ? `bmno ${answer.code}` : (answer?.typ ?? 'end'));
    }
  } catch (error) {
    answers.push((error as { code: string }).code);
  }
  return answers;
}

const refused = (code: Parameters<typeof refusalNumber>[0]) => [`bmno ${refusalNumber(code)}`];

describe('a holder that is asked for too much', () => {
  it.each<[string, BenchmarkMessage]>([
    ['a million MiB', { ...memoryAsk, mib: 1_000_000 }],
    ['a thousand rounds', { ...memoryAsk, rounds: 1_000 }],
    ['a round of 2^31 reads', { ...memoryAsk, reads: 2 ** 31 }],
    ['an hour of work', { ...computeAsk, budgetMs: 3_600_000 }],
    ['matrices of a million rows', { ...computeAsk, order: 1_000_000 }],
    ['matrices of an odd number of rows', { ...computeAsk, order: 9 }],
    ['a chain of a million steps', { ...computeAsk, steps: 1_000_000 }],
  ])('refuses %s before any work', async (_, ask) => {
    const world = createWorld();
    expect(await talk(world, ask)).toEqual(refused('INPUT_TOO_LARGE'));
    expect(world.worker.calls).toEqual([]);
    expect(world.spent).toEqual([]);
  });

  it('refuses what its own setting is below, and takes what is at it', async () => {
    const world = createWorld({ limits: { maxMib: 4 } });
    expect(await talk(world, { ...memoryAsk, mib: 5 })).toEqual(refused('INPUT_TOO_LARGE'));
    expect(await talk(world, { ...memoryAsk, mib: 4 })).toEqual(['bmyes']);
  });

  it('refuses an attestor that it does not want', async () => {
    const world = createWorld({ isWanted: () => Promise.resolve(false) });
    expect(await talk(world, computeAsk)).toEqual(refused('NOT_SUPPORTED'));
    expect(await world.measure(COMPUTE)).toMatchObject({ measured: false, reason: 'REFUSED' });
    expect(world.worker.calls).toEqual([]);
  });

  it('refuses while it has no time to spare for being measured', async () => {
    const asked: (readonly [string, number])[] = [];
    const reserve = ({ term }: MeasuredTerm, durationMs: number) =>
      asked.push([term, durationMs]) > 1 ? { settle: () => Promise.resolve() } : undefined;
    const world = createWorld({ reserve });
    expect(await talk(world, computeAsk)).toEqual(refused('TESTED_ENOUGH'));
    expect(await talk(world, computeAsk)).toEqual(['bmyes']);
    const cpu = 'hasResource:cpu-mflops';
    expect(asked).toEqual([
      [cpu, 1_000],
      [cpu, 1_000],
    ]);
  });

  it('is ended when it lasts too long, or nothing is asked for too long, and its time is counted', async () => {
    const startMs = performance.now();
    for (const limits of [{ maxSessionMs: 60 }, { idleTimeoutMs: 60 }]) {
      const world = createWorld({ limits });
      const stream = await world.streams.open(holder.peerId, SECURE_PROTOCOLS.attest);
      await stream.writeMessage(encodeBenchmarkMessage(computeAsk));
      await stream.readMessage();
      await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
      // By its own limit, and not by that of the other, which is seconds away.
      expect(performance.now() - startMs).toBeLessThan(BENCHMARK_LIMITS.idleTimeoutMs / 2);
      expect(world.spent).toEqual([0]);
      expect(await talk(world, computeAsk)).toEqual(['bmyes']);
    }
  });

  it('is ended when the node stops, which waits until its time is counted', async () => {
    const world = createWorld();
    const gate = Promise.withResolvers<void>();
    world.worker.gate = gate.promise;
    const measured = world.measure(COMPUTE);
    while (world.worker.calls.length === 0) await new Promise(setImmediate);
    const stopped = world.benchmarks.stop();
    gate.resolve();
    await stopped;
    expect(world.spent).toHaveLength(1);
    expect(await measured).toMatchObject({ measured: false });
    expect(await talk(world, computeAsk)).toEqual(refused('BUSY'));
  });

  it('refuses an attestor that comes too often', async () => {
    const world = createWorld({ limits: { perPeer: { burst: 2, perSecond: 0.1 } } });
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push(await world.measure(MEMORY));
    expect(outcomes.map(({ measured }) => measured)).toEqual([true, true, false]);
    expect(await talk(world, memoryAsk)).toEqual(refused('RATE_LIMITED'));
  });

  it('serves one benchmark at a time, for all peers together', async () => {
    const gate = Promise.withResolvers<void>();
    const world = createWorld();
    world.worker.gate = gate.promise;
    const first = world.measure(MEMORY);
    while (world.worker.calls.length === 0) await new Promise(setImmediate);
    expect(await talk(world, computeAsk)).toEqual(refused('BUSY'));
    gate.resolve();
    expect(await first).toMatchObject({ measured: true });
    expect(await talk(world, computeAsk)).toEqual(['bmyes']);
  });
});

describe('a holder whose attestor asks for more than it announced', () => {
  const ABORTED = 'STREAM_ABORTED';

  it.each<[string, readonly BenchmarkMessage[], readonly string[]]>([
    ['more steps', [computeAsk, run(1, 101)], ['bmyes', ABORTED]],
    ['more reads', [memoryAsk, fill(1), walk(2, 101)], ['bmyes', 'bmfull', ABORTED]],
    [
      'one round more',
      [memoryAsk, fill(1), walk(2, 9), walk(3, 9), walk(4, 9)],
      ['bmyes', 'bmfull', 'bmwalked', 'bmwalked', ABORTED],
    ],
    ['a second filling', [memoryAsk, fill(1), fill(2)], ['bmyes', 'bmfull', ABORTED]],
    ['reads before the filling', [memoryAsk, walk(1, 9)], ['bmyes', ABORTED]],
    ['memory in a benchmark of compute', [computeAsk, fill(1)], ['bmyes', ABORTED]],
    ['a chain in a benchmark of memory', [memoryAsk, run(1, 9)], ['bmyes', ABORTED]],
    [
      'a step that the chain has not',
      [computeAsk, run(1, 9), { ...frame(2), typ: 'bmopen', steps: [9] }],
      ['bmyes', 'bmroot', ABORTED],
    ],
    [
      'a ninth chain',
      [computeAsk, ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((seq) => run(seq, 1))],
      ['bmyes', ...Array<string>(8).fill('bmroot'), ABORTED],
    ],
    [
      'a ninth echo',
      [computeAsk, ...[1, 2, 3, 4, 5, 6, 7, 8, 9].map(echo)],
      ['bmyes', ...Array<string>(8).fill('bmecho'), ABORTED],
    ],
    ['the same question again', [computeAsk, run(1, 9), run(1, 9)], ['bmyes', 'bmroot', ABORTED]],
    ['a question out of order', [computeAsk, run(2, 9)], ['bmyes', ABORTED]],
    ['a second order', [computeAsk, memoryAsk], ['bmyes', ABORTED]],
    ['a question of another job', [computeAsk, { ...run(1, 9), job: nonce }], ['bmyes', ABORTED]],
  ])('ends the benchmark at %s', async (_, messages, answers) => {
    const world = createWorld();
    expect(await talk(world, ...messages)).toEqual(answers);
    await new Promise(setImmediate);
    expect(world.reports).toEqual([]);
    expect(world.worker.released).toBe(1);
    expect(await talk(world, computeAsk)).toEqual(['bmyes']);
  });

  it('ends the benchmark when the announced time is used up', async () => {
    const world = createWorld();
    world.worker.speed.stepMs = 6;
    const answers = await talk(world, computeAsk, run(1, 100), run(2, 100), run(3, 100));
    expect(answers).toEqual(['bmyes', 'bmroot', 'bmroot', ABORTED]);
    await new Promise(setImmediate);
    expect(world.spent).toEqual([1_200]);
    expect(world.streams.opened[0]!.abortedWith).toBeUndefined();
  });
});

describe('strangers that ask to measure a holder', () => {
  const isWanted = (peerId: string) => Promise.resolve(peerId === attestor.peerId);
  const strangers = ({ network }: World, count: number) =>
    Array.from({ length: count }, (_, i) =>
      network.join(Identity.fromSeed(new Uint8Array(32).fill(50 + i)).peerId),
    );

  it('do not use up the benchmarks of the attestor that it wants (starving)', async () => {
    const world = createWorld({ isWanted });
    for (const streams of strangers(world, 4)) {
      for (let i = 0; i < 5; i++) await talkOn(streams, computeAsk);
    }
    for (let i = 0; i < 4; i++) {
      expect(await world.measure(COMPUTE)).toMatchObject({ measured: true });
    }
  });

  it('get no more answers than a budget of their own has', async () => {
    const world = createWorld({ isWanted, limits: { all: { burst: 2, perSecond: 1 / 60 } } });
    const answers: string[][] = [];
    for (const streams of strangers(world, 3)) answers.push(await talkOn(streams, computeAsk));
    const [first, second, third] = answers;
    expect([first, second]).toEqual([refused('NOT_SUPPORTED'), refused('NOT_SUPPORTED')]);
    expect(third).toEqual(refused('RATE_LIMITED'));
    expect(world.worker.calls).toEqual([]);
  });

  it('do not learn its limits', async () => {
    const world = createWorld({ isWanted });
    const [streams] = strangers(world, 1);
    const tooMuch = { ...memoryAsk, mib: 1_000_000 };
    expect(await talkOn(streams!, tooMuch)).toEqual(refused('NOT_SUPPORTED'));
  });
});

describe('a stream of attestation', () => {
  it('still takes certificates, and aborts what begins with neither', async () => {
    const world = createWorld();
    const certificate = issueSkillCertificate({
      issuer: attestor,
      holder: holder.peerId,
      kind: 'attestation',
      claims: [{ kind: 'skill', name: 'performs:nlp/sentiment' }],
      iat: 1_800_000_000,
      nbf: 1_800_000_000,
      exp: 1_800_003_600,
      list: 0,
      slot: 7,
      evidence: new Uint8Array(32),
      random: (length) => world.random.bytes(length),
    });
    const { streams, random } = world;
    expect(await deliverCertificate(streams, { certificate, random })).toEqual({ delivered: true });
    for (const bytes of [new TextEncoder().encode('{}'), encodeBenchmarkMessage(run(1, 9))]) {
      expect(await talk(world, bytes)).toEqual(['STREAM_ABORTED']);
    }
    expect(await world.measure(MEMORY)).toMatchObject({ measured: true });
  });
});
