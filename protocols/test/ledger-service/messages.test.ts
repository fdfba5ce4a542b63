import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_QUESTION_BYTES,
  MAX_READ_KEYS,
  decodeLedgerAnswer,
  decodeLedgerQuestion,
  encodeLedgerAnswer,
  encodeLedgerQuestion,
} from '../../ledger-service/messages.ts';
import type { LedgerAnswer, LedgerQuestion } from '../../ledger-service/messages.ts';
import { accountKey } from '../../ledger/records.ts';
import { MalformedBytesError } from '../../pbft/byte-reader.ts';
import { ALICE } from '../ledger/fixture.ts';
import { FakeReplica } from './fixture.ts';

const QUESTIONS: readonly LedgerQuestion[] = [
  { type: 'submit', transaction: Uint8Array.of(1, 2, 3) },
  { type: 'read', keys: [] },
  { type: 'read', keys: ['clock', accountKey(ALICE.peerId)] },
  { type: 'blocks', fromHeight: 1, max: 256 },
];

function answers(): readonly LedgerAnswer[] {
  const replica = new FakeReplica();
  replica.ledger.certify([]);
  const { head, proofs } = replica.prove(['clock'])!;
  return [
    { type: 'executed', height: 7, result: 'done' },
    { type: 'executed', height: 7, result: 'INSUFFICIENT_FUNDS' },
    { type: 'head', head: { header: { ...head.header }, commit: head.commit } },
    { type: 'proof', proof: proofs[0]! },
    { type: 'block', block: Uint8Array.of(1), commit: Uint8Array.of(2, 3) },
    { type: 'refused', reason: 'RATE_LIMITED' },
  ];
}

describe('messages of the ledger service', () => {
  it('come back as they were written', () => {
    for (const question of QUESTIONS) {
      expect(decodeLedgerQuestion(encodeLedgerQuestion(question))).toEqual(question);
    }
    for (const answer of answers()) {
      const read = decodeLedgerAnswer(encodeLedgerAnswer(answer));
      expect(read).toMatchObject(answer.type === 'head' ? { type: 'head' } : answer);
      expect(encodeLedgerAnswer(read)).toEqual(encodeLedgerAnswer(answer));
    }
  });

  it('are refused when they ask for too much or for nothing', () => {
    const keys = Array.from({ length: MAX_READ_KEYS + 1 }, () => 'clock');
    expect(() => encodeLedgerQuestion({ type: 'read', keys })).toThrow(/at most 16/);
    const refused = [
      Uint8Array.of(),
      Uint8Array.of(9),
      Uint8Array.of(2, 17),
      Uint8Array.of(2, 1, 0, 0, 2, 1),
      Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
      Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1),
      new Uint8Array(MAX_QUESTION_BYTES + 1).fill(1),
    ];
    for (const bytes of refused) {
      expect(() => decodeLedgerQuestion(bytes)).toThrow(MalformedBytesError);
    }
  });

  it('of any bytes are read or refused with an error, and read ones are the only form', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        fc.constantFrom(1, 2, 3, 4, 5),
        (rest, type) => {
          const bytes = Uint8Array.of(type, ...rest);
          for (const [decode, encode] of [
            [decodeLedgerQuestion, encodeLedgerQuestion],
            [decodeLedgerAnswer, encodeLedgerAnswer],
          ] as const) {
            let message: ReturnType<typeof decode>;
            try {
              message = decode(bytes);
            } catch (error) {
              expect(error).toBeInstanceOf(Error);
              continue;
            }
            // A code of a later version is read as UNKNOWN_CODE.
            const isOfLater = JSON.stringify(message).includes('UNKNOWN_CODE');
            if (!isOfLater) expect(encode(message as never)).toEqual(bytes);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });
});
