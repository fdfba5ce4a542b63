/**
 * What stands before every A2A call over HTTP: the Host header against DNS rebinding, the token of
 * the owner, the body's size and form, and the A2A version in the forms that the SDK does not know.
 *
 * @module
 */

import { timingSafeEqual } from 'node:crypto';
import express from 'express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { User } from '@a2a-js/sdk/server';
import { utf8 } from '../../crypto/bytes.ts';
import { jsonRpcError } from '../../protocols/a2a/errors.ts';
import { A2A_ERROR_CODE } from '@a2a-js/sdk/errors';
import { CARD_VERSIONS, REST_PATH } from './edge-card.ts';
import { OWNER } from './edge-executor.ts';
import { rpcIdOf } from './message-checks.ts';

/** Largest body of one call. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;
const JSON_TYPES = ['application/json', 'application/a2a+json'];
const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?$/;
const VERSION_HEADER = 'a2a-version';
const VERSIONS: ReadonlySet<string> = new Set(CARD_VERSIONS);

/** Refuses a Host header that names neither loopback nor the public address of the edge. */
export function hostGuard(publicUrl: string | undefined): RequestHandler {
  const publicHost = publicUrl === undefined ? undefined : new URL(publicUrl).host;
  return (request, response, next) => {
    const { host = '' } = request.headers;
    if (LOOPBACK_HOST.test(host) || host === publicHost) return next();
    response.status(403).json({
      error: { code: 403, message: 'The Host header names another server than this one.' },
    });
  };
}

/**
 * The user behind a request: the owner by the node's token, or nobody by name.
 *
 * @returns `undefined` for a token that is not the node's.
 */
export function userOf(request: Request, token: string): User | undefined {
  const { authorization } = request.headers;
  if (authorization === undefined) return { isAuthenticated: false, userName: '' };
  const [expected, got] = [utf8(`Bearer ${token}`), utf8(authorization)];
  if (expected.length !== got.length || !timingSafeEqual(expected, got)) return undefined;
  return { isAuthenticated: true, userName: OWNER };
}

/** Answers 401 to a wrong token, and to none where nobody but the owner is served. */
export function tokenGuard(token: string, isOwnerOnly: boolean): RequestHandler {
  return (request, response, next) => {
    const user = userOf(request, token);
    if (user !== undefined && (user.isAuthenticated || !isOwnerOnly)) return next();
    const text = 'The Authorization header must be "Bearer " and the token of the data directory.';
    response
      .status(401)
      .set('WWW-Authenticate', 'Bearer realm="coalesce"')
      .json({ error: { code: 401, message: text } });
  };
}

/**
 * A patch number does not count (A2A 1.0 s.3.6), and the version may stand in the query. Another
 * version is refused here: the SDK would print each such call.
 */
export function versionReader(request: Request, response: Response, next: NextFunction): void {
  const given = request.headers[VERSION_HEADER] ?? request.query['A2A-Version'] ?? '';
  const stated = typeof given === 'string' ? given : 'several';
  const [, version = ''] = /^(\d+\.\d+)(?:\.\d+)?$/.exec(stated) ?? [];
  if (stated === '' || VERSIONS.has(version)) {
    if (version !== '') request.headers[VERSION_HEADER] = version;
    return next();
  }
  const message = `A2A ${[...VERSIONS].join(' and ')} are spoken here.`;
  const code = A2A_ERROR_CODE.VERSION_NOT_SUPPORTED;
  const id = rpcIdOf((request.body as { id?: unknown } | undefined)?.id);
  response.status(request.path.startsWith(REST_PATH) ? 400 : 200);
  response.json({ jsonrpc: '2.0', id, error: { code, message } });
}

/** Reads the body; the SDK's own limit is 100 kB. */
export const bodyReader: RequestHandler = express.json({
  limit: MAX_BODY_BYTES,
  type: JSON_TYPES,
  strict: true,
});

/** Right behind {@link bodyReader}: says in JSON-RPC what is wrong with a body. */
export function refuseBody(
  error: unknown,
  _request: Request,
  response: Response,
  // Express tells an error handler by its four parameters.
  _next: NextFunction,
): void {
  const status = error instanceof Error && 'status' in error ? Number(error.status) : 400;
  const isLarge = status === 413;
  const rpcError = isLarge
    ? { ...jsonRpcError('INVALID_REQUEST'), message: `More than ${MAX_BODY_BYTES} bytes.` }
    : jsonRpcError('PARSE_ERROR');
  response.status(isLarge ? 413 : 400).json({ jsonrpc: '2.0', id: null, error: rpcError });
}
