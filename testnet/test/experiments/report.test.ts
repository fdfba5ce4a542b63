import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csvOf, writeReport } from '../../experiments/report.ts';
import type { Experiment, ExperimentReport } from '../../experiments/experiment.ts';

const REPORT: ExperimentReport = {
  rows: [
    { id: 'a', netSavingPercent: 1.5 },
    { id: 'b, "c"', netSavingPercent: null },
  ],
  tables: [{ title: 'Beside', rows: [{ x: 1 }] }],
  notes: ['1 < 2 & so on'],
  charts: [
    {
      name: 'chart',
      title: 'A chart',
      kind: 'bar',
      xName: 'x',
      yName: 'y',
      categories: ['a', 'b'],
      series: [{ name: 'one', data: [1, 2] }],
    },
  ],
};

const EXPERIMENT: Experiment = {
  name: 'made-up',
  summary: 'for a test',
  hasOwnSizes: true,
  run: () => Promise.resolve(REPORT),
};

describe('a report', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'coalesce-report-'));
  });

  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  it('quotes what CSV has to quote and leaves out what is not known', () => {
    expect(csvOf(REPORT.rows)).toBe('id,netSavingPercent\na,1.5\n"b, ""c""",\n');
  });

  it('is a page with its charts and tables, beside CSV, JSON and SVG files', async () => {
    const { charts: _, ...shown } = REPORT;
    const document = {
      experiment: 'made-up',
      ...shown,
      isPartial: true,
      seed: 1,
      wallMs: 5,
      command: 'coalesce simulate made-up',
      report: null,
    };
    const page = await writeReport(join(directory, 'out'), EXPERIMENT, document, REPORT);
    const html = await readFile(page, 'utf8');
    expect(html).toContain('1 &lt; 2 &amp; so on');
    expect(html).toContain('Partial');
    expect(html).toContain('<svg');
    expect(await readFile(join(directory, 'out', 'chart.svg'), 'utf8')).toContain('A chart');
    expect(await readFile(join(directory, 'out', 'made-up-2.csv'), 'utf8')).toBe('x\n1\n');
    const json = JSON.parse(await readFile(join(directory, 'out', 'made-up.json'), 'utf8'));
    expect(json).toMatchObject({ isPartial: true, report: page });
  });
});
