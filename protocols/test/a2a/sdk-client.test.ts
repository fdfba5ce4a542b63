import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Role, TaskState } from '@a2a-js/sdk';
import type { AgentCard, SendMessageRequest, StreamResponse } from '@a2a-js/sdk';
import { ClientFactory, ClientFactoryOptions } from '@a2a-js/sdk/client';
import type { Client } from '@a2a-js/sdk/client';
import { TaskNotFoundError, UnsupportedOperationError } from '@a2a-js/sdk/errors';
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { UserBuilder, jsonRpcHandler } from '@a2a-js/sdk/server/express';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { LIBP2P_BINDING_URI } from '../../a2a/agent-card.ts';
import { SessionTransportFactory } from '../../a2a/sdk-transport.ts';
import { createA2aServer } from '../../a2a/server.ts';
import { createPair } from '../secure-channel/session-pair.ts';
import { inputOf, publishResult, publishStatus, publishTask, testCard } from './test-agent.ts';

/** Works in steps: a task, two updates, an artifact, the end. `wait` stops before the artifact. */
class StepExecutor implements AgentExecutor {
  executions = 0;
  #release: (() => void) | undefined;
  #waiting: RequestContext | undefined;

  async execute(request: RequestContext, bus: ExecutionEventBus): Promise<void> {
    this.executions += 1;
    publishTask(request, bus);
    const text = inputOf(request);
    if (text === 'ask') {
      publishStatus(request, bus, TaskState.TASK_STATE_INPUT_REQUIRED, 'Which one?');
      return;
    }
    publishStatus(request, bus, TaskState.TASK_STATE_WORKING, 'half');
    publishStatus(request, bus, TaskState.TASK_STATE_WORKING, 'nearly');
    if (text === 'wait') {
      this.#waiting = request;
      await new Promise<void>((resolve) => {
        this.#release = resolve;
      });
      if (this.#waiting === undefined) return;
    }
    publishResult(request, bus, text.toUpperCase());
  }

  cancelTask(_taskId: string, bus: ExecutionEventBus): Promise<void> {
    publishStatus(this.#waiting!, bus, TaskState.TASK_STATE_CANCELED);
    this.#waiting = undefined;
    this.#release?.();
    return Promise.resolve();
  }

  release(): void {
    this.#release?.();
  }
}

interface World {
  readonly client: Client;
  readonly executor: StepExecutor;
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function handlerOf(executor: AgentExecutor, card: AgentCard): DefaultRequestHandler {
  return new DefaultRequestHandler(card, new InMemoryTaskStore(), executor);
}

function cardAt(url: string, protocolBinding: string): AgentCard {
  const supportedInterfaces = [{ url, protocolBinding, protocolVersion: '1.0', tenant: '' }];
  return { ...testCard.card, supportedInterfaces };
}

async function overSession(): Promise<World> {
  const [client, server] = await createPair();
  const executor = new StepExecutor();
  const card = cardAt(`/ip4/127.0.0.1/tcp/4001/p2p/${server.peerId}`, LIBP2P_BINDING_URI);
  createA2aServer({
    streams: server.manager,
    requestHandler: handlerOf(executor, card),
    isParty: () => Promise.resolve(false),
    isAllowedWithoutContract: () => Promise.resolve(true),
    clock: server.clock,
    logger: server.logger,
  });
  const factory = new SessionTransportFactory(client.manager);
  stops.push(async () => {
    factory.close();
    await Promise.all([client.stop(), server.stop()]);
  });
  const options = { transports: [factory] };
  const made = new ClientFactory(
    ClientFactoryOptions.createFrom(ClientFactoryOptions.default, options),
  );
  return { client: await made.createFromAgentCard(card), executor };
}

async function overHttp(): Promise<World> {
  const executor = new StepExecutor();
  const app = express();
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const card = cardAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 'JSONRPC');
  const requestHandler = handlerOf(executor, card);
  app.use(jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  stops.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { client: await new ClientFactory().createFromAgentCard(card), executor };
}

function send(text: string, messageId = `message ${text}`): SendMessageRequest {
  const content = { $case: 'text', value: text } as const;
  return {
    tenant: '',
    message: {
      messageId,
      contextId: '',
      taskId: '',
      role: Role.ROLE_USER,
      parts: [{ content, mediaType: 'text/plain', filename: '', metadata: undefined }],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: undefined,
    metadata: undefined,
  };
}

/** What a stream said, in short. */
function shortOf({ payload }: StreamResponse): string {
  if (payload?.$case === 'artifactUpdate') {
    const [part] = payload.value.artifact!.parts;
    return part?.content?.$case === 'text' ? part.content.value : 'artifact';
  }
  if (payload?.$case === 'task' || payload?.$case === 'statusUpdate') {
    return TaskState[payload.value.status!.state];
  }
  return payload?.$case ?? 'nothing';
}

function taskIdOf({ payload }: StreamResponse): string {
  return payload?.$case === 'task' ? payload.value.id : '';
}

describe.each([
  ['over a session on libp2p', overSession],
  ['over HTTP', overHttp],
])("the SDK's client %s", (_name, start) => {
  it('sends a message, waits for its task and reads the task again', async () => {
    const { client } = await start();
    const sent = await client.sendMessage(send('hello'));
    if (!('status' in sent)) throw new Error('expected a task');
    expect(sent.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(sent.artifacts[0]?.parts[0]?.content).toEqual({ $case: 'text', value: 'HELLO' });
    const read = await client.getTask({ tenant: '', id: sent.id, historyLength: undefined });
    expect(read.artifacts).toEqual(sent.artifacts);
    const { tasks } = await client.listTasks({
      tenant: '',
      contextId: '',
      status: TaskState.TASK_STATE_UNSPECIFIED,
      pageSize: undefined,
      pageToken: '',
      historyLength: undefined,
      statusTimestampAfter: undefined,
      includeArtifacts: undefined,
    });
    expect(tasks.map(({ id }) => id)).toEqual([sent.id]);
  });

  it('streams a task from its begin to its end', async () => {
    const { client } = await start();
    const events: string[] = [];
    for await (const event of client.sendMessageStream(send('hello'))) events.push(shortOf(event));
    const working = 'TASK_STATE_WORKING';
    expect(events).toEqual([working, working, working, 'HELLO', 'TASK_STATE_COMPLETED']);
  });

  it('ends a stream where the agent asks for input', async () => {
    const { client } = await start();
    const events: string[] = [];
    for await (const event of client.sendMessageStream(send('ask'))) events.push(shortOf(event));
    expect(events).toEqual(['TASK_STATE_WORKING', 'TASK_STATE_INPUT_REQUIRED']);
  });

  it('leaves a stream, subscribes to its task, and misses nothing of the rest', async () => {
    const { client, executor } = await start();
    let id = '';
    for await (const event of client.sendMessageStream(send('wait'))) {
      id ||= taskIdOf(event);
      if (shortOf(event) === 'TASK_STATE_WORKING' && id !== '') break;
    }
    const events: string[] = [];
    for await (const event of client.resubscribeTask({ tenant: '', id })) {
      events.push(shortOf(event));
      if (events.length === 1) executor.release();
    }
    expect(events.at(0)).toBe('TASK_STATE_WORKING');
    expect(events.slice(-2)).toEqual(['WAIT', 'TASK_STATE_COMPLETED']);
    const task = await client.getTask({ tenant: '', id, historyLength: undefined });
    expect(task.status?.state).toBe(TaskState.TASK_STATE_COMPLETED);
  });

  it('cancels a task, and its stream ends as canceled', async () => {
    const { client } = await start();
    const events: string[] = [];
    for await (const event of client.sendMessageStream(send('wait'))) {
      const isFirst = events.push(shortOf(event)) === 1;
      if (!isFirst) continue;
      void client.cancelTask({ tenant: '', id: taskIdOf(event), metadata: undefined });
    }
    expect(events.at(-1)).toBe('TASK_STATE_CANCELED');
  });

  it('throws the error classes of the SDK', async () => {
    const { client } = await start();
    const unknown = client.getTask({ tenant: '', id: 'unknown', historyLength: undefined });
    await expect(unknown).rejects.toBeInstanceOf(TaskNotFoundError);
    const sent = await client.sendMessage(send('hello'));
    if (!('status' in sent)) throw new Error('expected a task');
    const ended = client.resubscribeTask({ tenant: '', id: sent.id });
    await expect(ended.next()).rejects.toBeInstanceOf(UnsupportedOperationError);
  });
});

describe('a message that is sent again over a session', () => {
  it('streams the same task, which is executed once', async () => {
    const { client, executor } = await overSession();
    const ids: string[] = [];
    const ends: string[] = [];
    for (let i = 0; i < 2; i++) {
      let last = '';
      for await (const event of client.sendMessageStream(send('hello', 'the same'))) {
        if (event.payload?.$case === 'task') ids.push(event.payload.value.id);
        last = shortOf(event);
      }
      ends.push(last);
    }
    expect(new Set(ids).size).toBe(1);
    expect(ends).toEqual(['TASK_STATE_COMPLETED', 'TASK_STATE_COMPLETED']);
    expect(executor.executions).toBe(1);
  });
});
