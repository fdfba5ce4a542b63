import { describe, expect, it } from 'vitest';
import { WorkMeter } from '../../tasks/work-meter.ts';
import type { WorkKind } from '../../tasks/work-meter.ts';
import { FakeProcessor } from './client-fakes.ts';

function open() {
  const processor = new FakeProcessor();
  return { processor, meter: new WorkMeter(processor) };
}

describe('a measure', () => {
  it('is the processor time from begin to end, and the result of the work', async () => {
    const { processor, meter } = open();
    const measure = await meter.time('computes', () => {
      processor.now += 3;
      return Promise.resolve('done');
    });
    expect(measure).toEqual({ result: 'done', seconds: 3, isAlone: true });
  });

  it('stays what it was when it is ended a second time', () => {
    const { processor, meter } = open();
    const span = meter.begin('waits');
    processor.now += 1;
    const measure = span.end();
    processor.now += 1;
    expect(span.end()).toEqual(measure);
  });

  it.each([
    ['computes', 'computes', false, false],
    ['computes', 'waits', true, false],
    ['waits', 'computes', false, true],
    ['waits', 'waits', false, false],
  ] as [WorkKind, WorkKind, boolean, boolean][])(
    'of work that %s beside work that %s is its own: %s, and the other: %s',
    (first, second, isFirstAlone, isSecondAlone) => {
      const { meter } = open();
      const spans = [meter.begin(first), meter.begin(second)];
      expect(spans.map((span) => span.end().isAlone)).toEqual([isFirstAlone, isSecondAlone]);
    },
  );

  it('is spoiled by work that is over before it ends, and not by work before or after', () => {
    const { meter } = open();
    meter.begin('computes').end();
    const spoiled = meter.begin('waits');
    meter.begin('computes').end();
    expect(spoiled.end().isAlone).toBe(false);
    expect(meter.begin('waits').end().isAlone).toBe(true);
  });

  it('is none for work that fails, which does not spoil what comes after', async () => {
    const { meter } = open();
    const failing = meter.time('computes', () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(meter.begin('computes').end().isAlone).toBe(true);
  });
});
