/**
 * Checks of what a node asks, pays and decides: prices that cannot be meant, and the signatures of
 * a market that does not work. None of them is a failure: a node may mean what it does.
 *
 * @module
 */

import type {
  DecisionsSummaryDocument,
  ShortDecisionDocument,
  SkillDocument,
  StatusDocument,
} from '../api-documents.ts';
import { count, ifObserved, ok, warning } from './finding.ts';
import type { Finding, Observed } from './finding.ts';

/** Dollars of an hour of one machine; the dearest that can be rented stay below. */
const MAX_HOUR_USD = 500;
/** Of one task or megabyte, micro-USD: 1,000 dollars. */
const MAX_PRICE_MICRO_USD = 1e9;
/** Fewer decisions say nothing about a share. */
const LEAST_DECISIONS = 20;
const LEAST_OUTSOURCED_SHARE = 0.1;
const LEAST_SCORED = 10;
const SCORE_TOLERANCE = 0.02;
const DAY_MS = 86_400_000;
const LEAST_ON_DAY_ONE = 3;

/** What an hour costs here, and what is asked for work. */
export interface PriceReadings {
  readonly prices: StatusDocument['prices'];
  readonly skills: readonly Pick<SkillDocument, 'term' | 'priceMicroUsd' | 'perUnit'>[];
}

export function checkPrices(observed: Observed<PriceReadings>): Finding {
  const check = 'prices';
  return ifObserved(check, observed, ({ prices, skills }) => {
    const { computeUsdPerHour, energyUsdPerKwh, powerWatts } = prices;
    const isFreeHere = computeUsdPerHour === 0 && energyUsdPerKwh * powerWatts === 0;
    const zero = skills.filter(({ priceMicroUsd }) => priceMicroUsd === 0);
    const absurd = skills.filter(({ priceMicroUsd }) => priceMicroUsd > MAX_PRICE_MICRO_USD);
    const found = [
      ...(isFreeHere ? ['an hour of this machine costs nothing'] : []),
      ...(computeUsdPerHour > MAX_HOUR_USD
        ? [`an hour of this machine costs $${computeUsdPerHour}`]
        : []),
      ...zero.map(({ term }) => `${term} is sold for nothing`),
      ...absurd.map(({ term, priceMicroUsd, perUnit }) => {
        return `${term} costs $${priceMicroUsd / 1e6} a ${perUnit}`;
      }),
    ];
    if (found.length === 0) {
      const hour = `an hour here costs $${computeUsdPerHour}`;
      return ok(check, `${hour}; ${count(skills.length, 'skill')} on sale`);
    }
    return warning(check, {
      found: found.join('; '),
      cause: isFreeHere
        ? 'what costs nothing here is never handed out'
        : 'zeros and thousands are mostly slips of units: prices are in micro-USD or USD by name',
      mend: 'set prices.computeUsdPerHour; publish again: coalesce skills publish --price-usd P',
    });
  });
}

/** The decisions on tasks that were run, the newest first. */
export interface DecisionReadings {
  readonly decisions: readonly Pick<
    ShortDecisionDocument,
    'choice' | 'candidates' | 'costExternalMicroUsd'
  >[];
  readonly summary: Pick<DecisionsSummaryDocument, 'rows'>;
  readonly uptimeMs: number;
}

type Decided = DecisionReadings['decisions'][number];
type Scored = { readonly peerId: string; readonly score: number; readonly cost?: number };

/** Contractors that were judged, not left out before. */
function scoredOf({ candidates }: Decided): Scored[] {
  return candidates.flatMap(({ peerId, score, costExternalMicroUsd: cost }) =>
    score === null ? [] : [{ peerId, score, ...(cost !== undefined && { cost }) }],
  );
}

/** Whether quotes differ: a market without spread gives nothing to choose. */
export function checkSpread(observed: Observed<DecisionReadings>): Finding {
  const check = 'price-spread';
  return ifObserved(check, observed, ({ decisions }) => {
    const several = decisions
      .map((one) => scoredOf(one).flatMap(({ cost }) => cost ?? []))
      .filter((costs) => costs.length >= 2);
    if (several.length < LEAST_SCORED) {
      return ok(check, `too few decisions with two contractors: ${several.length}`);
    }
    const flat = several.filter((costs) => Math.max(...costs) === Math.min(...costs));
    const found = `all contractors cost the same in ${flat.length} of ${several.length} decisions`;
    if (flat.length < several.length) return ok(check, found);
    return warning(check, {
      found,
      cause: 'they are one operator, follow one list, or nobody has set a price',
      mend: 'look at who they are: coalesce query TERM; add other attestors or bootstrap peers',
    });
  });
}

