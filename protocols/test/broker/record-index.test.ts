import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { RecordIndex } from '../../broker/record-index.ts';
import type { SkillRecord } from '../../skill-discovery/skill-record.ts';
import { contentOf, recordOf } from '../skill-discovery/fixtures.ts';

const NOW = 1_800_000_100;
const identities = Array.from({ length: 8 }, (_, i) =>
  Identity.fromSeed(new Uint8Array(32).fill(10 + i)),
);
const peers = identities.map(({ peerId }) => peerId);

function record(i: number, priceMicroUsd: string, change: Partial<SkillRecord> = {}) {
  const content = contentOf({ term: 'performs:nlp/sentiment', priceMicroUsd });
  return recordOf(identities[i]!, { ...content, ...change });
}

const foundBy = (index: RecordIndex, keys: string[], change: object = {}, now = NOW) =>
  index.find({ keys, limit: 10, ...change }, now).records.map(({ peerId }) => peerId);

describe('the index of a broker', () => {
  it('finds a record under its terms, their ancestors and its buckets, the cheapest first', () => {
    const index = new RecordIndex();
    index.put(record(0, '900'));
    const embeddings = { ...contentOf().embeddings, buckets: ['ab12t0d3p'] };
    index.put(record(1, '100', { embeddings }));
    expect(foundBy(index, ['performs:nlp/sentiment'])).toEqual([peers[1], peers[0]]);
    expect(foundBy(index, ['performs:nlp'])).toEqual([peers[1], peers[0]]);
    expect(foundBy(index, ['ab12t0d3p'])).toEqual([peers[1]]);
    expect(foundBy(index, ['performs:nl'])).toEqual([]);
  });

  it('puts those first that stand under most of the keys', () => {
    const index = new RecordIndex();
    const embeddings = { ...contentOf().embeddings, buckets: ['b1', 'b2'] };
    index.put(record(0, '100', { embeddings: { ...embeddings, buckets: ['b1'] } }));
    index.put(record(1, '900', { embeddings }));
    expect(foundBy(index, ['b1', 'b2', 'b3'])).toEqual([peers[1], peers[0]]);
  });

  it('keeps the limit and the price, and says how many are left', () => {
    const index = new RecordIndex();
    for (const i of [0, 1, 2, 3]) index.put(record(i, String(100 * (i + 1))));
    const question = { keys: ['performs:nlp'], limit: 2, maxPriceMicroUsd: 300n };
    const { records, left } = index.find(question, NOW);
    expect(records.map(({ peerId }) => peerId)).toEqual([peers[0], peers[1]]);
    expect(left).toBe(1);
  });

  it('has the newest record of a peer, and none once it has withdrawn', () => {
    const index = new RecordIndex();
    index.put(record(0, '100', { seq: 5 }));
    index.put(record(0, '900', { seq: 4 }));
    expect(index.find({ keys: ['performs:nlp'], limit: 1 }, NOW).records[0]?.seq).toBe(5);
    index.put(record(0, '0', { seq: 6, ...contentOf() }));
    expect(foundBy(index, ['performs:nlp'])).toEqual([]);
    expect([...index.termsOnOffer()]).toEqual([]);
  });

  it('takes no older record of a peer that has withdrawn, until none can be valid', () => {
    const index = new RecordIndex();
    const iat = NOW - 100;
    const old = record(0, '100', { seq: 1, iat, exp: iat + 3_600 });
    index.put(old);
    index.put(record(0, '100', { seq: 2, iat, exp: iat + 600, offers: [] }));
    index.put(old);
    index.sweep(iat + 3_600);
    index.put(old);
    expect(index.size).toBe(0);
    index.put(record(0, '100', { seq: 3, iat, exp: iat + 3_600 }));
    expect(foundBy(index, ['performs:nlp'])).toEqual([peers[0]]);
    index.put(record(1, '100', { seq: 2, iat, exp: iat + 600, offers: [] }));
    index.sweep(iat + 3_601);
    index.put(record(1, '100', { seq: 1, iat: iat + 3_601, exp: iat + 4_000 }));
    expect(foundBy(index, ['performs:nlp'], {}, iat + 3_602)).toEqual([peers[1]]);
  });

  it('ranks by the offers that are asked for, and by the cheapest of all for a bucket', () => {
    const index = new RecordIndex();
    const offers = [
      ...contentOf({ term: 'performs:nlp/sentiment', priceMicroUsd: '500' }).offers,
      ...contentOf({ term: 'performs:finance/risk', priceMicroUsd: '10' }).offers,
    ];
    const embeddings = { ...contentOf().embeddings, buckets: ['b1'] };
    index.put(record(0, '1', { offers, embeddings }));
    index.put(record(1, '300', { embeddings }));
    expect(foundBy(index, ['performs:nlp'])).toEqual([peers[1], peers[0]]);
    expect(foundBy(index, ['b1'])).toEqual([peers[0], peers[1]]);
    expect(foundBy(index, ['performs:nlp', 'b1'])).toEqual([peers[1], peers[0]]);
    expect(foundBy(index, ['performs:nlp'], { maxPriceMicroUsd: 499n })).toEqual([peers[1]]);
  });

  it('does not tell of an expired record, and forgets it', () => {
    const index = new RecordIndex();
    index.put(record(0, '100'));
    const later = NOW + 7_200;
    expect(foundBy(index, ['performs:nlp'], {}, later)).toEqual([]);
    index.sweep(later);
    expect(index.size).toBe(0);
  });

  it.each([
    ['no address', []],
    ['a local address first', ['/ip4/127.0.0.1/tcp/1', '/ip4/198.51.100.7/tcp/4001']],
  ])('crowd: 64 identities with %s fill no answer, but on a local network', (_, addresses) => {
    const answerOf = (isLocalNetwork: boolean) => {
      const index = new RecordIndex(undefined, isLocalNetwork);
      const put = (n: number, priceMicroUsd: string, from: readonly string[]) => {
        const identity = Identity.fromSeed(new Uint8Array(32).fill(100).fill(n, 31));
        const content = contentOf({ term: 'performs:nlp/sentiment', priceMicroUsd });
        index.put(recordOf(identity, { ...content, addresses: [...from] }));
        return identity.peerId;
      };
      for (let n = 0; n < 64; n++) put(n, '1', addresses);
      const honest = put(200, '900', ['/ip4/203.0.113.9/tcp/4001']);
      return foundBy(index, ['performs:nlp/sentiment']).includes(honest);
    };
    expect(answerOf(false)).toBe(true);
    expect(answerOf(true)).toBe(false);
  });

  it('crowd: 64 identities of one network fill no answer; three of them are ranked', () => {
    const index = new RecordIndex();
    const at = (n: number, host: string, priceMicroUsd: string) => {
      const identity = Identity.fromSeed(new Uint8Array(32).fill(100).fill(n, 31));
      const content = contentOf({ term: 'performs:nlp/sentiment', priceMicroUsd });
      const addresses = [`/ip4/${host}/tcp/4001/p2p/${identity.peerId}`];
      index.put(recordOf(identity, { ...content, addresses }));
      return identity.peerId;
    };
    const crowd = Array.from({ length: 64 }, (_, n) => at(n, `198.51.100.${n + 1}`, '9'));
    const honest = Array.from({ length: 20 }, (_, n) => at(100 + n, `203.0.${n}.1`, '10'));
    const answered = index.find({ keys: ['performs:nlp'], limit: 64 }, NOW);
    const found = answered.records.map(({ peerId }) => peerId);
    expect(found).toHaveLength(64);
    expect(answered.left).toBe(20);
    expect(found.slice(0, 23).filter((peerId) => honest.includes(peerId))).toHaveLength(20);
    expect(found.slice(0, 3).every((peerId) => crowd.includes(peerId))).toBe(true);
    const few = index.find({ keys: ['performs:nlp'], limit: 10 }, NOW).records;
    expect(few.filter(({ peerId }) => crowd.includes(peerId))).toHaveLength(3);
    // Those of one machine are no crowd: a local network has one address.
    const local = new RecordIndex();
    for (const i of [0, 1, 2, 3, 4]) {
      local.put(record(i, '1', { addresses: [`/ip4/127.0.0.1/tcp/${4001 + i}`] }));
    }
    expect(foundBy(local, ['performs:nlp'])).toHaveLength(5);
  });

  it('counts who sells exactly a term, and no ancestor', () => {
    const index = new RecordIndex();
    index.put(record(0, '1'));
    index.put(record(1, '1'));
    expect([...index.termsOnOffer()]).toEqual([['performs:nlp/sentiment', 2]]);
    index.put(record(1, '1', { seq: 2_000_000_000, ...contentOf({ term: 'performs:ocr' }) }));
    expect([...index.termsOnOffer()]).toEqual([
      ['performs:nlp/sentiment', 1],
      ['performs:ocr', 1],
    ]);
  });

  it('flood: new identities drive nobody out of a full index, who may still renew', () => {
    const index = new RecordIndex(2);
    index.put(record(0, '500', { seq: 1 }));
    index.put(record(1, '500', { seq: 1 }));
    for (const i of [2, 3, 4, 5]) index.put(record(i, '1'));
    index.put(record(0, '400', { seq: 2 }));
    expect(foundBy(index, ['performs:nlp'])).toEqual([peers[0], peers[1]]);
    expect(index.size).toBe(2);
  });

  it('flood: a crowd that renews keeps no newcomer of another network out', () => {
    const index = new RecordIndex(64);
    const at = (n: number, host: string, seq: number) => {
      const identity = Identity.fromSeed(new Uint8Array(32).fill(100).fill(n, 31));
      const content = contentOf({ term: 'performs:nlp/sentiment' });
      index.put(recordOf(identity, { ...content, seq, addresses: [`/ip4/${host}/tcp/4001`] }));
      return identity.peerId;
    };
    const crowd = (seq: number): void => {
      for (let n = 0; n < 100; n++) at(n, `198.51.${100 + (n % 2)}.${n + 1}`, seq);
    };
    const has = (peerId: string): boolean =>
      index
        .find({ keys: ['performs:nlp'], limit: 64 }, NOW)
        .records.some((record) => record.peerId === peerId);
    crowd(1);
    const honest = [0, 1, 2, 3].map((n) => at(200 + n, `203.0.113.${n + 1}`, 1));
    for (let seq = 2; seq < 6; seq++) crowd(seq);
    expect(honest.map(has)).toEqual([true, true, true, true]);
    expect(index.size).toBe(64);
    // Whoever names a local address, or none, is of one crowd as well.
    const local = Array.from({ length: 40 }, (_, n) => at(210 + n, '127.0.0.1', 1));
    expect(local.filter(has).length).toBeLessThanOrEqual(22);
    expect(honest.map(has)).toEqual([true, true, true, true]);
    index.sweep(NOW + 7_200);
    expect(index.size).toBe(0);
  });

  it('ranks a peer of another network before the fourth of one, however many keys it shares', () => {
    const index = new RecordIndex();
    for (let i = 0; i < 6; i++) {
      const terms = i < 5 ? ['performs:a', 'performs:b'] : ['performs:b'];
      const content = contentOf(...terms.map((term) => ({ term })));
      const addresses = [`/ip4/20.0.${i < 5 ? 1 : 2}.${i}/tcp/4001`];
      index.put(recordOf(identities[i]!, { ...content, addresses }));
    }
    const { records } = index.find({ keys: ['performs:a', 'performs:b'], limit: 4 }, NOW);
    expect(records.map(({ peerId }) => peerId)).toEqual([0, 1, 2, 5].map((i) => peers[i]));
  });

  it('answers as a plain list of records would, whatever came and went before', () => {
    const TERMS = ['performs:a/x', 'performs:a/y', 'performs:b'] as const;
    const keys = [...TERMS, 'performs:a', 'b1', 'b2'];
    const step = fc.record({
      peer: fc.nat({ max: 7 }),
      terms: fc.subarray([...TERMS]),
      buckets: fc.subarray(['b1', 'b2']),
      price: fc.integer({ min: 1, max: 4 }),
      network: fc.nat({ max: 2 }),
    });
    const asked = fc.tuple(fc.subarray(keys, { minLength: 1 }), fc.integer({ min: 1, max: 8 }));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 24 }), asked, (steps, [wanted, limit]) => {
        const index = new RecordIndex();
        const plain = new Map<string, { keys: string[]; price: number; network: number }>();
        for (const [i, { peer, terms, buckets, price, network }] of steps.entries()) {
          const content = contentOf(
            ...terms.map((term) => ({ term, priceMicroUsd: String(price) })),
          );
          const embeddings = { ...content.embeddings, buckets };
          const addresses = [`/ip4/20.0.${network}.${peer}/tcp/4001`];
          index.put(recordOf(identities[peer]!, { ...content, embeddings, addresses, seq: i + 1 }));
          plain.delete(peers[peer]!);
          const ancestors = terms.some((term) => term.startsWith('performs:a/'))
            ? ['performs:a']
            : [];
          const all = [...terms, ...ancestors, ...buckets];
          if (terms.length > 0) plain.set(peers[peer]!, { keys: all, price, network });
        }
        const answering = [...plain]
          .map(([peerId, one]) => {
            return {
              peerId,
              ...one,
              shared: one.keys.filter((key) => wanted.includes(key)).length,
            };
          })
          .filter(({ shared }) => shared > 0)
          .sort((a, b) => b.shared - a.shared || a.price - b.price);
        const { records, left } = index.find({ keys: wanted, limit }, NOW);
        const chosen = records.map(({ peerId }) => answering.find((one) => one.peerId === peerId)!);
        expect(records.length).toBe(Math.min(limit, answering.length));
        expect(left).toBe(answering.length - records.length);
        // Three of each network in their order, then the others in theirs.
        const turn = (one: (typeof answering)[number]): number =>
          answering.filter(({ network }) => network === one.network).indexOf(one) < 3 ? 0 : 1;
        const order = [0, 1].flatMap((which) => answering.filter((one) => turn(one) === which));
        const rankOf = ({ shared, price }: (typeof answering)[number]) => [shared, price];
        expect(chosen.map(rankOf)).toEqual(order.slice(0, limit).map(rankOf));
      }),
    );
  });
});
