/**
 * Charts by ECharts, drawn on a canvas: its SVG and its tooltips in HTML would set style
 * attributes, which the page's policy forbids. Each has a label that says what it shows; the
 * figures stand in a table beside it.
 *
 * @module
 */

import { BarChart, GraphChart, LineChart } from 'echarts/charts';
import {
  AriaComponent,
  GridComponent,
  LegendComponent,
  MarkLineComponent,
  TooltipComponent,
} from 'echarts/components';
import { init, use } from 'echarts/core';
import type { ECharts, EChartsCoreOption } from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';
import { printable } from '../../errors.ts';
import { h } from './elements.ts';

use([BarChart, GraphChart, LineChart, CanvasRenderer]);
use([AriaComponent, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent]);

/** Told apart also by those who see few colours (Okabe and Ito 2008). */
export const COLOURS = [
  '#0072b2',
  '#e69f00',
  '#009e73',
  '#d55e00',
  '#56b4e9',
  '#cc79a7',
  '#999999',
];

interface OpenChart {
  readonly box: HTMLElement;
  readonly chart: ECharts;
  readonly draw: () => void;
}

let open: OpenChart[] = [];

/** A colour or another token of the style sheet, as it is now. */
export function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Options that all charts share, in the colours of the page as they are now. */
function themed(option: EChartsCoreOption): EChartsCoreOption {
  const text = token('--text');
  const line = token('--line');
  const axis = {
    axisLabel: { color: text },
    nameTextStyle: { color: text },
    axisLine: { lineStyle: { color: line } },
    splitLine: { lineStyle: { color: line } },
  };
  const axes = (given: unknown): unknown =>
    Array.isArray(given)
      ? given.map((one: object) => ({ ...axis, ...one }))
      : given && { ...axis, ...given };
  const { xAxis, yAxis, legend, tooltip, ...rest } = option;
  const shared = {
    color: COLOURS,
    animation: !matchMedia('(prefers-reduced-motion: reduce)').matches,
    animationDuration: 300,
    textStyle: { color: text, fontFamily: token('--font') },
    aria: { enabled: true },
  };
  return {
    ...shared,
    ...(xAxis ? { grid: { left: 8, right: 16, top: 40, bottom: 8, containLabel: true } } : {}),
    ...rest,
    tooltip: { renderMode: 'richText', confine: true, ...(tooltip as object) },
    ...(xAxis ? { xAxis: axes(xAxis), yAxis: axes(yAxis) } : {}),
    ...(legend
      ? { legend: { textStyle: { color: text }, top: 0, type: 'scroll', ...legend } }
      : {}),
  };
}

/** A chart. @param label - What it shows, for those who do not see it. */
export function chart(
  label: string,
  option: () => EChartsCoreOption,
  size: 'low' | 'high' = 'low',
): HTMLElement {
  const box = h('div', { class: `chart ${size}`, role: 'img', 'aria-label': label });
  // It needs a size, so it begins when the view stands in the page.
  const begin = new ResizeObserver(() => {
    if (!box.isConnected || box.clientWidth === 0) return;
    const known = open.find((one) => one.box === box);
    if (known) return known.chart.resize();
    const made = init(box);
    const draw = (): void => {
      made.setOption(themed(option()), { notMerge: true });
      box.setAttribute('aria-label', label);
    };
    open.push({ box, chart: made, draw });
    draw();
  });
  begin.observe(box);
  return h('figure', {}, box, h('figcaption', {}, label));
}

/** Ends charts whose view is gone. */
export function endGoneCharts(): void {
  for (const { box, chart: made } of open) if (!box.isConnected) made.dispose();
  open = open.filter(({ box }) => box.isConnected);
}

/** Draws all again, after a change of colours. */
export function redrawCharts(): void {
  for (const { draw } of open) draw();
}

/** A peer's text for a canvas: one line, of a bounded length. */
export function label(text: string, characters = 28): string {
  const clean = printable(text);
  return clean.length <= characters ? clean : `${clean.slice(0, characters - 1)}…`;
}

/** Bars on their side, one series or several, on top of each other where `stack` says so. */
export function bars(
  names: readonly string[],
  series: readonly { readonly name: string; readonly data: readonly (number | null)[] }[],
  { unit = '', isStacked = false, max }: { unit?: string; isStacked?: boolean; max?: number } = {},
): EChartsCoreOption {
  return {
    legend: series.length > 1 ? {} : undefined,
    xAxis: {
      type: 'value',
      name: unit,
      nameLocation: 'start',
      ...(max === undefined ? {} : { max }),
    },
    yAxis: { type: 'category', inverse: true, data: names.map((name) => label(name)) },
    series: series.map(({ name, data }) => ({
      type: 'bar',
      name: label(name),
      data,
      barMaxWidth: 28,
      ...(isStacked ? { stack: 'all' } : {}),
    })),
    tooltip: { trigger: 'axis' },
  };
}
