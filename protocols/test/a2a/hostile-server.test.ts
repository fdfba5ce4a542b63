import { describe, expect, it } from 'vitest';
import { createA2aClient } from '../../a2a/client.ts';
import { A2aAnswerError, A2aRequestError } from '../../a2a/errors.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { utf8 } from '../../../crypto/bytes.ts';
import { FakeNetwork } from './fake-secure-streams.ts';
import { CLIENT, SERVER, textMessage } from './test-agent.ts';

const task = { id: 't1', contextId: 'c1', status: { state: 'TASK_STATE_COMPLETED' } };
const result = (value: object) => ({ id: 1, rpc: { jsonrpc: '2.0', id: 1, result: value } });
const failure = (error: unknown) => ({ id: 1, rpc: { jsonrpc: '2.0', id: 1, error } });

/** A client of a server that answers every request with these messages. */
function clientOf(...answers: readonly unknown[]) {
  const network = new FakeNetwork();
  const serverStreams = network.join(SERVER);
  serverStreams.handle(SECURE_PROTOCOLS.a2a, async (stream) => {
    while ((await stream.readMessage()) !== undefined) {
      for (const answer of answers) {
        const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
        await stream.writeMessage(utf8(text));
      }
    }
  });
  const clientStreams = network.join(CLIENT);
  const client = createA2aClient({ streams: clientStreams, peerId: SERVER });
  return { client, clientStreams, serverStreams };
}

