/** A certificate of a resource is compared with the benchmark that the holder itself saw end. */
import { describe, expect, it } from 'vitest';
import { issueSkillCertificate } from '../../../crypto/skill-certificate.ts';
import { deliverCommitted } from '../../attestation/committed-delivery.ts';
import type { MeasuredQuantity } from '../../attestation/committed-delivery.ts';
import { statedEvidence } from '../../attestation/stated-evidence.ts';
import { COMPUTE, MEMORY, attestor, createWorld, holder } from './benchmark-world.ts';

const NOW = 1_800_000_000;
type World = ReturnType<typeof createWorld>;
const OTHER = new Uint8Array(32).fill(7);
const STATED = statedEvidence(attestor.peerId, holder.peerId);

/** An attestor that certifies memory, by whatever `measure` of the test does and says. */
async function deliver(
  measure: (world: World) => Promise<Partial<MeasuredQuantity>>,
  world = createWorld(),
) {
  const outcome = await deliverCommitted(world.streams, {
    attestor: attestor.peerId,
    holder: holder.peerId,
    resource: MEMORY.resource,
    unit: 'MiB',
    random: world.random,
    signal: new AbortController().signal,
    measure: async () => {
      return { measured: true, value: 1, evidence: OTHER, busyMs: 0, ...(await measure(world)) };
    },
    certify: (commitment, { evidence }) => {
      const certificate = issueSkillCertificate({
        issuer: attestor,
        holder: holder.peerId,
        kind: 'attestation',
        claims: [{ kind: 'committedQuantity', name: MEMORY.resource, commitment }],
        iat: NOW,
        nbf: NOW,
        exp: NOW + 86_400,
        list: 1,
        slot: 7,
        evidence,
        random: (length) => world.random.bytes(length),
      });
      return Promise.resolve(certificate);
    },
  });
  if (!outcome.issued) throw new Error(outcome.detail);
  const { delivery } = outcome;
  expect(world.stored).toHaveLength(delivery.delivered ? 1 : 0);
  return { delivery, log: world.logger.entries.at(-1)?.fields };
}

async function transcriptOf(world: World, order: Parameters<World['measure']>[0] = MEMORY) {
  const outcome = await world.measure(order);
  if (!outcome.measured) throw new Error(outcome.detail);
  return outcome.transcript;
}

const refused = { delivered: false, reason: 'NOT_SUPPORTED' };

describe('a certificate of what was measured', () => {
  it('is taken with the value and the transcript of the benchmark', async () => {
    const { delivery } = await deliver(async (world) => ({ evidence: await transcriptOf(world) }));
    expect(delivery).toEqual({ delivered: true });
  });

  it('is taken where nothing was measured over the network and it says so', async () => {
    const { delivery } = await deliver(() => Promise.resolve({ value: 80, evidence: STATED }));
    expect(delivery).toEqual({ delivered: true });
  });

  it('is not compared with the benchmark of another resource', async () => {
    const { delivery } = await deliver(async (world) => {
      await transcriptOf(world, COMPUTE);
      return { value: 80, evidence: STATED };
    });
    expect(delivery).toEqual({ delivered: true });
  });

  it('is not compared with a benchmark of before its announcement', async () => {
    const world = createWorld();
    await transcriptOf(world);
    expect(world.reports).toHaveLength(1);
    const { delivery } = await deliver(
      () => Promise.resolve({ value: 80, evidence: STATED }),
      world,
    );
    expect(delivery).toEqual({ delivered: true });
  });
});

describe('attacks of an attestor that has measured', () => {
  it('a claim of a benchmark that never ran, or never ended, is refused', async () => {
    const { delivery, log } = await deliver(() => Promise.resolve({ value: 80 }));
    expect(delivery).toEqual(refused);
    expect(log).toMatchObject({
      reason: 'OTHER_MEASUREMENT',
      detail: expect.stringContaining('none has come') as string,
    });
    const failing = createWorld({ limits: { perPeer: { burst: 1, perSecond: 0 } } });
    await failing.measure(COMPUTE);
    const { delivery: second } = await deliver(async (world) => {
      expect(await world.measure(MEMORY)).toMatchObject({ measured: false });
      return { value: 80 };
    }, failing);
    expect(second).toEqual(refused);
  });

  it('evidence of another benchmark than the one that the holder saw is refused', async () => {
    const { delivery, log } = await deliver(async (world) => {
      await transcriptOf(world);
      return {};
    });
    expect(delivery).toEqual(refused);
    expect(log).toMatchObject({ reason: 'OTHER_MEASUREMENT' });
  });

  it('the evidence of an earlier benchmark of the same holder is refused', async () => {
    const { delivery } = await deliver(async (world) => {
      const first = await transcriptOf(world);
      await transcriptOf(world);
      return { evidence: first };
    });
    expect(delivery).toEqual(refused);
  });

  it.each([0, 2])('a value of %i where it told the holder 1 is refused', async (value) => {
    const { delivery, log } = await deliver(async (world) => {
      return { value, evidence: await transcriptOf(world) };
    });
    expect(delivery).toEqual(refused);
    expect(log).toMatchObject({
      reason: 'OTHER_MEASUREMENT',
      detail: `${value}, and the benchmark ended with 1`,
    });
  });

  it('a further benchmark that is refused or fails does not undo the comparison', async () => {
    const once = createWorld({ limits: { perPeer: { burst: 1, perSecond: 0.1 } } });
    const { delivery } = await deliver(async (world) => {
      await transcriptOf(world);
      expect(await world.measure(MEMORY)).toMatchObject({ measured: false });
      return { value: 2 };
    }, once);
    expect(delivery).toEqual(refused);
  });

  it('a certificate that comes before the end of its benchmark is held against it all the same', async () => {
    const { delivery } = await deliver(async (world) => {
      const gate = Promise.withResolvers<void>();
      world.worker.gate = gate.promise;
      const benchmark = world.measure(MEMORY);
      while (world.worker.calls.length === 0) await new Promise(setImmediate);
      setImmediate(() => gate.resolve());
      void benchmark;
      return {};
    });
    expect(delivery).toEqual(refused);
  });
});
