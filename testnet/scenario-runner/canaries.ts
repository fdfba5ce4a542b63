/**
 * Canaries: marks in the input of tasks, one for each, that stand nowhere else. One that turns up
 * shows that a copy was made, and of which task; the client's own records say who was handed it.
 *
 * @module
 */

import { toHex, utf8 } from '../../crypto/bytes.ts';
import { sha256 } from '../../crypto/hash.ts';
import type { TaskOutcome } from './measurements.ts';

/** Names that an assertion can use. */
export const CANARY_MEASURES = [
  'canariesPlanted',
  'canariesFound',
  'canariesTraced',
  'canariesTracedPercent',
] as const;

/** 48 bits: by chance no other text has them. */
const CANARY_BYTES = 6;

/** The mark of one task of a run with that seed. */
export function canaryOf(seed: number, task: string): string {
  const digest = sha256(utf8(`coalesce/testnet/canary/${seed}/${task}`));
  return toHex(digest.subarray(0, CANARY_BYTES));
}

/** The text with the mark in a sentence that says nothing good or bad. */
export function withCanary(text: string, canary: string): string {
  return `${text} The order has the number ${canary}.`;
}

/** A task whose input has a mark. */
export interface MarkedTask {
  readonly task: Pick<TaskOutcome, 'workload' | 'attempts'>;
  readonly canary: string;
}

/** Where a text was found that nobody ought to have, by the PeerId of who has it. */
export type Copies = ReadonlyMap<string, string>;

/** Figures of all marked tasks, and of each named workload with its name and a dot before them. */
export function measureCanaries(
  marked: readonly MarkedTask[],
  copies: Copies,
): Readonly<Record<string, number>> {
  if (marked.length === 0) return {};
  const figures: Record<string, number> = ofMarked(marked, copies);
  for (const workload of new Set(marked.map(({ task }) => task.workload))) {
    if (workload === '') continue;
    const own = marked.filter(({ task }) => task.workload === workload);
    for (const [name, value] of Object.entries(ofMarked(own, copies))) {
      figures[`${workload}.${name}`] = value;
    }
  }
  return figures;
}

function ofMarked(marked: readonly MarkedTask[], copies: Copies): Record<string, number> {
  const found = marked.flatMap(({ task, canary }) => {
    const holders = [...copies].filter(([, text]) => text.includes(canary));
    return holders.length === 0 ? [] : [{ task, holders: holders.map(([peerId]) => peerId) }];
  });
  // Traced: one contractor alone was handed the task, and it is the one that has the copy.
  const traced = found.filter(({ task, holders }) => {
    const handed = new Set(
      task.attempts.map(({ where }) => where).filter((one) => one !== 'local'),
    );
    return handed.size === 1 && holders.length === 1 && handed.has(holders[0]!);
  });
  return {
    canariesPlanted: marked.length,
    canariesFound: found.length,
    canariesTraced: traced.length,
    ...(found.length > 0 && { canariesTracedPercent: (100 * traced.length) / found.length }),
  };
}
