/**
 * The whole protocol, client and contractor as shipped, over streams that break at any message,
 * with restarts of either side from what is on disk.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Contract } from '../../negotiation/contract.ts';
import { verifyReceipt } from '../../settlement/receipt.ts';
import type { Negotiated } from '../../negotiation/exchange.ts';
import type { SecureStream } from '../../secure-stream.ts';
import {
  ALICE,
  BOB,
  Market,
  PRICE,
  RESULT,
  SHAPE,
  TASK,
  TASK_HASH,
  contractOf,
} from './fixture.ts';

type Trouble =
  'none' | 'request lost' | 'answer lost' | 'twice' | 'alice restarts' | 'bob restarts';

const anyTrouble = fc.constantFrom<Trouble>(
  'none',
  'request lost',
  'answer lost',
  'twice',
  'alice restarts',
  'bob restarts',
);

/** Runs `step` on new streams until it goes through, with the next troubles of the list before. */
async function insist(
  market: Market,
  troubles: Trouble[],
  step: (stream: SecureStream) => Promise<Negotiated>,
): Promise<Contract> {
  for (;;) {
    const trouble = troubles.shift() ?? 'none';
    const from = { 'request lost': ALICE.peerId, 'answer lost': BOB.peerId }[trouble as string];
    market.net.faultOf = (_, sender) => (sender === from ? 'lost' : 'none');
    if (trouble === 'alice restarts') market.restartAlice();
    if (trouble === 'bob restarts') await market.restartBob();
    const times = trouble === 'twice' ? 2 : 1;
    let result: Negotiated | undefined;
    for (let i = 0; i < times; i++) {
      const stream = await market.stream();
      try {
        result = await step(stream);
        await stream.closeWrite();
      } catch (error) {
        expect(error).toMatchObject({ code: 'STREAM_TRUNCATED' });
        result = undefined;
      }
    }
    if (result) return contractOf(result);
  }
}

async function wholeLife(troubles: Trouble[]): Promise<void> {
  let credited = 0;
  const credit = new Set<string>();
  const market = await Market.open(
    {
      acceptAgreement: ({ contractId }) => {
        credit.add(Buffer.from(contractId).toString('hex'));
        credited += 1;
        return Promise.resolve(true);
      },
    },
    { questionsPerPeer: { burst: 1_000, perSecond: 1 } },
  );
  const first = await market.stream();
  const asked = await market.client.requestQuote(first, { taskHash: TASK_HASH, shape: SHAPE });
  const { id } = contractOf(asked).request;
  await insist(market, troubles, (stream) => market.client.repeatRequest(stream, id));
  const { agreement } = await insist(market, troubles, (s) => market.client.agree(s, id));
  await market.contractor.startWork(agreement!.id, TASK);
  await market.client.startWork(id);
  await insist(market, troubles, (s) => market.client.collectDelivery(s, id, RESULT));
  await insist(market, troubles, (s) => market.client.acknowledge(s, id));
  const pass = { outcome: 'pass', checks: [] } as const;
  const settled = await insist(market, troubles, (s) => market.client.settle(s, id, pass));

  expect(settled.phase).toBe('RECEIPT');
  expect(
    verifyReceipt({
      agreement: settled.agreement!.envelope,
      verdict: settled.verdict!.envelope,
      delivery: settled.delivery!.envelope,
    }),
  ).toMatchObject({ valid: true, receipt: { paidMicroUsd: PRICE } });
  const bobs = await market.contractor.contract(agreement!.id);
  expect(bobs?.verdict?.envelope).toEqual(settled.verdict!.envelope);
  expect(bobs?.agreement?.envelope).toEqual(settled.agreement!.envelope);
  expect(market.evidence).toEqual([]);
  expect(market.contractor.openQuotes).toBe(0);
  expect([credited, credit.size]).toEqual([1, 1]);
}

describe('a contract over streams that break', () => {
  it('ends in one receipt, the same on both sides, whatever breaks on the way', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyTrouble, { maxLength: 14 }), (troubles) =>
        wholeLife([...troubles]),
      ),
      { numRuns: 25 },
    );
  });
});
