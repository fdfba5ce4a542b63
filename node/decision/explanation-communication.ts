/**
 * What moving a task's data to a contractor and back costs (paper Eq. 8), with the figures that
 * each cost was made of: the link and the session of the context, and one line for each contractor
 * that has a link or a session of its own.
 *
 * For a price per gigabyte the bandwidth cancels in Eq. (8), so it is not among them.
 *
 * @module
 */

import { contractorName } from './contractor-names.ts';
import { dollars, figure } from './explanation-text.ts';
import type { JudgedContractor, JudgedField } from './judged-field.ts';

/** "22000 bytes x $0.1 a GB + session $0.00001". */
function derivationOf(
  { request: { task } }: JudgedField,
  transferMicroUsdPerGb: number,
  sessionMicroUsd: number,
  [ofLink, ofSession]: readonly [string, string] = ['', ''],
): string {
  const bytes = figure(task.inputBytes + task.expectedOutputBytes);
  const price = `${dollars(transferMicroUsdPerGb)} a GB${ofLink}`;
  return `${bytes} bytes x ${price} + session ${dollars(sessionMicroUsd)}${ofSession}`;
}

/** The same with what is the contractor's own; nothing where all is the context's. */
function ownDerivationOf(field: JudgedField, { index }: JudgedContractor): string | undefined {
  const { columns } = field.facts;
  const { link, overheads } = field.request.context;
  const transfer = columns.transferMicroUsdPerGb[index]!;
  const session = columns.sessionMicroUsd[index]!;
  const hasLink = !Number.isNaN(transfer);
  const hasSession = !Number.isNaN(session);
  if (!hasLink && !hasSession) return undefined;
  return derivationOf(
    field,
    hasLink ? transfer : link.transferMicroUsdPerGb,
    hasSession ? session : overheads.sessionMicroUsd,
    [hasLink ? ' by its own link' : '', hasSession ? ' as measured with it' : ''],
  );
}

/** The line for all, then one for each contractor to which another one applies. */
export function communicationNotes(
  field: JudgedField,
  shown: readonly JudgedContractor[],
): string[] {
  const { overheads, link } = field.request.context;
  const common = derivationOf(field, link.transferMicroUsdPerGb, overheads.sessionMicroUsd);
  const own = shown.flatMap((contractor) => {
    const derivation = ownDerivationOf(field, contractor);
    if (derivation === undefined) return [];
    const name = contractorName(field.request, contractor.candidate.peerId);
    return [`communication of ${name} = ${derivation}`];
  });
  const exception = own.length > 0 ? '; where a contractor has figures of its own:' : '';
  return [`communication = ${common}${exception}`, ...own];
}
