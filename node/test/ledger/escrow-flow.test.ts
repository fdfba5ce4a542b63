import { afterEach, describe, expect, it } from 'vitest';
import { endNodes } from '../real-nodes.ts';
import { BALANCE, PRICE, runTask, startLedgerNetwork } from './ledger-network.ts';
import type { LedgerNetwork } from './ledger-network.ts';

let network: LedgerNetwork | undefined;
afterEach(async () => {
  await endNodes();
  await network?.remove();
});

describe('a contract of real nodes on a ledger of their own', () => {
  it('is held before the work, paid after it, and rated by everybody', async () => {
    network = await startLedgerNetwork();
    const { client, seller } = network;
    const run = await runTask(client);
    expect([run.status, run.cost.isDoneHere]).toEqual(['completed', false]);
    const fees = 100 + 2 * 10;
    expect(run.totals.paidMicroUsd).toBe(PRICE + fees);
  }, 60_000);
});
