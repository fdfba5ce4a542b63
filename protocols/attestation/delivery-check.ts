/**
 * The check of a certificate that an attestor or a client has handed over (wire-formats.md 3.1
 * step 4), and what the peer is told of a refusal. Whether an endorsement was earned is asked
 * elsewhere: only the holder's receipts say it.
 *
 * @module
 */

import { equalBytes, toBase64Url } from '../../crypto/bytes.ts';
import { isResourceClaim } from '../../crypto/certificate-leaf.ts';
import type { CertificateClaim } from '../../crypto/certificate-leaf.ts';
import { checkHeldCertificate } from '../../crypto/held-certificate.ts';
import type { HeldCertificateRefusal } from '../../crypto/held-certificate.ts';
import { fixedRung } from '../../crypto/rung-ladder.ts';
import { checkCertificateTimes } from '../../crypto/skill-certificate.ts';
import type {
  CertificateKind,
  CommitmentOpening,
  HeldCertificate,
} from '../../crypto/skill-certificate.ts';
import type { RefusalCode } from '../errors.ts';
import type { BenchmarkReport } from './benchmark-holder.ts';
import type { Issuance } from './messages.ts';
import { resourceBasis } from './stated-evidence.ts';

/** A certificate that passed every check. */
export interface DeliveredCertificate {
  readonly attestor: string;
  readonly held: HeldCertificate;
  /** What it says, without padding. */
  readonly claims: readonly CertificateClaim[];
}

/** Why a delivered certificate was refused; the attestor is told a coarser code. */
export type DeliveryRefusal =
  | HeldCertificateRefusal
  | 'OTHER_JOB'
  | 'OTHER_ISSUER'
  | 'WRONG_KIND'
  | 'EXPIRED'
  /** An endorsement for tomorrow. */
  | 'NOT_YET_VALID'
  /** An endorsement says something else than skills and scores. */
  | 'NOT_OF_A_SKILL'
  /** An endorsement does not rest on a receipt of the holder's work for that client. */
  | 'NOT_EARNED'
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
  /** What that peer may bring. */
  readonly kinds: readonly CertificateKind[];
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

/**
 * Checks a delivered certificate, but not what an endorsement rests on. Never throws on received
 * bytes.
 */
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
  if (!expected.kinds.includes(body.kind)) return refuse('WRONG_KIND', `is of kind ${body.kind}`);
  const { held, claims } = checked;
  const untimely = checkCertificateTimes(body, expected);
  // An attestor may hand over a certificate for tomorrow.
  if (untimely === 'EXPIRED' || (untimely && body.kind === 'endorsement')) {
    return refuse(untimely, `nbf ${body.nbf}, exp ${body.exp} at ${expected.nowSeconds}`);
  }
  const { measured } = expected;
  if (measured && issuance.value !== BigInt(measured.value)) {
    const detail = `${issuance.value}, and the benchmark ended with ${measured.value}`;
    return refuse('OTHER_MEASUREMENT', detail);
  }
  if (measured && body.evidence !== toBase64Url(measured.transcript)) {
    return refuse('OTHER_MEASUREMENT', 'its evidence is not the transcript of the benchmark');
  }
  const isOfResource = claims.some(isResourceClaim) && body.kind === 'attestation';
  if (isOfResource && !measured && resourceBasis(body) !== 'stated') {
    return refuse('OTHER_MEASUREMENT', 'it claims a benchmark, and none has come to its end');
  }
  const other = body.kind === 'endorsement' && claims.find((claim) => !isOfSkill(claim));
  if (other) return refuse('NOT_OF_A_SKILL', `${other.kind} ${other.name}`);
  return { valid: true, attestor: expected.attestor, held, claims };
}

function isOfSkill({ kind }: CertificateClaim): boolean {
  return kind === 'skill' || kind === 'canaryScore';
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

/** What the peer is told; `MALFORMED` of what is not listed. */
export const DELIVERY_REFUSAL_CODES: Readonly<Partial<Record<DeliveryRefusal, RefusalCode>>> = {
  BAD_SIGNATURE: 'BAD_SIGNATURE',
  WRONG_SIGNERS: 'WRONG_SIGNERS',
  OTHER_HOLDER: 'WRONG_SIGNERS',
  OTHER_ISSUER: 'WRONG_SIGNERS',
  EXPIRED: 'EXPIRED',
  NOT_YET_VALID: 'NOT_YET_VALID',
  WRONG_KIND: 'NOT_SUPPORTED',
  NOT_OF_A_SKILL: 'NOT_SUPPORTED',
  NOT_EARNED: 'UNKNOWN_CONTRACT',
  COMMITMENT_NOT_OPENED: 'NOT_SUPPORTED',
  CLEAR_QUANTITY: 'NOT_SUPPORTED',
  OTHER_MEASUREMENT: 'NOT_SUPPORTED',
};
