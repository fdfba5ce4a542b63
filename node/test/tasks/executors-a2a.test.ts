import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TaskState } from '@a2a-js/sdk';
import { AgentEvent } from '@a2a-js/sdk/server';
import type { AgentExecutor, ExecutionEventBus, RequestContext } from '@a2a-js/sdk/server';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { silentLogger } from '../../logger.ts';
import { systemService } from '../../system-service.ts';
import { A2aExecutor } from '../../tasks/executors/a2a.ts';
import type { A2aExecutorInit } from '../../tasks/executors/a2a.ts';
import { CARD_AGE_MS, MAX_AGENT_ANSWER_BYTES } from '../../tasks/executors/agent-connection.ts';
import { ExecutorConfigError } from '../../tasks/executors/errors.ts';
import type { SkillWork, Spending } from '../../tasks/executors/skill-executor.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import type { ResolvedPart } from '../../tasks/task-parts.ts';
import { Speaker, messageOf, startAgent, textPart as agentText } from './a2a-agent.ts';
import type { RunningAgent } from './a2a-agent.ts';
import { jsonPart, textPart } from './price-tables.ts';

const TERM = 'performs:text/upper';
const never = new AbortController().signal;

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((agent) => agent.close()));
});

type Execute = (speaker: Speaker, context: RequestContext, bus: ExecutionEventBus) => unknown;

/** An agent whose work is `execute`, and which tasks it was asked to cancel. */
async function agentOf(execute: Execute, isStreaming = true, claimedUrl?: string) {
  const cancelled = Promise.withResolvers<string>();
  const started = Promise.withResolvers<string>();
  const speakers = new Map<string, Speaker>();
  const executor: AgentExecutor = {
    async execute(context, bus) {
      const speaker = new Speaker(context, bus);
      speakers.set(context.taskId, speaker);
      started.resolve(context.taskId);
      await execute(speaker, context, bus);
    },
    async cancelTask(taskId) {
      cancelled.resolve(taskId);
      speakers.get(taskId)?.end(TaskState.TASK_STATE_CANCELED);
    },
  };
  const claimed = claimedUrl === undefined ? {} : { claimedUrl };
  const agent = await startAgent(executor, { isStreaming, ...claimed });
  open.push(agent);
  return { agent, cancelled: cancelled.promise, started: started.promise };
}

const upper: Execute = (speaker) => {
  speaker.texts.forEach((text, i) => speaker.artifact([agentText(text.toUpperCase())], i > 0));
  speaker.end(TaskState.TASK_STATE_COMPLETED);
};

function executorOf(
  url: string,
  change: Partial<A2aExecutorInit> = {},
  environment: Record<string, string> = {},
): A2aExecutor {
  return new A2aExecutor({
    term: TERM,
    url,
    service: { ...systemService, wait: () => Promise.resolve(), environment },
    clock: new FakeClock(),
    random: new FakeRandom('a2a'),
    logger: silentLogger,
    ...change,
  });
}

function workOf(
  parts: readonly ResolvedPart[] = [textPart('hello')],
  mediaType = 'text/plain',
): SkillWork {
  const inputs = [{ file: 'a.txt', mediaType: 'text/plain' }];
  const specification = taskForSkill({ term: TERM, inputs, valueMicroUsd: 1 });
  return { specification: { ...specification, output: { mediaType } }, parts };
}

const run = (executor: A2aExecutor, work = workOf(), spent: Spending[] = []) =>
  executor.execute(work, { signal: never, onSpent: (one) => spent.push(one) });

