import type * as FsPromises from 'node:fs/promises';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { rotateIdentity } from '../../certificates/identity-rotation.ts';
import {
  BadInputError,
  RefusedError,
  UserFacingError,
  WrongPassphraseError,
} from '../../errors.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import {
  changeSeals,
  identityFacts,
  identityProblem,
  keepFormerIdentity,
  loadFormerIdentity,
  loadIdentity,
  loadOrCreateIdentity,
  readRecoveryKey,
} from '../../storage/keystore.ts';
import { passphraseOf } from '../../storage/passphrase.ts';
import type { Passphrase } from '../../storage/passphrase.ts';

/** The process ends when it puts this many more files in their places. */
const kill = vi.hoisted(() => ({ inRenames: Infinity }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FsPromises>();
  const rename: typeof real.rename = (from, to) =>
    kill.inRenames-- > 0 ? real.rename(from, to) : Promise.reject(new Error('killed'));
  return { ...real, rename };
});

const RIGHT = passphraseOf('correct horse battery');
const WRONG = passphraseOf('correct horse batterz');
const NEVER: Passphrase = {
  isNamed: false,
  read: () => Promise.reject(new Error('asked for a passphrase')),
};

let directory: DataDirectory;

beforeEach(async () => {
  directory = dataDirectory(await mkdtemp(join(tmpdir(), 'coalesce-sealed-')));
});

afterEach(() => {
  kill.inRenames = Infinity;
  return rm(directory.path, { recursive: true, force: true });
});

const textOf = (path: string) => readFile(path, 'utf8');

describe('an identity that is made with a passphrase named', () => {
  it('is sealed, mode 0600, and opens with it alone; what is public needs none', async () => {
    const { identity, isNew } = await loadOrCreateIdentity(directory, RIGHT);
    expect(isNew).toBe(true);
    const text = await textOf(directory.identityFile);
    expect(text).not.toContain(toBase64Url(identity.seed));
    expect(JSON.parse(text)).toMatchObject({
      v: 2,
      type: 'ed25519-sealed',
      peerId: identity.peerId,
      kdf: { name: 'scrypt', n: 131_072, r: 8, p: 1 },
    });
    expect((await stat(directory.identityFile)).mode & 0o777).toBe(0o600);
    expect(await identityFacts(directory)).toEqual({ peerId: identity.peerId, isSealed: true });
    expect(await identityProblem(directory)).toBeNull();
    const again = await loadOrCreateIdentity(directory, RIGHT);
    expect(again.isNew).toBe(false);
    expect(again.identity.seed).toEqual(identity.seed);
  });

  it('is never replaced by a fresh one: a wrong passphrase and none are errors', async () => {
    await loadOrCreateIdentity(directory, RIGHT);
    const before = await textOf(directory.identityFile);
    const wrong = loadOrCreateIdentity(directory, WRONG);
    await expect(wrong).rejects.toThrow(WrongPassphraseError);
    await expect(wrong).rejects.toMatchObject({ code: 'WRONG_PASSPHRASE', exitCode: 2 });
    await expect(loadOrCreateIdentity(directory)).rejects.toThrow(/is sealed.*--passphrase-file/);
    expect(await textOf(directory.identityFile)).toBe(before);
    expect(await readdir(directory.path)).toEqual(['identity.json']);
  });

  it('is not made at all with a passphrase that is too short', async () => {
    const made = loadOrCreateIdentity(directory, passphraseOf('short'));
    await expect(made).rejects.toThrow('8 characters at least');
    expect(await readdir(directory.path)).toEqual([]);
  });

  it('cannot be given the name of another', async () => {
    await loadOrCreateIdentity(directory, RIGHT);
    const file = JSON.parse(await textOf(directory.identityFile)) as object;
    const { peerId } = Identity.generate();
    await writeFile(directory.identityFile, JSON.stringify({ ...file, peerId }));
    await expect(loadIdentity(directory, RIGHT)).rejects.toThrow(WrongPassphraseError);
  });

  it('is damaged with a cost of its own, a later version or anything more', async () => {
    await loadOrCreateIdentity(directory, RIGHT);
    const file = JSON.parse(await textOf(directory.identityFile)) as { kdf: object };
    for (const change of [
      { v: 3 },
      { kdf: { ...file.kdf, n: 2 } },
      { kdf: { ...file.kdf, n: 2 ** 30 } },
      { kdf: { ...file.kdf, name: 'pbkdf2' } },
      { peerId: 'x' },
      { sealed: 'AAAA' },
      { seed: 'A'.repeat(43) },
    ]) {
      const text = JSON.stringify({ ...file, ...change });
      await writeFile(directory.identityFile, text);
      await expect(loadOrCreateIdentity(directory, RIGHT), text).rejects.toThrow('is damaged');
      expect(await textOf(directory.identityFile)).toBe(text);
    }
  });

  it('is no recovery key', async () => {
    await loadOrCreateIdentity(directory, RIGHT);
    await expect(readRecoveryKey(directory.identityFile)).rejects.toThrow('no recovery key');
  });

  it('that is not sealed asks for none', async () => {
    const { identity } = await loadOrCreateIdentity(directory, NEVER);
    expect((await loadIdentity(directory, NEVER)).peerId).toBe(identity.peerId);
    expect(await identityFacts(directory)).toEqual({ peerId: identity.peerId, isSealed: false });
  });
});

