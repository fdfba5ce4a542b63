import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, FakeLogger } from '../../../protocols/test/negotiation/fake-world.ts';
import type { DecisionStatusDocument } from '../../api-documents.ts';
import { RATIONAL_POLICY } from '../../decision/policy.ts';
import { decisionMetrics, METRICS_TYPE } from '../../http-api/metrics.ts';
import { startHttpApi } from '../../http-api/server.ts';
import { DecisionMemory } from '../../tasks/decision-memory.ts';
import { MemoryJsonSection } from '../memory-section.ts';
import { ApiUnderTest, TOKEN } from './fake-agent-node.ts';

/** One metric family of an exposition. */
interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly labels: Readonly<Record<string, string>>; readonly value: number }[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*';
/** What Go's ParseFloat takes of a finite number. */
const VALUE = '-?[0-9]+(?:\\.[0-9]+)?(?:e[+-]?[0-9]+)?';

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_whole, character: string) => {
    if (!'\\"n'.includes(character)) throw new Error(`bad escape \\${character}`);
    return character === 'n' ? '\n' : character;
  });
}

function labelsOf(text: string): Record<string, string> {
  const labels = new Map<string, string>();
  const pattern = new RegExp(`(${LABEL})="((?:[^"\\\\\\n]|\\\\.)*)"(,|$)`, 'y');
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text);
    if (found === null) throw new Error(`bad labels: ${text}`);
    const [, name, value, end] = found;
    if (labels.has(name!)) throw new Error(`label ${name} stands twice`);
    labels.set(name!, unescaped(value!));
    if (end === '' && pattern.lastIndex !== text.length) throw new Error(`bad labels: ${text}`);
  }
  return Object.fromEntries(labels);
}

/** Parses the text format 0.0.4 of Prometheus, as strictly as it is written down. */
function parseExposition(text: string): Family[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families: Family[] = [];
  const series = new Set<string>();
  const lines = text.slice(0, -1).split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    const help = new RegExp(`^# HELP (${NAME}) (.+)$`).exec(line);
    if (help) {
      const [, name] = help;
      const type = new RegExp(`^# TYPE ${name} (counter|gauge)$`).exec(lines[++i] ?? '');
      if (type === null) throw new Error(`${name} has no type`);
      if (families.some((one) => one.name === name)) throw new Error(`${name} stands twice`);
      families.push({ name: name!, help: unescaped(help[2]!), type: type[1]!, samples: [] });
      continue;
    }
    const sample = new RegExp(`^(${NAME})(?:\\{(.+)\\})? (${VALUE})$`, 's').exec(line);
    if (sample === null) throw new Error(`bad line: ${line}`);
    const [, name, labels = '', value] = sample;
    const family = families.at(-1);
    if (family?.name !== name) throw new Error(`${name} does not stand below its type`);
    if (series.has(`${name}{${labels}}`)) throw new Error(`${line} stands twice`);
    series.add(`${name}{${labels}}`);
    family!.samples.push({ labels: labelsOf(labels), value: Number(value) });
  }
  return families;
}

const STATUS: DecisionStatusDocument = {
  policy: 'rational',
  weights: { cost: 0.4, reliability: 0.25, latency: 0.2, security: 0.15 },
  thresholds: { skill: 0.7, score: 0.6, confidence: 0.8 },
  exploration: {
    strategy: 'epsilon-greedy',
    allowedDecisions: 120,
    explored: 11,
    expectedRate: 0.1,
    actualRate: 11 / 120,
    pValue: 0.76,
    byChanceDecisions: 110,
    isAlarm: false,
    isForced: true,
    message: '',
    lossMicroUsd: 12.5,
    localCostMicroUsd: 1.5e21,
  },
  spending: { microUsd: 1e-7, contractors: 2, concentrationHhi: 0.5 },
  convergence: { decisions: 9, stability: 0.75, secondEigenvalueModulus: 0.1, mixingSteps: 3 },
  alarms: [
    { kind: 'COORDINATED_MOVE', atMs: 1, sentence: '' },
    { kind: 'PRICE_OUTLIER', atMs: 2, sentence: '' },
    { kind: 'COORDINATED_MOVE', atMs: 3, sentence: '' },
  ],
};

