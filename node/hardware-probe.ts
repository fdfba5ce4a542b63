/**
 * What this machine can do, measured once: rate of double-precision operations and of copied bytes
 * in this process, and the memory of the machine or of its container. These are P_peak and M_total
 * of paper Eq. (2) and (3).
 *
 * Measures one thread and no processor of graphics, since the built-in executors run in one thread.
 * The rates are per second of processor time: what other processes take of the machine is not its
 * rate. Does not measure power and prices; those are the configuration's.
 *
 * @module
 */

import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock, Logger } from '../protocols/components.ts';
import type { Config } from './config/schema.ts';
import type { JsonSection } from './storage/store.ts';
import type { Processor } from './system-clock.ts';

/** Key in the section `settings`. */
const SETTINGS_KEY = 'hardware';
const BYTES_PER_GIB = 1024 ** 3;

/** Multiplications and additions of one step of {@link multiplyAdd}. */
const FLOPS_PER_STEP = 16;
/** Steps of a round before the speed is known: some 10 ms where nothing is compiled yet. */
const FIRST_STEPS = 50_000;
const WARM_UP_ROUNDS = 10;
const ROUND_SECONDS = 0.01;
const MAX_STEPS = 1e8;
const ROUNDS = 5;
/** Larger than the caches next to a core, small enough to be copied in some 5 ms. */
const COPIED_BYTES = 16 * 1024 ** 2;

/** Rates and sizes outside are no measurement of a computer that runs this program. */
const PLAUSIBLE = {
  peakFlopsPerSecond: { min: 1e6, max: 1e15 },
  memoryBandwidthBytesPerSecond: { min: 1e6, max: 1e14 },
  memoryGib: { min: 0.01, max: 1e6 },
} as const;

/** What a probe found. */
export interface HardwareMeasure {
  readonly peakFlopsPerSecond: number;
  /** Bytes read and bytes written by a copy. For tasks that name the bytes that they move. */
  readonly memoryBandwidthBytesPerSecond: number;
  readonly memoryGib: number;
}

/** A measure and when it was taken. */
export interface StoredHardware extends HardwareMeasure {
  readonly measuredAtMs: number;
}

/** Measures the machine. */
export type HardwareProbe = () => Promise<HardwareMeasure>;

/** Eight chains that do not wait for each other, each a multiplication and an addition per step. */
function multiplyAdd(steps: number, factor: number, summand: number): number {
  let [a, b, c, d] = [0.1, 0.2, 0.3, 0.4];
  let [e, f, g, h] = [0.5, 0.6, 0.7, 0.8];
  for (let i = 0; i < steps; i++) {
    a = a * factor + summand;
    b = b * factor + summand;
    c = c * factor + summand;
    d = d * factor + summand;
    e = e * factor + summand;
    f = f * factor + summand;
    g = g * factor + summand;
    h = h * factor + summand;
  }
  return a + b + c + d + e + f + g + h;
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((x, y) => x - y)[values.length >> 1] ?? Number.NaN;
}

/** Seconds of processor time per round; other work runs between the rounds. */
async function timeRounds(rounds: number, processor: Processor, work: () => void) {
  const seconds: number[] = [];
  for (let round = 0; round < rounds; round++) {
    await nextTurn();
    const start = processor.seconds();
    work();
    seconds.push(processor.seconds() - start);
  }
  return seconds;
}

async function measureFlops(processor: Processor): Promise<number> {
  let sink = 0;
  const round = (steps: number) => () => {
    sink += multiplyAdd(steps, 0.999, 0.001);
  };
  const warmUp = await timeRounds(WARM_UP_ROUNDS, processor, round(FIRST_STEPS));
  const perStep = Math.min(...warmUp.slice(-3)) / FIRST_STEPS;
  // A clock that did not move tells nothing of the speed: then the rounds stay short.
  const steps = perStep > 0 ? Math.min(MAX_STEPS, Math.ceil(ROUND_SECONDS / perStep)) : FIRST_STEPS;
  const seconds = await timeRounds(ROUNDS, processor, round(steps));
  return Number.isFinite(sink) ? (steps * FLOPS_PER_STEP) / medianOf(seconds) : Number.NaN;
}

async function measureBandwidth(processor: Processor): Promise<number> {
  const source = new Float64Array(COPIED_BYTES / Float64Array.BYTES_PER_ELEMENT).fill(1);
  await nextTurn();
  const target = new Float64Array(source.length).fill(0);
  const seconds = await timeRounds(ROUNDS, processor, () => {
    target.set(source);
  });
  return (2 * COPIED_BYTES) / medianOf(seconds);
}

/** Memory of the machine, or the limit of the container that this process runs in. */
function memoryBytes(): number {
  const limit = constrainedMemory() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/**
 * A probe of this machine: some 100 ms of processor time, in pieces of some 10 ms between which
 * other work runs.
 */
export function createHardwareProbe(processor: Processor): HardwareProbe {
  return async () => ({
    peakFlopsPerSecond: await measureFlops(processor),
    memoryBandwidthBytesPerSecond: await measureBandwidth(processor),
    memoryGib: memoryBytes() / BYTES_PER_GIB,
  });
}

/** What is wrong with a measure, `undefined` if nothing is. */
function implausible(measure: HardwareMeasure): string | undefined {
  for (const [name, { min, max }] of Object.entries(PLAUSIBLE)) {
    const value: unknown = measure[name as keyof typeof PLAUSIBLE];
    if (!(typeof value === 'number' && value >= min && value <= max)) {
      return `${name} is ${String(value)}`;
    }
  }
  return undefined;
}

export interface HardwareInit {
  readonly config: Config;
  readonly settings: JsonSection<StoredHardware>;
  readonly probe: HardwareProbe;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The machine as it was measured at the first start, or now: if there is no measure yet, or
 * `hardware.isMeasuredAtStart` is set. Where the configuration gives both numbers that are used,
 * nothing is measured.
 *
 * @returns `null` if there is no measure; a probe that fails is logged and tried again next time.
 */
export async function loadHardware(init: HardwareInit): Promise<StoredHardware | null> {
  const { config, settings, probe, clock, logger } = init;
  const { isMeasuredAtStart, peakFlops, memoryGib } = config.hardware;
  const stored = await settings.get(SETTINGS_KEY);
  const known = stored !== undefined && implausible(stored) === undefined ? stored : null;
  if (!isMeasuredAtStart) {
    if (known) return known;
    if (peakFlops !== undefined && memoryGib !== undefined) return null;
  }
  try {
    const measure = await probe();
    const problem = implausible(measure);
    if (problem !== undefined) throw new RangeError(problem);
    const taken: StoredHardware = { ...measure, measuredAtMs: clock.nowMs() };
    await settings.put(SETTINGS_KEY, taken);
    return taken;
  } catch (error) {
    logger.warn({ err: error }, 'The machine could not be measured; defaults are assumed.');
    return known;
  }
}
