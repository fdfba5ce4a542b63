import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import type { ContractorHit } from '../../../protocols/skill-discovery/find-contractors.ts';
import { MAX_ANSWER_AGE_MS } from '../../../protocols/skill-discovery/search-cache.ts';
import type { Search } from '../../../protocols/skill-discovery/search-cache.ts';
import { FakeClock, FakeRandom } from '../../../protocols/test/negotiation/fake-world.ts';
import { contentOf, recordOf } from '../../../protocols/test/skill-discovery/fixtures.ts';
import { UNPROVED } from '../../certificates/trust.ts';
import type { ProvedSkill } from '../../certificates/trust.ts';
import { TrustPolicy } from '../../certificates/trust-policy.ts';
import { loadConfig } from '../../config/load.ts';
import { embedLocally, LOCAL_EMBEDDING_MODEL, localEmbedder } from '../../skills/embedding.ts';
import { parseQuery } from '../../skills/query-expression.ts';
import type { ContractorProof } from '../../tasks/contractor-proofs.ts';
import {
  ABSENT_MS,
  ContractorSurvey,
  MAX_RECENT,
  RECENT_MS,
} from '../../tasks/contractor-survey.ts';
import { OutcomeBook } from '../../tasks/outcomes.ts';
import { MemoryJsonSection } from '../memory-section.ts';
import { never, peer } from './client-fakes.ts';

const TERM = 'performs:nlp/sentiment';
const SELF = peer(0);

type Outcome = 'complete' | 'partial' | 'unreachable';

function hitOf(number: number, term = TERM, model = ''): ContractorHit {
  const identity = Identity.fromSeed(new Uint8Array(32).fill(100 + number));
  const content = contentOf({ term });
  const record = recordOf(identity, { ...content, embeddings: { ...content.embeddings, model } });
  const [offer] = record.body.offers as [ContractorHit['offer']];
  const { peerId } = identity;
  return { peerId, record, offer, matchedTerm: term, recordAgeSeconds: 0, source: 'holder' };
}

/** A survey of a fake network, whose contractors prove what the test says. */
class SurveyUnderTest {
  readonly clock = new FakeClock();
  hits: readonly ContractorHit[] = [hitOf(1), hitOf(2)];
  outcome: Outcome = 'complete';
  readonly searched: string[] = [];
  /** Known peers that each search was handed. */
  readonly known: (readonly string[])[] = [];
  knownNoMore: readonly string[] = [];
  proofRounds = 0;
  readonly proved = new Map<string, Partial<ProvedSkill>>();
  readonly vectors = new Map<string, Float32Array>();
  readonly forgotten: string[] = [];
  embedder = localEmbedder;
  readonly survey: ContractorSurvey;

  readonly outcomes: OutcomeBook;

  private constructor(outcomes: OutcomeBook) {
    this.outcomes = outcomes;
    const fakeProofs = {
      of: (hits: readonly ContractorHit[]) => {
        this.proofRounds += 1;
        return Promise.resolve(hits.map((hit) => this.#proofOf(hit)));
      },
      forget: (peerId: string) => this.forgotten.push(peerId),
      forgetAll: () => undefined,
    };
    const fakeSearch: Search = (question, { onHit } = {}) => {
      this.searched.push(question.query);
      this.known.push(question.known ?? []);
      const hits = this.hits.filter(({ record }) => question.matching(record.body).length > 0);
      for (const hit of hits) onHit?.(hit);
      const counts = { asked: 1, answered: 1, elapsedMs: 1, lookAgeMs: 0, firstHitMs: 1 };
      const { query } = question;
      const result = { query, outcome: this.outcome, hits, trace: [], dropped: [] };
      const { knownNoMore } = this;
      return Promise.resolve({ ...result, ...counts, knownNoMore });
    };
    const { trust } = loadConfig([{ origin: 'test', values: {} }]);
    const components = {
      host: { addressesOf: () => [], peerId: SELF },
      proofs: fakeProofs,
      self: SELF,
      clock: this.clock,
      random: new FakeRandom('survey'),
      outcomes,
      embedder: {
        ...localEmbedder,
        embed: (...asked: [string[]]) => this.embedder.embed(...asked),
      },
      queryTimeoutMs: 1_000,
      isLocalNetwork: false,
      brokers: [],
      trust: new TrustPolicy(trust),
      named: new Set([peer(9)]),
    };
    this.survey = new ContractorSurvey(components as never, fakeSearch);
  }

  static async open(): Promise<SurveyUnderTest> {
    return new SurveyUnderTest(await OutcomeBook.load(new MemoryJsonSection()));
  }

  async succeeded(number: number, times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      const outcome = { isSuccess: true, paidMicroUsd: 1, utility: 1, atMs: this.clock.nowMs() };
      await this.outcomes.record({ peerId: peer(number), taskType: TERM, ...outcome });
    }
  }

  ask(query: string, onHit?: (hit: ContractorHit) => void) {
    const parsed = parseQuery(query);
    if (!parsed.valid) throw new Error(parsed.detail);
    const { alternatives } = parsed;
    return this.survey.answer({ query, alternatives, minimums: [] }, never, onHit);
  }

  #proofOf({ peerId }: ContractorHit): ContractorProof {
    const proved = { ...UNPROVED, ...this.proved.get(peerId) };
    return { proved, resources: [], vector: this.vectors.get(peerId), hasAnswered: true };
  }
}