export function checkOutsourcing(observed: Observed<DecisionReadings>): Finding {
  const check = 'outsourcing-rate';
  return ifObserved(check, observed, ({ decisions, summary }) => {
    const able = decisions.filter((one) => scoredOf(one).length > 0);
    const out = able.filter(({ choice }) => choice === 'OUTSOURCE').length;
    const found = `${out} of ${able.length} tasks with contractors at hand were outsourced`;
    const isLow = out < LEAST_OUTSOURCED_SHARE * able.length;
    if (able.length < LEAST_DECISIONS || !isLow) return ok(check, found);
    return warning(check, { found, ...whyLocal(summary) });
  });
}

export function checkDayOne(observed: Observed<DecisionReadings>): Finding {
  const check = 'first-day';
  return ifObserved(check, observed, ({ decisions, summary, uptimeMs }) => {
    if (uptimeMs > DAY_MS) return ok(check, 'the daemon runs for more than a day');
    const able = decisions.filter((one) => scoredOf(one).length > 0);
    const isNone = able.every(({ choice }) => choice !== 'OUTSOURCE');
    if (able.length < LEAST_ON_DAY_ONE || !isNone) {
      const found = `${count(able.length, 'task')} with contractors at hand so far`;
      return ok(check, isNone ? found : `${found}, some of them outsourced`);
    }
    const found = `none of ${able.length} tasks with contractors at hand was outsourced yet`;
    return warning(check, { found, ...whyLocal(summary) });
  });
}

/** The gate that kept most tasks here, and what opens it. */
function whyLocal({ rows }: DecisionReadings['summary']): { cause: string; mend: string } {
  const gate = rows.find(({ decidedBy }) => Object.hasOwn(GATES, decidedBy));
  if (!gate) {
    const mend = 'coalesce decisions list, then decisions show ID';
    return { cause: 'no single gate keeps them here', mend };
  }
  const { cause, mend } = GATES[gate.decidedBy]!;
  return { cause: `${cause} (gate ${gate.decidedBy}, ${gate.count} times)`, mend };
}

const GATES: Readonly<Record<string, { readonly cause: string; readonly mend: string }>> = {
  economic: {
    cause: 'work costs less here than at any contractor with handling',
    mend: 'set prices.computeUsdPerHour to what an hour here really costs; hand out larger tasks',
  },
  confidence: {
    cause: 'too little is known of the contractors: no outcomes, and no tests that count',
    mend: 'trust an attestor that has tested them: coalesce init --trust PEER, and restart',
  },
  score: {
    cause: 'no contractor scores above decision.scoreThreshold',
    mend: 'lower decision.scoreThreshold, or let it adapt: decision.isAdaptive',
  },
  success: {
    cause: 'contractors at hand have failed half of their tasks',
    mend: 'coalesce peers shows whose; other contractors, or checks that are not too strict',
  },
};

export function checkScores(observed: Observed<DecisionReadings>): Finding {
  const check = 'score-spread';
  return ifObserved(check, observed, ({ decisions }) => {
    // One alone scores 0.5 by definition.
    const several = decisions.map(scoredOf).filter((scored) => scored.length >= 2);
    const scores = several.flat().map(({ score }) => score);
    const isHalf = (score: number) => Math.abs(score - 0.5) <= SCORE_TOLERANCE;
    if (several.length < LEAST_SCORED) {
      return ok(check, `too few decisions with two contractors: ${several.length}`);
    }
    if (!scores.every(isHalf)) {
      const range = `${Math.min(...scores).toFixed(2)} to ${Math.max(...scores).toFixed(2)}`;
      return ok(check, `scores from ${range} in ${several.length} decisions`);
    }
    return warning(check, {
      found: `every score of ${several.length} decisions is about 0.5`,
      cause: 'the contractors are alike in every criterion: same price, no outcomes, same level',
      mend: 'let outcomes tell them apart: decision.exploration, attested tests, other contractors',
    });
  });
}
