/**
 * The policies of the shipped engine, with the changes that a run asks for.
 *
 * @module
 */

import { POLICIES, REFERENCE_POLICY } from '../../node/decision/policy.ts';
import type { DecisionPolicy } from '../../node/decision/policy.ts';
import type { Sensitivity } from '../../node/decision/security-risk.ts';
import type { PolicyChanges, PresetName, RunSettings } from './settings.ts';

/** Known to the yardsticks: the stated figures, which are the true ones, and no exploration. */
const ALL_KNOWING_POLICY: DecisionPolicy = {
  ...REFERENCE_POLICY,
  exploration: { ...REFERENCE_POLICY.exploration, strategy: 'none' },
};

/** Data that the policies may explore with, by market; left out: as a node does. */
const EXPLORED_SENSITIVITY: Partial<Record<PresetName, Sensitivity>> = {
  // All tasks of these are of medium sensitivity: below it nothing would ever be explored.
  paper: 'medium',
  si: 'medium',
};

/**
 * The policy that a run decides by. That of the paper explores whatever the data: its listings know
 * no limit.
 */
export function policyOf({ decider, changes, preset }: RunSettings): DecisionPolicy {
  if (decider === 'oracle' || decider === 'random-eligible') return ALL_KNOWING_POLICY;
  const policy = POLICIES[decider];
  if (decider === 'paper') return changedPolicy(policy, { hasSecurityBudget: false, ...changes });
  const { exploration } = policy;
  const maxSensitivity = EXPLORED_SENSITIVITY[preset] ?? exploration.maxSensitivity;
  // The paper's own code knows no limit either, and keeps none.
  if (decider === 'reference') return changedPolicy(policy, changes);
  return changedPolicy({ ...policy, exploration: { ...exploration, maxSensitivity } }, changes);
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
