/**
 * The sessions of one node: opens and accepts encrypted streams, on a session that exists or on a
 * new one, and lets sessions go in time (wire-formats.md 1.2 and 1.4).
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import type { Connection, Stream } from '@libp2p/interface';
import { isPeerId } from '../../crypto/identity.ts';
import type { Identity } from '../../crypto/identity.ts';
import type { Clock, Logger, Random } from '../components.ts';
import { SESSION_PROTOCOL } from '../protocol-ids.ts';
import type { SecureProtocol } from '../protocol-ids.ts';
import type { SecureStream, SecureStreamHandler, SecureStreams } from '../secure-stream.ts';
import { DeadlineError, withDeadline } from './deadline.ts';
import { MAX_PROTOCOL_STREAMS, dialStream } from './dial.ts';
import type { SessionHost } from './dial.ts';
import { HandshakeFailedError, StreamRefusedError } from './errors.ts';
import type { StreamRefusal } from './errors.ts';
import { FrameOpener, FrameSealer } from './frames.ts';
import { FRAME_LIMITS, SESSION_LIMITS, SESSION_TIMEOUTS } from './limits.ts';
import type { FrameLimits, SessionLimits, SessionTimeouts } from './limits.ts';
import { answerOpen, requestOpen } from './open-exchange.ts';
import type { AcceptedOpen } from './open-exchange.ts';
import { EncryptedStream } from './secure-stream.ts';
import { SessionHandshakes } from './session-handshakes.ts';
import { SESSION_ROLES } from './session-keys.ts';
import { SessionStore } from './session-store.ts';
import type { Session } from './session.ts';
import { StreamDuplex } from './stream-duplex.ts';
import { CONTEXT_BYTES, REJECT_CODES } from './stream-open.ts';
import type { OpenAnswer } from './stream-open.ts';

/** Whether this node and `remotePeer` are the parties of the stored agreement with this id. */
export type IsParty = (context: Uint8Array, remotePeer: string) => boolean | Promise<boolean>;

/** What a `SessionManager` is handed. */
export interface SessionManagerInit {
  /** libp2p, or the part of it that is used. */
  readonly host: SessionHost;
  readonly identity: Identity;
  readonly clock: Clock;
  /** Must be cryptographic. */
  readonly random: Random;
  readonly logger: Logger;
  /** Asked for each stream that names a contract. Default: no such stream is accepted. */
  readonly isParty?: IsParty;
  readonly limits?: Partial<SessionLimits>;
  readonly timeouts?: Partial<SessionTimeouts>;
  readonly frameLimits?: Partial<FrameLimits>;
}

/** A session as an operator sees it. */
export interface SessionSummary {
  readonly peerId: string;
  readonly role: 'initiator' | 'responder';
  readonly ageMs: number;
  readonly liveStreams: number;
}

interface Registration {
  readonly protocol: SecureProtocol;
  readonly handler: SecureStreamHandler;
}

/** How often expired sessions are looked for. */
const SWEEP_INTERVAL_MS = 1_000;

const ZERO_CONTEXT = new Uint8Array(CONTEXT_BYTES);

/** Implements `SecureStreams` over libp2p. */
export class SessionManager implements SecureStreams {
  readonly #init: SessionManagerInit;
  readonly #limits: SessionLimits;
  readonly #timeouts: SessionTimeouts;
  readonly #frameLimits: FrameLimits;
  readonly #store: SessionStore;
  readonly #handshakes: SessionHandshakes;
  readonly #registrations = new Map<string, Registration>();
  readonly #streams = new Set<EncryptedStream>();
  #isParty: IsParty;
  #stop: AbortController | undefined;
  #sweepTimer: ReturnType<typeof setInterval> | undefined;

