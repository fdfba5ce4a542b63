import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonValue } from '../../../crypto/canonical-json.ts';
import {
  DOCUMENT_ANALYSIS_TERM,
  DocumentAnalysis,
} from '../../tasks/executors/document-analysis.ts';
import type {
  AnalysedDocument,
  DocumentAnalysisResult,
} from '../../tasks/executors/document-analysis-result.ts';
import { composeReport } from '../../tasks/known-answer-reports.ts';
import { SeededSequence } from '../../tasks/seeded-sequence.ts';
import { checksForSkill, taskForSkill } from '../../tasks/task-for-skill.ts';
import type { ResolvedPart, ResultPart } from '../../tasks/task-parts.ts';
import { parseTaskSpecification } from '../../tasks/task.ts';
import { checkGrounding } from '../../tasks/verification/grounding-check.ts';
import { verifyResult } from '../../tasks/verification/verify-result.ts';
import { jsonPart, textPart } from './price-tables.ts';

const never = new AbortController().signal;
const executor = new DocumentAnalysis();

const TEXT =
  '1. Results\n\nHarbour Foods earned $1.5 million in Q3 2024, a rise of 12.5%. A loss of ' +
  '-3% in cold storage was expected by the board of Harbour Foods. The plant was opened on ' +
  'March 3, 2024 and employs 1,200 people, most of them in Ireland.\n\n2. Outlook\n\n' +
  'The board of Harbour Foods expects the market to recover slowly after 2025-01-01.\n';
const inputParts = [textPart(TEXT)];

function json(data: JsonValue): ResultPart[] {
  return [{ mediaType: 'application/json', data }];
}

async function analyse(parts: readonly ResolvedPart[]): Promise<DocumentAnalysisResult> {
  const { parts: result } = await executor.execute({ parts }, { signal: never });
  return result[0]!.data as unknown as DocumentAnalysisResult;
}

const honest = await analyse(inputParts);
const [document] = honest.documents;

function check(data: JsonValue, parts: readonly ResolvedPart[] = inputParts) {
  return checkGrounding(parts, json(data));
}

/** Outcome for the honest document with some fields replaced. */
function checkWith(changes: Partial<AnalysedDocument>) {
  return check({ documents: [{ ...document!, ...changes }] });
}

const LISTS = ['figures', 'keySentences', 'terms', 'sections'] as const;

/** Every item of the honest document with its place and a way to replace it. */
const items = LISTS.flatMap((list) =>
  document![list].map((item, index) => ({
    list,
    index,
    item,
    replaced: (changes: object): Partial<AnalysedDocument> => ({
      [list]: document![list].map((other, i) => (i === index ? { ...other, ...changes } : other)),
    }),
  })),
);

