import { describe, expect, it } from 'vitest';
import { loadConfig, settings as allSettings } from '../../config/load.ts';
import type { Config, ConfigFile } from '../../config/schema.ts';
import { EXPLORATION_STRATEGIES } from '../../decision/exploration/exploration-strategy.ts';
import { POLICIES, POLICY_NAMES } from '../../decision/policy.ts';
import type { DecisionPolicy } from '../../decision/policy.ts';
import { configuredThresholds, nodePolicy, PolicyShelf } from '../../tasks/node-policy.ts';
import { decisionOf, request } from '../decision/requests.ts';

type DecisionSettings = NonNullable<ConfigFile['decision']>;

function configOf(decision: DecisionSettings = {}): Config {
  return loadConfig([{ origin: 'test', values: { decision } }]);
}

function policyOf(decision: DecisionSettings = {}): DecisionPolicy {
  const config = configOf(decision);
  return nodePolicy(config, configuredThresholds(config));
}

/** Paths at which two policies differ. */
function differences(a: object, b: object, path = ''): string[] {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => {
    const [one, other] = [a, b].map((side) => (side as Record<string, unknown>)[key]);
    const here = path === '' ? key : `${path}.${key}`;
    const areObjects =
      typeof one === 'object' && one !== null && typeof other === 'object' && other !== null;
    if (areObjects) return differences(one, other, here);
    return Object.is(one, other) ? [] : [here];
  });
}

function valueAt(policy: DecisionPolicy, path: string): unknown {
  let value: unknown = policy;
  for (const key of path.split('.')) value = (value as Record<string, unknown>)[key];
  return value;
}

/** Each setting that a policy follows, a value of it, and where the policy has it. */
const FOLLOWED: readonly (readonly [string, DecisionSettings, string, unknown])[] = [
  ['decision.skillThreshold', { skillThreshold: 0.55 }, 'skillThreshold', 0.55],
  ['decision.scoreThreshold', { scoreThreshold: 0.45 }, 'scoreThreshold', 0.45],
  ['decision.confidenceThreshold', { confidenceThreshold: 0.9 }, 'confidenceThreshold', 0.9],
  ['decision.hasEconomicGate', { hasEconomicGate: false }, 'hasEconomicGate', false],
  ['decision.isBootstrapped', { isBootstrapped: false }, 'maxPseudoOutcomes', 0],
  [
    'decision.exploration.strategy',
    { exploration: { strategy: 'ucb1' } },
    'exploration.strategy',
    'ucb1',
  ],
  ['decision.exploration.rate', { exploration: { rate: 0.25 } }, 'exploration.rate', 0.25],
  [
    'decision.exploration.maxSensitivity',
    { exploration: { maxSensitivity: 'high' } },
    'exploration.maxSensitivity',
    'high',
  ],
  [
    'decision.exploration.maxLossShareOfValue',
    { exploration: { maxLossShareOfValue: 0.5 } },
    'exploration.lossLimits.maxShareOfValue',
    0.5,
  ],
  [
    'decision.exploration.maxLossShareOfLocal',
    { exploration: { maxLossShareOfLocal: 0.125 } },
    'exploration.lossLimits.maxShareOfLocal',
    0.125,
  ],
  [
    'decision.exploration.learningValueUsd',
    { exploration: { learningValueUsd: 0.5 } },
    'exploration.learningValueMicroUsd',
    500_000,
  ],
];

/** Settings of decisions that are no part of a policy. */
const OTHERS = [
  'policy',
  'isAdaptive',
  'isBargaining',
  'maxSpendingShare',
  'seed',
  'maxCandidates',
  'quoteTimeoutMs',
];

