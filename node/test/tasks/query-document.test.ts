import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { recordOf } from '../../../protocols/test/skill-discovery/fixtures.ts';
import { queryBody } from '../../http-api/routes/requests.ts';
import type { Survey, SurveyedContractor } from '../../tasks/contractor-survey.ts';
import { firstHitDocument, queryDocument } from '../../tasks/query-document.ts';
import { contractor } from './client-fakes.ts';

const TERM = 'performs:nlp/sentiment';

function found(number: number, change: Partial<SurveyedContractor> = {}): SurveyedContractor {
  const identity = Identity.fromSeed(new Uint8Array(32).fill(number));
  const record = recordOf(identity);
  const of = contractor(identity.peerId);
  const [offer] = record.body.offers as [(typeof record.body.offers)[number]];
  return { ...of, hit: { ...of.hit, record, offer, recordAgeSeconds: 3 }, ...change };
}

function survey(...contractors: SurveyedContractor[]): Survey {
  const search = {
    query: TERM,
    outcome: 'complete' as const,
    hits: [],
    asked: 3,
    answered: 3,
    elapsedMs: 12.6,
    lookAgeMs: 0,
    firstHitMs: 4.2,
    trace: [],
    dropped: [],
  };
  return { search, contractors };
}

const ask = (change: object = {}) => queryBody.parse({ query: TERM, level: 2, ...change });

const unproved = (remark: string) => ({
  proved: {
    level: 0 as const,
    issuer: null,
    certId: null,
    expiresAtSeconds: null,
    remarks: [remark],
  },
});

