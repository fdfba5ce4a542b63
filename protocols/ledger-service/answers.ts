/**
 * What a replica answers to a question: to strangers through `server.ts`, which bounds them, and to
 * the node that it runs in.
 *
 * @module
 */

import type { RefusalCode } from '../errors.ts';
import type { StateProof } from '../ledger/state-proof.ts';
import type { CommittedHeader } from '../pbft/messages.ts';
import type { AskReplica } from './ask-replica.ts';
import type { LedgerAnswer, LedgerQuestion, LedgerResult } from './messages.ts';

/** An answer of blocks ends with the block that passes this. */
const MAX_BLOCK_ANSWER_BYTES = 8_388_608;

/** A replica, as the service sees it. */
export interface LedgerSource {
  submit(
    transaction: Uint8Array,
  ): Promise<
    | { readonly committed: true; readonly height: number; readonly result: LedgerResult }
    | { readonly committed: false; readonly reason: RefusalCode }
  >;
  /** One proof for each key against the head; none before the first block. */
  prove(
    keys: readonly string[],
  ): { readonly head: CommittedHeader; readonly proofs: readonly StateProof[] } | undefined;
  blocks(
    fromHeight: number,
    max: number,
  ): AsyncIterable<{ readonly block: Uint8Array; readonly commit: Uint8Array }>;
}

/** Messages that answer a question which changes nothing. */
export async function* answersOf(
  source: LedgerSource,
  question: Exclude<LedgerQuestion, { type: 'submit' }>,
): AsyncGenerator<LedgerAnswer, void, undefined> {
  if (question.type === 'read') {
    const proven = source.prove(question.keys);
    if (!proven) {
      yield refused('NOT_READY');
      return;
    }
    yield { type: 'head', head: proven.head };
    for (const proof of proven.proofs) yield { type: 'proof', proof };
    return;
  }
  let bytes = 0;
  for await (const { block, commit } of source.blocks(question.fromHeight, question.max)) {
    yield { type: 'block', block, commit };
    bytes += block.length + commit.length;
    if (bytes > MAX_BLOCK_ANSWER_BYTES) return;
  }
}

/** Hands a transaction in and waits for what becomes of it. */
export async function submitted(
  source: LedgerSource,
  transaction: Uint8Array,
): Promise<LedgerAnswer> {
  const outcome = await source.submit(transaction);
  if (!outcome.committed) return refused(outcome.reason);
  return { type: 'executed', height: outcome.height, result: outcome.result };
}

export function refused(reason: RefusalCode): LedgerAnswer {
  return { type: 'refused', reason };
}

/** Asks the replica `self`, which runs in this process, itself, and all others by `ask`. */
export function askWithOwn(ask: AskReplica, self: string, source: LedgerSource): AskReplica {
  return (peerId, question, signal) => {
    if (peerId !== self) return ask(peerId, question, signal);
    return question.type === 'submit'
      ? one(submitted(source, question.transaction))
      : answersOf(source, question);
  };
}

async function* one(answer: Promise<LedgerAnswer>): AsyncGenerator<LedgerAnswer, void, undefined> {
  yield await answer;
}
