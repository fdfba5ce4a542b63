/**
 * One contract with one contractor, from the quote to the receipt: the client's steps of
 * wire-formats.md 4.2 over the session and A2A. Whether it is worth it is decided elsewhere.
 *
 * A contractor that goes away and comes back in time, as one that is restarted, goes on where it
 * was: each step is asked for again, the task by its contract. A result that it has signed comes
 * again and is not computed anew.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { ArtifactReceiver } from '../../protocols/a2a/artifact-stream.ts';
import { createA2aClient } from '../../protocols/a2a/client.ts';
import type { A2aClient } from '../../protocols/a2a/client.ts';
import type { TraceContext } from '../../protocols/a2a/trace-context.ts';
import type { Logger, Random } from '../../protocols/components.ts';
import type { EscrowTerms } from '../../protocols/negotiation/checks.ts';
import type { NegotiationClient, ReceivedResult } from '../../protocols/negotiation/client.ts';
import type { Negotiated } from '../../protocols/negotiation/exchange.ts';
import type { VerdictAsk } from '../../protocols/negotiation/verdict-body.ts';
import { otherSideOf } from '../../protocols/negotiation/contract.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import { AGREEMENT_PERIODS } from '../../protocols/negotiation/documents.ts';
import type { Quote, TaskShape } from '../../protocols/negotiation/documents.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../../protocols/secure-stream.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import { printable } from '../errors.ts';
import type { BilateralAccounts } from '../ledger/bilateral-accounts.ts';
import type { NodeLedger, Unheld } from '../ledger/node-ledger.ts';
import { DearerQuoteError, untilBack } from './interruption.ts';
import { AwaitedResult, decodeParts } from './large-result.ts';
import { wireTask } from './prepared-task.ts';
import type { PreparedTask, WireTask } from './prepared-task.ts';
import { openDelivery } from './sealed-delivery.ts';
import type { ResultPart } from './task-parts.ts';
import { manifestOf, resultPartsOf, sealedBytesOf, taskMessage } from './wire-task.ts';

/** Contractors whose control stream is kept open. */
const MAX_OPEN_CLIENTS = 64;

/** How long a contractor may be away while it is asked to sign: as long as it may hold a price. */
const AGREEMENT_TIMEOUT_MS = AGREEMENT_PERIODS.holdSecs.default * 1_000;
/** How long a receipt is waited for: the verdict stands without it. */
const RECEIPT_TIMEOUT_MS = 20_000;
/** How long a contractor may take to let go of a contract whose price is not held. */
const CANCEL_TIMEOUT_MS = 3_000;

/** How long a contractor may take to sign what it is owed. */
const STATE_TIMEOUT_MS = 10_000;

/** How a task is refused for which a contractor has no more time: the first word it says. */
const TESTED_ENOUGH = 'TESTED_ENOUGH';

/** Step at which the ledger fails, and not the contractor. */
export const ESCROW_STEP = 'escrow';

/** What failed, and where. */
export interface ContractorFailure {
  readonly peerId: string;
  readonly step: string;
  /** Whether there was an agreement by then. */
  readonly isAgreed: boolean;
  /** The name of the refusal, if it was one. */
  readonly refusal?: RefusalCode;
}

/** A contractor did not do what was asked or agreed. */
export class ContractorFailedError extends Error {
  static override readonly name = 'ContractorFailedError';
  override readonly name = 'ContractorFailedError';
  readonly code = 'CONTRACTOR_FAILED';
  readonly details: ContractorFailure;

  constructor(details: ContractorFailure, reason: string, options?: ErrorOptions) {
    super(`${details.step}: ${printable(reason).slice(0, 300)}`, options);
    this.details = details;
  }
}

/** A signed quote, and the task it is for. */
export interface QuotedTask {
  readonly peerId: string;
  readonly requestId: Uint8Array;
  readonly quote: Quote;
  readonly wire: WireTask;
}

/** How a task is handed over. */
export interface PerformOptions {
  /** Told how the price is secured, before the work; not where there is none. */
  readonly onSecured?: (security: PriceSecurity) => void;
  /**
   * Whether it is a test: a contractor that has no more time for tests is let go, and has failed
   * nobody. Of other tasks that is no excuse.
   */
  readonly isTest?: boolean;
  /** Span that the contractor's work is part of; left out: it is told of none. */
  readonly trace?: TraceContext | undefined;
}

