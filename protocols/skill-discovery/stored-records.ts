/**
 * Value records as `@libp2p/kad-dht` keeps them in the node's datastore. Two needs that the module
 * does not serve: to look a stored record up without a network query, and to keep the store bounded
 * (the module keeps any number of values for 48 hours).
 *
 * @module
 */

import { Record as DhtRecord } from '@libp2p/kad-dht';
import { Key } from 'interface-datastore';
import type { Datastore, Pair } from 'interface-datastore';
import { base32 } from 'multiformats/bases/base32';
import { equalBytes } from '../../crypto/bytes.ts';
import type { Clock, Logger } from '../components.ts';
import { peerIdOfRecordKey, recordKey } from './dht-keys.ts';
import { processScheduler } from './scheduler.ts';
import type { Scheduler } from './scheduler.ts';
import { openSkillRecord } from './skill-record.ts';

/** Where the module keeps values: its prefix `/dht`, then `record`. */
const RECORD_PREFIX = '/dht/record';
/** Most records that are stored, and that a sweep leaves: 64 MiB at 8 KiB each. */
export const MAX_STORED_RECORDS = 8_192;
const SWEEP_INTERVAL_MS = 600_000;

/** Where the record of a peer stands in the datastore. */
export function storedRecordKey(peerId: string): Key {
  // multiformats puts the base's letter first; the module's keys are without it.
  return new Key(`${RECORD_PREFIX}/${base32.encode(recordKey(peerId)).slice(1)}`, false);
}

/** The peer whose record stands under a key of the datastore; `undefined` for any other value. */
export function peerIdOfStoredKey(key: string): string | undefined {
  try {
    return peerIdOfRecordKey(base32.decode(`b${key.slice(RECORD_PREFIX.length + 1)}`));
  } catch {
    return undefined; // no base32
  }
}

/** The value stored here for a peer's record, or `undefined`. Not validated. */
export async function readStoredRecord(
  datastore: Datastore,
  peerId: string,
): Promise<Uint8Array | undefined> {
  const key = storedRecordKey(peerId);
  try {
    // The usual answer is no, and an error with its stack costs more than the question.
    if (!(await datastore.has(key))) return undefined;
    return DhtRecord.deserialize(await datastore.get(key)).value;
  } catch {
    return undefined; // not there, or not readable: the same to a reader
  }
}

/** Stores a record here, as a PUT_VALUE of a peer would. */
export async function writeStoredRecord(
  datastore: Datastore,
  peerId: string,
  value: Uint8Array,
  nowMs: number,
): Promise<void> {
  const record = new DhtRecord(recordKey(peerId), value, new Date(nowMs));
  await datastore.put(storedRecordKey(peerId), record.serialize());
}

/**
 * Deletes records that have expired or cannot be read, and the oldest ones beyond `maxRecords`.
 *
 * @returns how many were deleted and how many are left.
 */
export async function sweepStoredRecords(
  datastore: Datastore,
  nowMs: number,
  maxRecords: number = MAX_STORED_RECORDS,
): Promise<{ readonly deleted: number; readonly left: number }> {
  const nowSeconds = Math.floor(nowMs / 1000);
  const live: { pair: Pair; receivedMs: number }[] = [];
  const dead: Pair[] = [];
  for await (const pair of datastore.query({ prefix: RECORD_PREFIX })) {
    const receivedMs = await receivedMsOfLiveRecord(pair.value, nowSeconds);
    if (receivedMs === undefined) dead.push(pair);
    else live.push({ pair, receivedMs });
  }
  live.sort((a, b) => b.receivedMs - a.receivedMs);
  dead.push(...live.splice(maxRecords).map(({ pair }) => pair));
  let renewed = 0;
  for (const { key, value } of dead) {
    // It may have been renewed since it was read: signatures are verified on other threads.
    if (await isStored(datastore, key, value)) await datastore.delete(key);
    else renewed += 1;
  }
  return { deleted: dead.length - renewed, left: live.length + renewed };
}

/** Whether the entry is still there, as it was. */
async function isStored(datastore: Datastore, key: Key, value: Uint8Array): Promise<boolean> {
  return (await datastore.has(key)) && equalBytes(await datastore.get(key), value);
}

async function receivedMsOfLiveRecord(
  stored: Uint8Array,
  nowSeconds: number,
): Promise<number | undefined> {
  try {
    const { key, value, timeReceived } = DhtRecord.deserialize(stored);
    const peerId = peerIdOfRecordKey(key);
    if (peerId === undefined) return undefined;
    const { valid } = await openSkillRecord(value, peerId, nowSeconds);
    return valid ? timeReceived.getTime() : undefined;
  } catch {
    return undefined;
  }
}

/** What a sweeper is handed. */
export interface SweeperInit {
  readonly datastore: Datastore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly scheduler?: Scheduler;
}

/** Sweeps every ten minutes. Returns the way to stop. */
export function startRecordSweeper(init: SweeperInit): () => void {
  const scheduler = init.scheduler ?? processScheduler;
  let cancel: () => void = () => undefined;
  let isStopped = false;
  const sweep = async (): Promise<void> => {
    try {
      const swept = await sweepStoredRecords(init.datastore, init.clock.nowMs());
      init.logger.debug(swept, 'Stored skill records were swept.');
    } catch (error) {
      init.logger.warn({ error }, 'Stored skill records could not be swept.');
    }
    if (!isStopped) next();
  };
  const next = (): void => {
    cancel = scheduler.after(SWEEP_INTERVAL_MS, () => void sweep());
  };
  next();
  return () => {
    isStopped = true;
    cancel();
  };
}
