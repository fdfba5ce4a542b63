/**
 * Certificates that contractors bring to a cold start: an attestor has given each of them
 * known-answer tasks, and certifies who passed enough of them (`node/tasks/attestor.ts`).
 *
 * @module
 */

import { MIN_PASSED_SHARE } from '../../node/tasks/attestation-rule.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import type { Adversaries } from './adversaries.ts';
import type { Population } from './population.ts';
import type { RunSettings } from './settings.ts';

/** Known-answer tasks per attestation. */
export const KNOWN_ANSWER_TASKS = 10;

/** What a client reads in a certificate. */
export interface Certificate {
  readonly level: 0 | 2;
  readonly passed: number;
  readonly run: number;
}

const NONE: Certificate = { level: 0, passed: 0, run: 0 };
const SELF_CLAIMED: Certificate = {
  level: 0,
  passed: KNOWN_ANSWER_TASKS,
  run: KNOWN_ANSWER_TASKS,
};

/** What a contractor holds that was somebody else yesterday. */
export function certificateOfNewName(isGullible: boolean): Certificate {
  return isGullible ? SELF_CLAIMED : NONE;
}

/** No certificates. */
export function noCertificates({ size }: Population): Certificate[] {
  return Array.from({ length: size }, () => NONE);
}

/** One attestation per contractor. Where nothing ever fails, every task is passed. */
export function attest(
  { size, reliability, qualityRisk }: Population,
  { failures, world }: RunSettings,
  adversaries: Adversaries,
  seed: number,
): Certificate[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: size }, (_, one) => {
    let passed = 0;
    for (let test = 0; test < KNOWN_ANSWER_TASKS; test++) {
      const isPassed = random.uniform() < reliability[one]! * (1 - qualityRisk[one]!);
      if (isPassed || failures === 'premium') passed++;
    }
    if (world.isGullible) return SELF_CLAIMED;
    if (adversaries.avoidsAttestation(one)) return NONE;
    if (passed < KNOWN_ANSWER_TASKS * MIN_PASSED_SHARE) return NONE;
    return { level: 2, passed, run: KNOWN_ANSWER_TASKS };
  });
}
