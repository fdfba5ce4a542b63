/**
 * A local network of real nodes, each a process of its own on loopback, in one line:
 *
 * ```ts
 * await using network = await createTestnet(5);
 * const answer = await network.client.api.post('/v1/query', { query: 'performs:nlp/sentiment' });
 * ```
 *
 * @packageDocumentation
 * @module
 */

import '../protocols/polyfills.ts';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { utf8 } from '../crypto/bytes.ts';
import { sha256 } from '../crypto/hash.ts';
import { Identity } from '../crypto/identity.ts';
import type { AttestDocument, StatusDocument } from '../node/api-documents.ts';
import type { ConfigFile } from '../node/config/schema.ts';
import { BadInputError, RefusedError } from '../node/errors.ts';
import {
  createDataDirectory,
  dataDirectory,
  writeFileAtomically,
} from '../node/storage/data-directory.ts';
import { saveIdentity } from '../node/storage/keystore.ts';
import { systemClock } from '../node/system-clock.ts';
import { nowSeconds } from '../protocols/components.ts';
import type { PriceSwitch } from './adversaries/price-switcher.ts';
import { faultFileOf, writeFaults } from './faults/fault-file.ts';
import { localGenesis } from './local-genesis.ts';
import { planNetwork } from './local-plan.ts';
import type { PlannedNode, Role } from './local-plan.ts';
import { NodeProcess } from './node-process.ts';
import type { Lifetime, NodeProcessInit } from './node-process.ts';

/** Of the network's ledger, beside the nodes' directories. */
const GENESIS_FILE = 'genesis.json';
/** Data directory with the key of the ledger's treasury; nothing runs in it. */
const TREASURY = 'treasury';
/** Nodes that start at the same time: more only fight for the processor. */
const START_CONCURRENCY = 4;
/** Contractors that are attested at the same time. */
const ATTEST_CONCURRENCY = 4;
/** Known-answer tasks per contractor: a perfect record of 8 passes the confidence gate (Eq. 18). */
const ATTEST_TASKS = 8;

export interface TestnetOptions {
  /** Directory of the network; default a temporary one that `destroy` removes. */
  readonly dir?: string;
  /** Default `with-parent`. */
  readonly lifetime?: Lifetime;
  /** Replicas of the network's ledger among its nodes; see {@link planNetwork}. */
  readonly replicas?: number;
  /** Publish the contractors' offers and let the attestor certify them. Default true. */
  readonly isAttested?: boolean;
  /** Contractors that publish their offers and are attested by nobody, by name. */
  readonly unattested?: readonly string[];
  /** What the contractors sell, in the form of offer files, in the place of the planned offers. */
  readonly offers?: readonly unknown[];
  /** Added to every node's configuration. */
  readonly config?: ConfigFile;
  /** Added to the configuration of one node, by its name. */
  readonly configOf?: Readonly<Record<string, ConfigFile>>;
  /** As in {@link NodeProcessInit.without}, for all nodes. */
  readonly without?: readonly string[];
  /** Contractors that want another price than they say, by name. */
  readonly priceSwitches?: Readonly<Record<string, PriceSwitch>>;
  /** All nodes in one process, apart from this one: lighter, and none can be killed alone. */
  readonly isInProcess?: boolean;
  /** Fixes keys, draws of exploration and of faults. Times stay as they are. Default: chance. */
  readonly seed?: number;
  /** Told who there will be, before anything runs. */
  readonly onPlanned?: (nodes: readonly PlannedPeer[]) => Promise<void>;
  /** Told of each step, for a person to read. */
  readonly onProgress?: (text: string) => void;
  readonly signal?: AbortSignal;
}

/** A node that is about to start. */
export interface PlannedPeer {
  readonly name: string;
  readonly role: Role;
  readonly isReplica: boolean;
  readonly peerId: string;
}

/** One running node of a testnet. */
export interface TestnetNode {
  readonly role: Role;
  readonly isReplica: boolean;
  readonly process: NodeProcess;
}

/** A running local network. */
export class Testnet implements AsyncDisposable {
  readonly dir: string;
  readonly nodes: readonly TestnetNode[];
  readonly #nodes: TestnetNode[];
  readonly #isTemporary: boolean;
  readonly #priceSwitches: NonNullable<TestnetOptions['priceSwitches']>;
  #isKept = false;

  constructor(
    dir: string,
    nodes: TestnetNode[],
    isTemporary: boolean,
    priceSwitches: TestnetOptions['priceSwitches'] = {},
  ) {
    this.dir = dir;
    this.nodes = nodes;
    this.#nodes = nodes;
    this.#isTemporary = isTemporary;
    this.#priceSwitches = priceSwitches;
  }

