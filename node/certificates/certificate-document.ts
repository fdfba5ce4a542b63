/**
 * A certificate as the API shows it.
 *
 * @module
 */

import { fromUtf8, toBase64Url } from '../../crypto/bytes.ts';
import type { CertificateClaim } from '../../crypto/certificate-leaf.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import type { SkillCertificate } from '../../crypto/skill-certificate.ts';
import { resourceBasis } from '../../protocols/attestation/stated-evidence.ts';
import type { CertificateDocument } from '../api-documents.ts';

/** What a certificate is worth to this node. */
export type CertificateStanding = Pick<CertificateDocument, 'level' | 'status' | 'remark'>;

/** @param standing - By this node's trust policy; no certificate carries its level. */
export function certificateDocument(
  { id, body, envelope }: SignedDocument<SkillCertificate>,
  claims: readonly CertificateClaim[],
  standing: CertificateStanding,
): CertificateDocument {
  return {
    certId: toBase64Url(id),
    kind: body.kind,
    issuer: body.issuer,
    holder: body.holder,
    issuedAtSeconds: body.iat,
    expiresAtSeconds: body.exp,
    basis: basisOf(body, claims),
    ...standing,
    leaves: claims.map(describeClaim),
    envelope: fromUtf8(envelope),
  };
}

/** Of an attestation of a resource alone: what a known-answer test rests on is in its score. */
function basisOf(
  body: SkillCertificate,
  claims: readonly CertificateClaim[],
): CertificateDocument['basis'] {
  const isOfResource = claims.some(
    ({ kind }) => kind === 'committedQuantity' || kind === 'quantity',
  );
  return body.kind === 'attestation' && isOfResource ? resourceBasis(body) : null;
}

function describeClaim(claim: CertificateClaim): CertificateDocument['leaves'][number] {
  switch (claim.kind) {
    case 'skill':
      return { kind: 'skill', name: claim.name, value: '' };
    case 'quantity':
      return { kind: 'quantity', name: claim.name, value: claim.value.toString() };
    case 'committedQuantity':
      return { kind: 'committed', name: claim.name, value: 'hidden' };
    case 'canaryScore':
      return { kind: 'score', name: claim.name, value: `${claim.passed} of ${claim.run}` };
    case 'text':
      return { kind: 'text', name: claim.name, value: claim.text };
  }
}
