import { afterEach, describe, expect, it } from 'vitest';
import type { ConfigFile } from '../../config/schema.ts';
import { endNodes } from '../real-nodes.ts';
import { TERM, never, runTask, startLedgerNetwork } from './ledger-network.ts';
import type { LedgerNetwork } from './ledger-network.ts';

let network: LedgerNetwork | undefined;
afterEach(async () => {
  await endNodes();
  await network?.remove();
});

/** A network of which two of four replicas are gone: no block is made any more. */
async function withoutCommittee(withoutLedger: 'refuse' | 'bilateral'): Promise<LedgerNetwork> {
  const committee: ConfigFile['committee'] = { withoutLedger, patienceMs: 2_000 };
  network = await startLedgerNetwork({}, { client: { committee }, seller: { committee } });
  for (const node of network.others) await node.stop();
  return network;
}

describe('a client whose committee is gone', () => {
  it('agrees bilaterally, says so, and does not wait for the committee at every task', async () => {
    const { client, seller } = await withoutCommittee('bilateral');
    const first = await runTask(client);
    expect(first.status).toBe('completed');
    const attempt = first.subtasks[0]!.attempts.at(-1)!;
    expect(attempt).toMatchObject({ outcome: 'verified', settlement: { by: 'bilateral' } });
    expect(attempt.settlement!.reason).toContain('the ledger is not reached');
    const { reach, withoutLedger } = (await client.status()).ledger!;
    expect(reach.isReached).toBe(false);
    expect(withoutLedger).toBe('bilateral');
    const second = await runTask(client, 'A bad day.');
    expect(second.subtasks[0]!.attempts.at(-1)!.settlement!.reason).toContain(reach.reason);

    const paid = first.totals.paidMicroUsd + second.totals.paidMicroUsd;
    expect(paid).toBeGreaterThan(0);
    await expect
      .poll(async () => (await client.ledger.show()).accounts, { timeout: 30_000 })
      .toMatchObject([
        {
          peerId: seller.peerId,
          owedToPeerMicroUsd: paid,
          statements: 2,
          unsignedToPeerMicroUsd: 0,
        },
      ]);
    // The contractor has asked nothing of the committee, and hears no head any more.
    await expect
      .poll(async () => (await seller.ledger.show()).source, { timeout: 60_000, interval: 1_000 })
      .toBe('receipts');
    const shown = await seller.ledger.show();
    expect(shown.accounts).toMatchObject([{ owedByPeerMicroUsd: paid, statements: 2 }]);
    const { scores, ledgerId, problem } = await client.reputation(
      seller.peerId,
      { terms: [TERM] },
      never,
    );
    expect([ledgerId, typeof problem]).toEqual([null, 'string']);
    expect(scores.map(({ source }) => source)).not.toContain('ledger');
  }, 120_000);

  it('refuses what costs money, with the reason, where its configuration wants prices held', async () => {
    const { client } = await withoutCommittee('refuse');
    const run = await runTask(client);
    const [attempt] = run.subtasks[0]!.attempts;
    expect(attempt).toMatchObject({ outcome: 'failed', paidMicroUsd: 0 });
    expect(attempt!.reason).toContain('the ledger is not reached');
    expect(attempt!.reason).toContain('committee.withoutLedger: refuse');
  }, 120_000);
});

describe('a contractor that nobody holds money for', () => {
  it('gives a known client credit up to its cap and no further', async () => {
    const accept = { creditPerPeerMicroUsd: 400 };
    const committee: ConfigFile['committee'] = { withoutLedger: 'bilateral', patienceMs: 2_000 };
    network = await startLedgerNetwork(
      {},
      { client: { committee }, seller: { committee, accept } },
    );
    for (const node of network.others) await node.stop();
    const { client, seller } = network;
    const first = await runTask(client);
    expect(first.subtasks[0]!.attempts.at(-1)).toMatchObject({ outcome: 'verified' });
    const second = await runTask(client, 'A bad day.');
    expect(second.subtasks[0]!.attempts[0]!.reason ?? '').toContain('CREDIT_EXHAUSTED');
    expect((await seller.ledger.show()).accounts).toHaveLength(1);
  }, 120_000);
});
