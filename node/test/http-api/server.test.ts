import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BadInputError, NothingFoundError, RefusedError, UnreachableError } from '../../errors.ts';
import { MAX_BODY_BYTES, startHttpApi } from '../../http-api/server.ts';
import { silentLogger } from '../../logger.ts';
import { ApiUnderTest, TOKEN } from './fake-agent-node.ts';
import type { Answer } from './fake-agent-node.ts';

let test: ApiUnderTest;

beforeEach(async () => {
  test = await ApiUnderTest.start();
});

afterEach(async () => {
  await test.api.close(0);
});

/** The error of an answer; fails unless it has the form that the CLI reads. */
function errorOf({ json }: Answer): {
  code: string;
  message: string;
  problems: string[];
  exitCode: number;
} {
  const { error } = json as { error: ReturnType<typeof errorOf> };
  expect(Object.keys(error).sort()).toEqual(['code', 'exitCode', 'message', 'problems']);
  return error;
}

describe('token', () => {
  it('lets a request with the token through', async () => {
    test.node.answer = () => ({ name: 'x' });
    const answer = await test.ask('/v1/status');
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ name: 'x' });
  });

  it.each([
    ['no token', null],
    ['an empty token', ''],
    ['another token of the same length', 'U'.repeat(43)],
    ['a part of the token', TOKEN.slice(1)],
    ['a longer token', `${TOKEN}T`],
    ['a token that is not ASCII', 'ä'.repeat(20)],
  ])('answers 401 to %s, and asks the node nothing', async (_what, token) => {
    const answer = await test.ask('/v1/status', { token });
    expect(answer.status).toBe(401);
    expect(errorOf(answer).code).toBe('WRONG_TOKEN');
    expect(test.node.calls).toEqual([]);
  });

  it('is wanted for unknown routes too, so that nobody can list the routes', async () => {
    expect((await test.ask('/v1/nothing', { token: null })).status).toBe(401);
  });

  it('is checked before a body is read', async () => {
    const answer = await test.ask('/v1/query', { method: 'POST', body: '{', token: null });
    expect(answer.status).toBe(401);
  });

  it('is never in an answer or in the log', async () => {
    const answers = [
      await test.ask('/v1/status', { token: TOKEN.slice(1) }),
      await test.ask('/v1/nothing'),
      await test.ask('/v1/query', { method: 'POST', body: '{' }),
    ];
    expect(JSON.stringify([answers, test.logger.lines])).not.toContain(TOKEN);
  });
});

