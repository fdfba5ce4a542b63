/**
 * What a run of a scenario measures, and whether its assertions hold.
 *
 * @module
 */

import { CANARY_MEASURES } from './canaries.ts';
import { MARKET_MEASURES } from './market-measurements.ts';

/** Names that an assertion can use. */
export const MEASURES: ReadonlySet<string> = new Set([
  'tasksSent',
  'tasksCompleted',
  'tasksLost',
  'tasksOutsourced',
  'tasksWrong',
  'wrongPercent',
  'failedAttempts',
  'retriedTasks',
  'paidTwice',
  'paidMicroUsd',
  'unearnedMicroUsd',
  'taskP50Ms',
  'taskP95Ms',
  'quoteP50Ms',
  'quoteP95Ms',
  'taskSlowdown',
  'quoteSlowdown',
  'queriesSent',
  'queriesMissed',
  'missedPercent',
  'queriesWrong',
  'recordsPoisoned',
  'recordsPoisonedPercent',
  'recordsRefused',
  'attackTried',
  'attackServed',
  'attackRefused',
  'streamsHeld',
  'memoryGrowthMegabytes',
  'memoryPeakMegabytes',
  'memoryGrowthPercent',
  'memoryWatched',
  'faultsInjected',
  'unpaidMicroUsd',
  'nodesLost',
  'newNames',
  'unhandledErrors',
  'ledgerHeight',
  'ledgerView',
  'ledgerForks',
  'ledgerProblems',
  ...CANARY_MEASURES,
  ...MARKET_MEASURES,
]);

/** One task that was sent. */
export interface TaskOutcome {
  readonly workload: string;
  readonly name: string;
  readonly sensitivity: 'low' | 'medium' | 'high';
  readonly valueMicroUsd: number;
  /** The last decision on it; `null` where no answer came. */
  readonly decisionId: string | null;
  /** `null` where no answer came. */
  readonly status: string | null;
  readonly isOutsourced: boolean;
  /** The result that was taken is not what the work gives. */
  readonly isWrong: boolean;
  readonly attempts: readonly { readonly where: string; readonly outcome: string }[];
  readonly paidMicroUsd: number;
  /** Contractors that were paid for it. */
  readonly payees: number;
  readonly wallMs: number;
  /** Of it, until all that were asked had given a quote or not; `null` where no answer came. */
  readonly quoteMs: number | null;
  /** Why it was done there. */
  readonly reason: string | null;
  readonly problem: string | null;
}

/** One query that was asked. */
export interface QueryOutcome {
  readonly workload: string;
  /** Live publishers that the answer left out. */
  readonly missed: number;
  /** Hits that are no record of theirs. */
  readonly wrong: number;
  readonly wallMs: number;
  readonly problem: string | null;
}

/** Figures by name. */
export type Measurements = Readonly<Record<string, number>>;

/** Of numbers in ascending order; 0 of none. */
export function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

function ofTasks(tasks: readonly TaskOutcome[]): Record<string, number> {
  const completed = tasks.filter(({ status }) => status === 'completed');
  const wrong = completed.filter(({ isWrong }) => isWrong).length;
  const times = completed.map(({ wallMs }) => wallMs).sort((a, b) => a - b);
  const quoteTimes = tasks.flatMap(({ quoteMs }) => quoteMs ?? []).sort((a, b) => a - b);
  const attempts = tasks.flatMap((task) => task.attempts);
  return {
    tasksSent: tasks.length,
    tasksCompleted: completed.length,
    tasksLost: tasks.length - completed.length,
    tasksOutsourced: completed.filter(({ isOutsourced }) => isOutsourced).length,
    tasksWrong: wrong,
    wrongPercent: share(wrong, completed.length),
    failedAttempts: attempts.filter(({ outcome }) => outcome !== 'verified').length,
    retriedTasks: tasks.filter((task) => task.attempts.length > 1).length,
    paidTwice: tasks.filter(({ payees }) => payees > 1).length,
    paidMicroUsd: tasks.reduce((sum, task) => sum + task.paidMicroUsd, 0),
    taskP50Ms: Math.round(quantile(times, 0.5)),
    taskP95Ms: Math.round(quantile(times, 0.95)),
    quoteP50Ms: Math.round(quantile(quoteTimes, 0.5)),
    quoteP95Ms: Math.round(quantile(quoteTimes, 0.95)),
  };
}

function ofQueries(queries: readonly QueryOutcome[]): Record<string, number> {
  const missed = queries.filter((query) => query.missed > 0 || query.problem !== null).length;
  return {
    queriesSent: queries.length,
    queriesMissed: missed,
    missedPercent: share(missed, queries.length),
    queriesWrong: queries.filter(({ wrong }) => wrong > 0).length,
  };
}

/** Figures of all work, and of each named workload with its name and a dot before them. */
export function measure(
  tasks: readonly TaskOutcome[],
  queries: readonly QueryOutcome[],
  others: Readonly<Record<string, number>>,
): Measurements {
  const figures: Record<string, number> = { ...ofTasks(tasks), ...ofQueries(queries), ...others };
  const prefix = (workload: string, own: Record<string, number>): void => {
    for (const [name, value] of Object.entries(own)) figures[`${workload}.${name}`] = value;
  };
  const named = (all: readonly { readonly workload: string }[]) =>
    new Set(all.map(({ workload }) => workload).filter((workload) => workload !== ''));
  for (const one of named(tasks)) {
    prefix(one, ofTasks(tasks.filter(({ workload }) => workload === one)));
  }
  for (const one of named(queries)) {
    prefix(one, ofQueries(queries.filter(({ workload }) => workload === one)));
  }
  return { ...figures, ...slowdowns(figures) };
}

/** How much longer an attack made things take: 95th percentiles of `attacked` and of `calm`. */
function slowdowns(figures: Measurements): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [slowdown, measure] of [
    ['taskSlowdown', 'taskP95Ms'],
    ['quoteSlowdown', 'quoteP95Ms'],
  ] as const) {
    const [calm, attacked] = [figures[`calm.${measure}`], figures[`attacked.${measure}`]];
    if (calm === undefined || attacked === undefined) continue;
    found[slowdown] = Math.round((100 * attacked) / Math.max(1, calm)) / 100;
  }
  return found;
}

/** An assertion with what was measured. */
export interface Verdict {
  readonly measure: string;
  readonly atLeast?: number | undefined;
  readonly atMost?: number | undefined;
  /** `null` where nothing was measured: then it does not hold. */
  readonly measured: number | null;
  readonly holds: boolean;
}

/** Judges assertions. */
export function judge(
  assertions: readonly Omit<Verdict, 'measured' | 'holds'>[],
  measurements: Measurements,
): Verdict[] {
  return assertions.map((assertion) => {
    const { atLeast = -Infinity, atMost = Infinity } = assertion;
    const measured = measurements[assertion.measure] ?? null;
    const holds = measured !== null && measured >= atLeast && measured <= atMost;
    return { ...assertion, measured, holds };
  });
}
