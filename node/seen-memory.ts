/**
 * What protects from rollback and equivocation must outlive a restart: the newest records seen of
 * other peers, and the newest status lists of trusted attestors. At a kill, what was seen in the
 * last half minute is lost.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../crypto/bytes.ts';
import { openEnvelope } from '../crypto/envelope.ts';
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
}

/** The two memories and where they are kept. */
export interface SeenMemory {
  readonly section: JsonSection<StoredMemory>;
  readonly statusMemory: StatusListMemory;
  readonly guard: RecordGuard;
  readonly clock: Clock;
}

/** Takes up what was stored. What does not verify any more is left out. */
export async function restoreMemory({
  section,
  statusMemory,
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
}

/** Stores what was seen until now. */
export async function storeMemory({ section, statusMemory, guard }: SeenMemory): Promise<void> {
  const contradictions = statusMemory
    .equivocations()
    .flatMap(({ first, second }) => [first, second]);
  const envelopes = [...contradictions, ...statusMemory.envelopes()];
  await section.put(KEY, {
    records: guard.snapshot(),
    statusLists: envelopes.map(toBase64Url),
  });
}
