/** A real A2A agent for tests: the SDK's request handler around an executor of the test. */

import { Role, TaskState } from '@a2a-js/sdk';
import type { Message, Part } from '@a2a-js/sdk';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import type { Clock, Logger, Random } from '../../components.ts';
import { toBase64Url, utf8 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { buildAgentCard } from '../../a2a/agent-card.ts';
import type { SendMessageParams } from '../../a2a/wire-types.ts';

export const SERVER = '12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq';
export const CLIENT = '12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5';
export const OTHER = '12D3KooWSHj3RRbBjD15g6wekV8y3mm57Pobmps2g2WJm6F67Lay';

/** Contract id of a name. */
export function contractNamed(name: string): string {
  return toBase64Url(sha256(utf8(name)));
}

export class FakeClock implements Clock {
  ms = 1_800_000_000_000;
  nowMs = () => this.ms;
  monotonicMs = () => this.ms;
}

/** Counts up: no two draws are alike, and every run is the same. */
export class FakeRandom implements Random {
  #draws = 0;

  bytes(length: number): Uint8Array {
    this.#draws += 1;
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i += 32) {
      bytes.set(sha256(utf8(`draw ${this.#draws}/${i}`)).subarray(0, length - i), i);
    }
    return bytes;
  }
}

/** Keeps what was logged. */
export class FakeLogger implements Logger {
  readonly entries: {
    readonly level: string;
    readonly fields: object;
    readonly message: string;
  }[] = [];
  debug = (fields: object, message: string) => this.#add('debug', fields, message);
  info = (fields: object, message: string) => this.#add('info', fields, message);
  warn = (fields: object, message: string) => this.#add('warn', fields, message);
  error = (fields: object, message: string) => this.#add('error', fields, message);

  #add(level: string, fields: object, message: string): void {
    this.entries.push({ level, fields, message });
  }
}

export const testCard = buildAgentCard({
  name: 'test agent',
  description: 'Turns text into upper case.',
  version: '1.0.0',
  peerId: SERVER,
  multiaddrs: ['/ip4/127.0.0.1/tcp/4001'],
  streaming: true,
  offers: [
    {
      term: 'performs:nlp/upper-case',
      description: 'Upper case.',
      priceMicroUsd: 1_000,
      perUnit: 'task',
      latencyMs: 1_000,
    },
  ],
});

function textPart(value: string): Part {
  return {
    content: { $case: 'text', value },
    mediaType: 'text/plain',
    filename: '',
    metadata: undefined,
  };
}

function agentMessage({ taskId, contextId }: RequestContext, text: string): Message {
  return {
    messageId: `answer-to-${taskId}`,
    contextId,
    taskId,
    role: Role.ROLE_AGENT,
    parts: [textPart(text)],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
}

/** Text of the message an executor was given. */
export function inputOf(request: RequestContext): string {
  return request.userMessage.parts
    .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
    .join('');
}

/** First event of a task. */
export function publishTask(request: RequestContext, bus: ExecutionEventBus): void {
  const { taskId: id, contextId, userMessage } = request;
  const state = TaskState.TASK_STATE_WORKING;
  const status = { state, message: undefined, timestamp: undefined };
  const history = [userMessage];
  bus.publish(
    AgentEvent.task(
      request.task ?? { id, contextId, status, history, artifacts: [], metadata: undefined },
    ),
  );
}

/** Last event of a task, with its artifact. */
export function publishResult(request: RequestContext, bus: ExecutionEventBus, text: string): void {
  const { taskId, contextId } = request;
  bus.publish(
    AgentEvent.artifactUpdate({
      taskId,
      contextId,
      artifact: {
        artifactId: 'result',
        name: '',
        description: '',
        parts: [textPart(text)],
        metadata: undefined,
        extensions: [],
      },
      append: false,
      lastChunk: true,
      metadata: undefined,
    }),
  );
  publishStatus(request, bus, TaskState.TASK_STATE_COMPLETED);
}

/** A status update. */
export function publishStatus(
  request: RequestContext,
  bus: ExecutionEventBus,
  state: TaskState,
  text?: string,
): void {
  const { taskId, contextId } = request;
  const message = text === undefined ? undefined : agentMessage(request, text);
  const status = { state, message, timestamp: undefined };
  bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
}

/** Answers with a bare message instead of a task. */
export function publishMessage(
  request: RequestContext,
  bus: ExecutionEventBus,
  text: string,
): void {
  bus.publish(AgentEvent.message(agentMessage(request, text)));
}

/** Turns its input into upper case, and remembers what it was asked. */
export class UpperCaseExecutor implements AgentExecutor {
  readonly requests: RequestContext[] = [];
  /** Executions wait for this. */
  gate: Promise<void> = Promise.resolve();
  answer: (input: string) => string = (input) => input.toUpperCase();

  async execute(request: RequestContext, bus: ExecutionEventBus): Promise<void> {
    this.requests.push(request);
    publishTask(request, bus);
    await this.gate;
    publishResult(request, bus, this.answer(inputOf(request)));
  }

  cancelTask(_taskId: string, bus: ExecutionEventBus): Promise<void> {
    publishStatus(this.requests.at(-1)!, bus, TaskState.TASK_STATE_CANCELED);
    return Promise.resolve();
  }
}

/** The SDK's handler around `executor`. */
export function requestHandlerOf(executor: AgentExecutor): DefaultRequestHandler {
  return new DefaultRequestHandler(testCard.card, new InMemoryTaskStore(), executor);
}

/** Params of SendMessage with one text part. */
export function textMessage(messageId: string, text: string): SendMessageParams {
  return { message: { messageId, role: 'ROLE_USER', parts: [{ text }] } };
}
