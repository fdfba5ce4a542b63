/** Records, clocks and real networks for the tests of skill discovery. */

import { randomBytes } from 'node:crypto';
import type { QueryEvent } from '@libp2p/kad-dht';
import { MemoryDatastore } from 'datastore-core';
import type { Datastore } from 'interface-datastore';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import type { Clock, Logger, Random } from '../../components.ts';
import { createHost } from '../../libp2p-host.ts';
import type { Host } from '../../libp2p-host.ts';
import { Advertiser } from '../../skill-discovery/advertise.ts';
import type { AdvertiserInit, RecordContent } from '../../skill-discovery/advertise.ts';
import { RECORD_NAMESPACE, recordKey } from '../../skill-discovery/dht-keys.ts';
import type { DhtStoreLimits } from '../../skill-discovery/dht-store-limits.ts';
import { findContractors } from '../../skill-discovery/find-contractors.ts';
import type { SearchOptions, SearchResult } from '../../skill-discovery/find-contractors.ts';
import type { SignedSkillRecord, SkillRecord } from '../../skill-discovery/skill-record.ts';
import { signSkillRecord } from '../../skill-discovery/skill-record.ts';
import { RecordGuard, selectRecord } from '../../skill-discovery/validator.ts';

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** The real time, which a test may set forward. */
export class TestClock implements Clock {
  aheadMs = 0;
  nowMs(): number {
    return Math.round(performance.timeOrigin + performance.now()) + this.aheadMs;
  }
  monotonicMs(): number {
    return performance.now();
  }
  nowSeconds(): number {
    return Math.floor(this.nowMs() / 1_000);
  }
}

export const random: Random = { bytes: (length) => new Uint8Array(randomBytes(length)) };

const zeros32 = toBase64Url(new Uint8Array(32));

export function contentOf(
  ...offers: readonly { term: string; priceMicroUsd?: string }[]
): RecordContent {
  return {
    offers: offers.map(({ term, priceMicroUsd = '1500' }) => ({
      term,
      priceMicroUsd,
      perUnit: 'task',
      latencyMs: 900,
      capacity: 2,
    })),
    embeddings: { model: '', dim: 0, sha256: zeros32, buckets: [] },
    certificates: [],
    sealingKey: zeros32,
    card: zeros32,
  };
}

export function bodyOf(identity: Identity, overrides: Partial<SkillRecord> = {}): SkillRecord {
  return {
    v: 1,
    typ: 'record',
    peerId: identity.peerId,
    seq: 1,
    iat: 1_800_000_000,
    exp: 1_800_003_600,
    addresses: [`/ip4/192.0.2.7/tcp/4001/p2p/${identity.peerId}`],
    ...contentOf({ term: 'performs:nlp/sentiment' }),
    ...overrides,
  };
}

export function recordOf(
  identity: Identity,
  overrides: Partial<SkillRecord> = {},
): SignedSkillRecord {
  return signSkillRecord(bodyOf(identity, overrides), identity);
}

/** One node of a test network. */
export interface TestNode {
  readonly identity: Identity;
  readonly host: Host;
  readonly guard: RecordGuard;
  readonly advertiser: Advertiser;
  readonly clock: TestClock;
  find(term: string, options?: SearchOptions): Promise<SearchResult>;
}

export async function createNode(
  bootstrap: readonly string[] = [],
  options: {
    readonly clock?: TestClock;
    readonly advertiser?: Partial<AdvertiserInit>;
    readonly identity?: Identity;
    readonly datastore?: Datastore;
    /** In the place of the guard's validator. */
    readonly validate?: () => Promise<undefined>;
    readonly dhtStoreLimits?: DhtStoreLimits;
  } = {},
): Promise<TestNode> {
  const clock = options.clock ?? new TestClock();
  const identity = options.identity ?? Identity.generate();
  const datastore = options.datastore ?? new MemoryDatastore();
  const guard = new RecordGuard({ clock, datastore });
  const host = await createHost({
    clock,
    identity,
    logger: silentLogger,
    datastore,
    isLocalNetwork: true,
    isProven: (peerId) => guard.bestSeq(peerId) !== undefined,
    ...(options.dhtStoreLimits ? { dhtStoreLimits: options.dhtStoreLimits } : {}),
    bootstrap,
    validators: { [RECORD_NAMESPACE]: options.validate ?? guard.validate },
    selectors: { [RECORD_NAMESPACE]: selectRecord },
  });
  const advertiser = new Advertiser({
    identity,
    host,
    guard,
    clock,
    random,
    logger: silentLogger,
    ...options.advertiser,
  });
  const find = (term: string, searchOptions?: SearchOptions): Promise<SearchResult> =>
    findContractors({ host, guard, clock }, term, searchOptions);
  return { identity, host, guard, advertiser, clock, find };
}

/** Waits for a condition, with a deadline. */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 25_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Nodes that all know one another. */
export async function createNetwork(size: number): Promise<TestNode[]> {
  const first = await createNode();
  const rest = await Promise.all(
    Array.from({ length: size - 1 }, () => createNode(first.host.addresses())),
  );
  const nodes = [first, ...rest];
  const isComplete = ({ host }: TestNode): boolean => host.routingTableSize() === size - 1;
  // On a busy machine a first look around can end early, and the module's next is minutes away.
  for (let round = 0; round < 20 && !nodes.every(isComplete); round++) {
    await Promise.all(nodes.filter((node) => !isComplete(node)).map((node) => meet(node, nodes)));
    await until('tables are filled', () => nodes.every(isComplete), 3_000).catch(() => undefined);
  }
  if (!nodes.every(isComplete)) throw new Error('The nodes do not all know one another');
  return nodes;
}

async function meet(node: TestNode, others: readonly TestNode[]): Promise<void> {
  const dials = others
    .filter(({ host }) => host !== node.host)
    .map(({ host }) => node.host.dial(host.addresses()[0]!));
  await Promise.allSettled(dials);
  await node.host.dht.refreshRoutingTable({ signal: AbortSignal.timeout(3_000) }).catch(() => 0);
}

/** Stores `value` under a peer's key wherever it is taken, as any peer of the network can. */
export async function replay(
  attacker: TestNode,
  peerId: string,
  value: Uint8Array,
): Promise<{ taken: number; refused: number }> {
  let taken = 0;
  let refused = 0;
  const signal = AbortSignal.timeout(10_000);
  for await (const event of attacker.host.dht.put(recordKey(peerId), value, { signal })) {
    if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') taken += 1;
    if (event.name === 'QUERY_ERROR') refused += 1;
  }
  return { taken, refused };
}

/** The part of kad-dht that sends what wants no answer. */
interface Sending {
  sendMessage(
    to: unknown,
    message: unknown,
    options: { readonly path: { readonly index: number } },
  ): AsyncIterable<QueryEvent>;
}

/**
 * From now on nobody can be told of a key before the lookup for it has ended.
 *
 * @param refused - When those learn of it that try.
 */
export function refuseEarlyMessages(
  { dht }: Host,
  refused: Promise<void> = Promise.resolve(),
): { readonly count: number } {
  const { network } = dht as unknown as { network: Sending };
  const send = network.sendMessage.bind(network);
  const tried = { count: 0 };
  network.sendMessage = (to, message, options) => {
    if (options.path.index >= 0) return send(to, message, options);
    tried.count += 1;
    return refusedMessage(refused);
  };
  return tried;
}

async function* refusedMessage(
  refused: Promise<void>,
): AsyncGenerator<QueryEvent, void, undefined> {
  await refused;
  yield { name: 'QUERY_ERROR' } as QueryEvent;
}
