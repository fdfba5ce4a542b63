/**
 * Routes about money and reputation.
 *
 * @module
 */

import type { Request } from 'express';
import { z } from 'zod';
import type { AgentNode } from '../../agent-node.ts';
import type { RouteGroup } from '../server.ts';
import { checkInput as check } from './check-input.ts';
import { peerId, reputationQuery } from './requests.ts';

const amountMicroUsd = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
export const transferBody = z.strictObject({ to: peerId, amountMicroUsd });
export const payOutBody = z.strictObject({
  to: peerId.optional(),
  amountMicroUsd,
  reference: z
    .string()
    .regex(/^[ -~]{0,128}$/, 'expected at most 128 printable characters')
    .optional(),
});
const knownBy = z.string().regex(/^[ -~]{1,128}$/, 'expected 1 to 128 printable characters');
export const paidBody = z.strictObject({ to: peerId, amountMicroUsd, reference: knownBy });
export const receivedBody = z.strictObject({ from: peerId, amountMicroUsd, reference: knownBy });
export const blocksQuery = z.strictObject({
  from: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER).default(1),
});
/** The group. */
export function ledgerRoutes(
  node: AgentNode,
  hangUp: (request: Request) => AbortSignal,
): RouteGroup {
  return (router) => {
    router.get('/ledger', async (_request, response) => {
      response.json(await node.ledger.show());
    });
    router.get('/ledger/blocks', async (request, response) => {
      const { from } = check(blocksQuery, request.query, 'query string');
      response.json(await node.ledger.blocks(from));
    });
    router.post('/ledger/transfer', async (request, response) => {
      response.json(await node.ledger.transfer(check(transferBody, request.body, 'request')));
    });
    router.post('/ledger/pay-out', async (request, response) => {
      response.json(await node.ledger.payOut(check(payOutBody, request.body, 'request')));
    });
    router.post('/ledger/paid', async (request, response) => {
      response.json(await node.ledger.paid(check(paidBody, request.body, 'request')));
    });
    router.post('/ledger/received', async (request, response) => {
      const body = check(receivedBody, request.body, 'request');
      const { from, amountMicroUsd: amount, reference } = body;
      response.json(await node.ledger.received(from, amount, reference));
    });
    router.get('/reputation', async (request, response) => {
      const { peer, term: named, broker } = check(reputationQuery, request.query, 'query string');
      const options = { terms: named, isBrokered: broker === 'true' };
      response.json(await node.reputation(peer ?? node.peerId, options, hangUp(request)));
    });
  };
}
