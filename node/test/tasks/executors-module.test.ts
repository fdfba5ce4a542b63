import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaskState } from '@a2a-js/sdk';
import type { Part } from '@a2a-js/sdk';
import { AgentEvent } from '@a2a-js/sdk/server';
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../../logger.ts';
import { MAX_EXECUTION_EVENTS } from '../../tasks/executors/execution-recorder.ts';
import { createExecutor } from '../../tasks/executors/executor-registry.ts';
import { ModuleExecutor, SPECIFICATION_METADATA_KEY } from '../../tasks/executors/module.ts';
import { TASK_LIMITS } from '../../tasks/task-limits.ts';
import type { ExecutorConfig } from '../../tasks/executor-config.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import { csvPart, jsonPart, textPart } from './price-tables.ts';

const TERM = 'performs:nlp/shouting';
const baseDirectory = import.meta.dirname;
let counter = 0;
const random = { bytes: (length: number) => new Uint8Array(length).fill((counter += 1)) };
const components = { baseDirectory, random, logger: silentLogger };
const specification = taskForSkill({
  term: TERM,
  inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
  valueMicroUsd: 1,
});
const never = new AbortController().signal;

function status(state: TaskState, text?: string) {
  const message =
    text === undefined
      ? undefined
      : {
          messageId: 'm',
          contextId: '',
          taskId: '',
          role: 2,
          parts: [part(text)],
          metadata: undefined,
          extensions: [],
          referenceTaskIds: [],
        };
  return AgentEvent.statusUpdate({
    taskId: 't',
    contextId: 'c',
    status: { state, message, timestamp: undefined },
    metadata: undefined,
  });
}

function part(value: string): Part {
  const content = { $case: 'text', value } as const;
  return { content, mediaType: '', filename: '', metadata: undefined };
}

function artifact(parts: Part[], options: { id?: string; append?: boolean } = {}) {
  return AgentEvent.artifactUpdate({
    taskId: 't',
    contextId: 'c',
    artifact: {
      artifactId: options.id ?? 'a',
      name: '',
      description: '',
      parts,
      metadata: undefined,
      extensions: [],
    },
    append: options.append ?? false,
    lastChunk: false,
    metadata: undefined,
  });
}

/** Runs one execution of an executor written in place. */
async function run(
  execute: (context: RequestContext, bus: ExecutionEventBus) => Promise<void>,
  options: { signal?: AbortSignal; cancelTask?: AgentExecutor['cancelTask'] } = {},
) {
  const cancelTask = options.cancelTask ?? (async () => undefined);
  const executor = new ModuleExecutor(
    { term: TERM, path: '', baseDirectory, random },
    { execute, cancelTask },
  );
  const work = { specification, parts: [textPart('hello')] };
  return executor.execute(work, { signal: options.signal ?? never });
}

async function failureOf(promise: Promise<unknown>): Promise<Error & Record<string, unknown>> {
  try {
    await promise;
  } catch (error) {
    return error as Error & Record<string, unknown>;
  }
  throw new Error('expected a rejection');
}

