import { describe, expect, it } from 'vitest';
import { workSize } from '../../tasks/work-size.ts';
import { csvPart, jsonPart, randomTable, textPart } from './price-tables.ts';

describe('the size of an input', () => {
  it('is its bytes alone where the content is not at hand', () => {
    expect(workSize({ inputBytes: 12 })).toEqual({ bytes: 12 });
  });

  it.each([
    ['a table', [randomTable(1, 30, 7)], 8],
    ['the widest of two tables', [csvPart('a,b,c\n1,2,3'), csvPart('a,b\n1,2')], 3],
    ['a table after comments and empty lines', [csvPart('# a,b,c\n\ndate,x\n')], 2],
    ['a table of one line without an end', [csvPart('date,x,y')], 3],
    ['text with commas', [textPart('a, b, c, d')], 0],
    ['JSON', [jsonPart([1, 2, 3])], 0],
    ['an empty table', [csvPart('')], 0],
    ['comments and nothing else', [csvPart('#x\n#y,z')], 0],
    ['nothing', [], 0],
  ])('has the columns of %s', (_what, parts, columns) => {
    expect(workSize({ inputBytes: 5, parts })).toEqual({ bytes: 5, columns });
  });

  it('has the columns of a table with a charset', () => {
    const part = { ...csvPart('a,b'), mediaType: 'text/csv; charset=utf-8' };
    expect(workSize({ inputBytes: 3, parts: [part] })).toEqual({ bytes: 3, columns: 2 });
  });

  it('looks at the first 64 kB of a row without end, and no further', () => {
    const parts = [csvPart(','.repeat(200_000))];
    expect(workSize({ inputBytes: 200_000, parts })).toEqual({ bytes: 200_000, columns: 65_537 });
  });
});
