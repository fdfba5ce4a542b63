/**
 * The client's main job: look for contractors, take quotes, decide, have the task done here or there,
 * verify, settle. A contractor that fails is left out and the decision is taken anew, until the task
 * is done or nobody is left (architecture.md 3).
 *
 * @module
 */

import { createHash } from 'node:crypto';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import { nowSeconds } from '../../protocols/components.ts';
import type { ReceiptBook } from '../../protocols/settlement/receipt-book.ts';
import type { AttemptDocument, RunDocument, SubtaskDocument } from '../api-documents.ts';
import type { Config } from '../config/schema.ts';
import type { DecisionRecord } from '../decision/decision-record.ts';
import { decide } from '../decision/engine.ts';
import type { Candidate } from '../decision/request.ts';
import type { ContractorSurvey } from './contractor-survey.ts';
import { shortDecision } from './decision-log.ts';
import type { DecisionLog } from './decision-log.ts';
import { auditRate, candidateOf, decisionRequest } from './decision-request.ts';
import type { Prospect } from './decision-request.ts';
import type { LocalMachine } from './local-machine.ts';
import type { OutcomeBook } from './outcomes.ts';
import { ContractorFailedError } from './outsourcing.ts';
import type { DeliveredResult, Outsourcing } from './outsourcing.ts';
import type { PreparedTask } from './prepared-task.ts';
import { totalsOf } from './run-totals.ts';
import type { ResultPart } from './task-parts.ts';
import { verifyResult } from './verification/verify-result.ts';
import type { Verification } from './verification/verify-result.ts';

/** Contractors tried for one task before it is done here or given up. */
const MAX_ATTEMPTS = 4;
/** A contractor that promised less has at least this long. */
const MIN_TASK_TIMEOUT_MS = 30_000;
/** How much longer than promised a contractor may take. */
const LATENESS_FACTOR = 5;

export interface TaskRunnerComponents {
  readonly survey: ContractorSurvey;
  readonly outsourcing: Outsourcing;
  readonly machine: LocalMachine;
  readonly log: DecisionLog;
  readonly outcomes: OutcomeBook;
  readonly receipts: ReceiptBook;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A decision and the prospects it was made from. */
interface Deliberation {
  readonly record: DecisionRecord;
  readonly prospects: readonly Prospect[];
  readonly refused: readonly { readonly peerId: string; readonly dropped: string }[];
}

/** What a task came to. */
interface Finished {
  readonly status: RunDocument['status'];
  readonly parts: readonly ResultPart[] | null;
  readonly verification: Verification;
  readonly receiptId: string | null;
}

/** Progress of one task: where its time and money went. */
interface Ledger {
  readonly attempts: AttemptDocument[];
  readonly phasesMs: Record<string, number>;
  paidMicroUsd: number;
  handlingMicroUsd: number;
  isDoneHere: boolean;
}

const NOT_VERIFIED: Verification = { passed: false, checks: [] };

/** Decides on tasks and runs them. */
export class TaskRunner {
  readonly #components: TaskRunnerComponents;
  #inWork = 0;

  constructor(components: TaskRunnerComponents) {
    this.#components = components;
  }

  /** Tasks that this node runs for itself now. */
  get inWork(): number {
    return this.#inWork;
  }

  /**
   * Decides without acting.
   *
   * @param offline - Candidates of the caller's; nobody is asked then.
   */
  async decide(
    task: PreparedTask,
    offline: readonly Candidate[] | undefined,
    signal: AbortSignal,
  ): Promise<DecisionRecord> {
    if (offline) return this.#record(task, offline);
    const ledger = newLedger();
    const prospects = await this.#prospects(task, new Set(), ledger, signal);
    const { record } = await this.#deliberate(task, prospects.quoted, prospects.refused);
    await this.#releaseAll(prospects.quoted);
    return record;
  }

  /** Runs a task to its end. Failures of contractors are part of the answer, not errors. */
  async run(task: PreparedTask, signal: AbortSignal): Promise<RunDocument> {
    this.#inWork++;
    const { clock } = this.#components;
    const startMs = clock.monotonicMs();
    const ledger = newLedger();
    try {
      const { deliberation, finished } = await this.#untilDone(task, ledger, signal);
      const wallMs = clock.monotonicMs() - startMs;
      return this.#document(task, deliberation, finished, ledger, wallMs);
    } finally {
      this.#inWork--;
    }
  }

