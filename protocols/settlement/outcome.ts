/**
 * What a contract comes to: what is owed and how each side rates it (wire-formats.md 4.3), on a side's
 * own clock, for contracts without a ledger. It decides what this side records and nothing else.
 *
 * Rulings of arbiters and deposits of dispute fees need a ledger and are not here.
 *
 * @module
 */

import { CLOCK_TOLERANCE_SECONDS } from '../negotiation/documents.ts';
import { elapse } from '../negotiation/agreement-machine.ts';
import type { Contract } from '../negotiation/contract.ts';

/** Why an amount is owed. */
export type SettlementBasis =
  /** Both have signed the verdict. */
  | 'RECEIPT'
  /** The client alone has signed "pass". */
  | 'CLIENT_VERDICT'
  /** The client was silent for verifySecs after its acknowledgement. */
  | 'CLIENT_SILENT'
  /** The contractor was silent for disputeSecs after a verdict that pays less. */
  | 'CONTRACTOR_SILENT';

/**
 * A contract's outcome. `passShare` and `weight` are the rating of the contractor: `weight *
 * passShare` counts as satisfied, the rest as not.
 */
export type Outcome =
  /** Not decided yet. */
  | { readonly status: 'open' }
  /** There was no contract, or both sides gave it up: nothing to rate. */
  | { readonly status: 'none' }
  | {
      readonly status: 'settled';
      readonly basis: SettlementBasis;
      readonly paidMicroUsd: bigint;
      readonly weight: number;
      readonly passShare: number;
    }
  /** Not delivered in time: nothing is owed, a failure of the contractor. */
  | { readonly status: 'void'; readonly weight: 1; readonly passShare: 0 }
  /** The two sides say different things: nothing is owed, half a failure of each. */
  | { readonly status: 'contested'; readonly weight: 0.5; readonly passShare: 0 };

/** Weight of a "pass" that only a client's silence says. */
export const SILENT_CLIENT_WEIGHT = 0.25;

/** Outcome of `contract` at `nowSeconds` of this side's clock. */
export function outcomeOf(contract: Contract, nowSeconds: number): Outcome {
  const current = elapse(contract, nowSeconds);
  switch (current.phase) {
    case 'VOID':
      return current.voidReason === 'NOT_DELIVERED'
        ? { status: 'void', weight: 1, passShare: 0 }
        : { status: 'none' };
    case 'LAPSED':
      return settled(current, 'CLIENT_SILENT', priceOf(current), SILENT_CLIENT_WEIGHT);
    case 'RECEIPT':
      return settled(current, 'RECEIPT', statedBy(current), 1);
    case 'VERDICT':
      return outcomeOfVerdict(current, nowSeconds);
    case 'DISPUTED':
      return { status: 'contested', weight: 0.5, passShare: 0 };
    default:
      return { status: 'open' };
  }
}

/** A verdict of the client that the contractor has neither signed nor contested. */
function outcomeOfVerdict(contract: Contract, nowSeconds: number): Outcome {
  if (contract.verdict?.body.outcome === 'pass') {
    return settled(contract, 'CLIENT_VERDICT', priceOf(contract), 1);
  }
  const disputeSecs = contract.agreement?.body.disputeSecs ?? 0;
  const tolerance = contract.role === 'client' ? CLOCK_TOLERANCE_SECONDS : 0;
  if (nowSeconds <= contract.sinceSeconds + disputeSecs + tolerance) return { status: 'open' };
  // Silence on a verdict is a failure in full, even where part of the price is paid.
  const paidMicroUsd = statedBy(contract);
  return { status: 'settled', basis: 'CONTRACTOR_SILENT', paidMicroUsd, weight: 1, passShare: 0 };
}

function priceOf({ agreement }: Contract): bigint {
  return BigInt(agreement?.body.price ?? '0');
}

function statedBy({ verdict }: Contract): bigint {
  return BigInt(verdict?.body.paid ?? '0');
}

function settled(
  contract: Contract,
  basis: SettlementBasis,
  paidMicroUsd: bigint,
  weight: number,
): Outcome {
  return {
    status: 'settled',
    basis,
    paidMicroUsd,
    weight,
    passShare: passShareOf(contract, paidMicroUsd),
  };
}

/** "partial" is a pass for the share that was paid; a free task passes or fails as a whole. */
function passShareOf(contract: Contract, paidMicroUsd: bigint): number {
  const outcome = contract.verdict?.body.outcome ?? 'pass';
  if (outcome !== 'partial') return outcome === 'pass' ? 1 : 0;
  return Number(paidMicroUsd) / Number(priceOf(contract));
}
