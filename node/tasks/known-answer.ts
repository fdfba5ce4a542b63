/**
 * Known-answer tasks: work that this node can grade by itself, made from a seed and sent like any
 * other (security notes: hidden canary tasks). Nothing in a task tells it from a user's: same
 * builder, same checks, plausible names and numbers. It cannot hide its source: a contractor who
 * compares the sentences of a review with those of this program recognises them, and one that
 * knows its client for an attestor may take every task of it for one of these. Whoever needs more
 * secrecy mixes in tasks of its own whose results it has computed.
 *
 * @module
 */

import { utf8 } from '../../crypto/bytes.ts';
import type { JsonValue } from '../../crypto/canonical-json.ts';
import { DOCUMENT_ANALYSIS_TERM } from './executors/document-analysis.ts';
import { BUILTIN_TERMS, createBuiltinExecutor } from './executors/executor-registry.ts';
import { PORTFOLIO_TERM } from './executors/portfolio-optimization.ts';
import { RISK_TERM } from './executors/risk-assessment.ts';
import { SENTIMENT_TERM } from './executors/sentiment.ts';
import { composePriceTable } from './known-answer-prices.ts';
import { composeReport } from './known-answer-reports.ts';
import { composeReview } from './known-answer-reviews.ts';
import { SeededSequence } from './seeded-sequence.ts';
import { taskForSkill } from './task-for-skill.ts';
import type { SkillInput } from './task-for-skill.ts';
import { resolveInlinePart } from './task-parts.ts';
import type { ResolvedPart, ResultPart } from './task-parts.ts';
import type { InputPart, TaskSpecification } from './task.ts';
import { verifyResult } from './verification/verify-result.ts';

/** Largest number of tasks that are made at once. */
export const MAX_KNOWN_ANSWER_TASKS = 1_000;

