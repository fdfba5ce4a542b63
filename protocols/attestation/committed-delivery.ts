/**
 * The attestor's side of the delivery of a committed quantity (wire-formats.md 3.1): announces the
 * resource, checks that the holder knows its blinding, has the resource measured, commits to the
 * value and hands the certificate over, all on one stream.
 *
 * The proof is checked before anything is measured: without it a holder could send r*B~ + 72*B and
 * make 80 of a measured 8. How the value is measured and what else the certificate says is the
 * caller's business.
 *
 * @module
 */

import { commitQuantity, verifyBlinding } from '../../crypto/blind-issuance.ts';
import type { BlindingRefusal, VerifiedBlinding } from '../../crypto/blind-issuance.ts';
import { equalBytes } from '../../crypto/bytes.ts';
import { MAX_QUANTITY, isQuantity } from '../../crypto/pedersen.ts';
import type { IssuedCertificate } from '../../crypto/skill-certificate.ts';
import type { Random } from '../components.ts';
import type { RefusalCode } from '../errors.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { handOver } from './attestor.ts';
import type { DeliveryOutcome } from './attestor.ts';
import {
  decodeBlinding,
  decodeIssuanceAnswer,
  encodeIssuance,
  encodeIssuanceOffer,
} from './messages.ts';

/** Limits of the attestor's side. */
export interface CommittedDeliveryLimits {
  /** Longest wait for `iss2`, and for the answer to `iss3`. */
  readonly answerTimeoutMs: number;
  /** Longest measurement. */
  readonly measuringTimeoutMs: number;
}

/** Default limits; the holder waits for `iss3` a little longer (holder.ts). */
const COMMITTED_DELIVERY_LIMITS: CommittedDeliveryLimits = {
  answerTimeoutMs: 10_000,
  measuringTimeoutMs: 75_000,
};

/** A quantity that was measured. */
export interface MeasuredQuantity {
  readonly measured: true;
  /** Whole number, 0 <= value < 2^32. */
  readonly value: number;
  /** Hash of what shows it, 32 bytes, for the certificate. */
  readonly evidence: Uint8Array;
  /** Time of the holder's worker, in milliseconds. */
  readonly busyMs: number;
}

/** What came of a measurement. */
export type Measurement =
  MeasuredQuantity | { readonly measured: false; readonly reason: string; readonly detail: string };

/** A delivery of a committed quantity. */
export interface CommittedDeliveryInit {
  /** PeerId of this node. */
  readonly attestor: string;
  /** PeerId. */
  readonly holder: string;
  /** Term of the leaf. */
  readonly resource: string;
  readonly unit: string;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly limits?: Partial<CommittedDeliveryLimits>;
  /** Measures; called only once the holder has proved that it knows its blinding. */
  measure(signal: AbortSignal): Promise<Measurement>;
  /**
   * Issues an attestation for the holder, with this commitment in its one leaf.
   *
   * @param commitment - C = v*B + R, 32 bytes.
   */
  certify(commitment: Uint8Array, measured: MeasuredQuantity): Promise<IssuedCertificate>;
}

/** Why no certificate was issued. */
export type CommittedRefusal =
  /** The holder refused the announcement, ended the stream, or answered something else. */
  | { readonly step: 'announced'; readonly reason: RefusalCode | 'NO_ANSWER' | 'BAD_ANSWER' }
  /** Its blinding is not proved. */
  | { readonly step: 'blinded'; readonly reason: BlindingRefusal }
  /** Nothing was measured. */
  | { readonly step: 'measured'; readonly reason: string };

/** What became of a delivery. */
export type CommittedOutcome =
  | ({ readonly issued: false; readonly detail: string } & CommittedRefusal)
  | {
      readonly issued: true;
      readonly certificate: IssuedCertificate;
      readonly measured: MeasuredQuantity;
      readonly delivery: DeliveryOutcome;
    };

/**
 * Certifies a quantity of a peer without learning how to open the commitment to it.
 *
 * @throws {@link RangeError} if what was measured is no quantity; the errors of opening a stream,
 *   of `measure` and of `certify`; the signal's reason.
 */
