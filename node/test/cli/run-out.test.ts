import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliUnderTest } from './capture.ts';

const RESULT = {
  title: 'Mood',
  status: 'completed',
  output: [
    { mediaType: 'application/json', data: { mood: 'good' } },
    { mediaType: 'text/plain', text: 'Grün.' },
  ],
  subtasks: [],
  skipped: [],
  totals: { paidMicroUsd: 1, localCostMicroUsd: 2, netSavingPercent: 50, wallMs: 3 },
};
const TEXT = '{\n  "mood": "good"\n}\n\nGrün.\n';

let cli: CliUnderTest;
let task: string;

beforeEach(async () => {
  cli = await CliUnderTest.open();
  task = await cli.write('task.json', '{}');
});

afterEach(() => cli.close());

describe('run --out', () => {
  it('writes the output to the file, and prints the summary and where the output is', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => RESULT;
    const out = await cli.write('result.txt', 'old, and longer than the new one '.repeat(9));
    const { exitCode, stdout } = await cli.run('run', task, '--out', out);
    expect(exitCode).toBe(0);
    expect(await readFile(out, 'utf8')).toBe(TEXT);
    expect(stdout).toContain('Mood: completed');
    expect(stdout).toContain(`  output        ${out}, ${Buffer.byteLength(TEXT)} bytes`);
    expect(stdout).not.toContain('mood');
    const json = await cli.run('run', task, '--out', out, '--json');
    expect(JSON.parse(json.stdout)).toEqual({ ...RESULT, outFile: out });
  });

  it('leaves the output below the summary without it', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => RESULT;
    expect((await cli.run('run', task)).stdout).toContain(`50.0 %, 3 ms\n\n${TEXT}`);
  });

  it('is refused before anything is run where the file cannot be written', async () => {
    const daemon = await cli.startDaemon();
    for (const [out, line] of [
      [join(cli.path, 'none', 'result.txt'), 'cannot be written (ENOENT)'],
      [cli.path, 'is a directory'],
    ] as const) {
      const { exitCode, stderr } = await cli.run('run', task, '--out', out);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`${out}: ${line}`);
    }
    expect(daemon.node.calls).toEqual([]);
  });

  it('prints a paid output all the same where the file cannot be written in the end', async () => {
    const daemon = await cli.startDaemon();
    const out = join(cli.path, 'gone', 'result.txt');
    await mkdir(join(cli.path, 'gone'));
    daemon.node.answer = async () => {
      await rm(join(cli.path, 'gone'), { recursive: true });
      return RESULT;
    };
    const { exitCode, stdout, stderr } = await cli.run('run', task, '--out', out);
    expect(exitCode).toBe(2);
    expect(stdout).toContain(TEXT);
    expect(stderr).toContain('cannot be written (ENOENT)');
  });

  it('writes no file where there is no output', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({ ...RESULT, status: 'failed', output: null });
    expect((await cli.run('run', task, '--out', join(cli.path, 'a.txt'))).exitCode).toBe(1);
    expect(await readdir(cli.path)).not.toContain('a.txt');
  });
});

describe('the totals of a run', () => {
  const totals = {
    paidMicroUsd: 3_000_000,
    paidBeforeMicroUsd: 0,
    spentMicroUsd: 4_000_000,
    localCostMicroUsd: 8_000_000,
    localCostWithOpportunityMicroUsd: 9_000_000,
    netSavingPercent: 50,
    wallMs: 3,
  };

  async function printed(answer: object): Promise<string> {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => answer;
    return (await cli.run('run', task)).stdout;
  }

  it('say what was spent, and the cost here in cash and with waiting tasks', async () => {
    const text = await printed({ ...RESULT, totals });
    expect(text).toContain('paid $3.00, spent in all $4.00, net saving 50.0 %, 3 ms');
    expect(text).toContain('cost here     $8.00 in cash, $9.00 with waiting tasks (Eq. 5)');
  });

  it('of a run that failed have no saving', async () => {
    const nothing = { localCostMicroUsd: null, localCostWithOpportunityMicroUsd: null };
    const failed = { ...totals, ...nothing, netSavingPercent: null };
    const text = await printed({ ...RESULT, status: 'failed', output: null, totals: failed });
    expect(text).toContain('spent in all $4.00; nothing was done, so nothing saved');
    expect(text).not.toMatch(/net saving|cost here/);
  });

  it('of a run that went on say what was paid before', async () => {
    const text = await printed({ ...RESULT, totals: { ...totals, paidBeforeMicroUsd: 1_000_000 } });
    expect(text).toContain('paid $3.00 ($1.00 of it before, for what was not completed then)');
  });
});