  constructor(init: SessionManagerInit) {
    this.#init = init;
    this.#limits = { ...SESSION_LIMITS, ...init.limits };
    this.#timeouts = { ...SESSION_TIMEOUTS, ...init.timeouts };
    this.#frameLimits = { ...FRAME_LIMITS, ...init.frameLimits };
    this.#isParty = init.isParty ?? (() => false);
    this.#store = new SessionStore(this.#limits);
    this.#handshakes = new SessionHandshakes({
      ...init,
      store: this.#store,
      limits: this.#limits,
      timeouts: this.#timeouts,
    });
  }

  /** Registers the handshake and every protocol handled so far. */
  async start(): Promise<void> {
    if (this.#stop) return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    setMaxListeners(0, signal); // one for each exchange under way
    this.#sweepTimer = setInterval(() => {
      this.#store.sweep(this.#init.clock.monotonicMs());
    }, SWEEP_INTERVAL_MS).unref();
    await this.#serve(SESSION_PROTOCOL, (duplex, peerId) =>
      this.#handshakes.answer(duplex, peerId, signal),
    );
    for (const registration of this.#registrations.values()) await this.#register(registration);
  }

  /** Aborts every stream, erases every session and takes no more. */
  async stop(): Promise<void> {
    if (!this.#stop) return;
    this.#stop.abort(new Error('the session manager was stopped'));
    this.#stop = undefined;
    clearInterval(this.#sweepTimer);
    for (const stream of [...this.#streams]) stream.abort('cancelled');
    this.#store.clear();
    await this.#init.host.unhandle([SESSION_PROTOCOL, ...this.#registrations.keys()]);
  }

  /** Replaces the check of streams that name a contract. */
  setIsParty(isParty: IsParty): void {
    this.#isParty = isParty;
  }

  /** The sessions that are held, oldest first. */
  sessions(): readonly SessionSummary[] {
    const nowMs = this.#init.clock.monotonicMs();
    return [...this.#store.values()].map((session) => ({
      peerId: session.remotePeer,
      role: session.role === SESSION_ROLES.initiator ? 'initiator' : 'responder',
      ageMs: session.ageMs(nowMs),
      liveStreams: session.liveStreams,
    }));
  }

  /**
   * Aborts the streams with a peer and erases its sessions. It may come back by a new handshake.
   */
  drop(peerId: string): void {
    for (const stream of [...this.#streams]) {
      if (stream.remotePeer === peerId) stream.abort('cancelled');
    }
    this.#store.clear(peerId);
  }

  handle(protocol: SecureProtocol, handler: SecureStreamHandler): void {
    if (this.#registrations.has(protocol.id)) {
      throw new TypeError(`"protocol" ${protocol.id} has a handler already`);
    }
    const registration = { protocol, handler };
    this.#registrations.set(protocol.id, registration);
    if (!this.#stop) return;
    this.#register(registration).catch((error: unknown) => {
      this.#init.logger.error({ protocol: protocol.id, error }, 'protocol could not be registered');
    });
  }

  async open(
    peerId: string,
    protocol: SecureProtocol,
    options: { readonly context?: Uint8Array; readonly signal?: AbortSignal } = {},
  ): Promise<SecureStream> {
    const { context = ZERO_CONTEXT, signal } = options;
    if (!isPeerId(peerId) || peerId === this.#init.identity.peerId) {
      throw new TypeError(`"peerId" expected the PeerId of another Ed25519 key, got ${peerId}`);
    }
    if (context.length !== CONTEXT_BYTES) {
      throw new TypeError(`"context" expected ${CONTEXT_BYTES} bytes, got ${context.length}`);
    }
    signal?.throwIfAborted();
    const session = await this.#sessionFor(peerId, undefined, signal);
    const first = await this.#openOn(session, protocol, context, signal);
    if (first instanceof EncryptedStream) return first;
    if (first !== 'UNKNOWN_SESSION') throw this.#refused(peerId, protocol, first);
    const fresh = await this.#sessionFor(peerId, session, signal);
    const second = await this.#openOn(fresh, protocol, context, signal);
    if (second instanceof EncryptedStream) return second;
    throw this.#refused(peerId, protocol, second);
  }

  #refused(peerId: string, protocol: SecureProtocol, reason: StreamRefusal): StreamRefusedError {
    return new StreamRefusedError({ peerId, protocol: protocol.id, reason });
  }

  /** The newest session with a peer other than `stale`, else a new one; renews an ageing one. */
  async #sessionFor(
    peerId: string,
    stale: Session | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Session> {
    const stop = this.#stop?.signal;
    if (!stop) throw new HandshakeFailedError({ peerId, reason: 'STOPPED' });
    const nowMs = this.#init.clock.monotonicMs();
    const session = this.#store.newest(peerId, nowMs);
    if (!session || session === stale) return this.#handshakes.connect(peerId, stop, signal);
    if (session.ageMs(nowMs) >= this.#limits.renewalMs) {
      this.#handshakes.connect(peerId, stop).catch((error: unknown) => {
        this.#init.logger.debug({ peerId, error }, 'session could not be renewed yet');
      });
    }
    return session;
  }

  /** A stream on `session`, or why there is none. */
  async #openOn(
    session: Session,
    protocol: SecureProtocol,
    context: Uint8Array,
    signal: AbortSignal | undefined,
  ): Promise<EncryptedStream | StreamRefusal> {
    const { host, clock, random } = this.#init;
    const { dialMs, openMs } = this.#timeouts;
    const signals = [signal, this.#stop?.signal];
    const duplex = await dialStream(host, session.remotePeer, protocol.id, dialMs, signals);
    if (typeof duplex === 'string') return duplex;
    const refuse = (reason: StreamRefusal): StreamRefusal => {
      duplex.stream.abort(new Error('no stream came about'));
      return reason;
    };
    const nowMs = clock.monotonicMs();
    if (!session.canOpen(nowMs)) return refuse('UNKNOWN_SESSION');
    if (!session.reserveStream()) return refuse('BUSY');
    const body = { purpose: protocol.purpose, context, nonce: random.bytes(32) };
    let answer: OpenAnswer;
    try {
      const outgoing = session.createOpen(body, nowMs);
      answer = await withDeadline(openMs, signals, (s) => requestOpen(duplex, outgoing, s));
    } catch (error) {
      session.releaseStream();
      refuse('STREAM_ENDED');
      signal?.throwIfAborted();
      return error instanceof DeadlineError ? 'TIMEOUT' : 'STREAM_ENDED';
    }
    if (answer.kind === 'accepted') {
      const { openerToAcceptor, acceptorToOpener } = answer.secrets;
      answer.secrets.confirm.fill(0);
      const secrets = { send: openerToAcceptor, receive: acceptorToOpener };
      return this.#createStream(duplex, session, protocol, context, secrets);
    }
    session.releaseStream();
    return refuse(refusalOf(answer));
  }

  #createStream(
    duplex: StreamDuplex,
    session: Session,
    protocol: SecureProtocol,
    context: Uint8Array,
    secrets: { readonly send: Uint8Array; readonly receive: Uint8Array },
  ): EncryptedStream {
    const { clock } = this.#init;
    const stream: EncryptedStream = new EncryptedStream({
      duplex,
      remotePeer: session.remotePeer,
      sessionHash: session.hash.slice(),
      context: context.slice(),
      maxMessageBytes: protocol.maxMessageBytes,
      hasBytesAfterFirst: protocol.hasArtifacts === true && context.some((byte) => byte !== 0),
      sealer: new FrameSealer(secrets.send, clock.monotonicMs(), this.#frameLimits),
      opener: new FrameOpener(secrets.receive, this.#frameLimits),
      clock,
      closeMs: this.#timeouts.closeMs,
      onClosed: () => {
        session.releaseStream();
        this.#streams.delete(stream);
      },
    });
    if (!stream.isClosed) this.#streams.add(stream);
    return stream;
  }

  async #register({ protocol, handler }: Registration): Promise<void> {
    await this.#serve(protocol.id, (duplex, peerId) =>
      this.#accept(protocol, handler, duplex, peerId),
    );
  }

  async #serve(
    protocolId: string,
    serve: (duplex: StreamDuplex, peerId: string) => Promise<void>,
  ): Promise<void> {
    await this.#init.host.handle(
      protocolId,
      (stream: Stream, connection: Connection) => {
        // Before any await: bytes that come without a listener may never be seen.
        const duplex = new StreamDuplex(stream);
        return serve(duplex, connection.remotePeer.toString());
      },
      {
        maxInboundStreams: MAX_PROTOCOL_STREAMS,
        maxOutboundStreams: MAX_PROTOCOL_STREAMS,
        runOnLimitedConnection: true, // a relay bounds what it carries
      },
    );
  }

  /** Serves one inbound stream. Never rejects. */
  async #accept(
    protocol: SecureProtocol,
    handler: SecureStreamHandler,
    duplex: StreamDuplex,
    remotePeer: string,
  ): Promise<void> {
    const accepted = await this.#answerOpen(protocol, duplex, remotePeer);
    if (!accepted) return;
    const { session, context, secrets } = accepted;
    secrets.confirm.fill(0);
    const stream = this.#createStream(duplex, session, protocol, context, {
      send: secrets.acceptorToOpener,
      receive: secrets.openerToAcceptor,
    });
    const fields = { peerId: remotePeer, protocol: protocol.id };
    try {
      await handler(stream);
    } catch (error) {
      // A peer that ends its streams early must not be able to fill the log.
      const level = error === stream.failure ? 'debug' : 'warn';
      this.#init.logger[level]({ ...fields, error }, 'stream handler failed');
      stream.abort('internal');
      return;
    }
    try {
      await withDeadline(this.#timeouts.closeMs, [], (signal) => stream.finish(signal));
    } catch (error) {
      this.#init.logger.debug({ ...fields, error }, 'stream did not end cleanly');
      stream.abort('cancelled');
    }
  }

  async #answerOpen(
    protocol: SecureProtocol,
    duplex: StreamDuplex,
    remotePeer: string,
  ): Promise<AcceptedOpen | undefined> {
    const { clock, random, logger } = this.#init;
    const { openMs, closeMs } = this.#timeouts;
    const nowMs = () => clock.monotonicMs();
    const fields = { peerId: remotePeer, protocol: protocol.id };
    try {
      const outcome = await withDeadline(openMs, [this.#stop?.signal], (signal) =>
        answerOpen(
          duplex,
          {
            protocol,
            remotePeer,
            nowMs,
            findSession: (id) => this.#store.find(id, remotePeer, nowMs()),
            isParty: (context) => this.#isParty(context, remotePeer),
            createNonce: () => random.bytes(32),
          },
          signal,
        ),
      );
      if (typeof outcome !== 'number') return outcome;
      logger.debug({ ...fields, code: outcome }, 'stream refused');
      void duplex.close(closeMs);
    } catch (error) {
      logger.debug({ ...fields, error }, 'stream was not opened');
      duplex.stream.abort(new Error('no stream came about'));
    }
    return undefined;
  }
}

function refusalOf(answer: Exclude<OpenAnswer, { readonly kind: 'accepted' }>): StreamRefusal {
  if (answer.kind === 'invalid') return 'BAD_CONFIRM';
  if (answer.code === REJECT_CODES.unknownSession) return 'UNKNOWN_SESSION';
  return answer.code === REJECT_CODES.busy ? 'BUSY' : 'REFUSED';
}