async function failureOf(pending: Promise<unknown>): Promise<Error & { details?: unknown }> {
  const error: unknown = await pending.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

const failureIs = (failure: string) => ({ code: 'EXECUTOR_FAILED', details: { failure } });
const methods = ({ calls }: RunningAgent) => calls.map(({ method }) => method);

describe('an unmodified A2A agent behind the node', () => {
  it('does the work over its stream, in the parts that it gives', async () => {
    const { agent } = await agentOf(upper);
    const spent: Spending[] = [];
    const executor = executorOf(agent.url, { instruction: 'Shout: ', paidMicroUsd: 70 });
    const parts = [textPart('one '), jsonPart({ a: 1 })];
    expect(await run(executor, workOf(parts), spent)).toEqual({
      parts: [{ mediaType: 'text/plain', text: 'SHOUT: ONE {"A":1}' }],
    });
    expect(methods(agent)).toEqual(['SendStreamingMessage']);
    expect(spent).toEqual([{ paidMicroUsd: 70 }]);
    expect(executor.estimate().paidMicroUsd).toBe(70);
  });

  it('is told of the task what its work needs and nothing else', async () => {
    const { agent } = await agentOf(upper);
    await run(executorOf(agent.url));
    const sent = JSON.stringify(agent.calls);
    expect(sent).toContain('hello');
    expect(sent).not.toMatch(/coalesce|valueMicroUsd|performs/);
  });

  it('is asked again and again where it does not stream, until it is done', async () => {
    const { agent } = await agentOf(async (speaker, context, bus) => {
      while (!methods(agent).includes('GetTask')) await new Promise(setImmediate);
      await upper(speaker, context, bus);
    }, false);
    expect((await run(executorOf(agent.url))).parts).toEqual([
      { mediaType: 'text/plain', text: 'HELLO' },
    ]);
    expect(methods(agent).slice(0, 2)).toEqual(['SendMessage', 'GetTask']);
  });

  it('may answer with a message instead of a task', async () => {
    const executor: AgentExecutor = {
      async execute(_context, bus) {
        bus.publish(AgentEvent.message(messageOf('just a word')));
        bus.finished();
      },
      async cancelTask() {},
    };
    for (const isStreaming of [true, false]) {
      const agent = await startAgent(executor, { isStreaming });
      open.push(agent);
      expect((await run(executorOf(agent.url))).parts[0]!.text).toBe('just a word');
    }
  });

  it('gives JSON where the task asks for it, also out of a text', async () => {
    const { agent } = await agentOf((speaker) => {
      speaker.artifact([agentText('```json\n{"mood":"good"}\n```')]);
      speaker.end(TaskState.TASK_STATE_COMPLETED);
    });
    const { parts } = await run(executorOf(agent.url), workOf(undefined, 'application/json'));
    expect(parts).toEqual([{ mediaType: 'application/json', data: { mood: 'good' } }]);
    const { agent: other } = await agentOf(upper);
    const pending = run(executorOf(other.url), workOf(undefined, 'application/json'));
    expect(await failureOf(pending)).toMatchObject(failureIs('BAD_RESULT'));
  });

  it('is found by a card that is fetched once and believed for ten minutes', async () => {
    const { agent } = await agentOf(upper);
    const clock = new FakeClock();
    const executor = executorOf(`${agent.url}/.well-known/agent-card.json`, { clock });
    const cards = () => agent.paths.filter((path) => path.endsWith('.json')).length;
    await run(executor);
    await run(executor);
    expect(cards()).toBe(1);
    clock.advanceSeconds(CARD_AGE_MS / 1_000);
    await run(executor);
    expect(cards()).toBe(2);
  });

  it('gets the token of the environment', async () => {
    const { agent } = await agentOf(upper);
    await run(executorOf(agent.url, { tokenVariable: 'AGENT_TOKEN' }, { AGENT_TOKEN: ' t0ken ' }));
    expect(new Set(agent.authorizations)).toEqual(new Set(['Bearer t0ken']));
  });
});

describe('an A2A agent that is refused as it is offered', () => {
  it.each([
    ['an address that is none', { url: 'agent' }, /expected addresses such as/],
    ['an origin that is none', { url: 'https://a.test', origins: ['b'] }, /expected addresses/],
    ['a token that is not set', { url: 'https://a.test', tokenVariable: 'T' }, /T is not set/],
    [
      'a token that would go over the network in clear',
      { url: 'https://a.test', origins: ['http://b.test'], tokenVariable: 'SET' },
      /to b\.test in clear/,
    ],
  ])('has %s', (_what, { url, ...change }, message) => {
    const make = () => executorOf(url, change, { SET: 'x' });
    expect(make).toThrow(ExecutorConfigError);
    expect(make).toThrow(message);
  });
});

describe('a task at an A2A agent that is given up', () => {
  const silent: Execute = (speaker) => {
    speaker.artifact([agentText('half')]);
    return new Promise(() => undefined);
  };

  it.each([true, false])('is cancelled there too (streaming: %s)', async (isStreaming) => {
    const { agent, cancelled, started } = await agentOf(silent, isStreaming);
    const controller = new AbortController();
    const wait = (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        setTimeout(resolve, 5);
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      });
    const heard = Promise.withResolvers<undefined>();
    const request: typeof systemService.request = async (url, init) => {
      const response = await systemService.request(url, init);
      const tell = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, stream) {
          stream.enqueue(chunk);
          if (url.endsWith('/rpc')) heard.resolve(undefined);
        },
      });
      return new Response(response.body!.pipeThrough(tell), response);
    };
    const service = { ...systemService, wait, request };
    const executor = executorOf(agent.url, { service });
    const pending = executor.execute(workOf(), { signal: controller.signal });
    const failure = failureOf(pending);
    const id = await started;
    while (!isStreaming && !methods(agent).includes('GetTask')) await new Promise(setImmediate);
    await heard.promise;
    await new Promise((resolve) => setTimeout(resolve, 50));
    controller.abort(new Error('cancelled'));
    expect((await failure).message).toBe('cancelled');
    expect(await cancelled).toBe(id);
  });

  it('is cancelled there when its time is over', async () => {
    const { agent, cancelled, started } = await agentOf(silent);
    const failure = failureOf(run(executorOf(agent.url, { timeoutMs: 3_000 })));
    expect(await failure).toMatchObject(failureIs('TIMED_OUT'));
    expect(await cancelled).toBe(await started);
  });

  it('is cancelled there when the agent asks back', async () => {
    const { agent, cancelled, started } = await agentOf((speaker) => {
      speaker.end(TaskState.TASK_STATE_INPUT_REQUIRED, 'who are you?');
    });
    const error = await failureOf(run(executorOf(agent.url)));
    expect(error).toMatchObject(failureIs('INPUT_REQUIRED'));
    expect(await cancelled).toBe(await started);
  });

  it('is not begun when the signal has fired before', async () => {
    const { agent } = await agentOf(silent);
    const signal = AbortSignal.abort(new Error('too late'));
    const pending = executorOf(agent.url).execute(workOf(), { signal });
    expect((await failureOf(pending)).message).toBe('too late');
    expect(agent.paths).toEqual([]);
  });
});

