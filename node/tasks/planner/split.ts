/**
 * Cuts the input of a task into pieces that can be worked on apart: by document, by section, by
 * rows, or by length. The pieces of a part, in order, hold all of it.
 *
 * @module
 */

import { utf8 } from '../../../crypto/bytes.ts';
import { BadInputError } from '../../errors.ts';
import type { ResolvedPart } from '../task-parts.ts';

/** Ways to cut. */
export const SPLIT_WAYS = ['document', 'section', 'rows', 'chunk'] as const;

/** How the input is cut. */
export interface SplitRule {
  readonly by: (typeof SPLIT_WAYS)[number];
  /** Most bytes of a piece, where a part is cut. A single row or word may be longer. */
  readonly maxBytes: number;
}

/** Bytes of a piece unless the user says otherwise. */
export const DEFAULT_PIECE_BYTES = 65_536;
/** Fewer would cost more to hand out than to do. */
export const MIN_PIECE_BYTES = 256;

/** A piece of the input. */
export interface Piece {
  /** Name of the part and the place in it, as a person reads it. */
  readonly source: string;
  readonly part: ResolvedPart;
}

/** Where a text may be cut, the best places first. Each pattern ends at a cut. */
const BREAKS = [/\n[ \t]*\n+/g, /\n/g, /[.!?]\s+/g, /\s+/g];

/**
 * Cuts parts into pieces.
 *
 * @throws {@link BadInputError} for a part that this way cannot cut.
 */
export function splitParts(parts: readonly ResolvedPart[], rule: SplitRule): Piece[] {
  return parts.flatMap((part, i) => {
    const name = part.name ?? `part ${i + 1}`;
    if (rule.by === 'document') return [{ source: name, part }];
    const cut = { section: sections, rows, chunk: chunks }[rule.by](part, name, rule.maxBytes);
    return cut.map(({ label, text }, k) => ({
      source: cut.length === 1 ? name : `${name}, ${label}`,
      part: { ...part, bytes: utf8(text), name: cut.length === 1 ? name : `${k + 1}-${name}` },
    }));
  });
}

interface Cut {
  readonly label: string;
  readonly text: string;
}

function textOf({ mediaType, bytes }: ResolvedPart, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new BadInputError(`${name} (${mediaType}): is no UTF-8 text and cannot be cut`, {
      cause: error,
    });
  }
}

function chunks(part: ResolvedPart, name: string, maxBytes: number): Cut[] {
  const texts = chunksOf(textOf(part, name), maxBytes);
  return texts.map((text, i) => ({ label: `piece ${i + 1} of ${texts.length}`, text }));
}

/** Texts of at most `maxBytes`, cut where a reader would pause; joined they are `text`. */
export function chunksOf(text: string, maxBytes: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (Buffer.byteLength(rest) > maxBytes) {
    const head = longestHead(rest, maxBytes);
    const cut = bestCut(head) || head.length;
    pieces.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return [...pieces, rest];
}

/** The first code points of a text that fit, at least one. */
function longestHead(text: string, maxBytes: number): string {
  let bytes = 0;
  let length = 0;
  for (const character of text) {
    bytes += Buffer.byteLength(character);
    if (bytes > maxBytes && length > 0) break;
    length += character.length;
  }
  return text.slice(0, length);
}

/** Where to cut a text that goes on: after the last break of the best kind in its second half. */
function bestCut(head: string): number {
  for (const pattern of BREAKS) {
    let last = 0;
    for (const { 0: match, index } of head.matchAll(pattern)) last = index + match.length;
    if (last * 2 >= head.length) return last;
  }
  return 0;
}

/** At Markdown headings of the first two levels; code in fences has none. */
function sections(part: ResolvedPart, name: string, maxBytes: number): Cut[] {
  const found: { label: string; lines: string[] }[] = [{ label: 'beginning', lines: [] }];
  let fence = '';
  for (const line of textOf(part, name).split(/(?<=\n)/)) {
    const [, marks = ''] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (marks !== '' && (fence === '' || marks.startsWith(fence)))
      fence = fence === '' ? marks : '';
    const [, title] = (fence === '' ? /^#{1,2}\s+(\S.*?)\s*#*\s*$/.exec(line) : null) ?? [];
    if (title !== undefined) found.push({ label: `"${title.slice(0, 80)}"`, lines: [] });
    found.at(-1)!.lines.push(line);
  }
  return found
    .map(({ label, lines }) => ({ label, text: lines.join('') }))
    .filter(({ text }) => text.trim() !== '')
    .flatMap(({ label, text }) => {
      const texts = chunksOf(text, maxBytes);
      if (texts.length === 1) return [{ label, text }];
      return texts.map((piece, i) => ({
        label: `${label}, piece ${i + 1} of ${texts.length}`,
        text: piece,
      }));
    });
}

/** Rows of a CSV table, each piece with its head; lines of a text; items of a JSON list. */
function rows(part: ResolvedPart, name: string, maxBytes: number): Cut[] {
  const [essence = ''] = part.mediaType.toLowerCase().split(';');
  const text = textOf(part, name);
  if (essence.trim() === 'application/json') return items(text, name, maxBytes);
  const records = essence.trim() === 'text/csv' ? csvRecords(text) : text.split(/(?<=\n)/);
  const head = essence.trim() === 'text/csv' ? (records.shift() ?? '') : '';
  const ended = head === '' || head.endsWith('\n') ? head : `${head}\n`;
  return grouped(records, maxBytes - Buffer.byteLength(ended)).map(({ from, to }) => ({
    label: `rows ${from + 1} to ${to}`,
    text: ended + records.slice(from, to).join(''),
  }));
}

function items(text: string, name: string, maxBytes: number): Cut[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new BadInputError(`${name}: is no JSON`, { cause: error });
  }
  if (!Array.isArray(list)) throw new BadInputError(`${name}: expected a JSON list to cut by rows`);
  const texts = list.map((item) => JSON.stringify(item));
  return grouped(texts, maxBytes).map(({ from, to }) => ({
    label: `items ${from + 1} to ${to}`,
    text: `[${texts.slice(from, to).join(',')}]`,
  }));
}

/** Records of a CSV text (RFC 4180): a line break inside quotes ends none. */
function csvRecords(text: string): string[] {
  const records: string[] = [];
  let start = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '"') isQuoted = !isQuoted;
    if (text[i] !== '\n' || isQuoted) continue;
    records.push(text.slice(start, i + 1));
    start = i + 1;
  }
  if (start < text.length) records.push(text.slice(start));
  return records;
}

/** Consecutive records that fit together. */
function grouped(records: readonly string[], maxBytes: number): { from: number; to: number }[] {
  const groups: { from: number; to: number }[] = [];
  let bytes = 0;
  records.forEach((record, i) => {
    const size = Buffer.byteLength(record);
    const last = groups.at(-1);
    if (last && bytes + size <= maxBytes) {
      last.to = i + 1;
      bytes += size;
    } else {
      groups.push({ from: i, to: i + 1 });
      bytes = size;
    }
  });
  return groups;
}
