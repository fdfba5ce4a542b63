import { describe, expect, it } from 'vitest';
import { attackRow, attackTable, withAttackTable } from '../../attack-table/attack-row.ts';
import type { AttackFigures } from '../../attack-table/attack-row.ts';
import { simulatedAttacks } from '../../attack-table/simulated-attacks.ts';
import { loadScenario, scenarioNames } from '../../scenario-runner/scenario-library.ts';
import { readProjectFile } from '../source-tree.ts';

const FIGURES: AttackFigures = {
  attack: 'eclipse',
  defence: 'many paths',
  by: 'simulation',
  measure: 'found, %',
  on: [99, 97, 100],
  off: [40, 50, 45],
  bar: { is: 'at least', median: 98, worst: 95 },
};
const row = (change: Partial<AttackFigures> = {}) => attackRow({ ...FIGURES, ...change });

describe('a row of the table of attacks', () => {
  it('has the median and the run furthest on the wrong side', () => {
    expect(row()).toMatchObject({ runs: 3, median: 99, worst: 97, off: 45, isMet: true });
    const most = { is: 'at most', median: 99, worst: 100 } as const;
    expect(row({ bar: most, off: [200] })).toMatchObject({ worst: 100, isMet: true });
  });

  it('misses its bar by the median alone, and by one run alone', () => {
    expect(row({ on: [97, 97, 100] }).isMet).toBe(false);
    expect(row({ on: [99, 94, 100] }).isMet).toBe(false);
    const noWorst = { is: 'at least', median: 98, worst: null } as const;
    expect(row({ on: [99, 94, 100], bar: noWorst }).isMet).toBe(true);
  });

  it('misses its bar where the attack does not look bad without defences', () => {
    expect(row({ off: [98, 99, 99] }).isMet).toBe(false);
    expect(row({ off: [] })).toMatchObject({ off: null, isMet: true });
  });

  it('is no row without a run', () => {
    expect(() => row({ on: [] })).toThrow('"on" expected the figures of a run at least');
  });
});

describe('the table of attacks', () => {
  it('takes the place between the marks, and nothing else', () => {
    const document = 'a\n<!-- attacks -->\n\nold\n\n<!-- end -->\nb';
    const table = attackTable([row()]);
    const written = withAttackTable(document, table);
    expect(written).toBe(`a\n<!-- attacks -->\n\n${table}\n\n<!-- end -->\nb`);
    expect(withAttackTable(written, table)).toBe(written);
    expect(table.split('\n').at(-1)).toContain(
      '| 3 | found, % | 99 | 97 | at least 98; worst 95 | yes | 45 |',
    );
    expect(() => withAttackTable('a', table)).toThrow('expected a place between');
  });

  it('stands beside a list of all attacks among the scenarios', async () => {
    const readme = readProjectFile('testnet/scenarios/README.md');
    withAttackTable(readme, ''); // there is a place for it
    const attacks: string[] = [];
    for (const name of await scenarioNames()) {
      const { scenario } = await loadScenario(name);
      if (scenario.defence !== undefined) attacks.push(name);
      expect(scenario.withoutDefences === undefined || scenario.defence !== undefined).toBe(true);
    }
    expect(attacks.length).toBeGreaterThan(1);
    for (const name of attacks) expect(readme).toContain(`| \`${name}\` |`);
  });

  it('has simulated attacks, each of which looks bad without defences', async () => {
    const rows = await simulatedAttacks({
      ...{ seeds: 1, workers: 0, signal: new AbortController().signal },
      onProgress: () => undefined,
    });
    expect(rows.map(({ attack }) => attack)).toEqual([
      ...['fabrication', 'on-off', 'whitewashing', 'collusion', 'bait-and-switch'],
      ...['exploration-abuse', 'bad-mouthing', 'collusion-ring', 'eclipse'],
    ]);
    for (const { bar, off } of rows) {
      if (bar.is === 'at least') expect(off).toBeLessThan(bar.median);
      else expect(off).toBeGreaterThan(bar.median);
    }
  }, 60_000);
});