describe('Host header (DNS rebinding)', () => {
  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'evil.example#127.0.0.1',
    '127.0.0.2',
    '0.0.0.0',
    '[::]',
    '192.168.0.1',
    'localhost:999999',
    'user@localhost',
  ])('answers 403 to "%s" even with the right token', async (host) => {
    for (const path of ['/v1/status', '/healthz', '/readyz', '/']) {
      const answer = await test.ask(path, { headers: { host } });
      expect(answer.status).toBe(403);
      expect(errorOf(answer).code).toBe('WRONG_HOST');
    }
    expect(test.node.calls).toEqual([]);
  });

  it('answers 403 to a request without the header', async () => {
    const socket = connect(Number(new URL(test.api.url).port), '127.0.0.1');
    socket.write(`GET /v1/status HTTP/1.0\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
    expect(test.node.calls).toEqual([]);
  });

  it.each(['127.0.0.1', 'localhost', '[::1]', 'localhost:1234', '127.0.0.1:65535'])(
    'takes "%s"',
    async (host) => {
      expect((await test.ask('/v1/status', { headers: { host } })).status).toBe(200);
    },
  );

  it('gives no other origin leave to read an answer', async () => {
    const headers = { origin: 'https://evil.example' };
    const answer = await test.ask('/v1/status', { headers });
    expect(Object.keys(answer.headers).join()).not.toContain('access-control');
  });
});

describe('health and readiness', () => {
  it('need no token', async () => {
    const answer = await test.ask('/healthz', { token: null });
    expect([answer.status, answer.json]).toEqual([200, { healthy: true }]);
  });

  it('are two things: a node that is not ready is healthy', async () => {
    test.isReady = false;
    expect((await test.ask('/healthz', { token: null })).status).toBe(200);
    const answer = await test.ask('/readyz', { token: null });
    expect([answer.status, answer.json]).toEqual([503, { ready: false }]);
    test.isReady = true;
    expect((await test.ask('/readyz', { token: null })).status).toBe(200);
  });
});

describe('routes', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/v1'],
    ['GET', '/v1/nothing'],
    ['PUT', '/v1/status'],
    ['DELETE', '/v1/skills'],
    ['GET', '/v1/../v1/nothing'],
  ])('answers JSON 404 to %s %s', async (method, path) => {
    const answer = await test.ask(path, { method });
    expect(answer.status).toBe(404);
    expect(errorOf(answer).code).toBe('NO_ROUTE');
  });

  it('does not name the server software', async () => {
    const { headers } = await test.ask('/v1/status');
    expect(headers['x-powered-by']).toBeUndefined();
  });

  it('answers 400 to a path that is not well-formed', async () => {
    const answer = await test.ask('/v1/decisions/%E0%A4%A');
    expect(answer.status).toBe(400);
    expect(errorOf(answer)).toMatchObject({ code: 'BAD_INPUT', exitCode: 2 });
  });

  it('answers the stop before it stops', async () => {
    const answer = await test.ask('/v1/stop', { method: 'POST' });
    expect(answer.json).toEqual({ stopping: true });
    expect(test.stops).toBe(1);
  });
});

describe('bodies', () => {
  it('answers 413 in JSON to a body above the limit', async () => {
    const body = Buffer.alloc(MAX_BODY_BYTES + 1, ' ');
    const answer = await test.ask('/v1/query', { method: 'POST', body });
    expect(answer.status).toBe(413);
    expect(errorOf(answer)).toMatchObject({ code: 'BAD_INPUT', exitCode: 2 });
    expect(errorOf(answer).message).toContain(String(MAX_BODY_BYTES));
    expect(test.node.calls).toEqual([]);
  });

  it('takes a body of the limit', async () => {
    const document = '{"query":"performs:nlp/sentiment"}';
    const body = document.padEnd(MAX_BODY_BYTES, ' ');
    expect((await test.ask('/v1/query', { method: 'POST', body })).status).toBe(200);
  });

  it.each(['{', '{"query":}', '"text"', '3', 'null', '\u0000', '{"a":1}{"b":2}'])(
    'answers 400 in JSON to the body %j',
    async (body) => {
      const answer = await test.ask('/v1/query', { method: 'POST', body });
      expect(answer.status).toBe(400);
      expect(errorOf(answer)).toMatchObject({ code: 'BAD_INPUT', exitCode: 2 });
      expect(test.node.calls).toEqual([]);
    },
  );

  it('answers 400 to a body of another media type', async () => {
    const headers = { 'content-type': 'text/plain' };
    const body = '{"query":"performs:nlp/sentiment"}';
    const answer = await test.ask('/v1/query', { method: 'POST', body, headers });
    expect(answer.status).toBe(400);
    expect(errorOf(answer).code).toBe('BAD_INPUT');
  });

  it('answers 415 to a compressed body that claims another coding', async () => {
    const headers = { 'content-encoding': 'zstd-unknown' };
    const answer = await test.ask('/v1/query', { method: 'POST', body: '{}', headers });
    expect(answer.status).toBe(415);
    expect(errorOf(answer).exitCode).toBe(2);
  });
});

describe('failures of the node', () => {
  it('hides message and stack of an unexpected error, and logs it', async () => {
    test.node.answer = () => {
      throw new Error('the secret seed is 42');
    };
    const answer = await test.ask('/v1/status');
    expect(answer.status).toBe(500);
    expect(errorOf(answer)).toMatchObject({ code: 'INTERNAL', problems: [], exitCode: 1 });
    expect(answer.text).not.toMatch(/secret|seed|\.ts|at /);
    expect(test.errorLines).toHaveLength(1);
    expect(test.errorLines[0]!.fields).toMatchObject({ err: { message: 'the secret seed is 42' } });
  });

  it('treats a rejection and a thrown value like a thrown error', async () => {
    test.node.answer = () => Promise.reject(new TypeError('secret'));
    expect((await test.ask('/v1/status')).status).toBe(500);
    test.node.answer = () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error
      throw 'secret';
    };
    const answer = await test.ask('/v1/peers');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
  });

  it('does not take an error with a status for a fault of the body', async () => {
    test.node.answer = () => {
      throw Object.assign(new Error('secret'), { status: 400, type: 'secret' });
    };
    const answer = await test.ask('/v1/status');
    expect(answer.status).toBe(500);
    expect(errorOf(answer).code).toBe('INTERNAL');
  });

  it.each([
    [new BadInputError('bad', { problems: ['a', 'b'] }), 400, 'BAD_INPUT', 2],
    [new NothingFoundError('none'), 404, 'NOTHING_FOUND', 3],
    [new UnreachableError('far'), 503, 'UNREACHABLE', 4],
    [new RefusedError('no'), 422, 'REFUSED', 1],
  ])('reports %s with its status, code and exit code', async (error, status, code, exitCode) => {
    test.node.answer = () => Promise.reject(error);
    const answer = await test.ask('/v1/status');
    expect(answer.status).toBe(status);
    expect(errorOf(answer)).toEqual({
      code,
      message: error.message,
      problems: error.problems,
      exitCode,
    });
    expect(test.errorLines).toEqual([]);
  });
});

describe('hanging up', () => {
  it('aborts the signal that the node was handed', async () => {
    const signal = Promise.withResolvers<AbortSignal>();
    test.node.answer = (_method, args) => {
      signal.resolve(args.at(-1) as AbortSignal);
      return new Promise(() => undefined);
    };
    const { hostname, port } = new URL(test.api.url);
    const body = '{"query":"performs:nlp/sentiment"}';
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
    const outgoing = request({ hostname, port, path: '/v1/query', method: 'POST', headers });
    outgoing.on('error', () => undefined);
    outgoing.end(body);
    const handed = await signal.promise;
    expect(handed.aborted).toBe(false);
    outgoing.destroy();
    await vi.waitFor(() => expect(handed.aborted).toBe(true));
  });

  it('leaves the signal alone when the answer was sent', async () => {
    await test.post('/v1/query', { query: 'performs:nlp/sentiment' });
    const handed = test.node.calls[0]!.args.at(-1) as AbortSignal;
    expect(handed).toBeInstanceOf(AbortSignal);
    expect(handed.aborted).toBe(false);
  });

  it('survives a caller that breaks off in the middle of a body', async () => {
    const { port } = new URL(test.api.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(
      `POST /v1/query HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TOKEN}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"que',
    );
    socket.end();
    await new Promise((resolve) => socket.on('close', resolve).resume());
    expect((await test.ask('/healthz')).status).toBe(200);
  });
});

