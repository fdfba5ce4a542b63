/**
 * Looks at a node from outside: its data directory, its machine, its daemon over the HTTP API, and
 * the peers that its configuration names. Writes nothing and mends nothing.
 *
 * @module
 */

import { access, constants, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../protocols/components.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type {
  CertificateDocument,
  DecisionsSummaryDocument,
  HealthDocument,
  PeerDocument,
  ShortDecisionDocument,
  SkillDocument,
  StatusDocument,
} from '../api-documents.ts';
import { readConfig } from '../config/config-file.ts';
import type { Config } from '../config/schema.ts';
import { BadInputError } from '../errors.ts';
import { ApiClient, readDaemonInfo } from '../http-api/client.ts';
import { codeOf, dataDirectory } from '../storage/data-directory.ts';
import type { DataDirectory } from '../storage/data-directory.ts';
import { identityFacts, identityProblem } from '../storage/keystore.ts';
import type { ConfigReadings, FileReadings, IdentityReadings } from './directory-checks.ts';
import type { Observed } from './finding.ts';
import type { ClockReadings, DiskSpace } from './machine-checks.ts';
import type { DaemonReadings } from './network-checks.ts';
import { NO_CONFIG, observeBootstrap, observePorts } from './observe-network.ts';
import type { Observation } from './observation.ts';

/** The API answers from memory, but for the decision log. */
const ANSWER_TIMEOUT_MS = 20_000;
/** The newest decisions that are looked at. */
const MAX_DECISIONS = 1_000;
const NO_DAEMON = 'the daemon is not running';

export interface ObserveInit {
  readonly dataPath: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly leastNodeVersion: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What a running daemon says of itself. */
interface DaemonAnswers {
  readonly status: StatusDocument;
  readonly health: HealthDocument;
  readonly peers: readonly PeerDocument[];
  readonly skills: readonly SkillDocument[];
  readonly certificates: readonly CertificateDocument[];
  readonly log: Observed<DecisionLogAnswers>;
}

interface DecisionLogAnswers {
  readonly decisions: readonly ShortDecisionDocument[];
  readonly summary: DecisionsSummaryDocument;
}

/** Looks at everything. Never throws for what is wrong with the node. */
export async function observe(init: ObserveInit): Promise<Observation> {
  const { clock, leastNodeVersion } = init;
  const directory = dataDirectory(init.dataPath);
  const started = { wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() };
  const { config, readings } = await observeConfig(directory, init.environment);
  const { daemon, answers } = await observeDaemon(init);
  const [ports, bootstrap] = await Promise.all([
    observePorts(config, answers?.status),
    observeBootstrap(config, answers?.peers),
  ]);
  const fromDaemon = <Value>(pick: (all: DaemonAnswers) => Value): Observed<Value> =>
    answers ? { value: pick(answers) } : { missing: NO_DAEMON };
  const now = { nowSeconds: nowSeconds(clock) };
  return {
    versions: { running: process.version, least: leastNodeVersion },
    directory: await observeFile(directory.path, constants.W_OK),
    identity: await observeIdentity(directory),
    token: await observeFile(directory.tokenFile),
    config: readings,
    disk: await observeDisk(directory),
    clock: await observeClock(directory, clock, started, answers),
    utilisation: config ? { value: config.hardware.utilisation } : { missing: NO_CONFIG },
    daemon,
    ports,
    bootstrap,
    peers: fromDaemon(({ status }) => ({
      connected: status.peersConnected,
      routingTable: status.routingTableSize,
      hasWayIn: config === undefined || hasWayIn(config),
    })),
    reachability: fromDaemon(({ status }) => ({
      addresses: status.addresses,
      isLocalNetwork: config?.network.isLocalNetwork ?? false,
      relays: config?.network.relays.length ?? 0,
    })),
    certificates: fromDaemon(({ certificates, status: { skills } }) => {
      return { ...now, certificates, skills };
    }),
    record: fromDaemon(({ health: { record }, status: { skills } }) => {
      return { ...now, record, skills };
    }),
    committee: fromDaemon(({ status }) => status.ledger),
    executors: fromDaemon(({ health }) => health.executors),
    prices: fromDaemon(({ status: { prices }, skills }) => ({ prices, skills })),
    decisions: answers ? decisionsOf(answers) : { missing: NO_DAEMON },
  };
}

function decisionsOf({ log, status }: DaemonAnswers): Observation['decisions'] {
  if ('missing' in log) return log;
  const { decisions, summary } = log.value;
  const run = decisions.filter(({ purpose }) => purpose === 'run');
  return { value: { decisions: run, summary, uptimeMs: status.uptimeSeconds * 1_000 } };
}

function hasWayIn({ network }: Config): boolean {
  return network.bootstrap.length > 0 || network.relays.length > 0 || network.hasMdns;
}

async function observeConfig(
  { configFile: path }: DataDirectory,
  environment: NodeJS.ProcessEnv,
): Promise<{ readonly config: Config | undefined; readonly readings: ConfigReadings }> {
  const isThere = (await observeFile(path)).mode !== null;
  try {
    const config = await readConfig(path, environment, []);
    return { config, readings: { path, isThere, problems: [] } };
  } catch (error) {
    if (!(error instanceof BadInputError)) throw error;
    const problems = error.problems.length > 0 ? error.problems : [error.message];
    return { config: undefined, readings: { path, isThere, problems } };
  }
}

/** @param right - What must be allowed. */
async function observeFile(path: string, right = constants.R_OK): Promise<FileReadings> {
  const found = await stat(path).catch(codeOf);
  if (typeof found === 'string') {
    // Below what is a file, there is nothing either.
    const isAbsent = found === 'ENOENT' || found === 'ENOTDIR';
    return { path, mode: isAbsent ? null : 0, problem: isAbsent ? null : found };
  }
  const denied = await access(path, right).then(() => null, codeOf);
  const problem = denied === null ? null : `cannot be used by this user (${denied})`;
  return { path, mode: found.mode & 0o777, problem };
}

async function observeIdentity(directory: DataDirectory): Promise<IdentityReadings> {
  const file = await observeFile(directory.identityFile);
  if (file.mode === null || file.problem !== null) return { ...file, isSealed: false };
  const facts = await identityFacts(directory).catch(() => undefined);
  const problem = facts ? null : await identityProblem(directory);
  return { ...file, problem, isSealed: facts?.isSealed ?? false };
}

async function observeDisk({ path }: DataDirectory): Promise<Observed<DiskSpace>> {
  try {
    const { bavail, bsize } = await statfs(path);
    return { value: { path, freeBytes: bavail * bsize } };
  } catch (error) {
    return { missing: `${path} is not there (${codeOf(error)})` };
  }
}

/** The newest among the files of the directory itself and of its store. */
async function newestFile(directory: DataDirectory): Promise<ClockReadings['newestFile']> {
  let newest: ClockReadings['newestFile'] = null;
  for (const folder of [directory.path, directory.storeDirectory]) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const writtenMs = (await stat(path).catch(() => undefined))?.mtimeMs;
      if (writtenMs === undefined || writtenMs <= (newest?.writtenMs ?? -Infinity)) continue;
      newest = { path, writtenMs };
    }
  }
  return newest;
}

