/**
 * Answers of the HTTP API about money and scores. Amounts are micro-USD.
 *
 * @module
 */

import type { EscrowEnd } from '../../protocols/ledger/records.ts';
import type { BilateralAccount } from './bilateral-accounts.ts';
import type { RatedRole } from '../../protocols/reputation/records.ts';

/** An account on the ledger, proven. */
export interface LedgerAccountDocument {
  readonly balanceMicroUsd: number;
  /** Held for contracts of this node as a client, with what a lost dispute would cost. */
  readonly heldMicroUsd: number;
  /** Held for this node as a contractor: what it gets if all is accepted. */
  readonly promisedMicroUsd: number;
  readonly creditLimitMicroUsd: number;
  /** What can be paid with now; the deposit stays. */
  readonly spendableMicroUsd: number;
  readonly transactions: number;
  readonly disputes: number;
  readonly equivocations: number;
}

/** An escrow of this node that is not closed. */
export interface EscrowDocument {
  readonly contractId: string;
  readonly role: 'client' | 'contractor' | null;
  /** `NONE`: nothing is held (yet). */
  readonly state: 'NONE' | 'HELD' | 'DELIVERED' | 'DISPUTE' | 'CONTESTED' | 'CLOSED';
  readonly end: EscrowEnd | null;
  readonly priceMicroUsd: number;
  /** When the state ends by itself, milliseconds since 1970. */
  readonly dueMs: number | null;
}

/** Receipts of this node with one peer: its own book, which nobody else has agreed to. */
export interface PeerAccountDocument {
  readonly peerId: string;
  readonly receipts: number;
  readonly paidMicroUsd: number;
  readonly earnedMicroUsd: number;
}

/** Answer of `ledger show`. */
export interface LedgerDocument {
  readonly peerId: string;
  /** `ledger`: proven by 2f + 1 replicas. `receipts`: the own book, for there is no ledger. */
  readonly source: 'ledger' | 'receipts';
  readonly ledger: {
    readonly ledgerId: string;
    readonly height: number;
    readonly blockTimeMs: number;
    readonly stateRoot: string;
    /** Number of this node in the committee; null if it is no replica. */
    readonly replica: number | null;
    /** Whom balances are claims on. */
    readonly treasuries: readonly string[];
    /** Null where this node has none. */
    readonly account: LedgerAccountDocument | null;
    readonly escrows: readonly EscrowDocument[];
    /** The key that the account had before, and which is dead; null for a first key. */
    readonly formerPeerId: string | null;
    /** The key that this account has passed to: this one is dead. Null while it is not. */
    readonly movedTo: string | null;
    /** Why the account of a former key, or the recovery key, is not where it should be. */
    readonly rotationProblem: string | null;
  } | null;
  readonly peers: readonly PeerAccountDocument[];
  /** What this node and its peers owe each other without a ledger. */
  readonly accounts: readonly BilateralAccount[];
  /** Why the ledger of this node is not shown; null where it is, or there is none. */
  readonly problem: string | null;
}

/** Answer of `ledger transfer` and `ledger pay-out`. */
export interface PaymentDocument {
  readonly op: 'transfer' | 'payOut';
  readonly to: string;
  readonly amountMicroUsd: number;
  readonly feeMicroUsd: number;
  readonly reference: string;
}

/** A page of blocks as they are stored, base64url. */
export interface BlocksDocument {
  readonly genesis: string;
  /** Of the last block that there is. */
  readonly height: number;
  readonly blocks: readonly {
    readonly height: number;
    readonly block: string;
    readonly commit: string;
  }[];
}

/** What shows that a score is the ledger's. */
export interface ScoreProofDocument {
  readonly status: 'proven';
  readonly height: number;
  readonly blockTimeMs: number;
  /** How long ago that was by this node's clock. */
  readonly blockAgeMs: number;
  /** PeerId of the broker that showed it; `null`: replicas did. */
  readonly broker: string | null;
  readonly stateRoot: string;
  /** Signatures on the header. */
  readonly signatures: number;
  readonly proofBytes: number;
}

/** One score of a peer. */
export interface ScoreDocument {
  readonly taskType: string;
  readonly role: RatedRole;
  /** Paper Eq. (14) as printed; a decimal string in units of 2^-32. */
  readonly scoreQ32: string;
  readonly score: number;
  /** The same evidence, fading towards one half. */
  readonly evidenceScore: number;
  /** Outcomes that it stands on, each by the weight of its rater and its price. */
  readonly weight: number;
  /**
   * `ledger`: agreed by the committee. `own`: what this node has seen. `receipts`: what the peer
   * chose to show, verified.
   */
  readonly source: 'own' | 'receipts' | 'ledger';
  readonly proof?: ScoreProofDocument;
}

/** Answer of `reputation`. */
export interface ReputationDocument {
  readonly peerId: string;
  /** Whose scores these are; null where they are this node's own, or the peer's receipts. */
  readonly ledgerId: string | null;
  /** Why the ledger of this node was not asked; null where it was, or there is none. */
  readonly problem: string | null;
  readonly scores: readonly ScoreDocument[];
}
