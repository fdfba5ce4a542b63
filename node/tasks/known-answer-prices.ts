/**
 * Price tables from a seed: a random walk of each asset around a common market factor.
 *
 * @module
 */

import type { SeededSequence } from './seeded-sequence.ts';

const MS_PER_DAY = 24 * 3600 * 1000;
const FIRST_DAY_MS = Date.UTC(2021, 0, 4);
const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];

/** A table as CSV. */
export interface ComposedPrices {
  readonly csv: string;
  readonly assets: number;
}

/** Sum of three uniform numbers: bell-shaped, mean 0, deviation 1/2. */
function shock(sequence: SeededSequence): number {
  return sequence.uniform() + sequence.uniform() + sequence.uniform() - 1.5;
}

function composeTickers(sequence: SeededSequence, count: number): string[] {
  const tickers = new Set<string>();
  while (tickers.size < count) {
    const letters = Array.from({ length: sequence.integer(3, 4) }, () => sequence.pick(LETTERS));
    tickers.add(letters.join(''));
  }
  return [...tickers];
}

/** Monday to Friday, from a random Monday on. */
function composeDates(sequence: SeededSequence, count: number): string[] {
  const start = FIRST_DAY_MS + 7 * sequence.integer(0, 150) * MS_PER_DAY;
  return Array.from({ length: count }, (_, i) => {
    const day = 7 * Math.floor(i / 5) + (i % 5);
    return new Date(start + day * MS_PER_DAY).toISOString().slice(0, 10);
  });
}

/** A price table of 4 to 12 assets over 60 to 320 trading days. */
export function composePriceTable(
  sequence: SeededSequence,
  size: { readonly assets?: number; readonly days?: number } = {},
): ComposedPrices {
  const assets = size.assets ?? sequence.integer(4, 12);
  const dates = composeDates(sequence, size.days ?? sequence.integer(60, 320));
  const tickers = composeTickers(sequence, assets);
  const walks = tickers.map(() => ({
    price: sequence.integer(800, 30_000) / 100,
    drift: (sequence.uniform() - 0.35) * 0.001,
    beta: 0.3 + 1.2 * sequence.uniform(),
    size: 0.006 + 0.02 * sequence.uniform(),
  }));
  const lines = [['date', ...tickers].join(',')];
  for (const date of dates) {
    lines.push([date, ...walks.map(({ price }) => price.toFixed(2))].join(','));
    const market = 0.012 * shock(sequence);
    for (const walk of walks) {
      const change = walk.drift + walk.beta * market + walk.size * shock(sequence);
      walk.price = Math.max(walk.price * (1 + change), 0.5);
    }
  }
  return { csv: `${lines.join('\n')}\n`, assets };
}
