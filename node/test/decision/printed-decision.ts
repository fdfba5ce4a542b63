/**
 * Reads a printed decision as a person would, and recomputes its figures from each other with no
 * help of the engine.
 *
 * @module
 */

import { expect } from 'vitest';
import type { DecisionRequest } from '../../decision/request.ts';

/** Six digits are printed, so three figures more or less keep this much. */
const RELATIVE = 1e-4;

type Row = Readonly<Record<string, string>>;

/** Lines under a heading, up to the next empty line. */
export function section(text: string, heading: string): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(heading));
  if (start < 0) return [];
  const end = lines.indexOf('', start);
  return lines.slice(start + 1, end < 0 ? undefined : end);
}

/** Heading of the scores. */
export const CONTRACTORS = 'Contractors by score';

/** Rows of a table by the name in their first cell. Weights have no last cell, notes just one. */
export function rowsOf(text: string, heading: string): Map<string, Row> {
  const [head = '', ...rest] = section(text, heading).map((line) => line.trim().split(/ {2,}/));
  const rows = rest.filter((cells) => cells.length > 1 && cells.length >= head.length - 1);
  const named = rows.map((cells): [string, Row] => [
    cells[0]!,
    Object.fromEntries(cells.map((cell, i) => [head[i]!, cell])),
  ]);
  return new Map(named);
}

/** The number of a cell: `$0.5`, `x 1.05`, `0.5 (0.2)`; NaN for none. */
export function numberOf(cell: string | undefined): number {
  return Number(/^(?:\$|x )?([-\d.e]+)/.exec(cell ?? '')?.[1] ?? 'nothing');
}

function normalisedOf(cell: string | undefined): number {
  return Number(/\(([-\d.e]+)\)$/.exec(cell ?? '')?.[1] ?? 'nothing');
}

/** "27/28 other" as [27, 28]; zeros for none. */
export function ratioOf(cell: string | undefined): [number, number] {
  const [, part, whole] = /([\d.]+)\/([\d.]+)/.exec(cell ?? '') ?? [];
  return [Number(part ?? 0), Number(whole ?? 0)];
}

/** Expects two figures to be the same but for rounding. */
export function near(printed: number, recomputed: number, what: string): void {
  const gap = Math.abs(printed - recomputed);
  const most = RELATIVE * Math.max(Math.abs(printed), Math.abs(recomputed)) + 1e-12;
  expect(gap, `${what}: ${printed} is printed, ${recomputed} by hand`).toBeLessThanOrEqual(most);
}

/** So much testimony that confidence stays below 0.8 where tests alone are below, by hand. */
function mostTold(passed: number, tests: number, told: number): number {
  const isSure = (more: number): boolean => {
    const known = tests + more;
    const rate = (1 + passed + more) / (2 + known);
    const confidence = 1 - 1.96 * Math.sqrt((rate * (1 - rate)) / (2 + known));
    return known > 0 && rate >= 0.5 && confidence > 0.8;
  };
  const most = Math.min(told, 8 - tests);
  if (isSure(0)) return most;
  let more = most;
  for (let step = most / 2; step > 1e-12; step /= 2) more += isSure(more) ? -step : step;
  return Math.min(more, most);
}

/**
 * Cost of the data's way to a contractor and back, in dollars: by the line of its name, else by the
 * one for all.
 */
function communicationByHand(text: string, name: string): number {
  const lines = section(text, 'Cost at the contractors').map((line) => line.trim());
  const line =
    lines.find((one) => one.startsWith(`communication of ${name} = `)) ??
    lines.find((one) => one.startsWith('communication = '))!;
  const formula = / = (\d+) bytes x \$([\d.]+) a GB(?: by its own link)? \+ session \$([\d.]+)/;
  const [, bytes = NaN, perGb = NaN, session = NaN] = (formula.exec(line) ?? []).map(Number);
  return (bytes / 1e9) * perGb + session;
}

