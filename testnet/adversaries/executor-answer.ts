/**
 * How an A2A executor reads the text that it is handed, does the work of sentiment as it ought to,
 * and answers with one piece of JSON.
 *
 * @module
 */

import { TaskState } from '@a2a-js/sdk';
import { AgentEvent } from '@a2a-js/sdk/server';
import type { ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { createBuiltinExecutor } from '../../node/tasks/executors/executor-registry.ts';

/** The parts in plain text. */
export function textsOf({ userMessage }: RequestContext): Buffer[] {
  return userMessage.parts.flatMap(({ content, mediaType }) => {
    const isText = content?.$case === 'text' || content?.$case === 'raw';
    return isText && mediaType === 'text/plain' ? [Buffer.from(content.value)] : [];
  });
}

/** Publishes what the work gives, where nobody cheats. */
export async function answerHonestly(
  context: RequestContext,
  bus: ExecutionEventBus,
): Promise<void> {
  const parts = textsOf(context).map((bytes) => ({ mediaType: 'text/plain', bytes }));
  const sentiment = createBuiltinExecutor('performs:nlp/sentiment')!;
  const { signal } = new AbortController();
  const result = await sentiment.execute({ parts } as never, { signal });
  answerWith(context, bus, result.parts[0]?.data);
}

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
