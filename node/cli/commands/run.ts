/** `coalesce run`: plan, decide, dispatch, verify, settle, print the result. @module */

import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { BargainDocument, RunDocument } from '../../api-documents.ts';
import { BadInputError } from '../../errors.ts';
import { codeOf } from '../../storage/data-directory.ts';
import type { CliContext, RegisterCommand } from '../context.ts';
import { shortPeerId } from '../../decision/plain-text.ts';
import { exploreOption, policyOption } from '../options.ts';
import { percent, usd } from '../table.ts';
import { readInputs, readTaskFile, resourcesOf } from '../task-files.ts';

interface RunOptions {
  readonly skill?: string;
  readonly input?: string;
  readonly policy?: string;
  readonly explore?: string;
  readonly out?: string;
}

export const registerRun: RegisterCommand = (program, run) => {
  program
    .command('run [task.json]')
    .description('run a task where it costs least, verify and settle it, print the result')
    .option('--skill <term>', 'skill to apply, with --input')
    .option('--input <path>', 'file or directory to apply it to')
    .option('--out <file>', 'write the result to this file instead of below the summary')
    .addOption(policyOption())
    .addOption(exploreOption())
    .action(
      run(async (context, file: string | undefined, options: RunOptions) => {
        const { policy, explore, out } = options;
        if (out !== undefined) await checkWritable(out);
        const given = await bodyOf(file, options);
        if ('task' in given) await context.remarkOnResources(resourcesOf(given.task));
        const body = { ...given, policy, explore };
        context.progress('running …');
        const result = await context.withDaemon((client) =>
          client.post<RunDocument>('/v1/run', body, { signal: context.signal }),
        );
        const text = outputText(result);
        if (out === undefined || text === undefined) {
          context.print(result, () => describeRun(result));
        } else {
          await writeOutput(context, result, { file: out, text });
        }
        return result.status === 'completed' ? 0 : 1;
      }),
    );
};

/** Refuses a file that cannot be written, before anything is paid. */
async function checkWritable(file: string): Promise<void> {
  try {
    await access(dirname(resolve(file)), constants.W_OK);
    const found = await stat(file).catch(() => undefined);
    if (found?.isDirectory() === true) throw new BadInputError(`${file}: is a directory`);
    if (found) await access(file, constants.W_OK);
  } catch (error) {
    if (error instanceof BadInputError) throw error;
    throw unwritable(file, error);
  }
}

function unwritable(file: string, cause: unknown): BadInputError {
  const detail = `${file}: cannot be written (${codeOf(cause)}); name another file with --out`;
  return new BadInputError(detail, { cause });
}

/** The result goes into the file; if that fails, it is printed, for it may have been paid. */
async function writeOutput(
  context: CliContext,
  result: RunDocument,
  { file, text }: { readonly file: string; readonly text: string },
): Promise<void> {
  try {
    await writeFile(file, `${text}\n`);
  } catch (error) {
    context.print(result, () => describeRun(result));
    throw unwritable(file, error);
  }
  const bytes = Buffer.byteLength(text) + 1;
  context.print({ ...result, outFile: file }, () =>
    [describeSummary(result), `  output        ${file}, ${bytes} bytes`].join('\n'),
  );
}

/** The parts of the output as text, with an empty line between two; `undefined` for none. */
function outputText({ output }: RunDocument): string | undefined {
  if (!output?.length) return undefined;
  return output.map((part) => part.text ?? JSON.stringify(part.data, undefined, 2)).join('\n\n');
}

async function bodyOf(file: string | undefined, options: RunOptions): Promise<object> {
  if (file !== undefined && options.skill === undefined) return readTaskFile(file);
  if (file === undefined && options.skill !== undefined && options.input !== undefined) {
    return { skill: options.skill, inputs: await readInputs(options.input) };
  }
  throw new BadInputError('run: name a task file, or --skill and --input');
}

/** A run as a short story, and its output. */
export function describeRun(result: RunDocument): string {
  const text = outputText(result);
  return [describeSummary(result), ...(text === undefined ? [] : ['', text])].join('\n');
}

function bargainLine({ quotedMicroUsd, offeredMicroUsd, agreedMicroUsd }: BargainDocument): string {
  const asked = `asked ${usd(quotedMicroUsd)}, offered ${usd(offeredMicroUsd)}`;
  const taken = agreedMicroUsd < quotedMicroUsd ? 'taken' : 'the asked price stands';
  return `  price         ${asked}: ${taken}`;
}

function describeSummary(result: RunDocument): string {
  const lines = [`${result.title}: ${result.status}`];
  for (const subtask of result.subtasks) {
    lines.push(`  decision      ${subtask.decision.reason}`);
    for (const attempt of subtask.attempts) {
      const where = attempt.where === 'local' ? 'here' : `at ${shortPeerId(attempt.where)}`;
      if (attempt.bargained !== undefined) lines.push(bargainLine(attempt.bargained));
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
  return lines.join('\n');
}
