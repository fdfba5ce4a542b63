/**
 * The results of routing simulations as a table, as CSV, and as a chart: hops and requests against
 * log2 of the number of nodes.
 *
 * @module
 */

import { table } from '../../node/cli/table.ts';
import { ROUND_MS } from './lookup.ts';
import type { RoutingResult, Spread } from './routing-simulation.ts';

const MS_PER_SECOND = 1_000;

interface Column {
  readonly name: string;
  readonly cell: (result: RoutingResult) => string;
}

const both = ({ median, p95 }: Spread): string => `${median} / ${p95}`;
const modelled = ({ median, p95 }: Spread): string =>
  [median, p95].map((rounds) => ((rounds * ROUND_MS) / MS_PER_SECOND).toFixed(1)).join(' / ');

const COLUMNS: readonly Column[] = [
  { name: 'nodes', cell: ({ nodes }) => String(nodes) },
  { name: 'log2', cell: ({ log2Nodes }) => log2Nodes.toFixed(1) },
  { name: 'found %', cell: ({ successPercent }) => successPercent.toFixed(2) },
  { name: 'hops to record', cell: ({ hopsToRecord }) => both(hopsToRecord) },
  { name: 'hops to end', cell: ({ hopsToEnd }) => both(hopsToEnd) },
  { name: 'requests to record', cell: ({ requestsToRecord }) => both(requestsToRecord) },
  { name: 'requests to end', cell: ({ requestsToEnd }) => both(requestsToEnd) },
  { name: 'time-outs', cell: ({ timeOuts }) => both(timeOuts) },
  { name: 'dead entries %', cell: ({ deadEntriesPercent }) => deadEntriesPercent.toFixed(1) },
  { name: 'true closest %', cell: ({ closestFoundPercent }) => closestFoundPercent.toFixed(1) },
  { name: 'model s to record', cell: ({ roundsToRecord }) => modelled(roundsToRecord) },
  { name: 'model s to end', cell: ({ roundsToEnd }) => modelled(roundsToEnd) },
];

/** A table for a person: median / 95th percentile, and what they stand on. */
export function routingTable(results: readonly RoutingResult[]): string {
  const rows = results.map((result) => COLUMNS.map(({ cell }) => cell(result)));
  const header = COLUMNS.map(({ name }) => name);
  return [
    table(header, rows),
    'median / 95th percentile. Times are a model: 100 ms per answer, 2 s per time-out, no load.',
  ].join('\n');
}

/** The results with every figure in a column of its own, one line per run. */
export function routingCsv(results: readonly RoutingResult[]): string {
  const lines = results.map((result) => flat(result));
  const [first] = lines;
  if (!first) return '';
  const rows = [first.map(([name]) => name), ...lines.map((line) => line.map(([, cell]) => cell))];
  return `${rows.map((row) => row.join(',')).join('\n')}\n`;
}

function flat(result: RoutingResult): [string, string][] {
  return Object.entries(result).flatMap(([name, value]: [string, number | string | Spread]) =>
    typeof value === 'object'
      ? Object.entries(value).map(([part, number]): [string, string] => [
          `${name}.${part}`,
          String(number),
        ])
      : [[name, String(value)] as [string, string]],
  );
}

const PANEL = { width: 360, height: 240, left: 56, top: 48, gap: 84 };
const CHART = { width: 2 * PANEL.width + PANEL.left + PANEL.gap + 24, height: PANEL.height + 112 };
const TICKS = 4;
const COLORS = { first: '#1f5fa8', second: '#b3541e', line: '#888' };

interface Series {
  readonly label: string;
  readonly color: string;
  readonly isDashed: boolean;
  readonly valueOf: (result: RoutingResult) => number;
}

/** Hops are small whole numbers: of them the mean is drawn, of requests the median. */
function seriesOf(
  label: string,
  color: string,
  middle: 'mean' | 'median',
  spreadOf: (result: RoutingResult) => Spread,
): Series[] {
  return [
    { label: `${label}, ${middle}`, color, isDashed: false, valueOf: (r) => spreadOf(r)[middle] },
    { label: `${label}, p95`, color, isDashed: true, valueOf: (r) => spreadOf(r).p95 },
  ];
}

