import { describe, expect, it } from 'vitest';
import { openEnvelope } from '../../../crypto/envelope.ts';
import { verifyReceipt } from '../../settlement/receipt.ts';
import { AGREEMENT } from '../../negotiation/documents.ts';
import { Market, PRICE, RESULT, SHAPE, TASK, TASK_HASH, contractOf } from './fixture.ts';

describe('a negotiation between two peers', () => {
  it('goes from the request to a receipt that both have signed', async () => {
    const market = await Market.open();
    const { client, contractor } = market;
    const { stream, contract, id } = await market.agreed();
    expect(contract.phase).toBe('AGREED');
    expect(contract.quote?.body.price).toBe(PRICE.toString());

    const contractId = contract.agreement!.id;
    expect(await contractor.startWork(contractId, TASK)).toMatchObject({ accepted: true });
    expect(contractOf(await client.startWork(id)).phase).toBe('WORKING');
    expect(await contractor.recordDelivery(contractId, RESULT)).toMatchObject({ accepted: true });
    const delivered = await client.collectDelivery(stream, id, RESULT);
    expect(contractOf(delivered).phase).toBe('DELIVERED');
    expect(contractOf(await client.acknowledge(stream, id)).phase).toBe('ACKNOWLEDGED');
    const settled = contractOf(
      await client.settle(stream, id, {
        outcome: 'pass',
        checks: [{ type: 'schema', passed: 1 }],
      }),
    );

    expect(settled.phase).toBe('RECEIPT');
    const verified = verifyReceipt({
      agreement: settled.agreement!.envelope,
      verdict: settled.verdict!.envelope,
      delivery: settled.delivery!.envelope,
    });
    expect(verified).toMatchObject({ valid: true, receipt: { paidMicroUsd: PRICE } });
    const bobs = await contractor.contract(contractId);
    expect(bobs?.phase).toBe('RECEIPT');
    expect(bobs?.verdict?.envelope).toEqual(settled.verdict?.envelope);
    await stream.closeWrite();
    await Promise.all(market.net.served);
  });

  it('carries each step on a stream of its own, in a later session too', async () => {
    const market = await Market.open();
    const { contract, id } = await market.agreed();
    market.net.sessionNumber += 1;
    await market.contractor.startWork(contract.agreement!.id, TASK);
    await market.client.startWork(id);
    await market.client.collectDelivery(await market.stream(), id, RESULT);
    await market.client.acknowledge(await market.stream(), id);
    const settled = await market.client.settle(await market.stream(), id, {
      outcome: 'pass',
      checks: [],
    });
    expect(contractOf(settled).phase).toBe('RECEIPT');
  });

  it('says NOT_READY while the work is not done', async () => {
    const market = await Market.open({ deliveryFor: () => Promise.resolve(undefined) });
    const { stream, id } = await market.working();
    const early = await market.client.collectDelivery(stream, id);
    expect(early).toEqual({ agreed: false, refusal: 'NOT_READY', by: 'peer' });
  });

  it('passes on why a contractor does not want the task', async () => {
    const market = await Market.open({
      quoteFor: () => Promise.resolve({ decline: 'SKILL_NOT_OFFERED' }),
    });
    const ask = { taskHash: TASK_HASH, shape: SHAPE };
    const declined = await market.client.requestQuote(await market.stream(), ask);
    expect(declined).toEqual({ agreed: false, refusal: 'SKILL_NOT_OFFERED', by: 'peer' });
    expect(market.contractor.openQuotes).toBe(0);
  });

  it('makes no contract where the credit line is used up', async () => {
    const market = await Market.open({
      acceptAgreement: () => Promise.resolve({ decline: 'CREDIT_EXHAUSTED' }),
    });
    const stream = await market.stream();
    const quoted = contractOf(
      await market.client.requestQuote(stream, { taskHash: TASK_HASH, shape: SHAPE }),
    );
    const declined = await market.client.agree(stream, quoted.request.id);
    expect(declined).toEqual({ agreed: false, refusal: 'CREDIT_EXHAUSTED', by: 'peer' });
    const agreement = (await market.client.contract(quoted.request.id))!.agreement!;
    expect(openEnvelope(AGREEMENT, agreement.envelope, 2).valid).toBe(false);
    expect(await market.contractor.contract(agreement.id)).toMatchObject({ phase: 'NEGOTIATING' });
  });

  it('pays part of the price where both sign that', async () => {
    const market = await Market.open();
    const { stream, id } = await market.delivered();
    await market.client.acknowledge(stream, id);
    const settled = contractOf(
      await market.client.settle(stream, id, {
        outcome: 'partial',
        paidMicroUsd: 400n,
        checks: [{ type: 'schema', passed: 0 }],
      }),
    );
    expect(settled).toMatchObject({ phase: 'RECEIPT', verdict: { body: { paid: '400' } } });
  });

  it('is disputed where the contractor contests, and says so again when asked again', async () => {
    const market = await Market.open({ reviewVerdict: () => Promise.resolve('contest') });
    const { stream, contract, id } = await market.delivered();
    const fail = { outcome: 'fail', checks: [{ type: 'schema', passed: 0 }] } as const;
    expect(contractOf(await market.client.settle(stream, id, fail)).phase).toBe('DISPUTED');
    expect(contractOf(await market.client.settle(stream, id, fail)).phase).toBe('DISPUTED');
    const bobs = await market.contractor.contract(contract.agreement!.id);
    expect(bobs?.verdict?.signers).toHaveLength(1);
  });

  it('asks no policy before it countersigns a pass', async () => {
    const market = await Market.open({
      reviewVerdict: () => Promise.reject(new Error('must not be asked')),
    });
    const { stream, id } = await market.delivered();
    const settled = await market.client.settle(stream, id, { outcome: 'pass', checks: [] });
    expect(contractOf(settled).phase).toBe('RECEIPT');
  });

  it('ends by agreement of both while nothing is delivered', async () => {
    const market = await Market.open();
    const { stream, contract, id } = await market.working();
    const cancelled = contractOf(await market.client.cancel(stream, id));
    expect(cancelled).toMatchObject({ phase: 'VOID', voidReason: 'CANCELLED' });
    const bobs = await market.contractor.contract(contract.agreement!.id);
    expect(bobs).toMatchObject({ phase: 'VOID', voidReason: 'CANCELLED' });
  });

  it('does not end by cancelling what is delivered', async () => {
    const market = await Market.open();
    const { stream, id } = await market.delivered();
    const refused = await market.client.cancel(stream, id);
    expect(refused).toEqual({ agreed: false, refusal: 'WRONG_STATE', by: 'peer' });
  });

  it('gives the slot of a quote back that is not taken', async () => {
    const market = await Market.open();
    const stream = await market.stream();
    const ask = { taskHash: TASK_HASH, shape: SHAPE };
    const quoted = contractOf(await market.client.requestQuote(stream, ask));
    expect(market.contractor.openQuotes).toBe(1);
    const released = contractOf(await market.client.release(stream, quoted.request.id));
    expect(released.phase).toBe('VOID');
    expect(market.contractor.openQuotes).toBe(0);
  });

  it('gives the slot of a quote back that has expired', async () => {
    const market = await Market.open();
    const ask = { taskHash: TASK_HASH, shape: SHAPE };
    await market.client.requestQuote(await market.stream(), ask);
    expect(market.contractor.openQuotes).toBe(1);
    market.clock.advanceSeconds(61);
    expect(market.contractor.openQuotes).toBe(0);
  });

  it('starts no work on another task than the agreed one', async () => {
    const market = await Market.open();
    const { contract } = await market.agreed();
    const other = { ...TASK, salt: new Uint8Array(16).fill(8) };
    const contractId = contract.agreement!.id;
    const refused = { accepted: false, refusal: 'TASK_MISMATCH' };
    expect(await market.contractor.startWork(contractId, other)).toEqual(refused);
    const short = { ...TASK, salt: new Uint8Array(15) };
    expect(await market.contractor.startWork(contractId, short)).toEqual(refused);
    expect(await market.contractor.contract(contractId)).toMatchObject({ phase: 'AGREED' });
  });
});

