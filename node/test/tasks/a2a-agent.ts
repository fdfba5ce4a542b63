/** An A2A agent made with the SDK's own server, on loopback: nothing of this project is in it. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentCard, TaskState } from '@a2a-js/sdk';
import type { Part } from '@a2a-js/sdk';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import express from 'express';

/** A running agent. */
export interface RunningAgent {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly paths: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
  /** Bodies of the JSON-RPC requests. */
  readonly calls: readonly { readonly method: string; readonly params: unknown }[];
  close(): Promise<void>;
}

interface AgentInit {
  readonly isStreaming: boolean;
  /** Where the card says that the agent is; left out: where it is. */
  readonly claimedUrl?: string;
}

export async function startAgent(
  executor: AgentExecutor,
  { isStreaming, claimedUrl }: AgentInit = { isStreaming: true },
): Promise<RunningAgent> {
  const paths: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const calls: { method: string; params: unknown }[] = [];
  const app = express();
  const server = createServer(app);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wireCard = {
    name: 'upper',
    description: 'Writes text in capitals',
    version: '1.0.0',
    supportedInterfaces: [
      { url: claimedUrl ?? `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    ],
    capabilities: { streaming: isStreaming },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'upper', name: 'upper', description: 'capitals', tags: ['text'] }],
  };
  const card = AgentCard.fromJSON(wireCard);
  const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), executor);
  app.use(express.json({ limit: '16mb' }), (request, _response, next) => {
    paths.push(request.path);
    authorizations.push(request.headers.authorization);
    if (request.path === '/rpc') calls.push(request.body as (typeof calls)[number]);
    next();
  });
  app.use(
    '/.well-known/agent-card.json',
    agentCardHandler({ agentCardProvider: async () => card }),
  );
  app.use('/rpc', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  return {
    url,
    paths,
    authorizations,
    calls,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** What an executor of these tests says. */
export class Speaker {
  readonly #context: RequestContext;
  readonly #bus: ExecutionEventBus;

  constructor(context: RequestContext, bus: ExecutionEventBus) {
    this.#context = context;
    this.#bus = bus;
    const { taskId: id, contextId } = context;
    const status = this.#status(TaskState.TASK_STATE_WORKING);
    bus.publish(
      AgentEvent.task({ id, contextId, status, artifacts: [], history: [], metadata: undefined }),
    );
  }

  get texts(): string[] {
    return this.#context.userMessage.parts.map(({ content }) =>
      content?.$case === 'text' ? content.value : JSON.stringify(content?.value),
    );
  }

  artifact(parts: Part[], append = false): void {
    const { taskId, contextId } = this.#context;
    const artifact = {
      artifactId: 'a',
      name: '',
      description: '',
      parts,
      metadata: undefined,
      extensions: [],
    };
    this.#bus.publish(
      AgentEvent.artifactUpdate({
        taskId,
        contextId,
        artifact,
        append,
        lastChunk: false,
        metadata: undefined,
      }),
    );
  }

  end(state: TaskState, text?: string): void {
    const { taskId, contextId } = this.#context;
    const status = this.#status(state, text);
    this.#bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
    this.#bus.finished();
  }

  #status(state: TaskState, text?: string) {
    const { taskId, contextId } = this.#context;
    const message = text === undefined ? undefined : messageOf(text, taskId, contextId);
    return { state, message, timestamp: undefined };
  }
}

export function messageOf(text: string, taskId = '', contextId = '') {
  return {
    messageId: 'm',
    contextId,
    taskId,
    role: 2,
    parts: [textPart(text)],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
}

export function textPart(value: string): Part {
  const content = { $case: 'text', value } as const;
  return { content, mediaType: '', filename: '', metadata: undefined };
}
