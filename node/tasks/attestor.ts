/**
 * Attestation of a skill: known-answer tasks go to a peer by the normal path, quote and contract
 * and receipt included, and are graded by the normal verifier. What it passed stands in a
 * certificate.
 *
 * Nothing in a task tells it from others, but whose it is does: it comes under this node's own
 * PeerId. A peer that recognises an attestor can work well for it alone. What shows that later is
 * the receipts of other clients and audits; the certificate says no more than how these tasks went.
 * They are paid like any other.
 *
 * @module
 */

import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { IssuedCertificate } from '../../crypto/skill-certificate.ts';
import { toBase64Url } from '../../crypto/bytes.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import type { AttestDocument } from '../api-documents.ts';
import type { CertificateIssuer } from '../certificates/certificate-issuer.ts';
import { BadInputError, RefusedError, UnreachableError } from '../errors.ts';
import type { ReceiptBook } from '../../protocols/settlement/receipt-book.ts';
import { MIN_KNOWN_ANSWER_TASKS, MIN_PASSED_SHARE } from './attestation-rule.ts';
import { handOverCertificate } from './certificate-handover.ts';
import { keepReceipt } from './keep-receipt.ts';
import { KNOWN_ANSWER_TERMS, makeKnownAnswerTasks } from './known-answer.ts';
import type { KnownAnswerTask } from './known-answer.ts';
import type { DailySpending } from './daily-spending.ts';
import { ContractorFailedError, ESCROW_STEP } from './outsourcing.ts';
import type { DeliveredResult, Outsourcing, QuotedTask } from './outsourcing.ts';
import type { Reservation } from './spending-cap.ts';
import type { PreparedTask } from './prepared-task.ts';

/** What a refused delivery means. */
const explanations = {
  NOT_SUPPORTED: 'the peer does not trust this attestor; add its PeerId to trust.attestors there',
};
/** How often a task is handed out again that a peer has declined, and the pause before. */
const MAX_DECLINED = 3;
const DECLINED_PAUSE_MS = 500;
const TASK_TIMEOUT_MS = 60_000;
const TESTED_ENOUGH =
  'has no more time for tests now (a minute for a first attestation, then 2 % of its work)';
/** Life of a skill's certificate. */
export const SKILL_CERTIFICATE_SECONDS = 30 * 86_400;

export interface AttestorComponents {
  readonly outsourcing: Outsourcing;
  readonly issuer: CertificateIssuer;
  readonly streams: SecureStreams;
  readonly receipts: ReceiptBook;
  /** What the node pays in a day; left out: no limit. */
  readonly daily?: DailySpending | undefined;
  /** What the ledger takes for one contract; left out where there is none. */
  readonly ledgerFeesMicroUsd?: number | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What is to be attested. */
export interface AttestOrder {
  readonly peerId: string;
  readonly term: string;
  readonly tasks: number;
}

interface HandedOut extends DeliveredResult {
  readonly quoted: QuotedTask;
  readonly feesMicroUsd: number;
  readonly reservation: Reservation | undefined;
  /** For how long the peer had the task, the way to it included. */
  readonly busyMs: number;
}

interface Graded {
  readonly isPassed: boolean;
  /** Answered, and not passed. */
  readonly isWrong: boolean;
  readonly failure: string | null;
  readonly paidMicroUsd: number;
  readonly contractId: string | null;
  readonly busyMs: number;
  readonly isUnreachable: boolean;
  /** Declined: the round is over. */
  readonly isTestedEnough: boolean;
}

/** Runs attestations. */
export class Attestor {
  readonly #components: AttestorComponents;

  constructor(components: AttestorComponents) {
    this.#components = components;
  }

