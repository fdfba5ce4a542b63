import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server as TcpServer } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadInputError, UnreachableError } from '../../errors.ts';
import { ApiClient, ApiError, readDaemonInfo } from '../../http-api/client.ts';
import { ApiUnderTest, TOKEN } from './fake-agent-node.ts';

let path: string;
let servers: (Server | TcpServer)[] = [];
let client: ApiClient | undefined;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'coalesce-client-'));
});

afterEach(async () => {
  client?.close();
  client = undefined;
  for (const server of servers) server.close();
  servers = [];
  await rm(path, { recursive: true, force: true });
});

async function listen<S extends Server | TcpServer>(server: S): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function foreign(listener: RequestListener): Promise<ApiClient> {
  client = new ApiClient(await listen(createServer(listener)), TOKEN);
  return client;
}

async function failureOf(call: Promise<unknown>): Promise<Error> {
  const outcome: unknown = await call.then(
    () => 'no failure',
    (error: unknown) => error,
  );
  expect(outcome).toBeInstanceOf(Error);
  return outcome as Error;
}

describe('finding the daemon', () => {
  it('says that no daemon runs, exit code 4, and how to start one', async () => {
    const error = await failureOf(ApiClient.forDataDirectory(path));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error).toMatchObject({ code: 'UNREACHABLE', exitCode: 4 });
    expect(error.message).toContain(path);
    expect(error.message).toContain('coalesce start');
  });

  it.each(['', '{', 'null', '[]', '{"pid":1}', '{"pid":"1","url":"x","peerId":"y"}'])(
    'takes a damaged daemon.json for none: %s',
    async (text) => {
      await writeFile(join(path, 'daemon.json'), text);
      expect(await failureOf(readDaemonInfo(path))).toBeInstanceOf(UnreachableError);
    },
  );

  it('says so if the token cannot be read', async () => {
    const info = { pid: 1, url: 'http://127.0.0.1:1', peerId: 'x' };
    await writeFile(join(path, 'daemon.json'), JSON.stringify(info));
    const error = await failureOf(ApiClient.forDataDirectory(path));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toMatch(/token: cannot be read \(ENOENT\)/);
  });

  it('says so if the daemon has gone and left its file', async () => {
    const server = createTcpServer();
    const url = await listen(server);
    server.close();
    const info = { pid: 1, url, peerId: 'x' };
    await writeFile(join(path, 'daemon.json'), JSON.stringify(info));
    await writeFile(join(path, 'token'), `${TOKEN}\n`);
    client = await ApiClient.forDataDirectory(path);
    const error = await failureOf(client.get('/v1/status'));
    expect(error).toMatchObject({ exitCode: 4 });
    expect(error.message).toMatch(/does not answer \(ECONNREFUSED\)/);
  });
});

describe('talking to the daemon', () => {
  let test: ApiUnderTest;
  beforeEach(async () => {
    test = await ApiUnderTest.start();
    client = new ApiClient(test.api.url, TOKEN);
  });
  afterEach(() => test.api.close(0));

  it('gets, posts and deletes', async () => {
    test.node.answer = (method) => ({ method });
    expect(await client!.get('/v1/status')).toEqual({ method: 'status' });
    expect(await client!.post('/v1/skills', {})).toEqual({ method: 'publishSkills' });
    expect(await client!.delete('/v1/skills/performs%3Ax')).toEqual({ method: 'withdrawSkill' });
  });

  it('throws what the daemon reports, with code, problems and exit code', async () => {
    test.node.answer = () => Promise.reject(new BadInputError('bad', { problems: ['a', 'b'] }));
    const error = await failureOf(client!.get('/v1/status'));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      code: 'BAD_INPUT',
      message: 'bad',
      problems: ['a', 'b'],
      exitCode: 2,
      httpStatus: 400,
    });
  });

  it('throws the refusal of a wrong token', async () => {
    const other = new ApiClient(test.api.url, 'x'.repeat(43));
    expect(await failureOf(other.get('/v1/status'))).toMatchObject({
      code: 'WRONG_TOKEN',
      exitCode: 1,
    });
    other.close();
  });

  it('ends a call with the reason of its signal', async () => {
    test.node.answer = () => new Promise(() => undefined);
    const controller = new AbortController();
    const call = failureOf(client!.get('/v1/status', { signal: controller.signal }));
    controller.abort(new Error('enough'));
    expect((await call).message).toBe('enough');
  });
});

