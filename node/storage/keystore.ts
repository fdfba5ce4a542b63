/**
 * Keys in files: the node's identity key in its data directory (`identity.json`, mode 0600), the
 * former ones beside it, and recovery keys, which are to be kept elsewhere. Identities may be
 * sealed with a passphrase; a recovery key is not, and wants a safe place instead.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { Identity, isPeerId } from '../../crypto/identity.ts';
import { SEAL_PARAMETERS, SEAL_SALT_BYTES, openSeed, sealSeed } from '../../crypto/sealed-key.ts';
import { BadInputError, NothingFoundError, RefusedError, WrongPassphraseError } from '../errors.ts';
import { codeOf, readJsonFile, restrictToOwner, writeFileAtomically } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';
import { NO_PASSPHRASE } from './passphrase.ts';
import type { Passphrase } from './passphrase.ts';

/** A recovery key has a type of its own, so that none is taken for an identity. */
type KeyType = 'ed25519' | 'ed25519-recovery';

const BASE64URL_43 = /^[A-Za-z0-9_-]{43}$/;

const plainSchema = z.strictObject({
  v: z.literal(1),
  type: z.enum(['ed25519', 'ed25519-recovery']),
  seed: z.string().regex(BASE64URL_43),
});

/** An identity under a passphrase (crypto/sealed-key.ts). The PeerId is no secret. */
const sealedSchema = z.strictObject({
  v: z.literal(2),
  type: z.literal('ed25519-sealed'),
  peerId: z.string().refine(isPeerId),
  kdf: z.strictObject({
    name: z.literal('scrypt'),
    n: z.literal(SEAL_PARAMETERS.n),
    r: z.literal(SEAL_PARAMETERS.r),
    p: z.literal(SEAL_PARAMETERS.p),
    salt: z.string().regex(/^[A-Za-z0-9_-]{22}$/),
  }),
  sealed: z.string().regex(/^[A-Za-z0-9_-]{64}$/),
});

/** A key as its file holds it. */
type StoredKey =
  | { readonly isSealed: false; readonly peerId: string; readonly identity: Identity }
  | {
      readonly isSealed: true;
      readonly peerId: string;
      readonly salt: Uint8Array;
      readonly sealed: Uint8Array;
    };

/** What can be told of an identity without its passphrase. */
export interface IdentityFacts {
  readonly peerId: string;
  readonly isSealed: boolean;
}

/**
 * The identity of a data directory.
 *
 * @param passphrase - Read if the identity is sealed, and else left alone.
 * @throws {@link NothingFoundError} if there is none; {@link BadInputError} if the file is damaged,
 *   or sealed and nobody tells the passphrase; {@link WrongPassphraseError} if it does not open it.
 */
export async function loadIdentity(
  directory: DataDirectory,
  passphrase: Passphrase = NO_PASSPHRASE,
): Promise<Identity> {
  const stored = await readIdentity(directory);
  const identity = await openKey(directory.identityFile, stored, passphrase);
  await restrictToOwner(directory.identityFile);
  return identity;
}

/** Whose identity it is, and whether it is sealed; changes no rights. @throws as loadIdentity. */
export async function identityFacts(directory: DataDirectory): Promise<IdentityFacts> {
  const { peerId, isSealed } = await readIdentity(directory);
  return { peerId, isSealed };
}