describe('an A2A agent that fails', () => {
  it.each([
    ['FAILED', (s) => s.end(TaskState.TASK_STATE_FAILED, 'password=hunter2')],
    ['REJECTED', (s) => s.end(TaskState.TASK_STATE_REJECTED, 'password=hunter2')],
    ['NO_RESULT', (s) => s.end(TaskState.TASK_STATE_COMPLETED)],
    [
      'FAILED',
      () => {
        throw new Error('password=hunter2');
      },
    ],
    [
      'RESULT_TOO_LARGE',
      (s) => {
        for (let i = 0; i < 3; i++) s.artifact([agentText('x'.repeat(3_900_000))], i > 0);
        s.end(TaskState.TASK_STATE_COMPLETED);
      },
    ],
  ] satisfies [string, Execute][])(
    'is named by the code %s alone, without its words',
    async (failure, execute) => {
      const { agent } = await agentOf(execute);
      const error = await failureOf(run(executorOf(agent.url)));
      expect(error).toMatchObject(failureIs(failure));
      expect(error.message).not.toContain('hunter2');
    },
  );

  it('is asked for its task when its stream breaks off', async () => {
    let isBroken = false;
    const { agent, started } = await agentOf(async (speaker, context, bus) => {
      while (!isBroken) await new Promise(setImmediate);
      await upper(speaker, context, bus);
    });
    const request: typeof systemService.request = async (url, init) => {
      const response = await systemService.request(url, init);
      if (response.headers.get('content-type')?.includes('text/event-stream') !== true) {
        return response;
      }
      const first = await response.body!.getReader().read();
      isBroken = true;
      const cut = new ReadableStream<Uint8Array>({
        start(controller) {
          controller.enqueue(first.value!);
        },
        pull(controller) {
          controller.error(new Error('the line went dead'));
        },
      });
      return new Response(cut, response);
    };
    const service = { ...systemService, request, wait: () => Promise.resolve() };
    const { parts } = await run(executorOf(agent.url, { service }));
    expect(parts).toEqual([{ mediaType: 'text/plain', text: 'HELLO' }]);
    await started;
    expect(methods(agent).slice(0, 2)).toEqual(['SendStreamingMessage', 'GetTask']);
  });

  it('is not followed to an origin that the offer does not name (a card that points inwards)', async () => {
    const { agent: victim } = await agentOf(upper);
    const { agent } = await agentOf(upper, true, `${victim.url}/rpc`);
    const error = await failureOf(run(executorOf(agent.url)));
    expect(error).toMatchObject(failureIs('UNREACHABLE'));
    expect(String(error.cause)).toContain('name it in "origins"');
    expect(victim.paths).toEqual([]);
    expect((await run(executorOf(agent.url, { origins: [victim.url] }))).parts).toHaveLength(1);
  });

  it('is not followed where it redirects, and is read no further than the bound', async () => {
    const answers = new Map([
      [
        '/away',
        (response: ServerResponse) =>
          void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end(),
      ],
      [
        '/endless',
        (response: ServerResponse) => {
          const chunk = 'x'.repeat(65_536);
          const write = () => {
            if (!response.destroyed) response.write(chunk, () => setImmediate(write));
          };
          write();
        },
      ],
      ['/none', (response: ServerResponse) => void response.end('null')],
    ]);
    const server = createServer((request, response) => {
      answers.get(request.url!.replace('/.well-known/agent-card.json', ''))!(response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push({
      close: async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const failure = async (path: string) => failureOf(run(executorOf(url + path)));
    expect(await failure('/away')).toMatchObject(failureIs('UNREACHABLE'));
    expect(await failure('/endless')).toMatchObject(failureIs('RESULT_TOO_LARGE'));
    expect(await failure('/none')).toMatchObject(failureIs('FAILED'));
    expect(MAX_AGENT_ANSWER_BYTES).toBeGreaterThan(16 * 1024 * 1024);
  });

  it('is reached again by a card fetched anew after it was out of reach', async () => {
    const { agent } = await agentOf(upper);
    const executor = executorOf(agent.url);
    await run(executor);
    await agent.close();
    expect(await failureOf(run(executor))).toMatchObject(failureIs('UNREACHABLE'));
    const paths = agent.paths.length;
    expect(await failureOf(run(executor))).toMatchObject(failureIs('UNREACHABLE'));
    expect(agent.paths).toHaveLength(paths);
  });
});
