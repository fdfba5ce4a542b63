import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectoryLockedError } from '../errors.ts';
import { decideOffline } from '../offline-decision.ts';
import { dataDirectory } from '../storage/data-directory.ts';
import { loadOrCreateIdentity } from '../storage/keystore.ts';
import { passphraseOf } from '../storage/passphrase.ts';
import { openStore } from '../storage/store.ts';
import { taskForSkill } from '../tasks/task-for-skill.ts';
import { candidate } from './decision/requests.ts';

const task = taskForSkill({
  term: 'performs:nlp/sentiment',
  inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
  valueMicroUsd: 1_000,
});
const REQUEST = { task, files: { 'a.txt': Buffer.from('good').toString('base64') } };
const CANDIDATES = [candidate('x')];

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'coalesce-offline-'));
  await writeFile(join(path, 'config.json'), '{}');
});

afterEach(() => rm(path, { recursive: true, force: true }));

describe('decisions without a daemon', () => {
  it('wait for one another where several are made at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 4 }, () => decideOffline(path, REQUEST, CANDIDATES)),
    );
    expect(all.map(({ isLogged }) => isLogged)).toEqual([true, true, true, true]);
    const store = await openStore(dataDirectory(path));
    const logged = await store.json('decisions').values();
    await store.close();
    const ids = new Set(all.map(({ record }) => record.result.decisionId));
    expect([ids.size, logged.length >= ids.size]).toEqual([4, true]);
  });

  it('give up in the end, and say that another command may be the reason', async () => {
    const store = await openStore(dataDirectory(path));
    try {
      const decided = decideOffline(path, REQUEST, CANDIDATES, { waitMs: 0 });
      await expect(decided).rejects.toThrow(DataDirectoryLockedError);
      await expect(decided).rejects.toThrow('or another command uses it');
    } finally {
      await store.close();
    }
  });

  it('are logged by a sealed identity with its passphrase, and by none without', async () => {
    const passphrase = passphraseOf('correct horse battery');
    await loadOrCreateIdentity(dataDirectory(path), passphrase);
    await expect(decideOffline(path, REQUEST, CANDIDATES)).rejects.toThrow('is sealed');
    const { isLogged } = await decideOffline(path, REQUEST, CANDIDATES, { passphrase });
    expect(isLogged).toBe(true);
  });
});
