import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ApiUnderTest, TOKEN } from '../http-api/fake-agent-node.ts';
import type { Answer } from '../http-api/fake-agent-node.ts';

let test: ApiUnderTest;

beforeEach(async () => {
  test = await ApiUnderTest.start();
});

afterEach(async () => {
  await test.api.close(0);
});

const codeOf = ({ json }: Answer): string => (json as { error: { code: string } }).error.code;

async function newToken(): Promise<string> {
  const { json } = await test.post('/v1/dashboard', {});
  const { url } = json as { url: string };
  expect(url.startsWith(`${test.api.url}/dashboard/#token=`)).toBe(true);
  return url.slice(url.indexOf('=') + 1);
}

const trade = (token: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  test.ask('/dashboard/session', {
    method: 'POST',
    token: null,
    body: JSON.stringify({ token }),
    headers,
  });

interface Session {
  readonly cookie: string;
  readonly 'x-coalesce-page': string;
}

async function openSession(): Promise<Session> {
  const answer = await trade(await newToken());
  expect(answer.status).toBe(200);
  const [cookie] = answer.headers['set-cookie']!;
  return {
    cookie: cookie!.split(';')[0]!,
    'x-coalesce-page': (answer.json as { key: string }).key,
  };
}

const as = (
  session: object,
  path: string,
  method = 'GET',
  more: Record<string, string> = {},
): Promise<Answer> =>
  test.ask(path, {
    method,
    token: null,
    headers: { ...session, ...more },
    ...(method === 'POST' ? { body: '{}' } : {}),
  });

describe('the link', () => {
  it('is given to the owner of the token alone', async () => {
    const session = await openSession();
    expect((await as(session, '/v1/dashboard', 'POST')).status).toBe(401);
    expect((await test.ask('/v1/dashboard', { method: 'POST', token: null })).status).toBe(401);
  });

  it('sets a cookie that no script and no other site can use', async () => {
    const answer = await trade(await newToken());
    const [cookie] = answer.headers['set-cookie']!;
    expect(cookie).toMatch(/^coalesce-\d+=[\w-]{43}; HttpOnly; SameSite=Strict; Path=\/v1$/);
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('is refused the second time (stolen link)', async () => {
    const token = await newToken();
    expect((await trade(token)).status).toBe(200);
    const again = await trade(token);
    expect([again.status, codeOf(again)]).toEqual([422, 'REFUSED']);
    expect(again.headers['set-cookie']).toBeUndefined();
  });

  it.each([undefined, null, 5, '', 'x', 'x'.repeat(500), { a: 1 }])(
    'is refused if it is %j',
    async (token) => {
      const answer = await trade(token);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
    },
  );

  it('is not read beyond the size of a token', async () => {
    const answer = await trade('x'.repeat(2_000));
    expect([answer.status, codeOf(answer)]).toEqual([413, 'BAD_INPUT']);
    expect(answer.text).toContain('1024 bytes');
  });

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'http://127.0.0.1:1' },
    { origin: 'null' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site' },
  ])('is not traded for another page, and stays good: %j', async (headers) => {
    const token = await newToken();
    expect((await trade(token, headers)).status).toBe(422);
    expect((await trade(token, { origin: test.api.url })).status).toBe(200);
  });
});

describe('a session', () => {
  it('reads what the node shows', async () => {
    test.node.answer = () => ({ name: 'x' });
    const answer = await as(await openSession(), '/v1/status');
    expect([answer.status, answer.json]).toEqual([200, { name: 'x' }]);
  });

  it.each(['/v1/query', '/v1/decide', '/v1/plan', '/v1/run', '/v1/decisions/a/replay'])(
    'may ask: POST %s',
    async (path) => {
      expect((await as(await openSession(), path, 'POST')).status).not.toBe(401);
    },
  );

  it.each([
    ['POST', '/v1/stop'],
    ['POST', '/v1/skills'],
    ['DELETE', '/v1/skills/performs%3Anlp'],
    ['POST', '/v1/ledger/transfer'],
    ['POST', '/v1/ledger/pay-out'],
    ['POST', '/v1/certificates'],
    ['POST', '/v1/certificates/a/revoke'],
    ['POST', '/v1/attest'],
    ['POST', '/v1/runs/a/resume'],
    ['POST', '/v1/decisions/a/b/replay'],
    ['POST', '/v1/run/'],
  ])('may not do what only the token may: %s %s', async (method, path) => {
    const answer = await as(await openSession(), path, method);
    expect([answer.status, codeOf(answer)]).toEqual([401, 'WRONG_TOKEN']);
    expect(test.node.calls).toEqual([]);
    expect(test.stops).toBe(0);
  });

  it('is nothing by its cookie alone, which other ports of the machine are sent', async () => {
    const { cookie } = await openSession();
    expect((await as({ cookie }, '/v1/status')).status).toBe(401);
    expect((await as({ cookie, 'x-coalesce-page': '' }, '/v1/status')).status).toBe(401);
  });

  it('is nothing by its key alone', async () => {
    const { 'x-coalesce-page': key } = await openSession();
    expect((await as({ 'x-coalesce-page': key }, '/v1/status')).status).toBe(401);
  });

  it.each([
    { origin: 'https://evil.example' },
    { origin: 'http://localhost:1' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
  ])('is refused to another origin that has all of it (stolen session): %j', async (headers) => {
    const session = await openSession();
    expect((await as(session, '/v1/status', 'GET', headers)).status).toBe(401);
  });

  it('does not open /metrics', async () => {
    expect((await as(await openSession(), '/metrics')).status).toBe(401);
  });
});

describe('the files of the page', () => {
  const raw = (path: string, coding: string): Promise<{ headers: object; bytes: Buffer }> =>
    new Promise((resolve, reject) => {
      const headers = { 'accept-encoding': coding };
      get(new URL(path, test.api.url), { headers, agent: false }, (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({ headers: incoming.headers, bytes: Buffer.concat(chunks) }),
        );
      }).on('error', reject);
    });

  it.each([
    ['br', 'br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
    ['gzip, br', 'br', brotliDecompressSync],
    ['', undefined, (bytes: Buffer) => bytes],
  ] as const)('come compressed as the browser takes them: "%s"', async (asked, coding, open) => {
    for (const [path, file] of [
      ['/dashboard/', 'index.html'],
      ['/dashboard/app.js', 'app.js'],
      ['/dashboard/style.css', 'style.css'],
    ] as const) {
      const { headers, bytes } = await raw(path, asked);
      expect(open(bytes).toString()).toContain(`content of ${file}`);
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff' });
      expect((headers as { 'content-encoding'?: string })['content-encoding']).toBe(coding);
    }
  });

  it('forbid scripts and styles of other files, and frames around them', async () => {
    const { headers } = await test.ask('/dashboard/', { token: null });
    const policy = headers['content-security-policy'];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
  });

  it.each([
    '/dashboard/app.js.gz',
    '/dashboard/..%2f..%2fpackage.json',
    '/dashboard/%2e%2e/server.js',
    '/dashboard/constructor',
    '/dashboard/page/main.ts',
  ])('are no others: %s is not found', async (path) => {
    const answer = await test.ask(path, { token: null });
    expect([answer.status, codeOf(answer)]).toEqual([404, 'NO_ROUTE']);
  });

  it('are relative to a path with a slash, to which the one without leads', async () => {
    const answer = await test.ask('/dashboard', { token: null });
    expect([answer.status, answer.headers.location]).toEqual([308, '/dashboard/']);
  });

  it('hold no token', async () => {
    await newToken();
    for (const path of ['/dashboard/', '/dashboard/app.js']) {
      expect((await test.ask(path, { token: null })).text).not.toContain(TOKEN);
    }
  });
});
