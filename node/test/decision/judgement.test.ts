import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  communicationCostMicroUsd,
  externalCost,
  latencyCostMicroUsd,
  mishapProbability,
  riskCostMicroUsd,
  transferMicroUsdPerHour,
} from '../../cost/external-cost.ts';
import {
  MAX_PSEUDO_OUTCOMES,
  pseudoOutcomes,
  smoothedConfidence,
  smoothedMean,
} from '../../decision/confidence.ts';
import type { Outcomes } from '../../decision/confidence.ts';
import type { DecisionMatrix } from '../../decision/decision-matrix.ts';
import { CandidateTable } from '../../decision/candidate-table.ts';
import { evaluate, newWorkspace } from '../../decision/evaluation.ts';
import {
  countedTestimony,
  pseudoOutcomesOf,
  weighedTestimony,
} from '../../decision/learning/bootstrapping.ts';
import { RATIONAL_POLICY, REFERENCE_POLICY } from '../../decision/policy.ts';
import { betaMean, fadeOutcomes, literalReliability } from '../../decision/reliability.ts';
import type { Candidate, DecisionRequest, OutcomeHistory } from '../../decision/request.ts';
import { breachProbability, incidentRate, securityRisk } from '../../decision/security-risk.ts';
import { jaccardIndex, skillCompatibility } from '../../skills/compatibility.ts';
import { expectClose } from '../vectors/read-vectors.ts';
import { anyCandidates } from './any-candidates.ts';
import { candidate, evaluated, newcomer, request, TASK_TYPE } from './requests.ts';

const TOLERANCE = 1e-12;
const MS_PER_MINUTE = 60_000;

/** On a grid: numbers so small that they have lost their own digits say nothing here. */
const share = fc.nat(1e6).map((x) => x / 1e6);
const amount = fc.nat(1e7).map((x) => x / 1e3);

/** Everything of a policy and a task that a figure of a candidate depends on. */
const anyTerms = fc.record({
  policy: fc.record({
    reliabilityMode: fc.constantFrom('literal' as const, 'evidence' as const),
    reliabilityPrior: fc.constantFrom({ alpha: 1, beta: 1 }, { alpha: 0.5, beta: 2 }),
    decayPerMonth: fc.constantFrom(0, 0.1, 0.7),
    zQuantile: fc.constantFrom(0, 1.96, 2.58),
    maxPseudoOutcomes: fc.constantFrom(0, 3, 8),
    pseudoOutcomesFromLevel: fc.constantFrom(0 as const, 2 as const, 3 as const),
    skillThreshold: fc.constantFrom(0, 0.5, 0.9),
    highImpactMultiplier: share.map((x) => 1 + 2 * x),
    automaticVerificationAbove: share,
    channelExposure: share.map((x) => 0.01 + 0.99 * x),
    breachProbabilities: fc.tuple(share, share, share, share),
  }),
  task: fc.record(
    {
      valueMicroUsd: amount,
      sensitivity: fc.constantFrom('low' as const, 'medium' as const, 'high' as const),
      criticality: fc.constantFrom('normal' as const, 'high' as const),
      inputBytes: fc.nat(2 ** 31 - 1),
      requiredSkills: fc.constantFrom([TASK_TYPE], [TASK_TYPE, 'performs:other/0'], []),
      maxLatencyMs: fc.integer({ min: 1, max: 60_000 }),
    },
    { requiredKeys: ['valueMicroUsd', 'sensitivity', 'criticality'] },
  ),
  latencyMicroUsdPerMinute: fc.option(amount, { nil: undefined }),
});

type Terms = typeof anyTerms extends fc.Arbitrary<infer Value> ? Value : never;

/** A task that late contractors may do, at a price, under these terms. */
function requestUnder(
  candidates: readonly Candidate[],
  { policy, task, latencyMicroUsdPerMinute }: Terms,
  base = RATIONAL_POLICY,
): DecisionRequest {
  const plain = request(candidates);
  const { maxLatencyMs: _, ...rest } = plain.task;
  const late = latencyMicroUsdPerMinute === undefined ? {} : { latencyMicroUsdPerMinute };
  return {
    ...plain,
    policy: { ...base, isLatencyHard: false, ...policy },
    task: { ...rest, ...task },
    context: { ...plain.context, ...late },
  };
}

