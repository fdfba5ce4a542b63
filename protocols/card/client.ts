/**
 * Asks a peer for its agent card, or for a presentation of its certificates, over a stream of
 * purpose 3 that is used for this one question (wire-formats.md 2.5). Where certificates of a
 * former PeerId are shown, two questions more are asked (2.4).
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import type { KeyRotationMemory } from '../../crypto/key-rotation-memory.ts';
import { encodeChallenge } from '../../crypto/presentation-messages.ts';
import type { WantedTerm } from '../../crypto/presentation-messages.ts';
import { CHALLENGE_SECONDS, verifyPresentation } from '../../crypto/presentation-verifier.ts';
import type { VerifiedPresentation } from '../../crypto/presentation-verifier.ts';
import type { StatusListMemory } from '../../crypto/status-list-memory.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Random } from '../components.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { checkCard } from './card-check.ts';
import type { CheckedCard, ExpectedCard } from './card-check.ts';
import { followRotations, noteRotations } from './former-holders.ts';
import { decodeCardMessage, encodeCardRequest } from './messages.ts';
import { verifyReceiptChain } from '../settlement/shown-receipt.ts';
import type { ShownReceipt } from '../settlement/shown-receipt.ts';
import { decodeReceipts, encodeReceiptsRequest } from './receipt-messages.ts';
import { decodeRotations, encodeRotationRequest } from './rotation-messages.ts';
import { encodeStatusRequest } from './status-messages.ts';

/** Outcome of asking for a card. */
export type RequestedCard = CheckedCard | { readonly valid: false; readonly reason: 'NO_ANSWER' };

/**
 * Asks `peerId` for its agent card and checks it against its signed skill record.
 *
 * @param expected - Body of the record, whose signature was checked.
 * @throws the errors of the session layer, or the signal's reason; never for what the peer sends.
 */