describe('any file of an identity', () => {
  it('gives an error for a person or an identity, whatever stands in it', async () => {
    const kdf = fc.record(
      {
        name: fc.constantFrom('scrypt', 'x'),
        n: fc.constantFrom(131_072, 2),
        r: fc.constant(8),
        p: fc.constant(1),
        salt: fc.constantFrom('A'.repeat(22), 'A'.repeat(21) + '_', 'A'),
      },
      { requiredKeys: ['name', 'salt'] },
    );
    const file = fc.record(
      {
        v: fc.constantFrom(1, 2, 3),
        type: fc.constantFrom('ed25519', 'ed25519-sealed', 'ed25519-recovery'),
        seed: fc.constantFrom('A'.repeat(43), 'A'.repeat(42) + '_'),
        peerId: fc.string(),
        kdf,
        sealed: fc.constantFrom('A'.repeat(64), 'A'),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.oneof(file, fc.jsonValue()), async (json) => {
        await writeFile(directory.identityFile, JSON.stringify(json));
        const loaded: unknown = await loadIdentity(directory, RIGHT).catch(
          (error: unknown) => error,
        );
        expect(loaded instanceof Identity || loaded instanceof UserFacingError).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('sealing and opening', () => {
  const former = Identity.generate();
  let identity: Identity;

  beforeEach(async () => {
    identity = (await loadOrCreateIdentity(directory)).identity;
    await keepFormerIdentity(directory, former);
  });

  const loaded = async (passphrase?: Passphrase) => [
    (await loadIdentity(directory, passphrase)).peerId,
    (await loadFormerIdentity(directory, former.peerId, passphrase))?.peerId,
  ];

  it('changes the identity and the former ones, and back', async () => {
    const { files, peerId } = await changeSeals(directory, true, RIGHT);
    expect(files).toEqual([`identity-${former.peerId}.json`, 'identity.json']);
    expect(peerId).toBe(identity.peerId);
    for (const name of files) {
      const text = await textOf(join(directory.path, name));
      for (const { seed } of [identity, former]) expect(text).not.toContain(toBase64Url(seed));
    }
    expect(await loaded(RIGHT)).toEqual([identity.peerId, former.peerId]);
    await expect(loadFormerIdentity(directory, former.peerId, WRONG)).rejects.toThrow(
      WrongPassphraseError,
    );
    await expect(changeSeals(directory, true, RIGHT)).rejects.toThrow(/sealed already/);
    await expect(changeSeals(directory, false, WRONG)).rejects.toThrow(WrongPassphraseError);
    expect((await changeSeals(directory, false, RIGHT)).files).toEqual(files);
    expect(await loaded(NEVER)).toEqual([identity.peerId, former.peerId]);
    await expect(changeSeals(directory, false, RIGHT)).rejects.toThrow(RefusedError);
  });

  it('that is killed leaves each key whole, and goes on the next time', async () => {
    kill.inRenames = 1;
    await expect(changeSeals(directory, true, RIGHT)).rejects.toThrow('killed');
    kill.inRenames = Infinity;
    expect(await loaded(RIGHT)).toEqual([identity.peerId, former.peerId]);
    expect((await identityFacts(directory)).isSealed).toBe(false);
    expect((await changeSeals(directory, true, RIGHT)).files).toEqual(['identity.json']);
    expect(await loaded(RIGHT)).toEqual([identity.peerId, former.peerId]);
  });

  it('refuses a damaged former key by its name', async () => {
    const path = join(directory.path, 'identity-12D3KooWx.json');
    await writeFile(path, '{}');
    await expect(changeSeals(directory, true, RIGHT)).rejects.toThrow(BadInputError);
    await expect(changeSeals(directory, true, RIGHT)).rejects.toThrow(path);
  });
});

describe('a rotation of a sealed identity', () => {
  const clock = new FakeClock();
  const random = new FakeRandom('sealed rotation');

  it('keeps old and new key sealed with the same passphrase', async () => {
    const old = (await loadOrCreateIdentity(directory, RIGHT)).identity;
    const init = { directory, clock, random };
    await expect(rotateIdentity(init)).rejects.toThrow('is sealed');
    await expect(rotateIdentity({ ...init, passphrase: WRONG })).rejects.toThrow(
      WrongPassphraseError,
    );
    expect((await identityFacts(directory)).peerId).toBe(old.peerId);
    const { peerId } = await rotateIdentity({ ...init, passphrase: RIGHT });
    expect(await identityFacts(directory)).toEqual({ peerId, isSealed: true });
    expect((await loadIdentity(directory, RIGHT)).peerId).toBe(peerId);
    const kept = await loadFormerIdentity(directory, old.peerId, RIGHT);
    expect(kept?.seed).toEqual(old.seed);
    for (const name of await readdir(directory.path)) {
      expect(await textOf(join(directory.path, name))).not.toContain(toBase64Url(old.seed));
    }
  });

  it('seals nothing that was open, although a passphrase is named', async () => {
    await loadOrCreateIdentity(directory);
    await rotateIdentity({ directory, clock, random, passphrase: RIGHT });
    expect((await identityFacts(directory)).isSealed).toBe(false);
  });
});