/** Why the identity of a data directory cannot be loaded; null if it can. Changes no rights. */
export async function identityProblem(directory: DataDirectory): Promise<string | null> {
  try {
    const stored = await readKey(directory.identityFile, 'ed25519');
    return stored === undefined ? 'is damaged: it holds no identity key' : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function readIdentity({ identityFile }: DataDirectory): Promise<StoredKey> {
  const stored = await readKey(identityFile, 'ed25519');
  if (stored !== undefined) return stored;
  throw new BadInputError(
    `${identityFile}: is damaged; restore it from a backup, or remove it to get a new identity`,
  );
}

/** The key in a file; `undefined` if the file holds no such key. */
async function readKey(path: string, type: KeyType): Promise<StoredKey | undefined> {
  const json = await readJsonFile(path);
  const plain = plainSchema.safeParse(json);
  if (plain.success) {
    const seed = plain.data.type === type ? bytesOf(plain.data.seed) : undefined;
    const identity = seed && Identity.fromSeed(seed);
    return identity && { isSealed: false, peerId: identity.peerId, identity };
  }
  const parsed = sealedSchema.safeParse(json);
  if (!parsed.success || type !== 'ed25519') return undefined;
  const { peerId, kdf } = parsed.data;
  const [salt, sealed] = [bytesOf(kdf.salt), bytesOf(parsed.data.sealed)];
  return salt && sealed && { isSealed: true, peerId, salt, sealed };
}

/** @param path - Of its file, for errors. */
async function openKey(path: string, key: StoredKey, passphrase: Passphrase): Promise<Identity> {
  if (!key.isSealed) return key.identity;
  const { salt, sealed, peerId } = key;
  const text = await passphrase.read('open');
  const seed = await openSeed({ passphrase: text, salt, peerId }, sealed);
  const identity = seed && Identity.fromSeed(seed);
  if (identity?.peerId === peerId) return identity;
  throw new WrongPassphraseError(
    `${path}: this passphrase does not open the identity ${peerId}; name the one that it was ` +
      'sealed with. If it is that one, the file is damaged: restore it from a backup',
  );
}

function plainText(key: Identity, type: KeyType): string {
  return `${JSON.stringify({ v: 1, type, seed: toBase64Url(key.seed) })}\n`;
}

/** @param seal - Left out: the key is not sealed. */
async function identityText(key: Identity, seal: Passphrase | undefined): Promise<string> {
  if (!seal) return plainText(key, 'ed25519');
  const passphrase = await seal.read('new');
  const salt = new Uint8Array(randomBytes(SEAL_SALT_BYTES));
  const { peerId } = key;
  const sealed = await sealSeed({ passphrase, salt, peerId }, key.seed);
  const kdf = { name: 'scrypt', ...SEAL_PARAMETERS, salt: toBase64Url(salt) };
  const file = { v: 2, type: 'ed25519-sealed', peerId, kdf, sealed: toBase64Url(sealed) };
  return `${JSON.stringify(file)}\n`;
}

function bytesOf(text: string): Uint8Array | undefined {
  try {
    return fromBase64Url(text);
  } catch {
    return undefined; // 43 characters can hold 258 bits: the last two must be 0
  }
}

/** The identity of a data directory; made if there is none, and sealed if a passphrase is named. */
export async function loadOrCreateIdentity(
  directory: DataDirectory,
  passphrase: Passphrase = NO_PASSPHRASE,
): Promise<{ readonly identity: Identity; readonly isNew: boolean }> {
  try {
    return { identity: await loadIdentity(directory, passphrase), isNew: false };
  } catch (error) {
    if (!(error instanceof NothingFoundError)) throw error;
  }
  const identity = Identity.generate();
  await saveIdentity(directory, identity, passphrase.isNamed ? passphrase : undefined);
  return { identity, isNew: true };
}

/**
 * Writes the identity of a data directory, for its owner's eyes only.
 *
 * @param seal - Left out: it is not sealed.
 */
export async function saveIdentity(
  directory: DataDirectory,
  identity: Identity,
  seal?: Passphrase,
): Promise<void> {
  await writeFileAtomically(directory.identityFile, await identityText(identity, seal));
}

/**
 * Keeps an identity that is about to be replaced, read-only, under its PeerId.
 *
 * @param seal - Left out: it is not sealed.
 * @returns path of the file.
 */
export async function keepFormerIdentity(
  directory: DataDirectory,
  identity: Identity,
  seal?: Passphrase,
): Promise<string> {
  const path = formerIdentityFile(directory, identity.peerId);
  await writeFileAtomically(path, await identityText(identity, seal), 0o400);
  return path;
}

/**
 * The identity that {@link keepFormerIdentity} has kept; `undefined` if its file is gone.
 *
 * @param passphrase - Read if it is sealed.
 */
export async function loadFormerIdentity(
  directory: DataDirectory,
  peerId: string,
  passphrase: Passphrase = NO_PASSPHRASE,
): Promise<Identity | undefined> {
  const path = formerIdentityFile(directory, peerId);
  try {
    const stored = await readKey(path, 'ed25519');
    return stored?.peerId === peerId ? await openKey(path, stored, passphrase) : undefined;
  } catch (error) {
    if (error instanceof NothingFoundError) return undefined;
    throw error;
  }
}

/** Keys that were sealed or opened. */
export interface ChangedKeys {
  readonly peerId: string;
  /** Names of the files that are other ones now. */
  readonly files: readonly string[];
}

/**
 * Seals every key of a data directory, or opens every one: former identities, then the identity. A
 * kill in between leaves each file whole; the same once more goes on from there. Only while no
 * daemon runs: the caller holds the lock of the data directory.
 *
 * @param isSealed - How the keys are to be.
 * @throws as {@link loadIdentity}; {@link RefusedError} if all of them are so already.
 */
export async function changeSeals(
  directory: DataDirectory,
  isSealed: boolean,
  passphrase: Passphrase,
): Promise<ChangedKeys> {
  const { peerId } = await readIdentity(directory);
  const former = (await readdir(directory.path)).filter((name) => FORMER_IDENTITY.test(name));
  const files: string[] = [];
  for (const name of [...former, basename(directory.identityFile)]) {
    const path = join(directory.path, name);
    const stored = await readKey(path, 'ed25519');
    if (!stored) throw new BadInputError(`${path}: is damaged; restore it from a backup`);
    if (stored.isSealed === isSealed) continue;
    const identity = await openKey(path, stored, passphrase);
    const text = await identityText(identity, isSealed ? passphrase : undefined);
    await writeFileAtomically(
      path,
      text,
      name === basename(directory.identityFile) ? 0o600 : 0o400,
    );
    files.push(name);
  }
  if (files.length > 0) return { peerId, files };
  throw new RefusedError(
    isSealed
      ? `The identity ${peerId} is sealed already; to change its passphrase, open it first`
      : `The identity ${peerId} is not sealed`,
  );
}

/** Names of the files that {@link keepFormerIdentity} writes. */
export const FORMER_IDENTITY = /^identity-[A-Za-z0-9]{1,64}\.json$/;

function formerIdentityFile(directory: DataDirectory, peerId: string): string {
  return join(directory.path, `identity-${peerId}.json`);
}

/**
 * Writes a recovery key to a new file, for its owner's eyes only.
 *
 * @throws {@link BadInputError} if there is such a file, or it cannot be written.
 */
export async function writeRecoveryKey(path: string, key: Identity): Promise<void> {
  const text = plainText(key, 'ed25519-recovery');
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx', flush: true });
  } catch (error) {
    throw new BadInputError(
      `${path}: cannot be written (${codeOf(error)}); name a new file, which is never overwritten`,
      { cause: error },
    );
  }
}

/**
 * The recovery key in a file.
 *
 * @throws {@link NothingFoundError} if there is none; {@link BadInputError} if it holds none.
 */
export async function readRecoveryKey(path: string): Promise<Identity> {
  const key = await readKey(path, 'ed25519-recovery');
  if (key === undefined || key.isSealed) {
    throw new BadInputError(
      `${path}: holds no recovery key; name the file that "coalesce cert recovery" wrote`,
    );
  }
  return key.identity;
}
