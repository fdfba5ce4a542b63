/**
 * Making a presentation: a holder shows one verifier a few leaves of its certificates, under one
 * signature that covers every leaf, the verifier, its nonce and the session (wire-formats.md 2.5).
 *
 * Makes no range proof: a committed quantity answers no minimum here.
 *
 * @module
 */

import { toBase64Url } from './bytes.ts';
import { encodeDocument } from './canonical-json.ts';
import { decodeLeaf } from './certificate-leaf.ts';
import type { CertificateClaim } from './certificate-leaf.ts';
import { openLeaves } from './disclosed-leaf.ts';
import type { DisclosedLeaf } from './disclosed-leaf.ts';
import { signDocument } from './envelope.ts';
import type { SignedDocument } from './envelope.ts';
import { docId } from './identity.ts';
import type { Identity } from './identity.ts';
import {
  DISCLOSURE_LIMITS,
  MAX_CERTIFICATES,
  MAX_OPENED_LEAVES,
  MAX_STAPLED_LISTS,
  SHOW_LIMITS,
  embedEnvelope,
  encodeDisclosure,
  encodeShow,
  presentationDefinition,
} from './presentation-messages.ts';
import type { EmbeddedEnvelope, ShowMessage, WantedTerm } from './presentation-messages.ts';
import { checkCertificateTimes } from './skill-certificate.ts';
import type { HeldCertificate } from './skill-certificate.ts';
import type { StatusList } from './status-list.ts';

/** What a presentation is made of. */
export interface PresentationInit {
  readonly holder: Identity;
  /** PeerId. */
  readonly verifier: string;
  /** The verifier's, 32 bytes. */
  readonly nonce: Uint8Array;
  /** Public hash of the session, 32 bytes. */
  readonly sessionHash: Uint8Array;
  /** Seconds since 1970. Certificates that are not valid then are left out. */
  readonly iat: number;
  /** In order of preference: the first that say what is wanted are shown. */
  readonly certificates: readonly HeldCertificate[];
  /** Status lists at hand; those of shown certificates are stapled. */
  readonly status: readonly SignedDocument<StatusList>[];
  readonly wanted: readonly WantedTerm[];
  /** Leaves of `certificates` to show although nobody asked. */
  readonly additional?: readonly DisclosedLeaf[];
}

/** A `show` message and what became of the wishes. */
export interface Presentation {
  /** The `show` message. */
  readonly bytes: Uint8Array;
  readonly opened: readonly DisclosedLeaf[];
  /** What would have answered the challenge but went beyond a limit. */
  readonly omitted: { readonly leaves: number; readonly statusLists: number };
}

/**
 * Answers a challenge with as few leaves as say what is wanted: the skill leaf of a term, or its
 * quantity leaf if a minimum is asked for and reached. A minimum that is not reached opens nothing.
 * Limits of the message are kept by leaving out what comes last.
 *
 * @throws {@link TypeError} if a certificate belongs to another holder, or an additional leaf to
 *   none of the certificates.
 */
export function makePresentation(init: PresentationInit): Presentation {
  const { holder, certificates, iat } = init;
  if (certificates.some(({ certificate }) => certificate.body.holder !== holder.peerId)) {
    throw new TypeError(`"certificates" expected certificates of ${holder.peerId} only`);
  }
  const byId = new Map(
    certificates.map((held) => [toBase64Url(held.certificate.id), held.certificate]),
  );
  const additional = init.additional ?? [];
  if (additional.some(({ cert }) => !byId.has(cert))) {
    throw new TypeError('"additional" has a leaf of none of the certificates');
  }
  const now = { nowSeconds: iat, toleranceSeconds: 0 };
  const valid = certificates.filter(
    ({ certificate }) => checkCertificateTimes(certificate.body, now) === undefined,
  );
  const answers = valid.flatMap((held) => openLeaves(held, chooseLeaves(held, init.wanted)));
  const candidates = withoutRepeats([...additional, ...answers]);
  const opened = fitLeaves(candidates);
  const shown = [...new Set(opened.map(({ cert }) => cert))].map((cert) => byId.get(cert)!);
  const message = signShow(init, opened, shown);
  const lists = init.status.filter(({ body }) =>
    shown.some((shownOne) => isListOf(shownOne.body, body)),
  );
  const status = fitLists(message, lists);
  return {
    bytes: encodeShow({ ...message, status }),
    opened,
    omitted: {
      leaves: candidates.length - opened.length,
      statusLists: lists.length - status.length,
    },
  };
}

