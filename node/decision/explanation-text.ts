/**
 * The parts that an explanation is printed with: columns, and figures with so many digits that
 * whoever redoes the arithmetic by hand comes to the same.
 *
 * @module
 */

import { formatUsdPair, shortPeerId } from './plain-text.ts';

const MICRO_USD_PER_USD = 1_000_000;
const SIGNIFICANT_DIGITS = 6;
/** What `toFixed` takes at most. */
const MAX_DECIMALS = 100;

/** Stands in a cell that has no figure, so that every row has as many cells. */
export const NO_FIGURE = '-';

/** Lines of cells, each column as wide as its widest cell, indented by two. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column]!));
    return `  ${cells.join('  ').trimEnd()}`;
  });
}

/** A number with six significant digits at most. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(SIGNIFICANT_DIGITS)));
}

/** A number in [0, 1] with so many decimals at most. */
export function decimals(value: number, most: number): string {
  return String(Number(value.toFixed(most)));
}

/** A number with six significant digits, or a dash for none. */
export function figureOrNone(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? NO_FIGURE : figure(value);
}

/** Micro-USD as dollars with six significant digits at most, never with an exponent. */
export function dollars(microUsd: number): string {
  const usd = Number((microUsd / MICRO_USD_PER_USD).toPrecision(SIGNIFICANT_DIGITS));
  if (usd === 0) return '$0';
  const decimals = SIGNIFICANT_DIGITS - 1 - Math.floor(Math.log10(Math.abs(usd)));
  const text = usd.toFixed(Math.max(0, Math.min(MAX_DECIMALS, decimals)));
  return `$${text.includes('.') ? text.replace(/\.?0+$/, '') : text}`;
}

/** Two amounts that look different if they are. */
export function dollarsPair(a: number, b: number): [string, string] {
  const pair: [string, string] = [dollars(a), dollars(b)];
  return a !== b && pair[0] === pair[1] ? formatUsdPair(a, b) : pair;
}

/** Two figures that look different if they are. */
export function figurePair(a: number, b: number): [string, string] {
  const pair: [string, string] = [figure(a), figure(b)];
  return a !== b && pair[0] === pair[1] ? [String(a), String(b)] : pair;
}

/** A contractor in a table. */
export function nameOf(peerId: string): string {
  return peerId === '' ? '(no name)' : shortPeerId(peerId);
}
