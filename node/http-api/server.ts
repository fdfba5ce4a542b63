/**
 * The HTTP API of a daemon, on loopback. Every CLI command that talks to a daemon is one call of it
 * (architecture.md 6).
 *
 * Two guards stand before every route. The Host header must name loopback, so that a web page
 * cannot reach the API by rebinding its own name to 127.0.0.1. All but health, readiness and the
 * files of the dashboard need the token of the data directory, or an open session of the dashboard,
 * which may do less (`dashboard/page-routes.ts`).
 *
 * @module
 */

import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import express from 'express';
import type { NextFunction, Request, Response } from 'express';
import { utf8 } from '../../crypto/bytes.ts';
import type { Logger } from '../../protocols/components.ts';
import type { Dashboard } from '../dashboard/page-routes.ts';
import { BadInputError, UserFacingError, printable } from '../errors.ts';
import { codeOf } from '../storage/data-directory.ts';
import { CallerGoneError } from './caller-gone.ts';
import { endLines, isLines } from './lines.ts';
import { METRICS_TYPE } from './metrics.ts';

/** Largest request body: a task's input in base64 with its specification. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;
/** The same of what opens a session of the dashboard: a token. */
const MAX_OPEN_BODY_BYTES = 1_024;

/** What the API says of a failure; the CLI ends with `exitCode`. */
export interface ApiErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly problems: readonly string[];
    readonly exitCode: number;
  };
}

/** A group of routes below `/v1`. */
export type RouteGroup = (router: express.Router) => void;

export interface HttpApiInit {
  readonly host: string;
  /** 0 for a free port. */
  readonly port: number;
  readonly token: string;
  readonly isReady: () => boolean;
  readonly groups: readonly RouteGroup[];
  /** Left out: none is served. */
  readonly dashboard?: Dashboard;
  /** Text of `/metrics`. */
  readonly metrics: () => string;
  readonly logger: Logger;
}

