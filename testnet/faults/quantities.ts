/**
 * Quantities as people write them in commands and scenarios: `200ms`, `5s`, `256kbit`, `30%`.
 *
 * @module
 */

const MS = { ms: 1, s: 1_000, m: 60_000 } as const;
const KILOBITS = { kbit: 1, mbit: 1_000, gbit: 1_000_000 } as const;

function parse<Unit extends string>(text: string, units: Record<Unit, number>): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([a-z%]+)$/.exec(text) ?? [];
  if (amount === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  return Number(amount) * units[unit as Unit];
}

/** Milliseconds of `200ms`, `1.5s` or `2m`; `undefined` for anything else. */
export function durationMs(text: string): number | undefined {
  return parse(text, MS);
}

/** Kilobits per second of `256kbit`, `10mbit` or `1gbit`, the words of `tc`. */
export function kilobits(text: string): number | undefined {
  return parse(text, KILOBITS);
}

/** 30 of `30%`. */
export function percent(text: string): number | undefined {
  return parse(text, { '%': 1 });
}
