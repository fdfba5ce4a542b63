/**
 * Messages that this node puts into the status of an A2A task.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import { Role } from '@a2a-js/sdk';
import type { Message } from '@a2a-js/sdk';

/** A message of the agent with one text, for a task. */
export function agentMessage(
  task: { readonly id: string; readonly contextId: string },
  text: string,
): Message {
  return {
    messageId: randomUUID(),
    contextId: task.contextId,
    taskId: task.id,
    role: Role.ROLE_AGENT,
    parts: [
      {
        content: { $case: 'text', value: text },
        mediaType: 'text/plain',
        filename: '',
        metadata: undefined,
      },
    ],
    metadata: undefined,
    extensions: [],
    referenceTaskIds: [],
  };
}
