/**
 * The client's side of a negotiation: each step signs, stores and flushes, sends, and checks the
 * answer against what was asked (wire-formats.md 4.2). Steps may be repeated on any stream to the
 * same contractor; the same documents are sent again.
 *
 * Which contractor, which price and which verdict is not decided here.
 *
 * @module
 */

import { equalBytes, fromBase64Url, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { openEnvelope, signDocument } from '../../crypto/envelope.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger, Random } from '../components.ts';
import type { SecureStream } from '../secure-stream.ts';
import { elapse, step } from './agreement-machine.ts';
import type { ContractEvent } from './agreement-machine.ts';
import type { EscrowTerms } from './checks.ts';
import { isAgreed, newContract, otherSideOf, partiesOf } from './contract.ts';
import type { Contract } from './contract.ts';
import type { ContractStore } from './contract-store.ts';
import {
  AGREEMENT,
  AGREEMENT_PERIODS,
  MAX_OFFER_SECONDS,
  QUOTE,
  QUOTE_REQUEST,
  acknowledgementDefinition,
  deliveryDefinition,
  verdictDefinition,
} from './documents.ts';
import type { Acknowledgement, Agreement, Delivery, QuoteRequest, TaskShape } from './documents.ts';
import { UnknownContractError } from './errors.ts';
import { askForQuote, exchange, refusedBy } from './exchange.ts';
import type { Negotiated, Refused } from './exchange.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { Question } from './messages.ts';
import { sweepOffers } from './sweep.ts';
import type { ResultManifest } from './task-hash.ts';
import { verdictBody } from './verdict-body.ts';
import type { VerdictAsk } from './verdict-body.ts';

/** What a client is handed. */
export interface NegotiationClientComponents {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly store: ContractStore;
}

/** What a quote is asked for. */
export interface QuoteAsk {
  /** Salted hash of the task, 32 bytes: see `taskHash`. */
  readonly taskHash: Uint8Array;
  readonly shape: TaskShape;
  /** How long the contractor may answer it. Default 120. */
  readonly lifetimeSeconds?: number;
}

/** Periods of an agreement in seconds, with defaults in `AGREEMENT_PERIODS`, and its escrow. */
export interface AgreementTerms extends Partial<
  Pick<Agreement, 'holdSecs' | 'deliverSecs' | 'verifySecs' | 'disputeSecs'>
> {
  /** Where the price is held; left out: nowhere, the contractor works on credit. */
  readonly escrow?: EscrowTerms | undefined;
}

/** Options of every step that talks. */
export interface StepOptions {
  readonly signal?: AbortSignal;
}

/** The client role of one node. */
export class NegotiationClient {
  readonly #components: NegotiationClientComponents;
  readonly #lock = new KeyedLock();

  constructor(components: NegotiationClientComponents) {
    this.#components = components;
  }

  /** The contract of a quote request as it stands now, or `undefined`. */
  async contract(requestId: Uint8Array): Promise<Contract | undefined> {
    const contract = await this.#components.store.byRequest(requestId);
    if (contract?.role !== 'client') return undefined;
    return elapse(contract, nowSeconds(this.#components.clock));
  }

  /** Asks the peer of `stream` what a task would cost. */
  async requestQuote(
    stream: SecureStream,
    ask: QuoteAsk,
    options: StepOptions = {},
  ): Promise<Negotiated> {
    if (stream.remotePeer === this.#components.identity.peerId) {
      return refusedBy('self', 'SELF_DEALING');
    }
    const contract = await this.#newRequest(stream.remotePeer, ask);
    return this.repeatRequest(stream, contract.request.id, options);
  }

  async #newRequest(contractor: string, ask: QuoteAsk): Promise<Contract> {
    const { identity, clock, random, store } = this.#components;
    const lifetimeSeconds = Math.min(ask.lifetimeSeconds ?? 120, MAX_OFFER_SECONDS);
    const now = nowSeconds(clock);
    const body: QuoteRequest = {
      v: 1,
      typ: 'qreq',
      client: identity.peerId,
      contractor,
      task: toBase64Url(ask.taskHash),
      shape: ask.shape,
      nonce: toBase64Url(random.bytes(32)),
      exp: now + lifetimeSeconds,
    };
    const request = signDocument(QUOTE_REQUEST, body, identity);
    const contract = newContract('client', request, now);
    await store.save(contract);
    return contract;
  }

  /** Sends a quote request again, as it was signed. */
  repeatRequest(
    stream: SecureStream,
    requestId: Uint8Array,
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (contract) => {
      const answer = await askForQuote(stream, contract.request.envelope, signal);
      if ('refusal' in answer) return answer;
      const quote = openEnvelope(QUOTE, fromBase64Url(answer.quote));
      if (!quote.valid) return refusedBy('self', quote.reason);
      return this.#apply(contract, { type: 'quoted', quote });
    });
  }

  /**
   * Offers to pay less than was quoted, once. Refused with `PRICE_TOO_LOW`, the quote stands as it
   * is; so does it for a contractor that knows no counter-offers.
   */
  counter(
    stream: SecureStream,
    requestId: Uint8Array,
    priceMicroUsd: bigint,
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (contract) => {
      if (!contract.quote || contract.agreement) return refusedBy('self', 'WRONG_STATE');
      const quote = toBase64Url(contract.quote.id);
      const price = priceMicroUsd.toString();
      const question: Question = { v: 1, typ: 'counter', quote, price };
      const answer = await exchange(stream, question, 'countered', signal);
      if ('refusal' in answer) return answer;
      if (answer.quote !== quote) return refusedBy('self', 'QUOTE_MISMATCH');
      if (answer.price !== price) return refusedBy('self', 'PRICE_ABOVE_QUOTE');
      return this.#apply(contract, { type: 'bargained', price });
    });
  }

  /**
   * Signs an agreement on the quote, at its price or the bargained one, and has it countersigned.
   * Once signed, the same agreement is sent again whatever `terms` say: a quote is good for one.
   */
  agree(
    stream: SecureStream,
    requestId: Uint8Array,
    terms: AgreementTerms = {},
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (before) => {
      let contract = before;
      if (!contract.agreement) {
        const proposed = await this.#propose(contract, terms, stream.sessionHash);
        if (!proposed.agreed) return proposed;
        contract = proposed.contract;
      }
      if (isAgreed(contract)) return { agreed: true, contract };
      if (!contract.agreement || contract.phase === 'VOID') return refusedBy('self', 'TOO_LATE');
      const agreement = toBase64Url(contract.agreement.envelope);
      const answer = await exchange(stream, { v: 1, typ: 'accept', agreement }, 'agreed', signal);
      if ('refusal' in answer) return answer;
      const both = openEnvelope(AGREEMENT, fromBase64Url(answer.agreement), 2);
      if (!both.valid) return refusedBy('self', both.reason);
      return this.#apply(contract, { type: 'agreed', agreement: both });
    });
  }

  async #propose(
    contract: Contract,
    terms: AgreementTerms,
    sessionHash: Uint8Array,
  ): Promise<Negotiated> {
    const { identity, clock, random } = this.#components;
    const { request, quote, phase } = contract;
    if (!quote) return refusedBy('self', 'UNKNOWN_QUOTE');
    if (phase === 'VOID') return refusedBy('self', 'EXPIRED');
    const price = contract.bargainedPrice ?? quote.body.price;
    // Where there is no money there is nothing to hold.
    const held = price === '0' ? undefined : terms.escrow;
    const body: Agreement = {
      v: 1,
      typ: 'agr',
      quote: toBase64Url(quote.id),
      task: request.body.task,
      ...partiesOf(contract),
      price,
      fee: held?.fee ?? '0',
      delivery: request.body.shape.delivery,
      ledger: held?.ledger ?? '',
      arbiters: [],
      holdSecs: terms.holdSecs ?? AGREEMENT_PERIODS.holdSecs.default,
      deliverSecs: terms.deliverSecs ?? AGREEMENT_PERIODS.deliverSecs.default,
      verifySecs: terms.verifySecs ?? AGREEMENT_PERIODS.verifySecs.default,
      disputeSecs: terms.disputeSecs ?? AGREEMENT_PERIODS.disputeSecs.default,
      sh: toBase64Url(sessionHash),
      nonce: toBase64Url(random.bytes(32)),
      iat: nowSeconds(clock),
    };
    const agreement = signDocument(AGREEMENT, body, identity);
    const { escrow } = terms;
    return this.#apply(contract, { type: 'proposed', agreement, sessionHash, escrow });
  }

  /** Notes that the task was sent: from here on a delivery is awaited. */
  startWork(requestId: Uint8Array): Promise<Negotiated> {
    return this.#withContract(undefined, requestId, (contract) =>
      this.#apply(contract, { type: 'workStarted' }),
    );
  }

  /**
   * Collects the signed delivery. `NOT_READY` by the peer while it is worked on.
   *
   * @param expected - What was received. If the delivery is for something else the step is refused
   *   with `RESULT_MISMATCH`, and the delivery is kept: a verdict may name it.
   */
  collectDelivery(
    stream: SecureStream,
    requestId: Uint8Array,
    expected?: ReceivedResult,
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (contract) => {
      const id = contractIdOf(contract);
      if (id === undefined) return refusedBy('self', 'WRONG_STATE');
      const question: Question = { v: 1, typ: 'collect', contract: id };
      const answer = await exchange(stream, question, 'delivery', signal);
      if ('refusal' in answer) return answer;
      const definition = deliveryDefinition(partiesOf(contract));
      const delivery = openEnvelope(definition, fromBase64Url(answer.delivery));
      if (!delivery.valid) return refusedBy('self', delivery.reason);
      const result = await this.#apply(contract, { type: 'delivered', delivery });
      if (!result.agreed || !expected) return result;
      return isOf(delivery.body, expected) ? result : refusedBy('self', 'RESULT_MISMATCH');
    });
  }

  /**
   * Signs that the delivered result is here, and sends it. The contractor answers with the key of a
   * sealed one, which then stands in the contract; `KEY_MISMATCH` if it gives none, or one that is
   * not what it has committed to.
   */
  acknowledge(
    stream: SecureStream,
    requestId: Uint8Array,
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (contract) => {
      const { delivery } = contract;
      const id = contractIdOf(contract);
      if (!delivery || id === undefined) return refusedBy('self', 'WRONG_STATE');
      const body: Acknowledgement = { v: 1, typ: 'ack', delivery: toBase64Url(delivery.id) };
      const definition = acknowledgementDefinition(partiesOf(contract));
      const acknowledgement = signDocument(definition, body, this.#components.identity);
      const stored = await this.#apply(contract, { type: 'acknowledged', acknowledgement });
      if (!stored.agreed) return stored;
      const question: Question = {
        v: 1,
        typ: 'acknowledge',
        contract: id,
        acknowledgement: toBase64Url(acknowledgement.envelope),
      };
      const answer = await exchange(stream, question, 'acknowledged', signal);
      if ('refusal' in answer) return answer;
      if (answer.contract !== id) return refusedBy('self', 'CONTRACT_MISMATCH');
      const { keyCommit } = delivery.body;
      if (keyCommit === '') return stored;
      if (answer.key === undefined) return refusedBy('self', 'KEY_MISMATCH');
      const sealKey = fromBase64Url(answer.key);
      return this.#apply(stored.contract, { type: 'unsealed', sealKey });
    });
  }

  /**
   * Signs the verdict and asks for the countersignature. The contract is then in phase RECEIPT, or
   * DISPUTED if the contractor contests. A second, different verdict is refused before it is
   * signed.
   */
  settle(
    stream: SecureStream,
    requestId: Uint8Array,
    ask: VerdictAsk,
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (contract) => {
      const judged = await this.#judge(contract, ask);
      if (!judged.agreed || judged.contract.phase === 'RECEIPT') return judged;
      return this.#askForReceipt(stream, judged.contract, signal);
    });
  }

  /**
   * Signs the verdict and stores it, without a word to the contractor: it stands though that is not
   * there. `settle` signs the same one.
   */
  judge(requestId: Uint8Array, ask: VerdictAsk): Promise<Negotiated> {
    return this.#withContract(undefined, requestId, (contract) => this.#judge(contract, ask));
  }

  async #judge(contract: Contract, ask: VerdictAsk): Promise<Negotiated> {
    const body = verdictBody(contract, ask);
    if (contractIdOf(contract) === undefined || !body) return refusedBy('self', 'WRONG_STATE');
    const definition = verdictDefinition(partiesOf(contract));
    const verdict = signDocument(definition, body, this.#components.identity);
    return this.#apply(contract, { type: 'judged', verdict });
  }

  /** Sends a verdict that is stored, and takes what the contractor makes of it. */
  async #askForReceipt(
    stream: SecureStream,
    contract: Contract,
    signal: AbortSignal | undefined,
  ): Promise<Negotiated> {
    const id = contractIdOf(contract)!;
    const verdict = toBase64Url(contract.verdict!.envelope);
    const question: Question = { v: 1, typ: 'verdict', contract: id, verdict };
    const answer = await exchange(stream, question, ['receipt', 'disputed'], signal);
    if ('refusal' in answer) return answer;
    if (answer.typ === 'disputed') {
      if (answer.contract !== id) return refusedBy('self', 'CONTRACT_MISMATCH');
      return this.#apply(contract, { type: 'contested' });
    }
    return this.#applyReceipt(contract, fromBase64Url(answer.receipt));
  }

  async #applyReceipt(contract: Contract, envelope: Uint8Array): Promise<Negotiated> {
    const receipt = openEnvelope(verdictDefinition(partiesOf(contract)), envelope, 2);
    if (!receipt.valid) return refusedBy('self', receipt.reason);
    return this.#apply(contract, { type: 'judged', verdict: receipt });
  }

  /**
   * Sends again what is signed and not countersigned: the acknowledgement, where there is one, and
   * the verdict. For a contractor that was not there when the work was judged.
   */
  conclude(
    stream: SecureStream,
    requestId: Uint8Array,
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (contract) => {
      const { acknowledgement, verdict, phase } = contract;
      const id = contractIdOf(contract);
      if (id === undefined || !verdict) return refusedBy('self', 'WRONG_STATE');
      if (phase === 'RECEIPT') return { agreed: true, contract };
      if (acknowledgement) {
        const envelope = toBase64Url(acknowledgement.envelope);
        const question = { v: 1, typ: 'acknowledge', contract: id, acknowledgement: envelope };
        // A refusal is no obstacle: it may have it, or judge without one.
        await exchange(stream, question as Question, 'acknowledged', signal);
      }
      return this.#askForReceipt(stream, contract, signal);
    });
  }

  /**
   * Takes a receipt that came by another way than the answer to a verdict.
   *
   * @param contractor - Whom it came from.
   */
  async takeReceipt(
    contractId: Uint8Array,
    contractor: string,
    envelope: Uint8Array,
  ): Promise<Negotiated> {
    const found = await this.#components.store.byContract(contractId);
    const isTheirs =
      found?.role === 'client' && isAgreed(found) && otherSideOf(found) === contractor;
    if (!isTheirs) return refusedBy('self', 'UNKNOWN_CONTRACT');
    return this.#withContract(undefined, found.request.id, (contract) =>
      this.#applyReceipt(contract, envelope),
    );
  }

  /** Asks to end a contract that is not delivered yet. Void once the contractor says so too. */
  cancel(
    stream: SecureStream,
    requestId: Uint8Array,
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (contract) => {
      const id = contractIdOf(contract);
      if (id === undefined) return refusedBy('self', 'WRONG_STATE');
      const question: Question = { v: 1, typ: 'cancel', contract: id };
      const answer = await exchange(stream, question, 'cancelled', signal);
      if ('refusal' in answer) return answer;
      if (answer.contract !== id) return refusedBy('self', 'CONTRACT_MISMATCH');
      return this.#apply(contract, { type: 'cancelled' });
    });
  }

  /**
   * Sends a statement of what this node owes the peer or has paid to it (`stmt`, one signature).
   *
   * @returns it with both signatures, unchecked; or the refusal.
   */
  async state(
    stream: SecureStream,
    envelope: Uint8Array,
    { signal }: StepOptions = {},
  ): Promise<Uint8Array | Refused> {
    const question: Question = { v: 1, typ: 'state', statement: toBase64Url(envelope) };
    const answer = await exchange(stream, question, 'stated', signal);
    return 'refusal' in answer ? answer : fromBase64Url(answer.statement);
  }

  /** Gives back the slot of a quote that is not taken, or was and is not countersigned. */
  release(
    stream: SecureStream,
    requestId: Uint8Array,
    { signal }: StepOptions = {},
  ): Promise<Negotiated> {
    return this.#withContract(stream, requestId, async (contract) => {
      if (!contract.quote || isAgreed(contract)) return refusedBy('self', 'WRONG_STATE');
      const ended = await this.#apply(contract, { type: 'cancelled' });
      if (!ended.agreed) return ended;
      const quote = toBase64Url(contract.quote.id);
      const answer = await exchange(stream, { v: 1, typ: 'release', quote }, 'released', signal);
      return 'refusal' in answer ? answer : ended;
    });
  }

  /** Forgets what ran out unagreed. @returns How many offers. */
  sweep(): Promise<number> {
    return sweepOffers(this.#components.store, nowSeconds(this.#components.clock));
  }

  async #withContract(
    stream: SecureStream | undefined,
    requestId: Uint8Array,
    task: (contract: Contract) => Promise<Negotiated>,
  ): Promise<Negotiated> {
    const id = toHex(requestId);
    return this.#lock.run(id, async () => {
      const contract = await this.contract(requestId);
      if (!contract) throw new UnknownContractError({ id });
      if (stream && stream.remotePeer !== otherSideOf(contract)) {
        throw new TypeError(`"stream" expected to ${otherSideOf(contract)}`);
      }
      return task(contract);
    });
  }

  /** Steps `contract` and stores it, flushed, before anything is sent. */
  async #apply(contract: Contract, event: ContractEvent): Promise<Negotiated> {
    const { clock, store, logger } = this.#components;
    const result = step(contract, event, nowSeconds(clock));
    if (result.accepted) {
      if (result.isNew) await store.save(result.contract);
      return { agreed: true, contract: result.contract };
    }
    if (result.evidence && (await store.saveEvidence(result.evidence))) {
      const { kind, signer } = result.evidence;
      logger.warn({ kind, signer }, 'Two documents stand where one may be signed.');
    }
    return refusedBy('self', result.refusal);
  }
}

/** What a client has received: a result, or the ciphertext of one. */
export type ReceivedResult =
  | ResultManifest
  /** SHA-256 of the ciphertext, 32 bytes. */
  | { readonly cipher: Uint8Array };

function isOf({ result, bytes, cipher }: Delivery, received: ReceivedResult): boolean {
  if ('cipher' in received) return cipher === toBase64Url(received.cipher);
  const isSame = equalBytes(fromBase64Url(result), received.result) && bytes === received.bytes;
  return cipher === '' && isSame;
}

function contractIdOf(contract: Contract): string | undefined {
  const agreement: SignedDocument<Agreement> | undefined = contract.agreement;
  return agreement && isAgreed(contract) ? toBase64Url(agreement.id) : undefined;
}
