import { describe, expect, it } from 'vitest';
import { evaluateFormula } from './formula.ts';

describe('a formula', () => {
  const names = { a: 2, list: [1, 2, 3], other: [2, 4, 6] };

  it.each([
    ['1 + 2 * 3 ^ 2 - 4 / 2', 17],
    ['-a ^ 2 + 1e3', 996],
    ['2 ^ -1', 0.5],
    ['sqrt(16) + abs(0 - 3) + exp(0)', 8],
    ['max(list) - min(list)', 2],
    ['mean(list) * sum(list)', 12],
    ['(1 - 2) - 3', -4],
  ])('%s is %d', (text, value) => {
    expect(evaluateFormula(text, names)).toBe(value);
  });

  it('goes through lists place by place', () => {
    expect(evaluateFormula('other / list', names)).toEqual([2, 2, 2]);
    expect(evaluateFormula('max(a, list)', names)).toEqual([2, 2, 3]);
    expect(evaluateFormula('scaled(list)', names)).toEqual([1 / 6, 2 / 6, 3 / 6]);
    expect(evaluateFormula('a; sum(list)', names)).toEqual([2, 6]);
  });

  it.each([
    'a +',
    'b',
    '(a',
    'a)',
    'a a',
    'toString',
    'constructor(a)',
    'list + other2',
    'a $ a',
    '',
  ])('that is none is refused: "%s"', (text) => {
    expect(() => evaluateFormula(text, names)).toThrow(SyntaxError);
  });
});
