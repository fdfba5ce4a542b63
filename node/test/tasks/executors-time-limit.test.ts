import { describe, expect, it } from 'vitest';
import { runWithin, yieldToEventLoop } from '../../tasks/executors/time-limit.ts';

describe('runWithin', () => {
  it('returns what the work returns and throws what it throws', () => {
    expect(runWithin(1_000, () => [1, 2])).toEqual([1, 2]);
    const thrown = new TypeError('no');
    expect(() =>
      runWithin(1_000, () => {
        throw thrown;
      }),
    ).toThrow(thrown);
  });

  it('ends a loop that never ends', () => {
    const forever = () => {
      for (;;);
    };
    expect(() => runWithin(50, forever)).toThrow(
      expect.objectContaining({ code: 'COMPUTATION_TIMEOUT', details: { limitMs: 50 } }) as Error,
    );
    expect(runWithin(1_000, () => 'still works')).toBe('still works');
  });

  it('ends a regular expression that backtracks without end', () => {
    const text = `${'a'.repeat(50)}!`;
    expect(() => runWithin(50, () => /^(a+)+$/.test(text))).toThrow('longer than 50 ms');
  });

  it('can be called by the work itself', () => {
    const nested = () => [runWithin(1_000, () => 'inner'), 'outer'];
    expect(runWithin(1_000, nested)).toEqual(['inner', 'outer']);
  });
});

describe('yieldToEventLoop', () => {
  it('lets other work run', async () => {
    let ran = false;
    setImmediate(() => (ran = true));
    await yieldToEventLoop(new AbortController().signal);
    expect(ran).toBe(true);
  });

  it('notices a signal that fires meanwhile', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort(new Error('deadline')));
    await expect(yieldToEventLoop(controller.signal)).rejects.toThrow('deadline');
  });
});
