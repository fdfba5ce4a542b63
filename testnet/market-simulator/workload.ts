/**
 * The tasks of one run, drawn before it: when they arrive, at which client, and what chance has in
 * store for each. Every policy that is compared meets the same tasks.
 *
 * Columns instead of objects: a run reads them once, in order.
 *
 * @module
 */

import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import type { Arrivals, Market } from './market.ts';

const HOURS_PER_DAY = 24;
const HOURS_PER_WEEK = 168;
const WORKDAYS = 5;
/** Poisson numbers of a greater mean are added up from parts. */
const MAX_POISSON_MEAN = 8;

/** Length and size of a run. */
export interface RunSize {
  readonly days: number;
  readonly clients: number;
  /** Factor on the arrivals of the market. */
  readonly arrivalFactor: number;
}

/** Tasks as columns, in the order in which they are decided. */
export interface Workload {
  readonly count: number;
  readonly hours: number;
  /** Index of the first task of each hour, and the count at the end. */
  readonly firstOfHour: Int32Array;
  /** Demand of the market in each hour. */
  readonly demand: Float64Array;
  readonly client: Int32Array;
  readonly type: Uint8Array;
  readonly complexity: Float64Array;
  readonly valueMicroUsd: Float64Array;
  readonly budgetMicroUsd: Float64Array;
  readonly inputGb: Float64Array;
  readonly outputGb: Float64Array;
  readonly localSeconds: Float64Array;
  readonly localMinutes: Float64Array;
  readonly memoryGib: Float64Array;
  readonly unitsA: Float64Array;
  readonly unitsB: Float64Array;
  /** Actual / estimated, of the cost here, the cost there, and the latency there. */
  readonly localFactor: Float64Array;
  readonly externalFactor: Float64Array;
  readonly timeFactor: Float64Array;
  /** Uniform draws that decide whether it is delivered, right, and kept secret. */
  readonly deliveryDraw: Float64Array;
  readonly qualityDraw: Float64Array;
  readonly securityDraw: Float64Array;
  /** And whether an attacker cheats, and an audit finds it. */
  readonly cheatDraw: Float64Array;
  readonly auditDraw: Float64Array;
}

/** Whether an hour of the week, Monday 0:00 is 0, is one of business. */
export function isBusinessHour(hourOfWeek: number, { businessHours }: Arrivals): boolean {
  const hour = hourOfWeek % HOURS_PER_DAY;
  const day = Math.floor(hourOfWeek / HOURS_PER_DAY) % (HOURS_PER_WEEK / HOURS_PER_DAY);
  return day < WORKDAYS && hour >= businessHours.min && hour <= businessHours.max;
}

/** A Poisson number: products of uniforms (Knuth), in parts of a small mean. */
function poisson(mean: number, random: SeededRandom): number {
  let count = 0;
  for (let rest = mean; rest > 0; rest -= MAX_POISSON_MEAN) {
    const limit = Math.exp(-Math.min(rest, MAX_POISSON_MEAN));
    for (let product = random.uniform(); product > limit; product *= random.uniform()) count++;
  }
  return count;
}

function typeOf(draw: number, { tasks }: Market): number {
  let rest = draw;
  for (let type = 0; type < tasks.length - 1; type++) {
    rest -= tasks[type]!.probability;
    if (rest < 0) return type;
  }
  return tasks.length - 1;
}

function drawDemand(market: Market, hours: number, random: SeededRandom): Float64Array {
  const { arrivals } = market;
  const demand = new Float64Array(hours);
  for (let hour = 0; hour < hours; hour++) {
    const isBusiness = isBusinessHour(arrivals.startHourOfWeek + hour, arrivals);
    const mean = arrivals.baseDemand * (isBusiness ? arrivals.businessFactor : 1);
    const drawn = mean + arrivals.demandDeviation * random.normal();
    demand[hour] = Math.max(arrivals.demandLimits.min, Math.min(arrivals.demandLimits.max, drawn));
  }
  return demand;
}

/** The last one drawn: deciders that are compared ask for the same one after the other. */
let last: { readonly key: string; readonly market: Market; readonly workload: Workload } | null =
  null;

