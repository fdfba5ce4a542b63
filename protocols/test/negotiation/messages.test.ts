import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { openEnvelope } from '../../../crypto/envelope.ts';
import { ContractRecordError } from '../../negotiation/errors.ts';
import { REFUSAL_NUMBERS, refusalNumber, refusalOfNumber } from '../../errors.ts';
import type { RefusalCode } from '../../errors.ts';
import { decodeContract, encodeContract } from '../../negotiation/contract-store.ts';
import type { Contract } from '../../negotiation/contract.ts';
import { AGREEMENT, verdictDefinition } from '../../negotiation/documents.ts';
import {
  MESSAGE_LIMITS,
  encodeAnswer,
  encodeQuestion,
  parseAnswer,
  parseQuestion,
} from '../../negotiation/messages.ts';
import type { Answer, Question } from '../../negotiation/messages.ts';
import { verifyReceipt } from '../../settlement/receipt.ts';
import { START_SECONDS } from './fake-world.ts';
import { PARTIES, bytes32, makeChain } from './fixture.ts';

const chain = makeChain();
const envelope = toBase64Url(chain.agreement.envelope);
const contract = bytes32(5);
const questions: readonly Question[] = [
  { v: 1, typ: 'ask', request: envelope },
  { v: 1, typ: 'accept', agreement: envelope },
  { v: 1, typ: 'collect', contract },
  { v: 1, typ: 'acknowledge', contract, acknowledgement: envelope },
  { v: 1, typ: 'verdict', contract, verdict: envelope },
  { v: 1, typ: 'cancel', contract },
  { v: 1, typ: 'release', quote: contract },
];
const answers: readonly Answer[] = [
  { v: 1, typ: 'offer', quote: envelope },
  { v: 1, typ: 'agreed', agreement: envelope },
  { v: 1, typ: 'delivery', delivery: envelope },
  { v: 1, typ: 'acknowledged', contract },
  { v: 1, typ: 'receipt', receipt: envelope },
  { v: 1, typ: 'disputed', contract },
  { v: 1, typ: 'cancelled', contract },
  { v: 1, typ: 'released', quote: contract },
  { v: 1, typ: 'decline', code: 2 },
];
const malformed = { valid: false, reason: 'MALFORMED' };

/** A few bytes to change, and where to cut. */
const anyDamage = fc.record({
  changes: fc.array(
    fc.tuple(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.integer({ min: 32, max: 126 })),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
  cut: fc.constantFrom(1, 1, 1, 0.99, 0.5, 0),
});

function damaged(
  bytes: Uint8Array,
  { changes, cut }: { changes: [number, number][]; cut: number },
): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (const [at, byte] of changes) copy[Math.floor(at * copy.length)] = byte;
  return copy.slice(0, Math.floor(cut * copy.length));
}