describe('module executor', () => {
  it('runs the AgentExecutor that a file exports', async () => {
    const executor = await createExecutor(
      TERM,
      { type: 'module', path: './fixtures/shouting-executor.ts' },
      components,
    );
    const parts = [textPart('hello '), jsonPart({ a: 1 })];
    const result = await executor.execute({ specification, parts }, { signal: never });
    expect(result.parts).toEqual([{ mediaType: 'text/plain', text: 'HELLO {"A":1}' }]);
    expect(executor.term).toBe(TERM);
  });

  it('reads a file anew that was corrected, and one that was changed', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'coalesce-executor-'));
    const path = join(directory, 'shout.mjs');
    const load = () => createExecutor(TERM, { type: 'module', path }, components);
    const saying = (word: string) =>
      'export default { execute: (context, bus) => bus.publish({ kind: "message", data: {' +
      `parts: [{ content: { $case: "text", value: "${word}" } }] } }), cancelTask() {} };`;
    const said = async () => {
      const work = { specification, parts: [textPart('x')] };
      return (await (await load()).execute(work, { signal: never })).parts[0]?.text;
    };
    try {
      await writeFile(path, 'export default {');
      const failure = await failureOf(load());
      expect(failure['code']).toBe('MODULE_NOT_LOADED');
      expect(failure.message).toContain('of a module that it imports, restart the node');
      await writeFile(path, saying('one'));
      expect(await said()).toBe('one');
      await writeFile(path, saying('two three'));
      expect(await said()).toBe('two three');
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('hands over the description, each part in its kind, and the specification', async () => {
    let seen: RequestContext | undefined;
    const executor = new ModuleExecutor(
      { term: TERM, path: '', baseDirectory, random },
      {
        execute: async (context, bus) => {
          seen = context;
          bus.publish(artifact([part('done')]));
        },
        cancelTask: async () => undefined,
      },
    );
    const described = { ...specification, description: 'Shout.' };
    const raw = { mediaType: 'image/png', bytes: new Uint8Array([1, 2]), name: 'dot.png' };
    const parts = [csvPart('date,A'), jsonPart([1]), raw];
    await executor.execute({ specification: described, parts }, { signal: never });
    const message = seen!.userMessage;
    expect(message.parts.map(({ content }) => content?.$case)).toEqual([
      'text',
      'text',
      'data',
      'raw',
    ]);
    expect(message.parts[0]!.content).toEqual({ $case: 'text', value: 'Shout.' });
    expect(message.parts[3]).toMatchObject({ filename: 'dot.png', mediaType: 'image/png' });
    expect(message.metadata).toEqual({ [SPECIFICATION_METADATA_KEY]: described });
    expect(seen!.taskId).not.toBe('');
  });

  it('says which file is missing and what to check', async () => {
    const config: ExecutorConfig = { type: 'module', path: 'missing.ts' };
    const error = await failureOf(createExecutor(TERM, config, components));
    expect(error).toMatchObject({ name: 'ExecutorConfigError', code: 'MODULE_NOT_LOADED' });
    expect(error.message).toContain(`${baseDirectory}/missing.ts`);
    expect(error.message).toContain('Check the path');
  });

  it('says why a module failed to load', async () => {
    const config: ExecutorConfig = { type: 'module', path: './fixtures/broken-executor.ts' };
    const error = await failureOf(createExecutor(TERM, config, components));
    expect(error.message).toContain('no licence key');
  });

  it('refuses a module whose default export is no AgentExecutor', async () => {
    const config: ExecutorConfig = { type: 'module', path: './fixtures/no-executor.ts' };
    const error = await failureOf(createExecutor(TERM, config, components));
    expect(error).toMatchObject({ code: 'BAD_MODULE' });
    expect(error.message).toContain('export default new MyExecutor()');
  });

  it.each([
    [TaskState.TASK_STATE_FAILED, 'FAILED'],
    [TaskState.TASK_STATE_REJECTED, 'REJECTED'],
    [TaskState.TASK_STATE_CANCELED, 'CANCELED'],
    [TaskState.TASK_STATE_INPUT_REQUIRED, 'INPUT_REQUIRED'],
    [TaskState.TASK_STATE_AUTH_REQUIRED, 'INPUT_REQUIRED'],
  ])(
    'turns task state %i into an error without the words of the executor',
    async (state, failure) => {
      const error = await failureOf(
        run(async (_, bus) => {
          bus.publish(artifact([part('half a result')]));
          bus.publish(status(state, 'secret path /home/me'));
        }),
      );
      expect(error).toMatchObject({ code: 'EXECUTOR_FAILED', details: { failure } });
      expect(JSON.stringify([error.message, error['details']])).not.toContain('secret');
      expect((error.cause as Error).message).toContain('secret path');
    },
  );

  it('turns a throw into an error without its message', async () => {
    const error = await failureOf(
      run(async () => {
        throw new Error('secret password');
      }),
    );
    expect(error).toMatchObject({ details: { failure: 'FAILED' } });
    expect(error.message).not.toContain('secret');
  });

  it('reports an executor that returns without a result', async () => {
    const error = await failureOf(run(async () => undefined));
    expect(error).toMatchObject({ details: { failure: 'NO_RESULT' } });
  });

  it('takes a message as the result', async () => {
    const result = await run(async (_, bus) => {
      bus.publish(status(TaskState.TASK_STATE_COMPLETED, 'done'));
    });
    expect(result.parts).toEqual([{ mediaType: 'text/plain', text: 'done' }]);
  });

  it('replaces an artifact that is published again and keeps the order of others', async () => {
    const result = await run(async (_, bus) => {
      bus.publish(artifact([part('draft')], { id: 'a' }));
      bus.publish(artifact([part('b')], { id: 'b' }));
      bus.publish(artifact([part('final')], { id: 'a' }));
    });
    expect(result.parts.map(({ text }) => text)).toEqual(['final', 'b']);
  });

  it('joins text that is streamed word by word', async () => {
    const result = await run(async (_, bus) => {
      for (let i = 0; i < 500; i++) bus.publish(artifact([part(`${i} `)], { append: i > 0 }));
    });
    expect(result.parts).toHaveLength(1);
    expect(result.parts[0]!.text).toMatch(/^0 1 2 .*499 $/);
  });

  it('bounds a result by parts, bytes and events', async () => {
    const many = Array.from({ length: TASK_LIMITS.maxParts + 1 }, () => part('x'));
    const big = part('x'.repeat(TASK_LIMITS.maxPartBytes + 1));
    const floods = [
      (bus: ExecutionEventBus) => bus.publish(artifact(many)),
      (bus: ExecutionEventBus) => bus.publish(artifact([big])),
      (bus: ExecutionEventBus) => {
        const event = status(TaskState.TASK_STATE_WORKING);
        for (let i = 0; i <= MAX_EXECUTION_EVENTS; i++) bus.publish(event);
      },
    ];
    for (const flood of floods) {
      const error = await failureOf(run(async (_, bus) => flood(bus)));
      expect(error).toMatchObject({ details: { failure: 'RESULT_TOO_LARGE' } });
    }
  });

  it.each([
    [{ $case: 'url', value: 'http://a' } as const],
    [{ $case: 'raw', value: Buffer.from('a') } as const],
    [{ $case: 'data', value: { a: Number.NaN } } as const],
    [undefined],
  ])('refuses a result part that is neither text nor JSON', async (content) => {
    const bad: Part = { content, mediaType: '', filename: '', metadata: undefined };
    const error = await failureOf(run(async (_, bus) => void bus.publish(artifact([bad]))));
    expect(error).toMatchObject({ details: { failure: 'BAD_RESULT' } });
  });

  it('cancels the task and rejects with the reason when the signal fires', async () => {
    const controller = new AbortController();
    const cancelled: string[] = [];
    let taskId = '';
    const pending = run(
      (context) => {
        taskId = context.taskId;
        controller.abort(new Error('deadline'));
        return new Promise(() => undefined);
      },
      {
        signal: controller.signal,
        cancelTask: async (id) => {
          cancelled.push(id);
          throw new Error('cannot cancel');
        },
      },
    );
    expect((await failureOf(pending)).message).toBe('deadline');
    expect(cancelled).toEqual([taskId]);
  });

  it('does not start when the signal has fired before', async () => {
    let started = false;
    const signal = AbortSignal.abort(new Error('too late'));
    const error = await failureOf(run(async () => void (started = true), { signal }));
    expect(error.message).toBe('too late');
    expect(started).toBe(false);
  });

  it('does not wait for an executor that lingers after it completed', async () => {
    const result = await run((_, bus) => {
      bus.publish(artifact([part('done')]));
      bus.publish(status(TaskState.TASK_STATE_COMPLETED));
      return new Promise(() => undefined);
    });
    expect(result.parts[0]!.text).toBe('done');
  });

  it('ignores a failure that comes after the result', async () => {
    const result = await run(async (_, bus) => {
      bus.publish(artifact([part('done')]));
      bus.publish(status(TaskState.TASK_STATE_COMPLETED));
      throw new Error('late');
    });
    expect(result.parts[0]!.text).toBe('done');
  });

  it('refuses an input above its limit before the executor sees it', async () => {
    const executor = await createExecutor(
      TERM,
      { type: 'module', path: './fixtures/shouting-executor.ts', maxInputBytes: 4 },
      components,
    );
    const work = { specification, parts: [textPart('hello')] };
    const error = await failureOf(executor.execute(work, { signal: never }));
    expect(error).toMatchObject({ code: 'INPUT_TOO_LARGE' });
  });
});

