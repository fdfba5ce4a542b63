import { describe, expect, it } from 'vitest';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { createA2aClient } from '../../a2a/client.ts';
import type { A2aClient } from '../../a2a/client.ts';
import { A2aConnectionError, A2aRequestError } from '../../a2a/errors.ts';
import { contractOf } from '../../a2a/request-dispatcher.ts';
import { createA2aServer } from '../../a2a/server.ts';
import type { A2aServerInit } from '../../a2a/server.ts';
import { SECURE_PROTOCOLS } from '../../protocol-ids.ts';
import { FakeNetwork } from './fake-secure-streams.ts';
import {
  CLIENT,
  FakeClock,
  FakeLogger,
  OTHER,
  SERVER,
  UpperCaseExecutor,
  contractNamed,
  publishMessage,
  publishTask,
  requestHandlerOf,
  textMessage,
} from './test-agent.ts';

const contract = contractNamed('client and server');
const otherContract = contractNamed('other and server');

function setUp(executor: AgentExecutor, init: Partial<A2aServerInit> = {}) {
  const network = new FakeNetwork();
  const serverStreams = network.join(SERVER);
  const clientStreams = network.join(CLIENT);
  const logger = new FakeLogger();
  const server = createA2aServer({
    streams: serverStreams,
    requestHandler: requestHandlerOf(executor),
    isParty: (id, peer) =>
      Promise.resolve(
        (id === contract && peer === CLIENT) || (id === otherContract && peer === OTHER),
      ),
    clock: new FakeClock(),
    logger,
    ...init,
  });
  const client = createA2aClient({ streams: clientStreams, peerId: SERVER });
  return { network, server, client, serverStreams, clientStreams, logger };
}

async function sendText(client: A2aClient, messageId: string, text: string) {
  const result = await client.sendMessage(textMessage(messageId, text), { contract });
  if (!('task' in result)) throw new Error('expected a task');
  return result.task;
}

