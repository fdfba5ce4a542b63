/**
 * Making a presentation: a holder shows one verifier a few leaves of its certificates, under one
 * signature that covers every leaf, the verifier, its nonce and the session (wire-formats.md 2.5).
 *
 * A committed quantity answers a minimum by a proof that it reaches the rung that was fixed for it,
 * and never by any other (wire-formats.md 3.3).
 *
 * @module
 */

import { toBase64Url } from './bytes.ts';
import type { RandomBytes } from './bytes.ts';
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
  MAX_PROOFS,
  MAX_STAPLED_LISTS,
  SHOW_LIMITS,
  embedEnvelope,
  encodeDisclosure,
  encodeShow,
  presentationDefinition,
} from './presentation-messages.ts';
import type {
  Disclosure,
  EmbeddedEnvelope,
  ShowMessage,
  WantedTerm,
} from './presentation-messages.ts';
import { MAX_STATEMENTS, proveResources, resourceProofBytes } from './resource-proof.ts';
import type { ProvableStatement } from './resource-proof.ts';
import { answeredRung } from './rung-ladder.ts';
import { checkCertificateTimes } from './skill-certificate.ts';
import type { CommitmentOpening, HeldCertificate } from './skill-certificate.ts';
import type { StatusList } from './status-list.ts';

/** Most that a proof takes in a message: base64url of it, and where its leaves and rungs stand. */
const PROOF_CHARACTERS = 2 * resourceProofBytes(MAX_STATEMENTS) + MAX_STATEMENTS * 80;

/** What a presentation is made of. */
export interface PresentationInit {
  readonly holder: Identity;
  /** PeerIds that the holder had before: certificates of these are shown too. */
  readonly formerHolders?: ReadonlySet<string>;
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
  /** Most quantities that are proved: of each name one before any second. Left out: no limit. */
  readonly maxProved?: number;
  /** Leaves of `certificates` to show although nobody asked. */
  readonly additional?: readonly DisclosedLeaf[];
  /** Cryptographic: blinds the proofs. */
  readonly random: RandomBytes;
}

/** What a proof of the presentation says. */
export interface ProvedRung {
  /** Term of the leaf. */
  readonly name: string;
  /** The quantity is at least this. */
  readonly rung: bigint;
}

