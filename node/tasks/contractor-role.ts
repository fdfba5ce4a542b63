/**
 * What this node decides as a contractor: which quotes it gives, which agreements it takes on
 * credit, and what it delivers. The protocol around it is `protocols/negotiation`.
 *
 * Without a ledger a contractor works before it is paid. Known clients may use all its capacity, up
 * to `accept.creditPerPeerMicroUsd` each; everyone else is one class that shares
 * `accept.newcomerSlots` and `accept.newcomerCreditMicroUsd` (wire-formats.md 6). A result that a
 * newcomer took and calls bad takes a slot of the class as long as one of a newcomer that says
 * nothing: else each new name would be given one.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import { deliverBySeconds, isAgreed } from '../../protocols/negotiation/contract.ts';
import type { Contract, Phase } from '../../protocols/negotiation/contract.ts';
import type {
  AgreementQuestion,
  ContractorPolicy,
  CounterQuestion,
  Declined,
  DeliveryContent,
  QuoteQuestion,
  QuoteTerms,
} from '../../protocols/negotiation/contractor-policy.ts';
import type { Agreement } from '../../protocols/negotiation/documents.ts';
import type { Config } from '../config/schema.ts';
import type { BilateralAccounts } from '../ledger/bilateral-accounts.ts';
import { complexityMultiplier, dynamicPriceMicroUsd } from '../cost/external-cost.ts';
import type { JsonSection } from '../storage/store.ts';
import type { TaskHere } from './local-machine.ts';
import type { AttestorTasks } from './attestor-tasks.ts';
import type { AcceptanceRules } from './offer.ts';
import { resultSeal } from './sealed-delivery.ts';
import type { StoredSeal } from './sealed-delivery.ts';
import type { SkillShelf, SkillOnSale } from './skill-shelf.ts';
import type { ResultPart } from './task-parts.ts';
import type { WorkQueue } from './work-queue.ts';

/**
 * How long a contractor promises to hold its capacity, in seconds: longer than any task may run. An
 * unsettled result is kept as long.
 */
const CAPACITY_SECONDS = 1_200;
const BYTES_PER_MEGABYTE = 1e6;

/** Phases in which a contract still needs a slot. */
const OPEN_PHASES: ReadonlySet<Phase> = new Set(['AGREED', 'WORKING', 'DELIVERED', 'ACKNOWLEDGED']);

/** A finished result as it is stored, by contract. */
export interface StoredResult {
  readonly parts: readonly ResultPart[];
  /** Hash of the manifest, base64url. */
  readonly result: string;
  readonly bytes: number;
  readonly finishedAtMs: number;
  /** Of a sealed delivery. */
  readonly seal?: StoredSeal;
}

