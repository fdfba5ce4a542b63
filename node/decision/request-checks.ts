/**
 * Checks of what the node itself puts into a decision: policy, task, machine and context. A mistake
 * there is the program's own, so it throws. Candidates are not looked at: they come from peers.
 *
 * @module
 */

import {
  requireFraction,
  requireNonNegative,
  requirePositive,
  requirePositiveFraction,
} from '../cost/quantity-checks.ts';
import type { AuditRule } from './audit-rule.ts';
import { requireExplorationParameters } from './exploration/exploration-strategy.ts';
import type { DecisionPolicy, ExplorationPolicy } from './policy.ts';
import { POLICY_NAMES } from './policy.ts';
import { requireOutcomes } from './reliability.ts';
import type {
  DecisionContext,
  DecisionQuery,
  DecisionTask,
  ExplorationContext,
  LocalExecution,
} from './request.ts';

const MAX_ID_CHARACTERS = 128;
const MAX_REQUIRED_SKILLS = 64;

function requireText(name: string, value: string, maxCharacters: number): void {
  const isText = typeof value === 'string' && value.length > 0 && value.length <= maxCharacters;
  if (!isText || !value.isWellFormed()) {
    throw new RangeError(`"${name}" expected well-formed text of 1 to ${maxCharacters} characters`);
  }
}

function requireOneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) {
    throw new RangeError(`"${name}" expected one of ${allowed.join(', ')}, got ${String(value)}`);
  }
}

function requireOptional(name: string, value: number | undefined): void {
  if (value !== undefined) requireNonNegative(name, value);
}

/** Policies that were checked. A policy is plain data that nobody changes. */
const checkedPolicies = new WeakSet<DecisionPolicy>();

function checkPolicy(policy: DecisionPolicy): void {
  if (checkedPolicies.has(policy)) return;
  requireOneOf('policy.name', policy.name, POLICY_NAMES);
  requireOneOf('policy.weightRule', policy.weightRule, ['signals', 'multipliers']);
  requireOneOf('policy.evidence', policy.evidence, ['outcomes', 'stated']);
  requireOneOf('policy.confidenceRule', policy.confidenceRule, ['outcomes', 'recentScores']);
  requireOneOf('policy.riskRule', policy.riskRule, ['product', 'sum']);
  requireOneOf('policy.normalisation', policy.normalisation, ['vector', 'minmax']);
  requireOneOf('policy.reliabilityMode', policy.reliabilityMode, ['literal', 'evidence']);
  requireOneOf('policy.triesNextAfter', policy.triesNextAfter, ['economicGate', 'anyGate']);
  requireOneOf('policy.pseudoOutcomesFromLevel', policy.pseudoOutcomesFromLevel, [0, 1, 2, 3]);
  requireOneOf('policy.isLatencyHard', policy.isLatencyHard, [true, false]);
  for (const field of ['hasEconomicGate', 'isLoneScoreTested', 'isPriceLimitHard'] as const) {
    requireOneOf(`policy.${field}`, policy[field], [true, false]);
  }
  checkNumbers(policy);
  checkExplorationPolicy(policy.exploration);
  checkedPolicies.add(policy);
}

function checkNumbers(policy: DecisionPolicy): void {
  for (const field of [
    'skillThreshold',
    'scoreThreshold',
    'confidenceThreshold',
    'successThreshold',
    'signalShare',
    'automaticVerificationAbove',
  ] as const) {
    requireFraction(`policy.${field}`, policy[field]);
  }
  for (const field of [
    'correlationPenalty',
    'decayPerMonth',
    'zQuantile',
    'maxPseudoOutcomes',
    'highImpactMultiplier',
  ] as const) {
    requireNonNegative(`policy.${field}`, policy[field]);
  }
  requirePositive('policy.reliabilityPrior.alpha', policy.reliabilityPrior.alpha);
  requirePositive('policy.reliabilityPrior.beta', policy.reliabilityPrior.beta);
  requirePositiveFraction('policy.channelExposure', policy.channelExposure);
  requireNonNegative('policy.skillWeights.ontology', policy.skillWeights.ontology);
  requireNonNegative('policy.skillWeights.embedding', policy.skillWeights.embedding);
  requireNonNegative('policy.skillWeights.performance', policy.skillWeights.performance);
  for (const level of [0, 1, 2, 3] as const) {
    requireFraction('policy.breachProbabilities', policy.breachProbabilities[level]);
  }
  for (const label of ['low', 'medium', 'high'] as const) {
    requireFraction('policy.sensitivityFactors', policy.sensitivityFactors[label]);
  }
}

function checkExplorationPolicy(rules: ExplorationPolicy): void {
  requireExplorationParameters(rules);
  requireOneOf('policy.exploration.maxSensitivity', rules.maxSensitivity, [
    'low',
    'medium',
    'high',
  ]);
  requireOneOf('policy.exploration.allowsCritical', rules.allowsCritical, [true, false]);
  requireOneOf('policy.exploration.scope', rules.scope, ['safe', 'all']);
  if (rules.lossLimits === null) return;
  const { maxShareOfValue, maxShareOfLocal } = rules.lossLimits;
  requireFraction('policy.exploration.lossLimits.maxShareOfValue', maxShareOfValue);
  requireFraction('policy.exploration.lossLimits.maxShareOfLocal', maxShareOfLocal);
}

