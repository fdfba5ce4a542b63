/**
 * The files of the dashboard, as the build has bundled and compressed them
 * (`.config/build-dashboard.js`). Only files of this list are served, from memory.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import type { Request, Response } from 'express';
import { UnreachableError } from '../errors.ts';

/**
 * Nothing from elsewhere, nothing inline, no frame around it. `data:` is for the icon, which is
 * then no file of its own.
 */
export const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const FILES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'app.js': 'text/javascript; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
};

/** The smaller one first. */
const CODINGS = ['br', 'gzip'] as const;
const ENDINGS = { br: '.br', gzip: '.gz', '': '' } as const;

/** Where the build puts them: beside this file. */
const BUILT = new URL('./assets/', import.meta.url);

/** Serves the files. */
export class PageFiles {
  readonly #directory: URL;
  readonly #kept = new Map<string, Promise<Buffer>>();

  constructor(directory: URL = BUILT) {
    this.#directory = directory;
  }

  /** Whether there is such a file. */
  has(name: string): boolean {
    return Object.hasOwn(FILES, name);
  }

  /** @throws {@link UnreachableError} if the page was not built. */
  async send(name: string, request: Request, response: Response): Promise<void> {
    const coding = CODINGS.find((one) => request.acceptsEncodings(one) === one) ?? '';
    const bytes = await this.#read(name + ENDINGS[coding]);
    response.status(200);
    response.setHeader('content-type', FILES[name] ?? 'application/octet-stream');
    response.setHeader('content-security-policy', PAGE_POLICY);
    response.setHeader('vary', 'accept-encoding');
    if (coding !== '') response.setHeader('content-encoding', coding);
    response.end(bytes);
  }

  #read(file: string): Promise<Buffer> {
    const kept = this.#kept.get(file);
    if (kept) return kept;
    const reading = readFile(new URL(file, this.#directory)).catch((error: unknown) => {
      this.#kept.delete(file);
      throw new UnreachableError(
        'The dashboard was not built: run "npm run build", then load the page again',
        { cause: error },
      );
    });
    this.#kept.set(file, reading);
    return reading;
  }
}
