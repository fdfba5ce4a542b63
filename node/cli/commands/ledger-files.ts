/** `coalesce ledger verify` and `ledger export`: every block again, from the genesis. @module */

import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Command } from 'commander';
import { toBase64Url, toHex } from '../../../crypto/bytes.ts';
import type { AuditReport, AuditedBlock } from '../../../protocols/ledger/audit.ts';
import { encodeGenesis } from '../../../protocols/ledger/genesis.ts';
import { auditStored } from '../../../protocols/ledger/stored-audit.ts';
import type { StoredBytes } from '../../../protocols/ledger/stored-audit.ts';
import type { CliContext, RunAction } from '../context.ts';
import { openBlocks } from '../ledger-blocks.ts';
import type { BlocksOrder, LedgerBlocks } from '../ledger-blocks.ts';

/** Blocks between two lines of progress. */
const PROGRESS_BLOCKS = 1_000;

/** Answer of `ledger verify` and `ledger export`. */
type VerifyDocument = AuditReport & {
  readonly ledgerId: string;
  readonly from: string;
};

/** Adds both commands. */
export function registerLedgerFiles(ledger: Command, run: RunAction): void {
  ledger
    .command('verify')
    .description('check every block, signature and state root from the genesis, offline')
    .option('--file <jsonl>', 'what "ledger export" wrote; left out: the blocks of this node')
    .option('--genesis <file>', 'genesis that the blocks must begin with')
    .action(
      run(async (context, options: BlocksOrder) => {
        const source = await openBlocks(context, options);
        return report(context, source, await audited(context, source));
      }),
    );
  ledger
    .command('export')
    .description('write every block, checked, as JSONL')
    .requiredOption('--out <file>', 'file to write')
    .option('--genesis <file>', 'genesis that the blocks must begin with')
    .action(
      run(async (context, options: BlocksOrder & { readonly out: string }) => {
        const source = await openBlocks(context, options);
        const out = createWriteStream(options.out);
        const write = async (line: object): Promise<void> => {
          if (!out.write(`${JSON.stringify(line)}\n`)) await once(out, 'drain');
        };
        await write({
          ledgerId: toHex(source.rules.ledgerId),
          genesis: toBase64Url(encodeGenesis(source.rules.genesis)),
        });
        const result = await audited(context, source, async (block, stored) => {
          const raw = { block: toBase64Url(stored.block), commit: toBase64Url(stored.commit) };
          await write({ ...block, ...raw });
        });
        out.end();
        await once(out, 'finish');
        return report(context, source, result);
      }),
    );
}

async function audited(
  context: CliContext,
  { rules, blocks }: LedgerBlocks,
  onBlock?: (block: AuditedBlock, stored: StoredBytes) => Promise<void>,
): Promise<AuditReport> {
  let current: StoredBytes | undefined;
  async function* passing(): AsyncGenerator<StoredBytes, void, undefined> {
    for await (const stored of blocks) {
      current = stored;
      yield stored;
    }
  }
  const audit = auditStored(rules, passing());
  for (;;) {
    context.signal.throwIfAborted();
    const { done, value } = await audit.next();
    if (done) return value;
    await onBlock?.(value, current!);
    if (value.height % PROGRESS_BLOCKS === 0) context.progress(`${value.height} blocks are good`);
  }
}

/** @returns the exit code: 1 for a ledger that does not hold. */
function report(context: CliContext, source: LedgerBlocks, result: AuditReport): number {
  const ledgerId = toHex(source.rules.ledgerId);
  const document: VerifyDocument = { ledgerId, from: source.from, ...result };
  context.print(document, () => {
    if (!result.valid) return `Block ${result.block} does not hold: ${result.problem}`;
    return [
      `ledger      ${ledgerId}`,
      `height      ${result.height}; every block, signature and state root holds`,
      `state root  ${result.stateRoot}`,
      `            ${result.transactions} transactions, ${result.entries} entries; the books add up`,
    ].join('\n');
  });
  return result.valid ? 0 : 1;
}
