/**
 * Attacks on the wire that run beside the work of a scenario, and what they did.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { StatusDocument } from '../../node/api-documents.ts';
import { sendMalformedFrames } from '../adversaries/malformed-frames.ts';
import { lieInLookups } from '../adversaries/lookup-liar.ts';
import { floodWithQuotes } from '../adversaries/quote-flood.ts';
import { holdIdleStreams } from '../adversaries/slow-loris.ts';
import { freeRide, hoardCapacity } from '../adversaries/unpaying-client.ts';
import type { AttackCounts, AttackInit, AttackTarget } from '../adversaries/wire-peer.ts';
import type { NodeProcess } from '../node-process.ts';
import { quantile } from './measurements.ts';
import type { Action } from './scenario-file.ts';
import { TERM, taskBody, textOf } from './workload.ts';

const SAMPLE_MS = 1_000;
const TASK_BYTES = 200;

/** Attacks that go on until they are ended, and those that have an end. */
const ENDLESS = ['floodQuotes', 'idleStreams', 'lieInLookups', 'hoard'] as const;
const NAMES = [...ENDLESS, 'malformedFrames', 'freeRide'] as const;

type Named<One, Name extends string> = One extends unknown
  ? Name extends keyof One
    ? One
    : never
  : never;
type NamedEach<Name extends string> = Name extends unknown ? Named<Action, Name> : never;
/** Steps that are attacks on the wire. */
export type AttackAction = NamedEach<(typeof NAMES)[number]>;

/** Whether a step is one. */
export function isAttack(action: Action): action is AttackAction {
  return NAMES.some((name) => name in action);
}

/** Whether it goes on until it is ended. */
export function isEndless(action: AttackAction): boolean {
  return ENDLESS.some((name) => name in action);
}

/** Nodes that a step is aimed at. */
export function victimsOf(action: AttackAction): string {
  return Object.values(action as Record<string, { readonly nodes: string }>)[0]!.nodes;
}

/** The attacks of one run. */
export class Attacks {
  readonly counts: AttackCounts = { tried: 0, served: 0, refused: 0 };
  readonly #seed: number;
  readonly #end = new AbortController();
  /** Of each attacked node, sample by sample. */
  readonly #growthsOf = new Map<string, number[]>();
  readonly #watching: Promise<void>[] = [];
  #mostHeld = 0;
  #unpaidMicroUsd = 0;
  #hasBegun = false;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Until the attack is done, or {@link end}. @throws what keeps its peers from joining. */
  async run(
    action: AttackAction,
    victims: readonly NodeProcess[],
    signal: AbortSignal,
  ): Promise<void> {
    this.#hasBegun = true;
    const targets: AttackTarget[] = [];
    for (const { peerId, api } of victims) {
      const { addresses } = await api.get<StatusDocument>('/v1/status');
      targets.push({ peerId, addresses });
    }
    const either = AbortSignal.any([signal, this.#end.signal]);
    setMaxListeners(0, either); // each victim's samples and each peer listen to it
    this.#watching.push(...victims.map((victim) => this.#watchMemory(victim, either)));
    await this.#start(action, { targets, counts: this.counts, signal: either });
  }

  #start(action: AttackAction, init: AttackInit): Promise<void> {
    if ('floodQuotes' in action) {
      const { every, peers, requests } = action.floodQuotes;
      return floodWithQuotes({ ...init, term: TERM, peers, requests, everyMs: every });
    }
    if ('idleStreams' in action) {
      const { peers, streams } = action.idleStreams;
      const onHeld = (held: number): void => {
        this.#mostHeld = Math.max(this.#mostHeld, held);
      };
      return holdIdleStreams({ ...init, peers, streams, onHeld });
    }
    if ('malformedFrames' in action) {
      const { peers, frames } = action.malformedFrames;
      return sendMalformedFrames({ ...init, peers, frames, seed: this.#seed });
    }
    if ('lieInLookups' in action) {
      return lieInLookups({ ...init, peers: action.lieInLookups.peers, seed: this.#seed });
    }
    const { task: specification } = taskBody(textOf(0, TASK_BYTES), 'unpaid');
    if ('hoard' in action) return hoardCapacity({ ...init, ...action.hoard, specification });
    const onTaken = (priceMicroUsd: number): void => {
      this.#unpaidMicroUsd += priceMicroUsd;
    };
    return freeRide({ ...init, ...action.freeRide, specification, onTaken });
  }

  /** Ends what goes on without end. */
  async end(): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#watching);
  }

  /** Measures; none where nobody attacked. */
  figures(): Readonly<Record<string, number>> {
    if (!this.#hasBegun) return {};
    const { tried, served, refused } = this.counts;
    const growths = [...this.#growthsOf.values()].map((all) => all.sort((a, b) => a - b));
    return {
      ...{ attackTried: tried, attackServed: served, attackRefused: refused },
      streamsHeld: this.#mostHeld,
      unpaidMicroUsd: this.#unpaidMicroUsd,
      memoryGrowthMegabytes: Math.max(0, ...growths.map((all) => quantile(all, 0.5))),
      memoryPeakMegabytes: Math.max(0, ...growths.flat()),
    };
  }

  /** A node's memory while it is attacked, above what it had before. */
  async #watchMemory({ name, api }: NodeProcess, signal: AbortSignal): Promise<void> {
    let firstMegabytes: number | undefined;
    const growths: number[] = [];
    this.#growthsOf.set(name, growths);
    while (!signal.aborted) {
      const limit = AbortSignal.timeout(10 * SAMPLE_MS);
      const status = await api
        .get<StatusDocument>('/v1/status', { signal: limit })
        .catch(() => undefined);
      if (status) {
        firstMegabytes ??= status.memoryRssMegabytes;
        growths.push(status.memoryRssMegabytes - firstMegabytes);
      }
      await delay(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