export interface ContractorRoleInit {
  readonly config: Config;
  readonly shelf: SkillShelf;
  /** Told of each task that is agreed and not done yet. */
  readonly queue: WorkQueue;
  /** What a task costs this node, in micro-USD; null if it cannot be done here. */
  readonly costMicroUsd: (task: TaskHere) => number | null;
  readonly results: JsonSection<StoredResult>;
  /** Open contracts by id, and debtors by PeerId: a restart forgives nobody. */
  readonly open: JsonSection<OpenContract>;
  readonly debtors: JsonSection<Debtor>;
  /** The stored contract with this id, base64url: how far it was before a restart. */
  readonly contractOf: (contractId: string) => Promise<Contract | undefined>;
  /** Time of the tasks that are tests by attestors. Left out: none is. */
  readonly tests?: Pick<AttestorTasks, 'mayTake' | 'reserve' | 'release'>;
  /** Credit of clients, and what they owe. */
  readonly accounts: Pick<BilateralAccounts, 'grant' | 'end' | 'review'>;
  /** Told of each contract that both sides have settled; after a crash perhaps once more. */
  readonly onReceipt: (contract: Contract) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A contract that is agreed and not settled. */
export interface OpenContract {
  readonly contractId: string;
  readonly client: string;
  readonly term: string;
  readonly phase: Phase;
  /** Wall clock, so that it can outlive a restart. */
  readonly sinceMs: number;
  /** Agreed price and size. Left out by an older version: such a contract is not queued. */
  readonly priceMicroUsd?: number;
  readonly inBytes?: number;
  /** Whether nothing is held for it. */
  readonly isOnCredit?: boolean;
  /** Last moment in which it may be delivered. Left out by an older version. */
  readonly deliverByMs?: number;
}

/** A client that took a result and left it unpaid. */
export interface Debtor {
  readonly client: string;
  /** Until then its result takes a slot of all newcomers; left out by an older version. */
  readonly untilMs?: number;
}

/** Clients remembered for a result they took and did not judge. */
const MAX_DEBTORS = 10_000;

/** The contractor's side of one node. */
export class ContractorRole implements ContractorPolicy {
  readonly #init: ContractorRoleInit;
  readonly #known: ReadonlySet<string>;
  /** Agreed and not settled, by contract id (base64url). */
  readonly #open = new Map<string, OpenContract>();
  /** Unknown clients that took a result and left it unpaid: nothing more on credit for them. */
  readonly #debtors = new Map<string, Debtor>();
  #isDraining = false;
  #onEscrow: (contractId: string) => void = () => undefined;
  #onVoid: (contractId: string) => void = () => undefined;
  #onStep: (contract: Contract) => void = () => undefined;
  /** Whether this node's key must not be named on the ledger now. */
  #isPaused: () => boolean = () => false;

  constructor(init: ContractorRoleInit) {
    this.#init = init;
    this.#known = new Set([...init.config.trust.known, ...init.config.trust.attestors]);
  }

  /** Takes up the slots and the debtors of the time before a restart. */
  async load(): Promise<void> {
    for (const debtor of await this.#init.debtors.values({ limit: MAX_DEBTORS })) {
      this.#debtors.set(debtor.client, debtor);
    }
    for (const contract of await this.#init.open.values()) await this.#takeUp(contract);
  }

  /** A contract that was open: a crash may have come between its end and what follows from it. */
  async #takeUp(open: OpenContract): Promise<void> {
    const { contractId, sinceMs } = open;
    const contract = await this.#init.contractOf(contractId);
    if (!contract || OPEN_PHASES.has(contract.phase)) {
      this.#open.set(contractId, open);
      this.#enqueue(open);
      this.#grant(open);
      return;
    }
    this.onContract(contract);
    const isOver = this.#init.clock.nowMs() - sinceMs > CAPACITY_SECONDS * 1_000;
    if (contract.phase === 'VERDICT' && isOver) await this.#init.open.delete(contractId);
  }

  /**
   * From now on `listener` is told of each agreement whose price is to be held on a ledger. While
   * `isPaused`, none is taken.
   */
  tellEscrows(listener: (contractId: string) => void, isPaused: () => boolean): void {
    this.#onEscrow = listener;
    this.#isPaused = isPaused;
  }

  /** From now on `listener` is told of each contract that has become void. */
  tellVoid(listener: (contractId: string) => void): void {
    this.#onVoid = listener;
  }

  /** From now on `listener` is told of each step of an agreed contract. */
  tellSteps(listener: (contract: Contract) => void): void {
    this.#onStep = listener;
  }

  /** From now on no quote is given and no agreement taken. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Contracts agreed and not settled. */
  get openContracts(): number {
    return this.#open.size;
  }

