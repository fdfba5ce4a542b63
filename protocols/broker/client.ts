/**
 * Asks a broker, and verifies what it answers: every record by its peer's signature and against
 * what was seen of that peer before, every quote by the contractor's signature. A broker can leave
 * out; it cannot invent.
 *
 * @module
 */

import { equalBytes, fromBase64Url } from '../../crypto/bytes.ts';
import { openEnvelopeAsync } from '../../crypto/envelope.ts';
import { nowSeconds } from '../components.ts';
import type { Clock } from '../components.ts';
import { decodeLedgerAnswer } from '../ledger-service/messages.ts';
import type { LedgerAnswer } from '../ledger-service/messages.ts';
import { QUOTE, QUOTE_REQUEST } from '../negotiation/documents.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStreams } from '../secure-stream.ts';
import type { SignedSkillRecord } from '../skill-discovery/skill-record.ts';
import type { RecordGuard, RecordVerdictReason } from '../skill-discovery/validator.ts';
import { decodeFound, encodeFind } from './messages.ts';
import type { BrokerQuestion, OutsideAgent, QuoteEvidence } from './messages.ts';
import { decodeScoreAnswer, encodeScoreQuestion } from './score-messages.ts';
import type { ScoreQuestion } from './score-messages.ts';

/** A quote that was verified: what a contractor asked of the broker for a task of some size. */
export interface MarketQuote {
  readonly contractor: string;
  readonly terms: readonly string[];
  readonly priceMicroUsd: bigint;
  /** Size of the input that it is for. */
  readonly inBytes: number;
  readonly latencyMs: number;
  readonly expSeconds: number;
}

/** What came of a question. */
export interface VerifiedBrokerAnswer {
  readonly records: readonly SignedSkillRecord[];
  /** Records that do not verify, by the peer that they were said to be of. */
  readonly refused: readonly { readonly peerId: string; readonly reason: RecordVerdictReason }[];
  readonly left: number;
  readonly outside: readonly OutsideAgent[];
  readonly quotes: readonly MarketQuote[];
  /** Quotes that do not verify, or have run out. */
  readonly refusedQuotes: number;
}

/** What a client is handed. */
export interface BrokerClientComponents {
  readonly streams: SecureStreams;
  readonly guard: RecordGuard;
  readonly clock: Clock;
}

/** A broker gave no answer that can be read. */
export class NoBrokerAnswerError extends Error {
  static override readonly name = 'NoBrokerAnswerError';
  override readonly name = 'NoBrokerAnswerError';
  readonly code = 'NO_BROKER_ANSWER';
}

/**
 * Asks the broker `peerId`.
 *
 * @throws {@link NoBrokerAnswerError}; the errors of the session layer, or the signal's reason.
 */
export async function askBroker(
  { streams, guard, clock }: BrokerClientComponents,
  peerId: string,
  question: BrokerQuestion,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<VerifiedBrokerAnswer> {
  const bytes = await exchange(streams, peerId, encodeFind(question), signal);
  const found = bytes && decodeFound(bytes);
  if (found === undefined) throw new NoBrokerAnswerError(`${peerId} gave no answer to a query`);
  const records: SignedSkillRecord[] = [];
  const refused: { peerId: string; reason: RecordVerdictReason }[] = [];
  const now = nowSeconds(clock);
  // All at once: signatures are verified on other threads, while the next record is read here.
  const [verdicts, verifiedQuotes] = await Promise.all([
    Promise.all(found.records.map((one) => guard.accept(one.peerId, one.envelope))),
    Promise.all(found.quotes.map((evidence) => verifyQuote(evidence, peerId, now))),
  ]);
  verdicts.forEach((verdict, i) => {
    if (verdict.valid) records.push(verdict.record);
    else refused.push({ peerId: found.records[i]!.peerId, reason: verdict.reason });
  });
  const quotes = verifiedQuotes.flatMap((quote) => quote ?? []);
  const refusedQuotes = found.quotes.length - quotes.length;
  return { records, refused, left: found.left, outside: found.outside, quotes, refusedQuotes };
}

/**
 * Asks the broker `peerId` for the state of a ledger about some scores, as a replica would answer.
 * Nothing of it is verified here (`LedgerClient.proveFrom`).
 *
 * @throws {@link NoBrokerAnswerError}; the errors of the session layer, or the signal's reason.
 */
export async function* askBrokerForScores(
  streams: SecureStreams,
  peerId: string,
  question: ScoreQuestion,
  signal: AbortSignal,
): AsyncGenerator<LedgerAnswer, void, undefined> {
  const bytes = await exchange(streams, peerId, encodeScoreQuestion(question), signal);
  const parts = bytes && decodeScoreAnswer(bytes);
  if (!parts) throw new NoBrokerAnswerError(`${peerId} gave no answer about scores`);
  for (const part of parts) yield decodeLedgerAnswer(part);
}

/** Sends one message and reads one. */
async function exchange(
  streams: SecureStreams,
  peerId: string,
  question: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  const options = signal === undefined ? {} : { signal };
  const stream = await streams.open(peerId, SECURE_PROTOCOLS.query, options);
  try {
    await stream.writeMessage(question, options);
    await stream.closeWrite(options);
    return await stream.readMessage(options);
  } finally {
    stream.abort('cancelled');
  }
}

/** A quote to the broker that is valid now; `undefined` for any other. */
async function verifyQuote(
  { request, quote }: QuoteEvidence,
  broker: string,
  nowSeconds: number,
): Promise<MarketQuote | undefined> {
  const [asked, told] = await Promise.all([
    openEnvelopeAsync(QUOTE_REQUEST, request),
    openEnvelopeAsync(QUOTE, quote),
  ]);
  if (!asked.valid || !told.valid || asked.body.client !== broker) return undefined;
  const isAnswer =
    told.body.contractor === asked.body.contractor &&
    equalBytes(fromBase64Url(told.body.req), asked.id);
  if (!isAnswer || told.body.exp < nowSeconds) return undefined;
  return {
    contractor: told.body.contractor,
    terms: asked.body.shape.skills,
    priceMicroUsd: BigInt(told.body.price),
    inBytes: asked.body.shape.inBytes,
    latencyMs: told.body.latencyMs,
    expSeconds: told.body.exp,
  };
}
