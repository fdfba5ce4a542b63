import { describe, expect, it } from 'vitest';
import { fromUtf8, toBase64Url, toHex } from '../../../crypto/bytes.ts';
import { auditLedger, auditReport, exportLine } from '../../ledger/audit.ts';
import type { AuditReport } from '../../ledger/audit.ts';
import { provenAccount, provenScore } from '../../ledger/light-client.ts';
import { LedgerRail } from '../../ledger/ledger-rail.ts';
import { accountKey } from '../../ledger/records.ts';
import { scoreKey } from '../../reputation/records.ts';
import { decodeStateProof, encodeStateProof } from '../../ledger/state-proof.ts';
import { fractionOfQ32 } from '../../reputation/score.ts';
import { ALICE, BOB, FUNDS, MALLORY, PRICE, TASK_TYPE, TestLedger } from './fixture.ts';
import { FakeKeyValueStore } from '../negotiation/fake-world.ts';
import { FAKE_CHAIN, fakeBlocks } from './fake-chain.ts';

/** A ledger on which work was done, paid, failed and forgotten. */
function busyLedger(): TestLedger {
  const ledger = new TestLedger();
  for (let round = 0; round < 4; round++) {
    const contract = ledger.contract();
    ledger.submit(ALICE, ledger.hold(contract));
    ledger.submit(BOB, ledger.deliver(contract));
    ledger.submit(ALICE, ledger.verdict(contract, round === 2 ? 'fail' : 'pass'));
    ledger.submit(MALLORY, ledger.contest(contract));
    ledger.pass(90_000);
  }
  return ledger;
}

describe('an audit from genesis', () => {
  const ledger = busyLedger();
  const { rules } = ledger.app;
  const reportOf = (blocks: readonly Uint8Array[]): Promise<AuditReport> =>
    auditReport(auditLedger(rules, FAKE_CHAIN, blocks));

  it('reaches the same state as the ledger, and adds the books up', async () => {
    expect(await reportOf(fakeBlocks(ledger))).toEqual({
      valid: true,
      height: 20,
      stateRoot: toHex(ledger.app.stateRoot),
      transactions: 16,
      entries: ledger.app.state.size,
    });
  });

  it('exports one line of JSON per block, refused transactions with their reason', async () => {
    const lines: string[] = [];
    for await (const block of auditLedger(rules, FAKE_CHAIN, fakeBlocks(ledger))) {
      lines.push(exportLine(block));
    }
    expect(lines).toHaveLength(20);
    const blocks = lines.map((line) => JSON.parse(line));
    expect(blocks[0]).toMatchObject({ height: 1, transactions: [{ op: 'hold', result: 'done' }] });
    expect(blocks[3].transactions[0]).toMatchObject({ op: 'contest', result: 'NOT_A_PARTY' });
    expect(blocks.at(-1).stateRoot).toBe(toHex(ledger.app.stateRoot));
  });

  it('finds a block that is missing, doubled, or in another place', async () => {
    const blocks = fakeBlocks(ledger);
    const missing = await reportOf(blocks.filter((_, i) => i !== 5));
    expect(missing).toMatchObject({ valid: false, block: 6, problem: 'expected height 6, got 7' });
    const doubled = await reportOf([...blocks.slice(0, 3), blocks[2]!]);
    expect(doubled).toMatchObject({ valid: false, block: 4 });
  });

  it('finds a state root that lies by one bit', async () => {
    const altered = fakeBlocks(ledger, (line) => {
      if (line.height !== 7) return line;
      const root = new Uint8Array(Buffer.from(line.stateRoot, 'base64url'));
      root[0]! ^= 1;
      return { ...line, stateRoot: toBase64Url(root) };
    });
    const report = await reportOf(altered);
    expect(report).toMatchObject({ valid: false, block: 7 });
    expect(!report.valid && report.problem).toMatch(/^state root is [0-9a-f]{64}, the block says/);
  });

  it('finds a transaction that was dropped, or whose signature was exchanged', async () => {
    const dropped = fakeBlocks(ledger, (line) =>
      line.height === 2 ? { ...line, transactions: [] } : line,
    );
    expect(await reportOf(dropped)).toMatchObject({ valid: false, block: 2 });
    const forged = fakeBlocks(ledger, (line) => {
      if (line.height !== 2) return line;
      const envelope = JSON.parse(fromUtf8(Buffer.from(line.transactions[0]!, 'base64url')));
      envelope.s[0].s = toBase64Url(new Uint8Array(64).fill(1));
      const bytes = new TextEncoder().encode(JSON.stringify(envelope));
      return { ...line, transactions: [toBase64Url(bytes)] };
    });
    expect(await reportOf(forged)).toEqual({
      valid: false,
      block: 2,
      problem: 'transaction 0 is not signed by its account',
    });
  });

  it('finds a broken link, and bytes that are no block', async () => {
    const cut = fakeBlocks(ledger, (line) => (line.height === 4 ? { ...line, prev: '' } : line));
    expect(await reportOf(cut)).toMatchObject({ valid: false, block: 4 });
    expect(await reportOf([new Uint8Array(7)])).toMatchObject({ valid: false, block: 1 });
  });
});

