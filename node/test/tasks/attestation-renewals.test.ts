import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock, FakeLogger, FakeRandom } from '../../../protocols/test/a2a/test-agent.ts';
import type { AttestDocument, ResourceAttestDocument } from '../../api-documents.ts';
import { AttestationRenewals } from '../../tasks/attestation-renewals.ts';
import type { AttestationRenewalsInit, StoredRenewal } from '../../tasks/attestation-renewals.ts';
import type { AttestOrder } from '../../tasks/attestor.ts';
import type { ResourceAttestOrder } from '../../tasks/resource-attestor.ts';
import { MemoryJsonSection } from '../memory-section.ts';
import { never, peer } from './client-fakes.ts';

const DAY_MS = 86_400_000;
const MEMORY = { peerId: peer(1), resource: 'hasResource:memory-mib', amount: 8 };
const SKILL = { peerId: peer(1), term: 'performs:nlp/sentiment', tasks: 8 };

class FakeAttestors {
  readonly skills: AttestOrder[] = [];
  readonly resources: ResourceAttestOrder[] = [];
  delivered = true;
  isWrong = false;
  value = 8;
  /** Told of each attestation, before its outcome. */
  onAttest = (): void => undefined;
  #issued = 0;
  /** Attestations wait for this. */
  gate: Promise<void> = Promise.resolve();

