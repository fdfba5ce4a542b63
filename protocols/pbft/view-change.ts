/**
 * What replicas carry from one view to the next (Castro and Liskov 1999, section 4.4, with one
 * block under way at most).
 *
 * A VIEW-CHANGE names the highest block that its sender knows to be committed and the block, if
 * any, that it prepared on top. A NEW-VIEW carries 2f + 1 of them. Of these follows what the new
 * primary must propose; every replica computes it for itself.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { docId } from '../../crypto/identity.ts';
import type { Block } from './block.ts';
import { ByteWriter } from './byte-reader.ts';
import type { ByteReader } from './byte-reader.ts';
import { faultyAtMost, primaryOf } from './committee.ts';
import type { Committee, ReplicaSigner, ReplicaVerifier } from './committee.ts';
import type { Rules } from './rules.ts';
import { DIGEST_BYTES, SIGNATURE_BYTES, readCertificate, writeCertificate } from './vote.ts';
import { isCertificateGood } from './vote.ts';
import type { Certificate } from './vote.ts';

/** A block that 2f + 1 replicas voted to prepare in one view. */
export interface Prepared {
  readonly digest: Uint8Array;
  readonly certificate: Certificate;
}

/** "I leave all views before `view`; this is what I know." */
export interface ViewChange {
  readonly view: number;
  readonly replica: number;
  /** Height and digest of the highest block known to be committed. */
  readonly height: number;
  readonly digest: Uint8Array;
  /** None at height 0. */
  readonly commit: Certificate | undefined;
  /** For `height + 1`. */
  readonly prepared: Prepared | undefined;
  readonly signature: Uint8Array;
  /**
   * The prepared block. Not signed, for its digest is; sent to the new primary only, so that
   * whatever must be proposed again is at hand.
   */
  readonly block?: Block | undefined;
}

/** 2f + 1 VIEW-CHANGEs, by the primary of the view. */
export interface NewView {
  readonly view: number;
  /** Ascending by replica. */
  readonly viewChanges: readonly ViewChange[];
  readonly signature: Uint8Array;
}

/** What the first block of a view must be. */
export interface Requirement {
  readonly height: number;
  /** Digest of the block to propose again; none: the primary is free. */
  readonly digest: Uint8Array | undefined;
}

function writeSigned(writer: ByteWriter, change: Omit<ViewChange, 'signature'>): ByteWriter {
  writer.u64(change.view).u16(change.replica).u64(change.height).bytes(change.digest);
  writeCertificate(writer, change.commit ?? { view: 0, votes: [] });
  writer.u8(change.prepared ? 1 : 0);
  if (change.prepared) {
    writer.bytes(change.prepared.digest);
    writeCertificate(writer, change.prepared.certificate);
  }
  return writer;
}

function viewChangeId(committee: Committee, change: Omit<ViewChange, 'signature'>): Uint8Array {
  const writer = new ByteWriter(1_024).bytes(committee.ledger).u32(committee.epoch);
  return docId('viewChange', writeSigned(writer, change).finish());
}

function newViewId(committee: Committee, view: number, changes: readonly ViewChange[]): Uint8Array {
  const writer = new ByteWriter(1_024).bytes(committee.ledger).u32(committee.epoch).u64(view);
  for (const change of changes) writer.u16(change.replica).bytes(change.signature);
  return docId('newView', writer.finish());
}

export function signViewChange(
  committee: Committee,
  signer: ReplicaSigner,
  change: Omit<ViewChange, 'signature'>,
): ViewChange {
  return { ...change, signature: signer.sign(viewChangeId(committee, change)) };
}

export function signNewView(
  committee: Committee,
  signer: ReplicaSigner,
  view: number,
  viewChanges: readonly ViewChange[],
): NewView {
  return { view, viewChanges, signature: signer.sign(newViewId(committee, view, viewChanges)) };
}

