import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { RecordIndex } from '../../../protocols/broker/record-index.ts';
import type { NegotiationClient } from '../../../protocols/negotiation/client.ts';
import type { SecureStreams } from '../../../protocols/secure-stream.ts';
import { FakeClock } from '../../../protocols/test/a2a/test-agent.ts';
import { FakeLogger, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { contentOf, recordOf } from '../../../protocols/test/skill-discovery/fixtures.ts';
import { MarketMaker, QUOTES_PER_TERM } from '../../broker/market-maker.ts';

const TERM = 'performs:nlp/sentiment';
const QUOTE_SECONDS = 60;
const never = new AbortController().signal;

/** A market maker whose contractors answer as told; streams and negotiation are fakes. */
class MarketUnderTest {
  readonly clock = new FakeClock();
  readonly index = new RecordIndex();
  readonly asked: string[] = [];
  readonly mute = new Set<string>();
  /** Called while a contractor is asked. */
  onAsk = (): void => undefined;
  readonly maker: MarketMaker;

  constructor() {
    const fakeStreams = {
      open: (peerId: string) => Promise.resolve({ peerId, closeWrite: () => Promise.resolve() }),
    };
    const fakeNegotiation = {
      requestQuote: ({ peerId }: { readonly peerId: string }) => {
        this.asked.push(peerId);
        this.onAsk();
        if (this.mute.has(peerId)) return Promise.reject(new Error('no answer'));
        const exp = this.nowSeconds + QUOTE_SECONDS;
        const quote = { envelope: new TextEncoder().encode(`${peerId} ${exp}`), body: { exp } };
        const request = { id: new Uint8Array(32), envelope: new Uint8Array(1) };
        return Promise.resolve({ agreed: true, contract: { request, quote } });
      },
      release: () => Promise.resolve(),
    };
    this.maker = new MarketMaker({
      index: this.index,
      streams: fakeStreams as unknown as SecureStreams,
      negotiation: fakeNegotiation as unknown as NegotiationClient,
      self: 'broker',
      clock: this.clock,
      random: new FakeRandom('market'),
      logger: new FakeLogger(),
    });
  }

  get nowSeconds(): number {
    return Math.floor(this.clock.ms / 1_000);
  }

  /** Puts a seller into the index. */
  sell(n: number, priceMicroUsd: string): string {
    const identity = Identity.fromSeed(new Uint8Array(32).fill(7).fill(n, 31));
    const exp = this.nowSeconds + 3_600;
    const content = contentOf({ term: TERM, priceMicroUsd });
    const addresses = [`/ip4/198.51.${n}.1/tcp/4001`];
    const iat = this.nowSeconds;
    this.index.put(recordOf(identity, { ...content, iat, exp, addresses }));
    return identity.peerId;
  }

  get held(): readonly string[] {
    const quotes = this.maker.quotesFor([TERM]);
    return quotes.map(({ quote }) => new TextDecoder().decode(quote).split(' ')[0]!);
  }

  async rounds(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.maker.refresh(never);
      this.clock.ms += 10_000;
    }
  }
}

describe('quotes of a market', () => {
  it('are of the four cheapest that give one', async () => {
    const market = new MarketUnderTest();
    const sellers = [5, 4, 3, 2, 1].map((price, n) => market.sell(n, String(price)));
    await market.rounds(1);
    expect([...market.held].sort()).toEqual(sellers.slice(1).sort());
  });

  it('mute: 200 cheap identities that never answer switch no market off', async () => {
    const market = new MarketUnderTest();
    for (let n = 0; n < 200; n++) market.mute.add(market.sell(n, '1'));
    const honest = [200, 201, 202, 203].map((n) => market.sell(n, '100')).sort();
    await market.rounds(7);
    expect([...market.held].sort()).toEqual(honest);
    // Their rest is over again and again; the market stands all the while.
    for (let minute = 0; minute < 50; minute++) {
      await market.rounds(6);
      expect([...market.held].sort(), `minute ${minute}`).toEqual(honest);
    }
  });

  it('mute: each identity is asked once before one without a quote is asked again', async () => {
    const market = new MarketUnderTest();
    for (let n = 0; n < 200; n++) market.mute.add(market.sell(n, '1'));
    await market.rounds(7);
    expect(new Set(market.asked).size).toBe(200);
    // Rests of 2, 4, 8 and 16 minutes: five questions each within 50 minutes.
    await market.rounds(50 * 6);
    expect(market.asked.length).toBeLessThanOrEqual(5 * 200);
  });

  it('stay until their successors are there, and go when they run out', async () => {
    const market = new MarketUnderTest();
    for (let n = 0; n < 4; n++) market.sell(n, '10');
    await market.rounds(1);
    market.clock.ms += 25_000; // less than half a minute is left
    const whileAsked: number[] = [];
    market.onAsk = () => whileAsked.push(market.held.length);
    await market.rounds(1);
    expect(whileAsked).toEqual([4, 4, 4, 4]);
    expect(market.held).toHaveLength(QUOTES_PER_TERM);
    for (const peerId of market.asked) market.mute.add(peerId);
    await market.rounds(7);
    expect(market.held).toEqual([]);
  });
});
