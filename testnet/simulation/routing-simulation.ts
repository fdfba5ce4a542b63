/**
 * One run of the routing simulation: a network of so many nodes is made, lives through some hours
 * of churn, and is then asked for records that live publishers have published.
 *
 * Modelled: identifiers, buckets, iterative lookups on disjoint paths, provider records and their
 * renewal, departures without notice, joins through one bootstrap node, time-outs, eviction,
 * refresh, adversaries. Not modelled: latency and loss of single messages, connection limits, NAT,
 * load, peers that forget addresses, several providers of a key, identifiers chosen to lie next to
 * a key, and the messages of refreshes. Events take effect by the minute.
 *
 * Tables are drawn unless grown ones are asked for ({@link RoutingTables}); a node that joins later
 * looks itself up for real and its other buckets are drawn. At 10^3 and 10^4 grown tables need the
 * same hops as drawn ones within one, and 0.4 times the requests: in a network that never saw churn
 * the first nodes are in most tables, so the paths hear fewer different names. Drawn tables are the
 * dearer case. Publishers and askers are honest, and publishers stay: a record that is not found is
 * therefore a failure of the network.
 *
 * @module
 */

import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { KAD_DHT_RULE, Lookups } from './lookup.ts';
import type { LookupOutcome, LookupRule } from './lookup.ts';
import { Population } from './population.ts';
import { NODE_RECORD_TIMES, ProviderRecords } from './provider-records.ts';
import type { RecordTimes } from './provider-records.ts';
import { RoutingTables, tableBytes } from './routing-tables.ts';
import { growTables } from './table-growth.ts';
import { K, tableShape } from './table-shape.ts';
import type { TableName } from './table-shape.ts';

const MINUTES_PER_HOUR = 60;
const PERCENT = 100;
/** Interval of the self query and of the refresh in kad-dht. */
const REFRESH_MINUTES = 5;
/** Hours of churn, of which the second half is measured. Fewer where two would take minutes. */
const HOURS = 2;
const HOURS_OF_LARGE = 0.5;
const LARGE_NODES = 200_000;
/** One node in twenty publishes a key, and stays. */
const NODES_PER_PUBLISHER = 20;
const MAX_PUBLISHERS = 1_000;
const SAMPLED_TABLES = 1_000;
/** So that a step of a run takes milliseconds. */
const NODES_PER_STEP = 10_000;
const LOOKUPS_PER_STEP = 100;
/** The number of live nodes varies by its square root; more than eight times that is not seen. */
const SPARE_DEVIATIONS = 8;
/** Tables that would take more are refused. */
export const MAX_TABLE_BYTES = 4e9;
export const MIN_SIMULATED_NODES = 100;
export const MAX_SIMULATED_NODES = 1_000_000;

/** What is simulated. */
export interface RoutingSettings {
  readonly nodes: number;
  readonly churnPercentPerHour: number;
  readonly adversariesPercent: number;
  readonly table: TableName;
  readonly lookups: number;
  readonly seed: number;
  readonly rule?: Partial<LookupRule>;
  readonly records?: RecordTimes;
  /** Filled by real joins, in place of drawn. */
  readonly hasGrownTables?: boolean;
  /** Simulated time; default 2, or 0.5 beyond 200,000 nodes. Unused without churn. */
  readonly hours?: number;
}

/** A figure over all lookups. */
export interface Spread {
  readonly mean: number;
  readonly median: number;
  readonly p95: number;
}

/** What came out. */
export interface RoutingResult {
  readonly nodes: number;
  readonly table: TableName;
  readonly churnPercentPerHour: number;
  readonly adversariesPercent: number;
  readonly paths: number;
  readonly seed: number;
  readonly lookups: number;
  /** Simulated; 0 without churn. */
  readonly hours: number;
  readonly log2Nodes: number;
  /** Share of the lookups in which a live holder answered. */
  readonly successPercent: number;
  /** Chain of referrals up to the first holder that answered; over the lookups that found one. */
  readonly hopsToRecord: Spread;
  /** Longest chain of referrals to one of the closest nodes. */
  readonly hopsToEnd: Spread;
  readonly requestsToRecord: Spread;
  readonly requestsToEnd: Spread;
  readonly timeOuts: Spread;
  readonly roundsToRecord: Spread;
  readonly roundsToEnd: Spread;
  /** Share of the 20 live nodes that are truly closest among the closest found. */
  readonly closestFoundPercent: number;
  /** Share of the table entries that name a node that is gone, at the end, in a sample. */
  readonly deadEntriesPercent: number;
  readonly entriesPerTable: number;
  readonly liveNodes: number;
}

