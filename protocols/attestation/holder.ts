/**
 * The holder's side of a delivery: checks a certificate that an attestor brings before it is kept
 * (wire-formats.md 3.1 step 4), and tells the attestor. If a resource is announced the holder first
 * makes the blinding of the commitment, which stays in memory until the certificate is there.
 *
 * A stream of purpose 4 may also begin with the order of a benchmark. The first message tells; such
 * a stream is handed on to benchmark-holder.ts. If the attestor has a benchmark of the announced
 * resource come to its end before the certificate, the certificate must have its value, and the
 * hash of its transcript as evidence. Without such a benchmark there is nothing to compare with:
 * the attestor may vouch for what it measured by other means, and nothing on the wire tells which.
 *
 * @module
 */

import { makeBlinding } from '../../crypto/blind-issuance.ts';
import { equalBytes, toBase64Url } from '../../crypto/bytes.ts';
import type { CertificateClaim } from '../../crypto/certificate-leaf.ts';
import { checkHeldCertificate } from '../../crypto/held-certificate.ts';
import type { HeldCertificateRefusal } from '../../crypto/held-certificate.ts';
import { fixedRung } from '../../crypto/rung-ladder.ts';
import { checkCertificateTimes } from '../../crypto/skill-certificate.ts';
import type { CommitmentOpening, HeldCertificate } from '../../crypto/skill-certificate.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger, Random } from '../components.ts';
import type { RefusalCode } from '../errors.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { AttestorBuckets } from './attestor-buckets.ts';
import {
  decodeIssuance,
  decodeIssuanceOffer,
  encodeBlinding,
  encodeIssuanceAnswer,
} from './messages.ts';
import type { Issuance, IssuanceOffer } from './messages.ts';
import type { BenchmarkReport } from './benchmark-holder.ts';

/** Limits of the holder's side. A check hashes up to 1,024 leaves. */
export interface AttestationLimits {
  readonly perPeer: BucketLimits;
  readonly all: BucketLimits;
  /** Longest wait for a message, or for the attestor to take the answer. */
  readonly idleTimeoutMs: number;
  /** Longest wait for the certificate of a resource, which is measured meanwhile. */
  readonly measuringTimeoutMs: number;
  /** Attestors that may measure, or be waited for, at the same time; each one resource. */
  readonly maxMeasuring: number;
}

/** Default limits. */
export const ATTESTATION_LIMITS: AttestationLimits = {
  perPeer: { burst: 8, perSecond: 0.1 },
  all: { burst: 64, perSecond: 4 },
  idleTimeoutMs: 10_000,
  measuringTimeoutMs: 90_000,
  maxMeasuring: 8,
};

/** A certificate that passed every check. */
export interface DeliveredCertificate {
  readonly attestor: string;
  readonly held: HeldCertificate;
  /** What it says, without padding. */
  readonly claims: readonly CertificateClaim[];
}

/** What the holder's side is handed. */
export interface AttestationHolderInit {
  readonly streams: SecureStreams;
  /** PeerId of this node. */
  readonly holder: string;
  /** Whether certificates of this attestor are wanted at all. Asked of strangers: a look-up. */
  isWanted(attestor: string): Promise<boolean>;
  /** What this node has measured and certified: unit of each resource, by its term. */
  readonly measuredResources: ReadonlyMap<string, string>;
  /** Highest rung that is ever proved of a resource, by its term; left out: no limit. */
  readonly highestRungs?: ReadonlyMap<string, bigint>;
  /** Keeps the certificate; it is acknowledged when this resolves. */
  store(certificate: DeliveredCertificate): Promise<void>;
  /**
   * Serves streams that do not begin with an announcement, and tells what came of a benchmark that
   * came to its end. Left out: they are aborted.
   */
  readonly benchmarks?: {
    serve(stream: SecureStream, first: Uint8Array): Promise<BenchmarkReport | undefined>;
  };
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits?: Partial<AttestationLimits>;
}

/** Why a delivered certificate was refused; the attestor is told a coarser code. */
export type DeliveryRefusal =
  | HeldCertificateRefusal
  | 'OTHER_JOB'
  | 'OTHER_ISSUER'
  | 'WRONG_KIND'
  | 'EXPIRED'
  /** A quantity stands in clear beside the committed one, for whoever sees that leaf. */
  | 'CLEAR_QUANTITY'
  /** A value is told of a certificate without a commitment. */
  | 'UNEXPECTED_VALUE'
  /** It has not the value, or not the evidence, of the benchmark that this attestor has run. */
  | 'OTHER_MEASUREMENT';

