import { describe, expect, it } from 'vitest';
import type {
  DecisionStatusDocument,
  LedgerStatusDocument,
  StatusDocument,
} from '../../api-documents.ts';
import { describeStatus } from '../../cli/commands/status.ts';
import { HOSTILE, UNPRINTABLE } from './capture.ts';

const NEW: DecisionStatusDocument = {
  policy: 'rational',
  weights: { cost: 0.4, reliability: 0.25, latency: 0.2, security: 0.15 },
  thresholds: { skill: 0.7, score: 0.6, confidence: 0.8 },
  exploration: {
    strategy: 'epsilon-greedy',
    allowedDecisions: 0,
    explored: 0,
    expectedRate: 0,
    actualRate: 0,
    pValue: null,
    byChanceDecisions: 0,
    isAlarm: false,
    isForced: false,
    message: '0 of 0 decisions explored (0.0 %), 0.0 % expected, nothing to test yet',
    lossMicroUsd: 0,
    localCostMicroUsd: 0,
  },
  spending: { microUsd: 0, contractors: 0, concentrationHhi: 0 },
  convergence: {
    decisions: 0,
    stability: null,
    secondEigenvalueModulus: null,
    mixingSteps: null,
  },
  alarms: [],
};

const NOT_TESTED = {
  spentMs: 0,
  allowedMs: 0,
  busyMs: 0,
  sharePercent: null,
  startSpentMs: 0,
  startAllowedMs: 300_000,
  startAllowedOfOneMs: 60_000,
};

function status(decision: Partial<DecisionStatusDocument>): StatusDocument {
  return {
    version: '0.1.0',
    name: 'a node',
    peerId: 'x',
    addresses: [],
    http: 'http://127.0.0.1:1',
    a2a: null,
    dataDirectory: 'd',
    pid: 1,
    uptimeSeconds: 1,
    memoryRssMegabytes: 1,
    peersConnected: 0,
    routingTableSize: 0,
    skills: [],
    tasksInWork: 0,
    certificates: 0,
    paidMicroUsd: 0,
    earnedMicroUsd: 0,
    prices: { computeUsdPerHour: 1, memoryUsdPerHour: 0, energyUsdPerKwh: 0, powerWatts: 0 },
    hardware: {
      peakFlopsPerSecond: 1e9,
      memoryBandwidthBytesPerSecond: null,
      memoryGib: 4,
      source: 'config',
      measuredAt: null,
    },
    spendingToday: { spentMicroUsd: 250, limitMicroUsd: null },
    measuredTime: NOT_TESTED,
    mail: { lateVerdicts: 0, awaitedVerdicts: 0, lettersKept: null },
    broker: null,
    decisionPolicy: 'rational',
    decision: { ...NEW, ...decision },
    ledger: null,
  };
}

/** What stands beside a name. */
function lineOf(text: string, name: string): string {
  const line = text.split('\n').find((one) => one.startsWith(`${name}  `));
  return line?.slice(name.length).trim() ?? 'no such line';
}

const WORKED: Partial<DecisionStatusDocument> = {
  exploration: {
    ...NEW.exploration,
    allowedDecisions: 40,
    explored: 3,
    message: '3 of 40 decisions explored (7.5 %), 10.0 % expected, p = 0.8',
    lossMicroUsd: 3_000,
    localCostMicroUsd: 1_500_000,
  },
  spending: { microUsd: 2_500_000, contractors: 3, concentrationHhi: 0.414 },
  convergence: { ...NEW.convergence, decisions: 120, stability: 0.93 },
};

