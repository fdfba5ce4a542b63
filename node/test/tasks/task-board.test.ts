import { beforeEach, describe, expect, it } from 'vitest';
import type { RunRecordDocument } from '../../activity-documents.ts';
import { NothingFoundError, RefusedError } from '../../errors.ts';
import type { OpenContract } from '../../tasks/contractor-role.ts';
import { TaskBoard } from '../../tasks/task-board.ts';

const runOf = (runId: string, status: RunRecordDocument['status']) =>
  ({ runId, status }) as RunRecordDocument;

const contractOf = (contractId: string, phase: OpenContract['phase']): OpenContract => ({
  ...{ contractId, phase, client: 'C', term: 'performs:nlp' },
  ...{ sinceMs: 5, priceMicroUsd: 7, deliverByMs: 9 },
});

let cancelled: string[];
let runs: RunRecordDocument[];
let contracts: OpenContract[];
let board: TaskBoard;
let isRunning: boolean;

beforeEach(() => {
  cancelled = [];
  isRunning = true;
  runs = [runOf('r3', 'working'), runOf('r2', 'completed'), runOf('r1', 'failed')];
  contracts = [
    contractOf('waits', 'AGREED'),
    contractOf('waits-for-a-slot', 'WORKING'),
    contractOf('goes-on', 'WORKING'),
    contractOf('is-there', 'DELIVERED'),
    contractOf('is-taken', 'ACKNOWLEDGED'),
  ];
  const isAtWork = (id: string) => runs.some((run) => run.runId === id && run.status === 'working');
  board = new TaskBoard({
    runs: {
      list: (limit) => runs.slice(0, limit),
      find: (id) => runs.find(({ runId }) => runId === id),
      cancel: (id) => isAtWork(id) && cancelled.push(id) > 0,
    },
    role: { openTasks: () => contracts },
    work: () =>
      isRunning
        ? {
            isExecuting: (id) => id === 'goes-on',
            callOff: (id) => void cancelled.push(id),
          }
        : undefined,
  });
});

describe('the tasks of a node', () => {
  it('are told apart by what is waited for', () => {
    const { asContractor } = board.list({ limit: 10 });
    expect(asContractor.map(({ contractId, state }) => [contractId, state])).toEqual([
      ['waits', 'queued'],
      ['waits-for-a-slot', 'queued'],
      ['goes-on', 'working'],
      ['is-there', 'delivered'],
      ['is-taken', 'delivered'],
    ]);
    expect(asContractor[0]).toMatchObject({ deadlineMs: 9, priceMicroUsd: 7, sinceMs: 5 });
  });

  it('are narrowed to a state before they are counted', () => {
    expect(board.list({ limit: 1, state: 'working' })).toMatchObject({
      asClient: [{ runId: 'r3' }],
      asContractor: [{ contractId: 'goes-on' }],
    });
    expect(board.list({ limit: 1, state: 'failed' })).toMatchObject({
      asClient: [{ runId: 'r1' }],
      asContractor: [],
    });
    expect(board.list({ limit: 2 }).asContractor).toHaveLength(2);
  });

  it('have no deadline and no price where an older version stored none', () => {
    const { deliverByMs: _none, priceMicroUsd: _neither, ...older } = contracts[0]!;
    contracts = [older];
    expect(board.list({ limit: 1 }).asContractor).toMatchObject([
      { deadlineMs: null, priceMicroUsd: null },
    ]);
  });

  it('are found by their id in either role', () => {
    expect(board.show('r2')).toMatchObject({ role: 'client', run: { runId: 'r2' } });
    expect(board.show('goes-on')).toMatchObject({ role: 'contractor', run: null });
    expect(() => board.show('nobody')).toThrow(NothingFoundError);
  });
});

describe('calling a task off', () => {
  it('ends what is at work, and says how it was', () => {
    expect(board.cancel('r3')).toEqual({ id: 'r3', role: 'client', was: 'working' });
    expect(board.cancel('waits')).toEqual({ id: 'waits', role: 'contractor', was: 'queued' });
    expect(board.cancel('goes-on')).toMatchObject({ was: 'working' });
    expect(cancelled).toEqual(['r3', 'waits', 'goes-on']);
  });

  it('is refused where nothing is left to stop', () => {
    expect(() => board.cancel('r2')).toThrow(RefusedError);
    expect(() => board.cancel('is-there')).toThrow(/only its client can end it/);
    expect(() => board.cancel('nobody')).toThrow(NothingFoundError);
    isRunning = false;
    expect(() => board.cancel('waits')).toThrow(RefusedError);
    expect(cancelled).toEqual([]);
  });
});
