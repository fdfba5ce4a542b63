/**
 * The tasks of the `session` benchmark: the same agent behind the SDK's handler, over HTTP and over
 * the session, asked by the SDK's own client both times.
 *
 * @module
 */

import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Role, TaskState } from '@a2a-js/sdk';
import type { AgentCard, SendMessageRequest } from '@a2a-js/sdk';
import { ClientFactory, ClientFactoryOptions } from '@a2a-js/sdk/client';
import type { Client } from '@a2a-js/sdk/client';
import { AgentEvent, DefaultRequestHandler } from '@a2a-js/sdk/server';
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { UserBuilder, jsonRpcHandler } from '@a2a-js/sdk/server/express';
import express from 'express';
import { silentLogger } from '../../node/logger.ts';
import { systemClock } from '../../node/system-clock.ts';
import { BoundedTaskStore } from '../../node/tasks/bounded-task-store.ts';
import { buildAgentCard } from '../../protocols/a2a/agent-card.ts';
import { SessionTransportFactory } from '../../protocols/a2a/sdk-transport.ts';
import { createA2aServer } from '../../protocols/a2a/server.ts';
import type { BenchNode } from './session-wire.ts';

/** Tasks that begin with this wait until so many of them are in work. */
export const HELD_TASKS = 1_000;
const HOLD = 'hold';

function textPart(value: string) {
  const content = { $case: 'text', value } as const;
  return { content, mediaType: 'text/plain', filename: '', metadata: undefined };
}

/** A task, two status updates, an artifact, the end. */
class StepExecutor implements AgentExecutor {
  #held: (() => void)[] = [];

  async execute(context: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const { taskId, contextId, userMessage } = context;
    const status = (state: TaskState) => ({ state, message: undefined, timestamp: undefined });
    const update = (state: TaskState) =>
      AgentEvent.statusUpdate({ taskId, contextId, status: status(state), metadata: undefined });
    bus.publish(
      AgentEvent.task({
        id: taskId,
        contextId,
        status: status(TaskState.TASK_STATE_SUBMITTED),
        artifacts: [],
        history: [],
        metadata: undefined,
      }),
    );
    bus.publish(update(TaskState.TASK_STATE_WORKING));
    bus.publish(update(TaskState.TASK_STATE_WORKING));
    const [part] = userMessage.parts;
    const text = part?.content?.$case === 'text' ? part.content.value : '';
    if (text.startsWith(HOLD)) await this.#untilAllAreHeld();
    const artifact = {
      artifactId: 'result',
      name: '',
      description: '',
      parts: [textPart(text.toUpperCase())],
      metadata: undefined,
      extensions: [],
    };
    bus.publish(
      AgentEvent.artifactUpdate({
        taskId,
        contextId,
        artifact,
        append: false,
        lastChunk: true,
        metadata: undefined,
      }),
    );
    bus.publish(update(TaskState.TASK_STATE_COMPLETED));
  }

  cancelTask = (): Promise<void> => Promise.resolve();

  #untilAllAreHeld(): Promise<void> {
    return new Promise((resolve) => {
      this.#held.push(resolve);
      if (this.#held.length < HELD_TASKS) return;
      for (const release of this.#held.splice(0)) release();
    });
  }
}

/** The agent on both ways in. Its card names both. */
export async function serveTasks({ host, manager }: BenchNode): Promise<{
  readonly cards: { readonly http: AgentCard; readonly session: AgentCard };
  readonly server: Server;
}> {
  const app = express();
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { card } = buildAgentCard({
    name: 'bench',
    description: 'Upper case.',
    version: '1.0.0',
    peerId: host.peerId,
    multiaddrs: host.addresses(),
    offers: [],
    furtherSkills: [{ id: 'upper', name: 'upper', description: 'Upper case.', tags: ['text'] }],
    streaming: true,
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  const http = {
    ...card,
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0', tenant: '' }],
  };
  const executor = new StepExecutor();
  const handlerOf = (own: AgentCard) =>
    new DefaultRequestHandler(own, new BoundedTaskStore(), executor);
  const userBuilder = UserBuilder.noAuthentication;
  app.use(jsonRpcHandler({ requestHandler: handlerOf(http), userBuilder }));
  createA2aServer({
    streams: manager,
    requestHandler: handlerOf(card),
    isParty: () => Promise.resolve(true),
    isAllowedWithoutContract: () => Promise.resolve(true),
    clock: systemClock,
    logger: silentLogger,
  });
  return { cards: { http, session: card }, server };
}

/** The SDK's client for a card, over the session where the card says so. */
export async function clientOf({ manager }: BenchNode, card: AgentCard): Promise<Client> {
  const transports = [new SessionTransportFactory(manager)];
  const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports });
  return new ClientFactory(options).createFromAgentCard(card);
}

/** A message of one text. */
export function textMessage(text: string, returnImmediately = false): SendMessageRequest {
  return {
    tenant: '',
    message: {
      messageId: text,
      contextId: '',
      taskId: '',
      role: Role.ROLE_USER,
      parts: [textPart(text)],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: {
      acceptedOutputModes: [],
      taskPushNotificationConfig: undefined,
      historyLength: undefined,
      returnImmediately,
    },
    metadata: undefined,
  };
}

/** Sends one task and reads its events to the end. @throws if it did not complete. */
export async function streamTask(client: Client, text: string): Promise<void> {
  let state: TaskState | undefined;
  for await (const { payload } of client.sendMessageStream(textMessage(text))) {
    if (payload?.$case === 'statusUpdate') state = payload.value.status?.state;
  }
  if (state !== TaskState.TASK_STATE_COMPLETED) throw new Error('The task did not complete');
}

/** Puts {@link HELD_TASKS} tasks in work at once; how many of them completed. */
export async function holdTasks(client: Client): Promise<number> {
  const texts = Array.from({ length: HELD_TASKS }, (_, i) => `${HOLD} ${i}`);
  const sent = await Promise.all(texts.map((text) => client.sendMessage(textMessage(text, true))));
  const ids = sent.map((one) => ('status' in one ? one.id : ''));
  const read = await Promise.all(
    ids.map((id) => client.getTask({ tenant: '', id, historyLength: undefined })),
  );
  return read.filter(({ status }) => status?.state === TaskState.TASK_STATE_COMPLETED).length;
}
