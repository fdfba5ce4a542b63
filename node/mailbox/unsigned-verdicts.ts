/**
 * Contracts whose verdict one side has signed and the other not: those of a client that found its
 * contractor gone when it settled, and those of a contractor whose client has not judged yet. Each
 * is tried again, at growing intervals, until it is settled or three days old.
 *
 * @module
 */

import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger } from '../../protocols/components.ts';
import type { JsonSection } from '../storage/store.ts';

/** First time until it is tried again, in seconds; doubled each time, up to the longest. */
const FIRST_TRY_SECONDS = 30;
const LONGEST_TRY_SECONDS = 1_800;
/** How long a contract is waited for, in seconds: as long as a letter lives. */
export const WAIT_SECONDS = 259_200;
/** Most contracts of one side; the oldest is let go first. */
export const MAX_UNSIGNED = 4_096;

/** One contract; its entry is named by the contract id, base64url. */
export interface UnsignedVerdict {
  readonly contractId: string;
  readonly peerId: string;
  readonly sinceSeconds: number;
  /** PeerIds of those that keep letters about it. */
  readonly keepers: readonly string[];
  /** How often it was tried since the start. */
  readonly tries?: number;
}

interface Waiting extends UnsignedVerdict {
  readonly isStored: boolean;
  readonly tries: number;
  readonly nextTrySeconds: number;
}

export interface UnsignedVerdictsInit {
  readonly section: JsonSection<UnsignedVerdict>;
  /**
   * Whether a contract is stored when it is added, or with its first try. Nearly all that a
   * contractor delivers are judged before that.
   */
  readonly isStoredAtOnce: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class UnsignedVerdicts {
  readonly #init: UnsignedVerdictsInit;
  readonly #waiting = new Map<string, Waiting>();

  constructor(init: UnsignedVerdictsInit) {
    this.#init = init;
  }

  /** Takes up what was waited for before a restart; all of it is due at once. */
  async load(): Promise<void> {
    const now = nowSeconds(this.#init.clock);
    for (const entry of await this.#init.section.values({ limit: MAX_UNSIGNED })) {
      this.#waiting.set(entry.contractId, {
        ...entry,
        isStored: true,
        tries: 0,
        nextTrySeconds: now,
      });
    }
  }

  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a contract; one that is waited for already stays as it is.
   *
   * @param inSeconds - When it is tried first.
   */
  add(contractId: string, peerId: string, inSeconds = FIRST_TRY_SECONDS): void {
    if (this.#waiting.has(contractId)) return;
    const sinceSeconds = nowSeconds(this.#init.clock);
    const nextTrySeconds = sinceSeconds + inSeconds;
    const entry = { contractId, peerId, sinceSeconds, keepers: [] };
    this.#keep({ ...entry, tries: 0, nextTrySeconds, isStored: this.#init.isStoredAtOnce });
    for (const oldest of this.#waiting.keys()) {
      if (this.#waiting.size <= MAX_UNSIGNED) break;
      this.delete(oldest);
    }
  }

  /** Waits no longer: it is settled, or will never be. */
  delete(contractId: string): void {
    const waiting = this.#waiting.get(contractId);
    this.#waiting.delete(contractId);
    if (waiting?.isStored === true) this.#store(this.#init.section.delete(contractId));
  }

  /** Somebody keeps letters about it. */
  keptBy(contractId: string, keepers: readonly string[]): void {
    const waiting = this.#waiting.get(contractId);
    if (waiting) this.#keep({ ...waiting, keepers, isStored: true });
  }

  #keep(waiting: Waiting): void {
    const { contractId, peerId, sinceSeconds, keepers } = waiting;
    this.#waiting.set(contractId, waiting);
    if (!waiting.isStored) return;
    this.#store(this.#init.section.put(contractId, { contractId, peerId, sinceSeconds, keepers }));
  }

  /** Those of one peer. */
  of(peerId: string): readonly UnsignedVerdict[] {
    return [...this.#waiting.values()].filter((one) => one.peerId === peerId);
  }

  /**
   * Those that are due, of at most so many peers and so many of each; first of the peers that are
   * due longest. Each is due again later; those too old to be settled are let go.
   */
  takeDue(peers: number, ofEach: number): readonly (readonly UnsignedVerdict[])[] {
    const now = nowSeconds(this.#init.clock);
    const due = new Map<string, Waiting[]>();
    for (const [contractId, waiting] of this.#waiting) {
      if (now - waiting.sinceSeconds > WAIT_SECONDS) this.delete(contractId);
      else if (waiting.nextTrySeconds <= now) {
        const ofPeer = due.get(waiting.peerId);
        if (ofPeer) ofPeer.push(waiting);
        else due.set(waiting.peerId, [waiting]);
      }
    }
    const byTime = (a: Waiting, b: Waiting): number => a.nextTrySeconds - b.nextTrySeconds;
    const chosen = [...due.values()]
      .map((ofPeer) => ofPeer.toSorted(byTime).slice(0, ofEach))
      .sort((a, b) => byTime(a[0]!, b[0]!))
      .slice(0, peers);
    return chosen.map((ofPeer) => ofPeer.map((waiting) => this.#postpone(waiting, now)));
  }

  #postpone(waiting: Waiting, now: number): Waiting {
    const pauseSeconds = Math.min(FIRST_TRY_SECONDS * 2 ** waiting.tries, LONGEST_TRY_SECONDS);
    const next = { tries: waiting.tries + 1, nextTrySeconds: now + pauseSeconds };
    if (waiting.isStored) this.#waiting.set(waiting.contractId, { ...waiting, ...next });
    else this.#keep({ ...waiting, ...next, isStored: true });
    return waiting;
  }

  /** The memory counts now; the store only for the time after a restart. */
  #store(written: Promise<void>): void {
    written.catch((error: unknown) => {
      this.#init.logger.error({ err: error }, 'What waits for a verdict could not be written.');
    });
  }
}
