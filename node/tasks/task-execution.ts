/**
 * One attempt at a task, here or at one contractor: the work, the checks, the settlement, and what
 * the node learns from it.
 *
 * @module
 */

import { utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { ReceiptBook } from '../../protocols/settlement/receipt-book.ts';
import type { RunDocument } from '../api-documents.ts';
import type { Config } from '../config/schema.ts';
import { auditRate } from './decision-request.ts';
import type { Prospect } from './decision-request.ts';
import { keepReceipt } from './keep-receipt.ts';
import type { Processor } from '../system-clock.ts';
import type { LocalMachine } from './local-machine.ts';
import type { OutcomeBook } from './outcomes.ts';
import { ContractorFailedError } from './outsourcing.ts';
import type { DeliveredResult, Outsourcing } from './outsourcing.ts';
import type { PreparedTask } from './prepared-task.ts';
import type { RunLedger } from './run-ledger.ts';
import type { ResultPart } from './task-parts.ts';
import { verifyResult } from './verification/verify-result.ts';
import type { Verification } from './verification/verify-result.ts';

/** A contractor that promised less has at least this long. */
const MIN_TASK_TIMEOUT_MS = 30_000;
/** How long a result may take to be checked and settled once it is here. */
const SETTLE_TIMEOUT_MS = 120_000;
/** How much longer than promised a contractor may take. */
const LATENESS_FACTOR = 5;

export interface TaskExecutionComponents {
  readonly outsourcing: Outsourcing;
  readonly machine: LocalMachine;
  readonly outcomes: OutcomeBook;
  readonly receipts: ReceiptBook;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly processor: Processor;
}

/** What a task came to. */
export interface Finished {
  readonly status: RunDocument['status'];
  readonly parts: readonly ResultPart[] | null;
  readonly verification: Verification;
  readonly receiptId: string | null;
}

const NOT_DONE = { parts: null, verification: { passed: false, checks: [] }, receiptId: null };

/** The end of a task that nobody may do. */
export const REFUSED: Finished = { status: 'refused', ...NOT_DONE };
const FAILED: Finished = { status: 'failed', ...NOT_DONE };

/** Carries out attempts. */
export class TaskExecution {
  readonly #components: TaskExecutionComponents;
  #isWarm = false;

  constructor(components: TaskExecutionComponents) {
    this.#components = components;
  }

  /** Does the task on this machine. */
  async here(task: PreparedTask, ledger: RunLedger, signal: AbortSignal): Promise<Finished> {
    const { machine, clock } = this.#components;
    const startMs = clock.monotonicMs();
    ledger.isDoneHere = true;
    try {
      const { parts, seconds } = await ledger.timed('work', () => machine.run(task, signal));
      ledger.workHereSeconds += seconds;
      const verification = await this.#verify(task, parts, 0, ledger, signal);
      noteChecked(ledger, 'local', verification, 0, startMs);
      const status = verification.passed ? 'completed' : 'failed';
      return { status, parts, verification, receiptId: null };
    } catch (error) {
      signal.throwIfAborted();
      const reason = messageOf(error);
      ledger.note({ where: 'local', outcome: 'failed', reason, paidMicroUsd: 0 }, startMs);
      return FAILED;
    }
  }

  /** Has a contractor do the task. @returns `undefined` if the task is still to be done. */
  async at(
    { contractor, quoted }: Prospect,
    task: PreparedTask,
    ledger: RunLedger,
    signal: AbortSignal,
  ): Promise<Finished | undefined> {
    const { outsourcing, clock, config, processor } = this.#components;
    const { peerId } = quoted;
    const startMs = clock.monotonicMs();
    const startSeconds = processor.seconds();
    const limitMs = Math.max(MIN_TASK_TIMEOUT_MS, quoted.quote.latencyMs * LATENESS_FACTOR);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    let delivered: DeliveredResult;
    try {
      delivered = await ledger.timed('work', () => outsourcing.perform(quoted, task, limited));
    } catch (error) {
      signal.throwIfAborted();
      const reason = limited.aborted ? `took more than ${limitMs} ms` : messageOf(error);
      await this.#noteFailure(peerId, task, error, reason);
      ledger.note({ where: peerId, outcome: 'failed', reason, paidMicroUsd: 0 }, startMs);
      return undefined;
    }
    const performedSeconds = processor.seconds() - startSeconds;
    // From here on the contractor has done its part: a caller who hangs up must not leave it
    // unpaid.
    const toTheEnd = AbortSignal.timeout(SETTLE_TIMEOUT_MS);
    const rate = auditRate(contractor, config);
    const verification = await this.#verify(task, delivered.parts, rate, ledger, toTheEnd);
    const checkedSeconds = processor.seconds();
    const { receiptId, paidMicroUsd } = await this.#settle(quoted, verification, ledger, toTheEnd);
    await this.#observeDeal(performedSeconds + processor.seconds() - checkedSeconds);
    await this.#recordOutcome(peerId, task, verification.passed, paidMicroUsd);
    noteChecked(ledger, peerId, verification, paidMicroUsd, startMs);
    if (!verification.passed) return undefined;
    return { status: 'completed', parts: delivered.parts, verification, receiptId };
  }

  /** A contractor that had agreed and did not deliver has failed; one that declined has not. */
  async #noteFailure(
    peerId: string,
    task: PreparedTask,
    error: unknown,
    reason: string,
  ): Promise<void> {
    this.#components.logger.warn({ peerId, reason }, 'A contractor failed.');
    if (error instanceof ContractorFailedError && error.details.isAgreed)
      await this.#recordOutcome(peerId, task, false, 0);
  }

  /** Checks a result; the time of checks that did not repeat the work is learned as their price. */
  async #verify(
    task: PreparedTask,
    resultParts: readonly ResultPart[],
    rate: number,
    ledger: RunLedger,
    signal: AbortSignal,
  ): Promise<Verification> {
    const { machine, random, processor } = this.#components;
    const recompute = machine.executor(task.term);
    await recompute?.prepare?.();
    const start = processor.seconds();
    const verification = await ledger.timed('verify', () =>
      verifyResult({
        specification: task.specification,
        inputParts: task.parts,
        resultParts,
        random,
        auditRate: rate,
        signal,
        ...(recompute ? { recompute } : {}),
      }),
    );
    const seconds = processor.seconds() - start;
    const isRepeated = verification.checks.some(
      ({ type, skipped }) => type === 'recompute' && skipped !== true,
    );
    // To repeat the work is to do it here: it tells what doing it here costs.
    if (isRepeated) await machine.observeRun(task, seconds);
    else await machine.observeOverhead('verificationMicroUsd', machine.priceOfCpu(seconds));
    return verification;
  }

  async #settle(
    quoted: Prospect['quoted'],
    verification: Verification,
    ledger: RunLedger,
    signal: AbortSignal,
  ): Promise<{ receiptId: string | null; paidMicroUsd: number }> {
    const { outsourcing, receipts, clock, logger } = this.#components;
    const evidence = sha256(utf8(JSON.stringify(verification)));
    const checks = verification.checks
      .filter(({ skipped }) => skipped !== true)
      .map(({ type, passed }) => ({ type, passed: passed ? (1 as const) : (0 as const) }));
    const outcome = verification.passed ? 'pass' : 'fail';
    const { receiptId, contract } = await ledger.timed('settle', () =>
      outsourcing.settle(quoted, { outcome, checks, evidence }, signal),
    );
    await keepReceipt(receipts, contract, nowSeconds(clock), logger);
    // The verdict binds this node whether or not the contractor has signed it too.
    const paidMicroUsd = Number(contract.verdict?.body.paid ?? 0);
    ledger.paidMicroUsd += paidMicroUsd;
    return { receiptId, paidMicroUsd };
  }

  async #recordOutcome(
    peerId: string,
    { term }: PreparedTask,
    isSuccess: boolean,
    paidMicroUsd: number,
  ): Promise<void> {
    const { outcomes, clock } = this.#components;
    const atMs = clock.nowMs();
    await outcomes.record({ peerId, taskType: term, isSuccess, paidMicroUsd, atMs });
  }

  /** Learns what a deal costs besides its price: agreement, delivery and settlement together. */
  async #observeDeal(seconds: number): Promise<void> {
    const { machine } = this.#components;
    // The first deal after a start pays for code that is compiled once: it is no measure.
    if (this.#isWarm) await machine.observeOverhead('sessionMicroUsd', machine.priceOfCpu(seconds));
    this.#isWarm = true;
  }
}

function noteChecked(
  ledger: RunLedger,
  where: string,
  { passed, checks }: Verification,
  paidMicroUsd: number,
  startMs: number,
): void {
  const failed = checks.find((check) => !check.passed);
  const reason = failed ? `${failed.type}: ${failed.detail}` : null;
  const outcome = passed ? 'verified' : 'failed-verification';
  ledger.note({ where, outcome, reason, paidMicroUsd }, startMs);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it did not answer';
}
