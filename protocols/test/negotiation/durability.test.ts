import { describe, expect, it } from 'vitest';
import { toHex } from '../../../crypto/bytes.ts';
import { ContractStore, encodeContract } from '../../negotiation/contract-store.ts';
import { newContract } from '../../negotiation/contract.ts';
import { NegotiationInterruptedError } from '../../negotiation/errors.ts';
import { START_SECONDS } from './fake-world.ts';
import { ALICE, BOB, Market, RESULT, SHAPE, TASK, TASK_HASH, contractOf } from './fixture.ts';

const ASK = { taskHash: TASK_HASH, shape: SHAPE };

/** Ids of the requests behind the receipts of a contractor. */
async function hired(store: ContractStore, contractor: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const { request } of store.hired(contractor)) ids.push(toHex(request.id));
  return ids;
}

describe('signatures are on disk before they are sent', () => {
  it('the client sends no signature that it could not flush', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const sentByAlice = () => market.net.sent.filter(({ from }) => from === ALICE.peerId).length;
    const failsUnflushed = async (step: () => Promise<unknown>): Promise<void> => {
      const before = sentByAlice();
      market.aliceDisk.failsToFlush = true;
      await expect(step()).rejects.toThrow('no space left');
      expect(sentByAlice()).toBe(before);
      market.aliceDisk.failsToFlush = false;
      market.restartAlice();
    };

    await failsUnflushed(() => market.client.requestQuote(stream, ASK));
    const { request } = contractOf(await market.client.requestQuote(stream, ASK));
    await failsUnflushed(() => market.client.agree(stream, request.id));
    const { agreement } = contractOf(await market.client.agree(stream, request.id));
    await market.contractor.startWork(agreement!.id, TASK);
    await market.client.startWork(request.id);
    await market.client.collectDelivery(stream, request.id, RESULT);
    await failsUnflushed(() => market.client.acknowledge(stream, request.id));
    await market.client.acknowledge(stream, request.id);
    const pass = { outcome: 'pass', checks: [] } as const;
    await failsUnflushed(() => market.client.settle(stream, request.id, pass));
    const settled = await market.client.settle(stream, request.id, pass);
    expect(contractOf(settled).phase).toBe('RECEIPT');
  });

  it('the contractor sends no signature that it could not flush, and says INTERNAL', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const declined = { agreed: false, refusal: 'INTERNAL', by: 'peer' };
    const failsUnflushed = async (step: () => Promise<unknown>): Promise<void> => {
      market.bobDisk.failsToFlush = true;
      expect(await step()).toEqual(declined);
      // Asked again it has the signature in memory, and must still not send it.
      expect(await step()).toEqual(declined);
      market.bobDisk.failsToFlush = false;
      market.bobDisk.crash();
    };

    await failsUnflushed(() => market.client.requestQuote(stream, ASK));
    expect(market.contractor.openQuotes).toBe(0);
    const { request } = contractOf(await market.client.requestQuote(stream, ASK));
    await failsUnflushed(() => market.client.agree(stream, request.id));
    const { agreement } = contractOf(await market.client.agree(stream, request.id));
    await market.contractor.startWork(agreement!.id, TASK);
    await market.client.startWork(request.id);
    await failsUnflushed(() => market.client.collectDelivery(stream, request.id, RESULT));
    await market.client.collectDelivery(stream, request.id, RESULT);
    const pass = { outcome: 'pass', checks: [] } as const;
    await failsUnflushed(() => market.client.settle(stream, request.id, pass));
    const settled = await market.client.settle(stream, request.id, pass);
    expect(contractOf(settled).phase).toBe('RECEIPT');
    const errors = market.logger.lines.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(8);
  });

  it('an offer that a crash left beside its contract is swept, the contract is not', async () => {
    const market = await Market.open();
    const { contract } = await market.agreed();
    const key = [...market.bobDisk.values.keys()].find((name) => name.includes('/contract/'))!;
    const stale = encodeContract(newContract('contractor', contract.request, START_SECONDS));
    await market.bobDisk.put(key.replace('/contract/', '/offer/'), stale);
    market.clock.advanceSeconds(600);
    expect(await market.contractor.sweep()).toBe(0);
    const kept = await market.contractor.contract(contract.agreement!.id);
    expect(kept?.phase).toBe('AGREED');
    expect([...market.bobDisk.values.keys()].some((name) => name.includes('/offer/'))).toBe(false);
  });

  it('an offer that ran out is kept while its documents could come again, then swept', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const { quote } = contractOf(await market.client.requestQuote(stream, ASK));
    market.clock.advanceSeconds(180);
    expect(await market.contractor.sweep()).toBe(0);
    market.clock.advanceSeconds(1);
    expect(await market.contractor.sweep()).toBe(1);
    expect(market.bobDisk.values.size).toBe(0);
    expect(quote?.body.exp).toBe(START_SECONDS + 60);
  });

  it('both sides go on after a restart where they were', async () => {
    const market = await Market.open();
    const first = await market.stream();
    const { request } = contractOf(await market.client.requestQuote(first, ASK));
    await market.restartBob();
    market.restartAlice();
    expect(market.contractor.openQuotes).toBe(1);
    const stream = await market.stream();
    const { agreement } = contractOf(await market.client.agree(stream, request.id));
    await market.restartBob();
    market.restartAlice();
    expect(market.contractor.openQuotes).toBe(0);
    await market.contractor.startWork(agreement!.id, TASK);
    await market.client.startWork(request.id);
    await market.contractor.recordDelivery(agreement!.id, RESULT);
    await market.restartBob();
    market.restartAlice();
    const later = await market.stream();
    await market.client.collectDelivery(later, request.id, RESULT);
    const pass = { outcome: 'pass', checks: [] } as const;
    const settled = contractOf(await market.client.settle(later, request.id, pass));
    expect(settled.phase).toBe('RECEIPT');
    market.restartAlice();
    const restored = await market.client.contract(request.id);
    expect(restored?.verdict?.envelope).toEqual(settled.verdict?.envelope);
  });

  it('an agreement is countersigned after a crash between the two signatures', async () => {
    const market = await Market.open({
      acceptAgreement: () => Promise.reject(new Error('the process is dying')),
    });
    const stream = await market.stream();
    const { request } = contractOf(await market.client.requestQuote(stream, ASK));
    const lost = await market.client.agree(stream, request.id);
    expect(lost).toEqual({ agreed: false, refusal: 'INTERNAL', by: 'peer' });
    market.policy.acceptAgreement = () => Promise.resolve(true);
    await market.restartBob();
    const agreed = await market.client.agree(await market.stream(), request.id);
    expect(contractOf(agreed).phase).toBe('AGREED');
  });
});

