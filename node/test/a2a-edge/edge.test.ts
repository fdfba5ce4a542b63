import { AgentCard, TaskState, verifyAgentCardSignature } from '@a2a-js/sdk';
import type { Task } from '@a2a-js/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { publicKeyOfPeerId } from '../../../crypto/identity.ts';
import { ECONOMICS_EXTENSION_URI } from '../../../protocols/a2a/agent-card.ts';
import { BadInputError, CancelledError } from '../../errors.ts';
import { RISK, SENTIMENT, TOKEN, clientOf, startWorld, textMessage } from './edge-world.ts';
import type { EdgeWorld, WorldInit } from './edge-world.ts';

let world: EdgeWorld | undefined;

afterEach(async () => {
  await world?.edge.close();
  world = undefined;
});

async function start(init?: WorldInit): Promise<EdgeWorld> {
  world = await startWorld(init);
  return world;
}

const skill = (term: string) => ({ metadata: { [ECONOMICS_EXTENSION_URI]: { skill: term } } });
const stateOf = (answer: unknown) => (answer as Task).status?.state;
const textOf = (answer: unknown) => {
  const content = (answer as Task).status?.message?.parts[0]?.content;
  return content?.$case === 'text' ? content.value : undefined;
};

describe('an unmodified A2A client of the owner', () => {
  it('has a task run on the network and gets result, decision and receipt', async () => {
    const { edge, agent } = await start();
    const client = await clientOf(edge.url);
    const task = (await client.sendMessage(textMessage('It is fine.', skill(SENTIMENT)))) as Task;
    expect(stateOf(task)).toBe(TaskState.TASK_STATE_COMPLETED);
    const [artifact] = task.artifacts;
    expect(artifact!.parts[0]!.content).toEqual({ $case: 'data', value: { label: 'positive' } });
    expect(artifact!.metadata![ECONOMICS_EXTENSION_URI]).toMatchObject({
      decisionId: 'd1',
      choice: 'OUTSOURCE',
      contractor: 'x',
      paidMicroUsd: 40,
      receiptId: 'r1',
    });
    const contentBase64 = Buffer.from('It is fine.').toString('base64');
    expect(agent.requests).toEqual([
      {
        skill: SENTIMENT,
        inputs: [{ name: '1-part-1', mediaType: 'text/plain', contentBase64 }],
      },
    ]);
  });

  it('is asked for a skill that it did not name, and answers in the same task', async () => {
    const { edge, agent } = await start();
    const client = await clientOf(edge.url);
    const first = (await client.sendMessage(textMessage('It is fine.'))) as Task;
    expect(stateOf(first)).toBe(TaskState.TASK_STATE_INPUT_REQUIRED);
    expect(textOf(first)).toMatch(/^Which skill\? .*performs:nlp\/sentiment/);
    const { id: taskId, contextId } = first;
    const answer = textMessage(SENTIMENT, { taskId, contextId });
    const second = (await client.sendMessage(answer)) as Task;
    expect(second.id).toBe(taskId);
    expect(stateOf(second)).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(agent.requests).toMatchObject([{ skill: SENTIMENT, inputs: [{ name: '1-part-1' }] }]);
  });

  it('hands over a whole specification with its files', async () => {
    const { edge, agent } = await start();
    const client = await clientOf(edge.url);
    const specification = {
      title: 'Risk of a portfolio',
      skills: [RISK],
      output: { mediaType: 'application/json' },
      verification: [],
      constraints: { sensitivity: 'low' },
      valueMicroUsd: 100,
    };
    const part = { mediaType: '', filename: '', metadata: undefined };
    await client.sendMessage(
      textMessage('', {
        parts: [
          { ...part, content: { $case: 'data', value: specification } },
          { ...part, filename: 'a.csv', content: { $case: 'raw', value: Buffer.from('1,2') } },
        ],
      }),
    );
    const input = { parts: [{ file: 'a.csv', mediaType: 'application/octet-stream' }] };
    expect(agent.requests).toEqual([
      { task: { ...specification, input }, files: { 'a.csv': 'MSwy' } },
    ]);
  });

  it('streams: the task, that it works, the artifact, that it is done', async () => {
    const { edge } = await start();
    const client = await clientOf(edge.url);
    const events: string[] = [];
    for await (const { payload } of client.sendMessageStream(
      textMessage('It is fine.', skill(SENTIMENT)),
    )) {
      const isStatus = payload?.$case === 'statusUpdate';
      events.push(isStatus ? String(payload.value.status?.state) : payload!.$case);
    }
    expect(events).toEqual([
      'task',
      String(TaskState.TASK_STATE_WORKING),
      'artifactUpdate',
      String(TaskState.TASK_STATE_COMPLETED),
    ]);
  });

  it('cancels a task, which ends the work and the stream of a subscriber', async () => {
    const { edge, agent } = await start();
    agent.gate = new Promise(() => undefined);
    const client = await clientOf(edge.url);
    const request = textMessage('It is fine.', skill(SENTIMENT));
    const stream = client.sendMessageStream(request);
    const { value: first } = await stream.next();
    const id = first!.payload?.$case === 'task' ? first!.payload.value.id : '';
    const states: unknown[] = [];
    const subscribed = (async () => {
      for await (const { payload } of client.resubscribeTask({ tenant: '', id })) {
        if (payload?.$case === 'statusUpdate') states.push(payload.value.status?.state);
      }
    })();
    await expect.poll(() => agent.signals.length).toBe(1);
    const cancelled = await client.cancelTask({ tenant: '', id, metadata: undefined });
    expect(stateOf(cancelled)).toBe(TaskState.TASK_STATE_CANCELED);
    expect(agent.signals[0]!.aborted).toBe(true);
    await subscribed;
    expect(states.at(-1)).toBe(TaskState.TASK_STATE_CANCELED);
    await expect(client.cancelTask({ tenant: '', id, metadata: undefined })).resolves.toMatchObject(
      {
        id,
      },
    );
  });

  it('sees a task as cancelled that the owner called off on the node', async () => {
    const { edge, agent } = await start();
    agent.failure = new CancelledError('The run r was cancelled');
    const client = await clientOf(edge.url);
    const cancelled = await client.sendMessage(textMessage('It is fine.', skill(SENTIMENT)));
    expect(stateOf(cancelled)).toBe(TaskState.TASK_STATE_CANCELED);
    expect(textOf(cancelled)).toBe('The run r was cancelled');
  });

  it('is told what is wrong with a task, and nothing of a failure inside', async () => {
    const { edge, agent, logger } = await start();
    const client = await clientOf(edge.url);
    agent.failure = new BadInputError('The task is not valid', { problems: ['title: missing'] });
    const wrong = await client.sendMessage(textMessage('x', skill(SENTIMENT)));
    expect(stateOf(wrong)).toBe(TaskState.TASK_STATE_REJECTED);
    expect(textOf(wrong)).toBe('The task is not valid\ntitle: missing');
    agent.failure = new Error('secret of the inside');
    const failed = await client.sendMessage(textMessage('x', skill(SENTIMENT)));
    expect(stateOf(failed)).toBe(TaskState.TASK_STATE_FAILED);
    expect(JSON.stringify(failed)).not.toContain('secret');
    expect(logger.entries.some(({ message }) => message === 'An executor failed.')).toBe(true);
  });

  it('lists its tasks, newest first, and finds each by its id', async () => {
    const { edge, clock } = await start();
    const client = await clientOf(edge.url);
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) {
      clock.ms += 1_000;
      ids.unshift(((await client.sendMessage(textMessage(text, skill(RISK)))) as Task).id);
    }
    const page = (pageToken: string) =>
      client.listTasks({
        tenant: '',
        contextId: '',
        status: TaskState.TASK_STATE_UNSPECIFIED,
        pageSize: 2,
        pageToken,
        historyLength: undefined,
        statusTimestampAfter: undefined,
        includeArtifacts: undefined,
      });
    const first = await page('');
    expect(first.tasks.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    expect(first.totalSize).toBe(3);
    const second = await page(first.nextPageToken);
    expect(second.tasks.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(second.nextPageToken).toBe('');
    expect(await client.getTask({ tenant: '', id: ids[1]! })).toMatchObject({ id: ids[1] });
  });
});

describe('the card of the edge', () => {
  it('is signed by the key that the PeerId is, and names every endpoint', async () => {
    const { edge, identity } = await start();
    const response = await fetch(`${edge.url}/.well-known/agent-card.json`, {
      headers: { 'A2A-Version': '1.0' },
    });
    const json = (await response.json()) as Record<string, unknown>;
    const verify = verifyAgentCardSignature((kid) =>
      Promise.resolve({ kty: 'OKP', crv: 'Ed25519', x: toBase64Url(publicKeyOfPeerId(kid)) }),
    );
    await verify(json as unknown as AgentCard);
    await expect(verify({ ...json, name: 'another' } as unknown as AgentCard)).rejects.toThrow();
    const card = AgentCard.fromJSON(json);
    expect(card.skills.map(({ id }) => id)).toEqual([SENTIMENT, RISK, 'coalesce:run']);
    expect(
      card.supportedInterfaces.map(({ url, protocolVersion }) => [url, protocolVersion]),
    ).toEqual([
      [`${edge.url}/a2a/jsonrpc`, '1.0'],
      [`${edge.url}/a2a/rest`, '1.0'],
      [`${edge.url}/a2a/jsonrpc`, '0.3'],
      [`${edge.url}/a2a/rest`, '0.3'],
      [`/p2p/${identity.peerId}`, '1.0'],
    ]);
    const etag = response.headers.get('etag')!;
    const again = await fetch(response.url, {
      headers: { 'A2A-Version': '1.0', 'If-None-Match': etag },
    });
    expect(again.status).toBe(304);
  });

  it('is where A2A had it before, too', async () => {
    const { edge } = await start();
    const moved = await fetch(`${edge.url}/.well-known/agent.json`, { redirect: 'manual' });
    expect([moved.status, moved.headers.get('location')]).toEqual([
      307,
      '/.well-known/agent-card.json',
    ]);
    const old = (await (await fetch(`${edge.url}/.well-known/agent.json`)).json()) as object;
    expect(old).toMatchObject({ url: `${edge.url}/a2a/jsonrpc`, protocolVersion: '0.3' });
  });
});

describe('clients of other versions', () => {
  const call = async (url: string, body: object, headers: Record<string, string> = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${TOKEN}`,
        ...headers,
      },
      body: JSON.stringify(body),
    });
    return { status: response.status, answer: (await response.json()) as Record<string, never> };
  };
  const metadata = { [ECONOMICS_EXTENSION_URI]: { skill: SENTIMENT } };

  it('send and get a task by A2A 0.3', async () => {
    const { edge } = await start();
    const url = `${edge.url}/a2a/jsonrpc`;
    const { answer } = await call(url, {
      jsonrpc: '2.0',
      id: 1,
      method: 'message/send',
      params: {
        message: {
          kind: 'message',
          messageId: 'x',
          role: 'user',
          parts: [{ kind: 'text', text: 'It is fine.' }],
          metadata,
        },
      },
    });
    expect(answer).toMatchObject({ result: { kind: 'task', status: { state: 'completed' } } });
  });

  it("send and get a task by the paper's names, under the client's own id", async () => {
    const { edge } = await start();
    const url = `${edge.url}/a2a/jsonrpc`;
    const message = { role: 'user', parts: [{ type: 'text', text: 'It is fine.' }], metadata };
    const params = { id: 'my-task', sessionId: 'my-session', message };
    const { answer } = await call(url, { jsonrpc: '2.0', id: 1, method: 'tasks/send', params });
    expect(answer).toMatchObject({
      result: {
        sessionId: 'my-session',
        status: { state: 'completed' },
        artifacts: [{ parts: [{ type: 'data', data: { label: 'positive' } }] }],
      },
    });
    const got = await call(url, {
      jsonrpc: '2.0',
      id: 2,
      method: 'tasks/get',
      params: { id: 'my-task' },
    });
    expect(got.answer).toMatchObject({ result: { status: { state: 'completed' } } });
  });

  it('stream by tasks/sendSubscribe', async () => {
    const { edge } = await start();
    const message = { role: 'user', parts: [{ type: 'text', text: 'It is fine.' }], metadata };
    const response = await fetch(`${edge.url}/a2a/jsonrpc`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'tasks/sendSubscribe',
        params: { id: 'my-task', message },
      }),
    });
    const text = await response.text();
    expect(text).toContain('"state":"completed"');
    expect(text.match(/^id: \d+$/gm)!.length).toBeGreaterThan(2);
  });

  it('send and get a task by REST', async () => {
    const { edge } = await start();
    const { answer } = await call(
      `${edge.url}/a2a/rest/message:send`,
      {
        message: {
          messageId: 'x',
          role: 'ROLE_USER',
          parts: [{ text: 'It is fine.' }],
          metadata,
        },
      },
      { 'A2A-Version': '1.0.1' },
    );
    expect(answer).toMatchObject({ task: { status: { state: 'TASK_STATE_COMPLETED' } } });
  });

  it('are told of a version that is not spoken', async () => {
    const { edge } = await start();
    const body = { jsonrpc: '2.0', id: 1, method: 'ListTasks', params: {} };
    const { answer } = await call(`${edge.url}/a2a/jsonrpc?A2A-Version=7.0`, body);
    expect(answer).toMatchObject({ error: { code: -32009 } });
    const spoken = await call(`${edge.url}/a2a/jsonrpc?A2A-Version=1.0`, body);
    expect(spoken.answer).toMatchObject({ result: { tasks: [] } });
  });
});
