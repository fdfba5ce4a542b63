/**
 * Where contracts are kept: every document a side has signed or received, found again by request,
 * quote, contract or receipt id. `save` resolves only after a flush, so that a signature is on disk
 * before it is sent (wire-formats.md 4.2).
 *
 * @module
 */

import { z } from 'zod';
import { equalBytes, fromBase64Url, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits, DocumentValue } from '../../crypto/canonical-json.ts';
import { MAX_ENVELOPE_BYTES, fields, openEnvelope } from '../../crypto/envelope.ts';
import type { DocumentDefinition, SignedDocument } from '../../crypto/envelope.ts';
import { PHASES, VOID_REASONS, isAgreed } from './contract.ts';
import type { Contract, Evidence } from './contract.ts';
import {
  AGREEMENT,
  QUOTE,
  QUOTE_REQUEST,
  acknowledgementDefinition,
  deliveryDefinition,
  verdictDefinition,
} from './documents.ts';
import { ContractRecordError } from './errors.ts';

/** Bytes by key. A data directory offers it over its own database. */
export interface KeyValueStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, value: Uint8Array): Promise<void>;
  delete(key: string): Promise<void>;
  /** All entries whose key starts with `prefix`, keys ascending. */
  entries(prefix: string): AsyncIterable<readonly [key: string, value: Uint8Array]>;
  /** Resolves once everything put before is on disk. */
  flush(): Promise<void>;
}

const RECORD_LIMITS: DocumentLimits = { maxBytes: 262_144, maxDepth: 1 };

const envelope = fields.bytesUpTo(1, MAX_ENVELOPE_BYTES);
const recordSchema = z.strictObject({
  v: z.literal(1),
  role: z.enum(['client', 'contractor']),
  phase: z.enum(PHASES),
  since: z.number().int().min(0),
  request: envelope,
  quote: envelope.optional(),
  bargained: fields.decimal.optional(),
  agreement: envelope.optional(),
  delivery: envelope.optional(),
  sealKey: fields.bytes(32).optional(),
  acknowledgement: envelope.optional(),
  verdict: envelope.optional(),
  voidReason: z.enum(VOID_REASONS).optional(),
});

function text(document: SignedDocument<unknown> | undefined): string | undefined {
  return document && toBase64Url(document.envelope);
}

/** Bytes of a contract as it is stored. */
export function encodeContract(contract: Contract): Uint8Array {
  const record = {
    v: 1,
    role: contract.role,
    phase: contract.phase,
    since: contract.sinceSeconds,
    request: text(contract.request),
    quote: text(contract.quote),
    bargained: contract.bargainedPrice,
    agreement: text(contract.agreement),
    delivery: text(contract.delivery),
    sealKey: contract.sealKey && toBase64Url(contract.sealKey),
    acknowledgement: text(contract.acknowledgement),
    verdict: text(contract.verdict),
    voidReason: contract.voidReason,
  };
  return encodeDocument(record satisfies DocumentValue, RECORD_LIMITS);
}

function open<Body>(
  key: string,
  definition: DocumentDefinition<Body>,
  envelopeText: string,
  minSignatures?: number,
): SignedDocument<Body> {
  const opened = openEnvelope(
    { ...definition, ...(minSignatures === undefined ? {} : { minSignatures }) },
    fromBase64Url(envelopeText),
  );
  if (opened.valid) return opened;
  const problem = `${definition.kind} ${opened.reason}: ${opened.detail}`;
  throw new ContractRecordError({ key, problem });
}

/**
 * Contract of stored bytes, every signature verified again.
 *
 * @param key - Named in the error.
 * @throws {@link ContractRecordError} if the bytes are not what {@link encodeContract} wrote.
 */