export async function deliverCommitted(
  streams: SecureStreams,
  init: CommittedDeliveryInit,
): Promise<CommittedOutcome> {
  const { holder, random, signal } = init;
  const job = random.bytes(32);
  const stream = await streams.open(holder, SECURE_PROTOCOLS.attest, { signal });
  let isHandedOver = false;
  try {
    const blinding = await requestBlinding(stream, job, init);
    if ('issued' in blinding) return blinding;
    const measured = await measureInTime(init);
    if (!measured.measured) {
      const { reason, detail } = measured;
      return { issued: false, step: 'measured', reason, detail };
    }
    if (!isQuantity(BigInt(measured.value))) {
      throw new RangeError(`"value" expected 0 to ${MAX_QUANTITY}, got ${measured.value}`);
    }
    const value = BigInt(measured.value);
    const certificate = await init.certify(commitQuantity(blinding, value), measured);
    const { leaves } = certificate;
    const { envelope } = certificate.certificate;
    const issuance = encodeIssuance({ job, value, leaves, certificate: envelope });
    isHandedOver = true;
    const delivery = await handOverInTime(stream, job, issuance, init);
    return { issued: true, certificate, measured, delivery };
  } finally {
    if (!isHandedOver) stream.abort('cancelled');
  }
}

type Refused = { readonly issued: false; readonly detail: string } & CommittedRefusal;

/** Announces the resource, and checks the blinding that comes back. */
async function requestBlinding(
  stream: SecureStream,
  job: Uint8Array,
  init: CommittedDeliveryInit,
): Promise<Refused | (VerifiedBlinding & { readonly valid: true })> {
  const { attestor, holder, resource, unit, signal } = init;
  const { answerTimeoutMs } = limitsOf(init);
  const refuse = (reason: RefusalCode | 'NO_ANSWER' | 'BAD_ANSWER', detail: string): Refused => {
    return { issued: false, step: 'announced', reason, detail };
  };
  const offer = encodeIssuanceOffer({ job, resource, unit });
  let bytes: Uint8Array | undefined;
  const late = AbortSignal.timeout(answerTimeoutMs);
  const options = { signal: AbortSignal.any([signal, late]) };
  try {
    await stream.writeMessage(offer, options);
    bytes = await stream.readMessage(options);
  } catch (error) {
    signal.throwIfAborted();
    return refuse('NO_ANSWER', late.aborted ? `none in ${answerTimeoutMs} ms` : textOf(error));
  }
  if (!bytes) return refuse('NO_ANSWER', 'the holder ended the stream');
  const answer = decodeIssuanceAnswer(bytes);
  if (answer?.refusal !== undefined && equalBytes(answer.job, job)) {
    return refuse(answer.refusal, 'the holder refused the announcement');
  }
  const request = decodeBlinding(bytes);
  if (!request) return refuse('BAD_ANSWER', 'is no blinding');
  if (!equalBytes(request.job, job)) return refuse('BAD_ANSWER', 'is of another job');
  const { sessionHash } = stream;
  const context = { sessionHash, attestor, holder, job, resource, unit };
  const verified = verifyBlinding(context, request);
  if (verified.valid) return verified;
  const { reason, detail } = verified;
  return { issued: false, step: 'blinded', reason, detail };
}

async function measureInTime(init: CommittedDeliveryInit): Promise<Measurement> {
  const { signal } = init;
  const { measuringTimeoutMs } = limitsOf(init);
  const late = AbortSignal.timeout(measuringTimeoutMs);
  try {
    return await init.measure(AbortSignal.any([signal, late]));
  } catch (error) {
    signal.throwIfAborted();
    if (!late.aborted) throw error;
    const detail = `nothing after ${measuringTimeoutMs} ms`;
    return { measured: false, reason: 'LATE', detail };
  }
}

/** The certificate is issued by now, so a stream that breaks is an outcome and no error. */
async function handOverInTime(
  stream: SecureStream,
  job: Uint8Array,
  issuance: Uint8Array,
  init: CommittedDeliveryInit,
): Promise<DeliveryOutcome> {
  const { signal } = init;
  const late = AbortSignal.timeout(limitsOf(init).answerTimeoutMs);
  try {
    return await handOver(stream, job, [issuance], { signal: AbortSignal.any([signal, late]) });
  } catch {
    signal.throwIfAborted();
    return { delivered: false, reason: 'NO_ANSWER' };
  }
}

function limitsOf({ limits }: CommittedDeliveryInit): CommittedDeliveryLimits {
  return { ...COMMITTED_DELIVERY_LIMITS, ...limits };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : 'failed';
}
