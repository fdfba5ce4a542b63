import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countersign } from '../../../crypto/envelope.ts';
import { newContract } from '../../negotiation/contract.ts';
import type { Contract } from '../../negotiation/contract.ts';
import { AGREEMENT, verdictDefinition } from '../../negotiation/documents.ts';
import {
  MAX_SHOWN_AGE_SECONDS,
  receiptChainOf,
  verifyReceiptChain,
} from '../../settlement/shown-receipt.ts';
import type { ReceiptChain } from '../../settlement/shown-receipt.ts';
import {
  BOB,
  MALLORY,
  PARTIES,
  PRICE,
  SHAPE,
  bytes32,
  makeChain,
  makeDelivery,
  makeProposal,
  makeQuote,
  makeReceiptChain,
  makeRequest,
  makeVerdict,
} from '../negotiation/fixture.ts';
import { START_SECONDS } from '../negotiation/fake-world.ts';

function reasonOf(chain: ReceiptChain, nowSeconds = START_SECONDS): string | undefined {
  const verified = verifyReceiptChain(chain, nowSeconds);
  return verified.valid ? undefined : verified.reason;
}

describe('a shown receipt', () => {
  it('says who judged whose work at which skill, and for how much', () => {
    const verified = verifyReceiptChain(makeReceiptChain(), START_SECONDS);
    expect(verified).toMatchObject({
      valid: true,
      receipt: { ...PARTIES, skills: SHAPE.skills, outcome: 'pass', priceMicroUsd: PRICE },
    });
  });

  it('is the chain of a settled contract, and no other contract has one', () => {
    const { request, quote, agreement, receipt } = makeChain();
    const settled: Contract = {
      ...newContract('contractor', request, START_SECONDS),
      phase: 'RECEIPT',
      quote,
      agreement,
      verdict: receipt,
    };
    expect(reasonOf(receiptChainOf(settled)!)).toBeUndefined();
    expect(receiptChainOf({ ...settled, phase: 'VERDICT' })).toBeUndefined();
    expect(receiptChainOf(newContract('contractor', request, START_SECONDS))).toBeUndefined();
  });

  it.each<[string, ReceiptChain, string]>([
    [
      'a skill of another request',
      { ...makeReceiptChain(), request: otherRequest() },
      'REQUEST_MISMATCH',
    ],
    [
      'a price of another quote',
      { ...makeReceiptChain(), quote: makeQuote(makeRequest(), { nonce: bytes32(0x77) }).envelope },
      'QUOTE_MISMATCH',
    ],
    [
      'the verdict of another contract',
      {
        ...makeReceiptChain(),
        verdict: makeReceiptChain({ agreement: { nonce: bytes32(0x78) } }).verdict,
      },
      'CONTRACT_MISMATCH',
    ],
    [
      'another task than was asked for',
      makeReceiptChain({ agreement: { task: bytes32(5) } }),
      'TASK_MISMATCH',
    ],
    [
      'a price above the quote, agreed so that it weighs more',
      makeReceiptChain({ agreement: { price: '100000' }, verdict: { paid: '100000' } }),
      'PRICE_ABOVE_QUOTE',
    ],
    [
      'a request that another peer signed',
      { ...makeReceiptChain(), request: requestOfMallory() },
      'REQUEST_MISMATCH',
    ],
    [
      'a quote in place of the request',
      { ...makeReceiptChain(), request: makeReceiptChain().quote },
      'MALFORMED',
    ],
    ['a quote that another contractor gave', quotedByMallory(), 'WRONG_CONTRACTOR'],
    [
      'bytes that are nothing',
      { ...makeReceiptChain(), quote: new Uint8Array([1, 2]) },
      'MALFORMED',
    ],
    [
      'an envelope beyond the limit',
      { ...makeReceiptChain(), request: new Uint8Array(24_577) },
      'MALFORMED',
    ],
  ])('with %s is refused', (_, chain, reason) => {
    expect(reasonOf(chain)).toBe(reason);
  });

  it('of which only the client signed the verdict is refused', () => {
    const { clientVerdict } = makeChain();
    const chain = { ...makeReceiptChain(), verdict: clientVerdict.envelope };
    expect(reasonOf(chain)).toBe('NOT_COUNTERSIGNED');
  });

  it('is refused before it was made and once it is too old', () => {
    const chain = makeReceiptChain();
    expect(reasonOf(chain, START_SECONDS - 60)).toBeUndefined();
    expect(reasonOf(chain, START_SECONDS - 61)).toBe('NOT_YET_VALID');
    expect(reasonOf(chain, START_SECONDS + MAX_SHOWN_AGE_SECONDS)).toBeUndefined();
    expect(reasonOf(chain, START_SECONDS + MAX_SHOWN_AGE_SECONDS + 1)).toBe('EXPIRED');
  });

  it('with any one byte changed is refused, and nothing throws', () => {
    const chain = makeReceiptChain();
    const names = ['request', 'quote', 'agreement', 'verdict'] as const;
    fc.assert(
      fc.property(
        fc.constantFrom(...names),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (name, at, bits) => {
          const bytes = Uint8Array.from(chain[name]);
          bytes[at % bytes.length]! ^= bits;
          expect(reasonOf({ ...chain, [name]: bytes })).toBeDefined();
        },
      ),
    );
  });
});

function otherRequest(): Uint8Array {
  return makeRequest({ shape: { ...SHAPE, skills: ['performs:finance/risk-assessment'] } })
    .envelope;
}

function quotedByMallory(): ReceiptChain {
  const request = makeRequest();
  const quote = makeQuote(request, {}, MALLORY);
  const agreement = countersign(AGREEMENT, makeProposal(quote), BOB);
  const verdict = makeVerdict(agreement, makeDelivery(agreement));
  return {
    request: request.envelope,
    quote: quote.envelope,
    agreement: agreement.envelope,
    verdict: countersign(verdictDefinition(PARTIES), verdict, BOB).envelope,
  };
}

function requestOfMallory(): Uint8Array {
  return makeRequest({ client: MALLORY.peerId }, MALLORY).envelope;
}
