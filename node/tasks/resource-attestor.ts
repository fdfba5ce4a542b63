/**
 * Attestation of a resource: measures a peer by a benchmark, or takes what the person who runs this
 * node has measured by other means, and issues a certificate of a day in which the value stands as
 * a commitment.
 *
 * One at a time: two benchmarks on this machine would disturb each other's clock. Does not look
 * whether the peer sells anything.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import { MAX_RESOURCE_SECONDS } from '../../crypto/skill-certificate.ts';
import type { IssuedCertificate } from '../../crypto/skill-certificate.ts';
import { measureResource } from '../../protocols/attestation/benchmark-attestor.ts';
import type { BenchmarkOrder } from '../../protocols/attestation/benchmark-attestor.ts';
import type { BenchmarkWorker } from '../../protocols/attestation/benchmark-work.ts';
import { deliverCommitted } from '../../protocols/attestation/committed-delivery.ts';
import type {
  CommittedOutcome,
  Measurement,
} from '../../protocols/attestation/committed-delivery.ts';
import { COMPUTE_RESOURCE } from '../../protocols/attestation/compute-challenge.ts';
import { MAX_MEASURED_MIB, MEMORY_RESOURCE } from '../../protocols/attestation/memory-challenge.ts';
import { REGION_UNIT, RESOURCE_UNITS } from '../../protocols/attestation/resource-units.ts';
import { statedEvidence } from '../../protocols/attestation/stated-evidence.ts';
import type { Clock, Logger, Random } from '../../protocols/components.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import type { ResourceAttestDocument } from '../api-documents.ts';
import type { CertificateIssuer } from '../certificates/certificate-issuer.ts';
import { BadInputError, UnreachableError } from '../errors.ts';

/** Codes of the session layer for a peer that gives no stream. */
const NO_STREAM = new Set(['PEER_UNREACHABLE', 'HANDSHAKE_FAILED', 'STREAM_REFUSED']);

export interface ResourceAttestorComponents {
  /** PeerId of this node. */
  readonly self: string;
  readonly issuer: CertificateIssuer;
  readonly streams: SecureStreams;
  /** Fills the memory that a peer's is compared with. */
  readonly worker: BenchmarkWorker;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What is to be attested. */
export interface ResourceAttestOrder {
  readonly peerId: string;
  /** Term of the resource. */
  readonly resource: string;
  /** Amount of memory to measure, in MiB. */
  readonly amount?: number | undefined;
  /** How long a chain is to be timed, in milliseconds. */
  readonly durationMs?: number | undefined;
  /** A value that was measured by other means, in the resource's unit. */
  readonly measured?: number | undefined;
}

/** Attests resources. */
export class ResourceAttestor {
  readonly #components: ResourceAttestorComponents;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(components: ResourceAttestorComponents) {
    this.#components = components;
  }

  /**
   * Measures a resource of a peer and hands it the certificate.
   *
   * @throws {@link BadInputError} for an order that cannot be carried out, {@link UnreachableError}
   *   if the peer cannot be reached; the signal's reason.
   */
  async attestResource(
    order: ResourceAttestOrder,
    signal: AbortSignal,
  ): Promise<ResourceAttestDocument> {
    const unit = unitOf(order, this.#components.self);
    if (unit === REGION_UNIT && (order.measured ?? 0) > 1) {
      throw new BadInputError(`measured: a peer stands in ${order.resource} or not, so 1 or 0`);
    }
    const benchmark = order.measured === undefined ? benchmarkOf(order) : undefined;
    const turn = this.#turn.then(() => {
      signal.throwIfAborted();
      return this.#attest(order, unit, benchmark, signal);
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #attest(
    order: ResourceAttestOrder,
    unit: string,
    benchmark: BenchmarkOrder | undefined,
    signal: AbortSignal,
  ): Promise<ResourceAttestDocument> {
    const { self, streams, clock, random, logger } = this.#components;
    const { peerId, resource, measured: value = 0 } = order;
    const startMs = clock.monotonicMs();
    let outcome: CommittedOutcome;
    try {
      outcome = await deliverCommitted(streams, {
        attestor: self,
        holder: peerId,
        resource,
        unit,
        random,
        signal,
        measure: (inTime) =>
          benchmark
            ? this.#measure(peerId, benchmark, inTime)
            : Promise.resolve(this.#stated(peerId, value)),
        certify: (commitment, { evidence }) =>
          this.#certify(peerId, resource, commitment, evidence),
      });
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(peerId, error) ?? error;
    }
    const elapsedMs = Math.round(clock.monotonicMs() - startMs);
    const document = documentOf(outcome, {
      peerId,
      resource,
      unit,
      method: benchmark ? 'benchmark' : 'stated',
      elapsedMs,
    });
    if (document.reason !== null) {
      const { reason } = document;
      logger.warn({ peerId, resource, reason }, 'A resource was not attested.');
    }
    return document;
  }

  async #measure(
    peerId: string,
    benchmark: BenchmarkOrder,
    signal: AbortSignal,
  ): Promise<Measurement> {
    const { self, streams, worker, clock, random } = this.#components;
    const components = { streams, attestor: self, worker, clock, random };
    const outcome = await measureResource(components, peerId, benchmark, signal);
    if (!outcome.measured) return outcome;
    const { value, transcript: evidence, busyMs } = outcome;
    return { measured: true, value, evidence, busyMs };
  }

  /** What the person who runs this node states. */
  #stated(holder: string, value: number): Measurement {
    const evidence = statedEvidence(this.#components.self, holder);
    return { measured: true, value, evidence, busyMs: 0 };
  }

  #certify(
    holder: string,
    name: string,
    commitment: Uint8Array,
    evidence: Uint8Array,
  ): Promise<IssuedCertificate> {
    return this.#components.issuer.issue({
      kind: 'attestation',
      holder,
      claims: [{ kind: 'committedQuantity', name, commitment }],
      evidence,
      lifeSeconds: MAX_RESOURCE_SECONDS,
    });
  }
}

