/**
 * The state machine of a contract, one per role (wire-formats.md 4.2, and the clock rules of 4.3
 * for contracts without a ledger). Pure: a contract, an event and the time make the next contract
 * or a named refusal. Nothing that a peer sends makes it throw.
 *
 * A document that comes again changes nothing and is accepted. Another one in its place is refused,
 * with both as evidence. The machine neither signs nor stores: whoever drives it saves the next
 * contract, flushed, before the new signature leaves.
 *
 * @module
 */

import { equalBytes, toBase64Url } from '../../crypto/bytes.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import { sealKeyCommitment } from '../../crypto/sealed-result.ts';
import type { RefusalCode } from '../errors.ts';
import {
  checkAcknowledgement,
  checkAgreementParties,
  checkAgreementTerms,
  checkDelivery,
  checkQuote,
  checkVerdict,
  countersignBySeconds,
} from './checks.ts';
import { deliverBySeconds, isAgreed } from './contract.ts';
import type { Contract, Evidence, Phase, VoidReason } from './contract.ts';
import { CLOCK_TOLERANCE_SECONDS } from './documents.ts';
import type { EscrowTerms } from './checks.ts';
import type { Acknowledgement, Agreement, Delivery, Quote, Verdict } from './documents.ts';

/** What can happen to a contract. Documents have valid signatures of the contract's parties. */
export type ContractEvent =
  | { readonly type: 'quoted'; readonly quote: SignedDocument<Quote> }
  /** The round of bargaining has ended at this price, in micro-USD. */
  | { readonly type: 'bargained'; readonly price: string }
  /** Signed by the client: by this side, or as received. */
  | {
      readonly type: 'proposed';
      readonly agreement: SignedDocument<Agreement>;
      readonly sessionHash: Uint8Array;
      /** Where this side has its money held; left out: nowhere. */
      readonly escrow?: EscrowTerms | undefined;
    }
  /** The same with both signatures. */
  | { readonly type: 'agreed'; readonly agreement: SignedDocument<Agreement> }
  | { readonly type: 'workStarted' }
  | {
      readonly type: 'delivered';
      readonly delivery: SignedDocument<Delivery>;
      /** The contractor's, of a sealed delivery. */
      readonly sealKey?: Uint8Array | undefined;
    }
  /** The client has the key of a sealed result. */
  | { readonly type: 'unsealed'; readonly sealKey: Uint8Array }
  | { readonly type: 'acknowledged'; readonly acknowledgement: SignedDocument<Acknowledgement> }
  /** The client's verdict, with one signature or with both. */
  | { readonly type: 'judged'; readonly verdict: SignedDocument<Verdict> }
  /** The contractor contests the verdict. */
  | { readonly type: 'contested' }
  | { readonly type: 'cancelled' };

/** Next contract, or why the event was refused. */
export type StepResult =
  | {
      readonly accepted: true;
      readonly contract: Contract;
      /** `false` when nothing was learnt: a repetition. */
      readonly isNew: boolean;
    }
  | { readonly accepted: false; readonly refusal: RefusalCode; readonly evidence?: Evidence };

function refuse(refusal: RefusalCode): StepResult {
  return { accepted: false, refusal };
}

function repeated(contract: Contract): StepResult {
  return { accepted: true, contract, isNew: false };
}

function moved(
  contract: Contract,
  phase: Phase,
  nowSeconds: number,
  change: Partial<Contract> = {},
): StepResult {
  return { accepted: true, contract: enter(contract, phase, nowSeconds, change), isNew: true };
}

function enter(
  contract: Contract,
  phase: Phase,
  nowSeconds: number,
  change: Partial<Contract> = {},
): Contract {
  const sinceSeconds = phase === contract.phase ? contract.sinceSeconds : nowSeconds;
  return { ...contract, ...change, phase, sinceSeconds };
}

function isSame(
  a: { readonly id: Uint8Array } | undefined,
  b: { readonly id: Uint8Array },
): boolean {
  return a !== undefined && equalBytes(a.id, b.id);
}

/** Refusal of a second document where a signer may make one, with both as evidence. */
function refuseSecond(
  kind: Evidence['kind'],
  { request }: Contract,
  first: SignedDocument<unknown>,
  second: SignedDocument<unknown>,
): StepResult {
  const signer = first.signers[0]!;
  const evidence: Evidence = {
    kind,
    requestId: request.id,
    signer,
    first: first.envelope,
    second: second.envelope,
  };
  return { accepted: false, refusal: kind, evidence };
}

function voided(contract: Contract, voidReason: VoidReason, nowSeconds: number): Contract {
  return enter(contract, 'VOID', nowSeconds, { voidReason });
}

/** Whether a contract that nobody or only the client has signed has run out. */
function hasExpiredUnagreed(
  { role, request, quote, agreement }: Contract,
  nowSeconds: number,
): boolean {
  // A side is strict with times it signed itself and tolerant with the other's clock.
  const tolerance = role === 'client' ? CLOCK_TOLERANCE_SECONDS : 0;
  if (agreement) {
    const isPastQuote = role === 'contractor' && quote && nowSeconds > quote.body.exp;
    return nowSeconds > countersignBySeconds(agreement.body) || isPastQuote === true;
  }
  if (quote) return nowSeconds > quote.body.exp + tolerance;
  return nowSeconds > request.body.exp + CLOCK_TOLERANCE_SECONDS;
}

