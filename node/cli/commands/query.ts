/** `coalesce query`: peers that sell a skill. @module */

import { InvalidArgumentError, Option } from 'commander';
import { REGIONS, regionTerm } from '../../../protocols/attestation/resource-units.ts';
import type {
  FirstHitDocument,
  HitDocument,
  QueryDocument,
  TraceDocument,
} from '../../api-documents.ts';
import { BadInputError, printable } from '../../errors.ts';
import { HIT_ORDERS } from '../../tasks/contractor-ranking.ts';
import type { HitOrder } from '../../tasks/contractor-ranking.ts';
import type { CliContext, RegisterCommand } from '../context.ts';
import { microUsd, minimum, wholeNumber } from '../options.ts';
import type { Minimum } from '../options.ts';
import { table, unknownTermLines, usd } from '../table.ts';

interface QueryOptions {
  readonly limit: number;
  readonly maxPriceUsd?: number;
  readonly maxLatencyMs?: number;
  readonly level?: number;
  readonly min: readonly Minimum[];
  readonly region?: string;
  readonly sort: HitOrder;
  readonly broker?: true;
  readonly trace?: true;
}

/** Names of the levels (wire-formats.md 2.2), which may be given in place of their numbers. */
const LEVELS: readonly string[] = ['self', 'endorsed', 'attested', 'joint'];

function levelOption(text: string): number {
  const level = LEVELS.findIndex((name, number) => text === name || text === String(number));
  if (level >= 0) return level;
  throw new InvalidArgumentError(`expected ${LEVELS.join(', ')}, or 0 to 3.`);
}