describe('the policy of a node', () => {
  it('is the default policy where nothing is configured', () => {
    expect(policyOf()).toEqual(POLICIES.rational);
  });

  it.each(FOLLOWED)(
    'follows %s, and nothing else of it does',
    (_what, settings, path, expected) => {
      const policy = policyOf(settings);
      expect(valueAt(policy, path)).toBe(expected);
      expect(differences(policyOf(), policy)).toEqual([path]);
    },
  );

  it('follows every setting of decisions, but for those that are none of its own', () => {
    const all = allSettings()
      .map(({ path }) => path.join('.'))
      .filter((path) => path.startsWith('decision.'));
    const others = OTHERS.map((name) => `decision.${name}`);
    expect([...FOLLOWED.map(([setting]) => setting), ...others].sort()).toEqual(all.sort());
  });

  it.each(POLICY_NAMES)(
    'is the one that is configured, with the loss limits of a node: %s',
    (name) => {
      const policy = policyOf({ policy: name });
      expect(policy.name).toBe(name);
      const { lossLimits, maxSensitivity } = POLICIES.rational.exploration;
      expect(policy.exploration.lossLimits).toEqual(lossLimits);
      const { exploration } = POLICIES[name];
      // Money and data of a real node are real, whoever wrote the policy.
      const expected = {
        ...POLICIES[name],
        exploration: { ...exploration, lossLimits, maxSensitivity },
      };
      expect(policy).toEqual(expected);
      expect(() => decisionOf({ ...request([]), policy })).not.toThrow();
    },
  );

  it('turns bootstrapping and the economic gate on for a policy that has neither', () => {
    const settings = { policy: 'paper', isBootstrapped: true, hasEconomicGate: true } as const;
    const policy = policyOf(settings);
    expect(differences(policyOf({ policy: 'paper' }), policy).sort()).toEqual([
      'hasEconomicGate',
      'maxPseudoOutcomes',
    ]);
    expect(policy).toMatchObject({ hasEconomicGate: true, maxPseudoOutcomes: 8 });
  });

  it('gives way to what a task asks for, in policy and in strategy', () => {
    const config = configOf({ policy: 'rational', exploration: { strategy: 'ucb1', rate: 0.3 } });
    const thresholds = configuredThresholds(config);
    const asked = nodePolicy(config, thresholds, { policy: 'paper', explore: 'thompson' });
    expect(asked).toMatchObject({
      name: 'paper',
      hasEconomicGate: false,
      exploration: { strategy: 'thompson', rate: 0.3 },
    });
    const strategyOnly = nodePolicy(config, thresholds, { explore: 'none' });
    expect(strategyOnly).toMatchObject({ name: 'rational', exploration: { strategy: 'none' } });
    const policyOnly = nodePolicy(config, thresholds, { policy: 'reference' });
    expect(policyOnly).toMatchObject({ name: 'reference', exploration: { strategy: 'ucb1' } });
    for (const explore of EXPLORATION_STRATEGIES) {
      expect(nodePolicy(config, thresholds, { explore }).exploration.strategy).toBe(explore);
    }
  });

  it('decides by the thresholds in force, not by those configured', () => {
    const config = configOf();
    const inForce = { skillThreshold: 0.5, scoreThreshold: 0.4, confidenceThreshold: 0.6 };
    expect(nodePolicy(config, inForce)).toMatchObject(inForce);
    expect(configuredThresholds(config)).toEqual({
      skillThreshold: 0.7,
      scoreThreshold: 0.6,
      confidenceThreshold: 0.8,
    });
  });
});

describe('the shelf of policies', () => {
  const config = configOf();
  const thresholds = configuredThresholds(config);

  it('has one object for one question, however often it is asked', () => {
    const shelf = new PolicyShelf(config);
    const first = shelf.policy(thresholds, { policy: 'paper', explore: 'ucb1' });
    const again = shelf.policy({ ...thresholds }, { policy: 'paper', explore: 'ucb1' });
    expect(again).toBe(first);
    expect(shelf.policy(thresholds)).toBe(shelf.policy(thresholds, {}));
    expect(first).toEqual(nodePolicy(config, thresholds, { policy: 'paper', explore: 'ucb1' }));
  });

  it('has another one for every other question', () => {
    const shelf = new PolicyShelf(config);
    const lower = { ...thresholds, scoreThreshold: 0.58 };
    const policies = [
      shelf.policy(thresholds),
      shelf.policy(lower),
      shelf.policy(thresholds, { policy: 'paper' }),
      shelf.policy(thresholds, { policy: 'reference' }),
      shelf.policy(thresholds, { explore: 'none' }),
      shelf.policy(lower, { explore: 'none' }),
    ];
    expect(new Set(policies).size).toBe(policies.length);
    expect(policies.map(({ scoreThreshold }) => scoreThreshold)).toEqual([
      0.6, 0.58, 0.6, 0.6, 0.6, 0.58,
    ]);
  });

  it('stays right and bounded however many thresholds it is asked for', () => {
    const shelf = new PolicyShelf(config);
    const first = shelf.policy(thresholds);
    for (let i = 0; i <= 1_000; i++) {
      const { scoreThreshold } = shelf.policy({ ...thresholds, scoreThreshold: i / 1_000 });
      expect(scoreThreshold).toBe(i / 1_000);
    }
    expect(shelf.policy(thresholds)).not.toBe(first);
    expect(shelf.policy(thresholds)).toEqual(first);
  });
});
