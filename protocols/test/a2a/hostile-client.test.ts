import { describe, expect, it } from 'vitest';
import { createA2aServer } from '../../a2a/server.ts';
import type { A2aServerInit, A2aServerLimits } from '../../a2a/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import { FakeNetwork } from './fake-secure-streams.ts';
import type { FakeSecureStream } from './fake-secure-streams.ts';
import {
  CLIENT,
  FakeClock,
  FakeLogger,
  SERVER,
  UpperCaseExecutor,
  contractNamed,
  requestHandlerOf,
} from './test-agent.ts';

const contract = contractNamed('client and server');

interface Answer {
  readonly id: number;
  readonly more?: number;
  readonly rpc: {
    readonly id: unknown;
    readonly result?: { readonly task?: { readonly status: { readonly state: string } } };
    readonly error?: {
      readonly code: number;
      readonly message: string;
      readonly data?: readonly { readonly reason: string }[];
    };
  };
}

async function setUp(
  limits: Partial<A2aServerLimits> = {},
  executor = new UpperCaseExecutor(),
  init: Partial<A2aServerInit> = {},
) {
  const network = new FakeNetwork();
  const serverStreams = network.join(SERVER);
  const clientStreams = network.join(CLIENT);
  const server = createA2aServer({
    streams: serverStreams,
    requestHandler: requestHandlerOf(executor),
    isParty: (id, peer) => Promise.resolve(id === contract && peer === CLIENT),
    clock: new FakeClock(),
    logger: new FakeLogger(),
    limits,
    ...init,
  });
  const stream = await clientStreams.open(SERVER, SECURE_PROTOCOLS.a2a);
  return { server, stream, executor, far: serverStreams.accepted[0]!, clientStreams };
}

function request(id: unknown, rpc: unknown, more: object = {}): object {
  return { id, contract, params: { 'a2a-version': '1.0' }, rpc, ...more };
}

function sendMessage(message: object = {}, params: object = {}): object {
  const whole = { messageId: 'm1', role: 'ROLE_USER', parts: [{ text: 'hi' }], ...message };
  return { jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: whole, ...params } };
}

function method(name: string, params?: unknown): object {
  return { jsonrpc: '2.0', id: 1, method: name, ...(params !== undefined && { params }) };
}

async function read(stream: FakeSecureStream): Promise<Answer> {
  const bytes = await stream.readMessage();
  return JSON.parse(new TextDecoder().decode(bytes)) as Answer;
}

async function ask(stream: FakeSecureStream, message: unknown): Promise<Answer> {
  await stream.writeMessage(utf8(typeof message === 'string' ? message : JSON.stringify(message)));
  return read(stream);
}

