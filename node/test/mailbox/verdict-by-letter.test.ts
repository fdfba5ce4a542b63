/**
 * A real contractor is gone when its work is judged. It and its client are never on the network
 * together again: what they have to say to each other lies with a broker.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AgentNode } from '../../agent-node.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { systemClock } from '../../system-clock.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import type { OutcomeEntry } from '../../tasks/outcomes.ts';
import { RestartableNode } from '../restartable-node.ts';

const TERM = 'performs:nlp/sentiment';
const never = new AbortController().signal;
const PATIENCE = { timeout: 60_000, interval: 250 };

let nodes: RestartableNode[] = [];
let directory: string | undefined;

afterEach(async () => {
  for (const node of nodes.reverse()) await node.stop();
  nodes = [];
  if (directory) await rm(directory, { recursive: true, force: true });
});

function add(name: string): RestartableNode {
  const node = new RestartableNode(join(directory!, name));
  nodes.push(node);
  return node;
}

/** A contractor is believed from its outcomes. */
function believed(peerId: string): OutcomeEntry {
  const lastMs = systemClock.nowMs();
  return { peerId, taskType: TERM, successes: 1_000, failures: 0, lastMs, paidMicroUsd: 0 };
}

const receiptsOf = async (node: AgentNode) => (await node.receipts(10)).receipts;
const mailOf = async (node: AgentNode) => (await node.status()).mail;

describe('a contractor that is gone when its work is judged', () => {
  it('is paid and gives its receipt through a broker, and never meets its client again', async () => {
    directory = await mkdtemp(join(tmpdir(), 'coalesce-mailbox-'));
    const [b, c, s] = [add('broker'), add('client'), add('seller')];
    const local = { isLocalNetwork: true, listen: ['/ip4/127.0.0.1/tcp/0'] };
    const broker = await b.start({ roles: ['broker'], network: local });
    const bootstrap = [broker.addresses()[0]!];
    const network = { ...local, bootstrap, brokers: bootstrap };
    const trust = { known: [c.identity.peerId, s.identity.peerId] };
    // The work is done again before the verdict: the contractor is gone by then.
    const verification = { auditRateKnown: 1, auditRateNew: 1 };
    const decision = { hasEconomicGate: false, confidenceThreshold: 0, isBargaining: false };
    const buying: ConfigFile = { trust, network, verification, decision };

    let gone: Promise<void> | undefined;
    const leave = (): void => {
      setTimeout(() => {
        gone ??= s.stop();
      }, 50);
    };
    const seller = await s.start({ trust, network }, { onAcknowledged: leave });
    const outcomes = [believed(s.identity.peerId)];
    const client = await c.start(buying, { outcomes });
    const isMeshed = async () => (await client.status()).routingTableSize;
    await expect.poll(isMeshed, PATIENCE).toBe(2);
    const executor = { type: 'builtin' as const };
    const common = { priceMicroUsd: 100, perUnit: 'task', latencyMs: 1_000, capacity: 4 };
    const skills = [{ term: TERM, description: 'Sentiment', ...common, executor }];
    await seller.publishSkills({ skills }, never);

    const inputs = [{ file: 'a.txt', mediaType: 'text/plain' }];
    const task = taskForSkill({ term: TERM, inputs, valueMicroUsd: 1_000_000 });
    const files = { 'a.txt': Buffer.from('A fine thing. '.repeat(30_000)).toString('base64') };
    const run = await client.run({ task, files }, never);
    const paidMicroUsd = run.totals.paidMicroUsd;
    expect(run.subtasks[0]!.decision).toMatchObject({ contractor: s.identity.peerId });
    expect(paidMicroUsd).toBeGreaterThan(0);
    await gone;
    expect(await receiptsOf(client)).toEqual([]);
    expect(await mailOf(client)).toMatchObject({ lateVerdicts: 1, awaitedVerdicts: 0 });

    // What is due is tried when a node starts: it leaves its letters, and is gone.
    await c.stop();
    const again = await c.start(buying);
    expect(await mailOf(again)).toMatchObject({ lateVerdicts: 1 });
    await expect.poll(async () => (await mailOf(broker)).lettersKept, PATIENCE).toBe(2);
    await c.stop();

    const back = await s.start({ trust, network });
    await expect.poll(() => receiptsOf(back), PATIENCE).toHaveLength(1);
    const [earned] = await receiptsOf(back);
    expect(earned).toMatchObject({ paidMicroUsd, outcome: 'pass' });
    // The two letters are taken; the receipt lies there for the client.
    await expect.poll(async () => (await mailOf(broker)).lettersKept, PATIENCE).toBe(1);
    expect((await mailOf(back)).awaitedVerdicts).toBe(0);
    await s.stop();

    const last = await c.start(buying);
    await expect.poll(() => receiptsOf(last), PATIENCE).toHaveLength(1);
    expect((await receiptsOf(last))[0]).toMatchObject({
      receiptId: earned!.receiptId,
      peerId: s.identity.peerId,
      paidMicroUsd,
    });
    await expect.poll(async () => (await mailOf(broker)).lettersKept, PATIENCE).toBe(0);
    expect((await mailOf(last)).lateVerdicts).toBe(0);
  }, 240_000);
});
