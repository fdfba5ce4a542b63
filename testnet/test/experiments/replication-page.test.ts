/** The replication page: its figures are those of `results/`, and those are what a run gives. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { figuresOf } from '../../market-simulator/metrics.ts';
import { simulate } from '../../market-simulator/simulator.ts';
import type { ReportRow } from '../../experiments/experiment.ts';
import type { ReportDocument } from '../../experiments/report.ts';
import { PAPER_ROWS } from '../../experiments/table-1.ts';
import { estimateOf } from '../../experiments/statistics.ts';
import { EXPERIMENTS } from '../../experiments/experiments.ts';
import { runSettings } from '../market-simulator/settings-for-tests.ts';

const folder = new URL('../../experiments/', import.meta.url);
const page = readFileSync(new URL('README.md', folder), 'utf8');
const SEEDS = 20;

function resultsOf(name: string): ReportDocument {
  return JSON.parse(
    readFileSync(new URL(`results/${name}.json`, folder), 'utf8'),
  ) as ReportDocument;
}

/** Cells of the table between `<!-- name -->` and `<!-- end -->`, without its head. */
function tableOf(name: string): string[][] {
  const block = page.split(`<!-- ${name} -->`)[1]!.split('<!-- end -->')[0]!;
  const lines = block.split('\n').filter((line) => line.startsWith('|'));
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

function cellsOf(rows: readonly ReportRow[], names: readonly string[]): string[][] {
  return rows.map((row) => names.map((name) => String(row[name])));
}

function rowOfTable1(policy: string, id: string): ReportRow {
  return resultsOf('table-1').rows.find((row) => row['policy'] === policy && row['id'] === id)!;
}

describe('the replication page', () => {
  it('shows the figures of table-1 that stand in its results', () => {
    const expected = PAPER_ROWS.map(({ id }) => {
      const reference = rowOfTable1('reference', id);
      const rational = rowOfTable1('rational', id);
      return [
        id,
        `${String(reference['paperPercent'])} ± ${String(reference['paperSigma'])}`,
        `${String(reference['paperMetricPercent'])} ± ${String(reference['paperMetricHalfWidth'])}`,
        reference['isWithinPaperBand'] === true ? 'yes' : 'no',
        String(reference['netSavingWithoutOpportunityPercent']),
        String(rowOfTable1('paper', id)['netSavingWithoutOpportunityPercent']),
        String(rational['netSavingWithoutOpportunityPercent']),
        String(rational['oraclePercent']),
        String(rational['ofOraclePercent']),
      ];
    });
    expect(tableOf('table-1')).toEqual(expected);
  });

  it('shows the figures of its other tables', () => {
    expect(tableOf('table-2')).toEqual(
      cellsOf(resultsOf('table-2').rows, [
        ...['epsilon', 'meanUsdPerTask', 'sigmaUsdPerTask', 'q05UsdPerTask', 'medianUsdPerTask'],
        ...['q95UsdPerTask', 'atMost192Percent', 'atLeast203Percent'],
      ]),
    );
    expect(tableOf('exploration')).toEqual(
      cellsOf(resultsOf('exploration').rows, [
        ...['strategy', 'netSavingWithoutOpportunityPercent', 'ofOraclePercent'],
        ...['firstHundredNetSavingPercent', 'outsourcingRatePercent', 'savedBeforePercent'],
        'savedAfterPercent',
      ]),
    );
    expect(tableOf('adversaries')).toEqual(
      resultsOf('adversaries').rows.map((row) => [
        ...['attack', 'floorPercent', 'lostMedianPercent', 'lostWorstPercent'].map((name) =>
          String(row[name]),
        ),
        String(row['barMedianPercent']),
        String(row['barWorstPercent']),
        row['isMet'] === true ? 'yes' : 'no',
        String(row['defencesOffMedianPercent']),
      ]),
    );
  });

  it('names in its text no figure with two decimals that no result has', () => {
    const names = EXPERIMENTS.map(({ name }) => name);
    const known = [...names, 'table-1-taught', 'table-1-ucb1']
      .map((name) => JSON.stringify(resultsOf(name)))
      .join();
    const text = page.replaceAll(/<!-- [a-z0-9-]+ -->[^]*?<!-- end -->/g, '');
    const figures = text.match(/(?<![\d.])\d+\.\d\d(?!\d)/g) ?? [];
    expect(figures.length).toBeGreaterThan(15);
    const quoted = ['1.92'];
    expect(figures.filter((x) => !known.includes(x) && !quoted.includes(x))).toEqual([]);
  });

  it('describes every experiment', () => {
    for (const { name } of EXPERIMENTS) expect(page).toContain(`coalesce simulate ${name}`);
  });
});

describe('the headline figures', () => {
  it.each([
    ['dur_01', 'reference'],
    ['dur_01', 'paper'],
    ['dur_01', 'rational'],
    ['agt_01', 'reference'],
    ['agt_01', 'rational'],
  ] as const)('of %s by policy %s are what 20 seeds from seed 1 give', (id, policy) => {
    const { days, clients, contractors } = PAPER_ROWS.find((row) => row.id === id)!;
    const figures = Array.from({ length: SEEDS }, (_, i) =>
      figuresOf(
        simulate(runSettings({ days, clients, contractors, decider: policy, seed: i + 1 })),
      ),
    );
    const meanOf = (name: 'paperMetricPercent' | 'netSavingPercent'): number =>
      Math.round(estimateOf(figures.map((one) => one[name]!)).mean * 100) / 100;
    const row = rowOfTable1(policy, id);
    expect(meanOf('paperMetricPercent')).toBe(row['paperMetricPercent']);
    expect(meanOf('netSavingPercent')).toBe(row['netSavingWithoutOpportunityPercent']);
  });

  it('reproduce the paper’s band on 11 rows or more by the policy of its own code', () => {
    const rows = resultsOf('table-1').rows.filter((row) => row['policy'] === 'reference');
    const within = rows.filter((row) => {
      const distance = (row['paperMetricPercent'] as number) - (row['paperPercent'] as number);
      return Math.abs(distance) <= (row['paperSigma'] as number);
    });
    expect(within.length).toBeGreaterThanOrEqual(11);
  });
});
