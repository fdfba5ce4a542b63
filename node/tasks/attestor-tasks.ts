/**
 * Tasks that attestors send: known-answer tasks come by the normal path, so a task of a skill that
 * can be tested so is counted as a test when a trusted attestor sends it, and taken only while the
 * account of being tested allows it. Any other task is work; one of an attestor for a skill that
 * has no known-answer tasks is neither, for attestors must not raise what they may take.
 *
 * @module
 */

import type { Logger } from '../../protocols/components.ts';
import { KNOWN_ANSWER_TERMS } from './known-answer.ts';
import type { MeasuredTime } from './measured-time.ts';

export interface AttestorTasksInit {
  readonly measuredTime: MeasuredTime;
  /** PeerIds of trusted attestors. */
  readonly attestors: ReadonlySet<string>;
  readonly logger: Logger;
}

/** What a task was, and whose. */
export interface WorkedTask {
  /** PeerId of the client. */
  readonly client: string;
  readonly term: string;
}

/** Tells tests from work. */
export class AttestorTasks {
  readonly #init: AttestorTasksInit;

  constructor(init: AttestorTasksInit) {
    this.#init = init;
  }

  /** Whether a task of the client may be taken, as far as tests go. */
  mayTake(client: string, term: string): boolean {
    return (
      !this.#isTest({ client, term }) ||
      this.#init.measuredTime.mayBeTasked({ attestor: client, term })
    );
  }

  /** Counts the wall time of a task, finished or not, in milliseconds. */
  onWorked(durationMs: number, task: WorkedTask): void {
    const { measuredTime, attestors, logger } = this.#init;
    const { client, term } = task;
    measuredTime.onTask(term, durationMs);
    if (!attestors.has(client)) return measuredTime.onWorked(durationMs);
    if (!this.#isTest(task)) return;
    measuredTime.onSpent({ attestor: client, term }, durationMs).catch((error: unknown) => {
      logger.error({ err: error }, 'The time of a test could not be stored.');
    });
  }

  #isTest({ client, term }: WorkedTask): boolean {
    return this.#init.attestors.has(client) && KNOWN_ANSWER_TERMS.includes(term);
  }
}
