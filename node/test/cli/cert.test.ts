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
