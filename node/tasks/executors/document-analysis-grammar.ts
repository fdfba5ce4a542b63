/**
 * How English text writes figures: numbers, scales, currencies, units and dates, as tables and as
 * one regular expression. What has two readings is left out: 03/04/2026, a bare year, "pounds";
 * "$" and "¥" stay signs, since several countries use them.
 *
 * Every repetition is bounded and only Latin letters count as letters, so hostile text costs no
 * more than other text and the tables of Unicode, which grow, do not change a reading.
 *
 * @module
 */

/** Latin letters. */
export const LETTERS = 'A-Za-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u024f';
/** Three letters that tell a month, in order. */
export const MONTHS: readonly string[] = [
  ...['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun'],
  ...['Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
];

/** Powers of ten of scale words. Letters are scales of money only: "5 m" is a length. */
export const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ['thousand', 3],
  ['million', 6],
  ['billion', 9],
  ['trillion', 12],
  ['k', 3],
  ['m', 6],
  ['mn', 6],
  ['b', 9],
  ['bn', 9],
  ['t', 12],
  ['tn', 12],
]);

function withPlurals(entries: readonly (readonly [string, string])[]): [string, string][] {
  return entries.flatMap(([name, unit]) => [
    [name, unit],
    [`${name}s`, unit],
  ]);
}

function same(words: string): [string, string][] {
  return words.split(' ').map((word) => [word, word]);
}

const CURRENCY_CODES = 'USD EUR GBP JPY CNY CHF CAD AUD INR SEK NOK DKK PLN BRL KRW SGD';
const CURRENCY_SIGNS: readonly (readonly [string, string])[] = [
  ['US$', 'USD'],
  ['A$', 'AUD'],
  ['C$', 'CAD'],
  ['HK$', 'HKD'],
  ['$', '$'],
  ['€', 'EUR'],
  ['£', 'GBP'],
  ['₹', 'INR'],
  ['¥', '¥'],
];
/** What stands beside an amount of money, and its unit. */
export const CURRENCIES: ReadonlyMap<string, string> = new Map([
  ...same(CURRENCY_CODES),
  ...CURRENCY_SIGNS,
  ...withPlurals([
    ['dollar', '$'],
    ['US dollar', 'USD'],
    ['U.S. dollar', 'USD'],
    ['euro', 'EUR'],
    ['Swiss franc', 'CHF'],
  ]),
  ['yen', 'JPY'],
  ['pounds sterling', 'GBP'],
]);

/** What stands behind a percentage, and its unit. */
export const PERCENT_UNITS: ReadonlyMap<string, string> = new Map([
  ['%', '%'],
  ['percent', '%'],
  ['per cent', '%'],
  ['bps', 'bp'],
  ...withPlurals([
    ['percentage point', 'pp'],
    ['basis point', 'bp'],
  ]),
]);

const COUNTED =
  'second minute hour day week month quarter year mile tonne ton barrel gallon hectare acre ' +
  'person employee user customer patient share unit store site household vehicle node agent token';
const SYMBOLS =
  'ms mm cm m km ft mg g kg t lb kW MW GW TW kWh MWh GWh TWh kB KB MB GB TB PB °C °F km/h m/s';
/** What stands behind a quantity, and its unit. */
export const UNITS: ReadonlyMap<string, string> = new Map([
  ...withPlurals(same(COUNTED)),
  ...same(SYMBOLS),
  ...withPlurals([
    ['metre', 'm'],
    ['meter', 'm'],
    ['kilometre', 'km'],
    ['kilometer', 'km'],
    ['litre', 'litre'],
    ['liter', 'litre'],
    ['lb', 'lb'],
  ]),
  ['people', 'person'],
  ['foot', 'ft'],
  ['feet', 'ft'],
  ['inch', 'inch'],
  ['inches', 'inch'],
]);

/** One white space, or the end of a line that was wrapped. */
const GAP = '(?:[ \\t\\u00a0\\u202f]|[ \\t]?\\r?\\n[ \\t]{0,8})';

