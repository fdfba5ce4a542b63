/**
 * What a contractor answers to each question of a client (wire-formats.md 4.2): opens the document,
 * steps the contract, asks the policy, signs, stores and flushes, and only then gives the answer.
 *
 * Streams, time-outs of reading and token buckets are `contractor.ts`. Every method expects to run
 * alone for its client.
 *
 * @module
 */

import { fromBase64Url, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { countersign, openEnvelope, signDocument } from '../../crypto/envelope.ts';
import type { OpenedEnvelope, SignedDocument } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import { sealKeyCommitment } from '../../crypto/sealed-result.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger, Random } from '../components.ts';
import { refusalNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import { step } from './agreement-machine.ts';
import type { ContractEvent, StepResult } from './agreement-machine.ts';
import { checkRequest } from './checks.ts';
import type { EscrowTerms } from './checks.ts';
import { isAgreed, newContract, partiesOf } from './contract.ts';
import type { Contract } from './contract.ts';
import type { ContractStore } from './contract-store.ts';
import type { ContractorPolicy, DeliveryContent, QuoteTerms } from './contractor-policy.ts';
import { withDeadline } from './deadline.ts';
import {
  AGREEMENT,
  QUOTE,
  QUOTE_REQUEST,
  acknowledgementDefinition,
  deliveryDefinition,
  verdictDefinition,
} from './documents.ts';
import type { Delivery, Quote, QuoteRequest, Verdict } from './documents.ts';
import { STEP_TIMEOUTS_MS } from './messages.ts';
import type { Answer, Question } from './messages.ts';
import type { OpenQuotes } from './open-quotes.ts';

/** What a contractor is handed. */
export interface ContractorComponents {
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly store: ContractStore;
  readonly policy: ContractorPolicy;
  /** The network that a connected peer is in; left out: none that counts. */
  readonly networkOfPeer?: ((peerId: string) => string | undefined) | undefined;
  /** Where clients have the price held; left out: nowhere. */
  readonly escrow?: EscrowTerms | undefined;
}

/** Who asks, and in which session. */
export interface Asker {
  readonly remotePeer: string;
  readonly sessionHash: Uint8Array;
}

/** A question of this kind. */
type QuestionOf<Typ extends Question['typ']> = Extract<Question, { readonly typ: Typ }>;

/** The answer that refuses. */
export function decline(code: RefusalCode): Answer {
  return { v: 1, typ: 'decline', code: refusalNumber(code) };
}

function envelopeText({ envelope }: SignedDocument<unknown>): string {
  return toBase64Url(envelope);
}

/** Answers of one contractor. */
export class ContractorDesk {
  readonly #components: ContractorComponents;
  readonly #openQuotes: OpenQuotes;
  readonly #quoteSeconds: number;

  constructor(components: ContractorComponents, openQuotes: OpenQuotes, quoteSeconds: number) {
    this.#components = components;
    this.#openQuotes = openQuotes;
    this.#quoteSeconds = quoteSeconds;
  }

  /** The answer to `question`. Fails only where this side's own store or policy fails. */
  async answer(question: Question, asker: Asker): Promise<Answer> {
    switch (question.typ) {
      case 'ask':
        return this.#onAsk(question, asker);
      case 'accept':
        return this.#onAccept(question, asker);
      case 'collect':
        return this.#onCollect(question, asker);
      case 'acknowledge':
        return this.#onAcknowledge(question, asker);
      case 'verdict':
        return this.#onVerdict(question, asker);
      case 'cancel':
        return this.#onCancel(question, asker);
      case 'release':
        return this.#onRelease(question, asker);
      case 'counter':
        return this.#onCounter(question, asker);
      case 'state':
        return this.#onState(question, asker);
    }
  }

  /** Signs, stores and returns what a contract delivers; an earlier delivery stays what it was. */
  async deliver(contract: Contract, content: DeliveryContent): Promise<StepResult> {
    const { agreement } = contract;
    if (!agreement || !isAgreed(contract)) return { accepted: false, refusal: 'WRONG_STATE' };
    const { seal } = content;
    const body: Delivery = {
      v: 1,
      typ: 'dlv',
      contract: toBase64Url(agreement.id),
      result: toBase64Url(content.result),
      cipher: seal ? toBase64Url(seal.cipher) : '',
      keyCommit: seal ? toBase64Url(sealKeyCommitment(seal.key)) : '',
      bytes: content.bytes,
    };
    const definition = deliveryDefinition(partiesOf(contract));
    const delivery = signDocument(definition, body, this.#components.identity);
    return this.apply(contract, { type: 'delivered', delivery, sealKey: seal?.key });
  }

  /** Steps `contract`; stores and reports what is new, and evidence. */
  async apply(contract: Contract, event: ContractEvent): Promise<StepResult> {
    const { clock, store, policy, logger } = this.#components;
    const result = step(contract, event, nowSeconds(clock));
    if (result.accepted && result.isNew) {
      await store.save(result.contract);
      policy.onContract?.(result.contract);
    }
    if (!result.accepted && result.evidence && (await store.saveEvidence(result.evidence))) {
      const { kind, signer } = result.evidence;
      logger.warn({ kind, signer }, 'A peer has signed two documents of which it may sign one.');
      policy.onEvidence?.(result.evidence);
    }
    return result;
  }

  async #onAsk(question: QuestionOf<'ask'>, { remotePeer }: Asker): Promise<Answer> {
    const { identity, clock, store } = this.#components;
    const request = openEnvelope(QUOTE_REQUEST, fromBase64Url(question.request));
    if (!request.valid) return decline(request.reason);
    const now = nowSeconds(clock);
    const at = { self: identity.peerId, remotePeer, nowSeconds: now };
    const refusal = checkRequest(request, at);
    if (refusal) return decline(refusal);
    const known = await store.byRequest(request.id);
    if (known?.quote) return { v: 1, typ: 'offer', quote: envelopeText(known.quote) };
    const key = toHex(request.id);
    const expSeconds = now + this.#quoteSeconds;
    const limit = this.#openQuotes.hold(key, { client: remotePeer, expSeconds }, now);
    if (limit) return decline(limit);
    const answer = await this.#quote(request, expSeconds).catch((error: unknown) => {
      this.#openQuotes.release(key);
      throw error;
    });
    if (answer.typ !== 'offer') this.#openQuotes.release(key);
    return answer;
  }

  async #quote(request: SignedDocument<QuoteRequest>, expSeconds: number): Promise<Answer> {
    const { clock, policy } = this.#components;
    const { client, task, shape } = request.body;
    const openQuotes = this.#openQuotes.count(nowSeconds(clock));
    const question = { client, taskHash: fromBase64Url(task), shape, openQuotes };
    const terms = await this.#askPolicy('quote', (signal) => policy.quoteFor(question, signal));
    if ('decline' in terms) return decline(terms.decline);
    const quote = this.#signQuote(request, terms, expSeconds);
    const contract = newContract('contractor', request, nowSeconds(clock));
    const result = await this.apply(contract, { type: 'quoted', quote });
    if (!result.accepted) return decline(result.refusal);
    return { v: 1, typ: 'offer', quote: envelopeText(quote) };
  }

  #signQuote(
    request: SignedDocument<QuoteRequest>,
    terms: QuoteTerms,
    exp: number,
  ): SignedDocument<Quote> {
    const { identity, random } = this.#components;
    return signDocument(
      QUOTE,
      {
        v: 1,
        typ: 'quote',
        req: toBase64Url(request.id),
        contractor: identity.peerId,
        price: terms.priceMicroUsd.toString(),
        latencyMs: terms.latencyMs,
        capacitySecs: terms.capacitySecs,
        load: terms.load,
        nonce: toBase64Url(random.bytes(32)),
        exp,
      },
      identity,
    );
  }

  async #onState({ statement }: QuestionOf<'state'>, { remotePeer }: Asker): Promise<Answer> {
    const { policy } = this.#components;
    const signed = await this.#askPolicy('statement', async (signal) =>
      policy.reviewStatement?.(remotePeer, fromBase64Url(statement), signal),
    );
    if (signed === undefined) return decline('NOT_SUPPORTED');
    if (!(signed instanceof Uint8Array)) return decline(signed.decline);
    return { v: 1, typ: 'stated', statement: toBase64Url(signed) };
  }

  /** A counter-offer that is refused ends the round at the quoted price, which still stands. */
  async #onCounter(question: QuestionOf<'counter'>, { remotePeer }: Asker): Promise<Answer> {
    const { store, policy } = this.#components;
    const contract = await store.byQuote(fromBase64Url(question.quote));
    const isTheirs = contract?.role === 'contractor' && partiesOf(contract).client === remotePeer;
    if (!contract?.quote || !isTheirs) return decline('UNKNOWN_QUOTE');
    const countered: Answer = { ...question, typ: 'countered' };
    if (contract.bargainedPrice === question.price) return countered;
    if (contract.bargainedPrice !== undefined) return decline('SECOND_COUNTER');
    const quoted = contract.quote.body.price;
    const counter = {
      client: remotePeer,
      shape: contract.request.body.shape,
      priceMicroUsd: BigInt(question.price),
      quotedMicroUsd: BigInt(quoted),
    };
    const isTaken =
      counter.priceMicroUsd <= counter.quotedMicroUsd &&
      (await this.#askPolicy('counter', async (signal) => policy.reviewCounter?.(counter, signal)));
    const price = isTaken === true ? question.price : quoted;
    const bargained = await this.apply(contract, { type: 'bargained', price });
    if (!bargained.accepted) return decline(bargained.refusal);
    return isTaken === true ? countered : decline('PRICE_TOO_LOW');
  }

  async #onAccept(
    question: QuestionOf<'accept'>,
    { remotePeer, sessionHash }: Asker,
  ): Promise<Answer> {
    const { identity, store, policy, escrow } = this.#components;
    const agreement = openEnvelope(AGREEMENT, fromBase64Url(question.agreement), 1);
    if (!agreement.valid) return decline(agreement.reason);
    const { body } = agreement;
    if (body.client === body.contractor) return decline('SELF_DEALING');
    if (body.client !== remotePeer) return decline('WRONG_CLIENT');
    if (body.contractor !== identity.peerId) return decline('WRONG_CONTRACTOR');
    const known = await store.byQuote(fromBase64Url(body.quote));
    if (!known) return decline('UNKNOWN_QUOTE');
    const event = { type: 'proposed', agreement, sessionHash, escrow } as const;
    const proposed = await this.apply(known, event);
    if (!proposed.accepted) return decline(proposed.refusal);
    const { contract } = proposed;
    if (isAgreed(contract)) return this.#agreed(contract);
    const verdict = await this.#askPolicy('agreement', (signal) =>
      policy.acceptAgreement(
        {
          client: remotePeer,
          contractId: agreement.id,
          agreement: body,
          shape: contract.request.body.shape,
          priceMicroUsd: BigInt(body.price),
        },
        signal,
      ),
    );
    if (verdict !== true) return decline(verdict.decline);
    const both = countersign(AGREEMENT, contract.agreement ?? agreement, identity);
    const agreed = await this.apply(contract, { type: 'agreed', agreement: both });
    if (!agreed.accepted) return decline(agreed.refusal);
    this.#openQuotes.release(toHex(contract.request.id));
    return this.#agreed(agreed.contract);
  }

  #agreed({ agreement }: Contract): Answer {
    return agreement
      ? { v: 1, typ: 'agreed', agreement: envelopeText(agreement) }
      : decline('WRONG_STATE');
  }

  /** Contract with this id, if the asking peer is its client and this node its contractor. */
  async #contractOf(contractText: string, { remotePeer }: Asker): Promise<Contract | undefined> {
    const { identity, store } = this.#components;
    const contract = await store.byContract(fromBase64Url(contractText));
    if (!contract || !isAgreed(contract)) return undefined;
    const parties = partiesOf(contract);
    const isTheirs = parties.client === remotePeer && parties.contractor === identity.peerId;
    return isTheirs ? contract : undefined;
  }

  async #onCollect(question: QuestionOf<'collect'>, asker: Asker): Promise<Answer> {
    const contract = await this.#contractOf(question.contract, asker);
    if (!contract?.agreement) return decline('UNKNOWN_CONTRACT');
    if (contract.delivery) return this.#delivery(contract);
    if (contract.phase === 'VOID') return decline('TOO_LATE');
    if (contract.phase !== 'WORKING') return decline('NOT_READY');
    const { policy } = this.#components;
    const { id } = contract.agreement;
    const content = await this.#askPolicy('delivery', (signal) => policy.deliveryFor(id, signal));
    if (!content) return decline('NOT_READY');
    const result = await this.deliver(contract, content);
    return result.accepted ? this.#delivery(result.contract) : decline(result.refusal);
  }

  #delivery({ delivery }: Contract): Answer {
    return delivery
      ? { v: 1, typ: 'delivery', delivery: envelopeText(delivery) }
      : decline('NOT_READY');
  }

  async #onAcknowledge(question: QuestionOf<'acknowledge'>, asker: Asker): Promise<Answer> {
    const contract = await this.#contractOf(question.contract, asker);
    if (!contract) return decline('UNKNOWN_CONTRACT');
    const acknowledgement = openEnvelope(
      acknowledgementDefinition(partiesOf(contract)),
      fromBase64Url(question.acknowledgement),
    );
    if (!acknowledgement.valid) return decline(acknowledgement.reason);
    const result = await this.apply(contract, { type: 'acknowledged', acknowledgement });
    if (!result.accepted) return decline(result.refusal);
    const { sealKey } = result.contract;
    const key = sealKey === undefined ? {} : { key: toBase64Url(sealKey) };
    return { v: 1, typ: 'acknowledged', contract: question.contract, ...key };
  }

  async #onVerdict(question: QuestionOf<'verdict'>, asker: Asker): Promise<Answer> {
    const contract = await this.#contractOf(question.contract, asker);
    if (!contract) return decline('UNKNOWN_CONTRACT');
    const verdict = openEnvelope(
      verdictDefinition(partiesOf(contract)),
      fromBase64Url(question.verdict),
      1,
    );
    if (!verdict.valid) return decline(verdict.reason);
    const judged = await this.apply(contract, { type: 'judged', verdict });
    if (!judged.accepted) return decline(judged.refusal);
    const { phase, verdict: stored } = judged.contract;
    if (phase === 'RECEIPT' && stored) {
      return { v: 1, typ: 'receipt', receipt: envelopeText(stored) };
    }
    if (phase === 'DISPUTED') return { v: 1, typ: 'disputed', contract: question.contract };
    return this.#review(judged.contract, verdict, question.contract);
  }

  async #review(
    contract: Contract,
    verdict: OpenedEnvelope<Verdict> & { readonly valid: true },
    contractText: string,
  ): Promise<Answer> {
    const { identity } = this.#components;
    if ((await this.#reviewOf(contract, verdict.body)) === 'contest') {
      const contested = await this.apply(contract, { type: 'contested' });
      if (!contested.accepted) return decline(contested.refusal);
      return { v: 1, typ: 'disputed', contract: contractText };
    }
    const definition = verdictDefinition(partiesOf(contract));
    const receipt = countersign(definition, contract.verdict ?? verdict, identity);
    const settled = await this.apply(contract, { type: 'judged', verdict: receipt });
    if (!settled.accepted) return decline(settled.refusal);
    return { v: 1, typ: 'receipt', receipt: envelopeText(receipt) };
  }

  async #reviewOf(contract: Contract, verdict: Verdict): Promise<'countersign' | 'contest'> {
    // A "pass" pays the whole price: there is nothing to contest.
    if (verdict.outcome === 'pass') return 'countersign';
    const { policy } = this.#components;
    const question = {
      client: contract.request.body.client,
      contractId: fromBase64Url(verdict.contract),
      outcome: verdict.outcome,
      paidMicroUsd: BigInt(verdict.paid),
      priceMicroUsd: BigInt(contract.agreement?.body.price ?? '0'),
      checks: verdict.checks,
    };
    return this.#askPolicy('verdict', (signal) => policy.reviewVerdict(question, signal));
  }

  async #onCancel(question: QuestionOf<'cancel'>, asker: Asker): Promise<Answer> {
    const contract = await this.#contractOf(question.contract, asker);
    if (!contract) return decline('UNKNOWN_CONTRACT');
    const result = await this.apply(contract, { type: 'cancelled' });
    if (!result.accepted) return decline(result.refusal);
    return { v: 1, typ: 'cancelled', contract: question.contract };
  }

  async #onRelease(question: QuestionOf<'release'>, { remotePeer }: Asker): Promise<Answer> {
    const contract = await this.#components.store.byQuote(fromBase64Url(question.quote));
    const isTheirs = contract?.role === 'contractor' && partiesOf(contract).client === remotePeer;
    if (!contract || !isTheirs) return decline('UNKNOWN_QUOTE');
    if (isAgreed(contract)) return decline('WRONG_STATE');
    const result = await this.apply(contract, { type: 'cancelled' });
    if (!result.accepted) return decline(result.refusal);
    this.#openQuotes.release(toHex(contract.request.id));
    return { v: 1, typ: 'released', quote: question.quote };
  }

  #askPolicy<T>(what: string, ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(`policy: ${what}`, STEP_TIMEOUTS_MS.policy, undefined, ask);
  }
}
