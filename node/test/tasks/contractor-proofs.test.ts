import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { countersign, signDocument } from '../../../crypto/envelope.ts';
import { Identity } from '../../../crypto/identity.ts';
import { recoveryHash, signKeyRotation } from '../../../crypto/key-rotation.ts';
import type { KeyRotationInit } from '../../../crypto/key-rotation.ts';
import { KeyRotationMemory } from '../../../crypto/key-rotation-memory.ts';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import type { HeldCertificate } from '../../../crypto/skill-certificate.ts';
import { emptyStatusBits, signStatusList } from '../../../crypto/status-list.ts';
import { StatusListMemory } from '../../../crypto/status-list-memory.ts';
import { serveCards } from '../../../protocols/card/server.ts';
import type { CardServerInit } from '../../../protocols/card/server.ts';
import { AGREEMENT, verdictDefinition } from '../../../protocols/negotiation/documents.ts';
import type { Verdict } from '../../../protocols/negotiation/documents.ts';
import type { ReceiptChain } from '../../../protocols/settlement/shown-receipt.ts';
import { RecordGuard } from '../../../protocols/skill-discovery/validator.ts';
import { FakeNetwork } from '../../../protocols/test/a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../../../protocols/test/a2a/test-agent.ts';
import * as provers from '../../../protocols/test/card/fake-provers.ts';
import {
  SHAPE,
  bytes32,
  makeProposal,
  makeQuote,
  makeRequest,
} from '../../../protocols/test/negotiation/fixture.ts';
import { recordOf } from '../../../protocols/test/skill-discovery/fixtures.ts';
import type { ReadPairs } from '../../certificates/paid-endorsements.ts';
import { TrustPolicy } from '../../certificates/trust-policy.ts';
import { loadConfig } from '../../config/load.ts';
import { restoreMemory, storeMemory } from '../../seen-memory.ts';
import type { StoredMemory } from '../../seen-memory.ts';
import { ContractorProofs } from '../../tasks/contractor-proofs.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const [client, attestor, old, next, thief, recovery, second, stranger] = [
  1, 2, 3, 4, 5, 6, 7, 8,
].map((seed) => Identity.fromSeed(new Uint8Array(32).fill(seed))) as [
  Identity,
  Identity,
  Identity,
  Identity,
  Identity,
  Identity,
  Identity,
  Identity,
];
const TERM = 'performs:nlp/sentiment';
const nextHash = recoveryHash(recovery.publicKey);
const never = new AbortController().signal;
const random = new FakeRandom();
const { trust: trustConfig } = loadConfig([
  { origin: 'test', values: { trust: { attestors: [attestor.peerId, second.peerId] } } },
]);

/** A receipt of work for `rater`. */
function receiptOf(contractor: Identity, rater: Identity): ReceiptChain {
  const parties = { client: rater.peerId, contractor: contractor.peerId };
  const request = makeRequest({ ...parties, shape: { ...SHAPE, skills: [TERM] } }, rater);
  const quote = makeQuote(request, {}, contractor);
  const agreement = countersign(AGREEMENT, makeProposal(quote, parties, rater), contractor);
  const definition = verdictDefinition(parties);
  const body: Verdict = {
    v: 1,
    typ: 'vrd',
    contract: toBase64Url(agreement.id),
    delivery: bytes32(1),
    outcome: 'pass',
    paid: agreement.body.price,
    checks: [],
    evidence: '',
  };
  const verdict = countersign(definition, signDocument(definition, body, rater), contractor);
  return {
    request: request.envelope,
    quote: quote.envelope,
    agreement: agreement.envelope,
    verdict: verdict.envelope,
  };
}

/** A client, and contractors that answer or do not. */
class ClientUnderTest {
  readonly clock = new FakeClock();
  readonly logger = new FakeLogger();
  readonly network = new FakeNetwork();
  readonly streams = this.network.join(client.peerId);
  readonly section = new MemoryJsonSection<StoredMemory>();
  readonly statusLists = [attestor, second].map((issuer) =>
    signStatusList({
      issuer,
      list: 0,
      seq: 1,
      iat: this.nowSeconds,
      next: this.nowSeconds + 86_400,
      bits: emptyStatusBits(),
    }),
  );
  statusMemory!: StatusListMemory;
  rotationMemory!: KeyRotationMemory;
  proofs!: ContractorProofs;