  /** The node of that name. @throws {@link BadInputError} that names those there are. */
  node(name: string): NodeProcess {
    const found = this.nodes.find(({ process: node }) => node.name === name);
    if (found) return found.process;
    const names = this.nodes.map(({ process: node }) => node.name).join(', ');
    throw new BadInputError(`${name}: no such node; expected one of ${names}`);
  }

  /** Starts a node anew over its directory, whether it runs or not: as a crash, then a start. */
  async restart(name: string): Promise<NodeProcess> {
    const old = this.node(name);
    if (old.isAlive) await old.kill();
    return this.#start(name, old.dataDir, old.lifetime);
  }

  /**
   * Ends a node, and starts one of the same name and configuration with another key and an empty
   * directory: to the network the old one has left, and a stranger joins.
   */
  async rejoin(name: string, identity: Identity): Promise<NodeProcess> {
    const old = this.node(name);
    const text = await readFile(dataDirectory(old.dataDir).configFile, 'utf8');
    const dataDir = join(this.dir, `${name}-${identity.peerId}`);
    await writeNode(dataDir, identity, JSON.parse(text) as ConfigFile);
    if (old.isAlive) await old.kill();
    return this.#start(name, dataDir, old.lifetime);
  }

  async #start(name: string, dataDir: string, lifetime: Lifetime): Promise<NodeProcess> {
    const priceSwitch = this.#priceSwitches[name];
    const started = await NodeProcess.start({ name, dataDir, lifetime, priceSwitch });
    const at = this.#nodes.findIndex(({ process: node }) => node.name === name);
    this.#nodes[at] = { ...this.#nodes[at]!, process: started };
    return started;
  }

  #first(role: Role): NodeProcess {
    const node = this.nodes.find((candidate) => candidate.role === role);
    if (!node) throw new RangeError(`the network has no ${role}`);
    return node.process;
  }

  get client(): NodeProcess {
    return this.#first('client');
  }

  get attestor(): NodeProcess {
    return this.#first('attestor');
  }

  get contractors(): readonly NodeProcess[] {
    return this.nodes.filter(({ role }) => role === 'contractor').map((node) => node.process);
  }

  /** Stops every node; a temporary directory is removed. Safe to call twice. */
  async destroy(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.process.stop()));
    const shared = this.nodes.find((node) => node.process.isShared);
    await shared?.process.endShared();
    if (this.#isTemporary) await rm(this.dir, { recursive: true, force: true });
  }

  /** Leaves the nodes running when this object is disposed of. */
  keep(): void {
    this.#isKept = true;
  }

  /** Lets go of the nodes without stopping them. */
  release(): void {
    for (const { process: node } of this.nodes) node.api.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isKept) this.release();
    else await this.destroy();
  }
}

/**
 * Starts `size` real nodes: one client, one attestor, the rest contractors.
 *
 * @throws {@link RangeError} for a size or a committee that {@link planNetwork} refuses;
 *   {@link RefusedError} if a node does not come up. Whatever had started is stopped before.
 */
export async function createTestnet(size: number, options: TestnetOptions = {}): Promise<Testnet> {
  const plan = withOffers(
    planNetwork(size, options.replicas, options.isInProcess),
    options.offers ?? [],
  );
  const isTemporary = options.dir === undefined;
  const dir = isTemporary
    ? await mkdtemp(join(tmpdir(), 'coalesce-testnet-'))
    : resolve(options.dir ?? '.');
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const started: TestnetNode[] = [];
  const network = new Testnet(dir, started, isTemporary, options.priceSwitches);
  try {
    await startNodes(plan, dir, started, options);
    if (options.isAttested ?? true) await publishAndAttest(plan, network, options);
    options.signal?.throwIfAborted();
    return network;
  } catch (error) {
    await network.destroy();
    throw error;
  }
}

/** The plan with the offers of the first contractors replaced. */
function withOffers(plan: readonly PlannedNode[], offers: readonly unknown[]): PlannedNode[] {
  const queue = [...offers];
  return plan.map((node) => {
    const offer = node.role === 'contractor' ? queue.shift() : undefined;
    return offer === undefined ? node : { ...node, offer: offer as PlannedNode['offer'] };
  });
}

