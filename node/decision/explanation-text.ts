/**
 * The parts that an explanation is printed with: columns, and figures with so many digits that
 * whoever redoes the arithmetic by hand comes to the same.
 *
 * @module
 */

import { formatUsdPair, isSameSide } from './plain-text.ts';

const MICRO_USD_PER_USD = 1_000_000;
const MICRO_USD_DECIMALS = 6;
const SIGNIFICANT_DIGITS = 6;
/** So many digits tell any two numbers apart. */
const EXACT_DIGITS = 17;
/** Of a line of text. */
const MAX_COLUMNS = 110;
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

/** An integer as it is; any other number with so many significant digits at most. */
export function figure(value: number, digits: number = SIGNIFICANT_DIGITS): string {
  return Number.isSafeInteger(value) ? String(value) : figureOf(value, digits);
}

/** Fewest significant digits with which different numbers look different; at least six. */
export function digitsToTell(values: readonly number[]): number {
  const different = new Set(values);
  for (let digits = SIGNIFICANT_DIGITS; digits < EXACT_DIGITS; digits++) {
    const texts = new Set([...different].map((value) => figure(value, digits)));
    if (texts.size === different.size) return digits;
  }
  return EXACT_DIGITS;
}

function figureOf(value: number, digits: number): string {
  return String(Number(value.toPrecision(digits)));
}

/** The same with as many more digits as show on which side of `limit` it is. */
export function figureBeside(value: number, limit: number): string {
  for (let digits = SIGNIFICANT_DIGITS; digits < EXACT_DIGITS; digits++) {
    const text = figureOf(value, digits);
    if (isSameSide(Number(text), value, limit)) return text;
  }
  return String(value);
}

/** A number in [0, 1] with so many decimals at most. */
export function decimals(value: number, most: number): string {
  return String(Number(value.toFixed(most)));
}

/** A number with six significant digits, or a dash for none. */
export function figureOrNone(value: number | null | undefined): string {
  return value === null || value === undefined || Number.isNaN(value) ? NO_FIGURE : figure(value);
}

/**
 * Micro-USD as dollars, never with an exponent: whole micro-USD as they are, any other amount with
 * so many significant digits at most.
 */
export function dollars(microUsd: number, digits: number = SIGNIFICANT_DIGITS): string {
  if (Number.isSafeInteger(microUsd)) return wholeDollars(microUsd);
  const usd = Number((microUsd / MICRO_USD_PER_USD).toPrecision(digits));
  if (usd === 0) return '$0';
  const decimals = digits - 1 - Math.floor(Math.log10(Math.abs(usd)));
  const text = usd.toFixed(Math.max(0, Math.min(MAX_DECIMALS, decimals)));
  return `$${withoutZeros(text)}`;
}

function wholeDollars(microUsd: number): string {
  const size = Math.abs(microUsd);
  const parts = String(size % MICRO_USD_PER_USD).padStart(MICRO_USD_DECIMALS, '0');
  const text = `${Math.floor(size / MICRO_USD_PER_USD)}.${parts}`;
  return `$${microUsd < 0 ? '-' : ''}${withoutZeros(text)}`;
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
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

/** How many contractors are printed. */
export interface ShownLimits {
  /** In tables with a line for each. */
  readonly listed: number;
  /** Of whom every figure is shown, and every source named. */
  readonly detailed: number;
}

/** As many as a person looks through. */
export const USUAL_LIMITS: ShownLimits = { listed: 20, detailed: 8 };
/** Everybody, and with them every figure that the decision rests on. */
export const NO_LIMITS: ShownLimits = { listed: Infinity, detailed: Infinity };

/** Contractors that a table has no room for; none where it has. */
export function hiddenLines(hidden: number): string[] {
  return hidden > 0 ? [`  and ${hidden} more; --all shows them`] : [];
}

/** A sentence as lines of at most so many columns, broken between words. */
export function wrapped(text: string, columns: number = MAX_COLUMNS): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && longer.length > columns) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
