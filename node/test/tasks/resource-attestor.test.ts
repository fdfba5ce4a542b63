import { describe, expect, it } from 'vitest';
import { fromBase64Url } from '../../../crypto/bytes.ts';
import { Identity } from '../../../crypto/identity.ts';
import { BenchmarkHolder } from '../../../protocols/attestation/benchmark-holder.ts';
import type { BenchmarkReport } from '../../../protocols/attestation/benchmark-holder.ts';
import type { DeliveredCertificate } from '../../../protocols/attestation/delivery-check.ts';
import { acceptCertificates } from '../../../protocols/attestation/holder.ts';
import type { AttestationHolderInit } from '../../../protocols/attestation/holder.ts';
import { RESOURCE_UNITS } from '../../../protocols/attestation/resource-units.ts';
import { FakeNetwork } from '../../../protocols/test/a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../../../protocols/test/a2a/test-agent.ts';
import { FakeBenchmarkWorker } from '../../../protocols/test/attestation/benchmark-fakes.ts';
import { CertificateIssuer } from '../../certificates/certificate-issuer.ts';
import { MeasuredTime } from '../../tasks/measured-time.ts';
import { ResourceAttestor } from '../../tasks/resource-attestor.ts';
import type { ResourceAttestOrder } from '../../tasks/resource-attestor.ts';
import { MemoryJsonSection, MemorySection } from '../memory-section.ts';

const attestor = Identity.fromSeed(new Uint8Array(32).fill(1));
const holder = Identity.fromSeed(new Uint8Array(32).fill(2));
const MEMORY = { resource: 'hasResource:memory-mib', amount: 1 };
const GPU = { resource: 'hasResource:gpu-memory-gib', measured: 80 };

/** An attestor and a holder on fake streams, with everything else real but the clock. */
function setUp(init: Partial<AttestationHolderInit> = {}) {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const random = new FakeRandom();
  const logger = new FakeLogger();
  const worker = new FakeBenchmarkWorker(clock);
  const stored: DeliveredCertificate[] = [];
  const reports: BenchmarkReport[] = [];
  const measuredTime = new MeasuredTime({ settings: new MemoryJsonSection(), clock });
  const benchmarks = new BenchmarkHolder({
    holder: holder.peerId,
    worker,
    isWanted: () => Promise.resolve(true),
    reserve: (tested, durationMs) => {
      const time = measuredTime.reserve(tested, durationMs);
      return time && { settle: (busyMs) => time.settle(busyMs) };
    },
    onMeasured: (report) => reports.push(report),
    clock,
    logger,
  });
  acceptCertificates({
    streams: network.join(holder.peerId),
    holder: holder.peerId,
    isWanted: () => Promise.resolve(true),
    measuredResources: RESOURCE_UNITS,
    store: (delivered) => {
      stored.push(delivered);
      const terms = delivered.claims.map(({ name }) => name);
      measuredTime.onCertified(delivered.attestor, terms);
      return Promise.resolve();
    },
    benchmarks,
    clock,
    random,
    logger,
    ...init,
  });
  const issued = new MemorySection();
  const resourceAttestor = new ResourceAttestor({
    self: attestor.peerId,
    issuer: new CertificateIssuer({ identity: attestor, issued, clock, random }),
    streams: network.join(attestor.peerId),
    worker: new FakeBenchmarkWorker(),
    clock,
    random,
    logger,
  });
  const attest = (order: Omit<ResourceAttestOrder, 'peerId'> & { peerId?: string }) =>
    resourceAttestor.attestResource(
      { peerId: holder.peerId, ...order },
      new AbortController().signal,
    );
  const count = () => [...issued.values.keys()].filter((key) => key.length === 43).length;
  return { attest, clock, worker, stored, reports, measuredTime, resourceAttestor, count };
}

