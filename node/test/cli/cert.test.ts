import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { CliUnderTest } from './capture.ts';

const PEER = Identity.fromSeed(new Uint8Array(32).fill(1)).peerId;

let cli: CliUnderTest;

beforeEach(async () => {
  cli = await CliUnderTest.open();
});

afterEach(() => cli.close());

describe('cert list --issued', () => {
  const row = {
    certId: 'a',
    kind: 'attestation',
    holder: PEER,
    issuedAtSeconds: 0,
    expiresAtSeconds: 86_400,
    isRevoked: true,
    about: ['performs:nlp/sentiment'],
  };

  it('shows holder, terms, end and revocation of what this node has issued', async () => {
    const daemon = await cli.startDaemon();
    const document = { issued: [row, { ...row, isRevoked: false, about: [] }], total: 3 };
    daemon.node.answer = () => document;
    const { exitCode, stdout } = await cli.run('cert', 'list', '--issued');
    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines[1]!.slice(1)).toEqual([
      'attestation',
      PEER,
      'performs:nlp/sentiment',
      '1970-01-02T00:00Z',
      'yes',
    ]);
    expect(lines[2]!.slice(3)).toEqual(['not kept', '1970-01-02T00:00Z', 'no']);
    expect(stdout).toContain('and 1 older ones');
    expect(daemon.node.calls.map(({ method }) => method)).toEqual(['listIssuedCertificates']);
    const json = await cli.run('cert', 'show', '--issued', '--json');
    expect(JSON.parse(json.stdout)).toEqual(document);
  });

  it('ends with 3 where nothing was issued, and with 2 beside an id', async () => {
    const daemon = await cli.startDaemon();
    daemon.node.answer = () => ({ issued: [], total: 0 });
    expect((await cli.run('cert', 'list', '--issued')).exitCode).toBe(3);
    expect((await cli.run('cert', 'show', 'abc', '--issued')).exitCode).toBe(2);
  });
});

describe('an id that begins with "-", as one in 64 does', () => {
  it('is no option, wherever it stands', async () => {
    const daemon = await cli.startDaemon();
    const id = `-${'hVabc'.repeat(8)}de`;
    expect(id).toHaveLength(43);
    daemon.node.answer = () => ({ certId: id });
    for (const argv of [
      ['cert', 'revoke', id, '--json'],
      ['cert', 'revoke', '--json', id],
    ]) {
      await cli.run(...argv);
    }
    expect(daemon.node.calls.map(({ method, args }) => [method, args[0]])).toEqual(
      Array.from({ length: 2 }, () => ['revokeCertificate', id]),
    );
  });
});

describe('cert prove and cert verify', () => {
  it('say in their help how long a proof is good, and that a nonce serves once', async () => {
    for (const command of ['prove', 'verify']) {
      const { stdout } = await cli.run('cert', command, '--help');
      expect(stdout).toContain('a proof is good for 60 s after it was made');
      expect(stdout).toContain('accepted once');
      expect(stdout).toContain('NONCE_USED');
    }
    const { stdout } = await cli.run('cert', 'prove', '--help');
    expect(stdout).toContain('the highest rung');
    expect(stdout).toContain('disclosure.highestRungs');
  });

  it.each([
    [
      0,
      'is by an issuer that this node does not trust',
      'valid, but gives no level here: it is by',
    ],
    [0, 'is by the holder itself', 'valid, but gives no level here: it is by the holder itself'],
    [2, null, 'valid'],
  ])('says beside "valid" whether it gives a level here: %i, %s', async (level, remark, first) => {
    const daemon = await cli.startDaemon();
    const certificate = {
      certId: 'a',
      kind: 'attestation',
      issuer: PEER,
      holder: PEER,
      issuedAtSeconds: 0,
      expiresAtSeconds: 1,
      level,
      status: 'good',
      remark,
      leaves: [],
      envelope: '',
    };
    daemon.node.answer = () => ({ valid: true, reason: null, certificate });
    const { exitCode, stdout } = await cli.run('cert', 'verify', await cli.write('c', 'x'));
    // Only what gives a level is a success for whoever looks at nothing else.
    expect(exitCode).toBe(level > 0 ? 0 : 1);
    const [line = ''] = stdout.split('\n');
    expect(line.startsWith(first)).toBe(true);
    if (level > 0) expect(line).toBe('valid');
  });
});

describe('a rotation that this node does not follow', () => {
  it('is explained where the trace of a query names it', async () => {
    const daemon = await cli.startDaemon();
    const leftOut = { sameNetwork: 0, sameAttestorGroup: 0 };
    const nothing = { hits: [], dropped: [], unknownTerms: [], leftOut, lookAgeMs: 0 };
    const document = { query: 'x', outcome: 'complete', ...nothing, asked: 1 };
    const event = { event: 'proof', peerId: PEER, detail: 'presentation: BAD_ROTATION_CHAIN' };
    for (const [trace, isExplained] of [
      [[event], true],
      [[{ ...event, detail: 'presentation: TOO_LATE' }], false],
    ] as const) {
      daemon.node.answer = () => ({ ...document, answered: 1, elapsedMs: 1, trace });
      const { stdout } = await cli.run('query', 'x', '--trace');
      expect(stdout.includes('never saw the hash of its recovery key')).toBe(isExplained);
    }
  });
});
