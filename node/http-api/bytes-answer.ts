/**
 * An answer of bytes that come one after the other, and no faster than the caller reads. An answer
 * that fails after its first byte breaks off; its own format says where it would have ended.
 *
 * @module
 */

import { once } from 'node:events';
import type { Response } from 'express';

export const BYTES_TYPE = 'application/octet-stream';

/** A caller that reads nothing for so long is cut off: what it waits for is kept open for it. */
export const MAX_STALL_MS = 60_000;

/**
 * Sends all `pieces`. Returns early when the caller hangs up or does not read.
 *
 * @throws what `pieces` throws. After the first byte nothing can be said of it any more, and the
 *   answer breaks off.
 */
export async function sendBytes(
  response: Response,
  pieces: AsyncIterable<Uint8Array>,
  maxStallMs = MAX_STALL_MS,
): Promise<void> {
  try {
    for await (const piece of pieces) {
      if (!response.headersSent) response.status(200).setHeader('content-type', BYTES_TYPE);
      const isRead = response.write(piece) || (await isDrained(response, maxStallMs));
      if (!isRead || response.destroyed) {
        response.destroy();
        return;
      }
    }
    response.end();
  } catch (error) {
    if (response.headersSent) response.destroy();
    throw error;
  }
}

/** Whether the caller reads on within `maxStallMs`. */
async function isDrained(response: Response, maxStallMs: number): Promise<boolean> {
  if (response.destroyed) return false;
  const done = new AbortController();
  const signal = AbortSignal.any([done.signal, AbortSignal.timeout(maxStallMs)]);
  const event = (name: string, isRead: boolean): Promise<boolean> =>
    once(response, name, { signal }).then(
      () => isRead,
      () => false,
    );
  try {
    return await Promise.race([event('drain', true), event('close', false)]);
  } finally {
    done.abort();
  }
}
