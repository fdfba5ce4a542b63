/**
 * A small market of raters and contractors that runs the reputation rules of the ledger
 * (`protocols/reputation/`) against liars, with the defences on and off.
 *
 * Two attacks. Bad-mouthing: some raters call every work a failure. Ring: some raters and some
 * contractors belong together; the contractors are bad, their raters praise them, and tell the
 * truth of everybody else, so that they look like honest raters. Each run is compared with the same
 * run in which everybody tells the truth: same seed, same work, same results.
 *
 * Without defences a score is the mean of what raters say, each as good as any other.
 *
 * @module
 */

import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { ONE_Q32 } from '../../protocols/reputation/decay.ts';
import { flowFromSeeds, trustEdges } from '../../protocols/reputation/flow.ts';
import { NEW_RATER, partiesOfPairKey, raterKey } from '../../protocols/reputation/records.ts';
import { scoreKey } from '../../protocols/reputation/records.ts';
import type {
  PairRecord,
  RaterRecord,
  ReputationRecords,
  ScoreRecord,
} from '../../protocols/reputation/records.ts';
import { evidenceScoreQ32, fractionOfQ32 } from '../../protocols/reputation/score.ts';
import {
  REPUTATION_DEFAULTS,
  fadedPair,
  recordOutcome,
} from '../../protocols/reputation/update.ts';
import type { ReputationParameters } from '../../protocols/reputation/update.ts';

/** What the liars do. */
export type RatingAttack = 'none' | 'bad-mouthing' | 'ring';

/** A market and who lies in it. */
export interface RatingMarket {
  readonly seed: number;
  readonly raters: number;
  readonly contractors: number;
  readonly outcomes: number;
  /** Share of the raters, and of a ring's contractors. */
  readonly liarShare: number;
  /** How often a rater of the ring works with its own ring; else it works with anybody. */
  readonly ringLoyalty: number;
  /** Honest raters that the genesis names as seeds. */
  readonly seedRaters: number;
  /** Days over which the outcomes are spread; the flow of trust is computed once a day. */
  readonly days: number;
  readonly hasDefences: boolean;
}

/** The market that the bars are measured in. */
export const BAR_MARKET = {
  raters: 100,
  contractors: 40,
  outcomes: 4_000,
  liarShare: 0.3,
  ringLoyalty: 0.75,
  seedRaters: 10,
  days: 10,
} as const;

/** True quality of a contractor of the ring. */
export const RING_QUALITY = 0.2;
/** Reliability of the paper's six types of contractors, each with its share of the market. */
const HONEST_QUALITIES = [
  { quality: 0.987, share: 0.152 },
  { quality: 0.912, share: 0.228 },
  { quality: 0.743, share: 0.315 },
  { quality: 0.856, share: 0.087 },
  { quality: 0.945, share: 0.183 },
  { quality: 0.892, share: 0.035 },
] as const;

const TASK_TYPE = 'performs:nlp/sentiment';

/** Scores at the end. */
export interface RatedMarket {
  readonly contractors: readonly RatedContractor[];
}

/** A contractor at the end. */
export interface RatedContractor {
  readonly isOfRing: boolean;
  readonly quality: number;
  readonly score: number;
  /** Different raters that judged it. */
  readonly raters: number;
}

/** Records in maps, as a ledger's state has them. */
class RecordMaps implements ReputationRecords {
  readonly scores = new Map<string, ScoreRecord>();
  readonly pairs = new Map<string, PairRecord>();
  readonly raters = new Map<string, RaterRecord>();

  score(key: string): ScoreRecord | undefined {
    return this.scores.get(key);
  }

  pair(key: string): PairRecord | undefined {
    return this.pairs.get(key);
  }

  rater(key: string): RaterRecord | undefined {
    return this.raters.get(key);
  }

  putScore(key: string, record: ScoreRecord): void {
    this.scores.set(key, record);
  }

  putPair(key: string, record: PairRecord): void {
    this.pairs.set(key, record);
  }

  putRater(key: string, record: RaterRecord): void {
    this.raters.set(key, record);
  }
}

/** Everybody is believed, and nothing is capped. */
const NO_DEFENCES: Omit<ReputationParameters, 'seeds'> = {
  newcomerCredibility: ONE_Q32,
  pairCap: ONE_Q32 << 32n,
  newcomerCap: ONE_Q32 << 32n,
  fullPriceMicroUsd: 1n,
};

