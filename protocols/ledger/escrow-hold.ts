/**
 * Taking funds into escrow: what an agreement must show before the ledger holds money for it
 * (wire-formats.md 4.1 to 4.3, first row).
 *
 * The agreement names its quote by hash, and the quote its request. Both come as bodies, without
 * signatures: who signed the agreement has signed their hashes. So the ledger learns the quoted
 * price and the task type, which is the first skill of the request.
 *
 * The price is held, and beside it what a lost dispute would cost the client: otherwise nobody
 * could collect it.
 *
 * @module
 */

import { equalBytes, fromBase64Url, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { decodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentDefinition } from '../../crypto/envelope.ts';
import { docId } from '../../crypto/identity.ts';
import type { RefusalCode } from '../errors.ts';
import { AGREEMENT, AGREEMENT_PERIODS, CLOCK_TOLERANCE_SECONDS } from '../negotiation/documents.ts';
import { QUOTE, QUOTE_REQUEST } from '../negotiation/documents.ts';
import type { Agreement, Quote, QuoteRequest } from '../negotiation/documents.ts';
import {
  accountOf,
  hasAccount,
  hold,
  isMoved,
  isSpendable,
  openAccount,
  post,
} from './accounts.ts';
import type { BlockContext } from './block-context.ts';
import { FEES, contractKey, quoteKey } from './records.ts';
import type { LedgerFees } from './genesis.ts';
import type { OperationArgs } from './transactions.ts';

const SECOND_MS = 1_000;

/** Body of a document that is bound by its id and needs no signature. */
function readBody<Body>(
  definition: DocumentDefinition<Body>,
  text: string,
  id: string,
): Body | undefined {
  const bytes = fromBase64Url(text);
  if (toBase64Url(docId(definition.kind, bytes)) !== id) return undefined;
  try {
    return definition.schema.parse(decodeDocument(bytes));
  } catch {
    return undefined;
  }
}

function checkTimes({ iat, holdSecs }: Agreement, quote: Quote, timeMs: number): Refusal {
  if (iat * SECOND_MS > timeMs + CLOCK_TOLERANCE_SECONDS * SECOND_MS) return 'NOT_YET_VALID';
  if (timeMs > (iat + holdSecs) * SECOND_MS || iat > quote.exp) return 'EXPIRED';
  return undefined;
}

type Refusal = RefusalCode | undefined;

function checkTerms(
  agreement: Agreement,
  quote: Quote,
  request: QuoteRequest,
  fees: LedgerFees,
): Refusal {
  const { client, contractor, arbiters } = agreement;
  if (request.client !== client) return 'WRONG_CLIENT';
  if (request.contractor !== contractor || quote.contractor !== contractor) {
    return 'WRONG_CONTRACTOR';
  }
  if (request.task !== agreement.task) return 'TASK_MISMATCH';
  if (request.shape.delivery !== agreement.delivery) return 'DELIVERY_KIND_MISMATCH';
  if (BigInt(agreement.price) > BigInt(quote.price)) return 'PRICE_ABOVE_QUOTE';
  // Nothing to hold is no escrow: it would be praise for free.
  if (agreement.price === '0') return 'NOT_PERMITTED';
  if (BigInt(agreement.fee) !== fees.escrow) return 'FEE_MISMATCH';
  const isPrivate = request.shape.sensitivity === 'high' && arbiters.length > 0;
  const isJudgedByParty = arbiters.includes(client) || arbiters.includes(contractor);
  return isPrivate || isJudgedByParty ? 'ARBITERS_NOT_PERMITTED' : undefined;
}

/** Holds the funds of an agreement, by either of its parties. */
export function holdFunds(
  context: BlockContext,
  submitter: string,
  args: OperationArgs<'hold'>,
): Refusal {
  const { draft, rules, timeMs } = context;
  const opened = context.open(AGREEMENT, args.agreement, 2);
  if (!opened.valid) return opened.reason;
  const { body: agreement, id } = opened;
  const { client, contractor } = agreement;
  if (submitter !== client && submitter !== contractor) return 'NOT_A_PARTY';
  // A treasury owes; what it gives out is minted and counted.
  if (rules.treasuries.has(client) || rules.treasuries.has(contractor)) return 'NOT_PERMITTED';
  // Signed with a dead key, or for one to judge: whoever has it now, it counts for nothing.
  const named = [client, contractor, ...agreement.arbiters];
  if (named.some((peerId) => isMoved(draft, peerId))) return 'ACCOUNT_MOVED';
  if (agreement.ledger === '') return 'WRONG_LEDGER';
  if (!equalBytes(fromBase64Url(agreement.ledger), rules.ledgerId)) return 'WRONG_LEDGER';
  const quote = readBody(QUOTE, args.quote, agreement.quote);
  if (!quote) return 'QUOTE_MISMATCH';
  const request = readBody(QUOTE_REQUEST, args.request, quote.req);
  if (!request) return 'REQUEST_MISMATCH';
  const refusal =
    checkTimes(agreement, quote, timeMs) ?? checkTerms(agreement, quote, request, rules.fees);
  if (refusal) return refusal;

  const usedQuote = quoteKey(toHex(fromBase64Url(agreement.quote)));
  if (draft.get(usedQuote)) return 'QUOTE_USED';
  const payer = accountOf(draft, client);
  if (!payer) return 'UNKNOWN_ACCOUNT';
  const { escrow, dispute, deposit } = rules.fees;
  const price = BigInt(agreement.price);
  const isNewContractor = !hasAccount(draft, contractor);
  const needed = price + escrow + dispute + (isNewContractor ? deposit : 0n);
  if (!isSpendable(payer, needed, deposit)) return 'INSUFFICIENT_FUNDS';

  if (isNewContractor) {
    openAccount(draft, contractor);
    post(draft, client, contractor, deposit);
  }
  post(draft, client, FEES, escrow);
  hold(draft, client, contractor, price);
  hold(draft, client, FEES, dispute);
  const lastHoldSeconds = quote.exp + AGREEMENT_PERIODS.holdSecs.max;
  draft.put(usedQuote, { dueMs: (lastHoldSeconds + 1) * SECOND_MS });
  draft.put(contractKey(toHex(id)), {
    client,
    contractor,
    price,
    taskType: request.shape.skills[0]!,
    delivery: agreement.delivery,
    verifySecs: agreement.verifySecs,
    disputeSecs: agreement.disputeSecs,
    arbiters: [...agreement.arbiters],
    state: 'HELD',
    dueMs: timeMs + agreement.deliverSecs * SECOND_MS,
    cancelledBy: '',
    deliveryId: '',
    verdictId: '',
    hasSecondVerdict: 0,
    outcome: '',
    paid: 0n,
    rulings: [],
    end: '',
  });
  return undefined;
}