/** Each judged row, those of the field first and then those that miss the threshold alone. */
function eachRow(
  input: DecisionRequest,
  matrix: DecisionMatrix,
  check: (row: number, judged: Candidate) => void,
): number {
  const rows = [
    ...Array.from({ length: matrix.count }, (_, i) => i),
    ...Array.from(
      { length: matrix.capacity - matrix.explorableFrom },
      (_, i) => matrix.explorableFrom + i,
    ),
  ];
  for (const row of rows) check(row, input.candidates[matrix.candidateIndex[row]!]!);
  return rows.length;
}

/** Checks all rows of many random fields, and that there were rows. */
function everyRow(
  check: (row: number, judged: Candidate, input: DecisionRequest, matrix: DecisionMatrix) => void,
  base = RATIONAL_POLICY,
): void {
  let rows = 0;
  fc.assert(
    fc.property(anyCandidates, anyTerms, (candidates, terms) => {
      const input = requestUnder(candidates, terms, base);
      const { matrix } = evaluated(input);
      rows += eachRow(input, matrix, (row, judged) => check(row, judged, input, matrix));
    }),
    { numRuns: 150 },
  );
  expect(rows).toBeGreaterThan(100);
}

interface Own {
  readonly successes: number;
  readonly failures: number;
  readonly months: number;
}

function ownOf(history: OutcomeHistory | undefined): Own | null {
  if (history === undefined) return null;
  const { successes, failures, monthsSinceLast } = history;
  const months = successes! + failures! === 0 ? 0 : monthsSinceLast!;
  return { successes: successes!, failures: failures!, months };
}

/** Outcomes of the task type; all of them if there are none. */
function seenOf({ history }: Candidate): Own & { readonly isTyped: boolean } {
  const typed = ownOf(history.byType?.[TASK_TYPE]);
  const isTyped = typed !== null && typed.successes + typed.failures > 0;
  return { ...(isTyped ? typed : ownOf(history)!), isTyped };
}

/** Attested tests first, then testimony as far as the cap goes. */
function heardOf({ level, evidence, testimony }: Candidate, input: DecisionRequest): Outcomes {
  const { maxPseudoOutcomes, pseudoOutcomesFromLevel } = input.policy;
  const { passed, run } =
    level! >= pseudoOutcomesFromLevel ? (evidence ?? { passed: 0, run: 0 }) : { passed: 0, run: 0 };
  const attested = pseudoOutcomes(passed!, run!, maxPseudoOutcomes);
  const { successes, total } = testimony ?? { successes: 0, total: 0 };
  const room = maxPseudoOutcomes - attested.total;
  const most = countedTestimony(attested, total!, input.policy);
  const told = pseudoOutcomes(successes!, total!, Math.min(room, most));
  return {
    successes: attested.successes + told.successes,
    total: attested.total + told.total,
  };
}

/** Own outcomes and those that others vouch for. */
function knownOf(judged: Candidate, input: DecisionRequest): Outcomes {
  const { successes, failures } = seenOf(judged);
  const heard = heardOf(judged, input);
  return {
    successes: successes + heard.successes,
    total: successes + failures + heard.total,
  };
}

/** Paper Eq. (14), in both readings. */
function reliabilityOf(judged: Candidate, input: DecisionRequest): number {
  const { reliabilityMode, reliabilityPrior, decayPerMonth } = input.policy;
  const { successes, failures, months } = seenOf(judged);
  const known = knownOf(judged, input);
  if (reliabilityMode === 'literal') {
    const { total } = known;
    return literalReliability(known.successes, total, months, reliabilityPrior, decayPerMonth);
  }
  const dated = (count: number, isSuccess: boolean) =>
    Array.from({ length: count }, () => ({ isSuccess, monthsAgo: months }));
  const faded = fadeOutcomes([...dated(successes, true), ...dated(failures, false)], decayPerMonth);
  const heard = heardOf(judged, input);
  return betaMean(faded.successes + heard.successes, faded.total + heard.total, reliabilityPrior);
}