/**
 * The contract after the passing of time alone: unagreed offers run out, late deliveries make it
 * void, a delivery without acknowledgement is disputed, a silent client owes the price.
 */
export function elapse(contract: Contract, nowSeconds: number): Contract {
  if (contract.phase === 'NEGOTIATING') {
    const hasExpired = hasExpiredUnagreed(contract, nowSeconds);
    return hasExpired ? voided(contract, 'EXPIRED', nowSeconds) : contract;
  }
  const agreement = contract.agreement?.body;
  if (!agreement) return contract;
  const deliverBy =
    deliverBySeconds(agreement) + (contract.role === 'client' ? CLOCK_TOLERANCE_SECONDS : 0);
  switch (contract.phase) {
    case 'AGREED':
    case 'WORKING':
      return nowSeconds > deliverBy ? voided(contract, 'NOT_DELIVERED', nowSeconds) : contract;
    case 'DELIVERED': {
      const acknowledgeBy = deliverBySeconds(agreement) + CLOCK_TOLERANCE_SECONDS;
      return nowSeconds > acknowledgeBy ? enter(contract, 'DISPUTED', nowSeconds) : contract;
    }
    case 'ACKNOWLEDGED': {
      const verifyBy = contract.sinceSeconds + agreement.verifySecs;
      const tolerance = contract.role === 'contractor' ? CLOCK_TOLERANCE_SECONDS : 0;
      return nowSeconds > verifyBy + tolerance ? enter(contract, 'LAPSED', nowSeconds) : contract;
    }
    default:
      return contract;
  }
}

function onQuoted(contract: Contract, quote: SignedDocument<Quote>, now: number): StepResult {
  if (isSame(contract.quote, quote)) return repeated(contract);
  if (contract.quote) return refuse('SECOND_QUOTE');
  if (contract.phase !== 'NEGOTIATING') return refuse('TOO_LATE');
  const refusal = checkQuote(quote, contract.request, now);
  return refusal ? refuse(refusal) : moved(contract, 'NEGOTIATING', now, { quote });
}

function onBargained(contract: Contract, price: string, now: number): StepResult {
  const { quote, agreement, bargainedPrice, phase } = contract;
  if (!quote) return refuse('UNKNOWN_QUOTE');
  if (phase !== 'NEGOTIATING') return refuse('TOO_LATE');
  if (bargainedPrice === price) return repeated(contract);
  // One round for each quote. It slows a search for the lowest price, and does not end it: a
  // client that asks for a new quote each time finds it by halving.
  if (bargainedPrice !== undefined) return refuse('SECOND_COUNTER');
  if (agreement) return refuse('WRONG_STATE');
  if (BigInt(price) > BigInt(quote.body.price)) return refuse('PRICE_ABOVE_QUOTE');
  return moved(contract, 'NEGOTIATING', now, { bargainedPrice: price });
}

function onProposed(
  contract: Contract,
  { agreement, sessionHash, escrow }: Extract<ContractEvent, { type: 'proposed' }>,
  now: number,
): StepResult {
  const { request, quote, bargainedPrice } = contract;
  if (!quote) return refuse('UNKNOWN_QUOTE');
  const stranger = checkAgreementParties(agreement, request, quote);
  if (stranger) return refuse(stranger);
  if (isSame(contract.agreement, agreement)) {
    return contract.phase === 'VOID' && !isAgreed(contract)
      ? refuse('TOO_LATE')
      : repeated(contract);
  }
  if (contract.agreement) {
    return refuseSecond('SECOND_AGREEMENT', contract, contract.agreement, agreement);
  }
  if (contract.phase !== 'NEGOTIATING') return refuse('EXPIRED');
  const given = { request, quote, bargainedPrice, sessionHash, nowSeconds: now, escrow };
  const refusal = checkAgreementTerms(agreement, given);
  return refusal ? refuse(refusal) : moved(contract, 'NEGOTIATING', now, { agreement });
}

function onAgreed(
  contract: Contract,
  agreement: SignedDocument<Agreement>,
  now: number,
): StepResult {
  if (agreement.signers.length !== 2) return refuse('NOT_COUNTERSIGNED');
  if (!isSame(contract.agreement, agreement)) return refuse('AGREEMENT_ALTERED');
  if (isAgreed(contract)) return repeated(contract);
  if (contract.phase !== 'NEGOTIATING') return refuse('TOO_LATE');
  return moved(contract, 'AGREED', now, { agreement });
}

function onWorkStarted(contract: Contract, now: number): StepResult {
  if (contract.phase === 'AGREED') return moved(contract, 'WORKING', now);
  if (contract.phase === 'WORKING') return repeated(contract);
  return refuse(contract.phase === 'VOID' ? 'TOO_LATE' : 'WRONG_STATE');
}

