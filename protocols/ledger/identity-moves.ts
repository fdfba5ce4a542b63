/**
 * An account passes to another key, with all that is known of its holder (wire-formats.md 2.4): the
 * balance, the credit limit, disputes, scores, pairs and the record as a rater move in one
 * transaction, and the old key is dead. A tombstone stays under it for good.
 *
 * What is held for open contracts is not free to move. It stays under the old key, with as much
 * balance as it needs, until the last of them is closed; the rest of it follows then. To refuse a
 * rotation while a contract is open would let a thief of the old key put it off for ever, with one
 * contract a month.
 *
 * The records of reputation are found through an index by peer (peer-index.ts), so that a rotation
 * costs what the one key has, and not what all have: of 100,000 pairs, 1 ms for a key in one of
 * them, 55 ms for one in 1,000, 1.5 s for one in all (bench `reputation`). Whoever has so many has
 * paid the fees of as many contracts. Rotations of one block together move a bounded number.
 *
 * @module
 */

import { fromBase64Url } from '../../crypto/bytes.ts';
import { readEnvelope } from '../../crypto/envelope.ts';
import {
  MAX_ROTATIONS,
  MIN_ROTATION_SECONDS,
  keyRotationDefinition,
  verifyKeyRotation,
} from '../../crypto/key-rotation.ts';
import type { KeyRotation } from '../../crypto/key-rotation.ts';
import type { RefusalCode } from '../errors.ts';
import { renamedKey } from '../reputation/records.ts';
import { accountOf, changeAccount, hasAccount, isMoved, successorOf } from './accounts.ts';
import type { BlockContext } from './block-context.ts';
import { NEW_ACCOUNT } from './genesis.ts';
import { accountKey, formerKey, movedKey, recoveryKey } from './records.ts';
import type { AccountRecord, FormerRecord, RecoveryRecord } from './records.ts';
import type { IndexedReader, StateDraft } from './state.ts';
import type { OperationArgs, Transaction } from './transactions.ts';

const SECOND_MS = 1_000;

/** Records that a block moves at most, unless one rotation alone has more. */
export const MAX_MOVED_ENTRIES = 16_384;

/** What a rotation is checked against. */
export interface MoveContext extends Pick<BlockContext, 'rules' | 'timeMs'> {
  readonly draft: IndexedReader;
}

/** Outcome of {@link checkRotation}. */
export type CheckedRotation =
  | { readonly valid: true; readonly body: KeyRotation }
  | { readonly valid: false; readonly reason: RefusalCode };

/** Registers the recovery key of an account. */
export function recover(
  { draft, rules }: BlockContext,
  account: string,
  { hash }: OperationArgs<'recover'>,
): RefusalCode | undefined {
  if (rules.officers.has(account)) return 'NOT_PERMITTED';
  if (draft.get(recoveryKey(account))) return 'RECOVERY_REGISTERED';
  draft.put(recoveryKey(account), { hash });
  return undefined;
}

/** Moves an account to another key. The rotation says who wants it, so anybody may send it. */
export function rotate(
  context: BlockContext,
  { rotation }: OperationArgs<'rotate'>,
): RefusalCode | undefined {
  const checked = checkRotation(context, rotation);
  if (!checked.valid) return checked.reason;
  const { draft, moved, timeMs } = context;
  const entries = draft.keysNaming(checked.body.old).size;
  if (moved.count > 0 && moved.count + entries > MAX_MOVED_ENTRIES) return 'BUSY';
  moved.count += entries;
  moveIdentity(draft, checked.body, timeMs);
  return undefined;
}

/** The rotation in a transaction, with nothing checked but its form; `undefined` if it has none. */
export function rotationIn({ op, args }: Transaction): KeyRotation | undefined {
  if (op !== 'rotate') return undefined;
  const read = readEnvelope(keyRotationDefinition, fromBase64Url(args.rotation));
  return read.valid ? read.body : undefined;
}

/**
 * Whether a rotation may be carried out in a block of this time, cheap checks first.
 *
 * @param rotation - Its envelope, base64url.
 */
export function checkRotation(context: MoveContext, rotation: string): CheckedRotation {
  const { draft, timeMs } = context;
  const envelope = fromBase64Url(rotation);
  const read = readEnvelope(keyRotationDefinition, envelope);
  if (!read.valid) return read;
  const reason = problemOf(context, read.body);
  if (reason) return { valid: false, reason };
  const recovery = draft.get(recoveryKey(read.body.old)) as RecoveryRecord | undefined;
  return verifyKeyRotation(envelope, {
    nowSeconds: Math.floor(timeMs / SECOND_MS),
    registered: recovery && fromBase64Url(recovery.hash),
  });
}

