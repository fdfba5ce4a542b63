/**
 * Level of a skill by this node's own trust policy (wire-formats.md 2.2): 0 self or unproved, 2
 * attested by an issuer that the policy trusts for the term, 3 attested by issuers of several
 * operator groups within a day. No certificate carries its level.
 *
 * Level 1 needs a ledger, which is asked elsewhere (`paid-endorsements.ts`).
 *
 * @module
 */

import type { PresentedCertificate } from '../../crypto/presentation-verifier.ts';
import { resourceBasis } from '../../protocols/attestation/stated-evidence.ts';
import type { ResourceBasis } from '../../protocols/attestation/stated-evidence.ts';
import { priceWeight } from '../decision/learning/rater-credibility.ts';
import type { CertificateLevel } from '../decision/policy.ts';
import type { TrustPolicy } from './trust-policy.ts';

/** Attestations of several groups count together if they begin within a day of one another. */
const JOINT_SECONDS = 86_400;

/** A certificate that counts. */
export interface CountedCertificate {
  readonly certId: string;
  /** PeerId. */
  readonly issuer: string;
  /** Of a resource: what it rests on, by the word of its issuer. */
  readonly basis?: ResourceBasis;
}

/** What a presentation proves of one skill. */
export interface ProvedSkill {
  readonly level: CertificateLevel;
  /** PeerId of the issuer that the level rests on. */
  readonly issuer: string | null;
  readonly certId: string | null;
  /** Of level 3: the other attestations that it rests on. */
  readonly joint?: readonly CountedCertificate[];
  /** Seconds since 1970. */
  readonly expiresAtSeconds: number | null;
  /** Known-answer tasks that a trusted attestor ran. */
  readonly evidence?: { readonly passed: number; readonly run: number };
  /**
   * What other clients endorse, and what their receipts say; weighed before it counts
   * (`learning/bootstrapping.ts`).
   */
  readonly testimony?: readonly SkillTestimony[];
  /** Why a certificate did not count, for the trace. */
  readonly remarks: readonly string[];
}

/** What one client says of its own dealings with the holder. */
export interface SkillTestimony {
  readonly rater: string;
  /** Fractions: receipts count by their price, and an endorsement as the least of receipts. */
  readonly passed: number;
  readonly run: number;
  /** What it says in whole outcomes; left out for receipts. */
  readonly endorsement?: {
    readonly certId: string;
    readonly passed: number;
    readonly run: number;
  };
  /** The receipts that it rests on; left out for an endorsement. */
  readonly receipts?: readonly HeardReceipt[];
}

/** A receipt that another client signed. */
export interface HeardReceipt {
  /** docId, base64url. */
  readonly id: string;
  readonly outcome: 'pass' | 'partial' | 'fail';
  /** Of its price, in [0, 1]. */
  readonly paidShare: number;
  /** By its price, in [1/64, 1]. */
  readonly weight: number;
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
  trust: TrustPolicy,
): ProvedSkill {
  let best: ProvedSkill = UNPROVED;
  const remarks: string[] = [];
  const counted: PresentedCertificate[] = [];
  for (const certificate of certificates) {
    if (!namesSkill(certificate.leaves, term)) continue;
    const refusal = refusalOf(certificate, term, trust);
    if (refusal !== undefined) {
      remarks.push(`certificate ${certificate.certId}: ${refusal}`);
      continue;
    }
    counted.push(certificate);
    if ((best.expiresAtSeconds ?? 0) >= certificate.exp) continue;
    best = attestedBy(certificate, term);
  }
  const testimony = testimonyOfEndorsements(certificates, term);
  return {
    ...best,
    ...levelOf(counted, best.certId, trust),
    ...(testimony.length === 0 ? {} : { testimony }),
    remarks,
  };
}

function namesSkill(leaves: PresentedCertificate['leaves'], term: string): boolean {
  return leaves.some(({ kind, name }) => kind === 'skill' && name === term);
}

function attestedBy(
  { issuer, certId, exp, leaves }: PresentedCertificate,
  term: string,
): ProvedSkill {
  const score = leaves.find((leaf) => leaf.kind === 'canaryScore' && leaf.name === term);
  return {
    level: 2,
    issuer,
    certId,
    expiresAtSeconds: exp,
    remarks: [],
    ...(score?.kind === 'canaryScore'
      ? { evidence: { passed: score.passed, run: score.run } }
      : {}),
  };
}

