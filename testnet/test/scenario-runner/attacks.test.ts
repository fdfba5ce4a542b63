/** Which steps are attacks on the wire, whom they are aimed at, and whether they end. */
import { describe, expect, it } from 'vitest';
import { Attacks, isAttack, isEndless, victimsOf } from '../../scenario-runner/attacks.ts';
import type { Action } from '../../scenario-runner/scenario-file.ts';

const hoard: Action = { hoard: { nodes: 'contractor-2', peers: 1 } };
const freeRide: Action = { freeRide: { nodes: 'all', peers: 1, isContesting: false } };

describe('an attack on the wire', () => {
  it('is told from other steps, with its victims', () => {
    expect(isAttack(hoard) && victimsOf(hoard)).toBe('contractor-2');
    expect(isAttack({ heal: 'all' })).toBe(false);
    expect(isAttack({ poison: { records: 1 } })).toBe(false);
  });

  it('has an end, or goes on to the end of the timeline', () => {
    expect(isAttack(hoard) && isEndless(hoard)).toBe(true);
    expect(isAttack(freeRide) && isEndless(freeRide)).toBe(false);
  });

  it('has no figures where nobody attacked', async () => {
    const attacks = new Attacks(1);
    await attacks.end();
    expect(attacks.figures()).toEqual({});
  });
});