function onDelivered(
  contract: Contract,
  { delivery, sealKey }: Extract<ContractEvent, { type: 'delivered' }>,
  now: number,
): StepResult {
  const { agreement, request } = contract;
  if (!agreement || !isAgreed(contract)) return refuse('WRONG_STATE');
  if (isSame(contract.delivery, delivery)) return repeated(contract);
  const refusal = checkDelivery(delivery, agreement, request);
  if (refusal) return refuse(refusal);
  if (contract.delivery) {
    return refuseSecond('SECOND_DELIVERY', contract, contract.delivery, delivery);
  }
  if (contract.phase === 'VOID') return refuse('TOO_LATE');
  if (contract.phase !== 'WORKING') return refuse('WRONG_STATE');
  return moved(contract, 'DELIVERED', now, { delivery, ...(sealKey && { sealKey }) });
}

function onAcknowledged(
  contract: Contract,
  acknowledgement: SignedDocument<Acknowledgement>,
  now: number,
): StepResult {
  if (!contract.delivery) return refuse('WRONG_STATE');
  if (isSame(contract.acknowledgement, acknowledgement)) return repeated(contract);
  const refusal = checkAcknowledgement(acknowledgement, contract.delivery);
  if (refusal) return refuse(refusal);
  if (contract.phase !== 'DELIVERED') {
    return refuse(contract.phase === 'DISPUTED' ? 'TOO_LATE' : 'WRONG_STATE');
  }
  return moved(contract, 'ACKNOWLEDGED', now, { acknowledgement });
}

/** Says nothing of the phase: a key that comes late opens the result as well. */
function onUnsealed(contract: Contract, sealKey: Uint8Array): StepResult {
  const { delivery, acknowledgement } = contract;
  if (!delivery || !acknowledgement) return refuse('WRONG_STATE');
  const commitment = toBase64Url(sealKeyCommitment(sealKey));
  if (commitment !== delivery.body.keyCommit) return refuse('KEY_MISMATCH');
  if (contract.sealKey) return repeated(contract);
  return { accepted: true, contract: { ...contract, sealKey }, isNew: true };
}

function onJudged(contract: Contract, verdict: SignedDocument<Verdict>, now: number): StepResult {
  const { agreement, delivery } = contract;
  if (!agreement || !delivery) return refuse('WRONG_STATE');
  const hasBoth = verdict.signers.length === 2;
  if (isSame(contract.verdict, verdict)) {
    if (!hasBoth || contract.phase === 'RECEIPT') return repeated(contract);
    return moved(contract, 'RECEIPT', now, { verdict });
  }
  const refusal = checkVerdict(verdict, agreement, delivery);
  if (refusal) return refuse(refusal);
  if (contract.verdict) {
    return refuseSecond('SECOND_VERDICT', contract, contract.verdict, verdict);
  }
  // A verdict starts with the client's own record of it: none can arrive there first.
  if (hasBoth) return refuse('WRONG_STATE');
  // The price is owed already; a late "pass" agrees with that, anything else does not.
  if (contract.phase === 'LAPSED' && verdict.body.outcome !== 'pass') return refuse('TOO_LATE');
  return moved(contract, 'VERDICT', now, { verdict });
}

function onContested(contract: Contract, now: number): StepResult {
  if (contract.phase === 'VERDICT') return moved(contract, 'DISPUTED', now);
  return contract.phase === 'DISPUTED' ? repeated(contract) : refuse('WRONG_STATE');
}

function onCancelled(contract: Contract, now: number): StepResult {
  if (contract.phase === 'VOID') return repeated(contract);
  const isOpen = ['NEGOTIATING', 'AGREED', 'WORKING'].includes(contract.phase);
  if (!isOpen) return refuse('WRONG_STATE');
  return moved(contract, 'VOID', now, { voidReason: 'CANCELLED' });
}

/**
 * The contract after `event` at `nowSeconds` of this side's own clock, or why the event is refused.
 * Time passes first: a refused event may have come too late.
 */
export function step(before: Contract, event: ContractEvent, nowSeconds: number): StepResult {
  const contract = elapse(before, nowSeconds);
  switch (event.type) {
    case 'quoted':
      return onQuoted(contract, event.quote, nowSeconds);
    case 'bargained':
      return onBargained(contract, event.price, nowSeconds);
    case 'proposed':
      return onProposed(contract, event, nowSeconds);
    case 'agreed':
      return onAgreed(contract, event.agreement, nowSeconds);
    case 'workStarted':
      return onWorkStarted(contract, nowSeconds);
    case 'delivered':
      return onDelivered(contract, event, nowSeconds);
    case 'acknowledged':
      return onAcknowledged(contract, event.acknowledgement, nowSeconds);
    case 'unsealed':
      return onUnsealed(contract, event.sealKey);
    case 'judged':
      return onJudged(contract, event.verdict, nowSeconds);
    case 'contested':
      return onContested(contract, nowSeconds);
    case 'cancelled':
      return onCancelled(contract, nowSeconds);
  }
}
