/**
 * What is kept of each network, and what gives way where all of it is full: the network with the
 * most makes room for one that has less, so that a crowd of few networks drives out itself.
 *
 * @module
 */

import { EntryTally } from './entry-tally.ts';

/** Whatever has no network of its own to be counted for: a local address, or none, is free. */
const NO_NETWORK = 'none';

/** Things by network, those of each the longest there first. */
export class NetworkGroups<T> {
  readonly #counts = new EntryTally();
  readonly #members = new Map<string, Set<T>>();

  add(network: string | undefined, member: T): void {
    const group = network ?? NO_NETWORK;
    const members = this.#members.get(group) ?? new Set();
    this.#members.set(group, members);
    if (members.has(member)) return;
    members.add(member);
    this.#counts.add(group, 1);
  }

  delete(network: string | undefined, member: T): void {
    const group = network ?? NO_NETWORK;
    const members = this.#members.get(group);
    if (members?.delete(member) !== true) return;
    this.#counts.add(group, -1);
    if (members.size === 0) this.#members.delete(group);
  }

  /**
   * The one that makes room for one of `network`: of the network with the most the longest there.
   * None, unless that has two more: two networks would drive out each other by turns.
   */
  leavingFor(network: string | undefined): T | undefined {
    const [largest] = this.#counts.largest();
    if (largest === undefined) return undefined;
    const lead = this.#counts.countOf(largest) - this.#counts.countOf(network ?? NO_NETWORK);
    if (lead < 2) return undefined;
    const [oldest] = this.#members.get(largest)!;
    return oldest;
  }
}
