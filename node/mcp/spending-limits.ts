/**
 * What an agent may spend through one MCP server: at most so much by one task, and so much in all
 * until the server ends. It stands before the node's own limit of a day, which holds as well.
 *
 * A task is let in with the most that it may cost, which is set aside until it has ended; then what
 * was paid counts. The daemon is told the same bound. Fees of a ledger come on top of a price; they
 * count once they are paid.
 *
 * @module
 */

import { BadInputError, RefusedError } from '../errors.ts';
import type { TaskRequest } from '../http-api/routes/requests.ts';
import { SpendingCap } from '../tasks/spending-cap.ts';
import type { Reservation } from '../tasks/spending-cap.ts';
import { formatProblems } from '../tasks/task-problems.ts';
import { parseTaskSpecification } from '../tasks/task.ts';

/** Limits in micro-USD; left out: none. */
export interface SpendingLimitsInit {
  readonly maxPerTaskMicroUsd?: number | undefined;
  readonly maxPerSessionMicroUsd?: number | undefined;
}

/** A task that may run. */
export interface AdmittedTask {
  /** With the bound on its price, if there is one. */
  readonly request: TaskRequest;
  /** Counts what was paid; `undefined`: not known, so all that it might have cost counts. */
  readonly settle: (paidMicroUsd: number | undefined) => Promise<void>;
}

export class SpendingLimits {
  readonly #perTask: number;
  readonly #session: SpendingCap;
  readonly #isLimited: boolean;

  constructor({ maxPerTaskMicroUsd, maxPerSessionMicroUsd }: SpendingLimitsInit = {}) {
    this.#perTask = maxPerTaskMicroUsd ?? Infinity;
    this.#session = new SpendingCap({ limitMicroUsd: maxPerSessionMicroUsd });
    this.#isLimited = (maxPerTaskMicroUsd ?? maxPerSessionMicroUsd) !== undefined;
  }

  get paidMicroUsd(): number {
    return this.#session.paidMicroUsd;
  }

  /**
   * Lets a task in, before anything is asked of anybody.
   *
   * @throws {@link RefusedError} if it may cost more than a limit leaves; {@link BadInputError} for
   *   a specification that is not valid.
   */
  async admit(request: TaskRequest): Promise<AdmittedTask> {
    if (!this.#isLimited) {
      return { request, settle: () => Promise.resolve() };
    }
    const { mostMicroUsd, from } = this.#mostOf(request);
    if (mostMicroUsd > this.#perTask) {
      throw new RefusedError(
        `The task may cost ${usd(mostMicroUsd)} by its ${from}, and --max-usd-per-task of this ` +
          `server is ${usd(this.#perTask)}; name a maxPriceMicroUsd of at most ${this.#perTask}`,
      );
    }
    const left = this.#session.leftMicroUsd;
    const reservation = await this.#session.reserve(mostMicroUsd);
    if (!reservation) {
      throw new RefusedError(
        `The task may cost ${usd(mostMicroUsd)} by its ${from}, and ${usd(Math.max(0, left))} is ` +
          `left of --max-usd-per-session, after ${usd(this.paidMicroUsd)} paid; name a ` +
          'maxPriceMicroUsd within it, wait for tasks at work, or ask your user for a new session',
      );
    }
    return { request: bounded(request, mostMicroUsd), settle: settling(reservation, mostMicroUsd) };
  }

  /** The most that a task may cost, and which of its numbers says so. */
  #mostOf(request: TaskRequest): { readonly mostMicroUsd: number; readonly from: string } {
    if ('task' in request) {
      const { constraints, valueMicroUsd } = specificationOf(request.task);
      const { maxPriceMicroUsd } = constraints;
      return maxPriceMicroUsd === undefined
        ? { mostMicroUsd: valueMicroUsd, from: 'valueMicroUsd' }
        : { mostMicroUsd: maxPriceMicroUsd, from: 'constraints.maxPriceMicroUsd' };
    }
    // Whoever names no price leaves it to the limits.
    const left = Math.floor(Math.max(0, Math.min(this.#perTask, this.#session.leftMicroUsd)));
    return { mostMicroUsd: request.maxPriceMicroUsd ?? left, from: 'maxPriceMicroUsd' };
  }
}

function settling(reservation: Reservation, mostMicroUsd: number): AdmittedTask['settle'] {
  return (paidMicroUsd) => reservation.settle(paidMicroUsd ?? mostMicroUsd);
}

function specificationOf(task: unknown) {
  const parsed = parseTaskSpecification(task);
  if (parsed.valid) return parsed.value;
  throw new BadInputError('The task is not valid', {
    problems: formatProblems(parsed.problems).split('\n'),
  });
}

/** The same task, which the daemon holds to the bound. */
function bounded(request: TaskRequest, maxPriceMicroUsd: number): TaskRequest {
  if (!('task' in request)) return { ...request, maxPriceMicroUsd };
  const task = specificationOf(request.task);
  return { ...request, task: { ...task, constraints: { ...task.constraints, maxPriceMicroUsd } } };
}

function usd(microUsd: number): string {
  return `$${(microUsd / 1e6).toFixed(6)}`;
}
