/**
 * The sessions that a node holds, within the limits of wire-formats.md 1.4: four for each peer,
 * 4,096 in all. Which session an opener uses, and which one gives way.
 *
 * @module
 */

import { toHex } from '../../crypto/bytes.ts';
import type { SessionLimits } from './limits.ts';
import type { Session } from './session.ts';

/** Sessions by id and by peer. A session that leaves the store is erased. */
export class SessionStore {
  readonly #limits: SessionLimits;
  /** In the order of arrival. */
  readonly #byId = new Map<string, Session>();
  /** Each peer's sessions, in the order of arrival. */
  readonly #byPeer = new Map<string, Session[]>();

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byId.size;
  }

  /** All sessions, oldest first. */
  values(): IterableIterator<Session> {
    return this.#byId.values();
  }

  /**
   * Adds a session; erases the peer's oldest, or the least useful of all, if there are too many.
   */
  add(session: Session): void {
    const ofPeer = this.#byPeer.get(session.remotePeer) ?? [];
    if (ofPeer.length >= this.#limits.maxSessionsPerPeer) this.remove(ofPeer[0]!);
    if (this.#byId.size >= this.#limits.maxSessions) this.#evict();
    this.#byId.set(toHex(session.id), session);
    const list = this.#byPeer.get(session.remotePeer);
    if (list) list.push(session);
    else this.#byPeer.set(session.remotePeer, [session]);
  }

  /** The session with this id, if it is one of `remotePeer` and has not expired. */
  find(id: Uint8Array, remotePeer: string, nowMs: number): Session | undefined {
    const session = this.#byId.get(toHex(id));
    if (session?.remotePeer !== remotePeer) return undefined;
    if (!session.hasExpired(nowMs)) return session;
    this.remove(session);
    return undefined;
  }

  /** The most recently confirmed session with `remotePeer` on which a stream can be opened. */
  newest(remotePeer: string, nowMs: number): Session | undefined {
    let newest: Session | undefined;
    for (const session of this.#byPeer.get(remotePeer) ?? []) {
      if (!session.canOpen(nowMs)) continue;
      if (!newest || session.ageMs(nowMs) <= newest.ageMs(nowMs)) newest = session;
    }
    return newest;
  }

  /** Erases every session whose time is over. */
  sweep(nowMs: number): void {
    for (const session of [...this.#byId.values()]) {
      if (session.hasExpired(nowMs)) this.remove(session);
    }
  }

  /** Erases a session. */
  remove(session: Session): void {
    session.erase();
    const id = toHex(session.id);
    if (this.#byId.get(id) === session) this.#byId.delete(id);
    const ofPeer = (this.#byPeer.get(session.remotePeer) ?? []).filter((s) => s !== session);
    if (ofPeer.length > 0) this.#byPeer.set(session.remotePeer, ofPeer);
    else this.#byPeer.delete(session.remotePeer);
  }

  /** Erases the sessions of a peer, or all. */
  clear(remotePeer?: string): void {
    for (const session of [...this.#byId.values()]) {
      if (remotePeer === undefined || session.remotePeer === remotePeer) this.remove(session);
    }
  }

  /** The least recently used session without live streams, else the least recently used. */
  #evict(): void {
    let victim: Session | undefined;
    for (const session of this.#byId.values()) {
      if (!victim || isLessUseful(session, victim)) victim = session;
    }
    if (victim) this.remove(victim);
  }
}

function isLessUseful(a: Session, b: Session): boolean {
  if ((a.liveStreams === 0) !== (b.liveStreams === 0)) return a.liveStreams === 0;
  return a.lastUsedAtMs < b.lastUsedAtMs;
}
