import { describe, expect, it } from 'vitest';
import { MAX_QUEUED_TASKS, WorkQueue } from '../../tasks/work-queue.ts';
import type { QueuedWork } from '../../tasks/work-queue.ts';

function work(valueMicroUsd: number): QueuedWork {
  const task = { term: 'performs:nlp/sentiment', inputBytes: 1_000, specification: {} };
  return { task, valueMicroUsd };
}

const values = (queue: WorkQueue, id?: string) =>
  queue.beside(id).map(({ valueMicroUsd }) => valueMicroUsd);

describe('the queue', () => {
  it('is every task but the one that is decided on, Paper Eq. (5)', () => {
    const queue = new WorkQueue();
    queue.add('a', work(1));
    queue.add('b', work(2));
    expect(values(queue)).toEqual([1, 2]);
    expect(values(queue, 'a')).toEqual([2]);
    queue.delete('b');
    expect(values(queue, 'a')).toEqual([]);
  });

  it('keeps the first word on a task that is added twice', () => {
    const queue = new WorkQueue();
    queue.add('a', work(1));
    queue.add('a', work(9));
    expect(values(queue)).toEqual([1]);
  });

  it('leaves a task out while it is with somebody else, and takes it back if that fails', async () => {
    const queue = new WorkQueue();
    queue.add('a', work(1));
    const failing = queue.whileElsewhere('a', () => {
      expect(values(queue)).toEqual([]);
      return Promise.reject(new Error('failed there'));
    });
    await expect(failing).rejects.toThrow('failed there');
    expect(values(queue)).toEqual([1]);
  });

  it('does not take a task back that ended while it was elsewhere', async () => {
    const queue = new WorkQueue();
    queue.add('a', work(1));
    await queue.whileElsewhere('a', () => Promise.resolve(queue.delete('a')));
    expect(queue.size).toBe(0);
    expect(await queue.whileElsewhere('never there', () => Promise.resolve(7))).toBe(7);
    expect(queue.size).toBe(0);
  });

  it('is bounded, and takes tasks again once others have gone', () => {
    const queue = new WorkQueue();
    for (let i = 0; i < MAX_QUEUED_TASKS + 5; i++) queue.add(`task ${i}`, work(i));
    expect(queue.size).toBe(MAX_QUEUED_TASKS);
    queue.delete('task 0');
    queue.add('late', work(1));
    expect(queue.size).toBe(MAX_QUEUED_TASKS);
    expect(values(queue, 'late')).toHaveLength(MAX_QUEUED_TASKS - 1);
  });
});
