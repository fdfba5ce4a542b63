/**
 * Checking a presentation, in the order of wire-formats.md 2.5: cheap refusals first, each with a
 * reason of its own.
 *
 * Whether an issuer is trusted, and what level follows, is the node's policy: issuer, kind and
 * times are handed on for it, with what was proved of committed quantities.
 *
 * @module
 */

import { equalBytes, fromBase64Url, toBase64Url } from './bytes.ts';
import type { RandomBytes } from './bytes.ts';
import { isResourceClaim } from './certificate-leaf.ts';
import type { CertificateClaim } from './certificate-leaf.ts';
import { verifyDisclosedLeaf } from './disclosed-leaf.ts';
import type { DisclosedLeaf, DisclosedLeafRefusal } from './disclosed-leaf.ts';
import { openEnvelope } from './envelope.ts';
import type { SignedDocument } from './envelope.ts';
import { docId } from './identity.ts';
import {
  decodeShow,
  envelopeBytes,
  presentationDefinition,
  unverifiedBody,
} from './presentation-messages.ts';
import type {
  Disclosure,
  EmbeddedEnvelope,
  MessageRefusal,
  PresentationBody,
} from './presentation-messages.ts';
import { verifyResourceProofs } from './resource-proof.ts';
import type { ResourceProof, ResourceStatement } from './resource-proof.ts';
import {
  CLOCK_TOLERANCE_SECONDS,
  checkCertificateTimes,
  claimKey,
  skillCertificateDefinition,
} from './skill-certificate.ts';
import type { CertificateKind, SkillCertificate, VerificationTime } from './skill-certificate.ts';
import { statusListDefinition } from './status-list.ts';
import type { StatusList } from './status-list.ts';
import { certificateStatus } from './status-list-memory.ts';
import type { StatusFinding, StatusListMemory } from './status-list-memory.ts';

/** How long a challenge may be answered, in seconds. */
export const CHALLENGE_SECONDS = 60;

/** What the verifier knows when the answer comes. */
export interface PresentationExpectation extends VerificationTime {
  /** PeerId of the other side of the session. */
  readonly holder: string;
  /** PeerIds that the holder had before (key-rotation.ts): their certificates count for it too. */
  readonly formerHolders?: ReadonlySet<string>;
  /** PeerId of this node. */
  readonly verifier: string;
  /** The nonce of this challenge. The caller uses it once. */
  readonly nonce: Uint8Array;
  /** Public hash of the session, 32 bytes. */
  readonly sessionHash: Uint8Array;
  /** Status lists seen before. Stapled lists are noted in it. */
  readonly statusMemory?: StatusListMemory;
  /** Cryptographic: weighs the equations of proofs. */
  readonly random: RandomBytes;
}

/** Why a presentation was refused. */
export type PresentationRefusal =
  | MessageRefusal
  | 'WRONG_HOLDER'
  | 'WRONG_VERIFIER'
  | 'WRONG_SESSION'
  | 'WRONG_NONCE'
  | 'WRONG_DISCLOSURE'
  | 'STALE_PRESENTATION'
  | 'BAD_PRESENTATION_SIGNATURE'
  | 'BAD_CERTIFICATE'
  | 'DUPLICATE_CERTIFICATE'
  | 'CERTIFICATE_OF_OTHER_HOLDER'
  | 'CERTIFICATE_NOT_YET_VALID'
  | 'CERTIFICATE_EXPIRED'
  | 'BAD_CERTIFICATE_SIGNATURE'
  | 'BAD_STATUS_LIST'
  | 'UNEXPECTED_STATUS_LIST'
  | 'DUPLICATE_LEAF'
  /** A proof of a leaf that was not opened, or is no commitment; or of one that has a proof. */
  | 'PROOF_OF_NOTHING'
  | 'BAD_RANGE_PROOF'
  | DisclosedLeafRefusal;

/** One certificate of a presentation, with the claims that were opened. */
export interface PresentedCertificate extends StatusFinding {
  /** base64url. */
  readonly certId: string;
  /** PeerId. */
  readonly issuer: string;
  /** PeerId that it was issued to: the peer's, or one that it had before. */
  readonly holder: string;
  readonly kind: CertificateKind;
  readonly nbf: number;
  readonly exp: number;
  /** base64url. */
  readonly evidence: string;
  readonly leaves: readonly CertificateClaim[];
  /** Committed quantities and what each was proved to reach. */
  readonly proved: readonly { readonly name: string; readonly atLeast: bigint }[];
}

/** A refusal: `detail` is for this node's log, never for the peer. */
export interface RefusedPresentation {
  readonly valid: false;
  readonly reason: PresentationRefusal;
  readonly detail: string;
}

/** Outcome of checking a presentation. No certificates means that the holder answers "no". */
export type VerifiedPresentation =
  | { readonly valid: true; readonly certificates: readonly PresentedCertificate[] }
  | RefusedPresentation;

