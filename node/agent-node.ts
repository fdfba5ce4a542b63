/**
 * One agent, as its API and its library users see it. What it is made of stands in `agent-parts.ts`
 * and `agent-runtime.ts`.
 *
 * @module
 */

import { randomUUID } from 'node:crypto';
import type {
  AttestDocument,
  CertificateDocument,
  DisclosureDocument,
  EndorsementDocument,
  IssuedListDocument,
  PortableProofDocument,
  VerifyDocument,
  DecisionStatusDocument,
  FirstHitDocument,
  HealthDocument,
  PeerDocument,
  PublishDocument,
  QueryDocument,
  ResourceAttestDocument,
  RevocationDocument,
  PlanDocument,
  PlanProgressDocument,
  RunDocument,
  SkillDocument,
  StatusDocument,
  TermSuggestionDocument,
} from './api-documents.ts';
import type {
  EventDocument,
  MarketDocument,
  ReceiptsDocument,
  SavingsDocument,
  TaskCancelDocument,
  TaskDocument,
  TasksDocument,
} from './activity-documents.ts';
import { loadAgentParts } from './agent-parts.ts';
import type { AgentNodeInit, AgentParts } from './agent-parts.ts';
import { startRuntime } from './agent-runtime.ts';
import type { AgentRuntime } from './agent-runtime.ts';
import type { RunningBroker } from './broker-parts.ts';
import { fromHex, toBase64Url, utf8 } from '../crypto/bytes.ts';
import { openEnvelope } from '../crypto/envelope.ts';
import { skillCertificateDefinition } from '../crypto/skill-certificate.ts';
import { nowSeconds } from '../protocols/components.ts';
import type { ContractorHit } from '../protocols/skill-discovery/find-contractors.ts';
import { NO_CURRENT_LIST } from './certificates/certificate-shelf.ts';
import { proveMinimum, verifyProof } from './certificates/portable-proofs.ts';
import { judgeResource } from './certificates/trust.ts';
import type { DecisionRecord } from './decision/decision-record.ts';
import { BadInputError, NothingFoundError, RefusedError } from './errors.ts';
import { resourceNameProblem } from './skills/resource-name.ts';
import { ledgerStatus } from './ledger/committee-parts.ts';
import { receiptsDocument } from './ledger/receipts-document.ts';
import { storeRecords } from './storage/backup-format.ts';
import type { LedgerDesk } from './ledger/ledger-desk.ts';
import type { ReputationDocument } from './ledger/ledger-documents.ts';
import type {
  ProveRequest,
  QueryRequest,
  TaskRequest,
  VerifyRequest,
} from './http-api/routes/requests.ts';
import type { AttestOrder } from './tasks/attestor.ts';
import type { EndorseOrder } from './tasks/endorser.ts';
import type { ResourceAttestOrder } from './tasks/resource-attestor.ts';
import type { DecisionLog } from './tasks/decision-log.ts';
import { configuredThresholds, nodePolicy } from './tasks/node-policy.ts';
import type { PolicyChoice } from './tasks/node-policy.ts';
import { hardwareDocument } from './tasks/hardware-profile.ts';
import { parseQuery } from './skills/query-expression.ts';
import { seenOffers } from './tasks/known-offers.ts';
import { firstHitDocument, queryDocument } from './tasks/query-document.ts';
import { candidatesFromJson } from './tasks/candidate-file.ts';
import { TaskBoard } from './tasks/task-board.ts';
import type { TaskFilter } from './tasks/task-board.ts';
import type { ResolvedPart, ResultPart } from './tasks/task-parts.ts';
import { planDocument } from './tasks/planner/plan-document.ts';
import type { Plan } from './tasks/planner/plan.ts';
import type { PlanOptions } from './tasks/planner/plan-runner.ts';
import { planFromRequest } from './tasks/planner/plan-task.ts';
import type { RunEntry } from './tasks/planner/run-journal.ts';
import { preparedFromRequest } from './tasks/task-request.ts';
import { VERSION } from './version.ts';

