/**
 * Reads a printed decision as a person would and recomputes each of its figures from the others,
 * with no help of the engine.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COST_PRESETS } from '../../cost/presets.ts';
import { decide } from '../../decision/decision-record.ts';
import { formatDecision } from '../../decision/explanation.ts';
import { PAPER_POLICY, RATIONAL_POLICY, REFERENCE_POLICY } from '../../decision/policy.ts';
import type { DecisionPolicy } from '../../decision/policy.ts';
import type { Candidate, DecisionRequest } from '../../decision/request.ts';
import {
  candidate,
  exploring,
  newcomer,
  request,
  someCandidates,
  TASK_TYPE,
  withPolicy,
  withTask,
} from './requests.ts';

/** Six digits are printed, so three figures more or less keep this much. */
const RELATIVE = 1e-4;
const MAX_COLUMNS = 120;

type Row = Readonly<Record<string, string>>;

/** Lines under a heading, up to the next empty line. */
function section(text: string, heading: string): string[] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(heading));
  if (start < 0) return [];
  const end = lines.indexOf('', start);
  return lines.slice(start + 1, end < 0 ? undefined : end);
}

const CONTRACTORS = 'Contractors by score';

/** Rows of a table by the name in their first cell. Weights have no last cell, notes just one. */
function rowsOf(text: string, heading: string): Map<string, Row> {
  const [head = '', ...rest] = section(text, heading).map((line) => line.trim().split(/ {2,}/));
  const rows = rest.filter((cells) => cells.length > 1 && cells.length >= head.length - 1);
  const named = rows.map((cells): [string, Row] => [
    cells[0]!,
    Object.fromEntries(cells.map((cell, i) => [head[i]!, cell])),
  ]);
  return new Map(named);
}

/** The number of a cell: `$0.5`, `x 1.05`, `0.5 (0.2)`; NaN for none. */
function numberOf(cell: string | undefined): number {
  return Number(/^(?:\$|x )?([-\d.e]+)/.exec(cell ?? '')?.[1] ?? 'nothing');
}

function normalisedOf(cell: string | undefined): number {
  return Number(/\(([-\d.e]+)\)$/.exec(cell ?? '')?.[1] ?? 'nothing');
}

/** "27/28 other" as [27, 28]; zeros for none. */
function ratioOf(cell: string | undefined): [number, number] {
  const [, part, whole] = /([\d.]+)\/([\d.]+)/.exec(cell ?? '') ?? [];
  return [Number(part ?? 0), Number(whole ?? 0)];
}

function near(printed: number, recomputed: number, what: string): void {
  const gap = Math.abs(printed - recomputed);
  const most = RELATIVE * Math.max(Math.abs(printed), Math.abs(recomputed)) + 1e-12;
  expect(gap, `${what}: ${printed} is printed, ${recomputed} by hand`).toBeLessThanOrEqual(most);
}

