/**
 * One result of a plan's results. Results are data: they are put together, never read as
 * instructions. Where a part comes from stands beside it: contractor, checks and receipt.
 *
 * @module
 */

import type { JsonValue } from '../../../crypto/canonical-json.ts';
import type { SubtaskDocument } from '../../api-documents.ts';
import type { ResultPart } from '../task-parts.ts';
import { sinksOf } from './plan.ts';
import type { Plan, Results } from './plan.ts';

/**
 * The result of a plan: that of its last subtask, or one JSON document of all that end it.
 *
 * @returns `null` if none of them was done.
 */
export function integrate(
  plan: Plan,
  results: Results,
  documents: ReadonlyMap<string, SubtaskDocument>,
): readonly ResultPart[] | null {
  const sinks = sinksOf(plan);
  const done = sinks.filter(({ id }) => results.has(id));
  if (done.length === 0) return null;
  if (sinks.length === 1) return results.get(sinks[0]!.id)!;
  const missing = sinks.filter(({ id }) => !results.has(id));
  const data = {
    title: plan.title,
    isWhole: missing.length === 0,
    results: done.map(({ id, source }) => ({
      subtask: id,
      ...(source !== null && { source }),
      ...provenanceOf(documents.get(id)!),
      output: results.get(id)!.map((part) => part.data ?? part.text ?? null),
    })),
    missing: missing.map(({ id, source }) => ({ subtask: id, ...(source !== null && { source }) })),
  };
  return [{ mediaType: 'application/json', data }];
}

/** Who did it, how it was checked, and what proves it. */
function provenanceOf({ attempts, verification, receiptId }: SubtaskDocument): {
  [key: string]: JsonValue;
} {
  const last = attempts.at(-1);
  return {
    doneBy: last === undefined || last.where === 'local' ? 'this node' : last.where,
    checks: verification.checks.map(({ type, passed, skipped }) =>
      skipped === true ? `${type}: not sampled` : `${type}: ${passed ? 'passed' : 'failed'}`,
    ),
    receipt: receiptId,
  };
}
