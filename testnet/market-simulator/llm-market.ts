/**
 * A market of language-model work: preset `llm-2026`. The client owns one graphics card and can run
 * an 8B model on it; contractors sell tokens at public list prices. Tasks for a 70B model do not
 * fit the card.
 *
 * Every figure that somebody published stands in {@link LLM_FIGURES} with its source and date. What
 * nobody published is in {@link LLM_ASSUMPTIONS}, and is ours.
 *
 * @module
 */

import type { HardwareProfile } from '../../node/cost/internal-cost.ts';
import { microUsd } from '../../node/cost/presets.ts';
import type { ContractorType, Draws, DrawnTask, Market } from './market.ts';

/** A published figure. */
export interface SourcedFigure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly source: string;
  readonly date: string;
}

const BENCHMARKS = 'github.com/XiongjieDai/GPU-Benchmarks-on-LLM-Inference';
const MAY_2024 = '2024-05';
const GATEWAY = 'lava-a04d7b3f.mintlify.dev/docs/gateway/providers/deepinfra (DeepInfra prices)';
const OPENAI = 'aimodelcalc.pages.dev/guides/openai-api-pricing.html (OpenAI prices)';
const ANTHROPIC = 'claudecodeguides.com, cost breakdown (Anthropic prices)';

function figure(
  what: string,
  value: number,
  unit: string,
  source: string,
  date: string,
): SourcedFigure {
  return { what, value, unit, source, date };
}

/** Published figures, each with the page that it was read from. */
export const LLM_FIGURES = {
  generation: figure('RTX 4090, 8B Q4_K_M', 119.44, 'tokens/s out', BENCHMARKS, MAY_2024),
  prompt: figure('RTX 4090, 8B Q4_K_M', 5265.68, 'tokens/s in', BENCHMARKS, MAY_2024),
  smallModel: figure('Llama 3 8B Q4_K_M', 4.58, 'GiB', BENCHMARKS, MAY_2024),
  largeModel: figure('Llama 3 70B Q4_K_M', 39.59, 'GiB', BENCHMARKS, MAY_2024),
  cardMemory: figure('RTX 4090', 24, 'GiB', BENCHMARKS, MAY_2024),
  cardPower: figure('RTX 4090', 450, 'W', 'pcspecchart.com/pc_parts/gpu/25', '2025-06'),
  cardPrice: figure(
    'RTX 4090',
    1599,
    'USD',
    'gizmodo.com/nvidia-geforce-rtx-4090-review-specs-price-release-date-1849641025',
    '2022-10',
  ),
  electricity: figure(
    'commercial, East North Central',
    0.1282,
    'USD/kWh',
    'eia.gov, Electric Power Monthly, table 5.6.A',
    '2025-04',
  ),
  qwenIn: figure('Qwen3-32B', 0.1, 'USD/M tokens in', GATEWAY, '2026'),
  qwenOut: figure('Qwen3-32B', 0.3, 'USD/M tokens out', GATEWAY, '2026'),
  llamaIn: figure('Llama-3.3-70B-Instruct', 0.23, 'USD/M tokens in', GATEWAY, '2026'),
  llamaOut: figure('Llama-3.3-70B-Instruct', 0.4, 'USD/M tokens out', GATEWAY, '2026'),
  deepseekIn: figure('DeepSeek-V3-0324', 0.25, 'USD/M tokens in', GATEWAY, '2026'),
  deepseekOut: figure('DeepSeek-V3-0324', 0.88, 'USD/M tokens out', GATEWAY, '2026'),
  miniIn: figure('GPT-4o mini', 0.15, 'USD/M tokens in', OPENAI, '2026-05'),
  miniOut: figure('GPT-4o mini', 0.6, 'USD/M tokens out', OPENAI, '2026-05'),
  haikuIn: figure('Claude Haiku 4.5', 1, 'USD/M tokens in', ANTHROPIC, '2026-04'),
  haikuOut: figure('Claude Haiku 4.5', 5, 'USD/M tokens out', ANTHROPIC, '2026-04'),
  sonnetIn: figure('Claude Sonnet 4.6', 3, 'USD/M tokens in', ANTHROPIC, '2026-04'),
  sonnetOut: figure('Claude Sonnet 4.6', 15, 'USD/M tokens out', ANTHROPIC, '2026-04'),
} as const satisfies Record<string, SourcedFigure>;

/** What nobody published: ours, and no measurement. */
export const LLM_ASSUMPTIONS = {
  /** Of all tasks, those that want a 70B model. */
  largeShare: 0.3,
  inputTokens: { min: 500, max: 8_000 },
  outputTokens: { min: 100, max: 1_500 },
  /** Worth of a task, in multiples of what its tokens cost at the dearest list price. */
  valueFactor: { min: 1, max: 5 },
  reliability: 0.995,
  securityRisk: 0.001,
  /** Of a model that suits the task. */
  qualityRisk: 0.01,
  latencyMinutes: 0.2,
  maxLatencyMinutes: 5,
  utilisation: 0.9,
  keyValueCacheGib: 1,
  slots: 32,
} as const;