/** Every figure about the contractors but fit, scores and weights. */
function recomputeChancesAndCosts(text: string, input: DecisionRequest): number {
  const known = rowsOf(text, 'What is known of them');
  const chances = rowsOf(text, 'What that comes to');
  const costs = rowsOf(text, 'Cost at the contractors');
  const scores = rowsOf(text, CONTRACTORS);
  const value = input.task.valueMicroUsd / 1e6;
  for (const [name, facts] of known) {
    const chance = chances.get(name)!;
    const [ownGood, own] = ratioOf(facts['outcomes']);
    const [passed, run] = ratioOf(facts['tests']);
    const [toldGood, toldAll] = ratioOf(facts['told']);
    const level = numberOf(facts['level']);
    const isTyped = own > 0 && !facts['outcomes']!.endsWith('other');
    const tests = level >= 2 ? Math.min(run, 8) : 0;
    const told = Math.min(toldAll, 8 - tests);
    const otherGood =
      (run === 0 ? 0 : (tests * passed) / run) + (told && (told * toldGood) / toldAll);
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
function recomputeScores(text: string, deadlineMs: number, sensitivityFactor: number): void {
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

const HISTORY = { successes: 30, failures: 2, monthsSinceLast: 1.5 };

/** Different in everything that a figure is made of. */
const FIELD: readonly Candidate[] = [
  {
    ...candidate('proven', { successes: 47, failures: 3, latencyMs: 4000 }),
    incidents: { disputes: 1, canaryHits: 2, interactions: 30 },
    calibrationRatio: 1.25,
  },
  {
    ...candidate('elsewhere', { priceMicroUsd: 1400, level: 1, latencyMs: 900, similarity: 0.8 }),
    history: HISTORY,
    overheads: { verificationMicroUsd: 33 },
  },
  {
    ...newcomer('tested', 5, 6),
    testimony: { successes: 2.5, total: 3.5 },
    quote: {
      priceMicroUsd: 1700,
      latencyMs: 2000,
      load: { demand: 5, available: 0, total: 4 },
      expiresAtSeconds: 2_000,
    },
  },
];

function rich(): DecisionRequest {
  const base = withTask(request(FIELD), { sensitivity: 'medium' });
  const { local } = base;
  return {
    ...base,
    local: {
      ...local,
      execution: { flops: 4.8e14 },
      hardware: {
        ...COST_PRESETS.si.prices,
        peakFlopsPerSecond: 1e12,
        memoryGib: 16,
        powerWatts: 30,
      },
      queue: [
        { valueMicroUsd: 500, hours: 4 },
        { valueMicroUsd: 400, hours: 2 },
      ],
    },
    context: { ...base.context, localCalibrationRatio: 0.9 },
  };
}

function linesAfterTheReason(text: string): string[] {
  return text.split('\n').slice(1);
}

describe('a printed decision, redone by hand,', () => {
  it('has chances and costs that follow from what is known of each contractor', () => {
    expect(recomputeChancesAndCosts(formatDecision(decide(rich())), rich())).toBe(3);
  });

  it('has a fit that follows from terms, cosine and outcomes of the task type', () => {
    const known = rowsOf(formatDecision(decide(rich())), 'What is known of them');
    expect([...known.keys()]).toHaveLength(3);
    for (const [name, row] of known) {
      const [good, all] = name === 'proven' ? ratioOf(row['outcomes']) : [0, 0];
      const done = all === 0 ? [0, 0] : [(0.2 * (1 + good)) / (2 + all), 0.2];
      const sum = 0.3 * numberOf(row['terms']) + 0.5 * numberOf(row['cosine']) + done[0]!;
      near(numberOf(row['fit']), sum / (0.8 + done[1]!), `${name} fit`);
    }
  });

  it('has weights and scores that follow from criteria, load and deadline', () => {
    recomputeScores(formatDecision(decide(rich())), 60_000, 0.5);
  });

  it('has a cost here that follows from hours and prices', () => {
    const text = formatDecision(decide(rich()));
    const rows = new Map(
      section(text, 'Cost here').map((line) => {
        const [name = '', figure = ''] = line.trim().split(/ {2,}/);
        return [name, numberOf(figure)];
      }),
    );
    const at = (name: string): number => rows.get(name)!;
    expect(text).toContain('4.8e14 operations / (1e12 a second x 0.75) / 3600');
    const hours = 4.8e14 / (1e12 * 0.75) / 3600;
    near(at('hours'), hours, 'hours');
    near(at('compute'), hours * 0.45, 'compute');
    near(at('memory'), (2 / 16) * hours * 0.15, 'memory');
    near(at('energy'), (30 / 1000) * 0.75 * hours * 0.08, 'energy');
    near(at('waiting tasks'), (hours * 0.0004) / 2, 'waiting tasks');
    near(at('wear'), (12_000 / (3 * 8760)) * hours, 'wear');
    const cash = at('compute') + at('memory') + at('energy') + at('wear');
    near(at('in all'), at('correction') * (cash + at('waiting tasks')), 'in all');
    near(at('in cash'), at('correction') * cash, 'in cash');
    near(at('correction'), 0.9, 'correction');
  });

  it('has a bargaining price that follows from the costs', () => {
    const failing = { priceMicroUsd: 100, successes: 10, failures: 40 };
    const field = [candidate('dear', { priceMicroUsd: 8_000 }), candidate('bad', failing)];
    const text = formatDecision(decide(request(field)));
    const [, price, here, beside] =
      /evenly with dear at \$([\d.]+): \(\$([\d.]+) here - \$([\d.]+) beside/
        .exec(text)!
        .map(Number);
    const lowest = Number(/the price \+ \$([\d.]+), the lowest/.exec(text)![1]);
    near(price!, (here! - beside! + lowest) / 2, 'bargaining price');
    expect(lowest).toBe(0.0001);
  });

  it('agrees for any field of contractors, in lines of 120 columns', () => {
    let rows = 0;
    fc.assert(
      fc.property(someCandidates, fc.constantFrom('low', 'medium', 'high'), (list, sensitivity) => {
        const input = withTask(request(list), { sensitivity });
        const text = formatDecision(decide(input));
        rows += recomputeChancesAndCosts(text, input);
        for (const line of linesAfterTheReason(text)) {
          expect(line.length, line).toBeLessThanOrEqual(MAX_COLUMNS);
        }
      }),
      { numRuns: 100 },
    );
    expect(rows).toBeGreaterThan(200);
  });
});

/** An exploration of a task worth enough to lose something. */
function explorationOf(
  changes: Partial<NonNullable<DecisionRequest['context']['exploration']>>,
  policy: DecisionPolicy = RATIONAL_POLICY,
): DecisionRequest {
  const field = [candidate('greedy'), newcomer('first', 2, 2), candidate('b', { latencyMs: 9 })];
  const base = withTask(request(field), { valueMicroUsd: 20_000 });
  const input = exploring(base, policy, 'epsilon-greedy');
  const { context } = input;
  return {
    ...input,
    context: { ...context, exploration: { ...context.exploration!, ...changes } },
  };
}

describe('the printed exploration', () => {
  const part = (input: DecisionRequest): string =>
    section(formatDecision(decide(input)), 'Exploration by').join('\n');

  it('says what was drawn, against which rate, and what it would have been otherwise', () => {
    const text = part(explorationOf({}));
    const [, draw, rate] = /drew ([\d.]+), explores below ([\d.]+)/.exec(text)!.map(Number);
    expect(rate).toBe(0.1);
    expect(text).toMatch(draw! < 0.1 ? /outcome +explored/ : /outcome +not explored/);
    expect(text).toMatch(/otherwise +OUTSOURCE to b, \$0\.0010372 in cash/);
  });

  it('has a budget and a loss that can be redone by hand', () => {
    const input = explorationOf({ isForced: true, cumulativeLossMicroUsd: 39_000 });
    const record = decide({
      ...input,
      context: {
        ...input.context,
        exploration: { ...input.context.exploration!, cumulativeLossMicroUsd: 39_900 },
      },
    });
    const text = formatDecision(record);
    const [, budget, share, value] = /may lose +\$([\d.]+): the lesser of ([\d.]+) x \$([\d.]+)/
      .exec(text)!
      .map(Number);
    const [, ofLocal, before, here, lost] =
      /([\d.]+) x \(\$([\d.]+) \+ \$([\d.]+)\), what all .* - \$([\d.]+) lost/
        .exec(text)!
        .map(Number);
    expect([share, ofLocal]).toEqual([0.01, 0.004]);
    near(budget!, Math.min(share! * value!, ofLocal! * (before! + here!) - lost!), 'budget');
    const [, most] = /can lose +\$([\d.]+)/.exec(text)!.map(Number);
    const cost = rowsOf(text, 'Cost at the contractors').get(record.result.contractor!)!;
    const parts = ['communication', 'verification', 'integration'];
    const handling =
      numberOf(cost['correction']) * parts.reduce((sum, one) => sum + numberOf(cost[one]), 0);
    const [, cash] = /otherwise .*, \$([\d.]+) in cash/.exec(text)!.map(Number);
    near(most!, handling + Math.max(0, numberOf(cost['price']) - cash!), 'loss');
    expect(text).toContain('forced, the node was stuck');
    expect(text).toContain('which an exploration bypasses');
  });

  it('says why there was none', () => {
    const base = explorationOf({});
    expect(part(withTask(base, { sensitivity: 'medium' }))).toContain(
      'no: the data is more sensitive than low',
    );
    expect(part(withTask(base, { criticality: 'high' }))).toContain('of high criticality');
    expect(part(withTask(base, { valueMicroUsd: 100 }))).toContain('could lose more than that');
    expect(part(withTask(base, { maxLatencyMs: 1 }))).toContain('no contractor within the hard');
    expect(part(explorationOf({}, PAPER_POLICY))).toMatch(/may lose +without a limit/);
  });

  it('is left out where exploring was not asked for', () => {
    expect(formatDecision(decide(rich()))).not.toContain('Exploration');
  });
});

describe('the printed decision of another policy', () => {
  const stated = { reliability: 0.9, securityRisk: 0.1, qualityRisk: 0.05, performance: 0.8 };

  it('shows stated figures and the rules of the paper’s own code', () => {
    const field = FIELD.map((one) => ({ ...one, stated }));
    const base = withPolicy(request(field), REFERENCE_POLICY);
    const input = withTask(base, { maxLatencyMs: 1_000 });
    const text = formatDecision(decide(input));
    const known = rowsOf(text, 'What is known of them').get('proven')!;
    expect(known).toMatchObject({ performance: '0.8', reliability: '0.9', breach: '0.1' });
    const chance = rowsOf(text, 'What that comes to').get('proven')!;
    near(numberOf(chance['mishap']), 0.1 + 0.1 + 0.05, 'mishap');
    expect(text).toContain('weight = learned x what the task asks for');
    expect(text).toContain('(value - least) / (greatest - least)');
    const cost = rowsOf(text, 'Cost at the contractors').get('proven')!;
    near(numberOf(cost['lateness']), (3_000 / 60_000) * (0.012 * 60), 'lateness');
    for (const line of linesAfterTheReason(text)) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('leaves out what this engine would compute if another engine decided', () => {
    const record = { ...decide(rich()), version: 1 };
    const text = formatDecision(record);
    expect(text).toContain('Decided by engine 1');
    expect(text).not.toContain('What is known of them');
    expect(text).toContain(CONTRACTORS);
  });

  it('names the task type and cannot be led astray by one that is a name of every object', () => {
    const base = request([candidate('a')]);
    const input = { ...base, task: { ...base.task, taskType: '__proto__' } };
    expect(formatDecision(decide(input))).toContain('Task __proto__');
    expect(formatDecision(decide(withTask(base, {})))).toContain(`Task ${TASK_TYPE}`);
  });
});
