import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { RefusedError, printable, printableJson, printableText } from '../../errors.ts';
import { CliUnderTest, HOSTILE, UNPRINTABLE } from './capture.ts';

const PEER = Identity.fromSeed(new Uint8Array(32).fill(1)).peerId;
const TERM = 'performs:nlp/sentiment';

let cli: CliUnderTest;

beforeEach(async () => {
  cli = await CliUnderTest.open();
});

afterEach(() => cli.close());

const short = {
  decisionId: HOSTILE,
  choice: 'OUTSOURCE',
  contractor: HOSTILE,
  reason: HOSTILE,
  costInternalMicroUsd: 1,
  costExternalMicroUsd: 1,
  candidates: [],
};
const certificate = {
  certId: HOSTILE,
  kind: 'attestation',
  issuer: HOSTILE,
  holder: HOSTILE,
  issuedAtSeconds: 1_800_000_000,
  expiresAtSeconds: 1_800_000_001,
  level: 0,
  leaves: [
    { kind: 'skill', name: HOSTILE, value: HOSTILE },
    { kind: 'text', name: HOSTILE, value: HOSTILE },
  ],
  envelope: HOSTILE,
};

const hostileRun = {
  ...{ runId: HOSTILE, title: HOSTILE, status: HOSTILE, problem: HOSTILE },
  ...{ startedMs: 0, deadlineMs: null, endedMs: null, subtasks: 1, paidMicroUsd: 1 },
  steps: [{ id: HOSTILE, source: null, status: HOSTILE, where: HOSTILE, reason: HOSTILE }],
  atWork: [{ id: HOSTILE, where: HOSTILE, priceMicroUsd: 1, sinceMs: 1 }],
};
const hostileContract = {
  ...{ contractId: HOSTILE, client: HOSTILE, term: HOSTILE, state: HOSTILE, phase: HOSTILE },
  ...{ sinceMs: 0, deadlineMs: 0, priceMicroUsd: 1 },
};

/** Every command that shows what a peer or a file wrote, with a hostile answer. */
const SHOWN: [string, string[], unknown][] = [
  [
    'query',
    ['query', TERM, '--trace'],
    {
      query: HOSTILE,
      outcome: 'complete',
      hits: [
        {
          peerId: HOSTILE,
          term: HOSTILE,
          priceMicroUsd: 1,
          perUnit: HOSTILE,
          latencyMs: 1,
          level: 0,
          score: 1,
          scoreParts: { ontology: null, embedding: 1, performance: null },
          recordAgeMs: 1,
          sources: [HOSTILE],
          resources: [{ name: HOSTILE, atLeast: 1 }],
        },
      ],
      dropped: [{ peerId: HOSTILE, reason: HOSTILE }],
      asked: 1,
      answered: 1,
      elapsedMs: 1,
      lookAgeMs: 1,
      leftOut: { sameNetwork: 1, sameAttestorGroup: 1 },
      brokers: { outside: [{ name: HOSTILE, url: HOSTILE, skills: [HOSTILE] }] },
      trace: [{ event: HOSTILE }],
    },
  ],
  [
    'run',
    ['run', '--skill', TERM, '--input', 'INPUT'],
    {
      taskId: 'x',
      title: HOSTILE,
      status: 'completed',
      output: [
        { mediaType: 'text/plain', text: HOSTILE },
        { mediaType: 'application/json', data: { [HOSTILE]: HOSTILE } },
      ],
      subtasks: [
        {
          decision: short,
          attempts: [{ where: HOSTILE, outcome: 'failed', reason: HOSTILE, wallMs: 1 }],
          verification: {
            passed: true,
            checks: [{ type: HOSTILE, passed: true, detail: HOSTILE }],
          },
          paidMicroUsd: 1,
          receiptId: HOSTILE,
        },
      ],
      skipped: [],
      totals: { paidMicroUsd: 1, localCostMicroUsd: 1, netSavingPercent: 1, wallMs: 1 },
    },
  ],
  [
    'run of several',
    ['run', '--skill', TERM, '--input', 'INPUT', '--split', 'document'],
    {
      taskId: 'x',
      title: HOSTILE,
      status: 'partial',
      output: null,
      subtasks: [HOSTILE, null].map((source) => ({
        id: 'a',
        source,
        status: 'completed',
        attempts: [{ where: HOSTILE, outcome: 'failed', reason: HOSTILE, wallMs: 1 }],
        verification: { checks: [{ type: HOSTILE, passed: true, detail: HOSTILE }] },
        paidMicroUsd: 1,
        receiptId: HOSTILE,
        wallMs: 1,
      })),
      skipped: ['b'],
      totals: { paidMicroUsd: 1, localCostMicroUsd: 1, netSavingPercent: 1, wallMs: 1 },
    },
  ],
  ['tasks list', ['tasks', 'list'], { asClient: [hostileRun], asContractor: [hostileContract] }],
  ['tasks show, of a run', ['tasks', 'show', 'x'], { run: hostileRun, contract: null }],
  ['tasks show, of a contract', ['tasks', 'show', 'x'], { run: null, contract: hostileContract }],
  ['tasks cancel', ['tasks', 'cancel', 'x'], { id: HOSTILE, role: 'contractor', was: HOSTILE }],
  ['decisions list', ['decisions', 'list'], [short]],
  [
    'decisions replay',
    ['decisions', 'replay', 'x'],
    { decisionId: HOSTILE, differences: [HOSTILE] },
  ],
  ['cert show', ['cert', 'show', 'x'], certificate],
  ['cert show, all', ['cert', 'show'], [certificate]],
  [
    'cert endorse',
    ['cert', 'endorse', PEER, '--skill', TERM],
    { peerId: HOSTILE, term: HOSTILE, receiptId: HOSTILE, certId: HOSTILE, reason: HOSTILE },
  ],
  ['cert verify', ['cert', 'verify', 'INPUT'], { valid: true, reason: null, certificate }],
  ['cert verify, refused', ['cert', 'verify', 'INPUT'], { valid: false, reason: HOSTILE }],
  [
    'peers',
    ['peers'],
    [{ peerId: HOSTILE, connected: true, outcomes: { verified: 0, failed: 0 }, paidMicroUsd: 0 }],
  ],
  [
    'skills list',
    ['skills', 'list'],
    [{ term: HOSTILE, priceMicroUsd: 1, perUnit: HOSTILE, latencyMs: 1, executor: HOSTILE }],
  ],
  [
    'skills suggest',
    ['skills', 'suggest'],
    [
      {
        term: HOSTILE,
        tasks: 3,
        examples: [HOSTILE],
        nearest: { term: HOSTILE, similarity: 0.1 },
      },
    ],
  ],
  [
    'skills withdraw',
    ['skills', 'withdraw', TERM],
    {
      seq: 1,
      skills: [HOSTILE],
      readBackBy: HOSTILE,
      storedAtPeers: 1,
      elapsedMs: 1,
      unknownTerms: [{ term: HOSTILE, didYouMean: [HOSTILE] }],
    },
  ],
  [
    'attest',
    ['attest', PEER, '--skill', TERM],
    { peerId: HOSTILE, term: HOSTILE, failures: [HOSTILE], certId: HOSTILE, delivered: true },
  ],
  [
    'attest, of a resource',
    ['attest', PEER, '--resource', 'hasResource:memory-mib'],
    {
      peerId: HOSTILE,
      resource: HOSTILE,
      unit: HOSTILE,
      value: 1,
      reason: HOSTILE,
      certId: HOSTILE,
      delivered: true,
    },
  ],
];