function unitOf({ peerId, resource }: ResourceAttestOrder, self: string): string {
  const unit = RESOURCE_UNITS.get(resource);
  if (unit === undefined) {
    const known = [...RESOURCE_UNITS.keys()].join(', ');
    throw new BadInputError(`${resource}: no resource that is known; known are ${known}`);
  }
  if (peerId === self) throw new BadInputError('A node cannot attest itself');
  return unit;
}

/** The benchmark of an order without a stated value. */
function benchmarkOf({ resource, amount, durationMs }: ResourceAttestOrder): BenchmarkOrder {
  switch (resource) {
    case COMPUTE_RESOURCE:
      if (amount !== undefined) throw new BadInputError('amount: a rate has none to ask for');
      return durationMs === undefined ? { resource } : { resource, durationMs };
    case MEMORY_RESOURCE:
      if (durationMs !== undefined) {
        throw new BadInputError('durationMs: how long memory takes depends on its amount');
      }
      if (amount !== undefined && amount > MAX_MEASURED_MIB) {
        throw new BadInputError(
          `amount: at most ${MAX_MEASURED_MIB} MiB are measured over the network, got ${amount}; ` +
            'measure more at the machine and give the value (--measured N)',
        );
      }
      return amount === undefined ? { resource } : { resource, mib: amount };
    default:
      throw new BadInputError(
        `${resource}: no benchmark over the network exists for it; measure it at the machine and give the value (--measured N)`,
      );
  }
}

/** The error for a peer that cannot be reached, if that is what `error` says. */
function unreachable(peerId: string, error: unknown): UnreachableError | undefined {
  return error instanceof Error && 'code' in error && NO_STREAM.has(String(error.code))
    ? new UnreachableError(`${peerId} cannot be reached: ${error.message}`, { cause: error })
    : undefined;
}

function documentOf(
  outcome: CommittedOutcome,
  common: Pick<ResourceAttestDocument, 'peerId' | 'resource' | 'unit' | 'method' | 'elapsedMs'>,
): ResourceAttestDocument {
  if (!outcome.issued) {
    const nothing = { measured: false, value: null, certId: null, delivered: false } as const;
    const isWrong = outcome.step === 'measured' && outcome.reason === 'WRONG_ANSWER';
    const reason = refusalText(outcome);
    return { ...common, ...nothing, isWrong, reason, busyMs: 0 };
  }
  const { certificate, delivery, measured } = outcome;
  return {
    ...common,
    measured: true,
    isWrong: false,
    reason: delivery.delivered ? null : `the peer did not take it: ${delivery.reason}`,
    value: measured.value,
    certId: toBase64Url(certificate.certificate.id),
    delivered: delivery.delivered,
    busyMs: measured.busyMs,
  };
}

function refusalText(outcome: CommittedOutcome & { readonly issued: false }): string {
  const { step, reason, detail } = outcome;
  if (step === 'announced' && reason === 'NOT_SUPPORTED') {
    return 'the peer does not trust this attestor; add its PeerId to trust.attestors there';
  }
  return `${reason}: ${detail}`;
}
