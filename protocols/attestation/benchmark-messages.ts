/**
 * Messages of a benchmark on a stream of purpose 4: JCS documents like those of a delivery
 * (messages.ts), not signed, for the session authenticates. `bmask` is the first; the holder
 * answers `bmyes` or `bmno`. Then the attestor asks and the holder answers, each answer with the
 * number of its question:
 *
 *   | question | answer           |                                     |
 *   | bmecho   | bmecho           | the same nonce                      |
 *   | bmrun    | bmroot           | a chain of steps, its root          |
 *   | bmopen   | bmstep, one each | steps of the last chain, in order   |
 *   | bmfill   | bmfull           | memory                              |
 *   | bmwalk   | bmwalked         | a round of reads                    |
 *   | bmend    | bmbusy           | what was measured; time it cost     |
 *
 * Checks form and bounds, not whether a message is due.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import { COMPUTE_RESOURCE, COMPUTE_UNIT, MAX_STEPS, OPENED_STEPS } from './compute-challenge.ts';
import { MAX_ORDER, MIN_ORDER, stateBytes } from './matrix-chain.ts';
import { MAX_READS, MEMORY_RESOURCE, MEMORY_UNIT } from './memory-challenge.ts';

const LIMITS: DocumentLimits = {
  maxBytes: SECURE_PROTOCOLS.attest.maxMessageBytes,
  maxDepth: 2,
  maxValues: 64,
};
/** Largest message of the attestor, in bytes; the answers alone are large. */
export const MAX_QUESTION_BYTES = 1_024;
/** A path through a tree of MAX_STEPS + 1 leaves. */
const MAX_PATH_HASHES = 16;
const MAX_U32 = 2 ** 32 - 1;

function bytes(min: number, max = min) {
  return z.codec(
    z.string().max(Math.ceil((max * 4) / 3)),
    z.custom<Uint8Array>(
      (value) => value instanceof Uint8Array && value.length >= min && value.length <= max,
      `expected ${min} to ${max} bytes`,
    ),
    { decode: fromBase64Url, encode: toBase64Url },
  );
}

const from1 = (max: number) => z.number().int().min(1).max(max);
const from0 = (max: number) => z.number().int().min(0).max(max);
const hash = bytes(32);
const path = z.array(hash).max(MAX_PATH_HASHES);
const state = bytes(stateBytes(MIN_ORDER), stateBytes(MAX_ORDER));
/** `budgetMs`: most time of the holder's processor that the attestor will take. */
const order = { job: hash, budgetMs: from1(MAX_U32) };

function message<Typ extends string, Shape extends z.ZodRawShape>(typ: Typ, shape: Shape) {
  return z.strictObject({ v: z.literal(1), typ: z.literal(typ), ...shape });
}

/** A question or answer after `bmyes`: `seq` numbers the questions from 1. */
function numbered<Typ extends string, Shape extends z.ZodRawShape>(typ: Typ, shape: Shape) {
  return message(typ, { job: hash, seq: from1(255), ...shape });
}

const ORDER_SCHEMA = z.discriminatedUnion('resource', [
  message('bmask', {
    ...order,
    resource: z.literal(COMPUTE_RESOURCE),
    unit: z.literal(COMPUTE_UNIT),
    order: from1(MAX_U32),
    steps: from1(MAX_U32),
  }),
  message('bmask', {
    ...order,
    resource: z.literal(MEMORY_RESOURCE),
    unit: z.literal(MEMORY_UNIT),
    mib: from1(MAX_U32),
    rounds: from1(MAX_U32),
    reads: from1(MAX_U32),
  }),
]);

/** Only the schema of the name is tried, for each that refuses lists what it does not know. */
const SCHEMA = z.discriminatedUnion('typ', [
  ORDER_SCHEMA,
  message('bmyes', { job: hash }),
  message('bmno', { job: hash, code: from1(65_535) }),
  numbered('bmecho', { nonce: hash }),
  numbered('bmrun', { nonce: hash, steps: from1(MAX_STEPS) }),
  numbered('bmroot', { root: hash }),
  numbered('bmopen', {
    steps: z
      .array(from0(MAX_STEPS - 1))
      .min(1)
      .max(OPENED_STEPS),
  }),
  numbered('bmstep', {
    step: from0(MAX_STEPS - 1),
    from: state,
    to: state,
    fromPath: path,
    toPath: path,
  }),
  numbered('bmfill', { nonce: hash }),
  numbered('bmfull', {}),
  numbered('bmwalk', { nonce: hash, reads: from1(MAX_READS) }),
  numbered('bmwalked', { digest: hash }),
  numbered('bmend', { value: from0(MAX_U32), elapsedMs: from0(MAX_U32) }),
  numbered('bmbusy', { busyMs: from0(MAX_U32) }),
]);

/** Any message of a benchmark. */
export type BenchmarkMessage = z.output<typeof SCHEMA>;
/** Name of a message. */
export type BenchmarkTyp = BenchmarkMessage['typ'];
/** The message of a name. */
export type BenchmarkMessageOf<Typ extends BenchmarkTyp> = Extract<BenchmarkMessage, { typ: Typ }>;

/** Bytes of a message. @throws on one that its schema refuses. */
export function encodeBenchmarkMessage(value: BenchmarkMessage): Uint8Array {
  return encodeDocument(z.encode(SCHEMA, value), LIMITS);
}

/** Reads a message; `undefined` if it is none, or larger than it may be. Never throws. */
export function decodeBenchmarkMessage(
  received: Uint8Array,
  maxBytes = LIMITS.maxBytes,
): BenchmarkMessage | undefined {
  try {
    return z.decode(
      SCHEMA,
      decodeDocument(received, { ...LIMITS, maxBytes }) as z.input<typeof SCHEMA>,
    );
  } catch {
    return undefined;
  }
}
