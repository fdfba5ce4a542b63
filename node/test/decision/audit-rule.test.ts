/** How often work is done again: the rule, what a record says of it, and what-ifs. @module */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { appliedAudit, auditOutcomes } from '../../decision/audit-rule.ts';
import type { AuditRule } from '../../decision/audit-rule.ts';
import { decide, replayDecision } from '../../decision/decision-record.ts';
import { formatDecision } from '../../decision/explanation.ts';
import type { Candidate, DecisionRequest, OutcomeHistory } from '../../decision/request.ts';
import { newcomer, request, TASK_TYPE, withTask } from './requests.ts';

const RULE: AuditRule = { newRate: 0.8, knownRate: 0.25, knownFromOutcomes: 8, leastRate: 0 };
const CHECK_MICRO_USD = 7;

const CASH_MICRO_USD = decide(request([])).result.costInternalWithoutOpportunityMicroUsd!;

function outcomes(successes: number): Candidate['history'] {
  const all: OutcomeHistory = { successes, failures: 0, monthsSinceLast: 0 };
  return { ...all, byType: { [TASK_TYPE]: all } };
}

/** A contractor of so many good outcomes, checked as the rule says. */
function checked(successes: number, rule: AuditRule, priceMicroUsd = 1_000): Candidate {
  const none = newcomer('new', 0, 0);
  const history = outcomes(successes);
  const auditRate = appliedAudit(rule, auditOutcomes({ history })).rate;
  const { load, latencyMs } = none.quote;
  return {
    ...none,
    quote: { load, latencyMs, priceMicroUsd },
    history,
    overheads: {
      verificationMicroUsd: CHECK_MICRO_USD + auditRate * CASH_MICRO_USD,
      checkMicroUsd: CHECK_MICRO_USD,
      auditRate,
    },
  };
}

function underRule(candidates: readonly Candidate[], rule: AuditRule = RULE): DecisionRequest {
  const base = withTask(request(candidates), { valueMicroUsd: 100 });
  return { ...base, context: { ...base.context, audit: rule } };
}

describe('the rule of audits', () => {
  it('changes at the outcomes that it names, and never falls below what the task asks', () => {
    expect(appliedAudit(RULE, 7)).toEqual({ rate: 0.8, reason: 'NEW', outcomes: 7 });
    expect(appliedAudit(RULE, 8)).toEqual({ rate: 0.25, reason: 'KNOWN', outcomes: 8 });
    const asked = { ...RULE, leastRate: 0.5 };
    expect(appliedAudit(asked, 7)).toEqual({ rate: 0.8, reason: 'NEW', outcomes: 7 });
    expect(appliedAudit(asked, 8)).toEqual({ rate: 0.5, reason: 'TASK', outcomes: 8 });
    expect(appliedAudit({ ...RULE, leastRate: 0.25 }, 8).reason).toBe('KNOWN');
  });

  it('counts good outcomes here, and passed tests up to eight; failures make nobody known', () => {
    const history = { successes: 2, failures: 30, monthsSinceLast: 0 };
    expect(auditOutcomes({ history })).toBe(2);
    expect(auditOutcomes({ history, evidence: { passed: 1, run: 2 } })).toBe(3);
    expect(auditOutcomes({ history, evidence: { passed: 0, run: 100 } })).toBe(2);
    expect(auditOutcomes({ history, evidence: { passed: 99, run: 100 } })).toBe(10);
    const cheat = { successes: 0, failures: 8, monthsSinceLast: 0 };
    expect(appliedAudit(RULE, auditOutcomes({ history: cheat }))).toMatchObject({ reason: 'NEW' });
  });

  it('stands in the record with what applied to each contractor and why', () => {
    const field = [checked(3, RULE), { ...checked(20, RULE), peerId: 'old' }];
    const record = decide(underRule(field));
    expect(record.request.context.audit).toEqual(RULE);
    expect(record.result.candidates.map(({ audit }) => audit)).toEqual([
      { rate: 0.8, reason: 'NEW', outcomes: 3 },
      { rate: 0.25, reason: 'KNOWN', outcomes: 20 },
    ]);
    expect(replayDecision(JSON.parse(JSON.stringify(record)) as typeof record).agrees).toBe(true);
    const text = formatDecision(record).replaceAll(/\n +/g, ' ');
    expect(text).toMatch(/verification of new = .* 0\.8 audited x \S+ in cash here, new by 3 out/);
    expect(text).toMatch(/verification of old = .* 0\.25 audited x \S+ in cash here, known by 20/);
    expect(text).toContain(
      'audited: 0.8 of the results of a contractor with fewer than 8 good outcomes, passed tests ' +
        'among them, else 0.25',
    );
  });

  it('says that the task asks for more, where it does', () => {
    const asked = { ...RULE, leastRate: 0.5 };
    const text = formatDecision(decide(underRule([checked(20, asked)], asked)));
    const line = text.replaceAll(/\n +/g, ' ');
    expect(line).toMatch(/0\.5 audited x \S+ in cash here, as the task asks/);
    expect(line).toContain('else 0.25; the task asks for at least 0.5');
  });

  it('explains no candidate that states another rate or was checked by no rule', () => {
    const stated = { ...checked(3, RULE), overheads: { verificationMicroUsd: 5, auditRate: 0.1 } };
    expect(decide(underRule([stated])).result.candidates[0]!.audit).toBeUndefined();
    const { context, ...rest } = underRule([checked(3, RULE)]);
    const { audit: _, ...others } = context;
    const record = decide({ ...rest, context: others });
    expect(record.result.candidates[0]!.audit).toBeUndefined();
    expect(formatDecision(record)).not.toContain('audited: ');
  });

  it.each(['newRate', 'knownRate', 'leastRate'] as const)('is refused with %s above 1', (field) => {
    expect(() => decide(underRule([], { ...RULE, [field]: 1.1 }))).toThrow(
      `context.audit.${field}`,
    );
  });
});

