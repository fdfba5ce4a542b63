import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { configSchema } from '../config/schema.ts';
import { configuredEmbedder } from '../configured-embedder.ts';
import { BadInputError, UnreachableError } from '../errors.ts';
import { localEmbedder } from '../skills/embedding.ts';

let close: () => void = () => undefined;
afterEach(() => close());

/** A service that gives each text its length as a vector of two. */
async function service(status = 200): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const { input } = JSON.parse(body) as { input: string[] };
      const data = input.map((text, index) => ({ index, embedding: [text.length, 0] }));
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ data }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => server.close();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const embedderFor = (embedding: object) => configuredEmbedder(configSchema.parse({ embedding }));

describe('the configured embedder', () => {
  it('is the built-in one unless the configuration names a service', () => {
    expect(configuredEmbedder(configSchema.parse({}))).toBe(localEmbedder);
  });

  it('asks the service that is named, under the name that is given', async () => {
    const baseUrl = await service();
    const embedder = embedderFor({ provider: 'openai', baseUrl, model: 'small', modelId: 'm-2' });
    expect(embedder.modelId).toBe('m-2');
    const [vector] = await embedder.embed(['four']);
    expect([...vector!]).toEqual([1, 0]);
    expect(embedder.dimensions).toBe(2);
  });

  it('says that a service refused in words for a user', async () => {
    const baseUrl = await service(401);
    const embedder = embedderFor({ provider: 'openai', baseUrl, model: 'small' });
    const refused = embedder.embed(['four']);
    await expect(refused).rejects.toThrow(UnreachableError);
    await expect(refused).rejects.toThrow(/Embedding service: .*401/);
  });

  it('is bad input where the service or its key is missing', () => {
    const refusals = configSchema.safeParse({ embedding: { provider: 'openai' } });
    expect(refusals.error?.message).toContain('needs baseUrl and model');
    const named = { provider: 'openai', baseUrl: 'https://127.0.0.1/v1', model: 'm' };
    const keyless = { ...named, apiKeyVariable: 'COALESCE_TEST_NO_SUCH_KEY' };
    expect(() => embedderFor(keyless)).toThrow(BadInputError);
    expect(() => embedderFor(keyless)).toThrow(/COALESCE_TEST_NO_SUCH_KEY is not set/);
  });
});
