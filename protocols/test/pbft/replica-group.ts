/**
 * Replicas with real keys that hand each other their messages as bytes, in order, at once or after
 * `delayMs`. Time stands still unless a test moves it; every flush succeeds. A test cuts links to
 * lose messages.
 */
import { Identity } from '../../../crypto/identity.ts';
import { IdentityVerifier, identitySigner } from '../../pbft/committee.ts';
import type { Committee } from '../../pbft/committee.ts';
import type { Effect, Input, Moment } from '../../pbft/effects.ts';
import { decodeMessage, encodeMessage } from '../../pbft/messages.ts';
import type { Message } from '../../pbft/messages.ts';
import { Replica } from '../../pbft/replica.ts';
import type { ReplicaSettings } from '../../pbft/settings.ts';
import { TallyApplication } from './tally-application.ts';

export const GENESIS_TIME_MS = 1_800_000_000_000;

/** The keys of a committee: seeds of one byte, repeated. */
export function keysOf(count: number): Identity[] {
  return Array.from({ length: count }, (_, i) => Identity.fromSeed(new Uint8Array(32).fill(i + 1)));
}

export function committeeOf(identities: readonly Identity[]): Committee {
  const replicas = identities.map(({ peerId }) => peerId);
  return {
    ledger: new Uint8Array(32).fill(7),
    epoch: 0,
    genesisTimeMs: GENESIS_TIME_MS,
    replicas,
  };
}

interface Member {
  replica: Replica;
  app: TallyApplication;
  log: Uint8Array;
  readonly effects: Effect[];
}

export class ReplicaGroup {
  readonly identities: readonly Identity[];
  readonly committee: Committee;
  readonly members: Member[];
  /** Messages that are not delivered, by sender, receiver and content. */
  isLost: (from: number, to: number, message: Message) => boolean = () => false;
  nowMs = 0;
  /** How long a message is under way. */
  delayMs = 0;
  readonly #settings: Partial<ReplicaSettings>;
  readonly #queue: { from: number; to: number; bytes: Uint8Array; dueMs: number }[] = [];

  constructor(size = 4, settings: Partial<ReplicaSettings> = {}) {
    this.identities = keysOf(size);
    this.committee = committeeOf(this.identities);
    this.#settings = settings;
    this.members = this.identities.map((_, i) => this.#boot(i, new Uint8Array(), true));
    for (const i of this.members.keys()) this.#carryOut(i, this.members[i]!.replica.start());
    this.settle();
  }

  get moment(): Moment {
    return { monotonicMs: this.nowMs, wallMs: GENESIS_TIME_MS + this.nowMs };
  }

  #boot(index: number, log: Uint8Array, isFirstStart: boolean): Member {
    const app = new TallyApplication();
    const replica = new Replica({
      committee: this.committee,
      index,
      signer: identitySigner(this.identities[index]!),
      verifier: new IdentityVerifier(this.committee.replicas),
      app,
      log,
      isFirstStart,
      moment: this.moment,
      settings: this.#settings,
    });
    return { replica, app, log, effects: [] };
  }

  /** Stops a replica and starts it from `log`, by default from what it wrote. */
  restart(index: number, log: Uint8Array = this.members[index]!.log): void {
    this.members[index] = this.#boot(index, log, false);
    this.#carryOut(index, this.members[index].replica.start());
    this.settle();
  }

  step(index: number, input: Input): void {
    this.#carryOut(index, this.members[index]!.replica.step(input, this.moment));
  }

  submit(index: number, transaction: Uint8Array): void {
    this.step(index, { type: 'request', transaction });
    this.settle();
  }

  /** Delivers what is due by now until nothing is. */
  settle(): void {
    while (this.#queue.length > 0 && this.#queue[0]!.dueMs <= this.nowMs) {
      const next = this.#queue.shift()!;
      const message = decodeMessage(next.bytes);
      if (this.isLost(next.from, next.to, message)) continue;
      this.step(next.to, { type: 'message', from: next.from, message });
    }
  }

  /** Lets time pass, tick by tick. */
  pass(durationMs: number): void {
    const endMs = this.nowMs + durationMs;
    for (;;) {
      const wakesMs = this.members.map(({ replica }) => replica.nextWakeMs);
      const wakeMs = Math.min(...wakesMs, this.#queue[0]?.dueMs ?? Infinity);
      if (wakeMs > endMs) break;
      this.nowMs = Math.max(this.nowMs, wakeMs);
      for (const i of this.members.keys()) this.step(i, { type: 'tick' });
      this.settle();
    }
    this.nowMs = endMs;
  }

  #carryOut(index: number, effects: readonly Effect[]): void {
    const member = this.members[index]!;
    for (const effect of effects) {
      member.effects.push(effect);
      switch (effect.type) {
        case 'send': {
          const bytes = encodeMessage(effect.message);
          for (const to of this.members.keys()) {
            const isMeant = effect.to === 'others' ? to !== index : to === effect.to;
            if (isMeant)
              this.#queue.push({ from: index, to, bytes, dueMs: this.nowMs + this.delayMs });
          }
          break;
        }
        case 'append':
          member.log = new Uint8Array(Buffer.concat([member.log, effect.bytes]));
          break;
        case 'replace':
          member.log = effect.bytes;
          break;
        case 'truncate':
          member.log = member.log.slice(0, effect.length);
          break;
        case 'flush':
          this.step(index, { type: 'flushed', flush: effect.flush });
          break;
        default:
          break;
      }
    }
  }
}
