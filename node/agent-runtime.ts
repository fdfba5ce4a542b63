/**
 * The parts of a node that live while it is on the network: libp2p, the session, the protocols over
 * it, and the roles that use them. This file is the order in which they start and stop.
 *
 * @module
 */

import { AgentCard } from '@a2a-js/sdk';
import { DefaultRequestHandler } from '@a2a-js/sdk/server';
import { LevelDatastore } from 'datastore-level';
import { fromBase64Url } from '../crypto/bytes.ts';
import type { BenchmarkHolder } from '../protocols/attestation/benchmark-holder.ts';
import { strangersNetwork } from '../protocols/address-network.ts';
import { LIBP2P_BINDING_URI } from '../protocols/a2a/agent-card.ts';
import { ArtifactReceiver } from '../protocols/a2a/artifact-stream.ts';
import { guardExecutor } from '../protocols/a2a/error-scrubbing.ts';
import { createA2aServer } from '../protocols/a2a/server.ts';
import { acceptCertificates } from '../protocols/attestation/holder.ts';
import { RESOURCE_UNITS } from '../protocols/attestation/resource-units.ts';
import { verifyStatusList } from '../crypto/status-list.ts';
import { requestStatusList } from '../protocols/card/client.ts';
import { MAX_INDEXED_RECORDS } from '../protocols/broker/record-index.ts';
import { serveCards } from '../protocols/card/server.ts';
import { StatusGossip } from '../protocols/card/status-gossip.ts';
import { nowSeconds } from '../protocols/components.ts';
import type { Host } from '../protocols/libp2p-host.ts';
import { isAgreed, otherSideOf } from '../protocols/negotiation/contract.ts';
import type { Contract } from '../protocols/negotiation/contract.ts';
import { CONTRACTOR_DEFAULTS, Contractor } from '../protocols/negotiation/contractor.ts';
import { SessionManager } from '../protocols/secure-channel/session-manager.ts';
import { Advertiser } from '../protocols/skill-discovery/advertise.ts';
import { findRecord } from '../protocols/skill-discovery/publication.ts';
import { startRecordSweeper } from '../protocols/skill-discovery/stored-records.ts';
import { RecordGuard } from '../protocols/skill-discovery/validator.ts';
import type { AgentParts } from './agent-parts.ts';
import { brokerIndex, startBroker } from './broker-parts.ts';
import type { RunningBroker } from './broker-parts.ts';
import type { Config } from './config/schema.ts';
import { createBenchmarkHolder, startRenewing } from './attestation-parts.ts';
import { restoreMemory, storeMemory } from './seen-memory.ts';
import type { SeenMemory } from './seen-memory.ts';
import { startCommittee } from './ledger/committee-parts.ts';
import type { CommitteeParts } from './ledger/committee-parts.ts';
import { LedgerDesk } from './ledger/ledger-desk.ts';
import { NodeLedger } from './ledger/node-ledger.ts';
import { PeerScores } from './ledger/peer-scores.ts';
import { SkillPublisher } from './skill-publisher.ts';
import { loadFormerIdentity } from './storage/keystore.ts';
import type { AttestationRenewals } from './tasks/attestation-renewals.ts';
import { BoundedTaskStore } from './tasks/bounded-task-store.ts';
import { testedTerms } from './tasks/attestor-tasks.ts';
import { ContractWork } from './tasks/contract-work.ts';
import { sendLargeResult } from './tasks/large-result.ts';
import type { StoredResult } from './tasks/contractor-role.ts';
import type { ContractorSurvey } from './tasks/contractor-survey.ts';
import type { Endorser } from './tasks/endorser.ts';
import type { PlanRunner } from './tasks/planner/plan-runner.ts';
import type { TaskRunner } from './tasks/task-runner.ts';
import { VERSION } from './version.ts';
import { createClientRole } from './client-role.ts';
import { openMailbox } from './mailbox-parts.ts';
import type { MailParts } from './mailbox-parts.ts';
import { openHost } from './network-parts.ts';

const SWEEP_INTERVAL_MS = 30_000;
const STATUS_LIST_TIMEOUT_MS = 5_000;
/** Peers of a local network restart often, and all from one address. */
const LOCAL_HANDSHAKE_LIMITS = { handshakesPerMinute: 600, handshakeBurst: 100 };
/** A task takes about six questions: a client may run 30 at once, and two a second for long. */
const CONTRACTOR_LIMITS = {
  ...CONTRACTOR_DEFAULTS,
  questionsPerPeer: { burst: 200, perSecond: 12 },
};

