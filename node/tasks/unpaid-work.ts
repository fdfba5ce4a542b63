/**
 * Work for A2A clients that pay nothing and have no name, where `a2a.unpaidWork` allows it: what is
 * on offer here, of low sensitivity, in as many slots as all unknown clients share.
 *
 * @module
 */

import type { Config } from '../config/schema.ts';
import { BadInputError, NothingFoundError, RefusedError } from '../errors.ts';
import type { SkillShelf } from './skill-shelf.ts';
import { taskForSkill } from './task-for-skill.ts';
import type { ResolvedPart, ResultPart } from './task-parts.ts';
import type { WorkMeter } from './work-meter.ts';

/** Longest time that a task may take. */
const MAX_WORK_MS = 5 * 60_000;

export interface UnpaidWorkInit {
  readonly config: Config;
  readonly shelf: SkillShelf;
  readonly meter: WorkMeter;
}

/** Does unpaid tasks. */
export class UnpaidWork {
  readonly #init: UnpaidWorkInit;
  #inWork = 0;

  constructor(init: UnpaidWorkInit) {
    this.#init = init;
  }

  /** Tasks in work now. */
  get inWork(): number {
    return this.#inWork;
  }

  /**
   * Does a skill on inputs.
   *
   * @throws {@link NothingFoundError}, {@link BadInputError} or {@link RefusedError} where this
   *   node does not; the errors of the executor; the signal's reason.
   */
  async do(
    term: string,
    parts: readonly ResolvedPart[],
    signal: AbortSignal,
  ): Promise<readonly ResultPart[]> {
    const { config, shelf, meter } = this.#init;
    const item = shelf.find(term);
    if (item === undefined) throw new NothingFoundError(`${term} is not on offer here`);
    const { accept } = item;
    if (config.a2a.unpaidWork !== 'any' || accept.clients !== 'any') {
      throw new RefusedError(`${term} is done here for clients that are known and pay`);
    }
    if (!accept.levels.includes('low')) {
      throw new RefusedError(`${term} is done here under a contract only`);
    }
    const bytes = parts.reduce((sum, part) => sum + part.bytes.length, 0);
    const most = Math.min(accept.maxInBytes, config.accept.maxInBytes);
    if (bytes > most) throw new BadInputError(`The input has ${bytes} bytes; ${most} are taken`);
    if (this.#inWork >= config.accept.newcomerSlots) {
      throw new RefusedError('All places for unpaid work are taken; send the task again later');
    }
    const inputs = parts.map(({ mediaType }, i) => ({ file: `part-${i + 1}`, mediaType }));
    const specification = taskForSkill({ term, inputs, valueMicroUsd: 0 });
    const late = AbortSignal.timeout(MAX_WORK_MS);
    this.#inWork += 1;
    try {
      const work = { specification, parts };
      const either = AbortSignal.any([signal, late]);
      const { result } = await meter.time('computes', () =>
        item.runner.execute(work, { signal: either }),
      );
      return result.parts;
    } catch (error) {
      signal.throwIfAborted();
      if (late.aborted) throw new RefusedError(`The task took more than ${MAX_WORK_MS} ms`);
      throw error;
    } finally {
      this.#inWork -= 1;
    }
  }
}
