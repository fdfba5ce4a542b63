/**
 * What a contractor decides for itself, as the protocol asks it: price, credit, results, disputes.
 * `node/` implements it.
 *
 * @module
 */

import type { RefusalCode } from '../errors.ts';
import type { Contract, Evidence } from './contract.ts';
import type { Agreement, CheckResult, Load, TaskShape, Verdict } from './documents.ts';

/** A refusal of the contractor's own policy. */
export interface Declined {
  readonly decline: RefusalCode;
}

/** A client asks what a task of this shape would cost. */
export interface QuoteQuestion {
  readonly client: string;
  /** Salted hash of the task, 32 bytes; the task itself is not known yet. */
  readonly taskHash: Uint8Array;
  readonly shape: TaskShape;
  /** Slots held by open quotes of all clients, this one included. */
  readonly openQuotes: number;
}

/** Terms of a quote. The price is final. */
export interface QuoteTerms {
  readonly priceMicroUsd: bigint;
  readonly latencyMs: number;
  readonly capacitySecs: number;
  readonly load: Load;
}

/** A client would rather pay less than the quoted price. */
export interface CounterQuestion {
  readonly client: string;
  readonly shape: TaskShape;
  /** What it offers. */
  readonly priceMicroUsd: bigint;
  readonly quotedMicroUsd: bigint;
}

/** A client has signed an agreement on a quote of this contractor. */
export interface AgreementQuestion {
  readonly client: string;
  /** 32 bytes. */
  readonly contractId: Uint8Array;
  readonly agreement: Agreement;
  readonly shape: TaskShape;
  readonly priceMicroUsd: bigint;
}

/** What is delivered: see `resultManifest`. */
export interface DeliveryContent {
  /** Hash of the result's manifest, 32 bytes. */
  readonly result: Uint8Array;
  /** Bytes of all parts together. */
  readonly bytes: number;
  /** For a sealed delivery, and for none other. */
  readonly seal?: ResultSeal | undefined;
}

/** How a result is sealed. */
export interface ResultSeal {
  /** 32 bytes. */
  readonly key: Uint8Array;
  /** SHA-256 of the ciphertext, 32 bytes. */
  readonly cipher: Uint8Array;
}

/** A client pays less than the price, or nothing. */
export interface VerdictQuestion {
  readonly client: string;
  readonly contractId: Uint8Array;
  readonly outcome: Verdict['outcome'];
  readonly paidMicroUsd: bigint;
  readonly priceMicroUsd: bigint;
  readonly checks: readonly CheckResult[];
}

/**
 * Hooks of a contractor. Each is asked again if the client asks again, and must then give an answer
 * that fits the first one. A hook that throws or takes longer than `STEP_TIMEOUTS_MS.policy` makes
 * the question declined; nothing is signed.
 */
export interface ContractorPolicy {
  quoteFor(question: QuoteQuestion, signal: AbortSignal): Promise<QuoteTerms | Declined>;
  /** Whether the work is done for less than was quoted; left out: never. Asked once for a quote. */
  reviewCounter?(question: CounterQuestion, signal: AbortSignal): Promise<boolean>;
  /** Credit line and capacity. Held until the contract is settled; see `onContract`. */
  acceptAgreement(question: AgreementQuestion, signal: AbortSignal): Promise<true | Declined>;
  /** The finished result of a contract, or `undefined` while it is worked on. */
  deliveryFor(contractId: Uint8Array, signal: AbortSignal): Promise<DeliveryContent | undefined>;
  /** Asked for "partial" and "fail" only: a "pass" is always countersigned. */
  reviewVerdict(question: VerdictQuestion, signal: AbortSignal): Promise<'countersign' | 'contest'>;
  /**
   * A client states what it owes or has paid without a ledger (`stmt`, one signature). Gives it
   * back with both, stored before. Left out: this contractor keeps no such accounts.
   */
  reviewStatement?(
    client: string,
    envelope: Uint8Array,
    signal: AbortSignal,
  ): Promise<Uint8Array | Declined>;
  /** Told of each change, after it was stored. */
  onContract?(contract: Contract): void;
  /**
   * Told of each pair of documents that a client must not both have signed, after it was stored.
   */
  onEvidence?(evidence: Evidence): void;
}
