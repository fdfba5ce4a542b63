import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fuzz, FUZZ_TIMEOUT_MS } from '../../../crypto/test/fuzz.ts';
import { hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { Identity } from '../../../crypto/identity.ts';
import { decodeFind, encodeFind } from '../../broker/messages.ts';
import {
  MAX_SCORE_SUBJECTS,
  decodeScoreAnswer,
  decodeScoreQuestion,
  encodeScoreAnswer,
  encodeScoreQuestion,
} from '../../broker/score-messages.ts';
import type { ScoreSubject } from '../../reputation/records.ts';

const peerId = Identity.fromSeed(new Uint8Array(32).fill(3)).peerId;
const ledgerId = new Uint8Array(32).fill(9);
const SUBJECT: ScoreSubject = { subject: peerId, role: 'contractor', taskType: 'performs:nlp' };

describe('messages about scores between a client and a broker', () => {
  it('come out as they went in, and are no question about skills', () => {
    const subjects = [SUBJECT, { ...SUBJECT, role: 'client' as const, taskType: '' }];
    const bytes = encodeScoreQuestion({ ledgerId, subjects });
    expect(decodeScoreQuestion(bytes)).toEqual({ ledgerId, subjects });
    expect(decodeFind(bytes)).toBeUndefined();
    expect(decodeScoreQuestion(encodeFind({ keys: ['k'], limit: 1 }))).toBeUndefined();
    const answer = [Uint8Array.of(1, 2), Uint8Array.of(3)];
    expect(decodeScoreAnswer(encodeScoreAnswer(answer))).toEqual(answer);
    expect(decodeScoreAnswer(encodeScoreAnswer([]))).toEqual([]);
  });

  it('fit into one message of the protocol when they are full', () => {
    const parts = Array.from({ length: MAX_SCORE_SUBJECTS + 1 }, () => new Uint8Array(32_768));
    expect(decodeScoreAnswer(encodeScoreAnswer(parts))).toHaveLength(MAX_SCORE_SUBJECTS + 1);
  });

  it.each([
    ['no subject', { subjects: [] }],
    ['too many', { subjects: Array.from({ length: MAX_SCORE_SUBJECTS + 1 }, () => SUBJECT) }],
    ['a subject that is no peer', { subjects: [{ ...SUBJECT, subject: 'nobody' }] }],
    ['a ledger of 31 bytes', { ledgerId: new Uint8Array(31) }],
  ])('are refused with %s', (_, change) => {
    expect(() => encodeScoreQuestion({ ledgerId, subjects: [SUBJECT], ...change })).toThrow();
  });

  it(
    'are none for hostile bytes, and nothing is thrown',
    () => {
      const question = encodeScoreQuestion({ ledgerId, subjects: [SUBJECT] });
      const answer = encodeScoreAnswer([Uint8Array.of(1, 2, 3)]);
      fuzz(fc.oneof(hostileMessages(question, answer)), (bytes) => {
        for (const decoded of [decodeScoreQuestion(bytes), decodeScoreAnswer(bytes)]) {
          // A mutation may be a message too: then it goes back to the same bytes.
          if (decoded === undefined) continue;
          const again = 'subjects' in decoded ? encodeScoreQuestion(decoded) : undefined;
          expect(again ?? encodeScoreAnswer(decoded as readonly Uint8Array[])).toEqual(bytes);
        }
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});
