/**
 * Built-in executor of `performs:finance/document-analysis`: English text parts in, their figures,
 * key sentences, terms and headings out. Everything carries a quote and its place, so that the
 * check `grounding` can hold it against the text without reading all of it again (architecture.md
 * 11). The same text gives the same bytes everywhere.
 *
 * @module
 */

import { findFigures } from './document-analysis-figures.ts';
import { findHeadings } from './document-analysis-headings.ts';
import type { Heading } from './document-analysis-headings.ts';
import { standsInText } from './document-analysis-quotes.ts';
import type { Quote } from './document-analysis-quotes.ts';
import { DOCUMENT_ANALYSIS_LIMITS } from './document-analysis-result.ts';
import type { AnalysedDocument, DocumentAnalysisResult } from './document-analysis-result.ts';
import {
  blankOverlongWords,
  findSentences,
  SentenceRanking,
} from './document-analysis-sentences.ts';
import { NameTally, WordTally } from './document-analysis-terms.ts';
import { EnglishSentiment } from './english-sentiment.ts';
import type { SkillExecutor, SkillResult, SkillWork } from './skill-executor.ts';
import { yieldToEventLoop } from './time-limit.ts';
import { DEFAULT_MAX_INPUT_BYTES, readDocuments } from './work-input.ts';

/** Skill term of this executor. */
export const DOCUMENT_ANALYSIS_TERM = 'performs:finance/document-analysis';

/** One key sentence for as many sentences of a document, rounded up. */
const SENTENCES_PER_KEY_SENTENCE = 10;

const SECONDS_BASE = 0.005;
const SECONDS_PER_MIB = 1.25;
const MEMORY_BASE_GIB = 0.1;
/** Text, sentences and their words, per byte of input. */
const MEMORY_PER_INPUT_BYTE = 40;
const BYTES_PER_MIB = 1024 ** 2;
const BYTES_PER_GIB = 1024 ** 3;

/** What may be listed of one document. */
interface Allowance {
  readonly figures: number;
  readonly sections: number;
  readonly keySentences: number;
  /** Of names, and of words. */
  readonly terms: number;
}

function firstAllowance(documents: number): Allowance {
  const limits = DOCUMENT_ANALYSIS_LIMITS;
  const share = (total: number, perDocument: number): number =>
    Math.min(perDocument, Math.floor(total / documents));
  return {
    figures: limits.maxFigures,
    sections: limits.maxSections,
    keySentences: share(limits.maxKeySentences, limits.maxKeySentencesPerDocument),
    terms: share(limits.maxTerms, limits.maxTermsPerDocument),
  };
}

/** Analyses documents in this thread, in slices. */
export class DocumentAnalysis implements SkillExecutor {
  readonly term = DOCUMENT_ANALYSIS_TERM;
  readonly recomputeTolerance = 0;
  readonly #maxInputBytes: number;
  readonly #english = new EnglishSentiment();

  constructor(init: { readonly maxInputBytes?: number } = {}) {
    this.#maxInputBytes = init.maxInputBytes ?? DEFAULT_MAX_INPUT_BYTES;
  }

  prepare(): Promise<void> {
    if (this.#english.instances === 0) this.#english.score('The language model loads.');
    return Promise.resolve();
  }

  estimate({ inputBytes }: { readonly inputBytes: number }) {
    return {
      seconds: SECONDS_BASE + (SECONDS_PER_MIB * inputBytes) / BYTES_PER_MIB,
      memoryGib: MEMORY_BASE_GIB + (MEMORY_PER_INPUT_BYTE * inputBytes) / BYTES_PER_GIB,
    };
  }

  checkInput({ parts }: Pick<SkillWork, 'parts'>): void {
    readDocuments(parts, this.#maxInputBytes);
  }

  async execute(
    { parts }: Pick<SkillWork, 'parts'>,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<SkillResult> {
    signal.throwIfAborted();
    const texts = readDocuments(parts, this.#maxInputBytes);
    let left = firstAllowance(parts.length);
    const documents: AnalysedDocument[] = [];
    for (const [i, text] of texts.entries()) {
      const document = await this.#analyse(text, i, left, signal);
      left = {
        ...left,
        figures: left.figures - document.figures.length,
        sections: left.sections - document.sections.length,
      };
      documents.push(document);
    }
    const data: DocumentAnalysisResult = { documents };
    return { parts: [{ mediaType: 'application/json', data }] };
  }

  async #analyse(
    text: string,
    part: number,
    allowed: Allowance,
    signal: AbortSignal,
  ): Promise<AnalysedDocument> {
    const { figures, offsets } = await listFigures(text, allowed.figures, signal);
    const headings: Heading[] = [];
    for await (const heading of findHeadings(text, signal)) headings.push(heading);
    const { sentences, ...found } = await this.#readSentences(text, headings, offsets, signal);
    const size = Math.ceil(sentences / SENTENCES_PER_KEY_SENTENCE);
    const best = await found.ranking.best(
      Math.min(size, allowed.keySentences),
      found.words,
      signal,
    );
    const names = found.names.top(text, allowed.terms);
    const words = found.words.top(text, allowed.terms);
    return {
      part,
      counts: {
        characters: text.length,
        sections: headings.length,
        sentences,
        figures: offsets.length,
      },
      figures,
      keySentences: best.map(({ start, end }) => ({
        quote: text.slice(start, end),
        offset: start,
      })),
      terms: [
        ...names.map((name) => ({ kind: 'name' as const, ...name })),
        ...words.map((word) => ({ kind: 'word' as const, ...word })),
      ],
      sections: headings
        .slice(0, allowed.sections)
        .map(({ quote, offset }): Quote => ({ quote, offset })),
    };
  }

  async #readSentences(
    text: string,
    headings: readonly Heading[],
    figureOffsets: readonly number[],
    signal: AbortSignal,
  ) {
    const words = new WordTally();
    const names = new NameTally();
    const ranking = new SentenceRanking();
    let sentences = 0;
    let heading = 0;
    let figure = 0;
    for await (const block of findSentences(blankOverlongWords(text), this.#english, signal)) {
      for (const { text: read, offset } of block) {
        sentences += 1;
        if (offset === undefined) continue;
        const end = offset + read.length;
        while ((headings[heading]?.lineEnd ?? Number.POSITIVE_INFINITY) <= offset) heading += 1;
        while ((figureOffsets[figure] ?? Number.POSITIVE_INFINITY) < offset) figure += 1;
        const ids = words.add(read, offset);
        if ((headings[heading]?.lineStart ?? Number.POSITIVE_INFINITY) <= offset) continue;
        names.add(read, offset);
        const quote = text.slice(offset, end);
        if (!quote.isWellFormed() || !standsInText(text, { quote, offset })) continue;
        ranking.add(quote, offset, ids, (figureOffsets[figure] ?? end) < end);
      }
    }
    return { sentences, words, names, ranking };
  }
}

/** The first figures of a text, and where all of them stand. */
async function listFigures(
  text: string,
  maxListed: number,
  signal: AbortSignal,
): Promise<{ figures: AnalysedDocument['figures']; offsets: number[] }> {
  await yieldToEventLoop(signal);
  const figures: AnalysedDocument['figures'] = [];
  const offsets: number[] = [];
  for await (const { figure, quote, offset } of findFigures(text, signal)) {
    offsets.push(offset);
    if (figures.length < maxListed) figures.push({ ...figure, quote, offset });
  }
  return { figures, offsets };
}
