/**
 * How the expected cost of checking a contractor's result came about, where the request says: the
 * checks of every result, and a share of the work that is done again here.
 *
 * The parts are informational and may come from a file, so anything may stand there. They are
 * printed only if they come to the cost that was decided with.
 *
 * @module
 */

import { contractorName } from './contractor-names.ts';
import { dollars, figure } from './explanation-text.ts';
import type { JudgedContractor, JudgedField } from './judged-field.ts';

/** Of the cost: the parts were added up in another order than the cost here. */
const RELATIVE_TOLERANCE = 1e-9;

/** "$0.00002 of checks + 0.05 audited x $0.0095 in cash here"; nothing where it is not known. */
function derivationOf(
  { evaluation, facts }: JudgedField,
  { index, candidate }: JudgedContractor,
): string | undefined {
  const { checkMicroUsd, auditRate } = candidate.overheads ?? {};
  if (!isAmount(checkMicroUsd) || !isAmount(auditRate) || auditRate > 1) return undefined;
  const hereMicroUsd = evaluation.local.costWithoutOpportunityMicroUsd;
  const stated = facts.columns.verificationMicroUsd[index]!;
  const derived = checkMicroUsd + auditRate * (hereMicroUsd ?? 0);
  // Written so that NaN, which stands for no stated cost, is refused.
  if (!(Math.abs(derived - stated) <= RELATIVE_TOLERANCE * stated)) return undefined;
  const checks = `${dollars(checkMicroUsd)} of checks`;
  if (auditRate === 0) return `${checks}, and nothing is done again here`;
  if (hereMicroUsd === null) return `${checks}: the work cannot be done again here`;
  return `${checks} + ${figure(auditRate)} audited x ${dollars(hereMicroUsd)} in cash here`;
}

function isAmount(value: number | null | undefined): value is number {
  return typeof value === 'number' && value >= 0;
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
  return [...lines].map(([derivation, names]) => {
    const whose = names.length === shown.length ? '' : ` of ${names.join(', ')}`;
    return `verification${whose} = ${derivation}`;
  });
}
