/**
 * The escrow machine: the table of wire-formats.md 4.3 in block time. Whatever the two sides do or
 * leave undone, each state ends by itself, the held money is posted or void exactly once, and a
 * failure needs no signature of the one who failed.
 *
 * Where the table leaves a choice: a verdict with both signatures also ends a DISPUTE, as stated; a
 * majority of arbiters must rule the same amount; a contest without arbiters ends at once.
 *
 * A side or an arbiter whose key is rotated meanwhile stays bound: the key that it has now acts in
 * its place, and the documents of the contract are still signed as the agreement names them. A
 * verdict that a dead key has signed counts only if the key that came after it lodges it.
 *
 * @module
 */

import { equalBytes, fromBase64Url, fromHex, toBase64Url, toHex } from '../../crypto/bytes.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import { sealKeyCommitment } from '../../crypto/sealed-result.ts';
import type { RefusalCode } from '../errors.ts';
import { checkPaid } from '../negotiation/checks.ts';
import {
  acknowledgementDefinition,
  deliveryDefinition,
  verdictDefinition,
} from '../negotiation/documents.ts';
import type { Delivery, Verdict } from '../negotiation/documents.ts';
import { RULING } from '../settlement/ruling.ts';
import {
  accountOf,
  availableForFees,
  changeAccount,
  hold,
  isMoved,
  post,
  release,
  successorOf,
} from './accounts.ts';
import type { BlockContext } from './block-context.ts';
import {
  recordContested,
  recordFailure,
  recordPaidShare,
  recordSilentPass,
} from './escrow-outcomes.ts';
import { settleEstate } from './identity-moves.ts';
import { FEES, contractKey } from './records.ts';
import type { ContractRecord, EscrowEnd } from './records.ts';
import type { OperationArgs } from './transactions.ts';

const SECOND_MS = 1_000;

type Refusal = RefusalCode | undefined;

/** An escrow with its id, hexadecimal. */
interface Escrow {
  readonly id: string;
  readonly contract: ContractRecord;
}

/** The escrow that a transaction is about, if its account is one of the sides. */
function escrowOf(
  { draft, timeMs }: BlockContext,
  contractId: string,
  submitter: string,
  who: 'party' | 'contractor' | 'anybody',
): Escrow | RefusalCode {
  const id = toHex(fromBase64Url(contractId));
  const contract = draft.get(contractKey(id)) as ContractRecord | undefined;
  if (!contract) return 'UNKNOWN_CONTRACT';
  const isContractor = submitter === successorOf(draft, contract.contractor);
  const isParty = isContractor || submitter === successorOf(draft, contract.client);
  if (who === 'party' && !isParty) return 'NOT_A_PARTY';
  if (who === 'contractor' && !isContractor) return 'NOT_A_PARTY';
  // Its time has come, and this block had no room to sweep it.
  if (contract.state !== 'CLOSED' && contract.dueMs <= timeMs) return 'TOO_LATE';
  return { id, contract };
}

function isIdOf(text: string, id: Uint8Array): boolean {
  return text === toBase64Url(id);
}

/** Why a contract is in no state for an operation: it is over, or not that far. */
function wrongState({ state }: ContractRecord): RefusalCode {
  return state === 'CLOSED' ? 'TOO_LATE' : 'WRONG_STATE';
}

function putContract(
  { draft }: BlockContext,
  { id, contract }: Escrow,
  change: Partial<ContractRecord>,
): void {
  draft.put(contractKey(id), { ...contract, ...change });
}

/** Who pays the dispute fee. */
type DisputeLoser = 'none' | 'client' | 'contractor' | 'both';

