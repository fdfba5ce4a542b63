import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainDocument } from '../../mcp/plain-document.ts';
import { HOSTILE, UNPRINTABLE } from '../cli/capture.ts';

describe('a document for an agent', () => {
  it('has no character that cannot be seen, in values and in keys at any depth', () => {
    const hidden = String.fromCodePoint(0xe0041, 0x200b, 0x202e);
    const document = {
      [HOSTILE]: [{ reason: `${HOSTILE}${hidden}` }],
      n: 1,
      none: null,
      yes: true,
    };
    const text = JSON.stringify(plainDocument(document));
    expect(text).not.toMatch(UNPRINTABLE);
    expect(text).not.toMatch(/\p{Cf}|\\u/u);
    expect(text).toContain('"n":1,"none":null,"yes":true');
  });

  it('keeps line breaks and tabs, and writes line ends in one way', () => {
    expect(plainDocument('a\r\nb\n\tc')).toBe('a\nb\n\tc');
  });

  it('is the same where there is nothing to hide', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'grapheme-ascii' }), (value) => {
        expect(plainDocument(value)).toEqual(value);
      }),
    );
  });

  it('ends where no document of the daemon goes', () => {
    let deep: unknown = 'end';
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(JSON.stringify(plainDocument(deep))).toHaveLength(2 * 129 + 4);
  });
});
