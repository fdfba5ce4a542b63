/**
 * One node of a local network: a daemon in a process of its own.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { builtProgram } from '../node/built-program.ts';
import { ApiClient, readDaemonInfo } from '../node/http-api/client.ts';
import { DataDirectoryLockedError, RefusedError, UnreachableError } from '../node/errors.ts';
import { dataDirectory } from '../node/storage/data-directory.ts';
import { openStore } from '../node/storage/store.ts';
import { systemClock } from '../node/system-clock.ts';
import type { PriceSwitch } from './adversaries/price-switcher.ts';
import { faultFileOf } from './faults/fault-file.ts';

const POLL_INTERVAL_MS = 40;
/** How long a node may take from spawn to ready. */
export const READY_TIMEOUT_MS = 60_000;
/** So much longer for each further node of one process. */
const READY_TIMEOUT_PER_SHARED_MS = 3_000;
/** Process id of a node that does not run. */
export const NO_PROCESS = -1;
const LOG_FILE = 'daemon.log';
/** Of a process that several nodes share, beside their directories. */
const SHARED_LOG_FILE = 'nodes.log';
/** How long a node may take to drain before it is killed. */
const STOP_TIMEOUT_MS = 35_000;

/** How a node's process is tied to the one that starts it. */
export type Lifetime =
  /** Ends when the starting process ends, however that ends. */
  | 'with-parent'
  /** Stays until it is stopped. */
  | 'detached';

export interface NodeProcessInit {
  readonly name: string;
  readonly dataDir: string;
  readonly lifetime: Lifetime;
  /** Defences that it does without, to see what an attack does then. */
  readonly without?: readonly string[];
  /** What it does to its prices as an adversary; left out: nothing. */
  readonly priceSwitch?: PriceSwitch | undefined;
  readonly signal?: AbortSignal;
}

/** A daemon's process and the way to talk to it. */
export class NodeProcess {
  readonly name: string;
  readonly dataDir: string;
  readonly pid: number;
  readonly peerId: string;
  readonly http: string;
  readonly api: ApiClient;
  readonly lifetime: Lifetime;
  /** Whether other nodes run in its process. */
  readonly isShared: boolean;
  readonly #child: ChildProcess | undefined;

  private constructor(
    init: Pick<NodeProcessInit, 'name' | 'dataDir' | 'lifetime'>,
    info: { readonly pid: number; readonly peerId: string; readonly url: string },
    api: ApiClient,
    child: ChildProcess | undefined,
    isShared: boolean,
  ) {
    this.name = init.name;
    this.dataDir = init.dataDir;
    this.lifetime = init.lifetime;
    this.pid = info.pid;
    this.peerId = info.peerId;
    this.http = info.url;
    this.api = api;
    this.#child = child;
    this.isShared = isShared;
  }

  /**
   * Starts a daemon and resolves once it is ready. @throws {@link RefusedError} if it ends first.
   */
  static async start(init: NodeProcessInit): Promise<NodeProcess> {
    const [node] = await NodeProcess.#startIn(join(init.dataDir, LOG_FILE), [init], false);
    return node!;
  }

  /** Starts several daemons of one network in one process. All must be of one lifetime. */
  static startTogether(inits: readonly NodeProcessInit[]): Promise<readonly NodeProcess[]> {
    const logPath = join(dirname(inits[0]!.dataDir), SHARED_LOG_FILE);
    return NodeProcess.#startIn(logPath, inits, true);
  }