const TOKENS_PER_MILLION = 1e6;
const BYTES_PER_TOKEN = 4;
const SMALL_SKILL = 'canExecute:llm/8b';
const LARGE_SKILL = 'canExecute:llm/70b';

function model(
  name: string,
  share: number,
  inUsd: SourcedFigure,
  outUsd: SourcedFigure,
  isLarge: boolean,
): ContractorType {
  const { reliability, securityRisk, qualityRisk, latencyMinutes } = LLM_ASSUMPTIONS;
  return {
    name,
    share,
    unitPricesMicroUsd: [
      microUsd(inUsd.value) / TOKENS_PER_MILLION,
      microUsd(outUsd.value) / TOKENS_PER_MILLION,
    ],
    latencyMinutes,
    reliability,
    securityRisk,
    qualityRisk,
    skills: isLarge ? [SMALL_SKILL, LARGE_SKILL] : [SMALL_SKILL],
    similarities: [0.9, isLarge ? 0.9 : 0.3],
    performance: [0.95, isLarge ? 0.95 : 0.3],
  };
}

const F = LLM_FIGURES;
const CONTRACTORS: readonly ContractorType[] = [
  model('qwen3-32b', 0.2, F.qwenIn, F.qwenOut, false),
  model('gpt-4o-mini', 0.2, F.miniIn, F.miniOut, false),
  model('llama-3.3-70b', 0.2, F.llamaIn, F.llamaOut, true),
  model('deepseek-v3', 0.2, F.deepseekIn, F.deepseekOut, true),
  model('claude-haiku-4.5', 0.1, F.haikuIn, F.haikuOut, true),
  model('claude-sonnet-4.6', 0.1, F.sonnetIn, F.sonnetOut, true),
];

/** Capital stands in the purchase: the hourly price of the machine itself is 0. */
const HARDWARE: HardwareProfile = {
  peakFlopsPerSecond: 1,
  utilisation: LLM_ASSUMPTIONS.utilisation,
  memoryGib: F.cardMemory.value,
  powerWatts: F.cardPower.value,
  computeMicroUsdPerHour: 0,
  memoryMicroUsdPerHour: 0,
  energyMicroUsdPerKwh: microUsd(F.electricity.value),
  purchaseMicroUsd: microUsd(F.cardPrice.value),
  lifeYears: 3,
};

function between({ min, max }: { readonly min: number; readonly max: number }, draw: number) {
  return min + (max - min) * draw;
}

function drawTask(type: number, draws: Draws): DrawnTask {
  const { inputTokens, outputTokens, valueFactor, keyValueCacheGib } = LLM_ASSUMPTIONS;
  const tokensIn = Math.round(between(inputTokens, draws.uniform()));
  const tokensOut = Math.round(between(outputTokens, draws.uniform()));
  const localSeconds = tokensIn / F.prompt.value + tokensOut / F.generation.value;
  const listUsd =
    (tokensIn * F.sonnetIn.value + tokensOut * F.sonnetOut.value) / TOKENS_PER_MILLION;
  const valueMicroUsd = microUsd(listUsd * between(valueFactor, draws.uniform()));
  const modelGib = type === 0 ? F.smallModel.value : F.largeModel.value;
  return {
    complexity: 1,
    valueMicroUsd,
    budgetMicroUsd: valueMicroUsd,
    inputGb: (tokensIn * BYTES_PER_TOKEN) / 1e9,
    outputGb: (tokensOut * BYTES_PER_TOKEN) / 1e9,
    localSeconds,
    localMinutes: localSeconds / 60,
    memoryGib: modelGib + keyValueCacheGib,
    units: [tokensIn, tokensOut],
  };
}

/** The market. */
export function llmMarket(): Market {
  const { largeShare, maxLatencyMinutes, slots } = LLM_ASSUMPTIONS;
  const task = { maxLatencyMinutes, localMinutes: 0 };
  return {
    contractors: CONTRACTORS,
    tasks: [
      { ...task, name: 'llm-8b', probability: 1 - largeShare, requiredSkills: [SMALL_SKILL] },
      { ...task, name: 'llm-70b', probability: largeShare, requiredSkills: [LARGE_SKILL] },
    ],
    arrivals: {
      tasksPerHour: 4.2,
      baseDemand: 0.5,
      demandDeviation: 0.1,
      demandLimits: { min: 0.1, max: 2 },
      businessFactor: 3.2,
      businessHours: { min: 9, max: 17 },
      startHourOfWeek: 0,
    },
    load: { kind: 'slots', slots },
    hardware: HARDWARE,
    overheads: {
      sessionMicroUsd: 0,
      automaticVerificationMicroUsd: 0,
      manualVerificationMicroUsd: 0,
      integrationMicroUsd: 0,
    },
    link: { bandwidthMbps: 100, transferMicroUsdPerGb: 0 },
    latencyMicroUsdPerMinute: 0,
    latencyDeviation: 0.15,
    // List prices are the same for everybody.
    priceDeviation: 0,
    minLatencyMinutes: 0.05,
    minUnitPriceShare: 1,
    localNoise: 0.05,
    externalNoise: 0,
    timeNoise: 0.1,
    drawTask,
  };
}
