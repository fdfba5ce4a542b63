/**
 * Check `recompute`: a share of results is computed again here and compared.
 *
 * @module
 */

import type { Random } from '../../../protocols/components.ts';
import { ExecutorInputError } from '../executors/errors.ts';
import type { SkillExecutor, SkillWork } from '../executors/skill-executor.ts';
import type { ResultPart } from '../task-parts.ts';
import { findDifference } from './compare-json.ts';
import type { CheckOutcome } from './json-schema-check.ts';

/** Whether this result is one of those that are checked. The contractor cannot foresee it. */
export function isSampled(random: Random, auditRate: number): boolean {
  const bytes = random.bytes(4);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getUint32(0) / 2 ** 32 < auditRate;
}

/**
 * Does the work again and compares.
 *
 * @throws the signal's reason; whatever the executor throws that is not the input's fault.
 */
export async function checkByRecomputing(
  executor: SkillExecutor,
  tolerance: number,
  work: SkillWork,
  resultParts: readonly ResultPart[],
  signal: AbortSignal,
): Promise<CheckOutcome> {
  let expected: readonly ResultPart[];
  try {
    ({ parts: expected } = await executor.execute(work, { signal }));
  } catch (error) {
    if (!(error instanceof ExecutorInputError)) throw error;
    return {
      passed: false,
      detail: `there is a result, yet the input has none: ${error.message}`,
    };
  }
  const difference = findDifference(toJson(expected), toJson(resultParts), tolerance);
  return difference === undefined
    ? { passed: true, detail: 'a second run gives the same result' }
    : { passed: false, detail: `a second run differs at ${difference.slice(0, 200) || '/'}` };
}

function toJson(parts: readonly ResultPart[]) {
  return parts.map(({ mediaType, data, text }) => ({ mediaType, data, text }));
}