describe('createExecutor', () => {
  it('makes the built-in executor of a term', async () => {
    const term = 'performs:nlp/sentiment';
    expect((await createExecutor(term, { type: 'builtin' }, components)).term).toBe(term);
  });

  it('names the terms that have a built-in executor', async () => {
    const error = await failureOf(createExecutor(TERM, { type: 'builtin' }, components));
    expect(error).toMatchObject({ code: 'UNKNOWN_BUILTIN' });
    expect(error.message).toContain('performs:finance/portfolio-optimization');
  });

  it('refuses a type that it does not know and names the others', async () => {
    const config = { type: 'rust' } as unknown as ExecutorConfig;
    const error = await failureOf(createExecutor(TERM, config, components));
    expect(error).toMatchObject({ code: 'UNKNOWN_EXECUTOR' });
    expect(error.message).toContain('available are builtin, module, openai');
  });

  it('names the variable of a key that is missing', async () => {
    const config = {
      type: 'openai',
      baseUrl: 'https://model.test/v1',
      model: 'm',
      systemPrompt: 's',
      apiKeyVariable: 'COALESCE_TEST_KEY_THAT_NOBODY_SETS',
    } as const;
    const error = await failureOf(createExecutor(TERM, config, components));
    expect(error).toMatchObject({ code: 'BAD_SERVICE' });
    expect(error.message).toContain('COALESCE_TEST_KEY_THAT_NOBODY_SETS is not set');
  });
});
