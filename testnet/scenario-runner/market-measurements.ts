/**
 * What a run of a scenario measures of money: what was paid, what had been quoted, what the client
 * reckoned with, and what exploring cost it. Prices are those of the client's own decision records,
 * payments those of its verdicts and accounts.
 *
 * @module
 */

import type { StatusDocument } from '../../node/api-documents.ts';
import type { DecisionRecord } from '../../node/decision/decision-record.ts';
import type { NodeProcess } from '../node-process.ts';
import type { TaskOutcome } from './measurements.ts';

/** Names that an assertion can use. */
export const MARKET_MEASURES = [
  'paidAboveQuoteMicroUsd',
  'paidPerTaskMicroUsd',
  'referenceMicroUsd',
  'referenceShiftPercent',
  'moveAlarms',
  'tasksToStrangers',
  'explorations',
  'explorationLossMicroUsd',
  'lossPercent',
] as const;

/** Figures of one task. */
export interface PricedTask {
  readonly task: TaskOutcome;
  /** What the contractor that did it had quoted for it; `null` without one, or a record. */
  readonly quotedMicroUsd: number | null;
  /** What the client would have offered in its round of bargaining; `null` where there was none. */
  readonly referenceMicroUsd: number | null;
}

/** What the client says of itself at the end. */
export interface ClientFigures {
  /** Alarms that contractors moved their prices together. */
  readonly moveAlarms: number;
  readonly explorations: number;
  /** What its explorations have cost it by its own books. */
  readonly explorationLossMicroUsd: number;
}

/** Looks at the client's records. */
export async function lookAtMarket(
  client: NodeProcess,
  tasks: readonly TaskOutcome[],
  strangers: ReadonlySet<string>,
): Promise<Readonly<Record<string, number>>> {
  const priced: PricedTask[] = [];
  for (const task of tasks) {
    const record =
      task.decisionId === null
        ? undefined
        : await client.api
            .get<DecisionRecord>(`/v1/decisions/${task.decisionId}`)
            .catch(() => undefined);
    priced.push(pricedTask(task, record));
  }
  const { decision } = await client.api.get<StatusDocument>('/v1/status');
  const { explored, lossMicroUsd } = decision.exploration;
  return measureMarket(priced, strangers, {
    moveAlarms: decision.alarms.filter(({ kind }) => kind === 'COORDINATED_MOVE').length,
    explorations: explored,
    explorationLossMicroUsd: lossMicroUsd,
  });
}

function pricedTask(task: TaskOutcome, record: DecisionRecord | undefined): PricedTask {
  const hired = task.attempts.at(-1)?.where;
  const quote = record?.request.candidates.find(({ peerId }) => peerId === hired)?.quote;
  return {
    task,
    quotedMicroUsd: quote === undefined ? null : Number(quote.priceMicroUsd),
    referenceMicroUsd: record?.result.bargainingPriceMicroUsd ?? null,
  };
}

/** Figures of all work, and of each named workload with its name and a dot before them. */
export function measureMarket(
  priced: readonly PricedTask[],
  strangers: ReadonlySet<string>,
  { explorationLossMicroUsd, ...others }: ClientFigures,
): Readonly<Record<string, number>> {
  const figures: Record<string, number> = { ...ofPriced(priced, strangers), ...others };
  for (const workload of new Set(priced.map(({ task }) => task.workload))) {
    if (workload === '') continue;
    const own = priced.filter(({ task }) => task.workload === workload);
    for (const [name, value] of Object.entries(ofPriced(own, strangers))) {
      figures[`${workload}.${name}`] = value;
    }
  }
  const valueMicroUsd = sumOf(priced, ({ task }) => task.valueMicroUsd);
  // A wrong result that was taken is worth nothing, whatever it cost.
  const wrongMicroUsd = sumOf(priced, ({ task }) => (task.isWrong ? task.valueMicroUsd : 0));
  const lossMicroUsd = explorationLossMicroUsd + wrongMicroUsd;
  return {
    ...figures,
    ...shiftOf(figures),
    explorationLossMicroUsd: Math.round(explorationLossMicroUsd),
    lossPercent: valueMicroUsd === 0 ? 0 : hundredths((100 * lossMicroUsd) / valueMicroUsd),
  };
}

function ofPriced(
  priced: readonly PricedTask[],
  strangers: ReadonlySet<string>,
): Record<string, number> {
  const bought = priced.filter(({ task }) => task.isOutsourced);
  const paidMicroUsd = sumOf(bought, ({ task }) => task.paidMicroUsd);
  const references = priced
    .flatMap(({ referenceMicroUsd }) => referenceMicroUsd ?? [])
    .sort((a, b) => a - b);
  const median = references[Math.floor(references.length / 2)];
  return {
    // A payment for which there is no quote is above every quote.
    paidAboveQuoteMicroUsd: sumOf(priced, ({ task, quotedMicroUsd }) =>
      Math.max(0, task.paidMicroUsd - (quotedMicroUsd ?? 0)),
    ),
    paidPerTaskMicroUsd: bought.length === 0 ? 0 : Math.round(paidMicroUsd / bought.length),
    ...(median !== undefined && { referenceMicroUsd: Math.round(median) }),
    tasksToStrangers: priced.filter(({ task }) =>
      task.attempts.some(({ where }) => strangers.has(where)),
    ).length,
  };
}

/** How far the workload `attacked` moved what the client reckons with, from that of `calm`. */
function shiftOf(figures: Readonly<Record<string, number>>): Record<string, number> {
  const [calm, attacked] = [
    figures['calm.referenceMicroUsd'],
    figures['attacked.referenceMicroUsd'],
  ];
  if (calm === undefined || attacked === undefined || calm === 0) return {};
  return { referenceShiftPercent: hundredths((100 * Math.abs(attacked - calm)) / calm) };
}

function hundredths(value: number): number {
  return Math.round(100 * value) / 100;
}

function sumOf<Item>(items: readonly Item[], amount: (item: Item) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0);
}
