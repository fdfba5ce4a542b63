/**
 * Level of a skill by this node's own trust policy (wire-formats.md 2.2): 0 self or unproved, 2
 * attested by an issuer that the policy trusts. No certificate carries its level.
 *
 * Level 1 needs a ledger that shows an endorsement's receipt paid, level 3 operator groups; neither
 * is here yet, so neither is ever given.
 *
 * @module
 */

import type { PresentedCertificate } from '../../crypto/presentation-verifier.ts';
import type { CertificateLevel } from '../decision/policy.ts';

/** What a presentation proves of one skill. */
export interface ProvedSkill {
  readonly level: CertificateLevel;
  /** PeerId of the issuer that the level rests on. */
  readonly issuer: string | null;
  readonly certId: string | null;
  /** Seconds since 1970. */
  readonly expiresAtSeconds: number | null;
  /** Known-answer tasks that a trusted attestor ran. */
  readonly evidence?: { readonly passed: number; readonly run: number };
  /** Why a certificate did not count, for the trace. */
  readonly remarks: readonly string[];
}

/** A skill that nothing is known of. */
export const UNPROVED: ProvedSkill = {
  level: 0,
  issuer: null,
  certId: null,
  expiresAtSeconds: null,
  remarks: [],
};

/** Judges the certificates of a verified presentation for `term`. */
export function judgeSkill(
  certificates: readonly PresentedCertificate[],
  term: string,
  attestors: ReadonlySet<string>,
): ProvedSkill {
  let best: ProvedSkill = UNPROVED;
  const remarks: string[] = [];
  for (const certificate of certificates) {
    const names = certificate.leaves.some((leaf) => leaf.kind === 'skill' && leaf.name === term);
    if (!names) continue;
    const refusal = refusalOf(certificate, attestors);
    if (refusal !== undefined) {
      remarks.push(`certificate ${certificate.certId}: ${refusal}`);
      continue;
    }
    const score = certificate.leaves.find(
      (leaf) => leaf.kind === 'canaryScore' && leaf.name === term,
    );
    if ((best.expiresAtSeconds ?? 0) >= certificate.exp) continue;
    best = {
      level: 2,
      issuer: certificate.issuer,
      certId: certificate.certId,
      expiresAtSeconds: certificate.exp,
      remarks: [],
      ...(score?.kind === 'canaryScore'
        ? { evidence: { passed: score.passed, run: score.run } }
        : {}),
    };
  }
  return { ...best, remarks };
}

function refusalOf(
  { kind, issuer, status }: PresentedCertificate,
  attestors: ReadonlySet<string>,
): string | undefined {
  if (kind === 'self') return 'is by the holder itself';
  if (kind === 'endorsement') return 'is an endorsement, which counts only with a ledger';
  if (!attestors.has(issuer)) return `is by ${issuer}, which this node does not trust`;
  if (status === 'revoked') return 'is revoked';
  if (status === 'unknown') return 'has no current status list';
  return undefined;
}
