import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countersign } from '../../../crypto/envelope.ts';
import { newContract } from '../../negotiation/contract.ts';
import type { Contract } from '../../negotiation/contract.ts';
import { AGREEMENT, verdictDefinition } from '../../negotiation/documents.ts';
import type { Agreement, Quote, QuoteRequest, Verdict } from '../../negotiation/documents.ts';
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
  makeRequest,
  makeVerdict,
} from '../negotiation/fixture.ts';
import { START_SECONDS } from '../negotiation/fake-world.ts';

interface Changes {
  readonly request?: Partial<QuoteRequest>;
  readonly quote?: Partial<Quote>;
  readonly agreement?: Partial<Agreement>;
  readonly verdict?: Partial<Verdict>;
}

/** A chain signed by its parties, whatever it says. */
function chainWith(changes: Changes = {}): ReceiptChain {
  const request = makeRequest(changes.request);
  const quote = makeQuote(request, changes.quote);
  const agreement = countersign(AGREEMENT, makeProposal(quote, changes.agreement), BOB);
  const verdict = makeVerdict(agreement, makeDelivery(agreement), changes.verdict);
  return {
    request: request.envelope,
    quote: quote.envelope,
    agreement: agreement.envelope,
    verdict: countersign(verdictDefinition(PARTIES), verdict, BOB).envelope,
  };
}

function reasonOf(chain: ReceiptChain, nowSeconds = START_SECONDS): string | undefined {
  const verified = verifyReceiptChain(chain, nowSeconds);
  return verified.valid ? undefined : verified.reason;
}

describe('a shown receipt', () => {
  it('says who judged whose work at which skill, and for how much', () => {
    const verified = verifyReceiptChain(chainWith(), START_SECONDS);
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
    ['a skill of another request', { ...chainWith(), request: otherRequest() }, 'REQUEST_MISMATCH'],
    [
      'a price of another quote',
      { ...chainWith(), quote: makeQuote(makeRequest(), { nonce: bytes32(0x77) }).envelope },
      'QUOTE_MISMATCH',
    ],
    [
      'the verdict of another contract',
      { ...chainWith(), verdict: chainWith({ agreement: { nonce: bytes32(0x78) } }).verdict },
      'CONTRACT_MISMATCH',
    ],
    [
      'another task than was asked for',
      chainWith({ agreement: { task: bytes32(5) } }),
      'TASK_MISMATCH',
    ],
    [
      'a price above the quote, agreed so that it weighs more',
      chainWith({ agreement: { price: '100000' }, verdict: { paid: '100000' } }),
      'PRICE_ABOVE_QUOTE',
    ],
    [
      'a request that another peer signed',
      { ...chainWith(), request: requestOfMallory() },
      'REQUEST_MISMATCH',
    ],
    [
      'a quote in place of the request',
      { ...chainWith(), request: chainWith().quote },
      'MALFORMED',
    ],
    ['a quote that another contractor gave', quotedByMallory(), 'WRONG_CONTRACTOR'],
    ['bytes that are nothing', { ...chainWith(), quote: new Uint8Array([1, 2]) }, 'MALFORMED'],
    [
      'an envelope beyond the limit',
      { ...chainWith(), request: new Uint8Array(24_577) },
      'MALFORMED',
    ],
  ])('with %s is refused', (_, chain, reason) => {
    expect(reasonOf(chain)).toBe(reason);
  });

  it('of which only the client signed the verdict is refused', () => {
    const { clientVerdict } = makeChain();
    const chain = { ...chainWith(), verdict: clientVerdict.envelope };
    expect(reasonOf(chain)).toBe('NOT_COUNTERSIGNED');
  });

  it('is refused before it was made and once it is too old', () => {
    const chain = chainWith();
    expect(reasonOf(chain, START_SECONDS - 60)).toBeUndefined();
    expect(reasonOf(chain, START_SECONDS - 61)).toBe('NOT_YET_VALID');
    expect(reasonOf(chain, START_SECONDS + MAX_SHOWN_AGE_SECONDS)).toBeUndefined();
    expect(reasonOf(chain, START_SECONDS + MAX_SHOWN_AGE_SECONDS + 1)).toBe('EXPIRED');
  });

  it('with any one byte changed is refused, and nothing throws', () => {
    const chain = chainWith();
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