describe('the counterfactual of further successes', () => {
  /** The decision once the successes are there and the contractor is checked by the rule. */
  function after(input: DecisionRequest, successes: number, rule: AuditRule): DecisionRequest {
    const { priceMicroUsd } = input.candidates[0]!.quote;
    return { ...input, candidates: [checked(successes, rule, priceMicroUsd!)] };
  }

  it('reckons with the audits that hold then, not with those of a newcomer', () => {
    // At 0.8 no number of successes would do: price and audits cost more than to do it here.
    const input = underRule([checked(0, RULE, 0.4 * CASH_MICRO_USD)]);
    const found = decide(input).result.counterfactual!;
    expect(found).toMatchObject({ change: 'SUCCESSES', from: 0, to: 8, choice: 'OUTSOURCE' });
    expect(found.sentence).toContain(', and audited at 0.25 instead of 0.8 by then');
    expect(decide(after(input, 8, RULE)).result.choice).toBe('OUTSOURCE');
    expect(decide(after(input, 7, RULE)).result.choice).toBe('LOCAL');
    const fixed = { ...RULE, knownRate: 0.8 };
    expect(decide(underRule(input.candidates, fixed)).result.counterfactual).toBeNull();
  });

  it('says that the audits stay where they do, or that it does not know them', () => {
    const cheap = underRule([checked(0, { ...RULE, knownFromOutcomes: 100 }, 10)], {
      ...RULE,
      knownFromOutcomes: 100,
    });
    expect(decide(cheap).result.counterfactual!.sentence).toContain(', and audited at 0.8 as now');
    const unknown = withTask(request([newcomer('new', 3, 3)]), { valueMicroUsd: 100 });
    expect(decide(unknown).result.counterfactual!.sentence).toContain('checked as often as now');
  });

  it('turns the decision when the successes are there, at any price and any rule', () => {
    let found = 0;
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.05, max: 0.9, noNaN: true }),
        (newRate, knownRate, knownFromOutcomes, share) => {
          const rule = { newRate, knownRate, knownFromOutcomes, leastRate: 0 };
          const input = underRule([checked(0, rule, share * CASH_MICRO_USD)], rule);
          const change = decide(input).result.counterfactual;
          if (change?.change !== 'SUCCESSES') return;
          found++;
          const then = decide(after(input, change.to, rule)).result;
          expect(then.choice).toBe(change.choice);
        },
      ),
      { numRuns: 100 },
    );
    expect(found).toBeGreaterThan(10);
  });
});
