import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  EmbeddingServiceError,
  MAX_ANSWER_BYTES,
  MAX_BATCH_TEXTS,
  MAX_DIMENSIONS,
  OpenAiEmbedder,
} from '../../skills/openai-embedder.ts';
import type { OpenAiEmbedderInit } from '../../skills/openai-embedder.ts';

interface Asked {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: { model: string; input: string[]; dimensions?: number };
}

type Answer = (response: ServerResponse, asked: Asked, turn: number) => void;

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

async function readBody(request: IncomingMessage): Promise<Asked['body']> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return JSON.parse(text) as Asked['body'];
}

/** A fake service on loopback, and what it was asked. */
async function startFakeService(answer: Answer): Promise<{ baseUrl: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { url, headers } = request;
      asked.push({ url, authorization: headers.authorization, body });
      answer(response, asked.at(-1)!, asked.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, asked };
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
}

/** Answers with vectors that point along the length of each text, in reversed order. */
const lengths: Answer = (response, { body }) => {
  const data = body.input.map((text, index) => ({ index, embedding: [text.length, 0, 0] }));
  json(response, { data: data.toReversed() });
};

function embedderOf(
  init: Partial<OpenAiEmbedderInit> & { baseUrl: string },
  environment: Record<string, string> = {},
  waits: number[] = [],
): OpenAiEmbedder {
  return new OpenAiEmbedder(
    { model: 'text-model', ...init },
    {
      request: fetch,
      wait: (durationMs) => {
        waits.push(durationMs);
        return Promise.resolve();
      },
      environment,
    },
  );
}

async function failureOf(work: Promise<unknown>): Promise<EmbeddingServiceError> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(EmbeddingServiceError);
  return failure as EmbeddingServiceError;
}

