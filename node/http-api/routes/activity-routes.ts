/**
 * Routes about what the node did and saw, and the stream of its events.
 *
 * @module
 */

import type { AgentNode } from '../../agent-node.ts';
import type { EventDocument } from '../../activity-documents.ts';
import type { Request, Response } from 'express';
import { RefusedError } from '../../errors.ts';
import { sendLine } from '../lines.ts';
import type { RouteGroup } from '../server.ts';
import { checkInput as check } from './check-input.ts';
import { documentId, listQuery, tasksQuery } from './requests.ts';

/** A line is sent at least so often: who reads learns soon that the node is gone. */
const TICK_MS = 5_000;
/** Streams at the same time. */
export const MAX_STREAMS = 16;
/** Bytes that may wait for a reader that does not read; then its stream ends. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** The group. */
export function activityRoutes(node: AgentNode): RouteGroup {
  let streams = 0;
  const stream = (request: Request, response: Response): void => {
    if (streams >= MAX_STREAMS) {
      throw new RefusedError(`${MAX_STREAMS} streams of events are open; close one`);
    }
    streams++;
    const send = (event: EventDocument): void => {
      if (response.writableLength > MAX_WAITING_BYTES) response.destroy();
      else sendLine(response, event);
    };
    const now = (type: 'hello' | 'tick'): EventDocument => ({ type, atMs: node.nowMs() });
    const stopListening = node.events(send);
    const timer = setInterval(() => send(now('tick')), TICK_MS);
    response.once('close', () => {
      clearInterval(timer);
      stopListening();
      streams--;
    });
    send(now('hello'));
    request.on('error', () => response.destroy());
  };
  return (router) => {
    router.get('/tasks', (request, response) => {
      response.json(node.tasks(check(tasksQuery, request.query, 'query string')));
    });
    router.get('/tasks/:id', (request, response) => {
      response.json(node.task(check(documentId, request.params['id'], 'id')));
    });
    router.post('/tasks/:id/cancel', (request, response) => {
      response.json(node.cancelTask(check(documentId, request.params['id'], 'id')));
    });
    router.get('/events', stream);
    router.get('/savings', (_request, response) => void response.json(node.savings()));
    router.get('/market', (_request, response) => void response.json(node.market()));
    router.get('/receipts', async (request, response) => {
      const { limit } = check(listQuery, request.query, 'query string');
      response.json(await node.receipts(limit));
    });
  };
}
