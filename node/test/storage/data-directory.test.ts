import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadInputError, NothingFoundError } from '../../errors.ts';
import {
  createDataDirectory,
  dataDirectory,
  defaultDataPath,
  loadOrCreateToken,
  readJsonFile,
  writeFileAtomically,
} from '../../storage/data-directory.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import { loadIdentity, loadOrCreateIdentity } from '../../storage/keystore.ts';

let directory: DataDirectory;

beforeEach(async () => {
  directory = dataDirectory(await mkdtemp(join(tmpdir(), 'coalesce-storage-')));
});

afterEach(async () => {
  await rm(directory.path, { recursive: true, force: true });
});

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe('data directory', () => {
  it('is COALESCE_DATA, else .coalesce in the home directory', () => {
    expect(defaultDataPath({ COALESCE_DATA: '/data' })).toBe('/data');
    expect(defaultDataPath({})).toMatch(/\.coalesce$/);
  });

  it('is made for its owner only, with its parents', async () => {
    const inner = dataDirectory(join(directory.path, 'a', 'b'));
    await createDataDirectory(inner);
    expect(await modeOf(inner.path)).toBe(0o700);
  });

  it('says where and why it cannot be made', async () => {
    const blocked = join(directory.path, 'file');
    await writeFile(blocked, '');
    const made = createDataDirectory(dataDirectory(join(blocked, 'below')));
    await expect(made).rejects.toThrow(BadInputError);
    await expect(made).rejects.toThrow(/file.below: cannot be created \(ENOTDIR\).*--data/);
  });

  it('is left as it is where it is there, and no file is taken for one', async () => {
    await chmod(directory.path, 0o755);
    await createDataDirectory(directory);
    expect(await modeOf(directory.path)).toBe(0o755);
    const blocked = join(directory.path, 'file');
    await writeFile(blocked, '');
    const made = createDataDirectory(dataDirectory(blocked));
    await expect(made).rejects.toThrow(/file: cannot be created \(EEXIST\)/);
  });

  it('is given up where the system says for ever that there is no such file', async () => {
    const made = createDataDirectory(dataDirectory('/proc/none/below'));
    await expect(made).rejects.toThrow(/below: cannot be created \(E/);
  });

  it.each(['none', 'file'])(
    'says which file of it cannot be written and the mend',
    async (name) => {
      await writeFile(join(directory.path, 'file'), '');
      const path = join(directory.path, name, 'config.json');
      const written = writeFileAtomically(path, '');
      await expect(written).rejects.toThrow(BadInputError);
      await expect(written).rejects.toThrow(
        /config.json: cannot be written \(ENO.*make .* writable/,
      );
    },
  );
});

describe('identity file', () => {
  it('is made once, mode 0600, and stays the same', async () => {
    const first = await loadOrCreateIdentity(directory);
    const second = await loadOrCreateIdentity(directory);
    expect([first.isNew, second.isNew]).toEqual([true, false]);
    expect(second.identity.peerId).toBe(first.identity.peerId);
    expect(await modeOf(directory.identityFile)).toBe(0o600);
  });

  it('is closed to others again if its mode was opened', async () => {
    await loadOrCreateIdentity(directory);
    await chmod(directory.identityFile, 0o644);
    await loadIdentity(directory);
    expect(await modeOf(directory.identityFile)).toBe(0o600);
  });

  it.each([
    ['empty', ''],
    ['cut off', '{"v":1,"type":"ed25519","se'],
    ['a list', '[]'],
    ['null', 'null'],
    ['a seed that is too short', '{"v":1,"type":"ed25519","seed":"AAAA"}'],
    ['a seed of 258 bits', `{"v":1,"type":"ed25519","seed":"${'A'.repeat(42)}B"}`],
    ['another kind of key', `{"v":1,"type":"rsa","seed":"${'A'.repeat(43)}"}`],
    ['a later version', `{"v":2,"type":"ed25519","seed":"${'A'.repeat(43)}"}`],
    ['unknown keys', `{"v":1,"type":"ed25519","seed":"${'A'.repeat(43)}","x":1}`],
  ])('is refused and not overwritten when damaged: %s', async (_what, text) => {
    await writeFile(directory.identityFile, text);
    const loaded = loadOrCreateIdentity(directory);
    await expect(loaded).rejects.toThrow(BadInputError);
    await expect(loaded).rejects.toThrow(directory.identityFile);
    expect(await readFile(directory.identityFile, 'utf8')).toBe(text);
  });

  it('never shows the seed in its error', async () => {
    const seed = `${'S'.repeat(42)}B`;
    await writeFile(directory.identityFile, `{"v":1,"type":"ed25519","seed":"${seed}"}`);
    const error: unknown = await loadIdentity(directory).catch((reason: unknown) => reason);
    expect(String(error)).not.toContain('SSSS');
  });

  it('is refused when it cannot be read, and is not replaced', async () => {
    await mkdir(directory.identityFile);
    await expect(loadOrCreateIdentity(directory)).rejects.toThrow(/cannot be read \(EISDIR\)/);
    expect((await stat(directory.identityFile)).isDirectory()).toBe(true);
  });
});

describe('token file', () => {
  it('is 32 random bytes, mode 0600, and stays the same', async () => {
    const token = await loadOrCreateToken(directory);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await loadOrCreateToken(directory)).toBe(token);
    expect(await modeOf(directory.tokenFile)).toBe(0o600);
    const other = dataDirectory(join(directory.path, 'other'));
    await createDataDirectory(other);
    expect(await loadOrCreateToken(other)).not.toBe(token);
  });

  it('is closed to others again if its mode was opened', async () => {
    await loadOrCreateToken(directory);
    await chmod(directory.tokenFile, 0o666);
    await loadOrCreateToken(directory);
    expect(await modeOf(directory.tokenFile)).toBe(0o600);
  });

  it.each(['', 'short', 'x'.repeat(44), ' '.repeat(43)])(
    'is made anew if it is too weak: "%s"',
    async (text) => {
      await writeFile(directory.tokenFile, text);
      const token = await loadOrCreateToken(directory);
      expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(token).not.toBe(text);
    },
  );

  it('gives a clear error if it cannot be read', async () => {
    await mkdir(directory.tokenFile);
    await expect(loadOrCreateToken(directory)).rejects.toThrow(BadInputError);
    await expect(loadOrCreateToken(directory)).rejects.toThrow(/token: cannot be read \(EISDIR\)/);
  });
});

describe('writing in one step', () => {
  it('replaces the file, gives it the mode, and leaves no other file', async () => {
    const path = join(directory.path, 'x.json');
    await writeFileAtomically(path, 'old');
    await writeFileAtomically(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect(await modeOf(path)).toBe(0o600);
    expect(await readdir(directory.path)).toEqual(['x.json']);
  });

  it('leaves one whole text and no other file when many write at once', async () => {
    const path = join(directory.path, 'x.json');
    const texts = Array.from({ length: 20 }, (_, i) => String(i).repeat(1_000));
    await Promise.all(texts.map((text) => writeFileAtomically(path, text)));
    expect(texts).toContain(await readFile(path, 'utf8'));
    expect(await readdir(directory.path)).toEqual(['x.json']);
  });

  it('leaves the target and no other file when it fails', async () => {
    const path = join(directory.path, 'x.json');
    await mkdir(path);
    await expect(writeFileAtomically(path, 'text')).rejects.toThrow();
    expect(await readdir(directory.path)).toEqual(['x.json']);
    expect((await stat(path)).isDirectory()).toBe(true);
  });
});

describe('reading JSON', () => {
  it('tells a missing file from a damaged one', async () => {
    const path = join(directory.path, 'x.json');
    await expect(readJsonFile(path)).rejects.toThrow(NothingFoundError);
    await writeFile(path, '{');
    await expect(readJsonFile(path)).rejects.toThrow(BadInputError);
    await expect(readJsonFile(path)).rejects.toThrow(/x\.json: is not JSON/);
  });
});
