import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ADAPTIVE_THRESHOLD_LIMITS,
  INITIAL_THRESHOLD_STATE,
  observeDecision,
  observeOutcome,
  thresholdsInForce,
} from '../../../decision/learning/adaptive-thresholds.ts';
import type {
  AdaptiveThresholdState,
  Thresholds,
} from '../../../decision/learning/adaptive-thresholds.ts';
import { expectClose } from '../../vectors/read-vectors.ts';

const PAPER: Thresholds = { skillThreshold: 0.7, scoreThreshold: 0.6, confidenceThreshold: 0.8 };
const NAMES = ['skillThreshold', 'scoreThreshold', 'confidenceThreshold'] as const;
const { floors } = ADAPTIVE_THRESHOLD_LIMITS;

/** Twenty decisions, of which `outsourced` are outsourced and `failures` of those fail. */
function period(
  state: AdaptiveThresholdState,
  outsourced: number,
  failures: number,
  configured: Thresholds = PAPER,
): AdaptiveThresholdState {
  let next = state;
  for (let i = 0; i < outsourced; i++) next = observeOutcome(next, i >= failures);
  for (let i = 0; i < 20; i++) {
    const decision = { isOutsourced: i < outsourced, hasCandidates: true };
    next = observeDecision(next, decision, configured);
  }
  return next;
}

describe('adaptive thresholds', () => {
  it('give way by 0.02 after twenty decisions of which less than 15 % were outsourced', () => {
    let state = INITIAL_THRESHOLD_STATE;
    for (let i = 0; i < 19; i++) {
      state = observeDecision(state, { isOutsourced: i < 2, hasCandidates: true }, PAPER);
    }
    expect(thresholdsInForce(state, PAPER)).toEqual(PAPER);
    state = observeDecision(state, { isOutsourced: false, hasCandidates: true }, PAPER);
    const lowered = thresholdsInForce(state, PAPER);
    expectClose(lowered.skillThreshold, 0.68, 1e-12);
    expectClose(lowered.scoreThreshold, 0.58, 1e-12);
    expectClose(lowered.confidenceThreshold, 0.78, 1e-12);
  });

  it('stay where they are at 15 % outsourced and 80 % success', () => {
    const lowered = period(INITIAL_THRESHOLD_STATE, 0, 0);
    expect(period(lowered, 3, 0).steps).toBe(1);
    expect(period(lowered, 5, 1).steps).toBe(1);
    expect(period(lowered, 5, 2).steps).toBe(0);
  });

  it('count exactly 80 % of any number of outcomes as enough', () => {
    for (let outcomes = 5; outcomes <= 1_000; outcomes += 5) {
      const state = {
        ...INITIAL_THRESHOLD_STATE,
        outcomes,
        successes: (outcomes * 4) / 5,
        steps: 3,
      };
      expect(period(state, 20, 0).steps).toBe(3);
    }
  });

  it('come to the floors in ten periods, and no further', () => {
    let state = INITIAL_THRESHOLD_STATE;
    for (let i = 0; i < 30; i++) state = period(state, 0, 0);
    expect(state.steps).toBe(10);
    expect(thresholdsInForce(state, PAPER)).toEqual(floors);
  });

  it('come back when what is outsourced fails, even if little is outsourced, and no higher', () => {
    let state: AdaptiveThresholdState = { ...INITIAL_THRESHOLD_STATE, steps: 2 };
    for (const steps of [1, 0, 0]) {
      state = period(state, 2, 1);
      expect(state.steps).toBe(steps);
    }
    expect(thresholdsInForce(state, PAPER)).toEqual(PAPER);
  });

  it('do not lock a node into local work after one bad period', () => {
    const burnt = period(INITIAL_THRESHOLD_STATE, 4, 4);
    expect(period(burnt, 0, 0).steps).toBe(1);
  });

  it('do not move in a market without contractors', () => {
    let state = INITIAL_THRESHOLD_STATE;
    for (let i = 0; i < 100; i++) {
      state = observeDecision(state, { isOutsourced: false, hasCandidates: false }, PAPER);
    }
    expect(state).toEqual(INITIAL_THRESHOLD_STATE);
  });

  it('follow a new configuration at once, and rise from where it leaves them', () => {
    const low = { skillThreshold: 0.54, scoreThreshold: 0.4, confidenceThreshold: 0.6 };
    const state = { ...INITIAL_THRESHOLD_STATE, steps: 10 };
    expect(thresholdsInForce(state, low)).toEqual(floors);
    // Two steps reach the floor of the new value, so one back is 0.52.
    expectClose(thresholdsInForce(period(state, 4, 4, low), low).skillThreshold, 0.52, 1e-12);
  });

  const threshold = fc.double({ min: 0, max: 1, noNaN: true });
  const configurations = fc.record({
    skillThreshold: threshold,
    scoreThreshold: threshold,
    confidenceThreshold: threshold,
  });
  const event = fc.oneof(
    { weight: 40, arbitrary: fc.constant('local') },
    { weight: 5, arbitrary: fc.constantFrom('outsourced', 'success', 'empty') },
    { weight: 1, arbitrary: fc.constant('failure') },
  );
  const events = fc.array(event, { size: 'max', maxLength: 600 });

  it('are always within [floor, configured], and a value below its floor never moves', () => {
    fc.assert(
      fc.property(configurations, fc.nat(50), events, (configured, steps, happened) => {
        // From any stored state: the configuration may have changed since.
        let state: AdaptiveThresholdState = { ...INITIAL_THRESHOLD_STATE, steps };
        for (const event of happened) {
          if (event === 'success' || event === 'failure') {
            state = observeOutcome(state, event === 'success');
          } else {
            const decision = {
              isOutsourced: event === 'outsourced',
              hasCandidates: event !== 'empty',
            };
            state = observeDecision(state, decision, configured);
          }
          const inForce = thresholdsInForce(state, configured);
          const isWithin = NAMES.every((name) => {
            const floor = Math.min(floors[name], configured[name]);
            return inForce[name] >= floor && inForce[name] <= configured[name];
          });
          if (!isWithin) expect({ configured, state, inForce }).toBe('within the bounds');
        }
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
      }),
      { numRuns: 60 },
    );
  });
});
