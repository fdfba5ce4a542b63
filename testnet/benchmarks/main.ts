/**
 * `npm run bench -- [name] [--json]`: runs the benchmarks and prints medians beside the baseline of
 * the same run. It never fails for a slow machine: a bar that is missed is printed as missed.
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { table } from '../../node/cli/table.ts';
import { benchBroker } from './broker.ts';
import { benchConsensus } from './consensus.ts';
import { benchDecision } from './decision.ts';
import { benchDiscovery } from './discovery.ts';
import { benchMarket } from './market.ts';
import { REFERENCE_NOMINAL_US, measureReferenceUs } from './measuring.ts';
import type { Bench, BenchRow } from './measuring.ts';
import { benchNodeStart } from './node-start.ts';
import { benchProof } from './proof.ts';
import { benchReputation } from './reputation.ts';
import { benchRouting } from './routing.ts';
import { benchSession } from './session.ts';
import { benchTask } from './task-end-to-end.ts';
import { benchTestnet } from './testnet.ts';

const BENCHES: Readonly<Record<string, Bench>> = {
  broker: benchBroker,
  consensus: benchConsensus,
  decision: benchDecision,
  discovery: benchDiscovery,
  market: benchMarket,
  node: benchNodeStart,
  proof: benchProof,
  reputation: benchReputation,
  routing: benchRouting,
  session: benchSession,
  task: benchTask,
  testnet: benchTestnet,
};

const given = process.argv.slice(2);
const names = given.filter((argument) => !argument.startsWith('-'));
const flags = given.filter((argument) => argument.startsWith('-'));
const isJson = flags.includes('--json');
const isHelp = flags.includes('--help') || flags.includes('-h');
const strange = flags.filter((flag) => !['--json', '--help', '-h'].includes(flag));
const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));

if (isHelp) {
  process.stdout.write(
    `npm run bench -- [name ...] [--json]\n\nNames: ${Object.keys(BENCHES).join(', ')}; all without one.\n`,
  );
} else if (strange.length > 0) {
  process.stderr.write(`bench: no option ${strange.join(', ')}; there are --json and --help\n`);
  process.exitCode = 2;
} else if (unknown.length > 0) {
  process.stderr.write(
    `bench: no benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}\n`,
  );
  process.exitCode = 2;
} else {
  const referenceUs = measureReferenceUs();
  const rows: BenchRow[] = [
    {
      bench: 'reference',
      case: 'SHA-256 of 64 KiB',
      value: referenceUs,
      unit: 'us',
      baseline: REFERENCE_NOMINAL_US,
      ratio: referenceUs / REFERENCE_NOMINAL_US,
    },
  ];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (names.length > 0 && !names.includes(name)) continue;
    rows.push(...(await bench((text) => process.stderr.write(`${text}\n`))));
  }
  process.stdout.write(isJson ? `${JSON.stringify({ rows }, undefined, 2)}\n` : `${print(rows)}\n`);
}

function print(rows: readonly BenchRow[]): string {
  return table(
    ['bench', 'case', 'median', 'unit', 'baseline', 'ratio', 'bar', 'met'],
    rows.map((row) => [
      row.bench,
      row.case,
      figure(row.value),
      row.unit,
      row.baseline === undefined ? '' : figure(row.baseline),
      row.ratio === undefined ? '' : row.ratio.toFixed(2),
      row.bar === undefined ? '' : figure(row.bar),
      row.met === undefined ? '' : row.met ? 'yes' : 'NO',
    ]),
  );
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
