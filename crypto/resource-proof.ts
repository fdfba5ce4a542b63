/**
 * Zero-knowledge resource proofs: a committed quantity of a certificate is at least a threshold,
 * for one verifier, nonce and session (wire-formats.md 3.2).
 *
 * Says that the attestor measured so much through this holder. Does not say that the resource still
 * exists, is idle, or belongs to one holder only, and counts only inside a valid presentation. The
 * commitment is a stable handle: it hides the quantity, not who shows it.
 *
 * @module
 */

import { utf8 } from './bytes.ts';
import type { RandomBytes } from './bytes.ts';
import { MAX_LEAF_NAME_BYTES } from './certificate-leaf.ts';
import { TRANSCRIPT_TAGS } from './domain-tags.ts';
import { peerIdToBytes } from './identity.ts';
import { Transcript } from './merlin.ts';
import { BASE, MAX_QUANTITY, QUANTITY_BITS, isQuantity } from './pedersen.ts';
import { RANGE_VALUE_COUNTS, rangeProofBytes } from './range-proof.ts';
import { proveRange } from './range-prover.ts';
import { verifyRanges } from './range-verifier.ts';
import type { RangeRefusal, RangeStatement, VerifiedRange } from './range-verifier.ts';
import { decodeElement, decodeScalar } from './ristretto.ts';
import type { Element } from './ristretto.ts';

/** Suite number of certificates with range proofs of 32 bits. */
const SUITE = 1;
const ID_BYTES = 32;

/** Whom a proof is for, and who makes it. */
export interface ResourceProofContext {
  /** Public hash of the session, 32 bytes. */
  readonly sessionHash: Uint8Array;
  /** PeerId. */
  readonly verifier: string;
  /** PeerId. */
  readonly holder: string;
  /** The verifier's, 32 bytes, used once. */
  readonly nonce: Uint8Array;
}

/** "The quantity in this leaf is at least `threshold`." */
export interface ResourceStatement {
  /** certId, 32 bytes. */
  readonly certificateId: Uint8Array;
  /** Index of the leaf. */
  readonly index: number;
  /** Name of the leaf. */
  readonly resource: string;
  readonly threshold: bigint;
  /** C as it stands in the leaf, 32 bytes. */
  readonly commitment: Uint8Array;
}

/** A statement that the holder can prove. */
export interface ProvableStatement extends ResourceStatement {
  readonly value: bigint;
  /** r, 32 bytes. */
  readonly blinding: Uint8Array;
}

/** A proof as it was received, and what it is said to prove. */
export interface ResourceProof {
  readonly context: ResourceProofContext;
  /** 1 to 8, whose leaves the verifier has checked. */
  readonly statements: readonly ResourceStatement[];
  readonly proof: Uint8Array;
}

/** Why a statement was refused before its proof was looked at. */
export type StatementRefusal =
  | 'BAD_COUNT'
  | 'BAD_CERTIFICATE_ID'
  | 'BAD_INDEX'
  | 'BAD_NAME'
  | 'BAD_THRESHOLD'
  | 'BAD_COMMITMENT';

/** Outcome of checking a resource proof. */
export type VerifiedResourceProof =
  | { readonly valid: true }
  | {
      readonly valid: false;
      readonly reason: StatementRefusal | RangeRefusal;
      readonly detail: string;
    };

interface RefusedStatement {
  readonly valid: false;
  readonly reason: StatementRefusal | 'BAD_LENGTH';
  readonly detail: string;
}

/** Statements as they stand in a proof: 1, 2, 4 or 8, the last repeated to fill up. */
function fillUp<Statement>(statements: readonly Statement[]): Statement[] {
  const count = RANGE_VALUE_COUNTS.find((size) => size >= statements.length)!;
  const last = statements[statements.length - 1]!;
  return Array.from({ length: count }, (_, i) => statements[i] ?? last);
}

/** Largest number of statements in one proof. */
export const MAX_STATEMENTS: number = Math.max(...RANGE_VALUE_COUNTS);

/** Exact length of the proof of so many statements (1 to 8), in bytes. */
export function resourceProofBytes(statementCount: number): number {
  const valueCount = fillUp(Array.from({ length: statementCount })).length;
  return rangeProofBytes({ bitCount: QUANTITY_BITS, valueCount });
}

/** The refusal that numbers and lengths call for, if any: all that costs nothing to see. */
function checkStatements(statements: readonly ResourceStatement[]): RefusedStatement | undefined {
  const refuse = (reason: StatementRefusal, detail: string): RefusedStatement => ({
    valid: false,
    reason,
    detail,
  });
  if (statements.length < 1 || statements.length > MAX_STATEMENTS) {
    const detail = `expected 1 to ${MAX_STATEMENTS} statements, got ${statements.length}`;
    return refuse('BAD_COUNT', detail);
  }
  for (const [j, { certificateId, index, resource, threshold }] of statements.entries()) {
    if (certificateId.length !== ID_BYTES) {
      return refuse('BAD_CERTIFICATE_ID', `${j}: expected 32 bytes, got ${certificateId.length}`);
    }
    if (!Number.isSafeInteger(index) || index < 0) {
      return refuse('BAD_INDEX', `${j}: expected a whole number, got ${index}`);
    }
    if (!resource.isWellFormed() || utf8(resource).length > MAX_LEAF_NAME_BYTES) {
      return refuse('BAD_NAME', `${j}: expected text of <= ${MAX_LEAF_NAME_BYTES} bytes`);
    }
    // T = L - 5 would make v - T the small number v + 5.
    if (!isQuantity(threshold)) {
      return refuse('BAD_THRESHOLD', `${j}: expected 0 to ${MAX_QUANTITY}, got ${threshold}`);
    }
  }
  return undefined;
}

