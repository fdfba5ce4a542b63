/**
 * Collects what an `AgentExecutor` publishes on its event bus until the task ends, within limits,
 * and turns the artifacts into the parts of a result.
 *
 * @module
 */

import { TaskState } from '@a2a-js/sdk';
import type { Artifact, Message, Part, TaskArtifactUpdateEvent, TaskStatus } from '@a2a-js/sdk';
import type { AgentExecutionEvent, ExecutionEventBus } from '@a2a-js/sdk/server';
import type { JsonValue } from '../../../crypto/canonical-json.ts';
import { TASK_LIMITS } from '../task-limits.ts';
import { encodeResultPart } from '../task-parts.ts';
import type { ResultPart } from '../task-parts.ts';
import { ExecutorFailedError } from './errors.ts';
import type { ExecutorFailure } from './errors.ts';

/** Events that one execution may publish. */
export const MAX_EXECUTION_EVENTS = 100_000;

const FAILURES: Partial<Record<TaskState, ExecutorFailure>> = {
  [TaskState.TASK_STATE_FAILED]: 'FAILED',
  [TaskState.TASK_STATE_REJECTED]: 'REJECTED',
  [TaskState.TASK_STATE_CANCELED]: 'CANCELED',
  [TaskState.TASK_STATE_INPUT_REQUIRED]: 'INPUT_REQUIRED',
  [TaskState.TASK_STATE_AUTH_REQUIRED]: 'INPUT_REQUIRED',
};

interface Recorded {
  readonly parts: readonly ResultPart[];
  readonly bytes: number;
}

/** Listens to one execution. The first outcome stands; what comes after it is ignored. */
export class ExecutionRecorder {
  /** Parts of the result, in the order in which their artifacts first appeared. */
  readonly result: Promise<readonly ResultPart[]>;
  readonly #artifacts = new Map<string, Recorded>();
  #message: readonly ResultPart[] | undefined;
  #events = 0;
  #isSettled = false;
  #resolve: (parts: readonly ResultPart[]) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;

  constructor(bus: ExecutionEventBus) {
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    bus.on('event', (event) => this.#guard(() => this.#record(event)));
    bus.on('finished', () => this.finish());
  }

  /** Whether there is an outcome. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** Ends with what was published; without artifacts and without a message that is a failure. */
  finish(): void {
    if (this.#isSettled) return;
    const parts = [...this.#artifacts.values()].flatMap((artifact) => artifact.parts);
    const result = parts.length > 0 ? parts : (this.#message ?? []);
    if (result.length === 0) {
      this.fail(new ExecutorFailedError('NO_RESULT'));
      return;
    }
    this.#isSettled = true;
    this.#resolve(result);
  }

  /** Ends with an error. */
  fail(reason: unknown): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#artifacts.clear();
    this.#reject(reason);
  }

  /** An event that cannot be read ends the work; it must not throw into the executor. */
  #guard(record: () => void): void {
    if (this.#isSettled) return;
    try {
      record();
    } catch (cause) {
      const isKnown = cause instanceof ExecutorFailedError;
      this.fail(isKnown ? cause : new ExecutorFailedError('BAD_RESULT', { cause }));
    }
  }

  #record(event: AgentExecutionEvent): void {
    this.#events += 1;
    if (this.#events > MAX_EXECUTION_EVENTS) throw new ExecutorFailedError('RESULT_TOO_LARGE');
    switch (event.kind) {
      case 'artifactUpdate':
        this.#addArtifact(event.data.artifact, event.data);
        return;
      case 'statusUpdate':
        this.#applyStatus(event.data.status);
        return;
      case 'task':
        for (const artifact of event.data.artifacts) this.#addArtifact(artifact);
        this.#applyStatus(event.data.status);
        return;
      case 'message':
        this.#message = toResultParts(event.data.parts).parts;
        this.finish();
    }
  }

  #addArtifact(
    artifact: Artifact | undefined,
    update: Partial<Pick<TaskArtifactUpdateEvent, 'append'>> = {},
  ): void {
    if (!artifact) return;
    const added = toResultParts(artifact.parts);
    const before = update.append ? this.#artifacts.get(artifact.artifactId) : undefined;
    const parts = appendParts(before?.parts ?? [], added.parts);
    const bytes = (before?.bytes ?? 0) + added.bytes;
    this.#artifacts.set(artifact.artifactId, { parts, bytes });
    let totalParts = 0;
    let totalBytes = 0;
    for (const recorded of this.#artifacts.values()) {
      totalParts += recorded.parts.length;
      totalBytes += recorded.bytes;
    }
    if (totalParts > TASK_LIMITS.maxParts || totalBytes > TASK_LIMITS.maxPartBytes) {
      throw new ExecutorFailedError('RESULT_TOO_LARGE');
    }
  }

  #applyStatus(status: TaskStatus | undefined): void {
    if (status === undefined) return;
    if (status.state === TaskState.TASK_STATE_COMPLETED) {
      if (status.message) this.#message = toResultParts(status.message.parts).parts;
      this.finish();
      return;
    }
    const failure = FAILURES[status.state];
    if (failure === undefined) return;
    const text = status.message ? messageText(status.message) : '';
    throw new ExecutorFailedError(failure, { cause: new Error(text) });
  }
}

function messageText(message: Message): string {
  return message.parts
    .map(({ content }) => (content?.$case === 'text' ? content.value : ''))
    .join(' ')
    .slice(0, 1_000);
}

function toResultParts(parts: readonly Part[]): Recorded {
  if (parts.length > TASK_LIMITS.maxParts) throw new ExecutorFailedError('RESULT_TOO_LARGE');
  let bytes = 0;
  const converted = parts.map((part) => {
    const result = toResultPart(part);
    bytes += sizeOf(result);
    return result;
  });
  return { parts: converted, bytes };
}

function toResultPart({ content, mediaType }: Part): ResultPart {
  switch (content?.$case) {
    case 'text':
      return { mediaType: mediaType || 'text/plain', text: content.value };
    case 'data':
      return {
        mediaType: mediaType || 'application/json',
        data: structuredClone(content.value as JsonValue),
      };
    default: {
      const kind = content?.$case ?? 'no content';
      const cause = new Error(`A part has ${kind}; publish text or data parts`);
      throw new ExecutorFailedError('BAD_RESULT', { cause });
    }
  }
}

function sizeOf(part: ResultPart): number {
  try {
    return encodeResultPart(part).length;
  } catch (cause) {
    throw new ExecutorFailedError('BAD_RESULT', { cause });
  }
}

/** Text that is appended to text continues it: an executor may stream word by word. */
function appendParts(
  before: readonly ResultPart[],
  added: readonly ResultPart[],
): readonly ResultPart[] {
  const last = before.at(-1);
  const [first, ...rest] = added;
  if (last?.text === undefined || first?.text === undefined || last.mediaType !== first.mediaType) {
    return [...before, ...added];
  }
  const joined = { mediaType: last.mediaType, text: last.text + first.text };
  return [...before.slice(0, -1), joined, ...rest];
}