describe('answers of a hostile server', () => {
  it.each([
    ['bytes that are not JSON', 'x'],
    ['an answer to a request that was never sent', { ...result(task), id: 2 }],
    ['an answer under id 0', { ...result(task), id: 0 }],
    ['an unknown member', { ...result(task), extra: 1 }],
    ['an event of a stream that nobody asked for', { ...result(task), more: 1 }],
    ['an answer without a response', { id: 1 }],
    ['nesting beyond 64', `{"id":1,"rpc":{"a":${'['.repeat(100)}${']'.repeat(100)}}}`],
  ])('end the stream and the call on %s', async (_title, answer) => {
    const { client, clientStreams } = clientOf(answer);
    await expect(client.getTask({ id: 't1' })).rejects.toBeInstanceOf(A2aAnswerError);
    expect(clientStreams.opened).toHaveLength(1);
    expect(clientStreams.opened[0]!.abortedWith).toBe('badMessage');
  });

  it.each([
    ['neither result nor error', { id: 1, rpc: { jsonrpc: '2.0', id: 1 } }],
    ['another JSON-RPC id', { id: 1, rpc: { jsonrpc: '2.0', id: 2, result: task } }],
    ['another version of JSON-RPC', { id: 1, rpc: { jsonrpc: '1.0', id: 1, result: task } }],
    ['an error that is text', failure('no')],
    ['a result that is a list', result([task])],
    ['a task without a state', result({ ...task, status: {} })],
    ['a state that does not exist', result({ ...task, status: { state: 'DONE' } })],
    ['another task', result({ ...task, id: 't2' })],
    ['an artifact without parts', result({ ...task, artifacts: [{ artifactId: 'a' }] })],
    [
      '1,025 artifacts',
      result({ ...task, artifacts: Array(1_025).fill({ artifactId: 'a', parts: [{ text: '' }] }) }),
    ],
  ])('fail the call alone on %s', async (_title, answer) => {
    const { client, clientStreams } = clientOf(answer);
    await expect(client.getTask({ id: 't1' })).rejects.toBeInstanceOf(A2aAnswerError);
    expect(clientStreams.opened[0]!.abortedWith).toBeUndefined();
  });

  it('are refused when SendMessage is answered with both a task and a message', async () => {
    const message = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'a' }] };
    const { client } = clientOf(result({ task, message }));
    await expect(client.sendMessage(textMessage('m1', 'a'))).rejects.toBeInstanceOf(A2aAnswerError);
  });

  it('are refused when SendMessage is answered with another task than the one named', async () => {
    const { client } = clientOf(result({ task }));
    const params = textMessage('m1', 'a');
    params.message.taskId = 't2';
    await expect(client.sendMessage(params)).rejects.toBeInstanceOf(A2aAnswerError);
  });

  it('end the stream when one is larger than 1 MiB', async () => {
    const { client, clientStreams } = clientOf(' '.repeat(1_048_577));
    await expect(client.getTask({ id: 't1' })).rejects.toMatchObject({
      code: 'A2A_CONNECTION_LOST',
    });
    expect(clientStreams.opened[0]!.abortedWith).toBe('tooLarge');
  });

  it('have the words of an error without control characters, cut to 512', async () => {
    const words = `\u001b[2J\u202egnihton${'x'.repeat(10_000)}`;
    const { client } = clientOf(failure({ code: -32001, message: words }));
    const error = (await client.getTask({ id: 't1' }).catch((e: unknown) => e)) as A2aRequestError;
    expect(error.code).toBe('TASK_NOT_FOUND');
    expect(error.details.serverMessage).toHaveLength(512);
    expect(error.message).not.toMatch(/[\u001b\u202e]/u);
  });

  it.each([
    [-32000, [{ reason: 'NO_SUCH_REASON', domain: 'urn:coalesce:a2a:libp2p:v1' }]],
    [-32000, [{ reason: 'constructor', domain: 'urn:coalesce:a2a:libp2p:v1' }]],
    [-32000, [{ reason: 'CONTRACT_REFUSED', domain: 'example.org' }]],
    [-32000, 'no list'],
    [12, undefined],
  ])('have the code UNKNOWN_ERROR for the error %i %j', async (code, data) => {
    const { client } = clientOf(failure({ code, message: 'no', data }));
    const error = (await client.getTask({ id: 't1' }).catch((e: unknown) => e)) as A2aRequestError;
    expect(error).toBeInstanceOf(A2aRequestError);
    expect(error.code).toBe('UNKNOWN_ERROR');
    expect(error.details.rpcCode).toBe(code);
  });

  it('do not reach a request that was given up, nor the next one', async () => {
    const network = new FakeNetwork();
    const received: { id: number; cancel?: number }[] = [];
    network.join(SERVER).handle(SECURE_PROTOCOLS.a2a, async (stream) => {
      for (;;) {
        const bytes = await stream.readMessage();
        if (!bytes) return;
        const message = JSON.parse(new TextDecoder().decode(bytes)) as (typeof received)[0];
        received.push(message);
        if (message.cancel || message.id === 1) continue;
        await stream.writeMessage(utf8(JSON.stringify(result(task))));
        await stream.writeMessage(utf8(JSON.stringify({ ...result(task), id: 2 })));
      }
    });
    const client = createA2aClient({ streams: network.join(CLIENT), peerId: SERVER });
    const deadline = new AbortController();
    const late = client.getTask({ id: 't9' }, { signal: deadline.signal });
    await expect.poll(() => received.length).toBe(1);
    deadline.abort(new Error('too late'));
    await expect(late).rejects.toThrow('too late');
    await expect(client.getTask({ id: 't1' })).resolves.toMatchObject({ id: 't1' });
    expect(received.map(({ id, cancel }) => [id, cancel])).toEqual([
      [1, undefined],
      [1, 1],
      [2, undefined],
    ]);
  });
});

describe('a request of this node', () => {
  it('beyond 1 MiB is a mistake of the caller and is not sent', async () => {
    const { client } = clientOf(result({ task }));
    const params = textMessage('m1', 'x'.repeat(1_048_577));
    await expect(client.sendMessage(params)).rejects.toBeInstanceOf(RangeError);
    await expect(client.sendMessage(textMessage('m2', 'x'))).resolves.toMatchObject({ task });
  });

  it('to a peer that cannot be reached fails as the session layer says', async () => {
    const client = createA2aClient({ streams: new FakeNetwork().join(CLIENT), peerId: SERVER });
    await expect(client.getTask({ id: 't1' })).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
  });

  it('opens a new stream after close', async () => {
    const { client, clientStreams } = clientOf(result(task));
    await client.getTask({ id: 't1' });
    client.close();
    await client.getTask({ id: 't1' });
    expect(clientStreams.opened.map(({ abortedWith }) => abortedWith)).toEqual([
      'cancelled',
      undefined,
    ]);
  });
});