  readonly readPairs: ReadPairs | undefined;

  /** @param readPairs - Where there is a ledger. */
  constructor(readPairs?: ReadPairs) {
    this.readPairs = readPairs;
    this.#begin();
  }

  #begin(): void {
    const trust = new TrustPolicy(trustConfig);
    const { streams, clock } = this;
    this.statusMemory = new StatusListMemory({ isKept: (issuer) => trust.attestors.has(issuer) });
    this.rotationMemory = new KeyRotationMemory();
    const { statusMemory, rotationMemory } = this;
    const self = client.peerId;
    const memories = { statusMemory, rotationMemory, trust };
    const { readPairs } = this;
    this.proofs = new ContractorProofs({ streams, self, clock, random, ...memories, readPairs });
  }

  /** The client's process ends, and starts again from its store. */
  async restart(): Promise<void> {
    const { section, clock } = this;
    const memory = () => ({
      section,
      clock,
      statusMemory: this.statusMemory,
      rotationMemory: this.rotationMemory,
      guard: new RecordGuard({ clock }),
    });
    await storeMemory(memory());
    this.#begin();
    await restoreMemory(memory());
  }

  get nowSeconds(): number {
    return Math.floor(this.clock.ms / 1_000);
  }

  certificateOf(
    holder: Identity,
    issuer = attestor,
    kind: 'attestation' | 'endorsement' = 'attestation',
  ): HeldCertificate {
    const iat = this.nowSeconds;
    const issued = issueSkillCertificate({
      issuer,
      holder: holder.peerId,
      kind,
      claims: [{ kind: 'skill', name: TERM }],
      iat,
      nbf: iat,
      exp: iat + 86_400,
      list: 0,
      slot: 7,
      evidence: new Uint8Array(32),
      random: (length) => random.bytes(length),
    });
    return { ...issued, openings: [] };
  }

  rotation(change: Partial<KeyRotationInit> = {}) {
    return signKeyRotation({ old, new: next, seq: 1, iat: this.nowSeconds, ...change });
  }

  /** `peer` comes to the network with a certificate that was issued to `old`. */
  serve(peer: Identity, change: Partial<CardServerInit> = {}): void {
    serveCards({
      streams: this.network.join(peer.peerId),
      identity: peer,
      ownCard: () => ({ bytes: new Uint8Array(), vector: new Float32Array() }),
      certificates: () => Promise.resolve([this.certificateOf(old)]),
      statusLists: () => Promise.resolve(this.statusLists),
      clock: this.clock,
      random,
      logger: this.logger,
      ...change,
    });
  }

  leave(peer: Identity): void {
    this.network.join(peer.peerId);
  }

  /** Looks at the peers; `recoveryOf` registers the recovery key in their records. */
  async look(peers: readonly Identity[], { hasRecovery = false } = {}) {
    const registered = hasRecovery ? { recovery: toBase64Url(nextHash) } : {};
    const hits = peers.map((peer) => ({
      peerId: peer.peerId,
      matchedTerm: TERM,
      record: recordOf(peer, registered),
    }));
    const proofs = await this.proofs.of(hits, [], never);
    return proofs.map(({ proved }) => proved);
  }

  async levelOf(peer: Identity, options?: { hasRecovery: boolean }): Promise<number> {
    return (await this.look([peer], options))[0]!.level;
  }

  async lookEachSecond(peer: Identity, seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.look([peer]);
      this.clock.ms += 1_000;
    }
  }

  /** What contractors logged when they were asked too often. */
  get refusals(): readonly string[] {
    return this.logger.entries
      .map(({ message }) => message)
      .filter((message) => message.startsWith('Too many'));
  }

  /** Of whom receipts of each contractor are heard. */
  async ratersOf(...contractors: readonly Identity[]): Promise<string[][]> {
    const proved = await this.look(contractors);
    return proved.map(({ testimony = [] }) => testimony.map(({ rater }) => rater));
  }

  /** Whether a look asks the peer anything. */
  async asks(peer: Identity): Promise<boolean> {
    const { length } = this.streams.opened;
    await this.look([peer]);
    return this.streams.opened.length > length;
  }
}

/** Seconds between one time and the next. */
function pausesOf(timesMs: readonly number[]): readonly number[] {
  return timesMs.slice(1).map((timeMs, i) => (timeMs - timesMs[i]!) / 1_000);
}

