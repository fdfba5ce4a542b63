/**
 * Parts of a task as bytes: what goes into an executor, what comes out, and what travels in their
 * place (wire-formats.md 4.1).
 *
 * A `file` or `url` part is resolved by whoever may read files or open connections, not here.
 *
 * @module
 */

import { toBase64Url, utf8 } from '../../crypto/bytes.ts';
import { encodeCanonicalJson } from '../../crypto/canonical-json.ts';
import type { JsonValue } from '../../crypto/canonical-json.ts';
import { sha256 } from '../../crypto/hash.ts';
import { TASK_LIMITS } from './task-limits.ts';
import type { InputPart, TaskSpecification, WireTaskSpecification } from './task.ts';

/** An input part whose content is at hand. */
export interface ResolvedPart {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  /** File name, where there was one. */
  readonly name?: string;
}

/** A part of a result: JSON in `data` or characters in `text`, never both. */
export interface ResultPart {
  readonly mediaType: string;
  readonly data?: JsonValue;
  readonly text?: string;
}

const PART_LIMITS = { maxBytes: TASK_LIMITS.maxPartBytes, maxDepth: TASK_LIMITS.maxDepth };

/**
 * Bytes of a result part: UTF-8 of its text, or the canonical JSON (RFC 8785) of its data.
 *
 * @throws CanonicalJsonError for data that JSON cannot hold or that is beyond the limits.
 * @throws {@link TypeError} if the part has neither text nor data, or both.
 */
export function encodeResultPart(part: ResultPart): Uint8Array {
  if ((part.text === undefined) === (part.data === undefined)) {
    throw new TypeError('"part" expected either text or data');
  }
  if (part.text !== undefined) return utf8(part.text);
  return encodeCanonicalJson(part.data ?? null, PART_LIMITS);
}

/**
 * The bytes of a `text` or `data` part; `undefined` for a `file` or `url` part, which the caller
 * loads.
 */
export function resolveInlinePart(part: InputPart): ResolvedPart | undefined {
  const { mediaType, text, data } = part;
  if (text !== undefined) return { mediaType, bytes: utf8(text) };
  if (data === undefined) return undefined;
  return { mediaType, bytes: encodeCanonicalJson(data, PART_LIMITS) };
}

/**
 * The specification as it travels and is hashed: each input part replaced by its media type, size
 * and SHA-256; subtasks and the rule that cuts the input are left out: each travels by itself.
 *
 * @param resolvedInput - Content of `specification.input.parts`, in the same order.
 * @throws {@link TypeError} if the parts are not those of the specification.
 */
export function specificationForWire(
  specification: TaskSpecification,
  resolvedInput: readonly ResolvedPart[],
): WireTaskSpecification {
  const declared = specification.input.parts;
  if (declared.length !== resolvedInput.length) {
    throw new TypeError(
      `"resolvedInput" expected ${declared.length} parts, got ${resolvedInput.length}`,
    );
  }
  const parts = resolvedInput.map(({ mediaType, bytes }, i) => {
    if (declared[i]?.mediaType !== mediaType) {
      throw new TypeError(
        `part ${i} of "resolvedInput" expected ${declared[i]?.mediaType}, got ${mediaType}`,
      );
    }
    return { mediaType, sizeBytes: bytes.length, sha256: toBase64Url(sha256(bytes)) };
  });
  const { subtasks: _kept, split: _cut, ...common } = specification;
  return { ...common, input: { parts } };
}

/** Whether `parts` are byte for byte those that the specification on the wire names. */
export function matchesWireInput(
  specification: WireTaskSpecification,
  parts: readonly ResolvedPart[],
): boolean {
  const named = specification.input.parts;
  return (
    named.length === parts.length &&
    parts.every(({ mediaType, bytes }, i) => {
      const expected = named[i];
      return (
        expected?.mediaType === mediaType &&
        expected.sizeBytes === bytes.length &&
        expected.sha256 === toBase64Url(sha256(bytes))
      );
    })
  );
}