async function observeClock(
  directory: DataDirectory,
  clock: Clock,
  started: { readonly wallMs: number; readonly monotonicMs: number },
  answers: DaemonAnswers | undefined,
): Promise<ClockReadings> {
  const newest = await newestFile(directory);
  const others = (answers?.certificates ?? [])
    .filter(({ issuer, holder }) => issuer !== holder)
    .map(({ issuedAtSeconds }) => issuedAtSeconds * 1_000);
  const ledger = answers?.status.ledger;
  return {
    nowMs: clock.nowMs(),
    wallElapsedMs: clock.nowMs() - started.wallMs,
    monotonicElapsedMs: clock.monotonicMs() - started.monotonicMs,
    newestFile: newest,
    newestIssueMs: others.length > 0 ? Math.max(...others) : null,
    head: ledger?.head ? { timeMs: ledger.head.timeMs, isReached: ledger.reach.isReached } : null,
    peersDated: answers?.health.peersDated ?? null,
  };
}

async function observeDaemon({ dataPath, signal }: ObserveInit): Promise<{
  readonly daemon: DaemonReadings;
  readonly answers?: DaemonAnswers;
}> {
  const info = await readDaemonInfo(dataPath).catch(() => undefined);
  if (!info) {
    const detail = `no daemon runs on ${dataDirectory(dataPath).path}`;
    return { daemon: { isRunning: false, isMute: false, detail } };
  }
  let client: ApiClient | undefined;
  try {
    client = await ApiClient.forDataDirectory(dataPath);
    const answers = await ask(client, signal);
    const { pid, http, uptimeSeconds, version } = answers.status;
    const detail = `${version} at ${http}, process ${pid}, up ${uptimeSeconds} s`;
    return { daemon: { isRunning: true, isMute: false, detail }, answers };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    const detail = `process ${info.pid} is there, and does not answer: ${why}`;
    return { daemon: { isRunning: false, isMute: true, detail } };
  } finally {
    client?.close();
  }
}

async function ask(client: ApiClient, signal: AbortSignal): Promise<DaemonAnswers> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  const get = <Document>(path: string) => client.get<Document>(path, { signal: limited });
  const [status, health, { peers }, { skills }, { certificates }, log] = await Promise.all([
    get<StatusDocument>('/v1/status'),
    get<HealthDocument>('/v1/health'),
    get<{ peers: PeerDocument[] }>('/v1/peers'),
    get<{ skills: SkillDocument[] }>('/v1/skills'),
    get<{ certificates: CertificateDocument[] }>('/v1/certificates'),
    askLog(get, signal),
  ]);
  return { status, health, peers, skills, certificates, log };
}

/** The log may be long, and a daemon whose log takes long is well otherwise. */
async function askLog(
  get: <Document>(path: string) => Promise<Document>,
  signal: AbortSignal,
): Promise<Observed<DecisionLogAnswers>> {
  try {
    const [{ decisions }, summary] = await Promise.all([
      get<{ decisions: ShortDecisionDocument[] }>(`/v1/decisions?limit=${MAX_DECISIONS}`),
      get<DecisionsSummaryDocument>('/v1/decisions/summary'),
    ]);
    return { value: { decisions, summary } };
  } catch (error) {
    signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { missing: `the decision log was not read: ${why}` };
  }
}