describe('grounding', () => {
  it('passes the analysis of the executor, as it is and over the wire', () => {
    expect(items.length).toBeGreaterThan(12);
    const passed = { passed: true, detail: `${items.length} quotes stand in the text` };
    expect(check(honest)).toEqual(passed);
    expect(check(JSON.parse(JSON.stringify(honest)) as JsonValue)).toEqual(passed);
  });

  it('passes honest analyses of reports and of any text', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const sequence = new SeededSequence(`grounding ${seed}`);
      const parts = [composeReport(sequence), composeReport(sequence)].map(({ text }) =>
        textPart(text),
      );
      expect(check(await analyse(parts), parts)).toMatchObject({ passed: true });
    }
    const piece = fc.oneof(
      fc.string({ maxLength: 30, unit: 'binary' }),
      fc.constantFrom(' Bank of Foo', ' 5%', '. ', '\n\n# Title\n', '_x', "O'Brien-", 'É', '7th '),
      fc.lorem({ mode: 'sentences', maxCount: 2 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const parts = [textPart(pieces.join('').toWellFormed())];
        expect(check(await analyse(parts), parts)).toMatchObject({ passed: true });
      }),
      { numRuns: 100 },
    );
  });

  it('passes an analysis that lists fewer and other true things', () => {
    const quote = 'most of them in Ireland';
    const keySentences = [{ quote, offset: TEXT.indexOf(quote) }];
    const figures = document!.figures.slice(2);
    expect(checkWith({ figures, keySentences, terms: [] })).toMatchObject({ passed: true });
  });

  it('rejects a fabricated quote in every list', () => {
    for (const { list, index, item, replaced } of items) {
      const quote = item.quote.replace(/[a-z0-9]/i, (letter) => (letter === '7' ? '8' : '7'));
      expect(quote).not.toBe(item.quote);
      expect(checkWith(replaced({ quote }))).toEqual({
        passed: false,
        detail: `documents/0/${list}/${index}: the quote does not stand at its place`,
      });
    }
  });

  it('rejects an offset that is shifted by any amount', () => {
    for (const { item, replaced } of items) {
      for (const shift of [-item.offset, -7, -1, 1, 2, 50, TEXT.length, 2 ** 52]) {
        const offset = item.offset + shift;
        if (shift === 0 || TEXT.startsWith(item.quote, offset)) continue;
        expect(checkWith(replaced({ offset })).passed).toBe(false);
      }
    }
  });

  it('rejects a value that does not follow from its quote', () => {
    for (const [index, figure] of document!.figures.entries()) {
      const { replaced } = items.find(({ list, index: i }) => list === 'figures' && i === index)!;
      const value = typeof figure.value === 'string' ? '2024-03-04' : figure.value + 0.01;
      expect(checkWith(replaced({ value }))).toEqual({
        passed: false,
        detail: `documents/0/figures/${index}: the value does not follow from the quote`,
      });
    }
  });

  it('rejects a value of another scale, sign, unit or kind', () => {
    const [money] = items;
    expect(money!.item.quote).toBe('$1.5 million');
    for (const change of [
      { value: 1.5 },
      { value: -1_500_000 },
      { unit: 'EUR' },
      { unit: '%' },
      { kind: 'quantity' },
    ]) {
      expect(checkWith(money!.replaced(change)).detail).toMatch(/does not follow from the quote$/);
    }
  });

  it.each([
    ['a number cut out of a longer one', '5 million', { kind: 'money', value: 5e6, unit: '$' }],
    ['an amount without its scale', '$1.5', { kind: 'money', value: 1.5, unit: '$' }],
    ['a percentage without its sign', '3%', { kind: 'percentage', value: 3, unit: '%' }],
    ['thousands cut off', '200 people', { kind: 'quantity', value: 200, unit: 'person' }],
    ['a month cut out of a day', 'March', { kind: 'date', value: '2024-03' }],
    ['words that are no figure', 'Harbour', { kind: 'date', value: '2024' }],
  ])('rejects %s', (_, quote, figure) => {
    const stated = { ...figure, quote, offset: TEXT.indexOf(quote) } as never;
    expect(checkWith({ figures: [stated] })).toEqual({
      passed: false,
      detail: 'documents/0/figures/0: the quote is no whole figure of the text',
    });
  });

  it('rejects a sentence, a term and a heading that are cut out of words', () => {
    const offset = TEXT.indexOf('Harbour') + 1;
    const cut = { quote: 'arbour', offset };
    expect(checkWith({ keySentences: [cut] }).passed).toBe(false);
    expect(checkWith({ sections: [cut] }).passed).toBe(false);
    expect(checkWith({ terms: [{ kind: 'name', occurrences: 1, ...cut }] }).passed).toBe(false);
    const start = { quote: 'Harbou', offset: offset - 1 };
    expect(checkWith({ keySentences: [start] }).passed).toBe(false);
    const whole = { quote: 'Harbour', offset: offset - 1 };
    expect(checkWith({ keySentences: [whole] }).passed).toBe(true);
  });

  it('rejects the analysis of another document', async () => {
    const { text } = composeReport(new SeededSequence('another'));
    const other = await analyse([textPart(text)]);
    expect(check(other).passed).toBe(false);
    // Of the same length, it fails by its quotes.
    const padded = await analyse([textPart(text.slice(0, TEXT.length).padEnd(TEXT.length, ' '))]);
    expect(check(padded).detail).toMatch(/does not stand at its place$/);
  });

  it('rejects documents that are missing, swapped or too many', async () => {
    const parts = [textPart('It rose 5%.'), textPart('It fell 7%.')];
    const { documents } = await analyse(parts);
    expect(check({ documents }, parts).passed).toBe(true);
    for (const others of [
      documents.slice(0, 1),
      [...documents].reverse(),
      [...documents, ...documents],
      [documents[0]!, documents[0]!],
      documents.map((one, part) => ({ ...one, part: 1 - part })),
    ]) {
      expect(check({ documents: others }, parts).passed).toBe(false);
    }
  });

  it('rejects a list that is filled up with the same thing', () => {
    for (const { list, item } of items.filter(({ index }) => index === 0)) {
      const doubled = { [list]: [item, item] } as Partial<AnalysedDocument>;
      expect(checkWith(doubled).detail).toBe(`documents/0/${list}/1: it is listed twice`);
    }
  });

  it('rejects counts that the text cannot bear out', () => {
    const { counts } = document!;
    const figures = document!.figures.length;
    for (const change of [
      { characters: TEXT.length + 1 },
      { figures: figures - 1 },
      { figures: TEXT.length + 1 },
      { sections: 0 },
      { sentences: TEXT.length + 1 },
    ]) {
      expect(checkWith({ counts: { ...counts, ...change } }).passed).toBe(false);
    }
    const term = { ...document!.terms[0]!, occurrences: TEXT.length };
    expect(checkWith({ terms: [term] }).detail).toMatch(/cannot hold it so often$/);
  });

  it('rejects every result in which one character of a quote was changed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.string({ minLength: 1, maxLength: 1 }), (n, at, other) => {
        const { item, replaced } = items[n % items.length]!;
        const place = at % item.quote.length;
        const quote = item.quote.slice(0, place) + other + item.quote.slice(place + 1);
        fc.pre(quote !== item.quote);
        expect(checkWith(replaced({ quote })).passed).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('rejects a second part, a text and unknown keys', () => {
    const part = json(honest)[0]!;
    expect(checkGrounding(inputParts, [part, part]).detail).toMatch(/more than one part$/);
    expect(checkGrounding(inputParts, [{ mediaType: 'text/plain', text: 'x' }]).passed).toBe(false);
    expect(checkGrounding(inputParts, []).passed).toBe(false);
    expect(check({ ...honest, note: 1 }).detail).toMatch(/^not a document analysis/);
    expect(checkWith({ note: 1 } as object).passed).toBe(false);
  });

  it('rejects a result for an input that has none', () => {
    for (const bad of [jsonPart({}), { mediaType: 'text/plain', bytes: new Uint8Array([0xff]) }]) {
      expect(check(honest, [bad]).detail).toMatch(/^there is a result, yet the input has none/);
    }
  });

  it('answers any JSON with a rejection', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (data) => {
        expect(check(data as JsonValue).passed).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('answers lists beyond their limits with a rejection, before it reads them', () => {
    const many = Array.from({ length: 200_000 }, () => ({}));
    for (const list of LISTS) {
      expect(checkWith({ [list]: many }).detail).toMatch(/^not a document analysis/);
    }
    expect(check({ documents: many }).passed).toBe(false);
    const long = { quote: TEXT.repeat(1_000), offset: 0 };
    expect(checkWith({ keySentences: [long] }).passed).toBe(false);
  });

  it('bears quotes that are regular expressions', () => {
    const quote = '(a+)+$[\\^.*?';
    const parts = [textPart(`so ${quote} it is`)];
    const counts = { characters: 9 + quote.length, sections: 0, sentences: 1, figures: 0 };
    const grounded = {
      ...{ part: 0, counts, figures: [], terms: [], sections: [] },
      keySentences: [{ quote, offset: 3 }],
    };
    expect(check({ documents: [grounded] }, parts).passed).toBe(true);
  });
});

describe('the checks of a document analysis', () => {
  const specification = taskForSkill({
    term: DOCUMENT_ANALYSIS_TERM,
    inputs: [{ file: 'report.txt', mediaType: 'text/plain' }],
    valueMicroUsd: 1_000,
  });

  async function verify(resultParts: readonly ResultPart[], auditRate: number) {
    return verifyResult({
      specification,
      inputParts,
      resultParts,
      random: { bytes: (length) => new Uint8Array(length).fill(255) },
      auditRate,
      recompute: executor,
    });
  }

  it('are grounding, and recomputing in a sample', () => {
    expect(checksForSkill(DOCUMENT_ANALYSIS_TERM)).toEqual([
      { type: 'grounding' },
      { type: 'recompute' },
    ]);
    expect(parseTaskSpecification(specification)).toMatchObject({ valid: true });
  });

  it('take no options for grounding', () => {
    const bad = { ...specification, verification: [{ type: 'grounding', rate: 1 }] };
    expect(parseTaskSpecification(bad)).toMatchObject({ valid: false });
  });

  it('catch a fabrication without recomputing', async () => {
    const { passed, checks } = await verify(json(honest), 0.25);
    expect(passed).toBe(true);
    expect(checks.map(({ type, skipped }) => [type, skipped === true])).toEqual([
      ['well-formed', false],
      ['grounding', false],
      ['recompute', true],
    ]);
    const [, money] = document!.figures;
    const forged = { ...document!, figures: [{ ...money!, value: 9, unit: '%' }] } as JsonValue;
    expect((await verify(json({ documents: [forged] }), 0.25)).passed).toBe(false);
  });

  it('catch what was left out when they recompute', async () => {
    const lazy = { documents: [{ ...document!, figures: [] }] };
    expect((await verify(json(lazy), 0)).passed).toBe(true);
    const { checks } = await verify(json(lazy), 1);
    expect(checks.map(({ passed }) => passed)).toEqual([true, true, false]);
  });
});
