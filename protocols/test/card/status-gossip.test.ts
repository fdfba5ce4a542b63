import { peerIdFromString } from '@libp2p/peer-id';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Identity } from '../../../crypto/identity.ts';
import { emptyStatusBits, revokeSlot, signStatusList } from '../../../crypto/status-list.ts';
import { StatusListMemory } from '../../../crypto/status-list-memory.ts';
import { hostileMessages } from '../../../crypto/test/costly-inputs.ts';
import { FUZZ_TIMEOUT_MS, fuzz } from '../../../crypto/test/fuzz.ts';
import { StatusGossip } from '../../card/status-gossip.ts';
import { createHost } from '../../libp2p-host.ts';
import type { Host } from '../../libp2p-host.ts';
import { GOSSIP_TOPICS, MAX_GOSSIP_BYTES } from '../../protocol-ids.ts';
import { FakeClock, FakeLogger } from '../negotiation/fake-world.ts';
import { silentLogger, until } from '../skill-discovery/fixtures.ts';

const ISSUER = Identity.fromSeed(new Uint8Array(32).fill(1));
const STRANGER = Identity.fromSeed(new Uint8Array(32).fill(2));
const BITS = emptyStatusBits();

let clock: FakeClock;
let memory: StatusListMemory;
let published: Uint8Array[];
let news: string[];
let logger: FakeLogger;
let gossip: StatusGossip;

function list(seq: number, change: { issuer?: Identity; bits?: Uint8Array } = {}) {
  const { issuer = ISSUER, bits = BITS } = change;
  const iat = clock.seconds;
  return signStatusList({ issuer, list: 0, seq, iat, next: iat + 86_400, bits });
}

/** A list in the issuer's name with a signature that is not its. */
function forgery(): Uint8Array {
  const forged = Buffer.from(list(1).envelope);
  const at = forged.lastIndexOf('"s":"') + 10;
  forged[at] = forged[at] === 65 ? 66 : 65;
  return forged;
}

beforeEach(() => {
  clock = new FakeClock();
  memory = new StatusListMemory({ isKept: (issuer) => issuer === ISSUER.peerId });
  published = [];
  news = [];
  logger = new FakeLogger();
  const fakeGossip = {
    subscribe: () => undefined,
    topicValidators: new Map(),
    publish: (_topic: string, data?: Uint8Array) => {
      published.push(data!);
      return Promise.resolve({ recipients: [] });
    },
  };
  gossip = new StatusGossip({
    gossip: fakeGossip,
    memory,
    clock,
    logger,
    onNews: (issuer) => void news.push(issuer),
  });
});

