/**
 * How the expected cost of checking a contractor's result came about, where the request says: the
 * checks of every result, and a share of the work that is done again here, by which rule.
 *
 * The parts are informational and may come from a file, so anything may stand there. They are
 * printed only if they come to the cost that was decided with.
 *
 * @module
 */

import { auditOf, verificationParts } from './audit-rule.ts';
import type { AppliedAudit, AuditRule } from './audit-rule.ts';
import { contractorName } from './contractor-names.ts';
import { dollars, figure } from './explanation-text.ts';
import type { JudgedContractor, JudgedField } from './judged-field.ts';

/** "new: 2 outcomes"; nothing where the rule does not hold. */
function reasonOf(audit: AppliedAudit | null): string {
  if (audit === null) return '';
  if (audit.reason === 'TASK') return ', as the task asks';
  const outcomes = audit.outcomes === 1 ? '1 outcome' : `${figure(audit.outcomes)} outcomes`;
  return `, ${audit.reason === 'NEW' ? 'new' : 'known'} by ${outcomes}`;
}

/** "$0.00002 of checks + 0.05 audited x $0.0095 in cash here"; nothing where it is not known. */
function derivationOf(
  { request, evaluation }: JudgedField,
  { candidate }: JudgedContractor,
): string | undefined {
  const hereMicroUsd = evaluation.local.costWithoutOpportunityMicroUsd;
  const parts = verificationParts(candidate.overheads, hereMicroUsd);
  if (parts === null) return undefined;
  const checks = `${dollars(parts.checkMicroUsd)} of checks`;
  const reason = reasonOf(auditOf(request.context.audit, candidate));
  if (parts.auditRate === 0) return `${checks}, and nothing is done again here${reason}`;
  if (hereMicroUsd === null) return `${checks}: the work cannot be done again here`;
  const again = `${figure(parts.auditRate)} audited x ${dollars(hereMicroUsd)} in cash here`;
  return `${checks} + ${again}${reason}`;
}

function ruleNote({ newRate, knownRate, knownFromOutcomes, leastRate }: AuditRule): string {
  const asked = leastRate > 0 ? `; the task asks for at least ${figure(leastRate)}` : '';
  return (
    `audited: ${figure(newRate)} of the results of a contractor with fewer than ` +
    `${figure(knownFromOutcomes)} good outcomes, passed tests among them, else ` +
    `${figure(knownRate)}${asked}`
  );
}

/** A line for each contractor of which it is known; one for all of them where it is the same. */
export function verificationNotes(
  field: JudgedField,
  shown: readonly JudgedContractor[],
): string[] {
  const lines = new Map<string, string[]>();
  for (const contractor of shown) {
    const derivation = derivationOf(field, contractor);
    if (derivation === undefined) continue;
    const name = contractorName(field.request, contractor.candidate.peerId);
    lines.set(derivation, [...(lines.get(derivation) ?? []), name]);
  }
  const { audit } = field.request.context;
  return [
    ...[...lines].map(([derivation, names]) => {
      const whose = names.length === shown.length ? '' : ` of ${names.join(', ')}`;
      return `verification${whose} = ${derivation}`;
    }),
    ...(audit === undefined || shown.length === 0 ? [] : [ruleNote(audit)]),
  ];
}
