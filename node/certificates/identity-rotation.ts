/**
 * Rotation of a node's own identity, and the recovery key that consents to it (wire-formats.md
 * 2.4). Only while no daemon runs: the caller holds the lock of the data directory.
 *
 * Tells nobody: the daemon shows its rotations to whoever asks for its certificates, and has the
 * ledger follow (node/ledger/identity-mover.ts). Certificates that the node has issued stay with
 * the old key, and end with its last status list.
 *
 * @module
 */

import { rm } from 'node:fs/promises';
import { equalBytes } from '../../crypto/bytes.ts';
import { Identity } from '../../crypto/identity.ts';
import {
  MAX_ROTATIONS,
  MIN_ROTATION_SECONDS,
  generateRecoveryKey,
  recoveryHash,
  signKeyRotation,
} from '../../crypto/key-rotation.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Random } from '../../protocols/components.ts';
import { BadInputError, RefusedError } from '../errors.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import {
  identityFacts,
  keepFormerIdentity,
  loadIdentity,
  readRecoveryKey,
  saveIdentity,
  writeRecoveryKey,
} from '../storage/keystore.ts';
import type { Passphrase } from '../storage/passphrase.ts';
import { loadRotationHistory, saveRotationHistory } from './rotation-history.ts';
import type { RotationHistory } from './rotation-history.ts';

/** Whose identity is rotated, and with what. */
export interface IdentityRotationInit {
  readonly directory: DataDirectory;
  readonly clock: Clock;
  readonly random: Random;
  /** Read if the identity is sealed; the new one is sealed with the same. */
  readonly passphrase?: Passphrase;
  /** File with the registered recovery key. */
  readonly recoveryFile?: string;
  /** New file for a new recovery key; left out: the same key stays registered. */
  readonly nextRecoveryFile?: string;
}

/** A rotation that was made. */
export interface RotatedIdentity {
  readonly formerPeerId: string;
  readonly peerId: string;
  /** Rotations of this identity until now. */
  readonly rotations: number;
  /** Which key consented beside the new one. */
  readonly consent: 'recovery-key' | 'old-key';
  /** Where the old identity is kept. */
  readonly formerIdentityFile: string;
}

/**
 * Replaces the identity of a data directory by a new one. A kill at any moment leaves the old or
 * the new identity, each with the rotations that led to it.
 *
 * @throws {@link RefusedError} within 30 days of the last rotation and after 8;
 *   {@link BadInputError} for a recovery key that is missing, wrong, or not registered.
 */
export async function rotateIdentity(init: IdentityRotationInit): Promise<RotatedIdentity> {
  const { directory, clock, random } = init;
  const { isSealed } = await identityFacts(directory);
  const old = await loadIdentity(directory, init.passphrase);
  const history = await loadRotationHistory(directory, old.peerId);
  const iat = nowSeconds(clock);
  refuseTooMany(history, iat);
  const key = await recoveryKey(init, history);
  let nextKey = key;
  if (key && init.nextRecoveryFile !== undefined) {
    nextKey = generateRecoveryKey((length) => random.bytes(length));
    await writeRecoveryKey(init.nextRecoveryFile, nextKey);
  }
  const identity = Identity.fromSeed(random.bytes(32));
  const rotation = signKeyRotation({
    old,
    new: identity,
    seq: (history.rotations.at(-1)?.body.seq ?? 0) + 1,
    iat,
    ...(key && nextKey && { recovery: { key, nextHash: recoveryHash(nextKey.publicKey) } }),
  });
  const rotations = [...history.rotations, rotation];
  const seal = isSealed ? init.passphrase : undefined;
  // The new identity last: without it the rotation counts for nothing, and the old one works.
  const formerIdentityFile = await keepFormerIdentity(directory, old, seal);
  await saveRotationHistory(directory, old.peerId, { ...history, rotations });
  await saveIdentity(directory, identity, seal);
  return {
    formerPeerId: old.peerId,
    peerId: identity.peerId,
    rotations: rotations.length,
    consent: key ? 'recovery-key' : 'old-key',
    formerIdentityFile,
  };
}

/**
 * Makes a recovery key, writes it to a new file and keeps its hash alone.
 *
 * @throws {@link RefusedError} if one is registered; {@link BadInputError} if the file exists.
 */
export async function registerRecoveryKey({
  directory,
  random,
  file,
}: Pick<IdentityRotationInit, 'directory' | 'random'> & {
  readonly file: string;
}): Promise<{ readonly peerId: string; readonly hash: Uint8Array }> {
  const { peerId } = await identityFacts(directory);
  const history = await loadRotationHistory(directory, peerId);
  if (history.recovery) {
    throw new RefusedError(
      'A recovery key is registered already; replace it with "coalesce cert rotate --recovery OLD --next-recovery NEW"',
    );
  }
  const key = generateRecoveryKey((length) => random.bytes(length));
  await writeRecoveryKey(file, key);
  const hash = recoveryHash(key.publicKey);
  try {
    await saveRotationHistory(directory, peerId, { ...history, recovery: hash });
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
  return { peerId, hash };
}

function refuseTooMany({ rotations }: RotationHistory, nowInSeconds: number): void {
  const last = rotations.at(-1);
  if (!last) return;
  if (rotations.length >= MAX_ROTATIONS) {
    throw new RefusedError(
      `This identity was rotated ${MAX_ROTATIONS} times, and no peer follows more; start a new one with "coalesce init" and another --data`,
    );
  }
  const earliest = last.body.iat + MIN_ROTATION_SECONDS;
  if (nowInSeconds < earliest) {
    const date = new Date(earliest * 1_000).toISOString();
    throw new RefusedError(
      `This identity was rotated less than 30 days ago, and no peer follows two rotations in that time; rotate after ${date}`,
    );
  }
}

/** The recovery key that has to sign; `undefined` if none is registered. */
async function recoveryKey(
  { recoveryFile, nextRecoveryFile }: IdentityRotationInit,
  { recovery }: RotationHistory,
): Promise<Identity | undefined> {
  if (!recovery) {
    if (recoveryFile === undefined && nextRecoveryFile === undefined) return undefined;
    throw new BadInputError(
      'No recovery key is registered for this identity; rotate without one, or register one first with "coalesce cert recovery --out FILE"',
    );
  }
  if (recoveryFile === undefined) {
    throw new BadInputError(
      'A recovery key is registered for this identity; name its file with --recovery FILE',
    );
  }
  const key = await readRecoveryKey(recoveryFile);
  if (!equalBytes(recoveryHash(key.publicKey), recovery)) {
    throw new BadInputError(
      `${recoveryFile}: holds another recovery key than the registered one; name the file that was written last`,
    );
  }
  return key;
}