describe('a counter-offer', () => {
  const LESS = PRICE - 100n;
  const quoted = async (market: Market) => {
    const stream = await market.stream();
    const ask = { taskHash: TASK_HASH, shape: SHAPE };
    const { request } = contractOf(await market.client.requestQuote(stream, ask));
    return { stream, id: request.id };
  };

  it('that the contractor takes is the price of the agreement, and of the receipt', async () => {
    const reviewed: unknown[] = [];
    const market = await Market.open({
      reviewCounter: (question) => {
        reviewed.push(question);
        return Promise.resolve(true);
      },
    });
    const { stream, id } = await quoted(market);
    const countered = contractOf(await market.client.counter(stream, id, LESS));
    expect(countered.bargainedPrice).toBe(LESS.toString());
    // Sent again it changes nothing, and nobody is asked again.
    await market.client.counter(stream, id, LESS);
    expect(reviewed).toMatchObject([{ priceMicroUsd: LESS, quotedMicroUsd: PRICE }]);
    const { agreement } = contractOf(await market.client.agree(stream, id));
    expect(agreement!.body.price).toBe(LESS.toString());
    const bobs = await market.contractor.contract(agreement!.id);
    expect(bobs).toMatchObject({ phase: 'AGREED', bargainedPrice: LESS.toString() });
  });

  it('that the contractor refuses leaves the quote as it was', async () => {
    const market = await Market.open({ reviewCounter: () => Promise.resolve(false) });
    const { stream, id } = await quoted(market);
    const refused = await market.client.counter(stream, id, LESS);
    expect(refused).toEqual({ agreed: false, refusal: 'PRICE_TOO_LOW', by: 'peer' });
    const { agreement } = contractOf(await market.client.agree(stream, id));
    expect(agreement!.body.price).toBe(PRICE.toString());
  });

  it('comes once for a quote: the contractor is not asked a second time', async () => {
    let asked = 0;
    const market = await Market.open({
      reviewCounter: ({ priceMicroUsd }) => {
        asked += 1;
        return Promise.resolve(priceMicroUsd > LESS);
      },
    });
    const { stream, id } = await quoted(market);
    await market.client.counter(stream, id, LESS);
    const second = await market.client.counter(stream, id, LESS + 50n);
    expect(second).toEqual({ agreed: false, refusal: 'SECOND_COUNTER', by: 'peer' });
    expect(asked).toBe(1);
    const { agreement } = contractOf(await market.client.agree(stream, id));
    expect(agreement!.body.price).toBe(PRICE.toString());
  });

  it('with a new quote each time finds the lowest price by halving (not prevented)', async () => {
    const lowest = 1_234n;
    const market = await Market.open({
      reviewCounter: ({ priceMicroUsd }) => Promise.resolve(priceMicroUsd >= lowest),
    });
    let [refused, taken] = [0n, PRICE];
    while (taken - refused > 1n) {
      const { stream, id } = await quoted(market);
      const middle = (refused + taken) / 2n;
      const answer = await market.client.counter(stream, id, middle);
      if (answer.agreed) taken = middle;
      else refused = middle;
      await market.client.release(stream, id);
      await stream.closeWrite();
    }
    expect(taken).toBe(lowest);
  });

  it('above the quote, of an unknown quote, or after the agreement is refused', async () => {
    const market = await Market.open({ reviewCounter: () => Promise.resolve(true) });
    const { stream, id } = await quoted(market);
    expect(await market.client.counter(stream, id, PRICE + 1n)).toMatchObject({ agreed: false });
    await market.client.agree(stream, id);
    expect(await market.client.counter(stream, id, LESS)).toEqual({
      agreed: false,
      refusal: 'WRONG_STATE',
      by: 'self',
    });
  });

  it('is refused where the contractor has no rule for it', async () => {
    const market = await Market.open();
    const { stream, id } = await quoted(market);
    const refused = await market.client.counter(stream, id, LESS);
    expect(refused).toEqual({ agreed: false, refusal: 'PRICE_TOO_LOW', by: 'peer' });
  });
});
