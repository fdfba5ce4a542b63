/**
 * Answers of the HTTP API about what the node did and saw: runs, savings over time, receipts, the
 * market. A field may be added, none renamed. Amounts are micro-USD, times milliseconds since 1970.
 *
 * @module
 */

import type { SubtaskDocument, TotalsDocument } from './api-documents.ts';
import type { TaskCost } from './tasks/run-totals.ts';

/** How a run of this node is, or ended. `ended`: without an answer. */
export const RUN_STATES = [
  'working',
  'completed',
  'partial',
  'failed',
  'refused',
  'cancelled',
  'ended',
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** How far a task for another is. `delivered`: the client has not settled it yet. */
export const CONTRACT_STATES = ['queued', 'working', 'delivered'] as const;
export type ContractState = (typeof CONTRACT_STATES)[number];

/** States of tasks in both roles: what lists can be narrowed to. */
export const TASK_STATES = [...new Set([...RUN_STATES, ...CONTRACT_STATES])];
export type TaskState = RunState | ContractState;

/** One subtask of a run in the history, short. */
export interface RunStepDocument {
  readonly id: string;
  readonly source: string | null;
  readonly status: SubtaskDocument['status'] | 'skipped';
  /** PeerId, or `local`; null if nobody did it. */
  readonly where: string | null;
  /** Null while the run is at work, and for a step that nobody decided on. */
  readonly decisionId: string | null;
  readonly reason: string | null;
  readonly paidMicroUsd: number;
  readonly wallMs: number;
  readonly endedMs: number;
  /** Where the time went; empty while the run is at work. */
  readonly phasesMs: Readonly<Record<string, number>>;
}

/** A subtask of a run that somebody has at this moment. */
export interface StepAtWorkDocument {
  readonly id: string;
  /** PeerId, or `local`. */
  readonly where: string;
  /** Agreed or asked price; null for work here. */
  readonly priceMicroUsd: number | null;
  readonly sinceMs: number;
}

/** A run of this node as a client, at work or ended. */
export interface RunRecordDocument {
  readonly runId: string;
  readonly title: string;
  readonly status: RunState;
  readonly startedMs: number;
  /** When its time is up; null where the task has no limit. */
  readonly deadlineMs: number | null;
  /** Null while it is at work. */
  readonly endedMs: number | null;
  readonly subtasks: number;
  readonly steps: readonly RunStepDocument[];
  /** Empty once it has ended. */
  readonly atWork: readonly StepAtWorkDocument[];
  readonly paidMicroUsd: number;
  /** Null until it has ended, and for a run that ended without an answer. */
  readonly totals: TotalsDocument | null;
  /** What it cost, task by task: savings over time are sums of these. */
  readonly costs: readonly TaskCost[];
  /** Why there is no answer; null where there is one. */
  readonly problem: string | null;
}

/** A task that this node does, or has done, for another. */
export interface ContractorTaskDocument {
  readonly contractId: string;
  readonly client: string;
  readonly term: string;
  readonly state: ContractState;
  /** Of the contract between the two peers. */
  readonly phase: string;
  readonly sinceMs: number;
  /** Last moment in which it may be delivered; null for one of an older version. */
  readonly deadlineMs: number | null;
  readonly priceMicroUsd: number | null;
}

/** Answer of `tasks show`: one of the two is there. */
export interface TaskDocument {
  readonly id: string;
  readonly role: 'client' | 'contractor';
  readonly run: RunRecordDocument | null;
  readonly contract: ContractorTaskDocument | null;
}

/** Answer of `tasks cancel`. */
export interface TaskCancelDocument {
  readonly id: string;
  readonly role: TaskDocument['role'];
  /** How it was. */
  readonly was: TaskState;
}

/** Answer of `tasks list`. */
export interface TasksDocument {
  /** Runs of this node, the newest first. */
  readonly asClient: readonly RunRecordDocument[];
  /** Contracts that are agreed and not settled. */
  readonly asContractor: readonly ContractorTaskDocument[];
}

/** A line of `/v1/events`. `hello` comes first, `tick` every few seconds. */
export type EventDocument =
  | { readonly type: 'hello' | 'tick'; readonly atMs: number }
  | { readonly type: 'run'; readonly run: RunRecordDocument };

/** Sums over all runs up to one moment. */
export interface SavingsPointDocument {
  readonly atMs: number;
  readonly runId: string;
  readonly title: string;
  readonly totals: TotalsDocument;
}

/** Answer of `/v1/savings`: both metrics, always side by side (architecture.md D12). */
export interface SavingsDocument {
  /** Runs that it stands on: the newest of the history. */
  readonly runs: number;
  /** Oldest first, at most 200. */
  readonly points: readonly SavingsPointDocument[];
  /** Of all of them; null before the first run. */
  readonly totals: TotalsDocument | null;
}

/** A receipt of this node: both sides have signed agreement and verdict. */
export interface ReceiptDocument {
  /** base64url. */
  readonly receiptId: string;
  readonly contractId: string;
  readonly role: 'client' | 'contractor';
  readonly peerId: string;
  readonly outcome: string;
  readonly priceMicroUsd: number;
  readonly paidMicroUsd: number;
  readonly recordedAtSeconds: number;
  /** All signatures were checked again for this answer. */
  readonly proof: 'signed by both';
}

/** Answer of `/v1/receipts`. */
export interface ReceiptsDocument {
  /** The newest first. */
  readonly receipts: readonly ReceiptDocument[];
  readonly total: number;
}

/** Quotes of one contractor in the window. */
export interface QuotedPriceDocument {
  readonly peerId: string;
  readonly lastMicroUsd: number;
  readonly lowestMicroUsd: number;
  readonly highestMicroUsd: number;
  readonly quotes: number;
}

/** Answer of `/v1/market`: prices per unit of work that this node was quoted. */
export interface MarketDocument {
  readonly windowMs: number;
  readonly taskTypes: readonly {
    readonly taskType: string;
    readonly quotes: number;
    /** Herfindahl-Hirschman index of the quotes, 0 to 1. */
    readonly concentrationHhi: number;
    readonly prices: readonly QuotedPriceDocument[];
  }[];
  /** Own spending, faded with a half-life of a month, by contractor. */
  readonly spending: {
    readonly microUsd: number;
    readonly contractors: number;
    readonly concentrationHhi: number;
  };
  readonly alarms: readonly {
    readonly kind: string;
    readonly atMs: number;
    readonly sentence: string;
  }[];
}
