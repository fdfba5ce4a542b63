/**
 * The handshakes of one node, as initiator and as responder: who may start one, which keys they
 * use, and the sessions that come out (wire-formats.md 1.1 and 1.4).
 *
 * Handshakes in both directions at once both succeed: none waits for or refuses another.
 *
 * @module
 */

import type { Identity } from '../../crypto/identity.ts';
import { X25519_KEY_BYTES, x25519KeyPair } from '../../crypto/x25519.ts';
import type { X25519KeyPair } from '../../crypto/x25519.ts';
import type { Clock, Logger, Random } from '../components.ts';
import { SESSION_PROTOCOL } from '../protocol-ids.ts';
import { DeadlineError, raceSignal, withDeadline } from './deadline.ts';
import { dialStream } from './dial.ts';
import type { SessionHost } from './dial.ts';
import { HandshakeFailedError } from './errors.ts';
import { answerHandshake, initiateHandshake } from './handshake-exchange.ts';
import { InitiatorHandshake, ResponderHandshake } from './handshake.ts';
import type { HandshakeInit } from './handshake.ts';
import type { SessionLimits, SessionTimeouts } from './limits.ts';
import { SESSION_ROLES } from './session-keys.ts';
import type { SessionKeys, SessionRole } from './session-keys.ts';
import type { SessionStore } from './session-store.ts';
import { Session } from './session.ts';
import type { StreamDuplex } from './stream-duplex.ts';
import { TokenBuckets } from '../token-bucket.ts';

const SECONDS_PER_MINUTE = 60;

/** What handshakes need of their node. */
export interface SessionHandshakesInit {
  readonly host: SessionHost;
  readonly identity: Identity;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly store: SessionStore;
  readonly limits: SessionLimits;
  readonly timeouts: SessionTimeouts;
}

/** Makes sessions and puts them into the store. */
export class SessionHandshakes {
  readonly #init: SessionHandshakesInit;
  readonly #buckets: TokenBuckets;
  readonly #pending = new Map<string, Promise<Session>>();
  #answering = 0;
  #staticKey: X25519KeyPair | undefined;
  #staticKeyAtMs = 0;

  constructor(init: SessionHandshakesInit) {
    this.#init = init;
    const { handshakesPerMinute, handshakeBurst } = init.limits;
    const perSecond = handshakesPerMinute / SECONDS_PER_MINUTE;
    this.#buckets = new TokenBuckets({ burst: handshakeBurst, perSecond });
  }

  /**
   * A new session with `peerId`. Callers that ask while one is on its way share it.
   *
   * @param stopSignal - Ends the handshake itself; `signal` only this caller's wait.
   * @throws an error with `code` `PEER_UNREACHABLE` or `HANDSHAKE_FAILED`; or the signal's reason.
   */
  async connect(peerId: string, stopSignal: AbortSignal, signal?: AbortSignal): Promise<Session> {
    let pending = this.#pending.get(peerId);
    if (!pending) {
      pending = this.#initiate(peerId, stopSignal).finally(() => this.#pending.delete(peerId));
      this.#pending.set(peerId, pending);
    }
    return raceSignal(pending, signal);
  }

  async #initiate(peerId: string, stopSignal: AbortSignal): Promise<Session> {
    const { host, timeouts, store, clock, logger } = this.#init;
    const duplex = await dialStream(host, peerId, SESSION_PROTOCOL, timeouts.dialMs, [stopSignal]);
    if (typeof duplex === 'string') throw new HandshakeFailedError({ peerId, reason: duplex });
    const handshake = new InitiatorHandshake(this.#handshakeInit(peerId));
    let session: Session | undefined;
    const onKeys = (keys: SessionKeys) => {
      session = this.#addSession(peerId, SESSION_ROLES.initiator, keys);
    };
    try {
      const step = await withDeadline(timeouts.handshakeMs, [stopSignal], (signal) =>
        initiateHandshake(duplex, handshake, onKeys, signal),
      );
      if (!step.valid) throw new HandshakeFailedError({ peerId, reason: step.reason });
      session!.confirm(clock.monotonicMs());
      void duplex.close(timeouts.closeMs);
      logger.debug({ peerId, role: 'initiator' }, 'session established');
      return session!;
    } catch (error) {
      duplex.stream.abort(new Error('handshake failed'));
      handshake.erase();
      const failure = asHandshakeFailure(peerId, error, stopSignal);
      // CONFIRM was lost, but an OPEN that only the peer can make has come in its place.
      const isProved = session?.isConfirmed && failure.details.reason !== 'BAD_CONFIRM';
      if (session && isProved && !stopSignal.aborted) return session;
      if (session) store.remove(session);
      throw failure;
    }
  }

