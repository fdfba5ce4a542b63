/**
 * The tasks of this node in both roles, as its user sees and calls off: runs of its own, and
 * contracts for others that are not settled.
 *
 * @module
 */

import type {
  ContractorTaskDocument,
  ContractState,
  TaskCancelDocument,
  TaskDocument,
  TasksDocument,
  TaskState,
} from '../activity-documents.ts';
import { NothingFoundError, RefusedError } from '../errors.ts';
import type { ContractWork } from './contract-work.ts';
import type { ContractorRole, OpenContract } from './contractor-role.ts';
import { MAX_RUNS } from './run-history.ts';
import type { RunHistory } from './run-history.ts';

/** Which tasks a list has. */
export interface TaskFilter {
  /** Of each role. */
  readonly limit: number;
  /** Left out: all. */
  readonly state?: TaskState | undefined;
}

export interface TaskBoardInit {
  readonly runs: Pick<RunHistory, 'list' | 'find' | 'cancel'>;
  readonly role: Pick<ContractorRole, 'openTasks'>;
  /** `undefined` while the node is not on the network: nothing is at work for others then. */
  readonly work: () => Pick<ContractWork, 'isExecuting' | 'callOff'> | undefined;
}

/** Shows tasks and calls them off. */
export class TaskBoard {
  readonly #init: TaskBoardInit;

  constructor(init: TaskBoardInit) {
    this.#init = init;
  }

  /** The newest first, so many of each role. */
  list({ limit, state }: TaskFilter): TasksDocument {
    const { runs, role } = this.#init;
    const isAsked = (one: TaskState): boolean => state === undefined || one === state;
    const atWork = runs.list(Infinity).filter(({ status }) => isAsked(status));
    const contracts = role.openTasks().map((contract) => this.#documentOf(contract));
    return {
      asClient: atWork.slice(0, limit),
      asContractor: contracts.filter((one) => isAsked(one.state)).slice(0, limit),
    };
  }

  /** @throws {@link NothingFoundError} for an id of neither role. */
  show(id: string): TaskDocument {
    const run = this.#init.runs.find(id);
    if (run) return { id, role: 'client', run, contract: null };
    const open = this.#init.role.openTasks().find(({ contractId }) => contractId === id);
    if (open) return { id, role: 'contractor', run: null, contract: this.#documentOf(open) };
    throw new NothingFoundError(
      `no task ${id} here: contracts are listed until they are settled, and the newest ` +
        `${MAX_RUNS} runs; see "coalesce tasks list"`,
    );
  }

  /**
   * Calls a task off. A run ends, and the contractor that has it is told; a contract ends as an A2A
   * task that is cancelled, and its client counts it as one that was not delivered.
   *
   * @throws {@link NothingFoundError} as `show`; {@link RefusedError} where nothing can be stopped.
   */
  cancel(id: string): TaskCancelDocument {
    const { run, contract, role } = this.show(id);
    if (run) {
      const was = run.status;
      if (this.#init.runs.cancel(id)) return { id, role, was };
      throw new RefusedError(`the run ${id} has ended (${was}); nothing is left to cancel`);
    }
    const was = contract!.state;
    const work = this.#init.work();
    if (was === 'delivered' || !work) {
      throw new RefusedError(`the task ${id} is ${was}; only its client can end it now`);
    }
    work.callOff(id);
    return { id, role, was };
  }

  #documentOf(contract: OpenContract): ContractorTaskDocument {
    const { contractId, client, term, phase, sinceMs } = contract;
    const { priceMicroUsd = null, deliverByMs: deadlineMs = null } = contract;
    const state = this.#stateOf(contract);
    return { contractId, client, term, state, phase, sinceMs, deadlineMs, priceMicroUsd };
  }

  #stateOf({ contractId, phase }: OpenContract): ContractState {
    if (phase === 'DELIVERED' || phase === 'ACKNOWLEDGED') return 'delivered';
    return this.#init.work()?.isExecuting(contractId) === true ? 'working' : 'queued';
  }
}
