/**
 * How an A2A executor answers with one piece of JSON.
 *
 * @module
 */

import { TaskState } from '@a2a-js/sdk';
import { AgentEvent } from '@a2a-js/sdk/server';
import type { ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';

/** Publishes `value` as the whole result, and ends. */
export function answerWith(
  { taskId, contextId }: RequestContext,
  bus: ExecutionEventBus,
  value: unknown,
): void {
  const part = {
    content: { $case: 'data' as const, value },
    mediaType: 'application/json',
    filename: '',
    metadata: undefined,
  };
  const artifact = {
    artifactId: 'result',
    name: 'result',
    description: '',
    parts: [part],
    metadata: undefined,
    extensions: [],
  };
  bus.publish(
    AgentEvent.task({
      id: taskId,
      contextId,
      status: {
        state: TaskState.TASK_STATE_COMPLETED,
        message: undefined,
        timestamp: undefined,
      },
      artifacts: [artifact],
      history: [],
      metadata: undefined,
    }),
  );
  bus.finished();
}
