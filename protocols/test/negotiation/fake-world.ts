/** A clock that the test moves, random bytes from a seed, and a logger that remembers. */

import { concatBytes, u32, utf8 } from '../../../crypto/bytes.ts';
import { sha256 } from '../../../crypto/hash.ts';
import type { Clock, Logger, Random } from '../../components.ts';
import type { KeyValueStore } from '../../negotiation/contract-store.ts';

export const START_SECONDS = 1_800_000_000;

export class FakeClock implements Clock {
  #ms = START_SECONDS * 1000;

  nowMs(): number {
    return this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  get seconds(): number {
    return Math.floor(this.#ms / 1000);
  }

  advanceSeconds(seconds: number): void {
    this.#ms += seconds * 1000;
  }
}

export class FakeRandom implements Random {
  readonly #seed: string;
  #calls = 0;

  constructor(seed: string) {
    this.#seed = seed;
  }

  bytes(length: number): Uint8Array {
    this.#calls += 1;
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
      sha256(utf8(this.#seed), u32(this.#calls), u32(i)),
    );
    return concatBytes(...blocks).slice(0, length);
  }
}

export interface LogLine {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

export class FakeLogger implements Logger {
  readonly lines: LogLine[] = [];

  debug(fields: object, message: string): void {
    this.lines.push({ level: 'debug', fields, message });
  }

  info(fields: object, message: string): void {
    this.lines.push({ level: 'info', fields, message });
  }

  warn(fields: object, message: string): void {
    this.lines.push({ level: 'warn', fields, message });
  }

  error(fields: object, message: string): void {
    this.lines.push({ level: 'error', fields, message });
  }
}

/** Values by key in memory; `disk` has what was flushed. */
export class FakeKeyValueStore implements KeyValueStore {
  readonly values = new Map<string, Uint8Array>();
  disk = new Map<string, Uint8Array>();
  /** A disk that is full. */
  failsToFlush = false;

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.values.get(key));
  }

  put(key: string, value: Uint8Array): Promise<void> {
    this.values.set(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.values.delete(key);
    return Promise.resolve();
  }

  async *entries(prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
    await Promise.resolve();
    for (const key of [...this.values.keys()].sort()) {
      const value = this.values.get(key);
      if (key.startsWith(prefix) && value) yield [key, value];
    }
  }

  flush(): Promise<void> {
    if (this.failsToFlush) return Promise.reject(new Error('no space left on device'));
    this.disk = new Map(this.values);
    return Promise.resolve();
  }

  /** Loses what was not flushed, as a crash does. */
  crash(): void {
    this.values.clear();
    for (const [key, value] of this.disk) this.values.set(key, value);
  }
}