/** The running parts that the node's face talks to. */
export interface AgentRuntime {
  readonly host: Host;
  readonly guard: RecordGuard;
  readonly publisher: SkillPublisher;
  readonly survey: ContractorSurvey;
  readonly runner: TaskRunner;
  readonly planner: PlanRunner;
  readonly renewals: AttestationRenewals;
  readonly endorser: Endorser;
  readonly gossip: StatusGossip;
  /** Asks an issuer for its current status list. @returns whether it gave one that is kept. */
  readonly askStatusList: (issuer: string, list: number) => Promise<boolean>;
  /** None without a committee in the configuration. */
  readonly committee: CommitteeParts | undefined;
  /** As {@link AgentRuntime.committee}. */
  readonly ledger: NodeLedger | undefined;
  readonly desk: LedgerDesk;
  readonly mail: MailParts;
  /** None for a node that is no broker. */
  readonly broker: RunningBroker | undefined;
  readonly scores: PeerScores;
  /** Tasks of other peers in work here. */
  readonly contractsInWork: () => number;
  /** Their work, to be looked at and called off. */
  readonly contractWork: Pick<ContractWork, 'isExecuting' | 'callOff'>;
  stop(): Promise<void>;
}

/** Joins the network and serves. Skills on the shelf are published in the background. */
export async function startRuntime(parts: AgentParts): Promise<AgentRuntime> {
  const { config, identity, directory, logger, clock, random } = parts.init;
  const datastore = new LevelDatastore(directory.peerStoreDirectory);
  await datastore.open();
  const index = brokerIndex(config);
  const indexed = index && {
    maxRecords: MAX_INDEXED_RECORDS,
    onAccepted: index.put.bind(index),
  };
  const guard = new RecordGuard({ clock, datastore, ...indexed });
  const { memory: section, statusMemory, rotationMemory } = parts;
  const seen = { section, statusMemory, rotationMemory, guard, clock };
  await restoreMemory(seen);
  const host = await orClose(openHost(parts, datastore, guard), datastore);
  const opened = [{ close: () => host.stop() }, datastore];
  const committee = await orClose(startCommittee(parts.init, host), ...opened);
  const ledger = committee && createLedger(parts, committee, host);
  const sessions = new SessionManager({
    host: host.libp2p,
    identity,
    clock,
    random,
    logger,
    ...(config.network.isLocalNetwork ? { limits: LOCAL_HANDSHAKE_LIMITS } : {}),
  });
  const advertiser = new Advertiser({ identity, host, guard, clock, random, logger });
  const publisher = createPublisher(parts, advertiser, host);
  const contractor = createContractor(parts, ledger, host);
  const tellStatusLists = async () => gossip.tell(await parts.issuer.statusLists());
  const artifacts = receiveArtifacts(parts, sessions);
  const onSettled = (contract: Contract) => mail.mailbox.noteContract(contract);
  const needed = { guard, tellStatusLists, ledger, artifacts, onSettled };
  const client = createClientRole(parts, sessions, host, needed);
  const contractorRole = serveTasks(parts, sessions, contractor, { ledger, artifacts });
  const benchmarks = createBenchmarkHolder(parts);
  serveCertificates(parts, sessions, publisher, benchmarks);
  const gossip = createGossip(parts, host, client.survey, publisher);
  const { negotiation, outsourcing } = client;
  const mail = await openMailbox(parts, {
    ...{ host, guard, streams: sessions, negotiation, outsourcing, contractor },
    onNewKey: () => void publishIfKnown(parts, advertiser, publisher),
  });
  const broker =
    index && startBroker(parts, index, { host, guard, streams: sessions, negotiation, ledger });
  await ledger?.start();
  await contractor.start(sessions);
  await sessions.start();
  gossip.start();
  advertiser.start();
  const stopMail = mail.start();
  const stopRecordSweeper = startRecordSweeper({ datastore: host.datastore, clock, logger });
  const swept = { sessions, seen, gossip, publisher };
  const sweep = setInterval(() => {
    void sweepAll(parts, [contractor, client.negotiation], swept);
    void client.outsourcing.stateDebts();
  }, SWEEP_INTERVAL_MS);
  const renewal = startRenewing(client.renewals);
  await publishIfKnown(parts, advertiser, publisher);
  return {
    ...{ host, guard },
    publisher,
    ...client,
    gossip,
    ...{ committee, ledger, mail, broker },
    desk: new LedgerDesk({
      ...{ peerId: identity.peerId, ledger, replica: committee?.replica },
      receipts: parts.receipts,
      contracts: parts.contracts,
      accounts: parts.accounts,
      stateDebts: (peerId) => client.outsourcing.stateDebts(peerId),
    }),
    scores: createScores(parts, ledger, { host, guard, sessions }),
    askStatusList: (issuer, list) => askStatusList(parts, sessions, issuer, list),
    contractsInWork: () => contractorRole.work.inWork,
    contractWork: contractorRole.work,
    stop: async () => {
      clearInterval(sweep);
      renewal.stop();
      stopRecordSweeper();
      broker?.stop();
      const mailed = stopMail();
      const worked = contractorRole.work.abort();
      // At once, so that nobody is told that its task has failed: it is done after the restart.
      contractorRole.a2a.close();
      await Promise.all([worked, mailed, benchmarks.stop()]);
      client.outsourcing.close();
      advertiser.stop();
      await parts.tracing.close();
      await storeMemory(seen);
      await parts.measuredTime.save();
      await parts.recurring.save();
      await sessions.stop();
      await ledger?.stop();
      await committee?.replica?.stop();
      await host.stop();
      await datastore.close();
    },
  };
}

