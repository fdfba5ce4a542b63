/**
 * What a seed stands for: the size of the committee, who is Byzantine and how, what the network,
 * the disks and the clocks do, who asks for what. All of it is drawn before the run begins.
 *
 * @module
 */

import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import { faultyAtMost } from '../../../protocols/pbft/committee.ts';
import type { ReplicaSettings } from '../../../protocols/pbft/settings.ts';
import type { NetworkFaults } from './simulated-network.ts';

/** What a Byzantine replica does besides, or in place of, following the protocol. */
export const STRATEGIES = [
  'silent',
  'slow',
  'equivocating primary',
  'substituted block',
  'bad block',
  'double votes',
  'two-faced view change',
  'forged new view',
  'lying checkpoint',
  'replay of old views',
  'censoring one client',
  'amnesia',
  'stale certificate',
  'missing heartbeat',
] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** A Byzantine replica. */
export interface ByzantineRole {
  readonly replica: number;
  readonly strategies: readonly Strategy[];
}

export interface Scenario {
  readonly seed: number;
  readonly replicas: number;
  readonly byzantine: readonly ByzantineRole[];
  readonly network: NetworkFaults;
  readonly settings: Partial<ReplicaSettings>;
  /** When faults of network, disks and clocks end. Virtual milliseconds. */
  readonly healAtMs: number;
  /** Chance of a crash at each write of an honest replica. */
  readonly crashShare: number;
  readonly maxDownMs: number;
  readonly maxFlushMs: number;
  /** How far an honest clock may be off. */
  readonly maxSkewMs: number;
  readonly clockJumps: boolean;
  readonly requestsPerClient: number;
  readonly requestIntervalMs: number;
  readonly hasLyingClient: boolean;
  /** An honest replica loses its disk; its liveness is not asked for. */
  readonly hasWipedReplica: boolean;
  /** Messages travel as bytes, not as objects. */
  readonly isWired: boolean;
}

/** What a sweep asks of every seed. */
export interface ScenarioOptions {
  /** One Byzantine replica more than the protocol bears, all in collusion: must fail. */
  readonly isOverrun?: boolean;
  /** Strategies that every Byzantine replica has besides its own. */
  readonly strategies?: readonly Strategy[];
  /** Hushes in every run, long ones. */
  readonly hushes?: boolean;
  /** Also takes the disk of an honest replica away. */
  readonly wipes?: boolean;
}

/** Draws the scenario of a seed. */
export function scenarioOf(seed: number, options: ScenarioOptions = {}): Scenario {
  const random = new SeededRandom(seed);
  const between = (min: number, max: number): number => min + random.integer(max - min + 1);
  const isChosen = (share: number): boolean => random.uniform() < share;
  const replicas = isChosen(0.8) ? 4 : 7;
  const f = faultyAtMost(replicas);
  const count = options.isOverrun ? f + 1 : isChosen(0.9) ? f : random.integer(f + 1);
  const checkpointInterval = isChosen(0.5) ? 4 : 8;
  return {
    seed,
    replicas,
    byzantine: byzantineOf(random, replicas, count, options),
    network: {
      lossShare: isChosen(0.3) ? 0 : random.uniform() * 0.25,
      duplicateShare: random.uniform() * 0.1,
      lateShare: random.uniform() * 0.1,
      maxLateMs: between(200, 4_000),
      minDelayMs: 1,
      maxDelayMs: between(2, 60),
      cutIntervalMs: between(500, 6_000),
      maxCutMs: between(100, 8_000),
      hushIntervalMs: isChosen(options.hushes ? 1 : 0.4) ? between(500, 4_000) : 0,
      maxHushMs: between(options.hushes ? 4_000 : 500, 8_000),
    },
    settings: { checkpointInterval, window: 2 * checkpointInterval, maxBatch: between(1, 4) },
    healAtMs: between(3_000, 16_000),
    crashShare: isChosen(0.4) ? 0 : random.uniform() * 0.03,
    maxDownMs: between(10, 4_000),
    maxFlushMs: isChosen(0.9) ? between(1, 12) : between(50, 400),
    maxSkewMs: isChosen(0.5) ? 0 : between(1, 20_000),
    clockJumps: isChosen(0.2),
    requestsPerClient: between(2, 6),
    requestIntervalMs: between(100, 2_500),
    hasLyingClient: isChosen(0.4),
    hasWipedReplica: options.wipes ?? false,
    isWired: isChosen(0.1),
  };
}

function byzantineOf(
  random: SeededRandom,
  replicas: number,
  count: number,
  options: ScenarioOptions,
): ByzantineRole[] {
  const places = Array.from({ length: replicas }, (_, i) => i);
  return Array.from({ length: count }, () => {
    const [replica] = places.splice(random.integer(places.length), 1);
    const strategies = new Set<Strategy>(options.strategies);
    if (options.isOverrun) {
      strategies.add('equivocating primary').add('double votes');
    } else {
      const own = 1 + random.integer(3);
      for (let i = 0; i < own; i++) strategies.add(STRATEGIES[random.integer(STRATEGIES.length)]!);
    }
    return { replica: replica!, strategies: [...strategies] };
  });
}
