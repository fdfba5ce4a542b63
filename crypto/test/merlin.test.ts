import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../bytes.ts';
import { Transcript } from '../merlin.ts';

function challengeOf(label: string, messages: readonly (readonly [string, Uint8Array])[]): string {
  const transcript = new Transcript(label);
  for (const [name, message] of messages) transcript.append(name, message);
  return toHex(transcript.challenge('challenge', 32));
}

describe('Merlin transcripts', () => {
  it('give the challenge that Merlin publishes for its simple test', () => {
    const transcript = new Transcript('test protocol');
    transcript.append('some label', 'some data');
    expect(toHex(transcript.challenge('challenge', 32))).toBe(
      'd5a21972d0d5fe320c0d263fac7fffb8145aa640af6e9bca177c03c7efcf0615',
    );
  });

  it('depend on protocol, labels, messages and their order', () => {
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    const challenges = [
      challengeOf('p', [
        ['x', a],
        ['y', b],
      ]),
      challengeOf('q', [
        ['x', a],
        ['y', b],
      ]),
      challengeOf('p', [
        ['y', b],
        ['x', a],
      ]),
      challengeOf('p', [
        ['x', b],
        ['y', a],
      ]),
      challengeOf('p', [['x', a]]),
      challengeOf('p', []),
    ];
    expect(new Set(challenges).size).toBe(challenges.length);
  });

  it('tell apart messages that are the same bytes when written one after the other', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 400 }), fc.nat(400), (bytes, place) => {
        const cut = place % bytes.length;
        const whole = challengeOf('p', [['m', bytes]]);
        const split = challengeOf('p', [
          ['m', bytes.subarray(0, cut)],
          ['m', bytes.subarray(cut)],
        ]);
        expect(split).not.toBe(whole);
      }),
      { numRuns: 200 },
    );
  });

  it('draw challenges that depend on those before, also over many blocks', () => {
    const transcript = new Transcript('p');
    transcript.append('long', new Uint8Array(1_000).fill(7));
    const long = transcript.challenge('c', 1_000);
    const again = transcript.challenge('c', 1_000);
    expect(toHex(again)).not.toBe(toHex(long));
    expect(new Set(long).size).toBeGreaterThan(200);
  });

  it('append numbers as eight bytes, lowest first', () => {
    const number = new Transcript('p');
    number.appendU64('n', 0x0102);
    const bytes = new Transcript('p');
    bytes.append('n', Uint8Array.of(2, 1, 0, 0, 0, 0, 0, 0));
    expect(number.challenge('c', 16)).toEqual(bytes.challenge('c', 16));
    expect(() => number.appendU64('n', -1)).toThrow(RangeError);
    expect(() => number.appendU64('n', 1n << 64n)).toThrow(RangeError);
    number.appendU64('n', (1n << 64n) - 1n);
  });
});