describe('an embedder behind an OpenAI-compatible service', () => {
  it('sends the texts with model and key, and gives unit vectors in the order asked', async () => {
    const { baseUrl, asked } = await startFakeService(lengths);
    const environment = { MY_KEY: 'secret-1' };
    const embedder = embedderOf(
      { baseUrl, modelId: 'mine', apiKeyVariable: 'MY_KEY' },
      environment,
    );
    expect(embedder.dimensions).toBe(0);
    const vectors = await embedder.embed(['one', 'three']);
    expect(vectors).toEqual([Float32Array.of(1, 0, 0), Float32Array.of(1, 0, 0)]);
    expect(embedder).toMatchObject({ dimensions: 3, modelId: 'mine' });
    expect(asked).toMatchObject([
      {
        url: '/v1/embeddings',
        authorization: 'Bearer secret-1',
        body: { model: 'text-model', input: ['one', 'three'] },
      },
    ]);
  });

  it('sends many texts in batches, and an empty one not at all', async () => {
    const { baseUrl, asked } = await startFakeService(lengths);
    const texts = Array.from({ length: MAX_BATCH_TEXTS + 2 }, (_, i) => (i === 1 ? ' ' : `t${i}`));
    const vectors = await embedderOf({ baseUrl }).embed(texts);
    expect(asked.map(({ body }) => body.input.length)).toEqual([MAX_BATCH_TEXTS, 1]);
    expect(vectors[1]).toEqual(new Float32Array(3));
    expect(vectors.at(-1)).toEqual(Float32Array.of(1, 0, 0));
  });

  it('tries again after an overload and gives up after the last try', async () => {
    const waits: number[] = [];
    const recovering = await startFakeService((response, asked, turn) => {
      if (turn < 3) response.writeHead(turn === 1 ? 429 : 503).end();
      else lengths(response, asked, turn);
    });
    const embedder = embedderOf({ baseUrl: recovering.baseUrl }, {}, waits);
    expect(await embedder.embed(['x'])).toHaveLength(1);
    expect(waits).toEqual([500, 1000]);
    const down = await startFakeService((response) => response.writeHead(500).end());
    const failure = await failureOf(embedderOf({ baseUrl: down.baseUrl }).embed(['x']));
    expect(failure).toMatchObject({ code: 'REFUSED', details: { status: 500 } });
    expect(down.asked).toHaveLength(3);
  });

  it('does not repeat what was refused for good, and its message holds no key', async () => {
    const { baseUrl, asked } = await startFakeService((response) => {
      response.writeHead(401).end('bad key secret-1');
    });
    const embedder = embedderOf({ baseUrl, apiKeyVariable: 'K' }, { K: 'secret-1' });
    const failure = await failureOf(embedder.embed(['x']));
    expect(failure).toMatchObject({ code: 'REFUSED', details: { status: 401 } });
    expect(failure.message).toContain('check the key');
    expect(JSON.stringify([failure, failure.message])).not.toContain('secret-1');
    expect(asked).toHaveLength(1);
  });

  it('gives up on a service that does not answer in time', async () => {
    const { baseUrl } = await startFakeService(() => undefined);
    const embedder = embedderOf({ baseUrl, timeoutMs: 50, tries: 2 });
    expect((await failureOf(embedder.embed(['x']))).code).toBe('TIMED_OUT');
  });

  it('stops at once when the caller gives up', async () => {
    const { baseUrl, asked } = await startFakeService(() => undefined);
    const caller = new AbortController();
    const work = embedderOf({ baseUrl }).embed(['x'], { signal: caller.signal });
    caller.abort(new Error('no longer wanted'));
    await expect(work).rejects.toThrow('no longer wanted');
    expect(asked.length).toBeLessThanOrEqual(1);
  });

  it('says that nothing listens', async () => {
    const { baseUrl } = await startFakeService(lengths);
    await Promise.all(closing.splice(0).map((close) => close()));
    expect((await failureOf(embedderOf({ baseUrl }).embed(['x']))).code).toBe('UNREACHABLE');
  });

  it('reads no more of an endless answer than its bound', async () => {
    const { baseUrl } = await startFakeService((response) => {
      response.write('{"data":[');
      response.end(' '.repeat(MAX_ANSWER_BYTES));
    });
    expect((await failureOf(embedderOf({ baseUrl }).embed(['x']))).code).toBe('TOO_LARGE');
  });

  it('takes the key to no other host: a redirect is not followed', async () => {
    const other = await startFakeService(lengths);
    const { baseUrl } = await startFakeService((response) => {
      response.writeHead(307, { location: `${other.baseUrl}/embeddings` }).end();
    });
    const embedder = embedderOf({ baseUrl, apiKeyVariable: 'K' }, { K: 'secret-1' });
    expect((await failureOf(embedder.embed(['x']))).code).toBe('UNREACHABLE');
    expect(other.asked).toEqual([]);
  });

  it.each([
    ['no JSON', 'hello'],
    ['no list', '{}'],
    ['too few', '{"data":[]}'],
    ['too many', '{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1]}]}'],
    ['another index', '{"data":[{"index":3,"embedding":[1]}]}'],
    ['no numbers', '{"data":[{"index":0,"embedding":["1"]}]}'],
    ['infinite numbers', '{"data":[{"index":0,"embedding":[1e999]}]}'],
    ['an empty vector', '{"data":[{"index":0,"embedding":[]}]}'],
    [
      'too large a vector',
      JSON.stringify({ data: [{ index: 0, embedding: new Array(MAX_DIMENSIONS + 1).fill(1) }] }),
    ],
  ])('refuses an answer with %s', async (_, answer) => {
    const { baseUrl } = await startFakeService((response) => response.end(answer));
    expect((await failureOf(embedderOf({ baseUrl }).embed(['x']))).code).toBe('BAD_ANSWER');
  });

  it('keeps to the number of dimensions of the first answer, or of the config', async () => {
    const { baseUrl, asked } = await startFakeService((response, _, turn) => {
      json(response, { data: [{ index: 0, embedding: new Array(turn).fill(1) }] });
    });
    const embedder = embedderOf({ baseUrl });
    await embedder.embed(['x']);
    expect((await failureOf(embedder.embed(['x']))).code).toBe('WRONG_DIMENSIONS');
    expect(embedder.dimensions).toBe(1);
    const configured = embedderOf({ baseUrl, dimensions: 7 });
    expect((await failureOf(configured.embed(['x']))).code).toBe('WRONG_DIMENSIONS');
    expect(asked.at(-1)!.body.dimensions).toBe(7);
  });

  it('keeps the direction of very large and very small numbers', async () => {
    const { baseUrl } = await startFakeService((response) =>
      json(response, {
        data: [
          { index: 0, embedding: [3e300, 4e300] },
          { index: 1, embedding: [0, 0] },
        ],
      }),
    );
    const [large, zero] = await embedderOf({ baseUrl }).embed(['x', 'y']);
    expect(large).toEqual(Float32Array.of(0.6, 0.8));
    expect(zero).toEqual(Float32Array.of(0, 0));
  });

  it('refuses a config that cannot work before anything is sent', () => {
    const codeOf = (init: Partial<OpenAiEmbedderInit> & { baseUrl: string }) => {
      try {
        embedderOf(init);
        return undefined;
      } catch (error) {
        return (error as EmbeddingServiceError).code;
      }
    };
    const baseUrl = 'https://models.example/v1';
    expect(codeOf({ baseUrl })).toBeUndefined();
    expect(codeOf({ baseUrl: 'models.example' })).toBe('BAD_CONFIG');
    expect(codeOf({ baseUrl: 'ftp://models.example' })).toBe('BAD_CONFIG');
    expect(codeOf({ baseUrl: 'https://user:pass@models.example' })).toBe('BAD_CONFIG');
    expect(codeOf({ baseUrl: 'http://models.example', apiKeyVariable: 'K' })).toBe('BAD_CONFIG');
    expect(codeOf({ baseUrl: 'http://127.0.0.1.example', apiKeyVariable: 'K' })).toBe('BAD_CONFIG');
    expect(codeOf({ baseUrl, apiKeyVariable: 'K' })).toBe('NO_KEY');
    expect(codeOf({ baseUrl, modelId: 'with space' })).toBe('BAD_CONFIG');
    expect(codeOf({ baseUrl, dimensions: MAX_DIMENSIONS + 1 })).toBe('BAD_CONFIG');
  });
});