const SECONDS_PER_DAY = 86_400;
/** No evidence: 32 zero bytes. */
const NO_EVIDENCE = new Uint8Array(32);
const DRAIN_POLL_MS = 50;
/** How long a drained node waits for verdicts on what it delivered. */
const SETTLE_GRACE_MS = 3_000;

/** Makes a node from its store; nothing runs before `start`. */
export async function createAgentNode(init: AgentNodeInit): Promise<AgentNode> {
  return new AgentNode(await loadAgentParts(init));
}

/** Where a node is served over HTTP. */
export interface NodeUrls {
  /** The API of its user. */
  readonly http: string;
  /** A2A clients; null where they are not served. */
  readonly a2a: string | null;
}

/** One agent. */
export class AgentNode {
  readonly peerId: string;
  readonly decisions: DecisionLog;
  readonly #parts: AgentParts;
  readonly #board: TaskBoard;
  #running: AgentRuntime | undefined;
  #isDraining = false;
  /** Runs of several subtasks that are at work. */
  readonly #runsAtWork = new Set<string>();
  #urls: NodeUrls = { http: '', a2a: null };
  #startedMs = 0;

  constructor(parts: AgentParts) {
    this.#parts = parts;
    this.peerId = parts.init.identity.peerId;
    this.decisions = parts.decisions;
    const { runs, role } = parts;
    this.#board = new TaskBoard({ runs, role, work: () => this.#running?.contractWork });
  }

  /** Joins the network. @param urls - Where API and A2A clients are served, for `status`. */
  async start(urls: NodeUrls): Promise<void> {
    this.#urls = urls;
    this.#startedMs = this.#parts.init.clock.monotonicMs();
    this.#running = await startRuntime(this.#parts);
  }

  /** Refuses new work and waits for the work in hand. @returns whether all of it was finished. */
  async drain(timeoutMs: number): Promise<boolean> {
    this.#isDraining = true;
    this.#parts.role.drain();
    const { clock } = this.#parts.init;
    const startMs = clock.monotonicMs();
    for (;;) {
      const elapsedMs = clock.monotonicMs() - startMs;
      const isIdle = this.#tasksInWork() === 0;
      const isSettled = this.#parts.role.openContracts === 0 || elapsedMs > SETTLE_GRACE_MS;
      if (isIdle && isSettled) return true;
      if (elapsedMs > timeoutMs) return false;
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
  }

  /** Leaves the network. */
  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }

  /** Everything in the store as it stands now, as records of a backup. */
  storeRecords(): AsyncIterable<Uint8Array> {
    return storeRecords(this.#parts.init.store.snapshot());
  }

  /** What the node is and does. */
  async status(): Promise<StatusDocument> {
    const { host, committee, ledger, mail, broker } = this.#runtime();
    const { config, directory, clock } = this.#parts.init;
    const paid = await this.#parts.receipts.totals({ client: this.peerId });
    const earned = await this.#parts.receipts.totals({ contractor: this.peerId });
    return {
      version: VERSION,
      name: config.name,
      peerId: this.peerId,
      addresses: host.addresses(),
      ...this.#urls,
      dataDirectory: directory.path,
      pid: process.pid,
      uptimeSeconds: Math.round((clock.monotonicMs() - this.#startedMs) / 1_000),
      memoryRssMegabytes: Math.round(process.memoryUsage.rss() / 1e6),
      peersConnected: host.connectedPeers().length,
      routingTableSize: host.routingTableSize(),
      skills: this.#parts.shelf.list().map(({ term }) => term),
      tasksInWork: this.#tasksInWork(),
      certificates: this.#parts.certificates.held().length,
      paidMicroUsd: Number(paid.paidMicroUsd),
      earnedMicroUsd: Number(earned.paidMicroUsd),
      prices: {
        computeUsdPerHour: config.prices.computeUsdPerHour,
        memoryUsdPerHour: config.prices.memoryUsdPerHour,
        energyUsdPerKwh: config.prices.energyUsdPerKwh,
        powerWatts: config.hardware.powerWatts,
      },
      hardware: hardwareDocument(config, this.#parts.measured),
      measuredTime: this.#parts.measuredTime.status(),
      spendingToday: this.#parts.daily.status(),
      mail: {
        lateVerdicts: mail.unsigned.late.size,
        awaitedVerdicts: mail.unsigned.awaited.size,
        lettersKept: mail.depot?.size ?? null,
      },
      broker: broker?.figures() ?? null,
      decisionPolicy: config.decision.policy,
      decision: this.decisionStatus(),
      ledger: committee && ledger ? ledgerStatus(committee, ledger) : null,
    };
  }

  /** What it has as a broker; `undefined` for a node that is none. */
  brokerFigures(): ReturnType<RunningBroker['figures']> | undefined {
    return this.#runtime().broker?.figures();
  }

  /** What may ail it: for `doctor`. */
  async health(): Promise<HealthDocument> {
    const { publisher, guard } = this.#runtime();
    return {
      record: publisher.lastRecord(),
      executors: await this.#parts.shelf.health(),
      peersDated: guard.witnesses.counts(this.peerId),
    };
  }

  /** How the node decides now, and what it has learned. */
  decisionStatus(): DecisionStatusDocument {
    const { init, decisionMemory } = this.#parts;
    const thresholds = decisionMemory.thresholds(configuredThresholds(init.config));
    return decisionMemory.status(nodePolicy(init.config, thresholds));
  }

  /** Peers that are connected or have worked for this node. */
  peers(): PeerDocument[] {
    const { host, survey } = this.#runtime();
    const { trust } = this.#parts.init.config;
    const connected = new Set(host.connectedPeers());
    const known = new Set([...trust.known, ...trust.attestors]);
    const worked = this.#parts.outcomes.all().map(({ peerId }) => peerId);
    const all = new Set([...connected, ...worked, ...survey.offers.peers()]);
    return [...all].map((peerId) => {
      const entries = this.#parts.outcomes.entriesOf(peerId);
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
        offers: seenOffers(
          survey.offers.of(peerId),
          entries.map(({ taskType }) => taskType),
        ),
      };
    });
  }

  /** Skills on offer. */
  listSkills(): SkillDocument[] {
    return this.#parts.shelf.list().map((item) => ({
      term: item.term,
      description: item.description,
      priceMicroUsd: item.priceMicroUsd,
      perUnit: item.perUnit,
      latencyMs: item.latencyMs,
      capacity: item.capacity,
      inWork: this.#parts.role.inWork(item.term),
      executor: item.executor.type,
    }));
  }

  /** Terms that could be coined for tasks that this node ran again and again. */
  suggestTerms(): Promise<readonly TermSuggestionDocument[]> {
    return this.#parts.recurring.suggestions();
  }

  /** Puts the skills of an offer on the shelf and publishes the record. */
  async publishSkills(offer: unknown, signal: AbortSignal): Promise<PublishDocument> {
    const { publisher } = this.#runtime();
    await this.#parts.shelf.add(offer);
    return publisher.publish(signal);
  }

