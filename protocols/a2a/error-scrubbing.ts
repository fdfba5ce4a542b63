/**
 * Keeps the words of an agent's internal errors from the peer: the SDK puts the message of an
 * executor's exception into the failed task ("Agent execution error: ..."), and that of any other
 * exception into a JSON-RPC error.
 *
 * @module
 */

import { AgentEvent } from '@a2a-js/sdk/server';
import type {
  AgentExecutionEvent,
  AgentExecutor,
  ExecutionEventBus,
  RequestContext,
} from '@a2a-js/sdk/server';
import { A2A_ERROR_CODE } from '@a2a-js/sdk/errors';
import { Role, TaskState } from '@a2a-js/sdk';
import type { Message, TaskStatus } from '@a2a-js/sdk';
import { toHex } from '../../crypto/bytes.ts';
import type { Clock, Logger, Random } from '../components.ts';
import { INTERNAL_ERROR } from './errors.ts';
import type { RpcOutcome } from './message-log.ts';

/** What a peer reads when an executor fails. */
export const EXECUTION_FAILED_TEXT = 'The agent failed to carry out this task.';

/** How the SDK begins the text that quotes an executor's exception. */
const SDK_ERROR_PREFIX = 'Agent execution error:';

const TERMINAL_STATES: ReadonlySet<TaskState> = new Set([
  TaskState.TASK_STATE_COMPLETED,
  TaskState.TASK_STATE_FAILED,
  TaskState.TASK_STATE_CANCELED,
  TaskState.TASK_STATE_REJECTED,
]);

/** What the guarded executor is handed. */
export interface ExecutorGuardComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * `executor` whose exceptions are logged here and become a failed task without their words. Without
 * it the exception's text is stored in the task and printed by the SDK.
 */
export function guardExecutor(
  executor: AgentExecutor,
  components: ExecutorGuardComponents,
): AgentExecutor {
  return {
    async execute(requestContext, eventBus) {
      let hasTask = false;
      let isFinished = false;
      const observe = (event: AgentExecutionEvent): void => {
        hasTask ||= event.kind === 'task';
        isFinished ||= endsExecution(event);
      };
      eventBus.on('event', observe);
      try {
        await executor.execute(requestContext, eventBus);
      } catch (error) {
        const { taskId } = requestContext;
        components.logger.error({ taskId, err: error }, 'An executor failed.');
        if (!isFinished) publishFailure(requestContext, eventBus, hasTask, components);
      } finally {
        eventBus.off('event', observe);
      }
    },
    async cancelTask(taskId, eventBus) {
      try {
        await executor.cancelTask(taskId, eventBus);
      } catch (error) {
        components.logger.error({ taskId, err: error }, 'An executor failed to cancel.');
        throw new Error(INTERNAL_ERROR.message, { cause: error });
      }
    },
  };
}

function endsExecution(event: AgentExecutionEvent): boolean {
  if (event.kind === 'message') return true;
  const status = event.kind === 'artifactUpdate' ? undefined : event.data.status;
  return status !== undefined && TERMINAL_STATES.has(status.state);
}

function publishFailure(
  { taskId, contextId, task, userMessage }: RequestContext,
  eventBus: ExecutionEventBus,
  hasTask: boolean,
  { clock, random }: ExecutorGuardComponents,
): void {
  const text = { $case: 'text', value: EXECUTION_FAILED_TEXT } as const;
  const message: Message = {
    messageId: toHex(random.bytes(16)),
    contextId,
    taskId,
    role: Role.ROLE_AGENT,
    parts: [{ content: text, mediaType: 'text/plain', filename: '', metadata: undefined }],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
  const status: TaskStatus = {
    state: TaskState.TASK_STATE_FAILED,
    message,
    timestamp: new Date(clock.nowMs()).toISOString(),
  };
  if (!hasTask) {
    // A2A wants a task before its first status update.
    const history = task?.history ?? [userMessage];
    eventBus.publish(
      AgentEvent.task(
        task ?? { id: taskId, contextId, status, history, artifacts: [], metadata: undefined },
      ),
    );
  }
  eventBus.publish(AgentEvent.statusUpdate({ taskId, contextId, status, metadata: undefined }));
}

/** `outcome` without the words of an internal error, wherever the SDK puts them. */
export function scrubOutcome(outcome: RpcOutcome): RpcOutcome {
  if ('error' in outcome) {
    return outcome.error.code === A2A_ERROR_CODE.INTERNAL_ERROR
      ? { error: INTERNAL_ERROR }
      : outcome;
  }
  return { result: scrubValue(outcome.result) };
}

/** A task, or a result or list that holds tasks. */
interface HoldsTasks {
  readonly statusUpdate?: HoldsTasks;
  readonly task?: HoldsTasks;
  readonly tasks?: readonly HoldsTasks[];
  readonly status?: { readonly message?: HoldsParts };
  readonly history?: readonly HoldsParts[];
}

interface HoldsParts {
  readonly parts?: readonly { readonly text?: unknown }[];
}

function scrubValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { statusUpdate, task, tasks, status, history, ...rest } = value as HoldsTasks;
  return {
    ...rest,
    ...(statusUpdate !== undefined && { statusUpdate: scrubValue(statusUpdate) }),
    ...(task !== undefined && { task: scrubValue(task) }),
    ...(tasks !== undefined && { tasks: tasks.map(scrubValue) }),
    ...(status !== undefined && {
      status:
        status.message === undefined
          ? status
          : { ...status, message: scrubMessage(status.message) },
    }),
    ...(history !== undefined && { history: history.map(scrubMessage) }),
  };
}

function scrubMessage(message: HoldsParts): HoldsParts {
  if (!message.parts?.some(quotesAnError)) return message;
  const parts = message.parts.map((part) =>
    quotesAnError(part) ? { ...part, text: EXECUTION_FAILED_TEXT } : part,
  );
  return { ...message, parts };
}

function quotesAnError({ text }: { readonly text?: unknown }): boolean {
  return typeof text === 'string' && text.startsWith(SDK_ERROR_PREFIX);
}
