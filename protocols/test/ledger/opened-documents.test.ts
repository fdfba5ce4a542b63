import { describe, expect, it } from 'vitest';
import { fromBase64Url, fromUtf8, toBase64Url, toHex, utf8 } from '../../../crypto/bytes.ts';
import { LedgerApplication } from '../../ledger/application.ts';
import { committeeOf } from '../../ledger/committee-chain.ts';
import { OpenedDocuments } from '../../ledger/opened-documents.ts';
import type { TransactionCall } from '../../ledger/transactions.ts';
import { AGREEMENT, verdictDefinition } from '../../negotiation/documents.ts';
import { Chain } from '../../pbft/chain.ts';
import { IdentityVerifier } from '../../pbft/committee.ts';
import { RequestPool } from '../../pbft/request-pool.ts';
import { RULES } from '../../pbft/rules.ts';
import { DEFAULT_REPLICA_SETTINGS } from '../../pbft/settings.ts';
import { ALICE, BOB, MALLORY, TestLedger } from './fixture.ts';

const COMMIT = { view: 0, votes: [] };

/** An envelope in which the second signature is the first one again. */
function forged(text: string): string {
  const { b, s } = JSON.parse(fromUtf8(fromBase64Url(text))) as {
    b: string;
    s: { k: string; s: string }[];
  };
  s[1]!.s = s[0]!.s;
  return toBase64Url(utf8(JSON.stringify({ b, s })));
}

function holdOf(ledger: TestLedger): Extract<TransactionCall, { op: 'hold' }> {
  return ledger.hold(ledger.contract()) as Extract<TransactionCall, { op: 'hold' }>;
}

/** A chain of blocks on an application in the state of the genesis. */
function chainOn(app: LedgerApplication) {
  const committee = committeeOf(app.rules);
  const pool = new RequestPool({ maxTransactions: 100, maxBytes: 1_000_000 });
  const chain = new Chain({
    ...{ committee, app, pool, rules: RULES, settings: DEFAULT_REPLICA_SETTINGS },
    verifier: new IdentityVerifier(committee.replicas),
  });
  return { chain, pool };
}

describe('documents that were opened', () => {
  it('are remembered if they are good, and a changed signature is looked at again', () => {
    const documents = new OpenedDocuments();
    const { agreement } = holdOf(new TestLedger()).args;
    const opened = documents.open(AGREEMENT, agreement, 2);
    expect(opened.valid).toBe(true);
    expect(documents.open(AGREEMENT, agreement, 2)).toBe(opened);
    for (let round = 0; round < 2; round++) {
      const refused = documents.open(AGREEMENT, forged(agreement), 2);
      expect(refused).toMatchObject({ valid: false, reason: 'BAD_SIGNATURE' });
    }
  });

  it('are opened anew for other signers, another number of them, another kind', () => {
    const documents = new OpenedDocuments();
    const ledger = new TestLedger();
    const contract = ledger.contract();
    const call = ledger.verdict(contract, 'pass') as Extract<TransactionCall, { op: 'verdict' }>;
    const { verdict } = call.args;
    const parties = { client: ALICE.peerId, contractor: BOB.peerId };
    expect(documents.open(verdictDefinition(parties), verdict).valid).toBe(true);
    const others = { ...parties, client: MALLORY.peerId };
    expect(documents.open(verdictDefinition(others), verdict)).toMatchObject({
      reason: 'WRONG_SIGNERS',
    });
    expect(documents.open(verdictDefinition(parties), verdict, 2).valid).toBe(false);
    expect(documents.open(AGREEMENT, verdict).valid).toBe(false);
  });
});

describe("a block of a replica's own log", () => {
  it('is applied without a second look at the documents in it', () => {
    const ledger = new TestLedger();
    const hold = holdOf(ledger);
    hold.args.agreement = forged(hold.args.agreement);
    const { timeMs } = ledger.app.clock;
    const block = {
      height: 1,
      timeMs: timeMs + 1,
      transactions: [ledger.transaction(ALICE, hold)],
    };
    const again = new LedgerApplication(ledger.app.rules);
    const looked = ledger.app.apply(block);
    const trusted = again.apply(block, true);
    expect(looked.applied && trusted.applied).toBe(true);
    expect(toHex(ledger.app.stateRoot)).not.toBe(toHex(again.stateRoot));
  });

  it('leads to the state that it names, also where a forged document was refused in it', () => {
    const ledger = new TestLedger();
    const bad = holdOf(ledger);
    bad.args.agreement = forged(bad.args.agreement);
    const first = chainOn(ledger.app);
    for (const [seq, hold] of [holdOf(ledger), bad, holdOf(ledger)].entries()) {
      const transaction = ledger.transaction(ALICE, hold, seq + 1);
      first.pool.add(ALICE.peerId, seq + 1, transaction, 0, 0);
    }
    const block = first.chain.build();
    const results = first.chain.append({ block, commit: COMMIT });
    expect(results.map(({ result }) => toHex(result) === '0000')).toEqual([true, false, true]);

    const app = new LedgerApplication(ledger.app.rules);
    const { chain } = chainOn(app);
    expect(chain.append({ block, commit: COMMIT }, true)).toEqual(results);
    expect(toHex(app.stateRoot)).toBe(toHex(block.stateRoot));
  });

  it('that names another state is refused', () => {
    const ledger = new TestLedger();
    const block = chainOn(ledger.app).chain.build();
    const { chain } = chainOn(new LedgerApplication(ledger.app.rules));
    const other = { ...block, stateRoot: new Uint8Array(32) };
    expect(() => chain.append({ block: other, commit: COMMIT }, true)).toThrow(/wrong state root/);
  });
});
