/**
 * Reads the parts of a piece of work: size limit, UTF-8, JSON. Everything here comes from a peer.
 *
 * @module
 */

import { fromUtf8 } from '../../../crypto/bytes.ts';
import type { ResolvedPart } from '../task-parts.ts';
import { ExecutorInputError } from './errors.ts';

/** Default limit of all parts of one piece of work together. */
export const DEFAULT_MAX_INPUT_BYTES = 8 * 1024 * 1024;

/** @throws {@link ExecutorInputError} if the parts together are larger than `maxInputBytes`. */
export function assertInputSize(parts: readonly ResolvedPart[], maxInputBytes: number): void {
  const bytes = parts.reduce((sum, part) => sum + part.bytes.length, 0);
  if (bytes <= maxInputBytes) return;
  throw new ExecutorInputError(
    'INPUT_TOO_LARGE',
    `The input has ${bytes} bytes, the limit is ${maxInputBytes}; split it`,
  );
}

/** Whether a part holds JSON by its media type. */
export function isJson({ mediaType }: Pick<ResolvedPart, 'mediaType'>): boolean {
  const [essence = ''] = mediaType.toLowerCase().split(';');
  return essence.trim() === 'application/json' || essence.trim().endsWith('+json');
}

/** Characters of a part. @throws {@link ExecutorInputError} if it is not UTF-8. */
export function readText(part: ResolvedPart, partIndex: number): string {
  try {
    const text = fromUtf8(part.bytes);
    return text.startsWith('\ufeff') ? text.slice(1) : text;
  } catch {
    throw new ExecutorInputError('INVALID_INPUT', `Part ${partIndex} is not text in UTF-8`, {
      partIndex,
    });
  }
}

/** Value of a JSON part. @throws {@link ExecutorInputError} if it is not JSON. */
export function readJson(part: ResolvedPart, partIndex: number): unknown {
  try {
    return JSON.parse(readText(part, partIndex)) as unknown;
  } catch (error) {
    if (error instanceof ExecutorInputError) throw error;
    throw new ExecutorInputError('INVALID_INPUT', `Part ${partIndex} is not JSON`, { partIndex });
  }
}

/** Text of a document. @throws {@link ExecutorInputError} if it is JSON, or not UTF-8. */
export function readDocument(part: ResolvedPart, index: number): string {
  if (!isJson(part)) return readText(part, index);
  throw new ExecutorInputError('INVALID_INPUT', `Part ${index} is JSON; give text/plain`, {
    partIndex: index,
  });
}

/** Texts of documents. @throws {@link ExecutorInputError} for one at fault, too much, or none. */
export function readDocuments(parts: readonly ResolvedPart[], maxInputBytes: number): string[] {
  assertInputSize(parts, maxInputBytes);
  if (parts.length > 0) return parts.map(readDocument);
  throw new ExecutorInputError('INVALID_INPUT', 'There is no text; give a text/plain part');
}