/** What came back. */
export interface DeliveredResult {
  /** What it was done on: the quote that was taken, or the one in its place. */
  readonly quoted: QuotedTask;
  readonly parts: readonly ResultPart[];
  readonly contractId: string;
}

/** How the price of a contract is secured, before the work. */
export interface PriceSecurity {
  /** `bilateral`: the contractor works on credit, and both sign what is owed then. */
  readonly by: 'ledger' | 'bilateral';
  /** Why not by the ledger that this node has; null where it is, or there is none. */
  readonly reason: string | null;
  /** What the ledger takes, micro-USD. */
  readonly feesMicroUsd: number;
}

/** An agreement, and the quote that it is on: not always the one that it began with. */
interface Agreed {
  readonly quoted: QuotedTask;
  readonly contract: Contract;
}

/** An agreement, and what secures its price; nothing for work that is free. */
interface Secured extends Agreed {
  readonly security: PriceSecurity | undefined;
}

/** Where prices are held before the work is done: `node/ledger/node-ledger.ts`. */
export type Escrow = Pick<NodeLedger, 'terms' | 'solvency' | 'hold' | 'feesMicroUsd' | 'escrows'>;

/** Refusals of a contractor that has no ledger, or another one. */
const OTHER_LEDGER: ReadonlySet<RefusalCode | undefined> = new Set<RefusalCode>([
  'LEDGER_NOT_SUPPORTED',
  'WRONG_LEDGER',
]);

/** Refusals after which a new quote may be agreed on where this one cannot. */
const NEEDS_NEW_QUOTE: ReadonlySet<RefusalCode | undefined> = new Set<RefusalCode>([
  // Signed for a session that ended before the contractor saw it.
  'SESSION_MISMATCH',
]);

/** A result as it came, or the ciphertext of one. */
type Received = { readonly parts: readonly ResultPart[] } | { readonly ciphertext: Uint8Array };

/** What was settled. */
export interface Settlement {
  /** docId of the verdict that both have signed, or `null` if the contractor did not sign. */
  readonly receiptId: string | null;
  readonly contract: Contract;
}

export interface OutsourcingComponents {
  readonly streams: SecureStreams;
  readonly negotiation: NegotiationClient;
  readonly random: Random;
  /** Takes results that fit no message; left out: none are taken. */
  readonly artifacts?: ArtifactReceiver;
  /** Left out: contractors work on credit. */
  readonly escrow?: Escrow | undefined;
  /** Value of tasks whose results are asked for sealed, where there is a ledger. Left out: none. */
  readonly sealedFromMicroUsd?: number;
  /** What is owed for work on credit. */
  readonly accounts: Pick<BilateralAccounts, 'noteReceipt' | 'state' | 'creditors'>;
  /** Told of each contract that this node has judged, and again of what came of it. */
  readonly onSettled?: (contract: Contract) => void;
  readonly logger: Logger;
}

/** The client's dealings with contractors. */
export class Outsourcing {
  readonly #components: OutsourcingComponents;
  readonly #clients = new Map<string, A2aClient>();

  constructor(components: OutsourcingComponents) {
    this.#components = components;
  }