let test: ClientUnderTest;
beforeEach(() => {
  test = new ClientUnderTest();
});

describe('what a contractor proved', () => {
  it('is believed for a minute without asking again', async () => {
    test.serve(old);
    expect(await test.levelOf(old)).toBe(2);
    test.clock.ms += 59_999;
    expect(await test.asks(old)).toBe(false);
    test.clock.ms += 1;
    expect(await test.asks(old)).toBe(true);
  });

  it('is believed no longer than its certificate holds', async () => {
    const held = test.certificateOf(old);
    test.serve(old, { certificates: () => Promise.resolve([held]) });
    test.clock.ms += 86_390_000;
    expect(await test.levelOf(old)).toBe(2);
    test.clock.ms += 9_999;
    expect(await test.levelOf(old)).toBe(2);
    test.clock.ms += 1;
    expect(await test.levelOf(old)).toBe(0);
  });

  it('is asked for again at once when it was forgotten', async () => {
    test.serve(old);
    await test.levelOf(old);
    test.proofs.forget(old.peerId);
    expect(await test.asks(old)).toBe(true);
    test.proofs.forget(next.peerId);
    expect(await test.asks(old)).toBe(false);
    test.proofs.forgetAll();
    expect(await test.asks(old)).toBe(true);
  });

  it('stays when another look at the same time fails', async () => {
    let isFirst = true;
    const gate = Promise.withResolvers<void>();
    test.serve(old, {
      certificates: async () => {
        const isHeld = isFirst;
        isFirst = false;
        if (isHeld) await gate.promise;
        if (isHeld) throw new Error('the store is gone');
        return [test.certificateOf(old)];
      },
    });
    const slow = test.levelOf(old);
    expect(await test.levelOf(old)).toBe(2);
    gate.resolve();
    expect(await slow).toBe(2);
    expect(await test.levelOf(old)).toBe(2);
  });
});

describe('a contractor that could not be asked', () => {
  it('has its level at the next look after 2 s', async () => {
    const [missed] = await test.look([old]);
    expect(missed).toMatchObject({ level: 0, remarks: [expect.stringContaining('UNREACHABLE')] });
    test.serve(old);
    test.clock.ms += 1_999;
    expect(await test.levelOf(old)).toBe(0);
    test.clock.ms += 1;
    expect(await test.levelOf(old)).toBe(2);
  });

  it('under its new key has the level of its old one as soon', async () => {
    const rotations = [test.rotation()];
    expect(await test.levelOf(next)).toBe(0);
    test.serve(next, { rotations });
    test.clock.ms += 2_000;
    expect(await test.levelOf(next)).toBe(2);
  });

  it('is asked again soon where it only lacked a current status list', async () => {
    test.serve(old, { statusLists: () => Promise.resolve([]) });
    expect(await test.levelOf(old)).toBe(0);
    test.serve(old);
    test.clock.ms += 2_000;
    expect(await test.levelOf(old)).toBe(2);
  });

  it('begins anew with 2 s after it answered', async () => {
    test.serve(old);
    for (let round = 0; round < 2; round++) {
      test.leave(old);
      test.clock.ms += 60_000;
      await test.levelOf(old);
      test.serve(old);
      test.clock.ms += 2_000;
      expect(await test.levelOf(old)).toBe(2);
    }
  });
});