describe('the answer to a query', () => {
  it('filters before the limit cuts', () => {
    const dear = found(1);
    const good = [found(2), found(3)];
    const cheap = good.map((one) => ({
      ...one,
      hit: { ...one.hit, offer: { ...one.hit.offer, priceMicroUsd: '5' } },
    }));
    const answer = queryDocument(ask({ limit: 1, maxPriceMicroUsd: 10 }), survey(dear, ...cheap));
    expect(answer.hits.map(({ peerId }) => peerId)).toEqual([cheap[0]!.hit.peerId]);
    expect(answer.dropped).toEqual([{ peerId: dear.hit.peerId, term: TERM, reason: 'TOO_DEAR' }]);
    expect(answer).toMatchObject({ outcome: 'complete', elapsedMs: 13, firstHitMs: 4 });
  });

  it('calls an answer without a hit complete only where three quarters answered', () => {
    const dear = found(1);
    const answerOf = (leastAnswered: number, ...contractors: SurveyedContractor[]) => {
      const one = survey(...contractors);
      const search = { ...one.search, leastAnswered };
      return queryDocument(ask({ maxPriceMicroUsd: 10 }), { ...one, search }).outcome;
    };
    expect(answerOf(0.75, dear)).toBe('complete');
    expect(answerOf(0.74, dear)).toBe('partial');
    const cheap = {
      ...dear,
      hit: { ...dear.hit, offer: { ...dear.hit.offer, priceMicroUsd: '5' } },
    };
    expect(answerOf(0.74, cheap)).toBe('complete');
  });

  it('lets no crowd take the places of others within a small limit', () => {
    const at = (number: number, network: number) => {
      const one = found(number);
      const connectedAt = [`/ip4/198.51.${network}.${number}/tcp/4001`];
      return { ...one, crowd: { ...one.crowd, connectedAt } };
    };
    const crowd = [1, 2, 3, 4, 5].map((number) => at(number, 100));
    const others = [at(6, 101), at(7, 102)];
    const answer = queryDocument(ask({ limit: 5 }), survey(...crowd, ...others));
    expect(answer.hits.map(({ peerId }) => peerId)).toEqual(
      [...crowd.slice(0, 3), ...others].map(({ hit }) => hit.peerId),
    );
    expect(answer.leftOut.sameNetwork).toBe(2);
    // The limit cuts what is left of the crowd, the best first.
    const short = queryDocument(ask({ limit: 4 }), survey(...crowd, ...others));
    expect(short.hits).toEqual(answer.hits.slice(0, 4));
  });

  it('drops who is slower than asked, before the limit cuts and as a first hit', () => {
    const [slow, fast] = [found(1), found(2)].map((one, i) => {
      const offer = { ...one.hit.offer, latencyMs: i === 0 ? 1_001 : 1_000 };
      return { ...one, hit: { ...one.hit, offer } };
    }) as [SurveyedContractor, SurveyedContractor];
    const request = ask({ limit: 1, maxLatencyMs: 1_000 });
    const answer = queryDocument(request, survey(slow, fast));
    expect(answer.hits.map(({ peerId }) => peerId)).toEqual([fast.hit.peerId]);
    expect(answer.dropped).toEqual([{ peerId: slow.hit.peerId, term: TERM, reason: 'TOO_SLOW' }]);
    expect(firstHitDocument(slow.hit, request)).toBeUndefined();
    expect(firstHitDocument(fast.hit, request)).toMatchObject({ latencyMs: 1_000 });
    expect(queryDocument(ask(), survey(slow, fast)).hits).toHaveLength(2);
  });

  it('says of each hit where it comes from', () => {
    const from = (source: 'holder' | 'dht' | 'broker', change: object = {}) => {
      const one = found(1);
      return { ...one, hit: { ...one.hit, source, ...change }, isKnown: false };
    };
    const sourcesOf = (one: SurveyedContractor, lookAgeMs = 0) => {
      const { search, contractors } = survey(one);
      return queryDocument(ask(), { search: { ...search, lookAgeMs }, contractors }).hits[0]!
        .sources;
    };
    expect(sourcesOf(from('holder'))).toEqual(['holder']);
    expect(sourcesOf(from('dht'))).toEqual(['dht']);
    expect(sourcesOf(from('broker'))).toEqual(['broker']);
    expect(sourcesOf(from('holder', { isAtBroker: true }))).toEqual(['holder', 'broker']);
    expect(sourcesOf({ ...from('dht'), isKnown: true }, 900)).toEqual(['dht', 'cache', 'known']);
  });

  it('does not take a silence for absence: who was not heard is named, and the look was partial', () => {
    const silent = found(1, { ...unproved('presentation: time-out'), hasAnswered: false });
    const answer = queryDocument(ask(), survey(found(2), silent));
    expect(answer.hits).toHaveLength(1);
    expect(answer.outcome).toBe('partial');
    expect(answer.dropped).toEqual([
      { peerId: silent.hit.peerId, term: TERM, reason: 'NOT_HEARD: presentation: time-out' },
    ]);
    // Where nothing was to be proved it is a hit as any other.
    const open = queryDocument(ask({ level: 0 }), survey(silent));
    expect(open).toMatchObject({ outcome: 'complete', hits: [{ level: 0 }] });
  });

  it('is complete where whoever lacks the level has answered', () => {
    const low = found(1, unproved('is by the holder itself'));
    const answer = queryDocument(ask(), survey(low));
    expect(answer).toMatchObject({ outcome: 'complete', hits: [] });
    expect(answer.dropped).toEqual([
      { peerId: low.hit.peerId, term: TERM, reason: 'LEVEL_TOO_LOW' },
    ]);
  });

  it('asks for the level of each resource that was to be proved, not of the skill alone', () => {
    const resource = (level: 2 | 3) => ({
      name: 'hasResource:gpu-memory-gib',
      min: 40n,
      atLeast: 40n,
      isProved: true,
      basis: 'stated' as const,
      level,
      issuer: 'attestor',
      certId: 'certificate',
      expiresAtSeconds: 9e9,
      remarks: [],
    });
    const levelOf = (skill: 2 | 3, proved: 2 | 3) => {
      const one = found(1);
      const strong = {
        ...one,
        proved: { ...one.proved, level: skill },
        resources: [resource(proved)],
      };
      return queryDocument(ask({ level: 3 }), survey(strong)).dropped.map(({ reason }) => reason);
    };
    expect(levelOf(3, 3)).toEqual([]);
    expect(levelOf(3, 2)).toEqual(['LEVEL_TOO_LOW']);
    expect(levelOf(2, 3)).toEqual(['LEVEL_TOO_LOW']);
  });

  it('counts and says whom a crowd of one network left no place for, after the filters', () => {
    const crowd = [1, 2, 3, 4, 5].map((number) => {
      const one = found(number);
      const connectedAt = [`/ip4/198.51.100.${number}/tcp/4001`];
      return { ...one, crowd: { ...one.crowd, connectedAt } };
    });
    const [dear, ...others] = [crowd[0]!, ...crowd.slice(1)];
    const offer = { ...dear.hit.offer, priceMicroUsd: '9999999' };
    const all = survey({ ...dear, hit: { ...dear.hit, offer } }, ...others);
    const answer = queryDocument(ask({ maxPriceMicroUsd: 9_999, trace: true }), all);
    expect(answer.hits.map(({ peerId }) => peerId)).toEqual(
      others.slice(0, 3).map(({ hit }) => hit.peerId),
    );
    expect(answer.leftOut).toEqual({ sameNetwork: 1, sameAttestorGroup: 0 });
    const detail = 'NETWORK_FULL: 198.51.100.0/24 has its 3 places';
    expect(answer.dropped).toContainEqual({
      peerId: others[3]!.hit.peerId,
      term: TERM,
      reason: detail,
    });
    expect(answer.trace).toContainEqual({
      event: 'left-out',
      peerId: others[3]!.hit.peerId,
      detail,
    });
  });
});
