/**
 * From the characters that a model or a program gave to the part of a result that the task asked
 * for.
 *
 * @module
 */

import type { JsonValue } from '../../../crypto/canonical-json.ts';
import { encodeResultPart } from '../task-parts.ts';
import type { ResultPart } from '../task-parts.ts';
import { ExecutorFailedError } from './errors.ts';
import { isJson } from './work-input.ts';

/**
 * JSON where the media type says so, else text.
 *
 * @throws {@link ExecutorFailedError} NO_RESULT for blank text, BAD_RESULT for JSON that cannot be
 *   read or is beyond the limits of a result.
 */
export function readResultPart(text: string, mediaType: string): ResultPart {
  if (text.trim() === '') throw new ExecutorFailedError('NO_RESULT');
  try {
    const part = isJson({ mediaType })
      ? { mediaType, data: JSON.parse(text) as JsonValue }
      : { mediaType, text };
    encodeResultPart(part);
    return part;
  } catch (cause) {
    throw new ExecutorFailedError('BAD_RESULT', { cause });
  }
}
