/**
 * The page's way to the API: the session, calls, answers of several lines.
 *
 * @module
 */

import type { EventDocument, RunRecordDocument } from '../../activity-documents.ts';

const KEY = 'coalesce-page-key';
const LINES_TYPE = 'application/x-ndjson';
const RECONNECT_MS = 2_000;

/** A refusal as the API words it. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly code: string;
  readonly problems: readonly string[];

  constructor(code: string, message: string, problems: readonly string[]) {
    super(message);
    this.code = code;
    this.problems = problems;
  }
}

interface ErrorBody {
  readonly error: { code: string; message: string; problems: string[] };
}

async function problemOf(response: Response): Promise<ApiProblem> {
  try {
    const { error } = (await response.json()) as ErrorBody;
    return new ApiProblem(error.code, error.message, error.problems);
  } catch {
    return new ApiProblem('INTERNAL', `The node answered ${response.status}`, []);
  }
}

/** Trades the token of the address for a session. Without one an open session goes on. */
export async function openSession(): Promise<void> {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (token === undefined) return;
  // Before anything else: it must not stay in the address or the history.
  history.replaceState(null, '', `${location.pathname}#/`);
  const response = await fetch('session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (!response.ok) throw await problemOf(response);
  const { key } = (await response.json()) as { key: string };
  sessionStorage.setItem(KEY, key);
}

interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: unknown) => void;
}

async function ask(
  path: string,
  body: unknown,
  { signal, onProgress }: CallOptions,
): Promise<Response> {
  const response = await fetch(`/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'x-coalesce-page': sessionStorage.getItem(KEY) ?? '',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(onProgress ? { accept: LINES_TYPE } : {}),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal ? { signal } : {}),
  });
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function get<Result>(path: string, options: CallOptions = {}): Promise<Result> {
  return (await (await ask(path, undefined, options)).json()) as Result;
}

/** With `onProgress` the answer comes in lines, of which the last is the result. */
export async function post<Result>(
  path: string,
  body: unknown,
  options: CallOptions = {},
): Promise<Result> {
  const response = await ask(path, body, options);
  if (!options.onProgress) return (await response.json()) as Result;
  let result: Result | undefined;
  for await (const line of linesOf(response)) {
    if ('error' in line) {
      const { code, message, problems } = (line as ErrorBody).error;
      throw new ApiProblem(code, message, problems);
    }
    if ('result' in line) result = line.result as Result;
    else if ('progress' in line) options.onProgress(line.progress);
  }
  if (result === undefined) throw new ApiProblem('INTERNAL', 'The node broke its answer off', []);
  return result;
}

async function* linesOf(response: Response): AsyncGenerator<object> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    const lines = (rest + (value ?? '')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield JSON.parse(line) as object;
    if (done) return;
  }
}

/** Told of the node's life, for as long as the page is open. */
export interface EventListeners {
  readonly onClock: (atMs: number) => void;
  readonly onRun: (run: RunRecordDocument) => void;
  readonly onConnected: (isConnected: boolean) => void;
}

/** Follows the node's events, and comes back where the stream breaks. */
export async function followEvents(listeners: EventListeners): Promise<never> {
  for (;;) {
    try {
      const response = await ask('/events', undefined, {});
      listeners.onConnected(true);
      for await (const line of linesOf(response)) {
        const { progress } = line as { progress: EventDocument };
        if (progress.type === 'run') listeners.onRun(progress.run);
        else listeners.onClock(progress.atMs);
      }
    } catch {
      // The node is gone, or the session has ended: the next call of a view says which.
    }
    listeners.onConnected(false);
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
  }
}