function refuse(reason: PresentationRefusal, detail: string): RefusedPresentation {
  return { valid: false, reason, detail };
}

/** Checks a `show` message. Never throws on received bytes. */
export function verifyPresentation(
  show: Uint8Array,
  expected: PresentationExpectation,
): VerifiedPresentation {
  const read = decodeShow(show);
  if (!read.valid) return read;
  const { certs, status, disclosure, pres } = read.message;
  const body = unverifiedBody(presentationDefinition, pres);
  if (!body) return refuse('MALFORMED', 'pres: cannot be read');
  const binding = checkBinding(body, docId('disclosure', read.disclosureBytes), expected);
  if (binding) return binding;
  const signature = openEnvelope(presentationDefinition, envelopeBytes(pres));
  if (!signature.valid) return refuse('BAD_PRESENTATION_SIGNATURE', signature.detail);
  const certificates = openCertificates(certs, expected);
  if (!certificates.valid) return certificates;
  const lists = openStatusLists(status, certificates.opened);
  if (!lists.valid) return lists;
  const claims = openClaims(disclosure.open, certificates.opened);
  if (!claims.valid) return claims;
  const proved = checkProofs(disclosure.proofs, claims.opened, expected);
  if (!proved.valid) return proved;
  const presented = [...certificates.opened].map(([certId, certificate]) => ({
    ...describe(certId, certificate.body, claims.opened.get(certId), lists.opened, expected),
    proved: proved.opened.get(certId) ?? [],
  }));
  return { valid: true, certificates: presented };
}

function isBytes(text: string, bytes: Uint8Array): boolean {
  return equalBytes(fromBase64Url(text), bytes);
}

function checkBinding(
  body: PresentationBody,
  disclosureId: Uint8Array,
  expected: PresentationExpectation,
): RefusedPresentation | undefined {
  if (body.holder !== expected.holder) return refuse('WRONG_HOLDER', `is of ${body.holder}`);
  if (body.verifier !== expected.verifier) {
    return refuse('WRONG_VERIFIER', `is for ${body.verifier}`);
  }
  if (!isBytes(body.sh, expected.sessionHash)) return refuse('WRONG_SESSION', `sh ${body.sh}`);
  if (!isBytes(body.nonce, expected.nonce)) return refuse('WRONG_NONCE', `nonce ${body.nonce}`);
  if (!isBytes(body.disc, disclosureId)) return refuse('WRONG_DISCLOSURE', `disc ${body.disc}`);
  const { nowSeconds, toleranceSeconds = CLOCK_TOLERANCE_SECONDS } = expected;
  const ageSeconds = nowSeconds - body.iat;
  if (ageSeconds > CHALLENGE_SECONDS + toleranceSeconds || ageSeconds < -toleranceSeconds) {
    return refuse('STALE_PRESENTATION', `iat ${body.iat} at ${nowSeconds}`);
  }
  return undefined;
}

type Certificates = ReadonlyMap<string, SignedDocument<SkillCertificate>>;

interface Opened<Value> {
  readonly valid: true;
  readonly opened: Value;
}

function openCertificates(
  envelopes: readonly EmbeddedEnvelope[],
  expected: PresentationExpectation,
): Opened<Certificates> | RefusedPresentation {
  for (const [i, envelope] of envelopes.entries()) {
    const body = unverifiedBody(skillCertificateDefinition, envelope);
    if (!body) return refuse('BAD_CERTIFICATE', `certificate ${i} cannot be read`);
    if (body.holder !== expected.holder && expected.formerHolders?.has(body.holder) !== true) {
      return refuse('CERTIFICATE_OF_OTHER_HOLDER', `certificate ${i} is for ${body.holder}`);
    }
    const time = checkCertificateTimes(body, expected);
    if (time) return refuse(`CERTIFICATE_${time}`, `certificate ${i}: ${body.nbf} to ${body.exp}`);
  }
  const opened = new Map<string, SignedDocument<SkillCertificate>>();
  for (const [i, envelope] of envelopes.entries()) {
    const certificate = openEnvelope(skillCertificateDefinition, envelopeBytes(envelope));
    if (!certificate.valid) {
      return refuse('BAD_CERTIFICATE_SIGNATURE', `certificate ${i}: ${certificate.detail}`);
    }
    const certId = toBase64Url(certificate.id);
    if (opened.has(certId)) return refuse('DUPLICATE_CERTIFICATE', certId);
    opened.set(certId, certificate);
  }
  return { valid: true, opened };
}

type StatusLists = ReadonlyMap<string, SignedDocument<StatusList>>;

const listKey = ({ issuer, list }: { issuer: string; list: number }): string => `${issuer}/${list}`;

