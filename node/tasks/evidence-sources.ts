/**
 * The certificates and receipts that a contractor's level, tests, proved resources and testimony
 * rest on, for the record of a decision. Which of them count was judged before
 * (`node/certificates/trust.ts`).
 *
 * @module
 */

import type { CountedCertificate, SkillTestimony } from '../certificates/trust.ts';
import type { CertificateSource, EvidenceSource } from '../decision/evidence-source.ts';
import type { SurveyedContractor } from './contractor-survey.ts';

type Surveyed = Pick<SurveyedContractor, 'hit' | 'proved' | 'resources'>;

/**
 * What a decision on a contractor is made with: attestations of the skill, the resources that were
 * asked for, endorsements and receipts, in this order.
 *
 * @param options.observer - PeerId of this node; its own word is no testimony.
 * @param options.isHeard - Whether what others tell came to anything.
 */
export function sourcesBehind(
  contractor: Surveyed,
  { observer, isHeard }: { readonly observer: string; readonly isHeard: boolean },
): EvidenceSource[] {
  return [
    ...ofSkill(contractor),
    ...ofResources(contractor),
    ...(isHeard ? ofTestimony(contractor, observer) : []),
  ];
}

function ofSkill({ hit, proved }: Surveyed): CertificateSource[] {
  const { certId, issuer, level, evidence, joint = [] } = proved;
  if (certId === null || issuer === null) return [];
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
    ({ name, min, atLeast, isProved, level, issuer, certId, joint = [] }) => {
      if (atLeast === null || certId === null || issuer === null) return [];
      const how = isProved ? 'proved' : 'in clear';
      const shows = `${name} >= ${atLeast}, ${how}; ${min} asked for`;
      return [
        sourceOf({ certId, issuer }, level, shows),
        ...joint.map((other) => sourceOf(other, level, `${name} >= ${min}, jointly`)),
      ];
    },
  );
}

function ofTestimony({ hit, proved }: Surveyed, observer: string): EvidenceSource[] {
  const skill = `skill ${hit.matchedTerm}`;
  return (proved.testimony ?? [])
    .filter(({ rater }) => rater !== observer && rater !== hit.peerId)
    .flatMap(({ rater: issuer, endorsement, receipts = [] }): EvidenceSource[] => [
      ...(endorsement === undefined ? [] : [ofEndorsement(issuer, endorsement, skill)]),
      ...receipts.map(({ id, outcome, weight }) => {
        const shows = `${skill}, ${outcome}, counts ${Number(weight.toPrecision(3))} by its price`;
        return { kind: 'receipt', id, issuer, shows } as const;
      }),
    ]);
}

function ofEndorsement(
  issuer: string,
  { certId, passed, run }: NonNullable<SkillTestimony['endorsement']>,
  skill: string,
): EvidenceSource {
  return sourceOf({ certId, issuer }, 0, `${skill}, ${passed} of ${run} tasks endorsed`);
}

function sourceOf(
  { certId, issuer }: CountedCertificate,
  level: CertificateSource['level'],
  shows: string,
): CertificateSource {
  return { kind: 'certificate', id: certId, issuer, level, shows };
}
