/**
 * Reviews from a seed: sentences of different moods about one product, in paragraphs.
 *
 * @module
 */

import type { SeededSequence } from './seeded-sequence.ts';

const PRODUCTS = [
  'kettle',
  'backpack',
  'keyboard',
  'bicycle lamp',
  'coffee grinder',
  'tent',
  'router',
  'vacuum cleaner',
  'desk chair',
  'headset',
  'printer',
  'rain jacket',
] as const;
const PARTS = [
  'handle',
  'battery',
  'manual',
  'packaging',
  'surface',
  'switch',
  'app',
  'cable',
  'zip',
  'display',
] as const;
const GOOD = [
  'excellent',
  'great',
  'solid',
  'beautiful',
  'useful',
  'reliable',
  'pleasant',
  'superb',
] as const;
const BAD = [
  'terrible',
  'flimsy',
  'awful',
  'useless',
  'annoying',
  'poor',
  'disappointing',
  'ugly',
] as const;
const TIMES = ['a week', 'two months', 'a few days', 'half a year', 'one long trip'] as const;
const PLACES = ['at home', 'in the office', 'on the road', 'at my sister’s place'] as const;

type Compose = (sequence: SeededSequence, product: string) => string;

const SENTENCES: readonly Compose[] = [
  (s, product) =>
    `The ${product} is ${s.pick(GOOD)}, and the ${s.pick(PARTS)} feels ${s.pick(GOOD)}.`,
  (_, product) => `I love this ${product}!`,
  (s) => `After ${s.pick(TIMES)} the ${s.pick(PARTS)} is still ${s.pick(GOOD)}.`,
  (_, product) => `I would recommend the ${product} to my friends.`,
  (s) => `Support was ${s.pick(GOOD)} and answered within a day.`,
  (s) => `The ${s.pick(PARTS)} is ${s.pick(BAD)}.`,
  (s, product) => `After ${s.pick(TIMES)} the ${product} broke, which is ${s.pick(BAD)}.`,
  (s) => `The ${s.pick(PARTS)} is not ${s.pick(GOOD)} at all.`,
  (_, product) => `I hate how the ${product} sounds.`,
  (s) => `The ${s.pick(PARTS)} looks ${s.pick(GOOD)}, but the ${s.pick(PARTS)} is ${s.pick(BAD)}.`,
  (s, product) => `I have used the ${product} for ${s.pick(TIMES)} ${s.pick(PLACES)}.`,
  (s) => `It came with a ${s.pick(PARTS)} and a spare ${s.pick(PARTS)}.`,
  (s) => `The box weighs ${s.integer(1, 9)} kg and arrived after ${s.integer(2, 12)} days.`,
  (s, product) => `We bought the ${product} for ${s.integer(15, 400)} euros.`,
  (s) => `Is the ${s.pick(PARTS)} worth the money? I am not sure.`,
];

/** A review of 4 to 24 sentences in paragraphs of 2 to 6. */
export function composeReview(sequence: SeededSequence): string {
  const product = sequence.pick(PRODUCTS);
  const paragraphs: string[] = [];
  let left = sequence.integer(4, 24);
  while (left > 0) {
    const length = Math.min(left, sequence.integer(2, 6));
    const sentences = Array.from({ length }, () => sequence.pick(SENTENCES)(sequence, product));
    paragraphs.push(sentences.join(' '));
    left -= length;
  }
  return `${paragraphs.join('\n\n')}\n`;
}
