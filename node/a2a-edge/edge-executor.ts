/**
 * The executor behind the HTTP edge. A task of the node's owner runs as `coalesce run` does: here
 * or at a stranger, whatever costs less. Anybody else's runs here, unpaid, where the node's owner
 * allows it.
 *
 * @module
 */

import { TaskState } from '@a2a-js/sdk';
import type { Task } from '@a2a-js/sdk';
import { AgentEvent } from '@a2a-js/sdk/server';
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { ECONOMICS_EXTENSION_URI } from '../../protocols/a2a/agent-card.ts';
import type { Clock } from '../../protocols/components.ts';
import type { RunDocument } from '../api-documents.ts';
import { CancelledError, UserFacingError } from '../errors.ts';
import type { TaskRequest } from '../http-api/routes/requests.ts';
import { ExecutorInputError } from '../tasks/executors/errors.ts';
import type { ResultPart } from '../tasks/task-parts.ts';
import { agentMessage } from './agent-message.ts';
import { askedWork } from './asked-work.ts';
import type { AskedInput, AskedWork } from './asked-work.ts';

/** Name of the A2A user that has the node's token. */
export const OWNER = 'owner';

/** The node, as the edge uses it. */
export interface EdgeAgent {
  /** Terms on offer here. */
  readonly terms: () => readonly string[];
  /** Runs a task of the owner's. @throws UserFacingError for a task that cannot be run. */
  run(request: TaskRequest, signal: AbortSignal): Promise<RunDocument>;
  /**
   * Does unpaid work here.
   *
   * @throws UserFacingError where this node does not; ExecutorInputError for a wrong input.
   */
  workUnpaid(
    term: string,
    inputs: readonly AskedInput[],
    signal: AbortSignal,
  ): Promise<readonly ResultPart[]>;
}

export interface EdgeExecutorInit {
  readonly agent: EdgeAgent;
  readonly clock: Clock;
}

/** What work came to. */
interface Outcome {
  readonly state: TaskState;
  readonly parts: readonly ResultPart[];
  /** For the client to read; undefined where the result says all. */
  readonly text?: string;
  readonly economics?: Readonly<Record<string, unknown>>;
}

/** Runs the tasks of A2A clients. */
export class EdgeExecutor implements AgentExecutor {
  readonly #init: EdgeExecutorInit;
  readonly #running = new Map<string, AbortController>();

  constructor(init: EdgeExecutorInit) {
    this.#init = init;
  }

  /** Tasks in work now. */
  get inWork(): number {
    return this.#running.size;
  }

  /** Stops everything in work. */
  abort(): void {
    for (const controller of this.#running.values()) controller.abort(new Error('The node stops'));
  }

  execute = async (context: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, userMessage, task } = context;
    const controller = new AbortController();
    this.#running.set(taskId, controller);
    try {
      bus.publish(AgentEvent.task(task ?? this.#newTask(context)));
      const asked = askedWork(userMessage, task, this.#init.agent.terms());
      const outcome = await this.#outcomeOf(asked, context, bus, controller.signal);
      if (outcome.parts.length > 0) this.#deliver(context, bus, outcome);
      this.#end(context, bus, outcome);
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      this.#end(context, bus, { state: TaskState.TASK_STATE_CANCELED, parts: [] });
    } finally {
      this.#running.delete(taskId);
    }
  };

  cancelTask = (taskId: string): Promise<void> => {
    this.#running.get(taskId)?.abort(new Error('The client cancelled the task'));
    return Promise.resolve();
  };

  async #outcomeOf(
    asked: AskedWork,
    context: RequestContext,
    bus: ExecutionEventBus,
    signal: AbortSignal,
  ): Promise<Outcome> {
    if (asked.kind === 'incomplete') {
      return { state: TaskState.TASK_STATE_INPUT_REQUIRED, parts: [], text: asked.question };
    }
    if (asked.kind === 'refused') return rejected(asked.reason);
    const isOwner = context.context.user?.userName === OWNER;
    if (!isOwner && !this.#isDoneHere(asked)) {
      const text = 'This node buys work for its owner only. Send the token of its data directory.';
      return { state: TaskState.TASK_STATE_AUTH_REQUIRED, parts: [], text };
    }
    this.#status(context, bus, TaskState.TASK_STATE_WORKING);
    try {
      if (isOwner) return outcomeOfRun(await this.#init.agent.run(requestOf(asked), signal));
      const { term, inputs } = asked as AskedWork & { readonly kind: 'skill' };
      const parts = await this.#init.agent.workUnpaid(term, inputs, signal);
      return { state: TaskState.TASK_STATE_COMPLETED, parts };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CancelledError) {
        return { state: TaskState.TASK_STATE_CANCELED, parts: [], text: error.message };
      }
      if (error instanceof UserFacingError) {
        return rejected([error.message, ...error.problems].join('\n'));
      }
      if (error instanceof ExecutorInputError) return rejected(error.message);
      throw error;
    }
  }

  #isDoneHere(asked: AskedWork): boolean {
    return asked.kind === 'skill' && this.#init.agent.terms().includes(asked.term);
  }

  #newTask({ taskId, contextId, userMessage }: RequestContext): Task {
    const status = this.#statusOf(TaskState.TASK_STATE_SUBMITTED);
    const history = [userMessage];
    return { id: taskId, contextId, status, history, artifacts: [], metadata: undefined };
  }

