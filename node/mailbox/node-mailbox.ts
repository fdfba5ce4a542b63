/**
 * What this node does with letters (wire-formats.md 1.5): a client that found its contractor gone
 * when it settled leaves acknowledgement and verdict for it, and tries to reach it; a contractor
 * that returns asks its clients and the brokers what they have for it, countersigns, and leaves the
 * receipt where the verdict was.
 *
 * A letter changes a contract as the same document on a stream would, and no more: it is checked by
 * the same code. It counts only between the two parties of a contract that is stored here.
 *
 * @module
 */

import { fromBase64Url, toBase64Url } from '../../crypto/bytes.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import { collectMail, leaveLetters } from '../../protocols/mailbox/client.ts';
import { LETTER_NUMBERS, MAX_LETTER_SECONDS, letterName } from '../../protocols/mailbox/letter.ts';
import { openLetter, sealLetter } from '../../protocols/mailbox/letter.ts';
import type { Letter } from '../../protocols/mailbox/letter.ts';
import { refusalOfNumber } from '../../protocols/errors.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import type { NegotiationClient } from '../../protocols/negotiation/client.ts';
import { isAgreed, otherSideOf } from '../../protocols/negotiation/contract.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { ContractStore } from '../../protocols/negotiation/contract-store.ts';
import type { Contractor } from '../../protocols/negotiation/contractor.ts';
import type { Answer } from '../../protocols/negotiation/messages.ts';
import { SECURE_PROTOCOLS } from '../../protocols/protocol-ids.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import type { JsonSection } from '../storage/store.ts';
import { SEALING_KEY_LIFE_SECONDS } from './sealing-keys.ts';
import type { SealingKeys } from './sealing-keys.ts';
import type { UnsignedVerdict, UnsignedVerdicts } from './unsigned-verdicts.ts';

/** Time for one peer: dialling, handshake and all questions. */
const PEER_TIMEOUT_MS = 10_000;
/** Peers that are tried at once, and contracts of each. */
const PEERS_AT_ONCE = 8;
const CONTRACTS_AT_ONCE = 8;
/** Letters are left anew with brokers at every so many tries: one may have lost them. */
const TRIES_UNTIL_LEFT_AGAIN = 8;
/** Between two looks for letters that were taken too long ago to come again, in seconds. */
const FORGET_PAUSE_SECONDS = 3_600;
/** Brokers that letters are left with and asked of. */
const MAX_KEEPERS = 3;

/** A letter that was taken, until it could not come again. */
export interface SeenLetter {
  readonly name: string;
  readonly expSeconds: number;
}

/** What came of a letter that was accepted. */
interface Taken {
  readonly reply?: Letter | undefined;
}

export interface NodeMailboxInit {
  readonly self: string;
  readonly streams: SecureStreams;
  readonly keys: SealingKeys;
  readonly contracts: Pick<ContractStore, 'byContract'>;
  readonly negotiation: Pick<NegotiationClient, 'conclude' | 'takeReceipt'>;
  readonly contractor: Pick<Contractor, 'answerLetter'>;
  /** Verdicts that this node has signed as client, and those that it waits for as contractor. */
  readonly late: UnsignedVerdicts;
  readonly awaited: UnsignedVerdicts;
  readonly seen: JsonSection<SeenLetter>;
  /** Multiaddrs of brokers, and how to connect to one. */
  readonly brokers: readonly string[];
  readonly dial: (address: string, signal: AbortSignal) => Promise<unknown>;
  /** Sealing key of a peer by its signed record, 32 bytes; `undefined` where none is found. */
  readonly sealingKeyOf: (peerId: string, signal: AbortSignal) => Promise<Uint8Array | undefined>;
  /** Told of each contract that a letter, or a later try, has brought to its receipt. */
  readonly onReceipt: (contract: Contract) => Promise<void>;
  /** Told when letters are to be sealed for another key from now on. */
  readonly onNewKey: () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A letter could not be taken now: it should come again. */
class LetterNotTakenError extends Error {
  static override readonly name = 'LetterNotTakenError';
  override readonly name = 'LetterNotTakenError';
}

/** Refusals that say nothing of the letter. */
const PASSING: ReadonlySet<RefusalCode> = new Set<RefusalCode>(['INTERNAL', 'TIMED_OUT']);

/** @throws {@link LetterNotTakenError} where this side failed, and not the letter. */
function requireFinal(answer: Answer): void {
  const refusal = answer.typ === 'decline' ? refusalOfNumber(answer.code) : undefined;
  if (refusal && PASSING.has(refusal)) throw new LetterNotTakenError(refusal);
}

/** Whether the other side can still bring it to a receipt, and has not. */
function isUnsigned({ role, phase, delivery, verdict }: Contract): boolean {
  if (role === 'client') return phase === 'VERDICT';
  // A delivery that nobody judged in time is disputed, and still takes a first verdict.
  return delivery !== undefined && verdict === undefined && phase !== 'VOID';
}

export class NodeMailbox {
  readonly #init: NodeMailboxInit;
  readonly #stopped = new AbortController();
  #round: Promise<void> | undefined;
  #forgotAtSeconds = 0;

