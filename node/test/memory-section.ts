/** A section of the store in memory. What is put goes through bytes, as on disk. */

import { fromUtf8, utf8 } from '../../crypto/bytes.ts';
import type { EntriesOptions, JsonSection, Section } from '../storage/store.ts';

export class MemorySection implements Section {
  readonly values = new Map<string, Uint8Array>();

  get(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.values.get(key));
  }

  put(key: string, value: Uint8Array): Promise<void> {
    this.values.set(key, Uint8Array.from(value));
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.values.delete(key);
    return Promise.resolve();
  }

  write(changes: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    for (const [key, value] of changes) {
      if (value === undefined) this.values.delete(key);
      else this.values.set(key, Uint8Array.from(value));
    }
    return Promise.resolve();
  }

  async *entries(options: EntriesOptions = {}): AsyncIterable<readonly [string, Uint8Array]> {
    await Promise.resolve();
    const { prefix = '', until, limit = Infinity, reverse = false } = options;
    const keys = [...this.values.keys()]
      .filter((key) => key.startsWith(prefix) && (until === undefined || key <= until))
      .sort();
    if (reverse) keys.reverse();
    for (const key of keys.slice(0, limit)) yield [key, this.values.get(key)!];
  }
}

export class MemoryJsonSection<Value> implements JsonSection<Value> {
  readonly bytes = new MemorySection();

  async get(key: string): Promise<Value | undefined> {
    const bytes = await this.bytes.get(key);
    return bytes && (JSON.parse(fromUtf8(bytes)) as Value);
  }

  put(key: string, value: Value): Promise<void> {
    return this.bytes.put(key, utf8(JSON.stringify(value)));
  }

  delete(key: string): Promise<void> {
    return this.bytes.delete(key);
  }

  async values(options?: EntriesOptions): Promise<Value[]> {
    const values: Value[] = [];
    for await (const [, bytes] of this.bytes.entries(options)) {
      values.push(JSON.parse(fromUtf8(bytes)) as Value);
    }
    return values;
  }
}
