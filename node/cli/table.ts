/**
 * Text for a person: tables, money, times. Every cell that came from a peer is made printable.
 *
 * @module
 */

import { printable } from '../errors.ts';
import type { UnknownTerm } from '../skills/term-check.ts';

/** Rows under a header, columns aligned, two spaces between them. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  return cells
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Below this many dollars six decimals would show less than two digits. */
const SMALL_USD = 1e-5;

/** Micro-USD as dollars with the digits that matter: `$0.000120`, `$0.00000042`. */
export function usd(microUsd: number | null | undefined): string {
  if (microUsd === null || microUsd === undefined) return 'n/a';
  const dollars = Math.abs(microUsd / 1e6);
  const isSmall = dollars > 0 && dollars < SMALL_USD;
  const decimals = isSmall ? 1 - Math.floor(Math.log10(dollars)) : dollars < 1 ? 6 : 2;
  return `${microUsd < 0 ? '-' : ''}$${dollars.toFixed(Math.min(decimals, 20))}`;
}

/** Micro-USD as dollars to the last one: what a balance is. */
export function exactUsd(microUsd: number): string {
  return `${microUsd < 0 ? '-' : ''}$${Math.abs(microUsd / 1e6).toFixed(6)}`;
}

/** A share as percent, or n/a. */
export function percent(value: number | null): string {
  return value === null ? 'n/a' : `${value.toFixed(1)} %`;
}

/** A line for each term that the vocabulary does not have, with those that may be meant. */
export function unknownTermLines(terms: readonly UnknownTerm[]): string[] {
  return terms.map(({ term, didYouMean }) => {
    const meant = didYouMean.length > 0 ? `; did you mean ${didYouMean.join(' or ')}?` : '';
    return printable(`${term} is not in the vocabulary${meant}`);
  });
}
