/** `coalesce attest`: run known-answer tasks on a peer and certify what it passed. @module */

import type { AttestDocument } from '../../api-documents.ts';
import type { RegisterCommand } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { usd } from '../table.ts';

interface AttestOptions {
  readonly skill: string;
  readonly tasks: number;
}

export const registerAttest: RegisterCommand = (program, run) => {
  program
    .command('attest <peerId>')
    .description('run known-answer tasks on a peer and issue a certificate for what it passed')
    .requiredOption('--skill <term>', 'skill to attest')
    .option('--tasks <n>', 'known-answer tasks to run', wholeNumber(1, 64), 8)
    .action(
      run(async (context, peerId: string, options: AttestOptions) => {
        const body = { peerId, term: options.skill, tasks: options.tasks };
        const result = await context.withDaemon((client) =>
          client.post<AttestDocument>('/v1/attest', body, { signal: context.signal }),
        );
        context.print(result, () => describe(result));
        return result.certId !== null && result.delivered ? 0 : 1;
      }),
    );
};

function describe(result: AttestDocument): string {
  const { peerId, term, run: tasks, passed, failures, certId, delivered } = result;
  const cost = `paid ${usd(result.paidMicroUsd)}, ${result.elapsedMs} ms`;
  const certificate = delivered ? 'was delivered' : 'was issued, but the peer did not take it';
  return [
    `${peerId} passed ${passed} of ${tasks} tasks of ${term} (${cost})`,
    ...failures.map((failure) => `  failed: ${failure}`),
    certId === null ? 'No certificate was issued.' : `Certificate ${certId} ${certificate}.`,
  ].join('\n');
}
