/** Tasks that are called off between two real nodes, by either side. */

import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Identity } from '../../crypto/identity.ts';
import type { AgentNode } from '../agent-node.ts';
import { CancelledError } from '../errors.ts';
import { systemClock } from '../system-clock.ts';
import { taskForSkill } from '../tasks/task-for-skill.ts';
import { endNodes, startNode } from './real-nodes.ts';

const TERM = 'performs:text/upper';
const never = new AbortController().signal;

/** Lasts until it is told to stop. */
const EXECUTOR = `
import { appendFile } from 'node:fs/promises';
const log = (word) => appendFile(new URL('./log', import.meta.url), word + '\\n');
let end;
export default {
  async execute() {
    await log('begun');
    await new Promise((resolve) => { end = resolve; });
  },
  async cancelTask() {
    await log('cancelled');
    end();
  },
};
`;

let path: string;

afterEach(async () => {
  await endNodes();
  await rm(path, { recursive: true, force: true });
});

interface Pair {
  readonly client: AgentNode;
  readonly seller: AgentNode;
}

async function startPair(): Promise<Pair> {
  path = await mkdtemp(join(tmpdir(), 'coalesce-cancel-'));
  await writeFile(join(path, 'upper.mjs'), EXECUTOR);
  await appendFile(join(path, 'log'), '');
  const [c, s] = [Identity.generate(), Identity.generate()];
  const network = { isLocalNetwork: true };
  const seller = await startNode(s, { network, trust: { known: [c.peerId] } });
  const believed = {
    ...{ peerId: s.peerId, taskType: TERM, successes: 1_000, failures: 0 },
    ...{ lastMs: systemClock.nowMs(), paidMicroUsd: 0 },
  };
  const client = await startNode(
    c,
    {
      trust: { known: [s.peerId] },
      decision: { hasEconomicGate: false, confidenceThreshold: 0, isBargaining: false },
      network: { ...network, bootstrap: [...seller.addresses()] },
    },
    [believed],
  );
  await expect.poll(async () => (await client.status()).routingTableSize).toBe(1);
  const executor = { type: 'module', path: join(path, 'upper.mjs'), estimatedSeconds: 1 };
  const common = { priceMicroUsd: 10, perUnit: 'task', latencyMs: 1_000, capacity: 1 };
  await seller.publishSkills(
    { skills: [{ term: TERM, description: 'Capitals', ...common, executor }] },
    never,
  );
  return { client, seller };
}

function start({ client }: Pair) {
  const inputs = [{ file: 'a.txt', mediaType: 'text/plain' }];
  const task = {
    ...taskForSkill({ term: TERM, inputs, valueMicroUsd: 1_000_000 }),
    output: { mediaType: 'text/plain' },
  };
  const files = { 'a.txt': Buffer.from('done').toString('base64') };
  const ran = client.run({ task, files }, never);
  return ran.catch((error: unknown) => error);
}

const log = () => readFile(join(path, 'log'), 'utf8');
const atWork = (node: AgentNode) => node.tasks({ limit: 10, state: 'working' });

describe('a task between two nodes', () => {
  it('is seen by both, and ends at the contractor when its client calls it off', async () => {
    const pair = await startPair();
    const { client, seller } = pair;
    const ran = start(pair);
    await expect.poll(log, { timeout: 20_000 }).toBe('begun\n');
    const [run] = atWork(client).asClient;
    const [contract] = atWork(seller).asContractor;
    expect(contract).toMatchObject({ client: client.peerId, term: TERM });
    const { priceMicroUsd } = contract!;
    expect(priceMicroUsd).toBeGreaterThan(0);
    expect(run!.atWork).toMatchObject([{ where: seller.peerId, priceMicroUsd }]);
    expect(contract!.deadlineMs).toBeGreaterThan(systemClock.nowMs());
    expect(atWork(client).asContractor).toEqual([]);

    expect(client.cancelTask(run!.runId)).toMatchObject({ role: 'client', was: 'working' });
    expect(await ran).toBeInstanceOf(CancelledError);
    expect(client.task(run!.runId).run).toMatchObject({ status: 'cancelled', paidMicroUsd: 0 });
    await expect.poll(log).toBe('begun\ncancelled\n');
    await expect.poll(() => seller.tasks({ limit: 10 }).asContractor).toEqual([]);
  }, 60_000);

  it('is called off by the contractor: its client is told, and goes on without it', async () => {
    const pair = await startPair();
    const { client, seller } = pair;
    const ran = start(pair);
    await expect.poll(log, { timeout: 20_000 }).toBe('begun\n');
    const [contract] = atWork(seller).asContractor;
    seller.cancelTask(contract!.contractId);
    const run = (await ran) as Awaited<ReturnType<AgentNode['run']>>;
    expect(run).toMatchObject({ totals: { paidMicroUsd: 0 } });
    expect(run.subtasks[0]!.attempts[0]).toMatchObject({
      where: seller.peerId,
      outcome: 'failed',
      reason: 'task: it ended as TASK_STATE_CANCELED',
    });
    expect(await log()).toBe('begun\ncancelled\n');
    expect(seller.tasks({ limit: 10 }).asContractor).toEqual([]);
    expect(client.tasks({ limit: 10, state: 'working' }).asClient).toEqual([]);
  }, 60_000);
});
