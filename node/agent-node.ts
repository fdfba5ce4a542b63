/**
 * One agent: libp2p, the session, the protocols and the decisions, put together. Which part does
 * what stands in its own folder; this file is the order of start and stop and the face towards the
 * API.
 *
 * @module
 */

import { AgentCard } from '@a2a-js/sdk';
import { DefaultRequestHandler } from '@a2a-js/sdk/server';
import { LevelDatastore } from 'datastore-level';
import { fromBase64Url } from '../crypto/bytes.ts';
import type { Identity } from '../crypto/identity.ts';
import { StatusListMemory } from '../crypto/status-list-memory.ts';
import { LIBP2P_BINDING_URI } from '../protocols/a2a/agent-card.ts';
import { guardExecutor } from '../protocols/a2a/error-scrubbing.ts';
import { createA2aServer } from '../protocols/a2a/server.ts';
import type { A2aServer } from '../protocols/a2a/server.ts';
import { acceptCertificates } from '../protocols/attestation/holder.ts';
import { requestStatusList } from '../protocols/card/client.ts';
import { serveCards } from '../protocols/card/server.ts';
import type { Clock, Logger, Random } from '../protocols/components.ts';
import { createHost } from '../protocols/libp2p-host.ts';
import type { Host } from '../protocols/libp2p-host.ts';
import { NegotiationClient } from '../protocols/negotiation/client.ts';
import { isAgreed } from '../protocols/negotiation/contract.ts';
import { ContractStore } from '../protocols/negotiation/contract-store.ts';
import { Contractor } from '../protocols/negotiation/contractor.ts';
import { SessionManager } from '../protocols/secure-channel/session-manager.ts';
import { ReceiptBook } from '../protocols/settlement/receipt-book.ts';
import { Advertiser } from '../protocols/skill-discovery/advertise.ts';
import { RECORD_NAMESPACE } from '../protocols/skill-discovery/dht-keys.ts';
import { startRecordSweeper } from '../protocols/skill-discovery/stored-records.ts';
import { RecordGuard, selectRecord } from '../protocols/skill-discovery/validator.ts';
import type {
  AttestDocument,
  CertificateDocument,
  PeerDocument,
  PublishDocument,
  QueryDocument,
  RunDocument,
  SkillDocument,
  StatusDocument,
} from './api-documents.ts';
import { CertificateShelf } from './certificates/certificate-shelf.ts';
import type { Config } from './config/schema.ts';
import type { DecisionRecord } from './decision/decision-record.ts';
import { NothingFoundError, RefusedError } from './errors.ts';
import type { QueryRequest, TaskRequest } from './http-api/routes/requests.ts';
import { SkillPublisher } from './skill-publisher.ts';
import { localEmbedder } from './skills/embedding.ts';
import type { DataDirectory } from './storage/data-directory.ts';
import { keyValueStore } from './storage/key-value-store.ts';
import type { Store } from './storage/store.ts';
import { Attestor } from './tasks/attestor.ts';
import type { AttestOrder } from './tasks/attestor.ts';
import { BoundedTaskStore } from './tasks/bounded-task-store.ts';
import { ContractWork } from './tasks/contract-work.ts';
import { ContractorRole } from './tasks/contractor-role.ts';
import { ContractorSurvey } from './tasks/contractor-survey.ts';
import { DecisionLog } from './tasks/decision-log.ts';
import { LocalMachine } from './tasks/local-machine.ts';
import { OutcomeBook } from './tasks/outcomes.ts';
import { Outsourcing } from './tasks/outsourcing.ts';
import { ProspectFinder } from './tasks/prospect-finder.ts';
import { queryDocument } from './tasks/query-document.ts';
import { SkillShelf } from './tasks/skill-shelf.ts';
import { candidatesFromJson, preparedFromRequest } from './tasks/task-request.ts';
import { TaskExecution } from './tasks/task-execution.ts';
import { TaskRunner } from './tasks/task-runner.ts';
import { VERSION } from './version.ts';

