/**
 * The demo's story, one paragraph at a time.
 *
 * @module
 */

import type {
  QueryDocument,
  RunDocument,
  StatusDocument,
  TotalsDocument,
} from '../node/api-documents.ts';
import { percent, table, usd } from '../node/cli/table.ts';
import { shortPeerId } from '../node/decision/plain-text.ts';
import type { Testnet } from './testnet.ts';

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function nameOf(peerId: string | null, network: Testnet): string {
  const node = network.nodes.find(({ process: { peerId: own } }) => own === peerId);
  return node?.process.name ?? peerId ?? 'nobody';
}

/** The network is up. */
export function tellNetwork(network: Testnet, elapsedMs: number): string {
  const roles = ['client', 'attestor', 'contractor'].map((role) => {
    const count = network.nodes.filter((node) => node.role === role).length;
    return `${count} ${role}${count === 1 ? '' : 's'}`;
  });
  return `  Ready after ${seconds(elapsedMs)}: ${roles.join(', ')}\n`;
}

/** The client asks the DHT. */
export function tellQuery(query: QueryDocument, network: Testnet): string {
  const rows = query.hits.map((hit) => [
    nameOf(hit.peerId, network),
    `${usd(hit.priceMicroUsd)} a ${hit.perUnit}`,
    hit.level === 2 ? 'attested' : 'claimed',
    hit.score.toFixed(2),
    `${Math.round(hit.recordAgeMs / 1_000)} s`,
  ]);
  return [
    `The client asks the DHT for ${query.query}: ${query.hits.length} hits in ${query.elapsedMs} ms (${query.outcome})`,
    indent(table(['contractor', 'list price', 'skill', 'fit', 'record age'], rows)),
    '',
  ].join('\n');
}

/** One task from decision to receipt. */
export function tellRun(number: number, what: string, run: RunDocument, network: Testnet): string {
  const [subtask] = run.subtasks;
  if (!subtask) return `${number}. ${what}: nothing was done\n`;
  const { decision, attempts, verification, receiptId } = subtask;
  const here = ['here', usd(decision.costInternalMicroUsd), '', ''];
  const byCost = [...decision.candidates].sort(
    (a, b) => (a.costExternalMicroUsd ?? Infinity) - (b.costExternalMicroUsd ?? Infinity),
  );
  const rows = byCost.map((candidate) => [
    nameOf(candidate.peerId, network),
    candidate.costExternalMicroUsd === undefined ? '' : usd(candidate.costExternalMicroUsd),
    candidate.score === null ? '' : candidate.score.toFixed(2),
    candidate.dropped ?? (candidate.peerId === decision.contractor ? '<- chosen' : ''),
  ]);
  const checks = verification.checks
    .map(({ type, passed, skipped }) => {
      if (skipped === true) return `${type} not sampled`;
      return `${type} ${passed ? 'passed' : 'FAILED'}`;
    })
    .join(', ');
  const isDoneHere = attempts.at(-1)?.where === 'local';
  const settled =
    receiptId === null
      ? isDoneHere
        ? `done here, nothing to pay (${run.totals.wallMs} ms)`
        : `owes ${usd(subtask.paidMicroUsd)}, not countersigned yet (${run.totals.wallMs} ms)`
      : `paid ${usd(subtask.paidMicroUsd)}, receipt ${receiptId.slice(0, 12)}… ` +
        `signed by both (${run.totals.wallMs} ms)`;
  const lines = [
    `${number}. ${what}`,
    indent(`decision      ${withNames(decision.reason, network)}`),
    indent(table(['who', 'cost in all', 'score', ''], [here, ...rows]), 5),
    ...attempts
      .filter(({ outcome }) => outcome !== 'verified')
      .map(({ where, outcome, reason }) =>
        indent(`attempt       ${nameOf(where, network)}: ${outcome}, ${reason ?? 'no reason'}`),
      ),
    indent(`result        ${resultLine(run)}`),
    indent(`verification  ${checks}`),
    indent(`settled       ${settled}`),
    '',
  ];
  return lines.join('\n');
}

/** The engine's sentence names contractors by their PeerId; on this network they have names. */
function withNames(reason: string, network: Testnet): string {
  return network.nodes.reduce(
    (text, { process: { peerId, name } }) => text.replaceAll(shortPeerId(peerId), name),
    reason,
  );
}

/** The result in one line. */
function resultLine(run: RunDocument): string {
  const data = run.output?.[0]?.data as Readonly<Record<string, unknown>> | undefined;
  if (data && Array.isArray(data['documents'])) {
    const documents = data['documents'] as {
      polarity: number;
      counts: { sentences: number };
    }[];
    const mean = documents.reduce((sum, { polarity }) => sum + polarity, 0) / documents.length;
    const sentences = documents.reduce((sum, { counts }) => sum + counts.sentences, 0);
    return `${sentences} sentences in ${documents.length} texts, mean polarity ${mean.toFixed(2)}`;
  }
  if (data && Array.isArray(data['weights'])) {
    const weights = data['weights'] as { asset: string; weight: number }[];
    const held = weights.filter(({ weight }) => weight > 0.0005);
    const top = [...held].sort((a, b) => b.weight - a.weight).slice(0, 3);
    const shares = top.map(({ asset, weight }) => `${asset} ${(100 * weight).toFixed(1)} %`);
    return `${held.length} of ${weights.length} assets held, most in ${shares.join(', ')}`;
  }
  return 'see --json';
}

/** What it came to. */
export function tellTotals(
  totals: TotalsDocument,
  runs: readonly RunDocument[],
  client: StatusDocument,
  keptDataDir: string | null,
): string {
  const outsourced = runs.filter(
    ({ subtasks }) => subtasks[0]?.attempts.at(-1)?.where !== 'local',
  ).length;
  const next =
    keptDataDir === null
      ? 'npm run demo -- --keep   (leaves the network up to play with)'
      : `npx coalesce --data ${keptDataDir} decisions list`;
  return [
    `${runs.length} tasks verified, ${outsourced} of them done by contractors, in ${seconds(totals.wallMs)} from the first process on`,
    `  all of it here would have cost  ${usd(totals.localCostMicroUsd)}  (calibrated estimate)`,
    `  spent                           ${usd(totals.spentMicroUsd)}  (${usd(totals.paidMicroUsd)} paid; the rest is work, checks and sessions here)`,
    `  net saving                      ${percent(totals.netSavingPercent)}`,
    `  the same in money alone         ${percent(totals.moneySavingPercent)}`,
    `  the paper's clipped metric      ${percent(totals.paperMetricPercent)}`,
    'The first contracts of a process that has just started cost it several times what later ones do.',
    `Why it pays on one machine: the client's hour is set to ${client.prices.computeUsdPerHour} USD, as of a rented GPU server,`,
    "the contractors' to 0.02 USD. Change prices.computeUsdPerHour, and the decisions change.",
    `Next: ${next}`,
  ].join('\n');
}

function indent(text: string, by = 3): string {
  return text
    .split('\n')
    .map((line) => `${' '.repeat(by)}${line}`.trimEnd())
    .join('\n');
}
