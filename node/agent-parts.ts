/**
 * The parts of a node that stand on its store and need no network: what it sells, holds, owes and
 * has learned.
 *
 * @module
 */

import { fromBase64Url } from '../crypto/bytes.ts';
import type { Identity } from '../crypto/identity.ts';
import { KeyRotationMemory } from '../crypto/key-rotation-memory.ts';
import { StatusListMemory } from '../crypto/status-list-memory.ts';
import type { BenchmarkWorker } from '../protocols/attestation/benchmark-work.ts';
import { nowSeconds } from '../protocols/components.ts';
import type { Clock, Logger, Random } from '../protocols/components.ts';
import type { HostInit } from '../protocols/libp2p-host.ts';
import type { ContractorInit } from '../protocols/negotiation/contractor.ts';
import type { ContractorPolicy } from '../protocols/negotiation/contractor-policy.ts';
import type { Contract } from '../protocols/negotiation/contract.ts';
import { ContractStore } from '../protocols/negotiation/contract-store.ts';
import { BilateralBook } from '../protocols/settlement/bilateral-book.ts';
import { ReceiptBook } from '../protocols/settlement/receipt-book.ts';
import { CertificateIssuer } from './certificates/certificate-issuer.ts';
import { CertificateShelf } from './certificates/certificate-shelf.ts';
import { loadRotationHistory } from './certificates/rotation-history.ts';
import type { RotationHistory } from './certificates/rotation-history.ts';
import { TrustPolicy } from './certificates/trust-policy.ts';
import { UsedNonces } from './certificates/used-nonces.ts';
import type { Config } from './config/schema.ts';
import { configuredEmbedder } from './configured-embedder.ts';
import { createHardwareProbe, loadHardware } from './hardware-probe.ts';
import type { HardwareProbe, StoredHardware } from './hardware-probe.ts';
import { BilateralAccounts } from './ledger/bilateral-accounts.ts';
import { SealingKeys } from './mailbox/sealing-keys.ts';
import type { Embedder } from './skills/embedding.ts';
import type { StoredLearnedEmbedding } from './skills/learned-embedding.ts';
import type { DataDirectory } from './storage/data-directory.ts';
import type { Passphrase } from './storage/passphrase.ts';
import { keyValueStore } from './storage/key-value-store.ts';
import type { JsonSection, Store } from './storage/store.ts';
import type { StoredMemory } from './seen-memory.ts';
import { systemProcessor } from './system-clock.ts';
import { ContractorRole } from './tasks/contractor-role.ts';
import { DecisionLog, seedsFrom } from './tasks/decision-log.ts';
import { DecisionMemory } from './tasks/decision-memory.ts';
import { EarnedReceipts } from './tasks/earned-receipts.ts';
import { keepReceipt } from './tasks/keep-receipt.ts';
import { LearnedSkills } from './tasks/learned-skills.ts';
import { LocalMachine } from './tasks/local-machine.ts';
import { DailySpending } from './tasks/daily-spending.ts';
import { AttestorTasks, testedTerms } from './tasks/attestor-tasks.ts';
import { MeasuredTime } from './tasks/measured-time.ts';
import { OutcomeBook } from './tasks/outcomes.ts';
import { RunJournal } from './tasks/planner/run-journal.ts';
import { RecurringTasks } from './tasks/recurring-tasks.ts';
import { RunHistory } from './tasks/run-history.ts';
import { SkillShelf } from './tasks/skill-shelf.ts';
import { UnpaidWork } from './tasks/unpaid-work.ts';
import type { ResultVerifiers } from './tasks/verification/custom-verifier.ts';
import { WorkQueue } from './tasks/work-queue.ts';
import { openTracing } from './tracing/node-tracing.ts';
import type { NodeTracing } from './tracing/node-tracing.ts';

