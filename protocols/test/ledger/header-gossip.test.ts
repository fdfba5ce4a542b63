import { beforeEach, describe, expect, it } from 'vitest';
import type { Identity } from '../../../crypto/identity.ts';
import { committeeOf } from '../../ledger/committee-chain.ts';
import { encodeGenesis, ledgerRules } from '../../ledger/genesis.ts';
import { HeaderGossip, decodeHeader, encodeHeader } from '../../ledger/header-gossip.ts';
import { NO_HASH, sealBlock } from '../../pbft/block.ts';
import { identitySigner } from '../../pbft/committee.ts';
import type { Committee } from '../../pbft/committee.ts';
import type { CommittedHeader } from '../../pbft/messages.ts';
import { signVote } from '../../pbft/vote.ts';
import { FakeClock, FakeLogger } from '../negotiation/fake-world.ts';
import { REPLICAS, makeGenesis } from './fixture.ts';

const committee = committeeOf(ledgerRules(encodeGenesis(makeGenesis())));

/** A header that these replicas have committed to. */
function headerAt(
  height: number,
  { voters = REPLICAS.slice(0, 3), ledger = committee.ledger, root = 0 } = {},
): CommittedHeader {
  const { digest, ...header } = sealBlock({
    ...{ ledger, epoch: 0, height, prev: NO_HASH, timeMs: 1_800_000_000_000 + height },
    stateRoot: new Uint8Array(32).fill(root),
    parentCommit: undefined,
    transactions: [],
  });
  const votes = voters.map((identity: Identity) => {
    const replica = REPLICAS.indexOf(identity);
    const vote = { phase: 'commit', view: 0, height, digest, ts: 5, replica } as const;
    const of: Committee = { ...committee, ledger };
    return { replica, ts: 5, signature: signVote(of, identitySigner(identity), vote).signature };
  });
  return decodeHeader(encodeHeader({ header, commit: { view: 0, votes } }));
}

let clock: FakeClock;
let published: Uint8Array[];
let gossip: HeaderGossip;

beforeEach(() => {
  clock = new FakeClock();
  published = [];
  const fakeGossip = {
    subscribe: () => undefined,
    topicValidators: new Map(),
    publish: (_topic: string, data?: Uint8Array) => {
      published.push(data!);
      return Promise.resolve({ recipients: [] });
    },
  };
  gossip = new HeaderGossip({ gossip: fakeGossip, committee, clock, logger: new FakeLogger() });
});

const receive = (heard: CommittedHeader, neighbour = 'a neighbour') =>
  gossip.receive(neighbour, encodeHeader(heard));

describe('the gossip of headers', () => {
  it('takes a certified header over, and nothing older after it', () => {
    expect(receive(headerAt(7))).toBe('accept');
    expect(receive(headerAt(7))).toBe('ignore');
    expect(receive(headerAt(6))).toBe('ignore');
    expect(receive(headerAt(9))).toBe('accept');
    expect(gossip.latest).toEqual(headerAt(9));
  });

  it('rejects a header with too few votes, and one whose votes are for another block', () => {
    const good = headerAt(7);
    expect(receive(headerAt(7, { voters: REPLICAS.slice(0, 2) }))).toBe('reject');
    expect(receive({ ...good, commit: headerAt(8).commit })).toBe('reject');
    expect(receive({ ...good, header: { ...good.header, timeMs: 1 } })).toBe('reject');
    expect(gossip.latest).toBeUndefined();
  });

  it('rejects bytes that are no header, cut or lengthened', () => {
    const bytes = encodeHeader(headerAt(7));
    expect(decodeHeader(bytes)).toEqual(headerAt(7));
    for (const hostile of [bytes.subarray(1), bytes.subarray(0, -1), new Uint8Array()]) {
      expect(gossip.receive('a neighbour', hostile)).toBe('reject');
    }
    expect(gossip.receive('a neighbour', new Uint8Array([...bytes, 0]))).toBe('reject');
  });

  it('ignores headers of another ledger', () => {
    expect(receive(headerAt(7, { ledger: new Uint8Array(32).fill(1) }))).toBe('ignore');
  });

  it('keeps both headers of one height as evidence, and takes none any more', () => {
    receive(headerAt(7));
    expect(receive(headerAt(7, { root: 1, voters: REPLICAS.slice(1) }))).toBe('accept');
    expect(gossip.fork?.map(({ header }) => header.height)).toEqual([7, 7]);
    expect(receive(headerAt(8))).toBe('ignore');
  });

  it('checks so many headers of one neighbour and no more', () => {
    const forged = headerAt(7, { voters: REPLICAS.slice(0, 2) });
    const verdicts = Array.from({ length: 40 }, () => receive(forged, 'a flooder'));
    expect(verdicts.filter((verdict) => verdict === 'reject')).toHaveLength(16);
    expect(receive(headerAt(7), 'another')).toBe('accept');
  });

  it('tells of a head once a second at most', async () => {
    for (const height of [1, 2, 3]) await gossip.tell(headerAt(height));
    expect(published.map((bytes) => decodeHeader(bytes).header.height)).toEqual([1]);
    clock.advanceSeconds(1);
    await gossip.tell(headerAt(4));
    expect(published.map((bytes) => decodeHeader(bytes).header.height)).toEqual([1, 4]);
    expect(gossip.latest).toEqual(headerAt(4));
  });
});
