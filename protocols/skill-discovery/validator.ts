/**
 * Validator and selector of the namespace `coalesce` (architecture.md 4).
 *
 * The validator has a memory. `@libp2p/kad-dht` 16 runs no selector when a peer stores a value
 * (js-libp2p issue 3377), so a validator that judges each record by itself lets anybody put an
 * older, validly signed record in the place of a newer one.
 *
 * Where memory was lost (restart, eviction by a flood of other keys), the record in the node's own
 * store takes its place.
 *
 * How often a peer may have a new record stored is limited too. Only what the peer itself signed,
 * and what was not seen before, counts against it: whoever passes on or replays takes nothing.
 *
 * @module
 */

import { toHex } from '../../crypto/bytes.ts';
import { openEnvelope } from '../../crypto/envelope.ts';
import { nowSeconds } from '../components.ts';
import type { Clock } from '../components.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import type { Datastore } from 'interface-datastore';
import { ClockWitnesses } from './clock-witnesses.ts';
import type { Dating } from './clock-witnesses.ts';
import { peerIdOfRecordKey } from './dht-keys.ts';
import {
  CLOCK_TOLERANCE_SECONDS,
  MAX_RECORD_LIFETIME_SECONDS,
  openSkillRecord,
  skillRecordDefinition,
} from './skill-record.ts';
import type { OpenedSkillRecord, RecordRefusal, SignedSkillRecord } from './skill-record.ts';
import { readStoredRecord } from './stored-records.ts';

/** Most peers whose best record is remembered; the one heard of longest ago goes first. */
export const MAX_REMEMBERED_RECORDS = 4_096;

/**
 * New records that one peer has stored here: 64 at once, as many as 32 offers make that are
 * published and then certified one after another, and one in ten seconds after that. A renewal
 * takes one in half an hour. Buckets are kept of 4,096 peers.
 */
export const RECORDS_PER_PEER: BucketLimits = { burst: 64, perSecond: 0.1 };

/** Why a record was refused, its history included. */
export type RecordVerdictReason =
  | RecordRefusal
  /** The key is none of a skill record. */
  | 'BAD_KEY'
  /** A record with a higher seq was seen. */
  | 'ROLLED_BACK'
  /** Another record with the same seq was seen: the peer signed both. */
  | 'EQUIVOCATION'
  /** The peer has had too many new records stored in a short while; it may try again. */
  | 'TOO_OFTEN';

/** Outcome of {@link RecordGuard.accept}. */
export type RecordVerdict =
  | { readonly valid: true; readonly record: SignedSkillRecord }
  | { readonly valid: false; readonly reason: RecordVerdictReason; readonly detail: string };

/** What is remembered of a peer's best record; plain JSON, for storage. */
export interface RememberedRecord {
  readonly peerId: string;
  readonly seq: number;
  /** Hex docId of the record. */
  readonly id: string;
  /** Seconds since 1970. After `iat` plus a record's longest life no older record is valid. */
  readonly iat: number;
}

/** A record that the validator refused: how kad-dht wants to be told. */
export class RecordRefusedError extends Error {
  static override readonly name = 'RecordRefusedError';
  override readonly name = 'RecordRefusedError';
  readonly code = 'RECORD_REFUSED';
  readonly details: { readonly reason: RecordVerdictReason };

  constructor(reason: RecordVerdictReason, detail: string) {
    super(`Skill record refused (${reason}): ${detail}`);
    this.details = { reason };
  }
}

/** What a guard is handed. */
export interface RecordGuardInit {
  readonly clock: Clock;
  /** The node's datastore; without it the memory alone counts. */
  readonly datastore?: Datastore;
  readonly maxRecords?: number;
  /** Told of each record that was accepted: a broker indexes what it hears. */
  readonly onAccepted?: (record: SignedSkillRecord) => void;
}

/** Judges records with the memory of those seen before. One per node. */
export class RecordGuard {
  /** What the records that were met say of this node's clock. */
  readonly witnesses = new ClockWitnesses();
  readonly #clock: Clock;
  readonly #datastore: Datastore | undefined;
  readonly #maxRecords: number;
  readonly #onAccepted: ((record: SignedSkillRecord) => void) | undefined;
  readonly #best = new Map<string, RememberedRecord>();
  readonly #stored = new TokenBuckets(RECORDS_PER_PEER);

