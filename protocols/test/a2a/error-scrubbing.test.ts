import { SendMessageRequest, TaskState } from '@a2a-js/sdk';
import { DefaultExecutionEventBus, RequestContext, ServerCallContext } from '@a2a-js/sdk/server';
import type { AgentExecutor } from '@a2a-js/sdk/server';
import { describe, expect, it, vi } from 'vitest';
import { createA2aClient } from '../../a2a/client.ts';
import { EXECUTION_FAILED_TEXT, guardExecutor, scrubOutcome } from '../../a2a/error-scrubbing.ts';
import { createA2aServer } from '../../a2a/server.ts';
import { FakeNetwork } from './fake-secure-streams.ts';
import {
  CLIENT,
  FakeClock,
  FakeLogger,
  FakeRandom,
  SERVER,
  UpperCaseExecutor,
  publishMessage,
  publishResult,
  publishStatus,
  publishTask,
  requestHandlerOf,
  textMessage,
} from './test-agent.ts';

const SECRET = 'ENOENT /home/someone/.ssh/id_ed25519';

async function run(execute: AgentExecutor['execute']) {
  const logger = new FakeLogger();
  const executor = guardExecutor(
    { execute, cancelTask: () => Promise.reject(new Error(SECRET)) },
    { clock: new FakeClock(), random: new FakeRandom(), logger },
  );
  const network = new FakeNetwork();
  const requestHandler = requestHandlerOf(executor);
  createA2aServer({
    streams: network.join(SERVER),
    requestHandler,
    isParty: () => Promise.resolve(false),
    isAllowedWithoutContract: () => Promise.resolve(true),
    clock: new FakeClock(),
    logger,
  });
  const client = createA2aClient({ streams: network.join(CLIENT), peerId: SERVER });
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const result = await client.sendMessage(textMessage('m1', 'hello'));
  const lines = printed.mock.calls.map((call) => call.join(' '));
  printed.mockRestore();
  return { result, logger, lines, client };
}

describe('a guarded executor', () => {
  it.each([
    ['before its first event', () => Promise.reject(new Error(SECRET))],
    [
      'at once, not as a promise',
      () => {
        throw new Error(SECRET);
      },
    ],
  ] satisfies [string, AgentExecutor['execute']][])(
    'that fails %s leaves a failed task without its words',
    async (_title, execute) => {
      const { result, logger, lines } = await run(execute);
      if (!('task' in result)) throw new Error('expected a task');
      expect(result.task.status.state).toBe('TASK_STATE_FAILED');
      expect(result.task.status.message?.parts[0]?.text).toBe(EXECUTION_FAILED_TEXT);
      expect(JSON.stringify(result)).not.toContain('ENOENT');
      expect(lines).toEqual([]);
      expect(logger.entries.filter(({ level }) => level === 'error')).toHaveLength(1);
    },
  );

  it('that fails after its task keeps that task and its history', async () => {
    const { result } = await run((request, bus) => {
      publishTask(request, bus);
      return Promise.reject(new Error(SECRET));
    });
    if (!('task' in result)) throw new Error('expected a task');
    expect(result.task.status.state).toBe('TASK_STATE_FAILED');
    expect(result.task.history?.[0]?.parts[0]?.text).toBe('hello');
  });

  it('that fails after its result leaves the result as it is', async () => {
    const { result, logger } = await run((request, bus) => {
      publishTask(request, bus);
      publishResult(request, bus, 'done');
      return Promise.reject(new Error(SECRET));
    });
    if (!('task' in result)) throw new Error('expected a task');
    expect(result.task.status.state).toBe('TASK_STATE_COMPLETED');
    expect(logger.entries.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('that answers with a message and then fails leaves the message as it is', async () => {
    const { result } = await run((request, bus) => {
      publishMessage(request, bus, 'hi');
      return Promise.reject(new Error(SECRET));
    });
    expect(result).toMatchObject({ message: { parts: [{ text: 'hi' }] } });
  });

  it('that fails after its last event publishes nothing more', async () => {
    const kinds: string[] = [];
    const bus = new DefaultExecutionEventBus();
    bus.on('event', ({ kind }) => kinds.push(kind));
    const message = SendMessageRequest.fromJSON(textMessage('m1', 'hello'));
    const request = new RequestContext(message, 't', 'c', new ServerCallContext());
    const executor = guardExecutor(
      {
        execute: () => {
          publishTask(request, bus);
          publishResult(request, bus, 'done');
          return Promise.reject(new Error(SECRET));
        },
        cancelTask: () => Promise.resolve(),
      },
      { clock: new FakeClock(), random: new FakeRandom(), logger: new FakeLogger() },
    );
    await executor.execute(request, bus);
    expect(kinds).toEqual(['task', 'artifactUpdate', 'statusUpdate']);
  });

  it('that cannot cancel does not say why', async () => {
    const { result, client } = await run((request, bus) => {
      publishTask(request, bus);
      publishStatus(request, bus, TaskState.TASK_STATE_INPUT_REQUIRED, 'more?');
      return Promise.resolve();
    });
    if (!('task' in result)) throw new Error('expected a task');
    const error: unknown = await client.cancelTask({ id: result.task.id }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(String(error)).not.toContain('ENOENT');
  });

  it('that works changes nothing', async () => {
    const executor = new UpperCaseExecutor();
    const { result } = await run((request, bus) => executor.execute(request, bus));
    if (!('task' in result)) throw new Error('expected a task');
    expect(result.task.artifacts?.[0]?.parts[0]?.text).toBe('HELLO');
  });
});

describe('scrubbing of an outcome', () => {
  const leaking = { parts: [{ text: `Agent execution error: ${SECRET}`, mediaType: 'a' }] };

  it('finds the words of an exception in status and history, in a task and in a list', () => {
    const task = { id: 't', status: { state: 's', message: leaking }, history: [leaking] };
    for (const result of [task, { task }, { tasks: [task], totalSize: 1 }]) {
      const text = JSON.stringify(scrubOutcome({ result }));
      expect(text).not.toContain('ENOENT');
      expect(text.split(EXECUTION_FAILED_TEXT)).toHaveLength(3);
    }
  });

  it('leaves everything else as it is', () => {
    const result = {
      task: { id: 't', status: { state: 's' }, artifacts: [{ parts: leaking.parts }] },
    };
    expect(scrubOutcome({ result })).toEqual({ result });
    expect(scrubOutcome({ result: null })).toEqual({ result: null });
    const error = { code: -32001, message: 'Task not found: t' };
    expect(scrubOutcome({ error })).toEqual({ error });
  });
});
