import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Random } from '../../../protocols/components.ts';
import { rankContractors } from '../../tasks/contractor-ranking.ts';
import type { RankedContractor } from '../../tasks/contractor-ranking.ts';

type Named = RankedContractor & { readonly name: string };

const one = (name: string, isKnown: boolean, level: 0 | 1 | 2 | 3, score: number): Named => ({
  name,
  isKnown,
  proved: { level },
  fit: { score, ontology: 1, embedding: null },
  hit: { source: 'holder', offer: offerOf('100', 1_000) },
});

/** The same with another price and latency. */
const offering = (contractor: Named, priceMicroUsd: string, latencyMs: number): Named => ({
  ...contractor,
  hit: { ...contractor.hit, offer: offerOf(priceMicroUsd, latencyMs) },
});

function offerOf(priceMicroUsd: string, latencyMs: number) {
  return { term: 'performs:nlp', priceMicroUsd, perUnit: 'task', latencyMs, capacity: 1 };
}

/** A hit of a free text alone, so near to it. */
const byText = (name: string, isKnown: boolean, embedding: number): Named => ({
  ...one(name, isKnown, isKnown ? 2 : 0, embedding),
  fit: { score: embedding, ontology: null, embedding },
});

/** Gives these lots in turn. */
function lots(...values: readonly number[]): Random {
  const rest = values.values();
  return {
    bytes: () => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, rest.next().value ?? 0);
      return bytes;
    },
  };
}

const namesOf = (ranked: readonly Named[]) => ranked.map(({ name }) => name);

/** Both ways round: the place of the first is not that in which it came. */
function expectBefore(first: Named, second: Named): void {
  // The lots speak for the second.
  expect(rankContractors([first, second], lots(9, 1))[0]).toBe(first);
  expect(rankContractors([second, first], lots(1, 9))[0]).toBe(first);
}

describe('the order of contractors', () => {
  it.each<[string, Named, Named]>([
    [
      'a known peer before a stranger that is proved better and fits better',
      one('known', true, 0, 0.1),
      one('stranger', false, 3, 0.9),
    ],
    ['the better proved before the better fit', one('a', false, 1, 0.1), one('b', false, 0, 0.9)],
    ['of known peers as well', one('a', true, 3, 0.1), one('b', true, 2, 0.9)],
    [
      'the better fit, however little, before a lot',
      one('a', true, 2, 0.51),
      one('b', true, 2, 0.5),
    ],
  ])('puts %s', (_, first, second) => {
    expectBefore(first, second);
  });

  it('puts what answers a text before known peers of another skill, and these first of what does', () => {
    expectBefore(byText('right', false, 0.6), byText('known for another', true, 0.29));
    // However well a stranger's vector is made for the text.
    expectBefore(byText('known', true, 0.31), byText('stranger', false, 1));
    // A hit of a term that was asked for is never far, and says nothing of how near texts are.
    expectBefore(one('named', true, 2, 0.1), byText('stranger', false, 0.9));
    expectBefore(byText('known by text', true, 0.5), one('named', false, 3, 0.9));
  });

  it('takes a hit of a term for an answer, however far it is from the text beside it', () => {
    const asked = {
      ...one('asked', true, 2, 0.4),
      fit: { score: 0.4, ontology: 1, embedding: 0.1 },
    };
    expectBefore(asked, byText('stranger near the text', false, 0.9));
  });

  it('puts of equals one that answered itself before one that others keep the record of', () => {
    const gone = one('perhaps gone', true, 2, 0.5);
    expectBefore(one('there', true, 2, 0.5), {
      ...gone,
      hit: { ...gone.hit, source: 'dht' },
    });
  });

  it('goes by price or latency where the caller wants that, and known peers stay first', () => {
    const all = [
      offering(one('dear and quick', false, 3, 0.9), '300', 10),
      offering(one('cheap and slow', false, 0, 0.1), '1', 9_000),
      offering(one('known', true, 0, 0.1), '999', 99_000),
      offering(one('between', false, 1, 0.5), '20', 500),
    ];
    const ranked = (order: 'fit' | 'price' | 'latency') =>
      namesOf(rankContractors(all, lots(1, 2, 3, 4), order));
    expect(ranked('price')).toEqual(['known', 'cheap and slow', 'between', 'dear and quick']);
    expect(ranked('latency')).toEqual(['known', 'dear and quick', 'between', 'cheap and slow']);
    expect(ranked('fit')).toEqual(['known', 'dear and quick', 'between', 'cheap and slow']);
  });

  it('leaves equals to the lot, not to who answered first', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((name) => one(name, false, 1, 0.5)) as [
      Named,
      Named,
      Named,
    ];
    expect(namesOf(rankContractors([a, b, c], lots(30, 10, 20)))).toEqual(['b', 'c', 'a']);
    expect(namesOf(rankContractors([a, b, c], lots(2 ** 32 - 1, 2 ** 31, 0)))).toEqual([
      'c',
      'b',
      'a',
    ]);
  });

  it('is that of the first key in which two differ, for any number of them', () => {
    const contractor = fc.record({
      isKnown: fc.boolean(),
      level: fc.constantFrom<0 | 1 | 2 | 3>(0, 1, 2, 3),
      score: fc.constantFrom(0, 0.25, 0.5, 1),
      lot: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    });
    fc.assert(
      fc.property(fc.array(contractor, { maxLength: 24 }), (drawn) => {
        const all = drawn.map(({ isKnown, level, score }, i) => one(`${i}`, isKnown, level, score));
        const ranked = rankContractors(all, lots(...drawn.map(({ lot }) => lot)));
        expect(new Set(ranked)).toEqual(new Set(all));
        const keysOf = ({ name, isKnown, proved, fit }: Named) => [
          Number(isKnown),
          proved.level,
          fit.score,
          -drawn[Number(name)]!.lot,
        ];
        for (const [i, later] of ranked.slice(1).entries()) {
          const differences = keysOf(ranked[i]!).map((key, at) => key - keysOf(later)[at]!);
          expect(differences.find((difference) => difference !== 0) ?? 0).toBeGreaterThanOrEqual(0);
        }
      }),
    );
  });
});