async function argvWithInput(argv: readonly string[]): Promise<string[]> {
  const input = await cli.write('input.txt', 'x');
  return argv.map((argument) => (argument === 'INPUT' ? input : argument));
}

const NOT_VISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u;

describe('escape sequences in what a peer wrote', () => {
  it.each(SHOWN)('never reach the terminal raw: %s', async (_what, argv, answer) => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => answer;
    const { stdout, stderr } = await cli.run(...(await argvWithInput(argv)));
    expect(stdout).toContain('\ufffd');
    expect(stdout).not.toMatch(UNPRINTABLE);
    expect(stderr).not.toMatch(UNPRINTABLE);
  });

  it.each(SHOWN)(
    'are escapes in --json, and the text stays whole: %s',
    async (_what, argv, answer) => {
      const daemon = await cli.startDaemon();
      daemon.node.answer = () => answer;
      const { stdout } = await cli.run(...(await argvWithInput(argv)), '--json');
      expect(stdout).not.toMatch(UNPRINTABLE);
      expect(JSON.stringify(JSON.parse(stdout))).toContain(JSON.stringify(HOSTILE).slice(1, -1));
    },
  );

  it('never reach the terminal raw in an error of the daemon', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () =>
      Promise.reject(new RefusedError(HOSTILE, { problems: [HOSTILE, `${HOSTILE}\nforged line`] }));
    for (const json of [[], ['--json']]) {
      const { stdout, stderr, exitCode } = await cli.run('status', ...json);
      expect(exitCode).toBe(1);
      expect(stdout + stderr).not.toMatch(UNPRINTABLE);
      expect(stderr).not.toMatch(/^forged line/m);
    }
  });

  it('never reach the terminal raw in the name of a file', async () => {
    const { stderr, exitCode } = await cli.run('run', `${cli.path}/a\u001b[2J.json`);
    expect(exitCode).toBe(2);
    expect(stderr).not.toMatch(UNPRINTABLE);
  });
});

describe('printable', () => {
  it('replaces every control, direction and hidden character, and leaves visible text alone', () => {
    for (let code = 0; code < 0x3000; code++) {
      const text = String.fromCharCode(code);
      expect(printable(text)).not.toMatch(/\n|\t/);
      expect(printable(text)).not.toMatch(UNPRINTABLE);
      expect(printableText(text)).not.toMatch(UNPRINTABLE);
      if (!NOT_VISIBLE.test(text)) {
        expect(printable(text)).toBe(text);
      }
    }
    expect(printableText('a\n\tb\r')).toBe('a\n\tb\ufffd');
    expect(printable('größer 😀 漢字')).toBe('größer 😀 漢字');
  });

  it('escapes JSON so that it parses to the same text', () => {
    const all = Array.from({ length: 0x3000 }, (_, code) => String.fromCharCode(code)).join('');
    const json = printableJson(JSON.stringify({ all }));
    expect(json).not.toMatch(UNPRINTABLE);
    expect(JSON.parse(json)).toEqual({ all });
  });
});

describe('characters that hide', () => {
  const hidden = '\u200b\u200f\ufeff\u{e0041}';

  it('are replaced in text and escaped in JSON, and JSON still says the same', () => {
    expect(printable(`a${hidden}b`)).toMatch(/^a\ufffd+b$/);
    const json = JSON.stringify({ name: `a${hidden}b` }, undefined, 2);
    expect(printableJson(json)).not.toMatch(/[\p{Cf}]/u);
    expect(JSON.parse(printableJson(json))).toEqual({ name: `a${hidden}b` });
  });
});
