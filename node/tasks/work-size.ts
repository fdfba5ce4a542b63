/**
 * Size of a task's input, as the time model takes it (`execution-time.ts`): bytes, and the columns
 * of its widest CSV table.
 *
 * @module
 */

import type { WorkSize } from '../cost/execution-time.ts';
import type { ResolvedPart } from './task-parts.ts';

const COMMA = 0x2c;
const LINE_FEED = 0x0a;
const HASH = 0x23;
/** Bytes that are looked at for the first row of a table. */
const MAX_LOOKED_AT_BYTES = 65_536;

/** @param task - Without its parts the columns are unknown. */
export function workSize(task: {
  readonly inputBytes: number;
  readonly parts?: readonly ResolvedPart[];
}): WorkSize {
  const { inputBytes: bytes, parts } = task;
  if (parts === undefined) return { bytes };
  const tables = parts.filter(({ mediaType }) => /^text\/csv\b/i.test(mediaType));
  return { bytes, columns: Math.max(0, ...tables.map((part) => columnsOf(part.bytes))) };
}

/** Cells of the first row that is neither empty nor a comment. */
function columnsOf(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length && start < MAX_LOOKED_AT_BYTES) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = Math.min(found === -1 ? bytes.length : found, MAX_LOOKED_AT_BYTES);
    if (end > start && bytes[start] !== HASH) {
      let columns = 1;
      for (let i = start; i < end; i++) if (bytes[i] === COMMA) columns++;
      return columns;
    }
    start = end + 1;
  }
  return 0;
}