describe('a contractor with an endorsement', () => {
  const key = `pair/${stranger.peerId}/${old.peerId}/contractor/${TERM}`;

  /** Serves an endorsement by a stranger, of which the ledger says what `read` does. */
  function endorsed(read: ReadPairs): ClientUnderTest {
    const world = new ClientUnderTest(read);
    const held = world.certificateOf(old, stranger, 'endorsement');
    const list = { issuer: stranger, list: 0, seq: 1, iat: world.nowSeconds };
    const status = { next: world.nowSeconds + 86_400, bits: emptyStatusBits() };
    world.serve(old, {
      certificates: () => Promise.resolve([held]),
      statusLists: () => Promise.resolve([signStatusList({ ...list, ...status })]),
    });
    return world;
  }

  it('has level 1 where the ledger shows that its client paid for such work', async () => {
    const asked: string[] = [];
    const world = endorsed((keys) => {
      asked.push(...keys);
      return Promise.resolve([{ fadedSuccesses: 1n }]);
    });
    expect(await world.look([old])).toMatchObject([{ level: 1, issuer: stranger.peerId }]);
    expect(asked).toEqual([key]);
  });

  it('has none where the ledger shows nothing, and is not asked again for a minute', async () => {
    const world = endorsed(() => Promise.resolve([undefined]));
    expect(await world.levelOf(old)).toBe(0);
    world.clock.ms += 59_999;
    expect(await world.asks(old)).toBe(false);
  });

  it('has none while the ledger is not reached, which is said and tried again after 2 s', async () => {
    let isReached = false;
    const world = endorsed(() =>
      isReached ? Promise.resolve([{ fadedSuccesses: 1n }]) : Promise.reject(new Error('gone')),
    );
    const [proved] = await world.look([old]);
    expect(proved!.level).toBe(0);
    expect(proved!.remarks.at(-1)).toContain('the ledger was not reached');
    isReached = true;
    world.clock.ms += 2_000;
    expect(await world.levelOf(old)).toBe(1);
  });
});

describe('a flood of proofs of issuers that nobody believes', () => {
  it('costs no check of a proof: only those of believed issuers are read', async () => {
    const drawsWith = async (attestors: readonly string[]): Promise<number> => {
      const network = provers.served(provers.certificateOf(80n));
      let draws = 0;
      const counting = { bytes: (length: number) => (draws++, random.bytes(length)) };
      const { trust } = loadConfig([
        { origin: 'test', values: { trust: { attestors: [...attestors] } } },
      ]);
      const policy = new TrustPolicy(trust);
      const proofs = new ContractorProofs({
        ...{ streams: network, self: provers.verifierId, clock: new FakeClock() },
        ...{ random: counting, trust: policy, rotationMemory: new KeyRotationMemory() },
        statusMemory: new StatusListMemory({ isKept: (peerId) => policy.attestors.has(peerId) }),
      });
      const record = recordOf(provers.holder, {});
      const hit = { peerId: provers.holder.peerId, matchedTerm: TERM, record };
      const [proof] = await proofs.of([hit], [{ name: provers.GPU, min: 40n }], never);
      const isShown = proof!.resources[0]!.atLeast === 80n;
      expect(isShown).toBe(attestors.length > 0);
      return draws;
    };
    const ofStranger = await drawsWith([]);
    expect(await drawsWith([provers.issuer.peerId])).toBeGreaterThan(ofStranger);
  });
});

describe('attacks on the client that asks again', () => {
  it('a peer that fails on purpose is asked after 2, 4, 8, 16 and 32 s, then once a minute', async () => {
    const askedAtMs: number[] = [];
    test.serve(old, {
      certificates: () => {
        askedAtMs.push(test.clock.ms);
        return Promise.reject(new Error('no'));
      },
    });
    await test.lookEachSecond(old, 184);
    expect(pausesOf(askedAtMs)).toEqual([2, 4, 8, 16, 32, 60, 60]);
  });

  it('a peer that fails to show receipts is asked for them as often, and not for its proofs', async () => {
    const askedAtMs: number[] = [];
    const provedAtMs: number[] = [];
    test.serve(old, {
      certificates: () => {
        provedAtMs.push(test.clock.ms);
        return Promise.resolve([test.certificateOf(old)]);
      },
      receipts: () => {
        askedAtMs.push(test.clock.ms);
        return Promise.reject(new Error('no'));
      },
    });
    await test.lookEachSecond(old, 184);
    expect(pausesOf(askedAtMs)).toEqual([2, 4, 8, 16, 32, 60, 60]);
    expect(pausesOf(provedAtMs)).toEqual([60, 60, 60]);
  });

  it('a try of five questions passes the limits of a peer each time', async () => {
    test.serve(next, {
      rotations: [test.rotation()],
      statusLists: () => Promise.resolve([]),
      receipts: () => Promise.reject(new Error('no')),
    });
    const before = test.streams.opened.length;
    await test.look([next]);
    expect(test.streams.opened.length - before).toBe(5);
    await test.lookEachSecond(next, 60);
    expect(test.refusals).toEqual([]);
  });

  it('a thief of the old key, without the recovery key that was seen, gets no level', async () => {
    test.serve(old);
    expect(await test.levelOf(old, { hasRecovery: true })).toBe(2);
    test.serve(thief, { rotations: [test.rotation({ new: thief })] });
    expect((await test.look([thief]))[0]).toMatchObject({
      level: 0,
      remarks: ['presentation: BAD_ROTATION_CHAIN'],
    });
    test.serve(next, { rotations: [test.rotation({ recovery: { key: recovery, nextHash } })] });
    expect(await test.levelOf(next)).toBe(2);
  });

  it('a stranger certified by a stranger has no recovery key remembered: places are few', async () => {
    const own = () => Promise.resolve([test.certificateOf(old, stranger)]);
    test.serve(old, { certificates: own });
    await test.look([old], { hasRecovery: true });
    expect([...test.rotationMemory.recoveries()]).toEqual([]);
    test.proofs.forgetAll();
    test.serve(old);
    await test.look([old], { hasRecovery: true });
    expect([...test.rotationMemory.recoveries()]).toHaveLength(1);
  });
});