/** What a node is handed. */
export interface AgentNodeInit {
  readonly config: Config;
  readonly identity: Identity;
  readonly store: Store;
  /** Of former identities, where they are sealed. */
  readonly passphrase?: Passphrase;
  readonly directory: DataDirectory;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Measures the machine at the first start; left out: the real one is measured. */
  readonly hardwareProbe?: HardwareProbe;
  /** Checks of results beside those that tasks name, by term. */
  readonly verifiers?: ResultVerifiers | undefined;
  /** Makes where benchmarks run; left out: a thread each. */
  readonly benchmarkWorker?: () => BenchmarkWorker;
  /** What the host is made of, changed on purpose: a testnet's faults. Left out: as it is. */
  readonly adaptHost?: (init: HostInit) => HostInit;
  /** The limits on questions of clients, changed on purpose: a testnet without them. */
  readonly adaptContractor?: (init: ContractorInit) => ContractorInit;
  /** What this node decides as a contractor, changed on purpose: a testnet's adversary. */
  readonly adaptPolicy?: (policy: ContractorPolicy, config: Config) => ContractorPolicy;
}

/** The parts, loaded. */
export interface AgentParts {
  readonly init: AgentNodeInit;
  readonly trust: TrustPolicy;
  readonly embedder: Embedder;
  readonly shelf: SkillShelf;
  readonly certificates: CertificateShelf;
  readonly issuer: CertificateIssuer;
  readonly contracts: ContractStore;
  readonly receipts: ReceiptBook;
  /** What this node and its peers owe each other without a ledger. */
  readonly accounts: BilateralAccounts;
  /** Which of the receipts are shown to others. */
  readonly earned: EarnedReceipts;
  /** What this node has shown as a contractor. */
  readonly learned: LearnedSkills;
  readonly role: ContractorRole;
  readonly machine: LocalMachine;
  /** Work for A2A clients that pay nothing. */
  readonly unpaidWork: UnpaidWork;
  /** What being tested by attestors costs. */
  readonly measuredTime: MeasuredTime;
  readonly attestorTasks: AttestorTasks;
  readonly daily: DailySpending;
  /** Spans of tasks in both roles. */
  readonly tracing: NodeTracing;
  readonly usedNonces: UsedNonces;
  /** What the probe found, now or at an earlier start. */
  readonly measured: StoredHardware | null;
  readonly outcomes: OutcomeBook;
  /** Tasks of the user's that come again without a fitting term. */
  readonly recurring: RecurringTasks;
  readonly journal: RunJournal;
  /** Runs at work and ended, for showing. */
  readonly runs: RunHistory;
  readonly decisions: DecisionLog;
  readonly decisionMemory: DecisionMemory;
  /** Status lists seen, of the attestors that this node trusts: nobody else takes up room. */
  readonly statusMemory: StatusListMemory;
  /** Key rotations seen, of peers that trusted attestors certified. */
  readonly rotationMemory: KeyRotationMemory;
  /** Rotations of this node's own key. */
  readonly history: RotationHistory;
  /** Keys that letters for this node are sealed for. */
  readonly sealingKeys: SealingKeys;
  /** What was seen before the restart, against rollback. */
  readonly memory: JsonSection<StoredMemory>;
}

