/**
 * Built-in executor of `performs:nlp/sentiment`: English text parts in, polarity per document and
 * per sentence out. The same text gives the same bytes everywhere, so a second run checks a result.
 *
 * @module
 */

import { z } from 'zod';
import { dropOverlongWords, EnglishSentiment, splitIntoBlocks } from './english-sentiment.ts';
import type { SkillExecutor, SkillResult, SkillWork } from './skill-executor.ts';
import { yieldToEventLoop } from './time-limit.ts';
import { DEFAULT_MAX_INPUT_BYTES, readDocuments } from './work-input.ts';

/** Skill term of this executor. */
export const SENTIMENT_TERM = 'performs:nlp/sentiment';
/** Sentences that are listed over all documents; counts and polarity cover all of them. */
export const MAX_LISTED_SENTENCES = 2_000;
/** Characters of a sentence that are quoted. */
export const MAX_QUOTED_CHARACTERS = 120;
/** Polarity above which a text is positive, and below whose negative it is negative. */
export const NEUTRAL_BAND = 0.05;

const SECONDS_BASE = 0.002;
const SECONDS_PER_MIB = 1;
const MEMORY_GIB = 0.15;
const BYTES_PER_MIB = 1024 ** 2;
const POLARITY_DIGITS = 1e6;

const labelSchema = z.enum(['positive', 'neutral', 'negative']);
const polaritySchema = z.number().min(-1).max(1);

/** The JSON of a result. */
export const sentimentResultSchema = z.strictObject({
  documents: z.array(
    z.strictObject({
      /** Index of the input part. */
      part: z.int().min(0),
      /** Mean over the sentences, -1 to 1. */
      polarity: polaritySchema,
      label: labelSchema,
      counts: z.strictObject({
        sentences: z.int(),
        positive: z.int(),
        neutral: z.int(),
        negative: z.int(),
        /** Words too long to be words. */
        droppedWords: z.int(),
      }),
      /** The first sentences, each quoted from its beginning. */
      sentences: z.array(
        z.strictObject({ text: z.string(), polarity: polaritySchema, label: labelSchema }),
      ),
    }),
  ),
});

/** A sentiment result. */
export type SentimentResult = z.infer<typeof sentimentResultSchema>;
type DocumentSentiment = SentimentResult['documents'][number];
type Label = z.infer<typeof labelSchema>;

function labelOf(polarity: number): Label {
  if (polarity > NEUTRAL_BAND) return 'positive';
  return polarity < -NEUTRAL_BAND ? 'negative' : 'neutral';
}

function rounded(polarity: number): number {
  // Adding 0 turns -0, which JSON cannot tell from 0, into 0.
  return Math.round(polarity * POLARITY_DIGITS) / POLARITY_DIGITS + 0;
}

function quoted(text: string): string {
  const short = text.trim().slice(0, MAX_QUOTED_CHARACTERS);
  return short.toWellFormed();
}

/** Scores documents in this thread, in slices. */
export class Sentiment implements SkillExecutor {
  readonly term = SENTIMENT_TERM;
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
      memoryGib: MEMORY_GIB,
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
    const documents: DocumentSentiment[] = [];
    let listed = 0;
    for (const [i, text] of texts.entries()) {
      const document = await this.#read(text, i, MAX_LISTED_SENTENCES - listed, signal);
      listed += document.sentences.length;
      documents.push(document);
    }
    const data: SentimentResult = { documents };
    return { parts: [{ mediaType: 'application/json', data }] };
  }

  async #read(
    read: string,
    index: number,
    maxListed: number,
    signal: AbortSignal,
  ): Promise<DocumentSentiment> {
    const { text, dropped } = dropOverlongWords(read);
    const counts = { sentences: 0, positive: 0, neutral: 0, negative: 0, droppedWords: dropped };
    const sentences: DocumentSentiment['sentences'] = [];
    let total = 0;
    for (const block of splitIntoBlocks(text)) {
      await yieldToEventLoop(signal);
      for (const sentence of this.#english.score(block)) {
        const polarity = rounded(sentence.polarity);
        const label = labelOf(polarity);
        counts.sentences += 1;
        counts[label] += 1;
        total += polarity;
        if (sentences.length < maxListed) {
          sentences.push({ text: quoted(sentence.text), polarity, label });
        }
      }
    }
    const polarity = counts.sentences === 0 ? 0 : rounded(total / counts.sentences);
    return { part: index, polarity, label: labelOf(polarity), counts, sentences };
  }
}
