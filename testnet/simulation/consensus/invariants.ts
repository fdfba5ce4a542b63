/**
 * What must hold at every step of a simulated run, however the faults fall. The checker sees what
 * honest replicas send, commit and write, and keeps the first violations in words.
 *
 * @module
 */

import { equalBytes, toHex } from '../../../crypto/bytes.ts';
import type { Block } from '../../../protocols/pbft/block.ts';
import { faultyAtMost } from '../../../protocols/pbft/committee.ts';
import type { Committee } from '../../../protocols/pbft/committee.ts';
import type { CommittedBlock, Message } from '../../../protocols/pbft/messages.ts';
import type { Replica } from '../../../protocols/pbft/replica.ts';
import { isEvidenceGood } from '../../../protocols/pbft/vote.ts';
import type { Evidence, Vote } from '../../../protocols/pbft/vote.ts';
import type { ReplicaVerifier } from '../../../protocols/pbft/committee.ts';
import {
  ACCOUNTS,
  START_BALANCE,
  decodeTransfer,
  isTransferSigned,
} from './account-application.ts';
import type { AccountApplication } from './account-application.ts';

const MAX_VIOLATIONS = 8;
/** Longest log in bytes that a window of small blocks can come to. */
const MAX_LOG_BYTES = 400_000;

/** What the checker remembers of an honest replica. */
interface Record {
  height: number;
  view: number;
  stableHeight: number;
  /** Height whose block is flushed. */
  durableHeight: number;
  /** Highest view it asked for. */
  leftViewsBefore: number;
  readonly votes: Map<string, string>;
}

export interface CheckerInit {
  readonly committee: Committee;
  readonly verifier: ReplicaVerifier;
  readonly isHonest: (replica: number) => boolean;
  readonly window: number;
  /** What honest clients have asked for, and what lying ones signed. */
  readonly submitted: ReadonlySet<string>;
}

export class InvariantChecker {
  readonly violations: string[] = [];
  /** Blocks by height, as first committed by an honest replica. */
  readonly chain: Block[] = [];
  readonly #init: CheckerInit;
  readonly #records: Record[];
  readonly #executed = new Set<string>();
  /** Latest clock of an honest replica so far. */
  #latestWallMs = 0;

