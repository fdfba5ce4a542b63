/**
 * Answers streams of purpose 6: keeps letters for others where this node is a broker, takes those
 * for itself, and hands out what it has for whoever asks. A peer is only ever told of its own
 * letters.
 *
 * @module
 */

import { fromBase64Url } from '../../crypto/bytes.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger } from '../components.ts';
import { refusalNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { letterRefusal } from './depot.ts';
import type { MailDepot } from './depot.ts';
import { letterName } from './letter.ts';
import type { Letter } from './letter.ts';
import {
  MAX_LETTERS_PER_ANSWER,
  MAX_QUESTIONS_PER_STREAM,
  decodeMailQuestion,
  encodeMailAnswer,
} from './messages.ts';
import type { MailAnswer, MailQuestion } from './messages.ts';

const PER_PEER: BucketLimits = { burst: 64, perSecond: 2 };
const PER_NETWORK: BucketLimits = { burst: 128, perSecond: 16 };
const ALL: BucketLimits = { burst: 512, perSecond: 64 };
const IDLE_TIMEOUT_MS = 10_000;

/** What the server is handed. */
export interface MailServerInit {
  readonly streams: SecureStreams;
  readonly self: string;
  /** Left out: letters for others are not kept here. */
  readonly depot?: MailDepot | undefined;
  /** What this node has to say to a peer that asks, sealed for `key`. */
  readonly ownLetters: (to: string, key: Uint8Array) => Promise<readonly Letter[]>;
  /** Told of each letter for this node. Whether it says anything is found out here. */
  readonly onLetter: (letter: Letter) => void;
  /** The network that a peer is in; `undefined` where none counts. */
  readonly networkOf: (peerId: string) => string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Registers the server with the session layer and serves from then on. */
export function serveMail(init: MailServerInit): void {
  const nowMs = init.clock.monotonicMs();
  const networks = new TokenBuckets(PER_NETWORK);
  const peers = new TokenBuckets(PER_PEER, ALL, nowMs);
  // First its network's: names are free, and what a crowd is refused takes nothing of all.
  const mayAsk = (peerId: string): boolean => {
    const network = init.networkOf(peerId);
    const atMs = init.clock.monotonicMs();
    return (network === undefined || networks.take(network, atMs)) && peers.take(peerId, atMs);
  };
  init.streams.handle(SECURE_PROTOCOLS.mailbox, (stream) => serve(stream, init, mayAsk));
}

async function serve(
  stream: SecureStream,
  init: MailServerInit,
  mayAsk: (peerId: string) => boolean,
): Promise<void> {
  const deadline = () => ({ signal: AbortSignal.timeout(IDLE_TIMEOUT_MS) });
  const desk = new MailDesk(init, stream.remotePeer);
  for (let asked = 0; asked < MAX_QUESTIONS_PER_STREAM; asked++) {
    const bytes = await stream.readMessage(deadline());
    if (bytes === undefined) break;
    if (!mayAsk(stream.remotePeer)) {
      init.logger.debug({ remotePeer: stream.remotePeer }, 'Too many questions about mail.');
      await stream.writeMessage(encodeMailAnswer(decline('RATE_LIMITED')), deadline());
      break;
    }
    const question = decodeMailQuestion(bytes);
    if (question === undefined) return stream.abort('badMessage');
    await stream.writeMessage(encodeMailAnswer(await desk.answer(question)), deadline());
  }
  await stream.closeWrite(deadline());
}

function decline(code: RefusalCode): MailAnswer {
  return { v: 1, typ: 'decline', code: refusalNumber(code) };
}

/** Answers of one stream. */
class MailDesk {
  readonly #init: MailServerInit;
  readonly #remotePeer: string;
  /** What the peer has said that it has: own letters are not told twice on one stream. */
  readonly #taken = new Set<string>();

  constructor(init: MailServerInit, remotePeer: string) {
    this.#init = init;
    this.#remotePeer = remotePeer;
  }

  async answer(question: MailQuestion): Promise<MailAnswer> {
    switch (question.typ) {
      case 'leave':
        return this.#onLeave(question.letter);
      case 'collect':
        return this.#onCollect(fromBase64Url(question.key));
      case 'taken':
        for (const one of question.letters) {
          this.#taken.add(letterName({ ...one, to: this.#remotePeer }));
        }
        await this.#init.depot?.forget(this.#remotePeer, question.letters);
        return { v: 1, typ: 'forgotten' };
    }
  }

  async #onLeave(letter: Letter): Promise<MailAnswer> {
    const { self, depot, clock, onLetter } = this.#init;
    if (letter.to === self) {
      const refusal = letterRefusal(letter, this.#remotePeer, nowSeconds(clock));
      if (refusal) return decline(refusal);
      onLetter(letter);
      return { v: 1, typ: 'left' };
    }
    if (!depot) return decline('NOT_SUPPORTED');
    const refusal = await depot.leave(letter, this.#remotePeer);
    return refusal ? decline(refusal) : { v: 1, typ: 'left' };
  }

  async #onCollect(key: Uint8Array): Promise<MailAnswer> {
    const { depot, ownLetters } = this.#init;
    const own = await ownLetters(this.#remotePeer, key);
    const kept = depot?.lettersFor(this.#remotePeer) ?? [];
    const waiting = [...own, ...kept].filter((one) => !this.#taken.has(letterName(one)));
    const letters = waiting.slice(0, MAX_LETTERS_PER_ANSWER);
    return { v: 1, typ: 'mail', letters, more: waiting.length - letters.length };
  }
}
