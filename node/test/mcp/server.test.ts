/** The server with the official client in memory; behind it the real HTTP API over a fake node. */

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BadInputError, RefusedError } from '../../errors.ts';
import { createMcpServer } from '../../mcp/server.ts';
import { SpendingLimits } from '../../mcp/spending-limits.ts';
import type { SpendingLimitsInit } from '../../mcp/spending-limits.ts';
import { systemClock } from '../../system-clock.ts';
import { CliUnderTest, HOSTILE, UNPRINTABLE } from '../cli/capture.ts';
import type { FakeAgentNode } from '../http-api/fake-agent-node.ts';

const TERM = 'performs:nlp/sentiment';
const INPUT = { name: 'a.txt', mediaType: 'text/plain', text: 'fine' };
const RUN = {
  taskId: 't',
  title: 'Mood',
  status: 'completed',
  output: [{ mediaType: 'application/json', data: { [HOSTILE]: HOSTILE } }],
  subtasks: [],
  skipped: [],
  totals: { paidMicroUsd: 7, localCostMicroUsd: null, netSavingPercent: null, wallMs: 1 },
};

let cli: CliUnderTest;
let node: FakeAgentNode;
let client: Client;
let logged: string[];

beforeEach(async () => {
  cli = await CliUnderTest.open();
  node = (await cli.startDaemon()).node;
  client = new Client({ name: 'test', version: '1.0.0' });
  logged = [];
});

afterEach(async () => {
  await client.close();
  await cli.close();
});

async function connect(limits: SpendingLimitsInit = {}): Promise<SpendingLimits> {
  const [mine, its] = InMemoryTransport.createLinkedPair();
  const spending = new SpendingLimits(limits);
  const server = createMcpServer({
    dataPath: cli.path,
    limits: spending,
    clock: systemClock,
    log: (line) => logged.push(line),
  });
  await Promise.all([server.connect(its), client.connect(mine)]);
  await client.listTools();
  return spending;
}

async function textOf(name: string, input: Record<string, unknown>): Promise<string> {
  const { content } = await client.callTool({ name, arguments: input });
  return (content as [{ text: string }])[0].text;
}

describe('what an agent reads', () => {
  it('has no hidden character of a peer, in text, structure, keys and errors', async () => {
    await connect();
    const answers: Record<string, unknown> = {
      run: RUN,
      query: {
        query: HOSTILE,
        outcome: 'complete',
        hits: [],
        dropped: [{ peerId: HOSTILE, reason: HOSTILE }],
        elapsedMs: 1,
        unknownTerms: [],
      },
    };
    node.answer = (method) => answers[method];
    const found = await client.callTool({ name: 'query_skills', arguments: { query: TERM } });
    const run = await client.callTool({
      name: 'run_task',
      arguments: { skill: TERM, inputs: [INPUT] },
    });
    for (const { isError, content, structuredContent } of [found, run]) {
      expect(isError).toBeUndefined();
      const [{ text }] = content as [{ text: string }];
      expect(JSON.stringify(structuredContent)).toBe(text);
      expect(text).not.toMatch(UNPRINTABLE);
      expect(text).not.toMatch(/\\u/);
      expect(text).toContain('\ufffd[2J');
    }
    node.answer = () => {
      throw new RefusedError(`no: ${HOSTILE}`, { problems: [HOSTILE] });
    };
    const refused = await textOf('get_status', {});
    expect(refused).toMatch(/^REFUSED: no: a\ufffd/);
    expect(refused).not.toMatch(UNPRINTABLE);
  });

  it('is the code, the words and the problems of the API, whatever happened', async () => {
    await connect();
    node.answer = () => {
      throw new RefusedError('The node is stopping', { problems: ['first', 'second'] });
    };
    expect(await textOf('get_status', {})).toBe('REFUSED: The node is stopping\n- first\n- second');
    node.answer = () => {
      throw new TypeError('a secret of the node');
    };
    const text = await textOf('get_status', {});
    expect(text).toMatch(/^INTERNAL: /);
    expect(text).not.toContain('secret');
    expect(logged).toHaveLength(2);
  });
});

describe('what the daemon gets from an agent', () => {
  it('is a text as bytes, with the bound of the limits', async () => {
    const spending = await connect({ maxPerTaskMicroUsd: 50 });
    node.answer = () => RUN;
    await textOf('run_task', { skill: TERM, inputs: [INPUT] });
    const { name, mediaType } = INPUT;
    const [{ method, args }] = node.calls as [FakeAgentNode['calls'][number]];
    expect(method).toBe('run');
    expect(args[0]).toEqual({
      skill: TERM,
      inputs: [{ name, mediaType, contentBase64: 'ZmluZQ==' }],
      maxPriceMicroUsd: 50,
    });
    expect(spending.paidMicroUsd).toBe(7);
  });

  it('is nothing where the input is not valid, or may cost too much', async () => {
    const spending = await connect({ maxPerTaskMicroUsd: 50, maxPerSessionMicroUsd: 60 });
    const asked = { skill: TERM, inputs: [INPUT] };
    expect(await textOf('run_task', { ...asked, maxPriceMicroUsd: 51 })).toMatch(/^REFUSED: /);
    expect(await textOf('run_task', { ...asked, maxPriceMicroUsd: '5' })).toMatch(/^BAD_INPUT: /);
    expect(await textOf('run_task', { ...asked, task: {} })).toMatch(/Unrecognized key: "task"/);
    expect(await textOf('show_certificate', { id: 'a/b' })).toMatch(/^BAD_INPUT: /);
    expect(node.calls).toEqual([]);
    expect(spending.paidMicroUsd).toBe(0);
  });

  it('counts as paid in full where it is cancelled, for nobody knows what is owed', async () => {
    const spending = await connect({ maxPerSessionMicroUsd: 60 });
    let signal: AbortSignal | undefined;
    const started = Promise.withResolvers<void>();
    node.answer = (_method, args) => {
      signal = args.find((arg) => arg instanceof AbortSignal);
      started.resolve();
      return new Promise((_resolve, reject) => {
        signal!.addEventListener('abort', () => reject(new Error('hung up')));
      });
    };
    const cancel = new AbortController();
    const asked = { skill: TERM, inputs: [INPUT], maxPriceMicroUsd: 40 };
    const running = client.callTool({ name: 'run_task', arguments: asked }, undefined, cancel);
    await started.promise;
    cancel.abort('enough');
    await expect(running).rejects.toThrow('enough');
    await expect.poll(() => signal?.aborted).toBe(true);
    await expect.poll(() => spending.paidMicroUsd).toBe(40);
  });

  it('counts in full where the daemon fails on the way, and not for bad input', async () => {
    const spending = await connect({ maxPerSessionMicroUsd: 60 });
    const asked = { skill: TERM, inputs: [INPUT], maxPriceMicroUsd: 10 };
    node.answer = () => {
      throw new BadInputError('The task is not valid');
    };
    expect(await textOf('run_task', asked)).toBe('BAD_INPUT: The task is not valid');
    expect(spending.paidMicroUsd).toBe(0);
    node.answer = () => {
      throw new RefusedError('after all');
    };
    expect(await textOf('run_task', asked)).toBe('REFUSED: after all');
    expect(spending.paidMicroUsd).toBe(10);
  });
});
