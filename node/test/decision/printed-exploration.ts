/**
 * Redoes a printed exploration from its text alone, as a person would: the figure that ranks each
 * contractor, the draws from the printed seed, and who is explored by them.
 *
 * @module
 */

import { expect } from 'vitest';
import { SeededRandom } from '../../decision/exploration/seeded-random.ts';
import { near, numberOf, rowsOf, section } from './printed-decision.ts';

type Row = Readonly<Record<string, string>>;

/** Heading of those that might be explored. */
export const ARMS = 'Whom it might have been';

const CRITERIA_OF_ARMS = 'What the model knows of them';
const MODEL = 'The model, one row each';

const HEADINGS: Readonly<Record<string, string>> = {
  ucb1: 'index',
  thompson: 'sample',
  contextual: 'bound',
  'information-gain': 'value',
};

/** The numbers of a phrase with `#` in the places of numbers; fails where it is not in the text. */
function numbersOf(text: string, phrase: string): number[] {
  const escaped = phrase.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const found = new RegExp(escaped.replaceAll('#', String.raw`(-?[\d.]+(?:e-?\d+)?)`)).exec(text);
  expect(found, phrase).not.toBeNull();
  return found!.slice(1).map(Number);
}

/** Solution of A z = x by elimination; A is positive definite. */
function solved(A: readonly (readonly number[])[], x: readonly number[]): number[] {
  const rows = A.map((row, i) => [...row, x[i]!]);
  rows.forEach((pivot, i) => {
    for (const row of rows.slice(i + 1)) {
      const factor = row[i]! / pivot[i]!;
      for (let k = i; k < row.length; k++) row[k]! -= factor * pivot[k]!;
    }
  });
  const z = x.map(() => 0);
  for (let i = rows.length - 1; i >= 0; i--) {
    const rest = rows[i]!.slice(i + 1, -1).reduce((sum, a, k) => sum + a * z[i + 1 + k]!, 0);
    z[i] = (rows[i]!.at(-1)! - rest) / rows[i]![i]!;
  }
  return z;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, one, i) => sum + one * b[i]!, 0);
}

function entropy(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -p * Math.log(p) - (1 - p) * Math.log(1 - p);
}

/** h(m) - E h(theta), the expectation by the midpoints of a fine grid. */
function informationNats(alpha: number, beta: number): number {
  const steps = 40_000;
  const peak = (alpha - 1) / Math.max(1, alpha + beta - 2);
  const logOf = (x: number): number =>
    (alpha - 1) * Math.log(Math.max(x, 1e-300)) + (beta - 1) * Math.log(Math.max(1 - x, 1e-300));
  let mass = 0;
  let sum = 0;
  for (let i = 0; i < steps; i++) {
    const theta = (i + 0.5) / steps;
    const density = Math.exp(logOf(theta) - logOf(peak));
    mass += density;
    sum += density * entropy(theta);
  }
  return entropy(alpha / (alpha + beta)) - sum / mass;
}

function checkUcb1(text: string, rows: readonly Row[]): void {
  const outcomes = rows.map((row) => numberOf(row['outcomes']));
  const [total] = numbersOf(text, 't = # outcomes of all');
  near(
    total!,
    outcomes.reduce((a, b) => a + b, 0),
    't',
  );
  rows.forEach((row, i) => {
    const bonus = Math.sqrt((2 * Math.log(Math.max(1, total!))) / outcomes[i]!);
    if (outcomes[i] === 0) expect(row['index']).toBe('infinite');
    else near(numberOf(row['index']), numberOf(row['mean']) + bonus, 'index');
  });
}

function checkThompson(rows: readonly Row[], seed: number): void {
  for (const row of rows) {
    const [first, last] = row['draws']!.split('-').map(Number);
    const random = new SeededRandom(seed);
    for (let skipped = 1; skipped < first!; skipped++) random.uniform();
    const sample = random.beta(numberOf(row['alpha']), numberOf(row['beta']));
    near(numberOf(row['sample']), sample, 'sample');
    const after = new SeededRandom(seed);
    for (let drawn = 1; drawn <= last!; drawn++) after.uniform();
    expect(random.uniform()).toBe(after.uniform());
  }
}

