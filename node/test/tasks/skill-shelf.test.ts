import { beforeEach, describe, expect, it } from 'vitest';
import { BadInputError } from '../../errors.ts';
import { silentLogger } from '../../logger.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { SkillShelf } from '../../tasks/skill-shelf.ts';
import type { StoredSkill } from '../../tasks/skill-shelf.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const TERM = 'performs:nlp/sentiment';
const MODULE = { type: 'module', path: 'fixtures/shouting-executor.ts' };

function skill(change: object = {}) {
  return {
    term: TERM,
    description: 'x',
    priceMicroUsd: 1_000,
    perUnit: 'task',
    latencyMs: 100,
    capacity: 1,
    executor: { type: 'builtin' },
    ...change,
  };
}

let section: MemoryJsonSection<StoredSkill>;
let shelf: SkillShelf;

function open(): SkillShelf {
  const random = new FakeRandom('shelf');
  return new SkillShelf({
    section,
    baseDirectory: import.meta.dirname,
    random,
    logger: silentLogger,
  });
}

beforeEach(() => {
  section = new MemoryJsonSection();
  shelf = open();
});

async function refusalOf(offer: unknown): Promise<BadInputError> {
  const before = shelf.list().length;
  const error: unknown = await shelf.add(offer).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(BadInputError);
  expect(shelf.list()).toHaveLength(before);
  return error as BadInputError;
}

describe('SkillShelf', () => {
  it('sells what an offer names, with default rules for what it leaves out', async () => {
    await shelf.add({ skills: [skill()], accept: { minPriceMicroUsd: 5 } });
    expect(shelf.list().map(({ term }) => term)).toEqual([TERM]);
    expect(shelf.find(TERM)!.accept).toEqual({
      clients: 'any',
      minPriceMicroUsd: 5,
      maxInBytes: 8 * 1024 * 1024,
      levels: ['low', 'medium', 'high'],
    });
    expect(shelf.find('performs:nlp/summary')).toBeUndefined();
  });

  it('replaces an earlier offer of the same term and keeps the others', async () => {
    await shelf.add({ skills: [skill(), skill({ term: 'performs:x', executor: MODULE })] });
    await shelf.add({ skills: [skill({ priceMicroUsd: 7 })] });
    expect(shelf.list()).toHaveLength(2);
    expect(shelf.find(TERM)!.priceMicroUsd).toBe(7);
  });

  it('sells the same after a restart', async () => {
    await shelf.add({ skills: [skill({ priceMicroUsd: 7 })], accept: { clients: 'known' } });
    const again = open();
    expect(await again.load()).toEqual([]);
    expect(again.find(TERM)).toMatchObject({ priceMicroUsd: 7, accept: { clients: 'known' } });
  });

  it('sells nothing that was withdrawn, also after a restart', async () => {
    await shelf.add({ skills: [skill()] });
    expect(await shelf.remove(TERM)).toBe(true);
    expect(await shelf.remove(TERM)).toBe(false);
    const again = open();
    await again.load();
    expect(again.list()).toEqual([]);
  });

  it('says at a restart which executor is gone, and sells the rest', async () => {
    await shelf.add({ skills: [skill(), skill({ term: 'performs:x', executor: MODULE })] });
    const stored = (await section.get('performs:x'))!;
    const executor = { type: 'module', path: 'fixtures/gone.ts' } as const;
    await section.put('performs:x', { ...stored, skill: { ...stored.skill, executor } });
    const again = open();
    const failed = await again.load();
    expect(failed.map(({ term }) => term)).toEqual(['performs:x']);
    expect(failed[0]!.reason).toContain('gone.ts');
    expect(again.list().map(({ term }) => term)).toEqual([TERM]);
  });

  it('lists every problem of an offer at once', async () => {
    const { problems } = await refusalOf({
      skills: [skill({ priceMicroUsd: -1, capacity: 0, colour: 1 })],
      accpet: {},
    });
    expect(problems.length).toBeGreaterThanOrEqual(4);
    for (const named of ['priceMicroUsd', 'capacity', 'colour', 'accpet']) {
      expect(problems.join('\n')).toContain(named);
    }
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['no skills', { skills: [] }],
    ['the same term twice', { skills: [skill(), skill()] }],
    ['a unit that no price is made of', { skills: [skill({ perUnit: 'hour' })] }],
    ['a term without a built-in executor', { skills: [skill({ term: 'performs:nlp/none' })] }],
    [
      'a module that is missing',
      { skills: [skill({ executor: { type: 'module', path: 'no.ts' } })] },
    ],
    [
      'a module that does not load',
      {
        skills: [skill({ executor: { type: 'module', path: 'fixtures/broken-executor.ts' } })],
      },
    ],
    [
      'an agent at an address that is none',
      { skills: [skill({ executor: { type: 'a2a', url: 'agent' } })] },
    ],
    [
      'a program that is not there',
      { skills: [skill({ executor: { type: 'command', program: './no-such-program' } })] },
    ],
    [
      'a model at an address that is none',
      {
        skills: [
          skill({ executor: { type: 'openai', baseUrl: 'x', model: 'm', systemPrompt: 's' } }),
        ],
      },
    ],
    ['an unknown executor', { skills: [skill({ executor: { type: 'rust', path: 'rm' } })] }],
  ])('refuses %s, and changes nothing', async (_what, offer) => {
    await shelf.add({ skills: [skill()] });
    await refusalOf(offer);
    expect(shelf.find(TERM)!.perUnit).toBe('task');
    expect(section.bytes.values.size).toBe(1);
  });

  it('changes nothing where one skill of several is bad', async () => {
    const bad = skill({ term: 'performs:nlp/none' });
    await refusalOf({ skills: [skill(), bad] });
    expect(shelf.find(TERM)).toBeUndefined();
    expect(section.bytes.values.size).toBe(0);
  });

  it('sells 32 skills at most, over all offers: what a record holds', async () => {
    const skills = Array.from({ length: 32 }, (_, i) =>
      skill({ term: `performs:x${i}`, executor: MODULE }),
    );
    await shelf.add({ skills });
    const error = await refusalOf({ skills: [skill()] });
    expect(error.message).toContain('33 would be on offer');
    await shelf.add({ skills: [skills[0]] });
  });
});
