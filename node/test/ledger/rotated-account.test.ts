/**
 * A node of a real committee's ledger earns, gets a new key while it is stopped, and comes back
 * with its balance and its score; whoever still has the old key has nothing.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { GENESIS_DEFAULTS, encodeGenesis } from '../../../protocols/ledger/genesis.ts';
import { createAgentNode } from '../../agent-node.ts';
import type { AgentNode } from '../../agent-node.ts';
import { registerRecoveryKey, rotateIdentity } from '../../certificates/identity-rotation.ts';
import { loadConfig } from '../../config/load.ts';
import type { ConfigFile } from '../../config/schema.ts';
import { queryBody } from '../../http-api/routes/requests.ts';
import { silentLogger } from '../../logger.ts';
import { createDataDirectory, dataDirectory } from '../../storage/data-directory.ts';
import { loadIdentity, saveIdentity } from '../../storage/keystore.ts';
import { openStore } from '../../storage/store.ts';
import { systemClock, systemRandom } from '../../system-clock.ts';
import { endNodes, startNode } from '../real-nodes.ts';
import { BALANCE, BUYER, OFFER, TERM, believed, never, runTask } from './ledger-network.ts';

const SOON = { timeout: 40_000, interval: 250 };

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await endNodes();
});

/** A data directory, and the node that runs on it. */
class Home {
  readonly path: string;
  readonly #config: ConfigFile;
  #stop: (() => Promise<void>) | undefined;
  node!: AgentNode;

  private constructor(path: string, config: ConfigFile) {
    this.path = path;
    this.#config = config;
  }

  static async of(identity: Identity, config: ConfigFile): Promise<Home> {
    const home = new Home(await mkdtemp(join(tmpdir(), 'coalesce-home-')), config);
    ends.push(async () => {
      await home.stop();
      await rm(home.path, { recursive: true, force: true });
    });
    await createDataDirectory(home.directory);
    await saveIdentity(home.directory, identity);
    return home;
  }

  get directory() {
    return dataDirectory(this.path);
  }

  async start(): Promise<AgentNode> {
    const hardware = { peakFlops: 1e9, memoryGib: 1 };
    const store = await openStore(this.directory);
    const node = await createAgentNode({
      config: loadConfig([{ origin: 'test', values: { hardware, ...this.#config } }]),
      identity: await loadIdentity(this.directory),
      store,
      directory: this.directory,
      logger: silentLogger,
      clock: systemClock,
      random: systemRandom,
    });
    await node.start({ http: '', a2a: null });
    this.#stop = async () => {
      await node.stop();
      await store.close();
    };
    this.node = node;
    return node;
  }

  async stop(): Promise<void> {
    const stop = this.#stop;
    this.#stop = undefined;
    await stop?.();
  }
}

async function ledgerOf(node: AgentNode) {
  return (await node.ledger.show()).ledger!;
}

async function scoresOf(node: AgentNode, peerId: string) {
  return (await node.reputation(peerId, { terms: [TERM] }, never)).scores;
}

/** Four replicas; the first buys from `seller`, whose account is of the genesis too. */
async function committee(seller: Identity) {
  const replicas = Array.from({ length: 4 }, () => Identity.generate());
  const holders = [...replicas, seller].map(({ peerId }) => peerId);
  const directory = await mkdtemp(join(tmpdir(), 'coalesce-genesis-'));
  ends.push(() => rm(directory, { recursive: true, force: true }));
  const genesisFile = join(directory, 'genesis.json');
  await writeFile(
    genesisFile,
    encodeGenesis({
      v: 1,
      typ: 'genesis',
      time: Math.floor(systemClock.nowMs() / 1_000) - 60,
      replicas: replicas.map(({ peerId }) => peerId),
      treasuries: [Identity.generate().peerId],
      admission: [],
      seeds: [],
      accounts: holders.map((holder) => ({ holder, balance: BALANCE.toString(), credit: '0' })),
      ...GENESIS_DEFAULTS,
    }),
  );
  const values: ConfigFile = { committee: { genesisFile } };
  const local = { isLocalNetwork: true } as const;
  const first = await startNode(replicas[1]!, { network: local, ...values });
  const { addresses } = await first.status();
  const network = { ...local, bootstrap: [...addresses] };
  for (const identity of replicas.slice(2)) await startNode(identity, { network, ...values });
  const client = await startNode(
    replicas[0]!,
    { network, decision: BUYER, trust: { known: [seller.peerId] }, ...values },
    [believed(seller.peerId)],
  );
  const config: ConfigFile = { network, trust: { known: [client.peerId] }, ...values };
  return { client, config };
}

describe('a node whose key is rotated', () => {
  it('has its balance and its score under the new one, and the old one is dead', async () => {
    const old = Identity.generate();
    const { client, config } = await committee(old);
    const home = await Home.of(old, config);
    const file = join(home.path, 'recovery.json');
    await registerRecoveryKey({ directory: home.directory, random: systemRandom, file });
    const before = await home.start();
    await before.publishSkills(OFFER, never);
    await expect
      .poll(async () => {
        const { hits } = await client.query(queryBody.parse({ query: TERM, limit: 5 }), never);
        return hits.map(({ peerId }) => peerId);
      }, SOON)
      .toContain(old.peerId);
    const run = await runTask(client);
    expect(run.status).toBe('completed');
    const price = run.subtasks[0]!.attempts.at(-1)!.paidMicroUsd;
    expect(price).toBeGreaterThan(0);
    // One transaction: the recovery key.
    const earned = Number(BALANCE) + price - 10;
    await expect
      .poll(async () => (await ledgerOf(before)).account?.balanceMicroUsd, SOON)
      .toBe(earned);
    const [score] = await scoresOf(client, old.peerId);
    expect(score).toMatchObject({ role: 'contractor', source: 'ledger' });
    await home.stop();

    const { peerId } = await rotateIdentity({
      directory: home.directory,
      clock: systemClock,
      random: systemRandom,
      recoveryFile: file,
    });
    const after = await home.start();
    expect(after.peerId).toBe(peerId);
    await expect
      .poll(async () => (await ledgerOf(after)).account?.balanceMicroUsd, SOON)
      .toBe(earned - 10);
    expect(await ledgerOf(after)).toMatchObject({
      formerPeerId: old.peerId,
      movedTo: null,
      rotationProblem: null,
    });
    const [moved] = await scoresOf(client, peerId);
    expect(moved).toMatchObject({ role: 'contractor', source: 'ledger' });
    // It fades by the hour, and one may begin in between.
    expect(moved!.score).toBeCloseTo(score!.score, 3);
    expect(moved!.weight).toBeCloseTo(score!.weight, 3);
    expect((await scoresOf(client, old.peerId)).filter((one) => one.source === 'ledger')).toEqual(
      [],
    );
    const order = { to: client.peerId, amountMicroUsd: 5 };
    await expect(after.ledger.transfer(order)).resolves.toMatchObject({ amountMicroUsd: 5 });

    const thief = await startNode(old, config);
    await expect(thief.ledger.transfer(order)).rejects.toThrow(/UNKNOWN_ACCOUNT|ACCOUNT_MOVED/);
    await expect
      .poll(async () => await ledgerOf(thief), SOON)
      .toMatchObject({ account: null, movedTo: peerId });
    await expect(client.ledger.transfer({ to: old.peerId, amountMicroUsd: 5 })).rejects.toThrow(
      `ACCOUNT_MOVED; ${old.peerId} has a new key, ${peerId}`,
    );
  }, 180_000);
});
