/**
 * What one side of a contract does next on the ledger, by the table of wire-formats.md 4.3: from
 * its own documents, and from the escrow as it was proven. Pure: called again after every change
 * and every restart, it says the same for the same.
 *
 * On the straight way there are two transactions: the client's hold, and its verdict. The
 * contractor lodges only what the client keeps back.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import type { ContractRecord } from '../../protocols/ledger/records.ts';
import type { TransactionCall } from '../../protocols/ledger/transactions.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../../protocols/negotiation/documents.ts';

const SECOND_MS = 1_000;
/** How long the contractor leaves the client to lodge what ends the contract. */
export const GRACE_SECONDS = 10;
/** What the contractor has is lodged at the latest so long before its time is over. */
const LAST_CALL_MS = 60_000;

/** What to do. */
export type EscrowStep =
  | { readonly type: 'submit'; readonly call: TransactionCall }
  | { readonly type: 'wait' }
  /** Closed, or never held: there is nothing left to do. */
  | { readonly type: 'over'; readonly isHeld: boolean };

/** What a step stands on. */
export interface EscrowView {
  /** As this side keeps it, agreed by both. */
  readonly contract: Contract;
  /** As it was proven; `undefined` where its absence was. */
  readonly record: ContractRecord | undefined;
  /** Time of the block that it was proven against. */
  readonly blockMs: number;
  /** This side's own clock. */
  readonly nowMs: number;
}

const WAIT: EscrowStep = { type: 'wait' };

/** The next step of this side. */
export function nextEscrowStep(view: EscrowView): EscrowStep {
  const { contract, record, nowMs, blockMs } = view;
  const agreement = contract.agreement!;
  if (!record) {
    const { iat, holdSecs } = agreement.body;
    const lastMs = (iat + holdSecs + CLOCK_TOLERANCE_SECONDS) * SECOND_MS;
    return nowMs > lastMs && blockMs > lastMs ? { type: 'over', isHeld: false } : WAIT;
  }
  if (record.state === 'CLOSED') return { type: 'over', isHeld: true };
  const call = contract.role === 'client' ? clientCall(view, record) : contractorCall(view, record);
  return call ? { type: 'submit', call } : WAIT;
}

function clientCall(
  { contract, nowMs }: EscrowView,
  { state, cancelledBy }: ContractRecord,
): TransactionCall | undefined {
  const { phase, verdict, agreement, voidReason } = contract;
  if (verdict) {
    const isAgreed = verdict.signers.length === 2;
    const counts = isAgreed
      ? state !== 'CONTESTED'
      : state === 'DELIVERED' || (state === 'HELD' && verdict.body.outcome === 'pass');
    return counts ? verdictCall(contract) : undefined;
  }
  // A task that was never sent, as after a restart: the money need not wait for its time.
  const sentByMs = (contract.sinceSeconds + agreement!.body.holdSecs) * SECOND_MS;
  const isDropped = voidReason === 'CANCELLED' || (phase === 'AGREED' && nowMs > sentByMs);
  const mayCancel = state === 'HELD' && cancelledBy === '' && isDropped;
  return mayCancel ? { op: 'cancel', args: { contract: idOf(contract) } } : undefined;
}

function contractorCall(
  { contract, nowMs, blockMs }: EscrowView,
  record: ContractRecord,
): TransactionCall | undefined {
  const { phase, verdict, delivery, acknowledgement, sealKey } = contract;
  const { voidReason, sinceSeconds } = contract;
  const { state, cancelledBy, deliveryId, dueMs } = record;
  // Whoever waits for the client must not wait until the escrow has run out.
  const isLastCall = dueMs - blockMs < LAST_CALL_MS;
  const isPatient = !isLastCall && nowMs < (sinceSeconds + GRACE_SECONDS) * SECOND_MS;
  if (verdict?.signers.length === 2 && state !== 'CONTESTED') {
    return isPatient ? undefined : verdictCall(contract);
  }
  if (state === 'DISPUTE' && delivery && phase !== 'VERDICT') {
    return { op: 'contest', args: { contract: idOf(contract) } };
  }
  if (state !== 'HELD') return undefined;
  if (delivery && acknowledgement && !isPatient) {
    return {
      op: 'deliver',
      args: {
        contract: idOf(contract),
        delivery: toBase64Url(delivery.envelope),
        ack: toBase64Url(acknowledgement.envelope),
        ...(sealKey && { key: toBase64Url(sealKey) }),
      },
    };
  }
  if (delivery && deliveryId === '' && isLastCall) {
    return {
      op: 'deliver',
      args: { contract: idOf(contract), delivery: toBase64Url(delivery.envelope) },
    };
  }
  const isDropped = voidReason === 'CANCELLED' || phase === 'AGREED';
  return cancelledBy === 'client' && isDropped
    ? { op: 'cancel', args: { contract: idOf(contract) } }
    : undefined;
}

function verdictCall(contract: Contract): TransactionCall {
  const verdict = toBase64Url(contract.verdict!.envelope);
  return { op: 'verdict', args: { contract: idOf(contract), verdict } };
}

function idOf({ agreement }: Contract): string {
  return toBase64Url(agreement!.id);
}
