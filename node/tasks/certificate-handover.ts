/**
 * Hands an issued certificate to its holder, twice if need be, and says in words why it was not
 * taken.
 *
 * @module
 */

import type { IssuedCertificate } from '../../crypto/skill-certificate.ts';
import { deliverCertificate } from '../../protocols/attestation/attestor.ts';
import type { Logger, Random } from '../../protocols/components.ts';
import type { RefusalCode } from '../../protocols/errors.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';

/** How often a certificate is handed over before it counts as not delivered. */
const DELIVERY_ATTEMPTS = 2;

export interface CertificateHandoverInit {
  readonly streams: SecureStreams;
  readonly random: Random;
  readonly logger: Logger;
  /** What the refusals that a person can mend mean here. */
  readonly explanations: Readonly<Partial<Record<RefusalCode, string>>>;
}

/**
 * Hands a certificate over.
 *
 * @returns why the holder did not take it, or `null` if it did.
 * @throws the signal's reason.
 */
export async function handOverCertificate(
  { streams, random, logger, explanations }: CertificateHandoverInit,
  certificate: IssuedCertificate,
  signal: AbortSignal,
): Promise<string | null> {
  let problem = '';
  // A stream may break; to take the same certificate twice does no harm.
  for (let attempt = 0; attempt < DELIVERY_ATTEMPTS; attempt++) {
    try {
      const outcome = await deliverCertificate(streams, { certificate, random, signal });
      if (outcome.delivered) return null;
      const { reason } = outcome;
      logger.warn({ reason }, 'A holder did not take its certificate.');
      const explained = Object.entries(explanations).find(([code]) => code === reason);
      return explained?.[1] ?? reason;
    } catch (error) {
      signal.throwIfAborted();
      logger.warn({ err: error }, 'A certificate could not be delivered.');
      problem = error instanceof Error ? error.message : 'no answer';
    }
  }
  return problem;
}