function problemOf(
  { draft, rules, timeMs }: MoveContext,
  { old, new: next, seq }: KeyRotation,
): RefusalCode | undefined {
  if (isMoved(draft, old) || isMoved(draft, next)) return 'ACCOUNT_MOVED';
  // The genesis names them, and what it says cannot be said of another key.
  if (rules.officers.has(old) || rules.officers.has(next)) return 'NOT_PERMITTED';
  if (!hasAccount(draft, old)) return 'UNKNOWN_ACCOUNT';
  if (!isUnused(draft, next)) return 'ACCOUNT_EXISTS';
  const former = draft.get(formerKey(old)) as FormerRecord | undefined;
  if (!former) return undefined;
  if (former.rotations >= MAX_ROTATIONS) return 'TOO_MANY_ROTATIONS';
  if (seq <= former.seq) return 'ROTATION_NOT_NEXT';
  return timeMs - former.timeMs < MIN_ROTATION_SECONDS * SECOND_MS ? 'ROTATED_TOO_SOON' : undefined;
}

/**
 * Whether nobody has used a key here. Anybody may open an account for it, and give it something: if
 * that were enough to refuse a rotation, it would cost a thief a deposit to prevent it.
 */
function isUnused(draft: IndexedReader, peerId: string): boolean {
  const account = accountOf(draft, peerId);
  if (!account) return true;
  const { seq, debitsHeld, creditsHeld } = account;
  const isIdle = seq === 0 && debitsHeld === 0n && creditsHeld === 0n;
  const isFirst = draft.get(formerKey(peerId)) === undefined;
  return isIdle && isFirst && draft.keysNaming(peerId).size === 0;
}

/** Carries out a rotation that was checked. */
export function moveIdentity(draft: StateDraft, rotation: KeyRotation, timeMs: number): void {
  const { old, new: next, seq, nextRecovery } = rotation;
  const former = draft.get(formerKey(old)) as FormerRecord | undefined;
  moveAccount(draft, old, next);
  for (const key of draft.keysNaming(old)) {
    const record = draft.get(key)!;
    draft.remove(key);
    draft.put(renamedKey(key, old, next), record);
  }
  draft.put(movedKey(old), { to: next, timeMs });
  draft.remove(formerKey(old));
  draft.put(formerKey(next), { from: old, rotations: (former?.rotations ?? 0) + 1, seq, timeMs });
  draft.remove(recoveryKey(old));
  if (nextRecovery !== '') draft.put(recoveryKey(next), { hash: nextRecovery });
}

/** The numbers of transactions begin anew: the new key has signed none that was executed. */
function moveAccount(draft: StateDraft, old: string, next: string): void {
  const account = accountOf(draft, old)!;
  const gift = accountOf(draft, next) ?? NEW_ACCOUNT;
  const { creditsHeld, debitsHeld } = account;
  draft.put(accountKey(next), {
    creditLimit: account.creditLimit > gift.creditLimit ? account.creditLimit : gift.creditLimit,
    creditsHeld: 0n,
    creditsPosted: account.creditsPosted + gift.creditsPosted,
    debitsHeld: 0n,
    debitsPosted: account.debitsPosted + gift.debitsPosted + debitsHeld,
    disputes: account.disputes,
    equivocations: account.equivocations,
    seq: 0,
  });
  if (creditsHeld === 0n && debitsHeld === 0n) draft.remove(accountKey(old));
  else {
    const held = { creditsHeld, debitsHeld, creditsPosted: debitsHeld };
    draft.put(accountKey(old), { ...NEW_ACCOUNT, ...held });
  }
}

/** What is left under a dead key follows, once nothing is held under it any more. */
export function settleEstate(draft: StateDraft, holder: string): void {
  if (!isMoved(draft, holder)) return;
  const estate: AccountRecord | undefined = accountOf(draft, holder);
  if (!estate || estate.debitsHeld > 0n || estate.creditsHeld > 0n) return;
  changeAccount(draft, successorOf(draft, holder), ({ creditsPosted, debitsPosted }) => ({
    creditsPosted: creditsPosted + estate.creditsPosted,
    debitsPosted: debitsPosted + estate.debitsPosted,
  }));
  draft.remove(accountKey(holder));
}
