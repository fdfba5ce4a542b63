/**
 * An agent at its door: the official MCP client over stdio, the built command, and behind it real
 * daemons, of which one sells and one buys.
 */

import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import type { Progress } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type {
  CertificateDocument,
  QueryDocument,
  RunDocument,
  StatusDocument,
} from '../../node/api-documents.ts';
import type { DecisionResult } from '../../node/decision/decision-record.ts';
import type { NodeProcess } from '../node-process.ts';
import { createTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';

const COMMAND = fileURLToPath(new URL('../../dist/bundle/coalesce.js', import.meta.url));
const TERM = 'performs:nlp/sentiment';
const SLOW_TERM = 'performs:text/counted-work';
const TEXT = 'The kettle is wonderful. The tent was a sad disappointment.';

const skillOf = (term: string, executor: object): object => ({
  term,
  description: 'Sold in a test',
  priceMicroUsd: 40,
  perUnit: 'task',
  latencyMs: 1_000,
  capacity: 16,
  executor,
});

/** In the short form, which needs no base64. */
const moods = (limits: object = {}): Record<string, unknown> => ({
  skill: TERM,
  inputs: [{ name: 'review.txt', mediaType: 'text/plain', text: TEXT }],
  ...limits,
});

const slowTask = (workMs: number): Record<string, unknown> => ({
  task: {
    title: 'Slow work',
    skills: [SLOW_TERM],
    input: { parts: [{ text: `slow ${workMs}`, mediaType: 'text/plain' }] },
    output: { mediaType: 'application/json' },
    verification: [],
    constraints: { sensitivity: 'low' },
    valueMicroUsd: 10_000,
  },
});

let dir: string;
let network: Testnet;
let contractor: NodeProcess;
let agents: Client[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coalesce-mcp-'));
  const module = fileURLToPath(new URL('fixtures/counted-work.mjs', import.meta.url));
  await copyFile(module, join(dir, 'counted-work.mjs'));
  network = await createTestnet(3, {
    replicas: 0,
    offers: [{ skills: [skillOf(TERM, { type: 'builtin' })] }],
    // A test has no time for a text that is worth handing out.
    config: { decision: { hasEconomicGate: false, confidenceThreshold: 0, scoreThreshold: 0 } },
  });
  contractor = network.contractors[0]!;
  const executor = { type: 'module', path: join(dir, 'counted-work.mjs') };
  await contractor.api.post('/v1/skills', { skills: [skillOf(SLOW_TERM, executor)] });
}, 120_000);

afterEach(async () => {
  for (const agent of agents) await agent.close();
  agents = [];
});

afterAll(async () => {
  await network?.destroy();
  await rm(dir, { recursive: true, force: true });
}, 60_000);

interface Agent {
  readonly client: Client;
  /** What the server's log says so far. */
  readonly stderr: () => string;
  /** What the transport could not read as a message of the protocol. */
  readonly strays: Error[];
}

async function agentAt(dataDir: string, ...flags: string[]): Promise<Agent> {
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [COMMAND, 'mcp', '--data', dataDir, ...flags],
    stderr: 'pipe',
  });
  let stderr = '';
  transport.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  const client = new Client({ name: 'test', version: '1.0.0' });
  const strays: Error[] = [];
  client.onerror = (error) => strays.push(error);
  await client.connect(transport);
  agents.push(client);
  // The client keeps the output schemas, and checks every answer with them.
  await client.listTools();
  return { client, stderr: () => stderr, strays };
}

async function call<Document>(
  { client }: Agent,
  name: string,
  input: Record<string, unknown> = {},
  onprogress: (progress: Progress) => void = () => undefined,
): Promise<Document> {
  const options = { onprogress, timeout: 60_000 };
  const result = await client.callTool({ name, arguments: input }, undefined, options);
  expect(result.isError, JSON.stringify(result.content)).toBeUndefined();
  const [{ text }] = result.content as [{ text: string }];
  expect(JSON.parse(text)).toEqual(result.structuredContent);
  return result.structuredContent as Document;
}

/** The words of a tool that refuses. */
async function refusal(agent: Agent, name: string, input: object = {}): Promise<string> {
  const result = await agent.client.callTool({ name, arguments: { ...input } });
  expect(result.isError).toBe(true);
  return (result.content as [{ text: string }])[0].text;
}

const inWork = async (node: NodeProcess): Promise<number> =>
  (await node.api.get<StatusDocument>('/v1/status')).tasksInWork;

const paid = async (): Promise<number> =>
  (await network.client.api.get<StatusDocument>('/v1/status')).paidMicroUsd;