/** Names as alternatives, the longest first, for any white space between their words. */
function anyOf(names: Iterable<string>): string {
  const sorted = [...names].sort((a, b) => b.length - a.length || (a < b ? -1 : 1));
  const escaped = sorted.map((name) => name.replace(/[$.*+?]/g, '\\$&').replaceAll(' ', GAP));
  return `(?:${escaped.join('|')})`;
}

/** Letters, digits and the underscore: what words and numbers are made of. */
export const WORD = `${LETTERS}0-9_`;
const SIGNS = anyOf(CURRENCY_SIGNS.map(([sign]) => sign));
/** Not in the middle of a word, and not behind a sign or currency of its own. */
const AFTER_OTHERS = `(?<![${WORD}$€£¥₹]|[A-Za-z]-|[$€£¥₹][ \\u00a0]|(?:^|[\\s(])[-−+])`;
/** Not in the middle of a number, where a currency cannot stand; 1 000 is one number. */
const AFTER_NUMBERS = `(?:(?<![0-9][.,:/ \\u00a0\\u202f])|(?=[-−+]?${SIGNS}))`;
const START = AFTER_OTHERS + AFTER_NUMBERS;
const END = `(?![${WORD}]|[.,:/]?[0-9])`;
const SIGN = '(?:(?<=^|[\\s(])[-−+])?';
const NUMBER = '(?:[0-9]{1,3}(?:,[0-9]{3}){1,6}|[0-9]{1,15})(?:\\.[0-9]{1,9})?';
const SCALE = '(?:thousand|million|billion|trillion)';
const AMOUNT = `${NUMBER}(?:(?:${GAP}|-)?${SCALE}|${GAP}?(?:mn|bn|tn)|[kKmMbBtT])?`;

const MONTH =
  '(?:Jan(?:uary|\\.)?|Feb(?:ruary|\\.)?|Mar(?:ch|\\.)?|Apr(?:il|\\.)?|May|Jun(?:e|\\.)?' +
  '|Jul(?:y|\\.)?|Aug(?:ust|\\.)?|Sep(?:t(?:ember|\\.)?|\\.)?|Oct(?:ober|\\.)?' +
  '|Nov(?:ember|\\.)?|Dec(?:ember|\\.)?)';
const DAY = '(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?';
const YEAR = '(?:1[5-9]|2[01])[0-9]{2}';

/** A date, a month, a quarter or a fiscal year. */
const DATE =
  `(?:${YEAR}-[01][0-9]-[0-3][0-9](?!-)` +
  `|${MONTH}${GAP}${DAY},?${GAP}${YEAR}` +
  `|${DAY}${GAP}(?:of${GAP})?${MONTH},?${GAP}${YEAR}` +
  `|${MONTH},?${GAP}${YEAR}` +
  `|Q[1-4],?${GAP}${YEAR}` +
  `|(?:FY${GAP}?|[Ff]iscal${GAP}(?:year${GAP})?)${YEAR})${END}`;

const CODES = anyOf(CURRENCY_CODES.split(' '));
const CURRENCY_WORDS = [...CURRENCIES.keys()].filter((name) => /[A-Za-z]$/.test(name));
const MONEY =
  `(?:${SIGN}(?:${SIGNS}|${CODES}${GAP})${GAP}?${AMOUNT}` +
  `|${SIGN}${AMOUNT}(?:${GAP}${anyOf(CURRENCY_WORDS)}|${GAP}?[€£]))${END}`;

const PERCENT_WORDS = [...PERCENT_UNITS.keys()].filter((name) => name !== '%');
const PERCENTAGE = `${SIGN}${NUMBER}(?:${GAP}?%|(?:${GAP}|-)?${anyOf(PERCENT_WORDS)}${END})`;

const MEASURED = `${NUMBER}(?:(?:${GAP}|-)${SCALE})?`;
const QUANTITY = `${SIGN}${MEASURED}(?:${GAP}|-)?${anyOf(UNITS.keys())}${END}`;

/** A figure of any kind. At one place the kinds are tried in this order. */
export const FIGURE = `${START}(?:${DATE}|${MONEY}|${PERCENTAGE}|${QUANTITY})`;
/** No figure is longer. */
export const MAX_FIGURE_CHARACTERS = 128;
/** Nothing further back decides whether a figure starts at a place. */
export const MAX_LOOKBEHIND = 4;
