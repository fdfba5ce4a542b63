/**
 * One run of a market: tasks arrive, the shipped engine decides, contractors work, outcomes come
 * back and are learned from. One clock, in hours; everything else follows from the settings.
 *
 * Decisions are made by `node/decision/evaluation.ts`, costs by `node/cost`, the fit of skills by
 * `node/skills`: there is no second implementation here. What is added is the world: arrivals, who
 * delivers, and what was really paid.
 *
 * Not modelled: the network (`testnet/testnet.ts` runs real nodes), calibration of costs by Eq.
 * (10), since costs here scatter around what the model says, and the monitor that forces
 * explorations.
 *
 * @module
 */

import type { QueuedTask } from '../../node/cost/internal-cost.ts';
import type { CandidateTable } from '../../node/decision/candidate-table.ts';
import { consideredFigures, evaluate, newWorkspace } from '../../node/decision/evaluation.ts';
import type { Evaluation } from '../../node/decision/evaluation.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { randomWalkStep } from '../../node/decision/learning/reference-weights.ts';
import { realisedUtility } from '../../node/decision/learning/weight-learning.ts';
import { namedWeights, weightVector } from '../../node/decision/criteria.ts';
import type { DecisionPolicy } from '../../node/decision/policy.ts';
import type { DecisionQuery } from '../../node/decision/request.ts';
import { Accounts } from './accounts.ts';
import type { RunSums } from './accounts.ts';
import { Adversaries } from './adversaries.ts';
import { attest, certificateOfNewName, noCertificates } from './certificates.ts';
import { ClientMemory } from './client-memory.ts';
import type { MemoryOptions, SeenOutcome } from './client-memory.ts';
import { EventQueue } from './event-queue.ts';
import type { Market } from './market.ts';
import { applyConduct } from './market-power.ts';
import { marketOf } from './market-presets.ts';
import { policyOf } from './policies.ts';
import { Population } from './population.ts';
import type { RunSettings } from './settings.ts';
import { testimonyOf } from './testimony.ts';
import { Trades } from './trade.ts';
import { workloadOf } from './workload.ts';
import type { Workload } from './workload.ts';

/** Streams of chance that a run's seed is split into. */
const STREAMS = 8;
/** Seeds of decisions are run seed * this + number of the task. */
const MAX_TASKS = 2 ** 20;
/** simulation_engine.py: estimated duration of every queued task. */
const QUEUED_HOURS = 2;
const NO_QUEUE: readonly QueuedTask[] = [];
const BYTES_PER_GB = 1e9;
const MS_PER_MINUTE = 60_000;

interface PendingOutcome extends SeenOutcome {
  readonly memory: ClientMemory;
}

/** Runs a market to its end. */
export function simulate(settings: RunSettings): RunSums {
  return new MarketRun(settings).run();
}

class MarketRun {
  readonly #settings: RunSettings;
  readonly #market: Market;
  readonly #policy: DecisionPolicy;
  readonly #tasks: Workload;
  readonly #population: Population;
  readonly #memories: readonly ClientMemory[];
  readonly #accounts: Accounts;
  readonly #outcomes = new EventQueue<PendingOutcome>();
  readonly #workspace = newWorkspace();
  readonly #chance: SeededRandom;
  readonly #adversaries: Adversaries;
  readonly #trades: Trades;

