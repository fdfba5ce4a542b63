/**
 * Audit of a ledger from its genesis, offline: every block, link, signature, document and state
 * root again, and the books at the end. Trusts nothing that the ledger says of itself.
 *
 * What makes one block follow another (digest, committee, certificate, block time) is the business
 * of consensus, and is handed in.
 *
 * @module
 */

import { equalBytes, toBase64Url, toHex } from '../../crypto/bytes.ts';
import { readEnvelope } from '../../crypto/envelope.ts';
import { refusalOfNumber } from '../errors.ts';
import type { RefusalCode } from '../errors.ts';
import type { AppliedBlock } from '../pbft/state-machine.ts';
import { conservationProblem } from './accounts.ts';
import { LedgerApplication } from './application.ts';
import type { LedgerRules } from './genesis.ts';
import { TRANSACTION } from './transactions.ts';
import type { Transaction } from './transactions.ts';

/** A block with what it says of the state after it. */
export interface ChainBlock extends AppliedBlock {
  /** 32 bytes. */
  readonly stateRoot: Uint8Array;
}

/** How blocks are read, and what makes one follow another. */
export interface ChainReader<Block extends ChainBlock> {
  /** @throws for bytes that are not a block. */
  decode(bytes: Uint8Array): Block;
  /**
   * What is wrong with a block after `previous`, or as the first: digest, height, block time,
   * transaction root, and the certificate of `previous` that it carries. `undefined`: nothing.
   */
  linkProblem(block: Block, previous: Block | undefined): string | undefined;
  /** What is wrong with the last block, which no other certifies. */
  headProblem(head: Block): string | undefined;
}

/** A transaction and what became of it. */
export interface AuditedTransaction extends Pick<Transaction, 'account' | 'seq' | 'op' | 'args'> {
  /** docId, base64url. */
  readonly id: string;
  readonly result: 'done' | RefusalCode;
}

/** A block that was checked. */
export interface AuditedBlock {
  readonly height: number;
  readonly timeMs: number;
  /** Hexadecimal. */
  readonly stateRoot: string;
  readonly transactions: readonly AuditedTransaction[];
}

/** Outcome of an audit. */
export type AuditReport =
  | {
      readonly valid: true;
      readonly height: number;
      readonly stateRoot: string;
      readonly transactions: number;
      readonly entries: number;
    }
  | {
      readonly valid: false;
      /** Place of the first bad block in the sequence, from 1. */
      readonly block: number;
      readonly problem: string;
    };

/**
 * Checks blocks one after the other and gives each out as soon as it is checked. Ends with the
 * report, at the first thing that is wrong. Never throws on what it reads.
 */
export async function* auditLedger<Block extends ChainBlock>(
  rules: LedgerRules,
  reader: ChainReader<Block>,
  blocks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<AuditedBlock, AuditReport> {
  const application = new LedgerApplication(rules);
  let previous: Block | undefined;
  let place = 0;
  let transactions = 0;
  for await (const bytes of blocks) {
    place += 1;
    const checked = checkBlock(application, reader, bytes, previous);
    if (typeof checked === 'string') return { valid: false, block: place, problem: checked };
    previous = checked.block;
    transactions += checked.audited.transactions.length;
    yield checked.audited;
  }
  const problem =
    (previous && reader.headProblem(previous)) ??
    conservationProblem(application.state, rules.treasuries);
  if (problem !== undefined) return { valid: false, block: place, problem };
  return {
    valid: true,
    height: application.clock.height,
    stateRoot: toHex(application.stateRoot),
    transactions,
    entries: application.state.size,
  };
}

/** Runs an audit to its end. */
export async function auditReport(
  audit: AsyncGenerator<AuditedBlock, AuditReport>,
): Promise<AuditReport> {
  for (;;) {
    const { done, value } = await audit.next();
    if (done) return value;
  }
}

/** A block as one line of JSON, with every document of its transactions. */
export function exportLine(block: AuditedBlock): string {
  return `${JSON.stringify(block)}\n`;
}

function checkBlock<Block extends ChainBlock>(
  application: LedgerApplication,
  reader: ChainReader<Block>,
  bytes: Uint8Array,
  previous: Block | undefined,
): { readonly block: Block; readonly audited: AuditedBlock } | string {
  let block: Block;
  try {
    block = reader.decode(bytes);
  } catch (error) {
    return error instanceof Error ? error.message : 'the block cannot be read';
  }
  const { height, timeMs } = block;
  const before = application.clock;
  if (height !== before.height + 1) return `expected height ${before.height + 1}, got ${height}`;
  if (timeMs <= before.timeMs) return `block time ${timeMs} ms is not after ${before.timeMs} ms`;
  const problem = reader.linkProblem(block, previous);
  if (problem !== undefined) return problem;
  const unsigned = block.transactions.findIndex((bytesOf) => !application.isSigned(bytesOf));
  if (unsigned >= 0) return `transaction ${unsigned} is not signed by its account`;
  const outcome = application.apply(block);
  if (!outcome.applied)
    return `transaction ${outcome.index} may not stand there: ${outcome.reason}`;
  if (!equalBytes(outcome.stateRoot, block.stateRoot)) {
    return `state root is ${toHex(outcome.stateRoot)}, the block says ${toHex(block.stateRoot)}`;
  }
  const transactions = block.transactions.map((transaction, i) =>
    audited(transaction, outcome.results[i]!.result),
  );
  return {
    block,
    audited: { height, timeMs, stateRoot: toHex(block.stateRoot), transactions },
  };
}

/** @param result - As {@link LedgerApplication.apply} gives it. */
function audited(transaction: Uint8Array, result: Uint8Array): AuditedTransaction {
  const read = readEnvelope(TRANSACTION, transaction);
  if (!read.valid) throw new TypeError('"transaction" expected one that was applied');
  const { account, seq, op, args } = read.body;
  const number = (result[0]! << 8) | result[1]!;
  return {
    id: toBase64Url(read.id),
    account,
    seq,
    op,
    args,
    result: number === 0 ? 'done' : refusalOfNumber(number),
  };
}
