/**
 * `decide --candidates` without a daemon: the store of the data directory is opened for one
 * decision, which knows and is logged as one of the daemon's own. Where there is no data directory
 * yet, a temporary one with all defaults takes its place, and nothing is kept.
 *
 * @module
 */

import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadAgentParts } from './agent-parts.ts';
import { environmentSource, loadConfig } from './config/load.ts';
import type { ConfigSource } from './config/load.ts';
import { explainDecision } from './decision/decision-record.ts';
import type { DecisionRecord } from './decision/decision-record.ts';
import { DataDirectoryLockedError, NothingFoundError } from './errors.ts';
import type { TaskRequest } from './http-api/routes/requests.ts';
import { createLogger } from './logger.ts';
import { createDataDirectory, dataDirectory, readJsonFile } from './storage/data-directory.ts';
import type { DataDirectory } from './storage/data-directory.ts';
import { loadOrCreateIdentity } from './storage/keystore.ts';
import { NO_PASSPHRASE } from './storage/passphrase.ts';
import type { Passphrase } from './storage/passphrase.ts';
import { openStore } from './storage/store.ts';
import type { Store } from './storage/store.ts';
import { systemClock, systemRandom } from './system-clock.ts';
import { Deliberation } from './tasks/deliberation.ts';
import { candidatesFromJson } from './tasks/candidate-file.ts';
import { preparedFromRequest } from './tasks/task-request.ts';

/** A decision made without a daemon. */
export interface OfflineDecision {
  readonly record: DecisionRecord;
  /** Whether it stands in the log of the data directory. */
  readonly isLogged: boolean;
}

/** How long a decision waits for others on the same data directory, and how often it looks. */
const WAIT_MS = 15_000;
const LOOK_MS = 100;

/** How to open the data directory. */
export interface OfflineOptions {
  /** How long another command may keep it. */
  readonly waitMs?: number;
  /** Of its identity, if it is sealed. */
  readonly passphrase?: Passphrase;
}

/**
 * Decides on the candidates of a file.
 *
 * @throws {@link BadInputError} for a task, candidates or a configuration that cannot be used;
 *   {@link DataDirectoryLockedError} if another command uses the data directory for `waitMs`.
 */
export async function decideOffline(
  dataPath: string,
  request: TaskRequest,
  candidates: unknown,
  { waitMs = WAIT_MS, passphrase = NO_PASSPHRASE }: OfflineOptions = {},
): Promise<OfflineDecision> {
  const own = dataDirectory(dataPath);
  if (await exists(own.configFile)) {
    const record = await decideIn(own, request, candidates, { waitMs, passphrase });
    return { record, isLogged: true };
  }
  const path = await mkdtemp(join(tmpdir(), 'coalesce-decide-'));
  try {
    const record = await decideIn(dataDirectory(path), request, candidates, { waitMs: 0 });
    return { record, isLogged: false };
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

async function decideIn(
  directory: DataDirectory,
  request: TaskRequest,
  candidates: unknown,
  { waitMs = 0, passphrase = NO_PASSPHRASE }: OfflineOptions,
): Promise<DecisionRecord> {
  await createDataDirectory(directory);
  const config = loadConfig([
    ...(await fileSources(directory.configFile)),
    environmentSource(process.env),
  ]);
  const store = await openWhenFree(directory, waitMs);
  try {
    const { identity } = await loadOrCreateIdentity(directory, passphrase);
    const { machine, decisions, decisionMemory } = await loadAgentParts({
      config,
      identity,
      store,
      directory,
      logger: createLogger('error'),
      clock: systemClock,
      random: systemRandom,
    });
    const deliberation = new Deliberation({
      machine,
      log: decisions,
      memory: decisionMemory,
      config,
      clock: systemClock,
      self: identity.peerId,
    });
    const { policy, explore } = request;
    const decision = await deliberation.onCandidates(
      preparedFromRequest(request, machine),
      { policy, explore },
      candidatesFromJson(candidates),
    );
    return explainDecision(decision);
  } finally {
    await store.close();
  }
}

/** The store, once no other command has it open. */
async function openWhenFree(directory: DataDirectory, waitMs: number): Promise<Store> {
  const deadline = systemClock.monotonicMs() + waitMs;
  for (;;) {
    try {
      return await openStore(directory);
    } catch (error) {
      const isOver = systemClock.monotonicMs() >= deadline;
      if (isOver || !(error instanceof DataDirectoryLockedError)) throw error;
    }
    await delay(LOOK_MS);
  }
}

async function fileSources(path: string): Promise<ConfigSource[]> {
  try {
    return [{ origin: path, values: (await readJsonFile(path)) as Record<string, unknown> }];
  } catch (error) {
    if (error instanceof NothingFoundError) return [];
    throw error;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