describe('status', () => {
  it('tells in a line each how the node decides, explores, loses and spends', () => {
    const text = describeStatus(status(WORKED));
    expect(lineOf(text, 'decides by')).toBe(
      'policy rational; learned weights cost 0.40, reliability 0.25, latency 0.20, security 0.15',
    );
    expect(lineOf(text, 'thresholds')).toBe('skill 0.70, score 0.60, confidence 0.80');
    expect(lineOf(text, 'exploration')).toBe(
      'epsilon-greedy: 3 of 40 decisions explored (7.5 %), 10.0 % expected, p = 0.8',
    );
    expect(lineOf(text, 'loss account')).toBe(
      '$0.003000 lost by exploring, of $1.50 that all tasks would have cost here (0.20 %)',
    );
    expect(lineOf(text, 'spending')).toBe(
      '$2.50, faded by half each month, concentration (HHI) 0.41 over 3 contractors',
    );
    expect(lineOf(text, 'stability')).toBe(
      'of the last 120 decisions, the choice before for the same skill was repeated in 93.0 % ' +
        'of those that have one',
    );
    expect(text).not.toMatch(/alarm/i);
  });

  it('says of a new node that there is nothing to tell yet', () => {
    const text = describeStatus(status({}));
    expect(lineOf(text, 'exploration')).toBe('epsilon-greedy: no decision yet that might explore');
    expect(lineOf(text, 'loss account')).toContain('(0.00 %)');
    expect(lineOf(text, 'spending')).toBe('none yet');
    expect(lineOf(text, 'stability')).toBe('not known yet');
  });

  it('tells in a line what attestors have taken of the machine, and may take', () => {
    const work = { spentMs: 1_840, allowedMs: 3_680, busyMs: 184_000, sharePercent: 1 };
    const measuredTime = { ...NOT_TESTED, ...work, startSpentMs: 2_200 };
    expect(lineOf(describeStatus({ ...status({}), measuredTime }), 'measured')).toBe(
      're-attestation took 1.8 s, 1.0 % of 184.0 s of work in 7 days; up to 3.7 s (2 %) is ' +
        'allowed; first attestations 2.2 of 300.0 s for life, up to 60.0 s of each attestor',
    );
    expect(lineOf(describeStatus(status({})), 'measured')).toBe(
      'no work yet, so no attestor may test again; first attestations 0.0 of 300.0 s for life, ' +
        'up to 60.0 s of each attestor',
    );
  });

  it('marks a rate that does not fit', () => {
    const exploration = { ...WORKED.exploration!, isAlarm: true };
    const text = describeStatus(status({ ...WORKED, exploration }));
    expect(lineOf(text, 'exploration')).toMatch(/^epsilon-greedy: ALARM: 3 of 40/);
  });

  it('shows the newest alarms with their sentences, and counts the older ones', () => {
    const alarms = [1, 2, 3, 4, 5].map((day) => ({
      kind: 'PRICE_OUTLIER',
      atMs: Date.UTC(2026, 0, day),
      sentence: `sentence of day ${day}`,
    }));
    const shown = describeStatus(status({ alarms }))
      .split('\n')
      .filter((line) => /sentence|older/.test(line));
    expect(shown.map((line) => line.trim().split(/ {2,}/).at(-1))).toEqual([
      '2026-01-05T00:00:00.000Z sentence of day 5',
      '2026-01-04T00:00:00.000Z sentence of day 4',
      '2026-01-03T00:00:00.000Z sentence of day 3',
      'and 2 older alarms: status --json',
    ]);
  });

  it('prints nothing raw of a peer that an alarm names', () => {
    const alarm = { kind: 'PRICE_OUTLIER', atMs: 0, sentence: `${HOSTILE} asks too much` };
    expect(describeStatus(status({ alarms: [alarm] }))).not.toMatch(UNPRINTABLE);
  });
});

describe('the ledger in coalesce status', () => {
  const ledger = (reach: LedgerStatusDocument['reach']): StatusDocument => ({
    ...status({}),
    ledger: {
      ...{ ledgerId: 'ab'.repeat(32), replicas: 4, head: null, isForked: false, replica: null },
      ...{ reach, withoutLedger: 'bilateral' },
    },
  });

  it('says since when it is not reached, why, and what is done instead', () => {
    const reason = `no block has followed 7 ${HOSTILE}`;
    const text = describeStatus(ledger({ isReached: false, sinceMs: 0, reason }));
    expect(text).toContain('NOT REACHED since 1970-01-01T00:00:00.000Z: no block has followed 7');
    expect(text).toContain('contractors are asked for credit');
    expect(text).not.toMatch(UNPRINTABLE);
  });

  it('says nothing of it while blocks go on', () => {
    const text = describeStatus(ledger({ isReached: true, sinceMs: 0, reason: null }));
    expect(text).not.toContain('NOT REACHED');
  });

  it('says what a broker has and keeps, and nothing of it for a node that is none', () => {
    const broker = { ...status({}), broker: { records: 12, quotes: 9 } };
    const mail = { lateVerdicts: 1, awaitedVerdicts: 2, lettersKept: 3 };
    const text = describeStatus({ ...broker, mail });
    expect(lineOf(text, 'broker')).toBe('12 records, 9 quotes held');
    expect(lineOf(text, 'unsigned')).toContain('3 letters kept for others');
    expect(describeStatus(status({}))).not.toMatch(/^broker/m);
    expect(describeStatus(status({}))).not.toContain('letters kept');
  });
});