describe('receipts in the contract store', () => {
  /** Alice's contract, settled on both sides. */
  async function settled(market: Market) {
    const { stream, id } = await market.delivered();
    contractOf(await market.client.acknowledge(stream, id));
    const verdict = { outcome: 'pass', checks: [{ type: 'schema', passed: 1 as const }] } as const;
    return contractOf(await market.client.settle(stream, id, verdict));
  }

  it('are found by their id on both sides, after a crash too', async () => {
    const market = await Market.open();
    const { verdict, request } = await settled(market);
    for (const disk of [market.aliceDisk, market.bobDisk]) {
      disk.crash();
      const found = await new ContractStore(disk).byReceipt(verdict!.id);
      expect(found?.request.id).toEqual(request.id);
      expect(found?.phase).toBe('RECEIPT');
    }
  });

  it('make the client known to the contractor, and nobody else to anybody', async () => {
    const market = await Market.open();
    const bob = new ContractStore(market.bobDisk);
    await market.delivered();
    expect(await bob.hasReceiptOf(ALICE.peerId)).toBe(false);
    await settled(market);
    expect(await bob.hasReceiptOf(ALICE.peerId)).toBe(true);
    expect(await bob.hasReceiptOf(BOB.peerId)).toBe(false);
    const alice = new ContractStore(market.aliceDisk);
    expect(await alice.hasReceiptOf(BOB.peerId)).toBe(false);
    expect(await alice.hasReceiptOf(ALICE.peerId)).toBe(false);
  });

  it('are found by their contractor on the side that hired it, and on no other', async () => {
    const market = await Market.open();
    const alice = new ContractStore(market.aliceDisk);
    await market.delivered();
    expect(await hired(alice, BOB.peerId)).toEqual([]);
    const first = await settled(market);
    const second = await settled(market);
    const ids = [first, second].map(({ request }) => toHex(request.id)).sort();
    expect(await hired(alice, BOB.peerId)).toEqual(ids);
    expect(await hired(alice, ALICE.peerId)).toEqual([]);
    const bob = new ContractStore(market.bobDisk);
    expect(await hired(bob, BOB.peerId)).toEqual([]);
    expect(await hired(bob, ALICE.peerId)).toEqual([]);
  });

  it('are not found by the id of a verdict without the second signature', async () => {
    const market = await Market.open({ reviewVerdict: () => Promise.resolve('contest') });
    const { stream, id } = await market.delivered();
    contractOf(await market.client.acknowledge(stream, id));
    const verdict = { outcome: 'fail', checks: [{ type: 'schema', passed: 0 as const }] } as const;
    await market.client.settle(stream, id, verdict);
    const contract = await market.client.contract(id);
    expect(contract?.verdict).toBeDefined();
    for (const disk of [market.aliceDisk, market.bobDisk]) {
      expect(await new ContractStore(disk).byReceipt(contract!.verdict!.id)).toBeUndefined();
    }
    expect(await new ContractStore(market.bobDisk).hasReceiptOf(ALICE.peerId)).toBe(false);
    expect(await hired(new ContractStore(market.aliceDisk), BOB.peerId)).toEqual([]);
  });
});

