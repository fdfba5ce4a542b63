import { describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { countersign, signDocument } from '../../../crypto/envelope.ts';
import { AGREEMENT, verdictDefinition } from '../../negotiation/documents.ts';
import type { Agreement, Verdict } from '../../negotiation/documents.ts';
import { ReceiptBook } from '../../settlement/receipt-book.ts';
import type { ReceiptEntry } from '../../settlement/receipt-book.ts';
import { verifyReceipt } from '../../settlement/receipt.ts';
import type { ReceiptDocuments } from '../../settlement/receipt.ts';
import {
  ALICE,
  BOB,
  MALLORY,
  PARTIES,
  PRICE,
  agreementBody,
  bytes32,
  makeChain,
} from '../negotiation/fixture.ts';
import { FakeKeyValueStore, START_SECONDS } from '../negotiation/fake-world.ts';

const chain = makeChain();

/** Receipt of a contract of its own. */
function receiptOf(
  nonce: number,
  agreement: Partial<Agreement> = {},
  verdict: Partial<Verdict> = {},
): ReceiptDocuments {
  const { agreement: both, receipt } = makeChain({ nonce: bytes32(nonce), ...agreement }, verdict);
  return { agreement: both.envelope, verdict: receipt.envelope };
}

function reasonOf(documents: ReceiptDocuments): string | undefined {
  const verified = verifyReceipt(documents);
  return verified.valid ? undefined : verified.reason;
}

describe('a receipt', () => {
  it('is verified from its two envelopes alone', () => {
    const verified = verifyReceipt({
      agreement: chain.agreement.envelope,
      verdict: chain.receipt.envelope,
    });
    expect(verified).toMatchObject({
      valid: true,
      receipt: {
        ...PARTIES,
        contractId: chain.agreement.id,
        receiptId: chain.receipt.id,
        outcome: 'pass',
        priceMicroUsd: PRICE,
        paidMicroUsd: PRICE,
      },
    });
  });

  it('is bound to the delivery that it names, where that is at hand', () => {
    const documents = { agreement: chain.agreement.envelope, verdict: chain.receipt.envelope };
    expect(reasonOf({ ...documents, delivery: chain.delivery.envelope })).toBeUndefined();
    const other = makeChain({ nonce: bytes32(0x90) });
    expect(reasonOf({ ...documents, delivery: other.delivery.envelope })).toBe('CONTRACT_MISMATCH');
    expect(reasonOf({ ...documents, delivery: chain.quote.envelope })).toBe('MALFORMED');
    const elsewhere = receiptOf(0x33, {}, { delivery: bytes32(4) });
    const named = { ...elsewhere, delivery: chain.delivery.envelope };
    expect(reasonOf(named)).toBe('DELIVERY_MISMATCH');
  });

  it('needs both signatures of both documents', () => {
    const { agreement, proposal, receipt, clientVerdict } = chain;
    const oneOfVerdict = { agreement: agreement.envelope, verdict: clientVerdict.envelope };
    expect(reasonOf(oneOfVerdict)).toBe('NOT_COUNTERSIGNED');
    const oneOfAgreement = { agreement: proposal.envelope, verdict: receipt.envelope };
    expect(reasonOf(oneOfAgreement)).toBe('NOT_COUNTERSIGNED');
  });

  it('of another contract is refused', () => {
    const other = makeChain({ nonce: bytes32(0x91) });
    const mixed = { agreement: chain.agreement.envelope, verdict: other.receipt.envelope };
    expect(reasonOf(mixed)).toBe('CONTRACT_MISMATCH');
  });

  it('signed by others than the parties of the agreement is refused', () => {
    const asMallory = {
      ...verdictDefinition(PARTIES),
      signers: () => [ALICE.peerId, MALLORY.peerId],
    };
    const forged = signDocument(asMallory, chain.clientVerdict.body, ALICE, MALLORY);
    const documents = { agreement: chain.agreement.envelope, verdict: forged.envelope };
    expect(reasonOf(documents)).toBe('WRONG_SIGNERS');
  });

  it('of a contract with oneself is refused, however many signatures it has', () => {
    const body = agreementBody(chain.quote, { contractor: ALICE.peerId });
    const agreement = signDocument(AGREEMENT, body, ALICE, ALICE);
    const parties = { client: ALICE.peerId, contractor: ALICE.peerId };
    const verdict = signDocument(
      verdictDefinition(parties),
      { ...chain.clientVerdict.body, contract: toBase64Url(agreement.id) },
      ALICE,
      ALICE,
    );
    const documents = { agreement: agreement.envelope, verdict: verdict.envelope };
    expect(reasonOf(documents)).toBe('WRONG_SIGNERS');
  });

  it.each<[string, Partial<Verdict>, string | undefined]>([
    ['pass at the price', { outcome: 'pass', paid: '1500' }, undefined],
    ['pass below the price', { outcome: 'pass', paid: '1499' }, 'PAID_NOT_BY_OUTCOME'],
    ['pass above the price', { outcome: 'pass', paid: '1501' }, 'PAID_ABOVE_PRICE'],
    ['fail for nothing', { outcome: 'fail', paid: '0' }, undefined],
    ['fail for something', { outcome: 'fail', paid: '1' }, 'PAID_NOT_BY_OUTCOME'],
    ['partial between', { outcome: 'partial', paid: '1' }, undefined],
    ['partial for nothing', { outcome: 'partial', paid: '0' }, 'PAID_NOT_BY_OUTCOME'],
    ['partial at the price', { outcome: 'partial', paid: '1500' }, 'PAID_NOT_BY_OUTCOME'],
    [
      'partial above the price',
      { outcome: 'partial', paid: '9999999999999999999' },
      'PAID_ABOVE_PRICE',
    ],
  ])('with %s', (_, verdict, reason) => {
    expect(reasonOf(receiptOf(0x33, {}, verdict))).toBe(reason);
  });
});

describe('receipt book', () => {
  it('says what was paid, as the sum of receipts, by peer and period', async () => {
    const book = new ReceiptBook(new FakeKeyValueStore());
    await book.add(receiptOf(1), START_SECONDS);
    await book.add(receiptOf(2, {}, { outcome: 'partial', paid: '400' }), START_SECONDS + 100);
    await book.add(receiptOf(3, {}, { outcome: 'fail', paid: '0' }), START_SECONDS + 200);
    const sum = async (filter = {}) => (await book.totals(filter)).paidMicroUsd;
    expect(await book.totals()).toEqual({
      receipts: 3,
      paidMicroUsd: 1_900n,
      priceMicroUsd: 4_500n,
    });
    expect(await sum({ client: ALICE.peerId })).toBe(1_900n);
    expect(await sum({ contractor: BOB.peerId })).toBe(1_900n);
    expect(await sum({ client: BOB.peerId })).toBe(0n);
    expect(await sum({ fromSeconds: START_SECONDS + 100 })).toBe(400n);
    expect(await sum({ toSeconds: START_SECONDS + 100 })).toBe(1_500n);
    await book.add(receiptOf(4), START_SECONDS + 300);
    expect(await sum()).toBe(3_400n);
  });

  it('counts a receipt once, however often it is added, at the same time too', async () => {
    const book = new ReceiptBook(new FakeKeyValueStore());
    const documents = receiptOf(1);
    const results = await Promise.all([1, 2, 3].map(() => book.add(documents, START_SECONDS)));
    expect(results.map(({ added }) => added).sort()).toEqual([false, false, true]);
    expect(results.every(({ refusal }) => refusal === undefined)).toBe(true);
    expect(await book.totals()).toMatchObject({ receipts: 1, paidMicroUsd: PRICE });
  });

  it('refuses a second, different receipt of one contract', async () => {
    const book = new ReceiptBook(new FakeKeyValueStore());
    await book.add(receiptOf(1), START_SECONDS);
    const other = receiptOf(1, {}, { outcome: 'fail', paid: '0' });
    expect(await book.add(other, START_SECONDS)).toEqual({
      added: false,
      refusal: 'SECOND_VERDICT',
    });
    expect(await book.totals()).toMatchObject({ receipts: 1, paidMicroUsd: PRICE });
  });

  it('refuses what is no receipt, by name', async () => {
    const book = new ReceiptBook(new FakeKeyValueStore());
    const half = { agreement: chain.agreement.envelope, verdict: chain.clientVerdict.envelope };
    expect(await book.add(half, START_SECONDS)).toEqual({
      added: false,
      refusal: 'NOT_COUNTERSIGNED',
    });
    expect(await book.totals()).toMatchObject({ receipts: 0 });
  });

  it('is the same after a restart', async () => {
    const disk = new FakeKeyValueStore();
    await new ReceiptBook(disk).add(receiptOf(1), START_SECONDS);
    disk.crash();
    const book = new ReceiptBook(disk);
    expect(await book.totals()).toMatchObject({ receipts: 1, paidMicroUsd: PRICE });
    const entries: ReceiptEntry[] = [];
    for await (const each of book.entries()) entries.push(each);
    const [entry] = entries;
    expect(entry).toMatchObject({ recordedAtSeconds: START_SECONDS });
    expect(await book.get(entry!.receipt.contractId)).toEqual(entry);
    expect(await book.get(new Uint8Array(32))).toBeUndefined();
  });

  it('finds a receipt that was changed on the disk, or put under another contract', async () => {
    const disk = new FakeKeyValueStore();
    await new ReceiptBook(disk).add(receiptOf(1), START_SECONDS);
    const [key, value] = [...disk.values][0]!;
    disk.values.set(`${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`, value);
    const moved = new ReceiptBook(disk).totals();
    await expect(moved).rejects.toMatchObject({ code: 'RECEIPT_RECORD_CORRUPT' });
    disk.values.clear();
    disk.values.set(key, value.slice(0, -2));
    const cut = new ReceiptBook(disk).totals();
    await expect(cut).rejects.toMatchObject({ code: 'RECEIPT_RECORD_CORRUPT' });
  });

  it('keeps no receipt that it could not flush', async () => {
    const disk = new FakeKeyValueStore();
    disk.failsToFlush = true;
    const book = new ReceiptBook(disk);
    await expect(book.add(receiptOf(1), START_SECONDS)).rejects.toThrow('no space left');
  });

  it('adds a receipt to a sum that is being loaded', async () => {
    const disk = new FakeKeyValueStore();
    await new ReceiptBook(disk).add(receiptOf(1), START_SECONDS);
    const book = new ReceiptBook(disk);
    const first = book.totals();
    await book.add(receiptOf(2), START_SECONDS);
    await first;
    expect(await book.totals()).toMatchObject({ receipts: 2 });
  });

  it('takes a receipt that was signed again, for it is the same', async () => {
    const book = new ReceiptBook(new FakeKeyValueStore());
    const again = countersign(verdictDefinition(PARTIES), chain.clientVerdict, BOB);
    expect(again.envelope).toEqual(chain.receipt.envelope);
    const documents = { agreement: chain.agreement.envelope, verdict: again.envelope };
    expect((await book.add(documents, START_SECONDS)).added).toBe(true);
  });
});
