import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventDocument } from '../../activity-documents.ts';
import { MAX_STREAMS } from '../../http-api/routes/activity-routes.ts';
import { ApiUnderTest, TOKEN } from './fake-agent-node.ts';

let test: ApiUnderTest;
let listeners: ((event: EventDocument) => void)[];
let open: IncomingMessage[] = [];

beforeEach(async () => {
  test = await ApiUnderTest.start();
  listeners = [];
  test.node.answer = (method, [listener]) => {
    if (method === 'nowMs') return 7;
    if (method !== 'events') return {};
    listeners.push(listener as (event: EventDocument) => void);
    return () => void listeners.splice(listeners.indexOf(listener as never), 1);
  };
});

afterEach(async () => {
  for (const stream of open) stream.destroy();
  open = [];
  await test.api.close(0);
});

function openStream(): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    httpRequest(`${test.api.url}/v1/events`, { headers, agent: false }, (incoming) => {
      open.push(incoming);
      resolve(incoming.setEncoding('utf8'));
    })
      .on('error', reject)
      .end();
  });
}

async function nextText(stream: IncomingMessage): Promise<string> {
  return new Promise((resolve) => stream.once('data', resolve));
}

describe('the stream of events', () => {
  it('begins at once, and tells what the node tells, one document a line', async () => {
    const stream = await openStream();
    expect(JSON.parse(await nextText(stream))).toEqual({ progress: { type: 'hello', atMs: 7 } });
    const text = nextText(stream);
    listeners[0]!({ type: 'run', run: { runId: 'a\nb' } as never });
    expect(await text).toBe('{"progress":{"type":"run","run":{"runId":"a\\nb"}}}\n');
  });

  it('ends its listening when the reader hangs up', async () => {
    const stream = await openStream();
    expect(listeners).toHaveLength(1);
    stream.destroy();
    await vi.waitFor(() => expect(listeners).toHaveLength(0));
  });

  it('is refused to one reader too many, and given again when one has left', async () => {
    for (let i = 0; i < MAX_STREAMS; i++) await openStream();
    const refused = await openStream();
    expect(refused.statusCode).toBe(422);
    expect(await nextText(refused)).toContain('streams of events are open');
    open[0]!.destroy();
    await vi.waitFor(() => expect(listeners).toHaveLength(MAX_STREAMS - 1));
    expect((await openStream()).statusCode).toBe(200);
  });

  it('ends for a reader that does not read, before memory does', async () => {
    const stream = await openStream();
    stream.pause();
    const title = 'x'.repeat(1_000_000);
    for (let i = 0; i < 64 && listeners.length > 0; i++) {
      listeners[0]!({ type: 'run', run: { title } as never });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await vi.waitFor(() => expect(listeners).toHaveLength(0));
  });
});

describe('what the node did and saw', () => {
  it.each([
    ['/v1/tasks', 'tasks', [{ limit: 20 }]],
    ['/v1/tasks?limit=3&state=queued', 'tasks', [{ limit: 3, state: 'queued' }]],
    ['/v1/tasks/a-_9', 'task', ['a-_9']],
    ['/v1/receipts?limit=1000', 'receipts', [1_000]],
    ['/v1/savings', 'savings', []],
    ['/v1/market', 'market', []],
  ])('GET %s asks the node for it', async (path, method, args) => {
    expect((await test.ask(path)).status).toBe(200);
    expect(test.node.calls).toEqual([{ method, args }]);
  });

  it('POST /v1/tasks/ID/cancel asks the node to call it off', async () => {
    expect((await test.post('/v1/tasks/a-_9/cancel', {})).status).toBe(200);
    expect(test.node.calls).toEqual([{ method: 'cancelTask', args: ['a-_9'] }]);
  });

  it.each([
    '/v1/tasks?limit=0',
    '/v1/tasks?state=asleep',
    '/v1/tasks/a%20b',
    '/v1/receipts?limit=1001',
    '/v1/receipts?limit=x',
  ])('refuses %s, and asks the node nothing', async (path) => {
    expect((await test.ask(path)).status).toBe(400);
    expect(test.node.calls).toEqual([]);
  });
});
