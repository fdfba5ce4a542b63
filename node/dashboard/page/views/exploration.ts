/** Whether the node explores as it means to, what that costs, and what it has learned. @module */

import type { DecisionStatusDocument, StatusDocument } from '../../../api-documents.ts';
import { get } from '../api.ts';
import { bars, chart } from '../charts.ts';
import { fill, h, problemBox, section, tiles } from '../elements.ts';
import { percent, usd } from '../format.ts';
import type { View } from './view.ts';
import { repeat } from './view.ts';

const REFRESH_MS = 5_000;

export const explorationView: View = async (place, { signal }) => {
  let drawn = '';
  await repeat(REFRESH_MS, signal, async () => {
    const { decision } = await get<StatusDocument>('/status', { signal });
    const state = JSON.stringify(decision);
    if (state === drawn) return;
    drawn = state;
    fill(place, monitor(decision), learned(decision));
  });
};

function monitor({ exploration }: DecisionStatusDocument): HTMLElement {
  const { expectedRate, actualRate, lossMicroUsd, localCostMicroUsd } = exploration;
  const share = localCostMicroUsd === 0 ? null : (100 * lossMicroUsd) / localCostMicroUsd;
  return h(
    'div',
    {},
    exploration.isAlarm
      ? problemBox(exploration.message)
      : h(
          'p',
          {},
          exploration.allowedDecisions === 0
            ? 'No decision yet that might explore.'
            : exploration.message,
        ),
    tiles([
      ['Strategy', exploration.strategy],
      ['Might explore', exploration.allowedDecisions, 'decisions'],
      ['Explored', exploration.explored],
      [
        'p-value',
        exploration.pValue?.toPrecision(3) ?? 'none',
        exploration.pValue === null
          ? 'this strategy leaves nothing to chance'
          : 'binomial test of the two rates',
      ],
      ['Next one', exploration.isForced ? 'explores' : 'by chance'],
      [
        'Lost by it',
        usd(lossMicroUsd),
        share === null ? '' : `${percent(share)} of ${usd(localCostMicroUsd)}`,
      ],
    ]),
    chart('Rate of exploration, expected and actual', () =>
      bars(['expected', 'actual'], [{ name: 'rate', data: [expectedRate, actualRate] }]),
    ),
  );
}

function learned({
  weights,
  thresholds,
  convergence,
  policy,
}: DecisionStatusDocument): HTMLElement {
  const names = Object.keys(weights);
  const values: number[] = Object.values(weights);
  const { stability } = convergence;
  return section(
    'Learned',
    tiles([
      ['Policy', policy],
      ...Object.entries(thresholds).map(
        ([name, value]) => [`Threshold: ${name}`, value.toFixed(3)] as const,
      ),
      [
        'Stability',
        stability === null ? 'n/a' : stability.toFixed(2),
        `of ${convergence.decisions} decisions`,
      ],
    ]),
    chart('Learned weights of the criteria', () => bars(names, [{ name: 'weight', data: values }])),
  );
}
