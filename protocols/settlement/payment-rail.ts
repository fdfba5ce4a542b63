/**
 * How the money of a contract moves: set aside before the work, posted or void after it. The rail
 * is chosen per contract; the negotiation and the receipts are the same on each.
 *
 * @module
 */

import type { RefusalCode } from '../errors.ts';

/** Documents that a reservation stands on: envelopes of agreement, quote and request. */
export interface ReservationAsk {
  readonly agreement: Uint8Array;
  readonly quote: Uint8Array;
  readonly request: Uint8Array;
}

/** The verdict on a contract, with one signature or with both. */
export interface SettlementAsk {
  /** 32 bytes. */
  readonly contractId: Uint8Array;
  readonly verdict: Uint8Array;
}

/** Whether a step was taken. */
export type RailOutcome =
  { readonly done: true } | { readonly done: false; readonly refusal: RefusalCode };

/** Money of this node on a rail, in micro-USD. */
export interface RailBalance {
  /** Below zero when this node owes. */
  readonly postedMicroUsd: bigint;
  readonly heldMicroUsd: bigint;
}

/** A way to pay. */
export interface PaymentRail {
  readonly name: string;
  /** Sets the price of an agreement aside. `TIMED_OUT` when `signal` ends the wait. */
  reserve(ask: ReservationAsk, signal?: AbortSignal): Promise<RailOutcome>;
  /** Whether the price is set aside beyond doubt: the contractor starts no sooner. */
  isReserved(contractId: Uint8Array, signal?: AbortSignal): Promise<boolean>;
  /** Posts what the verdict says, and voids the rest. */
  settle(ask: SettlementAsk): Promise<RailOutcome>;
  balance(): Promise<RailBalance>;
}