function createContractor(
  { init, role, contracts }: AgentParts,
  ledger: NodeLedger | undefined,
  host: Host,
): Contractor {
  const { config, identity, clock, random, logger } = init;
  return new Contractor(
    {
      ...{ identity, clock, random, logger },
      store: contracts,
      policy: init.adaptPolicy?.(role, config) ?? role,
      escrow: ledger?.terms,
      networkOfPeer: (peerId) => strangersNetwork(host.addressesOf(peerId)),
    },
    init.adaptContractor?.(CONTRACTOR_LIMITS) ?? CONTRACTOR_LIMITS,
  );
}

/** In the background. What was on sale before a restart, and is not any more, is withdrawn. */
async function publishIfKnown(
  parts: AgentParts,
  advertiser: Advertiser,
  publisher: SkillPublisher,
): Promise<void> {
  const isKnown = parts.shelf.list().length > 0 || (await advertiser.hasAdvertised());
  if (isKnown) void publishQuietly(parts, publisher);
}

/** Revocations: what others prove is asked anew, and what this node cannot prove is not offered. */
function createGossip(
  parts: AgentParts,
  { gossip }: Host,
  survey: ContractorSurvey,
  publisher: SkillPublisher,
): StatusGossip {
  const { clock, logger } = parts.init;
  return new StatusGossip({
    ...{ gossip, memory: parts.statusMemory, clock, logger },
    onNews: () => {
      survey.forgetProofs();
      if (publisher.isOutdated()) void publishQuietly(parts, publisher);
    },
  });
}

function createLedger(parts: AgentParts, committee: CommitteeParts, host: Host): NodeLedger {
  const { config, identity, store, directory, clock, random, logger } = parts.init;
  const ledger = new NodeLedger({
    ...{ committee, identity, host, store, clock, random, logger },
    contracts: parts.contracts,
    former: {
      history: parts.history,
      load: (peerId) => loadFormerIdentity(directory, peerId, parts.init.passphrase),
    },
    isRequired: config.committee.withoutLedger === 'refuse',
    patienceMs: config.committee.patienceMs,
    onNeverHeld: (contractId) => parts.role.giveUp(contractId),
  });
  parts.role.tellEscrows(
    (contractId) => ledger.escrows.addLater(contractId),
    () => ledger.moves.pending !== undefined,
  );
  return ledger;
}

function createScores(
  { init, outcomes, shelf }: AgentParts,
  ledger: NodeLedger | undefined,
  {
    host,
    guard,
    sessions,
  }: {
    readonly host: Host;
    readonly guard: RecordGuard;
    readonly sessions: SessionManager;
  },
): PeerScores {
  const self = init.identity.peerId;
  return new PeerScores({
    ...{ self, ledger, outcomes, streams: sessions, clock: init.clock },
    brokers: init.config.network.brokers,
    host,
    termsOf: async (peerId, signal) =>
      peerId === self
        ? shelf.list().map(({ term }) => term)
        : ((await findRecord(host, guard, peerId, signal))?.body.offers ?? []).map(
            ({ term }) => term,
          ),
  });
}

