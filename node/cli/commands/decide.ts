/** `coalesce decide`: the decision and why, without acting. @module */

import { formatDecision } from '../../decision/explanation.ts';
import type { PlanDocument } from '../../api-documents.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import { printable } from '../../decision/plain-text.ts';
import type { ExplorationStrategy } from '../../decision/exploration/exploration-strategy.ts';
import type { PolicyName } from '../../decision/policy.ts';
import type { Candidate } from '../../decision/request.ts';
import { BadInputError, UnreachableError } from '../../errors.ts';
import { ApiError } from '../../http-api/client.ts';
import type { CliContext, RegisterCommand } from '../context.ts';
import { allOption, exploreOption, limitsOf, policyOption } from '../options.ts';
import type { AllOption } from '../options.ts';
import { table, usd } from '../table.ts';
import { candidatesFromJson, formProblems } from '../../tasks/candidate-file.ts';
import { readTaskFile, readUserJson, resourcesOf } from '../task-files.ts';
import type { FileLimit, TaskBody } from '../task-files.ts';

/** Status of HTTP for a body that is too large. */
const TOO_LARGE = 413;
/** Candidates that cannot be read, as many as are named. */
const MAX_SHOWN_PROBLEMS = 10;

/** 100,000 candidates of 640 bytes. To decide on such a file takes 1.2 GB of memory. */
const CANDIDATE_FILE: FileLimit = {
  maxBytes: 64_000_000,
  mend: 'leave out candidates, or outcomes of task types that the task does not ask for',
};

interface DecideOptions extends AllOption {
  readonly candidates?: string;
  readonly policy?: PolicyName;
  readonly explore?: ExplorationStrategy;
  readonly plan?: boolean;
}

type DecideBody = TaskBody & Pick<DecideOptions, 'policy' | 'explore'>;

export const registerDecide: RegisterCommand = (program, run) => {
  program
    .command('decide <task.json>')
    .description('where a task should run and why, without running it')
    .option('--candidates <file>', 'candidates from a file; nobody is asked, no daemon is needed')
    .option('--plan', 'the subtasks that it would be cut into; nobody is asked')
    .addOption(policyOption())
    .addOption(exploreOption())
    .addOption(allOption())
    .action(
      run(async (context, file: string, options: DecideOptions) => {
        const { candidates, policy, explore, plan } = options;
        const task = await readTaskFile(file);
        if (plan === true) return printPlan(context, task);
        const resources = resourcesOf(task.task);
        await context.remarkOnResources(resources);
        if (candidates !== undefined && resources.length > 0) {
          context.progress(
            `candidates of a file prove no resource: ${resources.join(', ')} is not asked of them`,
          );
        }
        const body = {
          ...task,
          ...(policy === undefined ? {} : { policy }),
          ...(explore === undefined ? {} : { explore }),
        };
        const record =
          candidates === undefined
            ? await ask(context, body)
            : await decideOn(context, body, {
                file: candidates,
                candidates: await readCandidates(context, candidates),
              });
        context.print(withCandidates(record), () => formatDecision(record, limitsOf(options)));
        return record.result.choice === 'REFUSED' ? 1 : 0;
      }),
    );
};

/** The result, with the candidates as `--candidates` takes them. */
function withCandidates({ result, request: { candidates } }: DecisionRecord) {
  return { ...result, request: { candidates } };
}

async function printPlan(context: CliContext, task: TaskBody): Promise<number> {
  const plan = await context.withDaemon((client) =>
    client.post<PlanDocument>('/v1/plan', task, { signal: context.signal }),
  );
  context.print(plan, () => planText(plan));
  return 0;
}

function planText({ title, origin, budgetMicroUsd, deadlineMs, subtasks }: PlanDocument): string {
  const how = { whole: 'not cut', named: 'as its user named them', rule: 'cut by rule' }[origin];
  const budget = budgetMicroUsd === null ? 'no budget' : `budget ${usd(budgetMicroUsd)}`;
  const deadline = deadlineMs === null ? 'no deadline' : `deadline ${deadlineMs} ms`;
  const rows = subtasks.map((subtask) => [
    subtask.id,
    subtask.term,
    subtask.source === null ? '-' : printable(subtask.source),
    subtask.dependsOn.join(', ') || '-',
    String(subtask.inputBytes),
    subtask.costHereMicroUsd === null ? 'cannot' : usd(subtask.costHereMicroUsd),
    subtask.reasons.join(', ') || '-',
  ]);
  const heads = ['subtask', 'skill', 'input', 'needs', 'bytes', 'cost here', 'why hand it out'];
  return [
    `${title}: ${subtasks.length} subtasks, ${how}; ${budget}, ${deadline}`,
    table(heads, rows),
  ].join('\n');
}

/** Candidates of a file; those that cannot be read are named, the others are judged. */
async function readCandidates(context: CliContext, file: string): Promise<readonly Candidate[]> {
  const candidates = candidatesFromJson(await readUserJson(file, CANDIDATE_FILE));
  const problems = formProblems(candidates);
  const hidden = problems.length - MAX_SHOWN_PROBLEMS;
  for (const problem of problems.slice(0, MAX_SHOWN_PROBLEMS)) {
    context.progress(`candidate ${problem}`);
  }
  if (hidden > 0) context.progress(`and ${hidden} more that cannot be read`);
  return candidates;
}

function ask(context: CliContext, body: unknown): Promise<DecisionRecord> {
  return context.withDaemon((client) =>
    client.post<DecisionRecord>('/v1/decide', body, { signal: context.signal }),
  );
}

/** By the daemon if there is one: its store is locked, and it may have learned something. */
async function decideOn(
  context: CliContext,
  body: DecideBody,
  { file, candidates }: { readonly file: string; readonly candidates: readonly Candidate[] },
): Promise<DecisionRecord> {
  try {
    return await ask(context, { ...body, candidates });
  } catch (error) {
    if (error instanceof ApiError && error.httpStatus === TOO_LARGE) {
      const mend = 'leave out candidates, or name a data directory without a daemon (--data DIR)';
      throw new BadInputError(`${file}: more than a daemon takes; ${mend}`, { cause: error });
    }
    if (!(error instanceof UnreachableError)) throw error;
  }
  // Loaded here, because the other commands do without the store.
  const { decideOffline } = await import('../../offline-decision.ts');
  const { record, isLogged } = await decideOffline(context.dataPath, body, candidates, {
    passphrase: context.passphrase,
  });
  if (!isLogged) context.progress('no data directory: decided with the defaults, not logged');
  return record;
}
