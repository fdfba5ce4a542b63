/** Price tables for tests, from a seed or from exact returns. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { utf8 } from '../../../crypto/bytes.ts';
import type { ResolvedPart } from '../../tasks/task-parts.ts';

/** Uniform numbers in [0, 1) from a seed (mulberry32). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function isoDate(day: number): string {
  return new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
}

/** Prices that start at 100 and have exactly these returns, `returns[day][asset]`. */
export function pricesOf(returns: readonly (readonly number[])[]): number[][] {
  const rows = [returns[0]!.map(() => 100)];
  for (const day of returns) rows.push(rows.at(-1)!.map((price, i) => price * (1 + day[i]!)));
  return rows;
}

/** Random daily returns with correlation through one common factor. */
export function randomReturns(seed: number, days: number, assets: number): number[][] {
  const next = uniform(seed);
  const drift = Array.from({ length: assets }, () => (next() - 0.4) * 0.002);
  const size = Array.from({ length: assets }, () => 0.005 + next() * 0.02);
  return Array.from({ length: days }, () => {
    const market = next() - 0.5;
    return drift.map((mean, i) => mean + size[i]! * (market + next() - 0.5));
  });
}

export function csvOf(rows: readonly (readonly number[])[]): string {
  const header = ['date', ...rows[0]!.map((_, i) => `ASSET${i}`)].join(',');
  return [header, ...rows.map((row, day) => [isoDate(day), ...row].join(','))].join('\n');
}

export function csvPart(text: string): ResolvedPart {
  return { mediaType: 'text/csv', bytes: utf8(text) };
}

export function jsonPart(value: unknown): ResolvedPart {
  return { mediaType: 'application/json', bytes: utf8(JSON.stringify(value)) };
}

export function textPart(text: string): ResolvedPart {
  return { mediaType: 'text/plain', bytes: utf8(text) };
}

/** Text of a sample of the examples. */
export function sample(name: string): string {
  const root = join(import.meta.dirname, '..', '..', '..');
  return readFileSync(join(root, 'testnet', 'examples', 'data', name), 'utf8');
}

/** A table of random prices as one part. */
export function randomTable(seed: number, days: number, assets: number): ResolvedPart {
  return csvPart(csvOf(pricesOf(randomReturns(seed, days, assets))));
}
