/**
 * Documents as an agent may read them: every string, and every key, without characters that cannot
 * be seen. Peers write descriptions, reasons and results; a character that a person does not see is
 * where words for a model are hidden.
 *
 * Says nothing about words that can be seen: that they are data, the descriptions of the tools say.
 *
 * @module
 */

import { printableText } from '../errors.ts';

/** Deeper than any document that the daemon makes; a result may be as deep as 32. */
const MAX_DEPTH = 128;

/** A copy whose strings are plain: line breaks and tabs stay, `\r\n` becomes `\n`. */
export function plainDocument(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return plainString(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((item) => plainDocument(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [plainString(key), plainDocument(item, depth + 1)]),
  );
}

function plainString(text: string): string {
  return printableText(text.replaceAll('\r\n', '\n'));
}