  /** @throws {@link NothingFoundError} if the skill is not on offer. */
  async withdrawSkill(term: string, signal: AbortSignal): Promise<PublishDocument> {
    const { publisher } = this.#runtime();
    if (!(await this.#parts.shelf.remove(term))) {
      throw new NothingFoundError(`${term} is not on offer here; see "coalesce skills list"`);
    }
    return publisher.publish(signal);
  }

  /** Peers with a skill. @param onFirstHit - Told of the first one before the answer is whole. */
  async query(
    request: QueryRequest,
    signal: AbortSignal,
    onFirstHit?: (hit: FirstHitDocument) => void,
  ): Promise<QueryDocument> {
    const { survey } = this.#runtime();
    const minimums = request.minimums.map(({ name, min }) => ({ name, min: BigInt(min) }));
    const parsed = parseQuery(request.query);
    if (!parsed.valid) throw new BadInputError(`query: ${parsed.detail}`);
    if (request.brokers && this.#parts.init.config.network.brokers.length === 0) {
      throw new BadInputError(
        'brokers: none is configured; name some in the setting network.brokers, or leave it out',
      );
    }
    const { query, sort: order, brokers: isForBrokers } = request;
    const how = { isForBrokers, ...(order === undefined ? {} : { order }) };
    const asked = { query, alternatives: parsed.alternatives, minimums, ...how };
    let isTold = onFirstHit === undefined;
    const onHit = (hit: ContractorHit): void => {
      const first = isTold ? undefined : firstHitDocument(hit, request);
      if (first === undefined) return;
      isTold = true;
      onFirstHit?.(first);
    };
    return queryDocument(request, await survey.answer(asked, signal, onHit));
  }

  /** Where a task should run and why. With `candidates` nobody is asked. */
  async decide(
    request: TaskRequest,
    candidates: unknown,
    signal: AbortSignal,
  ): Promise<DecisionRecord> {
    const { runner } = this.#runtime();
    const { policy, explore } = request;
    const task = preparedFromRequest(request, this.#parts.machine);
    const offline = candidates === undefined ? undefined : candidatesFromJson(candidates);
    return runner.decide(task, offline, { policy, explore }, signal);
  }

  /**
   * Runs a task, or the subtasks of one, where it costs least.
   *
   * @param onProgress - Told of each subtask that has ended.
   */
  async run(
    request: TaskRequest,
    signal: AbortSignal,
    onProgress?: (progress: PlanProgressDocument) => void,
  ): Promise<RunDocument> {
    const { planner } = this.#runtime();
    if (this.#isDraining) throw new RefusedError('The node is stopping and takes no new task');
    const { machine, journal } = this.#parts;
    const plan = planFromRequest(request, machine);
    const { policy, explore } = request;
    return this.#watched(plan, signal, onProgress, async (watched) => {
      const options = { policy, explore, ...watched };
      if (plan.tasks.length === 1) return planner.run(plan, options);
      return this.#runKept(plan, options, await journal.begin(randomUUID(), request));
    });
  }

  /** Goes on with a run of several subtasks that was cut short, or ended in part. */
  async resumeRun(
    runId: string,
    signal: AbortSignal,
    onProgress?: (progress: PlanProgressDocument) => void,
  ): Promise<RunDocument> {
    const { machine, journal } = this.#parts;
    const entry = await journal.resume(runId);
    const { policy, explore } = entry.request;
    const plan = planFromRequest(entry.request, machine);
    return this.#watched(plan, signal, onProgress, (watched) =>
      this.#runKept(plan, { policy, explore, ...watched }, entry),
    );
  }