describe('an agent with an MCP client', () => {
  it('finds tools that say when to use them, and that money can be spent', async () => {
    const agent = await agentAt(network.client.dataDir);
    const { tools } = await agent.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'query_skills',
      'decide',
      'run_task',
      'get_status',
      'get_reputation',
      'list_certificates',
      'show_certificate',
      'show_decision',
    ]);
    for (const { name, description, inputSchema, outputSchema, annotations } of tools) {
      expect(description!.length, name).toBeGreaterThan(60);
      expect(inputSchema.type).toBe('object');
      expect(outputSchema?.type).toBe('object');
      expect(annotations?.readOnlyHint, name).toBe(name !== 'run_task');
      expect(annotations?.destructiveHint, name).toBe(name === 'run_task');
    }
    expect(agent.client.getInstructions()).toContain('are data');
  });

  it('queries, decides, has a task done by a contractor, and looks at how it came', async () => {
    const agent = await agentAt(network.client.dataDir);
    const found = await call<QueryDocument>(agent, 'query_skills', { query: TERM });
    expect(found.hits).toMatchObject([{ peerId: contractor.peerId, level: 2 }]);
    const decision = await call<DecisionResult>(agent, 'decide', moods());
    expect(decision).toMatchObject({ choice: 'OUTSOURCE', contractor: contractor.peerId });
    const before = await paid();
    expect(before).toBe(0);

    const told: Progress[] = [];
    const run = await call<RunDocument>(agent, 'run_task', moods(), (one) => told.push(one));
    expect(run.status).toBe('completed');
    expect(run.output).toMatchObject([
      { data: { documents: [{ sentences: [{ label: 'positive' }, { label: 'negative' }] }] } },
    ]);
    const [subtask] = run.subtasks;
    expect(subtask!.attempts).toMatchObject([{ where: contractor.peerId, outcome: 'verified' }]);
    expect(subtask!.verification.passed).toBe(true);
    expect(await paid()).toBe(run.totals.paidMicroUsd);
    expect(run.totals.paidMicroUsd).toBeGreaterThan(0);
    const begun = told.filter(
      ({ message }) => message === '0 of 1 subtasks ended; 0 micro-USD paid',
    );
    expect(begun.length).toBeGreaterThanOrEqual(1);
    expect(begun).toHaveLength(told.length);

    const { decisionId, reason } = subtask!.decision;
    const shown = await call<Record<string, unknown>>(agent, 'show_decision', { id: decisionId });
    expect(shown).toMatchObject({ decisionId, log: { agrees: true } });
    expect(reason).toContain(String(shown['reason']));
    expect(shown).not.toHaveProperty('record');
    const whole = await call<object>(agent, 'show_decision', {
      id: decisionId,
      isWithInputs: true,
    });
    expect(whole).toHaveProperty('record.inputDigest');

    const status = await call<StatusDocument>(agent, 'get_status');
    expect(status.peerId).toBe(network.client.peerId);
    const peer = contractor.peerId;
    const reputation = await call<object>(agent, 'get_reputation', { peer, term: TERM });
    const seen = expect.objectContaining({ source: 'own', taskType: TERM }) as unknown;
    const scores = expect.arrayContaining([seen]) as unknown;
    expect(reputation).toMatchObject({ peerId: peer, scores });
    expect(agent.strays).toEqual([]);
  });

  it('hears of each piece of a longer task, and gets all results', async () => {
    const agent = await agentAt(network.client.dataDir);
    const inputs = ['a', 'b', 'c'].map((name) => {
      return { name: `${name}.txt`, mediaType: 'text/plain', text: `${TEXT} ${name}` };
    });
    const told: Progress[] = [];
    const split = { by: 'document' };
    const task = { skill: TERM, inputs, split };
    const run = await call<RunDocument>(agent, 'run_task', task, (one) => told.push(one));
    expect(run.subtasks.map(({ status }) => status)).toEqual(Array(3).fill('completed'));
    // The beginning and two pieces: of the last the answer tells.
    expect(new Set(told.map(({ message }) => message)).size).toBe(3);
    expect(told.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^piece-\d completed at \w+; 1 of 3 subtasks ended; \d+ micro-USD/),
    );
  });

  it('reads the certificates of the node that it is at', async () => {
    const agent = await agentAt(contractor.dataDir);
    const { certificates } = await call<{ certificates: CertificateDocument[] }>(
      agent,
      'list_certificates',
    );
    expect(certificates).toMatchObject([{ issuer: network.attestor.peerId, status: 'good' }]);
    const id = certificates[0]!.certId;
    expect(await call<CertificateDocument>(agent, 'show_certificate', { id })).toEqual(
      certificates[0],
    );
    expect(await refusal(agent, 'show_certificate', { id: 'absent' })).toMatch(/^NOTHING_FOUND: /);
  });

  it('hears of progress while a task runs, and ends it in the daemon by cancelling', async () => {
    const agent = await agentAt(network.client.dataDir);
    const told: Progress[] = [];
    const cancel = new AbortController();
    const running = agent.client.callTool(
      { name: 'run_task', arguments: slowTask(60_000) },
      undefined,
      { signal: cancel.signal, onprogress: (one) => told.push(one), timeout: 60_000 },
    );
    const ended = running.then(
      () => 'answered',
      () => 'cancelled',
    );
    const executions = () => readFile(join(dir, 'executions.log'), 'utf8').catch(() => '');
    await expect.poll(executions, { timeout: 20_000 }).toMatch(/^slow /);
    expect(await inWork(network.client)).toBe(1);
    // The first is told at the beginning, the second while nothing else happens.
    await expect.poll(() => told.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
    const seconds = told.map(({ progress }) => progress);
    expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
    cancel.abort('the agent has changed its mind');
    expect(await ended).toBe('cancelled');
    await expect.poll(() => inWork(network.client), { timeout: 10_000 }).toBe(0);
    // The server still answers.
    expect((await call<StatusDocument>(agent, 'get_status')).tasksInWork).toBe(0);
  });

  it('ends its task in the daemon also when it goes away without a word', async () => {
    const agent = await agentAt(network.client.dataDir);
    const running = agent.client
      .callTool({ name: 'run_task', arguments: slowTask(60_000) })
      .catch(() => undefined);
    await expect.poll(() => inWork(network.client), { timeout: 20_000 }).toBe(1);
    await agent.client.close();
    await running;
    await expect.poll(() => inWork(network.client), { timeout: 10_000 }).toBe(0);
  });
});

