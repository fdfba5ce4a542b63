/**
 * What an experiment is: cells, each a market and a decider run with many seeds, and a report of
 * what came out.
 *
 * @module
 */

import type { ExplorationStrategy } from '../../node/decision/exploration/exploration-strategy.ts';
import type { PolicyName } from '../../node/decision/policy.ts';
import type { RunSums } from '../market-simulator/accounts.ts';
import { figuresOf } from '../market-simulator/metrics.ts';
import type { Figures } from '../market-simulator/metrics.ts';
import { PLAIN_WORLD } from '../market-simulator/settings.ts';
import type {
  FailureRule,
  PolicyChanges,
  PresetName,
  RunSettings,
} from '../market-simulator/settings.ts';
import type { Chart } from './charts.ts';
import { estimateOf } from './statistics.ts';
import type { Estimate } from './statistics.ts';

/** What a user may ask for. `undefined`: as the experiment has it. */
export interface ExperimentOptions {
  readonly preset: PresetName | undefined;
  readonly policy: PolicyName | undefined;
  readonly explore: ExplorationStrategy | undefined;
  readonly seeds: number | undefined;
  /** First seed; the others follow it. */
  readonly seed: number;
  readonly history: 'shared' | 'own';
  readonly failures: FailureRule | undefined;
  readonly hasCertificates: boolean;
  /** Whether exploring is limited as a policy says: what it may lose, and whose data it uses. */
  readonly hasSecurityBudget: boolean;
  readonly days: number | undefined;
  readonly clients: number | undefined;
  readonly contractors: number | undefined;
}

/** A run without its seed. */
export type CellSettings = Omit<RunSettings, 'seed'>;

/** Something that is run with many seeds. */
export interface Cell {
  readonly id: string;
  readonly settings: CellSettings;
}

/** Runs of a cell, in the order of the seeds; those that were done before an interrupt. */
export class CellRuns {
  readonly runs: readonly RunSums[];
  readonly figures: readonly Figures[];

  constructor(runs: readonly RunSums[]) {
    this.runs = runs;
    this.figures = runs.map(figuresOf);
  }

  /** Of the runs in which it is defined. */
  values(name: keyof Figures): number[] {
    return this.figures.flatMap((one) => (one[name] === null ? [] : [one[name]]));
  }

  estimate(name: keyof Figures): Estimate {
    return estimateOf(this.values(name));
  }

  mean(name: keyof Figures): number {
    return this.estimate(name).mean;
  }

  get tasks(): number {
    return estimateOf(this.runs.map(({ tasks }) => tasks)).mean;
  }
}

/** Runs cells, each with all seeds. */
export type RunCells = (
  cells: readonly Cell[],
  seeds: number,
) => Promise<ReadonlyMap<string, CellRuns>>;

/** A value of a report's table. */
export type CellValue = string | number | boolean | null;

/** A row of a report. Every number has its unit in its name. */
export type ReportRow = Readonly<Record<string, CellValue>>;

/** A named table beside the main one. */
export interface ReportTable {
  readonly title: string;
  readonly rows: readonly ReportRow[];
}

/** What an experiment reports. */
export interface ExperimentReport {
  readonly rows: readonly ReportRow[];
  readonly tables?: readonly ReportTable[];
  /** What was run and what came out, in sentences. */
  readonly notes: readonly string[];
  readonly charts: readonly Chart[];
}

/** One experiment. */
export interface Experiment {
  readonly name: string;
  readonly summary: string;
  /** Whether it sets days, clients and contractors itself. */
  readonly hasOwnSizes: boolean;
  readonly run: (options: ExperimentOptions, runCells: RunCells) => Promise<ExperimentReport>;
}

/** A cell of the reference's market, 7 days, 15 clients and 30 contractors unless said. */
export function cellOf(
  id: string,
  options: ExperimentOptions,
  settings: Partial<CellSettings>,
): Cell {
  return {
    id,
    settings: {
      preset: options.preset ?? 'paper',
      days: options.days ?? 7,
      clients: options.clients ?? 15,
      contractors: options.contractors ?? 30,
      arrivalFactor: 1,
      decider: options.policy ?? 'rational',
      changes: changesOf(options),
      history: options.history,
      hasCertificates: options.hasCertificates,
      hasOpportunityCost: true,
      failures: options.failures ?? 'premium',
      world: PLAIN_WORLD,
      ...settings,
    },
  };
}

function changesOf({ explore, hasSecurityBudget }: ExperimentOptions): PolicyChanges {
  return {
    ...(explore === undefined ? {} : { strategy: explore }),
    ...(hasSecurityBudget ? {} : { hasSecurityBudget }),
  };
}

/** Rounded for a report: two decimals. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
