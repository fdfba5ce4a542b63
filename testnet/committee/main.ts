/**
 * One replica in a process of its own, without the rest of a node: for benchmarks and tests of a
 * committee. `main.js DATA-DIRECTORY GENESIS [BOOTSTRAP ...]`; transactions come over the channel
 * to the process that started it.
 *
 * @module
 */

import '../../protocols/polyfills.ts';
import { readFile } from 'node:fs/promises';
import { createLogger } from '../../node/logger.ts';
import { ReplicaHost } from '../../node/ledger/replica-host.ts';
import { createDataDirectory, dataDirectory } from '../../node/storage/data-directory.ts';
import { loadOrCreateIdentity } from '../../node/storage/keystore.ts';
import { openStore } from '../../node/storage/store.ts';
import { systemClock } from '../../node/system-clock.ts';
import { ledgerRules } from '../../protocols/ledger/genesis.ts';
import { createHost } from '../../protocols/libp2p-host.ts';
import type { SubmitOutcome } from '../../node/ledger/replica-door.ts';
import type { Answer, Order } from './messages.ts';

const [dataPath, genesisFile, ...bootstrap] = process.argv.slice(2);
if (dataPath === undefined || genesisFile === undefined) {
  throw new TypeError('expected DATA-DIRECTORY GENESIS [BOOTSTRAP ...]');
}

const tell = (answer: Answer): void => void process.send?.(answer);
const directory = dataDirectory(dataPath);
await createDataDirectory(directory);
const store = await openStore(directory);
const { identity } = await loadOrCreateIdentity(directory);
const logger = createLogger('warn', `${dataPath}/replica.txt`);
const host = await createHost({
  clock: systemClock,
  ...{ identity, logger, bootstrap, validators: {}, selectors: {} },
  isLocalNetwork: true,
  bootstrapTimeoutMs: 2_000,
});
const replica = await ReplicaHost.start({
  ...{ identity, logger },
  rules: ledgerRules(await readFile(genesisFile)),
  directory: directory.ledgerDirectory,
  memory: store.section('ledger'),
  host: host.libp2p,
  clock: systemClock,
});

let outcomes: [number, SubmitOutcome][] = [];

/** What is decided in one turn of the event loop is told together. */
function decided(number: number, outcome: SubmitOutcome): void {
  if (outcomes.length === 0) {
    setImmediate(() => {
      tell({ type: 'outcomes', outcomes });
      outcomes = [];
    });
  }
  outcomes.push([number, outcome]);
}

async function submit(number: number, transaction: Uint8Array): Promise<void> {
  decided(number, await replica.submit(transaction));
}

async function stop(): Promise<void> {
  process.off('message', onOrder);
  await replica.stop();
  await host.stop();
  await store.close();
  process.disconnect();
}

function onOrder(order: Order): void {
  switch (order.type) {
    case 'submit':
      for (const [place, transaction] of order.transactions.entries()) {
        void submit(order.first + place, transaction);
      }
      break;
    case 'status': {
      const { user, system } = process.cpuUsage();
      const status = {
        ...replica.status(),
        rssBytes: process.memoryUsage.rss(),
        processorSeconds: (user + system) / 1e6,
        addresses: host.addresses(),
      };
      tell({ type: 'status', id: order.id, status });
      break;
    }
    case 'stop':
      void stop();
      break;
  }
}

process.on('message', onOrder);
// The process that started this one is gone.
process.on('disconnect', () => process.exit());
process.on('SIGINT', () => undefined);
tell({ type: 'ready', addresses: host.addresses() });
