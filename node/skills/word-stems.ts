/**
 * Words of an English text and their stems (Porter 1980, the library `stemmer`). The same text
 * gives the same stems on every machine: nothing depends on a locale.
 *
 * @module
 */

import { stemmer } from 'stemmer';

/** Characters of a text that are read; the rest is ignored. */
export const MAX_READ_CHARACTERS = 16_384;

/** Characters of a word that are read. Longer runs are no words. */
const MAX_WORD_CHARACTERS = 40;

/** Stems that are kept, so that a word that comes again is not stemmed again. */
const MAX_KEPT_STEMS = 8_192;

/** Words that say nothing about a skill, the term predicates among them. */
const COMMON_WORDS: ReadonlySet<string> = new Set(
  (
    'a about all also am an and any anything are as at be been being but by can could did do ' +
    'does doing done for from get gets give given gives had has have having he her his how i if ' +
    'in into is it its itself just let like ll made make makes may me might more most my need ' +
    'needs no not of on one only onto or our out over own please put re s she should so some ' +
    'someone something such t than that the their them then there these they this those through ' +
    'to too up us use used uses using ve very via want wants was we well were what when where ' +
    'which who whose why will with within without would you your performs canexecute ' +
    'hasresource hasaccessto hasknowledgebase supportsprotocol'
  ).split(' '),
);

/** Forms that no suffix rule reaches, each after the word that it belongs to. */
const IRREGULAR_FORMS: ReadonlyMap<string, string> = new Map(
  (
    'analyze analysis analyses, bad worse worst, break broke broken, bring brought, build built, ' +
    'buy bought, catch caught, child children, choose chose chosen, deal dealt, draw drew drawn, ' +
    'drink drank drunk, drive drove driven, eat ate eaten, fall fell fallen, feel felt, ' +
    'fight fought, fly flew flown, foot feet, forget forgot forgotten, freeze froze frozen, ' +
    'good better best, grow grew grown, half halves, hear heard, hide hidden, hold held, ' +
    'keep kept, knife knives, know knew known, leaf leaves, lend lent, life lives, lose lost, ' +
    'man men, mean meant, meet met, mouse mice, pay paid, person people, prove proven, ' +
    'ring rang rung, rise rose risen, say said, see saw seen, sell sold, send sent, ' +
    'shake shaken, shoot shot, shrink shrank shrunk, sing sang sung, sink sank sunk, ' +
    'sleep slept, speak spoke spoken, spend spent, steal stole stolen, swim swam, ' +
    'take took taken, teach taught, tell told, think thought, throw threw thrown, ' +
    'tooth teeth, understand understood, wear wore worn, wife wives, win won, woman women, ' +
    'write wrote written'
  )
    .split(', ')
    .flatMap((entry) => {
      const [word, ...forms] = entry.split(' ');
      return forms.map((form): [string, string] => [form, word!]);
    }),
);

/** Whether a word says nothing about a skill. */
export function isCommonWord(word: string): boolean {
  return COMMON_WORDS.has(word);
}

/** Lower-case words of a text, common ones too, in their order. */
export function wordsOf(text: string): string[] {
  const folded = text.slice(0, MAX_READ_CHARACTERS).normalize('NFKC').toLowerCase();
  const words = folded.slice(0, MAX_READ_CHARACTERS).match(/[\p{L}\p{N}]+(?:\+\+|#)?/gu) ?? [];
  return words.map((word) => word.slice(0, MAX_WORD_CHARACTERS));
}

const kept = new Map<string, string>();

/** Stem of one lower-case word. British and irregular forms get the stem of the usual one. */
export function stemOf(word: string): string {
  const known = kept.get(word);
  if (known !== undefined) return known;
  const american = (IRREGULAR_FORMS.get(word) ?? word)
    .replace(/([a-z]{3}[a-z]*)is(e[rsd]?|ers|ing|ations?)$/, '$1iz$2')
    .replace(/([a-z]{3}[a-z]*)ys(e[srd]?|ing)$/, '$1yz$2')
    .replace(/([a-z]{3}[a-z]*)our(s|ed|ing|al)?$/, '$1or$2');
  const stem = /^[a-z]+$/.test(american) ? stemmer(american) : american;
  if (kept.size >= MAX_KEPT_STEMS) kept.clear();
  kept.set(word, stem);
  return stem;
}

/** Stems of the words of a text that are not common, in their order. */
export function stemsOf(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !isCommonWord(word))
    .map(stemOf);
}