function createPublisher(parts: AgentParts, advertiser: Advertiser, host: Host): SkillPublisher {
  const { config, identity } = parts.init;
  return new SkillPublisher({
    name: config.name,
    peerId: identity.peerId,
    shelf: parts.shelf,
    certificates: parts.certificates,
    recovery: parts.history.recovery,
    advertiser,
    embedder: parts.embedder,
    logger: parts.init.logger,
    learned: parts.learned,
    addresses: () => host.addresses(),
    sealingKey: () => parts.sealingKeys.current().publicKey,
  });
}

/** Work for other peers: A2A over the session, one executor for all skills. */
function serveTasks(
  parts: AgentParts,
  sessions: SessionManager,
  contractor: Contractor,
  {
    ledger,
    artifacts,
  }: { readonly ledger: NodeLedger | undefined; readonly artifacts: ArtifactReceiver },
) {
  const { store, clock, random, logger, config } = parts.init;
  const results = store.json<StoredResult>('results');
  const work = new ContractWork({
    contractor,
    shelf: parts.shelf,
    results,
    isFunded: async (contract, signal) =>
      contract.agreement?.body.ledger === '' ||
      (ledger !== undefined && (await ledger.isHeld(contract, signal))),
    sendLargeResult: (address, taskId, bytes, signal) =>
      sendLargeResult(sessions, address, taskId, bytes, signal),
    onUndone: (contractId) => parts.role.giveUp(contractId),
    onWork: (contractId, specification) => parts.learned.onWork(contractId, specification),
    tests: parts.attestorTasks,
    meter: parts.machine.meter,
    tracer: parts.tracing.tracer,
    random,
    clock,
    logger,
  });
  // The handler needs a card for its capabilities; the one that peers see is the publisher's.
  const card = AgentCard.fromJSON({
    name: config.name,
    version: VERSION,
    capabilities: { streaming: true },
    supportedInterfaces: [{ protocolBinding: LIBP2P_BINDING_URI, protocolVersion: '1.0' }],
  });
  const executor = guardExecutor(work, { clock, random, logger });
  const a2a = createA2aServer({
    streams: sessions,
    requestHandler: new DefaultRequestHandler(card, new BoundedTaskStore(), executor),
    isParty: (contractId, peerId) => isClientOf(contractor, contractId, peerId),
    receiveArtifact: (stream) => artifacts.receive(stream),
    clock,
    logger,
  });
  parts.role.tellVoid((contractId) => work.stop(contractId));
  return { work, a2a };
}

/** Artifacts are taken under agreed contracts only. */
function receiveArtifacts(parts: AgentParts, sessions: SessionManager): ArtifactReceiver {
  sessions.setIsParty((contractId, peerId) => isPartyOf(parts, contractId, peerId));
  return new ArtifactReceiver();
}

