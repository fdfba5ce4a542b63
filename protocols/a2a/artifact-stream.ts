/**
 * One artifact on a stream of its own (wire-formats.md 1.2 and 1.6): the contractor opens a stream
 * of purpose 2 under the contract, says `{contract, task, artifact, bytes}`, and sends the bytes
 * until FINAL. It goes through in pieces: neither side holds more of it than the stream's window
 * and one piece.
 *
 * A receiver takes what it waits for and nothing else. It answers with FINAL once it has all of it.
 * What the bytes mean, and whether they are the ones that were signed, is seen elsewhere.
 *
 * @module
 */

import { z } from 'zod';
import { fromBase64Url, fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { fields } from '../../crypto/envelope.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { AbortReason, SecureStream, SecureStreams } from '../secure-stream.ts';

/** Bytes of one write: a full frame of the session. */
const PIECE_BYTES = 61_440;
/** Longest first message. */
const MAX_HEADER_BYTES = 2_048;
/** How long a sender waits for room, and a receiver for the next bytes, in milliseconds. */
const IDLE_TIMEOUT_MS = 30_000;
/** Artifacts that are waited for at the same time. */
const MAX_EXPECTED = 1_024;

const name = z.string().min(1).max(256);
const headerSchema = z.strictObject({
  contract: fields.bytes(32),
  task: name,
  artifact: name,
  bytes: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
});

/** First message of the stream. */
export type ArtifactHeader = z.infer<typeof headerSchema>;

/** What went wrong with an artifact. */
export type ArtifactProblem =
  /** The peer sends something that is not waited for, or has said nothing that can be read. */
  | 'NOT_EXPECTED'
  /** It is larger than the receiver takes. */
  | 'TOO_LARGE'
  /** Fewer or more bytes than were announced. */
  | 'WRONG_SIZE'
  /** The receiver ended without taking all of it. */
  | 'NOT_TAKEN';

/** An artifact was not transferred. */
export class ArtifactError extends Error {
  static override readonly name = 'ArtifactError';
  override readonly name = 'ArtifactError';
  readonly code = 'ARTIFACT_NOT_TRANSFERRED';
  readonly details: { readonly peerId: string; readonly problem: ArtifactProblem };

  constructor(peerId: string, problem: ArtifactProblem) {
    super(`An artifact was not transferred with ${peerId} (${problem}); it may be sent again`);
    this.details = { peerId, problem };
  }
}

/** Signal options of a transfer. */
export interface ArtifactOptions {
  readonly signal?: AbortSignal;
}

/**
 * Sends an artifact and waits until the receiver has all of it.
 *
 * @param source - Its bytes, in pieces of any size; asked for as fast as the receiver takes them.
 * @throws {@link ArtifactError} `WRONG_SIZE` if `source` has not `header.bytes` bytes, `NOT_TAKEN`
 *   if the receiver answers anything; the stream's own errors, as where it is not waited for; the
 *   reason of `signal`.
 */
export async function sendArtifact(
  streams: SecureStreams,
  peerId: string,
  header: ArtifactHeader,
  source: AsyncIterable<Uint8Array>,
  { signal }: ArtifactOptions = {},
): Promise<void> {
  const first = utf8(JSON.stringify(headerSchema.parse(header)));
  const context = fromBase64Url(header.contract);
  const options = { context, ...(signal && { signal }) };
  const stream = await streams.open(peerId, SECURE_PROTOCOLS.a2a, options);
  try {
    await stream.writeMessage(first, { signal: inTime(signal) });
    let sent = 0;
    for await (const bytes of source) {
      sent += bytes.length;
      if (sent > header.bytes) throw new ArtifactError(peerId, 'WRONG_SIZE');
      for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
        const piece = bytes.subarray(at, at + PIECE_BYTES);
        await stream.writeMessage(piece, { signal: inTime(signal) });
      }
    }
    if (sent !== header.bytes) throw new ArtifactError(peerId, 'WRONG_SIZE');
    await stream.closeWrite({ signal: inTime(signal) });
    const answer = await stream.readMessage({ signal: inTime(signal) });
    if (answer !== undefined) throw new ArtifactError(peerId, 'NOT_TAKEN');
  } catch (error) {
    stream.abort(signal?.aborted === true ? 'cancelled' : 'internal');
    throw error;
  }
}

