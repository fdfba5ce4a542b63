import { describe, expect, it } from 'vitest';

import { cosineSimilarity } from '../../skills/compatibility.ts';
import { embedLocally } from '../../skills/embedding.ts';
import { CONCEPTS, namesOf, phraseKey } from '../../skills/vocabulary.ts';
import { GroupIndex, LAY_GROUPS } from '../../skills/word-groups.ts';
import { stemsOf } from '../../skills/word-stems.ts';

const LEAVES = CONCEPTS.filter(
  ({ term }) => !CONCEPTS.some((other) => other.term.startsWith(`${term}/`)),
);

const keyOf = (phrase: string) => phraseKey(stemsOf(phrase));

describe('word groups', () => {
  it('have words of lay people for each concept that has no narrower one', () => {
    const known = new Set(LAY_GROUPS.flatMap((group) => group.map(keyOf)));
    const missing = LEAVES.filter((leaf) => !namesOf(leaf).some((name) => known.has(keyOf(name))));
    expect(missing.map(({ term }) => term)).toEqual([]);
  });

  it('have no word of lay people that a text loses as too common', () => {
    const lost = LAY_GROUPS.flat().filter((item) => stemsOf(item).length === 0);
    expect(lost).toEqual([]);
  });

  it('put two groups nearer the more words they share', () => {
    const index = new GroupIndex([
      ['hammer', 'nail', 'saw'],
      ['hammer', 'nail', 'paint'],
      ['saw', 'tree', 'axe'],
      ['violin', 'flute'],
    ]);
    const [own, two, one, none] = [0, 1, 2, 3].map((number) => index.vectorOf(number));
    expect(cosineSimilarity(own!, two!)).toBeGreaterThan(cosineSimilarity(own!, one!));
    expect(cosineSimilarity(own!, one!)).toBeGreaterThan(cosineSimilarity(own!, none!));
    expect(index.numbersOf(keyOf('nails'))).toEqual([0, 1]);
    expect(index.numbersOf(keyOf('trumpet'))).toEqual([]);
  });

  it.each([
    ['our drain is clogged and the door is squeaky', 'performs:lifestyle/home-and-family'],
    ['red eyes and wrinkles in the wedding photos', 'performs:vision/image-editing'],
    ['a carpenter has planks and offcuts', 'performs:math/optimization'],
    ['the elevator has a grinding noise', 'performs:engineering/predictive-maintenance'],
  ])('lead from "%s" to %s among the first three concepts', (trouble, answer) => {
    const asked = embedLocally(trouble);
    const ranked = LEAVES.map(({ term, label, definition }) => ({
      term,
      similarity: cosineSimilarity(asked, embedLocally(`${term} ${label}. ${definition}`)),
    })).sort((one, other) => other.similarity - one.similarity);
    expect(ranked.slice(0, 3).map(({ term }) => term)).toContain(answer);
  });
});
