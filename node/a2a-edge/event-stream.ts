/**
 * What the SDK leaves out of its event streams (WHATWG HTML s.9.2): an id before each event, and a
 * comment every now and then, so that a proxy does not take a quiet stream for a dead one.
 *
 * A client that lost its stream subscribes to the task again and is told its whole state first, so
 * that the ids only count what it has seen.
 *
 * @module
 */

import type { NextFunction, Request, Response } from 'express';

/** Pause between two comments. */
export const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ': keep-alive\n\n';

/** Completes the event stream of a response, if it becomes one. */
export function completeEventStream(heartbeatMs = HEARTBEAT_MS) {
  return (_request: Request, response: Response, next: NextFunction): void => {
    const flushHeaders = response.flushHeaders.bind(response);
    const write = response.write.bind(response);
    response.flushHeaders = () => {
      flushHeaders();
      if (!String(response.getHeader('content-type')).startsWith('text/event-stream')) return;
      let events = 0;
      const timer = setInterval(() => void write(HEARTBEAT), heartbeatMs);
      response.once('close', () => clearInterval(timer));
      response.write = ((chunk: unknown, ...rest: []) => {
        events += 1;
        return write(typeof chunk === 'string' ? `id: ${events}\n${chunk}` : chunk, ...rest);
      }) as Response['write'];
    };
    next();
  };
}