  constructor(init: CheckerInit) {
    this.#init = init;
    this.#records = init.committee.replicas.map(() => ({
      height: 0,
      view: 0,
      stableHeight: 0,
      durableHeight: 0,
      leftViewsBefore: 0,
      votes: new Map<string, string>(),
    }));
  }

  #report(nowMs: number, replica: number, what: string): void {
    if (this.violations.length >= MAX_VIOLATIONS) return;
    this.violations.push(`${nowMs} ms, replica ${replica}: ${what}`);
  }

  /** A replica threw, or stopped by itself. */
  onFailure(nowMs: number, replica: number, what: string): void {
    this.#report(nowMs, replica, what);
  }

  /** An honest replica has handled an input. */
  onStep(nowMs: number, wallMs: number, index: number, replica: Replica): void {
    this.#latestWallMs = Math.max(this.#latestWallMs, wallMs);
    const record = this.#records[index]!;
    const { view, stableHeight } = replica;
    if (view < record.view) this.#report(nowMs, index, `view ${record.view} to ${view}`);
    if (stableHeight < record.stableHeight) {
      this.#report(nowMs, index, `stable checkpoint ${record.stableHeight} to ${stableHeight}`);
    }
    if (stableHeight > record.stableHeight) this.#checkStable(nowMs, index, stableHeight);
    if (replica.height < stableHeight || replica.height > stableHeight + this.#init.window) {
      this.#report(nowMs, index, `height ${replica.height} outside the water marks`);
    }
    record.view = view;
    record.stableHeight = stableHeight;
  }

  /** f + 1 honest replicas hold what a stable checkpoint lets go. */
  #checkStable(nowMs: number, index: number, stableHeight: number): void {
    const { isHonest, committee } = this.#init;
    const holders = this.#records.filter(
      ({ durableHeight }, i) => isHonest(i) && durableHeight >= stableHeight,
    ).length;
    if (holders <= faultyAtMost(committee.replicas.length)) {
      this.#report(nowMs, index, `checkpoint ${stableHeight} held by ${holders} honest replicas`);
    }
  }

  checkMemory(nowMs: number, index: number, replica: Replica, logBytes: number): void {
    const { window } = this.#init;
    if (replica.retained.length > window) this.#report(nowMs, index, 'too many blocks kept');
    if (logBytes > MAX_LOG_BYTES) this.#report(nowMs, index, `log of ${logBytes} bytes`);
  }

  /** The blocks up to `height` are on the disk of this replica. */
  onDurable(index: number, height: number): void {
    const record = this.#records[index]!;
    record.durableHeight = Math.max(record.durableHeight, height);
  }

  /** A replica is back from a crash. */
  onRestart(nowMs: number, index: number, replica: Replica, isWiped: boolean): void {
    const record = this.#records[index]!;
    record.height = replica.height;
    record.stableHeight = replica.stableHeight;
    record.view = replica.view;
    if (isWiped) {
      record.durableHeight = 0;
      return;
    }
    if (replica.height < record.durableHeight) {
      this.#report(nowMs, index, `lost blocks ${replica.height + 1} to ${record.durableHeight}`);
    }
  }

  /** An honest replica sends a message: it never contradicts what it sent before. */
  onSend(nowMs: number, index: number, message: Message): void {
    if (message.type === 'vote') this.#checkVote(nowMs, index, message.vote);
    else if (message.type === 'pre-prepare') {
      const { view, block, signature } = message;
      const { height, digest } = block;
      const phase = 'prepare';
      const vote = { phase, view, height, digest, ts: 0, replica: index, signature } as const;
      this.#checkVote(nowMs, index, vote);
    } else if (message.type === 'view-change') {
      const record = this.#records[index]!;
      record.leftViewsBefore = Math.max(record.leftViewsBefore, message.viewChange.view);
    }
  }

  #checkVote(nowMs: number, index: number, vote: Vote): void {
    const record = this.#records[index]!;
    const key = `${vote.phase} ${vote.view} ${vote.height}`;
    const digest = toHex(vote.digest);
    const before = record.votes.get(key);
    if (before === undefined) {
      if (vote.phase !== 'checkpoint' && vote.view < record.leftViewsBefore) {
        this.#report(nowMs, index, `voted in view ${vote.view}, which it had left`);
      }
      record.votes.set(key, digest);
    } else if (before !== digest) this.#report(nowMs, index, `two votes: ${key}`);
  }

  /** An honest replica says that a block is final. */
  onCommit(nowMs: number, index: number, { block }: CommittedBlock, app: AccountApplication): void {
    const record = this.#records[index]!;
    if (block.height !== record.height + 1) {
      this.#report(nowMs, index, `committed ${block.height} after ${record.height}`);
    }
    record.height = block.height;
    const first = this.chain[block.height - 1];
    if (first) {
      if (!equalBytes(first.digest, block.digest)) {
        this.#report(nowMs, index, `another block at height ${block.height}`);
      }
    } else this.#onNewBlock(nowMs, index, block);
    const root = app.rootAt(block.height);
    if (!root || !equalBytes(root, block.stateRoot)) {
      this.#report(nowMs, index, `state root at height ${block.height}`);
    }
    if (app.total !== ACCOUNTS * START_BALANCE) this.#report(nowMs, index, 'money made or lost');
  }

  #onNewBlock(nowMs: number, index: number, block: Block): void {
    const before = this.chain[block.height - 2];
    this.chain[block.height - 1] = block;
    if (block.height > 1 && before && !equalBytes(before.digest, block.prev)) {
      this.#report(nowMs, index, `block ${block.height} does not follow on the one before`);
    }
    if (before && block.timeMs <= before.timeMs) {
      this.#report(nowMs, index, `time of block ${block.height} does not go on`);
    }
    if (block.timeMs > this.#latestWallMs + block.height) {
      this.#report(nowMs, index, `time of block ${block.height} is after every honest clock`);
    }
    for (const transaction of block.transactions) this.#checkTransaction(nowMs, index, transaction);
  }

  #checkTransaction(nowMs: number, index: number, transaction: Uint8Array): void {
    const read = decodeTransfer(transaction);
    if (!read || !isTransferSigned(transaction) || !this.#init.submitted.has(toHex(transaction))) {
      this.#report(nowMs, index, 'executed what no client asked for');
      return;
    }
    const key = `${read.account} ${read.seq}`;
    if (this.#executed.has(key)) this.#report(nowMs, index, `executed ${key} twice`);
    this.#executed.add(key);
  }

  /** Whether a request is executed. */
  isExecuted(account: number, seq: number): boolean {
    return this.#executed.has(`${account} ${seq}`);
  }

  onRestored(nowMs: number, index: number, height: number, app: AccountApplication): void {
    this.#records[index]!.height = height;
    const block = this.chain[height - 1];
    if (!block) this.#report(nowMs, index, `took over a state at ${height}, not committed yet`);
    else if (!app.restoredRoot || !equalBytes(app.restoredRoot, block.stateRoot)) {
      this.#report(nowMs, index, `took over a wrong state at height ${height}`);
    }
  }

  /** Evidence must hold, and against a Byzantine replica. */
  onEvidence(nowMs: number, index: number, evidence: Evidence): void {
    const { committee, verifier, isHonest } = this.#init;
    if (!isEvidenceGood(committee, verifier, evidence)) {
      this.#report(nowMs, index, 'evidence that does not hold');
    }
    if (isHonest(evidence.first.replica)) {
      this.#report(nowMs, index, `evidence against honest replica ${evidence.first.replica}`);
    }
  }
}
