import type * as FsPromises from 'node:fs/promises';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import type { Identity } from '../../../crypto/identity.ts';
import { recoveryHash, verifyRotationChain } from '../../../crypto/key-rotation.ts';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { registerRecoveryKey, rotateIdentity } from '../../certificates/identity-rotation.ts';
import { loadRotationHistory } from '../../certificates/rotation-history.ts';
import { BadInputError, NothingFoundError, RefusedError } from '../../errors.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import type { DataDirectory } from '../../storage/data-directory.ts';
import {
  loadIdentity,
  loadOrCreateIdentity,
  readRecoveryKey,
  saveIdentity,
} from '../../storage/keystore.ts';

/** The process ends when it puts this many more files in their places. */
const kill = vi.hoisted(() => ({ inRenames: Infinity }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof FsPromises>();
  const rename: typeof real.rename = (from, to) =>
    kill.inRenames-- > 0 ? real.rename(from, to) : Promise.reject(new Error('killed'));
  return { ...real, rename };
});

/** Written out, and not imported: peers agree on it, so a changed constant must be noticed. */
const THIRTY_DAYS_SECONDS = 2_592_000;

const clock = new FakeClock();
const random = new FakeRandom('identity rotation');
let directory: DataDirectory;
let first: Identity;
const file = (name: string) => join(directory.path, name);

beforeEach(async () => {
  directory = dataDirectory(await mkdtemp(join(tmpdir(), 'coalesce-rotation-')));
  first = (await loadOrCreateIdentity(directory)).identity;
});

afterEach(() => {
  kill.inRenames = Infinity;
  return rm(directory.path, { recursive: true, force: true });
});

function rotate(files: { recoveryFile?: string; nextRecoveryFile?: string } = {}) {
  return rotateIdentity({ directory, clock, random, ...files });
}

function register(name: string) {
  return registerRecoveryKey({ directory, random, file: file(name) });
}

/** Lets the time pass until the next rotation is allowed. */
function waitForRotation(): void {
  clock.advanceSeconds(THIRTY_DAYS_SECONDS);
}

/** What a peer that knows this recovery key of the first key makes of the stored chain. */
async function followed(recovery?: Uint8Array) {
  const { peerId } = await loadIdentity(directory);
  const { rotations } = await loadRotationHistory(directory, peerId);
  const verified = verifyRotationChain(
    rotations.map(({ envelope }) => envelope),
    {
      first: first.peerId,
      nowSeconds: Math.floor(clock.nowMs() / 1_000),
      registered: (key) => (key === first.peerId ? recovery : undefined),
      isDead: () => false,
    },
  );
  return verified.valid ? verified.current : verified.reason;
}

describe('rotateIdentity', () => {
  it('makes a new identity to which the stored rotations lead', async () => {
    const rotated = await rotate();
    expect(rotated).toMatchObject({
      formerPeerId: first.peerId,
      rotations: 1,
      consent: 'old-key',
    });
    expect((await loadIdentity(directory)).peerId).toBe(rotated.peerId);
    expect(rotated.peerId).not.toBe(first.peerId);
    expect(await followed()).toBe(rotated.peerId);
  });

  it('keeps the old identity beside it, for reading by its owner only', async () => {
    const before = await readFile(directory.identityFile, 'utf8');
    const { formerIdentityFile } = await rotate();
    expect(await readFile(formerIdentityFile, 'utf8')).toBe(before);
    expect((await stat(formerIdentityFile)).mode & 0o777).toBe(0o400);
  });

  it('is signed by the recovery key where one is registered, the same one again and again', async () => {
    const { hash } = await register('recovery.json');
    for (let rotations = 1; rotations <= 2; rotations++) {
      const rotated = await rotate({ recoveryFile: file('recovery.json') });
      expect(rotated).toMatchObject({ rotations, consent: 'recovery-key' });
      waitForRotation();
    }
    expect(await followed(hash)).toBe((await loadIdentity(directory)).peerId);
    expect(await followed()).toBe('WRONG_RECOVERY');
  });

  it('replaces the recovery key where another one is wanted from then on', async () => {
    const { hash } = await register('first.json');
    await rotate({ recoveryFile: file('first.json'), nextRecoveryFile: file('second.json') });
    waitForRotation();
    await expect(rotate({ recoveryFile: file('first.json') })).rejects.toThrow(BadInputError);
    await rotate({ recoveryFile: file('second.json') });
    expect(await followed(hash)).toBe((await loadIdentity(directory)).peerId);
  });
});

