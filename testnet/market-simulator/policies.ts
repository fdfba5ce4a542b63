/**
 * The policies of the shipped engine, with the changes that a run asks for.
 *
 * @module
 */

import { POLICIES, REFERENCE_POLICY } from '../../node/decision/policy.ts';
import type { DecisionPolicy } from '../../node/decision/policy.ts';
import type { PolicyChanges, RunSettings } from './settings.ts';

/** Known to the yardsticks: the stated figures, which are the true ones, and no exploration. */
const ALL_KNOWING_POLICY: DecisionPolicy = {
  ...REFERENCE_POLICY,
  exploration: { ...REFERENCE_POLICY.exploration, strategy: 'none' },
};

/**
 * The policy that a run decides by. That of the paper explores whatever the data: its listings know
 * no limit, and the tasks of its market are all of medium sensitivity.
 */
export function policyOf({ decider, changes }: RunSettings): DecisionPolicy {
  if (decider === 'oracle' || decider === 'random-eligible') return ALL_KNOWING_POLICY;
  const isUnlimited = decider === 'paper';
  return changedPolicy(
    POLICIES[decider],
    isUnlimited ? { hasSecurityBudget: false, ...changes } : changes,
  );
}

function changedPolicy(policy: DecisionPolicy, changes: PolicyChanges): DecisionPolicy {
  const { explorationRate, strategy, hasSecurityBudget, ...fields } = changes;
  const { exploration } = policy;
  return {
    ...policy,
    ...fields,
    exploration: {
      ...exploration,
      ...(strategy === undefined ? {} : { strategy }),
      ...(explorationRate === undefined ? {} : { rate: explorationRate }),
      ...(hasSecurityBudget === false
        ? { lossLimits: null, maxSensitivity: 'high', allowsCritical: true }
        : {}),
    },
  };
}