/** What a receiver waits for. */
export interface ExpectedArtifact {
  /** PeerId of the sender. */
  readonly peerId: string;
  /** Contract id, base64url. */
  readonly contract: string;
  readonly artifact: string;
  /** Largest size that is taken, in bytes. */
  readonly maxBytes: number;
  /**
   * Takes the bytes as they come; the sender is held up while it does not. Called again from the
   * start where the sender begins anew. Its rejection ends the stream.
   */
  readonly take: (bytes: AsyncIterable<Uint8Array>, header: ArtifactHeader) => Promise<void>;
}

/** Receives the artifacts that this node waits for. */
export class ArtifactReceiver {
  readonly #expected = new Map<string, ExpectedArtifact>();

  /**
   * From now on the artifact is taken when it comes.
   *
   * @returns a function that ends this.
   * @throws {@link RangeError} if too many are waited for already.
   */
  expect(expected: ExpectedArtifact): () => void {
    const key = keyOf(expected.peerId, expected);
    if (this.#expected.size >= MAX_EXPECTED && !this.#expected.has(key)) {
      throw new RangeError(`"expected" expected at most ${MAX_EXPECTED} artifacts at a time`);
    }
    this.#expected.set(key, expected);
    return () => {
      if (this.#expected.get(key) === expected) this.#expected.delete(key);
    };
  }

  /** Serves a stream that was opened under a contract. Rejects with what went wrong. */
  async receive(stream: SecureStream): Promise<void> {
    const fail = (problem: ArtifactProblem, reason: AbortReason): never => {
      stream.abort(reason);
      throw new ArtifactError(stream.remotePeer, problem);
    };
    const header = parseHeader(await stream.readMessage({ signal: inTime() }));
    const expected = header && this.#expected.get(keyOf(stream.remotePeer, header));
    const isOfStream =
      header !== undefined && Buffer.compare(stream.context, fromBase64Url(header.contract)) === 0;
    if (!expected || !isOfStream) return fail('NOT_EXPECTED', 'badMessage');
    if (header.bytes > expected.maxBytes) return fail('TOO_LARGE', 'tooLarge');
    let received = 0;
    async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
      for (;;) {
        const piece = await stream.readMessage({ signal: inTime() });
        if (piece === undefined) break;
        received += piece.length;
        if (received > header!.bytes) fail('WRONG_SIZE', 'badMessage');
        yield piece;
      }
      if (received !== header!.bytes) fail('WRONG_SIZE', 'badMessage');
    }
    await expected.take(bytes(), header);
    if (received !== header.bytes) return fail('NOT_TAKEN', 'cancelled');
    await stream.closeWrite({ signal: inTime() });
  }
}

function parseHeader(bytes: Uint8Array | undefined): ArtifactHeader | undefined {
  if (bytes === undefined || bytes.length > MAX_HEADER_BYTES) return undefined;
  try {
    return headerSchema.parse(JSON.parse(fromUtf8(bytes)));
  } catch {
    return undefined;
  }
}

function keyOf(
  peerId: string,
  { contract, artifact }: { readonly contract: string; readonly artifact: string },
): string {
  return JSON.stringify([peerId, contract, artifact]);
}

/** The signal, or the time that a peer may be silent. */
function inTime(signal?: AbortSignal): AbortSignal {
  const idle = AbortSignal.timeout(IDLE_TIMEOUT_MS);
  return signal ? AbortSignal.any([signal, idle]) : idle;
}