/** Opens every part over the store. */
export async function loadAgentParts(init: AgentNodeInit): Promise<AgentParts> {
  const { config, identity, store, directory, clock, random, logger } = init;
  const embedder = configuredEmbedder(config);
  const rotationMemory = new KeyRotationMemory();
  const isRotated = (peerId: string) => rotationMemory.successorOf(peerId) !== undefined;
  const trust = new TrustPolicy(config.trust, isRotated);
  const receipts = new ReceiptBook(keyValueStore(store.section('receipts')));
  const contracts = new ContractStore(keyValueStore(store.section('contracts')));
  const earned = new EarnedReceipts(store.json('earned-receipts'), contracts);
  const section = store.json<StoredLearnedEmbedding>('learned-embeddings');
  const learned = new LearnedSkills({ section, embedder, logger });
  const shelf = new SkillShelf({
    section: store.json('offers'),
    baseDirectory: directory.path,
    random,
    logger,
  });
  const history = await loadRotationHistory(directory, identity.peerId);
  const statusMemory = new StatusListMemory({
    isKept: (peerId) => peerId === identity.peerId || trust.attestors.has(peerId),
  });
  const certificates = openCertificates(init, { history, statusMemory, trust });
  const issued = store.section('issued-certificates');
  const issuer = new CertificateIssuer({ identity, issued, clock, random });
  const queue = new WorkQueue();
  const { machine, measured } = await loadMachine(init, shelf, queue);
  const accounts = await loadAccounts(init);
  const measuredTime = new MeasuredTime({ settings: store.json('settings'), clock });
  const { attestors } = trust;
  const attestorTasks = new AttestorTasks({ measuredTime, attestors, clock, logger });
  const role = new ContractorRole({
    config,
    accounts,
    shelf,
    queue,
    costMicroUsd: (task) => machine.costMicroUsd(task),
    results: store.json('results'),
    open: store.json('open-contracts'),
    debtors: store.json('debtors'),
    tests: attestorTasks,
    contractOf: (contractId) => contracts.byContract(fromBase64Url(contractId)),
    onReceipt: (contract) =>
      keepEarned({ accounts, receipts, earned, learned }, contract, clock, logger),
    clock,
    logger,
  });
  const outcomes = await OutcomeBook.load(store.json('outcomes'));
  const decisionMemory = new DecisionMemory({
    settings: store.json('settings'),
    clock,
    logger,
    isAdaptive: config.decision.isAdaptive,
    maxSpendingShare: config.decision.maxSpendingShare,
  });
  const unpaidWork = new UnpaidWork({ config, shelf, meter: machine.meter });
  const recurring = await loadRecurringTasks(init, embedder);
  await measuredTime.load();
  const daily = await loadDailySpending(init);
  const usedNonces = await loadUsedNonces(init);
  const runs = new RunHistory({ section: store.json('run-history'), clock, logger });
  await runs.load();
  await decisionMemory.load();
  await role.load();
  await certificates.load();
  noteCertified(measuredTime, certificates);
  for (const failure of await shelf.load()) {
    logger.error(failure, 'A skill on offer cannot be served any more.');
  }
  return {
    init,
    trust,
    embedder,
    shelf,
    certificates,
    issuer,
    contracts,
    receipts,
    accounts,
    earned,
    learned,
    role,
    machine,
    unpaidWork,
    measuredTime,
    attestorTasks,
    daily,
    tracing: openTracing(config, { peerId: identity.peerId, clock, random, logger }),
    usedNonces,
    measured,
    outcomes,
    recurring,
    journal: openJournal(init),
    runs,
    decisions: openDecisions(init),
    decisionMemory,
    statusMemory,
    rotationMemory,
    history,
    sealingKeys: await loadSealingKeys(init),
    memory: store.json('memory'),
  };
}

/** What is held already: a test of it by the same attestor is a re-attestation. */
function noteCertified(measuredTime: MeasuredTime, certificates: CertificateShelf): void {
  for (const { kind, issuer, leaves } of certificates.list()) {
    if (kind === 'attestation') measuredTime.onCertified(issuer, testedTerms(leaves));
  }
}

function openCertificates(
  { identity, store, clock, logger }: AgentNodeInit,
  { history, statusMemory, trust }: Pick<AgentParts, 'history' | 'statusMemory' | 'trust'>,
): CertificateShelf {
  return new CertificateShelf({
    holders: new Set([identity.peerId, ...history.rotations.map(({ body }) => body.old)]),
    held: store.section('certificates'),
    statusLists: store.section('status-lists'),
    statusMemory,
    clock,
    logger,
    trust,
  });
}