/** Breaches that may happen: by the certificate's level, by disputes, by canaries found. */
function breachesOf({ level, incidents }: Candidate, input: DecisionRequest): number[] {
  const { disputes, canaryHits, interactions } = incidents ?? {
    disputes: 0,
    canaryHits: 0,
    interactions: 0,
  };
  return [
    input.policy.breachProbabilities[level as 0 | 1 | 2 | 3],
    incidentRate(disputes!, interactions!),
    incidentRate(canaryHits!, interactions!),
  ];
}

/** Probability of a result that does not pass: outcomes of the task type alone say so. */
function poorQualityOf(judged: Candidate, input: DecisionRequest): number {
  const { isTyped } = seenOf(judged);
  const { successes, total } = isTyped ? knownOf(judged, input) : heardOf(judged, input);
  return 1 - betaMean(successes, total, input.policy.reliabilityPrior);
}

function impactOf({ task, policy }: DecisionRequest): number {
  return task.criticality === 'high' ? policy.highImpactMultiplier : 1;
}

function mishapsOf(judged: Candidate, input: DecisionRequest) {
  return {
    failure: 1 - reliabilityOf(judged, input),
    security: breachProbability(breachesOf(judged, input)),
    quality: poorQualityOf(judged, input),
  };
}

/** Paper Eq. (8), by the bandwidth, which cancels. */
function communicationOf({ link, overheads }: Candidate, input: DecisionRequest): number {
  const { task, context } = input;
  const bandwidthMbps = link?.bandwidthMbps ?? context.link.bandwidthMbps;
  const perGb = link?.transferMicroUsdPerGb ?? context.link.transferMicroUsdPerGb;
  return communicationCostMicroUsd(
    (task.inputBytes + task.expectedOutputBytes) / 1e9,
    bandwidthMbps,
    transferMicroUsdPerHour(perGb, bandwidthMbps),
    overheads?.sessionMicroUsd ?? context.overheads.sessionMicroUsd,
  );
}

function verificationOf(
  { overheads }: Candidate,
  { policy, context }: DecisionRequest,
  reliability: number,
): number {
  const { automaticVerificationMicroUsd, manualVerificationMicroUsd } = context.overheads;
  const isAutomatic = reliability > policy.automaticVerificationAbove;
  const common = isAutomatic ? automaticVerificationMicroUsd : manualVerificationMicroUsd;
  return overheads?.verificationMicroUsd ?? common;
}

/** The last term of paper Eq. (6): minutes beyond the deadline. */
function latenessOf({ quote }: Candidate, { task, context }: DecisionRequest): number {
  if (task.maxLatencyMs === undefined) return 0;
  const minutes = task.maxLatencyMs / MS_PER_MINUTE;
  const perMinute = context.latencyMicroUsdPerMinute ?? task.valueMicroUsd / minutes;
  return latencyCostMicroUsd(quote.latencyMs! / MS_PER_MINUTE, minutes, perMinute);
}