describe('a foreign server on the port', () => {
  it.each([
    ['HTML with 200', 200, 'text/html', '<html></html>'],
    ['nothing with 200', 200, 'text/plain', ''],
    ['a JSON text with 200', 200, 'application/json', '"hello"'],
    ['JSON null with 200', 200, 'application/json', 'null'],
    ['a redirection', 302, 'text/html', ''],
    ['JSON with 302', 302, 'application/json', '{}'],
    ['HTML with 404', 404, 'text/html', '<html></html>'],
    ['another error format with 500', 500, 'application/json', '{"error":"x"}'],
    [
      'an exit code out of range',
      400,
      'application/json',
      '{"error":{"code":"X","message":"m","problems":[],"exitCode":77}}',
    ],
  ])('gives a clear error: %s', async (_what, status, type, text) => {
    const stranger = await foreign((_request, response) => {
      response.writeHead(status, { 'content-type': type }).end(text);
    });
    const error = await failureOf(stranger.get('/v1/status'));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toContain('not as a coalesce daemon does');
    expect(error.message).not.toContain(TOKEN);
  });

  it('gives a clear error: no HTTP', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('SSH-2.0-OpenSSH_9.0\r\n');
    });
    client = new ApiClient(await listen(server), TOKEN);
    const error = await failureOf(client.get('/v1/status'));
    expect(error).toBeInstanceOf(UnreachableError);
    expect(error.message).toContain('does not answer');
  });

  it('gives a clear error: an answer that breaks off', async () => {
    const stranger = await foreign((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{');
      setImmediate(() => response.destroy());
    });
    expect(await failureOf(stranger.get('/v1/status'))).toBeInstanceOf(UnreachableError);
  });
});

describe('a call that is told of progress', () => {
  let test: ApiUnderTest;
  beforeEach(async () => {
    test = await ApiUnderTest.start();
    client = new ApiClient(test.api.url, TOKEN);
  });
  afterEach(() => test.api.close(0));

  const ask = (told: unknown[], body: object = { query: 'performs:nlp' }) =>
    client!.post<object>('/v1/query', body, { onProgress: (hit) => told.push(hit) });

  it('hears of the first hit before the answer is there', async () => {
    const gate = Promise.withResolvers<object>();
    test.node.answer = (_, [, , onFirstHit]) => {
      (onFirstHit as (hit: object) => void)({ peerId: 'é first' });
      return gate.promise;
    };
    const told: unknown[] = [];
    const answer = ask(told);
    await expect.poll(() => told).toEqual([{ peerId: 'é first' }]);
    gate.resolve({ hits: [1, 2] });
    expect(await answer).toEqual({ hits: [1, 2] });
  });

  it('gets the plain answer where nothing was found, and refusals as ever', async () => {
    test.node.answer = () => ({ hits: [] });
    const told: unknown[] = [];
    expect(await ask(told)).toEqual({ hits: [] });
    expect(await failureOf(ask(told, { query: '' }))).toMatchObject({ httpStatus: 400 });
    expect(told).toEqual([]);
  });

  it('gets an error that comes after the first hit, with its code', async () => {
    test.node.answer = (_, [, , onFirstHit]) => {
      (onFirstHit as (hit: object) => void)({});
      throw new BadInputError('no such model');
    };
    const error = await failureOf(ask([]));
    expect(error).toMatchObject({ code: 'BAD_INPUT', message: 'no such model', exitCode: 2 });
  });
});
