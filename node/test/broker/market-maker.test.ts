import { afterEach, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { RecordIndex } from '../../../protocols/broker/record-index.ts';
import type { NegotiationClient } from '../../../protocols/negotiation/client.ts';
import type { SecureStreams } from '../../../protocols/secure-stream.ts';
import { FakeClock } from '../../../protocols/test/a2a/test-agent.ts';
import { FakeLogger, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { contentOf, recordOf } from '../../../protocols/test/skill-discovery/fixtures.ts';
import {
  MarketMaker,
  MAX_LOOKED_AT,
  MAX_TERMS,
  QUOTES_PER_TERM,
} from '../../broker/market-maker.ts';

const TERM = 'performs:nlp/sentiment';
const QUOTE_SECONDS = 60;
const never = new AbortController().signal;

/** A market maker whose contractors answer as told; streams and negotiation are fakes. */
class MarketUnderTest {
  readonly clock = new FakeClock();
  readonly index = new RecordIndex();
  readonly asked: string[] = [];
  readonly mute = new Set<string>();
  readonly prices = new Map<string, string>();
  /** How long a mute one takes. */
  muteMs = 0;
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
        if (this.mute.has(peerId)) return this.#nothing();
        const exp = this.nowSeconds + QUOTE_SECONDS;
        const envelope = new TextEncoder().encode(`${peerId} ${exp}`);
        const quote = { envelope, body: { exp, price: this.prices.get(peerId) } };
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

  async #nothing(): Promise<never> {
    if (this.muteMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, this.muteMs));
      this.clock.ms = Date.now();
    }
    throw new Error('no answer');
  }

  get nowSeconds(): number {
    return Math.floor(this.clock.ms / 1_000);
  }

  /** Puts a seller into the index. */
  sell(n: number, priceMicroUsd: string, terms: readonly string[] = [TERM], capacity = 2): string {
    const seed = new Uint8Array(32).fill(7);
    seed.set([n >> 8, n & 255], 30);
    const identity = Identity.fromSeed(seed);
    const exp = this.nowSeconds + 3_600;
    const content = contentOf(...terms.map((term) => ({ term, priceMicroUsd })));
    const offers = content.offers.map((offer) => ({ ...offer, capacity }));
    const addresses = [`/ip4/${20 + (n >> 8)}.51.${n & 255}.1/tcp/4001`];
    const times = { seq: this.nowSeconds, iat: this.nowSeconds, exp };
    this.index.put(recordOf(identity, { ...content, offers, ...times, addresses }));
    this.prices.set(identity.peerId, priceMicroUsd);
    return identity.peerId;
  }

  get held(): readonly string[] {
    return this.heldOf(TERM);
  }

  heldOf(term: string): readonly string[] {
    const quotes = this.maker.quotesFor([term]);
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

  it('dear: four that came first keep no cheaper one out, one of whom is asked a round', async () => {
    const market = new MarketUnderTest();
    for (let n = 0; n < 4; n++) market.sell(n, '1000000');
    await market.rounds(2);
    const cheap = [10, 11, 12, 13].map((n) => market.sell(n, '2')).sort();
    const before = market.asked.length;
    await market.rounds(1);
    expect(market.asked.slice(before).filter((peerId) => cheap.includes(peerId))).toHaveLength(1);
    await market.rounds(5);
    expect([...market.held].sort()).toEqual(cheap);
    // One that lists less than it asks is held no longer for that.
    const bait = market.sell(20, '1');
    market.prices.set(bait, '500');
    await market.rounds(20);
    expect([...market.held].sort()).toEqual(cheap);
  });

  it('bait: forty that list less than they ask keep no honest one out', async () => {
    const market = new MarketUnderTest();
    for (let n = 0; n < 40; n++) market.prices.set(market.sell(n, '1'), '1000000');
    await market.rounds(40);
    const honest = [200, 201, 202, 203].map((n) => market.sell(n, '50')).sort();
    await market.rounds(8);
    expect([...market.held].sort()).toEqual(honest);
  });

  it('stand though a contractor slips once', async () => {
    const market = new MarketUnderTest();
    const seller = market.sell(0, '5');
    await market.rounds(1);
    market.clock.ms += 25_000;
    market.mute.add(seller);
    await market.rounds(1);
    market.mute.delete(seller);
    for (let round = 0; round < 6; round++) {
      await market.rounds(1);
      expect(market.held, `round ${round}`).toEqual([seller]);
    }
  });

  it('mute: identities that invent terms end no market and keep no new term out', async () => {
    const market = new MarketUnderTest();
    const honest = [0, 1, 2, 3].map((n) => market.sell(n, '100')).sort();
    await market.rounds(1);
    for (const [set, first] of ['first', 'second'].entries()) {
      const terms = Array.from({ length: 32 }, (_, i) => `performs:invented-${first}/${i}`);
      for (let n = 0; n < 5; n++) market.mute.add(market.sell(100 + 10 * set + n, '1', terms));
    }
    const late = market.sell(200, '50', ['performs:late']);
    for (let round = 0; round < 60; round++) {
      await market.rounds(1);
      expect([...market.held].sort(), `round ${round}`).toEqual(honest);
    }
    expect(market.heldOf('performs:late')).toEqual([late]);
  });

  it('mute: thousands of invented terms, forgotten as they are tried, leave each other its turn', async () => {
    const market = new MarketUnderTest();
    for (let n = 0; n < 100; n++) {
      const terms = Array.from({ length: 32 }, (_, i) => `performs:fake/${n >> 1}-${i}`);
      market.mute.add(market.sell(n, '1', terms));
    }
    expect(market.index.termCount).toBeGreaterThan(3 * MAX_LOOKED_AT);
    const honest = market.sell(5_000, '100', ['performs:real/thing']);
    let rounds = 0;
    // Each of the others has two sellers: what has more comes first in every other round only.
    while (!market.asked.includes(honest) && rounds < 25) {
      await market.rounds(1);
      rounds += 1;
    }
    expect(market.heldOf('performs:real/thing')).toEqual([honest]);
  });

  it('are renewed by those that gave them, before a stranger is asked', async () => {
    const market = new MarketUnderTest();
    const first = [0, 1, 2, 3].map((n) => market.sell(n, String(20 + n)));
    await market.rounds(1);
    market.sell(10, '10'); // takes the place of the dearest, which answered
    await market.rounds(1);
    expect(market.held).not.toContain(first[3]);
    market.mute.add(first[0]!);
    for (let n = 30; n < 40; n++) market.mute.add(market.sell(n, '1'));
    market.clock.ms += 30_000;
    const before = market.asked.length;
    await market.rounds(1);
    const asked = market.asked.slice(before);
    const strangers = asked.filter((peerId) => market.mute.has(peerId) && peerId !== first[0]);
    expect(strangers.length).toBeGreaterThan(0);
    for (const peerId of first.slice(1, 3)) {
      expect(asked.indexOf(peerId)).toBeGreaterThanOrEqual(0);
      expect(asked.indexOf(peerId)).toBeLessThan(asked.indexOf(strangers[0]!));
    }
    // Where a place is free it is for one that answered before.
    while (market.held.includes(first[0]!)) market.clock.ms += 1_000;
    market.clock.ms += 1_000;
    const free = market.asked.length;
    await market.rounds(1);
    const askedThen = market.asked.slice(free);
    expect(askedThen).toContain(first[3]);
    expect(askedThen.filter((peerId) => strangers.includes(peerId))).toEqual([]);
  });

  it('are of so many terms and no more, and of none that has nothing to sell', async () => {
    const market = new MarketUnderTest();
    const terms = Array.from({ length: MAX_TERMS + 6 }, (_, i) => `performs:term-${i}`);
    const idle = market.sell(300, '1', [TERM], 0);
    const sellers = terms.map((term, n) => market.sell(n, '5', [term]));
    await market.rounds(12);
    const standing = terms.filter((term) => market.heldOf(term).length > 0);
    expect(standing).toHaveLength(MAX_TERMS);
    expect(market.asked).not.toContain(idle);
    // Each is asked for anew in time; the place of one that ends is free.
    for (const peerId of sellers.slice(0, 10)) market.mute.add(peerId);
    await market.rounds(12);
    const later = terms.filter((term) => market.heldOf(term).length > 0);
    expect(later).toEqual(terms.slice(10));
  });

  it('mute: each term is tried once before one is tried again for which nobody answered', async () => {
    const market = new MarketUnderTest();
    for (let n = 0; n < 400; n++) {
      const term = `performs:invented/${n}`;
      for (const i of [0, 1]) market.mute.add(market.sell(1_000 + 2 * n + i, '1', [term]));
    }
    const late = market.sell(0, '50', ['performs:late']);
    await market.rounds(27); // 16 terms each
    expect(market.heldOf('performs:late')).toEqual([late]);
  });
});

describe('quotes while mute identities take five seconds each', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are never missing: nobody waits behind a stranger for a renewal', async () => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'],
    });
    const market = new MarketUnderTest();
    market.muteMs = 5_000;
    market.clock.ms = Date.now();
    for (let n = 0; n < 4; n++) market.sell(n, '100');
    const passSecond = async (): Promise<void> => {
      await vi.advanceTimersByTimeAsync(1_000);
      market.clock.ms = Date.now();
    };
    const rounds = setInterval(() => void market.maker.refresh(never), 10_000);
    for (let second = 0; second < 12; second++) await passSecond();
    expect(market.held).toHaveLength(4);
    for (let n = 0; n < 512; n++) {
      const terms = [n % 2 === 0 ? TERM : `performs:invented/${n % 32}`];
      market.mute.add(market.sell(1_000 + n, '1', terms));
    }
    let without = 0;
    for (let second = 0; second < 1_200; second++) {
      await passSecond();
      if (market.held.length < 4) without += 1;
    }
    clearInterval(rounds);
    expect(without).toBe(0);
    expect(market.asked.length).toBeGreaterThan(500);
  }, 60_000);
});
