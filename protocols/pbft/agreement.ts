/**
 * The normal case: pre-prepare, prepare, commit, one block at a time (Castro and Liskov 1999,
 * section 4.2).
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import type { Block } from './block.ts';
import { primaryOf } from './committee.ts';
import type { LogRecord, PreparedRecord, ProposalRecord } from './log-format.ts';
import type { CommittedBlock, PrePrepare } from './messages.ts';
import { measureBlock } from './pace.ts';
import type { ReplicaParts } from './replica-parts.ts';
import { Round } from './round.ts';
import type { TransactionResult } from './state-machine.ts';
import type { ViewChange } from './view-change.ts';
import { isVoteSigned, signVote } from './vote.ts';
import type { Certificate, Vote } from './vote.ts';

/** What the rest of the replica does at the turns of agreement. */
export interface AgreementEvents {
  /** The primary of this view does not follow the protocol. */
  suspect(reason: string): void;
  /** A block is final. */
  committed(committed: CommittedBlock, results: readonly TransactionResult[]): void;
  /** `from` shows that blocks up to `height` are committed. */
  behind(from: number, height: number): void;
}

/** A block that this replica voted to prepare. */
interface Voted {
  readonly view: number;
  readonly block: Block;
}

/** A block with 2f + 1 prepare votes, which this replica voted to commit. */
export interface PreparedBlock {
  readonly block: Block;
  readonly certificate: Certificate;
}

/** The records of the votes at the current height. */
interface Written {
  proposal: ProposalRecord | undefined;
  prepared: { readonly proposal: ProposalRecord; readonly record: PreparedRecord } | undefined;
}

export class Agreement {
  readonly #parts: ReplicaParts;
  readonly #events: AgreementEvents;
  #current: Round;
  /** Messages for the height after: others may be one block ahead. */
  #next: Round;
  #voted: Voted | undefined;
  /** In the highest view, at the current height. */
  #prepared: PreparedBlock | undefined;
  /** The block that the primary of this view must propose again. */
  #required: Block | undefined;
  #lastBlockAtMs: number;
  #written: Written = { proposal: undefined, prepared: undefined };

  constructor(parts: ReplicaParts, events: AgreementEvents) {
    this.#parts = parts;
    this.#events = events;
    this.#current = this.#round(1);
    this.#next = this.#round(2);
    this.#lastBlockAtMs = parts.moment().monotonicMs;
  }

  get prepared(): PreparedBlock | undefined {
    return this.#prepared;
  }

  /** When the last block was committed here, or the start. Monotonic. */
  get lastBlockAtMs(): number {
    return this.#lastBlockAtMs;
  }