describe('a light client', () => {
  const ledger = busyLedger();
  const { app } = ledger;
  const header = { timeMs: app.clock.timeMs, stateRoot: app.stateRoot };
  const subject = { subject: BOB.peerId, role: 'contractor', taskType: TASK_TYPE } as const;

  it('computes a score from one proof, in both forms', () => {
    const proof = decodeStateProof(encodeStateProof(app.prove(scoreKey(subject))));
    const score = provenScore(proof, subject, header)!;
    expect(score.literalQ32).toBe(ledger.literalScore(BOB));
    expect(score.record).toEqual(ledger.score(BOB));
    expect(fractionOfQ32(score.evidenceQ32)).toBeGreaterThan(0.5);
  });

  it('learns of who was never judged that nobody judged it', () => {
    const nobody = { ...subject, subject: MALLORY.peerId };
    const score = provenScore(app.prove(scoreKey(nobody)), nobody, header)!;
    expect(score).toMatchObject({ literalQ32: 1n << 31n, record: { total: 0n } });
  });

  it('is not given the score of another, nor one of another day', () => {
    const proof = app.prove(scoreKey(subject));
    expect(provenScore(proof, { ...subject, subject: MALLORY.peerId }, header)).toBeUndefined();
    const old = new TestLedger().app.stateRoot;
    expect(provenScore(proof, subject, { ...header, stateRoot: old })).toBeUndefined();
  });

  it('reads a balance, and sees that there is no account', () => {
    const mallory = provenAccount(app.prove(accountKey(MALLORY.peerId)), MALLORY.peerId, header)!;
    expect(mallory.account!.creditsPosted).toBe(FUNDS);
    const absent = provenAccount(app.prove(accountKey('nobody')), 'nobody', header);
    expect(absent).toEqual({ account: undefined });
  });
});

describe('the ledger as a payment rail', () => {
  function railOf(ledger: TestLedger, identity: typeof ALICE): LedgerRail {
    const access = {
      submit: async (transaction: Uint8Array) => ledger.block([transaction])[0] as 'done',
      read: async (key: string) => ledger.app.state.get(key),
    };
    const journal = new FakeKeyValueStore();
    return new LedgerRail({ identity, ledgerId: ledger.app.rules.ledgerId, access, journal });
  }

  it('sets a price aside, posts it on a verdict, and says what is left', async () => {
    const ledger = new TestLedger();
    const rail = railOf(ledger, ALICE);
    const contract = ledger.contract();
    const contractId = Buffer.from(contract.id, 'hex');
    const ask = {
      agreement: contract.agreement.envelope,
      quote: contract.quote.envelope,
      request: contract.request.envelope,
    };
    expect(await rail.isReserved(contractId)).toBe(false);
    expect(await rail.reserve(ask)).toEqual({ done: true });
    expect(await rail.isReserved(contractId)).toBe(true);
    expect((await rail.balance()).heldMicroUsd).toBe(PRICE + 1_000n);
    expect(await rail.reserve(ask)).toEqual({ done: false, refusal: 'QUOTE_USED' });
    const call = ledger.verdict(contract, 'pass') as { args: { verdict: string } };
    const verdict = Buffer.from(call.args.verdict, 'base64url');
    expect(await rail.settle({ contractId, verdict })).toEqual({ done: true });
    expect(await rail.isReserved(contractId)).toBe(false);
    expect(await rail.balance()).toEqual({
      postedMicroUsd: FUNDS - PRICE - 100n - 30n,
      heldMicroUsd: 0n,
    });
    expect((await railOf(ledger, BOB).balance()).postedMicroUsd).toBe(FUNDS + PRICE);
  });

  it('numbers what is submitted at the same time', async () => {
    const ledger = new TestLedger();
    const rail = railOf(ledger, ALICE);
    const pay = { op: 'transfer', args: { to: BOB.peerId, amount: '5' } } as const;
    const outcomes = await Promise.all([1, 2, 3].map(() => rail.submit(pay)));
    expect(outcomes).toEqual([{ done: true }, { done: true }, { done: true }]);
    expect(ledger.app.lastSeq(ALICE.peerId)).toBe(3);
  });
});