  static async #startIn(
    logPath: string,
    inits: readonly NodeProcessInit[],
    isShared: boolean,
  ): Promise<readonly NodeProcess[]> {
    const [{ dataDir, lifetime, without = [] }] = inits as [NodeProcessInit];
    const log = openSync(logPath, 'a', 0o600);
    const isTied = lifetime === 'with-parent';
    const child = spawn(
      process.execPath,
      [
        builtProgram('testnet-node'),
        ...inits.flatMap((init) => ['--data', init.dataDir]),
        ...['--faults', faultFileOf(dirname(dataDir))],
        ...(isTied ? ['--stop-with-parent'] : []),
        ...without.flatMap((defence) => ['--without', defence]),
        ...inits.flatMap(({ dataDir: one, priceSwitch }) =>
          priceSwitch === undefined ? [] : [`--price-${priceSwitch}`, one],
        ),
      ],
      { stdio: [isTied ? 'pipe' : 'ignore', 'ignore', log], detached: true, env: ownEnvironment() },
    );
    closeSync(log);
    child.unref();
    const timeoutMs = READY_TIMEOUT_MS + (inits.length - 1) * READY_TIMEOUT_PER_SHARED_MS;
    try {
      return await Promise.all(
        inits.map(async (init) => {
          const info = await untilReady(child, init, logPath, timeoutMs);
          const api = await ApiClient.forDataDirectory(init.dataDir);
          return new NodeProcess(init, info, api, child, isShared);
        }),
      );
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /**
   * A node that some other process started. @throws {@link UnreachableError} if it does not run.
   */
  static async attach(name: string, dataDir: string, isShared = false): Promise<NodeProcess> {
    const info = await readDaemonInfo(dataDir);
    const api = await ApiClient.forDataDirectory(dataDir);
    await api.get('/v1/status', { signal: AbortSignal.timeout(5_000) });
    return new NodeProcess({ name, dataDir, lifetime: 'detached' }, info, api, undefined, isShared);
  }

  /** A node by what was written down of it, whether it runs or not. */
  static async known(init: {
    readonly name: string;
    readonly dataDir: string;
    readonly peerId: string;
    readonly url: string;
    readonly pid: number;
    readonly isShared: boolean;
  }): Promise<NodeProcess> {
    const { name, dataDir, isShared } = init;
    // A restart by another command has left a newer process id than the one written down.
    const now = await readDaemonInfo(dataDir).catch(() => undefined);
    const isThere = await isLocked(dataDir);
    const info = { ...init, ...now, ...(isThere ? {} : { pid: NO_PROCESS }) };
    const token = await readFile(dataDirectory(dataDir).tokenFile, 'utf8').catch(() => '');
    const api = new ApiClient(info.url, token.trim());
    return new NodeProcess({ name, dataDir, lifetime: 'detached' }, info, api, undefined, isShared);
  }

  get isAlive(): boolean {
    if (this.pid === NO_PROCESS) return false;
    if (this.#child) return this.#child.exitCode === null && this.#child.signalCode === null;
    try {
      process.kill(this.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** SIGKILL: no drain, no goodbye. @throws {@link RefusedError} if others would die with it. */
  async kill(): Promise<void> {
    this.#refuseShared('killed');
    this.#signal('SIGKILL');
    await this.#untilDead(5_000);
    this.api.close();
  }

  /** SIGSTOP: it stands still, its connections stay. @throws as {@link NodeProcess.kill}. */
  pause(): void {
    this.#refuseShared('paused');
    this.#signal('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.#signal('SIGCONT');
  }

  /** Drains and stops; kills what does not end in time. */
  async stop(): Promise<void> {
    this.#signal('SIGCONT'); // whoever stands still cannot stop
    try {
      await this.api.post('/v1/stop', {}, { signal: AbortSignal.timeout(5_000) });
    } catch {
      if (!this.isShared) this.#signal('SIGTERM');
    }
    if (this.isShared) await this.#untilUnlocked(STOP_TIMEOUT_MS);
    else if (!(await this.#untilDead(STOP_TIMEOUT_MS))) await this.kill();
    this.api.close();
  }

  /** Ends the process that nodes shared, once they were stopped. */
  async endShared(): Promise<void> {
    if (await this.#untilDead(5_000)) return;
    this.#signal('SIGKILL');
    await this.#untilDead(5_000);
  }

  #refuseShared(what: string): void {
    if (!this.isShared) return;
    throw new RefusedError(
      `${this.name} shares its process with all nodes and cannot be ${what} alone; start a network without --in-process`,
    );
  }

  async #untilUnlocked(timeoutMs: number): Promise<void> {
    const deadline = systemClock.monotonicMs() + timeoutMs;
    while (this.isAlive && (await isLocked(this.dataDir))) {
      if (systemClock.monotonicMs() > deadline) return;
      await delay(POLL_INTERVAL_MS);
    }
  }

  #signal(name: NodeJS.Signals): void {
    if (this.pid === NO_PROCESS) return;
    try {
      if (this.#child) this.#child.kill(name);
      else process.kill(this.pid, name);
    } catch {
      // it has ended already
    }
  }

  async #untilDead(timeoutMs: number): Promise<boolean> {
    const deadline = systemClock.monotonicMs() + timeoutMs;
    while (this.isAlive) {
      if (systemClock.monotonicMs() > deadline) return false;
      await delay(POLL_INTERVAL_MS);
    }
    return true;
  }
}

/** Whether a process holds a data directory. */
export async function isLocked(dataDir: string): Promise<boolean> {
  try {
    await (await openStore(dataDirectory(dataDir))).close();
    return false;
  } catch (error) {
    return error instanceof DataDirectoryLockedError;
  }
}

/** The environment without settings that would reach every node of the network at once. */
function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('COALESCE_')),
  );
}

async function untilReady(
  child: ChildProcess,
  init: NodeProcessInit,
  logPath: string,
  timeoutMs: number,
): Promise<{ pid: number; peerId: string; url: string }> {
  const deadline = systemClock.monotonicMs() + timeoutMs;
  for (;;) {
    init.signal?.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new RefusedError(`${init.name} ended before it was ready: ${await endingOf(logPath)}`);
    }
    const info = await readDaemonInfo(init.dataDir).catch(() => undefined);
    if (info?.pid === child.pid && info !== undefined && (await isReady(info.url))) return info;
    if (systemClock.monotonicMs() > deadline) {
      throw new UnreachableError(
        `${init.name} was not ready within ${timeoutMs / 1_000} s; its log is ${logPath}`,
      );
    }
    await delay(POLL_INTERVAL_MS);
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

async function endingOf(path: string): Promise<string> {
  return describeEnding(await readFile(path, 'utf8').catch(() => ''));
}

/** Lines at the end of a log among which the error is that ended the process. */
const LINES_OF_AN_ENDING = 60;

/** The error that Node.js printed with its stack as the process ended, else the last line. */
export function describeEnding(log: string): string {
  const lines = log.trim().split('\n').slice(-LINES_OF_AN_ENDING);
  const last = lines.at(-1) ?? '';
  // Node.js ends an uncaught error with its own version, which says nothing.
  if (!last.startsWith('Node.js v')) return last || 'no log';
  return lines.findLast((line) => /^\S*(?:Error|Exception)\b/.test(line)) ?? last;
}
