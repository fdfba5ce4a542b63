/**
 * Keeps a node's own skill record in the DHT: signs, stores, provides, reads back, renews before
 * expiry, and withdraws (architecture.md 4 and 6).
 *
 * A record is also stored anew when the routing table has grown by half: the k peers closest to its
 * key are then others, and a lookup would no longer meet those that keep it.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import { Key } from 'interface-datastore';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import type { Identity } from '../../crypto/identity.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger, Random } from '../components.ts';
import type { Host } from '../libp2p-host.ts';
import { cancelKeys, provideKeys, putRecord, readBack, tellKeysEarly } from './publication.ts';
import { RestProvider } from './rest-provider.ts';
import { processScheduler } from './scheduler.ts';
import type { Scheduler } from './scheduler.ts';
import { MAX_ADDRESSES, MAX_RECORD_LIFETIME_SECONDS, signSkillRecord } from './skill-record.ts';
import type { SignedSkillRecord, SkillRecord } from './skill-record.ts';
import { writeStoredRecord } from './stored-records.ts';
import { ancestorsOf } from './terms.ts';
import type { RecordGuard } from './validator.ts';

/** How long `publish` tries to store a record and read it back. */
export const DEFAULT_PUBLISH_TIMEOUT_MS = 30_000;
/** Pause before a record that nobody took is published again; doubles up to the renewal. */
const RETRY_MS = 2_000;
/** Pause between a growth of the table and the next storing: many peers come at once. */
const GROWTH_PAUSE_MS = 2_000;
const GROWTH_FACTOR = 1.5;
const STATE_KEY = new Key('/coalesce/skill-discovery/advertised');

/** What a peer says about itself; the advertiser adds who, when and where. */
export type RecordContent = Pick<
  SkillRecord,
  'offers' | 'embeddings' | 'certificates' | 'sealingKey' | 'recovery' | 'card'
>;

/** What an advertiser is handed. */
export interface AdvertiserInit {
  readonly identity: Identity;
  readonly host: Host;
  readonly guard: RecordGuard;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly scheduler?: Scheduler;
  /** 60 to 3,600; default 3,600. */
  readonly lifetimeSeconds?: number;
  readonly publishTimeoutMs?: number;
}

/** Why a publication was not read back. */
export type NotReadBackReason =
  /** Nobody is connected: the record waits here and is published when somebody comes. */
  | 'NO_PEERS'
  /** Every peer asked refused the record, or did not answer. */
  | 'NOT_STORED'
  /** Peers took it, and none showed it in time. */
  | 'NOT_SEEN';

/** Outcome of a publication. */
export interface PublishResult {
  readonly record: SignedSkillRecord;
  /** Other peers that took the record. */
  readonly storedBy: number;
  /** Terms of the offers that other peers were told of; ancestors and buckets follow. */
  readonly providedTerms: readonly string[];
  readonly readBack: boolean;
  /** PeerId of the node that showed the record. */
  readonly readBackFrom?: string;
  readonly reason?: NotReadBackReason;
  readonly elapsedMs: number;
}

interface AdvertisedState {
  readonly seq: number;
  /** As {@link advertisedKeys}. */
  readonly keys: readonly string[];
}

/** One sending of a record, as far as it came. */
interface Attempt {
  readonly tableSize: number;
  storedBy: number;
  readonly providedTerms: string[];
  readBackFrom: string | undefined;
}

/**
 * Keys under which a record is found, each once: terms of the offers first, which are what most ask
 * for, then their ancestors and the buckets of the vector.
 */
export function advertisedKeys({
  offers,
  embeddings,
}: Pick<RecordContent, 'offers' | 'embeddings'>): readonly string[] {
  const terms = offers.map(({ term }) => term);
  return [...new Set([...terms, ...terms.flatMap(ancestorsOf), ...embeddings.buckets])];
}

/** Publishes one node's record. One per node; calls wait for one another. */
export class Advertiser {
  readonly #init: AdvertiserInit;
  readonly #scheduler: Scheduler;
  readonly #lifetimeSeconds: number;
  readonly #timeoutMs: number;
  readonly #rest: RestProvider;
  #content: RecordContent | undefined;
  #record: SignedSkillRecord | undefined;
  #keys: readonly string[] = [];
  /** Keys of which peers were told before a lookup. */
  readonly #toldEarly = new Set<string>();
  #lastSeq = 0;
  #isStateRead = false;
  #turn: Promise<unknown> = Promise.resolve();
  #isRunning = false;
  #cancelNext: (() => void) | undefined;
  #stopWatching: (() => void) | undefined;
  #retryMs = RETRY_MS;
  #tableSizeWhenStored = 0;

