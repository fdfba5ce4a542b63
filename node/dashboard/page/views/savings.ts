/** Savings over time: net saving and the paper's metric, never one without the other. @module */

import type { EChartsCoreOption } from 'echarts/core';
import type { SavingsDocument } from '../../../activity-documents.ts';
import { get } from '../api.ts';
import { chart } from '../charts.ts';
import { dataTable, fill, h, section, tiles } from '../elements.ts';
import { dateTime, percent, usd } from '../format.ts';
import { onRun } from '../live.ts';
import type { View } from './view.ts';

export const savingsView: View = async (place, { signal }) => {
  const draw = async (): Promise<void> => {
    show(place, await get<SavingsDocument>('/savings', { signal }));
  };
  onRun(({ endedMs }) => {
    if (endedMs !== null) draw().catch(() => undefined);
  }, signal);
  await draw();
};

function show(place: HTMLElement, { runs, points, totals }: SavingsDocument): void {
  if (!totals) {
    fill(place, h('p', { class: 'quiet' }, 'No run has ended yet. Begin one under "Run a task".'));
    return;
  }
  const rows = points
    .slice(-50)
    .toReversed()
    .map((point) => [
      dateTime(point.atMs),
      point.title,
      usd(point.totals.paidMicroUsd),
      usd(point.totals.localCostMicroUsd),
      percent(point.totals.netSavingPercent),
      percent(point.totals.paperMetricPercent),
    ]);
  const heads = [
    'at',
    'run',
    'paid so far',
    'here it would cost',
    'net saving',
    "the paper's metric",
  ];
  fill(
    place,
    tiles([
      ['Runs', runs],
      ['Net saving', percent(totals.netSavingPercent), 'all money, losses, handling and retries'],
      [
        "The paper's metric",
        percent(totals.paperMetricPercent),
        'losses clipped; n/a without work here',
      ],
      ['Paid', usd(totals.paidMicroUsd)],
      ['Spent in all', usd(totals.spentMicroUsd), 'with work done here'],
      ['All of it here', usd(totals.localCostMicroUsd), 'without Eq. 5'],
      ['With Eq. 5', percent(totals.netSavingWithOpportunityPercent), 'opportunity cost counted'],
    ]),
    chart('Net saving and the paper\u2019s metric over time, percent', () => lines(points)),
    section('Run by run', dataTable('Sums up to each run', heads, rows)),
  );
}

function lines(points: SavingsDocument['points']): EChartsCoreOption {
  const line = (name: string, valueOf: (point: (typeof points)[number]) => number | null) => ({
    type: 'line',
    name,
    showSymbol: points.length < 40,
    data: points.map((point) => [point.atMs, valueOf(point)]),
  });
  return {
    legend: {},
    tooltip: { trigger: 'axis' },
    xAxis: { type: 'time' },
    yAxis: { type: 'value', name: '%' },
    series: [
      line('net saving', ({ totals }) => totals.netSavingPercent),
      line("the paper's metric", ({ totals }) => totals.paperMetricPercent),
    ],
  };
}
