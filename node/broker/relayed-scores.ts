/**
 * What a broker answers about reputation: the state of its ledger, as its replicas prove it to the
 * broker itself. The client checks the same votes and proofs, so that the broker needs no trust.
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { ScoreQuestion } from '../../protocols/broker/score-messages.ts';
import type { LedgerClient } from '../../protocols/ledger-service/client.ts';
import { LedgerUnreachableError } from '../../protocols/ledger-service/errors.ts';
import { encodeLedgerAnswer } from '../../protocols/ledger-service/messages.ts';
import { scoreKey } from '../../protocols/reputation/records.ts';

/** Parts of the answer; none for another ledger, or where the committee cannot be reached. */
export async function scoresOf(
  client: LedgerClient | undefined,
  { ledgerId, subjects }: ScoreQuestion,
): Promise<readonly Uint8Array[]> {
  if (!client || !equalBytes(client.rules.ledgerId, ledgerId)) return [];
  try {
    const { head, proofs } = await client.prove(subjects.map(scoreKey));
    return [
      encodeLedgerAnswer({ type: 'head', head }),
      ...proofs.map((proof) => encodeLedgerAnswer({ type: 'proof', proof })),
    ];
  } catch (error) {
    if (error instanceof LedgerUnreachableError) return [];
    throw error;
  }
}
