/**
 * Price tables: the input of the finance executors. CSV with a header `date,ASSET,ASSET,...` or
 * JSON `{ assets, dates, prices }` with one row of prices per date. A client sends it, so every row
 * is checked and the first bad one is named.
 *
 * @module
 */

import { z } from 'zod';
import { ExecutorInputError } from './errors.ts';
import { yieldToEventLoop } from './time-limit.ts';

/** Limits of a price table, inclusive. The solver is the reason for the first. */
export const PRICE_TABLE_LIMITS = {
  maxAssets: 100,
  minRows: 11,
  maxRows: 20_000,
  maxNameCharacters: 64,
  minPrice: 1e-6,
  maxPrice: 1e9,
} as const;

/** Prices of assets on consecutive dates. */
export interface PriceTable {
  readonly assets: readonly string[];
  /** ISO dates, ascending. */
  readonly dates: readonly string[];
  /** `rows[day][asset]`, all positive. */
  readonly rows: readonly (readonly number[])[];
}

/** Lines that are read in one slice. */
const LINES_PER_SLICE = 500;

const ISO_DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/;
const DECIMAL_NUMBER = /^\d{1,30}(?:\.\d{0,30})?(?:[eE][+-]?\d{1,3})?$/;
const ASSET_NAME = /^[^\s,"#;\p{C}][^,";\p{C}]*$/u;

const jsonTableSchema = z.strictObject({
  assets: z.array(z.string()).min(1).max(PRICE_TABLE_LIMITS.maxAssets),
  dates: z.array(z.string()).max(PRICE_TABLE_LIMITS.maxRows),
  prices: z
    .array(z.array(z.number()).max(PRICE_TABLE_LIMITS.maxAssets))
    .max(PRICE_TABLE_LIMITS.maxRows),
});

function refuse(message: string, line?: number): never {
  throw new ExecutorInputError('INVALID_INPUT', message, line === undefined ? {} : { line });
}

/** Collects rows and names the place of the first bad one: a line of a file, a row of an array. */
class PriceTableBuilder {
  readonly #assets: readonly string[];
  readonly #dates: string[] = [];
  readonly #rows: (readonly number[])[] = [];

  constructor(assets: readonly string[], place: string) {
    const { maxAssets, maxNameCharacters } = PRICE_TABLE_LIMITS;
    if (assets.length === 0) refuse(`${place} names no asset; write date,ASSET,ASSET,...`);
    if (assets.length > maxAssets) {
      refuse(`${place} names ${assets.length} assets, the limit is ${maxAssets}`);
    }
    const seen = new Set<string>();
    assets.forEach((asset, i) => {
      if (asset.length > maxNameCharacters || !asset.isWellFormed() || !ASSET_NAME.test(asset)) {
        refuse(
          `${place}: asset ${i + 1} has no usable name; ` +
            `give 1 to ${maxNameCharacters} characters, no quotes, commas or semicolons`,
        );
      }
      if (seen.has(asset)) refuse(`${place} names the asset "${asset}" twice`);
      seen.add(asset);
    });
    this.#assets = assets;
  }

  add(date: string, prices: readonly number[], place: string, line?: number): void {
    const { maxRows, minPrice, maxPrice } = PRICE_TABLE_LIMITS;
    if (this.#rows.length === maxRows) refuse(`${place}: the limit is ${maxRows} rows`, line);
    if (!ISO_DATE.test(date)) refuse(`${place}: the date must be like 2026-01-31`, line);
    const previous = this.#dates.at(-1);
    if (previous !== undefined && date <= previous) {
      refuse(`${place}: the date must be later than ${previous}; sort the rows by date`, line);
    }
    if (prices.length !== this.#assets.length) {
      refuse(`${place}: expected ${this.#assets.length} prices, got ${prices.length}`, line);
    }
    prices.forEach((price, i) => {
      if (price >= minPrice && price <= maxPrice) return;
      refuse(
        `${place}: the price of "${this.#assets[i]}" must be a number ` +
          `from ${minPrice} to ${maxPrice}`,
        line,
      );
    });
    this.#dates.push(date);
    this.#rows.push(prices);
  }

  finish(): PriceTable {
    const { minRows } = PRICE_TABLE_LIMITS;
    if (this.#rows.length < minRows) {
      refuse(`The table has ${this.#rows.length} rows of prices; at least ${minRows} are needed`);
    }
    return { assets: this.#assets, dates: this.#dates, rows: this.#rows };
  }
}

/**
 * Price table of CSV text. Lines that start with `#` and empty lines are skipped.
 *
 * @throws {@link ExecutorInputError} naming the first bad line; the signal's reason.
 */
export async function parseCsvPrices(text: string, signal: AbortSignal): Promise<PriceTable> {
  let builder: PriceTableBuilder | undefined;
  let line = 0;
  for (const content of linesOf(text)) {
    line += 1;
    if (line % LINES_PER_SLICE === 0) await yieldToEventLoop(signal);
    if (content === '' || content.startsWith('#')) continue;
    if (builder === undefined) {
      const [first = '', ...names] = content.split(',').map((cell) => cell.trim());
      if (first.toLowerCase() !== 'date') {
        refuse(`Line ${line}: expected a header date,ASSET,ASSET,...`, line);
      }
      builder = new PriceTableBuilder(names, `Line ${line}`);
      continue;
    }
    const comma = content.indexOf(',');
    const date = comma === -1 ? content : content.slice(0, comma).trimEnd();
    builder.add(date, pricesOf(content, comma), `Line ${line}`, line);
  }
  if (builder === undefined) refuse('The table is empty; expected a header date,ASSET,ASSET,...');
  return builder.finish();
}

/**
 * Prices of a line from the comma at `comma` on; what is no decimal number is `NaN`. Cells are not
 * collected first: a large table would make more garbage than numbers.
 */
function pricesOf(line: string, comma: number): number[] {
  const prices: number[] = [];
  let start = comma + 1;
  while (start > 0) {
    const end = line.indexOf(',', start);
    const cell = line.slice(start, end === -1 ? line.length : end).trim();
    prices.push(DECIMAL_NUMBER.test(cell) ? Number(cell) : Number.NaN);
    start = end + 1;
  }
  return prices;
}

/** One line at a time: a table of millions of lines is refused before it is split. */
function* linesOf(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    const end = text.indexOf('\n', start);
    const stop = end === -1 ? text.length : end;
    yield text.slice(start, stop).trim();
    start = stop + 1;
  }
}

/**
 * Price table of JSON `{ assets, dates, prices }`.
 *
 * @throws {@link ExecutorInputError} naming the first bad row.
 */
export function parseJsonPrices(json: unknown): PriceTable {
  const parsed = jsonTableSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    refuse(`The JSON price table has a bad ${issue?.path.join('.') ?? ''}: ${issue?.message}`);
  }
  const { assets, dates, prices } = parsed.data;
  if (dates.length !== prices.length) {
    refuse(`The JSON price table has ${dates.length} dates and ${prices.length} rows of prices`);
  }
  const builder = new PriceTableBuilder(assets, 'assets');
  prices.forEach((row, i) => builder.add(dates[i] ?? '', row, `prices[${i}]`));
  return builder.finish();
}