describe('attestation of a resource', () => {
  it('measures by a benchmark and certifies the value for a day, with its transcript', async () => {
    const { attest, stored, reports, measuredTime } = setUp();
    const document = await attest(MEMORY);
    expect(document).toMatchObject({
      peerId: holder.peerId,
      resource: MEMORY.resource,
      unit: 'MiB',
      method: 'benchmark',
      measured: true,
      reason: null,
      value: 1,
      delivered: true,
    });
    const { held, claims } = stored[0]!;
    const { body } = held.certificate;
    expect(claims).toMatchObject([{ kind: 'committedQuantity', name: MEMORY.resource }]);
    expect(held.openings).toMatchObject([{ name: MEMORY.resource, value: 1n, rung: 1n }]);
    expect(body).toMatchObject({ kind: 'attestation', list: 1 });
    expect(body.exp - body.nbf).toBe(86_400);
    expect(fromBase64Url(body.evidence)).toEqual(reports[0]!.transcript);
    expect(document.busyMs).toBeGreaterThan(0);
    expect(measuredTime.status()).toMatchObject({ startSpentMs: document.busyMs, spentMs: 0 });
  });

  it('is declined the second time until the holder has worked for others, and then is not', async () => {
    const { attest, measuredTime } = setUp();
    const first = await attest(MEMORY);
    const reason = expect.stringMatching(/^REFUSED/) as string;
    expect(await attest(MEMORY)).toMatchObject({ measured: false, isWrong: false, reason });
    // What is announced for 1 MiB is some seconds; an hour of work allows 72.
    measuredTime.onWorked(3_600_000);
    const again = await attest(MEMORY);
    expect(again).toMatchObject({ measured: true, delivered: true });
    expect(measuredTime.status()).toMatchObject({
      startSpentMs: first.busyMs,
      spentMs: again.busyMs,
      busyMs: 3_600_000,
    });
  });

  it('says of a region that a peer stands in it or not, and takes no other number', async () => {
    const { attest, stored } = setUp();
    const region = { resource: 'hasResource:region/eu' };
    await expect(attest({ ...region, measured: 7 })).rejects.toThrow('so 1 or 0');
    expect(await attest({ ...region, measured: 1 })).toMatchObject({ value: 1, delivered: true });
    expect(stored).toHaveLength(1);
  });

  it('vouches for a value that was measured by other means', async () => {
    const { attest, stored, worker } = setUp();
    const document = await attest(GPU);
    const stated = {
      method: 'stated',
      unit: 'GiB',
      value: 80,
      busyMs: 0,
      delivered: true,
    };
    expect(document).toMatchObject({ ...stated, measured: true, reason: null });
    expect(stored[0]!.held.openings).toMatchObject([{ value: 80n, rung: 80n }]);
    expect(worker.calls).toEqual([]);
  });

  it('states a value without evidence by which a guess of it could be checked', async () => {
    const { attest, stored } = setUp();
    await attest(GPU);
    await attest({ ...GPU, measured: 24 });
    await attest({ resource: 'hasResource:gpu-count', measured: 8 });
    const evidence = stored.map(({ held }) => held.certificate.body.evidence);
    expect(new Set(evidence).size).toBe(1);
  });

  it('is one at a time, in the order in which it was asked for', async () => {
    const { attest, worker } = setUp();
    const gate = Promise.withResolvers<void>();
    worker.gate = gate.promise;
    const finished: string[] = [];
    const first = attest(MEMORY).then(() => finished.push('benchmark'));
    const second = attest(GPU).then(() => finished.push('stated'));
    await expect.poll(() => worker.calls.length).toBe(1);
    gate.resolve();
    await Promise.all([first, second]);
    expect(finished).toEqual(['benchmark', 'stated']);
  });

  it('goes on after an attestation that failed, and does not begin one that is ended', async () => {
    const { attest, resourceAttestor, stored } = setUp();
    await expect(attest({ ...GPU, peerId: Identity.generate().peerId })).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    const order = { peerId: holder.peerId, ...GPU };
    const ended = AbortSignal.abort(new Error('the caller hung up'));
    await expect(resourceAttestor.attestResource(order, ended)).rejects.toThrow('hung up');
    expect(stored).toEqual([]);
    expect(await attest(GPU)).toMatchObject({ delivered: true });
  });

  it.each([
    ['a resource that is not known', { resource: 'hasResource:tape-tib' }, /known are/],
    ['a resource without a benchmark', { resource: GPU.resource }, /at the machine/],
    ['itself', { ...GPU, peerId: attestor.peerId }, /cannot attest itself/],
    [
      'more than is measured over the network',
      { ...MEMORY, amount: 257 },
      /at most 256 MiB.*--measured/,
    ],
    ['an amount of computing', { resource: 'hasResource:cpu-mflops', amount: 3 }, /amount/],
    ['a duration of memory', { ...MEMORY, durationMs: 3 }, /durationMs/],
  ])('refuses %s', async (_what, order, message) => {
    const { attest } = setUp();
    await expect(attest(order)).rejects.toMatchObject({
      code: 'BAD_INPUT',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('attestation of a resource gives no certificate', () => {
  const nothing = {
    measured: false,
    isWrong: false,
    value: null,
    certId: null,
    delivered: false,
    busyMs: 0,
  };

  it('to a holder that answers the benchmark late', async () => {
    const { attest, worker, stored, count } = setUp();
    // More than 2 microseconds a read, and the quarter of a second for the way.
    worker.speed.readMs = 0.01;
    const document = await attest(MEMORY);
    expect(document).toMatchObject({
      ...nothing,
      reason: expect.stringMatching(/^LATE/) as string,
    });
    expect(stored).toEqual([]);
    expect(count()).toBe(0);
  });

  it('of the claim to a holder that answers through a slower helper', async () => {
    const claims = { resource: 'hasResource:cpu-mflops', durationMs: 200 };
    const valueOf = async (relayMs: number) => {
      const { attest, worker, stored } = setUp();
      // A step of order 128 has 4.2 million operations: 209 MFLOP/s.
      Object.assign(worker.speed, { stepMs: 20, relayMs });
      expect(await attest(claims)).toMatchObject({ delivered: true });
      const [opening] = stored[0]!.held.openings;
      return [opening!.value, opening!.rung];
    };
    expect(await valueOf(0)).toEqual([209n, 192n]);
    // The same work, done by a helper 60 ms away: less can be proved, whatever was claimed.
    expect(await valueOf(60)).toEqual([152n, 96n]);
    const { attest, worker, stored, count } = setUp();
    // In time by itself; the helper's way of 140 ms is not.
    Object.assign(worker.speed, { readMs: 0.001_5, relayMs: 140 });
    const late = expect.stringMatching(/^LATE/) as string;
    expect(await attest(MEMORY)).toMatchObject({ ...nothing, reason: late });
    expect([stored.length, count()]).toEqual([0, 0]);
  });

  it('to a holder that answers wrongly, and says that it was wrong and not late', async () => {
    const { attest, worker, count } = setUp();
    worker.walkMemory = () => Promise.resolve(new Uint8Array(32));
    const reason = expect.stringMatching(/^WRONG_ANSWER/) as string;
    expect(await attest(MEMORY)).toMatchObject({ ...nothing, isWrong: true, reason });
    expect(count()).toBe(0);
  });

  it('to a holder whose account of being measured is used up', async () => {
    const { attest, measuredTime, count } = setUp();
    for (const attestor of ['a', 'b', 'c', 'd', 'e']) {
      await measuredTime.reserve({ attestor, term: 'other' }, 1)?.settle(59_999);
    }
    const reason = expect.stringMatching(/^REFUSED/) as string;
    expect(await attest(MEMORY)).toMatchObject({ ...nothing, reason });
    expect(count()).toBe(0);
  });

  it('to a holder that does not trust the attestor, and says what to do', async () => {
    const { attest, worker, count } = setUp({ isWanted: () => Promise.resolve(false) });
    const reason = expect.stringMatching(/trust\.attestors/) as string;
    expect(await attest(MEMORY)).toMatchObject({ ...nothing, reason });
    expect(worker.calls).toEqual([]);
    expect(count()).toBe(0);
  });

  it('that counts as delivered if the holder could not keep it', async () => {
    const { attest, count } = setUp({ store: () => Promise.reject(new Error('disk full')) });
    const document = await attest(GPU);
    expect(document).toMatchObject({ measured: true, value: 80, delivered: false });
    expect(document.reason).toBe('the peer did not take it: INTERNAL');
    expect(document.certId).not.toBeNull();
    expect(count()).toBe(1);
  });
});
