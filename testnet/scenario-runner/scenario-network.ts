/**
 * The network of a scenario: its nodes, who among them is an adversary, and what they sell.
 *
 * @module
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { Identity } from '../../crypto/identity.ts';
import type { StatusDocument } from '../../node/api-documents.ts';
import type { ConfigFile } from '../../node/config/schema.ts';
import { RefusedError } from '../../node/errors.ts';
import { PRICE_SWITCHES } from '../adversaries/price-switcher.ts';
import type { PriceSwitch } from '../adversaries/price-switcher.ts';
import { leechModule } from '../adversaries/prompt-leech.ts';
import { RecordPoisoner } from '../adversaries/record-poisoner.ts';
import { NetworkFaults, chooseNodes } from '../faults/network-faults.ts';
import type { FaultTarget } from '../faults/network-faults.ts';
import type { NodeProcess } from '../node-process.ts';
import { createTestnet, forEachConcurrently } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';
import { builtModule } from './built-file.ts';
import type { Copies } from './canaries.ts';
import { sizeOf } from './scenario-file.ts';
import type { Scenario } from './scenario-file.ts';
import { TERM } from './workload.ts';
import type { Publisher } from './workload.ts';

const PUBLISH_CONCURRENCY = 4;
const CAPACITY = 8;
/** Roles that do the work in their own way. */
const EXECUTORS = {
  fabricator: 'adversaries/fabricator.js',
  whitewasher: 'adversaries/fabricator.js',
  slow: 'adversaries/slow-worker.js',
} as const;
/** Without an attestor nobody has evidence: a client must not ask for it. */
const UNATTESTED: ConfigFile = {
  decision: { confidenceThreshold: 0, scoreThreshold: 0, skillThreshold: 0 },
};
/** Attested skills count; nothing here is explored, so that a run depends on the scenario. */
const CLIENT: ConfigFile = { decision: { exploration: { strategy: 'none' } } };

type Role = keyof typeof EXECUTORS | 'leech' | PriceSwitch;

interface Seller {
  readonly name: string;
  readonly role: Role | undefined;
  readonly isAttested: boolean;
  priceMicroUsd: number;
  /** Of the module that does its work once it has turned; left out: it works as the honest do. */
  readonly modulePath?: string;
  /** Whether it does what its role says. */
  hasTurned: boolean;
}

/** A running scenario's network. */
export class ScenarioNetwork {
  readonly testnet: Testnet;
  readonly #sellers: readonly Seller[];
  readonly #dead = new Set<string>();
  readonly #seed: number;
  /** PeerIds under which whitewashers were found out, and the directories that they left. */
  readonly #formerDirs = new Map<string, string>();
  #poisoner: RecordPoisoner | undefined;

  private constructor(testnet: Testnet, sellers: readonly Seller[], seed: number) {
    this.testnet = testnet;
    this.#sellers = sellers;
    this.#seed = seed;
  }

  /** Starts it. Adversaries work well until they turn, or until now if nothing is attested. */
  static async start(
    { network, withoutDefences, seed }: Scenario,
    { hasDefences, dir, signal }: { hasDefences: boolean; dir: string; signal: AbortSignal },
  ): Promise<ScenarioNetwork> {
    const off = hasDefences ? undefined : withoutDefences;
    const isAttested = off?.isAttested ?? network.isAttested;
    const sellers = sellersOf(network.contractors, dir);
    for (const { role, name, modulePath } of sellers) {
      if (role !== 'leech') continue;
      const source = leechModule(builtModule('adversaries/prompt-leech.js'), copiesOf(dir, name));
      await writeFile(modulePath!, source);
    }
    // Whoever asks no attestor has nobody to work well for.
    for (const seller of sellers) if (!isAttested || !seller.isAttested) seller.hasTurned = true;
    const offers = sellers.map(offerOf);
    const unattested = sellers.filter((seller) => !seller.isAttested).map(({ name }) => name);
    const priceSwitches = Object.fromEntries(
      sellers.flatMap(({ name, role }) => (isPriceSwitch(role) ? [[name, role]] : [])),
    );
    const client = merged(CLIENT, isAttested ? {} : UNATTESTED, network.client, off?.client);
    const testnet = await createTestnet(sizeOf(network), {
      ...{ dir, signal, seed, offers, isAttested, unattested, replicas: network.replicas },
      priceSwitches,
      isInProcess: network.processes === 'one',
      config: merged(network.config, off?.config),
      configOf: { 'client-1': client },
      without: [
        ...(off?.recordValidation === false ? ['record-validation'] : []),
        ...(off?.quoteLimits === false ? ['quote-limits'] : []),
      ],
    });
    const started = new ScenarioNetwork(testnet, sellers, seed);
    try {
      if (!isAttested) await started.#publish(sellers);
      return started;
    } catch (error) {
      await started.stop();
      throw error;
    }
  }

