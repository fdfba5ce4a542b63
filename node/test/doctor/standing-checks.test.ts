import { describe, expect, it } from 'vitest';
import type { LedgerStatusDocument } from '../../api-documents.ts';
import {
  checkCertificates,
  checkCommittee,
  checkExecutors,
  checkRecord,
} from '../../doctor/standing-checks.ts';
import type { CertificateReadings } from '../../doctor/standing-checks.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;
const TERM = 'performs:nlp/sentiment';

type Held = CertificateReadings['certificates'][number];

const held = (changes: Partial<Held> = {}): Held => ({
  certId: 'A'.repeat(43),
  kind: 'attestation',
  issuedAtSeconds: NOW - 10 * DAY,
  expiresAtSeconds: NOW + 20 * DAY,
  status: 'good',
  leaves: [{ kind: 'skill', name: TERM, value: '' }],
  ...changes,
});

describe('the check of certificates', () => {
  const judge = (certificates: Held[], skills = [TERM]) =>
    checkCertificates({ value: { nowSeconds: NOW, certificates, skills } });

  it.each<[string, Held[], string, string]>([
    ['one that is good', [held()], 'ok', '1 certificate'],
    ['one that is over', [held({ expiresAtSeconds: NOW })], 'failure', `of ${TERM}`],
    ['one that was revoked', [held({ status: 'revoked' })], 'failure', 'was revoked'],
    [
      'an endorsement that is over',
      [held(), held({ kind: 'endorsement', expiresAtSeconds: NOW - 1 })],
      'warning',
      'expired',
    ],
    [
      'one that ends in two days',
      [held({ issuedAtSeconds: NOW - 28 * DAY, expiresAtSeconds: NOW + 2 * DAY })],
      'warning',
      'expires',
    ],
    [
      'one of a day with most of it left',
      [held({ issuedAtSeconds: NOW - 3_600, expiresAtSeconds: NOW + DAY - 3_600 })],
      'ok',
      '1 certificate',
    ],
    ['none and something to sell', [], 'warning', 'no certificate, and 1 skill on sale'],
  ])('says of %s', (_what, certificates, state, words) => {
    const finding = judge(certificates);
    expect(finding.state).toBe(state);
    expect(finding.found).toContain(words);
  });

  it('asks none of a node that sells nothing', () => {
    expect(judge([], []).state).toBe('ok');
    expect(checkCertificates({ missing: 'x' }).state).toBe('skipped');
  });
});

describe('the check of the record', () => {
  const judge = (record: { seq: number; expiresAtSeconds: number } | null, skills = [TERM]) =>
    checkRecord({ value: { nowSeconds: NOW, record, skills } });

  it.each([
    ['one that lives', { seq: 7, expiresAtSeconds: NOW + 60 }, 'ok', 'for 60 s more'],
    ['one that is over', { seq: 7, expiresAtSeconds: NOW - 60 }, 'failure', 'expired 60 s ago'],
    ['none', null, 'failure', 'no record is published'],
  ])('says of %s', (_what, record, state, words) => {
    const finding = judge(record);
    expect(finding.state).toBe(state);
    expect(finding.found).toContain(words);
  });

  it('asks for none where nothing is sold', () => {
    expect(judge(null, []).state).toBe('ok');
  });
});

describe('the check of the committee', () => {
  const replica = { halted: null, lagBlocks: 0 } as NonNullable<LedgerStatusDocument['replica']>;
  const ledger: LedgerStatusDocument = {
    ledgerId: 'ab'.repeat(32),
    replicas: 4,
    head: { height: 12, timeMs: NOW * 1_000 },
    isForked: false,
    reach: { isReached: true, sinceMs: NOW * 1_000, reason: null },
    withoutLedger: 'refuse',
    replica: null,
  };
  const away = { isReached: false, sinceMs: NOW * 1_000, reason: 'no replica answers' };

  it.each<[string, LedgerStatusDocument | null, string, string]>([
    ['none', null, 'ok', 'no ledger'],
    ['one that goes on', ledger, 'ok', '4 replicas, block 12'],
    ['one that is away', { ...ledger, reach: away }, 'failure', 'no replica answers'],
    ['one that has forked', { ...ledger, isForked: true }, 'failure', 'two blocks'],
    [
      'a replica that has stopped',
      { ...ledger, replica: { ...replica, halted: 'bad block' } },
      'failure',
      'bad block',
    ],
    [
      'a replica that is behind',
      { ...ledger, replica: { ...replica, lagBlocks: 65 } },
      'warning',
      '65 blocks behind',
    ],
  ])('says of %s', (_what, status, state, words) => {
    const finding = checkCommittee({ value: status });
    expect(finding.state).toBe(state);
    expect(finding.found).toContain(words);
  });
});

describe('the check of executors', () => {
  const ready = { term: TERM, type: 'builtin', problem: null };
  const broken = { term: 'performs:text/upper', type: 'module', problem: 'upper.mjs is gone' };

  it.each([
    [[], 'ok', 'nothing is on sale'],
    [[ready], 'ok', `ready: ${TERM} (builtin)`],
    [[ready, broken], 'failure', 'performs:text/upper (module): upper.mjs is gone'],
  ])('says of %j', (executors, state, found) => {
    expect(checkExecutors({ value: executors })).toMatchObject({ state, found });
  });
});
