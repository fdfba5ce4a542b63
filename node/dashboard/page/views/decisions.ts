/** The log of decisions, and one decision with everything that it was made of. @module */

import type { DecisionsSummaryDocument, ShortDecisionDocument } from '../../../api-documents.ts';
import { get } from '../api.ts';
import { chart, bars } from '../charts.ts';
import { dataTable, fill, h, section, tiles } from '../elements.ts';
import { decisionLink, peerLink, percent, statusBadge, usd } from '../format.ts';
import { showDecision } from '../decision-page.ts';
import type { View } from './view.ts';

const MAX_LISTED = 100;

export const decisionsView: View = async (place, { signal, argument }) => {
  if (argument !== undefined && argument !== '') {
    await showDecision(place, argument, signal);
    return;
  }
  const list = `/decisions?limit=${MAX_LISTED}`;
  const { decisions } = await get<{ decisions: ShortDecisionDocument[] }>(list, { signal });
  const summary = await get<DecisionsSummaryDocument>('/decisions/summary', { signal });
  const rows = decisions.map((decision) => [
    decisionLink(decision.decisionId),
    statusBadge(decision.choice),
    { run: 'a run', question: 'only asked', whatIf: 'what if' }[decision.purpose],
    peerLink(decision.contractor),
    decision.exploration ? 'yes' : '',
    usd(decision.costInternalMicroUsd),
    usd(decision.costExternalMicroUsd),
    decision.reason,
  ]);
  const heads = [
    'decision',
    'choice',
    'made for',
    'contractor',
    'explored',
    'cost here',
    'cost there',
    'why',
  ];
  fill(
    place,
    section('What settled them', summaryPart(summary)),
    section('The newest', dataTable('Decisions', heads, rows, 'No decision yet.')),
  );
};

function summaryPart({
  decisions,
  notActedOn,
  choices,
  rows,
}: DecisionsSummaryDocument): HTMLElement {
  const figures = Object.entries(choices).map(([choice, count]) => [choice, count] as const);
  const settled = rows.map(({ decidedBy }) => decidedBy);
  const counts = rows.map(({ count }) => count);
  return h(
    'div',
    {},
    tiles([['Decisions', decisions], ...figures, ['Only asked for', notActedOn]]),
    rows.length > 0 &&
      chart('Decisions by what settled them', () =>
        bars(settled, [{ name: 'decisions', data: counts }]),
      ),
    rows.length > 0 &&
      dataTable(
        'Settled by',
        ['by', 'decisions', 'share'],
        rows.map(({ decidedBy, count, sharePercent }) => [decidedBy, count, percent(sharePercent)]),
      ),
  );
}
