/**
 * What an agreement and a delivery say about content without showing it: the salted hash of a task
 * specification, and the hash of a result's manifest (wire-formats.md 4.1).
 *
 * Content that is hashed here is full RFC 8785, fractions allowed. Replacing the input parts of a
 * specification by `{mediaType, sizeBytes, sha256}` is the caller's work.
 *
 * @module
 */

import { toBase64Url, utf8 } from '../../crypto/bytes.ts';
import { encodeCanonicalJson, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits, JsonValue } from '../../crypto/canonical-json.ts';
import { sha256 } from '../../crypto/hash.ts';
import { docId } from '../../crypto/identity.ts';

/** Length of the salt of a task hash, in bytes. */
export const TASK_SALT_BYTES = 16;
/** Largest task specification without its input parts. */
export const TASK_SPECIFICATION_LIMITS: DocumentLimits = { maxBytes: 262_144, maxDepth: 32 };
/** Largest data part of a result. */
export const DATA_PART_LIMITS: DocumentLimits = { maxBytes: 16_777_216, maxDepth: 64 };
/** Most parts of a result. */
export const MAX_RESULT_PARTS = 1_024;

/**
 * The bytes of a task specification that are hashed and sent.
 *
 * @throws {@link CanonicalJsonError} beyond {@link TASK_SPECIFICATION_LIMITS}.
 */
export function encodeTaskSpecification(specification: JsonValue): Uint8Array {
  return encodeCanonicalJson(specification, TASK_SPECIFICATION_LIMITS);
}

/**
 * Hash of a task as received: the salt hides a task that could be guessed until it is sent.
 *
 * @param specification - The bytes of {@link encodeTaskSpecification}, as they were received.
 * @throws {@link TypeError} unless the salt has 16 bytes.
 */
export function taskHashOfBytes(salt: Uint8Array, specification: Uint8Array): Uint8Array {
  if (salt.length !== TASK_SALT_BYTES) {
    throw new TypeError(`"salt" expected ${TASK_SALT_BYTES} bytes, got ${salt.length}`);
  }
  return docId('task', salt, specification);
}

/** Hash of a task, 32 bytes. @throws as {@link encodeTaskSpecification}. */
export function taskHash(salt: Uint8Array, specification: JsonValue): Uint8Array {
  return taskHashOfBytes(salt, encodeTaskSpecification(specification));
}

/** One part of a result: text, a JSON value, or raw bytes. */
export type ResultPart =
  { readonly text: string } | { readonly data: JsonValue } | { readonly bytes: Uint8Array };

/**
 * The bytes of a part that its hash covers: UTF-8 of a text, RFC 8785 of a JSON value.
 *
 * @throws {@link CanonicalJsonError} for a JSON value beyond {@link DATA_PART_LIMITS}.
 */
export function partBytes(part: ResultPart): Uint8Array {
  if ('text' in part) return utf8(part.text);
  if ('data' in part) return encodeCanonicalJson(part.data, DATA_PART_LIMITS);
  return part.bytes;
}

/** What a delivery says of a result. */
export interface ResultManifest {
  /** `result` of the delivery: SHA-256 of the JCS list of part hashes, 32 bytes. */
  readonly result: Uint8Array;
  /** Bytes of all parts together. */
  readonly bytes: number;
}

/** Hash of the manifest with these part hashes, in order; 32 bytes. */
export function manifestHash(partHashes: readonly Uint8Array[]): Uint8Array {
  if (partHashes.length > MAX_RESULT_PARTS) {
    throw new RangeError(`"partHashes" expected at most ${MAX_RESULT_PARTS}`);
  }
  const limits: DocumentLimits = { maxBytes: 65_536, maxDepth: 1 };
  return sha256(encodeDocument(partHashes.map(toBase64Url), limits));
}

/** Manifest of a result. @throws {@link RangeError} above {@link MAX_RESULT_PARTS} parts. */
export function resultManifest(parts: readonly ResultPart[]): ResultManifest {
  const contents = parts.map(partBytes);
  return {
    result: manifestHash(contents.map((bytes) => sha256(bytes))),
    bytes: contents.reduce((total, { length }) => total + length, 0),
  };
}
