/**
 * Messages between replicas (`/coalesce/pbft/1.0.0`): one type byte, then the fields. The table of
 * bytes stands in this folder's README. Votes, VIEW-CHANGE and NEW-VIEW are signed, because others
 * show them on; the rest is as good as the connection it came over.
 *
 * @module
 */

import { decodeBlock, encodeBlock, readBody, writeBody } from './block.ts';
import { MAX_BLOCK_BYTES, MAX_TRANSACTION_BYTES } from './block.ts';
import type { Block, BlockBody } from './block.ts';
import { ByteReader, ByteWriter, MalformedBytesError } from './byte-reader.ts';
import { MAX_VIEW_CHANGES, readViewChange, writeViewChange } from './view-change.ts';
import type { NewView, ViewChange } from './view-change.ts';
import { SIGNATURE_BYTES, readCertificate, readVote, writeCertificate, writeVote } from './vote.ts';
import type { Certificate, Vote } from './vote.ts';

/** Longest message, in bytes: a block and what stands around it. */
export const MAX_MESSAGE_BYTES = MAX_BLOCK_BYTES + 65_536;
/** Most blocks in one answer. */
export const MAX_BLOCKS = 32;
/** Longest piece of a snapshot, in bytes. */
export const MAX_CHUNK_BYTES = 524_288;

/** The primary proposes a block; `signature` is its prepare vote. */
export interface PrePrepare {
  readonly type: 'pre-prepare';
  readonly view: number;
  readonly block: Block;
  readonly signature: Uint8Array;
}

export interface VoteMessage {
  readonly type: 'vote';
  readonly vote: Vote;
}

export interface ViewChangeMessage {
  readonly type: 'view-change';
  readonly viewChange: ViewChange;
}

export interface NewViewMessage {
  readonly type: 'new-view';
  readonly newView: NewView;
}

/** Where the sender stands. A claim, not a proof. */
export interface StatusMessage {
  readonly type: 'status';
  readonly view: number;
  readonly isActive: boolean;
  readonly height: number;
  /** Of its last stable checkpoint. */
  readonly stableHeight: number;
}

/** Asks for the blocks after `height`. */
export interface FetchMessage {
  readonly type: 'fetch';
  readonly height: number;
  readonly stableHeight: number;
}

/** A block and the certificate that commits it. */
export interface CommittedBlock {
  readonly block: Block;
  readonly commit: Certificate;
}

/** The signed part of a committed block and what proves it. */
export interface CommittedHeader {
  readonly header: BlockBody;
  readonly commit: Certificate;
}

export interface BlocksMessage {
  readonly type: 'blocks';
  /** Ascending, without a gap. */
  readonly blocks: readonly CommittedBlock[];
}

/** Asks for a piece of the snapshot of the checkpoint at `height`. */
export interface FetchSnapshotMessage {
  readonly type: 'fetch-snapshot';
  readonly height: number;
  readonly offset: number;
}

/** What proves a checkpoint: the block's commit and 2f + 1 replicas that hold its state. */
export interface CheckpointProof {
  readonly body: BlockBody;
  readonly commit: Certificate;
  readonly checkpoint: Certificate;
}

/** Shows a stable checkpoint to a replica that does not know of it. */
export interface CheckpointMessage {
  readonly type: 'checkpoint';
  readonly proof: CheckpointProof;
}

export interface SnapshotMessage {
  readonly type: 'snapshot';
  readonly proof: CheckpointProof;
  readonly totalBytes: number;
  readonly offset: number;
  readonly chunk: Uint8Array;
}

/** A client's transaction, passed on to the primary. */
export interface RequestMessage {
  readonly type: 'request';
  readonly transaction: Uint8Array;
}

export type Message =
  | PrePrepare
  | VoteMessage
  | ViewChangeMessage
  | NewViewMessage
  | StatusMessage
  | FetchMessage
  | BlocksMessage
  | FetchSnapshotMessage
  | CheckpointMessage
  | SnapshotMessage
  | RequestMessage;

const TYPES: Readonly<Record<Message['type'], number>> = {
  'pre-prepare': 1,
  vote: 2,
  'view-change': 3,
  'new-view': 4,
  status: 5,
  fetch: 6,
  blocks: 7,
  'fetch-snapshot': 8,
  snapshot: 9,
  request: 10,
  checkpoint: 11,
};

/** About how long a message gets: a buffer that has to grow is copied. */
function capacityOf(message: Message): number {
  const room = 1_024;
  switch (message.type) {
    case 'pre-prepare':
      return room + encodeBlock(message.block).length;
    case 'blocks':
      return message.blocks.reduce(
        (sum, { block }) => sum + encodeBlock(block).length + room,
        room,
      );
    case 'snapshot':
      return 2 * room + message.chunk.length;
    case 'request':
      return 1 + message.transaction.length;
    case 'vote':
      return 128;
    default:
      return room;
  }
}

