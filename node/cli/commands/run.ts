/** `coalesce run`: plan, decide, dispatch, verify, settle, print the result. @module */

import { access, constants, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Option } from 'commander';
import type {
  BargainDocument,
  PlanProgressDocument,
  RunDocument,
  SubtaskDocument,
} from '../../api-documents.ts';
import { BadInputError } from '../../errors.ts';
import { codeOf } from '../../storage/data-directory.ts';
import type { CliContext, RegisterCommand } from '../context.ts';
import { printable, shortPeerId } from '../../decision/plain-text.ts';
import { TASK_LIMITS } from '../../tasks/task-limits.ts';
import { SPLIT_WAYS } from '../../tasks/planner/split.ts';
import { exploreOption, id, microUsd, policyOption, wholeNumber } from '../options.ts';
import { percent, table, usd } from '../table.ts';
import { readInputs, readTaskFile, resourcesOf } from '../task-files.ts';

interface RunOptions {
  readonly skill?: string;
  readonly input?: string;
  readonly policy?: string;
  readonly explore?: string;
  readonly out?: string;
  readonly split?: (typeof SPLIT_WAYS)[number];
  readonly pieceBytes?: number;
  readonly budgetUsd?: number;
  readonly resume?: string;
}

/** Rows of subtasks that are printed; `--json` has all. */
const MAX_ROWS = 40;

