import { beforeEach, describe, expect, it } from 'vitest';
import { Calibration } from '../../cost/calibration.ts';
import { HandlingCosts, UNMEASURED } from '../../tasks/handling-costs.ts';
import type { Deal } from '../../tasks/handling-costs.ts';
import { WorkMeter } from '../../tasks/work-meter.ts';
import { FakeProcessor } from './client-fakes.ts';

const PARTY = 'peer';
const TYPE = 'performs:nlp/sentiment';
const alone = (seconds: number) => ({ seconds, isAlone: true });
const disturbed = (seconds: number) => ({ seconds, isAlone: false });
/** A session of 100 and a check of 20 micro-USD are expected. */
const EXPECTED = { sessionMicroUsd: 100, verificationMicroUsd: 20, integrationMicroUsd: null };

let processor: FakeProcessor;
let calibration: Calibration;
let costs: HandlingCosts;

beforeEach(() => {
  processor = new FakeProcessor();
  calibration = new Calibration();
  const meter = new WorkMeter(processor);
  const priceOfCpu = (seconds: number): number => 1_000 * seconds;
  costs = new HandlingCosts({ calibration, meter, priceOfCpu });
});

function deal(change: Partial<Deal> = {}): Deal {
  return {
    taskId: 'task',
    party: PARTY,
    taskType: TYPE,
    expected: EXPECTED,
    session: alone(0.1),
    verification: alone(0.02),
    isAccepted: true,
    ...change,
  };
}

/** The first deal after a start teaches nothing. */
function warm(): void {
  costs.settled(deal());
}

const ratio = () => calibration.ratio(PARTY, TYPE);

describe('an average', () => {
  it('is unknown at first, then follows Paper Eq. (10), and is never below 0', () => {
    expect(costs.overheads).toEqual(UNMEASURED);
    costs.learn('sessionMicroUsd', alone(0.1));
    expect(costs.overheads).toEqual({ ...UNMEASURED, sessionMicroUsd: 100 });
    costs.learn('sessionMicroUsd', alone(0.2));
    expect(costs.overheads.sessionMicroUsd).toBeCloseTo(120, 9);
    costs.learn('verificationMicroUsd', alone(-5));
    expect(costs.overheads.verificationMicroUsd).toBe(0);
  });

  it('takes a disturbed measure only while it has no other', () => {
    costs.learn('sessionMicroUsd', disturbed(0.3));
    expect(costs.overheads.sessionMicroUsd).toBeCloseTo(300, 9);
    costs.learn('sessionMicroUsd', disturbed(9));
    expect(costs.overheads.sessionMicroUsd).toBeCloseTo(300, 9);
  });
});

describe('the ratio of a contractor', () => {
  it('learns nothing from the first deal after a start, when code is compiled', () => {
    costs.settled(deal({ session: alone(9) }));
    expect(ratio()).toBe(1);
    expect(costs.overheads).toEqual(UNMEASURED);
  });

  it('moves towards what a deal took over what was expected of it, Paper Eq. (10)', () => {
    warm();
    costs.settled(deal({ session: alone(0.3), verification: alone(0.06) }));
    expect(ratio()).toBeCloseTo(0.8 + 0.2 * 3, 9);
    expect(calibration.ratio('another', TYPE)).toBe(1);
    expect(calibration.ratio(PARTY, 'performs:other')).toBe(1);
  });

  it('takes the averages in force at the decision, and not those that the deal has moved', () => {
    warm();
    costs.learn('sessionMicroUsd', alone(5));
    costs.settled(deal());
    expect(ratio()).toBeCloseTo(1, 9);
  });

  it('leaves a check out that repeated the work, on both sides', () => {
    warm();
    costs.settled(deal({ session: alone(0.2), verification: null }));
    expect(ratio()).toBeCloseTo(0.8 + 0.2 * 2, 9);
  });

  it('leaves out what was not expected yet, and what was disturbed', () => {
    warm();
    costs.settled(deal({ expected: UNMEASURED, session: alone(9) }));
    costs.settled(deal({ session: disturbed(9), verification: disturbed(9) }));
    expect(ratio()).toBe(1);
    costs.settled(deal({ session: disturbed(9), verification: alone(0.04) }));
    expect(ratio()).toBeCloseTo(0.8 + 0.2 * 2, 9);
  });

  it('counts a deal whose result was not accepted, for which work was as real', () => {
    warm();
    costs.begin('task');
    costs.settled(deal({ session: alone(0.3), verification: null, isAccepted: false }));
    expect(ratio()).toBeCloseTo(0.8 + 0.2 * 3, 9);
  });
});

describe('integration', () => {
  /** An accepted deal of a run, whose document is ready `seconds` later. */
  function integrate(seconds: number, change: Partial<Deal> = {}): boolean {
    costs.begin('task');
    costs.settled(deal(change));
    processor.now += seconds;
    const teaches = costs.integrated('task');
    costs.end('task');
    return teaches;
  }

  it('is the processor time from the settled deal to the document, from the second on', () => {
    warm();
    integrate(5);
    expect(costs.overheads.integrationMicroUsd).toBeNull();
    integrate(0.01);
    expect(costs.overheads.integrationMicroUsd).toBeCloseTo(10, 9);
  });

  it('is part of the ratio once it was expected', () => {
    warm();
    integrate(5);
    const expected = { ...EXPECTED, integrationMicroUsd: 30 };
    const before = ratio();
    integrate(0.03 + 0.15, { expected });
    // 100 + 20 + 180 where 150 was expected
    expect(ratio()).toBeCloseTo(0.8 * before + 0.2 * 2, 9);
  });

  it('is none for a task without a deal, or one whose run is not known', () => {
    warm();
    costs.begin('task');
    expect(costs.integrated('task')).toBe(false);
    costs.end('task');
    costs.settled(deal());
    expect(costs.integrated('task')).toBe(false);
    expect(costs.overheads.integrationMicroUsd).toBeNull();
  });

  it('is none for a run that broke off, and spoils no later measure', () => {
    warm();
    costs.begin('task');
    costs.settled(deal());
    costs.end('task');
    expect(integrate(1)).toBe(true);
    integrate(0.01);
    integrate(0.02);
    expect(costs.overheads.integrationMicroUsd).toBeCloseTo(12, 9);
  });
});
