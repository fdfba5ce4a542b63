/**
 * What was last seen on offer by each peer, and what it proved then: for showing, and to ask the
 * peer again where it was met. No decision reads it. In memory, bounded.
 *
 * @module
 */

import { isAtOrBelow } from '../../protocols/skill-discovery/terms.ts';
import type { PeerDocument } from '../api-documents.ts';
import type { SurveyedContractor } from './contractor-survey.ts';

/** Peers remembered; the one seen longest ago goes first. */
export const MAX_PEERS = 512;
/** Terms remembered of one peer. */
export const MAX_TERMS = 16;

/** One skill of a peer as it was seen last. */
export interface SeenOffer {
  readonly term: string;
  /** Certificate level by this node's trust policy. */
  readonly level: number;
  readonly priceMicroUsd: number;
  readonly perUnit: string;
}

/** Offers by peer. */
export class KnownOffers {
  readonly #byPeer = new Map<string, Map<string, SeenOffer>>();

  note(contractors: readonly SurveyedContractor[]): void {
    for (const { hit, proved } of contractors) {
      const terms = this.#byPeer.get(hit.peerId) ?? new Map<string, SeenOffer>();
      const { priceMicroUsd, perUnit } = hit.offer;
      const term = hit.matchedTerm;
      terms.delete(term);
      terms.set(term, { term, level: proved.level, priceMicroUsd: Number(priceMicroUsd), perUnit });
      dropFirst(terms, MAX_TERMS);
      this.#byPeer.delete(hit.peerId);
      this.#byPeer.set(hit.peerId, terms);
    }
    dropFirst(this.#byPeer, MAX_PEERS);
  }

  peers(): readonly string[] {
    return [...this.#byPeer.keys()];
  }

  /** Peers that offered something at or below one of the terms, the one seen last first. */
  sellersOf(terms: readonly string[]): readonly string[] {
    const isWanted = (offered: string): boolean => terms.some((term) => isAtOrBelow(offered, term));
    return [...this.#byPeer]
      .filter(([, offers]) => [...offers.keys()].some(isWanted))
      .map(([peerId]) => peerId)
      .reverse();
  }

  of(peerId: string): readonly SeenOffer[] {
    return [...(this.#byPeer.get(peerId)?.values() ?? [])];
  }
}

function dropFirst<Value>(map: Map<string, Value>, limit: number): void {
  for (const key of map.keys()) {
    if (map.size <= limit) return;
    map.delete(key);
  }
}

/** What is shown of one peer: offers that were seen, and task types it worked in beside them. */
export function seenOffers(
  offers: readonly SeenOffer[],
  workedIn: readonly string[],
): PeerDocument['offers'] {
  const seen = new Set(offers.map(({ term }) => term));
  const others = workedIn.filter((term) => !seen.has(term)).slice(0, MAX_TERMS);
  const unseen = { level: null, priceMicroUsd: null, perUnit: null };
  return [...offers, ...others.map((term) => ({ term, ...unseen }))];
}
