/**
 * Runs a scenario on real nodes: its timeline, its work in the background, and what came out.
 *
 * The seed fixes keys, draws of faults and of decisions. Times are the machine's, so two runs
 * differ in what depends on them.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StatusDocument } from '../../node/api-documents.ts';
import type { LedgerDocument } from '../../node/ledger/ledger-documents.ts';
import { SeededRandom } from '../../node/decision/exploration/seeded-random.ts';
import { systemClock } from '../../node/system-clock.ts';
import type { LinkChoice, LinkEffect } from '../faults/network-faults.ts';
import { Attacks, isAttack, isEndless, victimsOf } from './attacks.ts';
import type { AttackAction } from './attacks.ts';
import { canaryOf, measureCanaries, withCanary } from './canaries.ts';
import type { MarkedTask } from './canaries.ts';
import { lookAtMarket } from './market-measurements.ts';
import { ledgerProblems } from './ledger-check.ts';
import { judge, measure } from './measurements.ts';
import type { Measurements, QueryOutcome, TaskOutcome, Verdict } from './measurements.ts';
import { MemoryWatch } from './memory-watch.ts';
import { beginFault, drawFault } from './random-faults.ts';
import type { FaultHands } from './random-faults.ts';
import type { Action, Scenario } from './scenario-file.ts';
import { ScenarioNetwork } from './scenario-network.ts';
import { ask, doTask, paced, taskName, textOf } from './workload.ts';

/** What happened, and when after the network was ready. */
export interface ScenarioEvent {
  readonly atMs: number;
  readonly event: string;
  readonly [detail: string]: unknown;
}

/** One run. */
export interface ScenarioRun {
  readonly hasDefences: boolean;
  readonly readyMs: number;
  readonly wallMs: number;
  readonly events: readonly ScenarioEvent[];
  readonly tasks: readonly TaskOutcome[];
  readonly queries: readonly QueryOutcome[];
  readonly ledgers: readonly LedgerHead[];
  readonly configs: Readonly<Record<string, unknown>>;
  readonly measurements: Measurements;
  readonly verdicts: readonly Verdict[];
  readonly holds: boolean;
}

/** What one node holds for the ledger's head at the end. */
export interface LedgerHead {
  readonly node: string;
  readonly height: number;
  readonly stateRoot: string;
}

export interface RunInit {
  readonly hasDefences: boolean;
  /** Of the network, made and removed. */
  readonly dir: string;
  readonly signal: AbortSignal;
  readonly onEvent?: (event: ScenarioEvent) => void;
}

const POLL_MS = 50;
const TASK_START_TIMEOUT_MS = 30_000;
const SETTLE_MS = 15_000;

/** Runs it once. @throws what keeps the network from starting, or a step from being taken. */
export async function runScenario(scenario: Scenario, init: RunInit): Promise<ScenarioRun> {
  const startMs = systemClock.monotonicMs();
  const network = await ScenarioNetwork.start(scenario, init);
  try {
    const run = new Run(network, init, scenario.seed);
    const readyMs = Math.round(systemClock.monotonicMs() - startMs);
    await run.play(scenario.timeline);
    const { events, tasks, queries } = run;
    const { ledgers, others } = await run.lookBack();
    const configs = await configsOf(network);
    const market = await lookAtMarket(network.testnet.client, tasks, network.strangers);
    const canaries = measureCanaries(run.marked, await network.copies());
    const measurements = { ...measure(tasks, queries, others), ...market, ...canaries };
    const assertions = init.hasDefences ? scenario.assert : scenario.withoutDefences!.assert;
    const verdicts = judge(assertions, measurements);
    return {
      ...{ hasDefences: init.hasDefences, readyMs, events, tasks, queries, ledgers, configs },
      wallMs: Math.round(systemClock.monotonicMs() - startMs),
      ...{ measurements, verdicts, holds: verdicts.every(({ holds }) => holds) },
    };
  } finally {
    await network.stop();
  }
}