/** Moves the money of an escrow and closes it. */
function close(
  context: BlockContext,
  escrow: Escrow,
  { end, paid, loser }: { end: EscrowEnd; paid: bigint; loser: DisputeLoser },
): void {
  const { draft, rules, timeMs } = context;
  const { client, contractor, price, state } = escrow.contract;
  const { dispute } = rules.fees;
  const feeOf = (side: DisputeLoser) => (loser === side || loser === 'both' ? dispute : 0n);
  release(draft, client, contractor, { held: price, posted: paid });
  release(draft, client, FEES, { held: dispute, posted: feeOf('client') });
  if (state === 'CONTESTED') {
    release(draft, contractor, FEES, { held: dispute, posted: feeOf('contractor') });
  }
  putContract(context, escrow, {
    state: 'CLOSED',
    end,
    paid,
    dueMs: timeMs + rules.genesis.keepClosedSecs * SECOND_MS,
  });
  for (const side of [client, contractor]) settleEstate(draft, side);
}

/** Void if both sides ask for it before anything was delivered. */
export function cancel(
  context: BlockContext,
  submitter: string,
  args: OperationArgs<'cancel'>,
): Refusal {
  const escrow = escrowOf(context, args.contract, submitter, 'party');
  if (typeof escrow === 'string') return escrow;
  const { contract } = escrow;
  if (contract.state !== 'HELD') return wrongState(contract);
  const isClient = submitter === successorOf(context.draft, contract.client);
  const side = isClient ? 'client' : 'contractor';
  const isByBoth = contract.cancelledBy !== '' && contract.cancelledBy !== side;
  if (isByBoth) close(context, escrow, { end: 'CANCELLED', paid: 0n, loser: 'none' });
  else putContract(context, escrow, { cancelledBy: side });
  return undefined;
}

function checkSealing(
  { cipher, keyCommit }: Delivery,
  { delivery: kind }: ContractRecord,
  key: string | undefined,
): Refusal {
  const isSealed = kind === 'sealed';
  if (isSealed !== (cipher !== '') || isSealed !== (keyCommit !== '')) {
    return 'DELIVERY_KIND_MISMATCH';
  }
  if (!isSealed) return key === undefined ? undefined : 'DELIVERY_KIND_MISMATCH';
  if (key === undefined) return 'KEY_MISMATCH';
  const commitment = sealKeyCommitment(fromBase64Url(key));
  return equalBytes(commitment, fromBase64Url(keyCommit)) ? undefined : 'KEY_MISMATCH';
}

/** The contractor lodges its delivery, and shows that the client holds it if it can. */
export function deliver(
  context: BlockContext,
  submitter: string,
  args: OperationArgs<'deliver'>,
): Refusal {
  const escrow = escrowOf(context, args.contract, submitter, 'contractor');
  if (typeof escrow === 'string') return escrow;
  const { id, contract } = escrow;
  if (contract.state !== 'HELD') return wrongState(contract);
  const delivery = context.open(deliveryDefinition(contract), args.delivery);
  if (!delivery.valid) return delivery.reason;
  if (!isIdOf(delivery.body.contract, fromHex(id))) return 'CONTRACT_MISMATCH';
  const deliveryId = toBase64Url(delivery.id);
  if (contract.deliveryId !== '' && contract.deliveryId !== deliveryId) return 'SECOND_DELIVERY';
  if (args.ack === undefined) {
    putContract(context, escrow, { deliveryId });
    return undefined;
  }
  const ack = context.open(acknowledgementDefinition(contract), args.ack);
  if (!ack.valid) return ack.reason;
  if (ack.body.delivery !== deliveryId) return 'DELIVERY_MISMATCH';
  const refusal = checkSealing(delivery.body, contract, args.key);
  if (refusal) return refusal;
  const dueMs = context.timeMs + contract.verifySecs * SECOND_MS;
  putContract(context, escrow, { state: 'DELIVERED', deliveryId, dueMs });
  return undefined;
}

