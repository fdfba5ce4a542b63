/**
 * The process around one agent node: lock, identity, HTTP API, signals, drain.
 *
 * Order of start: data directory, lock, node, API, `daemon.json`. The end takes the reverse order:
 * new work is refused, work in hand is finished, then everything closes.
 *
 * @module
 */

import '../protocols/polyfills.ts';
import { rm } from 'node:fs/promises';
import type { Identity } from '../crypto/identity.ts';
import type { Logger } from '../protocols/components.ts';
import { startA2aEdge } from './a2a-edge/edge.ts';
import type { A2aEdge } from './a2a-edge/edge.ts';
import { createAgentNode } from './agent-node.ts';
import type { AgentNode } from './agent-node.ts';
import type { AgentNodeInit } from './agent-parts.ts';
import type { StatusDocument } from './api-documents.ts';
import { readConfig } from './config/config-file.ts';
import type { Config } from './config/schema.ts';
import { Dashboard } from './dashboard/page-routes.ts';
import { utilisationTrouble } from './doctor/machine-checks.ts';
import { routeGroups } from './http-api/routes/route-groups.ts';
import { brokerMetrics, decisionMetrics } from './http-api/metrics.ts';
import { startHttpApi } from './http-api/server.ts';
import { createLogger } from './logger.ts';
import {
  createDataDirectory,
  dataDirectory,
  loadOrCreateToken,
  writeFileAtomically,
} from './storage/data-directory.ts';
import type { DaemonInfo, DataDirectory } from './storage/data-directory.ts';
import { identityFacts, loadOrCreateIdentity } from './storage/keystore.ts';
import type { Passphrase } from './storage/passphrase.ts';
import { openStore } from './storage/store.ts';
import type { Store } from './storage/store.ts';
import { systemClock, systemRandom } from './system-clock.ts';

/** How long work in hand may take to finish when the daemon is told to stop. */
export const DRAIN_TIMEOUT_MS = 30_000;

export interface DaemonInit {
  readonly dataPath: string;
  /** `key=value` settings that win over file and environment. */
  readonly flags: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly logFile?: string;
  /** Of the identity, if it is sealed. */
  readonly passphrase?: Passphrase;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** @param isNewIdentity - Whether the data directory had none. */
  readonly onReady: (status: StatusDocument, isNewIdentity: boolean) => void;
  /** As in `AgentNodeInit`. No setting and no option of the command leads here. */
  readonly adaptHost?: AgentNodeInit['adaptHost'];
  /** The same. */
  readonly adaptContractor?: AgentNodeInit['adaptContractor'];
  /** The same. */
  readonly adaptPolicy?: AgentNodeInit['adaptPolicy'];
}

/**
 * Runs a daemon until it is told to stop.
 *
 * @returns exit code: 0 after a drain, 1 if work had to be cut off or an error ended it.
 */
export async function runDaemon(init: DaemonInit): Promise<number> {
  const directory = dataDirectory(init.dataPath);
  await createDataDirectory(directory);
  const config = await readConfig(directory.configFile, init.environment, init.flags);
  const store = await openStore(directory);
  try {
    const { identity, isNew } = await loadOrCreateIdentity(directory, init.passphrase);
    const token = await loadOrCreateToken(directory);
    const logger = createLogger(config.logLevel, init.logFile);
    warnOfUtilisation(config, logger);
    await warnOfOpenKey(directory, init.passphrase, logger);
    const end = new EndRequest(init.signal, logger);
    try {
      const node = await createAgentNode({
        config,
        identity,
        store,
        directory,
        logger,
        clock: systemClock,
        random: systemRandom,
        ...(init.passphrase && { passphrase: init.passphrase }),
        ...(init.adaptHost && { adaptHost: init.adaptHost }),
        ...(init.adaptContractor && { adaptContractor: init.adaptContractor }),
        ...(init.adaptPolicy && { adaptPolicy: init.adaptPolicy }),
      });
      const onReady = (status: StatusDocument): void => init.onReady(status, isNew);
      return await serve(node, { config, identity, store, directory, token, logger, end, onReady });
    } finally {
      end.dispose();
    }
  } finally {
    await store.close();
  }
}

/** An unusual utilisation is legal, and moves every cost of work here (paper Eq. 2 and 4). */
function warnOfUtilisation({ hardware: { utilisation } }: Config, logger: Logger): void {
  const trouble = utilisationTrouble(utilisation);
  if (!trouble) return;
  const { found, cause, mend } = trouble;
  logger.warn({ utilisation, cause, mend }, `${found}.`);
}