/** Draws the tasks, or gives those drawn last. Nobody changes them. */
export function workloadOf(
  market: Market,
  { days, clients, arrivalFactor }: RunSize,
  seed: number,
  attackSeed: number,
): Workload {
  const key = [days, clients, arrivalFactor, seed, attackSeed].join();
  if (last?.key !== key || last.market !== market) {
    const size = { days, clients, arrivalFactor };
    last = { key, market, workload: drawWorkload(market, size, seed, attackSeed) };
  }
  return last.workload;
}

/**
 * Draws the tasks. Task i of an hour goes to client i modulo the number of clients.
 *
 * @param attackSeed - Of the draws that only matter where somebody attacks.
 */
export function drawWorkload(
  market: Market,
  size: RunSize,
  seed: number,
  attackSeed: number,
): Workload {
  const random = new SeededRandom(seed);
  const attacks = new SeededRandom(attackSeed);
  const hours = Math.round(size.days * HOURS_PER_DAY);
  const demand = drawDemand(market, hours, random);
  const firstOfHour = new Int32Array(hours + 1);
  for (let hour = 0; hour < hours; hour++) {
    const mean = market.arrivals.tasksPerHour * size.arrivalFactor * demand[hour]!;
    firstOfHour[hour + 1] = firstOfHour[hour]! + poisson(mean, random);
  }
  const count = firstOfHour[hours]!;
  const workload = newWorkload(count, hours, firstOfHour, demand);
  for (let hour = 0; hour < hours; hour++) {
    const first = firstOfHour[hour]!;
    const inHour = firstOfHour[hour + 1]! - first;
    setClients(workload.client, first, inHour, size.clients);
  }
  for (let task = 0; task < count; task++) {
    drawInto(workload, task, market, random);
    workload.cheatDraw[task] = attacks.uniform();
    workload.auditDraw[task] = attacks.uniform();
  }
  return workload;
}

function newWorkload(
  count: number,
  hours: number,
  firstOfHour: Int32Array,
  demand: Float64Array,
): Workload {
  return {
    count,
    hours,
    firstOfHour,
    demand,
    client: new Int32Array(count),
    type: new Uint8Array(count),
    complexity: new Float64Array(count),
    valueMicroUsd: new Float64Array(count),
    budgetMicroUsd: new Float64Array(count),
    inputGb: new Float64Array(count),
    outputGb: new Float64Array(count),
    localSeconds: new Float64Array(count),
    localMinutes: new Float64Array(count),
    memoryGib: new Float64Array(count),
    unitsA: new Float64Array(count),
    unitsB: new Float64Array(count),
    localFactor: new Float64Array(count),
    externalFactor: new Float64Array(count),
    timeFactor: new Float64Array(count),
    deliveryDraw: new Float64Array(count),
    qualityDraw: new Float64Array(count),
    securityDraw: new Float64Array(count),
    cheatDraw: new Float64Array(count),
    auditDraw: new Float64Array(count),
  };
}

/** Tasks of one client stand together: it decides on all of its queue in a row. */
function setClients(client: Int32Array, first: number, inHour: number, clients: number): void {
  let task = first;
  for (let one = 0; one < Math.min(clients, inHour); one++) {
    for (let i = one; i < inHour; i += clients) client[task++] = one;
  }
}

function drawInto(workload: Workload, task: number, market: Market, random: SeededRandom): void {
  const type = typeOf(random.uniform(), market);
  const drawn = market.drawTask(type, random);
  workload.type[task] = type;
  workload.complexity[task] = drawn.complexity;
  workload.valueMicroUsd[task] = drawn.valueMicroUsd;
  workload.budgetMicroUsd[task] = drawn.budgetMicroUsd;
  workload.inputGb[task] = drawn.inputGb;
  workload.outputGb[task] = drawn.outputGb;
  workload.localSeconds[task] = drawn.localSeconds;
  workload.localMinutes[task] = drawn.localMinutes;
  workload.memoryGib[task] = drawn.memoryGib;
  workload.unitsA[task] = drawn.units[0];
  workload.unitsB[task] = drawn.units[1];
  workload.localFactor[task] = factor(market.localNoise, random);
  workload.externalFactor[task] = factor(market.externalNoise, random);
  workload.timeFactor[task] = factor(market.timeNoise, random);
  workload.deliveryDraw[task] = random.uniform();
  workload.qualityDraw[task] = random.uniform();
  workload.securityDraw[task] = random.uniform();
}

function factor(deviation: number, random: SeededRandom): number {
  return Math.max(0, 1 + deviation * random.normal());
}