  /** Faults of links; nodes that are alive are waited for until they follow. */
  get faults(): NetworkFaults {
    const { targets } = this;
    const awaited = targets.filter(({ name }) => !this.#dead.has(name));
    return new NetworkFaults(this.testnet.dir, targets, awaited);
  }

  /** Nodes, for faults. */
  get targets(): readonly FaultTarget[] {
    return this.testnet.nodes.map(({ role, isReplica, process: node }) => ({
      name: node.name,
      roles: [role, ...(isReplica ? ['replica'] : [])],
      peerId: node.peerId,
      dataDir: node.dataDir,
    }));
  }

  /** Nodes that a list names. */
  choose(list: string): readonly NodeProcess[] {
    return chooseNodes(this.targets, list).map(({ name }) => this.testnet.node(name));
  }

  /** Name of the replica that proposes blocks now. @throws where there is none. */
  async primary(): Promise<string> {
    for (const { process: node } of this.testnet.nodes) {
      if (this.#dead.has(node.name)) continue;
      const { ledger } = await node.api.get<StatusDocument>('/v1/status');
      if (ledger?.replica && ledger.replica.replica === ledger.replica.primary) return node.name;
    }
    throw new RefusedError('primary: no node is the primary; the scenario needs network.replicas');
  }

  /** Contractors that are alive, and the prices that their records ought to state. */
  publishers(): Publisher[] {
    return this.#sellers
      .filter(({ name }) => !this.#dead.has(name))
      .map(({ name, priceMicroUsd }) => ({
        peerId: this.testnet.node(name).peerId,
        priceMicroUsd,
      }));
  }

  /** Names of dead and paused nodes, which no answer needs to hold. */
  noteDead(list: string, isDead: boolean): void {
    for (const { name } of this.choose(list)) {
      if (isDead) this.#dead.add(name);
      else this.#dead.delete(name);
    }
  }

  /** PeerIds of contractors that are not what they say, or not attested by anybody. */
  get strangers(): ReadonlySet<string> {
    const found = this.#sellers.filter(({ role, isAttested }) => role !== undefined || !isAttested);
    const now = found.map(({ name }) => this.testnet.node(name).peerId);
    return new Set([...now, ...this.#formerDirs.keys()]);
  }

  /** How often whitewashers came back under another name. */
  get newNames(): number {
    return this.#formerDirs.size;
  }

  /** Directories of all nodes, those of nodes that have left included. */
  get dataDirs(): readonly string[] {
    const now = this.testnet.nodes.map(({ process: node }) => node.dataDir);
    return [...now, ...this.#formerDirs.values()];
  }

  /**
   * Whitewashers whose results were found out under these PeerIds come back as strangers, with the
   * same offer. @returns their names in the scenario.
   */
  async comeBack(foundOut: readonly string[]): Promise<string[]> {
    const names: string[] = [];
    for (const seller of this.#sellers.filter(({ role }) => role === 'whitewasher')) {
      const { peerId, dataDir } = this.testnet.node(seller.name);
      if (!foundOut.includes(peerId) || this.#formerDirs.has(peerId)) continue;
      this.#formerDirs.set(peerId, dataDir);
      const name = `${seller.name}/${this.newNames}`;
      const seed = sha256(utf8(`coalesce/testnet/${this.#seed}/${name}`));
      await this.testnet.rejoin(seller.name, Identity.fromSeed(seed));
      await this.#publish([seller]);
      names.push(seller.name);
    }
    return names;
  }

  get dead(): ReadonlySet<string> {
    return this.#dead;
  }

  /** What leeches have copied, by their PeerIds. */
  async copies(): Promise<Copies> {
    const copies = new Map<string, string>();
    for (const { name } of this.#sellers.filter(({ role }) => role === 'leech')) {
      const text = await readFile(copiesOf(this.testnet.dir, name), 'utf8').catch(() => '');
      copies.set(this.testnet.node(name).peerId, text);
    }
    return copies;
  }

  /** Contractors publish again. */
  async publish(list: string, change: Partial<Pick<Seller, 'priceMicroUsd' | 'hasTurned'>>) {
    const names = new Set(this.choose(list).map(({ name }) => name));
    const chosen = this.#sellers.filter(({ name }) => names.has(name));
    for (const seller of chosen) Object.assign(seller, change);
    await this.#publish(chosen);
  }

  async #publish(sellers: readonly Seller[]): Promise<void> {
    await forEachConcurrently(sellers, PUBLISH_CONCURRENCY, async (seller) => {
      await this.testnet.node(seller.name).api.post('/v1/skills', offerOf(seller));
    });
  }

  /** The peer that poisons records; it joins when it is first asked for. */
  async poisoner(): Promise<RecordPoisoner> {
    if (this.#poisoner === undefined) {
      const { addresses } = await this.testnet.attestor.api.get<StatusDocument>('/v1/status');
      this.#poisoner = await RecordPoisoner.join([...addresses]);
    }
    return this.#poisoner;
  }

  async stop(): Promise<void> {
    await this.#poisoner?.leave();
    await this.testnet.destroy();
  }
}

/** Where a leech puts what it copies. */
function copiesOf(dir: string, name: string): string {
  return join(dir, `${name}-copies.txt`);
}

function sellersOf(contractors: Scenario['network']['contractors'], dir: string): Seller[] {
  return contractors
    .flatMap(({ count, ...contractor }) => Array.from({ length: count }, () => contractor))
    .map(({ price, role, isAttested }, at) => ({
      name: `contractor-${at + 1}`,
      ...{ role, isAttested },
      priceMicroUsd: price,
      hasTurned: false,
      ...(role === 'leech' && { modulePath: join(dir, `contractor-${at + 1}-leech.mjs`) }),
      ...(isExecutor(role) && { modulePath: builtModule(EXECUTORS[role]) }),
    }));
}

function offerOf({ modulePath, priceMicroUsd, hasTurned }: Seller): object {
  const isHonest = modulePath === undefined || !hasTurned;
  const executor = isHonest
    ? { type: 'builtin' }
    : { type: 'module', path: modulePath, estimatedSeconds: 1 };
  return {
    skills: [
      {
        term: TERM,
        description: 'Sentiment of English text, per document and per sentence',
        ...{ priceMicroUsd, perUnit: 'task', latencyMs: 2_000, capacity: CAPACITY, executor },
      },
    ],
  };
}

function isExecutor(role: Role | undefined): role is keyof typeof EXECUTORS {
  return role !== undefined && Object.hasOwn(EXECUTORS, role);
}

function isPriceSwitch(role: Role | undefined): role is PriceSwitch {
  return PRICE_SWITCHES.some((one) => one === role);
}

/** Settings, later ones over earlier ones, two levels deep. */
function merged(...configs: readonly (ConfigFile | undefined)[]): ConfigFile {
  const all: Record<string, unknown> = {};
  for (const config of configs) {
    for (const [key, value] of Object.entries(config ?? {})) {
      const old = all[key];
      all[key] = isRecord(old) && isRecord(value) ? { ...old, ...value } : value;
    }
  }
  return all;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
