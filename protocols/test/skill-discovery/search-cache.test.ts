import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { Clock } from '../../components.ts';
import { questionAbout, searchContractors } from '../../skill-discovery/find-contractors.ts';
import type { ContractorHit, SearchResult } from '../../skill-discovery/find-contractors.ts';
import { FRESH_MS, MAX_ANSWER_AGE_MS, SearchCache } from '../../skill-discovery/search-cache.ts';
import { contentOf, createNetwork, recordOf, until } from './fixtures.ts';
import type { TestNode } from './fixtures.ts';

// Real nodes: on a busy machine a lookup takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const TERM = 'performs:nlp/sentiment';
const record = recordOf(Identity.fromSeed(new Uint8Array(32).fill(7)));

/** A clock that the test sets. */
class SetClock implements Clock {
  ms = 0;
  nowMs(): number {
    return record.body.iat * 1_000 + this.ms;
  }
  monotonicMs(): number {
    return this.ms;
  }
}

function resultOf(change: Partial<SearchResult> = {}): SearchResult {
  const hit: ContractorHit = {
    peerId: record.body.peerId,
    record,
    offer: record.body.offers[0]!,
    matchedTerm: TERM,
    recordAgeSeconds: 0,
    source: 'holder',
  };
  return {
    query: TERM,
    outcome: 'complete',
    hits: [hit],
    asked: 3,
    answered: 3,
    elapsedMs: 40,
    lookAgeMs: 0,
    firstHitMs: 20,
    trace: [],
    dropped: [],
    ...change,
  };
}

/** A cache over looks that the test answers, each with the time at which it was begun. */
function createCache(answer: () => Promise<SearchResult> = () => Promise.resolve(resultOf())) {
  const clock = new SetClock();
  const looksAtMs: number[] = [];
  const search = () => {
    looksAtMs.push(clock.ms);
    return answer();
  };
  return { clock, looksAtMs, cache: new SearchCache({ clock, search }) };
}

const question = questionAbout(TERM);

