/**
 * Contractors that cheat: what each attack does, as far as a client can see it (security.md 6,
 * paper VI-B). All of them bid 40 % below the honest price of their type, except where said, and
 * work well for an attestor, whose tasks they recognise.
 *
 * @module
 */

import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';

/** Names of the attacks. */
export const ATTACKS = [
  'fabrication',
  'on-off',
  'whitewashing',
  'collusion',
  'bait-and-switch',
  'exploration-abuse',
] as const;

/** One of them. */
export type Attack = (typeof ATTACKS)[number];

const PRICE_SHARE = 0.6;
/** Of an attacker that wants to be tried, and holds no certificate. */
const BAIT_PRICE_SHARE = 0.5;
/** Results that a fabricator makes up. */
const JUNK_SHARE = 0.8;
/** Tasks that an on-off attacker does well, and then badly, and so on. */
const ON_OFF_TASKS = 10;
/** Above this value a bait-and-switch attacker cheats: the middle of the paper's market. */
const BAIT_VALUE_MICRO_USD = 275_000_000;
/** Failures under one name after which a whitewasher takes another. */
const FAILURES_PER_NAME = 2;

/** Who cheats, and what they have done so far. */
export class Adversaries {
  readonly attack: Attack | null;
  readonly isMalicious: Uint8Array;
  readonly #tasks: Float64Array;
  readonly #failures: Float64Array;

  /** Each contractor cheats with probability `share`. */
  constructor(attack: Attack | null, size: number, share: number, seed: number) {
    const random = new SeededRandom(seed);
    this.attack = attack;
    this.isMalicious = new Uint8Array(size);
    this.#tasks = new Float64Array(size);
    this.#failures = new Float64Array(size);
    for (let one = 0; one < size; one++) {
      if (random.uniform() < share && attack !== null) this.isMalicious[one] = 1;
    }
  }

  /** Factor on the honest price. */
  priceShare(one: number): number {
    if (this.isMalicious[one] === 0) return 1;
    return this.attack === 'exploration-abuse' ? BAIT_PRICE_SHARE : PRICE_SHARE;
  }

  /** Whether it asks no attestor for a certificate. */
  avoidsAttestation(one: number): boolean {
    return this.isMalicious[one] === 1 && this.attack === 'exploration-abuse';
  }

  /** Whether its next result is made up. @param draw - Uniform in [0, 1). */
  cheats(one: number, valueMicroUsd: number, draw: number): boolean {
    if (this.isMalicious[one] === 0) return false;
    const done = this.#tasks[one]!++;
    switch (this.attack) {
      case 'on-off':
        return Math.floor(done / ON_OFF_TASKS) % 2 === 1;
      case 'bait-and-switch':
        return valueMicroUsd > BAIT_VALUE_MICRO_USD;
      case 'exploration-abuse':
        return true;
      default:
        return draw < JUNK_SHARE;
    }
  }

  /** It was found out. @returns whether it comes back under a new name. */
  isRenamedAfterFailure(one: number): boolean {
    if (this.attack !== 'whitewashing' || this.isMalicious[one] === 0) return false;
    this.#failures[one]!++;
    if (this.#failures[one]! < FAILURES_PER_NAME) return false;
    this.#failures[one] = 0;
    return true;
  }
}
