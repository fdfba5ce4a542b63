/**
 * One attempt at a task, here or at one contractor: the work, the checks, the settlement, and what
 * the node learns from it.
 *
 * @module
 */

import { utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { TraceContext } from '../../protocols/a2a/trace-context.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { ReceiptBook } from '../../protocols/settlement/receipt-book.ts';
import type { SubtaskDocument } from '../api-documents.ts';
import type { Config } from '../config/schema.ts';
import type { DecisionRecord } from '../decision/decision-record.ts';
import type { Decision } from '../decision/engine.ts';
import { utilityOf } from './decision-memory.ts';
import type { DecisionMemory, DecisionOutcome } from './decision-memory.ts';
import type { SurveyedContractor } from './contractor-survey.ts';
import { auditRate } from './decision-request.ts';
import type { Prospect } from './decision-request.ts';
import { ExecutorInputError } from './executors/errors.ts';
import { isInterruption } from './interruption.ts';
import { keepReceipt } from './keep-receipt.ts';
import type { LocalMachine } from './local-machine.ts';
import type { OutcomeBook } from './outcomes.ts';
import { ContractorFailedError, ESCROW_STEP } from './outsourcing.ts';
import type { DeliveredResult, Outsourcing } from './outsourcing.ts';
import type { PreparedTask } from './prepared-task.ts';
import type { RunLedger } from './run-ledger.ts';
import type { ResultPart } from './task-parts.ts';
import type { ResultVerifiers } from './verification/custom-verifier.ts';
import { verifyResult } from './verification/verify-result.ts';
import type { Verification } from './verification/verify-result.ts';
import type { Measure } from './work-meter.ts';

/** A contractor that promised less has at least this long. */
const MIN_TASK_TIMEOUT_MS = 30_000;
/** How long a result may take to be checked and settled once it is here. */
const SETTLE_TIMEOUT_MS = 120_000;
/** How much longer than promised a contractor may take, and the longest time that any has. */
const LATENESS_FACTOR = 5;
const MAX_TASK_TIMEOUT_MS = 7 * 86_400_000;

export interface TaskExecutionComponents {
  readonly outsourcing: Outsourcing;
  readonly machine: LocalMachine;
  readonly outcomes: OutcomeBook;
  readonly memory: DecisionMemory;
  readonly receipts: ReceiptBook;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Told of a contractor that gave a quote and then did not take the task. */
  readonly onDeclined: (peerId: string) => void;
  /** Checks of who embeds the node, by term. */
  readonly verifiers?: ResultVerifiers | undefined;
}

/** What a task came to. */
export interface Finished {
  readonly status: SubtaskDocument['status'];
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

  constructor(components: TaskExecutionComponents) {
    this.#components = components;
  }

  /**
   * What this node's own executor sees at once to be at fault with the input; `undefined` for
   * nothing. Whoever is sent such an input can only refuse it, and would be blamed for it.
   */
  async inputFault(task: PreparedTask, signal: AbortSignal): Promise<string | undefined> {
    try {
      await this.#components.machine.executor(task.term)?.checkInput?.(task, { signal });
      return undefined;
    } catch (error) {
      if (error instanceof ExecutorInputError) return error.message;
      throw error;
    }
  }

  /** The end of a task that nobody can do, for what its input is. */
  refuseInput(fault: string, ledger: RunLedger): Finished {
    const startMs = this.#components.clock.monotonicMs();
    const reason = `the input is at fault: ${fault}`;
    ledger.note({ where: 'local', outcome: 'failed', reason, paidMicroUsd: 0 }, startMs);
    return FAILED;
  }

  /** Does the task on this machine. */
  async here(task: PreparedTask, ledger: RunLedger, signal: AbortSignal): Promise<Finished> {
    const { machine, clock, logger } = this.#components;
    const startMs = clock.monotonicMs();
    ledger.isDoneHere = true;
    try {
      const { parts, seconds } = await ledger.timed('work', () => machine.run(task, signal));
      ledger.workHereSeconds += seconds;
      const { verification } = await this.#verify(task, parts, 0, ledger, signal);
      noteChecked(ledger, 'local', verification, 0, startMs);
      const status = verification.passed ? 'completed' : 'failed';
      return { status, parts, verification, receiptId: null };
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ExecutorInputError) return this.refuseInput(error.message, ledger);
      const reason = messageOf(error);
      logger.warn({ taskId: task.taskId, err: error }, 'Work here failed.');
      ledger.note({ where: 'local', outcome: 'failed', reason, paidMicroUsd: 0 }, startMs);
      return FAILED;
    }
  }

  /**
   * Offers the chosen contractor the price that would split the gain evenly (Nash 1950), once. It
   * is not shown what others ask, and keeps its own price if that is too little.
   */
  async bargain(
    { quoted }: Prospect,
    { result }: Pick<DecisionRecord, 'result'>,
    ledger: RunLedger,
    signal: AbortSignal,
  ): Promise<void> {
    const { config, outsourcing } = this.#components;
    const { isBargaining, quoteTimeoutMs } = config.decision;
    const quotedMicroUsd = Number(quoted.quote.price);
    const offeredMicroUsd = Math.floor(result.bargainingPriceMicroUsd ?? quotedMicroUsd);
    // Who is tried by chance is another one than the price was computed for.
    if (!isBargaining || result.exploration || offeredMicroUsd >= quotedMicroUsd) return;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(quoteTimeoutMs)]);
    const agreed = await ledger.timed('bargain', () =>
      outsourcing.bargain(quoted, BigInt(offeredMicroUsd), inTime).catch((error: unknown) => {
        signal.throwIfAborted();
        if (!inTime.aborted) throw error;
        return BigInt(quotedMicroUsd);
      }),
    );
    ledger.bargained = { quotedMicroUsd, offeredMicroUsd, agreedMicroUsd: Number(agreed) };
  }

  /**
   * Has a contractor do the task.
   *
   * @param decision - The one that chose the contractor: what comes of it is learned.
   * @returns `undefined` if the task is still to be done.
   */
  async at(
    { contractor, quoted }: Prospect,
    decision: Decision,
    task: PreparedTask,
    ledger: RunLedger,
    signal: AbortSignal,
  ): Promise<Finished | undefined> {
    const { machine, clock, config } = this.#components;
    const { peerId } = quoted;
    const startMs = clock.monotonicMs();
    // The decision was taken just now: these are the figures that it reckoned with.
    const expected = machine.overheads;
    const limitMs = timeLimitMs(quoted.quote.latencyMs);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    let performed: Measure & { readonly result: DeliveredResult };
    try {
      const attributes = { 'coalesce.contractor': peerId };
      performed = await ledger.timed(
        'work',
        (span) => this.#perform(quoted, task, { ledger, trace: span?.context }, limited),
        { name: 'dispatch', kind: 'client', attributes },
      );
    } catch (error) {
      signal.throwIfAborted();
      const reason = limited.aborted ? `took more than ${limitMs} ms` : messageOf(error);
      if (!isOfLedger(error)) {
        const hasFailed = limited.aborted || isAgreed(error) || isInterruption(error);
        await this.#noteFailure(contractor, decision, hasFailed, reason);
      }
      ledger.note({ where: peerId, outcome: 'failed', reason, paidMicroUsd: 0 }, startMs);
      return undefined;
    }
    const { parts, quoted: taken } = performed.result;
    // From here on the contractor has done its part: a caller who hangs up must not leave it
    // unpaid.
    const toTheEnd = AbortSignal.timeout(SETTLE_TIMEOUT_MS);
    const rate = auditRate(contractor, config);
    const verified = await this.#verify(task, parts, rate, ledger, toTheEnd);
    const { verification, check } = verified;
    const settled = await machine.meter.time('waits', () =>
      this.#settle(taken, verification, ledger, toTheEnd),
    );
    const { receiptId, paidMicroUsd, isDisputed } = settled.result;
    const spentSeconds = performed.seconds + verified.seconds + settled.seconds;
    await this.#recordOutcome(contractor, decision, {
      isSuccess: verification.passed,
      isDisputed,
      paidMicroUsd,
      handlingMicroUsd: machine.priceOfCpu(spentSeconds),
    });
    noteChecked(ledger, peerId, verification, paidMicroUsd, startMs);
    const session = {
      seconds: performed.seconds + settled.seconds,
      isAlone: performed.isAlone && settled.isAlone,
    };
    const deal = { party: peerId, expected, session, verification: check };
    await machine.observeDeal(task, deal, verification.passed ? parts : null);
    if (!verification.passed) return undefined;
    return { status: 'completed', parts, verification, receiptId };
  }

  /** Has the work done and takes the result; meanwhile the task does not wait for this machine. */
  #perform(
    quoted: Prospect['quoted'],
    task: PreparedTask,
    { ledger, trace }: { readonly ledger: RunLedger; readonly trace: TraceContext | undefined },
    signal: AbortSignal,
  ): Promise<Measure & { readonly result: DeliveredResult }> {
    const { machine, outsourcing } = this.#components;
    return machine.meter.time('waits', () =>
      machine.queue.whileElsewhere(task.taskId, () =>
        outsourcing.perform(quoted, task, signal, {
          trace,
          onSecured: (security) => {
            ledger.paidMicroUsd += security.feesMicroUsd;
            ledger.security = security;
          },
        }),
      ),
    );
  }

  /**
   * A contractor that had agreed and did not deliver has failed, and so has one that let the time
   * run out: to stall must not be cheaper than to fail. One that declined has not.
   */
  async #noteFailure(
    contractor: SurveyedContractor,
    decision: Decision,
    hasFailed: boolean,
    reason: string,
  ): Promise<void> {
    const { peerId } = contractor.hit;
    this.#components.logger.warn({ peerId, reason }, 'A contractor failed.');
    if (!hasFailed) this.#components.onDeclined(peerId);
    await (hasFailed
      ? this.#recordOutcome(contractor, decision, { isSuccess: false, paidMicroUsd: 0 })
      : this.#components.memory.observeDeclined(decision));
  }

  /**
   * Checks a result; the time of checks that did not repeat the work is learned as their price.
   *
   * @returns what came out, the processor time of all checks, and how long those took that did not
   *   repeat the work: `null` if it was repeated.
   */
  async #verify(
    task: PreparedTask,
    resultParts: readonly ResultPart[],
    rate: number,
    ledger: RunLedger,
    signal: AbortSignal,
  ): Promise<{ verification: Verification; seconds: number; check: Measure | null }> {
    const { machine, random, verifiers } = this.#components;
    const recompute = machine.executor(task.term);
    await recompute?.prepare?.();
    const { result: verification, ...measure } = await ledger.timed('verify', () =>
      machine.meter.time('computes', () =>
        verifyResult({
          specification: task.specification,
          inputParts: task.parts,
          resultParts,
          random,
          auditRate: rate,
          signal,
          verifier: verifiers?.get(task.term),
          ...(recompute ? { recompute } : {}),
        }),
      ),
    );
    const isRepeated = verification.checks.some(
      ({ type, skipped }) => type === 'recompute' && skipped !== true,
    );
    if (!isRepeated) {
      await machine.observeOverhead('verificationMicroUsd', measure);
      return { verification, seconds: measure.seconds, check: measure };
    }
    // To repeat the work is to do it here: it tells what doing it here costs.
    if (measure.isAlone) await machine.observeRun(task, measure.seconds);
    return { verification, seconds: measure.seconds, check: null };
  }

  async #settle(
    quoted: Prospect['quoted'],
    verification: Verification,
    ledger: RunLedger,
    signal: AbortSignal,
  ): Promise<{ receiptId: string | null; paidMicroUsd: number; isDisputed: boolean }> {
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
    return { receiptId, paidMicroUsd, isDisputed: contract.phase === 'DISPUTED' };
  }

  async #recordOutcome(
    { hit: { peerId }, proved }: SurveyedContractor,
    decision: Decision,
    outcome: DecisionOutcome & { readonly isDisputed?: boolean },
  ): Promise<void> {
    const { outcomes, memory, clock } = this.#components;
    const { taskType } = decision.query.task;
    const { isSuccess, paidMicroUsd, isDisputed = false } = outcome;
    const recorded = outcomes.record({
      peerId,
      taskType,
      utility: utilityOf(decision, outcome),
      isSuccess,
      isDisputed,
      paidMicroUsd,
      atMs: clock.nowMs(),
    });
    // Counted in the same turn: of two outcomes at once, each sees its own number.
    const [entry] = outcomes.entriesOf(peerId).filter((one) => one.taskType === taskType);
    const { successes = 0, failures = 0 } = entry ?? {};
    const own = { successes, total: successes + failures };
    const learned = memory.observeOutcome(decision, outcome, {
      testimony: proved.testimony ?? [],
      own,
    });
    await Promise.all([recorded, learned]);
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

/** Time that a contractor has for a task for which it quoted so long. */
function timeLimitMs(latencyMs: number): number {
  const limitMs = Math.max(MIN_TASK_TIMEOUT_MS, latencyMs * LATENESS_FACTOR);
  return Math.min(limitMs, MAX_TASK_TIMEOUT_MS);
}

function isAgreed(error: unknown): boolean {
  return error instanceof ContractorFailedError && error.details.isAgreed;
}

/** Whether the ledger could not hold the price: no fault of the contractor's. */
function isOfLedger(error: unknown): boolean {
  return error instanceof ContractorFailedError && error.details.step === ESCROW_STEP;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it did not answer';
}
