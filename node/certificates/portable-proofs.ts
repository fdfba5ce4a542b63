/**
 * What a holder hands over as a file, outside of a session: some leaves of a certificate, opened
 * for everybody, or a presentation with a proof of a minimum, for one verifier and its nonce.
 *
 * A disclosure can be passed on by whoever has it: it binds nobody. A proof cannot: it names its
 * verifier, and where there is no session its hash is 32 zero bytes. A verifier uses a nonce once.
 *
 * @module
 */

import { z } from 'zod';
import { fromUtf8, toBase64Url, utf8 } from '../../crypto/bytes.ts';
import { decodeLeaf } from '../../crypto/certificate-leaf.ts';
import type { CertificateClaim } from '../../crypto/certificate-leaf.ts';
import { openLeaves, verifyDisclosedLeaf } from '../../crypto/disclosed-leaf.ts';
import type { Identity } from '../../crypto/identity.ts';
import { CHALLENGE_SECONDS, verifyPresentation } from '../../crypto/presentation-verifier.ts';
import type { PresentedCertificate } from '../../crypto/presentation-verifier.ts';
import { makePresentation } from '../../crypto/presentation.ts';
import type { SignedDocument } from '../../crypto/envelope.ts';
import type { StatusListMemory } from '../../crypto/status-list-memory.ts';
import type { StatusList } from '../../crypto/status-list.ts';
import { CLOCK_TOLERANCE_SECONDS, verifySkillCertificate } from '../../crypto/skill-certificate.ts';
import type { HeldCertificate, SkillCertificate } from '../../crypto/skill-certificate.ts';
import type { Random } from '../../protocols/components.ts';
import type { DisclosureDocument, PortableProofDocument } from '../api-documents.ts';
import { NothingFoundError } from '../errors.ts';
import type { ResourceMinimum } from './trust.ts';
import type { TrustPolicy } from './trust-policy.ts';

/** The hash of no session. */
const NO_SESSION = new Uint8Array(32);
/** How long a proof in a file can be checked. */
export const PROOF_LIFE =
  `a proof is good for ${CHALLENGE_SECONDS} s after it was made, ` +
  `and ${CLOCK_TOLERANCE_SECONDS} s more for clocks that differ`;
/** Largest file that is read: a certificate and all its leaves. */
const MAX_FILE_BYTES = 1_310_720;

const disclosureSchema = z.strictObject({
  certificate: z.string().max(MAX_FILE_BYTES),
  open: z.array(z.unknown()).min(1).max(1_024),
});

/**
 * Opens the leaves of `terms` for everybody. A committed quantity is never among them: opened, it
 * would say nothing, and a proof says what it is worth.
 *
 * @throws {@link NothingFoundError} for a term that the certificate does not name in clear.
 */
export function discloseLeaves(
  held: HeldCertificate,
  terms: readonly string[],
): DisclosureDocument {
  const indexes = terms.flatMap((term) => {
    const found = held.leaves.flatMap((bytes, index) => {
      const leaf = decodeLeaf(bytes);
      const claim = leaf.valid ? leaf.claim : undefined;
      const isShown = claim?.name === term && claim.kind !== 'committedQuantity';
      return isShown ? [index] : [];
    });
    if (found.length === 0) {
      throw new NothingFoundError(
        `The certificate shows no ${term} in clear; of a committed quantity, see "cert prove"`,
      );
    }
    return found;
  });
  const certificate = fromUtf8(held.certificate.envelope);
  return { certificate, open: openLeaves(held, [...new Set(indexes)]) };
}

/** Outcome of checking a file. */
export type CheckedFile =
  | {
      readonly valid: true;
      readonly certificate: SignedDocument<SkillCertificate>;
      readonly claims: readonly CertificateClaim[];
    }
  | { readonly valid: false; readonly reason: string };

/** Checks a disclosure. Never throws on what stands in it. */
export function verifyDisclosure(file: unknown, nowSeconds: number): CheckedFile {
  const parsed = disclosureSchema.safeParse(file);
  if (!parsed.success)
    return { valid: false, reason: 'MALFORMED: is no disclosure, or opens no leaf' };
  const checked = verifySkillCertificate(utf8(parsed.data.certificate), { nowSeconds });
  if (!checked.valid) return { valid: false, reason: `${checked.reason}: ${checked.detail}` };
  const claims: CertificateClaim[] = [];
  for (const [i, opening] of parsed.data.open.entries()) {
    const leaf = verifyDisclosedLeaf(checked, opening);
    if (!leaf.valid) return { valid: false, reason: `${leaf.reason}: leaf ${i}` };
    claims.push(leaf.claim);
  }
  return { valid: true, certificate: checked, claims };
}

/** What a proof for a file is made of. */
export interface ProofOrder extends ResourceMinimum {
  /** PeerId. */
  readonly verifier: string;
  /** The verifier's, 32 bytes. */
  readonly nonce: Uint8Array;
}

/** What a holder needs to prove anything. */
export interface ProofMeans {
  readonly holder: Identity;
  readonly certificates: readonly HeldCertificate[];
  readonly status: readonly SignedDocument<StatusList>[];
  readonly random: Random;
  readonly nowSeconds: number;
}

/** Proves a minimum. @throws {@link NothingFoundError} if no certificate reaches it. */
export function proveMinimum(
  { name, min, verifier, nonce }: ProofOrder,
  { holder, certificates, status, random, nowSeconds }: ProofMeans,
): PortableProofDocument {
  const { bytes, proved } = makePresentation({
    holder,
    verifier,
    nonce,
    sessionHash: NO_SESSION,
    iat: nowSeconds,
    certificates,
    status,
    wanted: [{ term: name, min: min.toString() }],
    random: (length) => random.bytes(length),
  });
  if (proved.length === 0) {
    throw new NothingFoundError(
      `No certificate held here proves ${name} >= ${min}; "cert show" says what stands against ` +
        'each, and one of a PeerId that this node had before cannot be shown in a file',
    );
  }
  return {
    holder: holder.peerId,
    verifier,
    nonce: toBase64Url(nonce),
    proved: proved.map(({ name: of, rung }) => ({ name: of, atLeast: Number(rung) })),
    presentation: fromUtf8(bytes),
  };
}

/** What a verifier knows of a proof that it was sent, and the minimum that it wants to see. */
export interface ProofQuestion extends ResourceMinimum {
  readonly holder: string;
  /** PeerId of this node. */
  readonly verifier: string;
  readonly nonce: Uint8Array;
  readonly nowSeconds: number;
  readonly statusMemory: StatusListMemory;
  /** Whose word counts: no other proof is checked. */
  readonly trust: TrustPolicy;
  readonly random: Random;
}

/** Checks a presentation from a file. @returns its certificates, or why it is refused. */
export function verifyProof(
  presentation: string,
  { name, min, trust, random, ...question }: ProofQuestion,
):
  | { readonly valid: true; readonly certificates: readonly PresentedCertificate[] }
  | { readonly valid: false; readonly reason: string } {
  const verified = verifyPresentation(utf8(presentation), {
    ...question,
    sessionHash: NO_SESSION,
    wanted: [{ term: name, min: min.toString() }],
    believes: (issuer, term) => trust.trusts(issuer, term),
    random: (length) => random.bytes(length),
  });
  if (verified.valid) return verified;
  const mend =
    verified.reason === 'STALE_PRESENTATION' ? `; ${PROOF_LIFE}, so ask for a new one` : '';
  return { valid: false, reason: `${verified.reason}: ${verified.detail}${mend}` };
}
