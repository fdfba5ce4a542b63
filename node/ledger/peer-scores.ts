/**
 * Scores of a peer: from the ledger with proofs, or where there is none that answers from what this
 * node has seen itself and from receipts that the peer shows. The latter two are opinions of one
 * and choices of the other, and are named so.
 *
 * The ledger is asked about task types that this node can name: those of the peer's signed record,
 * those of its own experience with the peer, and those that the user names. It cannot be asked
 * which others there are.
 *
 * @module
 */

import { toHex } from '../../crypto/bytes.ts';
import type { Clock } from '../../protocols/components.ts';
import { requestReceipts } from '../../protocols/card/client.ts';
import { askBrokerForScores } from '../../protocols/broker/client.ts';
import type { Host } from '../../protocols/libp2p-host.ts';
import { MAX_READ_KEYS } from '../../protocols/ledger-service/messages.ts';
import type { LedgerClient, ProvenState } from '../../protocols/ledger-service/client.ts';
import { provenScore } from '../../protocols/ledger/light-client.ts';
import { encodeStateProof } from '../../protocols/ledger/state-proof.ts';
import { ONE_Q32 } from '../../protocols/reputation/decay.ts';
import { scoreKey } from '../../protocols/reputation/records.ts';
import type { ScoreSubject } from '../../protocols/reputation/records.ts';
import { fractionOfQ32 } from '../../protocols/reputation/score.ts';
import type { SecureStreams } from '../../protocols/secure-stream.ts';
import { testimonyOfReceipts } from '../certificates/receipt-testimony.ts';
import { BadInputError, UnreachableError } from '../errors.ts';
import type { OutcomeBook } from '../tasks/outcomes.ts';
import type { ReputationDocument, ScoreDocument } from './ledger-documents.ts';
import type { NodeLedger } from './node-ledger.ts';

/** Task types that are asked about. */
const MAX_TYPES = MAX_READ_KEYS / 2;
/** How long the peer's record is looked for. */
const RECORD_TIMEOUT_MS = 3_000;
const RECEIPTS_TIMEOUT_MS = 3_000;
const BROKER_TIMEOUT_MS = 5_000;

export interface PeerScoresInit {
  readonly self: string;
  readonly ledger: NodeLedger | undefined;
  readonly outcomes: OutcomeBook;
  readonly streams: SecureStreams;
  /** Terms of a peer's signed record; none if it is not found. */
  readonly termsOf: (peerId: string, signal: AbortSignal) => Promise<readonly string[]>;
  /** Multiaddrs with `/p2p/` of brokers that are asked where the committee cannot be reached. */
  readonly brokers: readonly string[];
  readonly host: Pick<Host, 'dial'>;
  readonly clock: Clock;
}

/** What is asked about a peer. */
export interface ScoreOptions {
  /** Task types beside those that are known. */
  readonly terms: readonly string[];
  /** Asks the brokers and no replica. */
  readonly isBrokered?: boolean;
}

/** A proven state, and which broker showed it; `null`: replicas did. */
interface ShownState {
  readonly state: ProvenState;
  readonly broker: string | null;
}

/** Scores of peers, as one node can know them. */
export class PeerScores {
  readonly #init: PeerScoresInit;

  constructor(init: PeerScoresInit) {
    this.#init = init;
  }

