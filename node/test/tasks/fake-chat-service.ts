/** A fake of an OpenAI-compatible service, on loopback, over real HTTP and server-sent events. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request, as it came. */
export interface Asked {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: {
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly [key: string]: unknown;
  };
  /** Resolves when the client's side of the connection is closed. */
  readonly closed: Promise<unknown>;
}

/** Answers one request; `turn` counts from 1. */
export type Answer = (response: ServerResponse, asked: Asked, turn: number) => void;

/** A running service. */
export interface FakeChatService {
  readonly baseUrl: string;
  readonly asked: readonly Asked[];
  /** Resolves with the next request. */
  next(): Promise<Asked>;
  close(): Promise<void>;
}

async function readBody(request: IncomingMessage): Promise<Asked['body']> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Asked['body'];
}

export async function startFakeChatService(answer: Answer): Promise<FakeChatService> {
  const asked: Asked[] = [];
  const waiting: ((one: Asked) => void)[] = [];
  const server = createServer((request, response) => {
    const closed = once(response, 'close');
    void readBody(request).then((body) => {
      const { url, headers } = request;
      const one = { url, authorization: headers.authorization, body, closed };
      asked.push(one);
      answer(response, one, asked.length);
      waiting.splice(0).forEach((tell) => tell(one));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** One event of a stream. */
export function event(value: unknown): string {
  return `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`;
}

/** One piece of an answer. */
export function delta(content: string | null, finishReason: string | null = null): unknown {
  return { choices: [{ index: 0, delta: { content }, finish_reason: finishReason }] };
}

/** Begins a stream. */
export function openStream(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
}

/** A whole stream: the text in single characters, the usage in a chunk of its own, the end. */
export function stream(
  response: ServerResponse,
  text: string,
  usage: { readonly input: number; readonly output: number } | null = { input: 100, output: 10 },
): void {
  openStream(response);
  response.write(event({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }));
  for (const character of text) response.write(event(delta(character)));
  response.write(event(delta(null, 'stop')));
  if (usage) {
    const { input, output } = usage;
    response.write(
      event({ choices: [], usage: { prompt_tokens: input, completion_tokens: output } }),
    );
  }
  response.end(event('[DONE]'));
}
