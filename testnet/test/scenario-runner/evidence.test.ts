/** The directory that a run leaves: whole, changed and compared. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../crypto/hash.ts';
import {
  compareEvidence,
  nextDirectory,
  verifyEvidence,
  writeEvidence,
} from '../../scenario-runner/evidence.ts';
import { judge, measure } from '../../scenario-runner/measurements.ts';
import type { TaskOutcome } from '../../scenario-runner/measurements.ts';
import type { ScenarioRun } from '../../scenario-runner/run-scenario.ts';
import { loadScenario } from '../../scenario-runner/scenario-library.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'coalesce-evidence-'));
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const task = (number: number, isWrong: boolean): TaskOutcome => ({
  ...{ workload: '', name: `task-${number}`, status: 'completed', isOutsourced: true, isWrong },
  ...{
    attempts: [],
    paidMicroUsd: 5,
    payees: 1,
    sensitivity: 'low' as const,
    valueMicroUsd: 1_000,
    decisionId: null,
    quoteMs: 1,
    wallMs: 10 * number,
    reason: '',
    problem: null,
  },
});

/** A run that no network ran, with so many wrong results among ten. */
async function writeFakeRun(wrong: number): Promise<string> {
  const { scenario, text } = await loadScenario('fabrication');
  const tasks = Array.from({ length: 10 }, (_, i) => task(i + 1, i < wrong));
  const measurements = measure(tasks, [], { unhandledErrors: 0 });
  const verdicts = judge(scenario.assert, measurements);
  const run: ScenarioRun = {
    ...{ hasDefences: true, readyMs: 1, wallMs: 2, events: [], tasks, queries: [], ledgers: [] },
    ...{ configs: {}, measurements, verdicts, holds: verdicts.every(({ holds }) => holds) },
  };
  const dir = await nextDirectory(parent, scenario.name);
  await writeEvidence(dir, scenario, text, [run]);
  return dir;
}

describe('evidence', () => {
  it('verifies as it was written, each run in a directory of its own', async () => {
    const [first, second] = [await writeFakeRun(1), await writeFakeRun(1)];
    expect(second).not.toBe(first);
    expect(await verifyEvidence(first)).toMatchObject({ problems: [], files: 9 });
  });

  it('names a file that was changed, is missing, or came later', async () => {
    const dir = await writeFakeRun(1);
    await appendFile(join(dir, 'defences-on/events.jsonl'), '{}\n');
    await rm(join(dir, 'defences-on/tasks.jsonl'));
    await writeFile(join(dir, 'note.txt'), 'hello');
    expect((await verifyEvidence(dir)).problems).toEqual([
      'defences-on/events.jsonl: was changed after the run',
      'defences-on/tasks.jsonl: is missing',
      'note.txt: is not in the list',
    ]);
  });

  it('notices better figures under new hashes, because the verdicts do not follow', async () => {
    const dir = await writeFakeRun(5);
    const path = join(dir, 'defences-on/measurements.json');
    const better = (await readFile(path, 'utf8')).replace(
      '"wrongPercent": 50',
      '"wrongPercent": 0',
    );
    await writeFile(path, better);
    const list = join(dir, 'sha256.txt');
    const hash = Buffer.from(sha256(Buffer.from(better))).toString('hex');
    const text = await readFile(list, 'utf8');
    await writeFile(list, text.replace(/[0-9a-f]{64}(?= {2}defences-on\/measurements)/, hash));
    expect((await verifyEvidence(dir)).problems).toEqual([
      'defences-on: the verdicts do not follow from the measurements',
    ]);
  });

  it('counts a file that cannot be read any more as a finding', async () => {
    const dir = await writeFakeRun(1);
    await appendFile(join(dir, 'run.json'), 'x');
    const { problems } = await verifyEvidence(dir);
    expect(problems[0]).toBe('run.json: was changed after the run');
    expect(problems[1]).toMatch(/is not JSON/);
  });

  it('shows in which figures two runs differ', async () => {
    const [a, b] = [await writeFakeRun(1), await writeFakeRun(3)];
    const { notes, differences } = await compareEvidence(a, b);
    expect(notes).toEqual([]);
    expect(differences).toEqual([
      { run: 'defences-on', measure: 'tasksWrong', a: 1, b: 3 },
      { run: 'defences-on', measure: 'wrongPercent', a: 10, b: 30 },
    ]);
  });

  it('is not found where no run has left any', async () => {
    await expect(verifyEvidence(parent)).rejects.toThrow(/no evidence; expected a directory/);
  });
});

describe('the slowdown of an attack', () => {
  const timed = (workload: string, quoteMs: number | null): TaskOutcome => ({
    ...task(1, false),
    ...{ workload, quoteMs, wallMs: 100 },
  });

  it('is the 95th percentile under attack by the one before it', () => {
    const tasks = [timed('calm', 20), timed('attacked', 50), timed('attacked', null)];
    const figures = measure(tasks, [], {});
    expect(figures).toMatchObject({ quoteSlowdown: 2.5, taskSlowdown: 1 });
    expect(figures['attacked.quoteP95Ms']).toBe(50);
  });

  it('is not measured where one of both is missing', () => {
    expect(measure([timed('attacked', 50)], [], {})).not.toHaveProperty('quoteSlowdown');
  });
});

describe('an assertion', () => {
  it('does not hold where nothing was measured', () => {
    const [verdict] = judge([{ measure: 'during.tasksLost', atMost: 0 }], measure([], [], {}));
    expect(verdict).toMatchObject({ measured: null, holds: false });
  });

  it('holds at its bounds and not beyond them', () => {
    const holds = (value: number) => judge([{ measure: 'x', atLeast: 1, atMost: 2 }], { x: value });
    expect([0, 1, 2, 3].map((value) => holds(value)[0]!.holds)).toEqual([false, true, true, false]);
  });
});
