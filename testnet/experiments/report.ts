/**
 * A report as files: CSV and JSON for programs, SVG charts, and one page with all of it.
 *
 * @module
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chartSvg } from './charts.ts';
import type { CellValue, Experiment, ExperimentReport, ReportRow } from './experiment.ts';

/** What `--json` prints and the JSON file holds. */
export interface ReportDocument extends Omit<ExperimentReport, 'charts'> {
  readonly experiment: string;
  readonly isPartial: boolean;
  readonly seed: number;
  readonly wallMs: number;
  /** Command that makes it again. */
  readonly command: string;
  /** The page; `null` where none was written. */
  readonly report: string | null;
}

function columnsOf(rows: readonly ReportRow[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

/** Rows as CSV (RFC 4180, lines ended by LF). */
export function csvOf(rows: readonly ReportRow[]): string {
  const columns = columnsOf(rows);
  const cell = (value: CellValue | undefined): string => {
    const text = value === null || value === undefined ? '' : String(value);
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = rows.map((row) => columns.map((column) => cell(row[column])).join(','));
  return `${[columns.join(','), ...lines].join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function htmlTable(rows: readonly ReportRow[]): string {
  const columns = columnsOf(rows);
  const cell = (value: CellValue | undefined): string =>
    `<td>${value === null || value === undefined ? '' : escaped(String(value))}</td>`;
  const head = columns.map((column) => `<th>${escaped(column)}</th>`).join('');
  const body = rows.map((row) => `<tr>${columns.map((one) => cell(row[one])).join('')}</tr>`);
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table>`;
}

const STYLE = `body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:1200px}
table{border-collapse:collapse;font-size:12px;display:block;overflow-x:auto}
th,td{border:1px solid #ccc;padding:2px 6px;text-align:right}th{background:#eee}
.partial{background:#fdd;padding:.5em}svg{max-width:100%;height:auto}`;

function pageOf(
  { summary }: Experiment,
  document: ReportDocument,
  charts: readonly string[],
): string {
  const { experiment, isPartial, notes, rows, tables = [], command } = document;
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${experiment}</title>`,
    `<style>${STYLE}</style></head><body>`,
    `<h1>${experiment}</h1><p>${escaped(summary)}</p>`,
    isPartial ? '<p class="partial">Partial: the experiment was interrupted.</p>' : '',
    `<ul>${notes.map((note) => `<li>${escaped(note)}</li>`).join('')}</ul>`,
    `<p>Again: <code>${escaped(command)}</code></p>`,
    ...charts,
    htmlTable(rows),
    ...tables.map(({ title, rows: own }) => `<h2>${escaped(title)}</h2>${htmlTable(own)}`),
    '</body></html>\n',
  ].join('\n');
}

/** Writes all files. @returns the page's path. */
export async function writeReport(
  directory: string,
  experiment: Experiment,
  document: ReportDocument,
  report: ExperimentReport,
): Promise<string> {
  await mkdir(directory, { recursive: true });
  const { name } = experiment;
  const page = join(directory, 'report.html');
  const charts = report.charts.map((chart) => ({
    file: `${chart.name}.svg`,
    svg: chartSvg(chart),
  }));
  const files: [string, string][] = [
    [`${name}.csv`, csvOf(report.rows)],
    [`${name}.json`, `${JSON.stringify({ ...document, report: page }, undefined, 2)}\n`],
    ...(report.tables ?? []).map(({ rows }, i): [string, string] => [
      `${name}-${i + 2}.csv`,
      csvOf(rows),
    ]),
    ...charts.map(({ file, svg }): [string, string] => [file, svg]),
    [
      'report.html',
      pageOf(
        experiment,
        document,
        charts.map(({ svg }) => svg),
      ),
    ],
  ];
  await Promise.all(files.map(([file, text]) => writeFile(join(directory, file), text)));
  return page;
}
