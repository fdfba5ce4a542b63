/**
 * How the contractors of a decision are called in its sentences and tables: by the ends of their
 * PeerIds, with as many characters as tell them apart. PeerIds are made by their owners, who can
 * search for one whose ends look like another's.
 *
 * @module
 */

import { shortPeerId, shortPeerIds } from './plain-text.ts';
import type { DecisionRequest } from './request.ts';

/** Names that were found, as long as somebody holds the request: each text asks for many. */
const namesOf = new WeakMap<DecisionRequest['candidates'], ReadonlyMap<string, string>>();

/** The name of a contractor among all that the request lists. */
export function contractorName({ candidates }: DecisionRequest, peerId: string): string {
  if (peerId === '') return '(no name)';
  let names = namesOf.get(candidates);
  if (names === undefined) {
    names = shortPeerIds(candidates.map((candidate) => candidate.peerId));
    namesOf.set(candidates, names);
  }
  return names.get(peerId) ?? shortPeerId(peerId);
}
