/**
 * Networks that outlive the command that started them: a directory, a manifest, and the processes
 * that run on it.
 *
 * A process is ended only if it answers the API with the token of its data directory, or holds the
 * lock of that directory: a process id alone may have passed to a stranger.
 *
 * @module
 */

import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { BadInputError, NothingFoundError, RefusedError } from '../node/errors.ts';
import { readDaemonInfo } from '../node/http-api/client.ts';
import { readJsonFile, writeFileAtomically } from '../node/storage/data-directory.ts';
import { systemClock } from '../node/system-clock.ts';
import { NO_FIGURES, figuresOf } from './node-figures.ts';
import type { NodeFigures } from './node-figures.ts';
import { NO_PROCESS, NodeProcess, isLocked } from './node-process.ts';
import type { Role } from './local-plan.ts';
import { Testnet, createTestnet } from './testnet.ts';
import type { PlannedPeer, TestnetNode, TestnetOptions } from './testnet.ts';

const MANIFEST = 'testnet.json';
/** A process that was just ended may still write a file. */
const REMOVAL = { recursive: true, force: true, maxRetries: 5, retryDelay: 100 } as const;
const KILL_TIMEOUT_MS = 5_000;
/** Role of a node beside its first one. */
const REPLICA = 'replica';

const manifestSchema = z.object({
  v: z.literal(1),
  isInProcess: z.boolean().default(false),
  nodes: z.array(
    z.object({
      name: z.string(),
      roles: z.array(z.string()),
      peerId: z.string(),
      http: z.string(),
      pid: z.number(),
    }),
  ),
});

/** One node in the answer of `up` and `status`. */
export interface TestnetNodeDocument extends NodeFigures {
  readonly name: string;
  readonly roles: readonly string[];
  readonly peerId: string;
  readonly http: string;
  readonly dataDir: string;
  readonly pid: number;
  readonly isRunning: boolean;
}

/** Answer of `up` and `status`. */
export interface TestnetDocument {
  readonly dir: string;
  readonly nodes: readonly TestnetNodeDocument[];
}

/** Starts a network that stays. @throws {@link RefusedError} if the directory holds one already. */
export async function bringUp(
  dir: string,
  size: number,
  options: Omit<TestnetOptions, 'dir' | 'lifetime'>,
): Promise<TestnetDocument> {
  const root = resolve(dir);
  if (await exists(join(root, MANIFEST))) {
    throw new RefusedError(
      `${root}: a network is there already; end it with "coalesce testnet down", or choose another --dir`,
    );
  }
  await refuseForeignDirectory(root);
  await writeManifest(root, [], options.isInProcess);
  // Before anything runs: whoever finds the directory after a crash knows what to look for.
  const onPlanned = (planned: readonly PlannedPeer[]): Promise<void> =>
    writeManifest(root, planned.map(plannedEntry), options.isInProcess);
  let network: Testnet | undefined;
  try {
    network = await createTestnet(size, {
      ...options,
      dir: root,
      lifetime: 'detached',
      onPlanned,
    });
    await writeManifest(root, network.nodes.map(runningEntry), options.isInProcess);
    const status = await networkStatus(root);
    options.signal?.throwIfAborted();
    return status;
  } catch (error) {
    await network?.destroy(); // it outlives this process otherwise, and nothing would name it
    await rm(root, { recursive: true, force: true });
    throw error;
  }
}

/** Nodes of the network in `dir`, asked one by one. @throws {@link NothingFoundError} if none. */
export async function networkStatus(dir: string): Promise<TestnetDocument> {
  const root = resolve(dir);
  const manifest = await readManifest(root);
  const nodes = await Promise.all(
    manifest.nodes.map(async ({ name, roles, peerId, http, pid }) => {
      const dataDir = join(root, name);
      const running = await attach(name, dataDir);
      const isThere = running !== undefined || (await isLocked(dataDir));
      const figures = running ? await figuresOf(running) : NO_FIGURES;
      running?.api.close();
      return {
        name,
        roles,
        peerId,
        http: running?.http ?? http,
        dataDir,
        pid: running?.pid ?? pid,
        isRunning: running !== undefined,
        ...figures,
        ...(running === undefined && isThere ? { state: 'paused' as const } : {}),
      };
    }),
  );
  return { dir: root, nodes };
}