  async #untilDone(
    task: PreparedTask,
    ledger: Ledger,
    signal: AbortSignal,
  ): Promise<{ deliberation: Deliberation; finished: Finished }> {
    const tried = new Set<string>();
    const found = await this.#prospects(task, tried, ledger, signal);
    let { quoted } = found;
    try {
      for (;;) {
        const deliberation = await this.#timed(ledger, 'decide', () =>
          this.#deliberate(task, quoted, found.refused),
        );
        const { choice, contractor } = deliberation.record.result;
        const prospect = quoted.find(({ quoted: { peerId } }) => peerId === contractor);
        if (choice !== 'OUTSOURCE' || !prospect) {
          const finished = await this.#withoutContractor(task, choice, ledger, signal);
          return { deliberation, finished };
        }
        quoted = quoted.filter((other) => other !== prospect);
        const finished = await this.#outsource(task, prospect, ledger, signal);
        if (finished) return { deliberation, finished };
        tried.add(prospect.quoted.peerId);
        this.#components.survey.forget(prospect.quoted.peerId);
        if (tried.size >= MAX_ATTEMPTS) quoted = [];
      }
    } finally {
      void this.#releaseAll(quoted);
    }
  }

  /** Contractors with a quote, the best known ones first. */
  async #prospects(
    task: PreparedTask,
    excluded: ReadonlySet<string>,
    ledger: Ledger,
    signal: AbortSignal,
  ): Promise<{ quoted: Prospect[]; refused: { peerId: string; dropped: string }[] }> {
    const { survey, outsourcing, config } = this.#components;
    const { description } = task.specification;
    const found = await this.#timed(ledger, 'discover', () =>
      survey.look(task.term, description, signal),
    );
    const asked = found.contractors
      .filter(({ hit }) => !excluded.has(hit.peerId))
      .slice(0, config.decision.maxCandidates);
    const quoted: Prospect[] = [];
    const refused = found.search.dropped.map(({ peerId, reason }) => ({
      peerId,
      dropped: String(reason),
    }));
    await this.#timed(ledger, 'quote', () =>
      Promise.all(
        asked.map(async (contractor) => {
          const { peerId } = contractor.hit;
          const limited = AbortSignal.any([
            signal,
            AbortSignal.timeout(config.decision.quoteTimeoutMs),
          ]);
          try {
            quoted.push({ contractor, quoted: await outsourcing.quote(peerId, task, limited) });
          } catch (error) {
            signal.throwIfAborted();
            refused.push({ peerId, dropped: error instanceof Error ? error.message : 'no quote' });
          }
        }),
      ),
    );
    return { quoted, refused };
  }

  async #deliberate(
    task: PreparedTask,
    prospects: readonly Prospect[],
    refused: Deliberation['refused'],
  ): Promise<Deliberation> {
    const input = this.#decisionInput(task);
    const candidates = prospects.map((prospect) => candidateOf(input, prospect));
    return { record: await this.#record(task, candidates, input), prospects, refused };
  }

  async #record(
    task: PreparedTask,
    candidates: readonly Candidate[],
    input = this.#decisionInput(task),
  ): Promise<DecisionRecord> {
    const record = decide(decisionRequest(input, candidates));
    await this.#components.log.append(record);
    return record;
  }

  #decisionInput(task: PreparedTask) {
    const { log, config, machine, clock } = this.#components;
    return {
      decisionId: log.newId(),
      seed: log.newSeed(),
      task,
      config,
      machine,
      nowSeconds: nowSeconds(clock),
    };
  }

  async #withoutContractor(
    task: PreparedTask,
    choice: DecisionRecord['result']['choice'],
    ledger: Ledger,
    signal: AbortSignal,
  ): Promise<Finished> {
    if (choice === 'REFUSED') {
      return { status: 'refused', parts: null, verification: NOT_VERIFIED, receiptId: null };
    }
    const { machine, clock } = this.#components;
    const startMs = clock.monotonicMs();
    try {
      const { parts, wallMs } = await this.#timed(ledger, 'work', () => machine.run(task, signal));
      const verification = await this.#verify(task, parts, 0, ledger, signal);
      ledger.isDoneHere = true;
      ledger.attempts.push({
        where: 'local',
        outcome: verification.passed ? 'verified' : 'failed-verification',
        reason: firstFailure(verification),
        paidMicroUsd: 0,
        wallMs: Math.round(wallMs),
      });
      const status = verification.passed ? 'completed' : 'failed';
      return { status, parts, verification, receiptId: null };
    } catch (error) {
      signal.throwIfAborted();
      ledger.isDoneHere = true;
      ledger.attempts.push({
        where: 'local',
        outcome: 'failed',
        reason: error instanceof Error ? error.message : 'failed',
        paidMicroUsd: 0,
        wallMs: Math.round(clock.monotonicMs() - startMs),
      });
      return { status: 'failed', parts: null, verification: NOT_VERIFIED, receiptId: null };
    }
  }

  /** One attempt at one contractor; `undefined` if the task is still to be done. */
  async #outsource(
    task: PreparedTask,
    prospect: Prospect,
    ledger: Ledger,
    signal: AbortSignal,
  ): Promise<Finished | undefined> {
    const { outsourcing, clock, logger } = this.#components;
    const { quoted, contractor } = prospect;
    const startMs = clock.monotonicMs();
    const limitMs = Math.max(MIN_TASK_TIMEOUT_MS, quoted.quote.latencyMs * LATENESS_FACTOR);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
    let delivered: DeliveredResult;
    try {
      delivered = await this.#timed(ledger, 'work', () =>
        this.#charged(ledger, () => outsourcing.perform(quoted, task, limited)),
      );
    } catch (error) {
      signal.throwIfAborted();
      const reason = limited.aborted ? `took more than ${limitMs} ms` : messageOf(error);
      logger.warn({ peerId: quoted.peerId, reason }, 'A contractor failed.');
      const isAgreed = !(error instanceof ContractorFailedError) || error.details.isAgreed;
      if (isAgreed) await this.#recordOutcome(quoted.peerId, task, false, 0);
      this.#note(ledger, quoted.peerId, 'failed', reason, 0, startMs);
      return undefined;
    }
    const rate = auditRate(contractor, this.#components.config);
    const verification = await this.#verify(task, delivered.parts, rate, ledger, signal);
    const { receiptId, paidMicroUsd } = await this.#settle(prospect, verification, ledger, signal);
    await this.#recordOutcome(quoted.peerId, task, verification.passed, paidMicroUsd);
    const outcome = verification.passed ? 'verified' : 'failed-verification';
    this.#note(ledger, quoted.peerId, outcome, firstFailure(verification), paidMicroUsd, startMs);
    if (!verification.passed) return undefined;
    return { status: 'completed', parts: delivered.parts, verification, receiptId };
  }

  /** Checks a result; the time of checks that did not repeat the work is remembered as their price. */
  async #verify(
    task: PreparedTask,
    resultParts: readonly ResultPart[],
    rate: number,
    ledger: Ledger,
    signal: AbortSignal,
  ): Promise<Verification> {
    const { machine, random, clock } = this.#components;
    const recompute = machine.executor(task.term);
    const startMs = clock.monotonicMs();
    const verification = await this.#timed(ledger, 'verify', () =>
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
    const cost = machine.priceOfCpu((clock.monotonicMs() - startMs) / 1_000);
    ledger.handlingMicroUsd += cost;
    const isRepeated = verification.checks.some(
      ({ type, skipped }) => type === 'recompute' && skipped !== true,
    );
    if (!isRepeated) await machine.observeOverhead('verificationMicroUsd', cost);
    return verification;
  }

  async #settle(
    { quoted }: Prospect,
    verification: Verification,
    ledger: Ledger,
    signal: AbortSignal,
  ): Promise<{ receiptId: string | null; paidMicroUsd: number }> {
    const { outsourcing, receipts, clock, logger } = this.#components;
    const evidence = createHash('sha256').update(JSON.stringify(verification)).digest();
    const checks = verification.checks
      .filter(({ skipped }) => skipped !== true)
      .map(({ type, passed }) => ({ type, passed: passed ? (1 as const) : (0 as const) }));
    const outcome = verification.passed ? 'pass' : 'fail';
    const { receiptId, contract } = await this.#timed(ledger, 'settle', () =>
      this.#charged(ledger, () =>
        outsourcing.settle(quoted, { outcome, checks, evidence }, signal),
      ),
    );
    const { agreement, verdict, delivery } = contract;
    if (receiptId !== null && agreement && verdict) {
      const added = await receipts.add(
        {
          agreement: agreement.envelope,
          verdict: verdict.envelope,
          ...(delivery ? { delivery: delivery.envelope } : {}),
        },
        nowSeconds(clock),
      );
      if (added.refusal) logger.error({ refusal: added.refusal }, 'A receipt was not kept.');
    }
    // The verdict binds this node whether or not the contractor has signed it too.
    const paidMicroUsd = Number(verdict?.body.paid ?? 0);
    ledger.paidMicroUsd += paidMicroUsd;
    return { receiptId, paidMicroUsd };
  }

  async #recordOutcome(
    peerId: string,
    task: PreparedTask,
    isSuccess: boolean,
    paidMicroUsd: number,
  ): Promise<void> {
    const { outcomes, clock } = this.#components;
    const atMs = clock.nowMs();
    await outcomes.record({ peerId, taskType: task.term, isSuccess, paidMicroUsd, atMs });
  }

  #note(
    ledger: Ledger,
    where: string,
    outcome: AttemptDocument['outcome'],
    reason: string | null,
    paidMicroUsd: number,
    startMs: number,
  ): void {
    const wallMs = Math.round(this.#components.clock.monotonicMs() - startMs);
    ledger.attempts.push({ where, outcome, reason, paidMicroUsd, wallMs });
  }

  async #timed<Result>(
    ledger: Ledger,
    phase: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { clock } = this.#components;
    const startMs = clock.monotonicMs();
    try {
      return await work();
    } finally {
      const before = ledger.phasesMs[phase] ?? 0;
      ledger.phasesMs[phase] = before + clock.monotonicMs() - startMs;
    }
  }

  /** Charges the processor time that this process spends on `work` to the dealing with contractors. */
  async #charged<Result>(ledger: Ledger, work: () => Promise<Result>): Promise<Result> {
    const { machine } = this.#components;
    const before = process.cpuUsage();
    try {
      return await work();
    } finally {
      const { user, system } = process.cpuUsage(before);
      const cost = machine.priceOfCpu((user + system) / 1e6);
      ledger.handlingMicroUsd += cost;
      await machine.observeOverhead('sessionMicroUsd', cost);
    }
  }

  async #releaseAll(prospects: readonly Prospect[]): Promise<void> {
    const signal = AbortSignal.timeout(this.#components.config.decision.quoteTimeoutMs);
    await Promise.all(
      prospects.map(({ quoted }) => this.#components.outsourcing.release(quoted, signal)),
    );
  }

  #document(
    task: PreparedTask,
    { record, refused }: Deliberation,
    finished: Finished,
    ledger: Ledger,
    wallMs: number,
  ): RunDocument {
    const { result } = record;
    const decision = shortDecision(record);
    const subtask: SubtaskDocument = {
      id: 'task',
      decision: {
        ...decision,
        candidates: [...decision.candidates, ...refused.map((row) => ({ ...row, score: null }))],
      },
      attempts: ledger.attempts,
      verification: finished.verification,
      paidMicroUsd: ledger.paidMicroUsd,
      receiptId: finished.receiptId,
      wallMs: Math.round(wallMs),
      phasesMs: roundAll(ledger.phasesMs),
    };
    const cost = {
      localCostMicroUsd: result.costInternalWithoutOpportunityMicroUsd,
      localCostWithOpportunityMicroUsd: result.costInternalMicroUsd,
      paidMicroUsd: ledger.paidMicroUsd,
      handlingMicroUsd: ledger.handlingMicroUsd,
      isDoneHere: ledger.isDoneHere,
      wallMs,
    };
    return {
      taskId: task.taskId,
      title: task.specification.title,
      status: finished.status,
      output: finished.parts,
      subtasks: [subtask],
      totals: totalsOf([cost], wallMs),
      cost,
    };
  }
}

function newLedger(): Ledger {
  return { attempts: [], phasesMs: {}, paidMicroUsd: 0, handlingMicroUsd: 0, isDoneHere: false };
}

function firstFailure({ checks }: Verification): string | null {
  const failed = checks.find(({ passed }) => !passed);
  return failed ? `${failed.type}: ${failed.detail}` : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'it did not answer';
}

function roundAll(phasesMs: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(phasesMs).map(([phase, ms]) => [phase, Math.round(ms * 10) / 10]),
  );
}
