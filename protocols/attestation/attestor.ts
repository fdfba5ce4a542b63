/**
 * The issuer's side of a delivery: of an attestation, or of a client's endorsement. What it says,
 * and what that rests on, is decided before.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { IssuedCertificate } from '../../crypto/skill-certificate.ts';
import type { Random } from '../components.ts';
import type { RefusalCode } from '../errors.ts';
import { SECURE_PROTOCOLS } from '../protocol-ids.ts';
import type { SecureStream, SecureStreams } from '../secure-stream.ts';
import { decodeIssuanceAnswer, encodeIssuance, encodeIssuanceOffer } from './messages.ts';

/** A delivery. */
export interface CertificateDelivery {
  /** The certificate with all its leaves; its holder is the peer it is delivered to. */
  readonly certificate: IssuedCertificate;
  readonly random: Random;
  readonly signal?: AbortSignal;
}

/** What became of a delivery. */
export type DeliveryOutcome =
  | { readonly delivered: true }
  /** `NO_ANSWER`: the peer closed the stream; `BAD_ANSWER`: it answered something else. */
  | { readonly delivered: false; readonly reason: RefusalCode | 'NO_ANSWER' | 'BAD_ANSWER' };

/**
 * Hands a certificate to its holder, who checks and keeps it.
 *
 * @throws {@link TypeError} for a certificate of oneself; `CanonicalJsonError` if its
 *   leaves do not fit a message; the errors of the session layer; the signal's reason.
 */
export async function deliverCertificate(
  streams: SecureStreams,
  delivery: CertificateDelivery,
): Promise<DeliveryOutcome> {
  const { certificate, leaves } = delivery.certificate;
  if (certificate.body.kind === 'self') {
    throw new TypeError('"certificate" expected one for another peer, got one of kind self');
  }
  const job = delivery.random.bytes(32);
  const offer = encodeIssuanceOffer({ job, resource: '', unit: '' });
  const issuance = encodeIssuance({ job, value: 0n, leaves, certificate: certificate.envelope });
  const options = delivery.signal === undefined ? {} : { signal: delivery.signal };
  const stream = await streams.open(certificate.body.holder, SECURE_PROTOCOLS.attest, options);
  return handOver(stream, job, [offer, issuance], options);
}

/**
 * Sends the last messages of a delivery and reads what the holder makes of it. The stream is closed
 * afterwards, or aborted where it did not end as it should.
 *
 * @throws the errors of the session layer; the signal's reason.
 */
export async function handOver(
  stream: SecureStream,
  job: Uint8Array,
  messages: readonly Uint8Array[],
  options: { readonly signal?: AbortSignal },
): Promise<DeliveryOutcome> {
  let hasSent = false;
  let isAnswered = false;
  const send = async (): Promise<void> => {
    for (const message of messages) await stream.writeMessage(message, options);
    await stream.closeWrite(options);
    hasSent = true;
  };
  try {
    // A holder may refuse before it has read everything, so the answer is awaited meanwhile. If
    // sending fails, the stream is broken and reading fails with it.
    send().catch(() => stream.abort('cancelled'));
    const bytes = await stream.readMessage(options);
    if (bytes === undefined) return { delivered: false, reason: 'NO_ANSWER' };
    const answer = decodeIssuanceAnswer(bytes);
    if (!answer || !equalBytes(answer.job, job)) return { delivered: false, reason: 'BAD_ANSWER' };
    isAnswered = true;
    return answer.refusal === undefined
      ? { delivered: true }
      : { delivered: false, reason: answer.refusal };
  } finally {
    if (!hasSent || !isAnswered) stream.abort('cancelled');
  }
}
