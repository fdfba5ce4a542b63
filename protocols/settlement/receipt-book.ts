/**
 * The receipts that one node holds, and sums over them: what was paid is the sum of receipts. There
 * is one receipt per contract; a second, different one is refused.
 *
 * Not a ledger: nobody else agrees to this book, and no balance is kept.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, fromHex, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { MAX_ENVELOPE_BYTES, fields } from '../../crypto/envelope.ts';
import { KeyedLock } from '../negotiation/keyed-lock.ts';
import type { KeyValueStore } from '../negotiation/contract-store.ts';
import type { RefusalCode } from '../errors.ts';
import { verifyReceipt } from './receipt.ts';
import type { Receipt, ReceiptDocuments } from './receipt.ts';

const PREFIX = 'settlement/receipt/';
const ENTRY_LIMITS: DocumentLimits = { maxBytes: 131_072, maxDepth: 1 };

const envelope = fields.bytesUpTo(1, MAX_ENVELOPE_BYTES);
const entrySchema = z.strictObject({
  v: z.literal(1),
  at: z.number().int().min(0),
  agreement: envelope,
  verdict: envelope,
  delivery: envelope.optional(),
});

/** A receipt and when this node got it, in seconds since 1970. */
export interface ReceiptEntry {
  readonly receipt: Receipt;
  readonly recordedAtSeconds: number;
}

/** Outcome of {@link ReceiptBook.add}. */
export type AddedReceipt =
  | { readonly added: boolean; readonly receipt: Receipt; readonly refusal?: undefined }
  | { readonly added: false; readonly refusal: RefusalCode };

/** Which receipts to sum. Periods include their first second and exclude their last. */
export interface ReceiptFilter {
  readonly client?: string;
  readonly contractor?: string;
  readonly fromSeconds?: number;
  readonly toSeconds?: number;
}

/** Sum over receipts. */
export interface ReceiptTotals {
  readonly receipts: number;
  readonly paidMicroUsd: bigint;
  readonly priceMicroUsd: bigint;
}

/** A stored receipt does not verify any more. */
export class ReceiptRecordError extends Error {
  static override readonly name = 'ReceiptRecordError';
  override readonly name = 'ReceiptRecordError';
  readonly code = 'RECEIPT_RECORD_CORRUPT';
  readonly details: { readonly key: string; readonly reason: string };

  constructor(details: { readonly key: string; readonly reason: string }, options?: ErrorOptions) {
    super(
      `Stored receipt ${details.key} does not verify (${details.reason}); ` +
        'restore the data directory from a backup',
      options,
    );
    this.details = details;
  }
}