/** The client's verdict, alone or countersigned. */
export function judge(
  context: BlockContext,
  submitter: string,
  args: OperationArgs<'verdict'>,
): Refusal {
  const escrow = escrowOf(context, args.contract, submitter, 'party');
  if (typeof escrow === 'string') return escrow;
  const { id, contract } = escrow;
  const verdict = context.open(verdictDefinition(contract), args.verdict);
  if (!verdict.valid) return verdict.reason;
  if (!isIdOf(verdict.body.contract, fromHex(id))) return 'CONTRACT_MISMATCH';
  const refusal = checkPaid(verdict.body, { price: contract.price.toString() });
  if (refusal) return refusal;
  if (isByDeadKey(context, verdict.signers, submitter)) return 'ACCOUNT_MOVED';
  if (contract.verdictId !== '' && !isIdOf(contract.verdictId, verdict.id)) {
    return noteSecondVerdict(context, escrow);
  }
  return settle(context, escrow, verdict);
}

/**
 * Whether a verdict bears a signature of a key that was rotated away, and the key that came after
 * it does not lodge it. Who has the dead key may be a thief by now: no verdict that it signs moves
 * money of the owner, or is evidence against the owner. (An acknowledgement that it signs counts,
 * so that no client dodges payment by a rotation: the owner has to judge what was acknowledged in
 * time.) What the owner signed before can be lodged by the owner alone; without it the contract
 * ends by its times. One that two dead keys have signed can be lodged by nobody: whoever came after
 * one of them may hold the other as a thief.
 */
function isByDeadKey(
  { draft }: BlockContext,
  signers: readonly string[],
  submitter: string,
): boolean {
  return signers.some(
    (signer) => isMoved(draft, signer) && successorOf(draft, signer) !== submitter,
  );
}

/** The client has signed two verdicts of one contract: that is counted, once. */
function noteSecondVerdict(context: BlockContext, escrow: Escrow): Refusal {
  const { contract } = escrow;
  // Its own key of now has lodged it: a second verdict of a dead one is no evidence either.
  if (isMoved(context.draft, contract.client)) return 'ACCOUNT_MOVED';
  if (contract.hasSecondVerdict === 0) {
    putContract(context, escrow, { hasSecondVerdict: 1 });
    changeAccount(context.draft, contract.client, ({ equivocations }) => ({
      equivocations: equivocations + 1,
    }));
  }
  return 'SECOND_VERDICT';
}

function settle(context: BlockContext, escrow: Escrow, verdict: SignedDocument<Verdict>): Refusal {
  const { contract, id } = escrow;
  const { outcome } = verdict.body;
  const isAgreed = verdict.signers.length === 2;
  if (contract.state === 'CLOSED' || contract.state === 'CONTESTED') return wrongState(contract);
  const isOther = contract.deliveryId !== '' && contract.deliveryId !== verdict.body.delivery;
  if (isOther && !isAgreed) return 'DELIVERY_MISMATCH';

  const judged = { verdictId: toBase64Url(verdict.id), outcome, paid: BigInt(verdict.body.paid) };
  const next: Escrow = { id, contract: { ...contract, ...judged } };
  if (isAgreed || (outcome === 'pass' && contract.state !== 'DISPUTE')) {
    recordPaidShare(context, contract, judged.paid);
    const end = isAgreed ? 'AGREED' : 'PASSED';
    close(context, next, { end, paid: judged.paid, loser: 'none' });
    return undefined;
  }
  if (contract.state !== 'DELIVERED') return 'WRONG_STATE';
  const dueMs = context.timeMs + contract.disputeSecs * SECOND_MS;
  putContract(context, next, { state: 'DISPUTE', dueMs });
  return undefined;
}

