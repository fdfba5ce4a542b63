/**
 * What a document analysis returns, and how much of it.
 *
 * @module
 */

import { z } from 'zod';
import { TASK_LIMITS } from '../task-limits.ts';
import { MAX_FIGURE_CHARACTERS } from './document-analysis-grammar.ts';
import { MAX_HEADING_CHARACTERS } from './document-analysis-headings.ts';
import { KEY_SENTENCE_CHARACTERS } from './document-analysis-sentences.ts';

/**
 * How much is listed over all documents of one piece of work; the counts cover everything. Figures
 * and sections are listed as they come, of the rest each document has an equal share. A result at
 * these limits still travels in one message.
 */
export const DOCUMENT_ANALYSIS_LIMITS = {
  maxFigures: 1_000,
  maxSections: 200,
  maxKeySentences: 128,
  maxKeySentencesPerDocument: 8,
  /** Of names and of words. */
  maxTerms: 250,
  maxTermsPerDocument: 10,
  maxTermCharacters: 256,
} as const;

const countSchema = z.int().min(0);

/** Characters and the place of the first one. */
function quoteShape(maxCharacters: number) {
  return { quote: z.string().min(1).max(maxCharacters), offset: z.int().min(0) } as const;
}

const numberShape = {
  value: z.number(),
  unit: z.string().min(1).max(16),
  ...quoteShape(MAX_FIGURE_CHARACTERS),
} as const;

/** What is stated, the characters that state it, and where they stand. */
const figureSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('money'), ...numberShape }),
  z.strictObject({ kind: z.literal('percentage'), ...numberShape }),
  z.strictObject({ kind: z.literal('quantity'), ...numberShape }),
  z.strictObject({
    kind: z.literal('date'),
    value: z.string().max(16),
    ...quoteShape(MAX_FIGURE_CHARACTERS),
  }),
]);

/** Offsets are UTF-16 code units from behind a byte order mark. */
const analysedDocumentSchema = z.strictObject({
  /** Index of the input part. */
  part: countSchema,
  counts: z.strictObject({
    characters: countSchema,
    sections: countSchema,
    sentences: countSchema,
    figures: countSchema,
  }),
  /** In the order of the text. */
  figures: z.array(figureSchema).max(DOCUMENT_ANALYSIS_LIMITS.maxFigures),
  /** The most central first. */
  keySentences: z
    .array(z.strictObject(quoteShape(KEY_SENTENCE_CHARACTERS.max)))
    .max(DOCUMENT_ANALYSIS_LIMITS.maxKeySentencesPerDocument),
  /** The most frequent first, each quoted where it stands first. */
  terms: z
    .array(
      z.strictObject({
        kind: z.enum(['name', 'word']),
        ...quoteShape(DOCUMENT_ANALYSIS_LIMITS.maxTermCharacters),
        occurrences: z.int().min(1),
      }),
    )
    .max(2 * DOCUMENT_ANALYSIS_LIMITS.maxTermsPerDocument),
  /** Headings in the order of the text. */
  sections: z
    .array(z.strictObject(quoteShape(MAX_HEADING_CHARACTERS)))
    .max(DOCUMENT_ANALYSIS_LIMITS.maxSections),
});

/** The JSON of a result. */
export const documentAnalysisSchema = z.strictObject({
  documents: z.array(analysedDocumentSchema).min(1).max(TASK_LIMITS.maxParts),
});

/** An analysis as it is returned. */
export type DocumentAnalysisResult = z.infer<typeof documentAnalysisSchema>;
/** One document of it. */
export type AnalysedDocument = z.infer<typeof analysedDocumentSchema>;
