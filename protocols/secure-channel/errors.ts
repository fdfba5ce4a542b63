/**
 * Errors of the secure session: one class, one code each (wire-formats.md 1.1-1.3). The peer never
 * sees a message of these; on the wire there are only REJECT and ABORT codes.
 *
 * @module
 */

import type { AbortReason } from '../secure-stream.ts';
import type { HandshakeRefusal } from './handshake.ts';

/** No connection to the peer could be made, or it broke before the session was needed. */
export class PeerUnreachableError extends Error {
  static override readonly name = 'PeerUnreachableError';
  override readonly name = 'PeerUnreachableError';
  readonly code = 'PEER_UNREACHABLE';
  readonly details: { readonly peerId: string };

  constructor(details: { readonly peerId: string }, options?: ErrorOptions) {
    super(
      `No connection to ${details.peerId}: it is offline, or none of its known addresses answers.` +
        ' Look it up again and retry.',
      options,
    );
    this.details = details;
  }
}

/** Why a handshake failed: a refusal of the state machine, or what the stream did. */
export type HandshakeFailure =
  HandshakeRefusal | 'TIMEOUT' | 'STREAM_ENDED' | 'BUSY' | 'STOPPED' | 'UNSUPPORTED';

interface HandshakeFailedDetails {
  readonly peerId: string;
  readonly reason: HandshakeFailure;
}

/** The peer was reached, but no session came about. */
export class HandshakeFailedError extends Error {
  static override readonly name = 'HandshakeFailedError';
  override readonly name = 'HandshakeFailedError';
  readonly code = 'HANDSHAKE_FAILED';
  readonly details: HandshakeFailedDetails;

  constructor(details: HandshakeFailedDetails, options?: ErrorOptions) {
    super(
      `Session handshake with ${details.peerId} failed (${details.reason}).` +
        ' Retry later, or choose another peer if it repeats.',
      options,
    );
    this.details = details;
  }
}

/** Why a stream was not accepted: the REJECT code, or what the stream did instead. */
export type StreamRefusal =
  | 'UNKNOWN_SESSION'
  | 'BUSY'
  | 'REFUSED'
  | 'BAD_CONFIRM'
  | 'TIMEOUT'
  | 'STREAM_ENDED'
  | 'UNSUPPORTED';

interface StreamRefusedDetails {
  readonly peerId: string;
  readonly protocol: string;
  readonly reason: StreamRefusal;
}

/** The peer holds a session but did not accept this stream. */
export class StreamRefusedError extends Error {
  static override readonly name = 'StreamRefusedError';
  override readonly name = 'StreamRefusedError';
  readonly code = 'STREAM_REFUSED';
  readonly details: StreamRefusedDetails;

  constructor(details: StreamRefusedDetails, options?: ErrorOptions) {
    super(
      `${details.peerId} did not accept a ${details.protocol} stream (${details.reason}).` +
        (details.reason === 'BUSY' ? ' Close a stream or retry later.' : ' Choose another peer.'),
      options,
    );
    this.details = details;
  }
}

interface StreamAbortedDetails {
  readonly peerId: string;
  readonly by: 'local' | 'remote';
  /** `undefined` for an ABORT code that this version does not know. */
  readonly reason: AbortReason | undefined;
}

/** One side ended the stream with ABORT. */
export class StreamAbortedError extends Error {
  static override readonly name = 'StreamAbortedError';
  override readonly name = 'StreamAbortedError';
  readonly code = 'STREAM_ABORTED';
  readonly details: StreamAbortedDetails;

  constructor(details: StreamAbortedDetails, options?: ErrorOptions) {
    const who = details.by === 'local' ? 'This side' : 'The peer';
    super(
      `${who} aborted the stream with ${details.peerId} (${details.reason ?? 'unknown reason'}).` +
        ' Open a new stream to go on.',
      options,
    );
    this.details = details;
  }
}

/** The stream ended without FINAL, so its content is not complete. */
export class StreamTruncatedError extends Error {
  static override readonly name = 'StreamTruncatedError';
  override readonly name = 'StreamTruncatedError';
  readonly code = 'STREAM_TRUNCATED';
  readonly details: { readonly peerId: string };

  constructor(details: { readonly peerId: string }, options?: ErrorOptions) {
    super(
      `The stream with ${details.peerId} ended before its last frame. Discard what came and retry.`,
      options,
    );
    this.details = details;
  }
}

/** What was wrong with a frame. */
export type FrameRefusal =
  | 'LENGTH'
  | 'TYPE'
  | 'TAG'
  | 'CONTENT'
  | 'TOTAL'
  | 'COUNTER_LIMIT'
  | 'BYTE_LIMIT'
  | 'EPOCH_LIMIT'
  | 'AFTER_END';

interface StreamForgedDetails {
  readonly peerId: string;
  readonly reason: FrameRefusal;
}

/** A frame did not verify: somebody between the peers, or a faulty peer, wrote it. */
export class StreamForgedError extends Error {
  static override readonly name = 'StreamForgedError';
  override readonly name = 'StreamForgedError';
  readonly code = 'STREAM_FORGED';
  readonly details: StreamForgedDetails;

  constructor(details: StreamForgedDetails, options?: ErrorOptions) {
    super(
      `A frame of the stream with ${details.peerId} did not verify (${details.reason}).` +
        ' The stream is closed; nothing of the frame was used.',
      options,
    );
    this.details = details;
  }
}

interface MessageTooLargeDetails {
  readonly peerId: string;
  readonly by: 'local' | 'remote';
  readonly messageBytes: number;
  readonly maxMessageBytes: number;
}

/** A message is longer than the protocol allows. */
export class MessageTooLargeError extends Error {
  static override readonly name = 'MessageTooLargeError';
  override readonly name = 'MessageTooLargeError';
  readonly code = 'MESSAGE_TOO_LARGE';
  readonly details: MessageTooLargeDetails;

  constructor(details: MessageTooLargeDetails, options?: ErrorOptions) {
    const verb = details.by === 'local' ? 'to' : 'from';
    super(
      `A message ${verb} ${details.peerId} has ${details.messageBytes} bytes, at most ` +
        `${details.maxMessageBytes} are allowed. Split it or send it as an artifact.`,
      options,
    );
    this.details = details;
  }
}
