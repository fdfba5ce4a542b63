/**
 * The messages of `/coalesce/query/1.0.0` (purpose 5), one question and one answer on a stream:
 * `{v:1, typ:"find", keys, limit, maxPrice}` and `{v:1, typ:"found", records, left, outside,
 * quotes}`.
 *
 * A key is a skill term or a bucket, as in the DHT. `records` are `{peer, record}`, the envelope of
 * a signed skill record; `quotes` are `{request, quote}`, a quote and the request that it answers,
 * both signed; `outside` are agents that nobody vouches for. Form only: `client.ts` verifies.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { fields } from '../../crypto/envelope.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import { MAX_RECORD_BYTES } from '../skill-discovery/skill-record.ts';
import { MAX_TERM_LENGTH } from '../skill-discovery/terms.ts';

/** Most keys of a question: as many as a search in the DHT has. */
export const MAX_FIND_KEYS = 16;
/** Most records of an answer: so many fit whatever their size. */
export const MAX_FOUND_RECORDS = 64;
export const MAX_FOUND_QUOTES = 48;
export const MAX_FOUND_OUTSIDE = 16;
/** Most skills of an agent outside that are told of, and the longest text. */
export const MAX_OUTSIDE_SKILLS = 8;
export const MAX_OUTSIDE_TEXT = 256;
const MAX_QUOTE_BYTES = 2_048;

const FIND_LIMITS: DocumentLimits = { maxBytes: 8_192, maxDepth: 2, maxValues: 32 };
const FOUND_LIMITS: DocumentLimits = {
  maxBytes: SECURE_PROTOCOLS.query.maxMessageBytes,
  maxDepth: 4,
  maxValues: 1_024,
};

const findSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('find'),
  keys: z
    .array(z.string().min(1).max(MAX_TERM_LENGTH))
    .min(1)
    .max(MAX_FIND_KEYS)
    .refine((keys) => new Set(keys).size === keys.length, 'expected no key twice'),
  limit: z.number().int().min(1).max(MAX_FOUND_RECORDS),
  /** Micro-USD of one unit; "" for any price. */
  maxPrice: z.union([fields.decimal, z.literal('')]),
});

const outsideText = z.string().max(MAX_OUTSIDE_TEXT);
const quoteEnvelope = fields.bytesUpTo(1, MAX_QUOTE_BYTES);
const foundSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('found'),
  records: z
    .array(z.strictObject({ peer: fields.peerId, record: fields.bytesUpTo(1, MAX_RECORD_BYTES) }))
    .max(MAX_FOUND_RECORDS),
  /** Records beyond the limit. */
  left: fields.integer,
  outside: z
    .array(
      z.strictObject({
        url: outsideText,
        name: outsideText,
        skills: z.array(outsideText).max(MAX_OUTSIDE_SKILLS),
      }),
    )
    .max(MAX_FOUND_OUTSIDE),
  quotes: z
    .array(z.strictObject({ request: quoteEnvelope, quote: quoteEnvelope }))
    .max(MAX_FOUND_QUOTES),
});

/** What a broker is asked. */
export interface BrokerQuestion {
  readonly keys: readonly string[];
  /** 1 to {@link MAX_FOUND_RECORDS}. */
  readonly limit: number;
  readonly maxPriceMicroUsd?: bigint | undefined;
}

/** An agent outside the network, of which nothing is verified. */
export interface OutsideAgent {
  readonly url: string;
  readonly name: string;
  /** Names of its skills that answer the question. */
  readonly skills: readonly string[];
}

/** A quote as its contractor signed it, with the request that it answers. */
export interface QuoteEvidence {
  readonly request: Uint8Array;
  readonly quote: Uint8Array;
}

/** What a broker answers. */
export interface BrokerAnswer {
  readonly records: readonly { readonly peerId: string; readonly envelope: Uint8Array }[];
  /** Records that answer too and had no room. */
  readonly left: number;
  readonly outside: readonly OutsideAgent[];
  readonly quotes: readonly QuoteEvidence[];
}

/** Bytes of a question. @throws for one out of its limits. */
export function encodeFind({ keys, limit, maxPriceMicroUsd }: BrokerQuestion): Uint8Array {
  const maxPrice = maxPriceMicroUsd === undefined ? '' : maxPriceMicroUsd.toString();
  const message = { v: 1, typ: 'find', keys: [...keys], limit, maxPrice };
  return encodeDocument(findSchema.parse(message), FIND_LIMITS);
}

/** A question; `undefined` if the bytes are none. Never throws. */
export function decodeFind(bytes: Uint8Array): BrokerQuestion | undefined {
  try {
    const { keys, limit, maxPrice } = findSchema.parse(decodeDocument(bytes, FIND_LIMITS));
    return { keys, limit, maxPriceMicroUsd: maxPrice === '' ? undefined : BigInt(maxPrice) };
  } catch {
    return undefined;
  }
}

/** Bytes of an answer. @throws for one out of its limits. */
export function encodeFound({ records, left, outside, quotes }: BrokerAnswer): Uint8Array {
  const message = {
    v: 1,
    typ: 'found',
    records: records.map(({ peerId, envelope }) => ({
      peer: peerId,
      record: toBase64Url(envelope),
    })),
    left,
    outside,
    quotes: quotes.map(({ request, quote }) => ({
      request: toBase64Url(request),
      quote: toBase64Url(quote),
    })),
  };
  return encodeDocument(foundSchema.parse(message), FOUND_LIMITS);
}

/** An answer, not yet verified; `undefined` if it is none. Never throws. */
export function decodeFound(bytes: Uint8Array): BrokerAnswer | undefined {
  try {
    const found = foundSchema.parse(decodeDocument(bytes, FOUND_LIMITS));
    return {
      records: found.records.map(({ peer, record }) => ({
        peerId: peer,
        envelope: fromBase64Url(record),
      })),
      left: found.left,
      outside: found.outside,
      quotes: found.quotes.map(({ request, quote }) => ({
        request: fromBase64Url(request),
        quote: fromBase64Url(quote),
      })),
    };
  } catch {
    return undefined;
  }
}
