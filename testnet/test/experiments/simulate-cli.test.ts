/** `coalesce simulate` as a user calls it: as a process. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKnownRuns, runExperiment } from '../../experiments/experiment-run.ts';
import type { ReportDocument } from '../../experiments/report.ts';
import { table1 } from '../../experiments/table-1.ts';
import { experimentOptions } from './options-for-tests.ts';

const program = (path: string): string =>
  fileURLToPath(new URL(`../../../dist/${path}`, import.meta.url));
const coalesce = program('node/cli/main.js');
const experiments = program('testnet/experiments/main.js');

function run(...args: string[]) {
  return new Promise<{ exitCode: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, args, (error, stdout, stderr) => {
      const exitCode = error ? (typeof error.code === 'number' ? error.code : -1) : 0;
      resolve({ exitCode, stdout, stderr });
    });
  });
}

const simulate = (...args: string[]) => run(experiments, ...args);

describe('the simulate command', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coalesce-simulate-'));
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('gives on worker threads what it gives without, in the shape that is promised', async () => {
    const out = join(directory, 'table-1');
    const { exitCode, stdout, stderr } = await run(
      ...[coalesce, 'simulate', 'table-1', '--policy', 'reference', '--preset', 'paper'],
      ...['--seeds', '1'],
      ...['--workers', '2', '--out', out, '--json'],
    );
    expect(exitCode, stderr).toBe(0);
    const document = JSON.parse(stdout) as ReportDocument;
    const { report } = await runExperiment(
      table1,
      experimentOptions({ seeds: 1, policy: 'reference', preset: 'paper' }),
      {
        workers: 0,
        signal: new AbortController().signal,
        known: newKnownRuns(),
        onProgress: () => undefined,
      },
    );
    expect(document.rows).toEqual(report.rows);
    expect(document.rows).toHaveLength(13);
    expect(Object.keys(document.rows[0]!)).toEqual(
      expect.arrayContaining([
        ...['id', 'runs', 'paperPercent', 'paperSigma', 'paperMetricPercent', 'netSavingPercent'],
        ...['netSavingWithoutOpportunityPercent', 'oraclePercent', 'outsourcingRatePercent'],
        'timeSavingPercent',
      ]),
    );
    expect(document.report).toBe(join(out, 'report.html'));
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('dur_01');
  }, 120_000);

  it.each([
    ['an unknown experiment', ['table-9'], 'table-1'],
    ['no experiment', [], 'experiment'],
    ['a policy that there is not', ['table-1', '--policy', 'greedy'], 'rational'],
    ['a number of seeds that is none', ['table-1', '--seeds', '0'], 'from 1 to'],
    ['a size for an experiment that has its own', ['table-1', '--days', '3'], 'leave out --days'],
    ['a market without contractors', ['oracle', '--contractors', '0'], 'from 1 to'],
    [
      'more histories than fit in memory',
      ['oracle', '--history', 'own', '--clients', '10000', '--contractors', '20000'],
      'use fewer, or --history shared',
    ],
    ['an output directory that is a file', ['oracle', '--out', coalesce], 'name another'],
  ])(
    'refuses %s with exit code 2 and the mend',
    async (_, args, mend) => {
      const { exitCode, stdout, stderr } = await simulate(...args);
      expect(exitCode).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toContain(mend);
    },
    120_000,
  );

  it('prints its refusal as the one JSON document if it is asked to', async () => {
    const { exitCode, stdout } = await simulate('table-1', '--days', '3', '--json');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'BAD_INPUT', exitCode: 2 } });
  }, 120_000);
});