function familyOf(status: DecisionStatusDocument, name: string): Family {
  const found = parseExposition(decisionMetrics(status)).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no metric ${name}`);
  return found;
}

/** The only sample of a metric. */
function valueOf(status: DecisionStatusDocument, name: string): number {
  const { samples } = familyOf(status, `coalesce_${name}`);
  expect(samples).toHaveLength(1);
  expect(samples[0]!.labels).toEqual({});
  return samples[0]!.value;
}

describe('the metrics of decisions', () => {
  it('are text that Prometheus can read, each with its help and its type', () => {
    const families = parseExposition(decisionMetrics(STATUS));
    expect(families.length).toBeGreaterThan(10);
    for (const { name, help, type } of families) {
      expect(name).toMatch(/^coalesce_[a-z0-9_]+$/);
      expect(help.length).toBeGreaterThan(10);
      expect(['counter', 'gauge']).toContain(type);
    }
  });

  it('have no p-value where the strategy leaves nothing to chance, and say so', () => {
    const exploration = { ...STATUS.exploration, pValue: null, byChanceDecisions: 0 };
    const family = familyOf({ ...STATUS, exploration }, 'coalesce_exploration_p_value');
    expect(family.samples).toEqual([]);
    expect(family.help).toContain('leaves nothing to chance');
  });

  it('say what the status says, figure by figure', () => {
    expect(valueOf(STATUS, 'exploration_allowed_decisions')).toBe(120);
    expect(valueOf(STATUS, 'exploration_explored_decisions')).toBe(11);
    expect(valueOf(STATUS, 'exploration_p_value')).toBe(0.76);
    expect(valueOf(STATUS, 'exploration_by_chance_decisions')).toBe(110);
    expect(valueOf(STATUS, 'exploration_alarm')).toBe(0);
    expect(valueOf(STATUS, 'exploration_forced')).toBe(1);
    expect(valueOf(STATUS, 'exploration_loss_micro_usd')).toBe(12.5);
    expect(valueOf(STATUS, 'decided_local_cost_micro_usd')).toBe(1.5e21);
    expect(valueOf(STATUS, 'spending_micro_usd')).toBe(1e-7);
    expect(valueOf(STATUS, 'spending_concentration_hhi')).toBe(0.5);
    expect(valueOf(STATUS, 'decision_stability')).toBe(0.75);
    expect(familyOf(STATUS, 'coalesce_exploration_rate').samples).toEqual([
      { labels: { kind: 'expected' }, value: 0.1 },
      { labels: { kind: 'actual' }, value: 11 / 120 },
    ]);
    expect(familyOf(STATUS, 'coalesce_criterion_weight').samples).toEqual(
      Object.entries(STATUS.weights).map(([criterion, value]) => ({
        labels: { criterion },
        value,
      })),
    );
    expect(familyOf(STATUS, 'coalesce_decision_threshold').samples).toEqual(
      Object.entries(STATUS.thresholds).map(([threshold, value]) => ({
        labels: { threshold },
        value,
      })),
    );
    const alarmed = { ...STATUS, exploration: { ...STATUS.exploration, isAlarm: true } };
    expect(valueOf(alarmed, 'exploration_alarm')).toBe(1);
  });

  it('count the alarms by kind', () => {
    expect(familyOf(STATUS, 'coalesce_decision_alarms').samples).toEqual([
      { labels: { kind: 'COORDINATED_MOVE' }, value: 2 },
      { labels: { kind: 'PRICE_OUTLIER' }, value: 1 },
    ]);
  });

  it('leave out what has no value yet, but not its help and its type', () => {
    const { convergence } = STATUS;
    const young = { ...STATUS, alarms: [], convergence: { ...convergence, stability: null } };
    expect(familyOf(young, 'coalesce_decision_stability').samples).toEqual([]);
    expect(familyOf(young, 'coalesce_decision_alarms').samples).toEqual([]);
    expect(decisionMetrics(young)).not.toContain('null');
  });

  it('escape whatever stands in a label, and stay one line per sample', () => {
    const kinds = ['a"b', 'a\\b', 'a\nb', '\\n', '"} 1\ncoalesce_fake{x="', '__proto__', 'ü'];
    const alarms = kinds.map((kind) => ({ kind, atMs: 0, sentence: '' }));
    const { samples } = familyOf({ ...STATUS, alarms }, 'coalesce_decision_alarms');
    expect(samples.map(({ labels }) => labels['kind'])).toEqual(kinds);
    const special = fc.constantFrom('\\', '"', '\n', '{', '}', ',', '=', ' ', '#', 'n', 'a');
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: special, minLength: 1 })), (names) => {
        const all = names.map((kind) => ({ kind, atMs: 0, sentence: '' }));
        const family = familyOf({ ...STATUS, alarms: all }, 'coalesce_decision_alarms');
        expect(new Set(family.samples.map(({ labels }) => labels['kind']))).toEqual(new Set(names));
      }),
    );
  });

  it('have every finite number as it is', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const status = { ...STATUS, spending: { ...STATUS.spending, microUsd: value } };
        expect(valueOf(status, 'spending_micro_usd')).toBe(value === 0 ? 0 : value);
      }),
    );
  });

  it('of a node that has decided nothing can be read too', () => {
    const memory = new DecisionMemory({
      settings: new MemoryJsonSection(),
      clock: new FakeClock(),
      logger: new FakeLogger(),
      isAdaptive: false,
      maxSpendingShare: 1,
    });
    const status = memory.status(RATIONAL_POLICY);
    expect(valueOf(status, 'exploration_allowed_decisions')).toBe(0);
    expect(valueOf(status, 'decided_local_cost_micro_usd')).toBe(0);
    expect(familyOf(status, 'coalesce_decision_stability').samples).toEqual([]);
  });
});

describe('the reader of these tests', () => {
  it.each([
    ['no end of the last line', 'a 1'],
    ['a sample without a type', 'a 1\n'],
    ['a help without a type', '# HELP a b\na 1\n'],
    ['an unknown type', '# HELP a b\n# TYPE a sum\na 1\n'],
    ['a value that is none', '# HELP a b\n# TYPE a gauge\na null\n'],
    ['a value that is no number', '# HELP a b\n# TYPE a gauge\na NaN\n'],
    ['an open label', '# HELP a b\n# TYPE a gauge\na{b="c} 1\n'],
    ['a raw quote', '# HELP a b\n# TYPE a gauge\na{b="c"d"} 1\n'],
    ['a bad escape', '# HELP a b\n# TYPE a gauge\na{b="\\t"} 1\n'],
    ['a series that stands twice', '# HELP a b\n# TYPE a gauge\na 1\na 1\n'],
    ['an empty line', '# HELP a b\n# TYPE a gauge\n\na 1\n'],
  ])('refuses %s', (_what, text) => {
    expect(() => parseExposition(text)).toThrow();
  });
});

describe('GET /metrics', () => {
  const test = new ApiUnderTest();

  afterEach(() => test.api.close(0));

  async function start(metrics = () => decisionMetrics(STATUS)): Promise<void> {
    test.api = await startHttpApi({
      host: '127.0.0.1',
      port: 0,
      token: TOKEN,
      isReady: () => true,
      metrics,
      groups: [],
      logger: test.logger,
    });
  }

  it('answers with the metrics, in the media type of the format', async () => {
    await start();
    const { status, headers, text } = await test.ask('/metrics');
    expect(status).toBe(200);
    expect(METRICS_TYPE).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(headers['content-type']).toBe(METRICS_TYPE);
    expect(text).toBe(decisionMetrics(STATUS));
    expect(parseExposition(text).length).toBeGreaterThan(10);
  });

  it.each([
    ['no token', null],
    ['an empty token', ''],
    ['another token', 'U'.repeat(43)],
  ])('answers 401 to %s, and measures nothing', async (_what, token) => {
    let calls = 0;
    await start(() => {
      calls++;
      return '';
    });
    const { status, text } = await test.ask('/metrics', { token });
    expect(status).toBe(401);
    expect(text).not.toContain('coalesce_');
    expect(calls).toBe(0);
  });

  it('answers 403 to a page that has rebound its name', async () => {
    await start();
    const { status } = await test.ask('/metrics', { headers: { host: 'evil.example' } });
    expect(status).toBe(403);
  });

  it('shows the figures of the moment, not those of the start', async () => {
    let isForced = false;
    await start(() =>
      decisionMetrics({ ...STATUS, exploration: { ...STATUS.exploration, isForced } }),
    );
    expect((await test.ask('/metrics')).text).toContain('coalesce_exploration_forced 0\n');
    isForced = true;
    expect((await test.ask('/metrics')).text).toContain('coalesce_exploration_forced 1\n');
  });
});
