import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import {
  MAX_FIND_KEYS,
  MAX_FOUND_RECORDS,
  decodeFind,
  decodeFound,
  encodeFind,
  encodeFound,
} from '../../broker/messages.ts';
import type { BrokerAnswer } from '../../broker/messages.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { MAX_RECORD_BYTES } from '../../skill-discovery/skill-record.ts';

const peerId = Identity.fromSeed(new Uint8Array(32).fill(3)).peerId;
const EMPTY: BrokerAnswer = { records: [], left: 0, outside: [], quotes: [] };

describe('messages between a client and a broker', () => {
  it('come out as they went in', () => {
    const question = { keys: ['performs:nlp', 'ab12t0d3p'], limit: 5, maxPriceMicroUsd: 9n };
    expect(decodeFind(encodeFind(question))).toEqual(question);
    const answer: BrokerAnswer = {
      records: [{ peerId, envelope: utf8('record') }],
      left: 7,
      outside: [{ url: 'https://agent.example/card', name: 'é', skills: ['translate'] }],
      quotes: [{ request: utf8('asked'), quote: utf8('told') }],
    };
    expect(decodeFound(encodeFound(answer))).toEqual(answer);
  });

  it('fit into one message of the protocol when they are full', () => {
    const envelope = new Uint8Array(MAX_RECORD_BYTES);
    const records = Array.from({ length: MAX_FOUND_RECORDS }, () => ({ peerId, envelope }));
    const quote = new Uint8Array(2_048);
    const quotes = Array.from({ length: 48 }, () => ({ request: quote, quote }));
    const bytes = encodeFound({ ...EMPTY, records, quotes });
    expect(bytes.length).toBeLessThanOrEqual(SECURE_PROTOCOLS.query.maxMessageBytes);
    expect(decodeFound(bytes)?.records).toHaveLength(MAX_FOUND_RECORDS);
  });

  it.each([
    ['no key', { keys: [] }],
    ['a key twice', { keys: ['a', 'a'] }],
    ['too many keys', { keys: Array.from({ length: MAX_FIND_KEYS + 1 }, (_, i) => `k${i}`) }],
    ['a limit of none', { limit: 0 }],
    ['a limit above the most', { limit: MAX_FOUND_RECORDS + 1 }],
  ])('are refused with %s', (_, change) => {
    expect(() => encodeFind({ keys: ['k'], limit: 1, ...change })).toThrow();
  });

  it('hostile bytes are no message, and nothing is thrown', () => {
    const json = fc.jsonValue().map((value) => utf8(JSON.stringify(value)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 512 }), json), (bytes) => {
        expect(decodeFind(bytes)).toBeUndefined();
        expect(decodeFound(bytes)).toBeUndefined();
      }),
    );
  });
});
