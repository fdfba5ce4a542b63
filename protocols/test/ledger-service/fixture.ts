/** Replicas of a certified ledger that answer from memory, honestly unless told otherwise. */

import { encodeBlock } from '../../pbft/block.ts';
import { encodeCertificate } from '../../pbft/vote.ts';
import type { AskReplica } from '../../ledger-service/ask-replica.ts';
import { LedgerClient } from '../../ledger-service/client.ts';
import type { LedgerClientTimes } from '../../ledger-service/client.ts';
import type { LedgerAnswer, LedgerQuestion, LedgerResult } from '../../ledger-service/messages.ts';
import type { LedgerSource } from '../../ledger-service/answers.ts';
import { CertifiedLedger } from '../ledger/certified-ledger.ts';
import { REPLICAS } from '../ledger/fixture.ts';
import { silentLogger } from '../skill-discovery/fixtures.ts';

/** Takes each transaction into a block of its own. */
export class FakeReplica implements LedgerSource {
  readonly ledger: CertifiedLedger;
  readonly #executed = new Map<string, { height: number; result: LedgerResult }>();

  constructor(ledger = new CertifiedLedger()) {
    this.ledger = ledger;
  }

  submit(transaction: Uint8Array): ReturnType<LedgerSource['submit']> {
    const { app, chain } = this.ledger;
    const key = Buffer.from(transaction).toString('latin1');
    const known = this.#executed.get(key);
    if (known) return Promise.resolve({ committed: true, ...known });
    const admission = app.admit(transaction);
    if (!admission.admitted) {
      return Promise.resolve({ committed: false, reason: admission.reason });
    }
    if (!app.isSigned(transaction)) {
      return Promise.resolve({ committed: false, reason: 'BAD_SIGNATURE' });
    }
    const [result] = this.ledger.certify([transaction]);
    const executed = { height: chain.length, result: result as LedgerResult };
    this.#executed.set(key, executed);
    return Promise.resolve({ committed: true, ...executed });
  }

  prove(keys: readonly string[]) {
    const { app, chain, head: commit } = this.ledger;
    const header = chain.at(-1);
    if (!header || !commit) return undefined;
    return { head: { header, commit }, proofs: keys.map((key) => app.prove(key)) };
  }

  async *blocks(fromHeight: number, max: number) {
    const { chain, commits } = this.ledger;
    for (let i = fromHeight - 1; i < Math.min(chain.length, fromHeight - 1 + max); i++) {
      await Promise.resolve();
      yield { block: encodeBlock(chain[i]!), commit: encodeCertificate(commits[i]!) };
    }
  }
}

/** What a replica answers. */
export type Answers = (
  question: LedgerQuestion,
  signal: AbortSignal,
) => AsyncIterable<LedgerAnswer>;

/** The answers of an honest replica. */
export function honest(source: LedgerSource): Answers {
  return async function* answers(question) {
    if (question.type === 'submit') {
      const outcome = await source.submit(question.transaction);
      if (outcome.committed) yield { type: 'executed', ...outcome };
      else yield { type: 'refused', reason: outcome.reason };
    } else if (question.type === 'read') {
      const proven = source.prove(question.keys);
      if (!proven) yield { type: 'refused', reason: 'NOT_READY' };
      else {
        yield { type: 'head', head: proven.head };
        for (const proof of proven.proofs) yield { type: 'proof', proof };
      }
    } else {
      for await (const stored of source.blocks(question.fromHeight, question.max)) {
        yield { type: 'block', ...stored };
      }
    }
  };
}

/** A replica that never answers. */
export const SILENT: Answers = async function* silent(_question, signal) {
  await new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
  yield { type: 'refused', reason: 'BUSY' };
};

/** The client of four replicas; `start` is the one that is asked first. */
export function clientOf(
  replica: FakeReplica,
  replicas: readonly Answers[],
  { start = 0, times }: { start?: number; times?: Partial<LedgerClientTimes> } = {},
): LedgerClient {
  const ask: AskReplica = (peerId, question, signal) => {
    const index = REPLICAS.findIndex((member) => member.peerId === peerId);
    return replicas[index]!(question, signal);
  };
  return new LedgerClient({
    rules: replica.ledger.app.rules,
    ask,
    random: { bytes: (length) => new Uint8Array(length).fill(start) },
    logger: silentLogger,
    times: { patienceMs: 40, timeoutMs: 2_000, lagPauseMs: 5, ...times },
  });
}
