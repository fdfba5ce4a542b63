import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerId } from '@libp2p/interface';
import { LevelDatastore } from 'datastore-level';
import { afterEach, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { SearchResult } from '../../skill-discovery/find-contractors.ts';
import { contentOf, createNode, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

/** A node with a data directory: what it stored outlives it, its port does not. */
class DurableNode {
  readonly #identity = Identity.generate();
  readonly #directory: string;
  #store: LevelDatastore | undefined;
  #node: TestNode | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get node(): TestNode {
    return this.#node!;
  }

  async start(bootstrap: readonly string[]): Promise<void> {
    this.#store = new LevelDatastore(this.#directory);
    await this.#store.open();
    const options = { identity: this.#identity, datastore: this.#store };
    this.#node = await createNode(bootstrap, options);
  }

  async stop(): Promise<void> {
    await this.#node?.host.stop();
    await this.#store?.close();
    this.#node = undefined;
    this.#store = undefined;
  }
}

let root: string;
const started: DurableNode[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((node) => node.stop()));
  await rm(root, { recursive: true });
});

const addressesOf = (nodes: readonly DurableNode[]): string[] =>
  nodes.flatMap(({ node }) => node.host.addresses());

/** What the type of kad-dht does not show of its table. */
interface Table {
  find(peer: PeerId): Promise<PeerId | undefined>;
}

/** Not only connected: lookups start from the table, where nodes that are gone stand as well. */
async function hasInTable({ node }: DurableNode, other: DurableNode): Promise<boolean> {
  const { routingTable } = node.host.dht as unknown as { routingTable: Table };
  return (await routingTable.find(other.node.host.libp2p.peerId)) !== undefined;
}

async function restart(node: DurableNode, others: readonly DurableNode[]): Promise<void> {
  await node.stop();
  await node.start(addressesOf(others));
  await until('the restarted node has met all', async () => {
    const isMet = await Promise.all(others.map((other) => hasInTable(node, other)));
    return isMet.every(Boolean);
  });
}

/** What somebody finds who joins now and knows nothing. */
async function findAsNewcomer(
  term: string,
  nodes: readonly DurableNode[],
): Promise<Pick<SearchResult, 'hits' | 'outcome'>> {
  const newcomer = await createNode(addressesOf(nodes));
  try {
    await until('the newcomer has met all', () => newcomer.host.routingTableSize() >= nodes.length);
    return await newcomer.find(term);
  } finally {
    await newcomer.host.stop();
  }
}

it('a skill is found after its publisher and then every storing peer have restarted', async () => {
  root = await mkdtemp(join(tmpdir(), 'coalesce-restarts-'));
  const term = 'performs:durable';
  const nodes = Array.from({ length: 4 }, (_, i) => new DurableNode(join(root, String(i))));
  for (const node of nodes) {
    await node.start(addressesOf(started));
    started.push(node);
  }
  const [publisher, ...storing] = nodes as [DurableNode, ...DurableNode[]];
  await until('the publisher has met all', () => publisher.node.host.routingTableSize() === 3);
  const first = await publisher.node.advertiser.publish(contentOf({ term, priceMicroUsd: '100' }));
  expect(first).toMatchObject({ readBack: true, storedBy: 3 });

  await restart(publisher, storing);
  expect((await findAsNewcomer(term, nodes)).hits).toMatchObject([
    { record: { body: { seq: first.record.body.seq } } },
  ]);
  const second = await publisher.node.advertiser.publish(contentOf({ term, priceMicroUsd: '900' }));
  expect(second).toMatchObject({ readBack: true, storedBy: 3 });
  const isNewest = [{ record: { body: { seq: second.record.body.seq } } }];
  expect((await findAsNewcomer(term, nodes)).hits).toMatchObject(isNewest);

  for (const node of storing) {
    await restart(
      node,
      nodes.filter((other) => other !== node),
    );
    expect((await findAsNewcomer(term, nodes)).hits).toMatchObject(isNewest);
  }

  // Nobody has told anybody anything since: what is found now was on the disks.
  await publisher.stop();
  expect((await findAsNewcomer(term, storing)).hits).toMatchObject([
    { ...isNewest[0], source: 'dht' },
  ]);
});