const peersOf = (found: { contractors: readonly { hit: ContractorHit }[] }): string[] =>
  found.contractors.map(({ hit }) => hit.peerId);

describe('a look for contractors', () => {
  it('asks those that worked well in this, the best first, then those seen last', async () => {
    const test = await SurveyUnderTest.open();
    test.hits = [hitOf(1), hitOf(2), hitOf(3, 'performs:ocr')];
    await test.survey.look({ term: TERM }, never);
    await test.ask('performs:ocr');
    expect(test.known).toEqual([[], []]);
    await test.succeeded(5, 1);
    await test.succeeded(6, 2);
    await test.outcomes.record({
      ...{ peerId: peer(7), taskType: TERM, isSuccess: false, paidMicroUsd: 1, utility: 0 },
      atMs: test.clock.nowMs(),
    });
    test.clock.advanceSeconds((2 * MAX_ANSWER_AGE_MS) / 1_000);
    await test.survey.look({ term: TERM }, never);
    const expected = [peer(6), peer(5), peer(2), peer(1)];
    expect(test.known.at(-1)).toEqual(expected);
    // Also under an ancestor, in a query, and in no other.
    await test.ask('performs:nlp');
    expect(test.known.at(-1)).toEqual(expected);
    await test.ask('performs:chess');
    expect(test.known.at(-1)).toEqual([]);
  });

  it('leaves a known peer alone for ten minutes that was asked in vain', async () => {
    const test = await SurveyUnderTest.open();
    await test.survey.look({ term: TERM }, never);
    test.knownNoMore = [peer(2)];
    test.clock.advanceSeconds((2 * MAX_ANSWER_AGE_MS) / 1_000);
    await test.survey.look({ term: TERM }, never);
    test.knownNoMore = [];
    test.hits = [];
    // Where the search could not look, that says nothing of them.
    test.outcome = 'unreachable';
    test.knownNoMore = [peer(1)];
    await test.ask('performs:nlp');
    test.outcome = 'complete';
    test.knownNoMore = [];
    test.clock.advanceSeconds(ABSENT_MS / 1_000 - 1);
    await test.ask(TERM);
    expect(test.known.at(-1)).toEqual([peer(1)]);
    test.clock.advanceSeconds(1);
    await test.ask('performs:nlp');
    expect(test.known.at(-1)?.toSorted()).toEqual([peer(1), peer(2)].sort());
  });

  it('leaves this node out, and ranks known peers first, then by level', async () => {
    const test = await SurveyUnderTest.open();
    test.hits = [0, 1, 2, 3, 9].map((number) => hitOf(number));
    test.proved.set(peer(2), { level: 1, issuer: peer(8) });
    test.proved.set(peer(3), { level: 2, issuer: peer(8) });
    const { contractors } = await test.survey.look({ term: TERM }, never);
    expect(peersOf({ contractors })).toEqual([peer(3), peer(9), peer(2), peer(1)]);
    expect(contractors.map(({ isKnown }) => isKnown)).toEqual([true, true, false, false]);
    // A client that endorses makes no group of those it has hired.
    const groups = contractors.map(({ crowd }) => crowd.attestorGroup);
    expect(groups.slice(1)).toEqual([null, null, null]);
    expect(groups[0]).not.toBeNull();
  });

  it('knows a contractor from its third verified result on', async () => {
    const test = await SurveyUnderTest.open();
    const isKnown = async (): Promise<boolean> => {
      const { contractors } = await test.survey.look({ term: TERM }, never);
      return contractors.find(({ hit }) => hit.peerId === peer(1))!.isKnown;
    };
    await test.succeeded(1, 2);
    expect(await isKnown()).toBe(false);
    await test.succeeded(1, 1);
    expect(await isKnown()).toBe(true);
  });

  it('compares a description with vectors of its own model alone', async () => {
    const test = await SurveyUnderTest.open();
    test.hits = [hitOf(1, TERM, LOCAL_EMBEDDING_MODEL), hitOf(2, TERM, 'another-model')];
    const vector = embedLocally(`${TERM} angry customers`);
    for (const number of [1, 2]) test.vectors.set(peer(number), vector);
    const asked = { term: TERM, description: 'angry customers' };
    const { contractors } = await test.survey.look(asked, never);
    const similarity = new Map(contractors.map((one) => [one.hit.peerId, one.similarity]));
    expect(similarity.get(peer(1))).toBeCloseTo(1, 5);
    expect(similarity.get(peer(2))).toBeUndefined();
  });

  it('does without the description where the embedder fails', async () => {
    const test = await SurveyUnderTest.open();
    test.embedder = { ...localEmbedder, embed: () => Promise.reject(new Error('no service')) };
    const found = await test.survey.look({ term: TERM, description: 'anything' }, never);
    expect(found.contractors).toHaveLength(2);
    expect(found.contractors[0]!.similarity).toBeUndefined();
  });
});

