/**
 * Peers that ask for quotes without end and take none (security.md 6, quote flooding). Each request
 * is well-formed, signed and new. Puzzles are not solved: work is what the flood is to be spared.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { toBase64Url } from '../../crypto/bytes.ts';
import { signDocument } from '../../crypto/envelope.ts';
import { systemClock, systemRandom } from '../../node/system-clock.ts';
import { nowSeconds } from '../../protocols/components.ts';
import { QUOTE_REQUEST } from '../../protocols/negotiation/documents.ts';
import { encodeQuestion, parseAnswer } from '../../protocols/negotiation/messages.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import type { SecureStream } from '../../protocols/secure-stream.ts';
import { withPeers } from './wire-peer.ts';
import type { AttackCounts, AttackInit, WirePeer } from './wire-peer.ts';

const REQUEST_SECONDS = 120;
const ANSWER_TIMEOUT_MS = 20_000;
/** After a stream that was refused. */
const REST_MS = 50;

/** How large the flood is. */
export interface QuoteFloodInit extends AttackInit {
  /** Skill that is asked for. */
  readonly term: string;
  readonly peers: number;
  /** Requests that a peer sends to each target at once. */
  readonly requests: number;
  /** From one batch to the next; sooner never, later if the answers are. */
  readonly everyMs: number;
}

/** Floods until the signal. Counts requests: `served` are those that got a quote. */
export async function floodWithQuotes(init: QuoteFloodInit): Promise<void> {
  const { targets, peers, signal, everyMs } = init;
  await withPeers(peers, targets, async (peer) => {
    await Promise.all(
      targets.map(async ({ peerId }) => {
        while (!signal.aborted) {
          const startMs = systemClock.monotonicMs();
          const isServed = await askAtOnce(peer, peerId, init);
          const restMs = everyMs - (systemClock.monotonicMs() - startMs);
          await pause(Math.max(restMs, isServed ? 0 : REST_MS), signal);
        }
      }),
    );
  });
}

async function pause(timeMs: number, signal: AbortSignal): Promise<void> {
  await delay(timeMs, undefined, { signal }).catch(() => undefined);
}

/** One batch on one stream. @returns whether the stream came about. */
async function askAtOnce(
  peer: WirePeer,
  target: string,
  { term, requests, counts, signal }: QuoteFloodInit,
): Promise<boolean> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
  let answered = 0;
  counts.tried += requests;
  let stream: SecureStream | undefined;
  try {
    stream = await peer.streams.open(target, SECURE_PROTOCOLS.negotiation, { signal: limit });
    const questions = Array.from({ length: requests }, () => requestBytes(peer, target, term));
    await stream.writeMessages(questions, { signal: limit });
    for (; answered < requests; answered++) {
      const bytes = await stream.readMessage({ signal: limit });
      if (bytes === undefined) break;
      countAnswer(bytes, counts);
    }
    await stream.closeWrite({ signal: limit });
  } catch {
    stream?.abort('cancelled');
  }
  if (!signal.aborted) counts.refused += requests - answered;
  return stream !== undefined;
}

function countAnswer(bytes: Uint8Array, counts: AttackCounts): void {
  const answer = parseAnswer(bytes);
  if (answer.valid && answer.message.typ === 'offer') counts.served += 1;
  else counts.refused += 1;
}

function requestBytes({ identity }: WirePeer, contractor: string, term: string): Uint8Array {
  const request = signDocument(
    QUOTE_REQUEST,
    {
      v: 1,
      typ: 'qreq',
      client: identity.peerId,
      contractor,
      task: toBase64Url(systemRandom.bytes(32)),
      shape: {
        skills: [term],
        inBytes: 200,
        outMaxBytes: 4_096,
        maxLatencyMs: 0,
        sensitivity: 'low',
        delivery: 'open',
      },
      nonce: toBase64Url(systemRandom.bytes(32)),
      exp: nowSeconds(systemClock) + REQUEST_SECONDS,
    },
    identity,
  );
  return encodeQuestion({ v: 1, typ: 'ask', request: toBase64Url(request.envelope) });
}