describe('receipts of other clients', () => {
  const raters = [stranger, attestor, second, client];
  const receipts = () => Promise.resolve(raters.map((rater) => receiptOf(old, rater)));
  const none = () => Promise.resolve([]);

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('are heard, but no own ones, and none of an attestor whose certificate counts already', async () => {
    test.serve(old, { receipts });
    expect(await test.ratersOf(old)).toEqual([[stranger.peerId, second.peerId]]);
    test.serve(old, {
      receipts,
      certificates: () =>
        Promise.resolve([attestor, second].map((issuer) => test.certificateOf(old, issuer))),
    });
    test.proofs.forgetAll();
    expect((await test.look([old]))[0]).toMatchObject({
      level: 3,
      testimony: [{ rater: stranger.peerId, receipts: [{ outcome: 'pass' }] }],
    });
  });

  it('are heard of attestors too that certified nothing here', async () => {
    test.serve(old, { receipts, certificates: none });
    const [heard] = await test.ratersOf(old);
    expect(heard).toEqual([stranger, attestor, second].map(({ peerId }) => peerId));
  });

  it('are asked for once a minute', async () => {
    let asked = 0;
    test.serve(old, {
      receipts: () => {
        asked += 1;
        return receipts();
      },
    });
    await test.lookEachSecond(old, 61);
    expect(asked).toBe(2);
    test.proofs.forget(old.peerId);
    await test.look([old]);
    expect(asked).toBe(3);
    test.proofs.forgetAll();
    await test.look([old]);
    expect(asked).toBe(4);
  });

  it('are not heard of a client whose key was rotated, from the moment that this is known', async () => {
    test.serve(thief, {
      certificates: none,
      receipts: () => Promise.resolve([old, next].map((rater) => receiptOf(thief, rater))),
    });
    expect(await test.ratersOf(thief)).toEqual([[old.peerId, next.peerId]]);
    test.rotationMemory.note(test.rotation());
    expect(await test.ratersOf(thief)).toEqual([[next.peerId]]);
  });

  it('are not asked for where the key of the contractor was rotated', async () => {
    test.serve(old, { receipts });
    test.rotationMemory.note(test.rotation());
    expect(await test.ratersOf(old)).toEqual([[]]);
    expect(await test.asks(old)).toBe(false);
  });

  it('do not hold up a decision where a contractor stalls with them', async () => {
    const limit = new AbortController();
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    const asked = vi
      .spyOn(AbortSignal, 'timeout')
      .mockImplementation((ms) => (ms === 1_500 ? limit.signal : timeout(ms)));
    const stalled = Promise.withResolvers<void>();
    test.serve(old, {
      receipts: () => {
        stalled.resolve();
        return new Promise(() => undefined);
      },
    });
    const looked = test.look([old]);
    await stalled.promise;
    expect(asked).toHaveBeenCalledWith(1_500);
    limit.abort(new Error('time'));
    const [proved] = await looked;
    expect(proved).toMatchObject({ level: 2 });
    expect(proved!.testimony).toBeUndefined();
    vi.restoreAllMocks();
    test.serve(old, { receipts });
    test.clock.ms += 2_000;
    expect(await test.ratersOf(old)).toEqual([[stranger.peerId, second.peerId]]);
  });

  it('a crowd that stalls with everything holds a look up for one time limit, not one each', async () => {
    const limits = new Map<number, AbortController>();
    const timeout = AbortSignal.timeout.bind(AbortSignal);
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      if (ms !== 8_000 && ms !== 3_000) return timeout(ms);
      const limit = new AbortController();
      limits.set(ms, limit);
      return limit.signal;
    });
    const asked = new Set<string>();
    const crowd = Array.from({ length: 24 }, (_, i) =>
      Identity.fromSeed(new Uint8Array(32).fill(100 + i)),
    );
    const never = (peerId: string) => () => {
      asked.add(peerId);
      // Eight are asked at a time; nobody answers.
      if (asked.size >= 8) limits.get(8_000)!.abort(new Error('time'));
      return new Promise<never>(() => undefined);
    };
    for (const peer of crowd) test.serve(peer, { certificates: never(peer.peerId) });
    const proofs = await test.look(crowd);
    expect(proofs).toHaveLength(24);
    expect(proofs.every(({ level }) => level === 0)).toBe(true);
    expect(asked.size).toBe(8);
    vi.restoreAllMocks();
  });

  it('are not asked for any longer once the caller hangs up, and the peer is not blamed', async () => {
    const caller = new AbortController();
    test.serve(old, {
      receipts: () => {
        caller.abort(new Error('hung up'));
        return new Promise(() => undefined);
      },
    });
    const hit = { peerId: old.peerId, matchedTerm: TERM, record: recordOf(old) };
    await expect(test.proofs.of([hit], [], caller.signal)).rejects.toThrow('hung up');
    test.serve(old, { receipts });
    expect(await test.ratersOf(old)).toEqual([[stranger.peerId, second.peerId]]);
  });

  it('are asked of 32 contractors at most, and a crowd of newcomers is not heard before others', async () => {
    const certified = [old, next, thief, recovery, second, stranger];
    const crowd = Array.from({ length: 60 }, (_, i) =>
      Identity.fromSeed(new Uint8Array(32).fill(100 + i)),
    );
    const asked = new Set<string>();
    for (const peer of [...crowd, ...certified]) {
      const held = certified.includes(peer) ? [test.certificateOf(peer)] : [];
      test.serve(peer, {
        certificates: () => Promise.resolve(held),
        receipts: () => {
          asked.add(peer.peerId);
          return Promise.resolve([]);
        },
      });
    }
    await test.look([...crowd, ...certified]);
    expect(asked.size).toBe(32);
    for (const { peerId } of certified) expect(asked).toContain(peerId);
    const fastest = crowd.slice(0, 32 - certified.length);
    expect(fastest.every(({ peerId }) => asked.has(peerId))).toBe(false);
  });
});

