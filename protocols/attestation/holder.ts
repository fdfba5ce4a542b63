/**
 * The holder's side of a delivery: checks a certificate that an attestor brings before it is kept
 * (wire-formats.md 3.1 step 4), and tells the attestor.
 *
 * A stream of purpose 4 may also begin with the order of a benchmark. The first message tells; such
 * a stream is handed on to benchmark-holder.ts.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { CertificateClaim } from '../../crypto/certificate-leaf.ts';
import { checkHeldCertificate } from '../../crypto/held-certificate.ts';
import type { HeldCertificateRefusal } from '../../crypto/held-certificate.ts';
import { checkCertificateTimes } from '../../crypto/skill-certificate.ts';
import type { HeldCertificate } from '../../crypto/skill-certificate.ts';
import { nowSeconds } from '../components.ts';
import type { Clock, Logger } from '../components.ts';
import type { RefusalCode } from '../errors.ts';
import { TokenBuckets } from '../token-bucket.ts';
import type { BucketLimits } from '../token-bucket.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { decodeIssuance, decodeIssuanceOffer, encodeIssuanceAnswer } from './messages.ts';
import type { Issuance } from './messages.ts';

/** Limits of the holder's side. A check hashes up to 1,024 leaves. */
export interface AttestationLimits {
  readonly perPeer: BucketLimits;
  readonly all: BucketLimits;
  /** Longest wait for a message, or for the attestor to take the answer. */
  readonly idleTimeoutMs: number;
}

/** Default limits. */
export const ATTESTATION_LIMITS: AttestationLimits = {
  perPeer: { burst: 8, perSecond: 0.1 },
  all: { burst: 64, perSecond: 4 },
  idleTimeoutMs: 10_000,
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
  /** Whether certificates of this attestor are wanted at all. */
  isWanted(attestor: string): Promise<boolean>;
  /** Keeps the certificate; it is acknowledged when this resolves. */
  store(certificate: DeliveredCertificate): Promise<void>;
  /** Serves streams that do not begin with an announcement. Left out: they are aborted. */
  readonly benchmarks?: { serve(stream: SecureStream, first: Uint8Array): Promise<void> };
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<AttestationLimits>;
}

/** Why a delivered certificate was refused; the attestor is told a coarser code. */
export type DeliveryRefusal =
  HeldCertificateRefusal | 'OTHER_JOB' | 'OTHER_ISSUER' | 'WRONG_KIND' | 'EXPIRED';

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
  readonly nowSeconds: number;
}

/** Checks a delivered certificate. Never throws on received bytes. */
export function checkDelivery(issuance: Issuance, expected: DeliveryExpectation): CheckedDelivery {
  const refuse = (reason: DeliveryRefusal, detail: string) =>
    ({ valid: false, reason, detail }) as const;
  if (!equalBytes(issuance.job, expected.job)) return refuse('OTHER_JOB', 'was not announced');
  const checked = checkHeldCertificate(issuance.certificate, issuance.leaves, expected.holder);
  if (!checked.valid) return checked;
  const { body } = checked.held.certificate;
  if (body.issuer !== expected.attestor) return refuse('OTHER_ISSUER', `is by ${body.issuer}`);
  if (body.kind !== 'attestation') return refuse('WRONG_KIND', `is an ${body.kind}`);
  if (checkCertificateTimes(body, expected) === 'EXPIRED') {
    return refuse('EXPIRED', `exp ${body.exp} at ${expected.nowSeconds}`);
  }
  const { held, claims } = checked;
  return { valid: true, attestor: expected.attestor, held, claims };
}

const CODES: Readonly<Partial<Record<DeliveryRefusal, RefusalCode>>> = {
  BAD_SIGNATURE: 'BAD_SIGNATURE',
  WRONG_SIGNERS: 'WRONG_SIGNERS',
  OTHER_HOLDER: 'WRONG_SIGNERS',
  OTHER_ISSUER: 'WRONG_SIGNERS',
  EXPIRED: 'EXPIRED',
  WRONG_KIND: 'NOT_SUPPORTED',
  COMMITMENT_NOT_OPENED: 'NOT_SUPPORTED',
};

/** Registers the holder's side with the session layer and serves from then on. */
export function acceptCertificates(init: AttestationHolderInit): void {
  const limits = { ...ATTESTATION_LIMITS, ...init.limits };
  const buckets = new TokenBuckets(limits.perPeer, limits.all, init.clock.monotonicMs());
  const timeout = () => ({ signal: AbortSignal.timeout(limits.idleTimeoutMs) });
  init.streams.handle(SECURE_PROTOCOLS.attest, async (stream) => {
    const first = await stream.readMessage(timeout());
    const job = first && decodeIssuanceOffer(first);
    if (first && !job && init.benchmarks) return init.benchmarks.serve(stream, first);
    if (!job) return stream.abort('badMessage');
    const refusal = await receive(stream, job, init, buckets, timeout);
    await stream.writeMessage(encodeIssuanceAnswer({ job, refusal }), timeout());
    await stream.closeWrite(timeout());
  });
}

/** Receives the certificate of an announced job; `undefined` if it was kept. */
async function receive(
  stream: SecureStream,
  job: Uint8Array,
  init: AttestationHolderInit,
  buckets: TokenBuckets,
  timeout: () => { readonly signal: AbortSignal },
): Promise<RefusalCode | undefined> {
  const { holder, clock, logger } = init;
  const attestor = stream.remotePeer;
  if (!buckets.take(attestor, clock.monotonicMs())) return 'RATE_LIMITED';
  if (!(await init.isWanted(attestor))) return 'NOT_SUPPORTED';
  const bytes = await stream.readMessage(timeout());
  const issuance = bytes && decodeIssuance(bytes);
  if (!issuance) return 'MALFORMED';
  const expected = { holder, attestor, job, nowSeconds: nowSeconds(clock) };
  const checked = checkDelivery(issuance, expected);
  if (!checked.valid) {
    const { reason, detail } = checked;
    logger.warn({ attestor, reason, detail }, 'Refused a certificate from an attestor.');
    return CODES[reason] ?? 'MALFORMED';
  }
  try {
    const { held, claims } = checked;
    await init.store({ attestor, held, claims });
    return undefined;
  } catch (error) {
    logger.error({ attestor, err: error }, 'A certificate could not be kept.');
    return 'INTERNAL';
  }
}
