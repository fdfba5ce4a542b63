/** `coalesce query`: peers that sell a skill. @module */

import type { QueryDocument } from '../../api-documents.ts';
import type { RegisterCommand } from '../context.ts';
import { microUsd, wholeNumber } from '../options.ts';
import { table, usd } from '../table.ts';

interface QueryOptions {
  readonly limit: number;
  readonly maxPriceUsd?: number;
  readonly maxLatencyMs?: number;
  readonly level?: number;
  readonly trace?: true;
}

export const registerQuery: RegisterCommand = (program, run) => {
  program
    .command('query <term>')
    .description('find peers with a skill, for example performs:nlp/sentiment')
    .option('--limit <n>', 'hits at most', wholeNumber(1, 100), 20)
    .option('--max-price-usd <amount>', 'drop dearer hits', microUsd)
    .option('--max-latency-ms <n>', 'drop slower hits', wholeNumber(1, 86_400_000))
    .option('--level <n>', 'drop hits below this certificate level, 0 to 3', wholeNumber(0, 3))
    .option('--trace', 'print what was asked, who answered, what was dropped and why')
    .action(
      run(async (context, query: string, options: QueryOptions) => {
        const body = {
          query,
          limit: options.limit,
          trace: options.trace ?? false,
          ...(options.maxPriceUsd === undefined ? {} : { maxPriceMicroUsd: options.maxPriceUsd }),
          ...(options.maxLatencyMs === undefined ? {} : { maxLatencyMs: options.maxLatencyMs }),
          ...(options.level === undefined ? {} : { level: options.level }),
        };
        const result = await context.withDaemon((client) =>
          client.post<QueryDocument>('/v1/query', body, { signal: context.signal }),
        );
        context.print(result, () => describeQuery(result));
        if (result.hits.length > 0) {
          if (result.outcome === 'partial') {
            process.stderr.write('coalesce: the look was partial; there may be more\n');
          }
          return 0;
        }
        return result.outcome === 'complete' ? 3 : 4;
      }),
    );
};

/** The answer as a table. */
export function describeQuery(result: QueryDocument): string {
  const lines = [
    `${result.hits.length} hits for ${result.query}: ${result.outcome}, ${result.answered} of ${result.asked} answered, ${result.elapsedMs} ms`,
  ];
  if (result.hits.length > 0) {
    lines.push(
      table(
        ['peer', 'skill', 'price', 'latency', 'level', 'score', 'record age'],
        result.hits.map((hit) => [
          hit.peerId,
          hit.term,
          `${usd(hit.priceMicroUsd)}/${hit.perUnit}`,
          `${hit.latencyMs} ms`,
          String(hit.level),
          hit.score.toFixed(2),
          `${Math.round(hit.recordAgeMs / 1000)} s`,
        ]),
      ),
    );
  }
  for (const { peerId, reason } of result.dropped) lines.push(`dropped ${peerId}: ${reason}`);
  for (const event of result.trace ?? []) lines.push(JSON.stringify(event));
  if (result.outcome === 'unreachable') lines.push('No peer could be asked: see coalesce peers');
  return lines.join('\n');
}