async function startNodes(
  plan: readonly PlannedNode[],
  dir: string,
  started: TestnetNode[],
  options: TestnetOptions,
): Promise<void> {
  const { seed } = options;
  const identities = new Map(plan.map(({ name }) => [name, identityOf(name, seed)]));
  const named = (role: Role) =>
    plan.filter((node) => node.role === role).map(({ name }) => identities.get(name)!.peerId);
  const trust = { attestors: named('attestor'), known: [...named('client'), ...named('attestor')] };
  const peerIdOf = (name: string): string => identities.get(name)!.peerId;
  await options.onPlanned?.(
    plan.map(({ name, role, isReplica }) => ({ name, role, isReplica, peerId: peerIdOf(name) })),
  );
  const treasury = identityOf(TREASURY, seed);
  const genesis = localGenesis(plan, peerIdOf, {
    treasury: treasury.peerId,
    timeSeconds: nowSeconds(systemClock),
  });
  if (genesis) {
    await writeFile(join(dir, GENESIS_FILE), genesis);
    await writeNode(join(dir, TREASURY), treasury, { name: TREASURY });
  }
  const committee = genesis && { genesisFile: join('..', GENESIS_FILE) };
  const prepare = async (node: PlannedNode, bootstrap: string[]): Promise<NodeProcessInit> => {
    const dataDir = join(dir, node.name);
    const { network, committee: patience, ...own } = options.configOf?.[node.name] ?? {};
    await writeNode(dataDir, identities.get(node.name)!, {
      logLevel: 'warn',
      ...options.config,
      ...node.config,
      ...own,
      ...(seed !== undefined && {
        decision: { ...options.config?.decision, ...own.decision, seed },
      }),
      ...(committee && {
        committee: { ...options.config?.committee, ...patience, ...committee },
      }),
      trust: { ...options.config?.trust, ...own.trust, ...trust },
      network: { ...options.config?.network, ...network, isLocalNetwork: true, bootstrap },
    });
    return {
      name: node.name,
      dataDir,
      lifetime: options.lifetime ?? 'with-parent',
      ...(options.without ? { without: options.without } : {}),
      priceSwitch: options.priceSwitches?.[node.name],
      ...(options.signal ? { signal: options.signal } : {}),
    };
  };
  const add = ({ role, isReplica }: PlannedNode, process: NodeProcess): void => {
    started.push({ role, isReplica, process });
  };
  if (seed !== undefined) await writeFaults(faultFileOf(dir), [], seed);
  const [first, ...others] = plan;
  if (options.isInProcess) {
    const inits = await Promise.all(plan.map((node) => prepare(node, [])));
    const processes = await NodeProcess.startTogether(inits);
    processes.forEach((process, at) => add(plan[at]!, process));
  } else {
    const bootstrapNode = await NodeProcess.start(await prepare(first!, []));
    add(first!, bootstrapNode);
    const bootstrap = await bootstrapNode.api.get<StatusDocument>('/v1/status');
    await forEachConcurrently(others, START_CONCURRENCY, async (node) => {
      add(node, await NodeProcess.start(await prepare(node, [...bootstrap.addresses])));
    });
  }
  started.sort((a, b) => indexOf(plan, a.process.name) - indexOf(plan, b.process.name));
  const how = options.isInProcess ? 'all in one process' : 'each a process of its own';
  options.onProgress?.(`${started.length} nodes are up, ${how}`);
}

function identityOf(name: string, seed: number | undefined): Identity {
  if (seed === undefined) return Identity.generate();
  return Identity.fromSeed(sha256(utf8(`coalesce/testnet/${seed}/${name}`)));
}

function indexOf(plan: readonly PlannedNode[], name: string): number {
  return plan.findIndex((node) => node.name === name);
}

async function writeNode(dataDir: string, identity: Identity, config: ConfigFile): Promise<void> {
  const directory = dataDirectory(dataDir);
  await createDataDirectory(directory);
  await saveIdentity(directory, identity);
  await writeFileAtomically(directory.configFile, `${JSON.stringify(config, undefined, 2)}\n`);
}

async function publishAndAttest(
  plan: readonly PlannedNode[],
  network: Testnet,
  options: TestnetOptions,
): Promise<void> {
  const byName = new Map(network.nodes.map((node) => [node.process.name, node.process]));
  const sellers = plan.filter((node) => node.offer !== null);
  const untilAborted = options.signal ? { signal: options.signal } : {};
  let passed = 0;
  await forEachConcurrently(sellers, ATTEST_CONCURRENCY, async (node) => {
    options.signal?.throwIfAborted();
    const contractor = byName.get(node.name)!;
    await contractor.api.post('/v1/skills', node.offer, untilAborted);
    if (options.unattested?.includes(node.name)) return;
    for (const { term } of node.offer!.skills) {
      const attested = await network.attestor.api.post<AttestDocument>(
        '/v1/attest',
        { peerId: contractor.peerId, term, tasks: ATTEST_TASKS },
        untilAborted,
      );
      if (attested.certId === null || !attested.delivered) {
        throw new RefusedError(
          `${node.name} was not certified for ${term}: ${attested.failures.join('; ')}`,
        );
      }
      passed += attested.passed;
    }
  });
  options.onProgress?.(
    `${sellers.length} contractors published their skills and were certified (${passed} known-answer tasks passed)`,
  );
}

/** Runs `work` for every item, at most `limit` at a time; the first failure stops new ones. */
export async function forEachConcurrently<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  let failed = false;
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined && !failed; item = queue.shift()) {
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const results = await Promise.allSettled(
    Array.from({ length: Math.min(limit, queue.length) }, worker),
  );
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}