  constructor(init: AdvertiserInit) {
    this.#init = init;
    this.#scheduler = init.scheduler ?? processScheduler;
    this.#timeoutMs = init.publishTimeoutMs ?? DEFAULT_PUBLISH_TIMEOUT_MS;
    this.#rest = new RestProvider({
      ...init,
      scheduler: this.#scheduler,
      timeoutMs: this.#timeoutMs,
      inTurn: (step) => this.#inTurn(step),
    });
    const lifetimeSeconds = init.lifetimeSeconds ?? MAX_RECORD_LIFETIME_SECONDS;
    if (!(lifetimeSeconds >= 60 && lifetimeSeconds <= MAX_RECORD_LIFETIME_SECONDS)) {
      throw new RangeError(`"lifetimeSeconds" expected 60 to 3600, got ${lifetimeSeconds}`);
    }
    this.#lifetimeSeconds = lifetimeSeconds;
  }

  /** The record as last signed. */
  get record(): SignedSkillRecord | undefined {
    return this.#record;
  }

  /**
   * Signs and publishes a record of `content` in the place of the last one. Resolves once another
   * node has shown it, or with the reason why none did.
   *
   * @throws as `signSkillRecord` if `content` cannot be a record; the signal's reason.
   */
  publish(
    content: RecordContent,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<PublishResult> {
    this.#rest.interrupt();
    return this.#inTurn(async () => {
      await this.#sign(content);
      return this.#send(options.signal);
    });
  }

  /** Resolves once nothing is left to publish, the first try of ancestors and buckets included. */
  async settled(): Promise<void> {
    let turn: Promise<unknown>;
    do {
      turn = this.#turn;
      await turn;
    } while (turn !== this.#turn);
  }

  /** Publishes that this peer offers nothing any more, and stops providing. */
  withdraw(options: { readonly signal?: AbortSignal } = {}): Promise<PublishResult | undefined> {
    this.#rest.interrupt();
    return this.#inTurn(async () => {
      if (!this.#content) return undefined;
      await this.#sign({ ...this.#content, offers: [], certificates: [] });
      return this.#send(options.signal);
    });
  }

  /** Begins to renew the record before it expires, and to store it anew as the network grows. */
  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#stopWatching = this.#init.host.onPeerAdded((size) => this.#onPeerAdded(size));
    this.#schedule(this.#record ? this.#renewalMs() : undefined);
  }

  /** Ends the renewals. The record stays in the network until it expires. */
  stop(): void {
    this.#isRunning = false;
    this.#rest.stop();
    this.#cancelNext?.();
    this.#stopWatching?.();
  }

  #inTurn<T>(step: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(step, step);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #sign(content: RecordContent): Promise<void> {
    const { identity, host, guard, clock } = this.#init;
    await this.#readState();
    const iat = nowSeconds(clock);
    // Peers refuse a lower seq, so it must rise even where the clock or the store was set back.
    const seq = Math.max(this.#lastSeq + 1, (guard.bestSeq(identity.peerId) ?? 0) + 1, iat);
    const record = signSkillRecord(
      {
        v: 1,
        typ: 'record',
        peerId: identity.peerId,
        seq,
        iat,
        exp: iat + this.#lifetimeSeconds,
        addresses: host.addresses().slice(0, MAX_ADDRESSES),
        ...content,
      },
      identity,
    );
    const keys = advertisedKeys(content);
    const left = this.#keys.filter((key) => !keys.includes(key));
    // Written before it is sent: after a crash in between the next seq is still higher, and the
    // keys that are left are known.
    await this.#writeState(seq, [...keys, ...left]);
    if (left.length > 0) {
      await cancelKeys(host, left);
      await this.#writeState(seq, keys);
    }
    this.#rest.stop();
    this.#lastSeq = seq;
    this.#keys = keys;
    for (const key of this.#toldEarly) if (!keys.includes(key)) this.#toldEarly.delete(key);
    this.#content = content;
    this.#record = record;
    // kad-dht stores an own value without asking the validator, which then would not know its seq.
    guard.observe(record);
  }

  /** Whether a record of before a restart may still be found under some key. */
  async hasAdvertised(): Promise<boolean> {
    await this.#readState();
    return this.#keys.length > 0;
  }

  #writeState(seq: number, keys: readonly string[]): Promise<unknown> {
    const state = utf8(JSON.stringify({ seq, keys }));
    return Promise.resolve(this.#init.host.datastore.put(STATE_KEY, state));
  }

  async #readState(): Promise<void> {
    if (this.#isStateRead) return;
    this.#isStateRead = true;
    const { datastore } = this.#init.host;
    if (!(await datastore.has(STATE_KEY))) return;
    const state = parseState(await datastore.get(STATE_KEY));
    if (!state) {
      this.#init.logger.warn({ key: STATE_KEY.toString() }, 'The last sequence number is lost.');
      return;
    }
    this.#lastSeq = state.seq;
    this.#keys = state.keys;
  }

  async #send(outerSignal: AbortSignal | undefined): Promise<PublishResult> {
    const { host, clock } = this.#init;
    const record = this.#record!;
    const startMs = clock.monotonicMs();
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const signal = outerSignal ? AbortSignal.any([outerSignal, timeout]) : timeout;
    setMaxListeners(0, signal);
    await writeStoredRecord(host.datastore, host.peerId, record.envelope, clock.nowMs());
    const attempt: Attempt = {
      tableSize: host.routingTableSize(),
      storedBy: 0,
      providedTerms: [],
      readBackFrom: undefined,
    };
    try {
      if (attempt.tableSize > 0) await this.#try(record, attempt, signal);
    } catch (error) {
      this.#init.logger.debug({ error, ...attempt }, 'The publication was cut short.');
    }
    this.#afterSending(attempt);
    const { storedBy, providedTerms, readBackFrom } = attempt;
    const elapsedMs = clock.monotonicMs() - startMs;
    const result = { record, storedBy, providedTerms, elapsedMs };
    if (readBackFrom !== undefined) return { ...result, readBack: true, readBackFrom };
    outerSignal?.throwIfAborted();
    return { ...result, readBack: false, reason: notReadBackReason(attempt) };
  }

  async #try(record: SignedSkillRecord, attempt: Attempt, signal: AbortSignal): Promise<void> {
    const { host } = this.#init;
    const offered = this.#offeredTerms();
    const rest = this.#keys.filter((key) => !offered.includes(key));
    // Whoever finds a term asks this node for the record: the copies elsewhere can wait for that.
    const told = Promise.withResolvers<void>();
    this.#tellEarly(offered, signal);
    const provided = provideKeys(host, offered, attempt.providedTerms, signal, told.resolve);
    const stored = Promise.race([told.promise, provided]).then(async () => {
      attempt.storedBy = await putRecord(host, record, signal);
    });
    await Promise.all([stored, provided]);
    if (attempt.storedBy === 0) return;
    // Who was told early may be far from the nearest of all: that a term is known takes a lookup.
    if (offered.some((term) => !attempt.providedTerms.includes(term))) return;
    this.#tellEarly(rest, signal);
    attempt.readBackFrom = await readBack(host, record, offered, signal);
    // Whoever waits for the publication need not wait for these.
    void this.#rest.provide(rest);
  }

  /** In the background: a peer that does not answer holds nothing up. Each key once. */
  #tellEarly(keys: readonly string[], signal: AbortSignal): void {
    const { host, logger } = this.#init;
    const untold = keys.filter((key) => !this.#toldEarly.has(key));
    for (const key of untold) this.#toldEarly.add(key);
    tellKeysEarly(host, untold, signal).catch((error: unknown) => {
      logger.debug({ error }, 'Keys were not told early.');
    });
  }

  #offeredTerms(): readonly string[] {
    return this.#record!.body.offers.map(({ term }) => term);
  }

  #afterSending({ readBackFrom, tableSize }: Attempt): void {
    if (readBackFrom !== undefined) {
      this.#tableSizeWhenStored = tableSize;
      this.#retryMs = RETRY_MS;
      const hasGrown = this.#init.host.routingTableSize() >= tableSize * GROWTH_FACTOR;
      this.#schedule(hasGrown ? GROWTH_PAUSE_MS : this.#renewalMs());
      return;
    }
    this.#schedule(Math.min(this.#retryMs, this.#renewalMs()));
    this.#retryMs *= 2;
  }

  #onPeerAdded(size: number): void {
    if (!this.#record) return;
    if (size < this.#tableSizeWhenStored * GROWTH_FACTOR) return;
    this.#tableSizeWhenStored = size;
    this.#schedule(GROWTH_PAUSE_MS);
  }

  /** Half of the record's life, less up to a fifth of that: peers started together drift apart. */
  #renewalMs(): number {
    const halfLifeMs = (this.#lifetimeSeconds / 2) * 1_000;
    const [byte = 0] = this.#init.random.bytes(1);
    return Math.round(halfLifeMs * (1 - (0.2 * byte) / 255));
  }

  #schedule(delayMs: number | undefined): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    if (!this.#isRunning || delayMs === undefined) return;
    this.#cancelNext = this.#scheduler.after(delayMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    try {
      await this.#inTurn(async () => {
        if (!this.#content || !this.#isRunning) return;
        const remaining = this.#record!.body.exp - nowSeconds(this.#init.clock);
        if (remaining <= this.#lifetimeSeconds * 0.75) await this.#sign(this.#content);
        await this.#send(undefined);
      });
    } catch (error) {
      this.#init.logger.error({ error }, 'The skill record could not be renewed.');
      this.#schedule(this.#retryMs);
    }
  }
}

function notReadBackReason({ tableSize, storedBy }: Attempt): NotReadBackReason {
  if (tableSize === 0) return 'NO_PEERS';
  return storedBy === 0 ? 'NOT_STORED' : 'NOT_SEEN';
}

function parseState(bytes: Uint8Array): AdvertisedState | undefined {
  try {
    const { seq, keys } = JSON.parse(fromUtf8(bytes)) as Partial<AdvertisedState>;
    if (!Number.isSafeInteger(seq) || !Array.isArray(keys)) return undefined;
    return { seq: seq!, keys: keys.filter((key) => typeof key === 'string') };
  } catch {
    return undefined;
  }
}
