import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../crypto/bytes.ts';
import { hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import {
  decodeBenchmarkMessage,
  encodeBenchmarkMessage,
} from '../../attestation/benchmark-messages.ts';
import type { BenchmarkMessage } from '../../attestation/benchmark-messages.ts';
import { ComputedChain, MAX_STEPS } from '../../attestation/compute-challenge.ts';
import { decodeIssuanceOffer } from '../../attestation/messages.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';

const hash = new Uint8Array(32).fill(7);
const job = new Uint8Array(32).fill(1);
const frame = { v: 1, job, seq: 3 } as const;
const [opening] = new ComputedChain({ nonce: hash, order: 8, steps: 4 }).open([2]);
const paths = { fromPath: [...opening!.fromPath], toPath: [...opening!.toPath] };

const MESSAGES: readonly BenchmarkMessage[] = [
  {
    v: 1,
    typ: 'bmask',
    job,
    budgetMs: 5_000,
    resource: 'hasResource:cpu-mflops',
    unit: 'MFLOP/s',
    order: 128,
    steps: 32_768,
  },
  {
    v: 1,
    typ: 'bmask',
    job,
    budgetMs: 5_000,
    resource: 'hasResource:memory-mib',
    unit: 'MiB',
    mib: 64,
    rounds: 4,
    reads: 262_144,
  },
  { v: 1, typ: 'bmyes', job },
  { v: 1, typ: 'bmno', job, code: 6 },
  { ...frame, typ: 'bmecho', nonce: hash },
  { ...frame, typ: 'bmrun', nonce: hash, steps: 700 },
  { ...frame, typ: 'bmroot', root: hash },
  { ...frame, typ: 'bmopen', steps: [0, 699] },
  { ...frame, typ: 'bmstep', ...opening!, ...paths },
  { ...frame, typ: 'bmfill', nonce: hash },
  { ...frame, typ: 'bmfull' },
  { ...frame, typ: 'bmwalk', nonce: hash, reads: 262_144 },
  { ...frame, typ: 'bmwalked', digest: hash },
  { ...frame, typ: 'bmend', value: 3_500, elapsedMs: 1_020 },
  { ...frame, typ: 'bmbusy', busyMs: 1_400 },
];

function changed(typ: BenchmarkMessage['typ'], change: object): Uint8Array {
  const message = MESSAGES.find((one) => one.typ === typ)!;
  const value = JSON.parse(fromUtf8(encodeBenchmarkMessage(message))) as object;
  const sorted = Object.entries({ ...value, ...change }).sort(([a], [b]) => (a < b ? -1 : 1));
  return utf8(JSON.stringify(Object.fromEntries(sorted)));
}

describe('messages of a benchmark', () => {
  it.each(MESSAGES.map((message) => [message.typ, message] as const))(
    'are read as they were written: %s',
    (_, message) => {
      expect(decodeBenchmarkMessage(encodeBenchmarkMessage(message))).toEqual(message);
    },
  );

  it('are never taken for the announcement of a certificate', () => {
    for (const message of MESSAGES) {
      expect(decodeIssuanceOffer(encodeBenchmarkMessage(message))).toBeUndefined();
    }
  });

  it('fit the stream with the largest state and the longest path', () => {
    const state = new Uint8Array(3 * 128 * 128);
    const path = Array.from({ length: 16 }, () => hash);
    const message = { typ: 'bmstep', step: 1, from: state, to: state } as const;
    const bytes = encodeBenchmarkMessage({ ...frame, ...message, fromPath: path, toPath: path });
    expect(bytes.length).toBeLessThan(SECURE_PROTOCOLS.attest.maxMessageBytes);
  });

  it.each<[string, Uint8Array]>([
    ['more steps than a chain may have', changed('bmrun', { steps: MAX_STEPS + 1 })],
    ['no steps', changed('bmrun', { steps: 0 })],
    ['a step beyond every chain', changed('bmopen', { steps: [MAX_STEPS] })],
    ['more opened steps than are needed', changed('bmopen', { steps: Array(22).fill(1) })],
    ['more reads than a round may have', changed('bmwalk', { reads: 1_048_577 })],
    ['a path of 17 hashes', changed('bmstep', { toPath: Array(17).fill('A'.repeat(43)) })],
    ['a state larger than any', changed('bmstep', { to: 'A'.repeat(65_540) })],
    ['a nonce of 31 bytes', changed('bmfill', { nonce: 'A'.repeat(42) })],
    ['a value of 2^32', changed('bmend', { value: 2 ** 32 })],
    ['a negative value', changed('bmend', { value: -1 })],
    ['a fraction', changed('bmend', { value: 1.5 })],
    ['the unit of another resource', changed('bmask', { unit: 'MiB' })],
    ['an unknown key', changed('bmfull', { extra: 1 })],
    ['question 0', changed('bmfull', { seq: 0 })],
    ['the type of another message', changed('bmfull', { typ: 'bmfill' })],
    ['the announcement of a certificate', changed('bmyes', { typ: 'iss1' })],
  ])('are refused with %s', (_, bytes) => {
    expect(decodeBenchmarkMessage(bytes)).toBeUndefined();
  });

  it(
    'never throw on arbitrary or mutated bytes, and never read as what was sent',
    () => {
      const encoded = MESSAGES.map(encodeBenchmarkMessage);
      fuzz(hostileMessages(...encoded), (received) => {
        const message = decodeBenchmarkMessage(received);
        // Another message is written in one way only: the bytes that were received.
        if (message) expect(encodeBenchmarkMessage(message)).toEqual(received);
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});
