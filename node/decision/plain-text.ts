/**
 * Figures and names as a person reads them. Whatever a peer supplied is escaped: no text of a peer
 * can move the cursor, hide a character or turn the direction of a line.
 *
 * @module
 */

const MICRO_USD_PER_USD = 1_000_000;
const MICRO_USD_DECIMALS = 6;
const FRACTION_DECIMALS = 2;
const MAX_SHOWN_CHARACTERS = 80;
/** Most decimals of an amount or a fraction in a sentence. */
const MAX_DECIMALS = 12;
const SHORT_ENDS = 4;
/** More than half of the longest PeerId that a record keeps: from here on they are whole. */
const MAX_ENDS = 128;

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

/** First and last characters of a PeerId that are shown, so many of each; all of a short one. */
function ends(peerId: string, characters: number): string {
  const isShort = peerId.length <= 2 * characters + 4;
  const shown = isShort
    ? peerId
    : `${peerId.slice(0, characters)}…${peerId.slice(peerId.length - characters)}`;
  return printable(shown, MAX_SHOWN_CHARACTERS + 2 * characters);
}

/** A PeerId short enough for a sentence: its first and last four characters. */
export function shortPeerId(peerId: string): string {
  return ends(peerId, SHORT_ENDS);
}

/**
 * Short forms of PeerIds that stand in one text: like {@link shortPeerId}, but where two of them
 * would look alike, both show twice as many characters, until they differ or are whole.
 */
export function shortPeerIds(peerIds: Iterable<string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  let alike = [...new Set(peerIds)];
  for (let characters = SHORT_ENDS; alike.length > 0; characters *= 2) {
    const groups = new Map<string, string[]>();
    for (const peerId of alike) {
      const name = ends(peerId, characters);
      names.set(peerId, name);
      const group = groups.get(name);
      if (group) group.push(peerId);
      else groups.set(name, [peerId]);
    }
    if (characters >= MAX_ENDS) break;
    alike = [...groups.values()].flatMap((group) => (group.length > 1 ? group : []));
  }
  return names;
}

/** Below, six decimals round to zero. */
const NOTHING_USD = 5e-7;

function dollars(microUsd: number, decimals: number): string {
  return `$${(microUsd / MICRO_USD_PER_USD).toFixed(decimals)}`;
}

function decimalsFor(microUsd: number): number {
  const usd = Math.abs(microUsd) / MICRO_USD_PER_USD;
  if (usd >= 1 || usd === 0) return 2;
  if (usd >= 0.01) return 4;
  // Two digits of what six decimals would show as nothing.
  return usd >= NOTHING_USD ? 6 : Math.min(MAX_DECIMALS, 1 - Math.floor(Math.log10(usd)));
}

/** Micro-USD as dollars, with as many decimals as the amount needs. */
export function formatUsd(microUsd: number): string {
  return dollars(microUsd, decimalsFor(microUsd));
}

/** Two amounts with so many decimals that they look different if they are. */
export function formatUsdPair(a: number, b: number): [string, string] {
  const first = Math.max(decimalsFor(a), decimalsFor(b));
  const usd = (microUsd: number): string => `$${microUsd / MICRO_USD_PER_USD}`;
  return distinctPair(a, b, first, dollars, usd);
}

/**
 * Two fractions, the second at least with two decimals, so that they look different if they are.
 */
export function formatFractionPair(a: number, b: number): [string, string] {
  return distinctPair(a, b, FRACTION_DECIMALS, (x, decimals) => x.toFixed(decimals), String);
}

/** With as few decimals as tell the two apart, from `first` on; written out where none do. */
function distinctPair(
  a: number,
  b: number,
  first: number,
  format: (value: number, decimals: number) => string,
  whole: (value: number) => string,
): [string, string] {
  for (let decimals = first; decimals <= MAX_DECIMALS; decimals++) {
    const pair: [string, string] = [format(a, decimals), format(b, decimals)];
    if (a === b || pair[0] !== pair[1]) return pair;
  }
  return [whole(a), whole(b)];
}

/** A fraction with two decimals, and with more where they hide on which side of `limit` it is. */
export function formatFractionBeside(value: number, limit: number): string {
  for (let decimals = FRACTION_DECIMALS; decimals <= MAX_DECIMALS; decimals++) {
    const text = value.toFixed(decimals);
    if (isSameSide(Number(text), value, limit)) return text;
  }
  return String(value);
}

/** Whether two numbers are both above, both below, or both at a limit. */
export function isSameSide(a: number, b: number, limit: number): boolean {
  return Math.sign(a - limit) === Math.sign(b - limit);
}

/** A changed value as it is printed. */
export interface RoundedTurn {
  /** What `to` is in the text. */
  readonly value: number;
  readonly from: string;
  readonly to: string;
}

/**
 * Every way to print the value at which something turns, the shortest first: rounded away from
 * where it was, so that the printed value lies beyond the turn.
 *
 * @param kind - `USD`: micro-USD that are printed as dollars. `FRACTION`: a number in [0, 1].
 */
export function* roundedTurns(
  from: number,
  to: number,
  kind: 'USD' | 'FRACTION',
): Iterable<RoundedTurn> {
  const isUsd = kind === 'USD';
  const first = isUsd ? Math.max(decimalsFor(from), decimalsFor(to)) : FRACTION_DECIMALS;
  const round = to > from ? Math.ceil : Math.floor;
  for (let decimals = first; decimals <= MAX_DECIMALS; decimals++) {
    const places = isUsd ? decimals - MICRO_USD_DECIMALS : decimals;
    // A power of ten below 1 is not exact, one above is.
    const scale = 10 ** Math.abs(places);
    const value = places < 0 ? round(to / scale) * scale : round(to * scale) / scale;
    const format = (x: number): string => (isUsd ? dollars(x, decimals) : x.toFixed(decimals));
    const texts = { from: format(from), to: format(value) };
    if (texts.from !== texts.to) yield { value, ...texts };
  }
  const whole = (x: number): string => (isUsd ? `$${x / MICRO_USD_PER_USD}` : String(x));
  yield { value: to, from: whole(from), to: whole(to) };
}