describe('messages of a negotiation stream', () => {
  it.each(questions)('question $typ reads back as it was', (question) => {
    const bytes = encodeQuestion(question);
    expect(parseQuestion(bytes)).toEqual({ valid: true, message: question });
    expect(parseAnswer(bytes)).toEqual(malformed);
  });

  it.each(answers)('answer $typ reads back as it was', (answer) => {
    const bytes = encodeAnswer(answer);
    expect(parseAnswer(bytes)).toEqual({ valid: true, message: answer });
    expect(parseQuestion(bytes)).toEqual(malformed);
  });

  it('refuses what is not canonical, has other keys, or another version', () => {
    const wrong = [
      `{"contract":"${contract}","typ":"collect","v":1} `,
      `{"typ":"collect","contract":"${contract}","v":1}`,
      `{"contract":"${contract}","typ":"collect","v":2}`,
      `{"contract":"${contract}","typ":"collect"}`,
      `{"contract":"${contract}","extra":1,"typ":"collect","v":1}`,
      `{"contract":"${contract}=","typ":"collect","v":1}`,
      `{"contract":"${contract.slice(1)}","typ":"collect","v":1}`,
      `{"contract":["${contract}"],"typ":"collect","v":1}`,
      `{"contract":null,"typ":"collect","v":1}`,
      '{"code":0,"typ":"decline","v":1}',
      '{"code":65536,"typ":"decline","v":1}',
      '{"request":"","typ":"ask","v":1}',
      '[]',
      '1',
      '',
    ].map(utf8);
    for (const bytes of wrong) {
      expect(parseQuestion(bytes)).toEqual(malformed);
      expect(parseAnswer(bytes)).toEqual(malformed);
    }
  });

  it('takes envelopes up to 24 KiB and messages up to 64 KiB', () => {
    const ask = (length: number): Uint8Array =>
      utf8(`{"request":"${toBase64Url(new Uint8Array(length))}","typ":"ask","v":1}`);
    expect(parseQuestion(ask(24_576)).valid).toBe(true);
    expect(parseQuestion(ask(24_577))).toEqual(malformed);
    expect(parseQuestion(utf8(' '.repeat(MESSAGE_LIMITS.maxBytes + 1)))).toEqual(malformed);
  });

  it('reading never throws, whatever arrives', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        return !parseQuestion(bytes).valid && !parseAnswer(bytes).valid;
      }),
      { numRuns: 4_000 },
    );
    fc.assert(
      fc.property(fc.json({ maxDepth: 12 }), (text) => {
        return !parseQuestion(utf8(text)).valid && !parseAnswer(utf8(text)).valid;
      }),
      { numRuns: 1_000 },
    );
    const valid = [...questions.map(encodeQuestion), ...answers.map(encodeAnswer)];
    fc.assert(
      fc.property(fc.nat(valid.length - 1), anyDamage, (which, damage) => {
        const bytes = damaged(valid[which]!, damage);
        const [question, answer] = [parseQuestion(bytes), parseAnswer(bytes)];
        // What is taken is canonical: it is written back as the same bytes.
        if (question.valid) expect(encodeQuestion(question.message)).toEqual(bytes);
        if (answer.valid) expect(encodeAnswer(answer.message)).toEqual(bytes);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('signed documents under mutation', () => {
  it('no changed agreement, verdict or receipt is taken', () => {
    const definition = verdictDefinition(PARTIES);
    fc.assert(
      fc.property(anyDamage, (damage) => {
        const agreement = damaged(chain.agreement.envelope, damage);
        const receipt = damaged(chain.receipt.envelope, damage);
        const isChanged = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) !== 0;
        if (isChanged(agreement, chain.agreement.envelope)) {
          expect(openEnvelope(AGREEMENT, agreement).valid).toBe(false);
          const verdict = chain.receipt.envelope;
          expect(verifyReceipt({ agreement, verdict }).valid).toBe(false);
        }
        if (isChanged(receipt, chain.receipt.envelope)) {
          expect(openEnvelope(definition, receipt).valid).toBe(false);
          const changed = { agreement: chain.agreement.envelope, verdict: receipt };
          expect(verifyReceipt(changed).valid).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('stored contracts', () => {
  const stored: Contract = {
    role: 'client',
    phase: 'RECEIPT',
    sinceSeconds: START_SECONDS,
    request: chain.request,
    quote: chain.quote,
    agreement: chain.agreement,
    delivery: chain.delivery,
    acknowledgement: chain.acknowledgement,
    verdict: chain.receipt,
  };

  it('read back as they were', () => {
    const decoded = decodeContract('key', encodeContract(stored));
    expect(encodeContract(decoded)).toEqual(encodeContract(stored));
    expect(decoded).toMatchObject({ phase: 'RECEIPT', verdict: { signers: { length: 2 } } });
  });

  it('read back as they were, or fail by name, after damage on the disk', () => {
    const bytes = encodeContract(stored);
    fc.assert(
      fc.property(anyDamage, (damage) => {
        const changed = damaged(bytes, damage);
        try {
          expect(encodeContract(decodeContract('key', changed))).toEqual(changed);
        } catch (error) {
          expect(error).toBeInstanceOf(ContractRecordError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('refusal codes', () => {
  it('have a number each, 1 to 65,535, none twice', () => {
    const numbers = Object.values(REFUSAL_NUMBERS);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(numbers.every((number) => number >= 1 && number <= 65_535)).toBe(true);
    for (const code of Object.keys(REFUSAL_NUMBERS) as RefusalCode[]) {
      expect(refusalOfNumber(refusalNumber(code))).toBe(code);
    }
  });

  it('that this version does not know are UNKNOWN_CODE', () => {
    expect(refusalOfNumber(12_345)).toBe('UNKNOWN_CODE');
  });
});