describe('a key that was rotated', () => {
  it('counts no longer from the look that shows it, though it was proved a moment ago', async () => {
    test.serve(old);
    expect(await test.levelOf(old)).toBe(2);
    test.serve(next, { rotations: [test.rotation()] });
    expect(await test.look([old, next])).toMatchObject([
      { level: 0, issuer: null, remarks: ['presentation: KEY_ROTATED'] },
      { level: 2, issuer: attestor.peerId },
    ]);
  });
});

describe('a client that was off while a contractor rotated its key', () => {
  const withConsent = (): Partial<CardServerInit> => ({
    rotations: [test.rotation({ recovery: { key: recovery, nextHash } })],
  });

  it('follows the rotation, since its store has the recovery key that it saw before', async () => {
    test.serve(old);
    await test.levelOf(old, { hasRecovery: true });
    test.leave(old);
    await test.restart();
    test.serve(next, withConsent());
    expect(await test.levelOf(next, { hasRecovery: true })).toBe(2);
    await test.restart();
    expect((await test.look([old, next])).map(({ level }) => level)).toEqual([0, 2]);
  });

  it('follows one that the old key signed, where no recovery key was registered', async () => {
    test.serve(old);
    await test.levelOf(old);
    test.leave(old);
    await test.restart();
    test.serve(next, { rotations: [test.rotation()] });
    expect(await test.levelOf(next)).toBe(2);
  });

  it('and never saw the recovery key gives no level: it cannot tell the owner from a thief', async () => {
    test.serve(next, withConsent());
    expect((await test.look([next], { hasRecovery: true }))[0]).toMatchObject({
      level: 0,
      remarks: ['presentation: BAD_ROTATION_CHAIN'],
    });
  });
});
