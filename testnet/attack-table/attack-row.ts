/**
 * One attack in numbers: what it does with the defences on and off, over several runs, against a
 * bar. Of all rows, less is better or more is, as the row says.
 *
 * @module
 */

import { quantileOf } from '../experiments/statistics.ts';

/** One row of the table. */
export interface AttackRow {
  readonly attack: string;
  readonly defence: string;
  /** What was run: a simulation by name, or a scenario. */
  readonly by: string;
  readonly runs: number;
  /** What the figures count, with their unit. */
  readonly measure: string;
  /** Of the runs with defences; the worst is the one furthest on the wrong side. */
  readonly median: number;
  readonly worst: number;
  /** Median of the runs without defences; `null` where a defence cannot be taken away. */
  readonly off: number | null;
  /** Least or most that the median may be, and the worst run; `null`: no bar is set for that. */
  readonly bar: {
    readonly is: 'at least' | 'at most';
    readonly median: number;
    readonly worst: number | null;
  };
  /** Whether median and worst are within it, and the runs without defences are not. */
  readonly isMet: boolean;
}

/** What a row is made of. */
export interface AttackFigures extends Pick<
  AttackRow,
  'attack' | 'defence' | 'by' | 'measure' | 'bar'
> {
  readonly on: readonly number[];
  readonly off: readonly number[];
}

/** @throws {@link RangeError} without a run. */
export function attackRow({ on, off, ...row }: AttackFigures): AttackRow {
  if (on.length === 0) throw new RangeError('"on" expected the figures of a run at least');
  const { bar } = row;
  const isLeast = bar.is === 'at least';
  const median = quantileOf(on, 0.5);
  const worst = isLeast ? Math.min(...on) : Math.max(...on);
  const undefended = off.length === 0 ? null : quantileOf(off, 0.5);
  const within = (value: number, limit: number): boolean =>
    isLeast ? value >= limit : value <= limit;
  const looksBad = undefended === null || !within(undefended, bar.median);
  const isWorstMet = bar.worst === null || within(worst, bar.worst);
  const isMet = within(median, bar.median) && isWorstMet && looksBad;
  return { ...row, runs: on.length, median, worst, off: undefended, isMet };
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
}

function barText({ is, median, worst }: AttackRow['bar']): string {
  if (worst === null) return `${is} ${figure(median)} in the median`;
  return `${is} ${figure(median)}${worst === median ? '' : `; worst ${figure(worst)}`}`;
}

const HEADER = [
  'attack',
  'defence',
  'measured by',
  'runs',
  'measure',
  'median',
  'worst',
  'bar',
  'met',
  'defences off',
] as const;

/** The rows as a table in Markdown. */
export function attackTable(rows: readonly AttackRow[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line(HEADER),
    line(HEADER.map(() => '---')),
    ...rows.map((row) =>
      line([
        row.attack,
        row.defence,
        row.by,
        String(row.runs),
        row.measure,
        figure(row.median),
        figure(row.worst),
        barText(row.bar),
        row.isMet ? 'yes' : 'no',
        row.off === null ? '' : figure(row.off),
      ]),
    ),
  ].join('\n');
}

const MARKS = { begin: '<!-- attacks -->', end: '<!-- end -->' } as const;

/**
 * A document with the table between its two marks replaced.
 *
 * @throws {@link RangeError} if it has no such place.
 */
export function withAttackTable(document: string, table: string): string {
  const begin = document.indexOf(MARKS.begin);
  const end = document.indexOf(MARKS.end, begin);
  if (begin < 0 || end < 0) {
    throw new RangeError(`expected a place between "${MARKS.begin}" and "${MARKS.end}"`);
  }
  return `${document.slice(0, begin + MARKS.begin.length)}\n\n${table}\n\n${document.slice(end)}`;
}
