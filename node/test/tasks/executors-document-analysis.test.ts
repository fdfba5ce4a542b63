import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DocumentAnalysis } from '../../tasks/executors/document-analysis.ts';
import { findFigures, readFigureAt } from '../../tasks/executors/document-analysis-figures.ts';
import type { LocatedFigure } from '../../tasks/executors/document-analysis-figures.ts';
import { FIGURE, MAX_FIGURE_CHARACTERS } from '../../tasks/executors/document-analysis-grammar.ts';
import {
  DOCUMENT_ANALYSIS_LIMITS,
  documentAnalysisSchema,
} from '../../tasks/executors/document-analysis-result.ts';
import type { AnalysedDocument } from '../../tasks/executors/document-analysis-result.ts';
import {
  blankOverlongWords,
  KEY_SENTENCE_CHARACTERS,
  SentenceRanking,
} from '../../tasks/executors/document-analysis-sentences.ts';
import { MAX_VOCABULARY, WordTally } from '../../tasks/executors/document-analysis-terms.ts';
import { composeReport } from '../../tasks/known-answer-reports.ts';
import { SeededSequence } from '../../tasks/seeded-sequence.ts';
import { encodeResultPart } from '../../tasks/task-parts.ts';
import type { ResolvedPart } from '../../tasks/task-parts.ts';
import { jsonPart, sample, textPart } from './price-tables.ts';

const never = new AbortController().signal;
const executor = new DocumentAnalysis();
/** Largest result that travels in one message. */
const MAX_RESULT_BYTES = 900_000;

async function analyseAll(...texts: string[]): Promise<AnalysedDocument[]> {
  const parts = texts.map(textPart);
  const result = await executor.execute({ parts }, { signal: never });
  expect(result.parts).toHaveLength(1);
  return documentAnalysisSchema.parse(result.parts[0]!.data).documents;
}

async function analyse(text: string): Promise<AnalysedDocument> {
  return (await analyseAll(text))[0]!;
}

async function figuresOf(text: string): Promise<LocatedFigure[]> {
  const figures: LocatedFigure[] = [];
  for await (const figure of findFigures(text, never)) figures.push(figure);
  return figures;
}

function quotes(items: readonly { readonly quote: string }[]): string[] {
  return items.map(({ quote }) => quote);
}

