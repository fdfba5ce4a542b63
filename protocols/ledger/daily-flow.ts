/**
 * The flow of trust, renewed once a day (wire-formats.md 5.3): computed from the state after the
 * last block of the day before, in force from the 64th block of the new day.
 *
 * Both values stand in each rater's record, so that a replica that joins in between has them. The
 * sums of pairs are faded to the hour of the day's first block. A day of fewer than 64 blocks never
 * sees its own flow; the one before stays in force.
 *
 * @module
 */

import { decay } from '../reputation/decay.ts';
import { flowFromSeeds, trustEdges } from '../reputation/flow.ts';
import { NEW_RATER, partiesOfPairKey, raterKey } from '../reputation/records.ts';
import type { PairRecord, RaterRecord } from '../reputation/records.ts';
import { clockOf, hourOf } from './block-context.ts';
import type { BlockContext } from './block-context.ts';
import { CLOCK_KEY } from './records.ts';
import type { ClockRecord } from './records.ts';
import type { LedgerState } from './state.ts';

const DAY_MS = 86_400_000;
/** Block of the day from which its flow is in force. */
const IN_FORCE_FROM = 64;

/** F of a rater that is in force at `height`. */
export function flowInForce(
  { flow, nextFlow }: RaterRecord,
  { firstHeight }: Pick<ClockRecord, 'firstHeight'>,
  height: number,
): bigint {
  return height - firstHeight + 1 >= IN_FORCE_FROM ? nextFlow : flow;
}

/** Sets the clock to the block, and on the first block of a day renews the flow of every rater. */
export function beginBlock(context: BlockContext, state: LedgerState): void {
  const { draft, height, timeMs } = context;
  const before = clockOf(draft);
  const day = Math.floor(timeMs / DAY_MS);
  const isNewDay = day > before.day;
  if (isNewDay) renewFlow(context, state, before);
  const firstHeight = isNewDay ? height : before.firstHeight;
  draft.put(CLOCK_KEY, { ...before, height, timeMs, day, firstHeight });
}

function renewFlow(
  { draft, rules, timeMs }: BlockContext,
  state: LedgerState,
  before: ClockRecord,
): void {
  const hour = hourOf(timeMs);
  const directed: (readonly [string, string, bigint])[] = [];
  const raters = new Map<string, RaterRecord>();
  for (const [key, record] of state.entries()) {
    if (key.startsWith('pair/')) {
      const pair = record as PairRecord;
      directed.push([...partiesOfPairKey(key), decay(pair.fadedSuccesses, hour - pair.hour)]);
    } else if (key.startsWith('rater/')) {
      raters.set(key, record as RaterRecord);
    }
  }
  const { pairCap, seeds } = rules.reputation;
  const flows = flowFromSeeds(trustEdges(directed, pairCap), seeds);
  const next = new Map([...flows].map(([peer, flow]) => [raterKey(peer), flow]));
  for (const key of new Set([...raters.keys(), ...next.keys()])) {
    const rater = raters.get(key) ?? { ...NEW_RATER, hour };
    const flow = flowInForce(rater, before, before.height);
    draft.put(key, { ...rater, flow, nextFlow: next.get(key) ?? 0n });
  }
}
