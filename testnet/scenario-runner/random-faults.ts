/**
 * Faults one after the other, drawn from the seed: which node, what happens to it, and for how
 * long. Draws do not depend on what comes of them, so a run with the same seed has the same faults
 * in the same order; times are the machine's.
 *
 * @module
 */

import type { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import type { LinkEffect } from '../faults/network-faults.ts';

/** Faults of the links of one node with all others. */
const LINK_FAULTS = {
  latency: { latencyMs: 200, jitterMs: 150 },
  bandwidth: { kilobitsPerSecond: 512 },
  loss: { lossPercent: 30 },
  reset: { resetEveryMs: 2_000 },
  partition: { isCut: true },
} as const satisfies Readonly<Record<string, LinkEffect>>;

type LinkFaultName = keyof typeof LINK_FAULTS;

/** What can happen to a node. */
export const FAULT_KINDS = [
  ...(Object.keys(LINK_FAULTS) as LinkFaultName[]),
  'pause',
  'kill',
] as const;

/** One fault. */
export interface DrawnFault {
  readonly node: string;
  readonly kind: (typeof FAULT_KINDS)[number];
  /** Until it is taken back. */
  readonly holdMs: number;
}

/**
 * The next fault, of any kind with the same probability.
 *
 * @param nodes - Names of those that it may hit.
 * @param meanHoldMs - The time is drawn evenly from half of it to one and a half.
 */
export function drawFault(
  random: SeededRandom,
  nodes: readonly string[],
  meanHoldMs: number,
): DrawnFault {
  return {
    node: nodes[random.integer(nodes.length)]!,
    kind: FAULT_KINDS[random.integer(FAULT_KINDS.length)]!,
    holdMs: Math.round(meanHoldMs * (0.5 + random.uniform())),
  };
}

/** What the runner does to its network for a fault, and to take it back. */
export interface FaultHands {
  /** @returns the way to heal it. */
  breakLinks(name: string, node: string, effect: LinkEffect): Promise<() => Promise<void>>;
  pause(node: string): Promise<void>;
  resume(node: string): Promise<void>;
  kill(node: string): Promise<void>;
  restart(node: string): Promise<void>;
}

/** Has it happen. @returns the way to take it back. */
export async function beginFault(
  { node, kind }: DrawnFault,
  hands: FaultHands,
): Promise<() => Promise<void>> {
  switch (kind) {
    case 'pause':
      await hands.pause(node);
      return () => hands.resume(node);
    case 'kill':
      await hands.kill(node);
      return () => hands.restart(node);
    default:
      return hands.breakLinks(kind, node, LINK_FAULTS[kind]);
  }
}