/** A `show` message and what became of the wishes. */
export interface Presentation {
  /** The `show` message. */
  readonly bytes: Uint8Array;
  readonly opened: readonly DisclosedLeaf[];
  /** Quantities that are proved, and not shown. */
  readonly proved: readonly ProvedRung[];
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
  const { holder, formerHolders, certificates, iat } = init;
  const isOwn = (peerId: string) => peerId === holder.peerId || formerHolders?.has(peerId) === true;
  if (!certificates.every(({ certificate }) => isOwn(certificate.body.holder))) {
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
  const chosen = valid.map((held) => ({ held, ...chooseLeaves(held, init.wanted) }));
  const answers = byTurns(
    chosen.flatMap(({ held, indexes }) => openLeaves(held, indexes)),
    ({ kind, name }) => `${kind} ${name}`,
  );
  const candidates = withoutRepeats([...additional, ...answers]);
  const opened = fitLeaves(candidates);
  const isOpened = new Set(opened.map(keyOf));
  const { maxProved = Infinity } = init;
  const provable = chosen
    .flatMap((one) => one.provable)
    .filter(({ certificateId, index }) =>
      isOpened.has(keyOf({ cert: toBase64Url(certificateId), i: index })),
    );
  const statements = byTurns(provable, ({ resource }) => resource).slice(
    0,
    Math.min(maxProved, MAX_STATEMENTS * MAX_PROOFS),
  );
  const shown = [...new Set(opened.map(({ cert }) => cert))].map((cert) => byId.get(cert)!);
  const message = signShow(init, { open: opened, proofs: prove(init, statements) }, shown);
  const lists = init.status.filter(({ body }) =>
    shown.some((shownOne) => isListOf(shownOne.body, body)),
  );
  const status = fitLists(message, lists);
  return {
    bytes: encodeShow({ ...message, status }),
    opened,
    proved: statements.map(({ resource, threshold }) => ({ name: resource, rung: threshold })),
    omitted: {
      leaves: candidates.length - opened.length,
      statusLists: lists.length - status.length,
    },
  };
}

/** The first of each kind, then the second of each: a limit shall not cut one kind off whole. */
function byTurns<Item>(items: readonly Item[], kindOf: (item: Item) => string): readonly Item[] {
  const seen = new Map<string, number>();
  const turns = items.map((item) => {
    const kind = kindOf(item);
    const turn = seen.get(kind) ?? 0;
    seen.set(kind, turn + 1);
    return { item, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn).map(({ item }) => item);
}

function isListOf(
  certificate: { readonly issuer: string; readonly list: number },
  list: { readonly issuer: string; readonly list: number },
): boolean {
  return certificate.issuer === list.issuer && certificate.list === list.list;
}

/** A leaf of a held certificate, and what the holder can prove about it. */
interface HeldClaim {
  readonly index: number;
  readonly claim: CertificateClaim;
  readonly opening: CommitmentOpening | undefined;
}

/** The rung that answers a minimum; undefined for any other leaf, and for a rung below it. */
function rungFor({ claim, opening }: HeldClaim, { term, min }: WantedTerm): bigint | undefined {
  const isAsked = claim.kind === 'committedQuantity' && claim.name === term && min !== '';
  return isAsked ? answeredRung(opening?.rung, BigInt(min)) : undefined;
}

function isAnswer({ claim }: HeldClaim, { term, min }: WantedTerm): boolean {
  if (claim.name !== term) return false;
  if (min === '') return claim.kind === 'skill' || claim.kind === 'quantity';
  return claim.kind === 'quantity' && claim.value >= BigInt(min);
}

interface ChosenLeaves {
  readonly indexes: readonly number[];
  readonly provable: readonly ProvableStatement[];
}

/**
 * The leaves that answer, one for each wanted term: a proof before a quantity in clear, a skill
 * before a quantity. The score of the tests that a skill rests on goes with it, because a skill
 * without it is worth less.
 */
function chooseLeaves(held: HeldCertificate, wanted: readonly WantedTerm[]): ChosenLeaves {
  const claims = claimsOf(held);
  const chosen = new Set<number>();
  const provable = new Map<number, ProvableStatement>();
  for (const want of wanted) {
    const hidden = claims.find((one) => rungFor(one, want) !== undefined);
    if (hidden) {
      chosen.add(hidden.index);
      provable.set(hidden.index, statementOf(held, hidden, rungFor(hidden, want)!));
      continue;
    }
    const fitting = claims.filter((one) => isAnswer(one, want));
    const best = fitting.find(({ claim }) => claim.kind === 'skill') ?? fitting[0];
    if (best) chosen.add(best.index);
    if (best?.claim.kind !== 'skill') continue;
    const score = claims.find(
      ({ claim }) => claim.kind === 'canaryScore' && claim.name === want.term,
    );
    if (score) chosen.add(score.index);
  }
  return { indexes: [...chosen], provable: [...provable.values()] };
}

function claimsOf({ leaves, openings }: HeldCertificate): HeldClaim[] {
  return leaves.flatMap((bytes, index) => {
    const leaf = decodeLeaf(bytes);
    if (!leaf.valid || !leaf.claim) return [];
    const { claim } = leaf;
    const isCommitted = claim.kind === 'committedQuantity';
    const opening = isCommitted ? openings.find(({ name }) => name === claim.name) : undefined;
    return [{ index, claim, opening }];
  });
}

function statementOf(
  { certificate }: HeldCertificate,
  { index, claim, opening }: HeldClaim,
  rung: bigint,
): ProvableStatement {
  if (claim.kind !== 'committedQuantity' || !opening) throw new TypeError('expected a commitment');
  return {
    certificateId: certificate.id,
    index,
    resource: claim.name,
    threshold: rung,
    commitment: claim.commitment,
    value: opening.value,
    blinding: opening.blinding,
  };
}

/**
 * Quantities that answering would prove without a limit. Each takes tens of milliseconds of a
 * processor, so whoever answers strangers counts them first.
 *
 * @param nowSeconds - Certificates that are not valid then do not count.
 */
export function countProofs(
  certificates: readonly HeldCertificate[],
  wanted: readonly WantedTerm[],
  nowSeconds: number,
): number {
  const asked = wanted.filter(({ min }) => min !== '');
  let count = 0;
  for (const { openings, certificate } of certificates) {
    const now = { nowSeconds, toleranceSeconds: 0 };
    if (checkCertificateTimes(certificate.body, now) !== undefined) continue;
    for (const { name, rung } of openings) {
      const isAsked = asked.some(
        ({ term, min }) => term === name && answeredRung(rung, BigInt(min)) !== undefined,
      );
      if (isAsked) count++;
    }
  }
  return count;
}

/** As few proofs as there are eights of statements. */
function prove(
  { holder, verifier, nonce, sessionHash, random }: PresentationInit,
  statements: readonly ProvableStatement[],
): Disclosure['proofs'] {
  const context = { sessionHash, verifier, holder: holder.peerId, nonce };
  const proofs: Disclosure['proofs'] = [];
  for (let from = 0; from < statements.length; from += MAX_STATEMENTS) {
    const some = statements.slice(from, from + MAX_STATEMENTS);
    proofs.push({
      at: some.map(({ certificateId, index }) => [toBase64Url(certificateId), index]),
      rung: some.map(({ threshold }) => threshold.toString()),
      proof: toBase64Url(proveResources(context, some, random)),
    });
  }
  return proofs;
}

function keyOf({ cert, i }: Pick<DisclosedLeaf, 'cert' | 'i'>): string {
  return `${cert} ${i}`;
}

function withoutRepeats(leaves: readonly DisclosedLeaf[]): DisclosedLeaf[] {
  return [...new Map(leaves.map((leaf) => [keyOf(leaf), leaf])).values()];
}

/** The leaves, in order, that the limits of a disclosure have room for. */
function fitLeaves(candidates: readonly DisclosedLeaf[]): DisclosedLeaf[] {
  const certificates = new Set<string>();
  const fitting: DisclosedLeaf[] = [];
  let bytes = encodeDisclosure({ open: [], proofs: [] }).length + MAX_PROOFS * PROOF_CHARACTERS;
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
  disclosure: Disclosure,
  certificates: readonly SignedDocument<unknown>[],
): ShowMessage {
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
