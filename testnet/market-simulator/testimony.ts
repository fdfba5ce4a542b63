/**
 * What a ring of attackers says of the others: praise for its own, blame for everybody else. How
 * much of it counts is decided by `node/decision/learning/bootstrapping.ts`.
 *
 * @module
 */

import { weighedTestimony } from '../../node/decision/learning/bootstrapping.ts';
import { NEWCOMER_CREDIBILITY } from '../../node/decision/learning/rater-credibility.ts';
import type { Adversaries } from './adversaries.ts';
import { KNOWN_ANSWER_TASKS } from './certificates.ts';

/** Outcomes that each rater tells of each contractor. */
const TOLD_OUTCOMES = 3;

/** Weighed outcomes. */
interface Told {
  readonly successes: number;
  readonly total: number;
}

/**
 * Testimony of each contractor; `null` where nobody tells anything.
 *
 * @param isGullible - Whether every word counts in full.
 */
export function testimonyOf(adversaries: Adversaries, isGullible: boolean): Told[] | null {
  const { attack, isMalicious } = adversaries;
  if (attack !== 'collusion') return null;
  const raters = [...isMalicious.keys()].filter((one) => isMalicious[one] === 1);
  return Array.from(isMalicious, (isMate, subject): Told => {
    const successes = isMate === 1 ? TOLD_OUTCOMES : 0;
    if (isGullible) {
      return { successes: successes * raters.length, total: TOLD_OUTCOMES * raters.length };
    }
    return weighedTestimony({
      subject: String(subject),
      observer: 'client',
      attested: { passed: KNOWN_ANSWER_TASKS, run: KNOWN_ANSWER_TASKS },
      testimony: raters.map((rater) => ({
        rater: String(rater),
        successes,
        failures: TOLD_OUTCOMES - successes,
        credibility: NEWCOMER_CREDIBILITY,
      })),
    });
  });
}
