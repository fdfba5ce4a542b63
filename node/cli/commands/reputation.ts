/** `coalesce reputation`: scores of a peer, what they stand on, and whether proven. @module */

import type { ReputationDocument, ScoreDocument } from '../../ledger/ledger-documents.ts';
import type { RegisterCommand } from '../context.ts';
import { collect } from '../options.ts';
import { table } from '../table.ts';

const SOURCES = {
  ledger: 'the ledger',
  own: 'seen by this node',
  receipts: 'receipts that the peer shows',
} as const;

interface Options {
  readonly term: readonly string[];
  readonly broker?: true;
}

export const registerReputation: RegisterCommand = (program, run) => {
  program
    .command('reputation')
    .argument('[peer]', 'PeerId; left out: this node itself')
    .description('scores of a peer with their evidence and proof status')
    .option('--term <term>', 'a task type to ask about (repeatable)', collect, [])
    .option(
      '--broker',
      'ask the configured brokers for the scores and their proofs, and no replica; brokers are asked anyway where the committee cannot be reached',
    )
    .action(
      run(async (context, peer: string | undefined, options: Options) => {
        const query = new URLSearchParams(options.term.map((term) => ['term', term]));
        if (peer !== undefined) query.set('peer', peer);
        if (options.broker) query.set('broker', 'true');
        const document = await context.withDaemon((client) =>
          client.get<ReputationDocument>(`/v1/reputation?${query.toString()}`, {
            signal: context.signal,
          }),
        );
        context.print(document, () => reputationText(document));
        return document.scores.length === 0 ? 3 : 0;
      }),
    );
};

function reputationText({ peerId, ledgerId, problem, scores }: ReputationDocument): string {
  if (scores.length === 0) {
    return ledgerId === null
      ? `${peerId}: nothing is known. Name a task type with --term`
      : `${peerId}: nobody was judged on the ledger for the task types asked. Add some with --term`;
  }
  const why = problem === null ? 'No ledger' : `The ledger is not reached (${problem})`;
  const rows = scores.map((score) => [
    score.taskType,
    score.role,
    score.score.toFixed(4),
    score.weight.toFixed(2),
    SOURCES[score.source],
    proofText(score),
  ]);
  const header = ['task type', 'as', 'score', 'weight', 'from', 'proof'];
  const remark =
    ledgerId === null ? ['', `${why}: these are opinions, and nobody has agreed to them.`] : [];
  return [peerId, '', table(header, rows), ...remark].join('\n');
}

function proofText({ proof }: ScoreDocument): string {
  if (!proof) return 'none';
  const { height, signatures, proofBytes, broker, blockAgeMs } = proof;
  const by = broker === null ? '' : `, from ${broker}, ${Math.round(blockAgeMs / 1_000)} s old`;
  return `proven at height ${height}, ${signatures} signatures, ${proofBytes} bytes${by}`;
}
