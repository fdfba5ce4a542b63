import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import { Identity } from '../../crypto/identity.ts';
import { recoveryHash, signKeyRotation } from '../../crypto/key-rotation.ts';
import { KeyRotationMemory } from '../../crypto/key-rotation-memory.ts';
import { StatusListMemory } from '../../crypto/status-list-memory.ts';
import { emptyStatusBits, revokeSlot, signStatusList } from '../../crypto/status-list.ts';
import { RecordGuard } from '../../protocols/skill-discovery/validator.ts';
import { FakeClock } from '../../protocols/test/negotiation/fake-world.ts';
import { recordOf } from '../../protocols/test/skill-discovery/fixtures.ts';
import { restoreMemory, storeMemory } from '../seen-memory.ts';
import type { SeenMemory, StoredMemory } from '../seen-memory.ts';
import { MemoryJsonSection } from './memory-section.ts';

const PEER = Identity.fromSeed(new Uint8Array(32).fill(1));
const ATTESTOR = Identity.fromSeed(new Uint8Array(32).fill(2));
const STRANGER = Identity.fromSeed(new Uint8Array(32).fill(3));
const DAY = 86_400;

/** Memories over a store that outlives them; only the attestor's lists are kept. */
class MemoryUnderTest {
  readonly clock = new FakeClock();
  readonly section = new MemoryJsonSection<StoredMemory>();
  memory = this.#fresh();

  #fresh(): SeenMemory & { readonly section: MemoryJsonSection<StoredMemory> } {
    const { clock, section } = this;
    const isKept = (issuer: string) => issuer === ATTESTOR.peerId;
    const statusMemory = new StatusListMemory({ isKept });
    const rotationMemory = new KeyRotationMemory();
    return { section, clock, statusMemory, rotationMemory, guard: new RecordGuard({ clock }) };
  }

  /** Stores what was seen; the process ends, and starts again. */
  async restart(): Promise<void> {
    await storeMemory(this.memory);
    this.memory = this.#fresh();
    await restoreMemory(this.memory);
  }

  accept(seq: number, iat = this.clock.seconds) {
    const record = recordOf(PEER, { seq, iat, exp: iat + 3_600 });
    return this.memory.guard.accept(PEER.peerId, record.envelope);
  }

  note(seq: number, change: { issuer?: Identity; bits?: Uint8Array } = {}) {
    const { issuer = ATTESTOR, bits = emptyStatusBits() } = change;
    const iat = this.clock.seconds;
    const list = signStatusList({ issuer, list: 0, seq, iat, next: iat + DAY, bits });
    return this.memory.statusMemory.note(list, iat);
  }
}

describe('after a restart', () => {
  it('a rolled-back record is refused, a newer one is taken', async () => {
    const test = new MemoryUnderTest();
    expect(await test.accept(5)).toMatchObject({ valid: true });
    await test.restart();
    expect(await test.accept(4)).toMatchObject({ valid: false, reason: 'ROLLED_BACK' });
    expect(await test.accept(5)).toMatchObject({ valid: true });
    expect(await test.accept(6)).toMatchObject({ valid: true });
  });

  it('a second record with the same number is refused', async () => {
    const test = new MemoryUnderTest();
    await test.accept(5);
    await test.restart();
    const other = await test.accept(5, test.clock.seconds - 1);
    expect(other).toMatchObject({ valid: false, reason: 'EQUIVOCATION' });
  });

  it('an older status list does not take the place of the newest', async () => {
    const test = new MemoryUnderTest();
    const revoked = revokeSlot(emptyStatusBits(), 3);
    expect(test.note(7, { bits: revoked })).toBe('NEW');
    await test.restart();
    expect(test.note(6)).toBe('OLDER_LIST');
    expect(test.memory.statusMemory.latest(ATTESTOR.peerId, 0)?.body.seq).toBe(7);
    expect(test.note(7, { bits: revoked })).toBe('KNOWN');
  });

  it('a revocation is not taken back', async () => {
    const test = new MemoryUnderTest();
    test.note(7, { bits: revokeSlot(emptyStatusBits(), 3) });
    await test.restart();
    expect(test.note(8)).toBe('EQUIVOCATION');
  });

  it('an issuer that contradicted itself is still distrusted, and again after the next', async () => {
    const test = new MemoryUnderTest();
    test.note(7, { bits: revokeSlot(emptyStatusBits(), 3) });
    test.note(7);
    for (let restarts = 0; restarts < 2; restarts++) {
      await test.restart();
      expect(test.memory.statusMemory.isDistrusted(ATTESTOR.peerId)).toBe(true);
      expect(test.note(9)).toBe('ISSUER_DISTRUSTED');
    }
  });
});

