/**
 * Blocks: 180 bytes of body that are signed, then the certificate of the block before and the
 * transactions (wire-formats.md 5.1).
 *
 * Neither the view nor the block's own commit signatures stand in a block: one that is proposed
 * again in a later view keeps its digest.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { docId } from '../../crypto/identity.ts';
import { MerkleTree } from '../../crypto/merkle.ts';
import { ByteReader, ByteWriter, MalformedBytesError } from './byte-reader.ts';
import { faultyAtMost } from './committee.ts';
import type { Committee } from './committee.ts';
import { DIGEST_BYTES, MAX_CERTIFICATE_BYTES, certificateHash } from './vote.ts';
import { encodeCertificate, readCertificate } from './vote.ts';
import type { Certificate } from './vote.ts';

export const BLOCK_BODY_BYTES = 180;
export const MAX_BLOCK_BYTES = 1_048_576;
export const MAX_BLOCK_TRANSACTIONS = 512;
export const MAX_TRANSACTION_BYTES = 16_384;
/** What a block may spend on transactions and their lengths, in bytes. */
export const MAX_BATCH_BYTES = MAX_BLOCK_BYTES - BLOCK_BODY_BYTES - MAX_CERTIFICATE_BYTES - 6;

/** 32 bytes of zero: what comes before the first block. */
export const NO_HASH: Uint8Array = new Uint8Array(DIGEST_BYTES);

/** The signed part of a block. */
export interface BlockBody {
  readonly ledger: Uint8Array;
  readonly epoch: number;
  /** 1 for the first block. */
  readonly height: number;
  /** Digest of the block before; zeros for the first. */
  readonly prev: Uint8Array;
  /** Block time, milliseconds since 1970. */
  readonly timeMs: number;
  /** Hash of the certificate of the block before, as included here; zeros for the first. */
  readonly lastCommit: Uint8Array;
  readonly txRoot: Uint8Array;
  /** State after this block. */
  readonly stateRoot: Uint8Array;
}

/** A block whose two hashes of its own content were checked or made here. */
export interface Block extends BlockBody {
  readonly digest: Uint8Array;
  /** Certificate of the block before; none in the first. */
  readonly parentCommit: Certificate | undefined;
  readonly transactions: readonly Uint8Array[];
}

function encodeBody(body: BlockBody): Uint8Array {
  return new ByteWriter(BLOCK_BODY_BYTES)
    .bytes(body.ledger)
    .u32(body.epoch)
    .u64(body.height)
    .bytes(body.prev)
    .u64(body.timeMs)
    .bytes(body.lastCommit)
    .bytes(body.txRoot)
    .bytes(body.stateRoot)
    .finish();
}

/** What votes are for, 32 bytes. */
export function blockDigest(body: BlockBody): Uint8Array {
  return docId('block', encodeBody(body));
}

function hashOf(parentCommit: Certificate | undefined): Uint8Array {
  return parentCommit ? certificateHash(parentCommit) : NO_HASH;
}

/** RFC 9162 root over the envelopes, in order. */
export function transactionRoot(transactions: readonly Uint8Array[]): Uint8Array {
  return new MerkleTree(transactions).root;
}

/** Completes a block: roots of its content and its digest. */
export function sealBlock(fields: Omit<Block, 'lastCommit' | 'txRoot' | 'digest'>): Block {
  const block = {
    ...fields,
    lastCommit: hashOf(fields.parentCommit),
    txRoot: transactionRoot(fields.transactions),
  };
  return { ...block, digest: blockDigest(block) };
}

/**
 * Time of the block after one that `commit` certifies: the median of the certificate's clocks, and
 * later than the block before. With f faulty voters it lies between two honest clocks.
 */
export function nextBlockTimeMs(
  committee: Committee,
  timeMs: number,
  commit?: Certificate,
): number {
  if (!commit) return committee.genesisTimeMs + 1;
  const clocks = commit.votes.map(({ ts }) => ts).sort((a, b) => a - b);
  return Math.max(timeMs + 1, clocks[faultyAtMost(committee.replicas.length)] ?? 0);
}

export function writeBody(writer: ByteWriter, body: BlockBody): ByteWriter {
  return writer.bytes(encodeBody(body));
}

export function readBody(reader: ByteReader): BlockBody {
  return {
    ledger: reader.bytes(DIGEST_BYTES, 'ledger'),
    epoch: reader.u32('epoch'),
    height: reader.u64('height'),
    prev: reader.bytes(DIGEST_BYTES, 'prev'),
    timeMs: reader.u64('timeMs'),
    lastCommit: reader.bytes(DIGEST_BYTES, 'lastCommit'),
    txRoot: reader.bytes(DIGEST_BYTES, 'txRoot'),
    stateRoot: reader.bytes(DIGEST_BYTES, 'stateRoot'),
  };
}

/** Bytes of blocks that were read or written: one block is sent, logged twice and stored. */
const encodedBlocks = new WeakMap<Block, Uint8Array>();

/** A block on the wire: body, certificate of the block before, transactions. Not to be changed. */
export function encodeBlock(block: Block): Uint8Array {
  const known = encodedBlocks.get(block);
  if (known) return known;
  let capacity = BLOCK_BODY_BYTES + MAX_CERTIFICATE_BYTES + 6;
  for (const transaction of block.transactions) capacity += 4 + transaction.length;
  const writer = writeBody(new ByteWriter(capacity), block);
  writer.block(block.parentCommit ? encodeCertificate(block.parentCommit) : new Uint8Array());
  writer.u16(block.transactions.length);
  for (const transaction of block.transactions) writer.block(transaction);
  const bytes = writer.finish();
  encodedBlocks.set(block, bytes);
  return bytes;
}

/**
 * Parses a block and checks that its roots are those of its content.
 *
 * @throws {@link MalformedBytesError} for anything else.
 */
export function decodeBlock(bytes: Uint8Array): Block {
  if (bytes.length > MAX_BLOCK_BYTES) {
    throw new MalformedBytesError(`"block" expected at most ${MAX_BLOCK_BYTES} bytes`);
  }
  const reader = new ByteReader(bytes);
  const body = readBody(reader);
  const parentBytes = reader.block(MAX_CERTIFICATE_BYTES, 'certificate of the block before');
  const parentCommit = parentBytes.length > 0 ? decodeCertificate(parentBytes) : undefined;
  const count = reader.count(MAX_BLOCK_TRANSACTIONS, 'transactions');
  const transactions = Array.from({ length: count }, () =>
    reader.block(MAX_TRANSACTION_BYTES, 'transaction'),
  );
  reader.end();
  if (!equalBytes(body.txRoot, transactionRoot(transactions))) {
    throw new MalformedBytesError('"txRoot" is not the root of the transactions');
  }
  if (!equalBytes(body.lastCommit, hashOf(parentCommit))) {
    throw new MalformedBytesError('"lastCommit" is not the hash of the certificate');
  }
  const block = { ...body, digest: blockDigest(body), parentCommit, transactions };
  // A block has one form in bytes: these are the ones that it would be written as.
  encodedBlocks.set(block, bytes);
  return block;
}

function decodeCertificate(bytes: Uint8Array): Certificate {
  const reader = new ByteReader(bytes);
  const certificate = readCertificate(reader);
  reader.end();
  return certificate;
}