const SWEEP_INTERVAL_MS = 30_000;
const STATUS_LIST_TIMEOUT_MS = 5_000;
const DRAIN_POLL_MS = 50;
/** How long a drained node waits for verdicts on what it delivered. */
const SETTLE_GRACE_MS = 3_000;
/** Peers of a local network restart often, and all from one address. */
const LOCAL_HANDSHAKE_LIMITS = { handshakesPerMinute: 600, handshakeBurst: 100 };
/**
 * A task takes about six questions: this lets a client run 30 at once and two a second for long.
 */
const QUESTIONS_PER_PEER = { burst: 200, perSecond: 12 };

/** What a node is handed. */
export interface AgentNodeInit {
  readonly config: Config;
  readonly identity: Identity;
  readonly store: Store;
  readonly directory: DataDirectory;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
}

/** Makes a node; nothing runs before `start`. */
export async function createAgentNode(init: AgentNodeInit): Promise<AgentNode> {
  const node = new AgentNode(init);
  await node.load();
  return node;
}

/** Parts that exist only while libp2p runs. */
interface Running {
  readonly datastore: LevelDatastore;
  readonly host: Host;
  readonly sessions: SessionManager;
  readonly advertiser: Advertiser;
  readonly publisher: SkillPublisher;
  readonly contractor: Contractor;
  readonly work: ContractWork;
  readonly a2a: A2aServer;
  readonly survey: ContractorSurvey;
  readonly outsourcing: Outsourcing;
  readonly runner: TaskRunner;
  readonly attestor: Attestor;
  readonly sweep: ReturnType<typeof setInterval>;
  readonly stopRecordSweeper: () => void;
  readonly httpUrl: string;
  readonly startedMs: number;
}

/** One agent. */
export class AgentNode {
  readonly peerId: string;
  readonly decisions: DecisionLog;
  readonly #init: AgentNodeInit;
  readonly #shelf: SkillShelf;
  readonly #certificates: CertificateShelf;
  readonly #contracts: ContractStore;
  readonly #receipts: ReceiptBook;
  readonly #role: ContractorRole;
  readonly #machine: LocalMachine;
  readonly #attestors: ReadonlySet<string>;
  #outcomes!: OutcomeBook;
  #running: Running | undefined;
  #isDraining = false;