/** The network in `dir`, all of it running. @throws {@link NothingFoundError} if there is none. */
export async function attachNetwork(dir: string): Promise<Testnet> {
  const root = resolve(dir);
  const { nodes } = await readManifest(root);
  const attached = await Promise.all(
    nodes.map(async ({ name, roles }) => ({
      role: roles[0] as Role,
      isReplica: roles.includes(REPLICA),
      process: await NodeProcess.attach(name, join(root, name)),
    })),
  );
  return new Testnet(root, attached, false);
}

/**
 * The network in `dir` to break and mend: some of its nodes may be dead or stand still. When it is
 * disposed of the nodes go on.
 */
export async function openNetwork(dir: string): Promise<Testnet> {
  const root = resolve(dir);
  const { isInProcess, nodes } = await readManifest(root);
  const opened = nodes.map(({ name, roles, peerId, http, pid }) => ({
    role: roles[0] as Role,
    isReplica: roles.includes(REPLICA),
    pid,
    init: { name, dataDir: join(root, name), peerId, url: http, pid, isShared: isInProcess },
  }));
  const processes = await Promise.all(opened.map(({ init }) => NodeProcess.known(init)));
  const network = new Testnet(
    root,
    opened.map(({ role, isReplica }, at) => ({ role, isReplica, process: processes[at]! })),
    false,
  );
  network.keep();
  return network;
}

/** Writes down in which processes nodes run now. */
export async function recordProcesses(dir: string, nodes: readonly TestnetNode[]): Promise<void> {
  const root = resolve(dir);
  const { isInProcess } = await readManifest(root);
  await writeManifest(root, nodes.map(runningEntry), isInProcess);
}

/** Stops the network in `dir` and removes the directory. With none there it does nothing. */
export async function bringDown(dir: string): Promise<{ dir: string; stopped: number }> {
  const root = resolve(dir);
  if (!(await exists(join(root, MANIFEST)))) return { dir: root, stopped: 0 };
  const entries = await readdir(root, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const stopped = await Promise.all(names.map((name) => stopNode(name, join(root, name))));
  // The list of nodes goes last: whatever keeps a directory from going, "down" can be said again.
  for (const name of names) await rm(join(root, name), REMOVAL);
  await rm(root, REMOVAL);
  return { dir: root, stopped: stopped.filter(Boolean).length };
}

async function stopNode(name: string, dataDir: string): Promise<boolean> {
  const running = await attach(name, dataDir);
  if (running) {
    await running.stop();
    return true;
  }
  const info = await readDaemonInfo(dataDir).catch(() => undefined);
  if (info === undefined || !(await isLocked(dataDir))) return false;
  process.kill(info.pid, 'SIGKILL'); // hung, and it still holds the lock of its directory
  const deadlineMs = systemClock.monotonicMs() + KILL_TIMEOUT_MS;
  while ((await isLocked(dataDir)) && systemClock.monotonicMs() < deadlineMs) await delay(50);
  return true;
}

async function attach(name: string, dataDir: string): Promise<NodeProcess | undefined> {
  return NodeProcess.attach(name, dataDir).catch(() => undefined);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** A network is brought down by removing its directory, so it must not be somebody else's. */
async function refuseForeignDirectory(root: string): Promise<void> {
  const entries = await readdir(root).catch(() => []);
  if (entries.length > 0) {
    throw new BadInputError(`${root}: is not empty; choose an empty or a new directory with --dir`);
  }
}

type ManifestEntry = z.infer<typeof manifestSchema>['nodes'][number];

function runningEntry({ role, isReplica, process: node }: TestnetNode): ManifestEntry {
  const { name, peerId, http, pid } = node;
  return { ...plannedEntry({ name, role, isReplica, peerId }), http, pid };
}

function plannedEntry({ name, role, isReplica, peerId }: PlannedPeer): ManifestEntry {
  return {
    name,
    roles: [role, ...(isReplica ? [REPLICA] : [])],
    peerId,
    http: '',
    pid: NO_PROCESS,
  };
}

async function writeManifest(
  root: string,
  nodes: readonly ManifestEntry[],
  isInProcess = false,
): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const manifest = { v: 1, isInProcess, nodes };
  await writeFileAtomically(join(root, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

async function readManifest(root: string): Promise<z.infer<typeof manifestSchema>> {
  const path = join(root, MANIFEST);
  if (!(await exists(path))) {
    throw new NothingFoundError(`${root}: no network; start one with "coalesce testnet up"`);
  }
  const parsed = manifestSchema.safeParse(await readJsonFile(path));
  if (!parsed.success) {
    throw new BadInputError(`${path}: is damaged; end what runs with "coalesce testnet down"`);
  }
  return parsed.data;
}