describe('a judged candidate', () => {
  it('has the reliability of Eq. (14) in both readings, others vouching as fresh outcomes', () => {
    everyRow((row, judged, input, { columns }) => {
      expectClose(columns.reliability[row]!, reliabilityOf(judged, input), TOLERANCE);
    });
  });

  it('has the confidence of Eq. (18), and none without an outcome', () => {
    everyRow((row, judged, input, { columns }) => {
      const { successes, total } = knownOf(judged, input);
      const expected = smoothedConfidence(successes, total, input.policy.zQuantile);
      expectClose(columns.confidence[row]!, expected, TOLERANCE);
    });
  });

  it('has the smoothed success rate, which is not a number without an outcome', () => {
    everyRow((row, judged, input, { columns }) => {
      const { successes, total } = knownOf(judged, input);
      if (total === 0) expect(columns.successMean[row]).toBeNaN();
      else expectClose(columns.successMean[row]!, smoothedMean(successes, total), TOLERANCE);
    });
  });

  it('has the security risk of Eq. (15), of its level, its disputes and its canaries', () => {
    everyRow((row, judged, input, { columns }) => {
      const { sensitivityFactors, channelExposure } = input.policy;
      const factor = sensitivityFactors[input.task.sensitivity];
      const expected = securityRisk(breachesOf(judged, input), factor, channelExposure);
      expectClose(columns.securityRisk[row]!, expected, TOLERANCE);
    });
  });

  it('has the latency that it quoted, in minutes', () => {
    everyRow((row, { quote }, _input, { columns }) => {
      expectClose(columns.latencyMinutes[row]!, quote.latencyMs! / MS_PER_MINUTE, TOLERANCE);
    });
  });

  it('has the compatibility of Eq. (12), parts that are not known left out', () => {
    everyRow((row, judged, input, { details }) => {
      const { skillWeights, reliabilityPrior } = input.policy;
      const { successes, failures, isTyped } = seenOf(judged);
      const performance = isTyped
        ? betaMean(successes, successes + failures, reliabilityPrior)
        : undefined;
      const expected = skillCompatibility(
        jaccardIndex(input.task.requiredSkills, judged.skills),
        judged.similarity ?? undefined,
        performance,
        skillWeights,
      );
      expectClose(details.compatibility[row]!, expected, TOLERANCE);
    });
  });

  it('is of the field if its compatibility reaches the threshold, and only then', () => {
    everyRow((row, _judged, { policy }, { details, count }) => {
      const isFit = details.compatibility[row]! >= policy.skillThreshold - 1e-12;
      expect(isFit).toBe(row < count);
    });
  });
});

describe('the cost of a judged candidate', () => {
  it('has the risk of Eq. (9): failure, breach, poor quality, times the impact', () => {
    everyRow((row, judged, input, { columns, details }) => {
      const mishaps = mishapsOf(judged, input);
      const { failure, security, quality } = mishaps;
      expectClose(columns.mishap[row]!, mishapProbability(failure, security, quality), TOLERANCE);
      const expected = riskCostMicroUsd(input.task.valueMicroUsd, mishaps, impactOf(input));
      expectClose(details.riskMicroUsd[row]!, expected, TOLERANCE);
    });
  });

  it('has the communication of Eq. (8), of its own link and session where it has them', () => {
    everyRow((row, judged, input, { details }) => {
      const expected = communicationOf(judged, input);
      expectClose(details.communicationMicroUsd[row]!, expected, TOLERANCE);
    });
  });

  it('has its own verification, or that of its reliability', () => {
    everyRow((row, judged, input, { columns, details }) => {
      const expected = verificationOf(judged, input, columns.reliability[row]!);
      expect(details.verificationMicroUsd[row]).toBe(expected);
    });
  });

  it('charges each minute beyond a soft deadline, and none without a deadline', () => {
    everyRow((row, judged, input, { details }) => {
      const expected = latenessOf(judged, input);
      const { task, context } = input;
      const minutes = (task.maxLatencyMs ?? 0) / MS_PER_MINUTE;
      const perMinute = context.latencyMicroUsdPerMinute ?? task.valueMicroUsd / minutes;
      // Two near times cancel: what is left has the digits of the times.
      const digits = TOLERANCE * (expected + minutes * perMinute);
      const distance = Math.abs(details.latencyMicroUsd[row]! - expected);
      expect(distance).toBeLessThanOrEqual(minutes > 0 ? digits : 0);
    });
  });

  it('adds up as Eq. (6) does, its handling calibrated and nothing else', () => {
    everyRow((row, judged, input, { columns, details }) => {
      const ratio = judged.calibrationRatio ?? 1;
      const integration =
        judged.overheads?.integrationMicroUsd ?? input.context.overheads.integrationMicroUsd;
      const parts = {
        priceMicroUsd: judged.quote.priceMicroUsd!,
        communicationMicroUsd: ratio * communicationOf(judged, input),
        verificationMicroUsd: ratio * verificationOf(judged, input, columns.reliability[row]!),
        integrationMicroUsd: ratio * integration,
        riskMicroUsd: details.riskMicroUsd[row]!,
        latencyMicroUsd: details.latencyMicroUsd[row]!,
      };
      expect(details.integrationMicroUsd[row]).toBe(integration);
      expectClose(columns.costMicroUsd[row]!, externalCost(parts).totalMicroUsd, TOLERANCE);
      const { communicationMicroUsd, verificationMicroUsd, integrationMicroUsd } = parts;
      const handling = communicationMicroUsd + verificationMicroUsd + integrationMicroUsd;
      expectClose(columns.handlingMicroUsd[row]!, handling, TOLERANCE);
    });
  });
});

