/**
 * Whether a quote stands in a text where it is said to stand.
 *
 * @module
 */

import { WORD } from './document-analysis-grammar.ts';

const WORD_CHARACTER = new RegExp(`^[${WORD}]$`);

/** Characters of a text and their place in it, in UTF-16 code units. */
export interface Quote {
  readonly quote: string;
  readonly offset: number;
}

/** Whether `text` has the quote at its place, and not cut out of a longer word or number. */
export function standsInText(text: string, { quote, offset }: Quote): boolean {
  if (quote === '' || !text.startsWith(quote, offset)) return false;
  return !isInsideWord(text, offset) && !isInsideWord(text, offset + quote.length);
}

function isInsideWord(text: string, place: number): boolean {
  return WORD_CHARACTER.test(text.charAt(place - 1)) && WORD_CHARACTER.test(text.charAt(place));
}
