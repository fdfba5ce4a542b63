/**
 * Client of the HTTP API: what the CLI and the testnet use to talk to a daemon.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { UnreachableError, UserFacingError } from '../errors.ts';
import type { ExitCode } from '../errors.ts';
import { BYTES_TYPE } from './bytes-answer.ts';
import { LINES_TYPE } from './lines.ts';
import { codeOf, dataDirectory, readJsonFile } from '../storage/data-directory.ts';
import type { DaemonInfo } from '../storage/data-directory.ts';

/** A refusal or failure that the daemon reported. */
export class ApiError extends UserFacingError {
  static override readonly name = 'ApiError';
  override readonly name = 'ApiError';
  readonly code: string;
  readonly exitCode: ExitCode;
  readonly httpStatus: number;

  constructor(
    details: { code: string; message: string; problems: readonly string[]; exitCode: ExitCode },
    httpStatus: number,
  ) {
    super(details.message, { problems: details.problems });
    this.code = details.code;
    this.exitCode = details.exitCode;
    this.httpStatus = httpStatus;
  }
}

const daemonInfoSchema = z.object({ pid: z.number(), url: z.string(), peerId: z.string() });

const errorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    problems: z.array(z.string()),
    exitCode: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  }),
});

/** Largest answer that is read: a decision on 100,000 candidates fits. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/** Whether a process runs, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** Address of the daemon of a data directory. @throws {@link UnreachableError} if none runs. */
export async function readDaemonInfo(dataPath: string): Promise<DaemonInfo> {
  const directory = dataDirectory(dataPath);
  try {
    const info = daemonInfoSchema.parse(await readJsonFile(directory.daemonFile));
    // A killed daemon leaves its file behind, and its port may be a stranger's by now.
    if (!isAlive(info.pid)) throw new RangeError(`process ${info.pid} is gone`);
    return info;
  } catch (error) {
    throw new UnreachableError(
      `No daemon runs on ${directory.path}; start one with "coalesce start", or name another with --data`,
      { cause: error },
    );
  }
}

/** Calls one daemon. */
export class ApiClient {
  readonly #url: string;
  readonly #token: string;
  /** A connection each: a kept one may be closed by the daemon just when the next call takes it. */
  readonly #agent = new Agent({ keepAlive: false });

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Client for the daemon of a data directory. @throws {@link UnreachableError} if none runs. */
  static async forDataDirectory(dataPath: string): Promise<ApiClient> {
    const { url } = await readDaemonInfo(dataPath);
    try {
      const token = await readFile(dataDirectory(dataPath).tokenFile, 'utf8');
      return new ApiClient(url, token.trim());
    } catch (error) {
      throw new UnreachableError(
        `${dataDirectory(dataPath).tokenFile}: cannot be read (${codeOf(error)}); run as the daemon's user, or restart the daemon if it is gone`,
        { cause: error },
      );
    }
  }

  get<Result>(path: string, options?: CallOptions): Promise<Result> {
    return this.#call<Result>('GET', path, undefined, options);
  }

  post<Result>(path: string, body: unknown = {}, options?: CallOptions): Promise<Result> {
    return this.#call<Result>('POST', path, body, options);
  }

  /**
   * Bytes that a route answers with, as they come.
   *
   * @throws as the other calls; {@link UnreachableError} where the answer breaks off.
   */
  async *download(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const incoming = await this.#open(path, signal);
    try {
      if (incoming.statusCode === 200 && incoming.headers['content-type'] === BYTES_TYPE) {
        for await (const piece of incoming) yield piece as Uint8Array;
        return;
      }
      const pieces: Buffer[] = [];
      for await (const piece of incoming) pieces.push(piece as Buffer);
      const parsed = errorSchema.safeParse(parseJson(Buffer.concat(pieces).toString('utf8')));
      if (parsed.success) throw new ApiError(parsed.data.error, incoming.statusCode ?? 0);
      throw this.#strange(incoming.statusCode ?? 0);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof UserFacingError || !(error instanceof Error)) throw error;
      throw this.#unreachable(error);
    } finally {
      incoming.destroy();
    }
  }

