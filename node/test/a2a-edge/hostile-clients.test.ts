import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TaskState } from '@a2a-js/sdk';
import { ClientFactory } from '@a2a-js/sdk/client';
import type { Task } from '@a2a-js/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { ECONOMICS_EXTENSION_URI } from '../../../protocols/a2a/agent-card.ts';
import { MAX_BODY_BYTES } from '../../a2a-edge/guards.ts';
import { isPublicAddress } from '../../a2a-edge/public-address.ts';
import { SENTIMENT, TOKEN, clientOf, startWorld, textMessage } from './edge-world.ts';
import type { EdgeWorld, WorldInit } from './edge-world.ts';

let world: EdgeWorld | undefined;
let end: (() => void) | undefined;

afterEach(async () => {
  await world?.edge.close();
  end?.();
  world = undefined;
});

async function start(init?: WorldInit): Promise<EdgeWorld> {
  world = await startWorld(init);
  return world;
}

const skill = { metadata: { [ECONOMICS_EXTENSION_URI]: { skill: SENTIMENT } } };
const stateOf = (answer: unknown) => (answer as Task).status?.state;

function post(url: string, body: string, headers: Record<string, string> = {}) {
  const common = { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` };
  return fetch(url, { method: 'POST', headers: { ...common, ...headers }, body });
}

describe('the token', () => {
  it('keeps everybody but the owner out, where nobody is served unpaid', async () => {
    const { edge, agent } = await start();
    for (const authorization of ['', 'Bearer ', 'Bearer x', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
      const response = await post(`${edge.url}/a2a/jsonrpc`, '{}', { authorization });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
    expect(agent.requests).toEqual([]);
  });

  it('is not needed for unpaid work of what is on offer, where that is allowed', async () => {
    const { edge, agent } = await start({ flags: { unpaidWork: 'any' } });
    const task = (await (
      await anonymousClient(edge.url)
    ).sendMessage(textMessage('x', skill))) as Task;
    expect(stateOf(task)).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(task.artifacts[0]!.parts[0]!.content).toEqual({
      $case: 'text',
      value: `${SENTIMENT}: X`,
    });
    expect(agent.requests).toEqual([]);
  });

  it('is asked for where a client without it wants work bought', async () => {
    const { edge, agent } = await start({ flags: { unpaidWork: 'any' } });
    const client = await anonymousClient(edge.url);
    const other = { metadata: { [ECONOMICS_EXTENSION_URI]: { skill: 'performs:nlp/summary' } } };
    const task = await client.sendMessage(textMessage('x', other));
    expect(stateOf(task)).toBe(TaskState.TASK_STATE_AUTH_REQUIRED);
    expect(agent.requests).toEqual([]);
  });
});

/** Without any Authorization header. */
function anonymousClient(url: string) {
  return new ClientFactory().createFromUrl(url);
}

describe("another client's task", () => {
  it('is not found, and is on no list', async () => {
    const { edge } = await start({ flags: { unpaidWork: 'any' } });
    const owner = await clientOf(edge.url);
    const { id } = (await owner.sendMessage(textMessage('mine', skill))) as Task;
    const stranger = await anonymousClient(edge.url);
    await expect(stranger.getTask({ tenant: '', id })).rejects.toThrow(/not found/i);
    await expect(stranger.cancelTask({ tenant: '', id, metadata: undefined })).rejects.toThrow(
      /not found/i,
    );
    await stranger.sendMessage(textMessage('theirs', skill));
    const list = { tenant: '', contextId: '', status: 0, pageSize: 50, pageToken: '' };
    const shape = { historyLength: 0, statusTimestampAfter: undefined, includeArtifacts: false };
    expect((await stranger.listTasks({ ...list, ...shape })).tasks).toEqual([]);
    expect((await owner.listTasks({ ...list, ...shape })).tasks.map((task) => task.id)).toEqual([
      id,
    ]);
  });
});

describe('DNS rebinding', () => {
  it('is refused by the Host header', async () => {
    const { edge } = await start();
    const { port } = new URL(edge.url);
    const status = await new Promise((resolve, reject) => {
      const headers = { host: 'evil.example' };
      const path = '/.well-known/agent-card.json';
      const request = httpRequest({ host: '127.0.0.1', port, path, headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject);
      request.end();
    });
    expect(status).toBe(403);
  });
});

describe('a body', () => {
  it.each([
    ['that is not JSON', '{', -32700, 400],
    ['that is no call', '{}', -32600, 200],
    ['of a method that does not exist', { method: 'constructor' }, -32601, 200],
    ['with an empty message', { method: 'SendMessage', params: { message: {} } }, -32602, 200],
    [
      'with no parts',
      {
        method: 'SendMessage',
        params: { message: { messageId: 'm', role: 'ROLE_USER', parts: [] } },
      },
      -32602,
      200,
    ],
    [
      'with a role that is none',
      {
        method: 'SendMessage',
        params: { message: { messageId: 'm', role: 'ROLE_KING', parts: [{ text: 'x' }] } },
      },
      -32602,
      200,
    ],
    [
      'with a negative length',
      { method: 'GetTask', params: { id: 'x', historyLength: -1 } },
      -32602,
      200,
    ],
  ])('%s is refused', async (_, body, code, status) => {
    const { edge } = await start();
    const text =
      typeof body === 'string' ? body : JSON.stringify({ jsonrpc: '2.0', id: 1, ...body });
    const response = await post(`${edge.url}/a2a/jsonrpc`, text, { 'A2A-Version': '1.0' });
    expect(await response.json()).toMatchObject({ error: { code } });
    expect(response.status).toBe(status);
  });

  it('of more than 16 MiB is refused, unread', async () => {
    const { edge } = await start();
    const response = await post(`${edge.url}/a2a/jsonrpc`, 'x'.repeat(MAX_BODY_BYTES + 1));
    expect(response.status).toBe(413);
  });

  it('of more than the 100 kB of the SDK is taken', async () => {
    const { edge, agent } = await start();
    const client = await clientOf(edge.url);
    const task = await client.sendMessage(textMessage('long '.repeat(100_000), skill));
    expect(stateOf(task)).toBe(TaskState.TASK_STATE_COMPLETED);
    expect(agent.requests).toHaveLength(1);
  });

  it('with a URL in the place of the content is refused: nothing is fetched', async () => {
    const { edge, agent } = await start();
    const client = await clientOf(edge.url);
    const content = { $case: 'url', value: 'http://169.254.169.254/' } as const;
    const part = { content, mediaType: '', filename: '', metadata: undefined };
    const task = await client.sendMessage(textMessage('', { ...skill, parts: [part] }));
    expect(stateOf(task)).toBe(TaskState.TASK_STATE_REJECTED);
    expect(agent.requests).toEqual([]);
  });
});

describe('push notifications', () => {
  const request = (url: string) => ({
    ...textMessage('x', skill),
    configuration: {
      acceptedOutputModes: [],
      historyLength: undefined,
      returnImmediately: false,
      taskPushNotificationConfig: {
        tenant: '',
        id: 'p1',
        taskId: '',
        url,
        token: 'told',
        authentication: undefined,
      },
    },
  });

  it.each([
    'http://127.0.0.1:1/',
    'http://[::1]:1/',
    'http://localhost:1/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::ffff:127.0.0.1]/',
    'http://0x7f.1/',
    'file:///etc/passwd',
    'nonsense',
  ])('to %s are refused (server-side request forgery)', async (url) => {
    const { edge, agent } = await start();
    const client = await clientOf(edge.url);
    await expect(client.sendMessage(request(url))).rejects.toThrow(/public address/);
    expect(agent.requests).toEqual([]);
  });

  it('reach a receiver in order, with the token of the client', async () => {
    const { edge } = await start({ flags: { isPrivatePushAllowed: true } });
    const received: unknown[] = [];
    const tokens: unknown[] = [];
    const receiver = createServer((incoming: IncomingMessage, response) => {
      let body = '';
      incoming.on('data', (chunk) => (body += String(chunk)));
      incoming.on('end', () => {
        received.push(JSON.parse(body));
        tokens.push(incoming.headers['x-a2a-notification-token']);
        response.writeHead(200).end();
      });
    });
    end = () => receiver.close();
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const client = await clientOf(edge.url);
    await client.sendMessage(request(`http://127.0.0.1:${port}/hook`));
    await expect.poll(() => received.length).toBe(4);
    expect(received).toMatchObject([
      { task: {} },
      { statusUpdate: { status: { state: 'TASK_STATE_WORKING' } } },
      { artifactUpdate: {} },
      { statusUpdate: { status: { state: 'TASK_STATE_COMPLETED' } } },
    ]);
    expect(tokens).toEqual(['told', 'told', 'told', 'told']);
  });

  it('go to public addresses only', () => {
    const refused = [
      '0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.31.0.1 192.168.1.1 198.18.0.1',
      '224.0.0.1 255.255.255.255 :: ::1 ::ffff:8.8.8.8 fe80::1 fc00::1 ff02::1 2001:db8::1',
      '2002:7f00:1:: 64:ff9b::7f00:1 name.example',
    ];
    for (const address of refused.join(' ').split(' ')) {
      expect(isPublicAddress(address), address).toBe(false);
    }
    for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111']) {
      expect(isPublicAddress(address), address).toBe(true);
    }
  });
});

describe('a restart', () => {
  it('keeps finished tasks, and fails those that were in work', async () => {
    const { edge, agent, tasks } = await start();
    const client = await clientOf(edge.url);
    const done = (await client.sendMessage(textMessage('x', skill))) as Task;
    agent.gate = new Promise(() => undefined);
    const stream = client.sendMessageStream(textMessage('x', skill));
    const { value } = await stream.next();
    const id = value!.payload?.$case === 'task' ? value!.payload.value.id : '';
    await expect.poll(() => agent.signals.length).toBe(2);
    // As after SIGKILL: what is on disk, and nothing else.
    const left = await tasks.values();
    await edge.close();
    for (const one of left) {
      const { id: taskId } = one.task as { readonly id: string };
      await tasks.put(`${one.owner}/${taskId}`, one);
    }
    const again = await start({ tasks });
    const later = await clientOf(again.edge.url);
    expect(stateOf(await later.getTask({ tenant: '', id: done.id }))).toBe(
      TaskState.TASK_STATE_COMPLETED,
    );
    const failed = await later.getTask({ tenant: '', id });
    expect(stateOf(failed)).toBe(TaskState.TASK_STATE_FAILED);
    expect(JSON.stringify(failed)).toContain('Send it again');
  });
});