  /** Answers the handshake of `peerId` on this stream. Never rejects. */
  async answer(duplex: StreamDuplex, peerId: string, stopSignal: AbortSignal): Promise<void> {
    const { clock, timeouts, limits, logger, store } = this.#init;
    const isAllowed =
      this.#answering < limits.maxPendingHandshakes &&
      peerId !== this.#init.identity.peerId &&
      this.#buckets.take(peerId, clock.monotonicMs());
    if (!isAllowed) {
      duplex.stream.abort(new Error('too many handshakes'));
      logger.debug({ peerId }, 'handshake refused: too many');
      return;
    }
    const handshake = new ResponderHandshake(this.#handshakeInit(peerId));
    let session: Session | undefined;
    this.#answering++;
    try {
      const onKeys = (keys: SessionKeys) => {
        session = this.#addSession(peerId, SESSION_ROLES.responder, keys);
        session.confirm(clock.monotonicMs());
      };
      const step = await withDeadline(timeouts.handshakeMs, [stopSignal], (signal) =>
        answerHandshake(duplex, handshake, onKeys, signal),
      );
      if (!step.valid) throw new HandshakeFailedError({ peerId, reason: step.reason });
      logger.debug({ peerId, role: 'responder' }, 'session established');
      void duplex.close(timeouts.closeMs);
    } catch (error) {
      duplex.stream.abort(new Error('handshake failed'));
      handshake.erase();
      if (session) store.remove(session);
      const { reason } = asHandshakeFailure(peerId, error, stopSignal).details;
      logger.debug({ peerId, reason }, 'handshake failed');
    } finally {
      this.#answering--;
    }
  }

  #addSession(remotePeer: string, role: SessionRole, keys: SessionKeys): Session {
    const { store, limits, clock } = this.#init;
    const nowMs = clock.monotonicMs();
    const session = new Session({ remotePeer, role, keys, limits, nowMs });
    store.add(session);
    return session;
  }

  #handshakeInit(remotePeer: string): HandshakeInit {
    const { identity, random, clock, limits } = this.#init;
    const nowMs = clock.monotonicMs();
    if (!this.#staticKey || nowMs - this.#staticKeyAtMs >= limits.staticKeyLifetimeMs) {
      // Handshakes under way keep the old pair; the last of them lets go of it.
      this.#staticKey = x25519KeyPair(random.bytes(X25519_KEY_BYTES));
      this.#staticKeyAtMs = nowMs;
    }
    const ephemeralKey = x25519KeyPair(random.bytes(X25519_KEY_BYTES));
    return { identity, remotePeer, staticKey: this.#staticKey, ephemeralKey };
  }
}

function asHandshakeFailure(
  peerId: string,
  error: unknown,
  stopSignal: AbortSignal,
): HandshakeFailedError {
  if (error instanceof HandshakeFailedError) return error;
  const cause = { cause: error };
  if (stopSignal.aborted) return new HandshakeFailedError({ peerId, reason: 'STOPPED' }, cause);
  const reason = error instanceof DeadlineError ? 'TIMEOUT' : 'STREAM_ENDED';
  return new HandshakeFailedError({ peerId, reason }, cause);
}