describe('a candidate that states its figures', () => {
  it('is taken at its word by the policy that asks for them, with the risks added up', () => {
    everyRow((row, { stated, skills, similarity }, input, { columns, details }) => {
      const { reliability, securityRisk: breach, qualityRisk, performance } = stated!;
      expect(columns.reliability[row]).toBe(reliability);
      expect(columns.securityRisk[row]).toBe(breach);
      const sum = 1 - reliability! + breach! + qualityRisk!;
      const expected = input.task.valueMicroUsd * sum * impactOf(input);
      expectClose(details.riskMicroUsd[row]!, expected, TOLERANCE);
      const ontology = jaccardIndex(input.task.requiredSkills, skills);
      const fit = skillCompatibility(ontology, similarity ?? undefined, performance!);
      expectClose(details.compatibility[row]!, fit, TOLERANCE);
    }, REFERENCE_POLICY);
  });

  it('is judged by its outcomes by every other policy', () => {
    const stated = { reliability: 1, securityRisk: 0, qualityRisk: 0, performance: 1 };
    const failing = candidate('a', { successes: 0, failures: 50 });
    const plain = evaluated(request([failing])).matrix;
    const boasting = evaluated(request([{ ...failing, stated }])).matrix;
    expect(plain.count).toBe(boasting.count);
    expect(boasting.columns.reliability[0]).toBe(plain.columns.reliability[0]);
    expect(boasting.columns.costMicroUsd[0]).toBe(plain.columns.costMicroUsd[0]);
  });
});

describe('pseudo-outcomes', () => {
  const known = (one: Candidate, maxPseudoOutcomes = MAX_PSEUDO_OUTCOMES) =>
    new CandidateTable([one]).pseudoOutcomes({ ...RATIONAL_POLICY, maxPseudoOutcomes });

  it('count attested tests first, then testimony up to the cap', () => {
    const one = { ...newcomer('a', 5, 6), testimony: { successes: 0, total: 40 } };
    const { total, successes, told } = known(one);
    expect([total[0], successes[0], told[0]]).toEqual([8, 5, 2]);
    const few = known({ ...one, testimony: { successes: 1, total: 2 } });
    expect([few.total[0], few.successes[0]]).toEqual([8, 6]);
  });

  it('leave no room to testimony where tests fill the cap, for or against', () => {
    const one = { ...newcomer('a', 100, 200), testimony: { successes: 50, total: 50 } };
    const { total, successes } = known(one);
    expect([total[0], successes[0]]).toEqual([8, 4]);
  });

  it('are testimony alone below the level from which tests count', () => {
    const one = { ...newcomer('a', 8, 8, 1), testimony: { successes: 1.5, total: 2 } };
    const { total, successes } = known(one);
    expect([total[0], successes[0]]).toEqual([2, 1.5]);
  });

  it('are none where the policy has none', () => {
    const one = { ...newcomer('a', 8, 8), testimony: { successes: 3, total: 3 } };
    const { total, successes } = known(one, 0);
    expect([total[0], successes[0]]).toEqual([0, 0]);
  });

  it('are what bootstrapping makes of the same evidence', () => {
    const rater = fc.record({
      rater: fc.constantFrom('bob', 'carol', 'dave'),
      successes: fc.nat(5),
      failures: fc.nat(5),
      credibility: share,
    });
    fc.assert(
      fc.property(fc.nat(12), fc.nat(12), fc.array(rater), (passed, failed, testimony) => {
        const attested = { passed, run: passed + failed };
        const evidence = { subject: 'a', observer: 'me', attested, testimony };
        const expected = pseudoOutcomesOf(evidence, RATIONAL_POLICY);
        const weighed = weighedTestimony(evidence);
        const one = { ...newcomer('a', passed, passed + failed), testimony: weighed };
        const { total, successes } = known(one);
        expectClose(total[0]!, expected.total, TOLERANCE);
        expectClose(successes[0]!, expected.successes, TOLERANCE);
      }),
    );
  });
});