export const registerRun: RegisterCommand = (program, run) => {
  program
    .command('run [task.json]')
    .description('run a task where it costs least, verify and settle it, print the result')
    .option('--skill <term>', 'skill to apply, with --input')
    .option('--input <path>', 'file or directory to apply it to')
    .option('--out <file>', 'write the result to this file instead of below the summary')
    .addOption(
      new Option('--split <way>', 'cut the input into subtasks, with --skill').choices(SPLIT_WAYS),
    )
    .option('--piece-bytes <n>', 'most bytes of a piece, with --split', wholeNumber(256, 8_388_608))
    .option('--budget-usd <amount>', 'most to pay in all, with --skill', microUsd)
    .option('--resume <run>', 'go on with a run of several subtasks that was cut short', id)
    .addOption(policyOption())
    .addOption(exploreOption())
    .action(
      run(async (context, file: string | undefined, options: RunOptions) => {
        const { out } = options;
        if (out !== undefined) await checkWritable(out);
        const { path, body } = await questionOf(context, file, options);
        context.progress('running …');
        const onProgress = (progress: unknown): void => {
          const line = progressLine(progress as PlanProgressDocument);
          if (line !== undefined) context.progress(line);
        };
        const result = await context.withDaemon((client) =>
          client.post<RunDocument>(path, body, { signal: context.signal, onProgress }),
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

/** What is asked of the daemon. */
async function questionOf(
  context: CliContext,
  file: string | undefined,
  options: RunOptions,
): Promise<{ readonly path: string; readonly body: object }> {
  const { policy, explore, resume } = options;
  if (resume !== undefined) {
    const others = [file, options.skill, options.input, policy, explore];
    if (others.some((other) => other !== undefined)) {
      throw new BadInputError('--resume: goes on with the task as it was; name nothing else');
    }
    return { path: `/v1/runs/${resume}/resume`, body: {} };
  }
  const given = await bodyOf(file, options);
  if ('task' in given) await context.remarkOnResources(resourcesOf(given.task));
  return { path: '/v1/run', body: { ...given, policy, explore } };
}

async function bodyOf(file: string | undefined, options: RunOptions): Promise<object> {
  const { skill, input, split, pieceBytes, budgetUsd: maxPriceMicroUsd } = options;
  if (file === undefined && skill !== undefined && input !== undefined) {
    if (pieceBytes !== undefined && split === undefined) {
      throw new BadInputError('--piece-bytes: says how large the pieces of --split are; name both');
    }
    const cut = split && { by: split, ...(pieceBytes !== undefined && { maxBytes: pieceBytes }) };
    const maxFiles = split === undefined ? TASK_LIMITS.maxParts : TASK_LIMITS.maxPlannedTasks;
    return { skill, inputs: await readInputs(input, maxFiles), split: cut, maxPriceMicroUsd };
  }
  if (file === undefined || skill !== undefined) {
    throw new BadInputError('run: name a task file, or --skill and --input');
  }
  if (split !== undefined || pieceBytes !== undefined || maxPriceMicroUsd !== undefined) {
    throw new BadInputError(
      `${file}: --split, --piece-bytes and --budget-usd go with --skill; ` +
        'write "split" and "constraints" into the task file',
    );
  }
  return readTaskFile(file);
}

/** The beginning of a run of several subtasks, or one that has ended. */
function progressLine(progress: PlanProgressDocument): string | undefined {
  const { runId, subtask, ended, of, paidMicroUsd } = progress;
  if (of === 1) return undefined;
  if (subtask === null) {
    const done = ended === 0 ? '' : `, ${ended} done before`;
    return `${of} subtasks${done}; if this is cut short: coalesce run --resume ${runId}`;
  }
  const { source, status, where, wallMs } = subtask;
  const name = source === null ? subtask.id : printable(source);
  const by = where === null ? '' : where === 'local' ? ' here' : ` at ${shortPeerId(where)}`;
  return `[${ended}/${of}] ${name}: ${status}${by}, ${wallMs} ms; paid ${usd(paidMicroUsd)} so far`;
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

/** Who did which subtask, and how each was checked. */
function subtaskLines({ subtasks, skipped }: RunDocument): string[] {
  const rows = subtasks.slice(0, MAX_ROWS).map((subtask) => {
    const { id, source, status, attempts, verification, paidMicroUsd, wallMs } = subtask;
    const last = attempts.at(-1);
    const where = last === undefined ? '-' : last.where === 'local' ? 'here' : last.where;
    const checks = verification.checks.map(({ type, passed, skipped: isSkipped }) =>
      isSkipped === true ? `${type} not sampled` : passed ? type : `${type} FAILED`,
    );
    return [
      source === null ? id : printable(source),
      status,
      where === 'here' || where === '-' ? where : shortPeerId(where),
      checks.join(', ') || 'none',
      String(attempts.length),
      usd(paidMicroUsd),
      `${wallMs} ms`,
    ];
  });
  const heads = ['subtask', 'status', 'done', 'checks', 'tries', 'paid', 'time'];
  const hidden = subtasks.length - rows.length;
  return [
    indent(table(heads, rows)),
    ...(hidden > 0 ? [`  and ${hidden} more, which --json lists`] : []),
    ...subtasks
      .filter(({ status }) => status !== 'completed')
      .slice(0, MAX_ROWS)
      .map((subtask) => `  ${subtask.status.padEnd(14)}${subtask.id}: ${whyNot(subtask)}`),
    ...(skipped.length > 0 ? [`  skipped       ${skipped.slice(0, MAX_ROWS).join(', ')}`] : []),
  ];
}

/** Why a subtask was not completed: what its last attempt came to, else the decision. */
function whyNot({ attempts, decision }: SubtaskDocument): string {
  const last = attempts.at(-1);
  if (last === undefined) return printable(decision.reason);
  const where = last.where === 'local' ? 'here' : `at ${shortPeerId(last.where)}`;
  return `${where}, ${last.outcome}${last.reason === null ? '' : `: ${printable(last.reason)}`}`;
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}

function describeSummary(result: RunDocument): string {
  const lines = [`${result.title}: ${result.status}`];
  const [only] = result.subtasks;
  const isWhole = result.subtasks.length + result.skipped.length <= 1;
  if (!isWhole) lines.push(...subtaskLines(result));
  for (const subtask of isWhole && only ? [only] : []) {
    lines.push(`  decision      ${subtask.decision.reason}`);
    for (const attempt of subtask.attempts) {
      const where = attempt.where === 'local' ? 'here' : `at ${shortPeerId(attempt.where)}`;
      if (attempt.bargained !== undefined) lines.push(bargainLine(attempt.bargained));
      const { settlement } = attempt;
      if (settlement?.by === 'bilateral' && settlement.reason !== null) {
        lines.push(`  settlement    bilateral, on credit: ${printable(settlement.reason)}`);
      }
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
  lines.push(...totalsLines(result));
  return lines.join('\n');
}

/** What is known of the money, and the saving where something was done that could be done here. */
function totalsLines({ status, totals }: RunDocument): string[] {
  const { paidMicroUsd, paidBeforeMicroUsd, spentMicroUsd, localCostMicroUsd } = totals;
  const { localCostWithOpportunityMicroUsd: withWaiting, netSavingPercent, wallMs } = totals;
  const before =
    paidBeforeMicroUsd > 0
      ? ` (${usd(paidBeforeMicroUsd)} of it before, for what was not completed then)`
      : '';
  const spent = `paid ${usd(paidMicroUsd)}${before}, spent in all ${usd(spentMicroUsd)}`;
  if (localCostMicroUsd === null) {
    const isDone = status === 'completed' || status === 'partial';
    const none = isDone ? 'it cannot be done here' : 'nothing was done, so nothing saved';
    return [`  totals        ${spent}; ${none}, ${wallMs} ms`];
  }
  const of = status === 'completed' ? '' : ' of what was done';
  const waiting =
    withWaiting !== null && withWaiting > localCostMicroUsd
      ? `, ${usd(withWaiting)} with waiting tasks (Eq. 5), which decisions compare with`
      : '';
  return [
    `  cost here     ${usd(localCostMicroUsd)} in cash${of}${waiting}`,
    `  totals        ${spent}, net saving ${percent(netSavingPercent)}, ${wallMs} ms`,
  ];
}