export const registerQuery: RegisterCommand = (program, run) => {
  program
    .command('query [words...]')
    .description(
      'find peers by a skill term (performs:nlp/sentiment, or performs:nlp and all below it), by free text, or by both combined with AND and OR',
    )
    .option('--limit <n>', 'hits at most', wholeNumber(1, 100), 20)
    .option('--max-price-usd <amount>', 'drop dearer hits', microUsd)
    .option('--max-latency-ms <n>', 'drop slower hits', wholeNumber(1, 86_400_000))
    .option(
      '--level <level>',
      'drop hits below this certificate level: self, endorsed, attested, joint, or 0 to 3',
      levelOption,
    )
    .option(
      '--min <resource>',
      "keep hits that prove so much of a resource by attested certificates, as in 'memory-mib>=40' (repeatable); without a term, all that have it",
      (text: string, before: readonly Minimum[]) => [...before, minimum(text)],
      [],
    )
    .addOption(
      new Option(
        '--region <name>',
        'keep hits of which an attestor has certified that they stand there',
      ).choices(REGIONS),
    )
    .addOption(
      new Option(
        '--sort <order>',
        'rank by this, after known peers: fit (Eq. 12), price or latency',
      )
        .choices(HIT_ORDERS)
        .default('fit'),
    )
    .option(
      '--broker',
      'ask the configured brokers too, and not only where the network cannot answer',
    )
    .option('--trace', 'print what was asked, who answered, what was dropped and why')
    .action(
      run(async (context, words: readonly string[], options: QueryOptions) => {
        const { region } = options;
        const minimums = [
          ...options.min,
          ...(region === undefined ? [] : [{ name: regionTerm(region), min: 1 }]),
        ];
        const query = words.length > 0 ? words.join(' ') : minimums[0]?.name;
        if (query === undefined) {
          throw new BadInputError(
            'query: name a skill term, say in words what is looked for, or name a resource with --min',
          );
        }
        await context.remarkOnResources(options.min.map(({ name }) => name));
        const body = {
          query,
          minimums,
          limit: options.limit,
          sort: options.sort,
          brokers: options.broker ?? false,
          trace: options.trace ?? false,
          ...(options.maxPriceUsd === undefined ? {} : { maxPriceMicroUsd: options.maxPriceUsd }),
          ...(options.maxLatencyMs === undefined ? {} : { maxLatencyMs: options.maxLatencyMs }),
          ...(options.level === undefined ? {} : { level: options.level }),
        };
        const result = await context.withDaemon((client) =>
          client.post<QueryDocument>('/v1/query', body, {
            signal: context.signal,
            ...(context.isJson ? {} : { onProgress: (hit) => tell(context, hit) }),
          }),
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

/** The first hit, as soon as its record is verified; its level and rank follow. */
function tell(context: CliContext, hit: unknown): void {
  const { peerId, term, priceMicroUsd, perUnit } = hit as FirstHitDocument;
  const price = `${usd(priceMicroUsd)}/${perUnit}`;
  context.progress(printable(`first hit: ${peerId} ${term} ${price}; asking for proofs`));
}

const ROTATION_REMARK =
  'BAD_ROTATION_CHAIN: the peer has a new key and shows certificates of its old one, and the ' +
  'rotation is not followed: often because this node never saw the hash of its recovery key. The ' +
  'peer needs new certificates';

const ROTATED_REMARK =
  'KEY_ROTATED: the peer has passed to a new key, and what it shows under the old one counts for ' +
  'nothing; it is found under its new PeerId';

const PARTIAL_REMARK =
  'Too little was heard to say that nobody has it: peers did not answer, or brokers alone did, ' +
  'who may leave out. Ask again, or see --trace';

/** How much of a resource, and whether its attestor measured it over the network. */
function describeResource({ name, atLeast, basis }: HitDocument['resources'][number]): string {
  return `${name} >= ${atLeast} ${basis === 'stated' ? '(stated)' : '(measured)'}`;
}

/** Step by step: when, what, for which key, whom it is about, and what came of it. */
function describeTrace(trace: readonly TraceDocument[]): string {
  return table(
    ['at', 'step', 'key', 'peer', 'what'],
    trace.map(({ atMs, event, key = '', peerId = '', detail = '' }) => [
      atMs === undefined ? '' : `${Math.round(atMs)} ms`,
      ...[event, key, peerId, detail],
    ]),
  );
}

/** Parts of Eq. 12: the terms, the text, the contractor's record; a dash for what did not count. */
function describeParts({ ontology, embedding, performance }: HitDocument['scoreParts']): string {
  const parts = [ontology, embedding, performance];
  return parts.map((part) => part?.toFixed(2) ?? '-').join(', ');
}

/** The hits. Where they are from is shown unless all are from their holders alone. */
function hitTable(hits: readonly HitDocument[]): string {
  const told = hits.map(({ sources }) => sources.filter((source) => source !== 'holder'));
  const hasOthers = told.some((sources) => sources.length > 0);
  const titles = ['peer', 'skill', 'price', 'latency', 'level', 'score', 'terms, text, record'];
  return table(
    [...titles, 'record age', 'proves', ...(hasOthers ? ['source'] : [])],
    hits.map((hit) => [
      hit.peerId,
      hit.term,
      `${usd(hit.priceMicroUsd)}/${hit.perUnit}`,
      `${hit.latencyMs} ms`,
      String(hit.level),
      hit.score.toFixed(2),
      describeParts(hit.scoreParts),
      `${Math.round(hit.recordAgeMs / 1000)} s`,
      hit.resources.map(describeResource).join(', '),
      ...(hasOthers ? [hit.sources.join(', ')] : []),
    ]),
  );
}

/** The answer as a table. */
export function describeQuery(result: QueryDocument): string {
  const { hits, asked, answered, elapsedMs } = result;
  const count = `${hits.length} ${hits.length === 1 ? 'hit' : 'hits'}`;
  const kept = result.lookAgeMs > 0 ? `, from a look of ${result.lookAgeMs} ms ago` : '';
  const look = `${result.outcome}, ${answered} of ${asked} answered, ${elapsedMs} ms${kept}`;
  const lines = [`${count} for ${result.query}: ${look}`];
  if (result.hits.length > 0) lines.push(hitTable(result.hits));
  const { sameNetwork, sameAttestorGroup } = result.leftOut;
  if (sameNetwork + sameAttestorGroup > 0) {
    lines.push(
      `left out: ${sameNetwork} of networks and ${sameAttestorGroup} of attestor groups of which others are ranked`,
    );
  }
  for (const { peerId, term, reason } of result.dropped) {
    lines.push(`dropped ${[peerId, term].filter(Boolean).join(' ')}: ${reason}`);
  }
  for (const { name, url, skills } of result.brokers?.outside ?? []) {
    lines.push(`outside, unverified: ${name} ${url}: ${skills.join(', ')}`);
  }
  for (const { peerId, priceMicroUsd, inBytes } of result.brokers?.quotes ?? []) {
    lines.push(`quoted to a broker: ${peerId} ${usd(priceMicroUsd)} for ${inBytes} bytes`);
  }
  for (const peerId of result.brokers?.silent ?? []) {
    lines.push(`broker ${peerId} gave no answer`);
  }
  if (result.hits.length === 0) lines.push(...unknownTermLines(result.unknownTerms));
  const { trace = [] } = result;
  if (trace.length > 0) lines.push('', 'trace', describeTrace(trace));
  const isUnfollowed = trace.some(({ detail }) => detail?.includes('BAD_ROTATION_CHAIN'));
  if (isUnfollowed) lines.push(ROTATION_REMARK);
  const isRotated = trace.some(({ detail }) => detail?.includes('KEY_ROTATED'));
  if (isRotated) lines.push(ROTATED_REMARK);
  if (result.outcome === 'unreachable') lines.push('No peer could be asked: see coalesce peers');
  if (result.outcome === 'partial' && hits.length === 0) lines.push(PARTIAL_REMARK);
  return lines.join('\n');
}