  /** @throws {@link BadInputError} for a skill that this node cannot grade, or too few tasks. */
  async attest(
    { peerId, term, tasks: count }: AttestOrder,
    signal: AbortSignal,
  ): Promise<AttestDocument> {
    if (!KNOWN_ANSWER_TERMS.includes(term)) {
      throw new BadInputError(
        `${term}: this node has no known-answer tasks for it; it has them for ${KNOWN_ANSWER_TERMS.join(', ')}`,
      );
    }
    if (count < MIN_KNOWN_ANSWER_TASKS) {
      throw new BadInputError(
        `tasks: a certificate needs at least ${MIN_KNOWN_ANSWER_TASKS} known-answer tasks, ` +
          `got ${count}`,
      );
    }
    const { clock } = this.#components;
    const startMs = clock.monotonicMs();
    const tasks = makeKnownAnswerTasks(term, randomBytes(16).toString('hex'), count);
    const graded: Graded[] = [];
    let isCut = false;
    for (const task of tasks) {
      const result = await this.#grade(peerId, term, task, signal);
      isCut = result.isTestedEnough;
      if (isCut) break;
      if (graded.length === 0 && result.isUnreachable) {
        throw new UnreachableError(`${peerId} cannot be reached: ${result.failure ?? 'no answer'}`);
      }
      graded.push(result);
    }
    if (graded.length === 0) throw new RefusedError(`${peerId} ${TESTED_ENOUGH}; come back later`);
    const passed = graded.filter(({ isPassed }) => isPassed).length;
    // As if everything that was not answered had been answered rightly.
    const answeredWrongly = graded.filter(({ isWrong }) => isWrong).length;
    // As if it had been answered wrongly: nobody may end a round while it is ahead.
    const certificate =
      passed >= count * MIN_PASSED_SHARE
        ? await this.#certify(peerId, term, { passed, run: count }, graded)
        : null;
    const undelivered = certificate
      ? await handOverCertificate({ ...this.#components, explanations }, certificate, signal)
      : null;
    return {
      peerId,
      term,
      run: count,
      passed,
      isWrong: count - answeredWrongly < count * MIN_PASSED_SHARE,
      failures: [
        ...graded.flatMap(({ failure }) => (failure === null ? [] : [failure])),
        ...(isCut
          ? [`${count - graded.length} tasks were not taken: the peer ${TESTED_ENOUGH}`]
          : []),
        ...(undelivered === null ? [] : [`certificate not delivered: ${undelivered}`]),
      ],
      certId: certificate ? toBase64Url(certificate.certificate.id) : null,
      delivered: certificate !== null && undelivered === null,
      paidMicroUsd: graded.reduce((sum, { paidMicroUsd }) => sum + paidMicroUsd, 0),
      elapsedMs: Math.round(clock.monotonicMs() - startMs),
      busyMs: Math.round(graded.reduce((sum, { busyMs }) => sum + busyMs, 0)),
    };
  }

  async #grade(
    peerId: string,
    term: string,
    task: KnownAnswerTask,
    outer: AbortSignal,
  ): Promise<Graded> {
    const { outsourcing } = this.#components;
    const signal = AbortSignal.any([outer, AbortSignal.timeout(TASK_TIMEOUT_MS)]);
    try {
      const prepared = preparedTask(term, task);
      const handed = await this.#handOut(peerId, prepared, signal);
      const { quoted, parts, contractId, feesMicroUsd, reservation, busyMs } = handed;
      const isPassed = await task.grade(parts, { signal });
      const checks = [{ type: 'known-answer', passed: isPassed ? (1 as const) : (0 as const) }];
      const outcome = isPassed ? 'pass' : 'fail';
      const { contract } = await outsourcing.settle(quoted, { outcome, checks }, signal);
      const { receipts, clock, logger } = this.#components;
      await keepReceipt(receipts, contract, nowSeconds(clock), logger);
      const paidMicroUsd = Number(contract.verdict?.body.paid ?? 0);
      await reservation?.settle(paidMicroUsd + feesMicroUsd);
      return {
        isPassed,
        isWrong: !isPassed,
        failure: isPassed ? null : 'a wrong answer',
        paidMicroUsd,
        contractId,
        busyMs,
        isUnreachable: false,
        isTestedEnough: false,
      };
    } catch (error) {
      outer.throwIfAborted();
      if (error instanceof RefusedError) throw error;
      const failure = messageOf(error);
      // It says nothing of the holder, and would be the same for every task that is left.
      if (error instanceof ContractorFailedError && error.details.step === ESCROW_STEP) {
        throw new UnreachableError(failure, { cause: error });
      }
      if (error instanceof ContractorFailedError && error.details.refusal === 'SKILL_NOT_OFFERED') {
        throw new RefusedError(`${peerId} does not offer ${term}`, { cause: error });
      }
      const cause = error instanceof Error ? error.cause : undefined;
      const isUnreachable =
        cause instanceof Error && 'code' in cause && cause.code === 'PEER_UNREACHABLE';
      return {
        isPassed: false,
        isWrong: false,
        failure,
        paidMicroUsd: 0,
        contractId: null,
        busyMs: 0,
        isUnreachable,
        isTestedEnough: isTestedEnough(error),
      };
    }
  }

  /**
   * Hands a task out; a peer that is busy is asked again, because that says nothing of its skill.
   */
  async #handOut(peerId: string, task: PreparedTask, signal: AbortSignal): Promise<HandedOut> {
    const { outsourcing } = this.#components;
    for (let declined = 0; ; declined++) {
      try {
        const quoted = await outsourcing.quote(peerId, task, signal);
        return await this.#perform(quoted, task, signal);
      } catch (error) {
        const isDeclined = error instanceof ContractorFailedError && !error.details.isAgreed;
        const isFinal =
          isDeclined &&
          (error.details.refusal === 'SKILL_NOT_OFFERED' ||
            error.details.step === ESCROW_STEP ||
            isTestedEnough(error));
        if (!isDeclined || isFinal || declined === MAX_DECLINED) throw error;
        await delay(DECLINED_PAUSE_MS, undefined, { signal });
      }
    }
  }