  constructor(init: NodeMailboxInit) {
    this.#init = init;
  }

  /** Waits for the other signature of a contract, if one is missing; stops waiting if none is. */
  noteContract(contract: Contract): void {
    const { late, awaited } = this.#init;
    const { role, agreement } = contract;
    if (!agreement || !isAgreed(contract)) return;
    const contractId = toBase64Url(agreement.id);
    const waiting = role === 'client' ? late : awaited;
    if (isUnsigned(contract)) waiting.add(contractId, otherSideOf(contract));
    else waiting.delete(contractId);
  }

  /** Letters for `to` about verdicts that it has not countersigned, sealed for `key`. */
  async lettersFor(to: string, key: Uint8Array): Promise<readonly Letter[]> {
    const letters: Letter[] = [];
    for (const { contractId } of this.#init.late.of(to).slice(0, CONTRACTS_AT_ONCE)) {
      letters.push(...(await this.#lettersAbout(contractId, key)));
    }
    return letters;
  }

  async #lettersAbout(contractId: string, toKey: Uint8Array): Promise<readonly Letter[]> {
    const { self, contracts, late } = this.#init;
    const contract = await contracts.byContract(fromBase64Url(contractId));
    const isOurs = contract?.role === 'client' && contract.request.body.client === self;
    if (!isOurs) {
      late.delete(contractId);
      return [];
    }
    if (contract.phase !== 'VERDICT') {
      await this.#settled(contract);
      return [];
    }
    const to = otherSideOf(contract);
    const seal = (number: number, envelope: Uint8Array | undefined): readonly Letter[] => {
      const letter = envelope && this.#seal({ to, contract: contractId, number }, envelope, toKey);
      return letter ? [letter] : [];
    };
    return [
      ...seal(LETTER_NUMBERS.acknowledgement, contract.acknowledgement?.envelope),
      ...seal(LETTER_NUMBERS.verdict, contract.verdict?.envelope),
    ];
  }

  #seal(
    address: { readonly to: string; readonly contract: string; readonly number: number },
    envelope: Uint8Array,
    toKey: Uint8Array,
  ): Letter | undefined {
    const { self, keys, random, clock } = this.#init;
    const exp = nowSeconds(clock) + MAX_LETTER_SECONDS;
    const sealing = { sender: keys.current(), toKey, random };
    return sealLetter({ from: self, ...address }, envelope, sealing, exp);
  }

