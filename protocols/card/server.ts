/**
 * Answers streams of purpose 3: the node's agent card, the rotations of its key and receipts of its
 * work to whoever asks, and presentations of its certificates, made for the asking peer, its nonce
 * and this session only (wire-formats.md 2.4 and 2.5).
 *
 * @module
 */

import type { SignedDocument } from '../../crypto/envelope.ts';
import type { Identity } from '../../crypto/identity.ts';
import type { KeyRotation } from '../../crypto/key-rotation.ts';
import { decodeChallenge } from '../../crypto/presentation-messages.ts';
import type { Challenge } from '../../crypto/presentation-messages.ts';
import { countProofs, makePresentation } from '../../crypto/presentation.ts';
import type { HeldCertificate } from '../../crypto/skill-certificate.ts';
import type { StatusList } from '../../crypto/status-list.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger, Random } from '../components.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import type { ReceiptChain } from '../settlement/shown-receipt.ts';
import { encodeCardMessage, encodeVector, isCardRequest } from './messages.ts';
import { decodeReceiptsRequest, encodeReceipts } from './receipt-messages.ts';
import { encodeRotations, isRotationRequest } from './rotation-messages.ts';
import { decodeStatusRequest } from './status-messages.ts';

/** Limits of the server. A presentation costs a signature and the trees of the certificates. */
export interface CardServerLimits {
  readonly perPeer: BucketLimits;
  readonly all: BucketLimits;
  /** Quantities proved, which cost the most by far. */
  readonly proofsPerPeer: BucketLimits;
  readonly proofsOfAll: BucketLimits;
  /** Questions on one stream. */
  readonly maxQuestions: number;
  /** Longest wait for a question, or for the peer to take an answer. */
  readonly idleTimeoutMs: number;
}

/** Default limits. */
export const CARD_SERVER_LIMITS: CardServerLimits = {
  perPeer: { burst: 16, perSecond: 2 },
  all: { burst: 128, perSecond: 64 },
  // At 40 ms each, a fifth of a processor in the long run.
  proofsPerPeer: { burst: 8, perSecond: 0.5 },
  proofsOfAll: { burst: 32, perSecond: 5 },
  maxQuestions: 8,
  idleTimeoutMs: 10_000,
};

/** What a node shows at the moment of asking. */
export interface OwnCard {
  /** Canonical bytes of the agent card. */
  readonly bytes: Uint8Array;
  /** Embedding of the description; empty if none is published. */
  readonly vector: Float32Array;
}

/** What the server is handed. */
export interface CardServerInit {
  readonly streams: SecureStreams;
  readonly identity: Identity;
  /** The card that the current skill record names. */
  ownCard(): OwnCard;
  /** Certificates that may be shown, best first. */
  certificates(): Promise<readonly HeldCertificate[]>;
  /** Status lists at hand, to be stapled. */
  statusLists(): Promise<readonly SignedDocument<StatusList>[]>;
  /** This node's own list of that number, for whoever relies on it. Default: it has none. */
  ownStatusList?(list: number): Promise<SignedDocument<StatusList> | undefined>;
  /** Receipts of this node's work at a skill, newest first. Default: none is shown. */
  receipts?(skill: string): Promise<readonly ReceiptChain[]>;
  /** Rotations that led to the identity, oldest first. Default: there were none. */
  readonly rotations?: readonly SignedDocument<KeyRotation>[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits?: Partial<CardServerLimits>;
}

/** Registers the server with the session layer and serves from then on. */
export function serveCards(init: CardServerInit): void {
  const limits = { ...CARD_SERVER_LIMITS, ...init.limits };
  const nowMs = init.clock.monotonicMs();
  const buckets = {
    questions: new TokenBuckets(limits.perPeer, limits.all, nowMs),
    proofs: new TokenBuckets(limits.proofsPerPeer, limits.proofsOfAll, nowMs),
  };
  init.streams.handle(SECURE_PROTOCOLS.card, (stream) => serve(stream, init, limits, buckets));
}

interface CardBuckets {
  readonly questions: TokenBuckets;
  readonly proofs: TokenBuckets;
}

async function serve(
  stream: SecureStream,
  init: CardServerInit,
  limits: CardServerLimits,
  buckets: CardBuckets,
): Promise<void> {
  const deadline = () => ({ signal: AbortSignal.timeout(limits.idleTimeoutMs) });
  for (let questions = 0; questions < limits.maxQuestions; questions++) {
    const bytes = await nextQuestion(stream, questions > 0, deadline().signal);
    if (bytes === undefined) break;
    if (!buckets.questions.take(stream.remotePeer, init.clock.monotonicMs())) {
      init.logger.debug({ remotePeer: stream.remotePeer }, 'Too many card questions.');
      return stream.abort('cancelled');
    }
    const answer = await answerTo(bytes, stream, init, buckets.proofs);
    if (answer === undefined) return stream.abort('badMessage');
    await stream.writeMessage(answer, deadline());
  }
  await stream.closeWrite(deadline());
}

/** The next question; `undefined` at the end, however the peer ends it once it was answered. */
async function nextQuestion(
  stream: SecureStream,
  hasAnswered: boolean,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await stream.readMessage({ signal });
  } catch (error) {
    if (!hasAnswered) throw error;
    stream.abort('cancelled');
    return undefined;
  }
}

async function answerTo(
  bytes: Uint8Array,
  stream: SecureStream,
  init: CardServerInit,
  proofs: TokenBuckets,
): Promise<Uint8Array | undefined> {
  if (isCardRequest(bytes)) {
    const { bytes: card, vector } = init.ownCard();
    return encodeCardMessage({ card, vector: encodeVector(vector) });
  }
  if (isRotationRequest(bytes)) {
    return encodeRotations((init.rotations ?? []).map(({ envelope }) => envelope));
  }
  const list = decodeStatusRequest(bytes);
  if (list !== undefined) return (await init.ownStatusList?.(list))?.envelope;
  const skill = decodeReceiptsRequest(bytes);
  if (skill !== undefined) return encodeReceipts((await init.receipts?.(skill)) ?? []);
  const read = decodeChallenge(bytes);
  return read.valid ? present(read.challenge, stream, init, proofs) : undefined;
}

async function present(
  { nonce, want }: Challenge,
  { remotePeer, sessionHash }: SecureStream,
  init: CardServerInit,
  proofs: TokenBuckets,
): Promise<Uint8Array | undefined> {
  const [certificates, status] = await Promise.all([init.certificates(), init.statusLists()]);
  const iat = nowSeconds(init.clock);
  // No more than half of what is allowed at once: a peer asks twice where a key was rotated.
  const most = Math.max(1, Math.floor(proofs.burst / 2));
  const maxProved = Math.min(countProofs(certificates, want, iat), most);
  if (maxProved > 0 && !proofs.take(remotePeer, init.clock.monotonicMs(), maxProved)) {
    init.logger.debug({ remotePeer }, 'Too many proofs were asked for.');
    return undefined;
  }
  const presentation = makePresentation({
    holder: init.identity,
    formerHolders: new Set(init.rotations?.map(({ body }) => body.old)),
    verifier: remotePeer,
    nonce,
    sessionHash,
    iat,
    certificates,
    status,
    wanted: want,
    maxProved,
    random: (length) => init.random.bytes(length),
  });
  const { opened, proved, omitted } = presentation;
  const counts = { opened: opened.length, proved: proved.length };
  init.logger.debug({ remotePeer, ...counts, omitted }, 'Made a presentation.');
  return presentation.bytes;
}
