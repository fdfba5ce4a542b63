/**
 * The client's main job: look for contractors, take quotes, decide, have the task done here or
 * there, verify, settle. A contractor that fails is left out and the decision is taken anew, until
 * the task is done or nobody is left (architecture.md 3).
 *
 * @module
 */

import type { TraceContext } from '../../protocols/a2a/trace-context.ts';
import type { Clock } from '../../protocols/components.ts';
import type { RunDocument, SubtaskDocument } from '../api-documents.ts';
import type { Config } from '../config/schema.ts';
import { explainDecision } from '../decision/decision-record.ts';
import type { DecisionRecord } from '../decision/decision-record.ts';
import type { UnitQuote } from '../decision/portfolio/quote-window.ts';
import type { Candidate, LeftOut, MarketReference } from '../decision/request.ts';
import type { Processor } from '../system-clock.ts';
import { shortDecision } from './decision-log.ts';
import type { DecisionLog } from './decision-log.ts';
import type { DecisionMemory } from './decision-memory.ts';
import type { Prospect } from './decision-request.ts';
import { Deliberation } from './deliberation.ts';
import type { LocalMachine } from './local-machine.ts';
import type { PolicyChoice } from './node-policy.ts';
import type { PreparedTask } from './prepared-task.ts';
import type { ProspectFinder, Prospects } from './prospect-finder.ts';
import type { RecurringTasks } from './recurring-tasks.ts';
import type { AttemptBegun } from './run-history.ts';
import { RunLedger } from './run-ledger.ts';
import { totalsOf } from './run-totals.ts';
import type { DailySpending } from './daily-spending.ts';
import { SpendingCap } from './spending-cap.ts';
import { REFUSED } from './task-execution.ts';
import type { Finished, TaskExecution } from './task-execution.ts';
import type { Tracer } from '../tracing/tracer.ts';

/** Prices below it are not watched: rounding up to a whole one is a tenth of it. */
const LEAST_WATCHED_MICRO_USD = 10;
const BYTES_PER_MEGABYTE = 1e6;
/** Contractors tried for one task before it is done here or given up. */
const MAX_ATTEMPTS = 4;

export interface TaskRunnerComponents {
  readonly prospects: ProspectFinder;
  readonly execution: TaskExecution;
  readonly machine: LocalMachine;
  readonly log: DecisionLog;
  readonly memory: DecisionMemory;
  readonly recurring: Pick<RecurringTasks, 'observe'>;
  readonly config: Config;
  readonly clock: Clock;
  readonly processor: Processor;
  /** PeerId of this node. */
  readonly self: string;
  /** What the ledger takes for one contract; left out where there is none. */
  readonly ledgerFeesMicroUsd?: number | undefined;
  /** What the node pays in a day; left out: no limit. */
  readonly daily?: DailySpending | undefined;
  /** Left out: nothing is traced. */
  readonly tracer?: Tracer;
}

/** How one task is run. */
export interface TaskRunOptions extends PolicyChoice {
  /** Told of each attempt as it begins, here or at a contractor. */
  readonly onAttempt?: ((attempt: AttemptBegun) => void) | undefined;
  /** Span of the run that the task is part of. */
  readonly parent?: TraceContext | undefined;
}

/** How a task ended: the decision that led there, and what came of it. */
interface Ending {
  readonly record: DecisionRecord;
  readonly finished: Finished;
  readonly refused: Prospects['refused'];
  /** Whether somebody gave a quote. */
  readonly isSold: boolean;
  /** In the place of the engine's, which knows nothing of the input. */
  readonly reason?: string;
}

/** Decides on tasks and runs them. */
export class TaskRunner {
  readonly #components: TaskRunnerComponents;
  readonly #deliberation: Deliberation;
  #inWork = 0;

  constructor(components: TaskRunnerComponents) {
    this.#components = components;
    this.#deliberation = new Deliberation(components);
  }

  /** Tasks that this node runs for itself now. */
  get inWork(): number {
    return this.#inWork;
  }

