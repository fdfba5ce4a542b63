/**
 * Which receipts of its own work a contractor shows to whoever asks: the newest of each client
 * first, then the newest of all, since a client that asks gives one voice to each rater. And which
 * clients it has a receipt of, so that these may endorse it.
 *
 * Keeps only which contracts they belong to; the documents stand in the contract store. A contract
 * that was settled before this list existed is not in it.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { MAX_SHOWN_RECEIPTS, isShowable } from '../../protocols/card/receipt-messages.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { ContractStore } from '../../protocols/negotiation/contract-store.ts';
import type { Endorsement } from '../../protocols/attestation/holder.ts';
import { MAX_SHOWN_AGE_SECONDS, receiptChainOf } from '../../protocols/settlement/shown-receipt.ts';
import type { ReceiptChain } from '../../protocols/settlement/shown-receipt.ts';
import type { JsonSection } from '../storage/store.ts';

/** Contracts remembered per skill. */
const MAX_REMEMBERED = 32;
/** Skills whose answer is kept in memory. */
const MAX_CACHED_SKILLS = 64;

/** Settled contracts of one skill as they are stored, newest first. */
export interface StoredEarnings {
  readonly contracts: readonly {
    /** docId of the quote request, base64url. */
    readonly request: string;
    readonly client: string;
  }[];
}

/** What is asked of the contract store. */
type Contracts = Pick<ContractStore, 'byRequest' | 'byReceipt' | 'hasReceiptOf'>;

/** Receipts that one node earned. */
export class EarnedReceipts {
  readonly #section: JsonSection<StoredEarnings>;
  readonly #contracts: Contracts;
  readonly #answers = new Map<string, readonly ReceiptChain[]>();
  #writing: Promise<void> = Promise.resolve();

  constructor(section: JsonSection<StoredEarnings>, contracts: Contracts) {
    this.#section = section;
    this.#contracts = contracts;
  }

  /** Remembers a settled contract in which this node was the contractor. */
  add(contract: Contract): Promise<void> {
    const chain = receiptChainOf(contract);
    if (contract.role !== 'contractor' || !chain || !isShowable(chain)) return Promise.resolve();
    const { body, id } = contract.request;
    const entry = { request: toBase64Url(id), client: body.client };
    // One after the other: two receipts at once must not write over each other.
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        for (const skill of body.shape.skills) await this.#note(skill, entry);
      });
    return this.#writing;
  }

  async #note(skill: string, entry: StoredEarnings['contracts'][number]): Promise<void> {
    const { contracts: before } = (await this.#section.get(skill)) ?? { contracts: [] };
    const others = before.filter(({ request }) => request !== entry.request);
    const contracts = [entry, ...others].slice(0, MAX_REMEMBERED);
    await this.#section.put(skill, { contracts });
    this.#answers.delete(skill);
  }

  /** Whether this node has worked for `client` and settled with it. */
  hasClient(client: string): Promise<boolean> {
    return this.#contracts.hasReceiptOf(client);
  }

  /**
   * Whether an endorsement rests on a receipt of this node's work: for that client, at every skill
   * that it names, within 90 days. Reads one contract at most.
   */
  async isEarned(
    { endorser, skills, receiptId }: Endorsement,
    nowSeconds: number,
  ): Promise<boolean> {
    const contract = await this.#contracts.byReceipt(receiptId);
    if (contract?.role !== 'contractor' || contract.phase !== 'RECEIPT') return false;
    const { client, shape } = contract.request.body;
    const ageSeconds = nowSeconds - (contract.agreement?.body.iat ?? 0);
    return (
      client === endorser &&
      ageSeconds <= MAX_SHOWN_AGE_SECONDS &&
      skills.every((skill) => shape.skills.includes(skill))
    );
  }

  /** What is shown of one skill, at most {@link MAX_SHOWN_RECEIPTS}. */
  async shown(skill: string): Promise<readonly ReceiptChain[]> {
    const known = this.#answers.get(skill);
    if (known) return known;
    const stored = await this.#section.get(skill);
    if (!stored) return [];
    const clients = new Set<string>();
    const [firsts, rest] = [[], []] as StoredEarnings['contracts'][number][][];
    for (const entry of stored.contracts) {
      (clients.has(entry.client) ? rest : firsts)!.push(entry);
      clients.add(entry.client);
    }
    const chosen = [...firsts!, ...rest!].slice(0, MAX_SHOWN_RECEIPTS);
    const chains: ReceiptChain[] = [];
    for (const { request } of chosen) {
      const contract = await this.#contracts.byRequest(fromBase64Url(request));
      const chain = contract && receiptChainOf(contract);
      if (chain) chains.push(chain);
    }
    // The newest may not have been stored yet.
    if (chains.length < chosen.length) return chains;
    this.#answers.set(skill, chains);
    if (this.#answers.size > MAX_CACHED_SKILLS) {
      const [oldest] = this.#answers.keys();
      this.#answers.delete(oldest!);
    }
    return chains;
  }
}
