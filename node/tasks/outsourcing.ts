/**
 * One contract with one contractor, from the quote to the receipt: the client's steps of
 * wire-formats.md 4.2 over the session and A2A. Whether it is worth it is decided elsewhere.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import { createA2aClient } from '../../protocols/a2a/client.ts';
import type { A2aClient } from '../../protocols/a2a/client.ts';
import type { Random } from '../../protocols/components.ts';
import type { NegotiationClient } from '../../protocols/negotiation/client.ts';
import type { Negotiated } from '../../protocols/negotiation/exchange.ts';
import type { VerdictAsk } from '../../protocols/negotiation/verdict-body.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { Quote } from '../../protocols/negotiation/documents.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../../protocols/secure-stream.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import { printable } from '../errors.ts';
import { wireTask } from './prepared-task.ts';
import type { PreparedTask, WireTask } from './prepared-task.ts';
import type { ResultPart } from './task-parts.ts';
import { manifestOf, resultPartsOf, taskMessage } from './wire-task.ts';

/** Contractors whose control stream is kept open. */
const MAX_OPEN_CLIENTS = 64;

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

/** What came back. */
export interface DeliveredResult {
  readonly parts: readonly ResultPart[];
  readonly contractId: string;
}

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
    const wire = wireTask(task, this.#components.random);
    const contract = await this.#step(peerId, 'quote', false, signal, (stream) =>
      this.#components.negotiation.requestQuote(
        stream,
        { taskHash: wire.hash, shape: wire.shape },
        { signal },
      ),
    );
    return { peerId, requestId: contract.request.id, quote: contract.quote!.body, wire };
  }

  /**
   * Offers to pay less, once.
   *
   * @returns The price that the contractor takes: the offered one, or the quoted one.
   */
  async bargain(quoted: QuotedTask, priceMicroUsd: bigint, signal: AbortSignal): Promise<bigint> {
    const { peerId, requestId, quote } = quoted;
    try {
      const contract = await this.#step(peerId, 'counter-offer', false, signal, (stream) =>
        this.#components.negotiation.counter(stream, requestId, priceMicroUsd, { signal }),
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
   * Agrees on a quote, hands the task over and takes the result, checked against the signed
   * delivery.
   *
   * @throws {@link ContractorFailedError}; `details.isAgreed` tells whether the contract exists.
   *   Time that runs out is such a failure too: to stall must not be cheaper than to fail.
   */
  async perform(
    quoted: QuotedTask,
    task: PreparedTask,
    signal: AbortSignal,
  ): Promise<DeliveredResult> {
    const { peerId, requestId } = quoted;
    const { negotiation } = this.#components;
    const agreed = await this.#step(peerId, 'agreement', false, signal, (stream) =>
      negotiation.agree(stream, requestId, {}, { signal }),
    );
    const contractId = toBase64Url(agreed.agreement!.id);
    await negotiation.startWork(requestId);
    const parts = await this.#send(quoted, task, contractId, signal);
    await this.#step(peerId, 'delivery', true, signal, async (stream) => {
      const collected = await negotiation.collectDelivery(stream, requestId, manifestOf(parts), {
        signal,
      });
      return collected.agreed ? negotiation.acknowledge(stream, requestId, { signal }) : collected;
    });
    return { parts, contractId };
  }

  async #send(
    quoted: QuotedTask,
    task: PreparedTask,
    contractId: string,
    signal: AbortSignal,
  ): Promise<ResultPart[]> {
    const { peerId, wire } = quoted;
    const fail = (reason: string, cause?: unknown): never => {
      throw new ContractorFailedError({ peerId, step: 'task', isAgreed: true }, reason, { cause });
    };
    const message = taskMessage({
      messageId: `task-${contractId}`,
      salt: wire.salt,
      specification: wire.specification,
      parts: task.parts,
    });
    try {
      const client = this.#client(peerId);
      const answer = await client.sendMessage({ message }, { contract: contractId, signal });
      if (!('task' in answer)) return fail('it answered with a message and no task');
      const { state, message: words } = answer.task.status;
      if (state !== 'TASK_STATE_COMPLETED') {
        const text = words?.parts.map(({ text: own }) => own ?? '').join(' ') ?? '';
        return fail(`it ended as ${state}${text === '' ? '' : `: ${text}`}`);
      }
      return resultPartsOf(answer.task) ?? fail('its result is neither text nor JSON');
    } catch (error) {
      if (error instanceof ContractorFailedError) throw error;
      return fail(error instanceof Error ? error.message : 'it did not answer', error);
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
    const { negotiation } = this.#components;
    try {
      const contract = await this.#step(peerId, 'receipt', true, signal, (stream) =>
        negotiation.settle(stream, requestId, verdict, { signal }),
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