/** Every figure about the contractors but fit, scores and weights. */
export function recomputeChancesAndCosts(text: string, input: DecisionRequest): number {
  const known = rowsOf(text, 'What is known of them');
  const chances = rowsOf(text, 'What that comes to');
  const costs = rowsOf(text, 'Cost at the contractors');
  const scores = rowsOf(text, CONTRACTORS);
  const value = input.task.valueMicroUsd / 1e6;
  for (const [name, facts] of known) {
    const chance = chances.get(name)!;
    const [ownGood, own] = ratioOf(facts['outcomes']);
    const [passed, run] = ratioOf(facts['tests']);
    const [toldCell, countedOfIt] = facts['told']!.split(', ');
    const [toldGood, toldAll] = ratioOf(toldCell);
    const level = numberOf(facts['level']);
    const isTyped = own > 0 && !facts['outcomes']!.endsWith('other');
    const tests = level >= 2 ? Math.min(run, 8) : 0;
    const told = countedOfIt === undefined ? toldAll : numberOf(countedOfIt.split(' ')[0]);
    const passedTests = run === 0 ? 0 : (tests * passed) / run;
    near(told, mostTold(passedTests, tests, toldAll), `${name} told`);
    const otherGood = passedTests + (told && (told * toldGood) / toldAll);
    const good = ownGood + otherGood;
    const all = own + tests + told;
    const [printedGood, printedAll] = ratioOf(chance['counted']);
    near(printedGood, good, `${name} good`);
    near(printedAll, all, `${name} known`);
    const rate = (1 + good) / (2 + all);
    if (all > 0) near(numberOf(chance['success rate']), rate, `${name} success rate`);
    const confidence = 1 - 1.96 * Math.sqrt((rate * (1 - rate)) / (2 + all));
    near(numberOf(chance['confidence']), all === 0 ? 0 : Math.max(0, confidence), 'confidence');
    const months = own === 0 ? 0 : numberOf(facts['months']);
    const reliability = rate * Math.exp(-0.1 * months);
    const [, disputes = 0, hits = 0, dealings = 0] = (
      /^(\d+)\+(\d+)\/(\d+)$/.exec(facts['incidents']!) ?? []
    ).map(Number);
    const p = [0.1, 0.05, 0.03, 0.02][level]!;
    const breach = 1 - (1 - p) * (1 - disputes / (2 + dealings)) * (1 - hits / (2 + dealings));
    near(numberOf(chance['breach']), breach, `${name} breach`);
    const poor = isTyped ? 1 - rate : 1 - (1 + otherGood) / (2 + tests + told);
    near(numberOf(chance['poor work']), poor, `${name} poor work`);
    const mishap = 1 - reliability * (1 - breach) * (1 - poor);
    near(numberOf(chance['mishap']), mishap, `${name} mishap`);
    const cost = costs.get(name)!;
    near(numberOf(cost['communication']), communicationByHand(text, name), `${name} communication`);
    near(numberOf(cost['risk']), value * mishap, `${name} risk`);
    const parts = ['communication', 'verification', 'integration'];
    const handling =
      numberOf(cost['correction']) * parts.reduce((sum, part) => sum + numberOf(cost[part]), 0);
    const total = numberOf(cost['price']) + handling + value * mishap + numberOf(cost['lateness']);
    near(numberOf(cost['in all']), total, `${name} cost`);
    const row = scores.get(name)!;
    near(numberOf(row['cost in all']), total, `${name} cost in the matrix`);
    near(numberOf(row['reliability']), reliability, `${name} reliability`);
    const factor = { low: 0.2, medium: 0.5, high: 0.9 }[input.task.sensitivity];
    near(numberOf(row['security risk']), breach * factor * 0.5, `${name} security risk`);
  }
  return known.size;
}

const COLUMNS = ['cost in all', 'reliability', 'latency, ms', 'security risk'] as const;
const WEIGHT_ROWS = ['signal', 'learned', 'mixed', 'overlap', 'weight'];

function correlation(x: readonly number[], y: readonly number[]): number {
  const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, one, i) => sum + (one - mean(a)) * (b[i]! - mean(b)), 0);
  const scale = Math.sqrt(dot(x, x) * dot(y, y));
  return scale === 0 ? 0 : dot(x, y) / scale;
}

function scaled(values: readonly number[]): number[] {
  const sum = values.reduce((a, b) => a + b, 0);
  return values.map((value) => value / sum);
}

/** Weights and scores, with what is printed above them. */
export function recomputeScores(text: string, deadlineMs: number, sensitivityFactor: number): void {
  const table = rowsOf(text, CONTRACTORS);
  const known = rowsOf(text, 'What is known of them');
  const contractors = [...table].filter(([name]) => !WEIGHT_ROWS.includes(name));
  const columns = COLUMNS.map((column) => contractors.map(([, row]) => numberOf(row[column])));
  const weights = (name: string): number[] => COLUMNS.map((c) => numberOf(table.get(name)![c]));
  const scarcities = [...known.values()].map(({ load = '' }) => {
    const [wanted, free, slots] = load.split(/[,/]/).map(Number);
    return Math.max(0, Math.min(1, 0.5 + (0.5 * (wanted! - free!)) / slots!));
  });
  const mean = (v: readonly number[]): number => v.reduce((a, b) => a + b, 0) / v.length;
  const signals = [
    mean(scarcities),
    1 - mean(columns[1]!),
    Math.min(...columns[2]!) / deadlineMs,
    sensitivityFactor,
  ];
  const compare = (name: string, values: readonly number[]): void =>
    values.forEach((value, i) => near(weights(name)[i]!, value, `${name} of ${COLUMNS[i]!}`));
  compare('signal', signals);
  const mixed = scaled(weights('learned').map((h, i) => 0.7 * signals[i]! + 0.3 * h));
  compare('mixed', mixed);
  const overlap = columns.map((x, i) =>
    columns.reduce((sum, y, j) => (i === j ? sum : sum + Math.abs(correlation(x, y))), 0),
  );
  compare('overlap', overlap);
  const adjusted = scaled(mixed.map((w, i) => w * (1 - 0.3 * overlap[i]!)));
  compare('weight', adjusted);
  const normalised = columns.map((x) => {
    const norm = Math.sqrt(x.reduce((sum, one) => sum + one * one, 0));
    return x.map((one) => one / norm);
  });
  const best = normalised.map((x, i) => (i === 1 ? Math.max(...x) : Math.min(...x)));
  const worst = normalised.map((x, i) => (i === 1 ? Math.min(...x) : Math.max(...x)));
  contractors.forEach(([name, row], k) => {
    COLUMNS.forEach((column, i) => {
      near(normalisedOf(row[column]), normalised[i]![k]!, `${name}, ${column} normalised`);
    });
    const distance = (from: readonly number[]): number =>
      Math.hypot(...adjusted.map((w, i) => w * (normalised[i]![k]! - from[i]!)));
    const score = distance(worst) / (distance(worst) + distance(best));
    near(numberOf(row['score']), score, `${name}, score`);
  });
}