describe('gossip of status lists', () => {
  it('passes a newer list on, remembers it, and does not do so twice', () => {
    expect(gossip.receive('n', list(1).envelope)).toBe('accept');
    expect(gossip.receive('n', list(1).envelope)).toBe('ignore');
    const second = list(2, { bits: revokeSlot(BITS, 7) });
    expect(gossip.receive('n', second.envelope)).toBe('accept');
    expect(memory.latest(ISSUER.peerId, 0)!.body.seq).toBe(2);
    expect(news).toEqual([ISSUER.peerId, ISSUER.peerId]);
  });

  it('does not pass a replayed older list on (rollback)', () => {
    gossip.receive('n', list(2).envelope);
    expect(gossip.receive('n', list(1).envelope)).toBe('ignore');
    expect(memory.latest(ISSUER.peerId, 0)!.body.seq).toBe(2);
  });

  it('neither keeps nor passes on lists of issuers that the node does not know (flood)', () => {
    expect(gossip.receive('n', list(1, { issuer: STRANGER }).envelope)).toBe('ignore');
    expect(memory.latest(STRANGER.peerId, 0)).toBeUndefined();
    expect(news).toEqual([]);
  });

  it('passes both lists on when an issuer contradicts itself (equivocation)', () => {
    const first = list(1);
    const second = list(1, { bits: revokeSlot(BITS, 7) });
    gossip.receive('n', first.envelope);
    expect(gossip.receive('n', second.envelope)).toBe('accept');
    expect(published).toEqual([first.envelope]);
    expect(memory.isDistrusted(ISSUER.peerId)).toBe(true);
    expect(logger.lines.map(({ level }) => level)).toEqual(['warn']);
    expect(gossip.receive('n', list(5).envelope)).toBe('ignore');
  });

  it('rejects a list that its issuer did not sign', () => {
    expect(gossip.receive('n', forgery())).toBe('reject');
  });

  it('does not hear whoever brings forgeries for ten minutes, and checks none of them', () => {
    expect(gossip.receive('forger', forgery())).toBe('reject');
    expect(gossip.receive('forger', forgery())).toBe('ignore');
    expect(gossip.receive('forger', list(1).envelope)).toBe('ignore');
    clock.advanceSeconds(599);
    expect(gossip.receive('forger', list(1).envelope)).toBe('ignore');
    clock.advanceSeconds(1);
    expect(gossip.receive('forger', list(1).envelope)).toBe('accept');
  });

  it('still takes a revocation while neighbours forge lists in its issuer name (starving)', () => {
    for (let i = 0; i < 300; i++) {
      for (let j = 0; j < 4; j++) gossip.receive(`forger ${i}`, forgery());
    }
    const revocation = list(2, { bits: revokeSlot(BITS, 7) });
    expect(gossip.receive('honest', revocation.envelope)).toBe('accept');
  });

  it('still takes a revocation while 31 neighbours replay its list (starving)', () => {
    const { envelope } = list(1);
    for (let i = 0; i < 31; i++) {
      for (let j = 0; j < 40; j++) gossip.receive(`replayer ${i}`, envelope);
    }
    expect(gossip.receive('honest', list(2).envelope)).toBe('accept');
  });

  it('checks no more signatures for a neighbour than its share', () => {
    const verdicts = Array.from({ length: 40 }, (_, i) =>
      gossip.receive('n', list(i + 1).envelope),
    );
    expect(verdicts.filter((verdict) => verdict === 'accept')).toHaveLength(32);
    expect(gossip.receive('other', list(99).envelope)).toBe('accept');
    clock.advanceSeconds(3);
    expect(gossip.receive('n', list(100).envelope)).toBe('ignore');
    clock.advanceSeconds(1);
    expect(gossip.receive('n', list(101).envelope)).toBe('accept');
  });

  it(
    'rejects any other bytes and never throws',
    () => {
      let neighbours = 0;
      fuzz(hostileMessages(list(1).envelope), (bytes) => {
        // Each from somebody else and with time between: none is ignored unread.
        clock.advanceSeconds(1);
        neighbours += 1;
        expect(['reject', 'ignore']).toContain(gossip.receive(`n ${neighbours}`, bytes));
      });
      expect(memory.latest(ISSUER.peerId, 0)).toBeUndefined();
    },
    FUZZ_TIMEOUT_MS,
  );

  it('tells of each own list once, and again after it was signed anew', async () => {
    await gossip.tell([list(1)]);
    await gossip.tell([list(1)]);
    await gossip.tell([list(2)]);
    expect(published).toEqual([list(1).envelope, list(2).envelope]);
    expect(published[0]!.length).toBeLessThan(MAX_GOSSIP_BYTES);
  });
});

describe('gossip over libp2p', () => {
  const hosts: Host[] = [];
  afterEach(async () => {
    await Promise.all(hosts.splice(0).map((host) => host.stop()));
  });

  it('brings a revocation to a node that its issuer has no connection with', async () => {
    const start = async (bootstrap: readonly string[]) => {
      const host = await createHost({
        clock,
        identity: Identity.generate(),
        logger: silentLogger,
        validators: {},
        selectors: {},
        isLocalNetwork: true,
        bootstrap,
      });
      hosts.push(host);
      const own = new StatusListMemory();
      const told = new StatusGossip({
        gossip: host.gossip,
        memory: own,
        clock,
        logger: silentLogger,
        onNews: () => undefined,
      });
      told.start();
      return { host, told, own };
    };
    const issuer = await start([]);
    const middle = await start(issuer.host.addresses());
    const far = await start(middle.host.addresses());
    const subscribers = ({ host }: typeof far) =>
      host.gossip.getSubscribers(GOSSIP_TOPICS.revocations).length;
    // The one in the middle passes on only to those it knows to be subscribed: it must know both.
    await until(
      'all have subscribed',
      () => subscribers(issuer) >= 1 && subscribers(middle) === 2 && subscribers(far) >= 1,
    );
    // The DHT may have made the two ends known to each other.
    await far.host.libp2p.hangUp(peerIdFromString(issuer.host.peerId));
    await issuer.told.tell([list(3, { bits: revokeSlot(BITS, 7) })]);
    await until('the list has arrived', () => far.own.latest(ISSUER.peerId, 0)?.body.seq === 3);
    expect(hosts[0]!.gossip.globalSignaturePolicy).toBe('StrictNoSign');
  });
});
