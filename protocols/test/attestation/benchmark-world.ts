/**
 * An attestor and a holder on fake streams and one fake clock, for the tests of benchmarks.
 *
 * @module
 */

import { Identity } from '../../../crypto/identity.ts';
import { measureResource } from '../../attestation/benchmark-attestor.ts';
import type { BenchmarkOrder } from '../../attestation/benchmark-attestor.ts';
import { BenchmarkHolder } from '../../attestation/benchmark-holder.ts';
import type { BenchmarkHolderInit, BenchmarkReport } from '../../attestation/benchmark-holder.ts';
import { acceptCertificates } from '../../attestation/holder.ts';
import type { DeliveredCertificate } from '../../attestation/delivery-check.ts';
import { RESOURCE_UNITS } from '../../attestation/resource-units.ts';
import { FakeNetwork } from '../a2a/fake-secure-streams.ts';
import { FakeClock, FakeLogger, FakeRandom } from '../a2a/test-agent.ts';
import { FakeBenchmarkWorker, tampered } from './benchmark-fakes.ts';
import type { Tamper } from './benchmark-fakes.ts';

export const attestor = Identity.fromSeed(new Uint8Array(32).fill(1));
export const holder = Identity.fromSeed(new Uint8Array(32).fill(2));
/** 1,024 operations a step: at 1 ms a step 1 MFLOP/s. */
export const COMPUTE = {
  resource: 'hasResource:cpu-mflops',
  order: 8,
  durationMs: 200,
} as const;
export const MEMORY = {
  resource: 'hasResource:memory-mib',
  mib: 1,
  rounds: 3,
  reads: 20_000,
} as const;

export interface WorldInit extends Partial<BenchmarkHolderInit> {
  readonly holderWorker?: (clock: FakeClock) => FakeBenchmarkWorker;
  readonly tamper?: Tamper;
}

/** Both sides, connected. */
export function createWorld({ tamper, holderWorker, ...init }: WorldInit = {}) {
  const network = new FakeNetwork();
  const clock = new FakeClock();
  const random = new FakeRandom();
  const logger = new FakeLogger();
  const worker = holderWorker?.(clock) ?? new FakeBenchmarkWorker(clock);
  const reports: BenchmarkReport[] = [];
  const spent: number[] = [];
  const stored: DeliveredCertificate[] = [];
  const benchmarks = new BenchmarkHolder({
    holder: holder.peerId,
    worker,
    isWanted: () => Promise.resolve(true),
    reserve: () => ({ settle: (busyMs) => Promise.resolve(void spent.push(busyMs)) }),
    onMeasured: (report) => reports.push(report),
    clock,
    logger,
    ...init,
  });
  acceptCertificates({
    streams: network.join(holder.peerId),
    holder: holder.peerId,
    isWanted: () => Promise.resolve(true),
    store: (delivered) => Promise.resolve(void stored.push(delivered)),
    measuredResources: RESOURCE_UNITS,
    benchmarks: {
      serve: (stream, first) => benchmarks.serve(tamper ? tampered(stream, tamper) : stream, first),
    },
    clock,
    random,
    logger,
  });
  const streams = network.join(attestor.peerId);
  const components = {
    streams,
    attestor: attestor.peerId,
    worker: new FakeBenchmarkWorker(),
    clock,
    random,
  };
  const measure = (order: BenchmarkOrder, signal = new AbortController().signal) =>
    measureResource(components, holder.peerId, order, signal);
  const records = { reports, spent, stored, logger };
  return { network, clock, random, worker, benchmarks, streams, measure, components, ...records };
}