describe('broken streams', () => {
  it('a lost answer is asked for again, and no document is signed twice', async () => {
    const market = await Market.open();
    const { contract, id } = await market.working();
    market.net.faultOf = (_, from) => (from === BOB.peerId ? 'lost' : 'none');
    const lost = market.client.collectDelivery(await market.stream(), id, RESULT);
    await expect(lost).rejects.toMatchObject({ code: 'STREAM_TRUNCATED' });
    const bobs = await market.contractor.contract(contract.agreement!.id);
    market.net.faultOf = () => 'none';
    const again = await market.client.collectDelivery(await market.stream(), id, RESULT);
    expect(contractOf(again).delivery?.envelope).toEqual(bobs?.delivery?.envelope);
  });

  it('a peer that ends the stream instead of answering is an interruption', async () => {
    const market = await Market.open({}, { maxStreamsPerPeer: 8 });
    const stream = await market.stream();
    market.net.faultOf = (_, from) =>
      from === ALICE.peerId ? { replaceBy: new Uint8Array([0]) } : 'none';
    const declined = await market.client.requestQuote(stream, ASK);
    expect(declined).toEqual({ agreed: false, refusal: 'MALFORMED', by: 'peer' });
    const ended = market.client.requestQuote(stream, ASK);
    await expect(ended).rejects.toThrow(NegotiationInterruptedError);
  });

  it('a signal of the caller ends the wait and closes the stream', async () => {
    const market = await Market.open({ quoteFor: () => new Promise(() => undefined) });
    const stream = await market.stream();
    const controller = new AbortController();
    const waiting = market.client.requestQuote(stream, ASK, { signal: controller.signal });
    controller.abort(new Error('the user gave up'));
    await expect(waiting).rejects.toThrow('the user gave up');
    await expect(stream.readMessage()).rejects.toMatchObject({ code: 'STREAM_ABORTED' });
  });
});
