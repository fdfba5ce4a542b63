/**
 * A network of real libp2p nodes in this process, each with the parts of skill discovery and
 * nothing else: what the benchmark `discovery` asks and publishes with.
 *
 * All nodes share one event loop, so a request costs the processor time of both its ends.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { MemoryDatastore } from 'datastore-core';
import { toBase64Url } from '../../crypto/bytes.ts';
import { Identity } from '../../crypto/identity.ts';
import { silentLogger } from '../../node/logger.ts';
import { systemClock, systemProcessor, systemRandom } from '../../node/system-clock.ts';
import { createHost } from '../../protocols/libp2p-host.ts';
import type { Host } from '../../protocols/libp2p-host.ts';
import { Advertiser } from '../../protocols/skill-discovery/advertise.ts';
import type { RecordContent } from '../../protocols/skill-discovery/advertise.ts';
import { RECORD_NAMESPACE } from '../../protocols/skill-discovery/dht-keys.ts';
import type { SearchComponents } from '../../protocols/skill-discovery/find-contractors.ts';
import { bucketsOf } from '../../protocols/skill-discovery/similarity-buckets.ts';
import { RecordGuard, selectRecord } from '../../protocols/skill-discovery/validator.ts';
import { embedLocally, LOCAL_EMBEDDING_MODEL } from '../../node/skills/embedding.ts';
import { skillText } from './discovery-recall.ts';
import type { LabelledSkill } from './discovery-recall.ts';

/** Nodes started at the same time. */
const STARTED_AT_ONCE = 10;
/**
 * The tables count as filled once they grew by less than 1 % together for so long, while the
 * process was idle: on a busy machine they stand still although the nodes are at work.
 */
const QUIET_MS = 2_500;
const IDLE_SHARE = 0.2;
const LOOK_MS = 250;
const MAX_CONVERGENCE_MS = 90_000;
const NOTHING = toBase64Url(new Uint8Array(32));

/** One node: `SearchComponents`, so that it can be handed to a search as it is. */
export interface DiscoveryNode extends SearchComponents {
  readonly host: Host;
  readonly advertiser: Advertiser;
}

/** Running nodes. */
export interface DiscoveryNetwork extends AsyncDisposable {
  readonly nodes: readonly DiscoveryNode[];
  /** From the first start until the tables were filled. */
  readonly convergenceMs: number;
}

async function createNode(bootstrap: readonly string[]): Promise<DiscoveryNode> {
  const identity = Identity.generate();
  const datastore = new MemoryDatastore();
  const clock = systemClock;
  const logger = silentLogger;
  const guard = new RecordGuard({ clock, datastore });
  const host = await createHost({
    clock,
    identity,
    logger,
    datastore,
    isLocalNetwork: true,
    bootstrap,
    validators: { [RECORD_NAMESPACE]: guard.validate },
    selectors: { [RECORD_NAMESPACE]: selectRecord },
  });
  const init = { identity, host, guard, clock, random: systemRandom, logger };
  const advertiser = new Advertiser(init);
  advertiser.start();
  return { host, guard, clock, advertiser };
}

/** Stops a node without a word: its connections break as when a process is killed. */
export async function stopNode({ host, advertiser }: DiscoveryNode): Promise<void> {
  advertiser.stop();
  await host.stop();
}

async function converge(nodes: readonly DiscoveryNode[]): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + MAX_CONVERGENCE_MS;
  let largest = 0;
  let quietSinceMs = systemClock.monotonicMs();
  let lookedAtMs = quietSinceMs;
  let processorSeconds = systemProcessor.seconds();
  for (;;) {
    await delay(LOOK_MS);
    const nowMs = systemClock.monotonicMs();
    const sum = nodes.reduce((total, { host }) => total + host.routingTableSize(), 0);
    const seconds = systemProcessor.seconds();
    const isBusy = (seconds - processorSeconds) * 1_000 > IDLE_SHARE * (nowMs - lookedAtMs);
    lookedAtMs = nowMs;
    processorSeconds = seconds;
    if (isBusy || sum > largest * 1.01) {
      largest = sum;
      quietSinceMs = nowMs;
    }
    if (nowMs - quietSinceMs >= QUIET_MS || nowMs >= deadlineMs) return;
  }
}

/** Starts `size` nodes that enter through the first, and waits until their tables are filled. */
export async function createDiscoveryNetwork(size: number): Promise<DiscoveryNetwork> {
  const startMs = systemClock.monotonicMs();
  const nodes: DiscoveryNode[] = [];
  const stop = async (): Promise<void> => {
    await Promise.allSettled(nodes.map(stopNode));
  };
  try {
    const first = await createNode([]);
    nodes.push(first);
    const bootstrap = first.host.addresses();
    while (nodes.length < size) {
      const count = Math.min(STARTED_AT_ONCE, size - nodes.length);
      nodes.push(
        ...(await Promise.all(Array.from({ length: count }, () => createNode(bootstrap)))),
      );
    }
    await converge(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  const convergenceMs = systemClock.monotonicMs() - startMs;
  return { nodes, convergenceMs, [Symbol.asyncDispose]: stop };
}

/** What a node publishes that sells these skills, as the node itself would say it. */
export function contentOf(
  skills: readonly LabelledSkill[],
  priceMicroUsd: number = 1_500,
): RecordContent {
  const vector = embedLocally(skills.map(skillText).join('\n'));
  return {
    offers: skills.map(({ term }) => ({
      term,
      priceMicroUsd: String(priceMicroUsd),
      perUnit: 'task',
      latencyMs: 900,
      capacity: 2,
    })),
    embeddings: {
      model: LOCAL_EMBEDDING_MODEL,
      dim: vector.length,
      sha256: NOTHING,
      buckets: [...bucketsOf(vector, LOCAL_EMBEDDING_MODEL)],
    },
    certificates: [],
    sealingKey: NOTHING,
    card: NOTHING,
  };
}