describe('how a matrix is filled', () => {
  it('makes no difference to what is decided by: with details or without', () => {
    fc.assert(
      fc.property(anyCandidates, anyTerms, fc.boolean(), (candidates, terms, isStated) => {
        const base = isStated ? REFERENCE_POLICY : RATIONAL_POLICY;
        const input = requestUnder(candidates, terms, base);
        const table = new CandidateTable(candidates);
        const plain = evaluate(table, input, newWorkspace());
        const detailed = evaluate(table, input, newWorkspace(), null, { isDetailed: true });
        const { matrix } = detailed;
        expect([...plain.matrix.dropCodes]).toEqual([...matrix.dropCodes]);
        for (const [name, column] of Object.entries(matrix.columns)) {
          const other = plain.matrix.columns[name as keyof typeof matrix.columns];
          expect([...other], name).toEqual([...column]);
        }
        expect(plain.choice).toBe(detailed.choice);
      }),
    );
  });

  it('is not changed by what the same memory and the same table were used for before', () => {
    const tasks = fc.array(anyTerms, { minLength: 2, maxLength: 4 });
    fc.assert(
      fc.property(anyCandidates, anyCandidates, tasks, (candidates, others, terms) => {
        const workspace = newWorkspace(1);
        const kept = new CandidateTable(candidates);
        for (const each of terms) {
          evaluate(new CandidateTable(others), requestUnder(others, each), workspace);
          const input = requestUnder(candidates, each);
          const again = evaluate(kept, input, workspace);
          const fresh = evaluate(new CandidateTable(candidates), input, newWorkspace());
          expect(again.choice).toBe(fresh.choice);
          expect(again.chosenRow).toBe(fresh.chosenRow);
          const { count, columns } = fresh.matrix;
          expect(again.matrix.count).toBe(count);
          for (const [name, column] of Object.entries(columns)) {
            const other = again.matrix.columns[name as keyof typeof columns];
            expect([...other.subarray(0, count)], name).toEqual([...column.subarray(0, count)]);
          }
        }
      }),
    );
  });

  it('keeps the risk of a what-if at the reliability that is assumed', () => {
    everyRow((row, judged, input, { columns, candidateIndex }) => {
      const index = candidateIndex[row]!;
      const assumed = { candidateIndex: index, reliability: 0.25 };
      const { matrix } = evaluated(input, assumed);
      const other = [...matrix.candidateIndex].indexOf(index, matrix.count > row ? 0 : row);
      expect(matrix.columns.reliability[other]).toBe(0.25);
      const { security, quality } = mishapsOf(judged, input);
      const expected = mishapProbability(0.75, security, quality);
      expectClose(matrix.columns.mishap[other]!, expected, TOLERANCE);
      expect(matrix.columns.confidence[other]).toBe(columns.confidence[row]);
    });
  });

  it('counts the scarcity of the field alone, each contractor as one', () => {
    fc.assert(
      fc.property(anyCandidates, anyTerms, (candidates, terms) => {
        const input = requestUnder(candidates, terms);
        const { matrix } = evaluated(input);
        fc.pre(matrix.count > 0);
        let expected = 0;
        for (let row = 0; row < matrix.count; row++) {
          const { demand, available, total } = candidates[matrix.candidateIndex[row]!]!.quote.load;
          const pressure = 0.5 + (0.5 * (demand! - available!)) / total!;
          expected += Math.max(0, Math.min(1, pressure));
        }
        expectClose(matrix.marketPressure, expected, TOLERANCE);
      }),
    );
  });
});