  constructor(init: RecordGuardInit) {
    this.#clock = init.clock;
    this.#datastore = init.datastore;
    this.#maxRecords = init.maxRecords ?? MAX_REMEMBERED_RECORDS;
    this.#onAccepted = init.onAccepted;
    if (!Number.isSafeInteger(this.#maxRecords) || this.#maxRecords < 1) {
      throw new RangeError(`"maxRecords" expected a positive integer, got ${this.#maxRecords}`);
    }
  }

  /** Number of peers remembered. */
  get size(): number {
    return this.#best.size;
  }

  /** Judges a record of `peerId` and remembers it if it is valid. Never throws on bytes. */
  accept(peerId: string, bytes: Uint8Array): Promise<RecordVerdict> {
    return this.#accept(peerId, bytes, false);
  }

  async #accept(peerId: string, bytes: Uint8Array, isToStore: boolean): Promise<RecordVerdict> {
    const opened = await openSkillRecord(bytes, peerId, nowSeconds(this.#clock));
    const dating = datingOf(opened);
    if (dating) this.witnesses.saw(peerId, dating);
    if (!opened.valid) return opened;
    if (!this.#recall(peerId)) await this.#rememberStored(peerId);
    // No await from here on: a check and its write must not be parted by another record.
    return this.#judge(opened.record, isToStore);
  }

  /** Remembers a record that this node made itself: kad-dht stores those without asking. */
  observe(record: SignedSkillRecord): void {
    const best = this.#recall(record.body.peerId);
    if (!best || best.seq < record.body.seq) this.#remember(record);
  }

  /** Highest seq seen of a peer, or `undefined`. */
  bestSeq(peerId: string): number | undefined {
    return this.#recall(peerId)?.seq;
  }

  /** kad-dht's validator. Bound: hand it over as it is. @throws {@link RecordRefusedError} */
  readonly validate = async (key: Uint8Array, value: Uint8Array): Promise<void> => {
    const peerId = peerIdOfRecordKey(key);
    if (peerId === undefined) {
      throw new RecordRefusedError('BAD_KEY', `${key.length} bytes that name no Ed25519 peer`);
    }
    const verdict = await this.#accept(peerId, value, true);
    if (!verdict.valid) throw new RecordRefusedError(verdict.reason, verdict.detail);
  };

  /** The memory, for storage. */
  snapshot(): readonly RememberedRecord[] {
    return [...this.#best.values()];
  }

  /** Takes up a stored memory; where both know a peer the higher seq stays. */
  restore(records: readonly RememberedRecord[]): void {
    for (const record of records) {
      const best = this.#best.get(record.peerId);
      if (!best || best.seq < record.seq) this.#keep(record);
    }
  }

  #judge(record: SignedSkillRecord, isToStore: boolean): RecordVerdict {
    const { peerId, seq } = record.body;
    const best = this.#recall(peerId);
    if (best && seq < best.seq) {
      return { valid: false, reason: 'ROLLED_BACK', detail: `seq ${seq} after seq ${best.seq}` };
    }
    if (best?.seq === seq && best.id !== toHex(record.id)) {
      return { valid: false, reason: 'EQUIVOCATION', detail: `two records with seq ${seq}` };
    }
    const isNew = best?.seq !== seq;
    if (isToStore && isNew && !this.#stored.take(peerId, this.#clock.monotonicMs())) {
      const { burst, perSecond } = RECORDS_PER_PEER;
      const detail = `more than ${burst} new records, then one in ${1 / perSecond} s; wait`;
      return { valid: false, reason: 'TOO_OFTEN', detail };
    }
    this.#remember(record);
    this.#onAccepted?.(record);
    return { valid: true, record };
  }

  /** The remembered record, unless it is so old that every earlier record has expired. */
  #recall(peerId: string): RememberedRecord | undefined {
    const best = this.#best.get(peerId);
    if (!best) return undefined;
    const lastUseful = best.iat + MAX_RECORD_LIFETIME_SECONDS + CLOCK_TOLERANCE_SECONDS;
    if (lastUseful >= nowSeconds(this.#clock)) return best;
    this.#best.delete(peerId);
    return undefined;
  }

  async #rememberStored(peerId: string): Promise<void> {
    if (!this.#datastore) return;
    const bytes = await readStoredRecord(this.#datastore, peerId);
    if (!bytes) return;
    const opened = await openSkillRecord(bytes, peerId, nowSeconds(this.#clock));
    if (opened.valid) this.observe(opened.record);
  }

  #remember(record: SignedSkillRecord): void {
    const { peerId, seq, iat } = record.body;
    this.#keep({ peerId, seq, iat, id: toHex(record.id) });
  }

  #keep(record: RememberedRecord): void {
    this.#best.delete(record.peerId); // to the end of the map's order: newest last
    this.#best.set(record.peerId, record);
    for (const oldest of this.#best.keys()) {
      if (this.#best.size <= this.#maxRecords) break;
      this.#best.delete(oldest);
    }
  }
}

/** How a record is dated; `undefined` for one whose signature says nothing. */
function datingOf(opened: OpenedSkillRecord): Dating | undefined {
  if (opened.valid) return 'fine';
  if (opened.reason === 'NOT_YET_VALID') return 'future';
  return opened.reason === 'EXPIRED' ? 'expired' : undefined;
}

/**
 * kad-dht's selector: index of the record with the highest seq, then the highest docId. Records
 * that cannot be read count as lowest.
 */
export function selectRecord(_key: Uint8Array, records: readonly Uint8Array[]): number {
  let best = 0;
  let bestSeq = -1;
  let bestId = '';
  records.forEach((bytes, index) => {
    const opened = openEnvelope(skillRecordDefinition, bytes);
    if (!opened.valid) return;
    const { seq } = opened.body;
    const id = toHex(opened.id);
    if (seq > bestSeq || (seq === bestSeq && id > bestId)) {
      best = index;
      bestSeq = seq;
      bestId = id;
    }
  });
  return best;
}
