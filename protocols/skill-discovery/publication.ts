/**
 * The steps of putting a record into the DHT: store it, provide its terms, and read both back from
 * another peer.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { equalBytes } from '../../crypto/bytes.ts';
import type { Host } from '../libp2p-host.ts';
import { providerCid, recordKey } from './dht-keys.ts';
import { walkDht } from './dht-lookup.ts';
import { tellNearest } from './early-providing.ts';
import type { SignedSkillRecord } from './skill-record.ts';
import type { RecordGuard } from './validator.ts';

/** Provide operations at the same time; each is a lookup and up to k messages. */
const MAX_PARALLEL_PROVIDES = 4;
/** First and longest pause between two attempts to read back. */
const READ_BACK_PAUSE_MS = 50;
const MAX_READ_BACK_PAUSE_MS = 1_000;

/**
 * Stores a record at the peers closest to its key.
 *
 * @returns how many other peers took it: `put` never throws, a refusal is an answer missing.
 * @throws the signal's reason.
 */
export async function putRecord(
  host: Host,
  record: SignedSkillRecord,
  signal: AbortSignal,
): Promise<number> {
  let stored = 0;
  for await (const event of host.dht.put(recordKey(host.peerId), record.envelope, { signal })) {
    if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') stored += 1;
  }
  return stored;
}

/** Runs `step` for every item, a few at a time. */
async function inParallel<T>(items: readonly T[], step: (item: T) => Promise<void>): Promise<void> {
  const rest = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (const item of rest) await step(item);
  };
  await Promise.all(Array.from({ length: MAX_PARALLEL_PROVIDES }, worker));
}

/** Tells a few peers near to each key of it, which takes no lookup ({@link tellNearest}). */
export function tellKeysEarly(
  host: Host,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  return inParallel(keys, (key) => tellNearest(host, key, signal));
}

/**
 * Announces this node as a provider of each key, in their order. A key that fails is left out.
 *
 * @param provided - Gets each key that at least one other peer was told of, as it happens.
 * @param onTold - Called for each peer that was told of a key.
 * @throws the signal's reason.
 */
export async function provideKeys(
  host: Host,
  keys: readonly string[],
  provided: string[],
  signal: AbortSignal,
  onTold: () => void = () => undefined,
): Promise<void> {
  await inParallel(keys, async (key) => {
    try {
      if (await provideKey(host, key, signal, onTold)) provided.push(key);
    } catch {
      signal.throwIfAborted(); // else this key alone failed
    }
  });
}

/** @returns whether another peer was told. */
async function provideKey(
  host: Host,
  key: string,
  signal: AbortSignal,
  onTold: () => void,
): Promise<boolean> {
  let isTold = false;
  for await (const event of host.dht.provide(providerCid(key), { signal })) {
    if (event.name !== 'PEER_RESPONSE' || event.messageName !== 'ADD_PROVIDER') continue;
    isTold = true;
    onTold();
  }
  return isTold;
}

/** Stops announcing the keys. Peers that were told forget within the life of a provider record. */
export async function cancelKeys(host: Host, keys: readonly string[]): Promise<void> {
  await inParallel(keys, (key) => host.dht.cancelReprovide(providerCid(key)));
}

/** PeerId of another node that serves exactly this record, or `undefined` after one look around. */
export async function findCopy(
  host: Host,
  record: SignedSkillRecord,
  signal: AbortSignal,
): Promise<string | undefined> {
  for await (const event of walkDht(host.dht, 'GET_VALUE', recordKey(host.peerId), signal)) {
    if (event.type !== 'answered' || !event.value || event.peerId === host.peerId) continue;
    if (equalBytes(event.value, record.envelope)) return event.peerId;
  }
  return undefined;
}

/** The skill record of a peer as the DHT has it; none if no node has one that is good. */
export async function findRecord(
  host: Host,
  guard: RecordGuard,
  peerId: string,
  signal: AbortSignal,
): Promise<SignedSkillRecord | undefined> {
  for await (const event of walkDht(host.dht, 'GET_VALUE', recordKey(peerId), signal)) {
    if (event.type !== 'answered' || !event.value) continue;
    const verdict = await guard.accept(peerId, event.value);
    if (verdict.valid) return verdict.record;
  }
  return undefined;
}

/** Whether another node names this one as a provider of `term`. */
async function isNamed(host: Host, term: string, signal: AbortSignal): Promise<boolean> {
  const key = providerCid(term).multihash.bytes;
  for await (const event of walkDht(host.dht, 'GET_PROVIDERS', key, signal)) {
    if (event.type !== 'answered' || event.peerId === host.peerId) continue;
    if (event.providers.some(({ peerId }) => peerId === host.peerId)) return true;
  }
  return false;
}

/**
 * Waits until another node serves the record, and for each term some other node names this one.
 *
 * @returns the node that served the record.
 * @throws the signal's reason.
 */
export async function readBack(
  host: Host,
  record: SignedSkillRecord,
  terms: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const servedBy = await untilDefined(() => findCopy(host, record, signal), signal);
  await inParallel(terms, async (term) => {
    await untilDefined(async () => (await isNamed(host, term, signal)) || undefined, signal);
  });
  return servedBy;
}

async function untilDefined<T>(
  look: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T> {
  for (
    let pauseMs = READ_BACK_PAUSE_MS;
    ;
    pauseMs = Math.min(2 * pauseMs, MAX_READ_BACK_PAUSE_MS)
  ) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    await delay(pauseMs, undefined, { signal });
  }
}