/** A listening API. */
export interface HttpApi {
  readonly url: string;
  /** Stops listening and ends what is open after `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** Starts the API. @throws {@link BadInputError} if the port is taken. */
export async function startHttpApi(init: HttpApiInit): Promise<HttpApi> {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(checkHost);
  app.get('/healthz', (_request, response) => void response.json({ healthy: true }));
  app.get('/readyz', (_request, response) => {
    const ready = init.isReady();
    response.status(ready ? 200 : 503).json({ ready });
  });
  app.get('/metrics', checkToken(init.token), (_request, response) => {
    response.type(METRICS_TYPE).send(init.metrics());
  });
  app.get('/openapi.json', checkToken(init.token), async (_request, response) => {
    // Loaded here, because nobody else needs it.
    const { openApiDocument } = await import('./openapi.ts');
    response.json(openApiDocument());
  });
  const { dashboard } = init;
  if (dashboard) {
    const body = express.json({ limit: MAX_OPEN_BODY_BYTES, strict: true });
    app.use('/dashboard', body, refuseBody, dashboard.router());
    app.post('/v1/dashboard', checkToken(init.token), (_request, response) => {
      response.json(dashboard.newLink(urlOf(server, init.host)));
    });
  }
  app.use(
    '/v1',
    checkToken(init.token, (request) => dashboard?.allows(request) === true),
  );
  app.use('/v1', express.json({ limit: MAX_BODY_BYTES, strict: true }), refuseBody);
  const router = express.Router();
  for (const group of init.groups) group(router);
  app.use('/v1', router);
  app.use((request: Request, response: Response) => {
    sendError(response, 404, {
      code: 'NO_ROUTE',
      message: `${request.method} ${printable(request.path)}: no such route`,
      problems: [],
      exitCode: 2,
    });
  });
  app.use(errorHandler(init.logger));
  const server = createServer(app);
  server.requestTimeout = 60_000; // of the request's bytes; a run may take longer to answer
  await listen(server, init);
  return {
    url: urlOf(server, init.host),
    close: (graceMs = 1_000) => closeServer(server, graceMs),
  };
}

function listen(server: Server, { host, port }: HttpApiInit): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new BadInputError(
          `http.port ${port}: cannot listen on ${host} (${codeOf(error)}); choose another port, or 0 for a free one`,
          { cause: error },
        ),
      );
    });
    server.listen(port, host, resolve);
  });
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('not listening');
  return `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
}

function closeServer(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}

const LOOPBACK_HOST = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?$/;

function checkHost(request: Request, response: Response, next: NextFunction): void {
  if (LOOPBACK_HOST.test(request.headers.host ?? '')) {
    next();
    return;
  }
  sendError(response, 403, {
    code: 'WRONG_HOST',
    message: 'The Host header must name 127.0.0.1, localhost or [::1]',
    problems: [],
    exitCode: 1,
  });
}

/** @param isAllowed - Whether a request may do without the token. */
function checkToken(token: string, isAllowed = (_request: Request): boolean => false) {
  const expected = utf8(`Bearer ${token}`);
  return (request: Request, response: Response, next: NextFunction): void => {
    const got = utf8(request.headers.authorization ?? '');
    const isOwner = got.length === expected.length && timingSafeEqual(got, expected);
    if (isOwner || isAllowed(request)) {
      next();
      return;
    }
    sendError(response, 401, {
      code: 'WRONG_TOKEN',
      message:
        'The Authorization header must be "Bearer " and the content of the file "token" in the data directory',
      problems: [],
      exitCode: 1,
    });
  };
}

function sendError(response: Response, status: number, error: ApiErrorBody['error']): void {
  response.status(status).json({ error } satisfies ApiErrorBody);
}

/** Stands right behind express.json, so the errors that it sees are about the body. */
function refuseBody(
  error: unknown,
  _request: Request,
  response: Response,
  // Express tells an error handler by its four parameters.
  _next: NextFunction,
): void {
  const hasStatus = error instanceof Error && 'status' in error;
  const status = hasStatus && typeof error.status === 'number' ? error.status : 400;
  const limit = hasStatus && 'limit' in error ? Number(error.limit) : MAX_BODY_BYTES;
  const message =
    status === 413 ? `The request is larger than ${limit} bytes` : 'The request body is not JSON';
  sendError(response, status, { code: 'BAD_INPUT', message, problems: [], exitCode: 2 });
}

/** What the router throws for a path with a broken percent-encoding. */
function isPathError(error: unknown): boolean {
  return error instanceof URIError && 'status' in error && error.status === 400;
}

/** What the caller is told of an error; an unexpected one goes to the log. */
function apiErrorOf(
  error: unknown,
  logger: Logger,
  path: string,
): { readonly status: number; readonly body: ApiErrorBody['error'] } {
  if (error instanceof UserFacingError) {
    const { code, message, problems, exitCode, httpStatus } = error;
    return { status: httpStatus, body: { code, message, problems, exitCode } };
  }
  if (isPathError(error)) {
    const message = 'The path has a broken percent-encoding';
    return { status: 400, body: { code: 'BAD_INPUT', message, problems: [], exitCode: 2 } };
  }
  if (error instanceof CallerGoneError) {
    logger.info({ path }, 'A caller hung up before its answer.');
    return {
      status: 499,
      body: { code: 'INTERNAL', message: error.message, problems: [], exitCode: 1 },
    };
  }
  logger.error({ err: error, path }, 'A request failed unexpectedly.');
  const message = 'The node met an unexpected error; its log has the details';
  return { status: 500, body: { code: 'INTERNAL', message, problems: [], exitCode: 1 } };
}

function errorHandler(logger: Logger) {
  // Express tells an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, next: NextFunction): void => {
    if (response.headersSent && !isLines(response)) {
      next(error);
      return;
    }
    const { status, body } = apiErrorOf(error, logger, request.path);
    if (response.headersSent) endLines(response, { error: body });
    else sendError(response, status, body);
  };
}
