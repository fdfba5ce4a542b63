/**
 * Charts of a report, drawn as SVG by ECharts.
 *
 * @module
 */

import { BarChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';

echarts.use([
  BarChart,
  LineChart,
  ScatterChart,
  GridComponent,
  LegendComponent,
  TitleComponent,
  SVGRenderer,
]);

const SIZE = { width: 900, height: 420 };

/** A chart as data. */
export interface Chart {
  /** Name of its file, without the ending. */
  readonly name: string;
  readonly title: string;
  readonly kind: 'bar' | 'line' | 'scatter';
  readonly xName: string;
  readonly yName: string;
  /** Labels of the x axis; left out for a scatter chart. */
  readonly categories?: readonly string[];
  /** Numbers per category, `null` for none; or points. */
  readonly series: readonly {
    readonly name: string;
    readonly data: readonly (number | null | readonly [number, number])[];
  }[];
}

/** One SVG document. */
export function chartSvg(chart: Chart): string {
  const drawing = echarts.init(null, null, { renderer: 'svg', ssr: true, ...SIZE });
  drawing.setOption({
    animation: false,
    backgroundColor: '#fff',
    title: { text: chart.title, left: 'center', textStyle: { fontSize: 15 } },
    legend: { bottom: 0 },
    grid: { left: 70, right: 30, top: 50, bottom: 80 },
    xAxis: {
      type: chart.categories ? 'category' : 'value',
      name: chart.xName,
      nameLocation: 'middle',
      nameGap: 28,
      ...(chart.categories ? { data: [...chart.categories] } : { scale: true }),
    },
    yAxis: { type: 'value', name: chart.yName, scale: chart.kind !== 'bar' },
    series: chart.series.map(({ name, data }) => ({ name, type: chart.kind, data: [...data] })),
  });
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  return svg;
}