  /** Agreed and not settled, the newest first. */
  openTasks(): readonly OpenContract[] {
    return [...this.#open.values()].sort((a, b) => b.sinceMs - a.sinceMs);
  }

  /** Open contracts of one skill. */
  inWork(term: string): number {
    let count = 0;
    for (const contract of this.#open.values()) if (contract.term === term) count++;
    return count;
  }

  quoteFor({ client, shape, openQuotes }: QuoteQuestion): Promise<QuoteTerms | Declined> {
    const item = this.#itemFor(shape.skills);
    if (this.#isDraining) return declined('BUSY');
    if (item === undefined) return declined('SKILL_NOT_OFFERED');
    const { accept } = item;
    if (!this.#isAccepted(client, accept.clients)) return declined('CLIENT_NOT_ACCEPTED');
    if (!accept.levels.includes(shape.sensitivity)) return declined('SENSITIVITY_NOT_ACCEPTED');
    if (shape.inBytes > Math.min(accept.maxInBytes, this.#init.config.accept.maxInBytes)) {
      return declined('INPUT_TOO_LARGE');
    }
    if (shape.maxLatencyMs > 0 && shape.maxLatencyMs < item.latencyMs) {
      return declined('LATENCY_NOT_POSSIBLE');
    }
    const inWork = this.inWork(item.term);
    if (inWork >= item.capacity) return declined('BUSY');
    const { latencyMs, term } = item;
    if (this.#init.tests?.mayTake({ client, term }, latencyMs) === false) {
      return declined('TESTED_ENOUGH');
    }
    const load = {
      // Quotes cost nothing to ask for: they count as one more task for each slot at most.
      demand: inWork + Math.min(item.capacity, Math.max(0, openQuotes - 1)),
      available: item.capacity - inWork,
      total: item.capacity,
    };
    return Promise.resolve({
      priceMicroUsd: priceOf(item, shape.inBytes, load),
      latencyMs: item.latencyMs,
      capacitySecs: CAPACITY_SECONDS,
      load,
    });
  }

  /**
   * Takes a lower price if it is at least the middle of what was quoted and what the work costs
   * here, and the offer's least: a client that offers the bare cost gets no more than half way.
   */
  reviewCounter(question: CounterQuestion): Promise<boolean> {
    const { shape, priceMicroUsd, quotedMicroUsd } = question;
    const item = this.#itemFor(shape.skills);
    if (item === undefined || this.#isDraining) return Promise.resolve(false);
    const task = { term: item.term, inputBytes: shape.inBytes, specification: {} };
    const cost = this.#init.costMicroUsd(task);
    if (cost === null) return Promise.resolve(false);
    const middle = Math.ceil((Number(quotedMicroUsd) + cost) / 2);
    const floor = Math.max(item.accept.minPriceMicroUsd, middle);
    return Promise.resolve(priceMicroUsd >= BigInt(floor));
  }

  acceptAgreement(question: AgreementQuestion): Promise<true | Declined> {
    const { client, contractId, shape } = question;
    const id = toBase64Url(contractId);
    if (this.#open.has(id)) return Promise.resolve(true);
    const item = this.#itemFor(shape.skills);
    if (this.#isDraining) return declined('BUSY');
    if (item === undefined) return declined('SKILL_NOT_OFFERED');
    if (this.inWork(item.term) >= item.capacity) return declined('BUSY');
    // A price that is held is no credit: work begins only when it is.
    const isOnCredit = question.agreement.ledger === '';
    if (!isOnCredit && this.#isPaused()) return declined('BUSY');
    const contract: OpenContract = {
      contractId: id,
      client,
      term: item.term,
      phase: 'AGREED',
      sinceMs: this.#init.clock.nowMs(),
      priceMicroUsd: Number(question.priceMicroUsd),
      inBytes: shape.inBytes,
      isOnCredit,
      deliverByMs: deliverByMs(question.agreement),
    };
    if (isOnCredit && !(this.#hasCredit(client) && this.#grant(contract))) {
      return declined('CREDIT_EXHAUSTED');
    }
    if (!this.#reserveTest(contract, item)) {
      this.#init.accounts.end(id);
      return declined('TESTED_ENOUGH');
    }
    this.#keep(contract);
    return Promise.resolve(true);
  }

  #reserveTest({ contractId, client, term }: OpenContract, { latencyMs }: SkillOnSale): boolean {
    return this.#init.tests?.reserve({ contractId, client, term, latencyMs }) ?? true;
  }

  /** Whether work on credit fits the caps; free work and held prices do. */
  #grant({ contractId, client, priceMicroUsd = 0, isOnCredit }: OpenContract): boolean {
    if (isOnCredit !== true || priceMicroUsd === 0) return true;
    return this.#init.accounts.grant(contractId, client, BigInt(priceMicroUsd));
  }

  reviewStatement(client: string, envelope: Uint8Array): Promise<Uint8Array | Declined> {
    return this.#init.accounts.review(client, envelope);
  }

  #isAccepted(client: string, accepted: AcceptanceRules['clients']): boolean {
    if (accepted === 'any') return true;
    return accepted === 'known' ? this.#known.has(client) : accepted.includes(client);
  }

  async deliveryFor(contractId: Uint8Array): Promise<DeliveryContent | undefined> {
    const stored = await this.#init.results.get(toBase64Url(contractId));
    if (!stored) return undefined;
    const { result, bytes, seal } = stored;
    return { result: fromBase64Url(result), bytes, ...(seal && { seal: resultSeal(seal) }) };
  }

  /**
   * A known client's word is taken: the verdict is countersigned. A stranger who takes a result and
   * calls it bad is contested, so that this node does not sign evidence against itself.
   */
  reviewVerdict({
    client,
    outcome,
    contractId,
  }: {
    readonly client: string;
    readonly outcome: string;
    readonly contractId: Uint8Array;
  }): Promise<'countersign' | 'contest'> {
    this.#init.logger.warn(
      { client, outcome, contract: toBase64Url(contractId) },
      'A client did not accept a result.',
    );
    return Promise.resolve(this.#known.has(client) ? 'countersign' : 'contest');
  }

  /** Takes up or frees the slot of a contract whose phase changed. */
  onContract(contract: Contract): void {
    if (!isAgreed(contract) || contract.agreement === undefined) return;
    this.#onStep(contract);
    const id = toBase64Url(contract.agreement.id);
    const { client, shape } = contract.request.body;
    if (!OPEN_PHASES.has(contract.phase)) {
      if (contract.phase === 'VOID') this.#onVoid(id);
      const sinceMs = this.#open.get(id)?.sinceMs ?? 0;
      this.#vacate(id);
      this.#store(this.#init.results.delete(id)); // the client has it, or will not pay for it
      // Its entry goes last: a crash before that is made good by `load`.
      if (contract.phase === 'RECEIPT') {
        this.#store(this.#init.onReceipt(contract).then(() => this.#init.open.delete(id)));
      } else if (contract.phase !== 'VERDICT') this.#store(this.#init.open.delete(id));
      if (contract.verdict?.body.outcome === 'pass') this.#clear(client);
      else if (contract.delivery && isOnCredit(contract)) this.#owe(client, sinceMs);
      return;
    }
    const sinceMs = this.#open.get(id)?.sinceMs ?? this.#init.clock.nowMs();
    const { phase, agreement } = contract;
    if (phase === 'AGREED' && !isOnCredit(contract)) this.#onEscrow(id);
    this.#keep({
      contractId: id,
      client,
      term: shape.skills[0]!,
      phase,
      sinceMs,
      priceMicroUsd: Number(agreement.body.price),
      inBytes: shape.inBytes,
      isOnCredit: isOnCredit(contract),
      deliverByMs: deliverByMs(agreement.body),
    });
  }

  /** Frees the slot of a contract whose task was refused or failed here: no result will come. */
  giveUp(contractId: string): void {
    this.#free(contractId);
  }

  /**
   * Frees the slots that have been held longer than was promised: a client that agrees and goes
   * silent costs a slot for twenty minutes, not for ever.
   */
  sweep(): void {
    const nowMs = this.#init.clock.nowMs();
    for (const [id, { client, phase, sinceMs }] of this.#open) {
      if (nowMs - sinceMs < CAPACITY_SECONDS * 1_000) continue;
      this.#free(id);
      const tookResult = phase === 'DELIVERED' || phase === 'ACKNOWLEDGED';
      if (tookResult) this.#owe(client, sinceMs);
      this.#store(this.#init.results.delete(id));
    }
  }

  /** A stranger that took a result and did not pay gets nothing more on credit. */
  #owe(client: string, sinceMs: number): void {
    if (this.#known.has(client) || this.#debtors.has(client)) return;
    for (const oldest of this.#debtors.keys()) {
      if (this.#debtors.size < MAX_DEBTORS) break;
      this.#clear(oldest);
    }
    const debtor = { client, untilMs: sinceMs + CAPACITY_SECONDS * 1_000 };
    this.#debtors.set(client, debtor);
    this.#store(this.#init.debtors.put(client, debtor));
  }

  #clear(client: string): void {
    if (this.#debtors.delete(client)) this.#store(this.#init.debtors.delete(client));
  }

  #keep(contract: OpenContract): void {
    this.#open.set(contract.contractId, contract);
    this.#enqueue(contract);
    this.#store(this.#init.open.put(contract.contractId, contract));
  }

  #free(contractId: string): void {
    if (this.#vacate(contractId)) this.#store(this.#init.open.delete(contractId));
  }

  /** Frees the slot. @returns whether there was one. */
  #vacate(contractId: string): boolean {
    if (!this.#open.delete(contractId)) return false;
    this.#init.accounts.end(contractId);
    this.#init.queue.delete(contractId);
    this.#init.tests?.release(contractId);
    return true;
  }

  /** A contract waits for this machine until its result is there. */
  #enqueue({ contractId, term, phase, priceMicroUsd, inBytes }: OpenContract): void {
    const { queue } = this.#init;
    if (phase !== 'AGREED' && phase !== 'WORKING') queue.delete(contractId);
    else if (priceMicroUsd !== undefined && inBytes !== undefined) {
      const task = { term, inputBytes: inBytes, specification: {} };
      queue.add(contractId, { task, valueMicroUsd: priceMicroUsd });
    }
  }

  /** The memory counts now; the store only for the time after a restart. */
  #store(written: Promise<void>): void {
    written.catch((error: unknown) => {
      this.#init.logger.error({ err: error }, 'The book of open contracts could not be written.');
    });
  }

  #hasCredit(client: string): boolean {
    if (this.#known.has(client)) return true;
    if (this.#debtors.has(client)) return false;
    return this.#newcomerSlotsTaken() < this.#init.config.accept.newcomerSlots;
  }

  /** By work under way, and by results of late that were taken and not paid. */
  #newcomerSlotsTaken(): number {
    const nowMs = this.#init.clock.nowMs();
    let count = 0;
    for (const { untilMs = 0 } of this.#debtors.values()) if (untilMs > nowMs) count++;
    for (const { client } of this.#open.values()) if (!this.#known.has(client)) count++;
    return count;
  }

  #itemFor(skills: readonly string[]): SkillOnSale | undefined {
    return skills.length === 1 ? this.#init.shelf.find(skills[0]!) : undefined;
  }
}

function deliverByMs(agreement: Agreement): number {
  return deliverBySeconds(agreement) * 1_000;
}

/** Whether the contractor works before money is held for it. */
function isOnCredit({ agreement }: Contract): boolean {
  return agreement?.body.ledger === '';
}

function declined(decline: Declined['decline']): Promise<Declined> {
  return Promise.resolve({ decline });
}

function priceOf(
  item: SkillOnSale,
  inBytes: number,
  load: { readonly demand: number; readonly available: number; readonly total: number },
): bigint {
  const units = item.perUnit === 'megabyte' ? inBytes / BYTES_PER_MEGABYTE : 1;
  // The shape of a request says nothing of complexity: it counts as 1.
  const price = dynamicPriceMicroUsd(item.priceMicroUsd * units, load, complexityMultiplier(1));
  // A price covers what the work itself is expected to pay to a service.
  const { paidMicroUsd = 0 } = item.runner.estimate({ inputBytes: inBytes });
  return BigInt(Math.max(item.accept.minPriceMicroUsd, Math.ceil(price), Math.ceil(paidMicroUsd)));
}