  /** Runs, lets the history of runs see it, and ends it when it is called off. */
  async #watched(
    plan: Plan,
    signal: AbortSignal,
    onProgress: ((progress: PlanProgressDocument) => void) | undefined,
    run: (watched: Omit<PlanOptions, keyof PolicyChoice>) => Promise<RunDocument>,
  ): Promise<RunDocument> {
    const watch = this.#parts.runs.progressOf(plan, onProgress);
    try {
      const document = await run({
        signal: AbortSignal.any([signal, watch.signal]),
        onProgress: watch.onProgress,
        onAttempt: watch.onAttempt,
      });
      await watch.onEnd(document);
      return document;
    } catch (error) {
      await watch.onFailure(error);
      throw error;
    }
  }

  /** Runs of this node, and what it does for others. */
  tasks(filter: TaskFilter): TasksDocument {
    return this.#board.list(filter);
  }

  /** One of them. @throws {@link NothingFoundError} */
  task(id: string): TaskDocument {
    return this.#board.show(id);
  }

  /** Calls one of them off. @throws {@link NothingFoundError} {@link RefusedError} */
  cancelTask(id: string): TaskCancelDocument {
    return this.#board.cancel(id);
  }

  /** The node's own clock, milliseconds since 1970. */
  nowMs(): number {
    return this.#parts.init.clock.nowMs();
  }

  /** Tells of each run that begins, goes on or ends. @returns a function that ends it. */
  events(onEvent: (event: EventDocument) => void): () => void {
    return this.#parts.runs.listen((run) => onEvent({ type: 'run', run }));
  }

  savings(): SavingsDocument {
    return this.#parts.runs.savings();
  }

  market(): MarketDocument {
    return this.#parts.decisionMemory.market();
  }

  /** The newest receipts, in both roles. */
  receipts(limit: number): Promise<ReceiptsDocument> {
    return receiptsDocument(this.#parts.receipts, this.peerId, limit);
  }

  async #runKept(plan: Plan, options: PlanOptions, entry: RunEntry): Promise<RunDocument> {
    const { planner } = this.#runtime();
    if (this.#isDraining) throw new RefusedError('The node is stopping and takes no new task');
    const { runId } = entry;
    if (this.#runsAtWork.has(runId)) throw new RefusedError(`The run ${runId} is at work`);
    this.#runsAtWork.add(runId);
    try {
      const run = await planner.run(plan, { ...options, journal: entry });
      if (run.status === 'completed') await this.#parts.journal.forget(runId);
      return run;
    } finally {
      this.#runsAtWork.delete(runId);
    }
  }

  /** The subtasks that a task would be cut into. Nobody is asked, nothing is spent. */
  plan(request: TaskRequest): PlanDocument {
    const { machine } = this.#parts;
    return planDocument(planFromRequest(request, machine), machine);
  }

  /** Does unpaid work for an A2A client without a name, where the configuration allows it. */
  workUnpaid(
    term: string,
    parts: readonly ResolvedPart[],
    signal: AbortSignal,
  ): Promise<readonly ResultPart[]> {
    if (this.#isDraining) throw new RefusedError('The node is stopping and takes no new task');
    return this.#parts.unpaidWork.do(term, parts, signal);
  }

  /** Multiaddrs of the node; none before it has joined. */
  addresses(): readonly string[] {
    return this.#running?.host.addresses() ?? [];
  }

  /** Money of this node and of its ledger. */
  get ledger(): LedgerDesk {
    return this.#runtime().desk;
  }

  /** Scores of a peer, or of this node. */
  reputation(
    peerId: string,
    options: { readonly terms: readonly string[]; readonly isBrokered?: boolean },
    signal: AbortSignal,
  ): Promise<ReputationDocument> {
    return this.#runtime().scores.of(peerId, options, signal);
  }

  /** Certificates held here. */
  listCertificates(): CertificateDocument[] {
    return this.#parts.certificates.list();
  }

  showCertificate(certId: string): CertificateDocument {
    return this.#parts.certificates.show(certId);
  }

  /** Certificates that this node has issued. */
  listIssuedCertificates(): Promise<IssuedListDocument> {
    return this.#parts.issuer.listIssued();
  }

  /** Issues a certificate of this node for itself, and keeps it. */
  async issueSelfCertificate(terms: readonly string[], days: number): Promise<CertificateDocument> {
    const resource = terms.find((name) => resourceNameProblem(name) === undefined);
    if (resource !== undefined) {
      throw new BadInputError(
        `${resource}: is a resource and no skill; an attestor certifies how much of it there is: ` +
          'coalesce attest PEER --resource NAME, on its node',
      );
    }
    const { issuer, certificates } = this.#parts;
    const claims = [...new Set(terms)].map((name) => ({ kind: 'skill', name }) as const);
    const held = await issuer.issue({
      kind: 'self',
      holder: this.peerId,
      claims,
      lifeSeconds: days * SECONDS_PER_DAY,
      evidence: NO_EVIDENCE,
    });
    await certificates.keep({ ...held, openings: [] }, claims);
    return certificates.show(toBase64Url(held.certificate.id));
  }

  /** Revokes a certificate that this node issued, for good, and tells the network. */
  async revokeCertificate(certId: string): Promise<RevocationDocument> {
    const { issuer } = this.#parts;
    const revocation = await issuer.revoke(certId);
    await this.#runtime().gossip.tell(await issuer.statusLists());
    return revocation;
  }

  /** Certifies what the receipts of a contractor say, and hands it the certificate. */
  endorse(order: EndorseOrder, signal: AbortSignal): Promise<EndorsementDocument> {
    return this.#runtime().endorser.endorse(order, signal);
  }

  /** Checks an envelope, a disclosure, or a proof that was made for this node. */
  async verifyCertificate(file: VerifyRequest): Promise<VerifyDocument> {
    const { issuer, statusMemory, init } = this.#parts;
    // What it has issued itself it knows best.
    for (const own of await issuer.statusLists()) statusMemory.note(own, nowSeconds(init.clock));
    const judged = await this.#judgeFile(file);
    const { certificate } = judged;
    if (certificate?.remark !== NO_CURRENT_LIST) return judged;
    // A stranger's certificate: nobody has stapled its issuer's list here yet.
    const opened = openEnvelope(skillCertificateDefinition, utf8(certificate.envelope));
    if (!opened.valid || !this.#running) return judged;
    const isNew = await this.#running.askStatusList(opened.body.issuer, opened.body.list);
    return isNew ? this.#judgeFile(file) : judged;
  }

  async #judgeFile(file: VerifyRequest): Promise<VerifyDocument> {
    const { certificates, trust, statusMemory, usedNonces, init } = this.#parts;
    if ('envelope' in file) return certificates.verify(Buffer.from(file.envelope, 'base64'));
    if ('disclosure' in file) return certificates.verifyDisclosure(file.disclosure);
    const { presentation, holder, nonce, name, min } = file;
    const minimum = { name, min: BigInt(min) };
    const verified = verifyProof(presentation, {
      ...minimum,
      holder,
      verifier: this.peerId,
      nonce: fromHex(nonce),
      nowSeconds: nowSeconds(init.clock),
      statusMemory,
      trust,
      random: init.random,
    });
    if (!verified.valid) return { ...verified, certificate: null };
    const shown = judgeResource(verified.certificates, minimum, trust);
    const { atLeast, basis, level, issuer, remarks } = shown;
    const isShown = atLeast !== null;
    if (isShown && !(await usedNonces.use(nonce))) {
      const reason = 'NONCE_USED: a proof for this nonce was accepted before; choose another';
      return { valid: false, reason, certificate: null };
    }
    return {
      valid: isShown,
      reason: isShown ? null : remarks.join('; '),
      certificate: null,
      proved: { name, atLeast: isShown ? Number(atLeast) : null, basis, level, issuer, remarks },
    };
  }

  /** Opens leaves of a held certificate for everybody. */
  discloseCertificate(certId: string, terms: readonly string[]): DisclosureDocument {
    return this.#parts.certificates.disclose(certId, terms);
  }

  /** Proves a minimum of a resource to one verifier, in a file. */
  proveMinimum({ name, min, verifier, nonce }: ProveRequest): PortableProofDocument {
    const { certificates, init } = this.#parts;
    const order = { name, min: BigInt(min), verifier, nonce: fromHex(nonce) };
    return proveMinimum(order, {
      holder: init.identity,
      certificates: certificates.presentable(this.peerId),
      status: certificates.statusLists(),
      random: init.random,
      nowSeconds: nowSeconds(init.clock),
    });
  }

  /** Runs known-answer tasks on a peer and certifies what it passed. */
  attest(order: AttestOrder, signal: AbortSignal): Promise<AttestDocument> {
    if (order.peerId === this.peerId) {
      return Promise.reject(new BadInputError('A node cannot attest itself; see "cert issue"'));
    }
    return this.#runtime().renewals.attest(order, signal);
  }

  /** Measures a resource of a peer, or takes a stated value, and certifies it. */
  attestResource(order: ResourceAttestOrder, signal: AbortSignal): Promise<ResourceAttestDocument> {
    return this.#runtime().renewals.attestResource(order, signal);
  }

  #runtime(): AgentRuntime {
    if (!this.#running) throw new RefusedError('The node is not running yet, or is stopping');
    return this.#running;
  }

  #tasksInWork(): number {
    const { contractsInWork, runner } = this.#running ?? {};
    return (contractsInWork?.() ?? 0) + (runner?.inWork ?? 0) + this.#parts.unpaidWork.inWork;
  }
}
