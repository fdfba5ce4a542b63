import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { utf8 } from '../../../crypto/bytes.ts';
import { RefusedError } from '../../errors.ts';
import { BYTES_TYPE, sendBytes } from '../../http-api/bytes-answer.ts';
import { ApiClient } from '../../http-api/client.ts';
import { ApiUnderTest, TOKEN } from './fake-agent-node.ts';

const PIECE = new Uint8Array(1_000_000);

/** Pieces of a megabyte without end, with a note of how many were taken and whether it ended. */
class EndlessPieces {
  taken = 0;
  readonly ended = Promise.withResolvers<void>();

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        this.taken += 1;
        yield await Promise.resolve(PIECE);
      }
    } finally {
      this.ended.resolve();
    }
  }
}

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function served(pieces: AsyncIterable<Uint8Array>, maxStallMs?: number): Promise<string> {
  const app = express();
  app.post('/', async (_request, response) => {
    await sendBytes(response, pieces, maxStallMs).catch(() => undefined);
  });
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function opened(url: string): Promise<IncomingMessage> {
  const outgoing = request(url, { method: 'POST' }).end();
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  incoming.on('error', () => undefined);
  return incoming;
}

describe('an answer of bytes', () => {
  it('is made no faster than its caller reads, and ends with the caller', async () => {
    const pieces = new EndlessPieces();
    const incoming = await opened(await served(pieces));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const taken = pieces.taken;
    expect(taken).toBeLessThan(50);
    incoming.resume();
    await expect.poll(() => pieces.taken).toBeGreaterThan(taken + 10);
    incoming.destroy();
    await expect(pieces.ended.promise).resolves.toBeUndefined();
  });

  it('is cut off from a caller that does not read', async () => {
    const pieces = new EndlessPieces();
    const incoming = await opened(await served(pieces, 100));
    await expect(pieces.ended.promise).resolves.toBeUndefined();
    incoming.destroy();
  });

  it('breaks off when its source fails, which the caller notices', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield utf8('begun');
      await new Promise((resolve) => setTimeout(resolve, 100)); // until that is sent
      throw new TypeError('the disk is gone');
    }
    const incoming = await opened(await served(failing()));
    const read = async () => {
      for await (const _piece of incoming) continue;
    };
    await expect(read()).rejects.toThrow('aborted');
  });
});

describe('POST /v1/backup', () => {
  let api: ApiUnderTest;
  let client: ApiClient;

  beforeEach(async () => {
    api = await ApiUnderTest.start();
    client = new ApiClient(api.api.url, TOKEN);
  });

  afterEach(async () => {
    client.close();
    await api.api.close(0);
  });

  const all = async (): Promise<string> => {
    let text = '';
    for await (const piece of client.download('/v1/backup')) text += Buffer.from(piece).toString();
    return text;
  };

  it('answers with the bytes, and with an error as every other route', async () => {
    api.node.answer = () => [utf8('one '), utf8('two')];
    expect(await all()).toBe('one two');
    api.node.answer = () => {
      throw new RefusedError('not now');
    };
    await expect(all()).rejects.toMatchObject({ code: 'REFUSED', message: 'not now' });
  });

  it('makes one copy at a time, and another once that one has ended', async () => {
    const pieces = new EndlessPieces();
    api.node.answer = () => pieces;
    const first = client.download('/v1/backup');
    await first.next();
    await expect(all()).rejects.toThrow('Another backup is being made');
    await first.return(undefined);
    await pieces.ended.promise;
    await new Promise((resolve) => setTimeout(resolve, 20));
    api.node.answer = () => [utf8('x')];
    expect(await all()).toBe('x');
  });

  it('wants the token', async () => {
    const stranger = new ApiClient(api.api.url, 'x'.repeat(43));
    await expect(stranger.download('/v1/backup').next()).rejects.toMatchObject({
      code: 'WRONG_TOKEN',
    });
    expect(api.node.calls).toEqual([]);
    stranger.close();
  });

  it('is no bytes for whoever is not a daemon', async () => {
    const app = express();
    app.post('/v1/backup', (_request, response) => void response.type('text').send('hello'));
    server = createServer(app).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const other = new ApiClient(`http://127.0.0.1:${port}`, TOKEN);
    await expect(other.download('/v1/backup').next()).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    expect(BYTES_TYPE).toBe('application/octet-stream');
    other.close();
  });
});
