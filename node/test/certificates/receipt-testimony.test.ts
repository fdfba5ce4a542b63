import { describe, expect, it } from 'vitest';
import type { ShownReceipt } from '../../../protocols/settlement/shown-receipt.ts';
import { joinedTestimony, testimonyOfReceipts } from '../../certificates/receipt-testimony.ts';

let count = 0;

function receipt(
  client: string,
  outcome: ShownReceipt['outcome'],
  priceMicroUsd = 100_000,
  paidMicroUsd = outcome === 'fail' ? 0 : priceMicroUsd,
): ShownReceipt {
  count += 1;
  return {
    client,
    outcome,
    priceMicroUsd: BigInt(priceMicroUsd),
    paidMicroUsd: BigInt(paidMicroUsd),
    receiptId: new Uint8Array(32).fill(count),
  } as unknown as ShownReceipt;
}

describe('testimony of receipts', () => {
  it('is one voice per client, with the receipts it rests on', () => {
    const said = testimonyOfReceipts([
      receipt('anna', 'pass'),
      receipt('ben', 'fail'),
      receipt('anna', 'pass'),
    ]);
    expect(said).toMatchObject([
      { rater: 'anna', passed: 2, run: 2 },
      { rater: 'ben', passed: 0, run: 1 },
    ]);
    expect(said[0]?.receipts).toHaveLength(2);
    expect(new Set(said.flatMap(({ receipts = [] }) => receipts.map(({ id }) => id))).size).toBe(3);
    expect(said[1]?.receipts).toMatchObject([{ outcome: 'fail', weight: 1 }]);
  });

  it('counts a receipt by its price: praise for dust is worth a sixty-fourth', () => {
    expect(testimonyOfReceipts([receipt('anna', 'pass', 0)])).toMatchObject([
      { passed: 1 / 64, run: 1 / 64 },
    ]);
    expect(testimonyOfReceipts([receipt('anna', 'pass', 25_000)])).toMatchObject([{ run: 0.25 }]);
    expect(testimonyOfReceipts([receipt('anna', 'fail', 10_000_000)])).toMatchObject([
      { passed: 0, run: 1 },
    ]);
  });

  it('counts a partial success by the share that was paid', () => {
    const receipts = [{ outcome: 'partial', paidShare: 0.3, weight: 1 }];
    expect(testimonyOfReceipts([receipt('anna', 'partial', 100_000, 30_000)])).toMatchObject([
      { passed: 0.3, run: 1, receipts },
    ]);
  });

  it('never has more passed than run', () => {
    const many = Array.from({ length: 8 }, (_, i) => receipt('anna', 'pass', 7 * i));
    for (const { passed, run } of testimonyOfReceipts(many)) expect(passed).toBe(run);
  });

  it('of no receipts is none', () => {
    expect(testimonyOfReceipts([])).toEqual([]);
  });
});

describe('testimony of receipts and of endorsements', () => {
  const everybody = () => true;
  const endorsed = (rater: string) => ({ rater, passed: 3, run: 3 });

  it('counts the same outcomes once: receipts win over an endorsement of the same client', () => {
    const ofReceipts = testimonyOfReceipts([receipt('anna', 'fail')]);
    const said = joinedTestimony([endorsed('anna'), endorsed('ben')], ofReceipts, everybody);
    expect(said).toEqual([endorsed('ben'), ...ofReceipts]);
  });

  it('hears endorsements alone where no receipt is shown', () => {
    expect(joinedTestimony([endorsed('anna')], [], everybody)).toEqual([endorsed('anna')]);
  });

  it('leaves out what this node and the attestors that it trusts say, in either form', () => {
    const ofReceipts = testimonyOfReceipts([receipt('self', 'pass'), receipt('anna', 'pass')]);
    const isHeard = (rater: string) => rater !== 'self' && rater !== 'attestor';
    const said = joinedTestimony(
      [endorsed('self'), endorsed('attestor'), endorsed('ben')],
      ofReceipts,
      isHeard,
    );
    expect(said.map(({ rater }) => rater)).toEqual(['ben', 'anna']);
  });
});