describe('the cache of searches', () => {
  it('answers a question of the last two seconds without a look, and tells each hit', async () => {
    const { cache, clock, looksAtMs } = createCache();
    await cache.search(question);
    clock.ms = FRESH_MS;
    const told: string[] = [];
    const again = await cache.search(question, { onHit: ({ peerId }) => told.push(peerId) });
    expect(looksAtMs).toEqual([0]);
    expect(told).toEqual([record.body.peerId]);
    expect(again).toMatchObject({ lookAgeMs: FRESH_MS, elapsedMs: 0, firstHitMs: 0 });
    expect(again.trace[0]).toMatchObject({ event: 'kept' });
  });

  it('keeps a newer look when an older one ends after it', async () => {
    const answers = [0, 1].map(() => Promise.withResolvers<SearchResult>());
    let asked = 0;
    const { cache, clock } = createCache(() => answers[asked++]!.promise);
    const first = cache.search(question);
    clock.ms = 1_000;
    const second = cache.search(question);
    answers[1]!.resolve(resultOf({ asked: 2 }));
    await second;
    answers[0]!.resolve(resultOf({ asked: 1 }));
    await first;
    clock.ms = 2_000;
    expect((await cache.search(question)).asked).toBe(2);
    expect(asked).toBe(2);
  });

  it('keeps what it traced within a bound, and nothing beyond its age', async () => {
    const line = { atMs: 0, event: 'providers' };
    const long = resultOf({ trace: Array.from({ length: 1_000 }, () => line) });
    const { cache, clock, looksAtMs } = createCache(() => Promise.resolve(long));
    const questions = Array.from({ length: 20 }, (_, i) => ({ ...question, query: `q${i}` }));
    for (const one of questions) await cache.search(one);
    expect(looksAtMs).toHaveLength(20);
    for (const one of questions.slice(4)) await cache.search(one);
    expect(looksAtMs).toHaveLength(20);
    await cache.search(questions[0]!);
    expect(looksAtMs).toHaveLength(21);
    clock.ms = MAX_ANSWER_AGE_MS + 1;
    await cache.search({ ...question, query: 'later' });
    expect(cache.size).toBe(1);
  });

  it('shares no answer between two questions that need other offers', async () => {
    const { cache, looksAtMs } = createCache();
    await cache.search(question);
    await cache.search({ ...question, needs: 'offers to buy' });
    expect(looksAtMs).toHaveLength(2);
    await cache.search({ ...question });
    expect(looksAtMs).toHaveLength(2);
  });

  it('shows the age of each record as it is now', async () => {
    const { cache, clock } = createCache();
    await cache.search(question);
    clock.ms = 7_000;
    expect((await cache.search(question)).hits).toMatchObject([{ recordAgeSeconds: 7 }]);
  });

  it('looks anew behind the back of who asks for an older answer, once at a time', async () => {
    const gates: ((result: SearchResult) => void)[] = [];
    const { cache, clock, looksAtMs } = createCache(
      () => new Promise((resolve) => gates.push(resolve)),
    );
    const first = cache.search(question);
    gates[0]!(resultOf());
    await first;
    clock.ms = FRESH_MS + 1;
    await Promise.all([cache.search(question), cache.search(question)]);
    expect(looksAtMs).toEqual([0, FRESH_MS + 1]);
    gates[1]!(resultOf({ answered: 2 }));
    await vi.waitFor(async () => {
      expect(await cache.search(question)).toMatchObject({ answered: 2, lookAgeMs: 0 });
    });
  });

  it('keeps the answer that it has when the look behind it fails', async () => {
    let isBroken = false;
    const { cache, clock, looksAtMs } = createCache(() =>
      isBroken ? Promise.reject(new Error('no')) : Promise.resolve(resultOf()),
    );
    await cache.search(question);
    isBroken = true;
    clock.ms = 5_000;
    expect(await cache.search(question)).toMatchObject({ lookAgeMs: 5_000 });
    expect(looksAtMs).toEqual([0, 5_000]);
  });

  it.each<[string, Partial<SearchResult>]>([
    ['partial', { outcome: 'partial' }],
    ['unreachable', { outcome: 'unreachable', hits: [] }],
    ['without a hit', { hits: [] }],
  ])('keeps no answer that is %s: absence is never proof', async (_, change) => {
    const { cache, looksAtMs } = createCache(() => Promise.resolve(resultOf(change)));
    await cache.search(question);
    await cache.search(question);
    expect(looksAtMs).toEqual([0, 0]);
  });

  it('never gives an answer of a look begun more than eight seconds ago', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(12_000), { maxLength: 30 }), async (pausesMs) => {
        const { cache, clock } = createCache();
        for (const pauseMs of pausesMs) {
          clock.ms += pauseMs;
          const { lookAgeMs } = await cache.search(question);
          expect(lookAgeMs).toBeLessThanOrEqual(MAX_ANSWER_AGE_MS);
        }
      }),
    );
  });

  it('stays within its bound, however many questions are asked', async () => {
    const hits = Array.from({ length: 256 }, () => resultOf().hits[0]!);
    const { cache, looksAtMs } = createCache(() => Promise.resolve(resultOf({ hits })));
    for (let i = 0; i < 40; i++) await cache.search(questionAbout(`performs:q${i}`));
    await cache.search(questionAbout('performs:q39'));
    expect(looksAtMs).toHaveLength(40);
    // 16 questions of 256 hits fill it: the first ones are gone.
    await cache.search(questionAbout('performs:q23'));
    expect(looksAtMs).toHaveLength(41);
  });
});

describe('the cache of searches among three real nodes', () => {
  let nodes: TestNode[];
  beforeAll(async () => {
    nodes = await createNetwork(3);
  }, 120_000);
  afterAll(async () => {
    await Promise.all(nodes.map(({ host }) => host.stop()));
  });

  it('shows a changed price to a client that asks again and again', async () => {
    const [client, contractor] = nodes as [TestNode, TestNode];
    const cache = new SearchCache({
      clock: client.clock,
      search: (asked, options) => searchContractors(client, asked, options),
    });
    const price = async () =>
      (await cache.search(question)).hits.map(({ offer }) => offer.priceMicroUsd).join();
    await contractor.advertiser.publish(contentOf({ term: TERM, priceMicroUsd: '700' }));
    await until('the first price is seen', async () => (await price()) === '700');
    await contractor.advertiser.publish(contentOf({ term: TERM, priceMicroUsd: '900' }));
    await until('the new price is seen', async () => (await price()) === '900');
  });
});
