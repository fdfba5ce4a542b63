/** Real nodes of one ledger in this process: four replicas, of which one buys and one sells. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { GENESIS_DEFAULTS, encodeGenesis } from '../../../protocols/ledger/genesis.ts';
import type { Genesis } from '../../../protocols/ledger/genesis.ts';
import type { AgentNode } from '../../agent-node.ts';
import type { RunDocument } from '../../api-documents.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { queryBody } from '../../http-api/routes/requests.ts';
import { systemClock } from '../../system-clock.ts';
import type { OutcomeEntry } from '../../tasks/outcomes.ts';
import { taskForSkill } from '../../tasks/task-for-skill.ts';
import { startNode } from '../real-nodes.ts';

export const TERM = 'performs:nlp/sentiment';
/** First balance of each of the four, in micro-USD. */
export const BALANCE = 1_000_000n;
export const PRICE = 500;
export const never = new AbortController().signal;

export const OFFER = {
  skills: [
    {
      term: TERM,
      description: 'Sentiment of a text',
      priceMicroUsd: PRICE,
      perUnit: 'task',
      latencyMs: 1_000,
      capacity: 4,
      executor: { type: 'builtin' },
    },
  ],
};

export interface LedgerNetwork {
  readonly genesisFile: string;
  readonly treasury: Identity;
  readonly client: AgentNode;
  readonly seller: AgentNode;
  readonly others: readonly AgentNode[];
  /** Addresses to join through. */
  readonly bootstrap: string[];
  remove(): Promise<void>;
}

/** A contractor is believed from its outcomes, and a test has no time for a thousand. */
export function believed(peerId: string): OutcomeEntry {
  const lastMs = systemClock.nowMs();
  return { peerId, taskType: TERM, successes: 1_000, failures: 0, lastMs, paidMicroUsd: 0 };
}

/** Buys at any price. */
export const BUYER: ConfigFile['decision'] = {
  hasEconomicGate: false,
  confidenceThreshold: 0,
  isBargaining: false,
};

/** Starts the four, with the seller's offer published. */
export async function startLedgerNetwork(
  change: Partial<Genesis> = {},
  configs: { readonly client?: ConfigFile; readonly seller?: ConfigFile } = {},
): Promise<LedgerNetwork> {
  const [c, s, a, b, treasury] = Array.from({ length: 5 }, () => Identity.generate());
  const replicas = [c, s, a, b].map((identity) => identity!.peerId);
  const genesis = encodeGenesis({
    v: 1,
    typ: 'genesis',
    time: Math.floor(systemClock.nowMs() / 1_000) - 60,
    replicas,
    treasuries: [treasury!.peerId],
    admission: [],
    seeds: [],
    accounts: replicas.map((holder) => ({ holder, balance: BALANCE.toString(), credit: '0' })),
    ...GENESIS_DEFAULTS,
    ...change,
  });
  const directory = await mkdtemp(join(tmpdir(), 'coalesce-genesis-'));
  const genesisFile = join(directory, 'genesis.json');
  await writeFile(genesisFile, genesis);
  const values: ConfigFile = { committee: { genesisFile } };
  const local = { isLocalNetwork: true } as const;
  const committeeOf = (config: ConfigFile = {}) => ({ genesisFile, ...config.committee });
  const seller = await startNode(s!, {
    network: local,
    ...configs.seller,
    trust: { known: [c!.peerId], ...configs.seller?.trust },
    committee: committeeOf(configs.seller),
  });
  const { addresses } = await seller.status();
  const network = { ...local, bootstrap: [...addresses] };
  const others = [
    await startNode(a!, { network, ...values }),
    await startNode(b!, { network, ...values }),
  ];
  const client = await startNode(
    c!,
    {
      trust: { known: [s!.peerId] },
      decision: BUYER,
      network,
      ...configs.client,
      committee: committeeOf(configs.client),
    },
    [believed(s!.peerId)],
  );
  await seller.publishSkills(OFFER, never);
  await expect
    .poll(() => findsSeller(client, s!.peerId), { timeout: 30_000, interval: 200 })
    .toBe(true);
  const remove = () => rm(directory, { recursive: true, force: true });
  return {
    ...{ genesisFile, client, seller, others, bootstrap: [...addresses], remove },
    treasury: treasury!,
  };
}

async function findsSeller(client: AgentNode, seller: string): Promise<boolean> {
  const { hits } = await client.query(queryBody.parse({ query: TERM, limit: 5 }), never);
  return hits.some(({ peerId }) => peerId === seller);
}

/** Has the client run one task. */
export function runTask(client: AgentNode, text = 'A good day.'): Promise<RunDocument> {
  const task = taskForSkill({
    term: TERM,
    inputs: [{ file: 'a.txt', mediaType: 'text/plain' }],
    valueMicroUsd: 1_000_000,
  });
  return client.run({ task, files: { 'a.txt': Buffer.from(text).toString('base64') } }, never);
}
