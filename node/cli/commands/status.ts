/** `coalesce status`: what the daemon is and does. @module */

import type {
  DecisionStatusDocument,
  LedgerStatusDocument,
  StatusDocument,
} from '../../api-documents.ts';
import { printable } from '../../decision/plain-text.ts';
import type { RegisterCommand } from '../context.ts';
import { percent, table, usd } from '../table.ts';

/** Alarms that are shown, the newest; `--json` has all. */
const MAX_SHOWN_ALARMS = 3;

export const registerStatus: RegisterCommand = (program, run) => {
  program
    .command('status')
    .description('what the daemon is and does')
    .action(
      run(async (context) => {
        const status = await context.withDaemon((client) =>
          client.get<StatusDocument>('/v1/status', { signal: context.signal }),
        );
        context.print(status, () => describeStatus(status));
      }),
    );
};

/** What the daemon is and does, and how it decides. */
export function describeStatus(status: StatusDocument): string {
  const { hardware } = status;
  return table(
    ['', ''],
    [
      ['node', `${status.name} ${status.version}`],
      ['peer', status.peerId],
      ['listens on', status.addresses.join(', ')],
      ['HTTP API', status.http],
      ['A2A', status.a2a ?? 'not served'],
      ['data', status.dataDirectory],
      ['up', `${status.uptimeSeconds} s, process ${status.pid}, ${status.memoryRssMegabytes} MB`],
      [
        'network',
        `${status.peersConnected} connected, ${status.routingTableSize} in the routing table`,
      ],
      ['skills', status.skills.join(', ') || 'none'],
      ['work', `${status.tasksInWork} tasks`],
      ['certificates', String(status.certificates)],
      ['measured', describeMeasuredTime(status.measuredTime)],
      ['paid', usd(status.paidMicroUsd)],
      ['paid today', describeSpending(status.spendingToday)],
      ['earned', usd(status.earnedMicroUsd)],
      ['unsigned', describeMail(status.mail)],
      ...describeBroker(status.broker),
      [
        'costs here',
        `${status.prices.computeUsdPerHour} USD/h compute, ${status.prices.powerWatts} W at ${status.prices.energyUsdPerKwh} USD/kWh`,
      ],
      [
        'machine',
        `${(hardware.peakFlopsPerSecond / 1e9).toFixed(1)} GFLOP/s, ${hardware.memoryGib.toFixed(1)} GiB (${hardware.source})`,
      ],
      ...ledgerRows(status.ledger),
      ...decisionRows(status.decision),
    ],
  ).trimStart();
}

function ledgerRows(ledger: StatusDocument['ledger']): string[][] {
  if (!ledger) return [];
  const { head, isForked } = ledger;
  const at = head
    ? `block ${head.height} of ${new Date(head.timeMs).toISOString()}`
    : 'no block yet';
  const fork = isForked ? 'ALARM: two blocks of one height are certified; ' : '';
  const name = `${ledger.ledgerId.slice(0, 16)}…, ${ledger.replicas} replicas`;
  const rows = [['ledger', `${fork}${name}, ${at}`], ...reachRows(ledger)];
  return ledger.replica ? [...rows, ['replica', describeReplica(ledger.replica)]] : rows;
}

function reachRows({ reach, withoutLedger }: LedgerStatusDocument): string[][] {
  if (reach.isReached) return [];
  const instead =
    withoutLedger === 'refuse' ? 'what costs money is refused' : 'contractors are asked for credit';
  const since = new Date(reach.sinceMs).toISOString();
  return [['', `NOT REACHED since ${since}: ${printable(reach.reason ?? '')}; ${instead}`]];
}

function describeReplica(replica: NonNullable<LedgerStatusDocument['replica']>): string {
  if (replica.halted !== null) return `STOPPED: ${replica.halted}`;
  const { lastBlockAgeMs, lagBlocks, isActive, isObserver } = replica;
  const age =
    lastBlockAgeMs === null ? 'none since the start' : `last ${seconds(lastBlockAgeMs)} s ago`;
  const role = isObserver ? 'observer, its log was lost' : `number ${replica.replica}`;
  return (
    `${role}; ${isActive ? 'in' : 'asks for'} view ${replica.view} ` +
    `(primary ${replica.primary}); height ${replica.height}, ${age}, ${lagBlocks} behind; ` +
    `stored to ${replica.storedHeight}; ${replica.replicasConnected} others connected`
  );
}

