/**
 * Back end `module`: a user's ES module whose default export is an A2A `AgentExecutor`
 * (@a2a-js/sdk) does the work of a skill.
 *
 * The module is the user's own code and runs in this process with its rights. What it publishes is
 * bounded, and none of its words reach a peer except its result.
 *
 * @module
 */

import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Role } from '@a2a-js/sdk';
import type { SendMessageRequest } from '@a2a-js/sdk';
import { DefaultExecutionEventBus, RequestContext, ServerCallContext } from '@a2a-js/sdk/server';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { toHex } from '../../../crypto/bytes.ts';
import type { Random } from '../../../protocols/components.ts';
import { ExecutionRecorder } from './execution-recorder.ts';
import { ExecutorConfigError, ExecutorFailedError } from './errors.ts';
import { messageParts } from './message-parts.ts';
import type { SkillExecutor, SkillResult, SkillWork } from './skill-executor.ts';
import { assertInputSize, DEFAULT_MAX_INPUT_BYTES } from './work-input.ts';

/** Metadata key of the message under which the executor finds the whole specification. */
export const SPECIFICATION_METADATA_KEY = 'urn:coalesce:a2a:task-specification:v1';

const DEFAULT_SECONDS = 10;
const DEFAULT_MEMORY_GIB = 0.1;

/** Configuration of a module. */
export interface ModuleExecutorInit {
  readonly term: string;
  /** Path of the ES module, absolute or relative to `baseDirectory`. */
  readonly path: string;
  readonly baseDirectory: string;
  readonly maxInputBytes?: number;
  /** Seconds that one piece of work usually takes, as its author declares. */
  readonly estimatedSeconds?: number;
  readonly memoryGib?: number;
  readonly random: Random;
}

function isAgentExecutor(value: unknown): value is AgentExecutor {
  const candidate = value as Partial<AgentExecutor> | null | undefined;
  return typeof candidate?.execute === 'function' && typeof candidate.cancelTask === 'function';
}

/**
 * Loads the module and looks at its default export.
 *
 * @throws {@link ExecutorConfigError} that says which file and what to change.
 */
export async function loadModuleExecutor(init: ModuleExecutorInit): Promise<ModuleExecutor> {
  const path = resolve(init.baseDirectory, init.path);
  const details = { term: init.term, path };
  let loaded: { readonly default?: unknown };
  try {
    loaded = (await import(/* @vite-ignore */ await versionUrl(path))) as typeof loaded;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unknown error';
    throw new ExecutorConfigError(
      'MODULE_NOT_LOADED',
      `The executor of ${init.term} at ${path} cannot be loaded: ${reason}. ` +
        'Check the path, and that the file is an ES module that runs on its own. A file that was ' +
        'changed is read anew; after a change of a module that it imports, restart the node',
      details,
      { cause },
    );
  }
  if (!isAgentExecutor(loaded.default)) {
    throw new ExecutorConfigError(
      'BAD_MODULE',
      `The default export of ${path} is not an AgentExecutor: export an object with the methods ` +
        'execute(requestContext, eventBus) and cancelTask(taskId, eventBus), such as ' +
        '"export default new MyExecutor()"',
      details,
    );
  }
  return new ModuleExecutor(init, loaded.default);
}

/** URL of the file as it now is: a module is loaded once per URL, its failure included. */
async function versionUrl(path: string): Promise<string> {
  const { mtimeMs, size } = await stat(path);
  return `${pathToFileURL(path).href}?version=${mtimeMs}-${size}`;
}

/** Runs an {@link AgentExecutor} once per piece of work. */
export class ModuleExecutor implements SkillExecutor {
  readonly term: string;
  readonly #init: ModuleExecutorInit;
  readonly #executor: AgentExecutor;

  constructor(init: ModuleExecutorInit, executor: AgentExecutor) {
    this.term = init.term;
    this.#init = init;
    this.#executor = executor;
  }

  estimate() {
    return {
      seconds: this.#init.estimatedSeconds ?? DEFAULT_SECONDS,
      memoryGib: this.#init.memoryGib ?? DEFAULT_MEMORY_GIB,
    };
  }

  async execute(
    work: SkillWork,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<SkillResult> {
    signal.throwIfAborted();
    assertInputSize(work.parts, this.#init.maxInputBytes ?? DEFAULT_MAX_INPUT_BYTES);
    const taskId = this.#newId();
    const context = this.#requestContext(work, taskId);
    const bus = new DefaultExecutionEventBus();
    const recorder = new ExecutionRecorder(bus);
    const cancel = (): void => {
      recorder.fail(signal.reason);
      void this.#cancel(taskId, bus);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      void this.#run(context, bus, recorder);
      return { parts: await recorder.result };
    } finally {
      signal.removeEventListener('abort', cancel);
      bus.removeAllListeners();
    }
  }

  /** A rejection that comes after the result was settled has nobody left to hear it. */
  async #run(
    context: RequestContext,
    bus: DefaultExecutionEventBus,
    recorder: ExecutionRecorder,
  ): Promise<void> {
    try {
      await this.#executor.execute(context, bus);
      recorder.finish();
    } catch (cause) {
      recorder.fail(new ExecutorFailedError('FAILED', { cause }));
    }
  }

  /** Asks the executor to stop. The work has been given up by then, whatever it answers. */
  async #cancel(taskId: string, bus: DefaultExecutionEventBus): Promise<void> {
    try {
      await this.#executor.cancelTask(taskId, bus);
    } catch {
      return;
    }
  }

  #newId(): string {
    return toHex(this.#init.random.bytes(16));
  }

  #requestContext(work: SkillWork, taskId: string): RequestContext {
    const contextId = this.#newId();
    const request: SendMessageRequest = {
      tenant: '',
      message: {
        messageId: this.#newId(),
        contextId,
        taskId: '',
        role: Role.ROLE_USER,
        parts: messageParts(work),
        metadata: { [SPECIFICATION_METADATA_KEY]: work.specification },
        extensions: [],
        referenceTaskIds: [],
      },
      configuration: undefined,
      metadata: undefined,
    };
    return new RequestContext(request, taskId, contextId, new ServerCallContext());
  }
}
