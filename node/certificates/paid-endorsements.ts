/**
 * Level 1: a client endorses the holder for a skill, and the ledger counts work of that skill
 * between the two as paid (wire-formats.md 2.2).
 *
 * The ledger keeps no receipt by its id for long; what it keeps for good is the sum of a pair of
 * client, contractor and skill. So that sum is asked for, with its proof, in the place of the one
 * receipt that the endorsement names. It says less: one paid contract is enough, in part, by
 * silence or by a ruling too, whatever failed beside it; and it is zero where the caps of the
 * ledger left a client no room. It is the sum of the holder's present key: what was paid to a
 * former one, whoever shows it now, counts once the ledger has moved it. It says that money moved
 * between two accounts, not that they belong to different people. A client whose key was rotated on
 * the ledger has no pair under the old key any more, so that what a thief signs with that one gives
 * nothing; of keys that were rotated elsewhere only those are known that showed an attested
 * certificate here. Level 1 is more than nothing and far from a test.
 *
 * @module
 */

import type { PresentedCertificate } from '../../crypto/presentation-verifier.ts';
import { pairKey } from '../../protocols/reputation/records.ts';
import type { ProvedSkill } from './trust.ts';

/** Endorsements of one holder and skill that are looked up; a question to the ledger takes 16. */
const MAX_LOOKED_UP = 8;

/** Entries of a ledger's state that hold the sums of pairs; `undefined` for one without. */
export type ReadPairs = (
  keys: readonly string[],
) => Promise<readonly ({ readonly fadedSuccesses: bigint } | undefined)[]>;

/** Where it is known from. */
export interface PaidEndorsementSources {
  readonly readPairs: ReadPairs;
  /** PeerId by which the holder is known now; its certificates may name a former one. */
  readonly holder: string;
  /** Whether a peer has a new key, so that its old one counts for nothing. */
  readonly isRotated: (peerId: string) => boolean;
}

/** Endorsements of `term` that may count: current, and not taken back. The latest end first. */
function endorsementsOf(
  certificates: readonly PresentedCertificate[],
  term: string,
  { isRotated }: PaidEndorsementSources,
): readonly PresentedCertificate[] {
  return (
    certificates
      .filter(({ kind, status }) => kind === 'endorsement' && status === 'good')
      // Whoever stole the old key of a client could still sign with it.
      .filter(({ issuer }) => !isRotated(issuer))
      .filter(({ leaves }) => leaves.some(({ kind, name }) => kind === 'skill' && name === term))
      .sort((a, b) => b.exp - a.exp)
      .slice(0, MAX_LOOKED_UP)
  );
}

/**
 * `proved` with level 1 if an endorsement of `term` is by a client who paid for such work. A skill
 * that has a level is handed back as it is, and so is one without an endorsement that may count.
 *
 * @throws what `readPairs` throws.
 */
export async function withPaidEndorsement(
  proved: ProvedSkill,
  certificates: readonly PresentedCertificate[],
  term: string,
  sources: PaidEndorsementSources,
): Promise<ProvedSkill> {
  if (proved.level > 0) return proved;
  const endorsements = endorsementsOf(certificates, term, sources);
  if (endorsements.length === 0) return proved;
  const { readPairs, holder: subject } = sources;
  const pairs = await readPairs(
    endorsements.map(({ issuer }) =>
      pairKey(issuer, { subject, role: 'contractor', taskType: term }),
    ),
  );
  const paid = endorsements.find((_, i) => (pairs[i]?.fadedSuccesses ?? 0n) > 0n);
  if (!paid) return proved;
  const { issuer, certId, exp } = paid;
  // It is named at the level now; what others told against it no longer holds.
  const remarks = proved.remarks.filter((remark) => !remark.includes(certId));
  return { ...proved, level: 1, issuer, certId, expiresAtSeconds: exp, remarks };
}
