/**
 * Checking a presentation, in the order of wire-formats.md 2.5: cheap refusals first, each with a
 * reason of its own.
 *
 * Whether an issuer is trusted, and what level follows, is the node's policy: issuer, kind and
 * times are handed on for it, with what was proved of committed quantities. The policy is asked
 * here for one thing only: no time goes into proofs about what nobody believed could count.
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
  WantedTerm,
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
  /** What the challenge asked for. Proofs of anything else are not checked and prove nothing. */
  readonly wanted: readonly WantedTerm[];
  /** Whether this node believes what `issuer` says of `term`. If not, a proof proves nothing. */
  readonly believes: (issuer: string, term: string) => boolean;
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
  /** Committed quantities, asked for and of a believed issuer, and what each reaches. */
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
  const proved = checkProofs(disclosure.proofs, certificates.opened, claims.opened, expected);
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

/** A proof of a presentation, whose statements are of opened commitments. */
interface ShownProof {
  /** Its place in the message. */
  readonly place: number;
  readonly statements: readonly (ResourceStatement & { readonly cert: string })[];
  readonly proof: string;
}

/** Every proof must be of commitments that stand in opened leaves, each of them proved once. */
function readProofs(
  proofs: Disclosure['proofs'],
  claims: OpenedClaims,
): Opened<readonly ShownProof[]> | RefusedPresentation {
  const seen = new Set<string>();
  const opened: ShownProof[] = [];
  for (const [p, { at, rung, proof }] of proofs.entries()) {
    if (at.length !== rung.length) return refuse('PROOF_OF_NOTHING', `proof ${p}: ${rung.length}`);
    const statements: ShownProof['statements'][number][] = [];
    for (const [j, [cert, index]] of at.entries()) {
      const claim = claims.get(cert)?.get(index);
      const key = `${cert} ${index}`;
      if (claim?.kind !== 'committedQuantity' || seen.has(key)) {
        return refuse('PROOF_OF_NOTHING', `proof ${p}, statement ${j}: ${key}`);
      }
      seen.add(key);
      const { name: resource, commitment } = claim;
      const threshold = BigInt(rung[j]!);
      const certificateId = fromBase64Url(cert);
      statements.push({ cert, certificateId, index, resource, threshold, commitment });
    }
    opened.push({ place: p, statements, proof });
  }
  return { valid: true, opened };
}

/**
 * Checks the proofs that could count, all at once. A stranger makes certificates and false proofs
 * for nothing and each costs tens of milliseconds here, so one is looked at only if all of it was
 * asked for and some of it is of a believed issuer: a holder proves quantities of several issuers
 * together. That is at most one statement for each wanted minimum and certificate.
 */
function checkProofs(
  proofs: Disclosure['proofs'],
  certificates: Certificates,
  claims: OpenedClaims,
  { sessionHash, verifier, holder, nonce, wanted, believes, random }: PresentationExpectation,
): Opened<ReadonlyMap<string, ProvedQuantities>> | RefusedPresentation {
  const shown = readProofs(proofs, claims);
  if (!shown.valid) return shown;
  const asked = new Set(wanted.filter(({ min }) => min !== '').map(({ term }) => term));
  const isBelieved = ({ cert, resource }: ShownProof['statements'][number]) =>
    believes(certificates.get(cert)!.body.issuer, resource);
  const checked = shown.opened.filter(
    ({ statements }) =>
      statements.every(({ resource }) => asked.has(resource)) && statements.some(isBelieved),
  );
  const context = { sessionHash, verifier, holder, nonce };
  const read = checked.map(({ statements, proof }): ResourceProof => {
    return { context, statements, proof: fromBase64Url(proof) };
  });
  for (const [i, outcome] of verifyResourceProofs(read, random).entries()) {
    if (outcome.valid) continue;
    return refuse('BAD_RANGE_PROOF', `proof ${checked[i]!.place}: ${outcome.reason}`);
  }
  const proved = new Map<string, ProvedQuantities[number][]>();
  for (const statement of checked.flatMap(({ statements }) => statements)) {
    if (!isBelieved(statement)) continue;
    const { cert, resource: name, threshold: atLeast } = statement;
    proved.set(cert, [...(proved.get(cert) ?? []), { name, atLeast }]);
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
