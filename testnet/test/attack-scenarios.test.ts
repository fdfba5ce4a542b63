/** Attacks on real nodes: each must look bad with the defences off. */

import { describe, expect, it } from 'vitest';
import { TIMEOUT_MS, verdictsOf } from './scenario-verdicts.ts';

describe('the attack', () => {
  it.each(['fabrication', 'record-poisoning'])(
    '%s holds with the defences on, and looks bad with them off',
    async (name) => {
      expect(await verdictsOf(name, true)).toEqual([]);
      expect(await verdictsOf(name, false)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
