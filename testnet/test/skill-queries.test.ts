/**
 * Holds the labelled set for free-text skill search to what it says of itself, and frozen: a set
 * that changes after an embedder was tuned with it measures nothing. The stems behind
 * `noSharedStem` are not computed again here; a word that is repeated letter by letter is noticed.
 *
 * @module
 */

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { isAtOrBelow, parseTerm, PREDICATES } from '../../protocols/skill-discovery/terms.ts';
import { readProjectFile } from './source-tree.ts';

interface LabelledSkill {
  readonly id: string;
  readonly term: string;
  readonly name: string;
  readonly description: string;
}

interface LabelledQuery {
  readonly id: string;
  readonly text: string;
  readonly skill: string;
  readonly half: 'development' | 'held-out';
  readonly noSharedStem: boolean;
}

interface LabelledSet {
  readonly version: number;
  readonly about: string;
  readonly skills: readonly LabelledSkill[];
  readonly queries: readonly LabelledQuery[];
}

/** SHA-256 of the skills and queries as JSON without blanks. */
const FROZEN_DIGEST = '7cebf8fc1390407736e4c735d55f8fd50c8bdcf2c82f503d94fa47f207af6cbb';

const set = JSON.parse(
  readProjectFile('testnet/benchmarks/data/skill-queries.json'),
) as LabelledSet;
const { skills, queries } = set;
const skillById = new Map(skills.map((skill) => [skill.id, skill]));

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function skillOf(query: LabelledQuery): LabelledSkill {
  const skill = skillById.get(query.skill);
  if (!skill) throw new RangeError(`"query" expected the id of a skill, got ${query.skill}`);
  return skill;
}

/** Predicate of the query's term and, for `performs`, the first segment. */
function domainOf(query: LabelledQuery): string {
  const parsed = parseTerm(skillOf(query).term);
  if (!parsed.valid) throw new RangeError(parsed.detail);
  const { predicate, path } = parsed.term;
  return predicate === 'performs' ? `performs:${path[0]}` : predicate;
}

/** Queries in the order in which they were dealt out to the halves. */
function dealingOrder(): LabelledQuery[] {
  const key = (query: LabelledQuery): string =>
    [domainOf(query), Number(query.noSharedStem), sha256(query.id)].join(' ');
  return queries.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function longWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]{5,}/g) ?? [];
}

function distinct(values: readonly string[]): number {
  return new Set(values.map((value) => value.toLowerCase())).size;
}

describe('the labelled set of skills and queries', () => {
  it('has 200 skills and 200 queries whose ids, names and texts are all distinct', () => {
    expect(set.version).toBe(1);
    expect([skills.length, queries.length]).toEqual([200, 200]);
    expect(distinct([...skills, ...queries].map(({ id }) => id))).toBe(400);
    expect(distinct(skills.map(({ name }) => name))).toBe(200);
    expect(distinct(skills.map(({ description }) => description))).toBe(200);
    expect(distinct(queries.map(({ text }) => text))).toBe(200);
  });

  it('has terms that parse, none at or below another, of every predicate', () => {
    const terms = skills.map(({ term }) => term);
    expect(terms.filter((term) => !parseTerm(term).valid)).toEqual([]);
    const nested = terms.filter((a, i) => terms.some((b, j) => i !== j && isAtOrBelow(a, b)));
    expect(nested).toEqual([]);
    const predicates = new Set(terms.map((term) => term.split(':')[0]));
    expect([...predicates].toSorted()).toEqual(PREDICATES.toSorted());
  });

  it('asks for each skill exactly once', () => {
    const asked = queries.map(({ skill }) => skill).toSorted();
    expect(asked).toEqual(skills.map(({ id }) => id).toSorted());
  });

  it('has queries of 4 to 14 words', () => {
    const lengths = queries.map(({ text }) => text.split(' ').length);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(4);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(14);
  });

  it('splits the queries into halves of 100 by the rule that it states', () => {
    const halves = dealingOrder().map(({ half }) => half);
    expect(halves).toEqual(halves.map((_, i) => (i % 2 === 0 ? 'development' : 'held-out')));
  });

  it('splits every domain evenly, to within one query', () => {
    const surplus = new Map<string, number>();
    for (const query of queries) {
      const step = query.half === 'development' ? 1 : -1;
      surplus.set(domainOf(query), (surplus.get(domainOf(query)) ?? 0) + step);
    }
    expect([...surplus].filter(([, difference]) => Math.abs(difference) > 1)).toEqual([]);
  });

  it('has as many queries without a shared stem in each half as it states', () => {
    const unshared = queries.filter(({ noSharedStem }) => noSharedStem);
    const development = unshared.filter(({ half }) => half === 'development').length;
    const heldOut = unshared.length - development;
    expect([development, heldOut]).toEqual([55, 53]);
    expect(set.about).toContain(
      `true for ${unshared.length} queries, ${development} of them development and ${heldOut} held-out`,
    );
  });

  it('repeats no long word of the skill in a query that is said to share no stem', () => {
    const repeating = queries.filter((query) => {
      const { term, name, description } = skillOf(query);
      const ofSkill = new Set(longWords(`${term} ${name} ${description}`));
      return query.noSharedStem && longWords(query.text).some((word) => ofSkill.has(word));
    });
    expect(repeating.map(({ text }) => text)).toEqual([]);
  });

  it('is letter for letter the set that was frozen', () => {
    expect(sha256(JSON.stringify({ skills, queries }))).toBe(FROZEN_DIGEST);
  });
});