  /**
   * Takes a letter: opens it, applies what it says, and answers a verdict with the receipt. What is
   * not for this node, not from the other party, or was taken before, changes nothing.
   *
   * @param keeper - Who handed it over, and where the answer is left.
   * @throws if it could not be applied now and should come again.
   */
  async take(letter: Letter, keeper: string): Promise<void> {
    const { self, contracts, keys, seen, clock, logger } = this.#init;
    if (letter.to !== self || letter.exp <= nowSeconds(clock)) return;
    const contract = await contracts.byContract(fromBase64Url(letter.contract));
    const isParty = contract && isAgreed(contract) && otherSideOf(contract) === letter.from;
    const key = keys.find(letter.toKey);
    if (!isParty || !key) return;
    const name = letterName(letter);
    if (await seen.get(name)) return;
    const envelope = openLetter(letter, key);
    if (!envelope) {
      logger.debug({ keeper, from: letter.from }, 'A letter does not open.');
      return;
    }
    const taken =
      contract.role === 'contractor'
        ? await this.#takeAsContractor(letter, envelope)
        : await this.#takeAsClient(letter, envelope);
    // Whoever keeps letters can make one up: what was refused stands in no true one's way.
    if (!taken) return;
    if (taken.reply && !(await this.#leaveQuietly(keeper, [taken.reply]))) {
      this.#init.awaited.add(letter.contract, letter.from); // so that the keeper is asked again
      throw new LetterNotTakenError('its answer could not be left');
    }
    this.#init.awaited.delete(letter.contract);
    // The key that opens it is forgotten by then; its own `exp` is the keeper's word.
    const expSeconds = nowSeconds(clock) + SEALING_KEY_LIFE_SECONDS;
    await seen.put(name, { name, expSeconds });
  }

  /** @returns what to answer, if anything; `undefined` for what is refused. */
  async #takeAsContractor(letter: Letter, envelope: Uint8Array): Promise<Taken | undefined> {
    const { contractor } = this.#init;
    const { contract, from, number } = letter;
    const text = toBase64Url(envelope);
    if (number === LETTER_NUMBERS.acknowledgement) {
      const question = { v: 1, typ: 'acknowledge', contract, acknowledgement: text } as const;
      const answer = await contractor.answerLetter(question, from);
      requireFinal(answer);
      return answer.typ === 'acknowledged' ? {} : undefined;
    }
    if (number !== LETTER_NUMBERS.verdict) return undefined;
    const question = { v: 1, typ: 'verdict', contract, verdict: text } as const;
    const answer = await contractor.answerLetter(question, from);
    requireFinal(answer);
    if (answer.typ === 'disputed') return {};
    if (answer.typ !== 'receipt') return undefined;
    const address = { to: from, contract, number: LETTER_NUMBERS.receipt };
    const key = fromBase64Url(letter.fromKey);
    return { reply: this.#seal(address, fromBase64Url(answer.receipt), key) };
  }

  async #takeAsClient(
    { contract, from, number }: Letter,
    envelope: Uint8Array,
  ): Promise<Taken | undefined> {
    if (number !== LETTER_NUMBERS.receipt) return undefined;
    const taken = await this.#init.negotiation.takeReceipt(fromBase64Url(contract), from, envelope);
    if (!taken.agreed) return undefined;
    await this.#settled(taken.contract);
    return {};
  }

  /**
   * A verdict of this node has come back: with the other signature, or contested. It waits on until
   * what follows from a receipt is stored, which may be a second time.
   */
  async #settled(contract: Contract): Promise<void> {
    if (contract.phase === 'RECEIPT') await this.#init.onReceipt(contract);
    this.noteContract(contract);
  }

  async #leaveQuietly(keeper: string, letters: readonly Letter[]): Promise<boolean> {
    const { streams, logger } = this.#init;
    try {
      const refusal = await leaveLetters(streams, keeper, letters, this.#deadline());
      if (refusal) logger.debug({ keeper, refusal }, 'A letter was not kept.');
      return refusal === undefined;
    } catch (error) {
      logger.debug({ keeper, err: error }, 'A letter could not be left.');
      return false;
    }
  }

