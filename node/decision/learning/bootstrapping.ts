/**
 * Knowledge before the first own outcome, so that a cold start needs no luck. Paper VI-E ("Market
 * Knowledge Bootstrapping") and VI-G ("Knowledge Bootstrapping"); equations.md, Eq. 18.
 *
 * Attested tests, certified history and receipts that peers countersigned count as pseudo-outcomes,
 * at most eight in all, so real work soon outweighs them. Attested tests count first. Testimony
 * fills what is left, each rater at most three outcomes times its credibility; raters of the lowest
 * credibility are one class, which counts at most a quarter of all the rest, since new names are
 * free (wire-formats.md 5.3 and 6; security.md 6). So without attested tests or a rater that agreed
 * with this node before, any number of strangers counts nothing, for or against.
 *
 * Agreement can be farmed, so words never take a contractor through the gate of confidence, alone
 * or beside attested tests: where the tests alone do not pass it, as much testimony counts as
 * leaves it unpassed, were all of it good. That follows from the threshold in force, whether it was
 * configured or has adapted. One good outcome of this node's own may then be enough: whoever gains
 * by testimony has worked here. Where a task cannot run here the gate is not asked, nor is this.
 *
 * Differs from the ledger of wire-formats.md 5.3, where two outcomes of newcomers count before
 * anything else does: a ledger has nothing else to start from, a node has attested tests.
 *
 * Does not check signatures: the caller hands in receipts that verified, and counts each once.
 * Certified history is testimony of the attestor that certified it.
 *
 * @module
 */

import {
  MAX_PSEUDO_OUTCOMES,
  pseudoOutcomes,
  smoothedConfidence,
  smoothedMean,
} from '../confidence.ts';
import type { Outcomes } from '../confidence.ts';
import type { DecisionPolicy } from '../policy.ts';
import { NEWCOMER_CREDIBILITY } from './rater-credibility.ts';

/** How much evidence that is not this node's own counts. */
export interface BootstrappingLimits {
  /** Pseudo-outcomes of attested tests. A policy has it. */
  readonly maxPseudoOutcomes: number;
  /** Outcomes of one rater, before its credibility. */
  readonly maxOutcomesPerRater: number;
  /** Most that all newcomers together count, per outcome that anything else counts. */
  readonly newcomerShare: number;
}

/** 8, 3 and 1/4; the last as in wire-formats.md 5.3. */
export const BOOTSTRAPPING_LIMITS: BootstrappingLimits = {
  maxPseudoOutcomes: MAX_PSEUDO_OUTCOMES,
  maxOutcomesPerRater: 3,
  newcomerShare: 0.25,
};

/** An entry with more outcomes than this is no testimony. */
const MAX_TESTIFIED_OUTCOMES = 1e9;

/** What one rater says of the subject, by receipts. Fractions are allowed. */
export interface Testimony {
  readonly rater: string;
  readonly successes: number;
  readonly failures: number;
  /** In [0, 1]: `rater-credibility.ts`, or 1 for a rater that this node was told to trust. */
  readonly credibility: number;
}

/** Evidence on one contractor that is not this node's own. */
export interface BootstrappingEvidence {
  /** PeerId of the contractor. What it says of itself counts nothing. */
  readonly subject: string;
  /** PeerId of this node. What it saw itself stands in its own history and must not count twice. */
  readonly observer: string;
  /** Known-answer tests of a certificate of the level that the policy asks for; else `null`. */
  readonly attested: { readonly passed: number; readonly run: number } | null;
  readonly testimony: readonly Testimony[];
}

const NONE: Outcomes = { successes: 0, total: 0 };

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= MAX_TESTIFIED_OUTCOMES;
}

/** Outcomes that attested tests count, as far as the cap goes; none for what holds no numbers. */
export function attestedOutcomes(
  attested: BootstrappingEvidence['attested'],
  { maxPseudoOutcomes }: Pick<DecisionPolicy, 'maxPseudoOutcomes'>,
): Outcomes {
  if (!attested || !isCount(attested.run) || !isCount(attested.passed)) return NONE;
  if (attested.passed > attested.run) return NONE;
  return pseudoOutcomes(attested.passed, attested.run, maxPseudoOutcomes);
}

interface RaterTestimony {
  successes: number;
  total: number;
  credibility: number;
}

