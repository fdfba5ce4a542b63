import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromBase64Url, toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import { x25519KeyPair } from '../../../crypto/x25519.ts';
import { MAX_LETTER_ENVELOPE_BYTES, openLetter, sealLetter } from '../../mailbox/letter.ts';
import type { Letter } from '../../mailbox/letter.ts';
import {
  MAX_LETTERS_PER_ANSWER,
  decodeMailAnswer,
  decodeMailQuestion,
  encodeMailAnswer,
  encodeMailQuestion,
} from '../../mailbox/messages.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { FakeRandom } from '../negotiation/fake-world.ts';
import { ALICE, BOB, MALLORY, bytes32 } from '../negotiation/fixture.ts';

const pair = (byte: number) => x25519KeyPair(new Uint8Array(32).fill(byte));
const [ALICES, BOBS] = [pair(1), pair(2)];
const ADDRESS = { from: ALICE.peerId, to: BOB.peerId, contract: bytes32(5), number: 1 };
const EXP = 1_800_000_600;

function seal(envelope = utf8('a signed verdict'), toKey = BOBS.publicKey): Letter | undefined {
  return sealLetter(ADDRESS, envelope, { sender: ALICES, toKey, random: new FakeRandom('l') }, EXP);
}

describe('a letter', () => {
  it('is opened by the key that it was sealed for, and names its parties in the clear', () => {
    const letter = seal()!;
    expect(letter).toMatchObject({ ...ADDRESS, exp: EXP });
    expect(letter.toKey).toBe(toBase64Url(BOBS.publicKey));
    expect(openLetter(letter, BOBS)).toEqual(utf8('a signed verdict'));
    expect(fromBase64Url(letter.sealed).join()).not.toContain(utf8('verdict').join());
  });

  it.each<[string, Partial<Letter>]>([
    ['another sender', { from: MALLORY.peerId }],
    ['another recipient', { to: MALLORY.peerId }],
    ['another contract', { contract: bytes32(6) }],
    ['another number', { number: 0 }],
    ['another key of the sender', { fromKey: toBase64Url(pair(3).publicKey) }],
    ['the sealed bytes of another letter', { sealed: toBase64Url(new Uint8Array(80)) }],
  ])('changed by whoever keeps it to %s opens no more', (_, change) => {
    expect(openLetter({ ...seal()!, ...change }, BOBS)).toBeUndefined();
  });

  it('opens with no other key of its recipient', () => {
    expect(openLetter(seal()!, pair(3))).toBeUndefined();
  });

  it('is not sealed for a key of zeros, by which a peer says that it has no mailbox', () => {
    expect(seal(utf8('x'), new Uint8Array(32))).toBeUndefined();
  });

  it('is refused before it is sealed when its document is too large', () => {
    expect(() => seal(new Uint8Array(MAX_LETTER_ENVELOPE_BYTES + 1))).toThrow(RangeError);
  });
});

describe('messages about mail', () => {
  it('come out as they went in', () => {
    const letter = seal()!;
    const { from, contract, number } = letter;
    for (const question of [
      { v: 1, typ: 'leave', letter },
      { v: 1, typ: 'collect', key: bytes32(7) },
      { v: 1, typ: 'taken', letters: [{ from, contract, number }] },
    ] as const) {
      expect(decodeMailQuestion(encodeMailQuestion(question as never))).toEqual(question);
    }
    for (const answer of [
      { v: 1, typ: 'left' },
      { v: 1, typ: 'mail', letters: [letter, letter], more: 3 },
      { v: 1, typ: 'forgotten' },
      { v: 1, typ: 'decline', code: 6 },
    ] as const) {
      expect(decodeMailAnswer(encodeMailAnswer(answer as never))).toEqual(answer);
    }
  });

  it('fit into one message of the protocol when they are full', () => {
    const letter = seal(new Uint8Array(MAX_LETTER_ENVELOPE_BYTES))!;
    const letters = Array.from({ length: MAX_LETTERS_PER_ANSWER }, () => letter);
    const bytes = encodeMailAnswer({ v: 1, typ: 'mail', letters, more: 0 });
    expect(bytes.length).toBeLessThanOrEqual(SECURE_PROTOCOLS.mailbox.maxMessageBytes);
    expect(decodeMailAnswer(bytes)).toMatchObject({ letters });
  });

  it(
    'are none for hostile bytes, and nothing is thrown',
    () => {
      const question = encodeMailQuestion({ v: 1, typ: 'leave', letter: seal()! });
      const answer = encodeMailAnswer({ v: 1, typ: 'mail', letters: [seal()!], more: 0 });
      fuzz(fc.oneof(hostileMessages(question, answer)), (bytes) => {
        const [asked, told] = [decodeMailQuestion(bytes), decodeMailAnswer(bytes)];
        // A mutation may be a message too: then it goes back to the same bytes, and opens or not.
        if (asked) expect(encodeMailQuestion(asked)).toEqual(bytes);
        if (told) expect(encodeMailAnswer(told)).toEqual(bytes);
        if (asked?.typ === 'leave') openLetter(asked.letter, BOBS);
      });
    },
    FUZZ_TIMEOUT_MS,
  );
});