/** A task and the judge of its result. */
export interface KnownAnswerTask {
  readonly specification: TaskSpecification;
  /** Content of its input; the `file` parts carry their `name`. */
  readonly parts: readonly ResolvedPart[];
  /** Whether a result is right. Never throws on its content. */
  grade(
    resultParts: readonly ResultPart[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<boolean>;
}

/** There is no way to make tasks of this skill and to know their answers. */
export class NoKnownAnswerError extends Error {
  static override readonly name = 'NoKnownAnswerError';
  override readonly name = 'NoKnownAnswerError';
  readonly code = 'NO_KNOWN_ANSWER';
  readonly details: { readonly term: string };

  constructor(details: { readonly term: string }) {
    super(
      `No known-answer tasks can be made for ${details.term}; ` +
        `they can for ${KNOWN_ANSWER_TERMS.join(', ')}`,
    );
    this.details = details;
  }
}

interface Input {
  readonly inputs: readonly SkillInput[];
  readonly files: ReadonlyMap<string, Uint8Array>;
}

const LEVELS: readonly (readonly number[])[] = [[0.95], [0.99], [0.9, 0.975], [0.95, 0.99, 0.995]];

const COMPOSERS: Readonly<Record<string, (sequence: SeededSequence) => Input>> = {
  [DOCUMENT_ANALYSIS_TERM]: composeReportInput,
  [PORTFOLIO_TERM]: composePortfolioInput,
  [RISK_TERM]: composeRiskInput,
  [SENTIMENT_TERM]: composeSentimentInput,
};

/** Skills for which known-answer tasks can be made. */
export const KNOWN_ANSWER_TERMS: readonly string[] = BUILTIN_TERMS.filter((term) =>
  Object.hasOwn(COMPOSERS, term),
);

function pickPriceFile(sequence: SeededSequence): string {
  return `${sequence.pick(['prices', 'closes', 'history', 'quotes'])}.csv`;
}

function composePortfolioInput(sequence: SeededSequence): Input {
  const file = pickPriceFile(sequence);
  const { csv, assets } = composePriceTable(sequence);
  const inputs: SkillInput[] = [{ file, mediaType: 'text/csv' }];
  if (sequence.uniform() < 0.6) {
    const data: Record<string, number> = { riskAversion: sequence.integer(2, 20) / 2 };
    if (sequence.uniform() < 0.5) data['maxWeight'] = sequence.integer(40, 90) / 100;
    if (sequence.uniform() < 0.3) data['minWeight'] = sequence.integer(0, 50 / assets) / 100;
    inputs.push({ data, mediaType: 'application/json' });
  }
  return { inputs, files: new Map([[file, utf8(csv)]]) };
}

function composeRiskInput(sequence: SeededSequence): Input {
  const file = pickPriceFile(sequence);
  const { csv } = composePriceTable(sequence);
  const inputs: SkillInput[] = [{ file, mediaType: 'text/csv' }];
  if (sequence.uniform() < 0.6) {
    const data: Record<string, JsonValue> = { horizonDays: sequence.pick([1, 5, 10, 20]) };
    if (sequence.uniform() < 0.5) data['confidenceLevels'] = sequence.pick(LEVELS);
    if (sequence.uniform() < 0.5) data['draws'] = 5_000 * sequence.integer(1, 6);
    inputs.push({ data, mediaType: 'application/json' });
  }
  return { inputs, files: new Map([[file, utf8(csv)]]) };
}

function composeReportInput(sequence: SeededSequence): Input {
  const name = sequence.pick(['report', 'letter', 'filing', 'statement']);
  return composeTexts(sequence, name, () => composeReport(sequence).text);
}

function composeSentimentInput(sequence: SeededSequence): Input {
  const name = sequence.pick(['review', 'feedback', 'comment', 'survey']);
  return composeTexts(sequence, name, () => composeReview(sequence));
}

function composeTexts(sequence: SeededSequence, name: string, compose: () => string): Input {
  const files = new Map<string, Uint8Array>();
  const count = sequence.integer(1, 3);
  for (let i = 1; i <= count; i++) {
    const file = count === 1 ? `${name}.txt` : `${name}-${i}.txt`;
    files.set(file, utf8(compose()));
  }
  const inputs = [...files.keys()].map((file) => ({ file, mediaType: 'text/plain' }));
  return { inputs, files };
}

function resolvePart(part: InputPart, files: ReadonlyMap<string, Uint8Array>): ResolvedPart {
  const inline = resolveInlinePart(part);
  if (inline) return inline;
  const name = part.file ?? '';
  return { mediaType: part.mediaType, bytes: files.get(name) ?? new Uint8Array(), name };
}

/**
 * Makes tasks of a skill. The same term and seed give the same tasks.
 *
 * @param seed - Keep it secret: whoever knows it can tell these tasks from others.
 * @throws {@link NoKnownAnswerError} for a skill that this node cannot grade.
 */
export function makeKnownAnswerTasks(term: string, seed: string, count: number): KnownAnswerTask[] {
  const compose = Object.hasOwn(COMPOSERS, term) ? COMPOSERS[term] : undefined;
  const recompute = createBuiltinExecutor(term);
  if (!compose || !recompute) throw new NoKnownAnswerError({ term });
  if (!Number.isInteger(count) || count < 1 || count > MAX_KNOWN_ANSWER_TASKS) {
    throw new RangeError(`"count" expected 1 to ${MAX_KNOWN_ANSWER_TASKS}, got ${count}`);
  }
  return Array.from({ length: count }, (_, i) => {
    const sequence = new SeededSequence(`${term} ${i} ${seed}`);
    const { inputs, files } = compose(sequence);
    const valueMicroUsd = sequence.integer(10, 400) * 100;
    const specification = taskForSkill({ term, inputs, valueMicroUsd });
    const parts = specification.input.parts.map((part) => resolvePart(part, files));
    return {
      specification,
      parts,
      grade: async (resultParts, { signal } = {}) => {
        const { passed } = await verifyResult({
          specification,
          inputParts: parts,
          resultParts,
          random: { bytes: (length) => new Uint8Array(length) },
          auditRate: 1,
          recompute,
          ...(signal === undefined ? {} : { signal }),
        });
        return passed;
      },
    };
  });
}
