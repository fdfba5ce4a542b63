import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { EXECUTOR_TYPES, executorConfigSchema } from '../../tasks/executor-config.ts';
import { createExecutor } from '../../tasks/executors/executor-registry.ts';
import { parseOffer } from '../../tasks/offer.ts';
import type { Offer } from '../../tasks/offer.ts';
import { silentLogger } from '../../logger.ts';
import { FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';

const page = await readFile(new URL('../../docs/offers.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, text]) => JSON.parse(text!) as unknown,
);
const offers = examples.flatMap((json): Offer[] => {
  const parsed = parseOffer(json);
  return parsed.valid ? [parsed.value] : [];
});

describe('the page of offers', () => {
  it('shows an offer of each executor that needs one, and each is taken as it is', async () => {
    expect(offers).toHaveLength(examples.length);
    const skills = offers.flatMap((offer) => offer.skills);
    expect(skills.map(({ executor }) => executor.type)).toEqual(['openai', 'command', 'a2a']);
    for (const { term, executor } of skills) {
      const random = new FakeRandom('page');
      const components = { baseDirectory: import.meta.dirname, random, logger: silentLogger };
      expect((await createExecutor(term, executor, components)).term).toBe(term);
    }
  });

  it('names every executor, and every key of each', () => {
    for (const type of EXECUTOR_TYPES) expect(page).toContain(`\`${type}\``);
    for (const { shape } of executorConfigSchema.options) {
      for (const key of Object.keys(shape)) {
        if (key !== 'type') expect(page).toMatch(new RegExp(`\`${key}\\??\``));
      }
    }
  });
});