describe('start and end', () => {
  it('says which port is taken', async () => {
    const { port } = new URL(test.api.url);
    const second = startHttpApi({
      host: '127.0.0.1',
      port: Number(port),
      token: TOKEN,
      isReady: () => true,
      metrics: () => 'coalesce_up 1\n',
      groups: [],
      logger: silentLogger,
    });
    await expect(second).rejects.toThrow(BadInputError);
    await expect(second).rejects.toThrow(`http.port ${port}: cannot listen on 127.0.0.1`);
    await expect(second).rejects.toThrow('EADDRINUSE');
  });

  it('ends although a caller keeps a connection open', async () => {
    const { hostname, port } = new URL(test.api.url);
    const agent = new Agent({ keepAlive: true });
    await new Promise((resolve) => {
      request({ hostname, port, path: '/healthz', agent }, (incoming) => {
        incoming.on('end', resolve).resume();
      }).end();
    });
    await test.api.close(60_000);
    await expect(test.ask('/healthz')).rejects.toThrow('ECONNREFUSED');
    agent.destroy();
  });

  it('cuts a call off that outlasts the grace', async () => {
    test.node.answer = () => new Promise(() => undefined);
    const call = test.ask('/v1/status').catch((error: unknown) => error);
    await vi.waitFor(() => expect(test.node.calls).toHaveLength(1));
    await test.api.close(0);
    expect(await call).toBeInstanceOf(Error);
  });
});
