/**
 * The write-ahead log of a replica: records in a row, each chained to the one before, so that what
 * a crash left is told from what was damaged.
 *
 * ```
 * record   = u32 length || u32 complement of the length || payload || check
 * length   = that of the payload, 1..256 MiB; the complement tells a damaged length from a torn end
 * check    = first 8 bytes of SHA-256(check of the record before || payload), last bit set
 * payload  = u8 kind || fields
 * ```
 *
 * A record that ends early, or whose end is zeros up to the end of the file, was being written when
 * the machine stopped: it was never flushed, so nothing was said that rests on it, and it is
 * dropped. Any other record that does not fit its check is damage, and the log is refused: a vote
 * that is forgotten could be given twice.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { decodeBlock, encodeBlock, MAX_BLOCK_BYTES } from './block.ts';
import type { Block } from './block.ts';
import { ByteReader, ByteWriter, MalformedBytesError } from './byte-reader.ts';
import { readNewView, readProof, writeProof } from './messages.ts';
import type { CheckpointProof, CommittedBlock } from './messages.ts';
import { readViewChange, writeViewChange } from './view-change.ts';
import type { NewView, ViewChange } from './view-change.ts';
import { readCertificate, readVote, writeCertificate, writeVote } from './vote.ts';
import type { Certificate, Vote } from './vote.ts';

const HEADER_BYTES = 8;
const CHECK_BYTES = 8;
/** Longest payload: a snapshot. */
export const MAX_RECORD_BYTES = 268_435_456;
/** Longest snapshot, which leaves room for its proof. */
export const MAX_SNAPSHOT_BYTES = MAX_RECORD_BYTES - 65_536;

/** Whose log it is: the first record. */
export interface OwnerRecord {
  readonly kind: 'owner';
  readonly ledger: Uint8Array;
  readonly epoch: number;
  readonly replica: number;
  /** An earlier log of this replica is lost: it never votes. */
  readonly isObserver: boolean;
}

/** A proposal that this replica voted to prepare, or made. */
export interface ProposalRecord {
  readonly kind: 'proposal';
  readonly view: number;
  readonly block: Block;
  /** The primary's signature on the pre-prepare. */
  readonly signature: Uint8Array;
  readonly vote: Vote;
}

/** A block that is prepared, and this replica's commit vote. */
export interface PreparedRecord {
  readonly kind: 'prepared';
  readonly certificate: Certificate;
  readonly vote: Vote;
}

/** A block that is committed. */
export interface CommittedRecord extends CommittedBlock {
  readonly kind: 'committed';
}

/** This replica left all views before that of its VIEW-CHANGE. */
export interface ViewChangeRecord {
  readonly kind: 'view-change';
  readonly viewChange: ViewChange;
}

/** This replica entered the view. */
export interface NewViewRecord {
  readonly kind: 'new-view';
  readonly newView: NewView;
}

/** The state at a proven checkpoint, where the log begins anew. */
export interface StableRecord {
  readonly kind: 'stable';
  readonly proof: CheckpointProof;
  readonly snapshot: Uint8Array;
}

export type LogRecord =
  | OwnerRecord
  | ProposalRecord
  | PreparedRecord
  | CommittedRecord
  | ViewChangeRecord
  | NewViewRecord
  | StableRecord;

const KINDS: Readonly<Record<LogRecord['kind'], number>> = {
  owner: 1,
  proposal: 2,
  prepared: 3,
  committed: 4,
  'view-change': 5,
  'new-view': 6,
  stable: 7,
};

/** About how long a record gets: a buffer that has to grow is copied. */
function capacityOf(record: LogRecord): number {
  const room = 4_096;
  if (record.kind === 'stable') return room + record.snapshot.length;
  return 'block' in record ? room + encodeBlock(record.block).length : room;
}

function encodePayload(record: LogRecord): Uint8Array {
  const writer = new ByteWriter(capacityOf(record)).u8(KINDS[record.kind]);
  switch (record.kind) {
    case 'owner':
      writer.bytes(record.ledger).u32(record.epoch).u16(record.replica);
      writer.u8(record.isObserver ? 1 : 0);
      break;
    case 'proposal':
      writer.u64(record.view).block(encodeBlock(record.block)).bytes(record.signature);
      writeVote(writer, record.vote);
      break;
    case 'prepared':
      writeVote(writeCertificate(writer, record.certificate), record.vote);
      break;
    case 'committed':
      writeCertificate(writer.block(encodeBlock(record.block)), record.commit);
      break;
    case 'view-change':
      writeViewChange(writer, record.viewChange);
      break;
    case 'new-view': {
      const { view, viewChanges, signature } = record.newView;
      writer.u64(view).u16(viewChanges.length);
      for (const change of viewChanges) writeViewChange(writer, change);
      writer.bytes(signature);
      break;
    }
    case 'stable':
      writeProof(writer, record.proof).block(record.snapshot);
      break;
  }
  return writer.finish();
}