  #deliver({ taskId, contextId }: RequestContext, bus: ExecutionEventBus, outcome: Outcome): void {
    bus.publish(
      AgentEvent.artifactUpdate({
        taskId,
        contextId,
        artifact: {
          artifactId: 'result',
          name: 'result',
          description: '',
          parts: outcome.parts.map(sdkPart),
          metadata: metadataOf(outcome),
          extensions: outcome.economics === undefined ? [] : [ECONOMICS_EXTENSION_URI],
        },
        append: false,
        lastChunk: true,
        metadata: undefined,
      }),
    );
  }

  #end(context: RequestContext, bus: ExecutionEventBus, outcome: Outcome): void {
    this.#status(context, bus, outcome.state, outcome);
    bus.finished();
  }

  #status(
    { taskId, contextId }: RequestContext,
    bus: ExecutionEventBus,
    state: TaskState,
    outcome?: Outcome,
  ): void {
    const text = outcome?.text;
    const message = text === undefined ? undefined : agentMessage({ id: taskId, contextId }, text);
    const status = { ...this.#statusOf(state), message };
    const metadata = outcome && metadataOf(outcome);
    bus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata }));
  }

  #statusOf(state: TaskState) {
    const timestamp = new Date(this.#init.clock.nowMs()).toISOString();
    return { state, message: undefined, timestamp };
  }
}

function rejected(text: string): Outcome {
  return { state: TaskState.TASK_STATE_REJECTED, parts: [], text };
}

function metadataOf({ economics }: Outcome): Record<string, unknown> | undefined {
  return economics === undefined ? undefined : { [ECONOMICS_EXTENSION_URI]: economics };
}

/** The same that `coalesce run` would be given. */
function requestOf(asked: AskedWork & { readonly kind: 'skill' | 'specification' }): TaskRequest {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  if (asked.kind === 'skill') {
    const inputs = asked.inputs.map(({ name, mediaType, bytes }, i) => {
      return { name: `${i + 1}-${name}`, mediaType, contentBase64: base64(bytes) };
    });
    return { skill: asked.term, inputs };
  }
  const { specification, inputs } = asked;
  const parts = inputs.map(({ name, mediaType }) => ({ file: name, mediaType }));
  const task = 'input' in specification ? specification : { ...specification, input: { parts } };
  const files = Object.fromEntries(inputs.map(({ name, bytes }) => [name, base64(bytes)]));
  return { task, files };
}

function outcomeOfRun({ status, output, subtasks, totals }: RunDocument): Outcome {
  const [subtask] = subtasks;
  const decision = subtask?.decision;
  const economics = {
    decisionId: decision?.decisionId ?? null,
    choice: decision?.choice ?? null,
    contractor: decision?.contractor ?? null,
    reason: decision?.reason ?? null,
    paidMicroUsd: subtasks.reduce((sum, { paidMicroUsd }) => sum + paidMicroUsd, 0),
    receiptId: subtask?.receiptId ?? null,
    totals,
  };
  if (status === 'completed') {
    return { state: TaskState.TASK_STATE_COMPLETED, parts: output ?? [], economics };
  }
  const state = status === 'refused' ? TaskState.TASK_STATE_REJECTED : TaskState.TASK_STATE_FAILED;
  const text = decision?.reason ?? 'The task could not be done.';
  return { state, parts: [], text, economics };
}

function sdkPart({
  mediaType,
  text,
  data,
}: ResultPart): Task['artifacts'][number]['parts'][number] {
  return {
    content:
      text === undefined ? { $case: 'data', value: data ?? null } : { $case: 'text', value: text },
    mediaType,
    filename: '',
    metadata: undefined,
  };
}
