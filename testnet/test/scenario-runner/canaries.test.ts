/** Marks in the input of tasks: which are found in copies, and whose copies they are traced to. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canaryOf, measureCanaries, withCanary } from '../../scenario-runner/canaries.ts';
import type { MarkedTask } from '../../scenario-runner/canaries.ts';

function marked(workload: string, name: string, ...where: string[]): MarkedTask {
  const attempts = where.map((one) => ({ where: one, outcome: 'verified' }));
  return { task: { workload, attempts }, canary: canaryOf(1, name) };
}

const copyOf = (...names: string[]): string =>
  names.map((name) => withCanary('It is good.', canaryOf(1, name))).join('');

describe('a canary', () => {
  it('is another one for each task and for each seed', () => {
    const canaries = new Set([canaryOf(1, 'a'), canaryOf(1, 'b'), canaryOf(2, 'a')]);
    expect(canaries.size).toBe(3);
    expect(canaryOf(1, 'a')).toBe(canaryOf(1, 'a'));
  });

  it('is found in whatever a copy has around it', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const copies = new Map([['leech', `${before}${copyOf('a')}${after}`]]);
        return measureCanaries([marked('', 'a', 'leech')], copies)['canariesFound'] === 1;
      }),
    );
  });

  it('is not found where nobody copied it, and nothing is measured where none was planted', () => {
    const copies = new Map([['leech', copyOf('b')]]);
    expect(measureCanaries([marked('', 'a', 'leech')], copies)).toEqual({
      ...{ canariesPlanted: 1, canariesFound: 0, canariesTraced: 0 },
    });
    expect(measureCanaries([], copies)).toEqual({});
  });
});

describe('a copy that turns up', () => {
  const copies = new Map([
    ['leech', copyOf('a', 'b')],
    ['other', ''],
  ]);

  it('is traced where one contractor alone was handed the task, and has it', () => {
    const tasks = [marked('open', 'a', 'leech'), marked('closed', 'b', 'local', 'leech')];
    expect(measureCanaries(tasks, copies)).toMatchObject({
      ...{ canariesFound: 2, canariesTracedPercent: 100 },
      ...{ 'open.canariesTraced': 1, 'closed.canariesFound': 1 },
    });
  });

  it('is not traced to one of several that were handed it, nor to another that has it', () => {
    const tasks = [marked('', 'a', 'leech', 'other'), marked('', 'b', 'other')];
    expect(measureCanaries(tasks, copies)).toMatchObject({
      ...{ canariesFound: 2, canariesTraced: 0, canariesTracedPercent: 0 },
    });
  });
});
