/**
 * Every block of a network's ledger again, from the genesis, as `coalesce ledger verify` does it.
 *
 * @module
 */

import { CliContext } from '../../node/cli/context.ts';
import { openBlocks } from '../../node/cli/ledger-blocks.ts';
import { auditReport } from '../../protocols/ledger/audit.ts';
import { auditStored } from '../../protocols/ledger/stored-audit.ts';
import type { NodeProcess } from '../node-process.ts';

/** Whether each block that a node shows follows from those before it: 0 or 1 problems. */
export async function ledgerProblems(
  { dataDir }: NodeProcess,
  signal: AbortSignal,
): Promise<number> {
  const { rules, blocks } = await openBlocks(new CliContext({ data: dataDir }, signal), {});
  const { valid } = await auditReport(auditStored(rules, blocks));
  return valid ? 0 : 1;
}