/** Outcome of checking a delivery. */
export type CheckedDelivery =
  | ({ readonly valid: true } & DeliveredCertificate)
  | { readonly valid: false; readonly reason: DeliveryRefusal; readonly detail: string };

/** What a holder knows when a certificate arrives. */
export interface DeliveryExpectation {
  readonly holder: string;
  /** PeerId of the other side of the session. */
  readonly attestor: string;
  /** Job that was announced. */
  readonly job: Uint8Array;
  /** The resource that was announced and its blinding r, 32 bytes; left out for none. */
  readonly committed?: { readonly resource: string; readonly blinding: Uint8Array } | undefined;
  /** The attestor's benchmark of that resource; left out for none. */
  readonly measured?: Pick<BenchmarkReport, 'value' | 'transcript'> | undefined;
  /** The holder's own limit on the rung that is fixed. */
  readonly highestRung?: bigint | undefined;
  readonly nowSeconds: number;
}

/** Checks a delivered certificate. Never throws on received bytes. */
export function checkDelivery(issuance: Issuance, expected: DeliveryExpectation): CheckedDelivery {
  const refuse = (reason: DeliveryRefusal, detail: string) =>
    ({ valid: false, reason, detail }) as const;
  if (!equalBytes(issuance.job, expected.job)) return refuse('OTHER_JOB', 'was not announced');
  const openings = openingsOf(issuance, expected);
  if (openings.length === 0 && issuance.value !== 0n) {
    return refuse('UNEXPECTED_VALUE', `${issuance.value}, and no resource was announced`);
  }
  const { certificate, leaves } = issuance;
  const checked = checkHeldCertificate(certificate, leaves, expected.holder, openings);
  if (!checked.valid) return checked;
  const clear = checked.claims.find(({ kind }) => kind === 'quantity');
  if (clear && openings.length > 0) return refuse('CLEAR_QUANTITY', clear.name);
  const { body } = checked.held.certificate;
  if (body.issuer !== expected.attestor) return refuse('OTHER_ISSUER', `is by ${body.issuer}`);
  if (body.kind !== 'attestation') return refuse('WRONG_KIND', `is an ${body.kind}`);
  if (checkCertificateTimes(body, expected) === 'EXPIRED') {
    return refuse('EXPIRED', `exp ${body.exp} at ${expected.nowSeconds}`);
  }
  const { measured } = expected;
  if (measured && issuance.value !== BigInt(measured.value)) {
    const detail = `${issuance.value}, and the benchmark ended with ${measured.value}`;
    return refuse('OTHER_MEASUREMENT', detail);
  }
  if (measured && body.evidence !== toBase64Url(measured.transcript)) {
    return refuse('OTHER_MEASUREMENT', 'its evidence is not the transcript of the benchmark');
  }
  const { held, claims } = checked;
  return { valid: true, attestor: expected.attestor, held, claims };
}

/** What must open the one commitment of the certificate; the rung is fixed here, once. */
function openingsOf(
  { value }: Issuance,
  { committed, highestRung }: DeliveryExpectation,
): readonly CommitmentOpening[] {
  if (!committed) return [];
  const { resource: name, blinding } = committed;
  return [{ name, value, blinding, rung: fixedRung(value, highestRung) }];
}

const CODES: Readonly<Partial<Record<DeliveryRefusal, RefusalCode>>> = {
  BAD_SIGNATURE: 'BAD_SIGNATURE',
  WRONG_SIGNERS: 'WRONG_SIGNERS',
  OTHER_HOLDER: 'WRONG_SIGNERS',
  OTHER_ISSUER: 'WRONG_SIGNERS',
  EXPIRED: 'EXPIRED',
  WRONG_KIND: 'NOT_SUPPORTED',
  COMMITMENT_NOT_OPENED: 'NOT_SUPPORTED',
  CLEAR_QUANTITY: 'NOT_SUPPORTED',
  OTHER_MEASUREMENT: 'NOT_SUPPORTED',
};

/** Registers the holder's side with the session layer and serves from then on. */
export function acceptCertificates(init: AttestationHolderInit): void {
  const receiver = new CertificateReceiver(init);
  init.streams.handle(SECURE_PROTOCOLS.attest, async (stream) => {
    const first = await stream.readMessage(receiver.patience());
    const offer = first && decodeIssuanceOffer(first);
    if (first && !offer && init.benchmarks) {
      return receiver.observe(stream.remotePeer, init.benchmarks.serve(stream, first));
    }
    if (!offer) return stream.abort('badMessage');
    const refusal = await receiver.receive(stream, offer);
    const answer = encodeIssuanceAnswer({ job: offer.job, refusal });
    await stream.writeMessage(answer, receiver.patience());
    await stream.closeWrite(receiver.patience());
  });
}

