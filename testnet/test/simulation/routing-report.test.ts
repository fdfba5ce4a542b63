/** The table, the CSV and the chart of simulated runs. */
import { describe, expect, it } from 'vitest';
import { routingChart, routingCsv, routingTable } from '../../simulation/routing-report.ts';
import { simulateRouting } from '../../simulation/routing-simulation.ts';

const results = [100, 400].map((nodes) =>
  simulateRouting({
    nodes,
    churnPercentPerHour: 0,
    adversariesPercent: 0,
    table: 'kademlia',
    lookups: 20,
    seed: 1,
  }),
);

describe('the report of a routing simulation', () => {
  it('has one line of CSV per run, with a value for every column', () => {
    const [header, ...lines] = routingCsv(results).trimEnd().split('\n');
    const columns = header!.split(',');
    expect(columns).toContain('hopsToRecord.p95');
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line.split(',')).toHaveLength(columns.length);
    const success = columns.indexOf('successPercent');
    expect(lines.map((line) => Number(line.split(',')[success]))).toEqual([100, 100]);
    expect(routingCsv([])).toBe('');
  });

  it('says in the table that times are a model', () => {
    const text = routingTable(results);
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toContain('Times are a model');
  });

  it('draws a chart whose elements are closed and whose points have places', () => {
    const svg = routingChart(results);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    const opened = svg.match(/<(?!\/)[^>]*[^/]>/g) ?? [];
    const closed = svg.match(/<\/[a-z]+>/g) ?? [];
    expect(opened.length).toBe(closed.length);
    expect(svg.match(/<circle /g)).toHaveLength(2 * 4 * 2);
    expect(svg).toContain('Simulation: kademlia tables, 0 % churn per hour');
  });

  it('draws a chart of a single run, in which no record may have been found', () => {
    const nothing = { mean: Number.NaN, median: Number.NaN, p95: Number.NaN };
    const lost = { ...results[0]!, hopsToRecord: nothing, requestsToRecord: nothing };
    expect(routingChart([lost])).not.toMatch(/NaN|undefined|Infinity/);
  });
});
