/**
 * Fetches one peer's skill record: from the peer itself, and from the DHT if the peer does not
 * answer soon.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { PeerId } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { toHex } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { Host } from '../libp2p-host.ts';
import { recordKey } from './dht-keys.ts';
import { askPeer, walkDht } from './dht-lookup.ts';
import type { LookupEvent } from './dht-lookup.ts';
import type { SignedSkillRecord } from './skill-record.ts';
import { readStoredRecord } from './stored-records.ts';
import type { Turns } from './turns.ts';
import type { RecordGuard, RecordVerdict, RecordVerdictReason } from './validator.ts';

/** How long the holder has before the DHT is asked as well: less where a connection is open. */
const HOLDER_HEAD_START_MS = { connected: 300, toBeDialled: 600 };
/** How long the holder has at most; less if the DHT's answers are in before. */
const HOLDER_TIMEOUT_MS = 2_000;

/** What a fetch gave. */
export type FetchedRecord =
  | {
      readonly found: true;
      readonly record: SignedSkillRecord;
      readonly source: 'holder' | 'dht';
    }
  | {
      readonly found: false;
      /** `NOT_FETCHED`: the holder gave none and others were not asked. */
      readonly reason: RecordVerdictReason | 'NO_RECORD' | 'NOT_FETCHED' | 'TIMED_OUT';
    };

/** What a fetch is handed. */
export interface FetchComponents {
  readonly host: Host;
  readonly guard: RecordGuard;
  /** Turns to ask holders. */
  readonly holderTurns: Turns;
  /** Turns to search the DHT. */
  readonly walkTurns: Turns;
  /** Asked where the holder does not answer soon: whether others are to be asked. */
  readonly isWorthWalk: () => Promise<boolean>;
  /** Told of every step. */
  onEvent(event: LookupEvent): void;
  /** Told of every refused record, and who sent it. */
  onRefused(from: string, reason: RecordVerdictReason): void;
}

class RecordFetch {
  readonly #components: FetchComponents;
  readonly #peerId: string;
  readonly #signal: AbortSignal;
  /** Verdicts by hash of the bytes: k peers send the same record, one verification is enough. */
  readonly #verdicts = new Map<string, RecordVerdict>();
  #best: { record: SignedSkillRecord; source: 'holder' | 'dht' } | undefined;
  #refusal: RecordVerdictReason | undefined;

  constructor(components: FetchComponents, peerId: string, signal: AbortSignal) {
    this.#components = components;
    this.#peerId = peerId;
    this.#signal = signal;
  }

  async run(): Promise<FetchedRecord> {
    const { holderTurns, walkTurns, isWorthWalk } = this.#components;
    const patience = new AbortController();
    setMaxListeners(0, patience.signal); // a dial alone listens more than ten times
    // The turn lasts for the head start; a slow holder may answer after it.
    const { holder } = await holderTurns.run(async () => {
      const holder = this.#askHolder(patience.signal);
      const headStart = delay(this.#headStartMs(), undefined, { signal: patience.signal });
      await Promise.race([holder, headStart.catch(() => undefined)]);
      return { holder };
    });
    let hasWalked = false;
    let isCut = false;
    if (!this.#best) {
      const isWorth = isWorthWalk();
      await Promise.race([holder, isWorth]);
      if (!this.#best && (await isWorth)) {
        hasWalked = true;
        isCut = await walkTurns.run(() => this.#walk());
      }
      await this.#readStored();
    }
    // A holder that is slower than a whole lookup is as good as gone: a search may name many such.
    // Not so where others have old copies alone: they say that it was here, and it has a newer one.
    const isOutdated = this.#refusal === 'ROLLED_BACK' || this.#refusal === 'EXPIRED';
    if (this.#best || (hasWalked && !isOutdated)) patience.abort();
    await holder;
    if (this.#best) return { found: true, ...this.#best };
    if (this.#refusal) return { found: false, reason: this.#refusal };
    if (!hasWalked) return { found: false, reason: 'NOT_FETCHED' };
    return { found: false, reason: isCut ? 'TIMED_OUT' : 'NO_RECORD' };
  }

  /**
   * Searches of the DHT for holders that are only being dialled slow those dials: among 50 nodes on
   * one event loop they took a query of four holders from 0.4 to 1.4 s.
   */
  #headStartMs(): number {
    const { connected, toBeDialled } = HOLDER_HEAD_START_MS;
    const { libp2p } = this.#components.host;
    const isConnected = libp2p.getConnections(peerIdFromString(this.#peerId)).length > 0;
    return isConnected ? connected : toBeDialled;
  }

  async #askHolder(patience: AbortSignal): Promise<void> {
    const { host } = this.#components;
    const holder = peerIdFromString(this.#peerId);
    // Without an address libp2p would look for one in the DHT, at our cost, for invented names.
    if (!(await hasAddress(host, holder))) return;
    const timeout = AbortSignal.timeout(HOLDER_TIMEOUT_MS);
    const signal = AbortSignal.any([this.#signal, patience, timeout]);
    setMaxListeners(0, signal);
    const key = recordKey(this.#peerId);
    for await (const event of askPeer(host.dht, holder, 'GET_VALUE', key, signal)) {
      await this.#take(event, 'holder');
    }
  }

  /** @returns whether the walk was cut short. */
  async #walk(): Promise<boolean> {
    const { dht } = this.#components.host;
    try {
      for await (const event of walkDht(dht, 'GET_VALUE', recordKey(this.#peerId), this.#signal)) {
        await this.#take(event, event.peerId === this.#peerId ? 'holder' : 'dht');
      }
      return false;
    } catch {
      return true;
    }
  }

  /** This node may itself be one of those that keep the record; lookups do not ask it. */
  async #readStored(): Promise<void> {
    const { datastore, peerId } = this.#components.host;
    const value = await readStoredRecord(datastore, this.#peerId);
    if (value) await this.#takeValue(value, peerId, 'dht');
  }

  async #take(event: LookupEvent, source: 'holder' | 'dht'): Promise<void> {
    this.#components.onEvent(event);
    if (event.type !== 'answered' || !event.value) return;
    await this.#takeValue(event.value, event.peerId, source);
  }

  async #takeValue(value: Uint8Array, from: string, source: 'holder' | 'dht'): Promise<void> {
    const verdict = await this.#judge(value);
    if (!verdict.valid) {
      this.#refusal ??= verdict.reason;
      this.#components.onRefused(from, verdict.reason);
      return;
    }
    if (this.#best && this.#best.record.body.seq >= verdict.record.body.seq) return;
    this.#best = { record: verdict.record, source };
  }

  async #judge(bytes: Uint8Array): Promise<RecordVerdict> {
    const hash = toHex(sha256(bytes));
    const known = this.#verdicts.get(hash);
    if (known) return known;
    const verdict = await this.#components.guard.accept(this.#peerId, bytes);
    this.#verdicts.set(hash, verdict);
    return verdict;
  }
}

/** Whether a peer can be asked without a search for where it is. */
export async function hasAddress({ libp2p }: Host, peerId: PeerId): Promise<boolean> {
  if (libp2p.getConnections(peerId).length > 0) return true;
  try {
    return (await libp2p.peerStore.get(peerId)).addresses.length > 0;
  } catch {
    return false;
  }
}

/** Fetches and checks the record of `peerId`. Never throws; an abort gives `TIMED_OUT`. */
export function fetchRecord(
  components: FetchComponents,
  peerId: string,
  signal: AbortSignal,
): Promise<FetchedRecord> {
  return new RecordFetch(components, peerId, signal).run();
}