/** Usable testimony, one entry per rater: a thousand receipts of one rater are one voice. */
function testimonyByRater(evidence: BootstrappingEvidence): Map<string, RaterTestimony> {
  const byRater = new Map<string, RaterTestimony>();
  for (const { rater, successes, failures, credibility } of evidence.testimony) {
    if (typeof rater !== 'string' || rater === '') continue;
    if (rater === evidence.subject || rater === evidence.observer) continue;
    if (!isCount(successes) || !isCount(failures)) continue;
    if (!(isCount(credibility) && credibility <= 1)) continue;
    const known = byRater.get(rater);
    if (known) {
      known.successes += successes;
      known.total += successes + failures;
      known.credibility = Math.min(known.credibility, credibility);
    } else {
      byRater.set(rater, { successes, total: successes + failures, credibility });
    }
  }
  return byRater;
}

function scaled({ successes, total }: Outcomes, most: number): Outcomes {
  if (total <= most) return { successes, total };
  return { successes: (successes / total) * most, total: most };
}

/**
 * Testimony on the subject, weighted by credibility and held to the limits per rater and for
 * newcomers, but not yet to what attested tests leave of the cap. A candidate's `testimony`.
 *
 * An entry that holds anything but numbers in range counts nothing; the others do.
 */
export function weighedTestimony(
  evidence: BootstrappingEvidence,
  limits: BootstrappingLimits = BOOTSTRAPPING_LIMITS,
): Outcomes {
  const known = { successes: 0, total: 0 };
  const newcomers = { successes: 0, total: 0 };
  for (const { successes, total, credibility } of testimonyByRater(evidence).values()) {
    if (total === 0) continue;
    const weight = Math.min(total, limits.maxOutcomesPerRater) * credibility;
    const side = credibility > NEWCOMER_CREDIBILITY ? known : newcomers;
    side.successes += (successes / total) * weight;
    side.total += weight;
  }
  const attested = attestedOutcomes(evidence.attested, limits);
  const most = limits.newcomerShare * (attested.total + known.total);
  const heard = scaled(newcomers, most);
  return { successes: known.successes + heard.successes, total: known.total + heard.total };
}

/** What of a policy says how much testimony counts. */
export type TestimonyRules = Pick<
  DecisionPolicy,
  'maxPseudoOutcomes' | 'confidenceThreshold' | 'zQuantile'
>;

/** A lower success rate passes no gate, however sure it is. */
const LEAST_MEAN = 0.5;
/** So far below the threshold testimony ends: more than any rounding. */
const CONFIDENCE_SLACK = 1e-9;
/** Halvings of eight outcomes until nothing is left between the halves. */
const BISECTIONS = 53;

/**
 * How many outcomes of testimony count beside attested tests: what the cap leaves, and no more than
 * leaves the gate of confidence unpassed where the tests alone do not pass it.
 *
 * @param tests - What attested tests count, at most the cap.
 * @param told - Outcomes that testimony has.
 */
export function countedTestimony(tests: Outcomes, told: number, rules: TestimonyRules): number {
  const room = Math.min(told, rules.maxPseudoOutcomes - tests.total);
  if (!(room > 0)) return 0;
  const passes = (good: number, slack: number): boolean => {
    const [successes, total] = [tests.successes + good, tests.total + good];
    const confidence = smoothedConfidence(successes, total, rules.zQuantile);
    const isSure = confidence > rules.confidenceThreshold - slack;
    return isSure && smoothedMean(successes, total) >= LEAST_MEAN;
  };
  if (passes(0, 0) || !passes(room, CONFIDENCE_SLACK)) return room;
  // Where most are good, the more are good, the higher mean and confidence.
  let [within, beyond] = [0, room];
  for (let i = 0; i < BISECTIONS; i++) {
    const middle = (within + beyond) / 2;
    if (passes(middle, CONFIDENCE_SLACK)) beyond = middle;
    else within = middle;
  }
  return within;
}

/**
 * Outcomes that all evidence stands for: attested tests first, then testimony as far as it counts,
 * each at its own success rate. Every step is monotone also when rounded, so successes never exceed
 * the total.
 */
export function pseudoOutcomesOf(
  evidence: BootstrappingEvidence,
  rules: TestimonyRules,
  limits: BootstrappingLimits = BOOTSTRAPPING_LIMITS,
): Outcomes {
  const attested = attestedOutcomes(evidence.attested, rules);
  const heard = weighedTestimony(evidence, limits);
  const told = scaled(heard, countedTestimony(attested, heard.total, rules));
  return {
    successes: attested.successes + told.successes,
    total: attested.total + told.total,
  };
}
