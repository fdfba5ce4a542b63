/** One short run of each family of scenarios, on real nodes: what it asserts must hold. */

import { describe, expect, it } from 'vitest';
import { TIMEOUT_MS, verdictsOf } from './scenario-verdicts.ts';

describe('the scenario', () => {
  it.each(['first-task', 'churn', 'partition-heals', 'contractor-crash-mid-task'])(
    '%s holds what it asserts',
    async (name) => {
      expect(await verdictsOf(name, true)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