  constructor(init: AgentNodeInit) {
    const { config, identity, store, clock, random, logger, directory } = init;
    this.#init = init;
    this.peerId = identity.peerId;
    this.#attestors = new Set(config.trust.attestors);
    this.#contracts = new ContractStore(keyValueStore(store.section('contracts')));
    this.#receipts = new ReceiptBook(keyValueStore(store.section('receipts')));
    this.#shelf = new SkillShelf({
      section: store.json('offers'),
      baseDirectory: directory.path,
      random,
    });
    this.#certificates = new CertificateShelf({
      identity,
      held: store.section('certificates'),
      issued: store.section('issued-certificates'),
      statusLists: store.section('status-lists'),
      clock,
      random,
      logger,
      attestors: this.#attestors,
    });
    this.#role = new ContractorRole({
      config,
      shelf: this.#shelf,
      results: store.json('results'),
      clock,
      logger,
    });
    this.#machine = new LocalMachine({
      config,
      shelf: this.#shelf,
      settings: store.json('settings'),
      clock,
    });
    this.decisions = new DecisionLog(store.json('decisions'), clock, random);
  }

  /** Reads what the store holds. */
  async load(): Promise<void> {
    const { store, logger } = this.#init;
    this.#outcomes = await OutcomeBook.load(store.json('outcomes'));
    await this.#certificates.load();
    await this.#machine.load();
    for (const failure of await this.#shelf.load()) {
      logger.error(failure, 'A skill on offer cannot be served any more.');
    }
  }

  /** Joins the network and serves. Skills on the shelf are published in the background. */
  async start(httpUrl: string): Promise<void> {
    const { config, identity, directory, logger, clock, random } = this.#init;
    const datastore = new LevelDatastore(directory.peerStoreDirectory);
    await datastore.open();
    const guard = new RecordGuard({ clock, datastore });
    const host = await createHost({
      identity,
      logger,
      datastore,
      validators: { [RECORD_NAMESPACE]: guard.validate },
      selectors: { [RECORD_NAMESPACE]: selectRecord },
      listen: config.network.listen,
      bootstrap: config.network.bootstrap,
      isLocalNetwork: config.network.isLocalNetwork,
    });
    const sessions = new SessionManager({
      host: host.libp2p,
      identity,
      clock,
      random,
      logger,
      ...(config.network.isLocalNetwork ? { limits: LOCAL_HANDSHAKE_LIMITS } : {}),
    });
    const advertiser = new Advertiser({ identity, host, guard, clock, random, logger });
    const publisher = new SkillPublisher({
      name: config.name,
      peerId: this.peerId,
      shelf: this.#shelf,
      certificates: this.#certificates,
      advertiser,
      embedder: localEmbedder,
      addresses: () => host.addresses(),
    });
    const contractor = new Contractor(
      { identity, clock, random, logger, store: this.#contracts, policy: this.#role },
      { questionsPerPeer: QUESTIONS_PER_PEER },
    );
    const negotiation = new NegotiationClient({
      identity,
      clock,
      random,
      logger,
      store: this.#contracts,
    });
    const outsourcing = new Outsourcing({ streams: sessions, negotiation, random });
    const survey = new ContractorSurvey({
      host,
      guard,
      clock,
      random,
      streams: sessions,
      self: this.peerId,
      statusMemory: new StatusListMemory(),
      attestors: this.#attestors,
      outcomes: this.#outcomes,
      embedder: localEmbedder,
      queryTimeoutMs: config.network.queryTimeoutMs,
    });
    const { work, a2a } = this.#serveTasks(sessions, contractor);
    this.#serveCertificates(sessions, publisher);
    await contractor.start(sessions);
    await sessions.start();
    advertiser.start();
    this.#running = {
      datastore,
      host,
      sessions,
      advertiser,
      publisher,
      contractor,
      work,
      a2a,
      survey,
      outsourcing,
      runner: this.#taskRunner(survey, outsourcing),
      attestor: new Attestor({
        outsourcing,
        certificates: this.#certificates,
        streams: sessions,
        clock,
        random,
        logger,
      }),
      stopRecordSweeper: startRecordSweeper({ datastore: host.datastore, clock, logger }),
      sweep: setInterval(() => void this.#sweep(), SWEEP_INTERVAL_MS),
      httpUrl,
      startedMs: clock.monotonicMs(),
    };
    if (this.#shelf.list().length > 0) void this.#publishQuietly();
  }

  #taskRunner(survey: ContractorSurvey, outsourcing: Outsourcing): TaskRunner {
    const { config, clock, random, logger } = this.#init;
    const machine = this.#machine;
    const execution = new TaskExecution({
      outsourcing,
      machine,
      outcomes: this.#outcomes,
      receipts: this.#receipts,
      config,
      clock,
      random,
      logger,
    });
    const prospects = new ProspectFinder({ survey, outsourcing, config });
    return new TaskRunner({ prospects, execution, machine, log: this.decisions, config, clock });
  }

  /** Work of other peers: A2A over the session, one executor for all skills. */
  #serveTasks(
    sessions: SessionManager,
    contractor: Contractor,
  ): { readonly work: ContractWork; readonly a2a: A2aServer } {
    const { store, clock, random, logger, config } = this.#init;
    const work = new ContractWork({
      contractor,
      shelf: this.#shelf,
      results: store.json('results'),
      clock,
      logger,
    });
    // The handler needs a card for its capabilities; the one that peers see is the publisher's.
    const card = AgentCard.fromJSON({
      name: config.name,
      version: VERSION,
      capabilities: { streaming: false },
      supportedInterfaces: [{ protocolBinding: LIBP2P_BINDING_URI, protocolVersion: '1.0' }],
    });
    const executor = guardExecutor(work, { clock, random, logger });
    const a2a = createA2aServer({
      streams: sessions,
      requestHandler: new DefaultRequestHandler(card, new BoundedTaskStore(), executor),
      isParty: (contractId, peerId) => isClientOf(contractor, contractId, peerId),
      clock,
      logger,
    });
    return { work, a2a };
  }

  #serveCertificates(sessions: SessionManager, publisher: SkillPublisher): void {
    const { identity, clock, logger } = this.#init;
    serveCards({
      streams: sessions,
      identity,
      clock,
      logger,
      ownCard: () => publisher.ownCard(),
      certificates: () => Promise.resolve(this.#certificates.held()),
      statusLists: () => Promise.resolve(this.#certificates.statusLists()),
      ownStatusList: () => this.#certificates.ownStatusList(),
    });
    acceptCertificates({
      streams: sessions,
      holder: identity.peerId,
      clock,
      logger,
      isWanted: (attestor) => Promise.resolve(this.#attestors.has(attestor)),
      store: async ({ held, claims }) => {
        await this.#certificates.keep(held, claims);
        await this.#refreshStatusLists(sessions);
        void this.#publishQuietly();
      },
    });
  }

  /** Refuses new work and waits for the work in hand. @returns whether all of it was finished. */
  async drain(timeoutMs: number): Promise<boolean> {
    this.#isDraining = true;
    this.#role.drain();
    const { clock } = this.#init;
    const startMs = clock.monotonicMs();
    for (;;) {
      const elapsedMs = clock.monotonicMs() - startMs;
      const isIdle = this.#tasksInWork() === 0;
      const isSettled = this.#role.openContracts === 0 || elapsedMs > SETTLE_GRACE_MS;
      if (isIdle && isSettled) return true;
      if (elapsedMs > timeoutMs) return false;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  /** Leaves the network. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    clearInterval(running.sweep);
    running.stopRecordSweeper();
    running.work.abort();
    running.outsourcing.close();
    running.a2a.close();
    running.advertiser.stop();
    await running.sessions.stop();
    await running.host.stop();
    await running.datastore.close();
  }

  /** What the node is and does. */
  async status(): Promise<StatusDocument> {
    const { host, httpUrl, startedMs } = this.#part();
    const { config, directory, clock } = this.#init;
    const paid = await this.#receipts.totals({ client: this.peerId });
    const earned = await this.#receipts.totals({ contractor: this.peerId });
    return {
      version: VERSION,
      name: config.name,
      peerId: this.peerId,
      addresses: host.addresses(),
      http: httpUrl,
      dataDirectory: directory.path,
      pid: process.pid,
      uptimeSeconds: Math.round((clock.monotonicMs() - startedMs) / 1_000),
      memoryRssMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
      peersConnected: host.connectedPeers().length,
      routingTableSize: host.routingTableSize(),
      skills: this.#shelf.list().map(({ term }) => term),
      tasksInWork: this.#tasksInWork(),
      certificates: this.#certificates.held().length,
      paidMicroUsd: Number(paid.paidMicroUsd),
      earnedMicroUsd: Number(earned.paidMicroUsd),
      prices: {
        computeUsdPerHour: config.prices.computeUsdPerHour,
        memoryUsdPerHour: config.prices.memoryUsdPerHour,
        energyUsdPerKwh: config.prices.energyUsdPerKwh,
        powerWatts: config.hardware.powerWatts,
      },
      decisionPolicy: config.decision.policy,
    };
  }

  /** Peers that are connected or have worked for this node. */
  peers(): PeerDocument[] {
    const { host } = this.#part();
    const { trust } = this.#init.config;
    const connected = new Set(host.connectedPeers());
    const known = new Set([...trust.known, ...trust.attestors]);
    const all = new Set([...connected, ...this.#outcomes.all().map(({ peerId }) => peerId)]);
    return [...all].map((peerId) => {
      const entries = this.#outcomes.entriesOf(peerId);
      const sum = (pick: (entry: (typeof entries)[number]) => number) =>
        entries.reduce((total, entry) => total + pick(entry), 0);
      return {
        peerId,
        connected: connected.has(peerId),
        addresses: host.addressesOf(peerId),
        isKnown: known.has(peerId),
        outcomes: {
          verified: sum((entry) => entry.successes),
          failed: sum((entry) => entry.failures),
        },
        paidMicroUsd: sum((entry) => entry.paidMicroUsd),
      };
    });
  }

  /** Skills on offer. */
  listSkills(): SkillDocument[] {
    return this.#shelf.list().map((item) => ({
      term: item.term,
      description: item.description,
      priceMicroUsd: item.priceMicroUsd,
      perUnit: item.perUnit,
      latencyMs: item.latencyMs,
      capacity: item.capacity,
      inWork: this.#role.inWork(item.term),
      executor: item.executor.type,
    }));
  }

  /** Puts the skills of an offer on the shelf and publishes the record. */
  async publishSkills(offer: unknown, signal: AbortSignal): Promise<PublishDocument> {
    const { publisher } = this.#part();
    await this.#shelf.add(offer);
    return publisher.publish(signal);
  }

  /** @throws {@link NothingFoundError} if the skill is not on offer. */
  async withdrawSkill(term: string, signal: AbortSignal): Promise<PublishDocument> {
    const { publisher } = this.#part();
    if (!(await this.#shelf.remove(term))) {
      throw new NothingFoundError(`${term} is not on offer here; see "coalesce skills list"`);
    }
    return publisher.publish(signal);
  }

  /** Peers with a skill. */
  async query(request: QueryRequest, signal: AbortSignal): Promise<QueryDocument> {
    const { survey } = this.#part();
    return queryDocument(request, await survey.look(request.query, undefined, signal));
  }

  /** Where a task should run and why. With `candidates` nobody is asked. */
  async decide(
    request: TaskRequest,
    candidates: unknown,
    signal: AbortSignal,
  ): Promise<DecisionRecord> {
    const { runner } = this.#part();
    const task = preparedFromRequest(request, this.#machine);
    const offline = candidates === undefined ? undefined : candidatesFromJson(candidates);
    return runner.decide(task, offline, signal);
  }

  /** Runs a task where it costs least. */
  async run(request: TaskRequest, signal: AbortSignal): Promise<RunDocument> {
    const { runner } = this.#part();
    if (this.#isDraining) throw new RefusedError('The node is stopping and takes no new task');
    return runner.run(preparedFromRequest(request, this.#machine), signal);
  }

  /** Certificates held here. */
  listCertificates(): CertificateDocument[] {
    return this.#certificates.list();
  }

  showCertificate(certId: string): CertificateDocument {
    return this.#certificates.show(certId);
  }

  issueSelfCertificate(terms: readonly string[], days: number): Promise<CertificateDocument> {
    return this.#certificates.issueSelf(terms, days);
  }

  verifyCertificate(envelope: Uint8Array): ReturnType<CertificateShelf['verify']> {
    return this.#certificates.verify(envelope);
  }

  /** Runs known-answer tasks on a peer and certifies what it passed. */
  attest(order: AttestOrder, signal: AbortSignal): Promise<AttestDocument> {
    return this.#part().attestor.attest(order, signal);
  }

  #part(): Running {
    if (!this.#running) throw new RefusedError('The node is not running yet, or is stopping');
    return this.#running;
  }

  #tasksInWork(): number {
    return (this.#running?.work.inWork ?? 0) + (this.#running?.runner.inWork ?? 0);
  }

  async #sweep(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    try {
      this.#role.sweep();
      await running.contractor.sweep();
      await this.#refreshStatusLists(running.sessions);
    } catch (error) {
      this.#init.logger.error({ err: error }, 'A sweep failed.');
    }
  }

  /** A certificate without a current status list of its issuer counts for nothing. */
  async #refreshStatusLists(sessions: SessionManager): Promise<void> {
    for (const issuer of this.#certificates.issuersToAsk()) {
      try {
        const signal = AbortSignal.timeout(STATUS_LIST_TIMEOUT_MS);
        const envelope = await requestStatusList(sessions, issuer, { signal });
        if (envelope) await this.#certificates.keepStatusList(envelope, issuer);
      } catch (error) {
        this.#init.logger.debug({ issuer, err: error }, 'An issuer gave no status list.');
      }
    }
  }

  async #publishQuietly(): Promise<void> {
    try {
      await this.#running?.publisher.publish();
    } catch (error) {
      this.#init.logger.warn({ err: error }, 'The skill record was not published.');
    }
  }
}

async function isClientOf(
  contractor: Contractor,
  contractId: string,
  peerId: string,
): Promise<boolean> {
  let id: Uint8Array;
  try {
    id = fromBase64Url(contractId);
  } catch {
    return false;
  }
  const contract = await contractor.contract(id);
  return contract !== undefined && isAgreed(contract) && contract.request.body.client === peerId;
}
