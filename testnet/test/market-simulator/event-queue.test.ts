import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventQueue } from '../../market-simulator/event-queue.ts';

describe('an event queue', () => {
  it('gives events in the order of their time, and of two at one time the first added', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), (hours) => {
        const queue = new EventQueue<number>();
        for (const [i, hour] of hours.entries()) queue.add(hour, i);
        const taken: number[] = [];
        for (let event = queue.takeDue(20); event !== undefined; event = queue.takeDue(20)) {
          taken.push(event);
        }
        const expected = [...hours.keys()].sort((a, b) => hours[a]! - hours[b]! || a - b);
        expect(taken).toEqual(expected);
      }),
    );
  });

  it('keeps what is not due yet', () => {
    const queue = new EventQueue<string>();
    queue.add(2, 'later');
    expect(queue.takeDue(1.9)).toBeUndefined();
    expect(queue.takeDue(2)).toBe('later');
  });
});