export async function requestCard(
  streams: SecureStreams,
  peerId: string,
  expected: ExpectedCard,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<RequestedCard> {
  return ask(streams, peerId, encodeCardRequest, signal, (bytes) => {
    const message = decodeCardMessage(bytes);
    return message ? checkCard(message, expected) : { valid: false, reason: 'MALFORMED' };
  });
}

/**
 * Asks an issuer for its current status list of that number.
 *
 * @returns the envelope, not yet verified; `undefined` if the peer gives none.
 * @throws the errors of the session layer, or the signal's reason.
 */
export async function requestStatusList(
  streams: SecureStreams,
  issuer: string,
  list: number,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Uint8Array | undefined> {
  const question = () => encodeStatusRequest(list);
  const answer = await ask(streams, issuer, question, signal, (bytes) => bytes);
  return answer instanceof Uint8Array ? answer : undefined;
}

/**
 * Asks a contractor for receipts of its work at `skill`.
 *
 * @returns those that verify, are of its work at that skill and by somebody else, each once.
 * @throws the errors of the session layer, or the signal's reason; never for what the peer sends.
 */
export async function requestReceipts(
  streams: SecureStreams,
  contractor: string,
  { skill, clock, signal }: ReceiptsRequest,
): Promise<readonly ShownReceipt[]> {
  const question = () => encodeReceiptsRequest(skill);
  const answer = await ask(streams, contractor, question, signal, decodeReceipts);
  if (answer === undefined || 'valid' in answer) return [];
  const now = nowSeconds(clock);
  const shown = new Map<string, ShownReceipt>();
  for (const chain of answer) {
    const verified = verifyReceiptChain(chain, now);
    if (!verified.valid) continue;
    const { receipt } = verified;
    if (receipt.contractor !== contractor || !receipt.skills.includes(skill)) continue;
    shown.set(toBase64Url(receipt.contractId), receipt);
  }
  return [...shown.values()];
}

/** Which receipts are asked for. */
export interface ReceiptsRequest {
  /** Term. */
  readonly skill: string;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** What a verifier brings. */
export interface PresentationRequest {
  readonly want: readonly WantedTerm[];
  /** Whether this node believes what `issuer` says of `term`: no other proof is checked. */
  readonly believes: (issuer: string, term: string) => boolean;
  /** PeerId of this node. */
  readonly verifier: string;
  readonly clock: Clock;
  readonly random: Random;
  /** Status lists seen before. Stapled lists are noted in it. */
  readonly statusMemory?: StatusListMemory;
  /** Key rotations seen before. Without it certificates of former PeerIds do not count. */
  readonly rotationMemory?: KeyRotationMemory;
  readonly signal?: AbortSignal;
}

/** Why a presentation was not asked for, or not believed. */
export type PresentationRequestRefusal =
  | 'NO_ANSWER'
  | 'TOO_LATE'
  /** The peer's key, or one that it had before, was rotated to two others. */
  | 'IDENTITY_DEAD'
  /** The peer's key was rotated to another: what it held counts for that one. */
  | 'KEY_ROTATED'
  /** Certificates of another PeerId, and no chain of rotations from it that can be believed. */
  | 'BAD_ROTATION_CHAIN'
  /** No room to remember the rotations, without which a second one would not be noticed. */
  | 'MEMORY_FULL';

/** Outcome of asking for a presentation. */
export type RequestedPresentation =
  | VerifiedPresentation
  | {
      readonly valid: false;
      readonly reason: PresentationRequestRefusal;
      readonly detail: string;
    };

const refuse = (reason: PresentationRequestRefusal, detail: string) =>
  ({ valid: false, reason, detail }) as const;

/**
 * Challenges `peerId` to show certificates with the wanted terms and verifies what it shows. Trust
 * in the issuers is the caller's decision.
 *
 * Where the peer shows certificates of another PeerId and rotations are remembered, it is asked for
 * the rotations that led from there to its key, and challenged once more.
 *
 * @throws the errors of the session layer, or the signal's reason; never for what the peer sends.
 */
export async function requestPresentation(
  streams: SecureStreams,
  peerId: string,
  request: PresentationRequest,
): Promise<RequestedPresentation> {
  const { rotationMemory: memory, statusMemory, clock, signal } = request;
  if (memory?.isDead(peerId)) return refuse('IDENTITY_DEAD', peerId);
  const successor = memory?.successorOf(peerId);
  if (successor !== undefined) return refuse('KEY_ROTATED', `to ${successor}`);
  const shown = await challenge(streams, peerId, request, new Set());
  if (!memory || shown.valid || shown.reason !== 'CERTIFICATE_OF_OTHER_HOLDER') return shown;
  const chain = await requestRotations(streams, peerId, signal);
  if (!chain?.length) return shown;
  const followed = followRotations(chain, peerId, memory, nowSeconds(clock));
  if (!followed.valid) return refuse('BAD_ROTATION_CHAIN', followed.detail);
  const again = await challenge(streams, peerId, request, followed.formerHolders);
  if (!again.valid) return again;
  const isIssuerKept = (issuer: string) => statusMemory?.isKept(issuer) ?? true;
  const problem = noteRotations(followed.rotations, again.certificates, memory, isIssuerKept);
  return problem === undefined ? again : refuse(problem, `a former key of ${peerId}`);
}

/** Envelopes of the rotations that led to the peer's key; `undefined` if it gives none. */
async function requestRotations(
  streams: SecureStreams,
  peerId: string,
  signal: AbortSignal | undefined,
): Promise<readonly Uint8Array[] | undefined> {
  try {
    const answer = await ask(streams, peerId, encodeRotationRequest, signal, decodeRotations);
    return answer && 'valid' in answer ? undefined : answer;
  } catch {
    // A peer that does not know the question aborts the stream: its certificates stay refused.
    signal?.throwIfAborted();
    return undefined;
  }
}

async function challenge(
  streams: SecureStreams,
  peerId: string,
  request: PresentationRequest,
  formerHolders: ReadonlySet<string>,
): Promise<RequestedPresentation> {
  const { want, believes, verifier, clock, random, statusMemory, signal } = request;
  // Used once, on the one stream that is opened here, and forgotten with it.
  const nonce = random.bytes(32);
  const startMs = clock.monotonicMs();
  return ask<RequestedPresentation>(
    streams,
    peerId,
    () => encodeChallenge({ nonce, want }),
    signal,
    (bytes, stream) => {
      const elapsedMs = clock.monotonicMs() - startMs;
      if (elapsedMs > CHALLENGE_SECONDS * 1000) {
        return { valid: false, reason: 'TOO_LATE', detail: `answered after ${elapsedMs} ms` };
      }
      return verifyPresentation(bytes, {
        holder: peerId,
        formerHolders,
        verifier,
        nonce,
        sessionHash: stream.sessionHash,
        wanted: want,
        believes,
        nowSeconds: nowSeconds(clock),
        random: (length) => random.bytes(length),
        ...(statusMemory && { statusMemory }),
      });
    },
  );
}

/** One question and one answer on a stream of their own. */
async function ask<Answer>(
  streams: SecureStreams,
  peerId: string,
  encodeQuestion: () => Uint8Array,
  signal: AbortSignal | undefined,
  read: (bytes: Uint8Array, stream: SecureStream) => Answer,
): Promise<Answer | { valid: false; reason: 'NO_ANSWER'; detail: string }> {
  const question = encodeQuestion();
  const options = signal === undefined ? {} : { signal };
  const stream = await streams.open(peerId, SECURE_PROTOCOLS.card, options);
  try {
    await stream.writeMessage(question, options);
    await stream.closeWrite(options);
    const bytes = await stream.readMessage(options);
    if (bytes === undefined) {
      return { valid: false, reason: 'NO_ANSWER', detail: 'the peer closed the stream' };
    }
    return read(bytes, stream);
  } finally {
    stream.abort('cancelled');
  }
}
