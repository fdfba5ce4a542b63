/**
 * What a log says after a restart: the chain is applied anew, the votes are remembered.
 *
 * @module
 */

import { blockDigest } from './block.ts';
import { StateDivergedError } from './chain.ts';
import type { LogRecord, PreparedRecord, ProposalRecord } from './log-format.ts';
import type { CommittedBlock } from './messages.ts';
import type { ReplicaParts } from './replica-parts.ts';
import type { TransactionResult } from './state-machine.ts';
import type { NewView, ViewChange } from './view-change.ts';

/** What a replica had said before it stopped. */
export interface Memory {
  /** It asked for a view and did not enter it. */
  readonly viewChange: ViewChange | undefined;
  /** It is in this view. */
  readonly newView: NewView | undefined;
  /** Its votes at the current height, in order. */
  readonly written: readonly (ProposalRecord | PreparedRecord)[];
}

/**
 * Brings the chain to where the log ends.
 *
 * @param onBlock - Called for each block that is applied anew.
 * @throws {@link StateDivergedError} if the log does not lead to the states that it names.
 */
export function recall(
  { chain }: ReplicaParts,
  records: readonly LogRecord[],
  onBlock: (committed: CommittedBlock, results: readonly TransactionResult[]) => void,
): Memory {
  let viewChange: ViewChange | undefined;
  let newView: NewView | undefined;
  let written: (ProposalRecord | PreparedRecord)[] = [];
  for (const record of records) {
    switch (record.kind) {
      case 'owner':
        break;
      case 'stable':
        if (!chain.restore(record, blockDigest(record.proof.body))) {
          throw new StateDivergedError('The snapshot in the log is not the state it names.');
        }
        break;
      case 'committed':
        if (record.block.height <= chain.height) break;
        onBlock(record, chain.append(record, true));
        written = [];
        break;
      case 'proposal':
      case 'prepared':
        written.push(record);
        break;
      case 'view-change':
        viewChange = record.viewChange;
        break;
      case 'new-view':
        newView = record.newView;
        viewChange = undefined;
        break;
    }
  }
  return { viewChange, newView, written };
}