  #deadline(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(PEER_TIMEOUT_MS)]);
  }

  /** Tries what is due. Of two calls at once, the second waits for the first. */
  async round(): Promise<void> {
    this.#round ??= this.#tryDue().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  async #tryDue(): Promise<void> {
    const { late, awaited, keys, logger } = this.#init;
    try {
      if (await keys.renew()) this.#init.onNewKey();
      await this.#forgetSeen();
      const owed = late.takeDue(PEERS_AT_ONCE, CONTRACTS_AT_ONCE);
      // One visit to a client serves all that it has not judged.
      const due = awaited.takeDue(PEERS_AT_ONCE, Infinity);
      if (owed.length + due.length === 0) return;
      // First: what lies there may be all that was waited for.
      await this.#askBrokers();
      await Promise.all(due.map(([one]) => this.#collect(one!.peerId)));
      await Promise.all(owed.map((ofPeer) => this.#concludeAll(ofPeer)));
    } catch (error) {
      if (!this.#stopped.signal.aborted) logger.error({ err: error }, 'A round of mail failed.');
    }
  }

  /** One after the other. */
  async #concludeAll(ofPeer: readonly UnsignedVerdict[]): Promise<void> {
    let isThere = true;
    for (const one of ofPeer) {
      // Who was not there a moment ago is left a letter.
      if (isThere) isThere = await this.#conclude(one);
      else await this.#leaveWithBrokers(one);
    }
  }

  /** Tries to reach the contractor of a late verdict, and else leaves letters for it. */
  async #conclude(one: UnsignedVerdict): Promise<boolean> {
    const { streams, negotiation, contracts, logger } = this.#init;
    const { contractId, peerId } = one;
    const contract = await contracts.byContract(fromBase64Url(contractId));
    if (contract?.phase !== 'VERDICT') {
      if (contract) await this.#settled(contract);
      else this.#init.late.delete(contractId);
      return true;
    }
    const signal = this.#deadline();
    try {
      const stream = await streams.open(peerId, SECURE_PROTOCOLS.negotiation, { signal });
      const outcome = await negotiation.conclude(stream, contract.request.id, { signal });
      stream.abort('cancelled');
      if (outcome.agreed) await this.#settled(outcome.contract);
      else logger.info({ peerId, refusal: outcome.refusal }, 'A late verdict was refused.');
      return true;
    } catch (error) {
      logger.debug({ peerId, err: error }, 'A contractor is not there to countersign.');
      await this.#leaveWithBrokers(one);
      return false;
    }
  }

  async #leaveWithBrokers({
    contractId,
    peerId,
    keepers,
    tries = 0,
  }: UnsignedVerdict): Promise<void> {
    const { sealingKeyOf, late, logger } = this.#init;
    if (keepers.length > 0 && tries % TRIES_UNTIL_LEFT_AGAIN !== 0) return;
    const brokers = await this.#connectedBrokers();
    if (brokers.length === 0) return;
    const key = await sealingKeyOf(peerId, this.#deadline());
    const letters = key ? await this.#lettersAbout(contractId, key) : [];
    if (letters.length === 0) {
      logger.debug({ peerId }, 'A contractor that is gone has no key to seal letters for.');
      return;
    }
    const kept = await Promise.all(
      brokers.map(async (broker) => ((await this.#leaveQuietly(broker, letters)) ? [broker] : [])),
    );
    late.keptBy(contractId, kept.flat());
  }

  async #askBrokers(): Promise<void> {
    const brokers = await this.#connectedBrokers();
    await Promise.all(brokers.map((broker) => this.#collect(broker)));
  }

  async #connectedBrokers(): Promise<readonly string[]> {
    const { brokers, dial, self, logger } = this.#init;
    const connected = await Promise.all(
      brokers.slice(0, MAX_KEEPERS).map(async (address) => {
        const peerId = address.slice(address.lastIndexOf('/') + 1);
        if (peerId === self) return [];
        try {
          await dial(address, this.#deadline());
          return [peerId];
        } catch (error) {
          logger.debug({ address, err: error }, 'A broker is not there to keep letters.');
          return [];
        }
      }),
    );
    return connected.flat();
  }

  async #collect(keeper: string): Promise<void> {
    const { self, streams, keys, logger } = this.#init;
    const key = keys.current().publicKey;
    const take = (letter: Letter): Promise<void> => this.take(letter, keeper);
    try {
      const taken = await collectMail(streams, keeper, { self, key, take }, this.#deadline());
      if (taken > 0) logger.info({ keeper, taken }, 'Letters were collected.');
    } catch (error) {
      logger.debug({ keeper, err: error }, 'No letters could be collected.');
    }
  }

  /** What nothing here can open any more. */
  async #forgetSeen(): Promise<void> {
    const now = nowSeconds(this.#init.clock);
    if (now - this.#forgotAtSeconds < FORGET_PAUSE_SECONDS) return;
    this.#forgotAtSeconds = now;
    for (const { name, expSeconds } of await this.#init.seen.values()) {
      if (expSeconds <= now) await this.#init.seen.delete(name);
    }
  }

  /** Ends what is under way. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#round;
  }
}
