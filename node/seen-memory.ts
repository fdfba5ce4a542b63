/**
 * What protects from rollback and equivocation must outlive a restart: the newest records seen of
 * other peers, the newest status lists of trusted attestors, and the key rotations of peers that
 * these attested. At a kill, what was seen in the last half minute is lost.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../crypto/bytes.ts';
import { openEnvelope } from '../crypto/envelope.ts';
import { keyRotationDefinition } from '../crypto/key-rotation.ts';
import type { KeyRotationMemory } from '../crypto/key-rotation-memory.ts';
import { statusListDefinition } from '../crypto/status-list.ts';
import type { StatusListMemory } from '../crypto/status-list-memory.ts';
import { nowSeconds } from '../protocols/components.ts';
import type { Clock } from '../protocols/components.ts';
import type { RecordGuard, RememberedRecord } from '../protocols/skill-discovery/validator.ts';
import type { JsonSection } from './storage/store.ts';

const KEY = 'seen';

/** Stored form. */
export interface StoredMemory {
  readonly records: readonly RememberedRecord[];
  /** Envelopes, base64url; those that contradict each other included. */
  readonly statusLists: readonly string[];
  /** Envelopes, base64url; the second ones of dead identities last. */
  readonly rotations?: readonly string[];
  /** Registered recovery keys: PeerId, and base64url of the hash. */
  readonly recoveries?: readonly (readonly [string, string])[];
}

/** The memories and where they are kept. */
export interface SeenMemory {
  readonly section: JsonSection<StoredMemory>;
  readonly statusMemory: StatusListMemory;
  readonly rotationMemory: KeyRotationMemory;
  readonly guard: RecordGuard;
  readonly clock: Clock;
}

/** Takes up what was stored. What does not verify any more is left out. */
export async function restoreMemory({
  section,
  statusMemory,
  rotationMemory,
  guard,
  clock,
}: SeenMemory): Promise<void> {
  const stored = await section.get(KEY);
  if (!stored) return;
  guard.restore(stored.records);
  for (const text of stored.statusLists) {
    const opened = openEnvelope(statusListDefinition, fromBase64Url(text));
    if (opened.valid) statusMemory.note(opened, nowSeconds(clock));
  }
  for (const [peerId, hash] of stored.recoveries ?? []) {
    rotationMemory.noteRecovery({ peerId, hash: fromBase64Url(hash) });
  }
  for (const text of stored.rotations ?? []) {
    const opened = openEnvelope(keyRotationDefinition, fromBase64Url(text));
    if (opened.valid) rotationMemory.note(opened);
  }
}

/** Stores what was seen until now. */
export async function storeMemory({
  section,
  statusMemory,
  rotationMemory,
  guard,
}: SeenMemory): Promise<void> {
  const contradictions = statusMemory
    .equivocations()
    .flatMap(({ first, second }) => [first, second]);
  const envelopes = [...contradictions, ...statusMemory.envelopes()];
  await section.put(KEY, {
    records: guard.snapshot(),
    statusLists: envelopes.map(toBase64Url),
    rotations: rotationMemory.envelopes().map(toBase64Url),
    recoveries: rotationMemory
      .recoveries()
      .map(({ peerId, hash }) => [peerId, toBase64Url(hash)] as const),
  });
}
