/**
 * One simulated run of a committee: real replicas, with a virtual clock, network and disk, and some
 * of them Byzantine. A seed determines everything; the same seed gives the same run.
 *
 * First faults of network, disks and clocks, then they end (`healAtMs`) while the Byzantine
 * replicas go on. From then on every request of an honest client must be executed everywhere within
 * {@link MAX_HEALING_MS}.
 *
 * @module
 */

import { toHex } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import { Identity } from '../../../crypto/identity.ts';
import { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';
import type { Block } from '../../../protocols/pbft/block.ts';
import {
  IdentityVerifier,
  faultyAtMost,
  identitySigner,
} from '../../../protocols/pbft/committee.ts';
import type {
  Committee,
  ReplicaSigner,
  ReplicaVerifier,
} from '../../../protocols/pbft/committee.ts';
import type { Effect, Input, Moment } from '../../../protocols/pbft/effects.ts';
import { decodeMessage, encodeMessage } from '../../../protocols/pbft/messages.ts';
import type { Message } from '../../../protocols/pbft/messages.ts';
import { Replica } from '../../../protocols/pbft/replica.ts';
import { RULES } from '../../../protocols/pbft/rules.ts';
import {
  ACCOUNTS,
  AccountApplication,
  encodeTransfer,
  forgeTransfer,
} from './account-application.ts';
import { Adversary } from './adversary.ts';
import { cheapSigner, cheapVerifier } from './cheap-signatures.ts';
import { EventQueue } from './event-queue.ts';
import { InvariantChecker } from './invariants.ts';
import type { Mutant } from './mutants.ts';
import { scenarioOf } from './scenario.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';
import { SimulatedDisk } from './simulated-disk.ts';
import { SimulatedNetwork } from './simulated-network.ts';
import type { TrafficKind } from './simulated-network.ts';

/** Virtual time after healing in which everything must be executed. */
export const MAX_HEALING_MS = 180_000;
const GENESIS_TIME_MS = 1_800_000_000_000;
/** A run that takes more events than this goes round in circles. */
const MAX_EVENTS = 400_000;
const HONEST_CLIENTS = 4;
const LYING_CLIENT = 4;
const RETRY_MS = 1_500;
const MEMORY_CHECK_SHARE = 0.02;

export interface SimulationOptions extends ScenarioOptions {
  /** Runs with a broken rule. */
  readonly mutant?: Mutant;
  /** Ed25519 in the place of the cheap signatures. */
  readonly hasRealSignatures?: boolean;
}

export interface SimulationResult {
  readonly seed: number;
  readonly violations: readonly string[];
  /** Everything that honest clients asked for was executed in time. */
  readonly isLive: boolean;
  /** From healing until everything was executed; none if it was not. */
  readonly healedAfterMs: number | undefined;
  readonly blocks: number;
  readonly highestView: number;
  readonly events: number;
  readonly crashes: number;
  readonly stateTransfers: number;
  readonly evidence: number;
  /** Where each replica stood at the end. */
  readonly standing: readonly string[];
  /** Hash over everything that happened. */
  readonly trace: string;
}

type Event =
  | {
      readonly kind: 'deliver';
      readonly from: number;
      readonly to: number;
      readonly message: Message;
    }
  | { readonly kind: 'wake'; readonly at: number; readonly node: number }
  | {
      readonly kind: 'flushed';
      readonly node: number;
      readonly life: number;
      readonly flush: number;
      readonly mark: number;
      readonly height: number;
    }
  | { readonly kind: 'restart'; readonly node: number }
  | { readonly kind: 'request'; readonly client: number; readonly seq: number }
  | { readonly kind: 'lie' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'hush' }
  | { readonly kind: 'jump' }
  | { readonly kind: 'amnesia'; readonly node: number }
  | { readonly kind: 'wipe' }
  | { readonly kind: 'heal' };

interface Node {
  readonly index: number;
  readonly signer: ReplicaSigner;
  readonly adversary: Adversary | undefined;
  readonly disk: SimulatedDisk;
  replica: Replica | undefined;
  app: AccountApplication;
  /** Raised by each crash: flushes of an earlier life are void. */
  life: number;
  wakeAtMs: number;
  skewMs: number;
  hasFlushed: boolean;
  isWiped: boolean;
}

/** Runs one seed. */
export function simulateConsensus(seed: number, options: SimulationOptions = {}): SimulationResult {
  return new ConsensusSimulation(scenarioOf(seed, options), options).run();
}

class ConsensusSimulation {
  readonly #scenario: Scenario;
  readonly #mutant: Mutant | undefined;
  readonly #random: SeededRandom;
  readonly #queue = new EventQueue<Event>();
  readonly #network: SimulatedNetwork;
  readonly #committee: Committee;
  readonly #verifier: ReplicaVerifier;
  readonly #nodes: Node[];
  readonly #checker: InvariantChecker;
  readonly #submitted = new Set<string>();
  readonly #transfers = new Map<string, Uint8Array>();
  #isHealed = false;
  #events = 0;
  #crashes = 0;
  #stateTransfers = 0;
  #evidence = 0;
  #trace = 0;

  constructor(scenario: Scenario, options: SimulationOptions) {
    const { seed, replicas, byzantine } = scenario;
    this.#scenario = scenario;
    this.#mutant = options.mutant;
    this.#random = new SeededRandom(seed + 2 ** 40);
    this.#network = new SimulatedNetwork(replicas, scenario.network, this.#random);
    const keys = options.hasRealSignatures ? realKeys(replicas) : cheapKeys(replicas);
    this.#committee = {
      ledger: sha256(Uint8Array.of(1)),
      epoch: 0,
      genesisTimeMs: GENESIS_TIME_MS,
      replicas: keys.names,
    };
    this.#verifier = keys.verifier;
    const roles = new Map(byzantine.map(({ replica, strategies }) => [replica, strategies]));
    this.#checker = new InvariantChecker({
      committee: this.#committee,
      verifier: keys.verifier,
      isHonest: (replica) => !roles.has(replica),
      window: scenario.settings.window!,
      submitted: this.#submitted,
    });
    const conspirators = new Map([...roles.keys()].map((i) => [i, keys.signers[i]!]));
    this.#nodes = keys.signers.map((signer, index): Node => {
      const strategies = roles.get(index);
      const adversary =
        strategies &&
        new Adversary(index, strategies, {
          committee: this.#committee,
          random: this.#random,
          conspirators,
          transmit: (from, to, message, delayMs) => this.#transmit(from, to, message, delayMs),
          applicationAt: (height) => this.#applicationAt(height),
          blockAt: (height) => this.#checker.chain[height - 1],
        });
      if (strategies?.includes('amnesia'))
        this.#queue.add(this.#when(), { kind: 'amnesia', node: index });
      const skewMs = this.#random.integer(2 * scenario.maxSkewMs + 1) - scenario.maxSkewMs;
      return {
        ...{ index, signer, adversary, disk: new SimulatedDisk(), replica: undefined },
        ...{ app: this.#newApplication(), life: 0, wakeAtMs: Infinity, skewMs },
        ...{ hasFlushed: false, isWiped: false },
      };
    });
    this.#plan();
  }

  #newApplication(): AccountApplication {
    return new AccountApplication(this.#mutant?.checksSeq ?? true);
  }

  /** A time before the faults end. */
  #when(): number {
    return this.#random.integer(this.#scenario.healAtMs);
  }

  #plan(): void {
    const { healAtMs, requestsPerClient, requestIntervalMs, hasLyingClient } = this.#scenario;
    for (let client = 0; client < HONEST_CLIENTS; client++) {
      for (let seq = 1; seq <= requestsPerClient; seq++) {
        const jitterMs = this.#random.integer(requestIntervalMs);
        const atMs = seq * requestIntervalMs + jitterMs;
        this.#queue.add(atMs, { kind: 'request', client, seq });
      }
    }
    if (hasLyingClient) {
      for (let i = 0; i < 4; i++) this.#queue.add(this.#when(), { kind: 'lie' });
    }
    if (this.#scenario.clockJumps) this.#queue.add(this.#when(), { kind: 'jump' });
    if (this.#scenario.hasWipedReplica) this.#queue.add(this.#when(), { kind: 'wipe' });
    this.#queue.add(this.#random.integer(this.#scenario.network.cutIntervalMs), { kind: 'cut' });
    const { hushIntervalMs } = this.#scenario.network;
    if (hushIntervalMs > 0) this.#queue.add(this.#random.integer(hushIntervalMs), { kind: 'hush' });
    this.#queue.add(healAtMs, { kind: 'heal' });
  }

  run(): SimulationResult {
    for (const node of this.#nodes) this.#boot(node);
    const { healAtMs } = this.#scenario;
    let isLive = false;
    while (this.#events < MAX_EVENTS && this.#queue.nowMs <= healAtMs + MAX_HEALING_MS) {
      const event = this.#queue.take();
      if (!event) break;
      this.#events++;
      this.#onEvent(event);
      if (this.#checker.violations.length > 0) break;
      if (this.#isHealed && this.#events % 16 === 0 && this.#isDone()) {
        isLive = true;
        break;
      }
    }
    return {
      seed: this.#scenario.seed,
      violations: this.#checker.violations,
      isLive,
      healedAfterMs: isLive ? this.#queue.nowMs - healAtMs : undefined,
      blocks: this.#checker.chain.length,
      highestView: Math.max(...this.#nodes.map(({ replica }) => replica?.view ?? 0)),
      events: this.#events,
      crashes: this.#crashes,
      stateTransfers: this.#stateTransfers,
      evidence: this.#evidence,
      standing: this.#nodes.map((node) => this.#standingOf(node)),
      trace: (this.#trace >>> 0).toString(16),
    };
  }

  #standingOf({ replica, adversary, isWiped }: Node): string {
    const role = adversary ? 'Byzantine' : isWiped ? 'wiped' : 'honest';
    if (!replica) return `${role}, down`;
    const { view, isActive, height, stableHeight, waiting } = replica;
    const does = isActive ? 'in' : 'asks for';
    return `${role}, ${does} view ${view}, height ${height} (${stableHeight}), ${waiting} waiting`;
  }

  /** Every request of an honest client is executed, and every honest replica is there. */
  #isDone(): boolean {
    const height = this.#checker.chain.length;
    for (const { adversary, replica, isWiped } of this.#nodes) {
      if (!adversary && !isWiped && replica?.height !== height) return false;
    }
    for (let client = 0; client < HONEST_CLIENTS; client++) {
      for (let seq = 1; seq <= this.#scenario.requestsPerClient; seq++) {
        if (!this.#checker.isExecuted(client, seq)) return false;
      }
    }
    return true;
  }

  #moment({ skewMs }: Node): Moment {
    const monotonicMs = this.#queue.nowMs;
    return { monotonicMs, wallMs: GENESIS_TIME_MS + 60_000 + monotonicMs + skewMs };
  }

  #boot(node: Node): void {
    const { index, signer, disk, adversary } = node;
    const isFirstStart = !node.hasFlushed || (adversary !== undefined && node.isWiped);
    node.app = this.#newApplication();
    const rules = { ...RULES, ...this.#mutant?.rules };
    try {
      node.replica = new Replica({
        committee: this.#committee,
        ...{ index, signer, app: node.app, log: disk.content, isFirstStart },
        verifier: this.#mutant?.verifier ?? this.#verifier,
        moment: this.#moment(node),
        settings: this.#scenario.settings,
        // Those who do not follow the protocol are not broken ones: the rules are for the others.
        rules: adversary && !this.#mutant?.isForAll ? RULES : rules,
      });
    } catch (error) {
      this.#fail(node, error);
      return;
    }
    if (node.life > 0 && !adversary) {
      this.#checker.onRestart(this.#queue.nowMs, index, node.replica, node.isWiped);
    }
    if (adversary) node.isWiped = false;
    this.#carryOut(node, node.replica.start());
    this.#scheduleWake(node);
  }

  #fail(node: Node, error: unknown): void {
    const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (!node.adversary) this.#checker.onFailure(this.#queue.nowMs, node.index, what);
    node.replica = undefined;
  }

  #onEvent(event: Event): void {
    switch (event.kind) {
      case 'deliver': {
        const node = this.#nodes[event.to]!;
        if (!node.replica || node.adversary?.onReceive(event.message) === false) return;
        this.#step(node, { type: 'message', from: event.from, message: event.message });
        break;
      }
      case 'wake': {
        const node = this.#nodes[event.node]!;
        if (node.wakeAtMs !== event.at) return;
        node.wakeAtMs = Infinity;
        this.#step(node, { type: 'tick' });
        break;
      }
      case 'flushed': {
        const node = this.#nodes[event.node]!;
        if (node.life !== event.life) return;
        node.disk.complete(event.mark);
        node.hasFlushed = true;
        if (!node.adversary) this.#checker.onDurable(node.index, event.height);
        this.#step(node, { type: 'flushed', flush: event.flush });
        break;
      }
      case 'restart':
        this.#boot(this.#nodes[event.node]!);
        break;
      case 'request':
        this.#request(event.client, event.seq);
        break;
      case 'lie':
        this.#lie();
        break;
      case 'cut':
        if (this.#isHealed) return;
        this.#network.cut(this.#queue.nowMs);
        this.#after(1 + this.#random.integer(this.#scenario.network.cutIntervalMs), event);
        break;
      case 'hush':
        if (this.#isHealed) return;
        this.#network.hush(this.#queue.nowMs);
        this.#after(1 + this.#random.integer(this.#scenario.network.hushIntervalMs), event);
        break;
      case 'jump':
        if (this.#isHealed) return;
        for (const node of this.#nodes) {
          if (this.#random.uniform() < 0.5) node.skewMs += this.#random.integer(20_001) - 10_000;
        }
        this.#after(1 + this.#random.integer(4_000), event);
        break;
      case 'amnesia':
        this.#wipe(this.#nodes[event.node]!);
        if (!this.#isHealed) this.#after(500 + this.#random.integer(4_000), event);
        break;
      case 'wipe': {
        const honest = this.#nodes.filter(({ adversary }) => !adversary);
        this.#wipe(honest[this.#random.integer(honest.length)]!);
        break;
      }
      case 'heal':
        this.#isHealed = true;
        this.#network.heal();
        break;
    }
  }

  #after(delayMs: number, event: Event): void {
    this.#queue.add(this.#queue.nowMs + delayMs, event);
  }

  #step(node: Node, input: Input): void {
    const { replica } = node;
    if (!replica) return;
    const moment = this.#moment(node);
    let effects: readonly Effect[];
    try {
      effects = replica.step(input, moment);
    } catch (error) {
      this.#fail(node, error);
      return;
    }
    this.#carryOut(node, effects);
    if (node.replica !== replica) return;
    const { nowMs } = this.#queue;
    if (!node.adversary) {
      this.#checker.onStep(nowMs, moment.wallMs, node.index, replica);
      if (this.#random.uniform() < MEMORY_CHECK_SHARE) {
        this.#checker.checkMemory(nowMs, node.index, replica, node.disk.bytes);
      }
    }
    this.#scheduleWake(node);
  }

  #scheduleWake(node: Node): void {
    const at = Math.max(this.#queue.nowMs + 1, node.replica?.nextWakeMs ?? Infinity);
    if (at === node.wakeAtMs || at === Infinity) return;
    node.wakeAtMs = at;
    this.#queue.add(at, { kind: 'wake', at, node: node.index });
  }

  #carryOut(node: Node, effects: readonly Effect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case 'send':
          this.#send(node, effect.to, effect.message);
          break;
        case 'append':
          node.disk.append(effect.bytes);
          if (this.#mayCrash(node)) return;
          break;
        case 'replace':
          node.disk.replace(effect.bytes);
          if (this.#mayCrash(node)) return;
          break;
        case 'truncate':
          node.disk.truncate(effect.length);
          break;
        case 'flush':
          if (this.#mayCrash(node)) return;
          this.#flush(node, effect.flush);
          break;
        case 'halted':
          this.#fail(node, new Error(effect.reason));
          return;
        default:
          this.#observe(node, effect);
      }
    }
  }

  /** What a replica tells its host. */
  #observe(node: Node, effect: Effect): void {
    if (node.adversary) return;
    const { nowMs } = this.#queue;
    switch (effect.type) {
      case 'commit': {
        const { height, digest } = effect.committed.block;
        this.#trace = (Math.imul(this.#trace, 31) + height * 7 + digest[0]! + node.index) | 0;
        this.#checker.onCommit(nowMs, node.index, effect.committed, node.app);
        break;
      }
      case 'restored':
        this.#stateTransfers++;
        this.#checker.onRestored(nowMs, node.index, effect.height, node.app);
        break;
      case 'evidence':
        this.#evidence++;
        this.#checker.onEvidence(nowMs, node.index, effect.evidence);
        break;
      default:
        break;
    }
  }

  #flush(node: Node, flush: number): void {
    const mark = node.disk.mark();
    // A disk that lies about flushes, for a mutant.
    if (this.#mutant?.losesFlushes && !node.adversary) {
      this.#after(1, {
        kind: 'flushed',
        node: node.index,
        life: node.life,
        flush,
        mark: 0,
        height: 0,
      });
      return;
    }
    const { maxFlushMs } = this.#scenario;
    const delayMs = this.#isHealed ? 1 : 1 + this.#random.integer(maxFlushMs);
    const height = node.replica?.height ?? 0;
    const { index, life } = node;
    this.#after(delayMs, { kind: 'flushed', node: index, life, flush, mark, height });
  }

  /** Perhaps the machine stops right at this write. */
  #mayCrash(node: Node): boolean {
    if (this.#isHealed || this.#random.uniform() >= this.#scenario.crashShare) return false;
    this.#crash(node);
    return true;
  }

  #crash(node: Node): void {
    this.#crashes++;
    node.replica = undefined;
    node.life++;
    node.wakeAtMs = Infinity;
    node.disk.crash(this.#random);
    const { nowMs } = this.#queue;
    const downMs = 1 + this.#random.integer(this.#scenario.maxDownMs);
    this.#queue.add(nowMs + downMs, { kind: 'restart', node: node.index });
  }

  #wipe(node: Node): void {
    if (!node.replica) return;
    this.#crash(node);
    node.disk.wipe();
    node.isWiped = true;
  }

  #send(node: Node, to: number | 'others', message: Message): void {
    if (node.adversary) {
      node.adversary.onSend(to, message);
      return;
    }
    this.#checker.onSend(this.#queue.nowMs, node.index, message);
    if (to !== 'others') {
      this.#transmit(node.index, to, message, 0);
      return;
    }
    for (let i = 0; i < this.#nodes.length; i++) {
      if (i !== node.index) this.#transmit(node.index, i, message, 0);
    }
  }

  #transmit(from: number, to: number, message: Message, extraDelayMs: number): void {
    if (from === to) return;
    const { nowMs } = this.#queue;
    for (const delayMs of this.#network.arrivals(from, to, trafficKind(message), nowMs)) {
      const sent = this.#scenario.isWired ? decodeMessage(encodeMessage(message)) : message;
      this.#queue.add(nowMs + delayMs + extraDelayMs, { kind: 'deliver', from, to, message: sent });
    }
  }

  /** A client asks f + 1 replicas, and others again until it is answered. */
  #request(client: number, seq: number): void {
    if (this.#checker.isExecuted(client, seq)) return;
    const key = `${client} ${seq}`;
    let transaction = this.#transfers.get(key);
    if (!transaction) {
      const to = (client + 1 + this.#random.integer(ACCOUNTS - 1)) % ACCOUNTS;
      transaction = encodeTransfer({ account: client, seq, to, amount: this.#random.integer(50) });
      this.#transfers.set(key, transaction);
      this.#submitted.add(toHex(transaction));
    }
    const first = this.#random.integer(this.#nodes.length);
    for (let i = 0; i <= faultyAtMost(this.#nodes.length); i++) {
      this.#submit(this.#nodes[(first + i) % this.#nodes.length]!, transaction);
    }
    this.#after(RETRY_MS, { kind: 'request', client, seq });
  }

  #submit(node: Node, transaction: Uint8Array): void {
    if (node.adversary?.acceptsRequest(transaction) === false) return;
    this.#step(node, { type: 'request', transaction });
  }

  /** A client that signs two transfers with one number, leaves a gap, or does not sign. */
  #lie(): void {
    const account = LYING_CLIENT;
    const seq = 1 + this.#random.integer(4);
    for (const node of this.#nodes) {
      const transfer = { account, seq, to: 0, amount: this.#random.integer(2) };
      const isForged = this.#random.uniform() < 0.2;
      const transaction = isForged ? forgeTransfer(transfer) : encodeTransfer(transfer);
      if (!isForged) this.#submitted.add(toHex(transaction));
      this.#submit(node, transaction);
    }
  }

  /** The state after the committed blocks up to a height. */
  #applicationAt(height: number): AccountApplication | undefined {
    const app = this.#newApplication();
    for (let i = 0; i < height; i++) {
      const block: Block | undefined = this.#checker.chain[i];
      if (!block || !app.apply(block).applied) return undefined;
    }
    return app;
  }
}

function trafficKind(message: Message): TrafficKind {
  switch (message.type) {
    case 'vote':
      return message.vote.phase === 'checkpoint' ? 'other' : message.vote.phase;
    case 'blocks':
    case 'snapshot':
      return 'blocks';
    case 'pre-prepare':
      return 'proposal';
    case 'view-change':
    case 'new-view':
      return 'view';
    default:
      return 'other';
  }
}

interface Keys {
  readonly names: readonly string[];
  readonly signers: readonly ReplicaSigner[];
  readonly verifier: ReplicaVerifier;
}

function cheapKeys(count: number): Keys {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return {
    names: numbers.map((i) => `replica ${i}`),
    signers: numbers.map(cheapSigner),
    verifier: cheapVerifier,
  };
}

function realKeys(count: number): Keys {
  const identities = Array.from({ length: count }, (_, i) =>
    Identity.fromSeed(new Uint8Array(32).fill(i + 1)),
  );
  const names = identities.map(({ peerId }) => peerId);
  return { names, signers: identities.map(identitySigner), verifier: new IdentityVerifier(names) };
}
