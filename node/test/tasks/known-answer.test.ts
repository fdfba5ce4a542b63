import { describe, expect, it } from 'vitest';
import { fromUtf8 } from '../../../crypto/bytes.ts';
import { BUILTIN_TERMS, createBuiltinExecutor } from '../../tasks/executors/executor-registry.ts';
import { KNOWN_ANSWER_TERMS, makeKnownAnswerTasks } from '../../tasks/known-answer.ts';
import type { KnownAnswerTask } from '../../tasks/known-answer.ts';
import { SeededSequence } from '../../tasks/seeded-sequence.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import { matchesWireInput, specificationForWire } from '../../tasks/task-parts.ts';
import { parseTaskSpecification } from '../../tasks/task.ts';

const never = new AbortController().signal;
const DOCUMENTS = 'performs:finance/document-analysis';
const PORTFOLIO = 'performs:finance/portfolio-optimization';
const RISK = 'performs:finance/risk-assessment';
const SENTIMENT = 'performs:nlp/sentiment';

async function answer({ specification, parts }: KnownAnswerTask) {
  const executor = createBuiltinExecutor(specification.skills[0]!)!;
  return (await executor.execute({ specification, parts }, { signal: never })).parts;
}

describe.each([DOCUMENTS, PORTFOLIO, RISK, SENTIMENT])('known-answer tasks of %s', (term) => {
  const tasks = makeKnownAnswerTasks(term, 'seed 1', 12);

  it('pass the honest answer and no answer to another task', async () => {
    const answers = await Promise.all(tasks.map(answer));
    for (const [i, task] of tasks.entries()) {
      expect(await task.grade(answers[i]!)).toBe(true);
      expect(await task.grade(answers[(i + 1) % answers.length]!)).toBe(false);
    }
  });

  it('fail an empty answer, a text and any altered number', async () => {
    const [task] = tasks;
    const part = (await answer(task!))[0]!;
    expect(await task!.grade([])).toBe(false);
    expect(await task!.grade([{ mediaType: 'text/plain', text: 'positive' }])).toBe(false);
    const json = JSON.stringify(part.data);
    const numbers = [...json.matchAll(/(?<=[:[,])-?\d[\d.e+-]*(?=[,}\]])/g)];
    expect(numbers.length).toBeGreaterThan(5);
    const stride = Math.ceil(numbers.length / 25);
    for (const { 0: number, index } of numbers.filter((_, i) => i % stride === 0)) {
      const after = json.slice(index + number.length);
      const other = `${json.slice(0, index)}${Number(number) + 1}${after}`;
      const altered = JSON.parse(other) as NonNullable<typeof part.data>;
      expect(await task!.grade([{ ...part, data: altered }])).toBe(false);
    }
  });

  it('are the same for the same seed and different for another', () => {
    const contents = (seed: string) =>
      JSON.stringify(
        makeKnownAnswerTasks(term, seed, 3).map(({ specification, parts }) => ({
          specification,
          parts: parts.map(({ bytes }) => fromUtf8(bytes)),
        })),
      );
    expect(contents('a')).toBe(contents('a'));
    expect(contents('a')).not.toBe(contents('b'));
  });

  it('differ from one another', () => {
    const inputs = tasks.map(({ parts }) => parts.map(({ bytes }) => fromUtf8(bytes)).join());
    expect(new Set(inputs).size).toBe(tasks.length);
  });

  it('are valid tasks whose parts are those of the wire', () => {
    for (const { specification, parts } of tasks) {
      expect(parseTaskSpecification(specification)).toMatchObject({ valid: true });
      expect(matchesWireInput(specificationForWire(specification, parts), parts)).toBe(true);
    }
  });

  it('cannot be told from the tasks of a user by their form', () => {
    for (const { specification, parts } of tasks) {
      const own = taskForSkill({
        term,
        inputs: [{ file: 'mine', mediaType: parts[0]!.mediaType }],
        valueMicroUsd: 1_500,
      });
      const { input: _a, valueMicroUsd: _b, ...form } = specification;
      const { input: _c, valueMicroUsd: _d, ...ownForm } = own;
      expect(form).toEqual(ownForm);
      const text = JSON.stringify(specification) + parts.map(({ bytes }) => fromUtf8(bytes)).join();
      expect(text).not.toMatch(/canary|known.?answer|coalesce|seed/i);
    }
  });
});

describe('makeKnownAnswerTasks', () => {
  it('covers all built-in skills', () => {
    expect(KNOWN_ANSWER_TERMS).toEqual([DOCUMENTS, PORTFOLIO, RISK, SENTIMENT]);
    expect(KNOWN_ANSWER_TERMS).toEqual(BUILTIN_TERMS);
  });

  it('refuses a skill that this node cannot grade and names those it can', () => {
    for (const term of ['performs:nlp/translation', 'toString']) {
      expect(() => makeKnownAnswerTasks(term, 's', 1)).toThrow(
        expect.objectContaining({
          code: 'NO_KNOWN_ANSWER',
          message: expect.stringContaining(SENTIMENT) as string,
        }) as Error,
      );
    }
  });

  it.each([0, -1, 1.5, 1_001, Number.NaN])('refuses to make %d tasks', (count) => {
    expect(() => makeKnownAnswerTasks(SENTIMENT, 's', count)).toThrow(RangeError);
  });
});

describe('SeededSequence', () => {
  it('is uniform and covers the bounds of integers', () => {
    const sequence = new SeededSequence('x');
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[sequence.integer(0, 9)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
