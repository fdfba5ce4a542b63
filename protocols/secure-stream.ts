/**
 * What a protocol sees of the secure session: whole messages, in order, from a peer whose identity
 * was proved. `secure-channel/` implements it; negotiation, A2A, card and attestation use it.
 *
 * @module
 */

import type { SecureProtocol } from './protocol-ids.ts';

/** Reasons that travel in an ABORT frame (wire-formats.md 1.3). */
export const ABORT_CODES = {
  cancelled: 1,
  deadline: 2,
  tooLarge: 3,
  badMessage: 4,
  internal: 5,
} as const;

/** Name of an abort code. */
export type AbortReason = keyof typeof ABORT_CODES;

/**
 * One encrypted stream. Messages are at most the protocol's `maxMessageBytes`.
 *
 * On the stream of an artifact (purpose 2 with a context) only the first message of each direction
 * is one: what is written and read after it is bytes in runs of any length up to that limit.
 */
export interface SecureStream {
  /** PeerId of the other side, as text, proved by the session. */
  readonly remotePeer: string;
  /** Public hash `sh` of the session the stream belongs to, 32 bytes. */
  readonly sessionHash: Uint8Array;
  /** Contract id, or 32 zero bytes (wire-formats.md 1.2). */
  readonly context: Uint8Array;
  /**
   * Next whole message, or `undefined` once the peer has sent FINAL.
   *
   * @throws an error with `code` `STREAM_ABORTED` after ABORT, `STREAM_TRUNCATED` if the stream
   *   ended without FINAL, `STREAM_FORGED` for a frame that does not verify, `MESSAGE_TOO_LARGE`;
   *   or the signal's reason.
   */
  readMessage(options?: { readonly signal?: AbortSignal }): Promise<Uint8Array | undefined>;
  /**
   * Sends several messages, small ones in one frame.
   *
   * @throws as `writeMessage`.
   */
  writeMessages(
    messages: readonly Uint8Array[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<void>;
  /** Sends one message; resolves when the transport has taken it (back-pressure is honoured). */
  writeMessage(message: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Sends FINAL. The other direction goes on. */
  closeWrite(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Sends ABORT and closes both ways. Safe to call at any time, any number of times. */
  abort(reason: AbortReason): void;
}

/** Serves the streams of one protocol. A rejection aborts the stream; it never escapes. */
export type SecureStreamHandler = (stream: SecureStream) => Promise<void>;

/** The session layer as other protocols are handed it. */
export interface SecureStreams {
  /**
   * Opens a stream to `peerId`, with a handshake first where no live session exists.
   *
   * @param context - Contract id (32 bytes) of the stream's paid task; default 32 zero bytes.
   * @throws an error with `code` `PEER_UNREACHABLE`, `HANDSHAKE_FAILED` or `STREAM_REFUSED`.
   */
  open(
    peerId: string,
    protocol: SecureProtocol,
    options?: { readonly context?: Uint8Array; readonly signal?: AbortSignal },
  ): Promise<SecureStream>;
  /** Registers the handler of a protocol; one each. */
  handle(protocol: SecureProtocol, handler: SecureStreamHandler): void;
}