/**
 * Level of attestations that count: 3 if those of enough different groups begin within a day.
 *
 * @param bestId - Of the one that is named apart.
 */
function levelOf(
  attestations: readonly PresentedCertificate[],
  bestId: string | null,
  trust: TrustPolicy,
): { readonly level: CertificateLevel; readonly joint?: readonly CountedCertificate[] } {
  for (const { nbf: from } of attestations) {
    const joint = attestations.filter(({ nbf }) => nbf >= from && nbf - from <= JOINT_SECONDS);
    const groups = new Set(joint.map(({ issuer }) => trust.groupOf(issuer)));
    if (groups.size < trust.jointGroups) continue;
    const others = joint.filter(({ certId }) => certId !== bestId);
    return { level: 3, joint: others.map(({ certId, issuer }) => ({ certId, issuer })) };
  }
  return { level: attestations.length === 0 ? 0 : 2 };
}

/** So much of a resource is asked for. */
export interface ResourceMinimum {
  /** Term, such as `hasResource:gpu-memory-gib`. */
  readonly name: string;
  readonly min: bigint;
}

/** What a presentation shows of one resource. */
export interface ShownResource {
  readonly name: string;
  readonly min: bigint;
  /** Proved, or stated in clear, by certificates that count; `null`: not as much as was asked. */
  readonly atLeast: bigint | null;
  /** Whether by a proof, and not in clear. */
  readonly isProved: boolean;
  /** Whether its attestor says that it ran a benchmark; `null` for nothing shown. */
  readonly basis: ResourceBasis | null;
  readonly level: CertificateLevel;
  /** PeerId of the issuer that it rests on. */
  readonly issuer: string | null;
  readonly certId: string | null;
  /** Of level 3: the other attestations that it rests on. */
  readonly joint?: readonly CountedCertificate[];
  readonly expiresAtSeconds: number | null;
  readonly remarks: readonly string[];
}

/** Remark on an attestation that counts for nothing under `trust.isMeasuredOnly`. */
export const UNMEASURED = 'its attestor states it and has not measured it (trust.isMeasuredOnly)';

/** A resource that is not shown. */
export const NOT_SHOWN = {
  atLeast: null,
  isProved: false,
  basis: null,
  level: 0,
  issuer: null,
  certId: null,
  expiresAtSeconds: null,
} as const satisfies Partial<ShownResource>;

/**
 * What keeps a contractor from a task: the first minimum that is not shown, or not at the level
 * that is asked for; `undefined` for none.
 */
export function lackOfResources(
  shown: readonly ShownResource[],
  minLevel: CertificateLevel,
): string | undefined {
  const lacking = shown.find(({ atLeast, level }) => atLeast === null || level < minLevel);
  if (!lacking) return undefined;
  const { name, min, atLeast, level } = lacking;
  const at = atLeast === null ? '' : ` at level ${minLevel}: it is shown at level ${level}`;
  return `RESOURCE_NOT_PROVED: ${name}>=${min}${at}`;
}

