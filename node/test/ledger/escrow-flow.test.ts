import { afterEach, describe, expect, it } from 'vitest';
import { fromBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import { auditReport } from '../../../protocols/ledger/audit.ts';
import type { AuditReport } from '../../../protocols/ledger/audit.ts';
import { GENESIS_DEFAULTS, ledgerRules } from '../../../protocols/ledger/genesis.ts';
import { auditStored } from '../../../protocols/ledger/stored-audit.ts';
import type { AgentNode } from '../../agent-node.ts';
import { endNodes, startNode } from '../real-nodes.ts';
import { BALANCE, TERM, never, runTask, startLedgerNetwork } from './ledger-network.ts';
import type { LedgerNetwork } from './ledger-network.ts';

const { escrow, transaction } = GENESIS_DEFAULTS.fees;
/** What the ledger takes from a client whose contract goes well. */
const FEES = Number(escrow) + 2 * Number(transaction);

let network: LedgerNetwork | undefined;
afterEach(async () => {
  await endNodes();
  await network?.remove();
});

async function accountOf(node: AgentNode) {
  return (await node.ledger.show()).ledger!.account!;
}

/** Audits what a node says its ledger is. */
async function auditOf(node: AgentNode): Promise<AuditReport> {
  const first = await node.ledger.blocks(1);
  async function* blocks() {
    for (
      let page = first, next = 1;
      page.blocks.length > 0;
      page = await node.ledger.blocks(next)
    ) {
      for (const { block, commit, height } of page.blocks) {
        yield { block: fromBase64Url(block), commit: fromBase64Url(commit) };
        next = height + 1;
        if (height === first.height) return;
      }
    }
  }
  return auditReport(auditStored(ledgerRules(fromBase64Url(first.genesis)), blocks()));
}

/** What a broker that is no replica shows to one that asks no replica. */
async function brokered(broker: AgentNode, subject: string, genesisFile: string) {
  const { addresses } = await broker.status();
  const client = await startNode(Identity.generate(), {
    network: { isLocalNetwork: true, brokers: [...addresses] },
    committee: { genesisFile },
  });
  return client.reputation(subject, { terms: [TERM], isBrokered: true }, never);
}

describe('contracts of real nodes on a ledger of their own', () => {
  it('are held before the work, paid after it, rated, and proven to a bystander', async () => {
    network = await startLedgerNetwork();
    const { client, seller, genesisFile, bootstrap } = network;
    const run = await runTask(client);
    expect([run.status, run.subtasks[0]!.attempts.map(({ reason }) => reason)]).toEqual([
      'completed',
      [null],
    ]);
    expect(run.subtasks[0]!.cost.isDoneHere).toBe(false);
    const price = run.subtasks[0]!.attempts.at(-1)!.paidMicroUsd;
    expect(price).toBeGreaterThan(0);
    expect(run.totals.paidMicroUsd).toBe(price + FEES);

    await expect
      .poll(async () => (await accountOf(seller)).balanceMicroUsd, { timeout: 30_000 })
      .toBe(Number(BALANCE) + price);
    expect(await accountOf(client)).toMatchObject({
      balanceMicroUsd: Number(BALANCE) - price - FEES,
      heldMicroUsd: 0,
      transactions: 2,
    });
    await expect
      .poll(async () => (await client.ledger.show()).ledger!.escrows, { timeout: 30_000 })
      .toEqual([]);

    const local = { isLocalNetwork: true, bootstrap };
    const bystander = await startNode(Identity.generate(), {
      roles: ['broker'],
      network: local,
      committee: { genesisFile },
    });
    const { scores } = await bystander.reputation(seller.peerId, { terms: [] }, never);
    expect(scores).toMatchObject([
      { taskType: TERM, role: 'contractor', source: 'ledger', proof: { status: 'proven' } },
    ]);
    expect(scores[0]!.score).toBeGreaterThan(0.5);
    const { ledger } = await bystander.ledger.show();
    expect(ledger).toMatchObject({ replica: null, account: null, escrows: [] });
    expect(await auditOf(seller)).toMatchObject({ valid: true, transactions: 2 });
    expect(await auditOf(bystander)).toMatchObject({ valid: true, transactions: 2 });
    const shown = await brokered(bystander, seller.peerId, genesisFile);
    const { scoreQ32 } = scores[0]!;
    const proof = { status: 'proven', broker: bystander.peerId };
    expect(shown.scores).toMatchObject([{ taskType: TERM, source: 'ledger', scoreQ32, proof }]);
  }, 120_000);
});
