/**
 * Leaves letters with a peer that keeps them, and collects what it has.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import { refusalOfNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import type { Letter } from './letter.ts';
import { MAX_QUESTIONS_PER_STREAM, decodeMailAnswer, encodeMailQuestion } from './messages.ts';
import type { LetterName, MailAnswer, MailQuestion } from './messages.ts';

/** A peer gave no answer about mail that can be read. */
export class NoMailAnswerError extends Error {
  static override readonly name = 'NoMailAnswerError';
  override readonly name = 'NoMailAnswerError';
  readonly code = 'NO_MAIL_ANSWER';
}

/** Runs `talk` on a stream to `keeper`, and ends the stream however it ends. */
async function withStream<T>(
  streams: SecureStreams,
  keeper: string,
  signal: AbortSignal,
  talk: (stream: SecureStream) => Promise<T>,
): Promise<T> {
  const stream = await streams.open(keeper, SECURE_PROTOCOLS.mailbox, { signal });
  try {
    const result = await talk(stream);
    await stream.closeWrite({ signal });
    return result;
  } finally {
    stream.abort('cancelled');
  }
}

async function exchange(
  stream: SecureStream,
  question: MailQuestion,
  signal: AbortSignal,
): Promise<MailAnswer> {
  await stream.writeMessage(encodeMailQuestion(question), { signal });
  const bytes = await stream.readMessage({ signal });
  const answer = bytes && decodeMailAnswer(bytes);
  if (!answer) throw new NoMailAnswerError(`${stream.remotePeer} gave no answer about mail`);
  return answer;
}

/**
 * Leaves letters with `keeper`, on one stream.
 *
 * @returns the first refusal; `undefined` if all are kept.
 * @throws {@link NoMailAnswerError}; the errors of the session layer, or the signal's reason.
 */
export async function leaveLetters(
  streams: SecureStreams,
  keeper: string,
  letters: readonly Letter[],
  signal: AbortSignal,
): Promise<RefusalCode | undefined> {
  return withStream(streams, keeper, signal, async (stream) => {
    for (const letter of letters) {
      const answer = await exchange(stream, { v: 1, typ: 'leave', letter }, signal);
      if (answer.typ === 'decline') return refusalOfNumber(answer.code);
      if (answer.typ !== 'left') throw new NoMailAnswerError(`${keeper} gave another answer`);
    }
    return undefined;
  });
}

/** What collecting needs to know of the collector. */
export interface Collector {
  readonly self: string;
  /** The sealing key that letters may be sealed for now, 32 bytes. */
  readonly key: Uint8Array;
  /**
   * Takes a letter for this node; it may have been taken before. The keeper is told to forget it
   * once this has resolved, whatever it held; after a rejection the keeper goes on keeping it, and
   * the next letter has its turn.
   */
  readonly take: (letter: Letter) => Promise<void>;
}

/**
 * Collects what `keeper` has for this node, oldest first.
 *
 * @returns how many letters were taken.
 * @throws {@link NoMailAnswerError}; the errors of the session layer, or the signal's reason.
 */
export async function collectMail(
  streams: SecureStreams,
  keeper: string,
  { self, key, take }: Collector,
  signal: AbortSignal,
): Promise<number> {
  return withStream(streams, keeper, signal, async (stream) => {
    let taken = 0;
    const question: MailQuestion = { v: 1, typ: 'collect', key: toBase64Url(key) };
    for (let asked = 0; asked < MAX_QUESTIONS_PER_STREAM; asked += 2) {
      const answer = await exchange(stream, question, signal);
      if (answer.typ !== 'mail') break;
      const names: LetterName[] = [];
      for (const letter of answer.letters) {
        const { to, from, contract, number } = letter;
        if (to !== self) continue;
        const isTaken = await take(letter).then(
          () => true,
          () => false,
        );
        if (isTaken) names.push({ from, contract, number });
      }
      taken += names.length;
      if (names.length > 0) await exchange(stream, { v: 1, typ: 'taken', letters: names }, signal);
      if (names.length === 0 || answer.more === 0) break;
    }
    return taken;
  });
}
