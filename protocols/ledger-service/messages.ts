/**
 * Messages of `/coalesce/ledger/1.0.0`: one question and its answer on a stream, each message
 * behind a u32 length. A question has one type byte and its fields, an answer one type byte a
 * message.
 *
 * ```
 * question  1 submit  transaction, an envelope of tx
 *           2 read    u8 count (0..16) || count x (u32 length || key)
 *           3 blocks  u64 first height || u16 most (1..256)
 * answer    1 executed  u64 height || u16 result, 0 for done
 *           2 head      block body (180 bytes) || its commit certificate
 *           3 proof     a state proof against the head; one for each key, in order
 *           4 block     u32 length || block || its commit certificate
 *           5 refused   u16 code
 * ```
 *
 * `read` is answered by a head and the proofs, `blocks` by blocks, `submit` by executed; any of
 * them by refused. There is no session around it: who asks is known from the connection, and what
 * is told is no secret (wire-formats.md 4.3).
 *
 * @module
 */

import { utf8 } from '../../crypto/bytes.ts';
import { refusalNumber, refusalOfNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import { MAX_KEY_BYTES } from '../ledger/records.ts';
import { decodeStateProof, encodeStateProof } from '../ledger/state-proof.ts';
import type { StateProof } from '../ledger/state-proof.ts';
import { MAX_BLOCK_BYTES, MAX_TRANSACTION_BYTES, readBody, writeBody } from '../pbft/block.ts';
import { ByteReader, ByteWriter, MalformedBytesError } from '../pbft/byte-reader.ts';
import type { CommittedHeader } from '../pbft/messages.ts';
import { MAX_CERTIFICATE_BYTES, readCertificate, writeCertificate } from '../pbft/vote.ts';

/** Most entries that one question asks for. */
export const MAX_READ_KEYS = 16;
/** Most blocks that one question asks for. */
export const MAX_BLOCKS_ASKED = 256;
/** Largest question, in bytes. */
export const MAX_QUESTION_BYTES = MAX_TRANSACTION_BYTES + 1;

/** What a replica is asked. */
export type LedgerQuestion =
  | { readonly type: 'submit'; readonly transaction: Uint8Array }
  /** With no key: the head alone. */
  | { readonly type: 'read'; readonly keys: readonly string[] }
  | { readonly type: 'blocks'; readonly fromHeight: number; readonly max: number };

/** What a transaction did. */
export type LedgerResult = 'done' | RefusalCode;

/** One message of an answer. */
export type LedgerAnswer =
  | { readonly type: 'executed'; readonly height: number; readonly result: LedgerResult }
  | { readonly type: 'head'; readonly head: CommittedHeader }
  | { readonly type: 'proof'; readonly proof: StateProof }
  /** As `encodeBlock` and `encodeCertificate` write them. */
  | { readonly type: 'block'; readonly block: Uint8Array; readonly commit: Uint8Array }
  | { readonly type: 'refused'; readonly reason: RefusalCode };

const QUESTION_TYPES = { submit: 1, read: 2, blocks: 3 } as const;
const ANSWER_TYPES = { executed: 1, head: 2, proof: 3, block: 4, refused: 5 } as const;
const KEY = /^[!-~]+$/;

/** Bytes of a question. @throws {@link RangeError} for one out of its limits. */
export function encodeLedgerQuestion(question: LedgerQuestion): Uint8Array {
  const writer = new ByteWriter(64).u8(QUESTION_TYPES[question.type]);
  switch (question.type) {
    case 'submit':
      return writer.bytes(question.transaction).finish();
    case 'read':
      if (question.keys.length > MAX_READ_KEYS) {
        throw new RangeError(
          `"keys" expected at most ${MAX_READ_KEYS}, got ${question.keys.length}`,
        );
      }
      writer.u8(question.keys.length);
      for (const key of question.keys) writer.block(utf8(key));
      return writer.finish();
    case 'blocks':
      return writer.u64(question.fromHeight).u16(question.max).finish();
  }
}

/** @throws {@link MalformedBytesError} for bytes that are no question. */
export function decodeLedgerQuestion(bytes: Uint8Array): LedgerQuestion {
  if (bytes.length > MAX_QUESTION_BYTES) {
    throw new MalformedBytesError(`"question" expected at most ${MAX_QUESTION_BYTES} bytes`);
  }
  const reader = new ByteReader(bytes);
  const type = reader.u8('type');
  const question = readQuestion(reader, type);
  reader.end();
  return question;
}

function readQuestion(reader: ByteReader, type: number): LedgerQuestion {
  switch (type) {
    case QUESTION_TYPES.submit:
      return { type: 'submit', transaction: reader.bytes(reader.remaining, 'transaction') };
    case QUESTION_TYPES.read: {
      const count = reader.u8('keys');
      if (count > MAX_READ_KEYS) {
        throw new MalformedBytesError(`"keys" expected at most ${MAX_READ_KEYS}, got ${count}`);
      }
      return { type: 'read', keys: Array.from({ length: count }, () => readKey(reader)) };
    }
    case QUESTION_TYPES.blocks: {
      const fromHeight = reader.u64('height');
      const max = reader.u16('blocks');
      if (fromHeight < 1 || max < 1 || max > MAX_BLOCKS_ASKED) {
        throw new MalformedBytesError(`"blocks" expected 1 to ${MAX_BLOCKS_ASKED} from 1 on`);
      }
      return { type: 'blocks', fromHeight, max };
    }
    default:
      throw new MalformedBytesError(`"type" expected a question, got ${type}`);
  }
}

function readKey(reader: ByteReader): string {
  const key = Buffer.from(reader.block(MAX_KEY_BYTES, 'key')).toString('latin1');
  if (!KEY.test(key)) throw new MalformedBytesError('"key" expected printable characters');
  return key;
}

/** Bytes of one message of an answer. */
export function encodeLedgerAnswer(answer: LedgerAnswer): Uint8Array {
  const writer = new ByteWriter(256).u8(ANSWER_TYPES[answer.type]);
  switch (answer.type) {
    case 'executed':
      return writer.u64(answer.height).u16(numberOf(answer.result)).finish();
    case 'head': {
      const { header, commit } = answer.head;
      return writeCertificate(writeBody(writer, header), commit).finish();
    }
    case 'proof':
      return writer.bytes(encodeStateProof(answer.proof)).finish();
    case 'block':
      return writer.block(answer.block).bytes(answer.commit).finish();
    case 'refused':
      return writer.u16(refusalNumber(answer.reason)).finish();
  }
}

/** @throws for bytes that are no message of an answer. */
export function decodeLedgerAnswer(bytes: Uint8Array): LedgerAnswer {
  const reader = new ByteReader(bytes);
  const type = reader.u8('type');
  const answer = readAnswer(reader, type);
  reader.end();
  return answer;
}

function readAnswer(reader: ByteReader, type: number): LedgerAnswer {
  switch (type) {
    case ANSWER_TYPES.executed: {
      const height = reader.u64('height');
      const number = reader.u16('result');
      return {
        type: 'executed',
        height,
        result: number === 0 ? 'done' : refusalOfNumber(number),
      };
    }
    case ANSWER_TYPES.head:
      return {
        type: 'head',
        head: { header: readBody(reader), commit: readCertificate(reader) },
      };
    case ANSWER_TYPES.proof:
      return {
        type: 'proof',
        proof: decodeStateProof(reader.bytes(reader.remaining, 'proof')),
      };
    case ANSWER_TYPES.block: {
      const block = reader.block(MAX_BLOCK_BYTES, 'block');
      if (reader.remaining > MAX_CERTIFICATE_BYTES) {
        throw new MalformedBytesError(`"commit" expected at most ${MAX_CERTIFICATE_BYTES} bytes`);
      }
      return { type: 'block', block, commit: reader.bytes(reader.remaining, 'commit') };
    }
    case ANSWER_TYPES.refused:
      return { type: 'refused', reason: refusalOfNumber(reader.u16('code')) };
    default:
      throw new MalformedBytesError(`"type" expected an answer, got ${type}`);
  }
}

function numberOf(result: LedgerResult): number {
  return result === 'done' ? 0 : refusalNumber(result);
}
