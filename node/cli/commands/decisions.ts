/** `coalesce decisions`: the decision log. @module */

import { formatDecision } from '../../decision/explanation.ts';
import type { DecisionRecord } from '../../decision/decision-record.ts';
import type { DecisionsSummaryDocument, ShortDecisionDocument } from '../../api-documents.ts';
import type { RegisterCommand } from '../context.ts';
import { allOption, id, limitsOf, wholeNumber } from '../options.ts';
import type { AllOption } from '../options.ts';
import { percent, table, usd } from '../table.ts';

type LoggedRecord = DecisionRecord & { readonly log: Omit<ReplayDocument, 'decisionId'> };

interface ReplayDocument {
  readonly decisionId: string;
  readonly agrees: boolean;
  readonly differences: readonly string[];
}

export const registerDecisions: RegisterCommand = (program, run) => {
  const decisions = program.command('decisions').description('the log of decisions');
  decisions
    .command('list')
    .description('latest decisions first')
    .option('--limit <n>', 'how many', wholeNumber(1, 1_000), 20)
    .action(
      run(async (context, options: { readonly limit: number }) => {
        const result = await context.withDaemon((client) =>
          client.get<{ decisions: ShortDecisionDocument[] }>(
            `/v1/decisions?limit=${options.limit}`,
          ),
        );
        context.print(result, () =>
          result.decisions.length === 0
            ? 'No decisions yet. See: coalesce run --help'
            : table(
                ['decision', 'choice', 'local', 'contractor', 'reason'],
                result.decisions.map((decision) => [
                  decision.decisionId,
                  decision.choice + PURPOSES[decision.purpose],
                  usd(decision.costInternalMicroUsd),
                  usd(decision.costExternalMicroUsd),
                  decision.reason,
                ]),
              ),
        );
        return result.decisions.length === 0 ? 3 : 0;
      }),
    );
  decisions
    .command('show')
    .description('everything a decision was made of')
    .argument('<id>', 'as "decisions list" prints it', id)
    .addOption(allOption())
    .action(
      run(async (context, decisionId: string, options: AllOption) => {
        const record = await context.withDaemon((client) =>
          client.get<LoggedRecord>(`/v1/decisions/${encodeURIComponent(decisionId)}`),
        );
        context.print(record, () => formatDecision(record, limitsOf(options)));
        if (record.log.agrees) return 0;
        const places = record.log.differences.join(', ');
        context.progress(`what was logged differs from what its inputs give now, in ${places}`);
        return 1;
      }),
    );
  decisions
    .command('replay')
    .description('recompute a decision from its record and compare bit for bit')
    .argument('<id>', 'as "decisions list" prints it', id)
    .action(
      run(async (context, decisionId: string) => {
        const result = await context.withDaemon((client) =>
          client.post<ReplayDocument>(`/v1/decisions/${encodeURIComponent(decisionId)}/replay`),
        );
        context.print(result, () =>
          result.agrees
            ? `${result.decisionId}: the replay agrees bit for bit`
            : `${result.decisionId}: the replay differs in ${result.differences.join(', ')}`,
        );
        return result.agrees ? 0 : 1;
      }),
    );
  decisions
    .command('summary')
    .description('how many decisions were settled by what')
    .action(
      run(async (context) => {
        const summary = await context.withDaemon((client) =>
          client.get<DecisionsSummaryDocument>('/v1/decisions/summary'),
        );
        context.print(summary, () => describeSummary(summary));
        return summary.decisions === 0 ? 3 : 0;
      }),
    );
};

/** What stands behind the choice of a decision that was not acted on. */
const PURPOSES = { run: '', question: ' (asked)', whatIf: ' (what if)' } as const;

/** Each way to settle a decision, in words. */
const SETTLED_BY: Readonly<Record<string, string>> = {
  allGates: 'a contractor passed every gate',
  score: 'the best contractor scored too low',
  confidence: 'too little was known of the best contractor',
  success: 'the best contractor fails too often',
  economic: 'it costs no less elsewhere',
  exploration: 'exploration',
  nobody: 'no contractor could be judged',
};

function describeSummary(summary: DecisionsSummaryDocument): string {
  const { decisions, choices, rows, notActedOn } = summary;
  const apart = notActedOn === 0 ? '' : `; ${notActedOn} more were only asked for`;
  if (decisions === 0) return `No task was run yet${apart}. See: coalesce run --help`;
  const counts = Object.entries(choices).map(([choice, count]) => `${count} ${choice}`);
  return [
    `${decisions} decisions: ${counts.join(', ')}${apart}`,
    table(
      ['settled by', 'decisions', 'share'],
      rows.map(({ decidedBy, count, sharePercent }) => [
        SETTLED_BY[decidedBy] ?? decidedBy,
        String(count),
        percent(sharePercent),
      ]),
    ),
  ].join('\n');
}