async function loadRecurringTasks(
  { store, logger }: AgentNodeInit,
  embedder: Embedder,
): Promise<RecurringTasks> {
  const recurring = new RecurringTasks({
    section: store.json('recurring-tasks'),
    embedder,
    logger,
  });
  await recurring.load();
  return recurring;
}

async function loadSealingKeys({ store, clock, random }: AgentNodeInit): Promise<SealingKeys> {
  const keys = new SealingKeys({ section: store.json('sealing-keys'), clock, random });
  await keys.load();
  return keys;
}

async function loadUsedNonces({ store, clock }: AgentNodeInit): Promise<UsedNonces> {
  const nonces = new UsedNonces({ settings: store.json('settings'), clock });
  await nonces.load();
  return nonces;
}

async function loadDailySpending({ store, clock, config }: AgentNodeInit): Promise<DailySpending> {
  const { maxPerDayUsd } = config.spending;
  const limitMicroUsd = maxPerDayUsd === undefined ? Infinity : Math.round(maxPerDayUsd * 1e6);
  const daily = new DailySpending({ settings: store.json('settings'), clock, limitMicroUsd });
  await daily.load();
  return daily;
}

async function loadAccounts({ config, identity, store, clock, logger }: AgentNodeInit) {
  const { creditPerPeerMicroUsd, newcomerCreditMicroUsd, newcomerSlots } = config.accept;
  const known = new Set([...config.trust.known, ...config.trust.attestors]);
  const accounts = new BilateralAccounts({
    self: identity.peerId,
    book: new BilateralBook(identity, keyValueStore(store.section('bilateral-accounts'))),
    due: store.json('bilateral-due'),
    stated: store.json('stated-receipts'),
    limits: {
      perPeerMicroUsd: BigInt(creditPerPeerMicroUsd),
      newcomersMicroUsd: BigInt(newcomerCreditMicroUsd),
      newcomerTasks: newcomerSlots,
    },
    isKnown: (peerId) => known.has(peerId),
    ...{ clock, logger },
  });
  await accounts.load();
  return accounts;
}

function openDecisions({ store, clock, random, config }: AgentNodeInit): DecisionLog {
  const { seed } = config.decision;
  const seeds = seed === undefined ? undefined : seedsFrom(seed);
  return new DecisionLog(store.section('decisions'), clock, random, seeds);
}

function openJournal({ store, clock }: AgentNodeInit): RunJournal {
  return new RunJournal({
    runs: store.json('runs'),
    subtasks: store.json('run-subtasks'),
    payments: store.json('run-payments'),
    clock,
  });
}

/** The machine as measured, and what tasks cost on it before the restart. */
async function loadMachine(
  { config, store, clock, logger, hardwareProbe }: AgentNodeInit,
  shelf: SkillShelf,
  queue: WorkQueue,
): Promise<Pick<AgentParts, 'machine' | 'measured'>> {
  const probe = hardwareProbe ?? createHardwareProbe(systemProcessor);
  const settings = store.json<StoredHardware>('settings');
  const measured = await loadHardware({ config, settings, probe, clock, logger });
  const machine = new LocalMachine({
    config,
    shelf,
    settings: store.json('settings'),
    processor: systemProcessor,
    measured,
    queue,
  });
  await machine.load();
  return { machine, measured };
}

async function keepEarned(
  {
    accounts,
    receipts,
    earned,
    learned,
  }: Pick<AgentParts, 'accounts' | 'receipts' | 'earned' | 'learned'>,
  contract: Contract,
  clock: Clock,
  logger: Logger,
): Promise<void> {
  try {
    // First: what is owed counts at once.
    await accounts.noteReceipt(contract);
    await keepReceipt(receipts, contract, nowSeconds(clock), logger);
    await earned.add(contract);
    await learned.onSettled(contract);
  } catch (error) {
    logger.error({ err: error }, 'A receipt could not be stored.');
  }
}
