/**
 * One side's record of a contract: the documents it holds and the phase it is in, from the quote
 * request to the receipt (wire-formats.md 4.2). A value; `agreement-machine.ts` makes the next one.
 *
 * @module
 */

import type { SignedDocument } from '../../crypto/envelope.ts';
import type {
  Acknowledgement,
  Agreement,
  Delivery,
  Parties,
  Quote,
  QuoteRequest,
  Verdict,
} from './documents.ts';

/** Which side keeps this record. */
export type Role = 'client' | 'contractor';

/** Phases of a contract; `README.md` beside this file has the table of their transitions. */
export const PHASES = [
  /** Asked, quoted, or proposed: no contract exists yet. */
  'NEGOTIATING',
  /** Both have signed: the contract exists. */
  'AGREED',
  /** The task was sent and its hash is the agreed one. */
  'WORKING',
  /** The contractor has signed what it delivers. */
  'DELIVERED',
  /** The client has signed that it holds it. */
  'ACKNOWLEDGED',
  /** The client has signed its verdict. */
  'VERDICT',
  /** Both have signed the verdict: the receipt. */
  'RECEIPT',
  /** The contractor contests the verdict, or got no acknowledgement in time. */
  'DISPUTED',
  /** Acknowledged, then no verdict in time: the price is owed without a receipt. */
  'LAPSED',
  /** Nothing is owed. */
  'VOID',
] as const;

/** Phase of a contract. */
export type Phase = (typeof PHASES)[number];

/** Why a contract is void. */
export const VOID_REASONS = ['EXPIRED', 'CANCELLED', 'NOT_DELIVERED'] as const;

/** Why a contract is void: never agreed in time, cancelled, or not delivered in time. */
export type VoidReason = (typeof VOID_REASONS)[number];

/** A contract as one side knows it. Every document in it has been verified. */
export interface Contract {
  readonly role: Role;
  readonly phase: Phase;
  /** Own clock when the phase began, in seconds since 1970. */
  readonly sinceSeconds: number;
  readonly request: SignedDocument<QuoteRequest>;
  readonly quote?: SignedDocument<Quote>;
  /**
   * Micro-USD that the one round of bargaining ended at: less than the quote's price, or equal to
   * it where the contractor refused. Left out: nobody has bargained.
   */
  readonly bargainedPrice?: string;
  /** With the client's signature while NEGOTIATING, with both from AGREED on. */
  readonly agreement?: SignedDocument<Agreement>;
  readonly delivery?: SignedDocument<Delivery>;
  /** Key of a sealed result, 32 bytes; the contractor's alone until the acknowledgement. */
  readonly sealKey?: Uint8Array;
  readonly acknowledgement?: SignedDocument<Acknowledgement>;
  /** With both signatures it is the receipt. */
  readonly verdict?: SignedDocument<Verdict>;
  readonly voidReason?: VoidReason;
}

/** A contract that has not left this side yet. */
export function newContract(
  role: Role,
  request: SignedDocument<QuoteRequest>,
  nowSeconds: number,
): Contract {
  return { role, phase: 'NEGOTIATING', sinceSeconds: nowSeconds, request };
}

/** The two sides of `contract`. */
export function partiesOf({ request }: Contract): Parties {
  return { client: request.body.client, contractor: request.body.contractor };
}

/** The other side of `contract`. */
export function otherSideOf({ role, request }: Contract): string {
  return role === 'client' ? request.body.contractor : request.body.client;
}

/** Whether both sides have signed the agreement. */
export function isAgreed({ agreement }: Contract): boolean {
  return agreement?.signers.length === 2;
}

/** Last second in which the contractor may deliver: iat + holdSecs + deliverSecs. */
export function deliverBySeconds({ iat, holdSecs, deliverSecs }: Agreement): number {
  return iat + holdSecs + deliverSecs;
}

/** Two signed documents of which a signer may only make one. */
export interface Evidence {
  readonly kind: 'SECOND_AGREEMENT' | 'SECOND_DELIVERY' | 'SECOND_VERDICT';
  /** docId of the quote request that both belong to, 32 bytes. */
  readonly requestId: Uint8Array;
  /** Who signed both. */
  readonly signer: string;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
}
