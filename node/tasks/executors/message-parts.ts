/**
 * The input of a piece of work as the parts of an A2A message.
 *
 * @module
 */

import type { Part } from '@a2a-js/sdk';
import type { ResolvedPart } from '../task-parts.ts';
import type { SkillWork } from './skill-executor.ts';
import { isJson, readJson, readText } from './work-input.ts';

/**
 * The description of the task, if there is one, then its parts: JSON as data, text as text, the
 * rest as bytes.
 *
 * @throws ExecutorInputError for JSON or text that is none.
 */
export function messageParts({ specification, parts }: SkillWork): Part[] {
  const { description } = specification;
  const own = parts.map(messagePart);
  return description === undefined ? own : [textPart(description), ...own];
}

/** A part of text. */
export function textPart(value: string, mediaType = 'text/plain', filename = ''): Part {
  return { content: { $case: 'text', value }, mediaType, filename, metadata: undefined };
}

function messagePart(part: ResolvedPart, index: number): Part {
  const { mediaType, bytes, name = '' } = part;
  if (isJson(part)) {
    const value: unknown = readJson(part, index);
    return { content: { $case: 'data', value }, mediaType, filename: name, metadata: undefined };
  }
  if (mediaType.toLowerCase().startsWith('text/')) {
    return textPart(readText(part, index), mediaType, name);
  }
  const value = Buffer.from(bytes);
  return { content: { $case: 'raw', value }, mediaType, filename: name, metadata: undefined };
}