  async attest(order: AttestOrder): Promise<AttestDocument> {
    this.skills.push(order);
    await this.gate;
    const document = { ...order, ...this.#outcome(), elapsedMs: 10, busyMs: 7, paidMicroUsd: 60 };
    return document as unknown as AttestDocument;
  }

  async attestResource(order: ResourceAttestOrder): Promise<ResourceAttestDocument> {
    this.resources.push(order);
    await this.gate;
    const { value } = this;
    const method = order.measured === undefined ? 'benchmark' : 'stated';
    const document = { ...order, method, ...this.#outcome(), elapsedMs: 432, busyMs: 400, value };
    return document as unknown as ResourceAttestDocument;
  }

  #outcome() {
    this.onAttest();
    const { delivered, isWrong } = this;
    return { delivered, isWrong, certId: delivered ? `certificate ${++this.#issued}` : null };
  }
}

function setUp(init: Partial<AttestationRenewalsInit> = {}) {
  const clock = new FakeClock();
  const logger = new FakeLogger();
  const attestors = new FakeAttestors();
  const section = new MemoryJsonSection<StoredRenewal>();
  const revoked: string[] = [];
  const renewals = new AttestationRenewals({
    isRenewing: true,
    renewals: section,
    attestor: attestors,
    resourceAttestor: attestors,
    revoke: (certId) => Promise.resolve(void revoked.push(certId)),
    clock,
    random: new FakeRandom(),
    logger,
    ...init,
  });
  const startMs = clock.ms;
  /** Sweeps once a minute until `ms` after the start. */
  const sweepUntil = async (ms: number) => {
    for (; clock.ms < startMs + ms; clock.ms += 60_000) await renewals.sweep(never);
  };
  return { clock, logger, attestors, section, renewals, revoked, startMs, sweepUntil };
}

describe('renewal of what a node attested', () => {
  it('comes once, in the last half of the life of the certificate', async () => {
    const { renewals, attestors, sweepUntil, startMs, section } = setUp();
    await renewals.attestResource(MEMORY, never);
    await sweepUntil(DAY_MS / 2);
    expect(attestors.resources).toHaveLength(1);
    await sweepUntil(DAY_MS);
    expect(attestors.resources).toEqual([MEMORY, MEMORY]);
    const [next] = await section.values();
    expect(next!.issuedMs).toBeGreaterThanOrEqual(startMs + DAY_MS / 2);
    expect(next!.expiresMs).toBe(next!.issuedMs + DAY_MS);
  });

  it('is due at times that differ and are spread over that half', async () => {
    let drawn = 0;
    const random = { bytes: () => new Uint8Array(new Uint32Array([drawn]).buffer).reverse() };
    await fc.assert(
      fc.asyncProperty(fc.nat(2 ** 32 - 1), async (number) => {
        drawn = number;
        const { renewals, section, startMs } = setUp({ random });
        await renewals.attestResource(MEMORY, never);
        const [{ dueMs }] = (await section.values()) as [StoredRenewal];
        const share = (dueMs - startMs) / DAY_MS;
        expect(share).toBeCloseTo(0.5 + number / 2 ** 33, 6);
        expect(share).toBeLessThan(1);
      }),
      { numRuns: 100 },
    );
  });

  it('gives a skill as many tasks as at first: fewer would show less than before', async () => {
    const { renewals, attestors, sweepUntil } = setUp();
    await renewals.attest(SKILL, never);
    await sweepUntil(30 * DAY_MS);
    expect(attestors.skills).toEqual([SKILL, SKILL]);
  });

  it('tells what it has cost, as a share of the time since the attestation before', async () => {
    const { renewals, logger, clock, startMs } = setUp();
    await renewals.attestResource(MEMORY, never);
    clock.ms = startMs + DAY_MS - 1;
    await renewals.sweep(never);
    // The longer of the time on the wire and of the processor's: 432 ms, not 400.
    expect(logger.entries).toMatchObject([
      {
        message: 'A certificate was renewed.',
        fields: {
          elapsedMs: 432,
          busyMs: 400,
          paidMicroUsd: 0,
          shareOfAgePercent: 43_200 / (DAY_MS - 1),
        },
      },
    ]);
  });

  it('of a skill tells for how long its holder had the tasks, and not 0', async () => {
    const { renewals, logger, sweepUntil } = setUp();
    await renewals.attest(SKILL, never);
    await sweepUntil(30 * DAY_MS);
    expect(logger.entries).toMatchObject([
      {
        message: 'A certificate was renewed.',
        fields: { elapsedMs: 10, busyMs: 7, paidMicroUsd: 60 },
      },
    ]);
  });

  it('is not done where it is not configured', async () => {
    const { renewals, attestors, sweepUntil, section } = setUp({ isRenewing: false });
    await renewals.attestResource(MEMORY, never);
    await renewals.attest(SKILL, never);
    await sweepUntil(DAY_MS);
    expect(await section.values()).toEqual([]);
    expect(attestors.resources).toHaveLength(1);
  });

  it('is not done for a stated value, which nobody would have measured anew', async () => {
    const { renewals, section } = setUp();
    const stated = { peerId: peer(1), resource: 'hasResource:gpu-count', measured: 8 };
    await renewals.attestResource(stated, never);
    expect(await section.values()).toEqual([]);
  });

  it('is not done for what was not delivered', async () => {
    const { renewals, attestors, section } = setUp();
    attestors.delivered = false;
    await renewals.attestResource(MEMORY, never);
    await renewals.attest(SKILL, never);
    expect(await section.values()).toEqual([]);
  });

  it('is one at a time, the one that is due longest first', async () => {
    const { renewals, attestors, clock, section } = setUp();
    for (const number of [1, 2, 3]) {
      await renewals.attestResource({ ...MEMORY, peerId: peer(number) }, never);
    }
    const stored = await section.values();
    const first = stored.reduce((a, b) => (b.dueMs < a.dueMs ? b : a));
    const gate = Promise.withResolvers<void>();
    attestors.gate = gate.promise;
    clock.ms += DAY_MS - 1;
    const sweep = renewals.sweep(never);
    await renewals.sweep(never);
    await expect.poll(() => attestors.resources.length).toBe(4);
    gate.resolve();
    await sweep;
    expect(attestors.resources[3]!.peerId).toBe(first.order.peerId);
  });

  it('is tried again before the certificate ends, and then forgotten', async () => {
    const { renewals, attestors, sweepUntil, section, logger } = setUp();
    await renewals.attestResource(MEMORY, never);
    attestors.delivered = false;
    await sweepUntil(DAY_MS);
    expect(attestors.resources.length).toBeGreaterThan(2);
    expect(attestors.resources.length).toBeLessThan(40);
    expect(await section.values()).toHaveLength(1);
    await sweepUntil(DAY_MS + 120_000);
    expect(await section.values()).toEqual([]);
    expect(logger.entries.at(-1)!.message).toMatch(/has ended before/);
  });

  it('revokes the last certificate of a holder whose work has become wrong, and ends', async () => {
    const { renewals, attestors, sweepUntil, section, revoked, logger } = setUp();
    await renewals.attestResource(MEMORY, never);
    await sweepUntil(DAY_MS);
    Object.assign(attestors, { delivered: false, isWrong: true });
    await sweepUntil(2 * DAY_MS);
    expect(revoked).toEqual(['certificate 2']);
    expect(await section.values()).toEqual([]);
    expect(attestors.resources).toHaveLength(3);
    expect(logger.entries.at(-1)!.message).toMatch(/was revoked/);
  });

  it('revokes nothing where the holder was not there, refused or was late', async () => {
    const { renewals, attestors, sweepUntil, revoked } = setUp();
    await renewals.attestResource(MEMORY, never);
    attestors.delivered = false;
    await sweepUntil(DAY_MS + 120_000);
    expect(attestors.resources.length).toBeGreaterThan(2);
    expect(revoked).toEqual([]);
  });

  it('revokes the better certificate of a holder that can prove less by now', async () => {
    const { renewals, attestors, section, revoked, clock } = setUp();
    attestors.value = 90;
    await renewals.attestResource(MEMORY, never);
    attestors.value = 79;
    clock.ms += DAY_MS - 1;
    await renewals.sweep(never);
    expect(revoked).toEqual(['certificate 1']);
    expect(await section.values()).toMatchObject([
      { certId: 'certificate 2', value: 79, issuedMs: clock.ms },
    ]);
  });

  it('revokes it too where the holder would rather not have the worse one (hoarding)', async () => {
    const { renewals, attestors, section, revoked, clock, sweepUntil } = setUp();
    attestors.value = 90;
    await renewals.attestResource(MEMORY, never);
    Object.assign(attestors, { value: 79, delivered: false });
    clock.ms += DAY_MS / 2;
    await sweepUntil(DAY_MS);
    expect(revoked).toEqual(['certificate 1']);
    // Its stream may have broken by chance, so it was measured again until the old one ended.
    expect(attestors.resources.length).toBeGreaterThan(2);
    await sweepUntil(DAY_MS + 120_000);
    expect(await section.values()).toEqual([]);
  });

  it('revokes the better certificate where a person measures less by hand', async () => {
    const { renewals, attestors, section, revoked } = setUp();
    attestors.value = 90;
    await renewals.attestResource(MEMORY, never);
    attestors.value = 79;
    await renewals.attestResource({ ...MEMORY, peerId: peer(2) }, never);
    expect(revoked).toEqual([]);
    await renewals.attestResource({ ...MEMORY, amount: 79 }, never);
    expect(revoked).toEqual(['certificate 1']);
    expect((await section.values()).map(({ certId }) => certId).sort()).toEqual([
      'certificate 2',
      'certificate 3',
    ]);
  });

  it('revokes nothing where as much can be proved as before, though less was measured', async () => {
    for (const value of [80, 90, 200]) {
      const { renewals, attestors, revoked, clock, section } = setUp();
      attestors.value = 90;
      await renewals.attestResource(MEMORY, never);
      attestors.value = value;
      clock.ms += DAY_MS - 1;
      await renewals.sweep(never);
      expect(revoked).toEqual([]);
      expect(await section.values()).toMatchObject([{ certId: 'certificate 2', value }]);
    }
  });

  it('measures again where the better certificate could not be revoked', async () => {
    const revoked: string[] = [];
    const revoke = (certId: string) => {
      revoked.push(certId);
      return revoked.length === 1 ? Promise.reject(new Error('disk full')) : Promise.resolve();
    };
    const { renewals, attestors, section, clock } = setUp({ revoke });
    attestors.value = 90;
    await renewals.attestResource(MEMORY, never);
    attestors.value = 79;
    clock.ms += DAY_MS - 2;
    await renewals.sweep(never);
    clock.ms += 1;
    await renewals.sweep(never);
    expect(revoked).toEqual(['certificate 1', 'certificate 1']);
    expect(await section.values()).toMatchObject([{ certId: 'certificate 3', value: 79 }]);
  });

  it('revokes a skill whose tasks are done wrong, all as many as at first', async () => {
    const { renewals, attestors, sweepUntil, revoked, section } = setUp();
    await renewals.attest(SKILL, never);
    Object.assign(attestors, { delivered: false, isWrong: true });
    await sweepUntil(30 * DAY_MS);
    expect(attestors.skills).toEqual([SKILL, SKILL]);
    expect(revoked).toEqual(['certificate 1']);
    expect(await section.values()).toEqual([]);
  });

  it('tries again to revoke where that has failed', async () => {
    const revoked: string[] = [];
    const revoke = (certId: string) => {
      revoked.push(certId);
      return revoked.length === 1 ? Promise.reject(new Error('disk full')) : Promise.resolve();
    };
    const { renewals, attestors, sweepUntil, section } = setUp({ revoke });
    await renewals.attestResource(MEMORY, never);
    Object.assign(attestors, { delivered: false, isWrong: true });
    await sweepUntil(DAY_MS);
    expect(revoked).toEqual(['certificate 1', 'certificate 1']);
    expect(await section.values()).toEqual([]);
  });

  it('survives a peer that cannot be reached, and a restart', async () => {
    const world = setUp();
    await world.renewals.attestResource(MEMORY, never);
    const failing = setUp({
      renewals: world.section,
      resourceAttestor: { attestResource: () => Promise.reject(new Error('nobody is there')) },
    });
    await failing.sweepUntil(DAY_MS);
    expect(failing.logger.entries[0]!.message).toMatch(/could not be renewed/);
    expect(await world.section.values()).toHaveLength(1);
  });

  it('keeps a bounded list, from which the one that ends first gives way', async () => {
    const { renewals, clock, section } = setUp();
    await renewals.attest({ ...SKILL, term: 'performs:first' }, never);
    const [first] = (await section.values()) as [StoredRenewal];
    for (let i = 1; i < 1_024; i++) {
      const key = `performs:task-${i}`;
      await section.put(key, { ...first, key, expiresMs: first.expiresMs + 1 });
    }
    clock.ms += 2;
    await renewals.attest({ ...SKILL, term: 'performs:last' }, never);
    const keys = (await section.values()).map(({ key }) => key);
    expect(keys).toHaveLength(1_024);
    expect(keys).toContain(`${SKILL.peerId}/performs:last`);
    expect(keys).not.toContain(first.key);
  });
});