/** Whether a VIEW-CHANGE is signed and shows what it claims. */
export function isViewChangeGood(
  committee: Committee,
  verifier: ReplicaVerifier,
  rules: Rules,
  change: ViewChange,
): boolean {
  const quorum = rules.quorum(committee.replicas.length);
  const { height, digest, commit, prepared } = change;
  if (!verifier.verify(change.replica, viewChangeId(committee, change), change.signature)) {
    return false;
  }
  const isCommitShown = commit
    ? rules.isProven(() =>
        isCertificateGood(committee, verifier, commit, { phase: 'commit', height, digest }, quorum),
      )
    : height === 0;
  if (!isCommitShown) return false;
  if (!prepared) return true;
  // A block prepared in the new view or later would bind the primary to itself.
  if (prepared.certificate.view >= change.view) return false;
  const ballot = { phase: 'prepare', height: height + 1, digest: prepared.digest } as const;
  return rules.isProven(() =>
    isCertificateGood(committee, verifier, prepared.certificate, ballot, quorum),
  );
}

/** Whether a NEW-VIEW is its primary's and holds a quorum of good VIEW-CHANGEs for its view. */
export function isNewViewGood(
  committee: Committee,
  verifier: ReplicaVerifier,
  rules: Rules,
  newView: NewView,
): boolean {
  const { view, viewChanges, signature } = newView;
  const size = committee.replicas.length;
  if (viewChanges.length !== rules.newViewQuorum(size)) return false;
  const isAscending = viewChanges.every(
    ({ replica }, i) => i === 0 || replica > viewChanges[i - 1]!.replica,
  );
  if (!isAscending || viewChanges.some((change) => change.view !== view)) return false;
  const id = newViewId(committee, view, viewChanges);
  return (
    verifier.verify(primaryOf(view, size), id, signature) &&
    viewChanges.every((change) => isViewChangeGood(committee, verifier, rules, change))
  );
}

/**
 * What follows of 2f + 1 VIEW-CHANGEs: on top of the highest committed block stands the block that
 * was prepared there in the highest view, or any block if none was.
 */
export function requirementOf(changes: readonly ViewChange[]): Requirement {
  const top = Math.max(...changes.map(({ height }) => height));
  let chosen: Prepared | undefined;
  for (const { height, prepared } of changes) {
    if (height !== top || !prepared) continue;
    if (!chosen || prepared.certificate.view > chosen.certificate.view) chosen = prepared;
  }
  return { height: top + 1, digest: chosen?.digest };
}

/**
 * Whether a block may be voted for in a view. At and below the highest committed height nothing
 * may: who has not seen that commit yet must learn it, not vote anew.
 */
export function meetsRequirement(requirement: Requirement | undefined, block: Block): boolean {
  if (!requirement || block.height > requirement.height) return true;
  if (block.height < requirement.height) return false;
  return !requirement.digest || equalBytes(requirement.digest, block.digest);
}

/** Most VIEW-CHANGEs in a NEW-VIEW. */
export const MAX_VIEW_CHANGES = 2 * faultyAtMost(13) + 1;

export function writeViewChange(writer: ByteWriter, change: ViewChange): ByteWriter {
  return writeSigned(writer, change).bytes(change.signature);
}

export function readViewChange(reader: ByteReader): ViewChange {
  const view = reader.u64('view');
  const replica = reader.u16('replica');
  const height = reader.u64('height');
  const digest = reader.bytes(DIGEST_BYTES, 'digest');
  const commit = readCertificate(reader);
  const prepared = reader.flag('prepared')
    ? {
        digest: reader.bytes(DIGEST_BYTES, 'prepared digest'),
        certificate: readCertificate(reader),
      }
    : undefined;
  const signature = reader.bytes(SIGNATURE_BYTES, 'signature');
  const isGenesis = commit.votes.length === 0;
  return {
    view,
    replica,
    height,
    digest,
    prepared,
    signature,
    commit: isGenesis ? undefined : commit,
  };
}