/** The contractor contests the client's verdict, and puts the dispute fee beside the client's. */
export function contest(
  context: BlockContext,
  submitter: string,
  args: OperationArgs<'contest'>,
): Refusal {
  const escrow = escrowOf(context, args.contract, submitter, 'contractor');
  if (typeof escrow === 'string') return escrow;
  const { id, contract } = escrow;
  if (contract.state !== 'DISPUTE') return wrongState(contract);
  const { draft, rules, timeMs } = context;
  const { dispute } = rules.fees;
  const account = accountOf(draft, submitter)!;
  if (availableForFees(account) < dispute) return 'INSUFFICIENT_FUNDS';
  // What is held for a contract is held under the key that the contract names.
  if (submitter !== contract.contractor) post(draft, submitter, contract.contractor, dispute);
  hold(draft, contract.contractor, FEES, dispute);
  const contested: Escrow = { id, contract: { ...contract, state: 'CONTESTED' } };
  if (contract.arbiters.length === 0) {
    endUnruled(context, contested);
    return undefined;
  }
  putContract(context, contested, { dueMs: timeMs + contract.disputeSecs * SECOND_MS });
  return undefined;
}

function endUnruled(context: BlockContext, escrow: Escrow): void {
  recordContested(context, escrow.contract);
  close(context, escrow, { end: 'UNRULED', paid: 0n, loser: 'both' });
}

/** An arbiter's ruling, lodged by anybody. */
export function rule(
  context: BlockContext,
  submitter: string,
  args: OperationArgs<'rule'>,
): Refusal {
  const escrow = escrowOf(context, args.contract, submitter, 'anybody');
  if (typeof escrow === 'string') return escrow;
  const { id, contract } = escrow;
  if (contract.state !== 'CONTESTED') return wrongState(contract);
  const ruling = context.open(RULING, args.ruling);
  if (!ruling.valid) return ruling.reason;
  const { arbiter, contract: ruled } = ruling.body;
  if (!isIdOf(ruled, fromHex(id))) return 'CONTRACT_MISMATCH';
  const seats = contract.arbiters.filter((seat) => successorOf(context.draft, seat) === arbiter);
  const sides = [contract.client, contract.contractor];
  const isParty = sides.some((side) => successorOf(context.draft, side) === arbiter);
  if (seats.length === 0 || isParty) return 'NOT_AN_ARBITER';
  const hasRuled = (seat: string) => contract.rulings.some((known) => known.arbiter === seat);
  const seat = seats.find((one) => !hasRuled(one));
  if (seat === undefined) return 'SECOND_RULING';
  const paid = BigInt(ruling.body.paid);
  if (paid > contract.price) return 'PAID_ABOVE_PRICE';

  const rulings = [...contract.rulings, { arbiter: seat, paid }];
  const votes = rulings.filter((known) => known.paid === paid).length;
  const next: Escrow = { id, contract: { ...contract, rulings } };
  if (votes * 2 <= contract.arbiters.length) {
    putContract(context, next, {});
    return undefined;
  }
  recordPaidShare(context, contract, paid);
  const loser = paid > contract.paid ? 'client' : 'contractor';
  close(context, next, { end: 'RULED', paid, loser });
  return undefined;
}

/** Ends the state of an escrow whose time has come. */
export function expire(context: BlockContext, id: string, contract: ContractRecord): void {
  const escrow: Escrow = { id, contract };
  switch (contract.state) {
    case 'HELD': {
      const isLodged = contract.deliveryId !== '';
      if (isLodged) recordContested(context, contract);
      else recordFailure(context, contract);
      const end = isLodged ? 'UNCONFIRMED' : 'NOT_DELIVERED';
      return close(context, escrow, { end, paid: 0n, loser: 'none' });
    }
    case 'DELIVERED':
      recordSilentPass(context, contract);
      return close(context, escrow, { end: 'LAPSED', paid: contract.price, loser: 'none' });
    case 'DISPUTE':
      recordPaidShare(context, contract, contract.paid);
      return close(context, escrow, { end: 'UNDISPUTED', paid: contract.paid, loser: 'none' });
    case 'CONTESTED':
      return endUnruled(context, escrow);
    case 'CLOSED':
      return context.draft.remove(contractKey(id));
  }
}
