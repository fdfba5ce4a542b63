/**
 * Votes, certificates of 2f + 1 votes, and evidence of two votes that contradict each other
 * (wire-formats.md 5.1).
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { docId } from '../../crypto/identity.ts';
import { sha256 } from '../../crypto/hash.ts';
import { ByteWriter, MalformedBytesError } from './byte-reader.ts';
import type { ByteReader } from './byte-reader.ts';
import { COMMITTEE_SIZES, faultyAtMost } from './committee.ts';
import type { Committee, ReplicaSigner, ReplicaVerifier } from './committee.ts';

/** What a vote says of a block. */
export const PHASES = { prepare: 1, commit: 2, checkpoint: 3 } as const;
export type Phase = keyof typeof PHASES;

export const SIGNATURE_BYTES = 64;
export const DIGEST_BYTES = 32;

const MAX_REPLICAS = Math.max(...COMMITTEE_SIZES);
const MAX_CERTIFICATE_VOTES = 2 * faultyAtMost(MAX_REPLICAS) + 1;
/** Longest certificate, in bytes. */
export const MAX_CERTIFICATE_BYTES = 10 + MAX_CERTIFICATE_VOTES * (10 + SIGNATURE_BYTES);

/** What a vote is about. The view of a checkpoint vote is 0: a checkpoint has no primary. */
export interface Ballot {
  readonly phase: Phase;
  readonly view: number;
  readonly height: number;
  /** Digest of the block, 32 bytes. */
  readonly digest: Uint8Array;
}

/** One replica's signed vote. */
export interface Vote extends Ballot {
  readonly replica: number;
  /** The voter's own clock in a commit, 0 otherwise. Milliseconds since 1970. */
  readonly ts: number;
  readonly signature: Uint8Array;
}

/** A vote inside a certificate, which says what it is about. */
export interface CertifiedVote {
  readonly replica: number;
  readonly ts: number;
  readonly signature: Uint8Array;
}

/** Votes of different replicas for one ballot, ascending by replica. */
export interface Certificate {
  readonly view: number;
  readonly votes: readonly CertifiedVote[];
}

/** What a vote's signature is over, 32 bytes. */
export function voteId(committee: Committee, vote: Omit<Vote, 'signature'>): Uint8Array {
  const writer = new ByteWriter(95)
    .u8(PHASES[vote.phase])
    .bytes(committee.ledger)
    .u32(committee.epoch)
    .u64(vote.view)
    .u64(vote.height)
    .bytes(vote.digest)
    .u64(vote.ts)
    .u16(vote.replica);
  return docId('vote', writer.finish());
}

/** Signs a vote. */
export function signVote(
  committee: Committee,
  signer: ReplicaSigner,
  vote: Omit<Vote, 'signature'>,
): Vote {
  return { ...vote, signature: signer.sign(voteId(committee, vote)) };
}

/** Whether the vote's replica signed it. */
export function isVoteSigned(committee: Committee, verifier: ReplicaVerifier, vote: Vote): boolean {
  return verifier.verify(vote.replica, voteId(committee, vote), vote.signature);
}

/**
 * Whether `certificate` has exactly `quorum` good votes for the ballot.
 *
 * @param ballot - Its view is the certificate's.
 */
export function isCertificateGood(
  committee: Committee,
  verifier: ReplicaVerifier,
  certificate: Certificate,
  ballot: Omit<Ballot, 'view'>,
  quorum: number,
): boolean {
  const { view, votes } = certificate;
  if (votes.length !== quorum) return false;
  const { phase, height, digest } = ballot;
  let last = -1;
  for (const { replica, ts, signature } of votes) {
    if (replica <= last || replica >= committee.replicas.length) return false;
    last = replica;
    if (phase !== 'commit' && ts !== 0) return false;
    const vote = { phase, view, height, digest, ts, replica, signature };
    if (!isVoteSigned(committee, verifier, vote)) return false;
  }
  return true;
}

export function writeVote(writer: ByteWriter, vote: Vote): ByteWriter {
  return writer
    .u8(PHASES[vote.phase])
    .u64(vote.view)
    .u64(vote.height)
    .bytes(vote.digest)
    .u64(vote.ts)
    .u16(vote.replica)
    .bytes(vote.signature);
}

export function readVote(reader: ByteReader): Vote {
  const number = reader.u8('phase');
  const phase = (Object.keys(PHASES) as Phase[]).find((name) => PHASES[name] === number);
  if (!phase) throw new MalformedBytesError(`"phase" expected 1, 2 or 3, got ${number}`);
  return {
    phase,
    view: reader.u64('view'),
    height: reader.u64('height'),
    digest: reader.bytes(DIGEST_BYTES, 'digest'),
    ts: reader.u64('ts'),
    replica: reader.u16('replica'),
    signature: reader.bytes(SIGNATURE_BYTES, 'signature'),
  };
}

export function writeCertificate(writer: ByteWriter, certificate: Certificate): ByteWriter {
  writer.u64(certificate.view).u16(certificate.votes.length);
  for (const { replica, ts, signature } of certificate.votes) {
    writer.u16(replica).u64(ts).bytes(signature);
  }
  return writer;
}

export function readCertificate(reader: ByteReader): Certificate {
  const view = reader.u64('certificate view');
  const count = reader.count(MAX_CERTIFICATE_VOTES, 'certificate votes');
  const votes = Array.from({ length: count }, () => ({
    replica: reader.u16('replica'),
    ts: reader.u64('ts'),
    signature: reader.bytes(SIGNATURE_BYTES, 'signature'),
  }));
  return { view, votes };
}

/** Bytes of a certificate, as they are hashed into the next block. */
export function encodeCertificate(certificate: Certificate): Uint8Array {
  const capacity = 10 + certificate.votes.length * (10 + SIGNATURE_BYTES);
  return writeCertificate(new ByteWriter(capacity), certificate).finish();
}

/** Hash of a certificate as included in the next block, 32 bytes. */
export function certificateHash(certificate: Certificate): Uint8Array {
  return sha256(encodeCertificate(certificate));
}

/** Two votes of one replica for different blocks of one view, height and phase. */
export interface Evidence {
  readonly first: Vote;
  readonly second: Vote;
}

/** Whether both votes are for the same thing, but for the block. */
export function doVotesContradict(first: Vote, second: Vote): boolean {
  return (
    first.replica === second.replica &&
    first.phase === second.phase &&
    first.view === second.view &&
    first.height === second.height &&
    !equalBytes(first.digest, second.digest)
  );
}

/** Whether the evidence proves that its replica voted twice. Anyone with the genesis can check. */
export function isEvidenceGood(
  committee: Committee,
  verifier: ReplicaVerifier,
  { first, second }: Evidence,
): boolean {
  return (
    doVotesContradict(first, second) &&
    isVoteSigned(committee, verifier, first) &&
    isVoteSigned(committee, verifier, second)
  );
}