  /**
   * Decides without acting: the decision is logged, and nothing is learned from it.
   *
   * @param offline - Candidates of the caller's; nobody is asked then.
   */
  async decide(
    task: PreparedTask,
    offline: readonly Candidate[] | undefined,
    choice: PolicyChoice,
    signal: AbortSignal,
  ): Promise<DecisionRecord> {
    const { prospects, clock } = this.#components;
    if (offline) {
      return explainDecision(await this.#deliberation.onCandidates(task, choice, offline));
    }
    const { quoted, refused, market } = await prospects.find(task, new RunLedger(clock), signal);
    const told = { leftOut: leftOutOf(refused), market };
    try {
      return explainDecision(
        await this.#deliberation.onProspects(task, choice, quoted, 'asked', told),
      );
    } finally {
      await prospects.release(quoted);
    }
  }

  /**
   * Runs a task to its end. Failures of contractors are part of the answer, not errors.
   *
   * @param cap - What may be paid for it, others' tasks on the same cap included.
   *
   * All processor time of this process during the run, the work itself left out, is charged as
   * handling: looking, quotes, decisions, sessions, checks, and what else the node does meanwhile.
   */
  async run(
    task: PreparedTask,
    options: TaskRunOptions,
    signal: AbortSignal,
    cap = new SpendingCap({ daily: this.#components.daily }),
  ): Promise<RunDocument> {
    this.#inWork++;
    const { clock, processor, machine, recurring } = this.#components;
    const startMs = clock.monotonicMs();
    const startSeconds = processor.seconds();
    const { tracer } = this.#components;
    const attributes = { 'coalesce.skill': task.term };
    const span = tracer?.start('task', { parent: options.parent, attributes });
    const ledger = new RunLedger(clock, tracer && span && { tracer, span });
    let hasFailed = true;
    try {
      const ending = await this.#untilDone(task, options, ledger, cap, signal);
      const seconds = processor.seconds() - startSeconds - ledger.workHereSeconds;
      const handlingMicroUsd = machine.priceOfCpu(Math.max(0, seconds));
      const wallMs = clock.monotonicMs() - startMs;
      hasFailed = ending.finished.status !== 'completed';
      span?.set('coalesce.choice', ending.record.result.choice);
      span?.set('coalesce.status', ending.finished.status);
      // After the clocks are read: to look for terms is no part of handling this task.
      recurring.observe(task, ending.isSold);
      return documentOf(task, ending, ledger, { handlingMicroUsd, wallMs });
    } finally {
      this.#inWork--;
      span?.end(hasFailed);
    }
  }

  /** Those that cost no more than what may still be paid, and the others with the reason. */
  #within(
    cap: SpendingCap,
    left: readonly Prospect[],
  ): { readonly affordable: readonly Prospect[]; readonly tooDear: Prospects['refused'] } {
    const isAffordable = ({ quoted }: Prospect) => this.#costOf(quoted.quote) <= cap.leftMicroUsd;
    const dropped = `its price is more than what is left of ${cap.shortOf}`;
    const tooDear = left
      .filter((one) => !isAffordable(one))
      .map(({ quoted }) => ({ peerId: quoted.peerId, dropped }));
    return { affordable: left.filter(isAffordable), tooDear };
  }

  /** Price and fees, micro-USD. */
  #costOf({ price }: Prospect['quoted']['quote']): number {
    return Number(price) + (this.#components.ledgerFeesMicroUsd ?? 0);
  }

  async #untilDone(
    task: PreparedTask,
    options: TaskRunOptions,
    ledger: RunLedger,
    cap: SpendingCap,
    signal: AbortSignal,
  ): Promise<Ending> {
    const { prospects, execution, memory } = this.#components;
    const { quoted, refused, market } = await prospects.find(task, ledger, signal);
    const told = unitQuotes(task.term, toldPrices(market));
    for (const [kind, quotes] of unitQuotes(task.term, quotedPrices(task, quoted))) {
      // What brokers tell is where a market begins, and no more. Of one contractor the last counts.
      const start = memory.knowsMarket(kind) ? [] : (told.get(kind) ?? []);
      memory.observeQuotes(kind, [...start, ...quotes]);
    }
    const untried = new Set(quoted);
    const isSold = quoted.length > 0;
    let left = quoted;
    let isInputChecked = false;
    const failed: Prospects['refused'][number][] = [];
    try {
      for (;;) {
        const stage = failed.length === 0 ? 'first' : 'again';
        const { affordable, tooDear } = this.#within(cap, left);
        const leftOut = leftOutOf([...failed, ...tooDear, ...refused]);
        const decision = await ledger.timed('decide', () =>
          this.#deliberation.onProspects(task, options, affordable, stage, {
            leftOut,
            market,
          }),
        );
        const record = explainDecision(decision, { counterfactual: false });
        const { choice, contractor } = record.result;
        const chosen = affordable.find(({ quoted: { peerId } }) => peerId === contractor);
        // The work itself reads the input: it is read before only for those who do it elsewhere.
        if (choice !== 'LOCAL' && !isInputChecked) {
          isInputChecked = true;
          const fault = await execution.inputFault(task, signal);
          if (fault !== undefined) {
            await memory.observeDeclined(decision);
            const finished = execution.refuseInput(fault, ledger);
            const reason = `nobody was given it: the input is at fault: ${fault}`;
            return { record, finished, refused, isSold: true, reason };
          }
        }
        if (choice !== 'OUTSOURCE' || !chosen) {
          if (choice === 'REFUSED') return { record, finished: REFUSED, refused, isSold };
          options.onAttempt?.({ where: 'local', priceMicroUsd: null });
          const finished = await execution.here(task, ledger, signal);
          return { record, finished, refused, isSold };
        }
        untried.delete(chosen);
        left = left.filter((other) => other !== chosen);
        const { peerId, quote } = chosen.quoted;
        const priceMicroUsd = this.#costOf(quote);
        const reservation = await cap.reserve(priceMicroUsd);
        if (!reservation) {
          void prospects.release([chosen]);
          const dropped = `its price is more than what is left of ${cap.shortOf}`;
          failed.push({ peerId, dropped });
          continue;
        }
        const paidBefore = ledger.paidMicroUsd;
        let finished: Finished | undefined;
        try {
          await execution.bargain(chosen, record, ledger, signal);
          const agreedMicroUsd = ledger.bargained?.agreedMicroUsd ?? Number(quote.price);
          options.onAttempt?.({ where: peerId, priceMicroUsd: agreedMicroUsd });
          finished = await execution.at(chosen, decision, task, ledger, signal);
        } finally {
          await reservation.settle(ledger.paidMicroUsd - paidBefore);
        }
        if (finished) return { record, finished, refused, isSold };
        prospects.forget(peerId);
        failed.push({ peerId, dropped: 'it quoted, and failed at this task just now' });
        if (failed.length >= MAX_ATTEMPTS) left = [];
      }
    } finally {
      void prospects.release([...untried]);
    }
  }
}