  constructor(settings: RunSettings) {
    const market = marketOf(settings.preset);
    const seedOf = (stream: number): number => settings.seed * STREAMS + stream;
    this.#settings = settings;
    this.#market = market;
    this.#policy = policyOf(settings);
    this.#tasks = workloadOf(market, settings, seedOf(0), seedOf(4));
    this.#population = new Population(
      market,
      settings.contractors,
      seedOf(1),
      settings.world.hasDynamicPrices,
    );
    this.#chance = new SeededRandom(seedOf(2));
    const { attack, maliciousShare } = settings.world;
    this.#adversaries = new Adversaries(attack, settings.contractors, maliciousShare, seedOf(5));
    this.#memories = this.#newMemories(seedOf(3));
    this.#accounts = new Accounts(settings.contractors);
    this.#trades = new Trades(settings, market, this.#tasks, this.#population, this.#adversaries);
    for (let one = 0; one < settings.contractors; one++) {
      const share = this.#adversaries.priceShare(one);
      if (share !== 1) this.#population.setPriceShare(one, share);
    }
  }

  #newMemories(seed: number): ClientMemory[] {
    const { history, clients, hasCertificates, world } = this.#settings;
    const options: MemoryOptions = {
      certificates: hasCertificates
        ? attest(this.#population, this.#settings, this.#adversaries, seed)
        : noCertificates(this.#population),
      testimony: testimonyOf(this.#adversaries, world.isGullible),
      hasLinearModel: this.#policy.exploration.strategy === 'contextual',
      learnsWeights: world.learnsWeights,
    };
    return Array.from(
      { length: history === 'shared' ? 1 : clients },
      () => new ClientMemory(this.#market, this.#population, options),
    );
  }

  run(): RunSums {
    const { hours, firstOfHour, demand } = this.#tasks;
    for (let hour = 0; hour < hours; hour++) {
      this.#population.startHour(hour, demand[hour]!);
      applyConduct(this.#settings.world.conduct, this.#population, hour, hours);
      this.#learnUntil(hour);
      for (let task = firstOfHour[hour]!; task < firstOfHour[hour + 1]!; task++) {
        if (task === this.#settings.world.maxTasks) return this.#accounts.sums();
        this.#handle(task, hour, firstOfHour[hour + 1]!);
      }
    }
    return this.#accounts.sums();
  }

  #learnUntil(hour: number): void {
    for (;;) {
      const outcome = this.#outcomes.takeDue(hour);
      if (outcome === undefined) break;
      outcome.memory.learn(outcome);
      const { contractor, isSuccess } = outcome;
      if (!isSuccess && this.#adversaries.isRenamedAfterFailure(contractor)) {
        const certificate = certificateOfNewName(this.#settings.world.isGullible);
        for (const memory of this.#memories) memory.replace(contractor, certificate);
      }
    }
    for (const memory of this.#memories) memory.age(hour);
  }

  #handle(task: number, hour: number, end: number): void {
    const memory =
      this.#memories[this.#settings.history === 'shared' ? 0 : this.#tasks.client[task]!]!;
    const type = this.#tasks.type[task]!;
    const table = memory.tables[type]!;
    this.#writeQuotes(table, task);
    const query = this.#query(task, type, memory, end);
    const evaluation = evaluate(table, query, this.#workspace);
    const contractor = this.#choose(evaluation);
    this.#remember(memory, evaluation);
    if (contractor < 0) this.#keep(task, evaluation);
    else this.#handOut(task, hour, contractor, memory, evaluation);
  }

  /** What each contractor asks for this task at its present load. */
  #writeQuotes({ columns }: CandidateTable, task: number): void {
    const { unitPriceA, unitPriceB, priceFactor, size, pressure } = this.#population;
    const { priceMicroUsd, marketPressure } = columns;
    const unitsA = this.#tasks.unitsA[task]!;
    const unitsB = this.#tasks.unitsB[task]!;
    for (let one = 0; one < size; one++) {
      priceMicroUsd[one] =
        (unitPriceA[one]! * unitsA + unitPriceB[one]! * unitsB) * priceFactor[one]!;
    }
    marketPressure.set(pressure);
    if (this.#market.load.kind === 'reference') return;
    const { latencyMinutes, waitMinutes } = this.#population;
    for (let one = 0; one < size; one++) {
      columns.latencyMinutes[one] = latencyMinutes[one]! + waitMinutes[one]!;
      columns.latencyMs[one] = columns.latencyMinutes[one]! * MS_PER_MINUTE;
    }
  }

  #query(task: number, type: number, memory: ClientMemory, end: number): DecisionQuery {
    const { name, requiredSkills, maxLatencyMinutes } = this.#market.tasks[type]!;
    const tasks = this.#tasks;
    const isReference = this.#policy.confidenceRule === 'recentScores';
    return {
      decisionId: 'simulated',
      seed: this.#settings.seed * MAX_TASKS + task,
      policy: this.#policy,
      task: {
        taskType: name,
        requiredSkills,
        valueMicroUsd: tasks.valueMicroUsd[task]!,
        sensitivity: this.#settings.world.sensitivity,
        criticality: 'normal',
        complexity: tasks.complexity[task]!,
        inputBytes: tasks.inputGb[task]! * BYTES_PER_GB,
        expectedOutputBytes: tasks.outputGb[task]! * BYTES_PER_GB,
        maxLatencyMs: maxLatencyMinutes * MS_PER_MINUTE,
        // The paper's code weighs by the budget and never enforces it.
        ...(isReference ? { maxPriceMicroUsd: tasks.budgetMicroUsd[task]! } : {}),
      },
      local: {
        isAvailable: true,
        execution: { measuredSeconds: tasks.localSeconds[task]! },
        hardware: this.#market.hardware,
        memory: { modelGib: tasks.memoryGib[task]!, kvCacheGib: 0, activationsGib: 0 },
        queue: this.#settings.hasOpportunityCost ? this.#queue(task, end) : NO_QUEUE,
      },
      context: {
        historicalWeights: memory.weights,
        overheads: this.#market.overheads,
        link: this.#market.link,
        localCalibrationRatio: 1,
        latencyMicroUsdPerMinute: this.#market.latencyMicroUsdPerMinute,
        exploration: {
          decisionIndex: memory.explorableDecisions,
          cumulativeLocalMicroUsd: memory.localMicroUsd,
          cumulativeLossMicroUsd: memory.lossMicroUsd,
          isForced: false,
          linearModel: memory.linearModel,
        },
        ...(isReference ? { recentDecisions: memory.recentDecisions } : {}),
      },
    };
  }

  /** What else waits at this client in this hour. */
  #queue(task: number, end: number): readonly QueuedTask[] {
    const { client, valueMicroUsd } = this.#tasks;
    if (task + 1 >= end || client[task + 1] !== client[task]) return NO_QUEUE;
    const queue: QueuedTask[] = [];
    for (let other = task + 1; other < end && client[other] === client[task]; other++) {
      queue.push({ valueMicroUsd: valueMicroUsd[other]!, hours: QUEUED_HOURS });
    }
    return queue;
  }

  /** @returns the contractor that gets the task; -1: none. */
  #choose({ matrix, chosenRow, local }: Evaluation): number {
    const { decider } = this.#settings;
    const { candidateIndex, count, columns } = matrix;
    if (decider === 'random-eligible') {
      return count === 0 ? -1 : candidateIndex[this.#chance.integer(count)]!;
    }
    if (decider !== 'oracle') return chosenRow < 0 ? -1 : candidateIndex[chosenRow]!;
    let cheapest = -1;
    let leastMicroUsd = local.costMicroUsd ?? Infinity;
    for (let row = 0; row < count; row++) {
      if (!(columns.costMicroUsd[row]! < leastMicroUsd)) continue;
      leastMicroUsd = columns.costMicroUsd[row]!;
      cheapest = row;
    }
    return cheapest < 0 ? -1 : candidateIndex[cheapest]!;
  }

  /** What a memory keeps of a decision itself. */
  #remember(memory: ClientMemory, { exploration, local, matrix, chosenRow }: Evaluation): void {
    memory.localMicroUsd += local.costWithoutOpportunityMicroUsd ?? 0;
    if (exploration?.bar === null) memory.explorableDecisions++;
    if (this.#policy.confidenceRule !== 'recentScores') return;
    if (matrix.count === 0 || (exploration !== null && exploration.row >= 0)) return;
    const score = chosenRow < 0 ? 0 : matrix.columns.scores[chosenRow]!;
    const isFirst = memory.isUndecided;
    memory.rememberScore(score);
    if (this.#policy.weightRule !== 'multipliers' || isFirst) return;
    const normals = [0, 0, 0, 0].map(() => this.#chance.normal());
    memory.weights = namedWeights(randomWalkStep(weightVector(memory.weights), score, normals));
  }

  /** The task is done here, or refused. */
  #keep(task: number, { local }: Evaluation): void {
    const tasks = this.#tasks;
    if (local.isInfeasible) this.#accounts.count('refused');
    this.#accounts.add({
      isOutsourced: false,
      isFeasible: !local.isInfeasible,
      estimate: local.costWithoutOpportunityMicroUsd ?? 0,
      estimateWithOpportunity: local.costMicroUsd ?? 0,
      localFactor: tasks.localFactor[task]!,
      paid: 0,
      paidWithOpportunity: 0,
      minutes: 0,
      localMinutes: tasks.localMinutes[task]!,
    });
  }

  #handOut(
    task: number,
    hour: number,
    contractor: number,
    memory: ClientMemory,
    evaluation: Evaluation,
  ): void {
    const tasks = this.#tasks;
    const { local } = evaluation;
    const type = tasks.type[task]!;
    const { maxLatencyMinutes } = this.#market.tasks[type]!;
    const figures = consideredFigures(evaluation);
    const estimate = local.costWithoutOpportunityMicroUsd ?? 0;
    const priceMicroUsd = this.#priceOf(contractor, task);
    const minutes = this.#population.latencyMinutes[contractor]! * tasks.timeFactor[task]!;
    const doneAt = this.#population.take(contractor, hour, minutes);
    const elapsedMinutes = (doneAt - hour) * 60;
    const trade = this.#trades.perform({
      task,
      contractor,
      priceMicroUsd,
      knownOutcomes: memory.outcomesOf(contractor),
    });
    const repeated = trade.isRepeated ? estimate * tasks.localFactor[task]! : 0;
    const paid = trade.paidMicroUsd + repeated;
    this.#accounts.add({
      isOutsourced: true,
      isFeasible: !local.isInfeasible,
      estimate,
      estimateWithOpportunity: local.costMicroUsd ?? 0,
      localFactor: tasks.localFactor[task]!,
      paid,
      paidWithOpportunity:
        trade.paidMicroUsd +
        (trade.isRepeated ? (local.costMicroUsd ?? 0) * tasks.localFactor[task]! : 0),
      minutes: elapsedMinutes + (trade.isRepeated ? tasks.localMinutes[task]! : 0),
      localMinutes: tasks.localMinutes[task]!,
    });
    if (figures.isExploration) this.#accounts.addExplored();
    else {
      const saved = estimate === 0 ? 0 : 1 - paid / estimate;
      this.#accounts.addExploited(figures.score ?? 0, figures.confidence ?? 0, saved);
    }
    if (trade.isLost) this.#accounts.count('lost');
    if (trade.isLost && trade.isSuccess) this.#accounts.count('unnoticed');
    if (elapsedMinutes > maxLatencyMinutes) this.#accounts.count('late');
    this.#accounts.addSpending(contractor, trade.isSuccess ? priceMicroUsd : 0);
    if (figures.isExploration) {
      const { exploration } = evaluation;
      const loss = trade.isSuccess
        ? exploration?.successLossMicroUsd
        : exploration?.failureLossMicroUsd;
      memory.lossMicroUsd += Math.max(0, loss ?? 0);
    }
    if (this.#policy.confidenceRule === 'recentScores') return;
    this.#outcomes.add(doneAt, {
      memory,
      contractor,
      type,
      isSuccess: trade.isSuccess,
      utility: realisedUtility({
        isSuccess: trade.isSuccess,
        costInternalMicroUsd: local.costMicroUsd,
        paidMicroUsd: paid,
      }),
      features: figures.features,
      hour: doneAt,
    });
  }

  #priceOf(contractor: number, task: number): number {
    const { unitPriceA, unitPriceB, priceFactor } = this.#population;
    const units = unitPriceA[contractor]! * this.#tasks.unitsA[task]!;
    return (units + unitPriceB[contractor]! * this.#tasks.unitsB[task]!) * priceFactor[contractor]!;
  }
}
