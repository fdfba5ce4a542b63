/** One direction of a faulty link, on a fake clock. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { DelayLine } from '../../faults/delay-line.ts';
import type { LinkState } from '../../faults/fault-rules.ts';

const CLEAR: LinkState = { latencyMs: 0, jitterMs: 0, kilobitsPerSecond: Infinity, isCut: false };
const clock = { monotonicMs: () => performance.now() };

function lineWith(first: Partial<LinkState>) {
  let state: LinkState = { ...CLEAR, ...first };
  const out: { text: string; atMs: number }[] = [];
  const startMs = performance.now();
  const line = new DelayLine({
    state: () => state,
    deliver: (bytes) =>
      out.push({
        text: Buffer.from(bytes).toString(),
        atMs: Math.round(performance.now() - startMs),
      }),
    clock,
    random: new SeededRandom(1),
  });
  const change = (next: Partial<LinkState>): void => {
    state = { ...CLEAR, ...next };
    line.update();
  };
  return { line, out, change, push: (text: string) => line.push(Buffer.from(text)) };
}

describe('one direction of a link', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('delivers at once where there is no fault', () => {
    const { push, out } = lineWith({});
    push('a');
    expect(out).toEqual([{ text: 'a', atMs: 0 }]);
  });

  it('delays by the latency and lets pieces overlap on their way', () => {
    const { push, out } = lineWith({ latencyMs: 200 });
    push('a');
    vi.advanceTimersByTime(50);
    push('b');
    vi.advanceTimersByTime(149);
    expect(out).toEqual([]);
    vi.advanceTimersByTime(101);
    expect(out.map(({ text }) => text)).toEqual(['a', 'b']);
    expect(out[1]!.atMs).toBeGreaterThanOrEqual(250);
  });

  it('takes 8 ms for each byte at a kilobit per second, one piece after the other', () => {
    const { push, out } = lineWith({ kilobitsPerSecond: 1 });
    push('0123456789');
    push('0123456789');
    vi.advanceTimersByTime(79);
    expect(out).toHaveLength(0);
    vi.advanceTimersByTime(2);
    expect(out).toHaveLength(1);
    vi.advanceTimersByTime(80);
    expect(out).toHaveLength(2);
  });

  it('holds everything back while it is cut, and delivers all of it once healed', async () => {
    const { line, push, out, change } = lineWith({ isCut: true });
    push('a');
    push('b');
    vi.advanceTimersByTime(60_000);
    expect(out).toEqual([]);
    expect(line.waiting).toBe(2);
    change({});
    expect(out.map(({ text }) => text)).toEqual(['a', 'b']);
    await line.empty();
  });

  it('delivers what waits sooner when a latency is taken away', () => {
    const { push, out, change } = lineWith({ latencyMs: 10_000 });
    push('a');
    change({});
    expect(out).toHaveLength(1);
  });

  it('keeps the order and every byte, whatever the jitter and the changes', () => {
    const state = fc.record({
      latencyMs: fc.integer({ min: 0, max: 500 }),
      jitterMs: fc.integer({ min: 0, max: 500 }),
      kilobitsPerSecond: fc.constantFrom(1, 64, Infinity),
      isCut: fc.boolean(),
    });
    const step = fc.oneof(
      fc.record({ text: fc.string({ minLength: 1, maxLength: 20 }) }),
      fc.record({ state }),
      fc.record({ waitMs: fc.integer({ min: 0, max: 300 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { push, out, change } = lineWith({});
        let sent = '';
        for (const one of steps) {
          if ('text' in one) {
            push(one.text);
            sent += one.text;
          } else if ('state' in one) change(one.state);
          else vi.advanceTimersByTime(one.waitMs);
        }
        change({});
        vi.advanceTimersByTime(1_200_000);
        expect(out.map(({ text }) => text).join('')).toBe(Buffer.from(sent).toString());
      }),
      { numRuns: 200 },
    );
  });
});