describe('key rotations after a restart', () => {
  const rotationTo = (peer: Identity, iat: number) =>
    signKeyRotation({ old: PEER, new: peer, seq: 1, iat });

  it('still kill an identity whose key was rotated to two others, and again after the next', async () => {
    const test = new MemoryUnderTest();
    test.memory.rotationMemory.note(rotationTo(ATTESTOR, test.clock.seconds));
    test.memory.rotationMemory.note(rotationTo(STRANGER, test.clock.seconds));
    for (let restarts = 0; restarts < 2; restarts++) {
      await test.restart();
      expect(test.memory.rotationMemory.isDead(PEER.peerId)).toBe(true);
    }
  });

  it('are compared with those of before it', async () => {
    const test = new MemoryUnderTest();
    test.memory.rotationMemory.note(rotationTo(ATTESTOR, test.clock.seconds));
    await test.restart();
    expect(test.memory.rotationMemory.successorOf(PEER.peerId)).toBe(ATTESTOR.peerId);
    const second = rotationTo(STRANGER, test.clock.seconds);
    expect(test.memory.rotationMemory.note(second)).toBe('CONFLICT');
  });

  it('still need the recovery key that was registered before it', async () => {
    const test = new MemoryUnderTest();
    const hash = recoveryHash(STRANGER.publicKey);
    test.memory.rotationMemory.noteRecovery({ peerId: PEER.peerId, hash });
    await test.restart();
    expect(test.memory.rotationMemory.registered(PEER.peerId)).toEqual(hash);
  });
});

describe('a stranger', () => {
  it('whose lists are shown takes no room, in memory or in the store', async () => {
    const test = new MemoryUnderTest();
    expect(test.note(1, { issuer: STRANGER })).toBe('NOT_KEPT');
    expect(test.note(1)).toBe('NEW');
    expect(test.memory.statusMemory.envelopes()).toHaveLength(1);
    await test.restart();
    expect((await test.section.get('seen'))!.statusLists).toHaveLength(1);
    expect(test.memory.statusMemory.latest(STRANGER.peerId, 0)).toBeUndefined();
  });
});

describe('a store', () => {
  it('of a version that knew no rotations is taken up', async () => {
    const test = new MemoryUnderTest();
    test.note(7);
    await storeMemory(test.memory);
    const { records, statusLists } = (await test.section.get('seen'))!;
    await test.section.put('seen', { records, statusLists });
    const fresh = new MemoryUnderTest();
    await restoreMemory({ ...fresh.memory, section: test.section });
    expect(fresh.memory.statusMemory.latest(ATTESTOR.peerId, 0)?.body.seq).toBe(7);
    expect(fresh.memory.rotationMemory.envelopes()).toEqual([]);
  });

  it('that is empty leaves the memories empty', async () => {
    const test = new MemoryUnderTest();
    await restoreMemory(test.memory);
    expect(test.memory.guard.size).toBe(0);
    expect(test.memory.statusMemory.envelopes()).toEqual([]);
  });

  it('with a list whose signature does not hold is taken up without it', async () => {
    const test = new MemoryUnderTest();
    test.note(7);
    await test.accept(5);
    await storeMemory(test.memory);
    const stored = (await test.section.get('seen'))!;
    const text = fromUtf8(Buffer.from(stored.statusLists[0]!, 'base64url'));
    const body = (JSON.parse(text) as { b: string }).b;
    const plain = Buffer.from(body, 'base64url').toString('utf8');
    const raised = Buffer.from(plain.replace('"seq":7', '"seq":9')).toString('base64url');
    const forged = utf8(text.replace(body, raised));
    expect(fromUtf8(forged)).not.toBe(text);
    const statusLists = [Buffer.from(forged).toString('base64url')];
    await test.section.put('seen', { ...stored, statusLists });
    const fresh = new MemoryUnderTest();
    await restoreMemory({ ...fresh.memory, section: test.section });
    expect(fresh.memory.statusMemory.envelopes()).toEqual([]);
    expect(fresh.memory.guard.bestSeq(PEER.peerId)).toBe(5);
  });
});