function describeSpending({
  spentMicroUsd,
  limitMicroUsd,
}: StatusDocument['spendingToday']): string {
  const limit = limitMicroUsd === null ? 'no limit' : `of ${usd(limitMicroUsd)}`;
  return `${usd(spentMicroUsd)}, ${limit} (spending.maxPerDayUsd)`;
}

/** What attestors have taken of this machine, and of its work. */
function describeBroker(broker: StatusDocument['broker']): readonly [string, string][] {
  if (broker === null) return [];
  return [['broker', `${broker.records} records, ${broker.quotes} quotes held`]];
}

function describeMail({ lateVerdicts, awaitedVerdicts, lettersKept }: StatusDocument['mail']) {
  const kept = lettersKept === null ? '' : `; ${lettersKept} letters kept for others`;
  return (
    `${lateVerdicts} verdicts that a contractor was not there for, ` +
    `${awaitedVerdicts} deliveries that clients have not judged${kept}`
  );
}

function describeMeasuredTime(time: StatusDocument['measuredTime']): string {
  const { spentMs, allowedMs, busyMs, sharePercent } = time;
  const { startSpentMs, startAllowedMs, startAllowedOfOneMs } = time;
  const share =
    sharePercent === null
      ? 'no work yet, so no attestor may test again'
      : `re-attestation took ${seconds(spentMs)} s, ${percent(sharePercent)} of ` +
        `${seconds(busyMs)} s of work in 7 days; up to ${seconds(allowedMs)} s (2 %) is allowed`;
  const start =
    `${seconds(startSpentMs)} of ${seconds(startAllowedMs)} s for life, ` +
    `up to ${seconds(startAllowedOfOneMs)} s of each attestor`;
  return `${share}; first attestations ${start}`;
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

/** Policy, what was learned, what exploring cost, where the money went, and what looks odd. */
function decisionRows(decision: DecisionStatusDocument): string[][] {
  const { weights, thresholds, exploration, spending, convergence, alarms } = decision;
  const { lossMicroUsd, localCostMicroUsd } = exploration;
  const lossShare = localCostMicroUsd === 0 ? 0 : (100 * lossMicroUsd) / localCostMicroUsd;
  const { stability } = convergence;
  const mark = exploration.isAlarm ? 'ALARM: ' : '';
  return [
    ['decides by', `policy ${decision.policy}; learned weights ${named(weights)}`],
    ['thresholds', named(thresholds)],
    [
      'exploration',
      `${exploration.strategy}: ` +
        (exploration.allowedDecisions === 0 && !exploration.isAlarm
          ? 'no decision yet that might explore'
          : `${mark}${exploration.message}`),
    ],
    [
      'loss account',
      `${usd(lossMicroUsd)} lost by exploring, of ${usd(localCostMicroUsd)} that all tasks ` +
        `would have cost here (${lossShare.toFixed(2)} %)`,
    ],
    [
      'spending',
      spending.contractors === 0
        ? 'none yet'
        : `${usd(spending.microUsd)}, faded by half each month, ` +
          `concentration (HHI) ${spending.concentrationHhi.toFixed(2)} ` +
          `over ${spending.contractors} ${spending.contractors === 1 ? 'contractor' : 'contractors'}`,
    ],
    [
      'stability',
      stability === null
        ? 'not known yet'
        : `of the last ${convergence.decisions} decisions, the choice before for the same skill ` +
          `was repeated in ${percent(100 * stability)} of those that have one`,
    ],
    ...alarmRows(alarms),
  ];
}

function named(figures: object): string {
  return Object.entries(figures)
    .map(([name, figure]: [string, number]) => `${name} ${figure.toFixed(2)}`)
    .join(', ');
}

function alarmRows(alarms: DecisionStatusDocument['alarms']): string[][] {
  const shown = alarms.slice(-MAX_SHOWN_ALARMS).toReversed();
  const hidden = alarms.length - shown.length;
  return [
    ...shown.map(({ atMs, sentence }) => ['alarm', `${new Date(atMs).toISOString()} ${sentence}`]),
    ...(hidden > 0 ? [['', `and ${hidden} older alarms: status --json`]] : []),
  ];
}
