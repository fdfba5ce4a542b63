import { describe, expect, it } from 'vitest';
import { toHex } from '../../../crypto/bytes.ts';
import { NO_HASH, encodeBlock, sealBlock } from '../../pbft/block.ts';
import type { Block } from '../../pbft/block.ts';
import { auditLedger, auditReport } from '../../ledger/audit.ts';
import { committeeChain, isCertified } from '../../ledger/committee-chain.ts';
import { CertifiedLedger } from './certified-ledger.ts';
import { ALICE, BOB } from './fixture.ts';

function makeChain(): CertifiedLedger {
  const ledger = new CertifiedLedger();
  const contract = ledger.contract();
  ledger.certify([ledger.transaction(ALICE, ledger.hold(contract))]);
  ledger.certify([ledger.transaction(BOB, ledger.deliver(contract))]);
  ledger.certify([ledger.transaction(ALICE, ledger.verdict(contract, 'pass'))]);
  ledger.certify([]);
  return ledger;
}

describe('the chain of a committee', () => {
  const ledger = makeChain();

  it('is audited from its bytes: links, certificates, times, signatures and roots', async () => {
    expect(await ledger.report()).toMatchObject({
      valid: true,
      height: 4,
      stateRoot: toHex(ledger.app.stateRoot),
      transactions: 3,
    });
  });

  it('whose head nobody certified is not believed', async () => {
    const problem = { valid: false, block: 4, problem: 'the last block is not certified' };
    const reader = committeeChain(ledger.app.rules);
    const blocks = ledger.chain.map(encodeBlock);
    expect(await auditReport(auditLedger(ledger.app.rules, reader, blocks))).toEqual(problem);
    const stale = ledger.chain[3]!.parentCommit;
    expect(await ledger.report(ledger.chain, stale)).toEqual(problem);
  });

  it('with a certificate that others signed is refused at the block that carries it', async () => {
    const strangers = [ALICE, BOB, ALICE, BOB];
    const first = ledger.chain[0]!;
    const forged = ledger.certificateOf(first, first.timeMs + 1_000, strangers);
    const second = sealBlock({ ...ledger.chain[1]!, parentCommit: forged });
    expect(await ledger.report([first, second])).toEqual({
      valid: false,
      block: 2,
      problem: 'the certificate of the block before does not hold',
    });
  });

  it('with a time of its own choice, another ledger or a cut link is refused', async () => {
    const [first, second] = ledger.chain as [Block, Block];
    const problemOf = async (change: Partial<Block>) => {
      const report = await ledger.report([first, sealBlock({ ...second, ...change })]);
      return report.valid ? undefined : report.problem;
    };
    expect(await problemOf({ timeMs: second.timeMs + 1 })).toMatch(/^block time is/);
    expect(await problemOf({ ledger: NO_HASH })).toBe('the block is of another ledger');
    expect(await problemOf({ epoch: 1 })).toBe('the block is of epoch 1');
    expect(await problemOf({ prev: NO_HASH })).toBe('the block does not name the one before');
    expect(await problemOf({ parentCommit: undefined })).toMatch(/^the first block/);
  });

  it('certifies a header for a light client with 2f + 1 votes, and no other header', () => {
    const { committee, chain, head } = ledger;
    const last = chain.at(-1)!;
    expect(isCertified(committee, last, head!)).toBe(true);
    expect(isCertified(committee, { ...last, stateRoot: NO_HASH }, head!)).toBe(false);
    const fewer = { ...head!, votes: head!.votes.slice(0, 2) };
    expect(isCertified(committee, last, fewer)).toBe(false);
    const doubled = { ...head!, votes: [head!.votes[0]!, head!.votes[0]!, head!.votes[1]!] };
    expect(isCertified(committee, last, doubled)).toBe(false);
  });
});