/** Judges the certificates of a verified presentation for a minimum of a resource. */
export function judgeResource(
  certificates: readonly PresentedCertificate[],
  { name, min }: ResourceMinimum,
  trust: TrustPolicy,
): ShownResource {
  const remarks: string[] = [];
  const counted: ({ readonly certificate: PresentedCertificate } & ShownQuantity)[] = [];
  for (const certificate of certificates) {
    const shown = quantityIn(certificate, name);
    if (shown === undefined ? !hidesQuantity(certificate, name) : shown.atLeast < min) continue;
    const refusal = refusalOf(certificate, name, trust);
    const isUnmeasured = trust.isMeasuredOnly && resourceBasis(certificate) === 'stated';
    if (refusal !== undefined) remarks.push(`certificate ${certificate.certId}: ${refusal}`);
    else if (isUnmeasured) remarks.push(`certificate ${certificate.certId}: ${UNMEASURED}`);
    else if (shown) counted.push({ certificate, ...shown });
  }
  counted.sort((a, b) => b.certificate.exp - a.certificate.exp);
  const [best] = counted;
  if (!best) {
    const nothing = `nothing that counts shows at least ${min} of ${name}`;
    return { name, min, ...NOT_SHOWN, remarks: [...remarks, nothing] };
  }
  const { issuer, certId, exp } = best.certificate;
  const attestations = counted.map(({ certificate }) => certificate);
  const { level, joint } = levelOf(attestations, certId, trust);
  const basisOf = (id: string) =>
    resourceBasis(attestations.find((certificate) => certificate.certId === id)!);
  return {
    name,
    min,
    atLeast: best.atLeast,
    isProved: best.isProved,
    basis: resourceBasis(best.certificate),
    level,
    ...(joint && { joint: joint.map((other) => ({ ...other, basis: basisOf(other.certId) })) }),
    issuer,
    certId,
    expiresAtSeconds: exp,
    remarks,
  };
}

type ShownQuantity = { readonly atLeast: bigint; readonly isProved: boolean };

/** What a certificate shows of a resource: a proved rung, or a quantity in clear. */
function quantityIn(
  { leaves, proved }: PresentedCertificate,
  name: string,
): ShownQuantity | undefined {
  const rung = proved.find((one) => one.name === name)?.atLeast;
  if (rung !== undefined) return { atLeast: rung, isProved: true };
  for (const leaf of leaves) {
    if (leaf.kind === 'quantity' && leaf.name === name) {
      return { atLeast: leaf.value, isProved: false };
    }
  }
  return undefined;
}

/** Whether a commitment to it is opened: its proof is not looked at where the issuer is unknown. */
function hidesQuantity({ leaves }: PresentedCertificate, name: string): boolean {
  return leaves.some((leaf) => leaf.kind === 'committedQuantity' && leaf.name === name);
}

/**
 * The outcomes that endorsements certify, one entry per client: its newest one counts outcomes
 * that the older ones have counted before. It shows no receipt, so it counts as one that cost
 * nothing, whatever number it names: a contractor gains nothing by showing it in place of receipts.
 * They give no level, and strangers' words next to no weight, so one without a current status list
 * is heard. A revoked one is not, nor what it had replaced.
 */
function testimonyOfEndorsements(
  certificates: readonly PresentedCertificate[],
  term: string,
): SkillTestimony[] {
  const newest = new Map<string, PresentedCertificate>();
  for (const certificate of certificates) {
    const { kind, issuer, nbf, leaves } = certificate;
    if (kind !== 'endorsement' || !namesSkill(leaves, term)) continue;
    const known = newest.get(issuer);
    if (!known || nbf > known.nbf) newest.set(issuer, certificate);
  }
  return [...newest].flatMap(([rater, { certId, status, leaves }]) => {
    const score = leaves.find((leaf) => leaf.kind === 'canaryScore' && leaf.name === term);
    if (status === 'revoked' || score?.kind !== 'canaryScore') return [];
    const { passed, run } = score;
    if (run === 0) return [];
    const weight = priceWeight(0);
    const endorsement = { certId, passed, run };
    return [{ rater, passed: (passed / run) * weight, run: weight, endorsement }];
  });
}

/** Why a certificate gives `term` no level; `undefined` if it does. */
function refusalOf(
  { kind, issuer, status, statusReason }: PresentedCertificate,
  term: string,
  trust: TrustPolicy,
): string | undefined {
  if (kind === 'self') return 'is by the holder itself';
  if (kind === 'endorsement') {
    return status === 'unknown'
      ? `is an endorsement without a current status list (${statusReason})`
      : 'is an endorsement: it gives a level only where a ledger shows paid work of its client';
  }
  if (!trust.attestors.has(issuer)) return `is by ${issuer}, which this node does not trust`;
  if (!trust.trusts(issuer, term)) return `is by ${issuer}, whose word counts for other terms`;
  if (trust.isRotated(issuer)) return `is by an issuer whose key was rotated, ${issuer}`;
  if (status === 'revoked') return 'is revoked';
  if (status === 'unknown') return `has no current status list (${statusReason})`;
  return undefined;
}
