/**
 * Back end `a2a`: an unmodified A2A agent does the work of a skill.
 *
 * The agent gets the operator's instruction, if there is one, then the client's description and
 * input; it is the agent's to tell one from the other. What it answers is bounded like the work of
 * a module, and none of its words reach a peer except its result. A task that is given up here is
 * cancelled there, once its id is known: an agent that answers only when it is done cannot be told.
 *
 * @module
 */

import { Role, TaskState } from '@a2a-js/sdk';
import type { SendMessageRequest, StreamResponse, Task } from '@a2a-js/sdk';
import { AgentEvent, DefaultExecutionEventBus } from '@a2a-js/sdk/server';
import type { AgentExecutionEvent } from '@a2a-js/sdk/server';
import { toHex } from '../../../crypto/bytes.ts';
import type { Logger, Random } from '../../../protocols/components.ts';
import type { ServiceComponents } from '../../skills/openai-service.ts';
import type { ResultPart } from '../task-parts.ts';
import { AgentConnection } from './agent-connection.ts';
import type { AgentConnectionInit, ConnectedAgent } from './agent-connection.ts';
import { withoutFence } from './chat-prompt.ts';
import { ExecutorFailedError } from './errors.ts';
import { ExecutionRecorder } from './execution-recorder.ts';
import { messageParts, textPart } from './message-parts.ts';
import type {
  ExecuteOptions,
  SkillExecutor,
  SkillResult,
  SkillWork,
  WorkEstimate,
} from './skill-executor.ts';
import { withTimeout } from './time-limit.ts';
import { assertInputSize, DEFAULT_MAX_INPUT_BYTES, isJson } from './work-input.ts';
import { readResultPart } from './work-result.ts';

const DEFAULT_TIMEOUT_MS = 300_000;
const CANCEL_TIMEOUT_MS = 5_000;
const POLL_MS = 500;
const SECONDS = 0.02;
const MEMORY_GIB = 0.01;

/** Configuration. */
export interface A2aExecutorInit extends Omit<AgentConnectionInit, 'service'> {
  /** What the agent is told before the client's input. */
  readonly instruction?: string;
  readonly maxInputBytes?: number;
  readonly timeoutMs?: number;
  /** What the agent charges for a task that it completes. */
  readonly paidMicroUsd?: number;
  readonly service: Pick<ServiceComponents, 'request' | 'wait' | 'environment'>;
  readonly random: Random;
  readonly logger: Logger;
}

/** Has an agent do the work. */
export class A2aExecutor implements SkillExecutor {
  readonly term: string;
  readonly workKind = 'waits';
  readonly isRemote = true;
  readonly #init: A2aExecutorInit;
  readonly #connection: AgentConnection;

  /** @throws ExecutorConfigError for an address or a token that cannot be used. */
  constructor(init: A2aExecutorInit) {
    this.term = init.term;
    this.#init = init;
    this.#connection = new AgentConnection(init);
  }

  estimate(): WorkEstimate {
    const { paidMicroUsd } = this.#init;
    const estimate = { seconds: SECONDS, memoryGib: MEMORY_GIB };
    return paidMicroUsd === undefined ? estimate : { ...estimate, paidMicroUsd };
  }

  async execute(work: SkillWork, { signal, onSpent }: ExecuteOptions): Promise<SkillResult> {
    signal.throwIfAborted();
    const { maxInputBytes, timeoutMs, paidMicroUsd } = this.#init;
    assertInputSize(work.parts, maxInputBytes ?? DEFAULT_MAX_INPUT_BYTES);
    const request = this.#request(work);
    return withTimeout(timeoutMs ?? DEFAULT_TIMEOUT_MS, signal, async (limited) => {
      try {
        const agent = await this.#connection.agent(limited);
        const task = new RemoteTask(agent, this.#init.service.wait);
        const parts = await this.#follow(task, request, limited);
        if (paidMicroUsd !== undefined) onSpent?.({ paidMicroUsd });
        return { parts: asAsked(parts, work.specification.output.mediaType) };
      } catch (cause) {
        limited.throwIfAborted();
        this.#connection.forget();
        if (cause instanceof ExecutorFailedError) throw cause;
        throw new ExecutorFailedError('FAILED', { cause });
      }
    });
  }

  /** Records what the agent says until there is an outcome. */
  async #follow(
    task: RemoteTask,
    request: SendMessageRequest,
    signal: AbortSignal,
  ): Promise<readonly ResultPart[]> {
    const bus = new DefaultExecutionEventBus();
    const recorder = new ExecutionRecorder(bus);
    // The loop may end by another error, and then nobody reads the result.
    recorder.result.catch(() => undefined);
    try {
      for await (const event of task.events(request, signal)) {
        bus.publish(event);
        if (recorder.isSettled) break;
      }
      recorder.finish();
      return await recorder.result;
    } finally {
      bus.removeAllListeners();
      if (task.isOpen) void this.#cancel(task);
    }
  }

