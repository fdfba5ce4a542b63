/**
 * Check `grounding`: everything that a document analysis states stands in the documents. Each quote
 * is looked up at its place and each value is read again from its quote; the rest of the text is
 * not read, so the check costs next to nothing beside the work, and an analysis with other key
 * sentences or fewer figures passes as well.
 *
 * It does not see what was left out; `recompute` does.
 *
 * @module
 */

import { readDocument } from '../executors/work-input.ts';
import { readFigureAt } from '../executors/document-analysis-figures.ts';
import { standsInText } from '../executors/document-analysis-quotes.ts';
import type { Quote } from '../executors/document-analysis-quotes.ts';
import { documentAnalysisSchema } from '../executors/document-analysis-result.ts';
import type { AnalysedDocument } from '../executors/document-analysis-result.ts';
import { ExecutorInputError } from '../executors/errors.ts';
import type { ResolvedPart, ResultPart } from '../task-parts.ts';
import type { CheckOutcome } from './json-schema-check.ts';

type StatedFigure = AnalysedDocument['figures'][number];

/** Holds the one JSON part of a result against the documents. Never throws on its content. */
export function checkGrounding(
  inputParts: readonly ResolvedPart[],
  resultParts: readonly ResultPart[],
): CheckOutcome {
  const fail = (detail: string): CheckOutcome => ({ passed: false, detail });
  const [part, ...others] = resultParts;
  const parsed = documentAnalysisSchema.safeParse(part?.data);
  if (!parsed.success || others.length > 0) {
    const issue = parsed.error?.issues[0];
    const where = issue ? `${issue.path.join('.')}: ${issue.message}` : 'more than one part';
    return fail(`not a document analysis: ${where.slice(0, 200)}`);
  }
  const { documents } = parsed.data;
  if (documents.length !== inputParts.length) {
    return fail(`${documents.length} documents are analysed, ${inputParts.length} were sent`);
  }
  let quotes = 0;
  for (const [i, input] of inputParts.entries()) {
    const document = documents[i];
    if (document?.part !== i) return fail(`documents/${i} is not the analysis of part ${i}`);
    try {
      const problem = findProblem(readDocument(input, i), document);
      if (problem !== undefined) return fail(`documents/${i}/${problem}`);
    } catch (error) {
      if (!(error instanceof ExecutorInputError)) throw error;
      return fail(`there is a result, yet the input has none: ${error.message}`);
    }
    const { figures, keySentences, terms, sections } = document;
    quotes += figures.length + keySentences.length + terms.length + sections.length;
  }
  return { passed: true, detail: `${quotes} quotes stand in the text` };
}

/** Path of the first statement that the text does not bear out, and why. */
function findProblem(text: string, document: AnalysedDocument): string | undefined {
  const { counts, figures, keySentences, terms, sections } = document;
  if (counts.characters !== text.length) return 'counts/characters: the text has another length';
  const areTooMany = [counts.sections, counts.sentences, counts.figures].some(
    (count) => count > text.length,
  );
  if (areTooMany || counts.figures < figures.length || counts.sections < sections.length) {
    return 'counts: more than the text can hold or fewer than are listed';
  }
  const tooFrequent = terms.findIndex(
    ({ quote, occurrences }) => occurrences * quote.length > text.length,
  );
  if (tooFrequent !== -1) return `terms/${tooFrequent}: the text cannot hold it so often`;
  return (
    findFirst('figures', figures, (figure) => figureProblem(text, figure)) ??
    findFirst('keySentences', keySentences, (quote) => quoteProblem(text, quote)) ??
    findFirst('terms', terms, (term) => quoteProblem(text, term)) ??
    findFirst('sections', sections, (section) => quoteProblem(text, section))
  );
}

/** The first item with a problem, or the first one that is listed twice. */
function findFirst<Item extends Quote>(
  name: string,
  items: readonly Item[],
  problemOf: (item: Item) => string | undefined,
): string | undefined {
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const problem = problemOf(item);
    if (problem !== undefined) return `${name}/${i}: ${problem}`;
    const key = 'kind' in item ? `${String(item.kind)} ${item.offset}` : String(item.offset);
    if (seen.has(key)) return `${name}/${i}: it is listed twice`;
    seen.add(key);
  }
  return undefined;
}

function quoteProblem(text: string, item: Quote): string | undefined {
  return standsInText(text, item) ? undefined : 'the quote does not stand at its place';
}

function figureProblem(text: string, figure: StatedFigure): string | undefined {
  if (!text.startsWith(figure.quote, figure.offset)) return 'the quote does not stand at its place';
  const read = readFigureAt(text, figure.offset);
  if (read?.quote !== figure.quote) return 'the quote is no whole figure of the text';
  const stated = 'unit' in figure ? figure.unit : undefined;
  const unit = 'unit' in read.figure ? read.figure.unit : undefined;
  const isSame =
    read.figure.kind === figure.kind && read.figure.value === figure.value && unit === stated;
  return isSame ? undefined : 'the value does not follow from the quote';
}
