import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairSlots, MAX_WAITING, MAX_WAITING_PER_CLIENT } from '../../tasks/fair-slots.ts';

const LANE = 'performs:nlp/sentiment';
const never = new AbortController().signal;
setMaxListeners(0, never);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Slots, and the clients in the order in which they were served. */
class Crowd {
  readonly slots = new FairSlots();
  readonly served: string[] = [];
  readonly refused: string[] = [];
  inWork = 0;
  mostInWork = 0;
  readonly #ends: (() => void)[] = [];

  arrive(client: string, capacity = 1, { lane = LANE, signal = never } = {}): Promise<void> {
    return this.slots.take({ lane, slots: capacity, client }, signal).then((giveBack) => {
      if (!giveBack) {
        this.refused.push(client);
        return;
      }
      this.served.push(client);
      this.inWork += 1;
      this.mostInWork = Math.max(this.mostInWork, this.inWork);
      this.#ends.push(() => {
        this.inWork -= 1;
        giveBack();
      });
    });
  }

  /** Ends the oldest piece of work. */
  async end(): Promise<void> {
    this.#ends.shift()!();
    await turn();
  }

  async endAll(): Promise<void> {
    await turn();
    while (this.#ends.length > 0) await this.end();
  }
}

describe('slots of a skill', () => {
  it('are taken at once while there are some, and are those of their skill alone', async () => {
    const crowd = new Crowd();
    await crowd.arrive('a', 2);
    await crowd.arrive('a', 2);
    void crowd.arrive('b', 2);
    await crowd.arrive('c', 1, { lane: 'performs:nlp/summary' });
    expect(crowd.served).toEqual(['a', 'a', 'c']);
    expect(crowd.slots.waiting).toBe(1);
    await crowd.endAll();
    expect(crowd.served).toEqual(['a', 'a', 'c', 'b']);
  });

  it('go to clients in turn, however much each has waiting', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < 6; i++) void crowd.arrive('greedy');
    for (const client of ['b', 'c']) for (let i = 0; i < 2; i++) void crowd.arrive(client);
    await crowd.endAll();
    expect(crowd.served.join(' ')).toBe('greedy greedy b c greedy b c greedy greedy greedy');
  });

  it('cannot be starved by one client (a flood before a hundred others)', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < 1_000; i++) void crowd.arrive('flood', 2);
    for (let i = 0; i < 100; i++) void crowd.arrive(`honest ${i}`, 2);
    await turn();
    expect(crowd.refused.filter((client) => client !== 'flood')).toEqual([]);
    expect(crowd.slots.waiting).toBe(MAX_WAITING_PER_CLIENT + 100);
    await crowd.endAll();
    const lastHonest = crowd.served.lastIndexOf('honest 99');
    const before = crowd.served.slice(0, lastHonest).filter((client) => client === 'flood');
    expect(before).toHaveLength(3); // two in work, one turn
    expect(crowd.mostInWork).toBe(2);
  });

  it('are refused beyond the bound of the queue, and given again once it is shorter', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < MAX_WAITING + 2; i++) void crowd.arrive(`client ${i}`);
    await turn();
    expect(crowd.refused).toEqual([`client ${MAX_WAITING + 1}`]);
    await crowd.end();
    void crowd.arrive('late');
    await turn();
    expect(crowd.refused).toHaveLength(1);
    await crowd.endAll();
    expect(crowd.served).toHaveLength(MAX_WAITING + 2);
    expect(crowd.slots.waiting).toBe(0);
  });

  it('follow a capacity that the operator changes while work waits', async () => {
    const crowd = new Crowd();
    for (let i = 0; i < 3; i++) void crowd.arrive('a', 1);
    void crowd.arrive('b', 3);
    await turn();
    expect(crowd.inWork).toBe(3);
    void crowd.arrive('c', 1);
    await crowd.end();
    await crowd.end();
    expect(crowd.inWork).toBe(1);
    await crowd.endAll();
    expect(crowd.served).toHaveLength(5);
  });

  it('are not waited for any more once the signal fires', async () => {
    const crowd = new Crowd();
    const controller = new AbortController();
    void crowd.arrive('a');
    const given = crowd.arrive('b', 1, { signal: controller.signal });
    const other = crowd.arrive('b');
    controller.abort(new Error('given up'));
    await expect(given).rejects.toThrow('given up');
    expect(crowd.slots.waiting).toBe(1);
    await crowd.endAll();
    await other;
    expect(crowd.served).toEqual(['a', 'b']);
    await expect(crowd.arrive('c', 1, { signal: controller.signal })).rejects.toThrow('given up');
  });

  it('are never more than the capacity, lose nobody and keep their bounds (property)', async () => {
    const client = fc.constantFrom('a', 'b', 'c', 'd');
    const step = fc.oneof(client, fc.constant('end'), fc.constant('leave'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, capacity) => {
          const crowd = new Crowd();
          const leavers: AbortController[] = [];
          let left = 0;
          let arrived = 0;
          for (const one of steps) {
            if (one === 'end') {
              if (crowd.inWork > 0) await crowd.end();
            } else if (one === 'leave') {
              leavers.shift()?.abort(new Error('left'));
            } else {
              arrived += 1;
              const controller = new AbortController();
              leavers.push(controller);
              crowd.arrive(one, capacity, { signal: controller.signal }).catch(() => (left += 1));
            }
            await turn();
            expect(crowd.inWork).toBeLessThanOrEqual(capacity);
            if (crowd.slots.waiting > 0) expect(crowd.inWork).toBe(capacity);
          }
          await crowd.endAll();
          expect(crowd.served.length + crowd.refused.length + left).toBe(arrived);
          expect(crowd.slots.waiting).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });
});