  /** The head of the answer to a POST without a body. */
  #open(path: string, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest(
        new URL(path, this.#url),
        {
          method: 'POST',
          agent: this.#agent,
          headers: { authorization: `Bearer ${this.#token}` },
          ...(signal ? { signal } : {}),
        },
        resolve,
      );
      outgoing.on('error', (error) => {
        reject(signal?.aborted ? (signal.reason as Error) : this.#unreachable(error));
      });
      outgoing.end();
    });
  }

  delete<Result>(path: string, options?: CallOptions): Promise<Result> {
    return this.#call<Result>('DELETE', path, undefined, options);
  }

  /** Ends idle connections, so that the process can end. */
  close(): void {
    this.#agent.destroy();
  }

  async #call<Result>(
    method: string,
    path: string,
    body: unknown,
    { signal, onProgress }: CallOptions = {},
  ): Promise<Result> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const lines = onProgress && new LineReader(onProgress);
    const { status, text } = await this.#exchange(method, path, { payload, signal, lines });
    const value = parseJson(lines ? lines.last(text) : text);
    const isDocument = typeof value === 'object' && value !== null;
    const isError = isDocument && 'error' in value;
    if (status >= 200 && status < 300 && isDocument && !isError) {
      return (lines ? (value as { result: Result }).result : value) as Result;
    }
    const parsed = errorSchema.safeParse(value);
    if (parsed.success) throw new ApiError(parsed.data.error, status);
    throw this.#strange(status);
  }

  #strange(status: number): UnreachableError {
    return new UnreachableError(
      `${this.#url} answered ${status}, and not as a coalesce daemon does; see "coalesce start"`,
    );
  }

  #exchange(
    method: string,
    path: string,
    { payload, signal, lines }: Exchange,
  ): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => {
        reject(signal?.aborted ? (signal.reason as Error) : this.#unreachable(error));
      };
      const outgoing = httpRequest(
        new URL(path, this.#url),
        {
          method,
          agent: this.#agent,
          headers: {
            authorization: `Bearer ${this.#token}`,
            ...(lines ? { accept: LINES_TYPE } : {}),
            ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
          },
          ...(signal ? { signal } : {}),
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let bytes = 0;
          incoming.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
            if (bytes > MAX_ANSWER_BYTES) incoming.destroy(new Error('The answer is too large'));
            else chunks.push(chunk);
            lines?.push(chunk);
          });
          incoming.on('error', fail);
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            resolve({ status: incoming.statusCode ?? 0, text });
          });
        },
      );
      outgoing.on('error', fail);
      outgoing.end(payload);
    });
  }

  #unreachable(cause: Error): UnreachableError {
    return new UnreachableError(
      `The daemon at ${this.#url} does not answer (${codeOf(cause)}); start it anew with "coalesce start", and the same --data`,
      { cause },
    );
  }
}

/** Options of a call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Told of what the daemon knows before the answer is whole. */
  readonly onProgress?: (progress: unknown) => void;
}

interface Exchange {
  readonly payload: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly lines: LineReader | undefined;
}

/** Reads an answer of several lines as it comes. */
class LineReader {
  readonly #onProgress: (progress: unknown) => void;
  readonly #decoder = new TextDecoder();
  #rest = '';

  constructor(onProgress: (progress: unknown) => void) {
    this.#onProgress = onProgress;
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const value = parseJson(line);
      const isProgress = typeof value === 'object' && value !== null && 'progress' in value;
      if (isProgress) this.#onProgress(value.progress);
    }
  }

  /** The line that says how it ended: of an error before the first line, the whole body. */
  last(text: string): string {
    return text.trimEnd().split('\n').at(-1) ?? '';
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
