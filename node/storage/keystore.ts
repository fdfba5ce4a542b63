/**
 * The node's identity key in its data directory: `identity.json`, mode 0600.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { Identity } from '../../crypto/identity.ts';
import { BadInputError, NothingFoundError } from '../errors.ts';
import { readJsonFile, restrictToOwner, writeFileAtomically } from './data-directory.ts';
import type { DataDirectory } from './data-directory.ts';

const identitySchema = z.strictObject({
  v: z.literal(1),
  type: z.literal('ed25519'),
  seed: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/**
 * The identity of a data directory.
 *
 * @throws {@link NothingFoundError} if there is none; {@link BadInputError} if the file is damaged.
 */
export async function loadIdentity(directory: DataDirectory): Promise<Identity> {
  const parsed = identitySchema.safeParse(await readJsonFile(directory.identityFile));
  const seed = parsed.success ? seedOf(parsed.data.seed) : undefined;
  if (seed === undefined) {
    throw new BadInputError(
      `${directory.identityFile}: is damaged; restore it from a backup, or remove it to get a new identity`,
    );
  }
  await restrictToOwner(directory.identityFile);
  return Identity.fromSeed(seed);
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
  const file = { v: 1, type: 'ed25519', seed: toBase64Url(identity.seed) };
  await writeFileAtomically(directory.identityFile, `${JSON.stringify(file)}\n`);
}
