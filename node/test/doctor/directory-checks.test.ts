import { describe, expect, it } from 'vitest';
import {
  checkConfig,
  checkDataDirectory,
  checkIdentity,
  checkToken,
} from '../../doctor/directory-checks.ts';
import type { FileReadings } from '../../doctor/directory-checks.ts';

const file = (changes: Partial<FileReadings> = {}): FileReadings => ({
  path: 'data/identity.json',
  mode: 0o600,
  problem: null,
  ...changes,
});

describe('the check of the data directory', () => {
  it.each<[string, Partial<FileReadings>, string, string]>([
    ['of its own', { mode: 0o700 }, 'ok', 'alone'],
    ['that others may list', { mode: 0o755 }, 'warning', 'mode 0755'],
    ['that cannot be written', { mode: 0o500, problem: 'EACCES' }, 'failure', 'EACCES'],
    ['that is not there', { mode: null }, 'failure', 'no such directory'],
  ])('says of one %s', (_what, changes, state, words) => {
    const finding = checkDataDirectory(file(changes), true);
    expect(finding.state).toBe(state);
    expect(finding.found).toContain(words);
  });

  it('never tells to restrict a directory that is no node’s, such as /', () => {
    const finding = checkDataDirectory(file({ path: '/', mode: 0o755 }), false);
    expect(finding.state).toBe('failure');
    expect(JSON.stringify(finding)).not.toContain('chmod');
  });
});

describe('the check of the key', () => {
  it.each<[string, Partial<FileReadings>, string, string]>([
    ['of its owner', {}, 'ok', 'alone'],
    ['that all may read', { mode: 0o644 }, 'failure', 'mode 0644'],
    ['that a group may read', { mode: 0o640 }, 'failure', 'mode 0640'],
    ['that is damaged', { problem: 'is damaged' }, 'failure', 'is damaged'],
    ['that is not there', { mode: null }, 'failure', 'no such file'],
  ])('says of one %s', (_what, changes, state, words) => {
    const finding = checkIdentity({ ...file(changes), isSealed: false });
    expect(finding.state).toBe(state);
    expect(finding.found).toContain(words);
    if (changes.mode === 0o644) expect(finding.mend).toContain('chmod 600 data/identity.json');
  });
});

describe('the check of a sealed key', () => {
  it('tells whether it is sealed, and how to seal it', () => {
    const open = checkIdentity({ ...file(), isSealed: false });
    expect(open).toMatchObject({ state: 'ok', found: expect.stringContaining('key encrypt') });
    const sealed = checkIdentity({ ...file(), isSealed: true });
    expect(sealed).toMatchObject({
      state: 'ok',
      found: expect.stringMatching(/sealed with a pass/),
    });
  });
});

describe('the check of the token', () => {
  it.each<[string, Partial<FileReadings>, string]>([
    ['of its owner', {}, 'ok'],
    ['that is made later', { mode: null }, 'ok'],
    ['that all may read', { mode: 0o604 }, 'failure'],
    ['that is another user’s', { problem: 'EACCES' }, 'failure'],
  ])('says of one %s: %s', (_what, changes, state) => {
    expect(checkToken(file(changes)).state).toBe(state);
  });
});

describe('the check of the configuration', () => {
  it('lists every problem of it', () => {
    const problems = ['config.json: http.port: expected a number', 'environment: COALESCE_X'];
    const finding = checkConfig({ path: 'config.json', isThere: true, problems });
    expect(finding.state).toBe('failure');
    for (const problem of problems) expect(finding.found).toContain(problem);
  });

  it('is content with a valid one, and with none', () => {
    const valid = { path: 'config.json', isThere: true, problems: [] };
    expect(checkConfig(valid)).toMatchObject({ state: 'ok', found: 'config.json is valid' });
    expect(checkConfig({ ...valid, isThere: false }).found).toContain('every default holds');
  });
});
