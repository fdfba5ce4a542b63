/**
 * Business reports from a seed: sections of sentences about one company, with figures whose values
 * are known because they were written here.
 *
 * @module
 */

import type { SeededSequence } from './seeded-sequence.ts';

/** A figure of a report, as an analysis should state it. */
export interface PlantedFigure {
  readonly quote: string;
  readonly kind: 'money' | 'percentage' | 'quantity' | 'date';
  readonly value: number | string;
  readonly unit?: string;
}

/** A report and everything in it that has a value, in the order of the text. */
export interface ComposedReport {
  readonly text: string;
  readonly figures: readonly PlantedFigure[];
}

const FIRST_NAMES = ['Harbour', 'Norden', 'Alder', 'Castel', 'Meridian', 'Quarry', 'Linden'];
const LAST_NAMES = ['Foods', 'Logistics', 'Energy', 'Instruments', 'Textiles', 'Paper', 'Marine'];
const SECTIONS = ['Results', 'Markets', 'Costs', 'Investments', 'Staff', 'Outlook'] as const;
const PRODUCTS = ['pumps', 'cold storage', 'packaging', 'sensors', 'spare parts', 'insulation'];
const REGIONS = ['Scandinavia', 'Iberia', 'the Benelux countries', 'the Baltic states', 'Ireland'];
const SIGNS = [
  ['$', '$'],
  ['€', 'EUR'],
  ['£', 'GBP'],
] as const;
const SCALES = [
  ['million', 1e6],
  ['billion', 1e9],
] as const;
const MONTHS = ['January', 'March', 'June', 'September', 'December'];
const MONTH_NUMBERS = ['01', '03', '06', '09', '12'];

/** A number with one digit behind the point, and what it is worth. */
function tenths(sequence: SeededSequence, max: number): { text: string; value: number } {
  const text = `${sequence.integer(1, max)}.${sequence.integer(1, 9)}`;
  return { text, value: Number(text) };
}

function money(sequence: SeededSequence): PlantedFigure {
  const [sign, unit] = sequence.pick(SIGNS);
  if (sequence.uniform() < 0.4) {
    const thousands = sequence.integer(1, 999);
    const rest = String(sequence.integer(0, 999)).padStart(3, '0');
    const value = Number(`${thousands}${rest}`);
    return { quote: `${sign}${thousands},${rest}`, kind: 'money', value, unit };
  }
  const { text } = tenths(sequence, 400);
  const [scale, factor] = sequence.pick(SCALES);
  const value = Math.round(Number(text) * 10) * (factor / 10);
  return { quote: `${sign}${text} ${scale}`, kind: 'money', value, unit };
}

function percentage(sequence: SeededSequence): PlantedFigure {
  const { text, value } = tenths(sequence, 40);
  const word = sequence.pick(['%', ' percent', ' per cent']);
  return { quote: `${text}${word}`, kind: 'percentage', value, unit: '%' };
}

function quantity(sequence: SeededSequence): PlantedFigure {
  const [plural, unit] = sequence.pick([
    ['employees', 'employee'],
    ['customers', 'customer'],
    ['vehicles', 'vehicle'],
    ['tonnes', 'tonne'],
    ['MWh', 'MWh'],
  ] as const);
  const thousands = sequence.integer(1, 60);
  const rest = String(sequence.integer(0, 999)).padStart(3, '0');
  const value = Number(`${thousands}${rest}`);
  return { quote: `${thousands},${rest} ${plural}`, kind: 'quantity', value, unit };
}

function date(sequence: SeededSequence): PlantedFigure {
  const year = sequence.integer(2015, 2026);
  if (sequence.uniform() < 0.4) {
    const quarter = sequence.integer(1, 4);
    return { quote: `Q${quarter} ${year}`, kind: 'date', value: `${year}-Q${quarter}` };
  }
  const month = sequence.integer(0, MONTHS.length - 1);
  const day = sequence.integer(1, 28);
  const value = `${year}-${MONTH_NUMBERS[month]}-${String(day).padStart(2, '0')}`;
  const name = MONTHS[month] ?? '';
  const quote = sequence.uniform() < 0.5 ? `${day} ${name} ${year}` : `${name} ${day}, ${year}`;
  return { quote, kind: 'date', value };
}

type Sentence = readonly (string | PlantedFigure)[];
type Compose = (sequence: SeededSequence, company: string) => Sentence;

const SENTENCES: readonly Compose[] = [
  (s, company) => [`${company} earned `, money(s), ' in ', date(s), `, a rise of `, percentage(s)],
  (s) => [`Sales of ${s.pick(PRODUCTS)} in ${s.pick(REGIONS)} grew by `, percentage(s)],
  (s) => [`Freight and energy cost `, money(s), `, which is `, percentage(s), ' of all expenses'],
  (s, company) => [`Since `, date(s), `, ${company} has delivered to `, quantity(s)],
  (s) => [`The plant for ${s.pick(PRODUCTS)} was opened on `, date(s), ' and cost ', money(s)],
  (s) => [`Demand for ${s.pick(PRODUCTS)} in ${s.pick(REGIONS)} stayed below the plan`],
  (_, company) => [`The board of ${company} expects the market to recover slowly`],
  (s) => [`A loan of `, money(s), ` was repaid before `, date(s)],
  (s) => [`At the end of `, date(s), ' the group counted ', quantity(s)],
  (s) => [`Prices of ${s.pick(PRODUCTS)} followed the cost of steel with some delay`],
];

/** A report of 3 to 5 sections with 3 to 7 sentences each. */
export function composeReport(sequence: SeededSequence): ComposedReport {
  const company = `${sequence.pick(FIRST_NAMES)} ${sequence.pick(LAST_NAMES)}`;
  const figures: PlantedFigure[] = [];
  const write = (sentence: Sentence): string => {
    const pieces = sentence.map((piece) => {
      if (typeof piece === 'string') return piece;
      figures.push(piece);
      return piece.quote;
    });
    return `${pieces.join('')}.`;
  };
  const start = sequence.integer(0, 1);
  const count = sequence.integer(3, 5);
  const sections = SECTIONS.slice(start, start + count).map((title, i) => {
    const sentences = Array.from({ length: sequence.integer(3, 7) }, () =>
      write(sequence.pick(SENTENCES)(sequence, company)),
    );
    return `${i + 1}. ${title}\n\n${sentences.join(' ')}`;
  });
  return { text: `${sections.join('\n\n')}\n`, figures };
}
