/**
 * Results of single runs on disk, so that an interrupted experiment can go on: one line of JSON per
 * run. A line that does not parse, which is what a kill leaves at the end, counts as not there.
 *
 * @module
 */

import { appendFile, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSums } from '../market-simulator/accounts.ts';
import { VERSION } from '../../node/version.ts';

const FILE = 'runs.jsonl';
/** Lines that are written at once. */
const LINES_PER_WRITE = 200;

interface Line {
  readonly version: string;
  /** The settings, as JSON. */
  readonly key: string;
  readonly sums: RunSums;
}

/** Runs of one output directory. */
export class RunStore {
  readonly #path: string;
  readonly #known = new Map<string, RunSums>();
  #pending: string[] = [];
  #written: Promise<void> = Promise.resolve();

  private constructor(directory: string) {
    this.#path = join(directory, FILE);
  }

  /** @param isResumed - Whether what stands there counts; otherwise it is removed. */
  static async open(directory: string, isResumed: boolean): Promise<RunStore> {
    const store = new RunStore(directory);
    await mkdir(directory, { recursive: true });
    if (isResumed) await store.#read();
    else await rm(store.#path, { force: true });
    return store;
  }

  get size(): number {
    return this.#known.size;
  }

  find(key: string): RunSums | undefined {
    return this.#known.get(key);
  }

  add(key: string, sums: RunSums): void {
    this.#known.set(key, sums);
    const line: Line = { version: VERSION, key, sums };
    this.#pending.push(`${JSON.stringify(line)}\n`);
    if (this.#pending.length >= LINES_PER_WRITE) this.#write();
  }

  /** Everything is on disk. */
  async flush(): Promise<void> {
    this.#write();
    await this.#written;
  }

  /** The experiment is complete: nothing is left to go on from. */
  async remove(): Promise<void> {
    await this.flush();
    await rm(this.#path, { force: true });
  }

  #write(): void {
    const text = this.#pending.join('');
    this.#pending = [];
    this.#written = this.#written.then(() => appendFile(this.#path, text));
  }

  async #read(): Promise<void> {
    let text: string;
    try {
      text = await readFile(this.#path, 'utf8');
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
      throw error;
    }
    for (const line of text.split('\n')) {
      const read = parsed(line);
      if (read !== undefined) this.#known.set(read.key, read.sums);
    }
  }
}

function parsed(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    const isOurs = line?.version === VERSION && typeof line.key === 'string';
    return isOurs && typeof line.sums === 'object' ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}
