/** Contractors that lure with one price and want another. */
import { describe, expect, it } from 'vitest';
import type { ContractorPolicy } from '../../../protocols/negotiation/contractor-policy.ts';
import { switchingPolicy } from '../../adversaries/price-switcher.ts';
import type { PriceSwitch } from '../../adversaries/price-switcher.ts';

const { signal } = new AbortController();
const TERMS = {
  ...{ priceMicroUsd: 10n, latencyMs: 1_000, capacitySecs: 60 },
  load: { demand: 0, available: 1, total: 1 },
};
const HONEST: ContractorPolicy = {
  quoteFor: () => Promise.resolve(TERMS),
  reviewCounter: () => Promise.resolve(true),
  acceptAgreement: () => Promise.resolve(true),
  deliveryFor: () => Promise.resolve(undefined),
  reviewVerdict: () => Promise.resolve('countersign'),
};

function adversary(kind: PriceSwitch) {
  const policy = switchingPolicy(HONEST, kind, ['attestor']);
  return {
    ask: async (client: string) => {
      const terms = await policy.quoteFor({ client } as never, signal);
      return 'decline' in terms ? terms.decline : terms.priceMicroUsd;
    },
    agree: (client: string) => policy.acceptAgreement({ client } as never, signal),
  };
}

describe('a contractor that baits', () => {
  it('quotes a multiple to clients, and its price to attestors', async () => {
    const { ask } = adversary('bait');
    expect([await ask('client'), await ask('attestor')]).toEqual([500n, 10n]);
  });

  it('takes the agreement of whoever falls for it', async () => {
    expect(await adversary('bait').agree('client')).toBe(true);
  });
});

describe('a contractor that switches', () => {
  it('refuses the first agreement of a client, and asks more for a new quote', async () => {
    const { ask, agree } = adversary('switch');
    expect(await ask('client')).toBe(10n);
    expect(await agree('client')).toEqual({ decline: 'SESSION_MISMATCH' });
    expect(await ask('client')).toBe(500n);
    expect(await agree('client')).toBe(true);
  });

  it('deals with attestors as it says', async () => {
    const { ask, agree } = adversary('switch');
    expect([await agree('attestor'), await ask('attestor')]).toEqual([true, 10n]);
  });
});