function decodePayload(payload: Uint8Array): LogRecord {
  const reader = new ByteReader(payload);
  const number = reader.u8('kind');
  const kind = (Object.keys(KINDS) as LogRecord['kind'][]).find((name) => KINDS[name] === number);
  const readBlock = (): Block => decodeBlock(reader.block(MAX_BLOCK_BYTES, 'block'));
  switch (kind) {
    case undefined:
      throw new MalformedBytesError(`"kind" expected 1 to 7, got ${number}`);
    case 'owner':
      return {
        kind,
        ledger: reader.bytes(32, 'ledger'),
        epoch: reader.u32('epoch'),
        replica: reader.u16('replica'),
        isObserver: reader.flag('observer'),
      };
    case 'proposal':
      return {
        kind,
        view: reader.u64('view'),
        block: readBlock(),
        signature: reader.bytes(64, 'signature'),
        vote: readVote(reader),
      };
    case 'prepared':
      return { kind, certificate: readCertificate(reader), vote: readVote(reader) };
    case 'committed':
      return { kind, block: readBlock(), commit: readCertificate(reader) };
    case 'view-change':
      return { kind, viewChange: readViewChange(reader) };
    case 'new-view':
      return { kind, newView: readNewView(reader) };
    case 'stable':
      return {
        kind,
        proof: readProof(reader),
        snapshot: reader.block(MAX_SNAPSHOT_BYTES, 'snapshot'),
      };
  }
}

function checkOf(before: Uint8Array, payload: Uint8Array): Uint8Array {
  const check = sha256(before, payload).slice(0, CHECK_BYTES);
  check[CHECK_BYTES - 1]! |= 1;
  return check;
}

/** Puts records into bytes, each chained to the one before. */
export class LogEncoder {
  #check: Uint8Array;

  /** @param check - Where a log that is continued stands; left out: a new log. */
  constructor(check: Uint8Array = new Uint8Array(CHECK_BYTES)) {
    this.#check = check;
  }

  encode(record: LogRecord): Uint8Array {
    const payload = encodePayload(record);
    this.#check = checkOf(this.#check, payload);
    const writer = new ByteWriter(HEADER_BYTES + payload.length + CHECK_BYTES);
    writer.u32(payload.length).u32(~payload.length >>> 0);
    return writer.bytes(payload).bytes(this.#check).finish();
  }
}

/** What a log holds, or why it cannot be used. */
export type DecodedLog =
  | {
      readonly usable: true;
      readonly records: readonly LogRecord[];
      /** Bytes of whole records: the host cuts the file here. */
      readonly length: number;
      readonly check: Uint8Array;
    }
  | { readonly usable: false; readonly reason: string };

function isAllZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Reads a log back after a restart. Never throws. */
export function decodeLog(bytes: Uint8Array): DecodedLog {
  const records: LogRecord[] = [];
  let check: Uint8Array = new Uint8Array(CHECK_BYTES);
  let offset = 0;
  const refuse = (what: string): DecodedLog => ({
    usable: false,
    reason:
      `The log is damaged at byte ${offset}: ${what}. Its votes must not be guessed: ` +
      'restore the file from a copy made after the last vote, or rejoin with a new key.',
  });
  while (offset < bytes.length) {
    const rest = bytes.subarray(offset);
    const end = { usable: true, records, length: offset, check } as const;
    if (rest.length < HEADER_BYTES || isAllZero(rest.subarray(HEADER_BYTES - 1))) return end;
    const header = new DataView(rest.buffer, rest.byteOffset);
    const length = header.getUint32(0);
    const isHeaderWhole = header.getUint32(4) === ~length >>> 0;
    if (!isHeaderWhole || length === 0 || length > MAX_RECORD_BYTES) {
      return refuse('a record without a length');
    }
    const next = HEADER_BYTES + length + CHECK_BYTES;
    if (rest.length < next) return end;
    const payload = rest.subarray(HEADER_BYTES, HEADER_BYTES + length);
    const written = rest.subarray(HEADER_BYTES + length, next);
    const expected = checkOf(check, payload);
    if (!equalBytes(written, expected)) {
      // The last byte of a check is odd, so zeros here were never a whole record.
      if (isAllZero(rest.subarray(next - 1))) return end;
      return refuse('a record does not fit its check');
    }
    try {
      records.push(decodePayload(payload));
    } catch (error) {
      return refuse(error instanceof Error ? error.message : String(error));
    }
    check = expected;
    offset += next;
  }
  return { usable: true, records, length: offset, check };
}
