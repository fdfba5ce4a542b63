/**
 * One question of a client and its answer, over a stream, in time; and the outcome of a step as a
 * value.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { refusalOfNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { SecureStream } from '../secure-stream.ts';
import { solvePuzzle } from './ask-puzzle.ts';
import type { Contract } from './contract.ts';
import { withDeadline } from './deadline.ts';
import { NegotiationInterruptedError } from './errors.ts';
import { STEP_TIMEOUTS_MS, encodeQuestion, parseAnswer } from './messages.ts';
import type { Answer, Question } from './messages.ts';

/** A step that was refused. */
export interface Refused {
  readonly agreed: false;
  readonly refusal: RefusalCode;
  /** `self`: what the peer sent, or what was asked for here, is not acceptable. */
  readonly by: 'self' | 'peer';
}

/** Outcome of a step: the contract after it, or who refused and why. */
export type Negotiated = { readonly agreed: true; readonly contract: Contract } | Refused;

/** An answer of this kind. */
export type AnswerOf<Typ extends Answer['typ']> = Extract<Answer, { readonly typ: Typ }>;

/** A refusal as a value. */
export function refusedBy(by: 'self' | 'peer', refusal: RefusalCode): Refused {
  return { agreed: false, refusal, by };
}

/**
 * Sends `question` and waits for its answer, one of the `expected` kinds. A stream on which that
 * fails is closed, so that a late answer is never taken for the answer to the next question.
 *
 * @throws {@link NegotiationTimeoutError} after `STEP_TIMEOUTS_MS.answer`;
 *   {@link NegotiationInterruptedError} if the peer ends the stream; the stream's own errors; the
 *   reason of `signal`.
 */
export async function exchange<Typ extends Answer['typ']>(
  stream: SecureStream,
  question: Question,
  expected: Typ | readonly Typ[],
  signal: AbortSignal | undefined,
): Promise<AnswerOf<Typ> | Refused> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await withDeadline(question.typ, STEP_TIMEOUTS_MS.answer, signal, async (stop) => {
      await stream.writeMessage(encodeQuestion(question), { signal: stop });
      return stream.readMessage({ signal: stop });
    });
  } catch (error) {
    stream.abort(signal?.aborted ? 'cancelled' : 'deadline');
    throw error;
  }
  if (!bytes) {
    throw new NegotiationInterruptedError({ step: question.typ, peerId: stream.remotePeer });
  }
  const answer = parseAnswer(bytes);
  if (answer.valid && answer.message.typ === 'decline') {
    return refusedBy('peer', refusalOfNumber(answer.message.code));
  }
  const wanted: readonly Answer['typ'][] = typeof expected === 'string' ? [expected] : expected;
  if (!answer.valid || !wanted.includes(answer.message.typ)) {
    stream.abort('badMessage');
    return refusedBy('self', 'MALFORMED');
  }
  return answer.message as AnswerOf<Typ>;
}

/** Puzzles that a client solves for one quote: the first may end while it is worked on. */
const MAX_PUZZLES = 2;

/**
 * Sends a quote request, and does the work that a loaded contractor asks for first.
 *
 * @returns the offer; `RATE_LIMITED` by `self` where more work is asked than a quote is worth.
 * @throws as {@link exchange}.
 */
export async function askForQuote(
  stream: SecureStream,
  envelope: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<AnswerOf<'offer'> | Refused> {
  const ask = { v: 1, typ: 'ask', request: toBase64Url(envelope) } as const;
  let answer = await exchange(stream, ask, ['offer', 'puzzle'], signal);
  for (let solved = 0; !('refusal' in answer) && answer.typ === 'puzzle'; solved++) {
    const { cookie } = answer;
    const solution =
      solved < MAX_PUZZLES ? await solvePuzzle(fromBase64Url(cookie), signal) : undefined;
    if (!solution) return refusedBy('self', 'RATE_LIMITED');
    const worked = { ...ask, cookie, solution: toBase64Url(solution) };
    answer = await exchange(stream, worked, ['offer', 'puzzle'], signal);
  }
  return answer;
}
