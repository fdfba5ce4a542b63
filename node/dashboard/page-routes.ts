/**
 * The dashboard at `/dashboard/`, the trade of a link for a session, and what a session may ask of
 * the API: everything that can be read, and the questions and runs of its forms. It may not stop
 * the daemon, sell or withdraw, pay, certify, or make further links: those want the node's token.
 *
 * @module
 */

import express from 'express';
import type { Request, RequestHandler, Response, Router } from 'express';
import { z } from 'zod';
import type { Clock, Random } from '../../protocols/components.ts';
import { RefusedError } from '../errors.ts';
import { checkInput } from '../http-api/routes/check-input.ts';
import { PageFiles } from './page-files.ts';
import { LINK_LIFE_MS, PageSessions } from './page-sessions.ts';

/** The header that carries a session's key. */
export const KEY_HEADER = 'x-coalesce-page';

/** What a session may post to, below `/v1`. */
const PAGE_POSTS = /^\/(?:query|decide|plan|run|certificates\/verify|decisions\/[^/]+\/replay)$/;

const LINK_USED =
  'The link is unknown, too old, or was used before; ask for another with "coalesce dashboard"';
const openBody = z.strictObject({ token: z.string().max(128) });

/** Answer of `dashboard`. */
export interface DashboardLinkDocument {
  /** With a token that is good once. */
  readonly url: string;
  readonly expiresInSeconds: number;
}

export interface DashboardInit {
  readonly clock: Clock;
  readonly random: Random;
  /** Left out: where the build puts them. */
  readonly files?: URL;
}

/** The dashboard of one daemon. */
export class Dashboard {
  readonly #sessions: PageSessions;
  readonly #files: PageFiles;

  constructor({ clock, random, files }: DashboardInit) {
    this.#sessions = new PageSessions(clock, random);
    this.#files = new PageFiles(files);
  }

  /** An address that opens the page once. The fragment is not sent to the server, nor logged. */
  newLink(apiUrl: string): DashboardLinkDocument {
    return {
      url: `${apiUrl}/dashboard/#token=${this.#sessions.newLink()}`,
      expiresInSeconds: LINK_LIFE_MS / 1_000,
    };
  }

  /** Whether a request to `/v1` comes from an open page, and is one that a page may make. */
  allows(request: Request): boolean {
    const key = request.headers[KEY_HEADER];
    const cookie = cookieOf(request);
    if (typeof key !== 'string' || cookie === undefined || !isOwnOrigin(request)) return false;
    const isAsked = request.method === 'GET' || isPagePost(request);
    return isAsked && this.#sessions.isOpen({ cookie, key });
  }

  /** Routes below `/dashboard`. */
  router(): Router {
    const router = express.Router();
    router.use(guardPage);
    router.get('/', async (request, response) => {
      // The page names its files relative to itself. A browser keeps the fragment.
      if (request.originalUrl.endsWith('/')) {
        await this.#files.send('index.html', request, response);
      } else response.redirect(308, '/dashboard/');
    });
    router.post('/session', (request, response) => {
      if (!isOwnOrigin(request)) throw new RefusedError('Another page cannot open a session');
      const { token } = checkInput(openBody, request.body, 'request');
      const session = this.#sessions.open(token);
      if (!session) throw new RefusedError(LINK_USED);
      const half = `${cookieName(request)}=${session.cookie}`;
      response.setHeader('set-cookie', `${half}; HttpOnly; SameSite=Strict; Path=/v1`);
      response.json({ key: session.key });
    });
    router.get('/:file', async (request, response, next) => {
      const { file } = request.params;
      if (this.#files.has(file)) await this.#files.send(file, request, response);
      else next();
    });
    return router;
  }
}

const guardPage: RequestHandler = (_request, response: Response, next) => {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-resource-policy', 'same-origin');
  next();
};

function isPagePost({ method, path }: Request): boolean {
  return method === 'POST' && PAGE_POSTS.test(path);
}

/** Browsers name the origin of a request; one that names none is no browser, and has the token. */
function isOwnOrigin({ headers }: Request): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return false;
  return headers.origin === undefined || headers.origin === `http://${headers.host}`;
}

/** Of this port: two daemons of one machine must not overwrite each other's. */
function cookieName({ headers: { host = '' } }: Request): string {
  return `coalesce-${/:(\d+)$/.exec(host)?.[1] ?? '80'}`;
}

function cookieOf(request: Request): string | undefined {
  const start = `${cookieName(request)}=`;
  return request.headers.cookie
    ?.split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(start))
    ?.slice(start.length);
}