describe('the limits of an MCP server', () => {
  it('refuse a task that may cost more than one task may, before anybody is asked', async () => {
    const agent = await agentAt(network.client.dataDir, '--max-usd-per-task', '0.001');
    const before = await paid();
    expect(await refusal(agent, 'run_task', moods({ maxPriceMicroUsd: 1_001 }))).toMatch(
      /^REFUSED: The task may cost \$0\.001001 .*--max-usd-per-task .* is \$0\.001000; name a max/,
    );
    expect(await refusal(agent, 'run_task', slowTask(1))).toMatch(/by its valueMicroUsd/);
    expect(await paid()).toBe(before);
    const run = await call<RunDocument>(agent, 'run_task', moods({ maxPriceMicroUsd: 1_000 }));
    expect(run.status).toBe('completed');
  });

  it('count what was paid, until the session has no more', async () => {
    const agent = await agentAt(network.client.dataDir, '--max-usd-per-session', '0.0001');
    const first = await call<RunDocument>(agent, 'run_task', moods({ maxPriceMicroUsd: 100 }));
    const { paidMicroUsd } = first.totals;
    expect(paidMicroUsd).toBeGreaterThan(0);
    expect(await refusal(agent, 'run_task', moods({ maxPriceMicroUsd: 100 }))).toContain(
      `after $${(paidMicroUsd / 1e6).toFixed(6)} paid`,
    );
    // Without a price of its own a task gets what is left.
    const second = await call<RunDocument>(agent, 'run_task', moods());
    expect(second.status).toBe('completed');
    expect(second.totals.paidMicroUsd).toBeLessThanOrEqual(100 - paidMicroUsd);
  });
});

describe('what an agent gets wrong', () => {
  it.each([
    ['query_skills', {}, 'BAD_INPUT: The query is not valid\n- query: Invalid input'],
    ['query_skills', { query: TERM, limit: 0 }, '- limit: Too small: expected number to be >=1'],
    ['query_skills', { query: TERM, hits: 3 }, '- query: Unrecognized key: "hits"'],
    ['run_task', { skill: 'sentiment', inputs: [] }, '- skill: expected a skill term, for example'],
    [
      'run_task',
      { skill: TERM, inputs: [{ name: 'a', mediaType: 'text/plain' }] },
      '- inputs.0: expected exactly one of contentBase64 and text, got none',
    ],
    ['run_task', { task: { title: '' } }, '- title: expected at least 1 characters, got 0'],
    ['decide', { task: {} }, '- skills: is missing: give an array'],
    ['get_reputation', { peer: 'me' }, '- peer: expected the PeerId of an Ed25519 key'],
    ['show_decision', { id: '../status' }, '- id: expected an id: letters, digits'],
  ])('%s is refused with the words of the schema: %j', async (name, input, words) => {
    const agent = await agentAt(network.client.dataDir);
    expect(await refusal(agent, name, input)).toContain(words);
  });

  it('is told by the server which tools there are', async () => {
    const agent = await agentAt(network.client.dataDir);
    await expect(agent.client.callTool({ name: 'buy' })).rejects.toThrow(
      /no tool "buy"; the tools are query_skills, decide, run_task/,
    );
  });
});

describe('an MCP server without a daemon', () => {
  it('starts all the same, and each tool says what to do', async () => {
    const agent = await agentAt(join(dir, 'nobody'));
    const { tools } = await agent.client.listTools();
    for (const { name } of tools) {
      expect(await refusal(agent, name, moods())).toMatch(
        /^UNREACHABLE: No daemon runs on .*; start one with "coalesce start"/,
      );
    }
    expect(agent.stderr()).toContain('coalesce mcp: get_status: No daemon runs on');
    expect(agent.strays).toEqual([]);
  });
});
