/** `coalesce status`: what the daemon is and does. @module */

import type { StatusDocument } from '../../api-documents.ts';
import type { RegisterCommand } from '../context.ts';
import { table, usd } from '../table.ts';

export const registerStatus: RegisterCommand = (program, run) => {
  program
    .command('status')
    .description('what the daemon is and does')
    .action(
      run(async (context) => {
        const status = await context.withDaemon((client) =>
          client.get<StatusDocument>('/v1/status', { signal: context.signal }),
        );
        context.print(status, () => describe(status));
      }),
    );
};

function describe(status: StatusDocument): string {
  return table(
    ['', ''],
    [
      ['node', `${status.name} ${status.version}`],
      ['peer', status.peerId],
      ['listens on', status.addresses.join(', ')],
      ['HTTP API', status.http],
      ['data', status.dataDirectory],
      ['up', `${status.uptimeSeconds} s, process ${status.pid}, ${status.memoryRssMegabytes} MB`],
      [
        'network',
        `${status.peersConnected} connected, ${status.routingTableSize} in the routing table`,
      ],
      ['skills', status.skills.join(', ') || 'none'],
      ['work', `${status.tasksInWork} tasks`],
      ['certificates', String(status.certificates)],
      ['paid', usd(status.paidMicroUsd)],
      ['earned', usd(status.earnedMicroUsd)],
      [
        'costs here',
        `${status.prices.computeUsdPerHour} USD/h compute, ${status.prices.powerWatts} W at ${status.prices.energyUsdPerKwh} USD/kWh`,
      ],
      ['decides by', status.decisionPolicy],
    ],
  ).trimStart();
}
