import { beforeEach, describe, expect, it } from 'vitest';
import { toBase64Url } from '../../../crypto/bytes.ts';
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
import { RecordGuard } from '../../../protocols/skill-discovery/validator.ts';
import { FakeNetwork } from '../../../protocols/test/a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../../../protocols/test/a2a/test-agent.ts';
import { recordOf } from '../../../protocols/test/skill-discovery/fixtures.ts';
import { TrustPolicy } from '../../certificates/trust-policy.ts';
import { loadConfig } from '../../config/load.ts';
import { restoreMemory, storeMemory } from '../../seen-memory.ts';
import type { StoredMemory } from '../../seen-memory.ts';
import { ContractorProofs } from '../../tasks/contractor-proofs.ts';
import { MemoryJsonSection } from '../memory-section.ts';

const [client, attestor, old, next, thief, recovery] = [1, 2, 3, 4, 5, 6].map((seed) =>
  Identity.fromSeed(new Uint8Array(32).fill(seed)),
) as [Identity, Identity, Identity, Identity, Identity, Identity];
const TERM = 'performs:nlp/sentiment';
const nextHash = recoveryHash(recovery.publicKey);
const never = new AbortController().signal;
const logger = new FakeLogger();
const random = new FakeRandom();
const { trust: trustConfig } = loadConfig([
  { origin: 'test', values: { trust: { attestors: [attestor.peerId] } } },
]);

/** A client, and contractors that answer or do not. */
class ClientUnderTest {
  readonly clock = new FakeClock();
  readonly network = new FakeNetwork();
  readonly streams = this.network.join(client.peerId);
  readonly section = new MemoryJsonSection<StoredMemory>();
  readonly statusList = signStatusList({
    issuer: attestor,
    list: 0,
    seq: 1,
    iat: this.nowSeconds,
    next: this.nowSeconds + 86_400,
    bits: emptyStatusBits(),
  });
  statusMemory!: StatusListMemory;
  rotationMemory!: KeyRotationMemory;
  proofs!: ContractorProofs;

  constructor() {
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
    this.proofs = new ContractorProofs({ streams, self, clock, random, ...memories });
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

  certificateOf(holder: Identity): HeldCertificate {
    const iat = this.nowSeconds;
    const issued = issueSkillCertificate({
      issuer: attestor,
      holder: holder.peerId,
      kind: 'attestation',
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
      statusLists: () => Promise.resolve([this.statusList]),
      clock: this.clock,
      random,
      logger,
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

  /** Whether a look asks the peer anything. */
  async asks(peer: Identity): Promise<boolean> {
    const { length } = this.streams.opened;
    await this.look([peer]);
    return this.streams.opened.length > length;
  }
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

describe('attacks on the client that asks again', () => {
  it('a peer that fails on purpose is asked after 2, 4, 8, 16 and 32 s, then once a minute', async () => {
    test.serve(old, { certificates: () => Promise.reject(new Error('no')) });
    const pausesMs: number[] = [];
    let askedAtMs = test.clock.ms;
    await test.look([old]);
    for (let seconds = 0; seconds < 182; seconds++) {
      test.clock.ms += 1_000;
      if (!(await test.asks(old))) continue;
      pausesMs.push(test.clock.ms - askedAtMs);
      askedAtMs = test.clock.ms;
    }
    expect(pausesMs).toEqual([2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
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