/** Each list must be of a certificate shown, once: anything else only makes this node work. */
function openStatusLists(
  envelopes: readonly EmbeddedEnvelope[],
  certificates: Certificates,
): Opened<StatusLists> | RefusedPresentation {
  const expected = new Set([...certificates.values()].map(({ body }) => listKey(body)));
  const opened = new Map<string, SignedDocument<StatusList>>();
  for (const [i, envelope] of envelopes.entries()) {
    const body = unverifiedBody(statusListDefinition, envelope);
    if (!body) return refuse('BAD_STATUS_LIST', `list ${i} cannot be read`);
    const key = listKey(body);
    if (!expected.delete(key)) return refuse('UNEXPECTED_STATUS_LIST', `list ${i} is ${key}`);
    const list = openEnvelope(statusListDefinition, envelopeBytes(envelope));
    if (!list.valid) return refuse('BAD_STATUS_LIST', `list ${i}: ${list.detail}`);
    opened.set(key, list);
  }
  return { valid: true, opened };
}

/** Opened claims of each certificate, by the index of their leaf. */
type OpenedClaims = ReadonlyMap<string, ReadonlyMap<number, CertificateClaim>>;

function openClaims(
  openings: readonly DisclosedLeaf[],
  certificates: Certificates,
): Opened<OpenedClaims> | RefusedPresentation {
  const opened = new Map<string, Map<number, CertificateClaim>>();
  const seen = new Set<string>();
  for (const [i, opening] of openings.entries()) {
    const certificate = certificates.get(opening.cert);
    if (!certificate) return refuse('OTHER_CERTIFICATE', `leaf ${i}: ${opening.cert}`);
    const leaf = verifyDisclosedLeaf(certificate, opening);
    if (!leaf.valid) return refuse(leaf.reason, `leaf ${i}`);
    const key = `${opening.cert} ${claimKey(leaf.claim)}`;
    if (seen.has(key)) return refuse('DUPLICATE_LEAF', `leaf ${i}: ${key}`);
    seen.add(key);
    const claims = opened.get(opening.cert) ?? new Map<number, CertificateClaim>();
    opened.set(opening.cert, claims.set(opening.i, leaf.claim));
  }
  return { valid: true, opened };
}

type ProvedQuantities = PresentedCertificate['proved'];

/** Every proof must be of commitments that stand in opened leaves, each of them proved once. */
function checkProofs(
  proofs: Disclosure['proofs'],
  claims: OpenedClaims,
  expected: PresentationExpectation,
): Opened<ReadonlyMap<string, ProvedQuantities>> | RefusedPresentation {
  const { sessionHash, verifier, holder, nonce, random } = expected;
  const context = { sessionHash, verifier, holder, nonce };
  const proved = new Map<string, ProvedQuantities[number][]>();
  const seen = new Set<string>();
  const read: ResourceProof[] = [];
  for (const [p, { at, rung, proof }] of proofs.entries()) {
    if (at.length !== rung.length) return refuse('PROOF_OF_NOTHING', `proof ${p}: ${rung.length}`);
    const statements: ResourceStatement[] = [];
    for (const [j, [cert, index]] of at.entries()) {
      const claim = claims.get(cert)?.get(index);
      const key = `${cert} ${index}`;
      if (claim?.kind !== 'committedQuantity' || seen.has(key)) {
        return refuse('PROOF_OF_NOTHING', `proof ${p}, statement ${j}: ${key}`);
      }
      seen.add(key);
      const threshold = BigInt(rung[j]!);
      const { name: resource, commitment } = claim;
      const certificateId = fromBase64Url(cert);
      statements.push({ certificateId, index, resource, threshold, commitment });
      const ofCertificate = proved.get(cert) ?? [];
      proved.set(cert, [...ofCertificate, { name: resource, atLeast: threshold }]);
    }
    read.push({ context, statements, proof: fromBase64Url(proof) });
  }
  for (const [p, outcome] of verifyResourceProofs(read, random).entries()) {
    if (!outcome.valid) return refuse('BAD_RANGE_PROOF', `proof ${p}: ${outcome.reason}`);
  }
  return { valid: true, opened: proved };
}

function describe(
  certId: string,
  body: SkillCertificate,
  claims: ReadonlyMap<number, CertificateClaim> | undefined,
  lists: StatusLists,
  expected: PresentationExpectation,
): Omit<PresentedCertificate, 'proved'> {
  const leaves = [...(claims?.values() ?? [])];
  const { issuer, holder, kind, nbf, exp, evidence } = body;
  const finding = certificateStatus({
    certificate: body,
    hasQuantity: leaves.some(isResourceClaim),
    stapled: lists.get(listKey(body)),
    memory: expected.statusMemory,
    time: expected,
  });
  return { certId, issuer, holder, kind, nbf, exp, evidence, leaves, ...finding };
}