/** A price, and what it is for. */
interface Priced {
  readonly contractor: string;
  readonly priceMicroUsd: number;
  readonly perUnit: string;
  readonly inputBytes: number;
}

/**
 * Quotes as the market watch compares them: those by the task and those by the megabyte apart, each
 * for one unit. A price of a few micro-USD is left out, since a whole number of them moves by more
 * than any alarm for no other reason than the size of the task.
 */
function unitQuotes(
  term: string,
  priced: readonly Priced[],
): ReadonlyMap<string, readonly UnitQuote[]> {
  const kinds = new Map<string, UnitQuote[]>();
  for (const { contractor, priceMicroUsd, perUnit, inputBytes } of priced) {
    const isByMegabyte = perUnit === 'megabyte';
    const isWatched = priceMicroUsd >= LEAST_WATCHED_MICRO_USD && inputBytes > 0;
    if (!isWatched) continue;
    const kind = isByMegabyte ? `${term} per megabyte` : term;
    const units = isByMegabyte ? inputBytes / BYTES_PER_MEGABYTE : 1;
    const quotes = kinds.get(kind) ?? [];
    quotes.push({ contractor, unitPriceMicroUsd: priceMicroUsd / units });
    kinds.set(kind, quotes);
  }
  return kinds;
}

/** Quotes for this task. */
function quotedPrices({ inputBytes }: PreparedTask, quoted: readonly Prospect[]): Priced[] {
  return quoted.map(({ contractor, quoted: one }) => ({
    contractor: one.peerId,
    priceMicroUsd: Number(one.quote.price),
    perUnit: contractor.hit.offer.perUnit,
    inputBytes,
  }));
}

