/**
 * A running node in a program of one's own: data directory, identity, store and clock as the daemon
 * has them, without its HTTP API. Whoever wants other parts calls `createAgentNode`.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../protocols/components.ts';
import { createAgentNode } from './agent-node.ts';
import type { AgentNode } from './agent-node.ts';
import { loadConfig } from './config/load.ts';
import type { ConfigFile } from './config/schema.ts';
import { silentLogger } from './logger.ts';
import { createDataDirectory, dataDirectory } from './storage/data-directory.ts';
import { loadOrCreateIdentity } from './storage/keystore.ts';
import { NO_PASSPHRASE, passphraseOf } from './storage/passphrase.ts';
import { openStore } from './storage/store.ts';
import type { ResultVerifiers } from './tasks/verification/custom-verifier.ts';
import { systemClock, systemRandom } from './system-clock.ts';

/** How long work in hand may take to finish when a node is closed. */
const DRAIN_TIMEOUT_MS = 30_000;

/** A peer is in the routing table once it has said what it speaks, a moment after it connects. */
const JOIN_TIMEOUT_MS = 5_000;
const JOIN_POLL_MS = 50;

export interface OpenAgentNodeInit {
  /** Made if it is not there, with a new identity. */
  readonly dataPath: string;
  /** Settings; the file and the environment are not read. */
  readonly config?: ConfigFile;
  /** Checks of results beside those that tasks name, by term. */
  readonly verifiers?: ResultVerifiers;
  /** Of the identity: a new one is sealed with it. */
  readonly passphrase?: string;
  /** Default: nothing is logged. */
  readonly logger?: Logger;
}

/** A node that has joined its network. */
export interface OpenAgentNode extends AsyncDisposable {
  readonly node: AgentNode;
  /** Finishes the work in hand, leaves the network and closes the store. Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens a data directory and joins the network. With bootstrap peers it resolves once lookups can
 * start from one, or after five seconds without.
 *
 * @throws {@link BadInputError} for a wrong setting, or a sealed identity without a passphrase;
 *   {@link WrongPassphraseError} for another passphrase; {@link DataDirectoryLockedError} if
 *   another process has the directory.
 */
export async function openAgentNode({
  dataPath,
  config: values = {},
  verifiers,
  passphrase: text,
  logger = silentLogger,
}: OpenAgentNodeInit): Promise<OpenAgentNode> {
  const config = loadConfig([{ origin: 'config', values }]);
  const directory = dataDirectory(dataPath);
  await createDataDirectory(directory);
  const store = await openStore(directory);
  let started: AgentNode | undefined;
  try {
    const passphrase = text === undefined ? NO_PASSPHRASE : passphraseOf(text);
    const { identity } = await loadOrCreateIdentity(directory, passphrase);
    const world = { clock: systemClock, random: systemRandom, passphrase, verifiers };
    started = await createAgentNode({ config, identity, store, directory, logger, ...world });
    await started.start({ http: '', a2a: null });
    if (config.network.bootstrap.length > 0) await untilJoined(started);
  } catch (error) {
    await started?.stop();
    await store.close();
    throw error;
  }
  const node = started;
  let closed: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    await node.drain(DRAIN_TIMEOUT_MS);
    await node.stop();
    await store.close();
  };
  const close = (): Promise<void> => (closed ??= end());
  return { node, close, [Symbol.asyncDispose]: close };
}

async function untilJoined(node: AgentNode): Promise<void> {
  const deadline = systemClock.monotonicMs() + JOIN_TIMEOUT_MS;
  while ((await node.status()).routingTableSize === 0) {
    if (systemClock.monotonicMs() > deadline) return;
    await delay(JOIN_POLL_MS);
  }
}
