/**
 * What the records of other peers say of this node's clock. Each is dated and signed by its peer:
 * one from the future means that one of the two clocks is wrong, several that it is this one.
 *
 * Old records of peers that are gone are met in every DHT, so expired ones say something only where
 * no other is met.
 *
 * @module
 */

/** Peers that are kept; the one heard of longest ago goes first. */
const MAX_WITNESSES = 64;

/** How the last record of a peer was dated, by this node's clock. */
export type Dating = 'fine' | 'future' | 'expired';

/** How many peers' last record was dated how. */
export type WitnessCounts = Readonly<Record<Dating, number>>;

export class ClockWitnesses {
  readonly #byPeer = new Map<string, Dating>();

  /** A record whose signature was checked. */
  saw(peerId: string, dating: Dating): void {
    this.#byPeer.delete(peerId);
    this.#byPeer.set(peerId, dating);
    const [oldest] = this.#byPeer.keys();
    if (this.#byPeer.size > MAX_WITNESSES && oldest !== undefined) this.#byPeer.delete(oldest);
  }

  /** @param self - Left out: a node agrees with itself. */
  counts(self: string): WitnessCounts {
    const others = [...this.#byPeer].filter(([peerId]) => peerId !== self);
    const numberOf = (dating: Dating) => others.filter(([, one]) => one === dating).length;
    return { fine: numberOf('fine'), future: numberOf('future'), expired: numberOf('expired') };
  }
}
