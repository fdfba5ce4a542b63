/**
 * The market of the paper's own code: presets `paper` and `si`. All constants are those of
 * reference-results.md b, with the place in that code where each one stands.
 *
 * The two differ in one number. That code computes the seconds that a task takes and charges them
 * as hours (`COST_PRESETS.paper.executionTimeFactor`); `si` charges seconds.
 *
 * @module
 */

import { complexityMultiplier } from '../../node/cost/external-cost.ts';
import { COST_PRESETS, microUsd, REFERENCE_HARDWARE } from '../../node/cost/presets.ts';
import type { ContractorType, Draws, DrawnTask, Market, TaskType } from './market.ts';

const PEAK_FLOPS = REFERENCE_HARDWARE.peakFlopsPerSecond * REFERENCE_HARDWARE.utilisation;
/** Gigabytes to which the operations of a task type refer. */
const NOMINAL_GB = 8.2;
const DAYS_TO_SUNDAY = 6;
const HOURS_PER_DAY = 24;

interface ReferenceTaskType extends TaskType {
  readonly flops: number;
  readonly documents: number;
}

const DOCUMENT_SKILLS = ['FinBERT', 'Financial Analysis', 'RAG'];

/** constants.py 84-89, cost_calculator.py 127-132, simulation_engine.py 372. */
const TASKS: readonly ReferenceTaskType[] = [
  {
    name: 'financial_rag',
    probability: 0.4,
    flops: 2.8e15,
    documents: 50_000,
    maxLatencyMinutes: 90,
    requiredSkills: DOCUMENT_SKILLS,
    localMinutes: 125.4,
  },
  {
    name: 'risk_assessment',
    probability: 0.3,
    flops: 1.5e15,
    documents: 25_000,
    maxLatencyMinutes: 120,
    requiredSkills: ['Risk Modeling', 'Monte Carlo', 'Statistics'],
    localMinutes: 90,
  },
  {
    name: 'sentiment_analysis',
    probability: 0.2,
    flops: 8.2e14,
    documents: 100_000,
    maxLatencyMinutes: 45,
    requiredSkills: ['NLP', 'Sentiment Analysis', 'Text Processing'],
    localMinutes: 45,
  },
  {
    name: 'portfolio_optimization',
    probability: 0.1,
    flops: 3.1e15,
    documents: 50_000,
    maxLatencyMinutes: 90,
    requiredSkills: DOCUMENT_SKILLS,
    localMinutes: 180,
  },
];

/** decision_engine.py 245-262: similarities for the first two task types, 0.6 for the others. */
const OTHER_SIMILARITY = 0.6;

function contractorType(
  name: string,
  share: number,
  priceUsd: number,
  latencyMinutes: number,
  reliability: number,
  similarities: readonly [number, number],
  skills: readonly string[],
): ContractorType {
  const hasFinBert = skills.includes('FinBERT');
  return {
    name,
    share,
    unitPricesMicroUsd: [microUsd(priceUsd), 0],
    latencyMinutes,
    reliability,
    // agent_types.py 329.
    securityRisk: 0.02 + 0.1 * (1 - reliability),
    qualityRisk: 0.01 + 0.05 * (1 - reliability),
    skills,
    similarities: [...similarities, OTHER_SIMILARITY, OTHER_SIMILARITY],
    performance: [hasFinBert ? 0.95 : 0.75, hasFinBert ? 0.9 : 0.8, 0.85, 0.8],
  };
}

/** agent_types.py 247-342, constants.py 94-101. */
const CONTRACTORS: readonly ContractorType[] = [
  contractorType(
    'gpu_specialist',
    0.152,
    18.5,
    8.2,
    0.987,
    [0.95, 0.8],
    ['FinBERT', 'RAG', 'Financial Analysis', 'GPU Computing'],
  ),
  contractorType(
    'cpu_specialist',
    0.228,
    9.6,
    52.3,
    0.912,
    [0.7, 0.9],
    ['Risk Modeling', 'Statistics', 'Parallel Processing', 'CPU Optimization'],
  ),
  contractorType(
    'budget_provider',
    0.315,
    6.2,
    38.7,
    0.743,
    [0.6, 0.7],
    ['FinBERT', 'RAG', 'Financial Analysis', 'Cost Optimization'],
  ),
  contractorType(
    'edge_specialist',
    0.087,
    4.8,
    95.1,
    0.856,
    [0.4, 0.5],
    ['NLP', 'Text Processing', 'Edge Computing', 'Low Latency'],
  ),
  contractorType(
    'hybrid_cloud',
    0.183,
    22.4,
    12.8,
    0.945,
    [0.9, 0.85],
    ['FinBERT', 'RAG', 'Risk Modeling', 'Cloud Native'],
  ),
  contractorType(
    'quantum_enhanced',
    0.035,
    45,
    25.6,
    0.892,
    [0.8, 0.95],
    ['Risk Modeling', 'Monte Carlo', 'Statistics', 'Advanced Analytics'],
  ),
];

/** Operations of a task, and the GiB that it takes. cost_calculator.py 66-85, 127-132. */
export function referenceDemand(
  flops: number,
  documents: number,
  inputGb: number,
  complexity: number,
) {
  return {
    operations: flops * (inputGb / NOMINAL_GB) * complexity,
    memoryGib: 1.3 + (documents / 50_000) * 4.2 + 2.8 * complexity,
  };
}

/** simulation_engine.py 262-266. */
function drawTask(type: number, draws: Draws, executionTimeFactor: number): DrawnTask {
  const { flops, documents, localMinutes } = TASKS[type]!;
  const complexity = 0.5 + 1.5 * draws.uniform();
  const valueUsd = 50 + 450 * draws.uniform();
  const inputGb = 1 + 19 * draws.uniform();
  const budgetUsd = valueUsd * (0.3 + 0.5 * draws.uniform());
  const { operations, memoryGib } = referenceDemand(flops, documents, inputGb, complexity);
  return {
    complexity,
    valueMicroUsd: microUsd(valueUsd),
    budgetMicroUsd: microUsd(budgetUsd),
    inputGb,
    outputGb: 0.2,
    localSeconds: (operations / PEAK_FLOPS) * executionTimeFactor,
    localMinutes: localMinutes * complexity,
    memoryGib,
    units: [complexityMultiplier(complexity), 0],
  };
}

/**
 * The market. A run starts on a Sunday at 8:00, as the runs behind Table I did: that code reads the
 * computer's clock.
 */
export function referenceMarket(preset: 'paper' | 'si'): Market {
  const { executionTimeFactor, overheads, link, latencyMicroUsdPerMinute } = COST_PRESETS[preset];
  return {
    contractors: CONTRACTORS,
    tasks: TASKS,
    arrivals: {
      tasksPerHour: 4.2,
      baseDemand: 0.5,
      demandDeviation: 0.1,
      demandLimits: { min: 0.1, max: 2 },
      businessFactor: 3.2,
      businessHours: { min: 9, max: 17 },
      startHourOfWeek: DAYS_TO_SUNDAY * HOURS_PER_DAY + 8,
    },
    load: { kind: 'reference', slots: 10 },
    hardware: REFERENCE_HARDWARE,
    overheads,
    link,
    latencyMicroUsdPerMinute,
    latencyDeviation: 0.15,
    priceDeviation: 0.1,
    minLatencyMinutes: 1,
    minUnitPriceShare: 0.05,
    localNoise: 0.05,
    externalNoise: 0.08,
    timeNoise: 0.1,
    drawTask: (type, draws) => drawTask(type, draws, executionTimeFactor),
  };
}