/** Whether a peer is the other side of an agreed contract, of either role. */
async function isPartyOf(
  { contracts }: AgentParts,
  contractId: Uint8Array,
  peerId: string,
): Promise<boolean> {
  const contract = await contracts.byContract(contractId);
  return contract !== undefined && isAgreed(contract) && otherSideOf(contract) === peerId;
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

function serveCertificates(
  parts: AgentParts,
  sessions: SessionManager,
  publisher: SkillPublisher,
  benchmarks: BenchmarkHolder,
): void {
  const { identity, clock, random, logger } = parts.init;
  const { certificates, issuer, trust } = parts;
  serveCards({
    streams: sessions,
    identity,
    clock,
    random,
    logger,
    ownCard: () => publisher.ownCard(),
    certificates: () => Promise.resolve(certificates.held()),
    statusLists: () => Promise.resolve(certificates.statusLists()),
    ownStatusList: (list) => issuer.statusList(list),
    ...(parts.init.config.disclosure.isShowingReceipts && {
      receipts: (skill: string) => parts.earned.shown(skill, nowSeconds(clock)),
    }),
    rotations: parts.history.rotations,
  });
  acceptCertificates({
    streams: sessions,
    holder: identity.peerId,
    measuredResources: RESOURCE_UNITS,
    highestRungs: highestRungs(parts.init.config),
    benchmarks,
    clock,
    random,
    logger,
    isWanted: (attestor) => Promise.resolve(trust.attestors.has(attestor)),
    endorsements: {
      hasClient: (peerId) => parts.earned.hasClient(peerId),
      isEarned: (endorsement) => parts.earned.isEarned(endorsement, nowSeconds(clock)),
    },
    store: async ({ attestor, held, claims }) => {
      await certificates.keep(held, claims);
      if (held.certificate.body.kind === 'attestation') {
        parts.measuredTime.onCertified(attestor, testedTerms(claims));
        await parts.measuredTime.save();
      }
      await refreshStatusLists(parts, sessions, attestor);
      // The record is found as it is: an endorsement is shown to whoever asks for certificates.
      if (held.certificate.body.kind !== 'endorsement') void publishQuietly(parts, publisher);
    },
  });
}

function highestRungs({ disclosure }: Config): ReadonlyMap<string, bigint> {
  return new Map(
    disclosure.highestRungs.map((entry) => {
      const at = entry.lastIndexOf('=');
      return [entry.slice(0, at), BigInt(entry.slice(at + 1))];
    }),
  );
}

interface SweptParts {
  readonly sessions: SessionManager;
  readonly seen: SeenMemory;
  readonly gossip: StatusGossip;
  readonly publisher: SkillPublisher;
}

async function sweepAll(
  parts: AgentParts,
  roles: readonly { sweep(): Promise<number> }[],
  { sessions, seen, gossip, publisher }: SweptParts,
): Promise<void> {
  try {
    await storeMemory(seen);
    await parts.measuredTime.save();
    await parts.recurring.save();
    parts.role.sweep();
    for (const role of roles) await role.sweep();
    const terms = parts.shelf.list().map(({ term }) => term);
    if (await parts.learned.isDue(terms)) void publishQuietly(parts, publisher);
    await refreshStatusLists(parts, sessions);
    await gossip.tell(await parts.issuer.statusLists());
  } catch (error) {
    parts.init.logger.error({ err: error }, 'A sweep failed.');
  }
}

async function askStatusList(
  { statusMemory, init }: AgentParts,
  sessions: SessionManager,
  issuer: string,
  list: number,
): Promise<boolean> {
  const now = nowSeconds(init.clock);
  try {
    const signal = AbortSignal.timeout(STATUS_LIST_TIMEOUT_MS);
    const envelope = await requestStatusList(sessions, issuer, list, { signal });
    const verified = envelope && verifyStatusList(envelope, { nowSeconds: now });
    if (verified?.valid !== true || verified.body.issuer !== issuer) return false;
    return ['NEW', 'KNOWN'].includes(statusMemory.note(verified, now));
  } catch (error) {
    init.logger.debug({ issuer, err: error }, 'An issuer gave no status list.');
    return false;
  }
}

/**
 * An attestation without a current status list of its issuer counts for nothing. All are asked at
 * once: clients that have endorsed this node are often gone, and each would take its time.
 *
 * @param of - Only the lists of this issuer; left out: of all.
 */
async function refreshStatusLists(
  { certificates, init }: AgentParts,
  sessions: SessionManager,
  of?: string,
): Promise<void> {
  const refresh = async (issuer: string, list: number): Promise<void> => {
    try {
      const signal = AbortSignal.timeout(STATUS_LIST_TIMEOUT_MS);
      const envelope = await requestStatusList(sessions, issuer, list, { signal });
      if (envelope) await certificates.keepStatusList(envelope, issuer);
    } catch (error) {
      init.logger.debug({ issuer, err: error }, 'An issuer gave no status list.');
    }
  };
  const lists = certificates.listsToAsk();
  await Promise.all(
    lists.flatMap(({ issuer, list }) =>
      of === undefined || issuer === of ? [refresh(issuer, list)] : [],
    ),
  );
}

/** What `start` resolves to; if it fails, everything that was opened before is closed again. */
async function orClose<Started>(
  start: Promise<Started>,
  ...opened: readonly { close(): Promise<unknown> }[]
): Promise<Started> {
  try {
    return await start;
  } catch (error) {
    for (const one of opened) await one.close();
    throw error;
  }
}

async function publishQuietly(parts: AgentParts, publisher: SkillPublisher): Promise<void> {
  try {
    await publisher.publish();
  } catch (error) {
    parts.init.logger.warn({ err: error }, 'The skill record was not published.');
  }
}
