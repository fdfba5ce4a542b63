/** Real nodes in this process, each with a data directory of its own. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Identity } from '../../crypto/identity.ts';
import { createAgentNode } from '../agent-node.ts';
import type { AgentNode } from '../agent-node.ts';
import { loadConfig } from '../config/load.ts';
import type { ConfigFile } from '../config/schema.ts';
import { silentLogger } from '../logger.ts';
import { createDataDirectory, dataDirectory } from '../storage/data-directory.ts';
import { openStore } from '../storage/store.ts';
import { systemClock, systemRandom } from '../system-clock.ts';
import type { OutcomeEntry } from '../tasks/outcomes.ts';

/** Ends what a test has started, the last first. */
let ends: (() => Promise<void>)[] = [];

/** Stops every node that was started, and removes its directory. */
export async function endNodes(): Promise<void> {
  for (const end of ends.reverse()) await end();
  ends = [];
}

/** Starts a node. @param outcomes - What it has seen of contractors. */
export async function startNode(
  identity: Identity,
  values: ConfigFile,
  outcomes: readonly OutcomeEntry[] = [],
): Promise<AgentNode> {
  const path = await mkdtemp(join(tmpdir(), 'coalesce-node-'));
  ends.push(() => rm(path, { recursive: true, force: true }));
  const directory = dataDirectory(path);
  await createDataDirectory(directory);
  const store = await openStore(directory);
  ends.push(() => store.close());
  for (const entry of outcomes) {
    await store.json('outcomes').put(`${entry.peerId}/${entry.taskType}`, entry);
  }
  const hardware = { peakFlops: 1e9, memoryGib: 1 };
  const config = loadConfig([{ origin: 'test', values: { hardware, ...values } }]);
  const node = await createAgentNode({
    config,
    identity,
    store,
    directory,
    logger: silentLogger,
    clock: systemClock,
    random: systemRandom,
  });
  await node.start({ http: '', a2a: null });
  ends.push(() => node.stop());
  return node;
}
