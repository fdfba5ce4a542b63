/**
 * The key rotations that led to a node's identity, and its recovery key's hash: `rotations.json` in
 * the data directory (wire-formats.md 2.4).
 *
 * A rotation stands in the file before the new identity takes the place of the old one. If the
 * process ends in between, the last rotation leads to a key that nobody has: it was shown to nobody
 * and is left out.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { MAX_ENVELOPE_BYTES, fields, openEnvelope } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import { MAX_ROTATIONS, keyRotationDefinition } from '../../crypto/key-rotation.ts';
import type { KeyRotation } from '../../crypto/key-rotation.ts';
import { BadInputError, NothingFoundError } from '../errors.ts';
import { readJsonFile, writeFileAtomically } from '../storage/data-directory.ts';
import type { DataDirectory } from '../storage/data-directory.ts';

const historySchema = z.strictObject({
  v: z.literal(1),
  /** Envelopes, oldest first. */
  rotations: z.array(fields.bytesUpTo(1, MAX_ENVELOPE_BYTES)).max(MAX_ROTATIONS),
  /** Registered for this key by its owner; what a rotation registers stands in the rotation. */
  recovery: z.strictObject({ peerId: fields.peerId, hash: fields.bytes(32) }).optional(),
});

/** What led to the identity. */
export interface RotationHistory {
  /** Oldest first; the last one is to the present key. */
  readonly rotations: readonly SignedDocument<KeyRotation>[];
  /** Hash of the recovery key registered for the present key, 32 bytes; `undefined`: none is. */
  readonly recovery: Uint8Array | undefined;
}

/**
 * The history of the identity `peerId`; an empty one if nothing is stored of it.
 *
 * @throws {@link BadInputError} if the file is damaged.
 */
export async function loadRotationHistory(
  directory: DataDirectory,
  peerId: string,
): Promise<RotationHistory> {
  let json: unknown;
  try {
    json = await readJsonFile(directory.rotationsFile);
  } catch (error) {
    if (error instanceof NothingFoundError) return { rotations: [], recovery: undefined };
    throw error;
  }
  const history = parseRotationHistory(json, peerId);
  if (!history) {
    throw new BadInputError(
      `${directory.rotationsFile}: is damaged; restore it from a backup, or remove it and do without the certificates of former keys`,
    );
  }
  return history;
}

/** What the file says of the identity `peerId`; `undefined` if it is damaged. Never throws. */
export function parseRotationHistory(json: unknown, peerId: string): RotationHistory | undefined {
  const parsed = historySchema.safeParse(json);
  const stored = parsed.success ? openChain(parsed.data.rotations) : undefined;
  if (!parsed.success || !stored) return undefined;
  const rotations = stored.slice(0, stored.findLastIndex(({ body }) => body.new === peerId) + 1);
  const { recovery: own } = parsed.data;
  const next = rotations.at(-1)?.body.nextRecovery ?? '';
  const text = own?.peerId === peerId ? own.hash : next;
  return { rotations, recovery: text === '' ? undefined : fromBase64Url(text) };
}

/** The rotations, if each is well signed and begins where the one before ended. */
function openChain(envelopes: readonly string[]): SignedDocument<KeyRotation>[] | undefined {
  const rotations: SignedDocument<KeyRotation>[] = [];
  for (const text of envelopes) {
    const opened = openEnvelope(keyRotationDefinition, fromBase64Url(text));
    const before = rotations.at(-1);
    if (!opened.valid || (before && before.body.new !== opened.body.old)) return undefined;
    rotations.push(opened);
  }
  return rotations;
}

/**
 * Writes the history in one step.
 *
 * @param peerId - The key that `recovery` is registered for: the present one, also when the last
 *   rotation is away from it.
 */
export async function saveRotationHistory(
  directory: DataDirectory,
  peerId: string,
  { rotations, recovery }: RotationHistory,
): Promise<void> {
  const file: z.infer<typeof historySchema> = {
    v: 1,
    rotations: rotations.map(({ envelope }) => toBase64Url(envelope)),
    ...(recovery && { recovery: { peerId, hash: toBase64Url(recovery) } }),
  };
  await writeFileAtomically(directory.rotationsFile, `${JSON.stringify(file)}\n`);
}