/** V = C - T*B, which commits to v - T with the blinding of C. Never received. */
function shiftedCommitment(commitment: Element, threshold: bigint): Element {
  return commitment.subtract(BASE.multiplyUnsafe(threshold));
}

function shiftedCommitments(
  statements: readonly ResourceStatement[],
): { readonly valid: true; readonly commitments: readonly Element[] } | RefusedStatement {
  const commitments: Element[] = [];
  for (const [j, { commitment, threshold }] of statements.entries()) {
    const element = decodeElement(commitment);
    if (!element) {
      const detail = `${j}: C is not canonical, or the identity`;
      return { valid: false, reason: 'BAD_COMMITMENT', detail };
    }
    commitments.push(shiftedCommitment(element, threshold));
  }
  return { valid: true, commitments };
}

function transcriptOf(
  { sessionHash, verifier, holder, nonce }: ResourceProofContext,
  statements: readonly ResourceStatement[],
): Transcript {
  for (const [name, { length }] of Object.entries({ sessionHash, nonce })) {
    if (length !== ID_BYTES) {
      throw new RangeError(`"${name}" expected ${ID_BYTES} bytes, got ${length}`);
    }
  }
  const transcript = new Transcript(TRANSCRIPT_TAGS.resourceRange);
  transcript.append('suite', Uint8Array.of(SUITE));
  transcript.append('sh', sessionHash);
  transcript.append('verifier', peerIdToBytes(verifier));
  transcript.append('holder', peerIdToBytes(holder));
  transcript.append('nonce', nonce);
  transcript.appendU64('m', statements.length);
  for (const { certificateId, index, resource, threshold, commitment } of statements) {
    transcript.append('cert', certificateId);
    transcript.appendU64('index', index);
    transcript.append('resource', resource);
    transcript.appendU64('T', threshold);
    transcript.append('C', commitment);
  }
  return transcript;
}

/**
 * Proves that each quantity is at least its threshold.
 *
 * @param statements - 1 to 8. The threshold of each must be the rung that the holder fixed for the
 *   leaf (rung-ladder.ts), or answers to many verifiers together tell the value.
 * @throws {@link RangeError} for a value below its threshold or a statement of the wrong form,
 *   {@link TypeError} for a PeerId of the wrong form.
 */
export function proveResources(
  context: ResourceProofContext,
  statements: readonly ProvableStatement[],
  random: RandomBytes,
): Uint8Array {
  const refused = checkStatements(statements);
  if (refused) throw new RangeError(`"statements" ${refused.reason}: ${refused.detail}`);
  const filled = fillUp(statements);
  const shifted = shiftedCommitments(filled);
  if (!shifted.valid) throw new RangeError(`"statements" ${shifted.reason}: ${shifted.detail}`);
  const openings = filled.map(({ value, threshold, blinding }) => {
    const scalar = decodeScalar(blinding);
    if (scalar === undefined) throw new RangeError('"blinding" expected a scalar of 32 bytes');
    if (!isQuantity(value) || value < threshold) {
      throw new RangeError('"value" expected a quantity that reaches its threshold');
    }
    return { value: value - threshold, blinding: scalar };
  });
  const commitments = shifted.commitments.map((commitment) => commitment.toBytes());
  const init = { bitCount: QUANTITY_BITS, openings, commitments };
  return proveRange(transcriptOf(context, filled), init, random);
}

function rangeStatementOf({
  context,
  statements,
  proof,
}: ResourceProof): RangeStatement | RefusedStatement {
  const refused = checkStatements(statements);
  if (refused) return refused;
  const expected = resourceProofBytes(statements.length);
  if (proof.length !== expected) {
    const detail = `expected ${expected} bytes, got ${proof.length}`;
    return { valid: false, reason: 'BAD_LENGTH', detail };
  }
  const filled = fillUp(statements);
  const shifted = shiftedCommitments(filled);
  if (!shifted.valid) return shifted;
  const transcript = transcriptOf(context, filled);
  return { transcript, bitCount: QUANTITY_BITS, commitments: shifted.commitments, proof };
}

/**
 * Checks many resource proofs, in one multi-scalar multiplication if all of them hold. Never throws
 * on statements and proofs, whatever they are.
 *
 * @returns One outcome for each proof, in their order.
 * @throws {@link RangeError} or {@link TypeError} for a context of the wrong form, which is the
 *   verifier's own.
 */
export function verifyResourceProofs(
  proofs: readonly ResourceProof[],
  random: RandomBytes,
): VerifiedResourceProof[] {
  const read = proofs.map(rangeStatementOf);
  const statements = read.filter((statement) => 'transcript' in statement);
  const outcomes = verifyRanges(statements, random);
  const outcomeOf = new Map<object, VerifiedRange>(
    statements.map((statement, i) => [statement, outcomes[i]!]),
  );
  return read.map((statement) =>
    'transcript' in statement ? outcomeOf.get(statement)! : statement,
  );
}

/** Checks one resource proof. @throws as {@link verifyResourceProofs}. */
export function verifyResourceProof(
  proof: ResourceProof,
  random: RandomBytes,
): VerifiedResourceProof {
  return verifyResourceProofs([proof], random)[0]!;
}