  #round(offset: number): Round {
    const { chain, committee, rules } = this.#parts;
    const size = committee.replicas.length;
    return new Round(chain.height + offset, size, rules.quorum(size));
  }

  #roundAt(height: number): Round | undefined {
    if (height === this.#current.height) return this.#current;
    return height === this.#next.height ? this.#next : undefined;
  }

  #isPrimary(view: number): boolean {
    return primaryOf(view, this.#parts.committee.replicas.length) === this.#parts.index;
  }

  onPrePrepare(from: number, message: PrePrepare): void {
    const { committee, verifier, views } = this.#parts;
    const { view, block, signature } = message;
    if (view < views.view || from !== primaryOf(view, committee.replicas.length)) return;
    const round = this.#roundAt(block.height);
    if (!round) {
      this.#events.behind(from, block.height - 1);
      return;
    }
    const { height, digest } = block;
    const vote: Vote = { phase: 'prepare', view, height, digest, ts: 0, replica: from, signature };
    // The first proposal of a view stays.
    const isWanted = !round.proposal || view > round.proposal.view;
    if (!isWanted && !round.isNews(vote)) return;
    if (!isVoteSigned(committee, verifier, vote)) return;
    if (isWanted) round.proposal = message;
    this.#keep(round, vote);
    if (round === this.#next && block.parentCommit) {
      this.#learn(block.prev, block.parentCommit);
      this.#events.behind(from, height - 1);
    }
    this.advance();
  }

  onVote(from: number, vote: Vote): void {
    const { committee, verifier } = this.#parts;
    if (vote.replica !== from) return;
    const round = this.#roundAt(vote.height);
    if (!round) {
      this.#events.behind(from, vote.height - 1);
      return;
    }
    if (!round.isNews(vote) || !isVoteSigned(committee, verifier, vote)) return;
    this.#keep(round, vote);
    if (round === this.#next) this.#events.behind(from, vote.height - 1);
    this.advance();
  }

  /** Keeps a good vote; tells of it if it contradicts another. */
  #keep(round: Round, vote: Vote): void {
    const { committee, emit, views } = this.#parts;
    const evidence = round.add(vote);
    if (!evidence) return;
    emit({ type: 'evidence', evidence });
    const isOfPrimary = vote.replica === primaryOf(vote.view, committee.replicas.length);
    if (isOfPrimary && vote.view === views.view) this.#events.suspect('two proposals in one view');
  }

  /** The block after the current one shows a certificate of it. */
  #learn(digest: Uint8Array, commit: Certificate): void {
    const { height, decided } = this.#current;
    if (decided || !this.#parts.chain.isCommitGood({ height, digest }, commit)) return;
    this.#current.decided = { digest, commit };
  }

  /** Does whatever can be done with what is known. */
  advance(): void {
    while (this.#tryCommit()) continue;
    this.#tryPropose();
    this.#tryPrepare();
    this.#tryVoteCommit();
  }

  /** A block is committed here whatever the view: its certificate is proof enough. */
  #tryCommit(): boolean {
    const { decided } = this.#current;
    if (!decided || !this.#parts.chain.hasRoom) return false;
    const block = this.#find(decided.digest);
    if (!block) {
      for (const { replica } of decided.commit.votes) {
        this.#events.behind(replica, this.#current.height);
      }
      return false;
    }
    this.adopt({ block, commit: decided.commit });
    return true;
  }

  #find(digest: Uint8Array): Block | undefined {
    const known = [this.#current.proposal?.block, this.#voted?.block, this.#prepared?.block];
    return known.find((block) => block && equalBytes(block.digest, digest));
  }

  /** Takes the next block as committed. Its certificate was checked. */
  adopt(committed: CommittedBlock): void {
    const { chain, journal, views } = this.#parts;
    measureBlock(this.#parts, this.#lastBlockAtMs);
    const results = chain.append(committed);
    journal.append({ kind: 'committed', ...committed });
    this.#startRound();
    views.hasProgressed = true;
    this.#lastBlockAtMs = this.#parts.moment().monotonicMs;
    this.#events.committed(committed, results);
  }

  /** The chain has moved by other means too: goes on at its height. */
  #startRound(): void {
    const { chain } = this.#parts;
    const isNextDue = this.#next.height === chain.height + 1;
    this.#current = isNextDue ? this.#next : this.#round(1);
    this.#next = this.#round(2);
    this.#voted = undefined;
    this.#prepared = undefined;
    this.#required = undefined;
    this.#written = { proposal: undefined, prepared: undefined };
  }

  /** The chain took over a later state. */
  onRestored(): void {
    this.#startRound();
    this.#lastBlockAtMs = this.#parts.moment().monotonicMs;
  }

  /** The replica is in a new view; as its primary it has what must be proposed again. */
  enterView(changes: readonly ViewChange[]): void {
    const digest = this.#parts.views.requirement?.digest;
    const blocks = [...changes.map(({ block }) => block), this.#prepared?.block];
    this.#required = digest && blocks.find((block) => block && equalBytes(block.digest, digest));
    this.advance();
  }

  /** Whether this replica is the primary and owes the next block, at some time. */
  get #isDue(): boolean {
    const { chain, views, rules, isObserver } = this.#parts;
    const { view, requirement } = views;
    if (isObserver || !this.#isPrimary(view) || !rules.mayVote(view, views)) return false;
    const isProposed = this.#current.proposal?.view === view || this.#voted?.view === view;
    // Behind what the NEW-VIEW shows: catching up comes first.
    const isBehind = requirement !== undefined && this.#current.height < requirement.height;
    return !isProposed && !isBehind && chain.hasRoom;
  }

  #tryPropose(): void {
    if (!this.#isDue) return;
    const { chain, views, settings, pool } = this.#parts;
    const { view, requirement } = views;
    const { height } = this.#current;
    if (requirement?.digest && height === requirement.height) {
      if (this.#required && chain.examine(this.#required) === undefined) {
        this.#propose(this.#required);
      }
      return;
    }
    const idleMs = this.#parts.moment().monotonicMs - this.#lastBlockAtMs;
    const isFirst = view > 0 && !views.hasProgressed;
    if (!isFirst && !pool.oldestReady() && idleMs < settings.heartbeatMs) return;
    this.#propose(chain.build());
  }

  /** When an idle primary owes a block. Monotonic. */
  get heartbeatAtMs(): number {
    const { views, settings } = this.#parts;
    const isBound = views.requirement?.height === this.#current.height;
    return this.#isDue && !isBound ? this.#lastBlockAtMs + settings.heartbeatMs : Infinity;
  }

  #propose(block: Block): void {
    const { views, emit } = this.#parts;
    const vote = this.#sign('prepare', views.view, block, 0);
    const { view, signature } = vote;
    const proposal: PrePrepare = { type: 'pre-prepare', view, block, signature };
    this.#current.proposal = proposal;
    this.#prepare(proposal, vote, () => {
      emit({ type: 'send', to: 'others', message: proposal });
    });
  }

  #tryPrepare(): void {
    const { chain, views, rules, emit, isObserver } = this.#parts;
    const { proposal } = this.#current;
    if (isObserver || !proposal || !rules.mayVote(proposal.view, views)) return;
    if (this.#isPrimary(proposal.view) || !chain.hasRoom) return;
    const { view, block } = proposal;
    if (this.#voted?.view === view && equalBytes(this.#voted.block.digest, block.digest)) return;
    const problem = rules.meetsRequirement(views.requirement, block)
      ? chain.examine(block)
      : 'not what the new view asks for';
    if (problem !== undefined) {
      this.#events.suspect(problem);
      return;
    }
    const vote = this.#sign('prepare', view, block, 0);
    this.#prepare(proposal, vote, () => {
      emit({ type: 'send', to: 'others', message: { type: 'vote', vote } });
    });
  }

  #prepare({ view, block, signature }: PrePrepare, vote: Vote, send: () => void): void {
    this.#voted = { view, block };
    const record: ProposalRecord = { kind: 'proposal', view, block, signature, vote };
    this.#written.proposal = record;
    this.#parts.journal.appendThen(record, () => {
      send();
      this.#count(vote);
    });
  }

  #tryVoteCommit(): void {
    const { views, rules, index, journal, emit, moment } = this.#parts;
    const voted = this.#voted;
    if (!voted || !rules.mayVote(voted.view, views)) return;
    if (this.#prepared?.certificate.view === voted.view) return;
    const { view, block } = voted;
    if (this.#current.vote('prepare', index)?.view !== view) return;
    const certificate = this.#current.certificate('prepare', view, block.digest);
    if (!certificate) return;
    this.#prepared = { block, certificate };
    const vote = this.#sign('commit', view, block, moment().wallMs);
    const record: PreparedRecord = { kind: 'prepared', certificate, vote };
    this.#written.prepared = { proposal: this.#written.proposal!, record };
    journal.appendThen(record, () => {
      emit({ type: 'send', to: 'others', message: { type: 'vote', vote } });
      this.#count(vote);
    });
  }

  #sign(phase: 'prepare' | 'commit', view: number, block: Block, ts: number): Vote {
    const { committee, signer, index } = this.#parts;
    const { height, digest } = block;
    return signVote(committee, signer, { phase, view, height, digest, ts, replica: index });
  }

  /** Counts this replica's own vote, once it is flushed and sent. */
  #count(vote: Vote): void {
    this.#roundAt(vote.height)?.add(vote);
    this.advance();
  }

  /** Sends again what others may have missed. */
  resend(): void {
    const { views, index, emit } = this.#parts;
    const { proposal } = this.#current;
    const prepare = this.#current.vote('prepare', index);
    const commit = this.#current.vote('commit', index);
    const isMine = proposal && this.#isPrimary(proposal.view);
    if (isMine && proposal.view === views.view && prepare?.view === views.view) {
      emit({ type: 'send', to: 'others', message: proposal });
    }
    for (const vote of [isMine ? undefined : prepare, commit]) {
      if (vote?.view !== views.view) continue;
      emit({ type: 'send', to: 'others', message: { type: 'vote', vote } });
    }
  }

  /** What a log that begins anew must say of the current height: the last votes of each kind. */
  get records(): readonly LogRecord[] {
    const { prepared, proposal } = this.#written;
    return prepared && prepared.proposal !== proposal
      ? [prepared.proposal, prepared.record, ...(proposal ? [proposal] : [])]
      : [...(proposal ? [proposal] : []), ...(prepared ? [prepared.record] : [])];
  }

  /** After a restart: the votes at the current height that the log holds. */
  recall(written: readonly (ProposalRecord | PreparedRecord)[]): void {
    this.#startRound();
    let proposal: ProposalRecord | undefined;
    for (const record of written) {
      if (record.kind === 'proposal') {
        const { view, block, signature } = record;
        proposal = record;
        this.#voted = { view, block };
        this.#current.proposal = { type: 'pre-prepare', view, block, signature };
        this.#written.proposal = record;
      } else if (proposal) {
        this.#prepared = { block: proposal.block, certificate: record.certificate };
        this.#written.prepared = { proposal, record };
      }
      this.#current.add(record.vote);
    }
  }
}