  /** Asks `peerId` for a quote. @throws {@link ContractorFailedError} with the refusal. */
  async quote(peerId: string, task: PreparedTask, signal: AbortSignal): Promise<QuotedTask> {
    const wire = wireTask(task, this.#components.random, this.#deliveryOf(task));
    const contract = await this.#step(peerId, 'quote', false, signal, (stream) =>
      this.#components.negotiation.requestQuote(
        stream,
        { taskHash: wire.hash, shape: wire.shape },
        { signal },
      ),
    );
    return { peerId, requestId: contract.request.id, quote: contract.quote!.body, wire };
  }

  /** Sealed where it protects both: a ledger holds the price, and the task is worth it. */
  #deliveryOf({ specification }: PreparedTask): TaskShape['delivery'] {
    const { escrow, sealedFromMicroUsd = Infinity } = this.#components;
    return escrow && specification.valueMicroUsd >= sealedFromMicroUsd ? 'sealed' : 'open';
  }

  /**
   * Offers to pay less, once.
   *
   * @returns The price that the contractor takes: the offered one, or the quoted one.
   */
  async bargain(quoted: QuotedTask, priceMicroUsd: bigint, signal: AbortSignal): Promise<bigint> {
    const { peerId, requestId, quote } = quoted;
    try {
      const contract = await untilBack(
        () =>
          this.#step(peerId, 'counter-offer', false, signal, (stream) =>
            this.#components.negotiation.counter(stream, requestId, priceMicroUsd, { signal }),
          ),
        signal,
      );
      return BigInt(contract.bargainedPrice ?? quote.price);
    } catch (error) {
      // It keeps its price, or it knows no counter-offers: the quote stands either way.
      signal.throwIfAborted();
      if (!(error instanceof ContractorFailedError)) throw error;
      return BigInt(quote.price);
    }
  }

  /** Gives back a quote that is not taken. Never throws: the quote runs out by itself. */
  async release({ peerId, requestId }: QuotedTask, signal: AbortSignal): Promise<void> {
    await this.#step(peerId, 'release', false, signal, (stream) =>
      this.#components.negotiation.release(stream, requestId, { signal }),
    ).catch(() => undefined);
  }

  /**
   * Agrees on a quote, has the price held where there is a ledger, hands the task over and takes
   * the result, checked against the signed delivery.
   *
   * Goes on through interruptions until `signal`, or until the contract has run out.
   *
   * @throws {@link ContractorFailedError}; `details.isAgreed` tells whether the contract exists.
   *   Time that runs out is such a failure too: to stall must not be cheaper than to fail.
   */
  async perform(
    quoted: QuotedTask,
    task: PreparedTask,
    signal: AbortSignal,
    { onSecured, isTest = false, trace }: PerformOptions = {},
  ): Promise<DeliveredResult> {
    const secured = await this.#secured(quoted, task, signal);
    const { quoted: taken, contract: agreed, security } = secured;
    const { peerId, requestId } = taken;
    const { negotiation } = this.#components;
    if (security) onSecured?.(security);
    const contractId = toBase64Url(agreed.agreement!.id);
    await negotiation.startWork(requestId);
    const isOver = async () => (await negotiation.contract(requestId))?.phase === 'VOID';
    const send = () => this.#send(taken, task, { contractId, trace }, signal);
    const received = await untilBack(send, signal, isOver).catch((error: unknown) => {
      // Nobody waits for the result any more: the contractor's slot and the price need not either.
      const isLetGo = isHungUp(signal) || (isTest && hasNoTimeForTests(error));
      if (isLetGo) void this.#cancel(taken, AbortSignal.timeout(CANCEL_TIMEOUT_MS));
      throw error;
    });
    const expected = expectedOf(received);
    const take = () =>
      this.#step(peerId, 'delivery', true, signal, async (stream) => {
        const collected = await negotiation.collectDelivery(stream, requestId, expected, {
          signal,
        });
        return collected.agreed
          ? negotiation.acknowledge(stream, requestId, { signal })
          : collected;
      });
    const delivered = await untilBack(take, signal, isOver).catch(async (error: unknown) => {
      // Once it is acknowledged it may be lodged and paid, whatever has become of the answer.
      const contract = await negotiation.contract(requestId);
      if (contract?.acknowledgement === undefined) throw error;
      return contract;
    });
    if ('parts' in received) return { quoted: taken, parts: received.parts, contractId };
    // What does not open to what was signed is no result, and so is one without its key: without a
    // part it fails every check, and the verdict says so before silence pays.
    const parts = openDelivery(received.ciphertext, delivered) ?? [];
    return { quoted: taken, parts, contractId };
  }

  /**
   * Agrees on the quote and has the price held. Nothing is signed before this node is sure that it
   * can have the price held. Where it cannot, or the contractor has no ledger or another one, it
   * goes on without, on the contractor's credit, if the configuration lets it (wire-formats.md 6).
   */
  async #secured(quoted: QuotedTask, task: PreparedTask, signal: AbortSignal): Promise<Secured> {
    const { escrow } = this.#components;
    if (quoted.quote.price === '0') {
      const agreed = await this.#agree(quoted, task, escrow?.terms, signal);
      return { ...agreed, security: undefined };
    }
    if (!escrow) {
      const agreed = await this.#agree(quoted, task, undefined, signal);
      return { ...agreed, security: onCredit(null) };
    }
    const solvency = await escrow.solvency(BigInt(quoted.quote.price));
    if (!solvency.ready) {
      this.#allowWithout(quoted, escrow, solvency);
      const agreed = await this.#agree(quoted, task, undefined, signal);
      return { ...agreed, security: onCredit(solvency.reason) };
    }
    let agreed: Agreed;
    try {
      agreed = await this.#agree(quoted, task, escrow.terms, signal);
    } catch (error) {
      const refusal = error instanceof ContractorFailedError ? error.details.refusal : undefined;
      if (escrow.terms.isRequired || !OTHER_LEDGER.has(refusal)) throw error;
      return this.#agreeWithout(quoted, task, `the contractor says ${refusal}`, signal);
    }
    const { quoted: taken, contract } = agreed;
    // Bargained down to nothing.
    if (contract.agreement!.body.ledger === '') return { ...agreed, security: undefined };
    const held = await escrow.hold(contract);
    if (held.ready) {
      const feesMicroUsd = Number(escrow.feesMicroUsd);
      return { ...agreed, security: { by: 'ledger', reason: null, feesMicroUsd } };
    }
    // Both let go of it now; should the price be held after all, both give it back.
    const late = AbortSignal.any([signal, AbortSignal.timeout(CANCEL_TIMEOUT_MS)]);
    await this.#cancel(taken, late);
    this.#allowWithout(taken, escrow, held);
    return this.#agreeWithout(taken, task, held.reason, signal);
  }

  /**
   * Agrees on the quote; on a new one with a contractor that was restarted before it signed: an
   * agreement is good in its own session only, and nobody signs two for one quote.
   */
  async #agree(
    quoted: QuotedTask,
    task: PreparedTask,
    terms: EscrowTerms | undefined,
    signal: AbortSignal,
  ): Promise<Agreed> {
    try {
      return { quoted, contract: await this.#signed(quoted, terms, signal) };
    } catch (error) {
      const refusal = error instanceof ContractorFailedError ? error.details.refusal : undefined;
      if (!NEEDS_NEW_QUOTE.has(refusal)) throw error;
      return this.#agreeAnew(quoted, task, terms, signal);
    }
  }

  /** Agrees on credit, on a new quote that asks for no more. */
  async #agreeWithout(
    quoted: QuotedTask,
    task: PreparedTask,
    reason: string,
    signal: AbortSignal,
  ): Promise<Secured> {
    const agreed = await this.#agreeAnew(quoted, task, undefined, signal);
    return { ...agreed, security: onCredit(reason) };
  }

  /**
   * Agrees on another quote in the place of one that cannot be agreed on, if it is no dearer. Waits
   * a while for such a one: what a contractor asks goes up and down with its load.
   */
  async #agreeAnew(
    before: QuotedTask,
    task: PreparedTask,
    terms: EscrowTerms | undefined,
    signal: AbortSignal,
  ): Promise<Agreed> {
    const { peerId, quote } = before;
    await this.release(before, signal);
    const requote = async (): Promise<QuotedTask> => {
      const quoted = await this.quote(peerId, task, signal);
      if (BigInt(quoted.quote.price) <= BigInt(quote.price)) return quoted;
      await this.release(quoted, signal);
      const details = { peerId, step: 'agreement', isAgreed: false };
      const cause = new DearerQuoteError();
      throw new ContractorFailedError(details, cause.message, { cause });
    };
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(AGREEMENT_TIMEOUT_MS)]);
    const quoted = await untilBack(requote, inTime);
    return { quoted, contract: await this.#signed(quoted, terms, signal) };
  }

  /** @throws {@link ContractorFailedError} where the configuration wants every price held. */
  #allowWithout({ peerId }: QuotedTask, escrow: Escrow, { refusal, reason }: Unheld): void {
    const { logger } = this.#components;
    if (!escrow.terms.isRequired) {
      logger.warn({ peerId, reason }, 'A price is not held; the contractor is asked for credit.');
      return;
    }
    const details = { peerId, step: ESCROW_STEP, isAgreed: false, refusal };
    throw new ContractorFailedError(
      details,
      `nothing that costs money is agreed (committee.withoutLedger: refuse): ${reason}`,
    );
  }

  #signed(
    { peerId, requestId }: QuotedTask,
    escrow: EscrowTerms | undefined,
    signal: AbortSignal,
  ): Promise<Contract> {
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(AGREEMENT_TIMEOUT_MS)]);
    return untilBack(
      () =>
        this.#step(peerId, 'agreement', false, signal, (stream) =>
          this.#components.negotiation.agree(stream, requestId, { escrow }, { signal }),
        ),
      inTime,
    );
  }

  /** Lets go of a contract. Never throws: it runs out by itself. */
  async #cancel({ peerId, requestId }: QuotedTask, signal: AbortSignal): Promise<void> {
    await this.#step(peerId, 'cancel', true, signal, (stream) =>
      this.#components.negotiation.cancel(stream, requestId, { signal }),
    ).catch((error: unknown) => {
      this.#components.logger.debug({ peerId, err: error }, 'A contract could not be cancelled.');
    });
  }

  async #send(
    quoted: QuotedTask,
    task: PreparedTask,
    {
      contractId,
      trace,
    }: { readonly contractId: string; readonly trace?: TraceContext | undefined },
    signal: AbortSignal,
  ): Promise<Received> {
    const { peerId, wire } = quoted;
    const fail = (reason: string, cause?: unknown, refusal?: RefusalCode): never => {
      const details = { peerId, step: 'task', isAgreed: true, ...(refusal && { refusal }) };
      throw new ContractorFailedError(details, reason, { cause });
    };
    const message = taskMessage({
      messageId: `task-${contractId}`,
      salt: wire.salt,
      specification: wire.specification,
      parts: task.parts,
      trace,
    });
    const { artifacts } = this.#components;
    const large = artifacts && new AwaitedResult(artifacts, { peerId, contract: contractId });
    try {
      const client = this.#client(peerId);
      const answer = await client.sendMessage({ message }, { contract: contractId, signal });
      if (!('task' in answer)) return fail('it answered with a message and no task');
      const { state, message: words } = answer.task.status;
      if (state !== 'TASK_STATE_COMPLETED') {
        const text = words?.parts.map(({ text: own }) => own ?? '').join(' ') ?? '';
        const refusal = text.startsWith(TESTED_ENOUGH) ? TESTED_ENOUGH : undefined;
        return fail(`it ended as ${state}${text === '' ? '' : `: ${text}`}`, undefined, refusal);
      }
      const bytes = large?.bytesOf(answer.task);
      if (wire.shape.delivery === 'sealed') {
        const ciphertext = bytes ?? sealedBytesOf(answer.task);
        return ciphertext ? { ciphertext } : fail('its result is not sealed');
      }
      const parts = resultPartsOf(answer.task) ?? (bytes && decodeParts(bytes));
      return parts ? { parts } : fail('its result is neither text nor JSON');
    } catch (error) {
      if (error instanceof ContractorFailedError) throw error;
      return fail(error instanceof Error ? error.message : 'it did not answer', error);
    } finally {
      large?.end();
    }
  }

  /**
   * Signs the verdict and asks for the contractor's signature. The verdict stands without it: the
   * client's own record says what it found and what it owes.
   */
  async settle(
    { peerId, requestId }: QuotedTask,
    verdict: VerdictAsk,
    signal: AbortSignal,
  ): Promise<Settlement> {
    const settlement = await this.#settled({ peerId, requestId }, verdict, signal);
    this.#components.onSettled?.(settlement.contract);
    await this.noteSettled(settlement.contract);
    return settlement;
  }

  /** What follows from a verdict, and again from a signature that it was given later. */
  async noteSettled(contract: Contract): Promise<void> {
    const { agreement } = contract;
    if (agreement && agreement.body.ledger !== '') {
      void this.#components.escrow?.escrows.attend(toBase64Url(agreement.id));
      return;
    }
    await this.#components.accounts.noteReceipt(contract);
    void this.stateDebts(otherSideOf(contract));
  }

  /**
   * Has every contractor sign what this node owes it for work on credit, and what it says it has
   * paid. Never rejects: what is not signed now is proposed again.
   *
   * @param only - This contractor alone.
   */
  async stateDebts(only?: string): Promise<void> {
    const { accounts, streams, negotiation, logger } = this.#components;
    const creditors = accounts.creditors.filter((peerId) => only === undefined || peerId === only);
    for (const peerId of creditors) {
      try {
        await accounts.state(peerId, async (envelope) => {
          const signal = AbortSignal.timeout(STATE_TIMEOUT_MS);
          const stream = await streams.open(peerId, SECURE_PROTOCOLS.negotiation, { signal });
          const answer = await negotiation.state(stream, envelope, { signal });
          await stream.closeWrite({ signal });
          return answer;
        });
      } catch (error) {
        logger.debug({ peerId, err: error }, 'A statement was not signed; it is sent again.');
      }
    }
  }

  async #settled(
    { peerId, requestId }: Pick<QuotedTask, 'peerId' | 'requestId'>,
    verdict: VerdictAsk,
    signal: AbortSignal,
  ): Promise<Settlement> {
    const { negotiation } = this.#components;
    // First: it stands though the contractor is not there to be told.
    const judged = await negotiation.judge(requestId, verdict);
    if (judged.agreed) this.#components.onSettled?.(judged.contract);
    try {
      const inTime = AbortSignal.any([signal, AbortSignal.timeout(RECEIPT_TIMEOUT_MS)]);
      const contract = await untilBack(
        () =>
          this.#step(peerId, 'receipt', true, signal, (stream) =>
            negotiation.settle(stream, requestId, verdict, { signal }),
          ),
        inTime,
      );
      const isReceipt = contract.phase === 'RECEIPT' && contract.verdict !== undefined;
      return { receiptId: isReceipt ? toBase64Url(contract.verdict.id) : null, contract };
    } catch (error) {
      const contract = await negotiation.contract(requestId);
      if (contract === undefined || signal.aborted) throw error;
      return { receiptId: null, contract };
    }
  }

  /** Closes every control stream. */
  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  /** Runs one step on a negotiation stream of its own. */
  async #step(
    peerId: string,
    step: string,
    isAgreed: boolean,
    signal: AbortSignal,
    talk: (stream: SecureStream) => Promise<Negotiated>,
  ): Promise<Contract> {
    let outcome: Negotiated;
    try {
      const stream = await this.#components.streams.open(peerId, SECURE_PROTOCOLS.negotiation, {
        signal,
      });
      outcome = await talk(stream);
      await stream.closeWrite({ signal });
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'it did not answer';
      throw new ContractorFailedError({ peerId, step, isAgreed }, reason, { cause: error });
    }
    if (outcome.agreed) return outcome.contract;
    const who = outcome.by === 'peer' ? 'the contractor refuses' : 'refused here';
    const { refusal } = outcome;
    throw new ContractorFailedError({ peerId, step, isAgreed, refusal }, `${who}: ${refusal}`);
  }

  #client(peerId: string): A2aClient {
    const known = this.#clients.get(peerId);
    if (known) return known;
    const client = createA2aClient({ streams: this.#components.streams, peerId });
    this.#clients.set(peerId, client);
    if (this.#clients.size > MAX_OPEN_CLIENTS) {
      for (const [oldest, idle] of this.#clients) {
        idle.close();
        this.#clients.delete(oldest);
        break;
      }
    }
    return client;
  }
}

function expectedOf(received: Received): ReceivedResult {
  return 'parts' in received ? manifestOf(received.parts) : { cipher: sha256(received.ciphertext) };
}

function onCredit(reason: string | null): PriceSecurity {
  return { by: 'bilateral', reason, feesMicroUsd: 0 };
}

function hasNoTimeForTests(error: unknown): boolean {
  return error instanceof ContractorFailedError && error.details.refusal === TESTED_ENOUGH;
}

/** Whether the caller gave up, and not the time that the contractor had. */
function isHungUp({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof DOMException && reason.name === 'TimeoutError');
}