  /** The work has been given up by then, whatever the agent answers. */
  async #cancel(task: RemoteTask): Promise<void> {
    try {
      await task.cancel(AbortSignal.timeout(CANCEL_TIMEOUT_MS));
    } catch (error) {
      this.#init.logger.debug({ term: this.term, err: error }, 'An agent did not cancel.');
    }
  }

  #request(work: SkillWork): SendMessageRequest {
    const { instruction } = this.#init;
    const parts = messageParts(work);
    return {
      tenant: '',
      message: {
        messageId: toHex(this.#init.random.bytes(16)),
        contextId: '',
        taskId: '',
        role: Role.ROLE_USER,
        parts: instruction === undefined ? parts : [textPart(instruction), ...parts],
        metadata: undefined,
        extensions: [],
        referenceTaskIds: [],
      },
      configuration: undefined,
      metadata: undefined,
    };
  }
}

const FINAL_STATES: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);

/** One task at the agent. */
class RemoteTask {
  readonly #agent: ConnectedAgent;
  readonly #wait: ServiceComponents['wait'];
  #taskId: string | undefined;
  #isFinal = false;

  constructor(agent: ConnectedAgent, wait: ServiceComponents['wait']) {
    this.#agent = agent;
    this.#wait = wait;
  }

  /** Whether the agent has a task that it has not ended. */
  get isOpen(): boolean {
    return this.#taskId !== undefined && !this.#isFinal;
  }

  cancel(signal: AbortSignal): Promise<Task> {
    const request = { tenant: '', id: this.#taskId!, metadata: undefined };
    return this.#agent.client.cancelTask(request, { signal });
  }

  /** What the agent says of the task: streamed, then asked for, until its last word. */
  async *events(
    request: SendMessageRequest,
    signal: AbortSignal,
  ): AsyncGenerator<AgentExecutionEvent> {
    const { client, card } = this.#agent;
    if (card.capabilities?.streaming === true) yield* this.#streamed(request, signal);
    else {
      const configuration = { ...NO_CONFIGURATION, returnImmediately: true };
      const answer = await client.sendMessage({ ...request, configuration }, { signal });
      if ('messageId' in answer) yield AgentEvent.message(answer);
      else yield this.#noted(AgentEvent.task(answer));
    }
    while (this.isOpen) {
      await this.#wait(POLL_MS, signal);
      const asked = { tenant: '', id: this.#taskId!, historyLength: 0 };
      yield this.#noted(AgentEvent.task(await client.getTask(asked, { signal })));
    }
  }

  /** A stream that breaks off after its task is known is no failure: the task is asked for. */
  async *#streamed(
    request: SendMessageRequest,
    signal: AbortSignal,
  ): AsyncGenerator<AgentExecutionEvent> {
    try {
      for await (const { payload } of this.#agent.client.sendMessageStream(request, { signal })) {
        const event = eventOf(payload);
        if (event) yield this.#noted(event);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (this.#taskId === undefined || error instanceof ExecutorFailedError) throw error;
    }
  }

  #noted(event: AgentExecutionEvent): AgentExecutionEvent {
    if (event.kind === 'message') return event;
    const id = event.kind === 'task' ? event.data.id : event.data.taskId;
    if (id !== '') this.#taskId ??= id;
    const status = event.kind === 'artifactUpdate' ? undefined : event.data.status;
    this.#isFinal ||= status !== undefined && FINAL_STATES.has(status.state);
    return event;
  }
}

const NO_CONFIGURATION = { acceptedOutputModes: [], taskPushNotificationConfig: undefined };

function eventOf(payload: StreamResponse['payload']): AgentExecutionEvent | undefined {
  switch (payload?.$case) {
    case 'task':
      return AgentEvent.task(payload.value);
    case 'message':
      return AgentEvent.message(payload.value);
    case 'statusUpdate':
      return AgentEvent.statusUpdate(payload.value);
    case 'artifactUpdate':
      return AgentEvent.artifactUpdate(payload.value);
    default:
      return undefined;
  }
}

/** JSON where the task asked for it: many agents write it as text. */
function asAsked(parts: readonly ResultPart[], mediaType: string): readonly ResultPart[] {
  const [part, ...others] = parts;
  if (!isJson({ mediaType }) || part?.text === undefined || others.length > 0) return parts;
  return [readResultPart(withoutFence(part.text), mediaType)];
}