describe('error codes of the control stream', () => {
  const cases: readonly (readonly [string, unknown, number])[] = [
    ['a task that is not there', method('GetTask', { id: 'x' }), -32001],
    ['a method that does not exist', method('tasks/send', {}), -32601],
    ['a method name that is a member of every object', method('constructor', {}), -32601],
    ['a stream without a message', method('SendStreamingMessage', {}), -32602],
    ['a subscription to no task', method('SubscribeToTask', { id: 'x' }), -32001],
    ['a push notification config', method('CreateTaskPushNotificationConfig', {}), -32003],
    ['the extended card', method('GetExtendedAgentCard'), -32007],
    ['missing params', method('SendMessage'), -32602],
    ['params that are a list', method('GetTask', ['x']), -32602],
    ['an empty task id', method('GetTask', { id: '' }), -32602],
    ['a negative history length', method('GetTask', { id: 'x', historyLength: -1 }), -32602],
    ['a tenant', method('GetTask', { id: 'x', tenant: 'other' }), -32602],
    ['no parts', sendMessage({ parts: [] }), -32602],
    ['an unknown role', sendMessage({ role: 'ROLE_ROOT' }), -32602],
    ["the agent's role", sendMessage({ role: 'ROLE_AGENT' }), -32602],
    ['no message id', sendMessage({ messageId: undefined }), -32602],
    [
      'a message id in the snake case of proto',
      sendMessage({ message_id: 'm', messageId: '' }),
      -32602,
    ],
    ['a part without content', sendMessage({ parts: [{ mediaType: 'text/plain' }] }), -32602],
    ['a part with two contents', sendMessage({ parts: [{ text: 'a', url: 'https://b' }] }), -32602],
    ['raw bytes that are not base64', sendMessage({ parts: [{ raw: '?' }] }), -32602],
    ['text that is not Unicode', sendMessage({ parts: [{ text: '\ud800' }] }), -32602],
    ['1,025 parts', sendMessage({ parts: Array(1_025).fill({ text: 'a' }) }), -32602],
    ['a request of JSON-RPC 1.0', { ...method('GetTask', { id: 'x' }), jsonrpc: '1.0' }, -32600],
    ['a notification', { jsonrpc: '2.0', method: 'GetTask', params: { id: 'x' } }, -32600],
    ['an id that is an object', { ...method('GetTask', { id: 'x' }), id: {} }, -32600],
    ['no method', { jsonrpc: '2.0', id: 1 }, -32600],
  ];

  it.each(cases)('answers %s', async (_title, rpc, code) => {
    const { stream, executor } = await setUp();
    const answer = await ask(stream, request(1, rpc));
    expect(answer.id).toBe(1);
    expect(answer.rpc.error?.code).toBe(code);
    expect(executor.requests).toHaveLength(0);
  });

  it('answers -32700 under id 0 to bytes that are not JSON, and goes on', async () => {
    const { stream } = await setUp();
    expect(await ask(stream, '{"id":1')).toMatchObject({
      id: 0,
      rpc: { id: null, error: { code: -32700 } },
    });
    expect((await ask(stream, request(1, sendMessage()))).rpc.result?.task).toBeDefined();
  });

  it.each([
    ['null', 0],
    ['[1]', 0],
    ['{"id":-1}', 0],
    ['{"id":1.5,"cancel":1}', 0],
    [JSON.stringify(request(7, sendMessage(), { extra: 1 })), 7],
    [JSON.stringify(request(7, sendMessage(), { contract: 'short' })), 7],
    [JSON.stringify(request(7, sendMessage(), { params: {} })), 7],
    [JSON.stringify(request(7, [])), 7],
  ])('answers -32600 to the JSON %s', async (text, id) => {
    const { stream, executor } = await setUp();
    expect(await ask(stream, text)).toMatchObject({ id, rpc: { error: { code: -32600 } } });
    expect(executor.requests).toHaveLength(0);
  });

  it('answers -32009 to another version of A2A, and takes a patch number', async () => {
    const { stream } = await setUp();
    const versions = ['0.3', '', '1.1', '2.0', '1.0x'];
    for (const [i, version] of versions.entries()) {
      const message = request(i + 1, sendMessage(), { params: { 'a2a-version': version } });
      expect((await ask(stream, message)).rpc.error?.code).toBe(-32009);
    }
    const patched = request(9, sendMessage(), { params: { 'a2a-version': '1.0.1' } });
    expect((await ask(stream, patched)).rpc.result?.task?.status.state).toBe(
      'TASK_STATE_COMPLETED',
    );
  });

  it('answers under the JSON-RPC id of the request', async () => {
    const { stream } = await setUp();
    for (const [i, id] of ['text', 42, null].entries()) {
      const rpc = { ...method('GetTask', { id: 'x' }), id };
      expect((await ask(stream, request(i + 1, rpc))).rpc.id).toBe(id);
    }
  });

  it('refuses JSON nested deeper than 64, which would overflow the stack further in', async () => {
    const { stream, executor } = await setUp();
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const text = JSON.stringify(request(1, sendMessage({ parts: [{ data: 'DEEP' }] })));
    const answer = await ask(stream, text.replace('"DEEP"', deep));
    expect(answer.rpc.error?.code).toBe(-32600);
    expect(executor.requests).toHaveLength(0);
  });
});