/**
 * Simulates.
 *
 * @throws {@link RangeError} as {@link routingSteps} does.
 */
export function simulateRouting(settings: RoutingSettings): RoutingResult {
  const steps = routingSteps(settings);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Simulates step by step, so that a long run can be interrupted.
 *
 * @throws {@link RangeError} for settings outside their limits or tables that would not fit.
 */
export function routingSteps(settings: RoutingSettings): Generator<void, RoutingResult, undefined> {
  return new RoutingSimulation(settings).run();
}

class RoutingSimulation {
  readonly #settings: RoutingSettings;
  readonly #hours: number;
  readonly #random: SeededRandom;
  readonly #population: Population;
  readonly #tables: RoutingTables;
  readonly #lookups: Lookups;
  readonly #records: ProviderRecords;
  readonly #outcomes: LookupOutcome[] = [];
  #closestFound = 0;
  #closestWanted = 0;

  constructor(settings: RoutingSettings) {
    checkSettings(settings);
    const { nodes } = settings;
    const churnPerHour = settings.churnPercentPerHour / PERCENT;
    this.#settings = settings;
    this.#hours = settings.hours ?? (nodes > LARGE_NODES ? HOURS_OF_LARGE : HOURS);
    this.#random = new SeededRandom(settings.seed);
    this.#population = new Population(
      {
        nodes,
        churnPerHour,
        hours: this.#hours,
        adversaryShare: settings.adversariesPercent / PERCENT,
        publishers: Math.min(MAX_PUBLISHERS, Math.ceil(nodes / NODES_PER_PUBLISHER)),
      },
      this.#random,
    );
    const shape = tableShape(settings.table, nodes);
    this.#tables = new RoutingTables(this.#population, shape, rowsFor(nodes));
    const rule = { ...KAD_DHT_RULE, ...settings.rule };
    this.#lookups = new Lookups(this.#population, this.#tables, this.#random, rule);
    const times = settings.records ?? NODE_RECORD_TIMES;
    const spreadHours = churnPerHour === 0 ? 0 : this.#hours / 2;
    this.#records = new ProviderRecords(this.#population, this.#random, times, spreadHours);
  }

  *run(): Generator<void, RoutingResult, undefined> {
    if (this.#settings.hasGrownTables) yield* growTables(this.#parts());
    else yield* this.#drawTables();
    this.#records.publishUntil(0, this.#lookups);
    if (this.#settings.churnPercentPerHour === 0) yield* this.#measure(this.#settings.lookups, 0);
    else yield* this.#live();
    return this.#result();
  }

  #parts() {
    return {
      population: this.#population,
      tables: this.#tables,
      lookups: this.#lookups,
      random: this.#random,
    };
  }

  *#drawTables(): Generator<void, void, undefined> {
    for (let node = 0; node < this.#population.size; node++) {
      if (this.#population.isLive[node] === 0) continue;
      this.#tables.open(node);
      this.#tables.refresh(node);
      if (node % NODES_PER_STEP === 0) yield;
    }
  }

  /** Minute by minute: nodes leave and join, tables are refreshed, records published and sought. */
  *#live(): Generator<void, void, undefined> {
    const minutes = Math.round(this.#hours * MINUTES_PER_HOUR);
    const measuredFrom = minutes / 2;
    let measured = 0;
    for (let minute = 1; minute <= minutes; minute++) {
      const hours = minute / MINUTES_PER_HOUR;
      for (const node of this.#population.leaveUntil(hours)) this.#tables.close(node);
      for (const node of this.#population.joinersUntil(hours)) {
        this.#join(node);
        if (node % LOOKUPS_PER_STEP === 0) yield;
      }
      yield* this.#refreshTables(minute);
      this.#records.publishUntil(hours, this.#lookups);
      const share = Math.max(0, minute - measuredFrom) / (minutes - measuredFrom);
      const due = Math.round(share * this.#settings.lookups);
      yield* this.#measure(due - measured, hours);
      measured = due;
    }
  }

  /** Looks itself up, beginning with one node that is there; the rest of the table is drawn. */
  #join(node: number): void {
    const bootstrap = this.#population.drawLive(0, this.#population.size, this.#population.size);
    this.#population.enter(node);
    this.#tables.open(node);
    const { high, low } = this.#population;
    const key = { high: high[node]!, low: low[node]! };
    this.#lookups.run(node, key, { start: [bootstrap], isLearning: true });
    this.#tables.refresh(node);
  }

  *#refreshTables(minute: number): Generator<void, void, undefined> {
    const { size, isLive } = this.#population;
    for (let node = minute % REFRESH_MINUTES; node < size; node += REFRESH_MINUTES) {
      if (isLive[node] === 1) this.#tables.refresh(node);
      if (node % NODES_PER_STEP < REFRESH_MINUTES) yield;
    }
  }

  *#measure(count: number, hours: number): Generator<void, void, undefined> {
    const { keys } = this.#records;
    for (let i = 0; i < count; i++) {
      if (i % LOOKUPS_PER_STEP === 0) yield;
      const entry = keys[this.#random.integer(keys.length)]!;
      const holders = this.#records.holders(entry, hours);
      const outcome = this.#lookups.run(this.#population.randomHonest(), entry.key, {
        isHolder: (node) => holders.has(node),
      });
      this.#outcomes.push(outcome);
      const closest = new Set(outcome.closest);
      const wanted = this.#population.closestLive(entry.key, K);
      this.#closestWanted += wanted.length;
      this.#closestFound += wanted.filter((node) => closest.has(node)).length;
    }
  }

  #result(): RoutingResult {
    const { nodes, table, churnPercentPerHour, adversariesPercent, seed } = this.#settings;
    const outcomes = this.#outcomes;
    const hits = outcomes.flatMap(({ hit }) => (hit ? [hit] : []));
    const { entries, dead, tables } = this.#countEntries();
    return {
      nodes,
      table,
      churnPercentPerHour,
      adversariesPercent,
      paths: this.#lookups.rule.paths,
      seed,
      lookups: outcomes.length,
      hours: churnPercentPerHour === 0 ? 0 : this.#hours,
      log2Nodes: Math.log2(nodes),
      successPercent: (PERCENT * hits.length) / outcomes.length,
      hopsToRecord: spread(hits.map(({ depth }) => depth)),
      hopsToEnd: spread(outcomes.map(({ depth }) => depth)),
      requestsToRecord: spread(hits.map(({ requests }) => requests)),
      requestsToEnd: spread(outcomes.map(({ requests }) => requests)),
      timeOuts: spread(outcomes.map(({ timeOuts }) => timeOuts)),
      roundsToRecord: spread(hits.map(({ rounds }) => rounds)),
      roundsToEnd: spread(outcomes.map(({ rounds }) => rounds)),
      closestFoundPercent: (PERCENT * this.#closestFound) / this.#closestWanted,
      deadEntriesPercent: (PERCENT * dead) / entries,
      entriesPerTable: entries / tables,
      liveNodes: this.#population.countLive(0, this.#population.size),
    };
  }

  /** Of a sample of the tables. */
  #countEntries() {
    const counted = { entries: 0, dead: 0, tables: 0 };
    for (let i = 0; i < SAMPLED_TABLES; i++) {
      const entries = this.#tables.buckets(this.#population.randomHonest()).flat();
      counted.tables++;
      counted.entries += entries.length;
      counted.dead += entries.filter((entry) => this.#population.isLive[entry] === 0).length;
    }
    return counted;
  }
}

function rowsFor(nodes: number): number {
  return nodes + Math.ceil(SPARE_DEVIATIONS * Math.sqrt(nodes));
}

function checkSettings(settings: RoutingSettings): void {
  const { nodes, lookups } = settings;
  if (!(nodes >= MIN_SIMULATED_NODES && nodes <= MAX_SIMULATED_NODES)) {
    const limits = `${MIN_SIMULATED_NODES} to ${MAX_SIMULATED_NODES}`;
    throw new RangeError(`"nodes" expected ${limits}, got ${nodes}`);
  }
  if (!(lookups >= 1)) throw new RangeError(`"lookups" expected at least 1, got ${lookups}`);
  const shape = tableShape(settings.table, nodes);
  const bytes = tableBytes(shape, rowsFor(nodes));
  if (bytes > MAX_TABLE_BYTES) {
    const size = `${(bytes / 1e9).toFixed(1)} GB for ${nodes} tables of ${shape.buckets} buckets`;
    throw new RangeError(`"nodes" expected tables of at most 4 GB, got ${size}`);
  }
}

function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { mean, median: at(0.5), p95: at(0.95) };
}
