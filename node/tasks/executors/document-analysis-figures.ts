/**
 * Figures of a text: money, percentages, dates and quantities with a unit, each with the value that
 * its own characters state. The same reading finds them and checks one at its place.
 *
 * @module
 */

import {
  CURRENCIES,
  EXPONENTS,
  FIGURE,
  MAX_FIGURE_CHARACTERS,
  MAX_LOOKBEHIND,
  MONTHS,
  PERCENT_UNITS,
  UNITS,
} from './document-analysis-grammar.ts';
import { yieldToEventLoop } from './time-limit.ts';

/** What a figure states. */
export type FigureValue =
  | {
      readonly kind: 'money' | 'percentage' | 'quantity';
      readonly value: number;
      readonly unit: string;
    }
  | {
      readonly kind: 'date';
      /** To the precision of the text: 2026-03-31, 2026-03, 2026-Q1 or 2026. */
      readonly value: string;
    };

/** A figure at its place. */
export interface LocatedFigure {
  readonly figure: FigureValue;
  /** The characters that state it. */
  readonly quote: string;
  /** Place of the first character, in UTF-16 code units. */
  readonly offset: number;
}

/** Characters that are searched in one slice. */
const SLICE_CHARACTERS = 32_768;
const NUMBER_PARTS = /^([-−+]?)([^0-9]*)([0-9][0-9,]*(?:\.[0-9]+)?)(.*)$/s;
const SCALE_PARTS = /^([A-Za-z]+)(?![A-Za-z])(.*)$/s;
const ISO_DAY = /^\d{4}-\d{2}-\d{2}$/;
const FEBRUARY = 2;
const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function unitText(text: string): string {
  return text.replace(/[\s-]+/g, ' ').trim();
}

function readNumber(quote: string): FigureValue | undefined {
  const [, sign, before = '', digits = '', after = ''] = NUMBER_PARTS.exec(quote) ?? [];
  const value = (exponent: number): number => {
    // The decimal is shifted by its exponent, not multiplied: 1.005 million is 1005000.
    const size = Number(`${digits.replaceAll(',', '')}e${exponent}`);
    return sign === '-' || sign === '−' ? 0 - size : size;
  };
  const find = (unit: string, exponent: number): FigureValue | undefined => {
    const money = CURRENCIES.get(unit);
    if (money !== undefined) return { kind: 'money', value: value(exponent), unit: money };
    const percentage = PERCENT_UNITS.get(unit);
    if (percentage !== undefined) {
      return { kind: 'percentage', value: value(exponent), unit: percentage };
    }
    const quantity = UNITS.get(unit);
    return quantity === undefined
      ? undefined
      : { kind: 'quantity', value: value(exponent), unit: quantity };
  };
  const plain = find(unitText(before + after), 0);
  if (plain) return plain;
  const [, scale = '', rest = ''] = SCALE_PARTS.exec(after.replace(/^[\s-]+/, '')) ?? [];
  const exponent = EXPONENTS.get(scale.toLowerCase());
  return exponent === undefined ? undefined : find(unitText(before + rest), exponent);
}

function readDate(quote: string): FigureValue | undefined {
  if (ISO_DAY.test(quote)) {
    const [year, month, day] = quote.split('-').map(Number);
    return isDay(year, month, day) ? { kind: 'date', value: quote } : undefined;
  }
  const year = quote.slice(-4);
  const words = quote.slice(0, -4);
  const quarter = /^Q([1-4])/.exec(words)?.[1];
  if (quarter !== undefined) return { kind: 'date', value: `${year}-Q${quarter}` };
  const month = MONTHS.findIndex((name) => words.includes(name)) + 1;
  if (month === 0) {
    return /^(?:FY|[Ff]iscal)/.test(words) ? { kind: 'date', value: year } : undefined;
  }
  const yearAndMonth = `${year}-${twoDigits(month)}`;
  const day = /[0-9]{1,2}/.exec(words)?.[0];
  if (day === undefined) return { kind: 'date', value: yearAndMonth };
  if (!isDay(Number(year), month, Number(day))) return undefined;
  return { kind: 'date', value: `${yearAndMonth}-${twoDigits(Number(day))}` };
}

function isDay(year = 0, month = 0, day = 0): boolean {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const extra = isLeap && month === FEBRUARY ? 1 : 0;
  return day >= 1 && day <= (DAYS_OF_MONTH[month - 1] ?? 0) + extra;
}

function twoDigits(number: number): string {
  return String(number).padStart(2, '0');
}

/** Value of a quote that the grammar has matched; `undefined` for a day that no calendar has. */
function readQuote(quote: string): FigureValue | undefined {
  return readNumber(quote) ?? readDate(quote);
}

const figureHere = new RegExp(FIGURE, 'y');

/**
 * The figure whose first character stands at `offset`. Reads at most
 * {@link MAX_FIGURE_CHARACTERS} characters, whatever the length of the text.
 */
export function readFigureAt(text: string, offset: number): LocatedFigure | undefined {
  figureHere.lastIndex = offset;
  const quote = figureHere.exec(text)?.[0];
  const figure = quote === undefined ? undefined : readQuote(quote);
  return quote === undefined || figure === undefined ? undefined : { figure, quote, offset };
}

/**
 * All figures of a text in order; none overlaps another.
 *
 * @throws the signal's reason.
 */
export async function* findFigures(
  text: string,
  signal: AbortSignal,
): AsyncGenerator<LocatedFigure> {
  const nextFigure = new RegExp(FIGURE, 'g');
  let next = 0;
  for (let start = 0; start < text.length; start += SLICE_CHARACTERS) {
    await yieldToEventLoop(signal);
    const end = Math.min(start + SLICE_CHARACTERS, text.length);
    // The window reaches as far as a figure that starts in the slice can look.
    const from = Math.max(0, start - MAX_LOOKBEHIND);
    const window = text.slice(from, end + MAX_FIGURE_CHARACTERS);
    nextFigure.lastIndex = Math.max(next, start) - from;
    for (;;) {
      const match = nextFigure.exec(window);
      if (match === null || from + match.index >= end) break;
      const [quote] = match;
      const offset = from + match.index;
      next = offset + quote.length;
      const figure = readQuote(quote);
      if (figure) yield { figure, quote, offset };
    }
  }
}
