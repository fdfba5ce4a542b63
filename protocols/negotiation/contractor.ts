/**
 * The contractor's side of negotiation streams: reads a client's questions, limits them, answers
 * each once and in order, and holds capacity for open quotes (wire-formats.md 4.2).
 *
 * The questions of one client are answered one at a time. What the answers are is
 * `contractor-desk.ts`; prices, credit and results come from the policy that is handed in.
 *
 * @module
 */

import { equalBytes, fromBase64Url, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { readEnvelope } from '../../crypto/envelope.ts';
import { nowSeconds } from '../components.ts';
import type { RefusalCode } from '../errors.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { Admission } from './admission.ts';
import type { AdmissionLimits } from './admission.ts';
import { elapse } from './agreement-machine.ts';
import type { StepResult } from './agreement-machine.ts';
import type { Contract } from './contract.ts';
import { ContractorDesk, decline } from './contractor-desk.ts';
import type { Asker, ContractorComponents } from './contractor-desk.ts';
import type { DeliveryContent } from './contractor-policy.ts';
import { withDeadline } from './deadline.ts';
import { QUOTE_REQUEST } from './documents.ts';
import { KeyedLock } from './keyed-lock.ts';
import { MAX_QUESTIONS_PER_STREAM, STEP_TIMEOUTS_MS, encodeAnswer } from './messages.ts';
import { parseQuestion } from './messages.ts';
import type { Answer, Question } from './messages.ts';
import { OpenQuotes } from './open-quotes.ts';
import type { OpenQuoteLimits } from './open-quotes.ts';
import { sweepOffers } from './sweep.ts';
import { taskHashOfBytes } from './task-hash.ts';

/** Settings of a contractor; each has a default in {@link CONTRACTOR_DEFAULTS}. */
export interface ContractorInit extends AdmissionLimits {
  /** How long a quote stands and its slot is held, in seconds. */
  readonly quoteSeconds: number;
  readonly openQuotes: OpenQuoteLimits;
  readonly maxStreamsPerPeer: number;
}

/** Defaults of {@link ContractorInit}. */
export const CONTRACTOR_DEFAULTS: ContractorInit = {
  quoteSeconds: 60,
  // As many as a client has subtasks at work by default.
  openQuotes: { perClient: 8, total: 1_024 },
  questionsPerPeer: { burst: 40, perSecond: 4 },
  // One network has at most a quarter of what all may ask in the long run.
  questionsPerNetwork: { burst: 200, perSecond: 50 },
  questionsOfAll: { burst: 400, perSecond: 200 },
  isAskingForWork: true,
  maxStreamsPerPeer: 8,
};

/** In the place of a session's hash. */
const NO_SESSION = new Uint8Array(32);

/** Serves the negotiation protocol. */
export class Contractor {
  readonly #components: ContractorComponents;
  readonly #init: ContractorInit;
  readonly #openQuotes: OpenQuotes;
  readonly #desk: ContractorDesk;
  readonly #admission: Admission;
  readonly #lock = new KeyedLock();
  readonly #streamsOf = new Map<string, number>();

  constructor(components: ContractorComponents, init: Partial<ContractorInit> = {}) {
    this.#components = components;
    this.#init = { ...CONTRACTOR_DEFAULTS, ...init };
    this.#openQuotes = new OpenQuotes(this.#init.openQuotes);
    this.#desk = new ContractorDesk(components, this.#openQuotes, this.#init.quoteSeconds);
    this.#admission = new Admission(components, this.#init);
  }

  /** Takes up the quotes that were open before a restart, then serves streams. */
  async start(streams: SecureStreams): Promise<void> {
    const now = nowSeconds(this.#components.clock);
    for await (const offer of this.#components.store.offers()) {
      const { role, phase, request, quote } = elapse(offer, now);
      if (role !== 'contractor' || phase !== 'NEGOTIATING' || !quote) continue;
      const hold = { client: request.body.client, expSeconds: quote.body.exp };
      this.#openQuotes.hold(toHex(request.id), hold, now);
    }
    streams.handle(SECURE_PROTOCOLS.negotiation, (stream) => this.serve(stream));
  }

  /** Slots held by quotes without an agreement. */
  get openQuotes(): number {
    return this.#openQuotes.count(nowSeconds(this.#components.clock));
  }

  /** Serves one stream to its end. */
  async serve(stream: SecureStream): Promise<void> {
    const peer = stream.remotePeer;
    const running = this.#streamsOf.get(peer) ?? 0;
    if (running >= this.#init.maxStreamsPerPeer) {
      stream.abort('cancelled');
      return;
    }
    this.#streamsOf.set(peer, running + 1);
    try {
      await this.#converse(stream);
    } catch (error) {
      // A stream that breaks off is the peer's business; what was signed is stored.
      this.#components.logger.debug({ peer, error }, 'A negotiation stream ended early.');
      stream.abort('cancelled');
    } finally {
      const left = (this.#streamsOf.get(peer) ?? 1) - 1;
      if (left > 0) this.#streamsOf.set(peer, left);
      else this.#streamsOf.delete(peer);
    }
  }

  async #converse(stream: SecureStream): Promise<void> {
    for (let asked = 0; asked < MAX_QUESTIONS_PER_STREAM; asked++) {
      const bytes = await withDeadline(
        'next question',
        STEP_TIMEOUTS_MS.nextQuestion,
        undefined,
        (signal) => stream.readMessage({ signal }),
      );
      if (!bytes) {
        await stream.closeWrite();
        return;
      }
      if (!this.#admission.mayAsk(stream.remotePeer)) {
        await this.#write(stream, decline('RATE_LIMITED'));
        break;
      }
      const question = parseQuestion(bytes);
      if (!question.valid) {
        await this.#write(stream, decline(question.reason));
        break;
      }
      if (question.message.typ === 'ask' && this.#hasTooManyOpen(stream, question.message)) {
        await this.#write(stream, decline('TOO_MANY_OPEN_QUOTES'));
        continue;
      }
      const openShare = () => this.openQuotes / this.#init.openQuotes.total;
      const hurdle = this.#admission.hurdle(stream.remotePeer, question.message, openShare);
      if (hurdle === 'RATE_LIMITED') {
        await this.#write(stream, decline(hurdle));
        break;
      }
      await this.#write(stream, hurdle ?? (await this.#answer(question.message, stream)));
    }
    await this.#end(stream);
  }

  /**
   * Whether the client has as many open quotes as it may, and this asks for one more. Looked at
   * before any work and before a token of all is taken: such requests take nothing from others.
   */
  #hasTooManyOpen({ remotePeer }: SecureStream, { request }: Question & { typ: 'ask' }): boolean {
    if (!this.#openQuotes.isFullFor(remotePeer, nowSeconds(this.#components.clock))) return false;
    const read = readEnvelope(QUOTE_REQUEST, fromBase64Url(request));
    return !(read.valid && this.#openQuotes.has(toHex(read.id)));
  }

  #answer(question: Question, asker: Asker): Promise<Answer> {
    return this.#lock.run(asker.remotePeer, async () => {
      try {
        return await this.#desk.answer(question, asker);
      } catch (error) {
        const fields = { peer: asker.remotePeer, question: question.typ, error };
        this.#components.logger.error(fields, 'A question could not be answered.');
        const isLate = error instanceof Error && error.name === 'NegotiationTimeoutError';
        return decline(isLate ? 'TIMED_OUT' : 'INTERNAL');
      }
    });
  }

  #write(stream: SecureStream, answer: Answer): Promise<void> {
    return withDeadline('write answer', STEP_TIMEOUTS_MS.write, undefined, (signal) =>
      stream.writeMessage(encodeAnswer(answer), { signal }),
    );
  }

  /** Ends a stream from this side: the last answer is let through, then all is closed. */
  async #end(stream: SecureStream): Promise<void> {
    await withDeadline('end of stream', STEP_TIMEOUTS_MS.drain, undefined, async (signal) => {
      await stream.closeWrite({ signal });
      for (let i = 0; i < MAX_QUESTIONS_PER_STREAM; i++) {
        if (!(await stream.readMessage({ signal }))) return;
      }
      stream.abort('cancelled');
    });
  }

  /** The agreed contract with this id as it stands now, or `undefined`. */
  async contract(contractId: Uint8Array): Promise<Contract | undefined> {
    const contract = await this.#components.store.byContract(contractId);
    if (contract?.role !== 'contractor') return undefined;
    return elapse(contract, nowSeconds(this.#components.clock));
  }

  /**
   * Starts the work of a contract with the task as it was received, if its salted hash is the
   * agreed one. Work on anything else is work nobody has agreed to pay.
   *
   * @param salt - 16 bytes; any other length is refused as `TASK_MISMATCH`.
   */
  startWork(
    contractId: Uint8Array,
    task: { readonly salt: Uint8Array; readonly specification: Uint8Array },
  ): Promise<StepResult> {
    return this.#withContract(contractId, async (contract) => {
      let hash: Uint8Array;
      try {
        hash = taskHashOfBytes(task.salt, task.specification);
      } catch {
        return { accepted: false, refusal: 'TASK_MISMATCH' };
      }
      if (!equalBytes(hash, fromBase64Url(contract.request.body.task))) {
        return { accepted: false, refusal: 'TASK_MISMATCH' };
      }
      return this.#desk.apply(contract, { type: 'workStarted' });
    });
  }

  /**
   * Signs and stores the delivery of a finished contract, so that it is in time even if the client
   * collects it late. Repeating it with the same content changes nothing.
   */
  recordDelivery(contractId: Uint8Array, content: DeliveryContent): Promise<StepResult> {
    return this.#withContract(contractId, (contract) => this.#desk.deliver(contract, content));
  }

  /**
   * Answers a question that came by letter. Only what needs no session may: an acknowledgement and
   * a verdict stand by their signatures.
   */
  answerLetter(
    question: Extract<Question, { readonly typ: 'acknowledge' | 'verdict' }>,
    client: string,
  ): Promise<Answer> {
    return this.#answer(question, { remotePeer: client, sessionHash: NO_SESSION });
  }

  /** Forgets what ran out unagreed. @returns How many offers. */
  sweep(): Promise<number> {
    return sweepOffers(this.#components.store, nowSeconds(this.#components.clock));
  }

  async #withContract(
    contractId: Uint8Array,
    task: (contract: Contract) => Promise<StepResult>,
  ): Promise<StepResult> {
    const refused = { accepted: false, refusal: 'UNKNOWN_CONTRACT' satisfies RefusalCode } as const;
    const found = await this.contract(contractId);
    if (!found) return refused;
    return this.#lock.run(found.request.body.client, async () => {
      const { store, logger } = this.#components;
      const contract = await store.byContract(contractId);
      if (!contract) return refused;
      const result = await task(contract);
      if (!result.accepted) {
        const fields = { contract: toBase64Url(contractId), refusal: result.refusal };
        logger.info(fields, 'A step of a contract was refused.');
      }
      return result;
    });
  }
}
