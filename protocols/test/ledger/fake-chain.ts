/**
 * A fake of the chain for the audit's own tests: blocks as lines of JSON that name the hash of the
 * one before. Consensus has the real one, with certificates.
 */

import { fromBase64Url, toBase64Url, toHex, utf8 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import type { ChainBlock, ChainReader } from '../../ledger/audit.ts';
import { LedgerApplication } from '../../ledger/application.ts';
import type { TestLedger } from './fixture.ts';

interface FakeBlock extends ChainBlock {
  readonly prev: string;
  readonly hash: string;
}

interface FakeLine {
  readonly height: number;
  readonly timeMs: number;
  readonly prev: string;
  readonly stateRoot: string;
  readonly transactions: readonly string[];
}

export const FAKE_CHAIN: ChainReader<FakeBlock> = {
  decode(bytes) {
    const line = JSON.parse(new TextDecoder().decode(bytes)) as FakeLine;
    return {
      ...line,
      stateRoot: fromBase64Url(line.stateRoot),
      transactions: line.transactions.map(fromBase64Url),
      hash: toHex(sha256(bytes)),
    };
  },
  linkProblem: (block, previous) =>
    block.prev === (previous?.hash ?? '') ? undefined : 'the block does not name the one before',
  headProblem: () => undefined,
};

/** Blocks of a ledger as the fake chain has them; `alter` changes lines on their way. */
export function fakeBlocks(
  ledger: TestLedger,
  alter: (line: FakeLine) => FakeLine = (line) => line,
): Uint8Array[] {
  const app = new LedgerApplication(ledger.app.rules);
  let prev = '';
  return ledger.blocks.map((block) => {
    const outcome = app.apply(block);
    if (!outcome.applied) throw new Error(outcome.reason);
    const line = alter({
      height: block.height,
      timeMs: block.timeMs,
      prev,
      stateRoot: toBase64Url(outcome.stateRoot),
      transactions: block.transactions.map(toBase64Url),
    });
    const bytes = utf8(JSON.stringify(line));
    prev = toHex(sha256(bytes));
    return bytes;
  });
}