/** Receipts of one node, in both roles. */
export class ReceiptBook {
  readonly #store: KeyValueStore;
  readonly #lock = new KeyedLock();
  #summaries: Promise<Map<string, Summary>> | undefined;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /**
   * Verifies a receipt and keeps it, flushed. `added` is `false` without a refusal if the same
   * receipt is there already.
   */
  add(documents: ReceiptDocuments, nowSeconds: number): Promise<AddedReceipt> {
    const verified = verifyReceipt(documents);
    if (!verified.valid) return Promise.resolve({ added: false, refusal: verified.reason });
    const { receipt } = verified;
    const key = PREFIX + toHex(receipt.contractId);
    return this.#lock.run(key, async (): Promise<AddedReceipt> => {
      const known = await this.get(receipt.contractId);
      if (known) {
        const isSame = toHex(known.receipt.receiptId) === toHex(receipt.receiptId);
        return isSame ? { added: false, receipt } : { added: false, refusal: 'SECOND_VERDICT' };
      }
      const entry = {
        v: 1,
        at: nowSeconds,
        agreement: toBase64Url(documents.agreement),
        verdict: toBase64Url(documents.verdict),
        delivery: documents.delivery && toBase64Url(documents.delivery),
      };
      await this.#store.put(key, encodeDocument(entry, ENTRY_LIMITS));
      await this.#store.flush();
      // A load that is under way may have passed this key already.
      const summaries = await this.#summaries;
      summaries?.set(
        toHex(receipt.contractId),
        summaryOf({ receipt, recordedAtSeconds: nowSeconds }),
      );
      return { added: true, receipt };
    });
  }

  /** Receipt of a contract (32 bytes), verified again, or `undefined`. */
  async get(contractId: Uint8Array): Promise<ReceiptEntry | undefined> {
    const key = PREFIX + toHex(contractId);
    const bytes = await this.#store.get(key);
    return bytes && readEntry(key, bytes);
  }

  /** Every receipt, verified again. @throws {@link ReceiptRecordError} on a damaged one. */
  async *entries(): AsyncIterable<ReceiptEntry> {
    for await (const [key, bytes] of this.#store.entries(PREFIX)) yield readEntry(key, bytes);
  }

  /**
   * Sums the receipts that `filter` lets through. The first call verifies every stored receipt;
   * later ones sum what is in memory.
   *
   * @throws as {@link ReceiptBook.entries}.
   */
  async totals(filter: ReceiptFilter = {}): Promise<ReceiptTotals> {
    let receipts = 0;
    let paidMicroUsd = 0n;
    let priceMicroUsd = 0n;
    for (const summary of (await this.#load()).values()) {
      if (!isIn(summary, filter)) continue;
      receipts += 1;
      paidMicroUsd += summary.paidMicroUsd;
      priceMicroUsd += summary.priceMicroUsd;
    }
    return { receipts, paidMicroUsd, priceMicroUsd };
  }

  /** The newest receipts first, each verified again, and how many there are. */
  async newest(
    limit: number,
  ): Promise<{ readonly entries: readonly ReceiptEntry[]; readonly total: number }> {
    const summaries = await this.#load();
    const newest = [...summaries]
      .sort(([, a], [, b]) => b.recordedAtSeconds - a.recordedAtSeconds)
      .slice(0, limit);
    const entries: ReceiptEntry[] = [];
    for (const [contractId] of newest) {
      const entry = await this.get(fromHex(contractId));
      if (entry) entries.push(entry);
    }
    return { entries, total: summaries.size };
  }

  #load(): Promise<Map<string, Summary>> {
    this.#summaries ??= this.#summarise().catch((error: unknown) => {
      this.#summaries = undefined;
      throw error;
    });
    return this.#summaries;
  }

  async #summarise(): Promise<Map<string, Summary>> {
    const summaries = new Map<string, Summary>();
    for await (const entry of this.entries()) {
      summaries.set(toHex(entry.receipt.contractId), summaryOf(entry));
    }
    return summaries;
  }
}

/** What sums need of a receipt. */
type Summary = Pick<Receipt, 'client' | 'contractor' | 'paidMicroUsd' | 'priceMicroUsd'> &
  Pick<ReceiptEntry, 'recordedAtSeconds'>;

function summaryOf({ receipt, recordedAtSeconds }: ReceiptEntry): Summary {
  const { client, contractor, paidMicroUsd, priceMicroUsd } = receipt;
  return { client, contractor, paidMicroUsd, priceMicroUsd, recordedAtSeconds };
}

function isIn(receipt: Summary, filter: ReceiptFilter): boolean {
  const { recordedAtSeconds } = receipt;
  const { client, contractor, fromSeconds, toSeconds } = filter;
  if (client !== undefined && receipt.client !== client) return false;
  if (contractor !== undefined && receipt.contractor !== contractor) return false;
  if (fromSeconds !== undefined && recordedAtSeconds < fromSeconds) return false;
  return toSeconds === undefined || recordedAtSeconds < toSeconds;
}

/** An entry of stored bytes, under the key it must have. */
function readEntry(key: string, bytes: Uint8Array): ReceiptEntry {
  let documents: ReceiptDocuments;
  let recordedAtSeconds: number;
  try {
    const entry = entrySchema.parse(decodeDocument(bytes, ENTRY_LIMITS));
    recordedAtSeconds = entry.at;
    documents = {
      agreement: fromBase64Url(entry.agreement),
      verdict: fromBase64Url(entry.verdict),
      ...(entry.delivery !== undefined && { delivery: fromBase64Url(entry.delivery) }),
    };
  } catch (cause) {
    throw new ReceiptRecordError({ key, reason: 'not a receipt record' }, { cause });
  }
  const verified = verifyReceipt(documents);
  if (!verified.valid) throw new ReceiptRecordError({ key, reason: verified.reason });
  if (key !== PREFIX + toHex(verified.receipt.contractId)) {
    throw new ReceiptRecordError({ key, reason: 'a receipt of another contract' });
  }
  return { receipt: verified.receipt, recordedAtSeconds };
}
