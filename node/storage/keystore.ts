/**
 * Keys in files: the node's identity key in its data directory (`identity.json`, mode 0600), the
 * former ones beside it, and recovery keys, which are to be kept elsewhere.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { Identity } from '../../crypto/identity.ts';
import { BadInputError, NothingFoundError } from '../errors.ts';
import { codeOf, readJsonFile, restrictToOwner, writeFileAtomically } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';

/** A recovery key has a type of its own, so that none is taken for an identity. */
type KeyType = 'ed25519' | 'ed25519-recovery';

const keySchema = z.strictObject({
  v: z.literal(1),
  type: z.enum(['ed25519', 'ed25519-recovery']),
  seed: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/**
 * The identity of a data directory.
 *
 * @throws {@link NothingFoundError} if there is none; {@link BadInputError} if the file is damaged.
 */
export async function loadIdentity(directory: DataDirectory): Promise<Identity> {
  const identity = await readKey(directory.identityFile, 'ed25519');
  if (identity === undefined) throw damaged(directory);
  await restrictToOwner(directory.identityFile);
  return identity;
}

/** PeerId of the identity of a data directory; changes no rights. @throws as loadIdentity. */
export async function identityPeerId(directory: DataDirectory): Promise<string> {
  const identity = await readKey(directory.identityFile, 'ed25519');
  if (identity === undefined) throw damaged(directory);
  return identity.peerId;
}

/** Why the identity of a data directory cannot be loaded; null if it can. Changes no rights. */
export async function identityProblem(directory: DataDirectory): Promise<string | null> {
  try {
    const identity = await readKey(directory.identityFile, 'ed25519');
    return identity === undefined ? 'is damaged: it holds no identity key' : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function damaged({ identityFile }: DataDirectory): BadInputError {
  return new BadInputError(
    `${identityFile}: is damaged; restore it from a backup, or remove it to get a new identity`,
  );
}

/** The key in a file; `undefined` if the file holds no such key. */
async function readKey(path: string, type: KeyType): Promise<Identity | undefined> {
  const parsed = keySchema.safeParse(await readJsonFile(path));
  const isOfType = parsed.success && parsed.data.type === type;
  const seed = isOfType ? seedOf(parsed.data.seed) : undefined;
  return seed && Identity.fromSeed(seed);
}

function keyText(key: Identity, type: KeyType): string {
  return `${JSON.stringify({ v: 1, type, seed: toBase64Url(key.seed) })}\n`;
}

function seedOf(text: string): Uint8Array | undefined {
  try {
    return fromBase64Url(text);
  } catch {
    return undefined; // 43 characters can hold 258 bits: the last two must be 0
  }
}

/** The identity of a data directory; made and written if there is none. */
export async function loadOrCreateIdentity(
  directory: DataDirectory,
): Promise<{ readonly identity: Identity; readonly isNew: boolean }> {
  try {
    return { identity: await loadIdentity(directory), isNew: false };
  } catch (error) {
    if (!(error instanceof NothingFoundError)) throw error;
  }
  const identity = Identity.generate();
  await saveIdentity(directory, identity);
  return { identity, isNew: true };
}

/** Writes the identity of a data directory, for its owner's eyes only. */
export async function saveIdentity(directory: DataDirectory, identity: Identity): Promise<void> {
  await writeFileAtomically(directory.identityFile, keyText(identity, 'ed25519'));
}

/**
 * Keeps an identity that is about to be replaced, read-only, under its PeerId.
 *
 * @returns path of the file.
 */
export async function keepFormerIdentity(
  directory: DataDirectory,
  identity: Identity,
): Promise<string> {
  const path = formerIdentityFile(directory, identity.peerId);
  await writeFileAtomically(path, keyText(identity, 'ed25519'), 0o400);
  return path;
}

/** The identity that {@link keepFormerIdentity} has kept; `undefined` if its file is gone. */
export async function loadFormerIdentity(
  directory: DataDirectory,
  peerId: string,
): Promise<Identity | undefined> {
  try {
    const identity = await readKey(formerIdentityFile(directory, peerId), 'ed25519');
    return identity?.peerId === peerId ? identity : undefined;
  } catch (error) {
    if (error instanceof NothingFoundError) return undefined;
    throw error;
  }
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
  const text = keyText(key, 'ed25519-recovery');
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
  if (key === undefined) {
    throw new BadInputError(
      `${path}: holds no recovery key; name the file that "coalesce cert recovery" wrote`,
    );
  }
  return key;
}