type Background = 'tasks' | 'queries' | 'attacks' | 'faults' | 'endless';

class Run {
  readonly events: ScenarioEvent[] = [];
  readonly tasks: TaskOutcome[] = [];
  readonly queries: QueryOutcome[] = [];
  readonly marked: MarkedTask[] = [];
  readonly #seed: number;
  readonly #network: ScenarioNetwork;
  readonly #init: RunInit;
  readonly #startMs = systemClock.monotonicMs();
  readonly #attacks: Attacks;
  readonly #working: Record<Background, Promise<void>[]> = {
    tasks: [],
    queries: [],
    attacks: [],
    faults: [],
    endless: [],
  };
  /** Ends what has no end of its own. */
  readonly #end = new AbortController();
  #memory: MemoryWatch | undefined;
  #faultsInjected = 0;
  readonly #poison = { accepted: 0, refused: 0 };

  constructor(network: ScenarioNetwork, init: RunInit, seed: number) {
    this.#network = network;
    this.#init = init;
    this.#seed = seed;
    this.#attacks = new Attacks(seed);
  }

  /** The steps in their order, each not before its time; then the end of all work. */
  async play(timeline: Scenario['timeline']): Promise<void> {
    const { signal } = this.#init;
    for (const { at = 0, action } of timeline) {
      signal.throwIfAborted();
      const waitMs = at - this.#nowMs();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
      this.#note('step', { action });
      await this.#act(action);
    }
    const { endless, ...ending } = this.#working;
    await Promise.all(Object.values(ending).flat());
    this.#end.abort();
    await this.#attacks.end();
    await Promise.all(endless);
    this.#note('end', {});
  }

  /** What the nodes say at the end. */
  async lookBack(): Promise<{ ledgers: LedgerHead[]; others: Record<string, number> }> {
    const { testnet, dead } = this.#network;
    const expected = testnet.nodes.filter(({ process: node }) => !dead.has(node.name));
    const alive = expected.filter(({ process: node }) => node.isAlive);
    const ledgers: LedgerHead[] = [];
    const status = await Promise.all(
      alive.map(({ process: node }) => node.api.get<StatusDocument>('/v1/status')),
    );
    const views = status.map(({ ledger }) => ledger?.replica?.view ?? 0);
    for (const { process: node } of alive) {
      const shown = await node.api.get<LedgerDocument>('/v1/ledger').catch(() => undefined);
      if (!shown?.ledger) continue;
      const { height, stateRoot } = shown.ledger;
      ledgers.push({ node: node.name, height, stateRoot });
    }
    const rootsAt = new Map<number, Set<string>>();
    for (const { height, stateRoot } of ledgers) {
      rootsAt.set(height, (rootsAt.get(height) ?? new Set()).add(stateRoot));
    }
    const { accepted, refused } = this.#poison;
    const asked = accepted + refused;
    return {
      ledgers,
      others: {
        ledgerHeight: Math.max(0, ...ledgers.map(({ height }) => height)),
        ledgerView: Math.max(0, ...views),
        ledgerForks: [...rootsAt.values()].filter((roots) => roots.size > 1).length,
        unearnedMicroUsd: await this.#unearned(),
        nodesLost: expected.length - alive.length,
        newNames: this.#network.newNames,
        unhandledErrors: await unhandledErrors(this.#network),
        ...this.#attacks.figures(),
        ...this.#memory?.figures(),
        ...(this.#faultsInjected > 0 && { faultsInjected: this.#faultsInjected }),
        ...(ledgers.length > 0 && {
          ledgerProblems: await ledgerProblems(testnet.attestor, this.#init.signal),
        }),
        ...(asked > 0 && { recordsPoisoned: accepted, recordsRefused: refused }),
        ...(asked > 0 && { recordsPoisonedPercent: (100 * accepted) / asked }),
      },
    };
  }

  /** Paid by client and attestor, earned by no contractor that is alive; receipts need a moment. */
  async #unearned(): Promise<number> {
    const { testnet, dead } = this.#network;
    const deadlineMs = systemClock.monotonicMs() + SETTLE_MS;
    for (;;) {
      const status = (node: (typeof testnet)['client']): Promise<StatusDocument> =>
        node.api.get<StatusDocument>('/v1/status');
      const payers = [testnet.client, testnet.attestor];
      const paid = (await Promise.all(payers.map(status))).map((one) => one.paidMicroUsd);
      const paidMicroUsd = paid.reduce((total, one) => total + one, 0);
      const alive = testnet.contractors.filter(({ name }) => !dead.has(name));
      const earned = await Promise.all(alive.map(status));
      const sum = earned.reduce((total, { earnedMicroUsd }) => total + earnedMicroUsd, 0);
      if (paidMicroUsd <= sum || systemClock.monotonicMs() > deadlineMs) return paidMicroUsd - sum;
      await delay(POLL_MS);
    }
  }

  #nowMs(): number {
    return Math.round(systemClock.monotonicMs() - this.#startMs);
  }

  #note(event: string, details: Readonly<Record<string, unknown>>): void {
    const noted = { atMs: this.#nowMs(), event, ...details };
    this.events.push(noted);
    this.#init.onEvent?.(noted);
  }

  async #act(action: Action): Promise<void> {
    const network = this.#network;
    if ('tasks' in action) this.#begin('tasks', this.#doTasks(action.tasks));
    else if (isAttack(action)) this.#attack(action);
    else if ('queries' in action) this.#begin('queries', this.#askQueries(action.queries));
    else if ('heal' in action) await network.faults.heal();
    else if ('wait' in action) await this.#wait(action.wait);
    else if ('turn' in action) await network.publish(action.turn, { hasTurned: true });
    else if ('reprice' in action) {
      const { nodes, price } = action.reprice;
      await network.publish(nodes, { priceMicroUsd: price });
    } else if ('randomFaults' in action) {
      this.#begin('faults', this.#breakAtRandom(action.randomFaults));
    } else if ('watchMemory' in action) this.#watchMemory(action.watchMemory);
    else if ('poison' in action) await this.#doPoison(action.poison.records);
    else if (!(await this.#breakNodes(action))) await this.#breakLinks(action);
  }

  async #breakNodes(action: Action): Promise<boolean> {
    const network = this.#network;
    if ('pause' in action) {
      network.noteDead(action.pause, true);
      for (const node of network.choose(action.pause)) node.pause();
    } else if ('resume' in action) {
      for (const node of network.choose(action.resume)) node.resume();
      network.noteDead(action.resume, false);
    } else if ('kill' in action) {
      const list = action.kill === 'primary' ? await network.primary() : action.kill;
      this.#note('killed', { nodes: network.choose(list).map(({ name }) => name) });
      network.noteDead(list, true);
      await Promise.all(network.choose(list).map((node) => node.kill()));
    } else if ('restart' in action) {
      const names = network.choose(action.restart).map(({ name }) => name);
      await Promise.all(names.map((name) => network.testnet.restart(name)));
      network.noteDead(action.restart, false);
    } else return false;
    return true;
  }

  async #breakLinks(action: Action): Promise<void> {
    const inject = async (
      name: string,
      effect: LinkEffect,
      {
        from,
        to,
        oneWay,
      }: { from?: string | undefined; to?: string | undefined; oneWay?: boolean | undefined },
    ): Promise<void> => {
      const choice: LinkChoice = { from, to, isOneWay: oneWay };
      await this.#network.faults.inject(name, effect, choice);
    };
    if ('latency' in action) {
      const { time, jitter, ...choice } = action.latency;
      const effect = { latencyMs: time, ...(jitter !== undefined && { jitterMs: jitter }) };
      await inject('latency', effect, choice);
    } else if ('bandwidth' in action) {
      const { rate, ...choice } = action.bandwidth;
      await inject('bandwidth', { kilobitsPerSecond: rate }, choice);
    } else if ('loss' in action) {
      const { share, ...choice } = action.loss;
      await inject('loss', { lossPercent: share }, choice);
    } else if ('reset' in action) {
      const { time, ...choice } = action.reset;
      await inject('reset', { resetEveryMs: time }, choice);
    } else if ('partition' in action) await inject('partition', { isCut: true }, action.partition);
  }

  /** Faults one after the other; each is taken back before the next one. */
  async #breakAtRandom({ nodes, lasting, hold }: RandomFaultsOf): Promise<void> {
    const { signal } = this.#init;
    const names = this.#network.choose(nodes).map(({ name }) => name);
    const random = new SeededRandom(this.#seed);
    const untilMs = this.#nowMs() + lasting;
    while (this.#nowMs() < untilMs) {
      const fault = drawFault(random, names, hold);
      this.#note('fault', { ...fault });
      this.#faultsInjected += 1;
      const takeBack = await beginFault(fault, this.#hands());
      await delay(fault.holdMs, undefined, { signal });
      await takeBack();
    }
  }

  #hands(): FaultHands {
    const act = async (action: Action): Promise<void> => {
      await this.#breakNodes(action);
    };
    return {
      breakLinks: async (name, from, effect) => {
        const { fault } = await this.#network.faults.inject(name, effect, { from });
        return async () => void (await this.#network.faults.heal([fault.id]));
      },
      pause: (node) => act({ pause: node }),
      resume: (node) => act({ resume: node }),
      kill: (node) => act({ kill: node }),
      restart: (node) => act({ restart: node }),
    };
  }

  #watchMemory({ nodes, every, warmup }: WatchMemoryOf): void {
    const network = this.#network;
    const watch = new MemoryWatch({ everyMs: every, warmupMs: warmup });
    const alive = () => network.choose(nodes).filter(({ name }) => !network.dead.has(name));
    this.#memory = watch;
    const either = AbortSignal.any([this.#init.signal, this.#end.signal]);
    this.#begin('endless', watch.run(alive, either));
  }

  #begin(kind: Background, work: Promise<void>): void {
    // Awaited at the end; a failure must not be unhandled until then.
    work.catch(() => undefined);
    this.#working[kind].push(work);
  }

  async #wait(what: Extract<Action, { readonly wait: unknown }>['wait']): Promise<void> {
    const { signal } = this.#init;
    if (typeof what === 'number') await delay(what, undefined, { signal });
    else if (what === 'task-running') await this.#untilTaskRuns();
    else await Promise.all(this.#working[what]);
  }

  /** Until a contractor is at work. */
  async #untilTaskRuns(): Promise<void> {
    const { testnet, dead } = this.#network;
    const deadlineMs = systemClock.monotonicMs() + TASK_START_TIMEOUT_MS;
    const alive = testnet.contractors.filter(({ name }) => !dead.has(name));
    while (systemClock.monotonicMs() < deadlineMs) {
      const status = await Promise.all(
        alive.map((node) => node.api.get<StatusDocument>('/v1/status')),
      );
      if (status.some(({ tasksInWork }) => tasksInWork > 0)) return;
      await delay(POLL_MS, undefined, { signal: this.#init.signal });
    }
    this.#note('no contractor was at work in time', {});
  }

  #doTasks({ count, every = 0, atOnce, name = '', bytes, ...about }: TasksOf): Promise<void> {
    const { client } = this.#network.testnet;
    const { signal } = this.#init;
    const before = this.tasks.length;
    return paced(count, { everyMs: every, atOnce }, signal, async (number) => {
      const facts = { sensitivity: about.sensitivity, valueMicroUsd: about.value };
      const known = { workload: name, name: taskName(name, before + number), ...facts };
      const plain = textOf(before + number, bytes);
      const canary = about.hasCanary ? canaryOf(this.#seed, known.name) : undefined;
      const text = canary === undefined ? plain : withCanary(plain, canary);
      const outcome = await doTask(client, { ...known, text }, signal);
      this.tasks.push(outcome);
      if (canary !== undefined) this.marked.push({ task: outcome, canary });
      this.#note('task', { ...outcome });
      await this.#letWhitewashersGo(outcome);
    });
  }

  /** Whoever was told that its result is bad knows that its name is worth nothing any more. */
  async #letWhitewashersGo({ attempts }: TaskOutcome): Promise<void> {
    const bad = attempts.filter(({ outcome }) => outcome === 'failed-verification');
    const nodes = await this.#network.comeBack(bad.map(({ where }) => where));
    if (nodes.length > 0) this.#note('under a new name', { nodes });
  }

  #askQueries({ count, every = 0, from, name = '' }: QueriesOf): Promise<void> {
    const { signal } = this.#init;
    return paced(count, { everyMs: every, atOnce: 1 }, signal, async (number) => {
      const alive = this.#network
        .choose(from)
        .filter(({ name: node }) => !this.#network.dead.has(node));
      const node = alive[number % alive.length];
      if (node === undefined) return;
      // Nobody finds itself.
      const others = this.#network.publishers().filter(({ peerId }) => peerId !== node.peerId);
      const outcome = await ask(node, name, others, signal);
      this.queries.push(outcome);
      this.#note('query', { node: node.name, ...outcome });
    });
  }

  #attack(action: AttackAction): void {
    const victims = this.#network.choose(victimsOf(action));
    const attack = this.#attacks.run(action, victims, this.#init.signal).then(() => {
      this.#note('attack over', { ...this.#attacks.counts });
    });
    this.#begin(isEndless(action) ? 'endless' : 'attacks', attack);
  }

  async #doPoison(records: number): Promise<void> {
    const victims = this.#network.publishers().map(({ peerId }) => peerId);
    const poisoner = await this.#network.poisoner();
    // What is out now is made outdated, and then brought back.
    const captured = await poisoner.capture(victims);
    const prices = this.#network.publishers().map(({ priceMicroUsd }) => priceMicroUsd);
    await this.#network.publish('contractors', { priceMicroUsd: Math.max(...prices) + 1 });
    const outcome = await poisoner.poison(victims, records);
    this.#poison.accepted += outcome.accepted;
    this.#poison.refused += outcome.refused;
    this.#note('poisoned', { captured, ...outcome });
  }
}

type RandomFaultsOf = Extract<Action, { readonly randomFaults: unknown }>['randomFaults'];
type WatchMemoryOf = Extract<Action, { readonly watchMemory: unknown }>['watchMemory'];
type TasksOf = Extract<Action, { readonly tasks: unknown }>['tasks'];
type QueriesOf = Extract<Action, { readonly queries: unknown }>['queries'];

/** Errors that nobody caught, of all logs. */
async function unhandledErrors({ dataDirs }: ScenarioNetwork): Promise<number> {
  const logs = await Promise.all(
    dataDirs.map((dir) => readFile(join(dir, 'daemon.log'), 'utf8').catch(() => '')),
  );
  const marks = /"msg":"(?:An error was not caught|A rejection was not handled)\./g;
  return logs.reduce((sum, log) => sum + (log.match(marks)?.length ?? 0), 0);
}

async function configsOf({ testnet }: ScenarioNetwork): Promise<Record<string, unknown>> {
  const configs: Record<string, unknown> = {};
  for (const { process: node } of testnet.nodes) {
    const text = await readFile(join(node.dataDir, 'config.json'), 'utf8');
    configs[node.name] = JSON.parse(text) as unknown;
  }
  return configs;
}
