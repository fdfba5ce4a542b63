/**
 * One node of a local network: a daemon in a process of its own.
 *
 * @module
 */

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApiClient, readDaemonInfo } from '../node/http-api/client.ts';
import { RefusedError, UnreachableError } from '../node/errors.ts';
import { systemClock } from '../node/system-clock.ts';

const POLL_INTERVAL_MS = 40;
/** How long a node may take from spawn to ready. */
export const READY_TIMEOUT_MS = 60_000;
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
  readonly signal?: AbortSignal;
}

/** The built command; the sources' own copy is not executable on Node.js 20. */
function commandPath(): string {
  const candidates = ['../node/cli/main.js', '../dist/node/cli/main.js'];
  const found = candidates
    .map((relative) => fileURLToPath(new URL(relative, import.meta.url)))
    .find((path) => existsSync(path));
  if (found === undefined) throw new RefusedError('The project is not built; run "npm run build"');
  return found;
}

/** A daemon's process and the way to talk to it. */
export class NodeProcess {
  readonly name: string;
  readonly dataDir: string;
  readonly pid: number;
  readonly peerId: string;
  readonly http: string;
  readonly api: ApiClient;
  readonly #child: ChildProcess | undefined;

  private constructor(
    init: Pick<NodeProcessInit, 'name' | 'dataDir'>,
    info: { readonly pid: number; readonly peerId: string; readonly url: string },
    api: ApiClient,
    child: ChildProcess | undefined,
  ) {
    this.name = init.name;
    this.dataDir = init.dataDir;
    this.pid = info.pid;
    this.peerId = info.peerId;
    this.http = info.url;
    this.api = api;
    this.#child = child;
  }

  /**
   * Starts a daemon and resolves once it is ready. @throws {@link RefusedError} if it ends first.
   */
  static async start(init: NodeProcessInit): Promise<NodeProcess> {
    const logPath = join(init.dataDir, 'daemon.log');
    const log = openSync(logPath, 'a', 0o600);
    const isTied = init.lifetime === 'with-parent';
    const child = spawn(
      process.execPath,
      [
        commandPath(),
        'start',
        '--data',
        init.dataDir,
        '--log-file',
        logPath,
        ...(isTied ? ['--stop-with-parent'] : []),
      ],
      { stdio: [isTied ? 'pipe' : 'ignore', 'ignore', log], detached: true, env: ownEnvironment() },
    );
    closeSync(log);
    child.unref();
    try {
      const info = await untilReady(child, init, logPath);
      const api = await ApiClient.forDataDirectory(init.dataDir);
      return new NodeProcess(init, info, api, child);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /**
   * A node that some other process started. @throws {@link UnreachableError} if it does not run.
   */
  static async attach(name: string, dataDir: string): Promise<NodeProcess> {
    const info = await readDaemonInfo(dataDir);
    const api = await ApiClient.forDataDirectory(dataDir);
    await api.get('/v1/status', { signal: AbortSignal.timeout(5_000) });
    return new NodeProcess({ name, dataDir }, info, api, undefined);
  }

  get isAlive(): boolean {
    if (this.#child) return this.#child.exitCode === null && this.#child.signalCode === null;
    try {
      process.kill(this.pid, 0);
      return true;
    } catch {
      return false;
    }
  }

  /** SIGKILL: no drain, no goodbye. */
  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#untilDead(5_000);
    this.api.close();
  }

  /** Drains and stops; kills what does not end in time. */
  async stop(): Promise<void> {
    try {
      await this.api.post('/v1/stop', {}, { signal: AbortSignal.timeout(5_000) });
    } catch {
      this.#signal('SIGTERM');
    }
    if (!(await this.#untilDead(STOP_TIMEOUT_MS))) await this.kill();
    this.api.close();
  }

  #signal(name: NodeJS.Signals): void {
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
): Promise<{ pid: number; peerId: string; url: string }> {
  const deadline = systemClock.monotonicMs() + READY_TIMEOUT_MS;
  for (;;) {
    init.signal?.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new RefusedError(`${init.name} ended before it was ready: ${await lastLine(logPath)}`);
    }
    const info = await readDaemonInfo(init.dataDir).catch(() => undefined);
    if (info?.pid === child.pid && info !== undefined && (await isReady(info.url))) return info;
    if (systemClock.monotonicMs() > deadline) {
      throw new UnreachableError(
        `${init.name} was not ready within ${READY_TIMEOUT_MS / 1_000} s; its log is ${logPath}`,
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

async function lastLine(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.trim().split('\n').at(-1) ?? 'no log';
}