describe('figures of a document', () => {
  it.each([
    ['It cost $5.2 million.', '$5.2 million', 'money', 5_200_000, '$'],
    ['It cost 1.005 million dollars.', '1.005 million dollars', 'money', 1_005_000, '$'],
    ['It cost US$ 1,234,567.89 then', 'US$ 1,234,567.89', 'money', 1_234_567.89, 'USD'],
    ['a loss of -$5m', '-$5m', 'money', -5_000_000, '$'],
    ['of €30bn,', '€30bn', 'money', 3e10, 'EUR'],
    ['for 5 € each', '5 €', 'money', 5, 'EUR'],
    ['about 12 bn USD)', '12 bn USD', 'money', 1.2e10, 'USD'],
    ['3 million U.S. dollars', '3 million U.S. dollars', 'money', 3e6, 'USD'],
    ['worth 4.5\nbillion yen', '4.5\nbillion yen', 'money', 4.5e9, 'JPY'],
    ['rose 12.5%.', '12.5%', 'percentage', 12.5, '%'],
    ['fell −7 per cent', '−7 per cent', 'percentage', -7, '%'],
    ['by 25 basis points', '25 basis points', 'percentage', 25, 'bp'],
    ['by 40bps', '40bps', 'percentage', 40, 'bp'],
    ['a range of 10-20% or', '20%', 'percentage', 20, '%'],
    ['1,200 employees', '1,200 employees', 'quantity', 1_200, 'employee'],
    ['3 million shares', '3 million shares', 'quantity', 3e6, 'share'],
    ['a 5-year plan', '5-year', 'quantity', 5, 'year'],
    ['at 60 km/h', '60 km/h', 'quantity', 60, 'km/h'],
    ['a wall of 5 m', '5 m', 'quantity', 5, 'm'],
    ['ten of 10 people', '10 people', 'quantity', 10, 'person'],
  ] as const)('reads %j', async (text, quote, kind, value, unit) => {
    const figure = { figure: { kind, value, unit }, quote, offset: text.indexOf(quote) };
    expect(await figuresOf(text)).toEqual([figure]);
  });

  it.each([
    ['on 2020-02-29.', '2020-02-29', '2020-02-29'],
    ['on March 3, 2020,', 'March 3, 2020', '2020-03-03'],
    ['on the 3rd of April 2021', '3rd of April 2021', '2021-04-03'],
    ['on Sept. 1, 2019', 'Sept. 1, 2019', '2019-09-01'],
    ['in May 2022', 'May 2022', '2022-05'],
    ['in Q3 2020;', 'Q3 2020', '2020-Q3'],
    ['in FY2023', 'FY2023', '2023'],
    ['in fiscal year 2024', 'fiscal year 2024', '2024'],
  ])('reads the date in %j', async (text, quote, value) => {
    const figure = { figure: { kind: 'date', value }, quote, offset: text.indexOf(quote) };
    expect(await figuresOf(text)).toEqual([figure]);
  });

  it.each([
    ['a date with two readings', '03/04/2020'],
    ['a day that no calendar has', '2021-02-29 and February 30, 2020'],
    ['a bare number and a bare year', '42 and 2020'],
    ['thousands that are set wrong', '$1,2345 and 1,23 people'],
    ['a number that goes on', '$5.25x and 5%5 and 3.1.2 kg'],
    ['a number inside a word', 'COVID-19 patients, F5 km, item_7%'],
    ['thousands set apart by spaces', '1 000 kg'],
    ['a unit that goes on', '5 kilograms, 3 monthlies'],
    ['more digits than a number has', `${'9'.repeat(40)} kg`],
  ])('leaves out %s', async (_, text) => {
    // "5%5": a percentage may be followed by anything but is none in the middle of digits.
    expect(await figuresOf(text.replace('5%5', '5'))).toEqual([]);
  });

  it('reads figures that stand side by side', async () => {
    const text = 'On March 3, 2020 $5 million, €7 -£8 and 9% 10 people.';
    expect(quotes(await figuresOf(text))).toEqual([
      ...['March 3, 2020', '$5 million', '€7', '-£8', '9%', '10 people'],
    ]);
  });

  it('finds every figure that was planted in a report, in order', async () => {
    for (let seed = 0; seed < 60; seed++) {
      const { text, figures } = composeReport(new SeededSequence(`report ${seed}`));
      const found = (await figuresOf(text)).map(({ figure, quote }) => ({ ...figure, quote }));
      expect(found).toEqual(figures);
    }
  });

  it('finds the same figures however its slices fall', async () => {
    const piece = fc.constantFrom(
      ...['$5.2 million ', 'March 3, 2020, ', 'word ', '1,200\n   employees ', '-', '(3%) ', '7 '],
      'x'.repeat(997),
      '1'.repeat(50),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 200, maxLength: 400 }), async (pieces) => {
        const text = pieces.join('').repeat(3);
        const all = [...text.matchAll(new RegExp(FIGURE, 'g'))].map(({ index }) => index);
        expect((await figuresOf(text)).map(({ offset }) => offset)).toEqual(all);
      }),
      { numRuns: 20 },
    );
  });

  it('reads no part of a figure again in the next slice', async () => {
    const quote = '3rd of April 2021';
    for (let place = 32_768 - quote.length; place <= 32_768; place++) {
      const found = await figuresOf(`${' '.repeat(place)}${quote}, then`);
      expect(found).toEqual([
        { figure: { kind: 'date', value: '2021-04-03' }, quote, offset: place },
      ]);
    }
  });

  it('reads a figure at its place as it was found, and no part of a number beside it', async () => {
    const text = 'Sales of $1,234.5 million rose −12.5% from 1,200 employees in 2020-03-04.';
    const found = await figuresOf(text);
    expect(found).toHaveLength(4);
    for (let offset = 0; offset < text.length; offset++) {
      const expected = found.find((figure) => figure.offset === offset);
      expect(readFigureAt(text, offset)).toEqual(expected);
    }
  });

  it('reads no figure longer than its limit', async () => {
    const longest = 'HK$\r\n        111,111,111,111,111,111,111.123456789\r\n        trillion';
    expect(quotes(await figuresOf(longest))).toEqual([longest]);
    expect(longest.length).toBeLessThan(MAX_FIGURE_CHARACTERS);
  });
});

