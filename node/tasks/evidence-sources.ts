/**
 * The certificates and receipts that a contractor's level, tests, proved resources and testimony
 * rest on, for the record of a decision. Which of them count was judged before
 * (`node/certificates/trust.ts`).
 *
 * @module
 */

import type { ResourceBasis } from '../../protocols/attestation/stated-evidence.ts';
import type { CountedCertificate } from '../certificates/trust.ts';
import type { CertificateSource, EvidenceSource } from '../decision/evidence-source.ts';
import type { SurveyedContractor } from './contractor-survey.ts';

type Surveyed = Pick<SurveyedContractor, 'hit' | 'proved' | 'resources'>;

/**
 * What a decision on a contractor is made with: attestations of the skill, the resources that were
 * asked for, endorsements and receipts, in this order.
 */
export function sourcesBehind(contractor: Surveyed, hearing: Hearing): EvidenceSource[] {
  return [
    ...ofSkill(contractor),
    ...ofResources(contractor),
    ...(hearing.isHeard ? ofTestimony(contractor, hearing) : []),
  ];
}

/** How the word of others was taken. */
export interface Hearing {
  /** PeerId of this node; its own word is no testimony. */
  readonly observer: string;
  /** Whether what others tell came to anything. */
  readonly isHeard: boolean;
  /** Whether it counts then: attested tests may leave it no room. */
  readonly isCounted: boolean;
  /** How far a client was believed then: every figure that a weight was made of is in the text. */
  readonly credibility: (rater: string) => number;
}

function ofSkill({ hit, proved }: Surveyed): CertificateSource[] {
  const { certId, issuer, level, evidence, joint = [] } = proved;
  // What gives level 1 is an endorsement, and named with the others.
  if (certId === null || issuer === null || level < 2) return [];
  const skill = `skill ${hit.matchedTerm}`;
  const tests = evidence ? `, ${evidence.passed} of ${evidence.run} known-answer tasks` : '';
  // Of several that give level 3 together, tests are taken from one.
  return [
    sourceOf({ certId, issuer }, level, skill + tests),
    ...joint.map((other) => sourceOf(other, level, `${skill}, jointly`)),
  ];
}

function ofResources({ resources }: Surveyed): CertificateSource[] {
  return resources.flatMap(
    ({ name, min, atLeast, isProved, basis, level, issuer, certId, joint = [] }) => {
      if (atLeast === null || certId === null || issuer === null) return [];
      const how = isProved ? 'proved' : 'in clear';
      const shows = `${name} >= ${atLeast}, ${wordOf(basis)}, ${how}; ${min} asked for`;
      return [
        sourceOf({ certId, issuer }, level, shows),
        ...joint.map((other) => {
          return sourceOf(other, level, `${name} >= ${min}, ${wordOf(other.basis)}, jointly`);
        }),
      ];
    },
  );
}

function wordOf(basis: ResourceBasis | null | undefined): string {
  return basis === 'stated' ? 'stated' : 'measured';
}

function ofTestimony(
  { hit, proved }: Surveyed,
  { observer, isCounted, credibility }: Hearing,
): EvidenceSource[] {
  const skill = `skill ${hit.matchedTerm}`;
  return (proved.testimony ?? [])
    .filter(({ rater }) => rater !== observer && rater !== hit.peerId)
    .flatMap(({ rater: issuer, endorsement, run, receipts = [] }): EvidenceSource[] => {
      const how = (counts: string): string =>
        isCounted
          ? `${counts}, its client is believed ${credibility(issuer)}`
          : 'not counted: tests and policy leave it no room';
      return [
        ...(endorsement === undefined
          ? []
          : [
              sourceOf(
                { certId: endorsement.certId, issuer },
                endorsement.certId === proved.certId ? proved.level : 0,
                `${skill}, ${endorsement.passed} of ${endorsement.run} tasks endorsed, ` +
                  how(`counts ${run} in all`),
              ),
            ]),
        ...receipts.map(({ id, outcome, paidShare, weight }) => {
          const paid = outcome === 'partial' ? `partial, ${paidShare} paid` : outcome;
          const shows = `${skill}, ${paid}, ${how(`counts ${weight} by its price`)}`;
          return { kind: 'receipt', id, issuer, shows } as const;
        }),
      ];
    });
}

function sourceOf(
  { certId, issuer }: CountedCertificate,
  level: CertificateSource['level'],
  shows: string,
): CertificateSource {
  return { kind: 'certificate', id: certId, issuer, level, shows };
}
