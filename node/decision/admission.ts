/**
 * Which candidates of a table are judged for a task: those that fit it (paper Eq. 12) and break no
 * hard limit. Each other one gets its reason.
 *
 * @module
 */

import { COMPATIBILITY_SLACK } from '../skills/compatibility.ts';
import { dropCode } from './candidate-reading.ts';
import type { CandidateTable } from './candidate-table.ts';
import type { DecisionMatrix } from './decision-matrix.ts';
import type { DecisionQuery } from './request.ts';
import type { TaskFacts } from './task-facts.ts';

const BAD_SIMILARITY = dropCode('BAD_SIMILARITY');
const BAD_HISTORY = dropCode('BAD_HISTORY');
const BAD_STATED = dropCode('BAD_STATED');
const QUOTE_EXPIRED = dropCode('QUOTE_EXPIRED');
const LEVEL_TOO_LOW = dropCode('LEVEL_TOO_LOW');
const TOO_SLOW = dropCode('TOO_SLOW');
const OVER_SHARE = dropCode('OVER_SHARE');
const SKILL_MISMATCH = dropCode('SKILL_MISMATCH');
const OVER_BUDGET = dropCode('OVER_BUDGET');
const DUPLICATE = dropCode('DUPLICATE');

/** Admits candidates, in memory that is used again for the next task. */
export class Admission {
  #isNamed = new Uint8Array(0);

  /** Drops who cannot be judged, does not fit (Eq. 12) or breaks a limit; rows for the rest. */
  admit(
    table: CandidateTable,
    { policy, task }: DecisionQuery,
    facts: TaskFacts,
    similarities: Float64Array,
    matrix: DecisionMatrix,
    isDetailed: boolean,
  ): void {
    const { ontology, embedding, performance } = policy.skillWeights;
    const { alpha, beta } = policy.reliabilityPrior;
    const { isLatencyHard, isPriceLimitHard } = policy;
    const { atSeconds, minLevel, maxLatencyMs, maxPriceMicroUsd } = facts;
    const { expiresAtSeconds, level, latencyMs, priceMicroUsd, isOverShare } = table.columns;
    const { statedPerformance } = table.columns;
    const { successes, outcomes } = table.historyOf(task.taskType);
    const { jaccard, isRelated } = table.termFit(task.requiredSkills);
    const { dropCodes, size } = table;
    const isStated = policy.evidence === 'stated';
    const isAnyExplored = policy.exploration.scope === 'all';
    const leastFit = policy.skillThreshold - COMPATIBILITY_SLACK;
    const hasRepeatedNames = table.nameNumbers.length > 0;
    if (hasRepeatedNames) this.#isNamed = new Uint8Array(size);
    const { candidateIndex, dropCodes: drops } = matrix;
    const { compatibility } = matrix.details;
    let { count, explorableFrom } = matrix;
    for (let index = 0; index < size; index++) {
      let drop = dropCodes[index]!;
      if (drop !== 0) {
        drops[index] = drop;
        continue;
      }
      const similarity = similarities[index]!;
      const seen = outcomes[index]!;
      const good = successes[index]!;
      let total = ontology;
      let sum = ontology * jaccard[index]!;
      if (!Number.isNaN(similarity)) {
        total += embedding;
        if (similarity > 0) sum += embedding * similarity;
      }
      if (isStated) {
        total += performance;
        sum += performance * statedPerformance[index]!;
      } else if (seen > 0) {
        total += performance;
        sum += (performance * (alpha + good)) / (alpha + beta + seen);
      }
      const isTooDear = isPriceLimitHard && priceMicroUsd[index]! > maxPriceMicroUsd;
      if (similarity > 1 || similarity < -1) drop = BAD_SIMILARITY;
      else if (!(good >= 0)) drop = BAD_HISTORY;
      else if (isStated && !(statedPerformance[index]! >= 0)) drop = BAD_STATED;
      else if (expiresAtSeconds[index]! <= atSeconds) drop = QUOTE_EXPIRED;
      else if (level[index]! < minLevel) drop = LEVEL_TOO_LOW;
      else if (isLatencyHard && latencyMs[index]! > maxLatencyMs) drop = TOO_SLOW;
      else if (isOverShare[index] === 1) drop = OVER_SHARE;
      else if (!(total > 0 && sum >= leastFit * total)) drop = SKILL_MISMATCH;
      // The budget is last: a counterfactual asks who would do at another price.
      else if (isTooDear) drop = OVER_BUDGET;
      const isExplorable =
        drop === SKILL_MISMATCH && !isTooDear && (isAnyExplored || isRelated[index] === 1);
      if (drop === 0 || isExplorable) {
        // Only usable rows count: garbage in an honest peer's name must not keep that peer out.
        if (hasRepeatedNames && this.#isNamedAgain(table.nameNumbers[index]!)) drop = DUPLICATE;
        else {
          const row = drop === 0 ? count++ : --explorableFrom;
          candidateIndex[row] = index;
          if (isDetailed) compatibility[row] = total === 0 ? 0 : sum / total;
        }
      }
      drops[index] = drop;
    }
    matrix.count = count;
    matrix.explorableFrom = explorableFrom;
  }

  #isNamedAgain(name: number): boolean {
    if (this.#isNamed[name] === 1) return true;
    this.#isNamed[name] = 1;
    return false;
  }
}