describe('rotateIdentity refuses and changes nothing', () => {
  async function refusal(
    kind: typeof RefusedError | typeof BadInputError,
    message: RegExp,
    files: Parameters<typeof rotate>[0] = {},
  ): Promise<void> {
    const before = await snapshot();
    const rotated = rotate(files);
    await expect(rotated).rejects.toThrow(kind);
    await expect(rotated).rejects.toThrow(message);
    expect(await snapshot()).toEqual(before);
  }

  async function snapshot(): Promise<readonly (readonly [string, string])[]> {
    const names = (await readdir(directory.path)).sort();
    return Promise.all(names.map(async (name) => [name, await readFile(file(name), 'utf8')]));
  }

  it('within 30 days of the last rotation, and says until when', async () => {
    await rotate();
    const allowedFrom = clock.nowMs() - (clock.nowMs() % 1_000) + THIRTY_DAYS_SECONDS * 1_000;
    clock.advanceSeconds(THIRTY_DAYS_SECONDS - 1);
    await refusal(RefusedError, new RegExp(`after ${new Date(allowedFrom).toISOString()}`));
    clock.advanceSeconds(1);
    await expect(rotate()).resolves.toMatchObject({ rotations: 2 });
  });

  it('after 8 rotations', async () => {
    for (let rotations = 1; rotations <= 8; rotations++) {
      expect(await rotate()).toMatchObject({ rotations });
      waitForRotation();
    }
    expect(await followed()).toBe((await loadIdentity(directory)).peerId);
    await refusal(RefusedError, /rotated 8 times.*coalesce init/);
  });

  it('without the recovery key that is registered, also after a rotation', async () => {
    await register('recovery.json');
    await refusal(BadInputError, /--recovery FILE/);
    await rotate({ recoveryFile: file('recovery.json') });
    waitForRotation();
    await refusal(BadInputError, /--recovery FILE/);
  });

  it('with a recovery key that is not the registered one', async () => {
    await register('recovery.json');
    const text = await readFile(file('recovery.json'), 'utf8');
    const seed = toBase64Url(new Uint8Array(32).fill(7));
    await writeFile(file('other.json'), text.replace(/[\w-]{43}/, seed));
    await refusal(BadInputError, /another recovery key/, { recoveryFile: file('other.json') });
  });

  it('with a recovery key where none is registered', async () => {
    await refusal(BadInputError, /cert recovery --out/, { recoveryFile: file('any.json') });
    await refusal(BadInputError, /cert recovery --out/, { nextRecoveryFile: file('new.json') });
  });

  it('with an identity in the place of the recovery key, or a file that is not there', async () => {
    await register('recovery.json');
    const recoveryFile = directory.identityFile;
    await refusal(BadInputError, /holds no recovery key/, { recoveryFile });
    await expect(rotate({ recoveryFile: file('none.json') })).rejects.toThrow(NothingFoundError);
  });

  it('with a file for the next recovery key that exists', async () => {
    await register('recovery.json');
    const recoveryFile = file('recovery.json');
    const same = { recoveryFile, nextRecoveryFile: recoveryFile };
    await refusal(BadInputError, /EEXIST.*never overwritten/, same);
  });

  it('with a damaged history', async () => {
    await rotate();
    waitForRotation();
    const text = await readFile(directory.rotationsFile, 'utf8');
    for (const damaged of ['{}', text.slice(0, -9), text.replace(/[A-Za-z]{8}"/, 'AAAAAAAA"')]) {
      await writeFile(directory.rotationsFile, damaged);
      await refusal(BadInputError, /rotations\.json/);
    }
  });
});

describe('a kill between the two writes of a rotation', () => {
  it('leaves the old identity working, without the rotation that nobody has the key of', async () => {
    await rotate();
    await saveIdentity(directory, first); // as if the last write had not come
    expect((await loadRotationHistory(directory, first.peerId)).rotations).toEqual([]);
    const again = await rotate();
    expect(again).toMatchObject({ formerPeerId: first.peerId, rotations: 1 });
    expect(await followed()).toBe(again.peerId);
  });

  it('leaves the rotations before it, and the recovery key that was registered then', async () => {
    const { hash } = await register('first.json');
    await rotate({ recoveryFile: file('first.json') });
    waitForRotation();
    const second = await loadIdentity(directory);
    const nextRecoveryFile = file('second.json');
    await rotate({ recoveryFile: file('first.json'), nextRecoveryFile });
    await saveIdentity(directory, second);
    expect(await loadRotationHistory(directory, second.peerId)).toMatchObject({
      rotations: [{ body: { new: second.peerId } }],
      recovery: hash,
    });
    const again = await rotate({ recoveryFile: file('first.json') });
    expect(again.rotations).toBe(2);
    expect(await followed(hash)).toBe(again.peerId);
  });

  it.each([0, 1, 2])(
    'or at any other leaves the old identity until the last: %i',
    async (renames) => {
      kill.inRenames = renames;
      await expect(rotate()).rejects.toThrow('killed');
      kill.inRenames = Infinity;
      expect((await loadIdentity(directory)).peerId).toBe(first.peerId);
      expect((await loadRotationHistory(directory, first.peerId)).rotations).toEqual([]);
      const again = await rotate();
      expect(again).toMatchObject({ formerPeerId: first.peerId, rotations: 1 });
      expect(await followed()).toBe(again.peerId);
    },
  );
});

describe('registerRecoveryKey', () => {
  it('writes the key for its owner only, and keeps its hash alone', async () => {
    const { peerId, hash } = await register('recovery.json');
    expect(peerId).toBe(first.peerId);
    expect((await stat(file('recovery.json'))).mode & 0o777).toBe(0o600);
    const key = await readRecoveryKey(file('recovery.json'));
    expect(recoveryHash(key.publicKey)).toEqual(hash);
    expect((await loadRotationHistory(directory, peerId)).recovery).toEqual(hash);
    const kept = await readFile(directory.rotationsFile, 'utf8');
    expect(kept).not.toContain(toBase64Url(key.seed));
    expect(kept).not.toContain(toBase64Url(key.publicKey));
  });

  it('never overwrites a file, and registers nothing then', async () => {
    await writeFile(file('recovery.json'), 'something');
    await expect(register('recovery.json')).rejects.toThrow(BadInputError);
    expect(await readFile(file('recovery.json'), 'utf8')).toBe('something');
    expect((await loadRotationHistory(directory, first.peerId)).recovery).toBeUndefined();
  });

  it('refuses a second key: a thief of the first could register another', async () => {
    await register('recovery.json');
    await expect(register('second.json')).rejects.toThrow(RefusedError);
    expect(await readdir(directory.path)).not.toContain('second.json');
  });

  it('counts for the new key if it was registered after a rotation', async () => {
    await rotate();
    const { hash } = await register('recovery.json');
    waitForRotation();
    await expect(rotate()).rejects.toThrow(/--recovery FILE/);
    await rotate({ recoveryFile: file('recovery.json') });
    const { peerId } = await loadIdentity(directory);
    expect((await loadRotationHistory(directory, peerId)).recovery).toEqual(hash);
  });
});
