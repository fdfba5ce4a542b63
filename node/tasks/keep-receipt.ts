/**
 * From a settled contract to the receipt book. Both sides keep the receipt: it is what "paid" and
 * "earned" are sums of.
 *
 * @module
 */

import type { Logger } from '../../protocols/components.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { ReceiptBook } from '../../protocols/settlement/receipt-book.ts';

/** Keeps the receipt of a contract in phase RECEIPT; does nothing in any other phase. */
export async function keepReceipt(
  receipts: ReceiptBook,
  { phase, agreement, verdict, delivery }: Contract,
  nowSeconds: number,
  logger: Logger,
): Promise<void> {
  if (phase !== 'RECEIPT' || !agreement || !verdict) return;
  const documents = {
    agreement: agreement.envelope,
    verdict: verdict.envelope,
    ...(delivery ? { delivery: delivery.envelope } : {}),
  };
  const { refusal } = await receipts.add(documents, nowSeconds);
  if (refusal) logger.error({ refusal }, 'A receipt was not kept.');
}