/** A resource that an attestor measures. */
interface AwaitedResource {
  readonly resource: string;
  /** Its last benchmark meanwhile that came, or comes, to its end; `undefined` for none. */
  benchmark: Promise<BenchmarkReport | undefined>;
}

/** Receives announced certificates. */
class CertificateReceiver {
  readonly #init: AttestationHolderInit;
  readonly #limits: AttestationLimits;
  readonly #buckets: AttestorBuckets;
  /** Attestors that a certificate of a resource is awaited from, by PeerId. */
  readonly #measuring = new Map<string, AwaitedResource>();

  constructor(init: AttestationHolderInit) {
    this.#init = init;
    this.#limits = { ...ATTESTATION_LIMITS, ...init.limits };
    this.#buckets = new AttestorBuckets(this.#limits, init.clock.monotonicMs());
  }

  /** Options of a wait. */
  patience(timeoutMs = this.#limits.idleTimeoutMs): { readonly signal: AbortSignal } {
    return { signal: AbortSignal.timeout(timeoutMs) };
  }

  /** Receives the certificate of an announcement; `undefined` if it was kept. */
  async receive(stream: SecureStream, offer: IssuanceOffer): Promise<RefusalCode | undefined> {
    const attestor = stream.remotePeer;
    const isWanted = await this.#init.isWanted(attestor);
    const refusal = this.#buckets.refusalOf(attestor, isWanted, this.#init.clock.monotonicMs());
    if (refusal) return refusal;
    if (offer.resource === '') {
      return this.#take(await stream.readMessage(this.patience()), { attestor, job: offer.job });
    }
    return this.#receiveCommitted(stream, offer);
  }

  /** Waits for the end of a benchmark; a certificate of its attestor is compared with it. */
  async observe(attestor: string, benchmark: Promise<BenchmarkReport | undefined>): Promise<void> {
    const awaited = this.#measuring.get(attestor);
    if (awaited) {
      const { resource, benchmark: before } = awaited;
      // One that fails, or is of something else, does not take back what was reported before.
      awaited.benchmark = benchmark
        .catch(() => undefined)
        .then((report) => (report?.resource === resource ? report : before));
    }
    await benchmark;
  }

  async #receiveCommitted(
    stream: SecureStream,
    { job, resource, unit }: IssuanceOffer,
  ): Promise<RefusalCode | undefined> {
    const { holder, random, measuredResources } = this.#init;
    const { remotePeer: attestor, sessionHash } = stream;
    const { measuringTimeoutMs, maxMeasuring } = this.#limits;
    if (measuredResources.get(resource) !== unit) return 'NOT_SUPPORTED';
    if (this.#measuring.has(attestor) || this.#measuring.size >= maxMeasuring) return 'BUSY';
    const awaited: AwaitedResource = { resource, benchmark: Promise.resolve(undefined) };
    this.#measuring.set(attestor, awaited);
    try {
      const context = { sessionHash, attestor, holder, job, resource, unit };
      const { blinding, request } = makeBlinding(context, (length) => random.bytes(length));
      await stream.writeMessage(encodeBlinding({ job, ...request }), this.patience());
      const bytes = await stream.readMessage(this.patience(measuringTimeoutMs));
      // The certificate may be here before the end of the benchmark's own stream.
      const measured = await awaited.benchmark;
      return await this.#take(bytes, {
        attestor,
        job,
        committed: { resource, blinding },
        measured,
      });
    } finally {
      this.#measuring.delete(attestor);
    }
  }

  /** Checks and keeps a certificate; `undefined` if it was kept. */
  async #take(
    bytes: Uint8Array | undefined,
    expected: Pick<DeliveryExpectation, 'attestor' | 'job' | 'committed' | 'measured'>,
  ): Promise<RefusalCode | undefined> {
    const { holder, clock, logger, highestRungs } = this.#init;
    const { attestor, committed } = expected;
    const highestRung = committed && highestRungs?.get(committed.resource);
    const issuance = bytes && decodeIssuance(bytes);
    if (!issuance) return 'MALFORMED';
    const own = { holder, highestRung, nowSeconds: nowSeconds(clock) };
    const checked = checkDelivery(issuance, { ...expected, ...own });
    if (!checked.valid) {
      const { reason, detail } = checked;
      logger.warn({ attestor, reason, detail }, 'Refused a certificate from an attestor.');
      return CODES[reason] ?? 'MALFORMED';
    }
    try {
      const { held, claims } = checked;
      await this.#init.store({ attestor, held, claims });
      return undefined;
    } catch (error) {
      logger.error({ attestor, err: error }, 'A certificate could not be kept.');
      return 'INTERNAL';
    }
  }
}
