/** `coalesce skills`: what this node offers. @module */

import { resolve } from 'node:path';
import type {
  PublishDocument,
  SkillDocument,
  TermSuggestionDocument,
} from '../../api-documents.ts';
import { BadInputError, printable } from '../../errors.ts';
import type { RegisterCommand } from '../context.ts';
import { microUsd, wholeNumber } from '../options.ts';
import { table, unknownTermLines, usd } from '../table.ts';
import { readUserJson } from '../task-files.ts';

interface PublishOptions {
  readonly skill?: string;
  readonly priceUsd?: number;
  readonly perUnit: string;
  readonly latencyMs: number;
  readonly capacity: number;
  readonly description?: string;
  readonly executor: string;
}

export const registerSkills: RegisterCommand = (program, run) => {
  const skills = program.command('skills').description('skills that this node sells');
  skills
    .command('list')
    .description('skills on offer')
    .action(
      run(async (context) => {
        const result = await context.withDaemon((client) =>
          client.get<{ skills: SkillDocument[] }>('/v1/skills', { signal: context.signal }),
        );
        context.print(result, () => describe(result.skills));
      }),
    );
  skills
    .command('publish [offer.json]')
    .description('offer skills; returns after another node read the record back')
    .option('--skill <term>', 'skill term, for example performs:nlp/sentiment')
    .option('--price-usd <amount>', 'price in dollars', microUsd)
    .option('--per-unit <unit>', 'what the price is for: task or megabyte', 'task')
    .option('--latency-ms <n>', 'expected time of a task', wholeNumber(1, 86_400_000), 1_000)
    .option('--capacity <n>', 'tasks at a time', wholeNumber(1, 1_000), 1)
    .option('--description <text>', 'what it does, in a sentence')
    .option('--executor <type>', 'builtin, or module:PATH of an A2A AgentExecutor', 'builtin')
    .action(
      run(async (context, file: string | undefined, options: PublishOptions) => {
        const offer = file === undefined ? offerOf(options) : await readUserJson(file);
        const result = await context.withDaemon((client) =>
          client.post<PublishDocument>('/v1/skills', offer, { signal: context.signal }),
        );
        context.print(result, () => published(result));
      }),
    );
  skills
    .command('suggest')
    .description('terms to coin for tasks that were run again and again and that no term fits')
    .action(
      run(async (context) => {
        const result = await context.withDaemon((client) =>
          client.get<{ suggestions: TermSuggestionDocument[] }>('/v1/skills/suggestions', {
            signal: context.signal,
          }),
        );
        context.print(result, () => suggested(result.suggestions));
        return result.suggestions.length === 0 ? 3 : 0;
      }),
    );
  skills
    .command('withdraw <term>')
    .description('stop offering a skill')
    .action(
      run(async (context, term: string) => {
        const result = await context.withDaemon((client) =>
          client.delete<PublishDocument>(`/v1/skills/${encodeURIComponent(term)}`),
        );
        context.print(result, () => published(result));
      }),
    );
};

function offerOf(options: PublishOptions): unknown {
  if (options.skill === undefined || options.priceUsd === undefined) {
    throw new BadInputError('skills publish: name an offer file, or --skill and --price-usd');
  }
  const [type, path] = splitOnce(options.executor);
  return {
    skills: [
      {
        term: options.skill,
        description: options.description ?? options.skill,
        priceMicroUsd: options.priceUsd,
        perUnit: options.perUnit,
        latencyMs: options.latencyMs,
        capacity: options.capacity,
        executor: path === undefined ? { type } : { type, path: resolve(path) },
      },
    ],
  };
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf(':');
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function describe(skills: readonly SkillDocument[]): string {
  if (skills.length === 0) return 'Nothing on offer. See: coalesce skills publish --help';
  return table(
    ['skill', 'price', 'per', 'latency', 'in work', 'executor'],
    skills.map((skill) => [
      skill.term,
      usd(skill.priceMicroUsd),
      skill.perUnit,
      `${skill.latencyMs} ms`,
      `${skill.inWork}/${skill.capacity}`,
      skill.executor,
    ]),
  );
}

function suggested(suggestions: readonly TermSuggestionDocument[]): string {
  if (suggestions.length === 0) {
    return 'No kind of task came three times without a fitting term. Tasks need a description.';
  }
  return suggestions
    .flatMap(({ term, tasks, examples, nearest }) => [
      `${printable(term)}  ${tasks} tasks`,
      `  nearest known term: ${printable(nearest.term)} (${nearest.similarity.toFixed(2)})`,
      ...examples.map((example) => `  - ${printable(example)}`),
    ])
    .join('\n');
}

function published(result: PublishDocument): string {
  const readBack =
    result.readBackBy === null
      ? `no other node read it back: ${result.reason ?? 'unknown'}`
      : `read back by ${result.readBackBy}`;
  return [
    `Record ${result.seq} offers ${result.skills.join(', ') || 'nothing'}.`,
    `Stored at ${result.storedAtPeers} peers in ${result.elapsedMs} ms; ${readBack}.`,
    ...unknownTermLines(result.unknownTerms),
  ].join('\n');
}