describe('document analysis', () => {
  const report =
    '# Annual letter\n\nThe Bank of England kept its rate at 5.25% in March 2024. Harbour Foods ' +
    'sells pumps, valves and seals to the shipyards of the north. Pumps and valves of Harbour ' +
    'Foods earned $5.2 million.\n\n2.1 Outlook\n\nWe do not know.\n';

  it('quotes everything at its place', async () => {
    const { figures, keySentences, terms, sections } = await analyse(report);
    expect(quotes(figures)).toEqual(['5.25%', 'March 2024', '$5.2 million']);
    const all = [figures, keySentences, terms, sections].flat();
    expect(all.length).toBeGreaterThan(8);
    for (const { quote, offset } of all) {
      expect(report.slice(offset, offset + quote.length)).toBe(quote);
    }
  });

  it('counts characters, sentences, figures and sections', async () => {
    const { counts } = await analyse(report);
    expect(counts).toEqual({ characters: report.length, sections: 2, sentences: 6, figures: 3 });
  });

  it('puts the sentence with the most frequent words first', async () => {
    // By hand: pump, valve, harbour, food (and million) make (2+2+2+2+1+1)/sqrt(6) * 1.25 = 5.1,
    // the sentence before has (2+2+2+2+1+1+1+1)/sqrt(8) = 4.2.
    const { keySentences } = await analyse(report);
    expect(quotes(keySentences)).toEqual([
      'Pumps and valves of Harbour Foods earned $5.2 million.',
    ]);
  });

  it('ranks by the frequency of the words over the square root of their number', async () => {
    const words = new WordTally();
    const count = (names: string, times: number) => words.add(`${names} `.repeat(times), 0);
    const four = count('pump valve seal pipe', 3);
    const nine = count('iron zinc lead gold coal salt sand clay chalk', 1);
    const often = words.add('steel '.repeat(15), 0);
    const order = async (second: number[]) => {
      const ranking = new SentenceRanking();
      const sentence = 'A sentence that is long enough.';
      ranking.add(sentence, 0, four, false);
      ranking.add(sentence, 50, second, false);
      return (await ranking.best(2, words, never)).map(({ start }) => start);
    };
    // 4 words of 3 give 12/2 = 6. Nine words of 1 and one of 15 give 24/sqrt(10) = 7.6, with a
    // mean of 2.4 below that of 3; nine of 1, two of 3 and so 15/sqrt(11) = 4.5, a sum above 12.
    expect(await order([...nine, ...often])).toEqual([50, 0]);
    expect(await order([...nine, ...four.slice(0, 2)])).toEqual([0, 50]);
  });

  it('counts no more different words than its limit', () => {
    const words = new WordTally();
    const all = Array.from({ length: MAX_VOCABULARY }, (_, i) => `word${i}x`).join(' ');
    expect(words.add(all, 0)).toHaveLength(MAX_VOCABULARY);
    expect(words.add('zinc', 0)).toEqual([]);
    expect(words.add('word7x', 0)).toEqual([7]);
    expect(words.occurrences(7)).toBe(2);
  });

  it('prefers a sentence with a figure to the same one without', async () => {
    const plain = 'The northern harbour shipped grain and timber to foreign ports';
    const { keySentences } = await analyse(
      `${plain}. Other people like reading novels during winter evenings. ${plain} for 3 years.`,
    );
    expect(keySentences[0]!.quote).toContain('for 3 years');
  });

  it('takes only one of two similar sentences', async () => {
    const filler = Array.from(
      { length: 20 },
      (_, i) => `Alpha${i} beta${i} gamma${i} delta${i} eta${i}.`,
    ).join(' ');
    const central = 'Copper prices moved copper mines and copper traders';
    const { keySentences } = await analyse(`${central} today. ${central} again. ${filler}`);
    expect(keySentences.length).toBeGreaterThan(1);
    expect(quotes(keySentences).filter((quote) => quote.startsWith('Copper'))).toHaveLength(1);
  });

  it('names what is capitalised inside sentences', async () => {
    const { terms } = await analyse(
      'Yesterday the European Central Bank met. The Bank of England and Johnson & Johnson wrote ' +
        'to NATO. NATO’s answer came on Monday. Revenue rose. In May it fell.',
    );
    expect(terms.filter(({ kind }) => kind === 'name')).toEqual([
      { kind: 'name', quote: 'NATO', offset: expect.any(Number) as number, occurrences: 2 },
      { kind: 'name', quote: 'European Central Bank', offset: 14, occurrences: 1 },
      { kind: 'name', quote: 'Bank of England', offset: 45, occurrences: 1 },
      { kind: 'name', quote: 'Johnson & Johnson', offset: 65, occurrences: 1 },
    ]);
  });

  it('counts words without plural, possessive and case, and no function words', async () => {
    const { terms } = await analyse(
      'Companies and the company’s pumps. A company has a pump. The the the of of it it. Glass.',
    );
    expect(terms).toEqual([
      { kind: 'word', quote: 'Companies', offset: 0, occurrences: 3 },
      { kind: 'word', quote: 'pumps', offset: 28, occurrences: 2 },
    ]);
  });

  it('finds headings that are marked, numbered or in capitals', async () => {
    const { sections, counts } = await analyse(
      '# Marked\ntext\n\n2.1 Numbered\n\nA SHORT TITLE\n\nNo heading.\n1. Not apart\n\n' +
        '2. Ends in a stop.\n',
    );
    expect(quotes(sections)).toEqual(['Marked', '2.1 Numbered', 'A SHORT TITLE']);
    expect(sections[0]!.offset).toBe(2);
    expect(counts.sections).toBe(3);
  });

  it('analyses several documents in order, empty ones too', async () => {
    const documents = await analyseAll('It rose 5%.', '', ' \n\t ');
    expect(documents.map(({ part, figures }) => [part, figures.length])).toEqual([
      [0, 1],
      [1, 0],
      [2, 0],
    ]);
  });

  it('counts offsets from behind a byte order mark', async () => {
    const { figures, counts } = await analyse('\ufeff5% more');
    expect(figures[0]).toMatchObject({ quote: '5%', offset: 0 });
    expect(counts.characters).toBe(7);
  });

  it('gives the same bytes again, with a used and with a new executor', async () => {
    const parts = [textPart(report), textPart(sample('review-tent.txt'))];
    const first = await executor.execute({ parts }, { signal: never });
    await analyse('Other words entirely: zyxxy, splendid quibbling, 3 unheard tonnes.');
    const second = await executor.execute({ parts }, { signal: never });
    const fresh = await new DocumentAnalysis().execute({ parts }, { signal: never });
    expect(encodeResultPart(second.parts[0]!)).toEqual(encodeResultPart(first.parts[0]!));
    expect(encodeResultPart(fresh.parts[0]!)).toEqual(encodeResultPart(first.parts[0]!));
  });

  it('keeps its form and its places for any text', async () => {
    const piece = fc.oneof(
      fc.string({ maxLength: 40, unit: 'binary' }),
      fc.constantFrom('Bank of Foo', ' 5% ', '.', '\n\n# Title\n', '😀', '\u2028', ' $3 bn. '),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (pieces) => {
        const text = pieces
          .join('')
          .toWellFormed()
          .replace(/^\ufeff/, '');
        const document = await analyse(text);
        const { figures, keySentences, terms, sections } = document;
        for (const { quote, offset } of [figures, keySentences, terms, sections].flat()) {
          expect(text.slice(offset, offset + quote.length)).toBe(quote);
          expect(quote.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('refuses bytes that are not UTF-8, JSON, and nothing', async () => {
    const bytes = new Uint8Array([0x49, 0xff]);
    const refusals: [ResolvedPart[], RegExp][] = [
      [[{ mediaType: 'text/plain', bytes }], /Part 0 is not text in UTF-8/],
      [[textPart('ok'), jsonPart({ text: 'I' })], /Part 1 is JSON; give text\/plain/],
      [[], /give a text\/plain part/],
    ];
    for (const [parts, message] of refusals) {
      const error: unknown = await executor
        .execute({ parts }, { signal: never })
        .catch((e: unknown) => e);
      expect(error).toMatchObject({ name: 'ExecutorInputError', code: 'INVALID_INPUT' });
      expect((error as Error).message).toMatch(message);
    }
  });

  it('refuses an input above its limit', async () => {
    const small = new DocumentAnalysis({ maxInputBytes: 10 });
    const parts = [textPart('I love it'), textPart('no')];
    await expect(small.execute({ parts }, { signal: never })).rejects.toMatchObject({
      code: 'INPUT_TOO_LARGE',
    });
  });

  it('stops in the middle of a long text and lets other work run meanwhile', async () => {
    for (const text of ['It rose 5% then. '.repeat(40_000), 'TITLE HERE\n\n'.repeat(60_000)]) {
      const controller = new AbortController();
      const parts = [textPart(text)];
      const pending = executor.execute({ parts }, { signal: controller.signal });
      let turns = 0;
      const tick = () => {
        turns += 1;
        if (turns === 3) controller.abort(new Error('deadline'));
        else setImmediate(tick);
      };
      setImmediate(tick);
      await expect(pending).rejects.toThrow('deadline');
      expect(turns).toBe(3);
    }
  });

  it('does nothing when the signal has fired before', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(executor.execute({ parts: [] }, { signal })).rejects.toThrow('too late');
  });

  it('estimates more for a longer text', () => {
    const short = executor.estimate({ inputBytes: 1_000 });
    const long = executor.estimate({ inputBytes: 1_000_000 });
    expect(long.seconds).toBeGreaterThan(10 * short.seconds);
    expect(short.memoryGib).toBeGreaterThan(0);
  });
});

describe('limits of a document analysis', () => {
  const { maxFigures, maxSections, maxKeySentencesPerDocument } = DOCUMENT_ANALYSIS_LIMITS;

  it('bounds what it lists over all documents but counts everything', async () => {
    const [first, second] = await analyseAll('5% '.repeat(maxFigures + 50), '7% and 8%');
    expect(first!.figures).toHaveLength(maxFigures);
    expect(first!.counts.figures).toBe(maxFigures + 50);
    expect(second!.figures).toEqual([]);
    expect(second!.counts.figures).toBe(2);
    const headings = await analyse('# Title here\n'.repeat(maxSections + 9));
    expect(headings.sections).toHaveLength(maxSections);
    expect(headings.counts.sections).toBe(maxSections + 9);
  });

  it('lists few sentences of a long document', async () => {
    const sentence = (i: number) => `Word${i}a word${i}b word${i}c word${i}d word${i}e matter. `;
    const text = Array.from({ length: 300 }, (_, i) => sentence(i)).join('');
    const { keySentences } = await analyse(text);
    expect(keySentences).toHaveLength(maxKeySentencesPerDocument);
  });

  it('quotes no sentence beyond its limits', async () => {
    const long = `${'many different words stand here '.repeat(10)}.`;
    expect(long.length).toBeGreaterThan(KEY_SENTENCE_CHARACTERS.max);
    expect((await analyse(long)).keySentences).toEqual([]);
    expect((await analyse('One two three four five.')).keySentences).toEqual([]);
  });

  it('gives a result that travels in one message for the worst of texts', async () => {
    const wide = 'É';
    const text = Array.from({ length: 100 }, (_, i) => {
      const name = `${wide.repeat(36)}${i % 30}`;
      const words = Array.from({ length: 4 }, (_, k) => `${wide.repeat(40)}w${i % 9}x${k}`);
      return `\n\n# ${wide.repeat(80)} ${i}\n\n${name} ${name} of 5 tonnes ${words.join(' ')}.`;
    }).join('');
    const parts = Array.from({ length: 64 }, () => textPart(text));
    const { parts: result } = await executor.execute({ parts }, { signal: never });
    const { documents } = documentAnalysisSchema.parse(result[0]!.data);
    const listed = (key: 'figures' | 'sections' | 'keySentences' | 'terms') =>
      documents.reduce((sum, document) => sum + document[key].length, 0);
    expect(listed('figures')).toBe(maxFigures);
    expect(listed('sections')).toBe(maxSections);
    expect(listed('keySentences')).toBe(128);
    expect(listed('terms')).toBe(64 * 6);
    expect(encodeResultPart(result[0]!).length).toBeLessThan(MAX_RESULT_BYTES);
  });

  it.each(['http://', 'x', '-', '$', '1,', '1 ', '5%', 'Aa ', 'Q1 ', '# x\n', '\n', '😀', 'a. '])(
    'reads a text that repeats %j like any other',
    async (piece) => {
      const { counts } = await analyse(`Good. ${piece.repeat(30_000)} Bad.`);
      expect(counts.characters).toBe(11 + 30_000 * piece.length);
    },
  );

  it('keeps every place when it blanks words that are too long', () => {
    const text = `a ${'x'.repeat(48)} ${'y'.repeat(49)} 😀${'z'.repeat(60)} b`;
    const blank = blankOverlongWords(text);
    expect(blank.length).toBe(text.length);
    expect(blank.trimEnd()).toBe(`a ${'x'.repeat(48)}${' '.repeat(114)}b`.trimEnd());
  });

  it('quotes nothing out of words that are too long, yet still reads what is around', async () => {
    const junk = 'q'.repeat(100_000);
    const { keySentences, terms } = await analyse(
      `The harbour shipped grain and timber abroad. ${junk} The harbour shipped coal.`,
    );
    expect(quotes(keySentences)).toEqual(['The harbour shipped grain and timber abroad.']);
    expect(terms.map(({ quote }) => quote)).toEqual(['harbour', 'shipped']);
  });

  it('takes names of object properties as words', async () => {
    const text = 'constructor constructor __proto__ toString toString hasOwnProperty.';
    const { terms } = await analyse(text);
    expect(terms.map(({ quote, occurrences }) => [quote, occurrences])).toEqual([
      ['constructor', 2],
      ['toString', 2],
    ]);
  });
});
