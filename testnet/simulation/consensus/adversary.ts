/**
 * A Byzantine replica: a real replica whose messages pass through here, where they are held back,
 * changed, doubled or made up. It signs with its own key only; the keys of all Byzantine replicas
 * are known to each other.
 *
 * @module
 */

import { concatBytes } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import type { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { sealBlock } from '../../../protocols/pbft/block.ts';
import type { Block } from '../../../protocols/pbft/block.ts';
import { faultyAtMost } from '../../../protocols/pbft/committee.ts';
import type { Committee, ReplicaSigner } from '../../../protocols/pbft/committee.ts';
import type { Message, NewViewMessage, PrePrepare } from '../../../protocols/pbft/messages.ts';
import type { SnapshotMessage, ViewChangeMessage } from '../../../protocols/pbft/messages.ts';
import { requirementOf, signNewView, signViewChange } from '../../../protocols/pbft/view-change.ts';
import type { ViewChange } from '../../../protocols/pbft/view-change.ts';
import { signVote } from '../../../protocols/pbft/vote.ts';
import type { Certificate, Vote } from '../../../protocols/pbft/vote.ts';
import { decodeTransfer, forgeTransfer } from './account-application.ts';
import type { AccountApplication } from './account-application.ts';
import type { Strategy } from './scenario.ts';

/** What an adversary can reach. */
export interface AdversaryWorld {
  readonly committee: Committee;
  readonly random: SeededRandom;
  /** Byzantine replicas with their signers. */
  readonly conspirators: ReadonlyMap<number, ReplicaSigner>;
  /** Puts a message on the wire in the name of a conspirator. */
  transmit(from: number, to: number, message: Message, extraDelayMs: number): void;
  /** An application in the state of this height, or none if the height is not known. */
  applicationAt(height: number): AccountApplication | undefined;
  /** The committed block at a height. */
  blockAt(height: number): Block | undefined;
}

const MAX_SEEN = 96;
const MAX_SLOW_MS = 2_500;
const HOUR_MS = 3_600_000;

/** A proposal and what the other side is shown in its place. */
interface Split {
  readonly proposals: readonly [PrePrepare, PrePrepare];
  /** Which of the two each replica is shown. */
  readonly sides: readonly (0 | 1)[];
}

export class Adversary {
  readonly #index: number;
  readonly #strategies: ReadonlySet<Strategy>;
  readonly #world: AdversaryWorld;
  readonly #signer: ReplicaSigner;
  readonly #censored: number;
  readonly #splits = new Map<string, Split>();
  readonly #seen: Message[] = [];
  readonly #viewChanges = new Map<string, ViewChange>();
  readonly #commits: { height: number; digest: Uint8Array; commit: Certificate }[] = [];
  #sent = 0;
  readonly #silentAfter: number;

  constructor(index: number, strategies: readonly Strategy[], world: AdversaryWorld) {
    this.#index = index;
    this.#strategies = new Set(strategies);
    this.#world = world;
    this.#signer = world.conspirators.get(index)!;
    this.#censored = world.random.integer(4);
    this.#silentAfter = world.random.integer(400);
  }

  get #size(): number {
    return this.#world.committee.replicas.length;
  }

  #has(strategy: Strategy): boolean {
    return this.#strategies.has(strategy);
  }

  #chance(share: number): boolean {
    return this.#world.random.uniform() < share;
  }

  #transmit(to: number, message: Message): void {
    if (this.#has('silent') && this.#sent++ > this.#silentAfter) return;
    const delayMs = this.#has('slow') ? this.#world.random.integer(MAX_SLOW_MS) : 0;
    this.#world.transmit(this.#index, to, message, delayMs);
  }

  /** The replica inside sends a message. */
  onSend(to: number | 'others', message: Message): void {
    const meant = to === 'others' ? [...Array(this.#size).keys()] : [to];
    const recipients = meant.filter((i) => i !== this.#index);
    if (message.type === 'pre-prepare') {
      this.#onPropose(recipients, message);
    } else {
      for (const recipient of recipients) {
        const changed = this.#change(recipient, message);
        if (changed) this.#transmit(recipient, changed);
      }
    }
    if (this.#has('replay of old views') && this.#chance(0.2)) this.#replay();
  }

  /** A message for the replica inside. `false`: it is kept from it. */
  onReceive(message: Message): boolean {
    this.#remember(message);
    if (this.#has('double votes') && message.type === 'pre-prepare') {
      for (let to = 0; to < this.#size; to++) this.#voteFor(this.#index, to, message);
    }
    return message.type !== 'request' || this.acceptsRequest(message.transaction);
  }

  /** `false`: the transaction is of the censored client. */
  acceptsRequest(transaction: Uint8Array): boolean {
    const isOfCensored = decodeTransfer(transaction)?.account === this.#censored;
    return !this.#has('censoring one client') || !isOfCensored;
  }

  #remember(message: Message): void {
    this.#seen.push(message);
    if (this.#seen.length > MAX_SEEN) {
      this.#seen.splice(this.#world.random.integer(MAX_SEEN / 2), 1);
    }
    if (message.type === 'view-change') this.#rememberChange(message.viewChange);
    if (message.type === 'new-view') message.newView.viewChanges.forEach(this.#rememberChange);
  }

  readonly #rememberChange = (change: ViewChange): void => {
    const key = `${change.view} ${change.replica}`;
    if (!this.#viewChanges.has(key)) this.#viewChanges.set(key, change);
    const { height, digest, commit } = change;
    if (commit) this.#commits.push({ height, digest, commit });
  };

  #replay(): void {
    const { random } = this.#world;
    const message = this.#seen[random.integer(this.#seen.length || 1)];
    if (message) this.#transmit(random.integer(this.#size), message);
  }

  /** Prepare and commit votes of a conspirator for a block. */
  #voteFor(voter: number, to: number, { view, block }: PrePrepare): void {
    const signer = this.#world.conspirators.get(voter);
    if (!signer || to === voter) return;
    const { height, digest, timeMs } = block;
    for (const phase of ['prepare', 'commit'] as const) {
      const ts = phase === 'commit' ? timeMs + 1 : 0;
      const ballot = { phase, view, height, digest, ts, replica: voter };
      const vote = signVote(this.#world.committee, signer, ballot);
      this.#world.transmit(voter, to, { type: 'vote', vote }, 0);
    }
  }

  #onPropose(recipients: readonly number[], proposal: PrePrepare): void {
    const { view, block } = proposal;
    if (this.#has('missing heartbeat') && block.transactions.length === 0) return;
    const key = `${view} ${block.height}`;
    const isFirst = !this.#splits.has(key);
    if (isFirst) {
      const split = this.#split(proposal);
      if (split) this.#splits.set(key, split);
    }
    const split = this.#splits.get(key);
    for (const to of recipients) {
      this.#transmit(to, split ? split.proposals[split.sides[to]!] : proposal);
      if (!split || !isFirst) continue;
      // Sometimes both are shown to the same replica.
      if (this.#has('equivocating primary') && this.#chance(0.3)) {
        this.#transmit(to, split.proposals[split.sides[to] === 0 ? 1 : 0]);
      }
      for (const voter of this.#world.conspirators.keys()) {
        this.#voteFor(voter, to, split.proposals[split.sides[to]!]);
      }
    }
  }

  #split(proposal: PrePrepare): Split | undefined {
    const replicas = [...Array(this.#size).keys()];
    const isForged = this.#has('forged new view') && proposal.view > 0;
    const isSubstituted = this.#has('substituted block') || isForged;
    if (this.#has('bad block') && this.#chance(0.3)) {
      const bad = this.#badBlock(proposal.block);
      if (bad) return { proposals: this.#proposals(proposal, bad), sides: replicas.map(() => 1) };
    }
    const isEquivocating = this.#has('equivocating primary') && this.#chance(0.7);
    if (!isEquivocating && !(isSubstituted && this.#chance(0.7))) return undefined;
    const sibling = this.#sibling(proposal.block);
    if (!sibling) return undefined;
    const sides = replicas.map(() => (isEquivocating && this.#chance(0.5) ? 0 : 1));
    return { proposals: this.#proposals(proposal, sibling), sides };
  }

  #proposals(proposal: PrePrepare, other: Block): [PrePrepare, PrePrepare] {
    const { height, digest } = other;
    const { view } = proposal;
    const ballot = { phase: 'prepare', view, height, digest, ts: 0, replica: this.#index } as const;
    const { signature } = signVote(this.#world.committee, this.#signer, ballot);
    return [proposal, { type: 'pre-prepare', view, block: other, signature }];
  }

  /** Another block that is as good: without its transactions, or with another certificate. */
  #sibling(block: Block): Block | undefined {
    if (block.transactions.length > 0) return this.#rebuilt(block, []);
    return this.#retimed(block);
  }

  /** The same block with a vote of ours in the certificate before it signed anew, with its time. */
  #retimed(block: Block): Block | undefined {
    const { parentCommit, prev, height } = block;
    if (!parentCommit) return undefined;
    const { view } = parentCommit;
    const votes = parentCommit.votes.map((vote) => {
      const signer = this.#world.conspirators.get(vote.replica);
      if (!signer) return vote;
      const { replica } = vote;
      const ts = vote.ts + 1;
      const ballot = {
        phase: 'commit',
        view,
        height: height - 1,
        digest: prev,
        ts,
        replica,
      } as const;
      return { replica, ts, signature: signVote(this.#world.committee, signer, ballot).signature };
    });
    const before = this.#world.blockAt(height - 1);
    if (!before) return undefined;
    const clocks = votes.map(({ ts }) => ts).sort((a, b) => a - b);
    const timeMs = Math.max(before.timeMs + 1, clocks[faultyAtMost(this.#size)]!);
    return sealBlock({ ...block, timeMs, parentCommit: { view, votes } });
  }

  /** `block` with other transactions and the state that they lead to. */
  #rebuilt(block: Block, transactions: readonly Uint8Array[]): Block | undefined {
    const outcome = this.#world
      .applicationAt(block.height - 1)
      ?.apply({ height: block.height, timeMs: block.timeMs, transactions });
    if (!outcome?.applied) return undefined;
    return sealBlock({ ...block, transactions, stateRoot: outcome.stateRoot });
  }

  /** A block that no honest replica may vote for. */
  #badBlock(block: Block): Block | undefined {
    const { random } = this.#world;
    switch (random.integer(6)) {
      case 0:
        return sealBlock({ ...block, timeMs: block.timeMs + HOUR_MS });
      case 1:
        return sealBlock({ ...block, stateRoot: sha256(block.stateRoot) });
      case 2: {
        const app = this.#world.applicationAt(block.height - 1);
        if (!app) return undefined;
        const seq = app.lastSeq('1') + 1;
        return this.#rebuilt(block, [forgeTransfer({ account: 1, seq, to: 0, amount: 900 })]);
      }
      case 3:
        return sealBlock({ ...block, prev: sha256(block.prev) });
      case 4: {
        const old = [1, 2, 3].map((back) => this.#world.blockAt(block.height - back));
        const [transaction] = old.flatMap((known) => known?.transactions ?? []);
        return transaction && this.#rebuilt(block, [transaction]);
      }
      default: {
        const { parentCommit } = block;
        if (!parentCommit) return undefined;
        const votes = parentCommit.votes.map((vote) => ({ ...vote, signature: junk(random) }));
        return sealBlock({ ...block, parentCommit: { ...parentCommit, votes } });
      }
    }
  }

  #change(to: number, message: Message): Message | undefined {
    switch (message.type) {
      case 'view-change':
        return this.#changeViewChange(message);
      case 'new-view':
        return this.#has('forged new view') ? this.#forgeNewView(message) : message;
      case 'vote':
        return this.#changeVote(message.vote);
      case 'snapshot':
        return this.#has('lying checkpoint') ? falseSnapshot(message) : message;
      case 'blocks':
        return this.#has('lying checkpoint') || this.#has('stale certificate')
          ? this.#falseBlocks()
          : message;
      case 'status': {
        const isBoasting = this.#has('lying checkpoint') || this.#has('stale certificate');
        if (isBoasting && this.#chance(0.5)) this.#offerFalsely(to);
        return isBoasting ? { ...message, height: message.height + 2 } : message;
      }
      default:
        return message;
    }
  }

  #changeVote(vote: Vote): Message {
    const isLie = vote.phase === 'checkpoint' && this.#has('lying checkpoint') && this.#chance(0.7);
    if (!isLie) return { type: 'vote', vote };
    const ballot = { ...vote, digest: sha256(vote.digest) };
    return { type: 'vote', vote: signVote(this.#world.committee, this.#signer, ballot) };
  }

  #changeViewChange(message: ViewChangeMessage): ViewChangeMessage {
    const { viewChange } = message;
    const { block: first, signature: _, ...claimed } = viewChange;
    let [block, signed] = [first, claimed];
    if (this.#has('two-faced view change') && this.#chance(0.6)) {
      if (this.#chance(0.5)) {
        block = undefined;
        signed = { ...signed, prepared: undefined };
      } else {
        const forged = this.#forgedPrepared(viewChange);
        if (forged) {
          signed = {
            ...signed,
            prepared: { digest: forged.digest, certificate: forged.certificate },
          };
          block = forged.block;
        }
      }
    }
    const old = this.#commits[this.#world.random.integer(this.#commits.length || 1)];
    if (this.#has('stale certificate') && old && this.#chance(0.6)) {
      block = undefined;
      signed = { ...signed, ...old, prepared: undefined };
    }
    const changed = signViewChange(this.#world.committee, this.#signer, signed);
    return { type: 'view-change', viewChange: block ? { ...changed, block } : changed };
  }

  /** A certificate that nobody gave, for a block of our own. */
  #forgedPrepared({ view, height, digest, commit }: ViewChange) {
    const { random, committee } = this.#world;
    const before = this.#world.blockAt(height);
    const app = this.#world.applicationAt(height);
    if (!app || (height > 0 && !before)) return undefined;
    const timeMs = Math.max(
      (before?.timeMs ?? committee.genesisTimeMs) + 1,
      commit
        ? [...commit.votes.map(({ ts }) => ts)].sort((a, b) => a - b)[faultyAtMost(this.#size)]!
        : 0,
    );
    const outcome = app.apply({ height: height + 1, timeMs, transactions: [] });
    if (!outcome.applied) return undefined;
    const { ledger, epoch } = committee;
    const block = sealBlock({
      ...{ ledger, epoch, height: height + 1, prev: digest, timeMs, stateRoot: outcome.stateRoot },
      ...{ parentCommit: commit, transactions: [] },
    });
    const votes = Array.from({ length: 2 * faultyAtMost(this.#size) + 1 }, (_, replica) => ({
      ...{ replica, ts: 0, signature: junk(random) },
    }));
    return { block, digest: block.digest, certificate: { view: view - 1, votes } };
  }

  /** A NEW-VIEW that hides what was prepared, or holds too few. */
  #forgeNewView({ newView }: NewViewMessage): NewViewMessage {
    const { committee } = this.#world;
    const { view } = newView;
    const quorum = 2 * faultyAtMost(this.#size) + 1;
    const known = [...this.#viewChanges.values()].filter((change) => change.view === view);
    const own = newView.viewChanges.find(({ replica }) => replica === this.#index);
    const bare = own && signViewChange(committee, this.#signer, { ...own, prepared: undefined });
    const pool = [
      ...known.filter(({ replica }) => replica !== this.#index),
      ...(bare ? [bare] : []),
    ];
    // Those that know least first.
    pool.sort((a, b) => a.height - b.height || Number(!!a.prepared) - Number(!!b.prepared));
    const count = this.#chance(0.5) ? quorum : faultyAtMost(this.#size) + 1;
    const chosen = pool.slice(0, count).map((change): ViewChange => {
      const { block: _, ...signed } = change;
      return signed;
    });
    chosen.sort((a, b) => a.replica - b.replica);
    if (chosen.length < count || requirementOf(chosen).height < 1)
      return { type: 'new-view', newView };
    return { type: 'new-view', newView: signNewView(committee, this.#signer, view, chosen) };
  }

  /** A next block that nobody voted for. */
  #falseBlocks(): Message | undefined {
    const { random } = this.#world;
    const height = this.#seenHeight();
    const before = this.#world.blockAt(height);
    if (!before) return undefined;
    const { view, height: atHeight, digest, commit } = this.#lastChange(height, before);
    const change = { view, height: atHeight, digest, commit, replica: this.#index };
    const forged = this.#forgedPrepared({
      ...change,
      prepared: undefined,
      signature: junk(random),
    });
    if (!forged) return undefined;
    const commitOfIt = { ...forged.certificate, view: 0 };
    return { type: 'blocks', blocks: [{ block: forged.block, commit: commitOfIt }] };
  }

  #seenHeight(): number {
    let height = 0;
    while (this.#world.blockAt(height + 1)) height++;
    return Math.max(0, height - this.#world.random.integer(2));
  }

  #lastChange(height: number, block: Block) {
    const next = this.#world.blockAt(height + 1);
    return { view: 1, height, digest: block.digest, commit: next?.parentCommit };
  }

  #offerFalsely(to: number): void {
    const message = this.#falseBlocks();
    if (message) this.#transmit(to, message);
  }
}

function falseSnapshot(message: SnapshotMessage): SnapshotMessage {
  const chunk = message.chunk.slice();
  // The sequence number of the first account.
  if (chunk.length > 3) chunk[3]! ^= 1;
  return { ...message, chunk };
}

function junk(random: SeededRandom): Uint8Array {
  const word = sha256(Uint8Array.of(random.integer(256), random.integer(256)));
  return concatBytes(word, word);
}
