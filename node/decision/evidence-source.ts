/**
 * The certificates and receipts that a candidate's level, tests, testimony and proved resources
 * rest on, by name, so that whoever reads a record can look them up.
 *
 * Nothing is computed from them: a decision is the same without. They may come from a file, so
 * anything may stand there. That a certificate is valid, or exists, is not checked here.
 *
 * @module
 */

import type { CandidateNumber } from './request.ts';

/** Something signed that evidence rests on. */
export type EvidenceSource = CertificateSource | ReceiptSource;

interface CommonSource {
  /** As `cert show` or the receipt book has it. */
  readonly id: string;
  /** PeerId of who signed it. */
  readonly issuer: string;
  /** What was taken from it: "skill performs:nlp/sentiment, 16 of 16 known-answer tasks". */
  readonly shows: string;
}

/** A certificate, with the level that it has by the trust policy of the node that decided. */
export interface CertificateSource extends CommonSource {
  readonly kind: 'certificate';
  readonly level: CandidateNumber;
}

/** A receipt, countersigned by the client that issued it. */
export interface ReceiptSource extends CommonSource {
  readonly kind: 'receipt';
}

/** Limits of the sources of one candidate. */
export const SOURCE_LIMITS = {
  /** 8 receipts, 16 endorsements, and what attestors certified. */
  maxSources: 32,
  /** An id is 43 characters. */
  maxIdCharacters: 64,
  maxIssuerCharacters: 128,
  maxShowsCharacters: 256,
} as const;

type Fields = Readonly<Record<string, unknown>>;

function isText(value: unknown, maxCharacters: number): boolean {
  return (
    typeof value === 'string' &&
    value.length > 0 &&
    value.length <= maxCharacters &&
    value.isWellFormed()
  );
}

function isLevel(value: unknown): boolean {
  return value === 0 || value === 1 || value === 2 || value === 3;
}

function isSource(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, id, issuer, shows, level } = value as Fields;
  return (
    (kind === 'receipt' || (kind === 'certificate' && isLevel(level))) &&
    isText(id, SOURCE_LIMITS.maxIdCharacters) &&
    isText(issuer, SOURCE_LIMITS.maxIssuerCharacters) &&
    isText(shows, SOURCE_LIMITS.maxShowsCharacters)
  );
}

/** Whether a value is a list of sources within {@link SOURCE_LIMITS}. Never throws. */
export function areEvidenceSources(value: unknown): value is readonly EvidenceSource[] {
  if (!Array.isArray(value) || value.length > SOURCE_LIMITS.maxSources) return false;
  // Not every(), which skips holes: in a record they are null.
  for (const source of value) if (!isSource(source)) return false;
  return true;
}

/**
 * Sources as a record keeps them. Any others become `null`, which is no list of sources either: so
 * what was refused is refused again.
 */
export function snapshotSources(value: unknown): readonly EvidenceSource[] | null {
  if (!areEvidenceSources(value)) return null;
  return value.map((source) => {
    const { kind, id, issuer, shows } = source;
    return kind === 'certificate'
      ? { kind, id, issuer, level: source.level, shows }
      : { kind, id, issuer, shows };
  });
}