/** Two panels side by side as one SVG document. */
export function routingChart(results: readonly RoutingResult[]): string {
  const sorted = [...results].sort((a, b) => a.nodes - b.nodes);
  const [first] = sorted;
  const subject = first
    ? `${first.table} tables, ${first.churnPercentPerHour} % churn per hour, ` +
      `${first.adversariesPercent} % adversaries, ${first.paths} paths, seed ${first.seed}`
    : 'no runs';
  const hops = [
    ...seriesOf('to the record', COLORS.first, 'mean', (result) => result.hopsToRecord),
    ...seriesOf('to the end', COLORS.second, 'mean', (result) => result.hopsToEnd),
  ];
  const requests = [
    ...seriesOf('to the record', COLORS.first, 'median', (result) => result.requestsToRecord),
    ...seriesOf('to the end', COLORS.second, 'median', (result) => result.requestsToEnd),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${CHART.width}" height="${CHART.height}"`,
    ` viewBox="0 0 ${CHART.width} ${CHART.height}" font-family="sans-serif" font-size="12"`,
    ` role="img"><title>Simulated lookups against log2 of the nodes: ${subject}</title>\n`,
    `<rect width="100%" height="100%" fill="#fff"/>\n`,
    `<text x="${PANEL.left}" y="18" font-size="13">Simulation: ${subject}</text>\n`,
    panel('hops', sorted, hops, PANEL.left),
    panel('requests', sorted, requests, PANEL.left + PANEL.width + PANEL.gap),
    '</svg>\n',
  ].join('');
}

function panel(
  name: string,
  results: readonly RoutingResult[],
  series: readonly Series[],
  left: number,
): string {
  const { width, height, top } = PANEL;
  const bottom = top + height;
  const logs = results.map(({ log2Nodes }) => log2Nodes);
  const from = Math.floor(Math.min(...logs));
  const to = Math.max(from + 1, Math.ceil(Math.max(...logs)));
  const values = series.flatMap(({ valueOf }) => results.map(valueOf)).filter(Number.isFinite);
  const highest = TICKS * Math.max(1, Math.ceil(Math.max(...values, 1) / TICKS));
  const x = (log2: number): number => left + ((log2 - from) / (to - from)) * width;
  const y = (value: number): number => bottom - (value / highest) * height;
  const axes = Array.from({ length: TICKS + 1 }, (_, i) => {
    const value = (highest / TICKS) * i;
    return (
      `<line x1="${left}" x2="${left + width}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>` +
      `<text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>\n`
    );
  });
  const marks = results.map(
    ({ nodes, log2Nodes }) =>
      `<text x="${fixed(x(log2Nodes))}" y="${bottom + 16}" text-anchor="middle">` +
      `${log2Nodes.toFixed(1)}</text><text x="${fixed(x(log2Nodes))}" y="${bottom + 30}" ` +
      `text-anchor="middle" fill="${COLORS.line}">${nodes}</text>\n`,
  );
  const lines = series.map((one, i) => line(one, results, x, y) + legend(one, i, left, bottom));
  return (
    `<text x="${left}" y="${top - 8}">${name} against log2 of the nodes</text>\n` +
    [...axes, ...marks, ...lines].join('')
  );
}

function line(
  series: Series,
  results: readonly RoutingResult[],
  x: (log2: number) => number,
  y: (value: number) => number,
): string {
  const points = results
    .filter((result) => Number.isFinite(series.valueOf(result)))
    .map((result) => [fixed(x(result.log2Nodes)), fixed(y(series.valueOf(result)))] as const);
  const dash = series.isDashed ? ' stroke-dasharray="5 4"' : '';
  const path = points.map(([px, py]) => `${px},${py}`).join(' ');
  const dots = points.map(
    ([px, py]) => `<circle cx="${px}" cy="${py}" r="3" fill="${series.color}"/>`,
  );
  return (
    `<polyline points="${path}" fill="none" stroke="${series.color}"${dash}/>` +
    `${dots.join('')}\n`
  );
}

function legend({ label, color, isDashed }: Series, i: number, left: number, bottom: number) {
  const x = left + (i % 2) * (PANEL.width / 2);
  const y = bottom + 46 + Math.floor(i / 2) * 14;
  const dash = isDashed ? ' stroke-dasharray="5 4"' : '';
  return (
    `<line x1="${x}" x2="${x + 22}" y1="${y - 4}" y2="${y - 4}" stroke="${color}"${dash}/>` +
    `<text x="${x + 28}" y="${y}">${label}</text>\n`
  );
}

function fixed(value: number): string {
  return value.toFixed(1);
}