export function decodeContract(key: string, bytes: Uint8Array): Contract {
  let record: z.infer<typeof recordSchema>;
  try {
    record = recordSchema.parse(decodeDocument(bytes, RECORD_LIMITS));
  } catch (cause) {
    throw new ContractRecordError({ key, problem: 'not a contract record' }, { cause });
  }
  const request = open(key, QUOTE_REQUEST, record.request);
  const parties = { client: request.body.client, contractor: request.body.contractor };
  const { quote, agreement, delivery, sealKey, acknowledgement, verdict, voidReason } = record;
  return {
    role: record.role,
    phase: record.phase,
    sinceSeconds: record.since,
    request,
    ...(quote !== undefined && { quote: open(key, QUOTE, quote) }),
    ...(record.bargained !== undefined && { bargainedPrice: record.bargained }),
    ...(agreement !== undefined && { agreement: open(key, AGREEMENT, agreement, 1) }),
    ...(delivery !== undefined && { delivery: open(key, deliveryDefinition(parties), delivery) }),
    ...(sealKey !== undefined && { sealKey: fromBase64Url(sealKey) }),
    ...(acknowledgement !== undefined && {
      acknowledgement: open(key, acknowledgementDefinition(parties), acknowledgement),
    }),
    ...(verdict !== undefined && { verdict: open(key, verdictDefinition(parties), verdict) }),
    ...(voidReason !== undefined && { voidReason }),
  };
}

/** Contracts that both have signed: kept. */
const CONTRACT_PREFIX = 'negotiation/contract/';
/** What nobody or only the client has signed: swept once it has run out. */
const OFFER_PREFIX = 'negotiation/offer/';
const QUOTE_PREFIX = 'negotiation/quote/';
const AGREEMENT_PREFIX = 'negotiation/agreement/';
const EVIDENCE_PREFIX = 'negotiation/evidence/';
/** Settled contracts by the docId of their receipt. */
const RECEIPT_PREFIX = 'negotiation/receipt/';
/** Clients that this node has worked for and settled with. */
const CLIENT_PREFIX = 'negotiation/client/';
/** Contracts that this node, as client, has settled, by contractor and request. */
const HIRED_PREFIX = 'negotiation/hired/';

function hiredKey(contractor: string): string {
  return `${HIRED_PREFIX}${contractor}/`;
}

