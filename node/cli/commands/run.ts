/** `coalesce run`: plan, decide, dispatch, verify, settle, print the result. @module */

import type { RunDocument } from '../../api-documents.ts';
import { BadInputError } from '../../errors.ts';
import type { RegisterCommand } from '../context.ts';
import { shortPeerId } from '../../decision/plain-text.ts';
import { exploreOption, policyOption } from '../options.ts';
import { percent, usd } from '../table.ts';
import { readInputs, readTaskFile, resourcesOf } from '../task-files.ts';

interface RunOptions {
  readonly skill?: string;
  readonly input?: string;
  readonly policy?: string;
  readonly explore?: string;
}

export const registerRun: RegisterCommand = (program, run) => {
  program
    .command('run [task.json]')
    .description('run a task where it costs least, verify and settle it, print the result')
    .option('--skill <term>', 'skill to apply, with --input')
    .option('--input <path>', 'file or directory to apply it to')
    .addOption(policyOption())
    .addOption(exploreOption())
    .action(
      run(async (context, file: string | undefined, options: RunOptions) => {
        const { policy, explore } = options;
        const given = await bodyOf(file, options);
        if ('task' in given) await context.remarkOnResources(resourcesOf(given.task));
        const body = { ...given, policy, explore };
        context.progress('running …');
        const result = await context.withDaemon((client) =>
          client.post<RunDocument>('/v1/run', body, { signal: context.signal }),
        );
        context.print(result, () => describeRun(result));
        return result.status === 'completed' ? 0 : 1;
      }),
    );
};

async function bodyOf(file: string | undefined, options: RunOptions): Promise<object> {
  if (file !== undefined && options.skill === undefined) return readTaskFile(file);
  if (file === undefined && options.skill !== undefined && options.input !== undefined) {
    return { skill: options.skill, inputs: await readInputs(options.input) };
  }
  throw new BadInputError('run: name a task file, or --skill and --input');
}

/** A run as a short story. */
export function describeRun(result: RunDocument): string {
  const lines = [`${result.title}: ${result.status}`];
  for (const subtask of result.subtasks) {
    lines.push(`  decision      ${subtask.decision.reason}`);
    for (const attempt of subtask.attempts) {
      const where = attempt.where === 'local' ? 'here' : `at ${shortPeerId(attempt.where)}`;
      const why = attempt.reason === null ? '' : `: ${attempt.reason}`;
      lines.push(`  attempt       ${where}, ${attempt.outcome}${why} (${attempt.wallMs} ms)`);
    }
    for (const check of subtask.verification.checks) {
      const mark = check.skipped === true ? 'not sampled' : check.passed ? 'passed' : 'FAILED';
      lines.push(`  verification  ${check.type} ${mark}: ${check.detail}`);
    }
    if (subtask.receiptId !== null) {
      lines.push(`  receipt       ${subtask.receiptId}, paid ${usd(subtask.paidMicroUsd)}`);
    }
  }
  const { paidMicroUsd, localCostMicroUsd, netSavingPercent, wallMs } = result.totals;
  const money = `paid ${usd(paidMicroUsd)}, local cost ${usd(localCostMicroUsd)}`;
  lines.push(`  totals        ${money}, net saving ${percent(netSavingPercent)}, ${wallMs} ms`);
  for (const part of result.output ?? []) {
    lines.push('', part.text ?? JSON.stringify(part.data, undefined, 2));
  }
  return lines.join('\n');
}