  /** A failure after the agreement leaves the day's account as if all had been paid. */
  async #perform(quoted: QuotedTask, task: PreparedTask, signal: AbortSignal): Promise<HandedOut> {
    const { outsourcing, daily, clock, ledgerFeesMicroUsd = 0 } = this.#components;
    const priceMicroUsd = Number(quoted.quote.price) + ledgerFeesMicroUsd;
    const reservation = await daily?.reserve(priceMicroUsd);
    if (daily && !reservation) {
      await outsourcing.release(quoted, signal);
      throw new RefusedError(
        `A task of ${priceMicroUsd} micro-USD is more than what is left of the day's limit, ` +
          'spending.maxPerDayUsd; raise it or wait for the next day (UTC)',
      );
    }
    let feesMicroUsd = 0;
    const startMs = clock.monotonicMs();
    try {
      const result = await outsourcing.perform(quoted, task, signal, {
        isTest: true,
        onSecured: (security) => {
          ({ feesMicroUsd } = security);
        },
      });
      const busyMs = clock.monotonicMs() - startMs;
      return { ...result, quoted: result.quoted, feesMicroUsd, reservation, busyMs };
    } catch (error) {
      const isAgreed = error instanceof ContractorFailedError && error.details.isAgreed;
      if (!isAgreed) await reservation?.settle(0);
      throw error;
    }
  }

  #certify(
    holder: string,
    term: string,
    score: { readonly passed: number; readonly run: number },
    graded: readonly Graded[],
  ): Promise<IssuedCertificate> {
    const transcript = graded.map(({ contractId, isPassed }) => ({ contractId, isPassed }));
    const evidence = createHash('sha256').update(JSON.stringify(transcript)).digest();
    return this.#components.issuer.issue({
      kind: 'attestation',
      holder,
      claims: [
        { kind: 'skill', name: term },
        { kind: 'canaryScore', name: term, ...score },
      ],
      evidence: new Uint8Array(evidence),
      lifeSeconds: SKILL_CERTIFICATE_SECONDS,
    });
  }
}

function preparedTask(term: string, { specification, parts }: KnownAnswerTask): PreparedTask {
  return {
    taskId: randomBytes(8).toString('hex'),
    specification,
    parts,
    term,
    inputBytes: parts.reduce((sum, { bytes }) => sum + bytes.length, 0),
    expectedOutputBytes: 0,
  };
}

/** Before the agreement only: who has read a task must answer it. */
function isTestedEnough(error: unknown): boolean {
  if (!(error instanceof ContractorFailedError) || error.details.isAgreed) return false;
  return error.details.refusal === 'TESTED_ENOUGH';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'no answer';
}
