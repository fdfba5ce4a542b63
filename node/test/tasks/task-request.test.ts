import { describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import type { LocalMachine } from '../../tasks/local-machine.ts';
import type { PreparedTask } from '../../tasks/prepared-task.ts';
import { preparedFromRequest } from '../../tasks/task-request.ts';
import { problemOf } from './problem-of.ts';

const TERM = 'performs:nlp/sentiment';
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Knows what a task costs here, and how large its result is. */
class FakeLocalMachine {
  readonly #costMicroUsd: number | null;
  constructor(costMicroUsd: number | null) {
    this.#costMicroUsd = costMicroUsd;
  }
  costMicroUsd(): number | null {
    return this.#costMicroUsd;
  }
  expectedOutputBytes({ inputBytes }: PreparedTask): number {
    return 100 * inputBytes;
  }
}

const machine = (cost: number | null) => new FakeLocalMachine(cost) as unknown as LocalMachine;

const TASK = {
  title: 'Mood',
  skills: [TERM],
  input: { parts: [{ file: 'in/a.txt', mediaType: 'text/plain' }] },
  output: { mediaType: 'application/json' },
  verification: [],
  constraints: { sensitivity: 'low' },
  valueMicroUsd: 5,
};

describe('a task with files', () => {
  it('is taken up with the bytes that were handed in', () => {
    const files = { 'in/a.txt': base64('good') };
    const task = preparedFromRequest({ task: TASK, files }, machine(0));
    expect(task).toMatchObject({ term: TERM, inputBytes: 4, expectedOutputBytes: 400 });
    expect(task.parts).toEqual([{ mediaType: 'text/plain', bytes: utf8('good'), name: 'a.txt' }]);
    expect(task.specification.valueMicroUsd).toBe(5);
  });

  it('has an id of its own each time', () => {
    const request = { task: TASK, files: { 'in/a.txt': '' } };
    const ids = [1, 2].map(() => preparedFromRequest(request, machine(0)).taskId);
    expect(ids[0]).not.toBe(ids[1]);
  });

  it.each([
    ['a file that was not handed in', TASK, {}, /in\/a\.txt was not handed in/],
    [
      'a URL',
      { ...TASK, input: { parts: [{ url: 'https://x.example/', mediaType: 'text/plain' }] } },
      {},
      /not fetched/,
    ],
    ['two skills', { ...TASK, skills: [TERM, 'performs:x'] }, {}, /one skill/],
    ['regions', { ...TASK, constraints: { sensitivity: 'low', regions: ['eu'] } }, {}, /regions/],
  ])('is refused for %s', (_what, task, files, message) => {
    expect(problemOf(() => preparedFromRequest({ task, files }, machine(0))).message).toMatch(
      message,
    );
  });

  it('is refused with every problem of its specification at once', () => {
    const task = { ...TASK, titel: 'x', valueMicroUsd: -1, skills: ['x y'] };
    const { problems } = problemOf(() => preparedFromRequest({ task, files: {} }, machine(0)));
    for (const named of ['titel', 'valueMicroUsd', 'skills']) {
      expect(problems.join('\n')).toContain(named);
    }
  });

  it.each([undefined, null, [], 3, 'task'])('is refused if it is %j', (task) => {
    expect(problemOf(() => preparedFromRequest({ task, files: {} }, machine(0))).exitCode).toBe(2);
  });

  it('takes no file from the prototype of an object', () => {
    const task = { ...TASK, input: { parts: [{ file: 'toString', mediaType: 'text/plain' }] } };
    expect(problemOf(() => preparedFromRequest({ task, files: {} }, machine(0))).message).toMatch(
      /not handed in/,
    );
  });
});

describe('a skill with inputs', () => {
  const inputs = [
    { name: 'a.txt', mediaType: 'text/plain', contentBase64: base64('good') },
    { name: 'b.csv', mediaType: 'text/csv', contentBase64: base64('x') },
  ];

  it('becomes a task of that skill on those inputs', () => {
    const task = preparedFromRequest({ skill: TERM, inputs }, machine(0));
    expect(task).toMatchObject({ term: TERM, inputBytes: 5, expectedOutputBytes: 500 });
    expect(task.parts.map(({ mediaType, name }) => [mediaType, name])).toEqual([
      ['text/plain', 'a.txt'],
      ['text/csv', 'b.csv'],
    ]);
    expect(task.specification.verification).toEqual([{ type: 'recompute' }]);
  });

  it.each([
    [null, 1_000],
    [0, 1_000],
    [666, 1_000],
    [667, 1_001],
    [10_000.1, 15_001],
  ])('is worth, where it costs %s here, %i micro-USD', (cost, value) => {
    const task = preparedFromRequest({ skill: TERM, inputs }, machine(cost));
    expect(task.specification.valueMicroUsd).toBe(value);
  });
});