function isListOf(
  certificate: { readonly issuer: string; readonly list: number },
  list: { readonly issuer: string; readonly list: number },
): boolean {
  return certificate.issuer === list.issuer && certificate.list === list.list;
}

function isAnswer(claim: CertificateClaim, { term, min }: WantedTerm): boolean {
  if (claim.name !== term) return false;
  if (min === '') return claim.kind === 'skill' || claim.kind === 'quantity';
  return claim.kind === 'quantity' && claim.value >= BigInt(min);
}

/**
 * Indexes of the leaves that answer, one for each wanted term: a skill before a quantity. The score
 * of the tests that a skill rests on goes with it, because a skill without it is worth less.
 */
function chooseLeaves(held: HeldCertificate, wanted: readonly WantedTerm[]): number[] {
  const claims: { readonly index: number; readonly claim: CertificateClaim }[] = [];
  for (const [index, bytes] of held.leaves.entries()) {
    const leaf = decodeLeaf(bytes);
    if (leaf.valid && leaf.claim) claims.push({ index, claim: leaf.claim });
  }
  const chosen = new Set<number>();
  for (const want of wanted) {
    const fitting = claims.filter(({ claim }) => isAnswer(claim, want));
    const best = fitting.find(({ claim }) => claim.kind === 'skill') ?? fitting[0];
    if (best) chosen.add(best.index);
    if (best?.claim.kind !== 'skill') continue;
    const score = claims.find(
      ({ claim }) => claim.kind === 'canaryScore' && claim.name === want.term,
    );
    if (score) chosen.add(score.index);
  }
  return [...chosen];
}

function withoutRepeats(leaves: readonly DisclosedLeaf[]): DisclosedLeaf[] {
  return [...new Map(leaves.map((leaf) => [`${leaf.cert} ${leaf.i}`, leaf])).values()];
}

/** The leaves, in order, that the limits of a disclosure have room for. */
function fitLeaves(candidates: readonly DisclosedLeaf[]): DisclosedLeaf[] {
  const certificates = new Set<string>();
  const fitting: DisclosedLeaf[] = [];
  let bytes = encodeDisclosure({ open: [], proofs: [] }).length;
  for (const leaf of candidates) {
    const isNewCertificate = !certificates.has(leaf.cert);
    const leafBytes = encodeDocument(leaf).length + 1;
    if (fitting.length === MAX_OPENED_LEAVES) break;
    if (isNewCertificate && certificates.size === MAX_CERTIFICATES) continue;
    if (bytes + leafBytes > DISCLOSURE_LIMITS.maxBytes) continue;
    certificates.add(leaf.cert);
    fitting.push(leaf);
    bytes += leafBytes;
  }
  return fitting;
}

/** The status lists, in order, that the message has room for. The rest count as unknown. */
function fitLists(
  message: ShowMessage,
  lists: readonly SignedDocument<StatusList>[],
): EmbeddedEnvelope[] {
  const fitting: EmbeddedEnvelope[] = [];
  let bytes = encodeShow(message).length;
  for (const { envelope } of lists) {
    if (fitting.length === MAX_STAPLED_LISTS) break;
    if (bytes + envelope.length + 1 > SHOW_LIMITS.maxBytes) continue;
    fitting.push(embedEnvelope(envelope));
    bytes += envelope.length + 1;
  }
  return fitting;
}

function signShow(
  { holder, verifier, nonce, sessionHash, iat }: PresentationInit,
  open: DisclosedLeaf[],
  certificates: readonly SignedDocument<unknown>[],
): ShowMessage {
  const disclosure = { open, proofs: [] };
  const disc = docId('disclosure', encodeDisclosure(disclosure));
  const pres = signDocument(
    presentationDefinition,
    {
      v: 1,
      typ: 'pres',
      holder: holder.peerId,
      verifier,
      nonce: toBase64Url(nonce),
      sh: toBase64Url(sessionHash),
      iat,
      disc: toBase64Url(disc),
    },
    holder,
  );
  return {
    v: 1,
    typ: 'show',
    certs: certificates.map(({ envelope }) => embedEnvelope(envelope)),
    status: [],
    disclosure,
    pres: embedEnvelope(pres.envelope),
  };
}