async function failureOf(promise: Promise<unknown>): Promise<A2aRequestError> {
  const error = await promise.then(
    () => new Error('expected a rejection'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(A2aRequestError);
  return error as A2aRequestError;
}

describe('A2A over a control stream', () => {
  it('executes a message and returns the completed task with its artifact', async () => {
    const { client } = setUp(new UpperCaseExecutor());
    const task = await sendText(client, 'm1', 'hello');
    expect(task.status.state).toBe('TASK_STATE_COMPLETED');
    expect(task.artifacts?.[0]?.parts).toEqual([{ text: 'HELLO', mediaType: 'text/plain' }]);
  });

  it('gives the executor the proven peer as user and the contract of the call', async () => {
    const executor = new UpperCaseExecutor();
    const { client } = setUp(executor);
    await sendText(client, 'm1', 'hello');
    const { context } = executor.requests[0]!;
    expect(context.user?.userName).toBe(CLIENT);
    expect(context.user?.isAuthenticated).toBe(true);
    expect(contractOf(context)).toBe(contract);
  });

  it('reads a task by its id', async () => {
    const { client } = setUp(new UpperCaseExecutor());
    const sent = await sendText(client, 'm1', 'hello');
    const read = await client.getTask({ id: sent.id, historyLength: 0 });
    expect(read.artifacts).toEqual(sent.artifacts);
    expect(read.history ?? []).toEqual([]);
  });

  it('cancels a running task', async () => {
    const executor = new UpperCaseExecutor();
    executor.gate = new Promise(() => undefined);
    const { client } = setUp(executor);
    const params = textMessage('m1', 'hello');
    const sent = await client.sendMessage(
      { ...params, configuration: { returnImmediately: true } },
      { contract },
    );
    if (!('task' in sent)) throw new Error('expected a task');
    expect(sent.task.status.state).toBe('TASK_STATE_WORKING');
    const canceled = await client.cancelTask({ id: sent.task.id });
    expect(canceled.status.state).toBe('TASK_STATE_CANCELED');
  });

  it('passes on an answer that is a message and no task', async () => {
    const { client } = setUp({
      execute: (request, bus) => Promise.resolve(publishMessage(request, bus, 'hi')),
      cancelTask: () => Promise.resolve(),
    });
    const result = await client.sendMessage(textMessage('m1', 'hello'), { contract });
    expect(result).toMatchObject({ message: { role: 'ROLE_AGENT', parts: [{ text: 'hi' }] } });
  });

  it('carries 200 concurrent requests on one stream, each with its own answer', async () => {
    const { client, clientStreams } = setUp(new UpperCaseExecutor());
    const tasks = await Promise.all(
      Array.from({ length: 200 }, (_, i) => sendText(client, `m${i}`, `text ${i}`)),
    );
    const texts = tasks.map((task) => task.artifacts?.[0]?.parts[0]?.text);
    expect(texts).toEqual(Array.from({ length: 200 }, (_, i) => `TEXT ${i}`));
    expect(clientStreams.opened).toHaveLength(1);
  });
});

describe('what a peer may not do', () => {
  it("answers TASK_NOT_FOUND for another peer's task, as for one that never was", async () => {
    const { client, network } = setUp(new UpperCaseExecutor());
    const task = await sendText(client, 'm1', 'hello');
    const other = createA2aClient({ streams: network.join(OTHER), peerId: SERVER });
    const theirs = await failureOf(other.getTask({ id: task.id }));
    const nobodys = await failureOf(other.getTask({ id: 'no-such-task' }));
    expect(theirs.code).toBe('TASK_NOT_FOUND');
    expect(theirs.details.rpcCode).toBe(-32001);
    expect(nobodys.details.serverMessage.replace('no-such-task', task.id)).toBe(
      theirs.details.serverMessage,
    );
    expect((await failureOf(other.cancelTask({ id: task.id }))).code).toBe('TASK_NOT_FOUND');
  });

  it('refuses the contract of other parties in the same words as an unknown one', async () => {
    const executor = new UpperCaseExecutor();
    const { client } = setUp(executor);
    const params = textMessage('m1', 'hello');
    const foreign = await failureOf(client.sendMessage(params, { contract: otherContract }));
    const unknown = await failureOf(
      client.sendMessage(params, { contract: contractNamed('nobody') }),
    );
    expect(foreign.code).toBe('CONTRACT_REFUSED');
    expect(foreign.message).toBe(unknown.message);
    expect(executor.requests).toHaveLength(0);
  });

  it('refuses a message without a contract, unless the node allows that peer', async () => {
    const params = textMessage('m1', 'hello');
    const closed = setUp(new UpperCaseExecutor());
    expect((await failureOf(closed.client.sendMessage(params))).code).toBe('CONTRACT_REFUSED');
    const open = setUp(new UpperCaseExecutor(), {
      isAllowedWithoutContract: (peer) => Promise.resolve(peer === CLIENT),
    });
    await expect(open.client.sendMessage(params)).resolves.toHaveProperty('task');
  });

  it('keeps the words of an executor exception from the peer, guarded or not', async () => {
    const secret = 'ENOENT /home/someone/.ssh/id_ed25519';
    const { client } = setUp({
      execute: (request, bus) => {
        publishTask(request, bus);
        return Promise.reject(new Error(secret));
      },
      cancelTask: () => Promise.reject(new Error(secret)),
    });
    const task = await sendText(client, 'm1', 'hello');
    expect(task.status.state).toBe('TASK_STATE_FAILED');
    const read = await client.getTask({ id: task.id });
    expect(JSON.stringify([task, read])).not.toContain('ENOENT');
    expect(JSON.stringify(read)).toContain('The agent failed');
  });

  it('keeps the words of a failing task store from the peer', async () => {
    const requestHandler = requestHandlerOf(new UpperCaseExecutor());
    requestHandler.getTask = () => Promise.reject(new Error('disk /dev/sda1 is full'));
    const { client } = setUp(new UpperCaseExecutor(), { requestHandler });
    const failure = await failureOf(client.getTask({ id: 'x' }));
    expect(failure.code).toBe('INTERNAL_ERROR');
    expect(failure.message).not.toContain('sda1');
  });

  it('answers INTERNAL_ERROR when the node cannot look up the contract', async () => {
    const { client, logger } = setUp(new UpperCaseExecutor(), {
      isParty: () => Promise.reject(new Error('the store is closed')),
    });
    const failure = await failureOf(client.sendMessage(textMessage('m', 'x'), { contract }));
    expect(failure.code).toBe('INTERNAL_ERROR');
    expect(failure.message).not.toContain('store is closed');
    expect(logger.entries.some(({ level }) => level === 'error')).toBe(true);
  });
});

describe('a message that is sent again', () => {
  it('is executed once while the first execution runs, and both calls get the task', async () => {
    const executor = new UpperCaseExecutor();
    const gate = Promise.withResolvers<void>();
    executor.gate = gate.promise;
    const { client } = setUp(executor);
    const both = Promise.all([sendText(client, 'm1', 'hello'), sendText(client, 'm1', 'hello')]);
    gate.resolve();
    const [first, second] = await both;
    expect(executor.requests).toHaveLength(1);
    expect(second).toEqual(first);
  });

  it('is executed once after the first execution has finished', async () => {
    const executor = new UpperCaseExecutor();
    const { client } = setUp(executor);
    const first = await sendText(client, 'm1', 'hello');
    const second = await sendText(client, 'm1', 'hello');
    expect(executor.requests).toHaveLength(1);
    expect(second.id).toBe(first.id);
    expect(second.artifacts).toEqual(first.artifacts);
  });

  it('is another message under another contract, and from another peer', async () => {
    const executor = new UpperCaseExecutor();
    const { client, network } = setUp(executor, { isParty: () => Promise.resolve(true) });
    await client.sendMessage(textMessage('m1', 'a'), { contract });
    await client.sendMessage(textMessage('m1', 'a'), { contract: otherContract });
    const other = createA2aClient({ streams: network.join(OTHER), peerId: SERVER });
    await other.sendMessage(textMessage('m1', 'a'), { contract });
    expect(executor.requests).toHaveLength(3);
  });

  it('is refused if its id comes with other content', async () => {
    const executor = new UpperCaseExecutor();
    const { client } = setUp(executor);
    await sendText(client, 'm1', 'hello');
    expect((await failureOf(sendText(client, 'm1', 'other'))).code).toBe('MESSAGE_ID_REUSED');
    expect(executor.requests).toHaveLength(1);
  });

  it('may be sent again after an error that came before the execution', async () => {
    const executor = new UpperCaseExecutor();
    const { client } = setUp(executor);
    const followUp = textMessage('m1', 'hello');
    followUp.message.taskId = 'unknown-task';
    expect((await failureOf(client.sendMessage(followUp, { contract }))).code).toBe(
      'TASK_NOT_FOUND',
    );
    await sendText(client, 'm1', 'hello');
    expect(executor.requests).toHaveLength(1);
  });
});

describe('a stream that breaks', () => {
  it('is reopened once, and a message on its way is resent and executed once', async () => {
    const executor = new UpperCaseExecutor();
    const gate = Promise.withResolvers<void>();
    executor.gate = gate.promise;
    const { client, clientStreams } = setUp(executor);
    const sent = sendText(client, 'm1', 'hello');
    await expect.poll(() => executor.requests.length).toBe(1);
    clientStreams.opened[0]!.break();
    await expect.poll(() => clientStreams.opened.length).toBe(2);
    gate.resolve();
    expect((await sent).status.state).toBe('TASK_STATE_COMPLETED');
    expect(executor.requests).toHaveLength(1);
  });

  it('fails the call when it breaks a second time', async () => {
    const executor = new UpperCaseExecutor();
    executor.gate = new Promise(() => undefined);
    const { client, clientStreams } = setUp(executor);
    const outcome = expect(sendText(client, 'm1', 'hello')).rejects.toThrow(A2aConnectionError);
    await expect.poll(() => executor.requests.length).toBe(1);
    clientStreams.opened[0]!.break();
    await expect.poll(() => clientStreams.opened.length).toBe(2);
    clientStreams.opened[1]!.break();
    await outcome;
    expect(clientStreams.opened).toHaveLength(2);
  });

  it('does not resend a cancellation', async () => {
    const requestHandler = requestHandlerOf(new UpperCaseExecutor());
    let cancellations = 0;
    requestHandler.cancelTask = () => {
      cancellations += 1;
      return new Promise(() => undefined);
    };
    const { client, clientStreams } = setUp(new UpperCaseExecutor(), { requestHandler });
    const outcome = expect(client.cancelTask({ id: 't' })).rejects.toThrow(A2aConnectionError);
    await expect.poll(() => cancellations).toBe(1);
    clientStreams.opened[0]!.break();
    await outcome;
    expect(cancellations).toBe(1);
  });

  it('is replaced by a new one when the client comes back before the server noticed', async () => {
    const { client, network, serverStreams } = setUp(new UpperCaseExecutor());
    await sendText(client, 'm1', 'a');
    const again = createA2aClient({ streams: network.find(CLIENT)!, peerId: SERVER });
    await sendText(again, 'm2', 'b');
    expect(serverStreams.accepted[0]!.abortedWith).toBe('cancelled');
    expect(serverStreams.accepted[1]!.abortedWith).toBeUndefined();
  });

  it('ends for everybody when the server closes', async () => {
    const executor = new UpperCaseExecutor();
    executor.gate = new Promise(() => undefined);
    const { client, server, serverStreams } = setUp(executor);
    const outcome = expect(sendText(client, 'm1', 'a')).rejects.toThrow(A2aConnectionError);
    await expect.poll(() => executor.requests.length).toBe(1);
    server.close();
    await outcome;
    expect(serverStreams.accepted.map(({ abortedWith }) => abortedWith)).toEqual([
      'cancelled',
      'cancelled',
    ]);
  });

  it('is not served where it carries a contract in its context', async () => {
    const { clientStreams, serverStreams } = setUp(new UpperCaseExecutor());
    const context = new Uint8Array(32).fill(1);
    const stream = await clientStreams.open(SERVER, SECURE_PROTOCOLS.a2a, { context });
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
    expect(serverStreams.accepted[0]!.abortedWith).toBe('badMessage');
  });
});

describe('a deadline of the caller', () => {
  it('ends the call with its reason and leaves the stream to the other calls', async () => {
    const executor = new UpperCaseExecutor();
    const gate = Promise.withResolvers<void>();
    executor.gate = gate.promise;
    const { client, clientStreams } = setUp(executor);
    const deadline = new AbortController();
    const late = client.sendMessage(textMessage('m1', 'a'), { contract, signal: deadline.signal });
    const other = sendText(client, 'm2', 'b');
    await expect.poll(() => executor.requests.length).toBe(2);
    deadline.abort(new Error('too late'));
    await expect(late).rejects.toThrow('too late');
    gate.resolve();
    expect((await other).status.state).toBe('TASK_STATE_COMPLETED');
    expect(clientStreams.opened).toHaveLength(1);
  });

  it('ends a call that waits for a place among 64 in flight', async () => {
    const executor = new UpperCaseExecutor();
    const gate = Promise.withResolvers<void>();
    executor.gate = gate.promise;
    const { client } = setUp(executor);
    const sent = Array.from({ length: 64 }, (_, i) => sendText(client, `m${i}`, 'a'));
    await expect.poll(() => executor.requests.length).toBe(64);
    const deadline = new AbortController();
    const late = client.sendMessage(textMessage('m64', 'a'), { contract, signal: deadline.signal });
    deadline.abort(new Error('too late'));
    await expect(late).rejects.toThrow('too late');
    gate.resolve();
    await Promise.all(sent);
    expect(executor.requests).toHaveLength(64);
  });

  it('that has passed opens no stream', async () => {
    const { client, clientStreams } = setUp(new UpperCaseExecutor());
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(client.getTask({ id: 't' }, { signal })).rejects.toThrow('too late');
    expect(clientStreams.opened).toHaveLength(0);
  });
});
