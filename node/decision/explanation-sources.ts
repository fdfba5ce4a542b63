/**
 * The certificates and receipts that a decision names, contractor by contractor: whoever got the
 * task, or would have, first.
 *
 * @module
 */

import { contractorName } from './contractor-names.ts';
import type { DecisionRecord } from './decision-record.ts';
import { areEvidenceSources, SOURCE_LIMITS } from './evidence-source.ts';
import type { EvidenceSource } from './evidence-source.ts';
import { figure, hiddenLines, wrapped } from './explanation-text.ts';
import type { ShownLimits } from './explanation-text.ts';
import { printable, shortPeerIds } from './plain-text.ts';
import type { Candidate } from './request.ts';

/** Contractors whose sources are all shown. */
const MAX_TEXT_COLUMNS = 100;

type Named = Candidate & { readonly sources: readonly EvidenceSource[] };

/** Those that name some; what cannot be read was dropped for it. */
function namedOf({ request, result }: DecisionRecord): Named[] {
  const named = request.candidates.filter(
    (candidate): candidate is Named =>
      areEvidenceSources(candidate.sources) && candidate.sources.length > 0,
  );
  const isFirst = ({ peerId }: Candidate) => peerId === result.considered;
  return [...named.filter(isFirst), ...named.filter((one) => !isFirst(one))];
}

function linesOf(source: EvidenceSource, issuerName: string): string[] {
  const level = source.kind === 'certificate' ? `, level ${source.level}` : '';
  return [
    `    ${source.kind} ${printable(source.id)} by ${issuerName}${level}`,
    ...wrapped(printable(source.shows, SOURCE_LIMITS.maxShowsCharacters), MAX_TEXT_COLUMNS).map(
      (line) => `      ${line}`,
    ),
  ];
}

/** The sources of each contractor that names some; none if nobody does. */
export function sourceLines(record: DecisionRecord, { detailed }: ShownLimits): string[] {
  const named = namedOf(record);
  if (named.length === 0) return [];
  const shown = named.slice(0, detailed);
  const issuers = shown.flatMap(({ sources }) => sources.map(({ issuer }) => issuer));
  // As many characters as tell them apart: a PeerId can be made to end like an attestor's.
  const names = shortPeerIds(issuers);
  return [
    '',
    'Certificates and receipts that this rests on',
    ...shown.flatMap(({ peerId, sources, sourcesLeftOut }) => [
      `  ${contractorName(record.request, peerId)}`,
      ...sources.flatMap((source) => linesOf(source, names.get(source.issuer)!)),
      ...((sourcesLeftOut ?? 0) > 0
        ? [`    and ${figure(sourcesLeftOut!)} more, which the record has no room for`]
        : []),
    ]),
    ...hiddenLines(named.length - shown.length),
  ];
}
