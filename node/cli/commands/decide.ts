/** `coalesce decide`: the decision and why, without acting. @module */

import { formatDecision } from '../../decision/explanation.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import type { RegisterCommand } from '../context.ts';
import { readTaskFile, readUserJson } from '../task-files.ts';

export const registerDecide: RegisterCommand = (program, run) => {
  program
    .command('decide <task.json>')
    .description('where a task should run and why, without running it')
    .option('--candidates <file>', 'candidates from a file instead of the network')
    .action(
      run(async (context, file: string, options: { readonly candidates?: string }) => {
        const body = {
          ...(await readTaskFile(file)),
          ...(options.candidates === undefined
            ? {}
            : { candidates: await readUserJson(options.candidates) }),
        };
        const record = await context.withDaemon((client) =>
          client.post<DecisionRecord>('/v1/decide', body, { signal: context.signal }),
        );
        context.print(record.result, () => formatDecision(record));
        return record.result.choice === 'REFUSED' ? 1 : 0;
      }),
    );
};
