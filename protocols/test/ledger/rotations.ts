/** Rotations of keys on a test ledger. */

import { toBase64Url } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { Identity } from '../../../crypto/identity.ts';
import { recoveryHash, signKeyRotation } from '../../../crypto/key-rotation.ts';
import type { TransactionCall } from '../../ledger/transactions.ts';
import type { TestLedger } from './fixture.ts';

/** Thirty days, in seconds. */
export const MONTH = 2_592_000;

/** An identity that nobody else has. */
export function person(name: string): Identity {
  return Identity.fromSeed(sha256(new TextEncoder().encode(`person ${name}`)));
}

export interface RotationChange {
  readonly seq?: number;
  readonly iat?: number;
  /** Registered, and consents. */
  readonly recovery?: Identity;
  /** Left out: the same again. */
  readonly nextRecovery?: Identity;
}

/** A rotation that is right now, as it is lodged. */
export function rotation(
  ledger: TestLedger,
  old: Identity,
  next: Identity,
  { seq = 1, iat = ledger.nowSeconds, recovery, nextRecovery = recovery }: RotationChange = {},
): TransactionCall {
  const { envelope } = signKeyRotation({
    ...{ old, new: next, seq, iat },
    ...(recovery && {
      recovery: { key: recovery, nextHash: recoveryHash(nextRecovery!.publicKey) },
    }),
  });
  return { op: 'rotate', args: { rotation: toBase64Url(envelope) } };
}

/** Registers a recovery key. */
export function recovery(key: Identity): TransactionCall {
  return { op: 'recover', args: { hash: toBase64Url(recoveryHash(key.publicKey)) } };
}