describe('limits of the control stream', () => {
  it('refuses a 65th request in flight, and answers the 64', async () => {
    const executor = new UpperCaseExecutor();
    const gate = Promise.withResolvers<void>();
    executor.gate = gate.promise;
    const { stream, server } = await setUp({}, executor);
    for (let id = 1; id <= 65; id++) {
      const message = request(id, sendMessage({ messageId: `m${id}` }));
      await stream.writeMessage(utf8(JSON.stringify(message)));
    }
    const refused = await read(stream);
    expect(refused.id).toBe(65);
    expect(refused.rpc.error?.data?.[0]?.reason).toBe('TOO_MANY_REQUESTS');
    expect(executor.requests).toHaveLength(64);
    expect(server.runningRequests).toBe(64);
    gate.resolve();
    const ids = new Set<number>();
    for (let i = 0; i < 64; i++) ids.add((await read(stream)).id);
    expect(ids.size).toBe(64);
    expect(server.runningRequests).toBe(0);
  });

  it('counts requests of broken streams against the peer while they run', async () => {
    const executor = new UpperCaseExecutor();
    executor.gate = new Promise(() => undefined);
    const { stream, clientStreams } = await setUp({ maxRunningPerPeer: 1 }, executor);
    await stream.writeMessage(utf8(JSON.stringify(request(1, sendMessage()))));
    await expect.poll(() => executor.requests.length).toBe(1);
    stream.break();
    const next = await clientStreams.open(SERVER, SECURE_PROTOCOLS.a2a);
    const answer = await ask(next, request(1, sendMessage({ messageId: 'm2' })));
    expect(answer.rpc.error?.data?.[0]?.reason).toBe('TOO_MANY_REQUESTS');
  });

  it('does not read on while a peer leaves its answers unread', async () => {
    const { stream } = await setUp({ maxInFlight: 4, maxUnreadableMessages: 1_000 });
    let written = 0;
    const flood = (async () => {
      for (; written < 200; written++) await stream.writeMessage(utf8('{}'));
    })();
    flood.catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    await expect.poll(() => written).toBeGreaterThan(16);
    for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve));
    const stuckAt = written;
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    expect(written).toBe(stuckAt);
    expect(written).toBeLessThan(64);
    stream.break();
  });

  it('gives up a peer that takes no answer for the write time-out', async () => {
    const { stream, far } = await setUp({ writeTimeoutMs: 5, maxUnreadableMessages: 1_000 });
    for (let i = 0; i < 40; i++) stream.writeMessage(utf8('{}')).catch(() => undefined);
    await expect.poll(() => far.abortedWith).toBe('internal');
  });

  it('closes the stream after 16 messages that cannot be read', async () => {
    const { stream, far } = await setUp();
    for (let i = 0; i < 16; i++) expect((await ask(stream, 'x')).id).toBe(0);
    await stream.writeMessage(utf8('x'));
    await expect.poll(() => far.abortedWith).toBe('badMessage');
  });

  it('closes the stream on a request id that is not new', async () => {
    const { stream, far, executor } = await setUp();
    await ask(stream, request(5, sendMessage()));
    await stream.writeMessage(utf8(JSON.stringify(request(5, sendMessage({ messageId: 'm2' })))));
    await expect.poll(() => far.abortedWith).toBe('badMessage');
    expect(executor.requests).toHaveLength(1);
  });

  it('closes the stream on a message beyond 1 MiB', async () => {
    const { stream, far } = await setUp();
    await stream.writeMessage(new Uint8Array(1_048_577));
    await expect.poll(() => far.abortedWith).toBe('tooLarge');
  });

  it('leaves out the history where the answer would not fit otherwise', async () => {
    const { stream } = await setUp();
    const text = 'x'.repeat(600_000);
    const answer = await ask(stream, request(1, sendMessage({ parts: [{ text }] })));
    expect(answer.rpc.result?.task).toHaveProperty('artifacts');
    expect(answer.rpc.result?.task).not.toHaveProperty('history');
  });

  it('says so where the result alone does not fit, and goes on', async () => {
    const executor = new UpperCaseExecutor();
    executor.answer = () => 'x'.repeat(1_048_577);
    const { stream } = await setUp({}, executor);
    const answer = await ask(stream, request(1, sendMessage()));
    expect(answer.rpc.error?.data?.[0]?.reason).toBe('RESULT_TOO_LARGE');
    executor.answer = () => 'small';
    const next = await ask(stream, request(2, sendMessage({ messageId: 'm2' })));
    expect(next.rpc.result?.task?.status.state).toBe('TASK_STATE_COMPLETED');
  });

  it('drops the answer of a cancelled request', async () => {
    const executor = new UpperCaseExecutor();
    const gate = Promise.withResolvers<void>();
    executor.gate = gate.promise;
    const { stream, server } = await setUp({}, executor);
    await stream.writeMessage(utf8(JSON.stringify(request(1, sendMessage()))));
    await expect.poll(() => executor.requests.length).toBe(1);
    await stream.writeMessage(utf8('{"id":1,"cancel":1}'));
    await stream.writeMessage(utf8('{"id":99,"cancel":1}'));
    expect((await ask(stream, request(2, method('GetTask', { id: 'x' })))).id).toBe(2);
    gate.resolve();
    await expect.poll(() => server.runningRequests).toBe(0);
    expect((await ask(stream, request(3, method('GetTask', { id: 'x' })))).id).toBe(3);
  });

  it('answers what is in flight before it ends a stream that the peer ended', async () => {
    const executor = new UpperCaseExecutor();
    const gate = Promise.withResolvers<void>();
    executor.gate = gate.promise;
    const { stream } = await setUp({}, executor);
    await stream.writeMessage(utf8(JSON.stringify(request(1, sendMessage()))));
    await stream.closeWrite();
    await expect.poll(() => executor.requests.length).toBe(1);
    gate.resolve();
    expect((await read(stream)).rpc.result?.task?.status.state).toBe('TASK_STATE_COMPLETED');
    expect(await stream.readMessage()).toBeUndefined();
  });
});
