/**
 * Headings of a plain text: `# Title` of Markdown, `2.1 Title`, and `TITLE` on a line of its own.
 * A numbered list whose entries stand apart looks like numbered headings and is read as such.
 *
 * @module
 */

import { LETTERS } from './document-analysis-grammar.ts';
import { yieldToEventLoop } from './time-limit.ts';

/** A heading at its place. */
export interface Heading {
  /** Without the signs that mark it. */
  readonly quote: string;
  readonly offset: number;
  /** Where its line starts and ends. */
  readonly lineStart: number;
  readonly lineEnd: number;
}

/** Longer lines are no headings. */
export const MAX_HEADING_CHARACTERS = 100;
const LINES_PER_SLICE = 4_000;
const MARKED = /^(\s*#{1,6}[ \t]+)[^\s#]/;
const NUMBERED = /^\s*(?:[0-9]{1,2}\.){1,3}(?:[0-9]{1,2})?[ \t]+[A-Z]/;
const ENDS_SENTENCE = /[.,;:!?]$/;
const CAPITALS = /^\s*[A-Z][A-Z0-9 '&,()/:-]{3,}$/;
const LETTER = new RegExp(`[${LETTERS}]`);

/**
 * Headings in order.
 *
 * @throws the signal's reason.
 */
export async function* findHeadings(text: string, signal: AbortSignal): AsyncGenerator<Heading> {
  let isApart = true;
  let lines = 0;
  for (let start = 0; start < text.length;) {
    if (lines % LINES_PER_SLICE === 0) await yieldToEventLoop(signal);
    lines += 1;
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    // A space more than the limit allows for the carriage return.
    const line = end - start > MAX_HEADING_CHARACTERS + 1 ? undefined : text.slice(start, end);
    const content = line?.trimEnd();
    const marks = content === undefined ? undefined : headingMarks(content, isApart);
    if (content !== undefined && marks !== undefined) {
      const offset = start + marks;
      yield { quote: content.slice(marks), offset, lineStart: start, lineEnd: end };
    }
    isApart = content === '';
    start = end + 1;
  }
}

/** How many characters stand before the title; `undefined` for a line that is no heading. */
function headingMarks(line: string, isApart: boolean): number | undefined {
  if (line.length > MAX_HEADING_CHARACTERS || !LETTER.test(line)) return undefined;
  const marked = MARKED.exec(line)?.[1];
  if (marked !== undefined) return marked.length;
  if (!isApart || ENDS_SENTENCE.test(line)) return undefined;
  const isHeading = NUMBERED.test(line) || CAPITALS.test(line);
  return isHeading ? line.length - line.trimStart().length : undefined;
}
