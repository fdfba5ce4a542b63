import { TaskState } from '@a2a-js/sdk';
import type { ListTasksRequest, Task } from '@a2a-js/sdk';
import type { ServerCallContext } from '@a2a-js/sdk/server';
import { describe, expect, it } from 'vitest';
import { BoundedTaskStore, MAX_KEPT_TASKS } from '../../tasks/bounded-task-store.ts';

function as(userName: string): ServerCallContext {
  return { user: { userName, isAuthenticated: true } } as unknown as ServerCallContext;
}

function task(id: string, change: Partial<Task> = {}): Task {
  return {
    id,
    contextId: 'c',
    status: { state: TaskState.TASK_STATE_WORKING, message: undefined, timestamp: undefined },
    artifacts: [],
    history: [],
    metadata: undefined,
    ...change,
  };
}

function list(store: BoundedTaskStore, user: string, change: Partial<ListTasksRequest> = {}) {
  return store.list(change as ListTasksRequest, as(user));
}

describe('BoundedTaskStore', () => {
  it('shows a task to the client that sent it, and to nobody else', async () => {
    const store = new BoundedTaskStore();
    await store.save(task('1'), as('alice'));
    expect(await store.load('1', as('alice'))).toEqual(task('1'));
    expect(await store.load('1', as('mallory'))).toBeUndefined();
    expect((await list(store, 'mallory')).tasks).toEqual([]);
  });

  it('keeps tasks of two clients with the same id apart, whatever the names are', async () => {
    const store = new BoundedTaskStore();
    await store.save(task('1', { contextId: 'a' }), as('alice'));
    await store.save(task('1', { contextId: 'm' }), as('mallory'));
    expect((await store.load('1', as('alice')))!.contextId).toBe('a');
    await store.save(task('x'), as('a","b'));
    expect(await store.load('b","x', as('a'))).toBeUndefined();
  });

  it('keeps no inputs: the history is dropped', async () => {
    const store = new BoundedTaskStore();
    const history = [{ messageId: 'm' }] as unknown as Task['history'];
    await store.save(task('1', { history }), as('alice'));
    expect((await store.load('1', as('alice')))!.history).toEqual([]);
  });

  it('gives copies: nobody changes a stored task from outside', async () => {
    const store = new BoundedTaskStore();
    const mine = task('1', { metadata: { a: 1 } });
    await store.save(mine, as('alice'));
    mine.metadata!['a'] = 2;
    const read = (await store.load('1', as('alice')))!;
    read.metadata!['a'] = 3;
    (await list(store, 'alice')).tasks[0]!.metadata!['a'] = 4;
    expect((await store.load('1', as('alice')))!.metadata).toEqual({ a: 1 });
  });

  it('keeps a bounded number of tasks; the one saved longest ago gives way', async () => {
    const store = new BoundedTaskStore();
    for (let i = 0; i < MAX_KEPT_TASKS; i++) await store.save(task(`${i}`), as('alice'));
    await store.save(task('0'), as('alice'));
    await store.save(task('new'), as('mallory'));
    expect(await store.load('0', as('alice'))).toBeDefined();
    expect(await store.load('1', as('alice'))).toBeUndefined();
    expect((await list(store, 'alice')).totalSize).toBe(MAX_KEPT_TASKS - 1);
  });

  it.each([
    [undefined, 100],
    [0, 100],
    [-5, 100],
    [Number.NaN, 100],
    [1e9, 100],
    [100, 100],
    [7, 7],
    [1.5, 1],
  ])('lists, for a page size of %s, the newest %i tasks', async (pageSize, expected) => {
    const store = new BoundedTaskStore();
    for (let i = 0; i < 150; i++) await store.save(task(`${i}`), as('alice'));
    const page = await list(store, 'alice', pageSize === undefined ? {} : { pageSize });
    expect(page.tasks).toHaveLength(expected);
    expect(page.tasks.at(-1)!.id).toBe('149');
    expect(page).toMatchObject({ pageSize: expected, totalSize: 150, nextPageToken: '' });
  });
});