function checkExploration(exploration: ExplorationContext): void {
  requireNonNegative('context.exploration.decisionIndex', exploration.decisionIndex);
  const { cumulativeLocalMicroUsd, cumulativeLossMicroUsd } = exploration;
  requireNonNegative('context.exploration.cumulativeLocalMicroUsd', cumulativeLocalMicroUsd);
  requireNonNegative('context.exploration.cumulativeLossMicroUsd', cumulativeLossMicroUsd);
  requireOneOf('context.exploration.isForced', exploration.isForced, [true, false]);
}

function checkTask(task: DecisionTask): void {
  requireText('task.taskType', task.taskType, 256);
  const { requiredSkills } = task;
  if (requiredSkills.length > MAX_REQUIRED_SKILLS) {
    throw new RangeError(
      `"task.requiredSkills" expected at most ${MAX_REQUIRED_SKILLS} terms, ` +
        `got ${requiredSkills.length}`,
    );
  }
  for (const term of requiredSkills) requireText('task.requiredSkills', term, 256);
  requireOneOf('task.sensitivity', task.sensitivity, ['low', 'medium', 'high']);
  requireOneOf('task.criticality', task.criticality, ['normal', 'high']);
  if (!(task.valueMicroUsd >= 0 && task.valueMicroUsd <= Number.MAX_SAFE_INTEGER)) {
    throw new RangeError(
      `"task.valueMicroUsd" expected a number from 0 to 2^53-1, got ${task.valueMicroUsd}`,
    );
  }
  requireNonNegative('task.complexity', task.complexity);
  requireNonNegative('task.inputBytes', task.inputBytes);
  requireNonNegative('task.expectedOutputBytes', task.expectedOutputBytes);
  requireOptional('task.maxLatencyMs', task.maxLatencyMs);
  requireOptional('task.maxPriceMicroUsd', task.maxPriceMicroUsd);
  requireOneOf('task.minLevel', task.minLevel, [undefined, 0, 1, 2, 3]);
}

function checkLocal(local: LocalExecution): void {
  requireOneOf('local.isAvailable', local.isAvailable, [true, false]);
  if (local.isAvailable && local.execution === undefined) {
    throw new RangeError('"local.execution" expected an estimate while local is available');
  }
}

function checkAudit({ newRate, knownRate, knownFromOutcomes, leastRate }: AuditRule): void {
  requireFraction('context.audit.newRate', newRate);
  requireFraction('context.audit.knownRate', knownRate);
  requireFraction('context.audit.leastRate', leastRate);
  requireNonNegative('context.audit.knownFromOutcomes', knownFromOutcomes);
}

function checkContext(context: DecisionContext): void {
  const { historicalWeights, overheads, link } = context;
  requireNonNegative('context.historicalWeights.cost', historicalWeights.cost);
  requireNonNegative('context.historicalWeights.reliability', historicalWeights.reliability);
  requireNonNegative('context.historicalWeights.latency', historicalWeights.latency);
  requireNonNegative('context.historicalWeights.security', historicalWeights.security);
  for (const field of [
    'sessionMicroUsd',
    'automaticVerificationMicroUsd',
    'manualVerificationMicroUsd',
    'integrationMicroUsd',
  ] as const) {
    requireNonNegative(`context.overheads.${field}`, overheads[field]);
  }
  requirePositive('context.link.bandwidthMbps', link.bandwidthMbps);
  requireNonNegative('context.link.transferMicroUsdPerGb', link.transferMicroUsdPerGb);
  requirePositive('context.localCalibrationRatio', context.localCalibrationRatio);
  requireOptional('context.latencyMicroUsdPerMinute', context.latencyMicroUsdPerMinute);
  requireOptional('context.atSeconds', context.atSeconds);
  if (context.audit !== undefined) checkAudit(context.audit);
  if (context.exploration !== null) checkExploration(context.exploration);
  const { recentDecisions } = context;
  if (recentDecisions === undefined) return;
  requireNonNegative('context.recentDecisions.decisions', recentDecisions.decisions);
  requireOutcomes(recentDecisions.recentHighScores, recentDecisions.recent);
}

/**
 * Checks everything but the candidates.
 *
 * @throws {@link RangeError} that names the field, what it expected and what it got.
 */
export function requireValidQuery(query: DecisionQuery): void {
  requireText('decisionId', query.decisionId, MAX_ID_CHARACTERS);
  if (!(Number.isSafeInteger(query.seed) && query.seed >= 0)) {
    throw new RangeError(`"seed" expected an integer from 0 to 2^53-1, got ${query.seed}`);
  }
  checkPolicy(query.policy);
  checkTask(query.task);
  checkLocal(query.local);
  checkContext(query.context);
}
