/**
 * Figures and names as a person reads them. Whatever a peer supplied is escaped: no text of a peer
 * can move the cursor, hide a character or turn the direction of a line.
 *
 * @module
 */

const MICRO_USD_PER_USD = 1_000_000;
const MAX_SHOWN_CHARACTERS = 80;

/** Control, format, surrogate, private and unassigned characters, and separators of lines. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** `text` with every character that is not plainly visible written as its code, and cut. */
export function printable(text: string, maxCharacters: number = MAX_SHOWN_CHARACTERS): string {
  const characters = [...text];
  const shown = characters.slice(0, maxCharacters).join('');
  const escaped = shown.replace(
    UNPRINTABLE,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
  return characters.length > maxCharacters ? `${escaped}…` : escaped;
}

/** A PeerId short enough for a sentence: its first and last four characters. */
export function shortPeerId(peerId: string): string {
  const isShort = peerId.length <= 12;
  return printable(isShort ? peerId : `${peerId.slice(0, 4)}…${peerId.slice(-4)}`);
}

function dollars(microUsd: number, decimals: number): string {
  return `$${(microUsd / MICRO_USD_PER_USD).toFixed(decimals)}`;
}

function decimalsFor(microUsd: number): number {
  const usd = Math.abs(microUsd) / MICRO_USD_PER_USD;
  if (usd >= 1 || usd === 0) return 2;
  return usd >= 0.01 ? 4 : 6;
}

/** Micro-USD as dollars, with as many decimals as the amount needs. */
export function formatUsd(microUsd: number): string {
  return dollars(microUsd, decimalsFor(microUsd));
}

/** Two amounts with so many decimals that they look different if they are. */
export function formatUsdPair(a: number, b: number): [string, string] {
  const most = 12;
  let decimals = Math.max(decimalsFor(a), decimalsFor(b));
  while (a !== b && decimals < most && dollars(a, decimals) === dollars(b, decimals)) decimals++;
  return [dollars(a, decimals), dollars(b, decimals)];
}

/**
 * Two fractions, the second at least with two decimals, so that they look different if they are.
 */
export function formatFractionPair(a: number, b: number): [string, string] {
  const most = 12;
  let decimals = 2;
  while (a !== b && decimals < most && a.toFixed(decimals) === b.toFixed(decimals)) decimals++;
  return [a.toFixed(decimals), b.toFixed(decimals)];
}