describe('a look of a short while ago', () => {
  it('serves for 20 s, with the outcomes as they are now', async () => {
    const test = await SurveyUnderTest.open();
    await test.survey.recent({ term: TERM }, never);
    await test.succeeded(1, 1);
    test.clock.advanceSeconds(RECENT_MS / 1_000);
    const again = await test.survey.recent({ term: TERM }, never);
    expect(test.proofRounds).toBe(1);
    const one = again.contractors.find(({ hit }) => hit.peerId === peer(1))!;
    expect(one.history.byType[TERM]!.successes).toBe(1);
    test.clock.advanceSeconds(0.001);
    await test.survey.recent({ term: TERM }, never);
    expect(test.proofRounds).toBe(2);
    expect(test.searched).toHaveLength(2);
  });

  it('serves no other term, minimum or description', async () => {
    const test = await SurveyUnderTest.open();
    const minimums = [{ name: 'hasResource:memory-mib', min: 4n }];
    await test.survey.recent({ term: TERM }, never);
    await test.survey.recent({ term: TERM, minimums }, never);
    await test.survey.recent({ term: TERM, minimums: [{ ...minimums[0]!, min: 5n }] }, never);
    await test.survey.recent({ term: 'performs:nlp' }, never);
    for (let i = 0; i < 2; i++) {
      await test.survey.recent({ term: TERM, description: 'reviews' }, never);
    }
    expect(test.proofRounds).toBe(6);
  });

  it.each<[string, Outcome, readonly ContractorHit[]]>([
    ['partial', 'partial', [hitOf(1)]],
    ['empty', 'complete', []],
  ])('is not kept if it was %s: absence is never proof', async (_, outcome, hits) => {
    const test = await SurveyUnderTest.open();
    test.outcome = outcome;
    test.hits = hits;
    for (let i = 0; i < 2; i++) await test.survey.recent({ term: TERM }, never);
    expect(test.searched).toHaveLength(2);
  });

  it('is forgotten with the proofs of a peer that failed', async () => {
    const test = await SurveyUnderTest.open();
    await test.survey.recent({ term: TERM }, never);
    test.survey.forget(peer(1));
    await test.survey.recent({ term: TERM }, never);
    expect(test.searched).toHaveLength(2);
    expect(test.forgotten).toEqual([peer(1)]);
    test.survey.forgetProofs();
    await test.survey.recent({ term: TERM }, never);
    expect(test.proofRounds).toBe(3);
  });

  it('is kept of so many questions, the one asked longest ago goes first', async () => {
    const test = await SurveyUnderTest.open();
    test.hits = [hitOf(1, 'performs:a/b')];
    const asked = (i: number) => ({
      term: 'performs:a',
      minimums: [{ name: 'hasResource:memory-mib', min: BigInt(i) }],
    });
    for (let i = 0; i <= MAX_RECENT; i++) await test.survey.recent(asked(i), never);
    const before = test.proofRounds;
    await test.survey.recent(asked(1), never);
    expect(test.proofRounds).toBe(before);
    await test.survey.recent(asked(0), never);
    expect(test.proofRounds).toBe(before + 1);
  });
});

describe('the answer to a question in words', () => {
  it('names whoever sells something else, and tells of no such first hit', async () => {
    const test = await SurveyUnderTest.open();
    test.hits = [hitOf(0), hitOf(1), hitOf(2, 'performs:biology/sequencing')];
    const told: string[] = [];
    const text = 'sentiment analysis of customer reviews';
    const found = await test.ask(text, ({ peerId }) => told.push(peerId));
    expect(peersOf(found)).toEqual([peer(1)]);
    const term = 'performs:biology/sequencing';
    expect(found.search.dropped).toEqual([{ peerId: peer(2), term, reason: 'NOT_SIMILAR' }]);
    expect(told).toEqual([peer(1)]);
  });

  it('compares the text with vectors of its own model alone', async () => {
    const test = await SurveyUnderTest.open();
    const term = 'performs:biology/sequencing';
    test.hits = [hitOf(1, term, LOCAL_EMBEDDING_MODEL), hitOf(2, term, 'another-model')];
    const text = 'weld a steel pipe';
    for (const number of [1, 2]) test.vectors.set(peer(number), embedLocally(text));
    const found = await test.ask(text);
    expect(peersOf(found)).toEqual([peer(1)]);
    expect(found.contractors[0]!.fit.embedding).toBeCloseTo(1, 5);
    expect(found.search.dropped).toEqual([{ peerId: peer(2), term, reason: 'NOT_SIMILAR' }]);
  });

  it('takes nothing from a look of a task for the same term, nor the other way round', async () => {
    const test = await SurveyUnderTest.open();
    await test.survey.look({ term: TERM }, never);
    await test.ask(TERM);
    expect(test.searched).toEqual([TERM, TERM]);
    await test.ask(TERM);
    await test.survey.look({ term: TERM }, never);
    expect(test.searched).toHaveLength(2);
    test.clock.advanceSeconds(MAX_ANSWER_AGE_MS / 1_000 + 1);
    await test.ask(TERM);
    expect(test.searched).toHaveLength(3);
  });
});
