/**
 * A committee of real replicas, each a process of its own on loopback, as benchmarks and tests
 * drive it.
 *
 * @module
 */

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Identity } from '../../crypto/identity.ts';
import { BlockStore } from '../../node/ledger/block-store.ts';
import type { SubmitOutcome } from '../../node/ledger/replica-door.ts';
import { createDataDirectory, dataDirectory } from '../../node/storage/data-directory.ts';
import { saveIdentity } from '../../node/storage/keystore.ts';
import { auditLedger } from '../../protocols/ledger/audit.ts';
import type { AuditReport } from '../../protocols/ledger/audit.ts';
import { committeeChain } from '../../protocols/ledger/committee-chain.ts';
import { ledgerRules } from '../../protocols/ledger/genesis.ts';
import { ByteReader } from '../../protocols/pbft/byte-reader.ts';
import { readCertificate } from '../../protocols/pbft/vote.ts';
import type { Answer, Order, ProcessStatus } from './messages.ts';

const READY_TIMEOUT_MS = 60_000;
const BUSY: SubmitOutcome = { committed: false, reason: 'BUSY' };

/** The built program; the sources' own copy is not executable on Node.js 20. */
function programPath(): string {
  const candidates = ['./main.js', '../../dist/testnet/committee/main.js'];
  const found = candidates
    .map((relative) => fileURLToPath(new URL(relative, import.meta.url)))
    .find((path) => existsSync(path));
  if (found === undefined) throw new Error('The project is not built; run "npm run build"');
  return found;
}

/** One replica, running or not. */
export class ReplicaProcess {
  readonly dataPath: string;
  readonly #genesisFile: string;
  #child: ChildProcess | undefined;
  #addresses: readonly string[] = [];
  readonly #submissions = new Map<number, (outcome: SubmitOutcome) => void>();
  readonly #questions = new Map<number, (status: ProcessStatus) => void>();
  #next = 0;
  #waiting: { readonly first: number; readonly transactions: Uint8Array[] }[] = [];

  constructor(dataPath: string, genesisFile: string) {
    this.dataPath = dataPath;
    this.#genesisFile = genesisFile;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Resolves once the replica takes transactions. @throws if it ends before. */
  async start(bootstrap: readonly string[]): Promise<void> {
    const child = fork(programPath(), [this.dataPath, this.#genesisFile, ...bootstrap], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#onEnd();
    });
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        reject(new Error('The replica is not ready in time'));
      }, READY_TIMEOUT_MS);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`The replica ended with ${code}`));
      });
      child.on('message', (answer: Answer) => {
        if (answer.type === 'ready') {
          clearTimeout(timer);
          this.#addresses = answer.addresses;
          resolve();
        } else this.#onAnswer(answer);
      });
    });
  }

  /** What became of each, in order; `BUSY` for all that are open when the process ends. */
  submit(transactions: readonly Uint8Array[]): Promise<SubmitOutcome>[] {
    const first = this.#next;
    this.#next += transactions.length;
    if (!this.#child) return transactions.map(() => Promise.resolve(BUSY));
    const outcomes = transactions.map((_, place) => {
      return new Promise<SubmitOutcome>((resolve) => {
        this.#submissions.set(first + place, resolve);
      });
    });
    this.#handIn(first, transactions);
    return outcomes;
  }

  /** What is handed in during one turn of the event loop goes over the channel together. */
  #handIn(first: number, transactions: readonly Uint8Array[]): void {
    const last = this.#waiting.at(-1);
    if (last && last.first + last.transactions.length === first) {
      last.transactions.push(...transactions);
      return;
    }
    this.#waiting.push({ first, transactions: [...transactions] });
    if (this.#waiting.length > 1) return;
    setImmediate(() => {
      for (const order of this.#waiting) this.#send({ type: 'submit', ...order });
      this.#waiting = [];
    });
  }

  /** @throws if it is not running. */
  status(): Promise<ProcessStatus> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      if (!this.#child) reject(new Error('The replica is not running'));
      else {
        this.#questions.set(id, resolve);
        this.#send({ type: 'status', id });
      }
    });
  }

  /** As a crash ends it. */
  async kill(): Promise<void> {
    await this.#end((child) => child.kill('SIGKILL'));
  }

  async stop(): Promise<void> {
    await this.#end(() => this.#send({ type: 'stop' }));
  }

  async #end(how: (child: ChildProcess) => void): Promise<void> {
    const child = this.#child;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    how(child);
    await ended;
  }

  #send(order: Order): void {
    // A process that is gone takes nothing more: its end is told by `exit`.
    this.#child?.send(order, () => undefined);
  }

  #onEnd(): void {
    this.#child = undefined;
    for (const resolve of this.#submissions.values()) resolve(BUSY);
    this.#submissions.clear();
    this.#questions.clear();
  }

  #onAnswer(answer: Exclude<Answer, { type: 'ready' }>): void {
    if (answer.type === 'status') {
      this.#questions.get(answer.id)?.(answer.status);
      this.#questions.delete(answer.id);
      return;
    }
    for (const [number, outcome] of answer.outcomes) {
      this.#submissions.get(number)?.(outcome);
      this.#submissions.delete(number);
    }
  }
}

/** All replicas of a genesis. */
export class CommitteeProcesses {
  readonly replicas: readonly ReplicaProcess[];
  readonly #genesis: Uint8Array;

  private constructor(replicas: readonly ReplicaProcess[], genesis: Uint8Array) {
    this.replicas = replicas;
    this.#genesis = genesis;
  }

  /** Writes the data directories into `root`; nothing is started. */
  static async create(
    root: string,
    genesis: Uint8Array,
    identities: readonly Identity[],
  ): Promise<CommitteeProcesses> {
    await mkdir(root, { recursive: true });
    const genesisFile = join(root, 'genesis.json');
    await writeFile(genesisFile, genesis);
    const replicas: ReplicaProcess[] = [];
    for (const [index, identity] of identities.entries()) {
      const directory = dataDirectory(join(root, `replica-${index}`));
      await createDataDirectory(directory);
      await saveIdentity(directory, identity);
      replicas.push(new ReplicaProcess(directory.path, genesisFile));
    }
    return new CommitteeProcesses(replicas, genesis);
  }

  async start(replica: ReplicaProcess): Promise<void> {
    const others = this.replicas.filter((other) => other !== replica && other.isRunning);
    await replica.start(others.flatMap(({ addresses }) => [...addresses]));
  }

  async startAll(): Promise<void> {
    for (const replica of this.replicas) await this.start(replica);
  }

  async stopAll(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()));
  }

  /**
   * Audits what a stopped replica has stored, from the first block.
   *
   * @returns what was found, and the state root after each block.
   */
  async audit(
    replica: ReplicaProcess,
  ): Promise<{ readonly report: AuditReport; readonly stateRoots: readonly string[] }> {
    const { ledgerDirectory } = dataDirectory(replica.dataPath);
    const store = await BlockStore.open(join(ledgerDirectory, 'blocks'), (error) => {
      throw error;
    });
    try {
      const rules = ledgerRules(this.#genesis);
      const head = await store.block(store.whole);
      const commit = head && readCertificate(new ByteReader(head.commit));
      const blocks = async function* (): AsyncGenerator<Uint8Array> {
        for await (const { block } of store.blocks(1, Infinity)) yield block;
      };
      const audit = auditLedger(rules, committeeChain(rules, commit), blocks());
      const stateRoots: string[] = [];
      for (;;) {
        const { done, value } = await audit.next();
        if (done) return { report: value, stateRoots };
        stateRoots.push(value.stateRoot);
      }
    } finally {
      await store.close();
    }
  }
}
