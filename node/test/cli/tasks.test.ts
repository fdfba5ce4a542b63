import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NothingFoundError, RefusedError } from '../../errors.ts';
import { CliUnderTest } from './capture.ts';

let cli: CliUnderTest;

beforeEach(async () => {
  cli = await CliUnderTest.open();
});

afterEach(() => cli.close());

const AT_WORK = {
  ...{ runId: 'r1', title: 'Two moods', status: 'working', problem: null, subtasks: 2 },
  ...{ startedMs: 0, deadlineMs: 60_000, endedMs: null, paidMicroUsd: 10 },
  steps: [
    {
      ...{
        id: 's1',
        source: 'a.txt',
        status: 'completed',
        where: 'PEER-A',
        reason: 'cheaper there',
      },
      ...{ paidMicroUsd: 10 },
    },
  ],
  atWork: [{ id: 's2', where: 'PEER-B', priceMicroUsd: 30, sinceMs: 5 }],
};
const CONTRACT = {
  ...{ contractId: 'c1', client: 'PEER-C', term: 'performs:nlp', state: 'queued' },
  ...{ phase: 'AGREED', sinceMs: 0, deadlineMs: null, priceMicroUsd: 20 },
};
const TASKS = { asClient: [AT_WORK], asContractor: [CONTRACT] };

/** Cells of the line that begins with `first`. */
function cellsOf(stdout: string, first: string): string[] {
  const line = stdout.split('\n').find((one) => one.startsWith(first));
  return line?.split(/ {2,}/) ?? [];
}

describe('coalesce tasks', () => {
  it.each([[['tasks']], [['tasks', 'list']]])('%j lists both roles', async (argv) => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => TASKS;
    const { stdout, exitCode } = await cli.run(...argv);
    expect(exitCode).toBe(0);
    const deadline = '1970-01-01T00:01:00Z';
    const run = ['r1', 'working', '2 in all', '$0.000040', deadline, 'Two moods'];
    expect(cellsOf(stdout, 'r1')).toEqual(run);
    const contract = ['c1', 'queued', 'PEER-C', '$0.000020', 'none', 'performs:nlp'];
    expect(cellsOf(stdout, 'c1')).toEqual(contract);
    expect(daemon.node.calls).toEqual([{ method: 'tasks', args: [{ limit: 20 }] }]);
  });

  it('prints with --json what the API answers, and nothing else', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => TASKS;
    const { stdout } = await cli.run('tasks', 'list', '--json');
    expect(JSON.parse(stdout)).toEqual((await daemon.ask('/v1/tasks')).json);
    expect(JSON.parse(stdout)).toEqual(TASKS);
  });

  it('hands --state and --limit on, and ends with 3 where there is none', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({ asClient: [], asContractor: [] });
    const argv = ['tasks', 'list', '--state', 'delivered', '--limit', '7'];
    const { stdout, exitCode } = await cli.run(...argv);
    expect([stdout, exitCode]).toEqual(['No tasks. See: coalesce run --help\n', 3]);
    const args = [{ limit: 7, state: 'delivered' }];
    expect(daemon.node.calls).toEqual([{ method: 'tasks', args }]);
  });

  it.each([
    [['--state', 'asleep'], /Allowed choices are working, completed/],
    [['--limit', '0'], /a whole number from 1 to 1000/],
  ])('refuses %j before it asks anybody', async (options, problem) => {
    const daemon = await cli.startDaemon();
    const { stderr, exitCode } = await cli.run('tasks', 'list', ...options);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(problem);
    expect(daemon.node.calls).toEqual([]);
  });

  it('shows a run with its steps, ended or at work', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({ id: 'r1', role: 'client', run: AT_WORK, contract: null });
    const { stdout } = await cli.run('tasks', 'show', 'r1');
    expect(stdout).toContain('run r1: working\nTwo moods\nbegun 1970-01-01T00:00:00Z, at work');
    expect(stdout).toContain('paid $0.000010; 1 of 2 subtasks have ended');
    const first = ['a.txt', 'completed', 'PEER-A', '$0.000010', 'cheaper there'];
    expect(cellsOf(stdout, 'a.txt')).toEqual(first);
    expect(cellsOf(stdout, 's2')).toEqual(['s2', 'working', 'PEER-B', '$0.000030']);
  });

  it('shows a contract', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({ id: 'c1', role: 'contractor', run: null, contract: CONTRACT });
    expect((await cli.run('tasks', 'show', 'c1')).stdout).toBe(
      'contract c1: queued (AGREED)\nperforms:nlp for PEER-C, $0.000020\n' +
        'since 1970-01-01T00:00:00Z, deadline none\n',
    );
  });

  it('keeps what has several lines on one, so that no line is forged', async () => {
    const daemon = await cli.startDaemon();
    const title = 'a\nrun r2: completed';
    daemon.node.answer = () => ({ run: { ...AT_WORK, title }, contract: null });
    const { stdout } = await cli.run('tasks', 'show', 'r1');
    expect(stdout).not.toMatch(/^run r2/m);
  });

  it('calls a task off, and says what that means', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = (_method, [id]) => ({ id, role: 'contractor', was: 'queued' });
    const { stdout, exitCode } = await cli.run('tasks', 'cancel', 'c1');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^called off the task c1, which was queued; to its client it counts/);
    expect(daemon.node.calls).toEqual([{ method: 'cancelTask', args: ['c1'] }]);
  });

  it.each(['show', 'cancel'])('%s ends with 3 for an id that there is not', async (command) => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => {
      throw new NothingFoundError('no task x here');
    };
    const { stderr, exitCode } = await cli.run('tasks', command, 'x');
    expect([stderr, exitCode]).toEqual(['coalesce: no task x here\n', 3]);
  });

  it('cancel ends with 1 for a task that has ended', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => {
      throw new RefusedError('the run r has ended');
    };
    expect((await cli.run('tasks', 'cancel', 'r')).exitCode).toBe(1);
  });
});