/** Quotes that brokers hold of contractors whose record says what they sell by. */
function toldPrices(market: readonly MarketReference[]): Priced[] {
  return market.flatMap(({ peerId, perUnit, ...quote }) =>
    perUnit === undefined ? [] : [{ ...quote, contractor: peerId, perUnit }],
  );
}

function documentOf(
  task: PreparedTask,
  { record, finished, refused, reason }: Ending,
  ledger: RunLedger,
  { handlingMicroUsd, wallMs }: { readonly handlingMicroUsd: number; readonly wallMs: number },
): RunDocument {
  const { result } = record;
  const decision = shortDecision(record);
  const notQuoted = refused.map((row) => ({ ...row, score: null }));
  const cost = {
    localCostMicroUsd: result.localInfeasible
      ? null
      : result.costInternalWithoutOpportunityMicroUsd,
    localCostWithOpportunityMicroUsd: result.localInfeasible ? null : result.costInternalMicroUsd,
    paidMicroUsd: ledger.paidMicroUsd,
    handlingMicroUsd,
    isDoneHere: ledger.isDoneHere,
    isCompleted: finished.status === 'completed',
    workHereSeconds: ledger.workHereSeconds,
    wallMs,
  };
  const subtask: SubtaskDocument = {
    id: 'task',
    source: null,
    dependsOn: [],
    status: finished.status,
    decision: {
      ...decision,
      reason: reason ?? withHistory(decision.reason, ledger, refused),
      candidates: [...decision.candidates, ...notQuoted],
    },
    attempts: ledger.attempts,
    verification: finished.verification,
    paidMicroUsd: ledger.paidMicroUsd,
    receiptId: finished.receiptId,
    wallMs: Math.round(wallMs),
    phasesMs: ledger.phasesMs,
    cost,
  };
  return {
    taskId: task.taskId,
    title: task.specification.title,
    status: finished.status,
    output: finished.parts,
    subtasks: [subtask],
    skipped: [],
    totals: totalsOf([cost], wallMs),
  };
}

/** Reasons for no quote that stand in a sentence. */
const MAX_SHOWN_REASONS = 3;

/** The engine saw only who was left: a reader must know who was there before. */
function withHistory(
  reason: string,
  { attempts }: RunLedger,
  refused: Prospects['refused'],
): string {
  const failed = attempts.filter(
    ({ where, outcome }) => where !== 'local' && outcome !== 'verified',
  );
  const notes = [
    ...(failed.length > 0 ? [`${failed.length} failed before`] : []),
    ...(refused.length > 0 ? [`${refused.length} gave no quote: ${reasonsOf(refused)}`] : []),
  ];
  return notes.length === 0 ? reason : `${reason} (${notes.join('; ')})`;
}

/** Why they gave none: the commonest reasons first, with how many had each if they differ. */
function reasonsOf(refused: Prospects['refused']): string {
  const counts = new Map<string, number>();
  for (const { peerId, dropped } of refused) {
    // The same trouble with two peers is one reason.
    const reason = dropped.replaceAll(peerId, 'it');
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const [first, ...others] = [...counts].sort(([, a], [, b]) => b - a);
  if (others.length === 0) return first![0];
  const shown = [first!, ...others].slice(0, MAX_SHOWN_REASONS);
  const hidden = counts.size - shown.length;
  return [
    ...shown.map(([reason, count]) => `${count} x ${reason}`),
    ...(hidden > 0 ? [`${hidden} other reasons, which "coalesce decisions show" lists`] : []),
  ].join('; ');
}

function leftOutOf(refused: Prospects['refused']): LeftOut[] {
  return refused.map(({ peerId, dropped }) => ({ peerId, reason: dropped }));
}
