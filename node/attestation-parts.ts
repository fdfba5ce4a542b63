/**
 * The parts of a running node that attest or endorse others, and that let others measure it.
 *
 * @module
 */

import { BenchmarkHolder } from '../protocols/attestation/benchmark-holder.ts';
import type { BenchmarkWorker } from '../protocols/attestation/benchmark-work.ts';
import type { SecureStreams } from '../protocols/secure-stream.ts';
import type { AgentParts } from './agent-parts.ts';
import { AttestationRenewals } from './tasks/attestation-renewals.ts';
import { Attestor } from './tasks/attestor.ts';
import { ThreadBenchmarkWorker } from './tasks/benchmark-worker.ts';
import { Endorser } from './tasks/endorser.ts';
import type { Outsourcing } from './tasks/outsourcing.ts';
import { ResourceAttestor } from './tasks/resource-attestor.ts';

const RENEWAL_INTERVAL_MS = 60_000;

/** How attestors pay for known-answer tasks. */
export interface AttestationPurse {
  readonly outsourcing: Outsourcing;
  /** What the ledger takes for one contract; left out where there is none. */
  readonly ledgerFeesMicroUsd?: number | undefined;
}

/** The parts that attest others, and renew it. */
export function createAttestation(
  parts: AgentParts,
  streams: SecureStreams,
  { outsourcing, ledgerFeesMicroUsd }: AttestationPurse,
  tellStatusLists: () => Promise<void>,
): AttestationRenewals {
  const { config, identity, logger, clock, random, store } = parts.init;
  const { receipts, issuer, daily } = parts;
  const common = { issuer, streams, clock, random, logger };
  const worker = createBenchmarkWorker(parts);
  return new AttestationRenewals({
    isRenewing: config.attestation.isRenewing,
    renewals: store.json('renewals'),
    attestor: new Attestor({ ...common, outsourcing, receipts, daily, ledgerFeesMicroUsd }),
    resourceAttestor: new ResourceAttestor({ ...common, self: identity.peerId, worker }),
    revoke: async (certId) => {
      await issuer.revoke(certId);
      await tellStatusLists();
    },
    clock,
    random,
    logger,
  });
}

/** The part that endorses contractors. */
export function createEndorser(
  { init, issuer, contracts }: AgentParts,
  streams: SecureStreams,
): Endorser {
  const { identity, clock, random, logger } = init;
  return new Endorser({
    self: identity.peerId,
    contracts,
    issuer,
    streams,
    clock,
    random,
    logger,
  });
}

/** Looks for a certificate to renew once a minute. */
export function startRenewing(renewals: AttestationRenewals): { stop(): void } {
  const ended = new AbortController();
  const timer = setInterval(() => void renewals.sweep(ended.signal), RENEWAL_INTERVAL_MS);
  return {
    stop: () => {
      clearInterval(timer);
      ended.abort(new Error('The node stops'));
    },
  };
}

function createBenchmarkWorker({ init }: AgentParts): BenchmarkWorker {
  return init.benchmarkWorker?.() ?? new ThreadBenchmarkWorker();
}

/** Lets the attestors that this node trusts measure it, within its account. */
export function createBenchmarkHolder(parts: AgentParts): BenchmarkHolder {
  const { init, measuredTime, trust } = parts;
  const { config, identity, clock, logger } = init;
  return new BenchmarkHolder({
    holder: identity.peerId,
    worker: createBenchmarkWorker(parts),
    isWanted: (attestor) => Promise.resolve(trust.attestors.has(attestor)),
    reserve: (tested, durationMs) => {
      const time = measuredTime.reserve(tested, durationMs);
      return (
        time && {
          settle: (busyMs) =>
            time.settle(busyMs).catch((error: unknown) => {
              logger.error({ err: error }, 'The time of a benchmark could not be stored.');
            }),
        }
      );
    },
    onMeasured: ({ attestor, resource, value }) => {
      logger.info({ attestor, resource, value }, 'An attestor has measured this node.');
    },
    clock,
    logger,
    limits: { maxMib: config.accept.maxMeasuredMib },
  });
}
