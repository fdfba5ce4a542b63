/**
 * The contractors of one run: who they are, how loaded they are, and what they ask for at the
 * moment (paper Eq. 7).
 *
 * @module
 */

import { dynamicPriceMicroUsd, PRICE_SENSITIVITY } from '../../node/cost/external-cost.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import type { Market } from './market.ts';

/** simulation_engine.py 169-217: how demand drifts, and how capacity shrinks. */
const DEMAND_STEP = 0.3;
const DEMAND_CENTRE = 0.5;
const MIN_SHARE = 0.1;

/** Contractors as columns. */
export class Population {
  readonly size: number;
  readonly type: Uint8Array;
  readonly unitPriceA: Float64Array;
  readonly unitPriceB: Float64Array;
  readonly latencyMinutes: Float64Array;
  /** True figures, which no client sees. */
  readonly reliability: Float64Array;
  readonly securityRisk: Float64Array;
  readonly qualityRisk: Float64Array;
  /** Eq. (7), in one unit: shares with a total of 1, or slots. */
  readonly demand: Float64Array;
  readonly available: Float64Array;
  readonly total: number;
  /** Factor of Eq. (7) on the unit prices, at the present load. */
  readonly priceFactor: Float64Array;
  /** Scarcity as Listing 1 reads it, in [0, 1]. */
  readonly pressure: Float64Array;
  /** Minutes that a task waits before it is begun. */
  readonly waitMinutes: Float64Array;
  readonly #market: Market;
  readonly #done: Float64Array;
  readonly #priceShare: Float64Array;
  readonly #isHoarding: Uint8Array;
  readonly #priceSensitivity: number;
  /** Per contractor and slot: hour at which it is free again. */
  readonly #freeAt: Float64Array;

  /** @param hasDynamicPrices - Whether prices react to load. */
  constructor(market: Market, size: number, seed: number, hasDynamicPrices: boolean) {
    const random = new SeededRandom(seed);
    const isReference = market.load.kind === 'reference';
    const column = (): Float64Array => new Float64Array(size);
    this.#market = market;
    this.size = size;
    this.type = new Uint8Array(size);
    this.unitPriceA = column();
    this.unitPriceB = column();
    this.latencyMinutes = column();
    this.reliability = column();
    this.securityRisk = column();
    this.qualityRisk = column();
    this.demand = column();
    this.available = column();
    this.priceFactor = column();
    this.pressure = column();
    this.waitMinutes = column();
    this.#done = column();
    this.#priceShare = column().fill(1);
    this.#isHoarding = new Uint8Array(size);
    this.#priceSensitivity = hasDynamicPrices ? PRICE_SENSITIVITY : 0;
    this.total = isReference ? 1 : market.load.slots;
    this.#freeAt = new Float64Array(isReference ? 0 : size * market.load.slots);
    for (let one = 0; one < size; one++) this.#draw(one, random, isReference);
  }

  /** Lets a contractor ask for so much of what Eq. (7) says. */
  setPriceShare(one: number, share: number): void {
    this.#priceShare[one] = share;
    this.#quote(one);
  }

  /** Lets a contractor say that it is as good as full, for the rest of the run. */
  hoard(one: number): void {
    this.#isHoarding[one] = 1;
    this.#quote(one);
  }

  /** A new hour: in the reference's market demand drifts with that of the market. */
  startHour(hour: number, marketDemand: number): void {
    if (this.#market.load.kind === 'slots') {
      for (let one = 0; one < this.size; one++) this.#lookAtSlots(one, hour);
      return;
    }
    const step = (marketDemand - DEMAND_CENTRE) * DEMAND_STEP;
    for (let one = 0; one < this.size; one++) {
      this.demand[one] = Math.max(MIN_SHARE, Math.min(1, this.demand[one]! + step));
      this.#quote(one);
    }
  }

  /**
   * A contractor takes a task.
   *
   * @returns the hour at which it is done, waiting included.
   */
  take(one: number, hour: number, minutes: number): number {
    const { load } = this.#market;
    if (load.kind === 'reference') {
      this.#done[one]!++;
      this.available[one] = Math.max(MIN_SHARE, 1 - Math.min(1, this.#done[one]! / load.slots));
      this.#quote(one);
      return hour + minutes / 60;
    }
    let slot = one * load.slots;
    for (let other = slot; other < (one + 1) * load.slots; other++) {
      if (this.#freeAt[other]! < this.#freeAt[slot]!) slot = other;
    }
    const done = Math.max(hour, this.#freeAt[slot]!) + minutes / 60;
    this.#freeAt[slot] = done;
    this.#lookAtSlots(one, hour);
    return done;
  }

  #draw(one: number, random: SeededRandom, isReference: boolean): void {
    const { contractors, latencyDeviation, priceDeviation, ...market } = this.#market;
    const type = this.#drawType(random);
    const { unitPricesMicroUsd, latencyMinutes, ...own } = contractors[type]!;
    const latency = latencyMinutes * (1 + latencyDeviation * random.normal());
    const price = Math.max(market.minUnitPriceShare, 1 + priceDeviation * random.normal());
    this.type[one] = type;
    this.latencyMinutes[one] = Math.max(market.minLatencyMinutes, latency);
    this.unitPriceA[one] = unitPricesMicroUsd[0] * price;
    this.unitPriceB[one] = unitPricesMicroUsd[1] * price;
    this.reliability[one] = own.reliability;
    this.securityRisk[one] = own.securityRisk;
    this.qualityRisk[one] = own.qualityRisk;
    const demand = 0.2 + 0.7 * random.uniform();
    const available = 0.6 + 0.4 * random.uniform();
    this.demand[one] = isReference ? demand : 0;
    this.available[one] = isReference ? available : this.total;
    this.#quote(one);
  }

  #drawType(random: SeededRandom): number {
    const { contractors } = this.#market;
    let rest = random.uniform();
    for (let type = 0; type < contractors.length - 1; type++) {
      rest -= contractors[type]!.share;
      if (rest < 0) return type;
    }
    return contractors.length - 1;
  }

  #lookAtSlots(one: number, hour: number): void {
    const { slots } = this.#market.load;
    let busy = 0;
    let soonest = Infinity;
    for (let slot = one * slots; slot < (one + 1) * slots; slot++) {
      const freeAt = this.#freeAt[slot]!;
      if (freeAt > hour) busy++;
      soonest = Math.min(soonest, freeAt);
    }
    this.demand[one] = busy;
    this.available[one] = slots - busy;
    this.waitMinutes[one] = Math.max(0, soonest - hour) * 60;
    this.#quote(one);
  }

  #quote(one: number): void {
    const isHoarding = this.#isHoarding[one] === 1;
    const load = {
      demand: isHoarding ? this.total : this.demand[one]!,
      available: isHoarding ? MIN_SHARE * this.total : this.available[one]!,
      total: this.total,
    };
    const base = this.#priceShare[one]!;
    this.priceFactor[one] = dynamicPriceMicroUsd(base, load, 1, this.#priceSensitivity);
    const scarcity = 0.5 + (0.5 * (load.demand - load.available)) / load.total;
    this.pressure[one] = Math.max(0, Math.min(1, scarcity));
  }
}
