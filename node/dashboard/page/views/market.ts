/** What the node was quoted lately, how concentrated that is, and what looks odd. @module */

import type { MarketDocument } from '../../../activity-documents.ts';
import { get } from '../api.ts';
import { bars, chart } from '../charts.ts';
import { dataTable, fill, h, section, tiles } from '../elements.ts';
import { dateTime, peerLink, shortPeer, usd } from '../format.ts';
import type { View } from './view.ts';

const MAX_CHARTED = 16;

export const marketView: View = async (place, { signal }) => {
  const market = await get<MarketDocument>('/market', { signal });
  const { spending } = market;
  const alarms = market.alarms
    .toReversed()
    .map(({ atMs, kind, sentence }) => [dateTime(atMs), kind, sentence]);
  fill(
    place,
    tiles([
      ['Spent', usd(spending.microUsd), 'faded by half each month'],
      ['On contractors', spending.contractors],
      [
        'Concentration of spending',
        spending.concentrationHhi.toFixed(3),
        'Herfindahl-Hirschman, 0 to 1',
      ],
    ]),
    section('Alarms', dataTable('Alarms', ['at', 'kind', 'what'], alarms, 'No alarm.')),
    market.taskTypes.length === 0
      ? h(
          'p',
          { class: 'quiet' },
          'No quote within the last window, or too small ones: they say nothing of a market.',
        )
      : market.taskTypes.map(taskType),
  );
};

function taskType({
  taskType: term,
  quotes,
  concentrationHhi,
  prices,
}: MarketDocument['taskTypes'][number]): HTMLElement {
  const shown = prices.toSorted((a, b) => a.lastMicroUsd - b.lastMicroUsd).slice(0, MAX_CHARTED);
  const rows = shown.map((one) => [
    peerLink(one.peerId),
    usd(one.lastMicroUsd),
    usd(one.lowestMicroUsd),
    usd(one.highestMicroUsd),
    one.quotes,
  ]);
  const concentration = `concentration (HHI) ${concentrationHhi.toFixed(3)}`;
  return section(
    term,
    h('p', {}, `${quotes} quotes of ${prices.length} contractors; ${concentration}`),
    chart(`Last price per unit of work for ${term}, USD`, () =>
      bars(
        shown.map(({ peerId }) => shortPeer(peerId)),
        [{ name: 'last price', data: shown.map(({ lastMicroUsd }) => lastMicroUsd / 1e6) }],
        { unit: 'USD' },
      ),
    ),
    dataTable('Prices in the window', ['peer', 'last', 'lowest', 'highest', 'quotes'], rows),
  );
}