/** Bytes of a message. */
export function encodeMessage(message: Message): Uint8Array {
  const writer = new ByteWriter(capacityOf(message)).u8(TYPES[message.type]);
  switch (message.type) {
    case 'pre-prepare':
      writer.u64(message.view).bytes(message.signature).block(encodeBlock(message.block));
      break;
    case 'vote':
      writeVote(writer, message.vote);
      break;
    case 'view-change': {
      const { block } = message.viewChange;
      writeViewChange(writer, message.viewChange).u8(block ? 1 : 0);
      if (block) writer.block(encodeBlock(block));
      break;
    }
    case 'new-view': {
      const { view, viewChanges, signature } = message.newView;
      writer.u64(view).u16(viewChanges.length);
      for (const change of viewChanges) writeViewChange(writer, change);
      writer.bytes(signature);
      break;
    }
    case 'status':
      writer
        .u64(message.view)
        .u8(message.isActive ? 1 : 0)
        .u64(message.height)
        .u64(message.stableHeight);
      break;
    case 'fetch':
      writer.u64(message.height).u64(message.stableHeight);
      break;
    case 'blocks':
      writer.u16(message.blocks.length);
      for (const { block, commit } of message.blocks) {
        writeCertificate(writer.block(encodeBlock(block)), commit);
      }
      break;
    case 'fetch-snapshot':
      writer.u64(message.height).u64(message.offset);
      break;
    case 'checkpoint':
      writeProof(writer, message.proof);
      break;
    case 'snapshot':
      writeProof(writer, message.proof);
      writer.u64(message.totalBytes).u64(message.offset).block(message.chunk);
      break;
    case 'request':
      writer.bytes(message.transaction);
      break;
  }
  return writer.finish();
}

/**
 * Parses a message. Signatures are not checked here.
 *
 * @throws {@link MalformedBytesError} for anything that `encodeMessage` would not write.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length > MAX_MESSAGE_BYTES) {
    throw new MalformedBytesError(`"message" expected at most ${MAX_MESSAGE_BYTES} bytes`);
  }
  const reader = new ByteReader(bytes);
  const message = readMessage(reader);
  reader.end();
  return message;
}

const TYPE_OF_NUMBER: ReadonlyMap<number, Message['type']> = new Map(
  (Object.keys(TYPES) as Message['type'][]).map((type) => [TYPES[type], type]),
);

function readMessage(reader: ByteReader): Message {
  const number = reader.u8('type');
  const type = TYPE_OF_NUMBER.get(number);
  switch (type) {
    case undefined:
      throw new MalformedBytesError(`"type" expected 1 to 11, got ${number}`);
    case 'pre-prepare': {
      const view = reader.u64('view');
      const signature = reader.bytes(SIGNATURE_BYTES, 'signature');
      return { type, view, signature, block: readBlock(reader) };
    }
    case 'vote':
      return { type, vote: readVote(reader) };
    case 'view-change': {
      const viewChange = readViewChange(reader);
      const block = reader.flag('block') ? readBlock(reader) : undefined;
      return { type, viewChange: block ? { ...viewChange, block } : viewChange };
    }
    case 'new-view':
      return { type, newView: readNewView(reader) };
    case 'status':
      return {
        type,
        view: reader.u64('view'),
        isActive: reader.flag('active'),
        height: reader.u64('height'),
        stableHeight: reader.u64('stable height'),
      };
    case 'fetch':
      return { type, height: reader.u64('height'), stableHeight: reader.u64('stable height') };
    case 'blocks': {
      const count = reader.count(MAX_BLOCKS, 'blocks');
      const blocks = Array.from({ length: count }, () => ({
        block: readBlock(reader),
        commit: readCertificate(reader),
      }));
      return { type, blocks };
    }
    case 'fetch-snapshot':
      return { type, height: reader.u64('height'), offset: reader.u64('offset') };
    case 'checkpoint':
      return { type, proof: readProof(reader) };
    case 'snapshot':
      return {
        type,
        proof: readProof(reader),
        totalBytes: reader.u64('total'),
        offset: reader.u64('offset'),
        chunk: reader.block(MAX_CHUNK_BYTES, 'chunk'),
      };
    case 'request': {
      if (reader.remaining > MAX_TRANSACTION_BYTES) {
        throw new MalformedBytesError(`"request" expected at most ${MAX_TRANSACTION_BYTES} bytes`);
      }
      return { type, transaction: reader.bytes(reader.remaining, 'transaction') };
    }
  }
}

function readBlock(reader: ByteReader): Block {
  return decodeBlock(reader.block(MAX_BLOCK_BYTES, 'block'));
}

/** Also how a NEW-VIEW stands in the log. */
export function readNewView(reader: ByteReader): NewView {
  const view = reader.u64('view');
  const count = reader.count(MAX_VIEW_CHANGES, 'view changes');
  const viewChanges = Array.from({ length: count }, () => readViewChange(reader));
  return { view, viewChanges, signature: reader.bytes(SIGNATURE_BYTES, 'signature') };
}

export function writeProof(writer: ByteWriter, proof: CheckpointProof): ByteWriter {
  writeCertificate(writeBody(writer, proof.body), proof.commit);
  return writeCertificate(writer, proof.checkpoint);
}

export function readProof(reader: ByteReader): CheckpointProof {
  return {
    body: readBody(reader),
    commit: readCertificate(reader),
    checkpoint: readCertificate(reader),
  };
}