function checkContextual(text: string, rows: readonly Row[]): void {
  const lines = section(text, MODEL).map((line) => line.trim().split(/ {2,}/));
  const known = rowsOf(text, CRITERIA_OF_ARMS);
  const start = lines.findIndex(([head, next]) => head === '1' && next === 'cost');
  const model = lines.slice(start + 1, start + 6).map((cells) => cells.map(Number));
  const A = model.map((row) => row.slice(0, 5));
  const theta = solved(
    A,
    model.map((row) => row[5]!),
  );
  const [width] = numbersOf(text, 'bound = mean + # width');
  for (const row of rows) {
    const criteria = ['cost', 'reliability', 'latency', 'security'];
    const x = [1, ...criteria.map((name) => numberOf(known.get(row['number']!)![name]))];
    near(1 + numberOf(row['mean']), 1 + dot(theta, x), 'mean');
    const deviation = Math.sqrt(dot(x, solved(A, x)));
    near(numberOf(row['width']), deviation, 'width');
    near(numberOf(row['bound']), dot(theta, x) + width! * deviation, 'bound');
  }
}

function checkInformationGain(text: string, rows: readonly Row[]): void {
  const [perNat] = numbersOf(text, 'value = cost in all - $# x information');
  for (const row of rows) {
    const information = numberOf(row['information']);
    near(information, informationNats(numberOf(row['alpha']), numberOf(row['beta'])), 'nats');
    // As a sum: a small difference of two rounded figures has few digits.
    near(numberOf(row['cost in all']), numberOf(row['value']) + perNat! * information, 'value');
  }
}

/** Place that the printed draws choose; -1 for none. */
function drawnPlace(text: string, count: number, otherwise: number, seed: number): number {
  const random = new SeededRandom(seed);
  const first = random.uniform();
  const isForced = text.includes('forced, the node was stuck');
  if (isForced) expect(text).toContain(`drew ${first} first`);
  else {
    const [drawn, rate] = numbersOf(text, 'drew #, explores below #');
    expect(drawn).toBe(first);
    if (text.includes(`${rate} = max(`)) {
      const [least, initial, decay, decisions] = numbersOf(text, '= max(#, # x #^#)');
      near(rate!, Math.max(least!, initial! * decay! ** decisions!), 'rate');
    }
    if (drawn! >= rate!) return -1;
  }
  const isLeftOut = isForced && otherwise >= 0 && count > 1;
  const second = random.uniform();
  const among = isLeftOut ? count - 1 : count;
  const place = Math.floor(second * among);
  const whom = `${among} of the list${isLeftOut ? ` without number ${otherwise}` : ''}`;
  expect(text).toContain(`second draw ${second} x ${whom}, rounded down: ${place}`);
  return isLeftOut && place >= otherwise ? place + 1 : place;
}

/** Place that the printed figures choose; -1 for none. */
function rankedPlace(text: string, rows: readonly Row[], strategy: string): number {
  const otherwise = rows.findIndex((row) => row['is'] === 'otherwise');
  const sign = strategy === 'information-gain' ? -1 : 1;
  const values = rows.map((row) => {
    const cell = row[HEADINGS[strategy]!];
    return cell === 'infinite' ? Infinity : sign * numberOf(cell);
  });
  const isForced = text.includes('forced, the node was stuck');
  const [, known] = /if it is (?:above|below) \$?([\d.]+), the/.exec(text) ?? [];
  let best = -1;
  let most = isForced || known === undefined ? -Infinity : sign * Number(known);
  values.forEach((value, place) => {
    if (!(value > most) || (isForced && place === otherwise)) return;
    best = place;
    most = value;
  });
  return best === otherwise ? -1 : best;
}

/**
 * Checks every figure of the list, and who is explored.
 *
 * @returns Whether somebody was; `undefined` where nobody might have been.
 */
export function recomputeExploration(text: string): boolean | undefined {
  const [, strategy = ''] = /^Exploration by (.+)$/m.exec(text) ?? [];
  const rows = [...rowsOf(text, ARMS).values()];
  if (rows.length === 0) return undefined;
  expect(rows.map((row) => row['number'])).toEqual(rows.map((_, i) => String(i)));
  const explored = rows.findIndex((row) => row['is'] === 'explored');
  const otherwise = rows.findIndex((row) => row['is'] === 'otherwise');
  const seed = Number(/, seed (\d+);/.exec(text)![1]);
  if (strategy === 'ucb1') checkUcb1(text, rows);
  if (strategy === 'thompson') checkThompson(rows, seed);
  if (strategy === 'contextual') checkContextual(text, rows);
  if (strategy === 'information-gain') checkInformationGain(text, rows);
  const isByChance = HEADINGS[strategy] === undefined;
  const place = isByChance
    ? drawnPlace(text, rows.length, otherwise, seed)
    : rankedPlace(text, rows, strategy);
  expect(explored, text).toBe(place);
  expect(/outcome +explored/.test(text)).toBe(place >= 0);
  return place >= 0;
}