  /**
   * @throws {@link UnreachableError} where neither the committee nor a broker answers;
   *   {@link BadInputError} for a broker where none is configured.
   */
  async of(
    peerId: string,
    { terms, isBrokered = false }: ScoreOptions,
    signal: AbortSignal,
  ): Promise<ReputationDocument> {
    if (isBrokered) this.#checkBrokered();
    const { ledger, outcomes, termsOf } = this.#init;
    // A node that has met nobody would wait for a peer; terms that are named do without a record.
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(RECORD_TIMEOUT_MS)]);
    const recorded = await termsOf(peerId, inTime).catch((): readonly string[] => {
      signal.throwIfAborted();
      return [];
    });
    const seen = outcomes.entriesOf(peerId).map(({ taskType }) => taskType);
    const types = [...new Set([...terms, ...recorded, ...seen])].slice(0, MAX_TYPES);
    const asked = ledger && (await this.#ofLedger(ledger, peerId, types, { isBrokered, signal }));
    if (ledger && asked?.scores) {
      const ledgerId = toHex(ledger.client.rules.ledgerId);
      return { peerId, ledgerId, problem: null, scores: asked.scores };
    }
    const scores = [...this.#own(peerId), ...(await this.#shown(peerId, types, signal))];
    return { peerId, ledgerId: null, problem: asked?.problem ?? null, scores };
  }

  async #ofLedger(
    ledger: NodeLedger,
    subject: string,
    types: readonly string[],
    { isBrokered, signal }: { readonly isBrokered: boolean; readonly signal: AbortSignal },
  ): Promise<{
    readonly scores: readonly ScoreDocument[] | null;
    readonly problem: string | null;
  }> {
    if (types.length === 0) return { scores: [], problem: null };
    const subjects = types.flatMap((taskType): ScoreSubject[] => [
      { subject, role: 'contractor', taskType },
      { subject, role: 'client', taskType },
    ]);
    const { shown, problem } = isBrokered
      ? { shown: await this.#fromBrokers(ledger.client, subjects, signal), problem: null }
      : await this.#fromCommittee(ledger, subjects, signal);
    if (!shown) return { scores: null, problem };
    const nowMs = this.#init.clock.nowMs();
    return {
      scores: subjects.flatMap((of, i) => scoreDocument(of, shown, i, nowMs) ?? []),
      problem,
    };
  }

  #checkBrokered(): void {
    const { ledger, brokers } = this.#init;
    if (!ledger) throw new BadInputError('broker: this node follows no ledger to check proofs by');
    if (brokers.length === 0) {
      throw new BadInputError('broker: none is configured; set network.brokers');
    }
  }

  /** From replicas, else from brokers; `undefined` and why not, where neither shows anything. */
  async #fromCommittee(
    ledger: NodeLedger,
    subjects: readonly ScoreSubject[],
    signal: AbortSignal,
  ): Promise<{ readonly shown: ShownState | undefined; readonly problem: string | null }> {
    const { state, problem } = await ledger.lookUp(subjects.map(scoreKey));
    if (state) return { shown: { state, broker: null }, problem };
    if (this.#init.brokers.length === 0) return { shown: undefined, problem };
    try {
      return { shown: await this.#fromBrokers(ledger.client, subjects, signal), problem };
    } catch (error) {
      signal.throwIfAborted();
      const both = [problem, error instanceof Error ? error.message : 'no broker answered'];
      return { shown: undefined, problem: both.filter(Boolean).join('; ') };
    }
  }

  /** The newest of what the brokers show: one that is old shows less than it could. */
  async #fromBrokers(
    client: LedgerClient,
    subjects: readonly ScoreSubject[],
    signal: AbortSignal,
  ): Promise<ShownState> {
    const { streams, brokers, host } = this.#init;
    const question = { ledgerId: client.rules.ledgerId, subjects };
    const limited = AbortSignal.any([signal, AbortSignal.timeout(BROKER_TIMEOUT_MS)]);
    const asked = brokers.map(async (address): Promise<ShownState> => {
      const broker = address.slice(address.lastIndexOf('/') + 1);
      await host.dial(address, { signal: limited });
      const answers = askBrokerForScores(streams, broker, question, limited);
      return { state: await client.proveFrom(answers, subjects.map(scoreKey)), broker };
    });
    const outcomes = await Promise.allSettled(asked);
    signal.throwIfAborted();
    const shown = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const [newest] = shown.sort((a, b) => b.state.head.header.height - a.state.head.header.height);
    if (newest) return newest;
    const reasons = outcomes.map((one, i) => {
      const problem: unknown = one.status === 'rejected' ? one.reason : undefined;
      return `${brokers[i]}: ${problem instanceof Error ? problem.message : 'no answer'}`;
    });
    throw new UnreachableError(`No broker showed the ledger (${reasons.join('; ')})`);
  }

  /** Successes and failures that this node saw, by Laplace's rule. */
  #own(peerId: string): readonly ScoreDocument[] {
    return this.#init.outcomes
      .entriesOf(peerId)
      .map(({ taskType, successes, failures }) =>
        countedScore('own', taskType, successes, successes + failures),
      );
  }

  async #shown(
    peerId: string,
    types: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly ScoreDocument[]> {
    const { streams, clock, self } = this.#init;
    if (peerId === self) return [];
    const scores = types.map(async (skill): Promise<readonly ScoreDocument[]> => {
      const limited = AbortSignal.any([signal, AbortSignal.timeout(RECEIPTS_TIMEOUT_MS)]);
      try {
        const receipts = await requestReceipts(streams, peerId, { skill, clock, signal: limited });
        // What this node has paid for itself, it has counted above.
        const others = receipts.filter(({ client }) => client !== self);
        const said = testimonyOfReceipts(others);
        const total = said.reduce((sum, { run }) => sum + run, 0);
        if (total === 0) return [];
        const passed = said.reduce((sum, one) => sum + one.passed, 0);
        return [countedScore('receipts', skill, passed, total)];
      } catch {
        signal.throwIfAborted();
        return []; // it shows none, or is not there
      }
    });
    return (await Promise.all(scores)).flat();
  }
}

function countedScore(
  source: 'own' | 'receipts',
  taskType: string,
  passed: number,
  total: number,
): ScoreDocument {
  const score = (passed + 1) / (total + 2);
  const scoreQ32 = BigInt(Math.round(score * Number(ONE_Q32))).toString();
  return {
    ...{ taskType, scoreQ32, score, source },
    role: 'contractor',
    evidenceScore: score,
    weight: total,
  };
}

/** A proven score; `undefined` where nobody has judged this. */
function scoreDocument(
  of: ScoreSubject,
  { state: { head, proofs }, broker }: ShownState,
  index: number,
  nowMs: number,
): ScoreDocument | undefined {
  const { timeMs, stateRoot, height } = head.header;
  const proof = proofs[index]!;
  const proven = provenScore(proof, of, { timeMs, stateRoot });
  if (!proven || proven.record.total === 0n) return undefined;
  return {
    taskType: of.taskType,
    role: of.role,
    scoreQ32: proven.literalQ32.toString(),
    score: fractionOfQ32(proven.literalQ32),
    evidenceScore: fractionOfQ32(proven.evidenceQ32),
    weight: fractionOfQ32(proven.record.total),
    source: 'ledger',
    proof: {
      status: 'proven',
      height,
      blockTimeMs: timeMs,
      blockAgeMs: Math.max(0, nowMs - timeMs),
      broker,
      stateRoot: toHex(stateRoot),
      signatures: head.commit.votes.length,
      proofBytes: encodeStateProof(proof).length,
    },
  };
}
