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
import type { LocalMachine } from './local-machine.ts';
import type { OutcomeBook } from './outcomes.ts';
import { ContractorFailedError } from './outsourcing.ts';
import type { DeliveredResult, Outsourcing } from './outsourcing.ts';
import type { PreparedTask } from './prepared-task.ts';
import type { RunLedger } from './run-ledger.ts';
import type { ResultPart } from './task-parts.ts';
import { verifyResult } from './verification/verify-result.ts';
import type { Verification } from './verification/verify-result.ts';

/** Dealings with contractors after a start whose processor time is not learned from. */
const COLD_DEALINGS = 2;
/** A contractor that promised less has at least this long. */
const MIN_TASK_TIMEOUT_MS = 30_000;
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
  #dealings = 0;

  constructor(components: TaskExecutionComponents) {
    this.#components = components;
  }

  /** Does the task on this machine. */
  async here(task: PreparedTask, ledger: RunLedger, signal: AbortSignal): Promise<Finished> {
    const { machine, clock } = this.#components;
    const startMs = clock.monotonicMs();
    ledger.isDoneHere = true;
    try {
      const { parts } = await ledger.timed('work', () => machine.run(task, signal));
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
    const { outsourcing, clock, config } = this.#components;
    const { peerId } = quoted;
    const startMs = clock.monotonicMs();
    const limitMs = Math.max(MIN_TASK_TIMEOUT_MS, quoted.quote.latencyMs * LATENESS_FACTOR);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    let delivered: DeliveredResult;
    try {
      delivered = await ledger.timed('work', () =>
        this.#charged(ledger, () => outsourcing.perform(quoted, task, limited)),
      );
    } catch (error) {
      signal.throwIfAborted();
      const reason = limited.aborted ? `took more than ${limitMs} ms` : messageOf(error);
      await this.#noteFailure(peerId, task, error, reason);
      ledger.note({ where: peerId, outcome: 'failed', reason, paidMicroUsd: 0 }, startMs);
      return undefined;
    }
    const rate = auditRate(contractor, config);
    const verification = await this.#verify(task, delivered.parts, rate, ledger, signal);
    const { receiptId, paidMicroUsd } = await this.#settle(quoted, verification, ledger, signal);
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
    const hadAgreed = !(error instanceof ContractorFailedError) || error.details.isAgreed;
    if (hadAgreed) await this.#recordOutcome(peerId, task, false, 0);
  }

  /** Checks a result; the time of checks that did not repeat the work is learned as their price. */
  async #verify(
    task: PreparedTask,
    resultParts: readonly ResultPart[],
    rate: number,
    ledger: RunLedger,
    signal: AbortSignal,
  ): Promise<Verification> {
    const { machine, random, clock } = this.#components;
    const recompute = machine.executor(task.term);
    await recompute?.prepare?.();
    const startMs = clock.monotonicMs();
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
    const seconds = (clock.monotonicMs() - startMs) / 1_000;
    const cost = machine.priceOfCpu(seconds);
    ledger.handlingMicroUsd += cost;
    const isRepeated = verification.checks.some(
      ({ type, skipped }) => type === 'recompute' && skipped !== true,
    );
    // To repeat the work is to do it here: it tells what doing it here costs.
    if (isRepeated) await machine.observeRun(task, seconds);
    else await machine.observeOverhead('verificationMicroUsd', cost);
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
      this.#charged(ledger, () =>
        outsourcing.settle(quoted, { outcome, checks, evidence }, signal),
      ),
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

  /**
   * Charges the processor time that this process spends on `work` to the dealing with contractors.
   */
  async #charged<Result>(ledger: RunLedger, work: () => Promise<Result>): Promise<Result> {
    const { machine } = this.#components;
    const before = process.cpuUsage();
    try {
      return await work();
    } finally {
      const { user, system } = process.cpuUsage(before);
      const cost = machine.priceOfCpu((user + system) / 1e6);
      ledger.handlingMicroUsd += cost;
      // The first dealings pay for code that is loaded and compiled once: spent, but no measure.
      const isWarm = this.#dealings++ >= COLD_DEALINGS;
      if (isWarm) await machine.observeOverhead('sessionMicroUsd', cost);
    }
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
