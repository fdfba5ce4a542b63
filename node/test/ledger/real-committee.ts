/** A committee of four replicas in this process: real libp2p, real disks, real signatures. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBase64Url } from '../../../crypto/bytes.ts';
import { signDocument } from '../../../crypto/envelope.ts';
import type { Identity } from '../../../crypto/identity.ts';
import type { Clock, Logger } from '../../../protocols/components.ts';
import { encodeGenesis, ledgerRules } from '../../../protocols/ledger/genesis.ts';
import type { LedgerRules } from '../../../protocols/ledger/genesis.ts';
import { TRANSACTION } from '../../../protocols/ledger/transactions.ts';
import type { Transaction, TransactionCall } from '../../../protocols/ledger/transactions.ts';
import { createHost } from '../../../protocols/libp2p-host.ts';
import type { Host } from '../../../protocols/libp2p-host.ts';
import type { ReplicaSettings } from '../../../protocols/pbft/settings.ts';
import { REPLICAS, makeGenesis } from '../../../protocols/test/ledger/fixture.ts';
import { ReplicaHost } from '../../ledger/replica-host.ts';
import { silentLogger } from '../../logger.ts';
import { dataDirectory } from '../../storage/data-directory.ts';
import { openStore } from '../../storage/store.ts';
import type { Store } from '../../storage/store.ts';
import { systemClock } from '../../system-clock.ts';

/** One replica; the data directory outlives the process that it stands for. */
export class Member {
  readonly dataPath: string;
  readonly #committee: RealCommittee;
  readonly #identity: Identity;
  readonly #logger: Logger;
  #running: { replica: ReplicaHost; host: Host; store: Store } | undefined;

  constructor(committee: RealCommittee, identity: Identity, dataPath: string, logger: Logger) {
    this.#committee = committee;
    this.#identity = identity;
    this.dataPath = dataPath;
    this.#logger = logger;
  }

  get replica(): ReplicaHost {
    return this.#running!.replica;
  }

  get host(): Host {
    return this.#running!.host;
  }

  async start(): Promise<void> {
    const directory = dataDirectory(this.dataPath);
    const store = await openStore(directory);
    const host = await createHost({
      clock: systemClock,
      identity: this.#identity,
      logger: this.#logger,
      validators: {},
      selectors: {},
      isLocalNetwork: true,
      bootstrap: this.#committee.addresses(),
      bootstrapTimeoutMs: 1_000,
    });
    try {
      const replica = await ReplicaHost.start({
        rules: this.#committee.rules,
        identity: this.#identity,
        directory: directory.ledgerDirectory,
        memory: store.section('ledger'),
        host: host.libp2p,
        clock: this.#committee.clock,
        logger: this.#logger,
        settings: this.#committee.settings,
      });
      this.#running = { replica, host, store };
    } catch (error) {
      await host.stop();
      await store.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.replica.stop();
    await running?.host.stop();
    await running?.store.close();
  }

  /** Addresses of the running node. */
  addresses(): readonly string[] {
    return this.#running?.host.addresses() ?? [];
  }
}

/** The system's clock; its wall time can be set forward, so that a test need not wait an hour. */
export class ForwardClock implements Clock {
  #forwardMs = 0;

  nowMs(): number {
    return systemClock.nowMs() + this.#forwardMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  forwardSeconds(seconds: number): void {
    this.#forwardMs += seconds * 1_000;
  }
}

export class RealCommittee {
  readonly clock = new ForwardClock();
  readonly rules: LedgerRules;
  readonly settings: Partial<ReplicaSettings>;
  readonly members: Member[] = [];
  readonly #seqs = new Map<string, number>();
  #root = '';

  private constructor(settings: Partial<ReplicaSettings>) {
    const time = Math.floor(systemClock.nowMs() / 1_000) - 60;
    this.rules = ledgerRules(encodeGenesis(makeGenesis({ time })));
    this.settings = settings;
  }

  /** Four replicas that are not started. */
  static async create(
    settings: Partial<ReplicaSettings> = {},
    logger: Logger = silentLogger,
  ): Promise<RealCommittee> {
    const committee = new RealCommittee({ heartbeatMs: 500, ...settings });
    committee.#root = await mkdtemp(join(tmpdir(), 'coalesce-committee-'));
    for (const [index, identity] of REPLICAS.entries()) {
      const dataPath = await mkdtemp(join(committee.#root, `replica-${index}-`));
      committee.members.push(new Member(committee, identity, dataPath, logger));
    }
    return committee;
  }

  /** Where those that run can be reached. */
  addresses(): readonly string[] {
    return this.members.flatMap((member) => [...member.addresses()]);
  }

  async startAll(): Promise<void> {
    for (const member of this.members) await member.start();
  }

  /** The next transaction of an account. */
  transaction(from: Identity, call: TransactionCall): Uint8Array {
    const seq = (this.#seqs.get(from.peerId) ?? 0) + 1;
    this.#seqs.set(from.peerId, seq);
    const body = {
      v: 1,
      typ: 'tx',
      ledger: toBase64Url(this.rules.ledgerId),
      account: from.peerId,
      seq,
      ...call,
    } as Transaction;
    return signDocument(TRANSACTION, body, from).envelope;
  }

  transfer(from: Identity, to: Identity, amount = 1): Uint8Array {
    return this.transaction(from, {
      op: 'transfer',
      args: { to: to.peerId, amount: amount.toString() },
    });
  }

  async destroy(): Promise<void> {
    for (const member of this.members) await member.stop();
    await rm(this.#root, { recursive: true, force: true });
  }
}

/** Waits until `isSo`. @throws after `timeoutMs`, with what `what` says. */
export async function eventually(
  isSo: () => boolean,
  what: () => string,
  timeoutMs = 20_000,
): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  while (!isSo()) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`not in time: ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
