/**
 * Which receipts of its own work a contractor shows to whoever asks: one of each client, then a
 * second of each, and so on, since whoever asks gives one voice to each rater. Each time those come
 * first for which most was paid, of equals the newest: new names are free, and whoever buys small
 * tasks under eight of them must not fill the places of those who paid more. Whoever pays more than
 * the others does, under eight names at least; so far any price can be signed. And which clients it
 * has a receipt of, so that these may endorse it.
 *
 * Keeps only which contracts they belong to; the documents stand in the contract store. A contract
 * that was settled before this list existed is not in it. Receipts of sensitive tasks are never
 * shown.
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
/** How long an answer is kept in which a contract is lacking that is not stored yet, if ever. */
const INCOMPLETE_SECONDS = 10;

/** Settled contracts of one skill as they are stored, newest first. */
export interface StoredEarnings {
  readonly contracts: readonly EarnedContract[];
}

interface EarnedContract {
  /** docId of the quote request, base64url. */
  readonly request: string;
  readonly client: string;
  /** Left out in lists of an older version: it counts as nothing. */
  readonly paidMicroUsd?: number;
}

interface KeptAnswer {
  readonly chains: readonly ReceiptChain[];
  /** Up to this second no receipt of it is too old, and none that was lacking is looked for. */
  readonly untilSeconds: number;
}

/** What is asked of the contract store. */
type Contracts = Pick<ContractStore, 'byRequest' | 'byReceipt' | 'hasReceiptOf'>;

/** Receipts that one node earned. */
export class EarnedReceipts {
  readonly #section: JsonSection<StoredEarnings>;
  readonly #contracts: Contracts;
  readonly #answers = new Map<string, KeptAnswer>();
  /** Grows when a list changes: what was read before that is not kept. */
  #version = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(section: JsonSection<StoredEarnings>, contracts: Contracts) {
    this.#section = section;
    this.#contracts = contracts;
  }

  /** Remembers a settled contract in which this node was the contractor. */
  add(contract: Contract): Promise<void> {
    if (contract.role !== 'contractor' || !shownChainOf(contract)) return Promise.resolve();
    const { body, id } = contract.request;
    const paidMicroUsd = Number(contract.verdict?.body.paid ?? 0);
    const entry = { request: toBase64Url(id), client: body.client, paidMicroUsd };
    // One after the other: two receipts at once must not write over each other.
    this.#writing = this.#writing
      .catch(() => undefined)
      .then(async () => {
        for (const skill of body.shape.skills) await this.#note(skill, entry);
      });
    return this.#writing;
  }

  async #note(skill: string, entry: EarnedContract): Promise<void> {
    const { contracts: before } = (await this.#section.get(skill)) ?? { contracts: [] };
    const others = before.filter(({ request }) => request !== entry.request);
    await this.#section.put(skill, { contracts: withinLimit([entry, ...others]) });
    this.#version += 1;
    this.#answers.delete(skill);
  }

  /** Whether this node has worked for `client` and settled with it. */
  hasClient(client: string): Promise<boolean> {
    return this.#contracts.hasReceiptOf(client);
  }

  /**
   * Whether an endorsement rests on a receipt of this node's work: for that client, at every skill
   * that it names, of low sensitivity, within 90 days. Reads one contract at most.
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
      shape.sensitivity === 'low' &&
      ageSeconds <= MAX_SHOWN_AGE_SECONDS &&
      skills.every((skill) => shape.skills.includes(skill))
    );
  }

  /** What is shown of one skill now, at most {@link MAX_SHOWN_RECEIPTS}. */
  async shown(skill: string, nowSeconds: number): Promise<readonly ReceiptChain[]> {
    const known = this.#answers.get(skill);
    if (known && nowSeconds <= known.untilSeconds) return known.chains;
    const version = this.#version;
    const stored = await this.#section.get(skill);
    if (!stored) return [];
    const answer = await this.#read(stored.contracts, nowSeconds);
    if (this.#version === version) this.#keep(skill, answer);
    return answer.chains;
  }

  /** Receipts that are too old, or not there, take no place from others. */
  async #read(contracts: readonly EarnedContract[], nowSeconds: number): Promise<KeptAnswer> {
    const chains: ReceiptChain[] = [];
    let untilSeconds = Infinity;
    for (const { request } of inTurns(contracts)) {
      if (chains.length === MAX_SHOWN_RECEIPTS) break;
      const contract = await this.#contracts.byRequest(fromBase64Url(request));
      if (contract?.phase !== 'RECEIPT') {
        untilSeconds = Math.min(untilSeconds, nowSeconds + INCOMPLETE_SECONDS);
        continue;
      }
      const chain = shownChainOf(contract);
      const lastSeconds = (contract.agreement?.body.iat ?? 0) + MAX_SHOWN_AGE_SECONDS;
      if (!chain || lastSeconds < nowSeconds) continue;
      chains.push(chain);
      untilSeconds = Math.min(untilSeconds, lastSeconds);
    }
    return { chains, untilSeconds };
  }

  #keep(skill: string, answer: KeptAnswer): void {
    this.#answers.delete(skill);
    this.#answers.set(skill, answer);
    if (this.#answers.size <= MAX_CACHED_SKILLS) return;
    const [oldest] = this.#answers.keys();
    this.#answers.delete(oldest!);
  }
}

function shownChainOf(contract: Contract): ReceiptChain | undefined {
  const chain = receiptChainOf(contract);
  return chain && isShowable(chain, contract.request.body.shape) ? chain : undefined;
}

/** The newest first still, without those whose turn would come last. */
function withinLimit(contracts: readonly EarnedContract[]): readonly EarnedContract[] {
  const kept = new Set(inTurns(contracts).slice(0, MAX_REMEMBERED));
  return contracts.filter((entry) => kept.has(entry));
}

/** One of each client, then a second of each, and so on; in each turn by what was paid. */
function inTurns(contracts: readonly EarnedContract[]): readonly EarnedContract[] {
  const turns = new Map<string, number>();
  return contracts
    .toSorted((a, b) => (b.paidMicroUsd ?? 0) - (a.paidMicroUsd ?? 0))
    .map((entry) => {
      const turn = turns.get(entry.client) ?? 0;
      turns.set(entry.client, turn + 1);
      return { entry, turn };
    })
    .sort((a, b) => a.turn - b.turn)
    .map(({ entry }) => entry);
}