/** Whoever names a passphrase believes the key to be sealed. */
async function warnOfOpenKey(
  directory: DataDirectory,
  passphrase: Passphrase | undefined,
  logger: Logger,
): Promise<void> {
  if (passphrase?.isNamed !== true || (await identityFacts(directory)).isSealed) return;
  const mend = 'stop the node, then: coalesce key encrypt';
  logger.warn({ mend }, 'A passphrase is named, and the identity is not sealed.');
}

interface ServeInit {
  readonly config: Config;
  readonly identity: Identity;
  readonly store: Store;
  readonly directory: DataDirectory;
  readonly token: string;
  readonly logger: Logger;
  readonly end: EndRequest;
  readonly onReady: (status: StatusDocument) => void;
}

async function serve(node: AgentNode, init: ServeInit): Promise<number> {
  const { config, directory, logger, end } = init;
  let isReady = false;
  const api = await startHttpApi({
    host: config.http.host,
    port: config.http.port,
    token: init.token,
    isReady: () => isReady,
    metrics: () => decisionMetrics(node.decisionStatus()) + brokerMetrics(node.brokerFigures()),
    dashboard: new Dashboard({ clock: systemClock, random: systemRandom }),
    groups: routeGroups(node, () => {
      end.request();
    }),
    logger,
  });
  let edge: A2aEdge | undefined;
  try {
    if (config.a2a.isServed) edge = await serveA2a(node, init);
    await node.start({ http: api.url, a2a: edge?.url ?? null });
    const info: DaemonInfo = { pid: process.pid, url: api.url, peerId: node.peerId };
    await writeFileAtomically(directory.daemonFile, `${JSON.stringify(info)}\n`);
    isReady = true;
    const status = await node.status();
    logger.debug({ config, peerId: node.peerId, http: api.url }, 'The node is ready.');
    init.onReady(status);
    await end.requested;
    isReady = false;
    const finished = await node.drain(DRAIN_TIMEOUT_MS);
    if (!finished) logger.warn({ timeoutMs: DRAIN_TIMEOUT_MS }, 'Work was cut off by the stop.');
    return finished && !end.isFailure ? 0 : 1;
  } finally {
    await rm(directory.daemonFile, { force: true });
    await edge?.close();
    await node.stop();
    await api.close();
    logger.info({}, 'The node has stopped.');
  }
}

/** A2A clients of the outside. */
function serveA2a(node: AgentNode, { config, identity, store, token, logger }: ServeInit) {
  return startA2aEdge({
    config,
    identity,
    token,
    agent: {
      terms: () => node.listSkills().map(({ term }) => term),
      run: (request, signal) => node.run(request, signal),
      workUnpaid: (term, inputs, signal) => node.workUnpaid(term, inputs, signal),
    },
    offers: () =>
      node.listSkills().map(({ term, description, priceMicroUsd, perUnit, latencyMs }) => {
        return { term, description, priceMicroUsd, perUnit, latencyMs };
      }),
    multiaddrs: () => node.addresses(),
    tasks: store.json('a2a-tasks'),
    clock: systemClock,
    random: systemRandom,
    logger,
  });
}

/** Why and when the daemon ends: a signal, the API, or an error nobody caught. */
class EndRequest {
  readonly requested: Promise<void>;
  isFailure = false;
  #resolve!: () => void;
  readonly #logger: Logger;
  readonly #onTerminate = (): void => {
    this.request();
  };
  readonly #onUncaught = (error: Error): void => {
    this.#logger.error({ err: error }, 'An error was not caught.');
    // A socket that fails while nobody listens is the network's business, not a broken invariant.
    if ('syscall' in error) return;
    this.isFailure = true;
    this.request();
  };
  readonly #onRejection = (reason: unknown): void => {
    this.#logger.error({ err: reason }, 'A rejection was not handled.');
  };

  constructor(signal: AbortSignal, logger: Logger) {
    this.#logger = logger;
    this.requested = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    if (signal.aborted) this.request();
    signal.addEventListener('abort', this.#onTerminate, { once: true });
    process.on('SIGTERM', this.#onTerminate);
    process.on('uncaughtException', this.#onUncaught);
    process.on('unhandledRejection', this.#onRejection);
  }

  request(): void {
    this.#resolve();
  }

  dispose(): void {
    process.off('SIGTERM', this.#onTerminate);
    process.off('uncaughtException', this.#onUncaught);
    process.off('unhandledRejection', this.#onRejection);
  }
}
