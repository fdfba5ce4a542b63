import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../../crypto/bytes.ts';
import { chunksOf, splitParts } from '../../../tasks/planner/split.ts';
import type { SplitRule } from '../../../tasks/planner/split.ts';
import type { ResolvedPart } from '../../../tasks/task-parts.ts';

function part(text: string, mediaType = 'text/plain', name = 'a'): ResolvedPart {
  return { mediaType, bytes: utf8(text), name };
}

function texts(parts: readonly ResolvedPart[], rule: SplitRule): string[] {
  return splitParts(parts, rule).map(({ part: { bytes } }) => new TextDecoder().decode(bytes));
}

function sources(parts: readonly ResolvedPart[], rule: SplitRule): string[] {
  return splitParts(parts, rule).map(({ source }) => source);
}

describe('cutting the input of a task', () => {
  it('takes documents as they are, and names them', () => {
    const parts = [
      part('one', 'text/plain', 'a.txt'),
      { mediaType: 'text/plain', bytes: utf8('2') },
    ];
    const pieces = splitParts(parts, { by: 'document', maxBytes: 256 });
    expect(pieces).toEqual([
      { source: 'a.txt', part: parts[0] },
      { source: 'part 2', part: parts[1] },
    ]);
  });

  it('by length keeps every byte, and pieces within the limit', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 400 }),
        fc.integer({ min: 4, max: 64 }),
        (text, maxBytes) => {
          const pieces = chunksOf(text, maxBytes);
          expect(pieces.join('')).toBe(text);
          for (const piece of pieces)
            expect(Buffer.byteLength(piece)).toBeLessThanOrEqual(maxBytes);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('by length cuts between paragraphs before lines, and between words before letters', () => {
    expect(chunksOf('aaaa bbbb\n\ncccc dddd', 14)).toEqual(['aaaa bbbb\n\n', 'cccc dddd']);
    expect(chunksOf('aaaa bbbb\ncccc dddd', 14)).toEqual(['aaaa bbbb\n', 'cccc dddd']);
    expect(chunksOf('One is. Two is.', 9)).toEqual(['One is. ', 'Two is.']);
    expect(chunksOf('aaaa bbbb cccc', 11)).toEqual(['aaaa bbbb ', 'cccc']);
    expect(chunksOf('aaaabbbb', 4)).toEqual(['aaaa', 'bbbb']);
  });

  it('by section cuts at headings of two levels, and not in code', () => {
    const text = 'Hello\n# One\ntext\n### Deep\n```\n# no heading\n```\n## Two ##\nend\n';
    const rule = { by: 'section', maxBytes: 4_096 } as const;
    expect(texts([part(text)], rule)).toEqual([
      'Hello\n',
      '# One\ntext\n### Deep\n```\n# no heading\n```\n',
      '## Two ##\nend\n',
    ]);
    expect(sources([part(text)], rule)).toEqual(['a, beginning', 'a, "One"', 'a, "Two"']);
  });

  it('by rows repeats the head of a table, and keeps quoted line breaks together', () => {
    const csv = 'k,v\n1,"a\nb"\n2,c\n3,d\n';
    const rule = { by: 'rows', maxBytes: 14 } as const;
    expect(texts([part(csv, 'text/csv')], rule)).toEqual(['k,v\n1,"a\nb"\n', 'k,v\n2,c\n3,d\n']);
    expect(sources([part(csv, 'text/csv')], rule)).toEqual(['a, rows 1 to 1', 'a, rows 2 to 3']);
  });

  it('by rows cuts a JSON list into lists that hold every item once', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.integer({ min: 1, max: 200 }), (list, maxBytes) => {
        const json = part(JSON.stringify(list), 'application/json');
        const lists = texts([json], { by: 'rows', maxBytes });
        const items = lists.flatMap((text) => JSON.parse(text) as unknown[]);
        expect(items).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });

  it('names what it cannot cut, and why', () => {
    const bytes = { mediaType: 'image/png', bytes: Uint8Array.of(0xff, 0xfe), name: 'x.png' };
    expect(() => splitParts([bytes], { by: 'chunk', maxBytes: 256 })).toThrow(/x\.png.*no UTF-8/);
    const json = part('{"a":1}', 'application/json', 'x.json');
    expect(() => splitParts([json], { by: 'rows', maxBytes: 256 })).toThrow(/x\.json.*JSON list/);
    const broken = part('{', 'application/json', 'y.json');
    expect(() => splitParts([broken], { by: 'rows', maxBytes: 256 })).toThrow(/y\.json.*no JSON/);
  });
});