/** Contracts of one node, in both roles. */
export class ContractStore {
  readonly #store: KeyValueStore;
  /** Keys whose flush has failed or is under way. */
  readonly #unflushed = new Set<string>();

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /** Contract of the quote request with this id (32 bytes). */
  async byRequest(requestId: Uint8Array): Promise<Contract | undefined> {
    for (const prefix of [CONTRACT_PREFIX, OFFER_PREFIX]) {
      const key = prefix + toHex(requestId);
      const bytes = await this.#store.get(key);
      if (!bytes) continue;
      // Whoever reads a signature may send it: after a failed flush it is not on disk yet.
      if (this.#unflushed.has(key)) await this.#flush(key);
      return decodeContract(key, bytes);
    }
    return undefined;
  }

  /** Contract of the quote with this id (32 bytes). */
  async byQuote(quoteId: Uint8Array): Promise<Contract | undefined> {
    const requestId = await this.#store.get(QUOTE_PREFIX + toHex(quoteId));
    return requestId && this.byRequest(requestId);
  }

  /** Contract with this contract id, the docId of its agreement (32 bytes). */
  async byContract(contractId: Uint8Array): Promise<Contract | undefined> {
    const requestId = await this.#store.get(AGREEMENT_PREFIX + toHex(contractId));
    const contract = requestId && (await this.byRequest(requestId));
    // The index is written first: after a crash it may name an agreement that was never stored.
    return contract?.agreement && equalBytes(contract.agreement.id, contractId)
      ? contract
      : undefined;
  }

  /** Settled contract whose receipt, the verdict with both signatures, has this id (32 bytes). */
  async byReceipt(receiptId: Uint8Array): Promise<Contract | undefined> {
    const requestId = await this.#store.get(RECEIPT_PREFIX + toHex(receiptId));
    const contract = requestId && (await this.byRequest(requestId));
    // As above: the index may have been stored without the contract.
    return contract?.phase === 'RECEIPT' && equalBytes(contract.verdict!.id, receiptId)
      ? contract
      : undefined;
  }

  /** Whether this node, as contractor, has a receipt of this client. Reads one entry. */
  async hasReceiptOf(client: string): Promise<boolean> {
    return (await this.#store.get(CLIENT_PREFIX + client)) !== undefined;
  }

  /** Contracts in which this node hired `contractor` and has its receipt. */
  async *hired(contractor: string): AsyncIterable<Contract> {
    for await (const [, requestId] of this.#store.entries(hiredKey(contractor))) {
      const contract = await this.byRequest(requestId);
      // As above: the index may have been stored without the contract.
      if (contract?.phase === 'RECEIPT') yield contract;
    }
  }

  /** Stores `contract` and flushes. */
  async save(contract: Contract): Promise<void> {
    const { request, quote, agreement, verdict, phase, role } = contract;
    if (quote) await this.#store.put(QUOTE_PREFIX + toHex(quote.id), request.id);
    if (agreement) await this.#store.put(AGREEMENT_PREFIX + toHex(agreement.id), request.id);
    if (phase === 'RECEIPT' && verdict) {
      await this.#store.put(RECEIPT_PREFIX + toHex(verdict.id), request.id);
      const { client, contractor } = request.body;
      if (role === 'contractor') await this.#store.put(CLIENT_PREFIX + client, verdict.id);
      else await this.#store.put(hiredKey(contractor) + toHex(request.id), request.id);
    }
    const offerKey = OFFER_PREFIX + toHex(request.id);
    const key = isAgreed(contract) ? CONTRACT_PREFIX + toHex(request.id) : offerKey;
    this.#unflushed.add(key);
    await this.#store.put(key, encodeContract(contract));
    if (key !== offerKey) await this.#store.delete(offerKey);
    await this.#flush(key);
  }

  async #flush(key: string): Promise<void> {
    await this.#store.flush();
    this.#unflushed.delete(key);
  }

  /** Forgets an offer that was never agreed. */
  async deleteOffer({ request, quote, agreement }: Contract): Promise<void> {
    if (quote) await this.#store.delete(QUOTE_PREFIX + toHex(quote.id));
    if (agreement) await this.#store.delete(AGREEMENT_PREFIX + toHex(agreement.id));
    await this.#store.delete(OFFER_PREFIX + toHex(request.id));
  }

  /** Every contract that both have signed. Each signature is verified again. */
  async *contracts(): AsyncIterable<Contract> {
    for await (const [key, bytes] of this.#store.entries(CONTRACT_PREFIX)) {
      yield decodeContract(key, bytes);
    }
  }

  /** Every request and quote that was not agreed, or not yet. */
  async *offers(): AsyncIterable<Contract> {
    for await (const [key, bytes] of this.#store.entries(OFFER_PREFIX)) {
      // A crash can leave the offer beside the contract that it became.
      const contractKey = CONTRACT_PREFIX + key.slice(OFFER_PREFIX.length);
      if (await this.#store.get(contractKey)) await this.#store.delete(key);
      else yield decodeContract(key, bytes);
    }
  }

  /** Keeps the first evidence of its kind per contract, and flushes. `false`: there was one. */
  async saveEvidence({ kind, requestId, signer, first, second }: Evidence): Promise<boolean> {
    const key = `${EVIDENCE_PREFIX}${toHex(requestId)}/${kind}`;
    if (await this.#store.get(key)) return false;
    const value = { kind, signer, first: toBase64Url(first), second: toBase64Url(second) };
    await this.#store.put(key, encodeDocument(value, RECORD_LIMITS));
    await this.#store.flush();
    return true;
  }
}