/** Runs a market. `attack` changes what liars say, and nothing else: not who works for whom. */
export function runRatingMarket(market: RatingMarket, attack: RatingAttack): RatedMarket {
  const random = new SeededRandom(market.seed);
  const liars = Math.round(market.raters * market.liarShare);
  // The ring's contractors are the same bad ones in the run that it is compared with.
  const ring = Math.round(market.contractors * market.liarShare);
  const qualities = Array.from({ length: market.contractors }, (_, j) => {
    const quality = drawHonestQuality(random);
    return j < ring ? RING_QUALITY : quality;
  });
  const seeds = new Set(
    Array.from({ length: market.seedRaters }, (_, k) => `rater-${market.raters - 1 - k}`),
  );
  const parameters: ReputationParameters = market.hasDefences
    ? { ...REPUTATION_DEFAULTS, seeds }
    : { ...NO_DEFENCES, seeds };
  const records = new RecordMaps();
  const judges = qualities.map(() => new Set<number>());
  const perDay = Math.ceil(market.outcomes / market.days);

  for (let k = 0; k < market.outcomes; k++) {
    const day = Math.floor(k / perDay);
    // Without defences everybody is believed as it is.
    if (market.hasDefences && k % perDay === 0) renewFlow(records, parameters, day * 24);
    const i = random.integer(market.raters);
    const isLoyal = random.uniform() < market.ringLoyalty;
    const own = random.integer(ring);
    const any = random.integer(market.contractors);
    const works = random.uniform();
    const j = i < liars && isLoyal ? own : any;
    const isGood = works < qualities[j]!;
    judges[j]!.add(i);
    recordOutcome(
      records,
      parameters,
      {
        rater: `rater-${i}`,
        subject: `contractor-${j}`,
        role: 'contractor',
        taskType: TASK_TYPE,
        isPass: i < liars ? lie(attack, j < ring, isGood) : isGood,
        baseWeight: ONE_Q32,
        priceMicroUsd: REPUTATION_DEFAULTS.fullPriceMicroUsd,
      },
      { hour: day * 24, flowOf: ({ flow }) => flow },
    );
  }
  const hour = (market.days - 1) * 24;
  return {
    contractors: qualities.map((quality, j) => ({
      isOfRing: j < ring,
      quality,
      score: scoreOf(records, `contractor-${j}`, hour),
      raters: judges[j]!.size,
    })),
  };
}

function drawHonestQuality(random: SeededRandom): number {
  let rest = random.uniform();
  for (const { quality, share } of HONEST_QUALITIES) {
    if (rest < share) return quality;
    rest -= share;
  }
  return HONEST_QUALITIES[0].quality;
}

function lie(attack: RatingAttack, isOfRing: boolean, isGood: boolean): boolean {
  if (attack === 'bad-mouthing') return false;
  return attack === 'ring' && isOfRing ? true : isGood;
}

function scoreOf(records: RecordMaps, subject: string, hour: number): number {
  const record = records.score(scoreKey({ subject, role: 'contractor', taskType: TASK_TYPE }));
  return record ? fractionOfQ32(evidenceScoreQ32(record, hour)) : 0.5;
}

/** Seeds that the bars are measured with. */
const SEEDS = Array.from({ length: 20 }, (_, k) => k + 1);

/** What an attack does to the scores, over all seeds. */
export interface RatingAttackResult {
  /** How far an honest contractor's score moved: on average, and the one that moved most. */
  readonly meanMove: number;
  readonly worstMove: number;
  /** What a contractor of the ring shows: on average, and in the seed where it is highest. */
  readonly meanRingScore: number;
  readonly worstSeedRingScore: number;
  /** Different raters of the contractor that has fewest. */
  readonly fewestRaters: number;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Runs an attack on the bar's market, changed by `change`, with every seed. */
export function measureRatingAttack(
  attack: RatingAttack,
  change: Partial<Omit<RatingMarket, 'seed'>> = {},
  seeds: readonly number[] = SEEDS,
): RatingAttackResult {
  // Bad-mouthers have no contractors of their own.
  const loyalty = attack === 'ring' ? BAR_MARKET.ringLoyalty : 0;
  const moves: number[] = [];
  const ringScores: number[] = [];
  let fewestRaters = Infinity;
  for (const seed of seeds) {
    const market = { ...BAR_MARKET, ringLoyalty: loyalty, hasDefences: true, ...change, seed };
    const truthful = runRatingMarket(market, 'none').contractors;
    const attacked = runRatingMarket(market, attack).contractors;
    fewestRaters = Math.min(fewestRaters, ...attacked.map(({ raters }) => raters));
    ringScores.push(mean(attacked.filter(({ isOfRing }) => isOfRing).map(({ score }) => score)));
    attacked.forEach(({ isOfRing, score }, j) => {
      if (!isOfRing) moves.push(Math.abs(score - truthful[j]!.score));
    });
  }
  return {
    meanMove: mean(moves),
    worstMove: Math.max(...moves),
    meanRingScore: mean(ringScores),
    worstSeedRingScore: Math.max(...ringScores),
    fewestRaters,
  };
}

/** F from what was said up to the day before, in force at once. */
function renewFlow(records: RecordMaps, parameters: ReputationParameters, hour: number): void {
  const directed = [...records.pairs].map(
    ([key, pair]) => [...partiesOfPairKey(key), fadedPair(pair, hour).fadedSuccesses] as const,
  );
  const flows = flowFromSeeds(trustEdges(directed, parameters.pairCap), parameters.seeds);
  for (const [peer, flow] of flows) {
    const key = raterKey(peer);
    records.putRater(key, { ...(records.rater(key) ?? { ...NEW_RATER, hour }), flow });
  }
}
