/** The attacks on real nodes that `npm test` has no time for. */

import { describe, expect, it } from 'vitest';
import { loadScenario, scenarioNames } from '../scenario-runner/scenario-library.ts';
import { TIMEOUT_MS, verdictsOf } from './scenario-verdicts.ts';

/** In `attack-scenarios.test.ts`. */
const SHORT = ['fabrication', 'record-poisoning'];

const names = await scenarioNames();
const attacks: string[] = [];
/** Attacks whose defences cannot be taken away: they are held against the same work in peace. */
const defendedOnly: string[] = [];
for (const name of names) {
  const { scenario } = await loadScenario(name);
  if (SHORT.includes(name)) continue;
  if (scenario.withoutDefences !== undefined) attacks.push(name);
  else if (scenario.defence !== undefined) defendedOnly.push(name);
}

describe('the attack', () => {
  it.each(attacks)(
    '%s holds with the defences on, and looks bad with them off',
    async (name) => {
      expect(await verdictsOf(name, true)).toEqual([]);
      expect(await verdictsOf(name, false)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it.each(defendedOnly)(
    '%s holds, beside the same work without it',
    async (name) => {
      expect(await verdictsOf(name, true)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
