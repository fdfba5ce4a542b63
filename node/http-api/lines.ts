/**
 * Answers that come in several parts: one JSON document a line (NDJSON), for a caller that accepts
 * them. Progress comes first, each as `{ "progress": ... }`; the last line is `{ "result": ... }`,
 * or `{ "error": ... }` as the body of any other error.
 *
 * @module
 */

import type { Request, Response } from 'express';

export const LINES_TYPE = 'application/x-ndjson';

/** Whether the caller asks for progress. */
export function wantsLines(request: Request): boolean {
  return request.headers.accept === LINES_TYPE;
}

/** Whether the answer has begun as lines. */
export function isLines(response: Response): boolean {
  return response.getHeader('content-type') === LINES_TYPE;
}

/** Sends one part, and the head of the answer before the first one. */
export function sendLine(response: Response, progress: unknown): void {
  if (!response.headersSent) response.status(200).setHeader('content-type', LINES_TYPE);
  response.write(`${JSON.stringify({ progress })}\n`);
}

/** Sends the last line. */
export function endLines(response: Response, last: { result: unknown } | { error: unknown }): void {
  if (!response.headersSent) response.status(200).setHeader('content-type', LINES_TYPE);
  response.end(`${JSON.stringify(last)}\n`);
}
