/**
 * A disk that keeps what was flushed. A crash keeps a beginning of what was not: whole writes, then
 * perhaps a piece of the next, cut off or filled up with zeros.
 *
 * @module
 */

import type { SeededRandom } from '../../../node/decision/exploration/seeded-random.ts';

type Write =
  | { readonly kind: 'append' | 'replace'; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly length: number };

export class SimulatedDisk {
  /** What a restart finds, at least. */
  #durable: Uint8Array[] = [];
  #pending: Write[] = [];
  #taken = 0;

  get content(): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#durable));
  }

  get bytes(): number {
    const pending = this.#pending.reduce((sum, write) => {
      return sum + (write.kind === 'truncate' ? 0 : write.bytes.length);
    }, 0);
    return pending + this.#durable.reduce((sum, { length }) => sum + length, 0);
  }

  append(bytes: Uint8Array): void {
    this.#pending.push({ kind: 'append', bytes });
  }

  replace(bytes: Uint8Array): void {
    this.#pending.push({ kind: 'replace', bytes });
  }

  truncate(length: number): void {
    this.#pending.push({ kind: 'truncate', length });
  }

  /** A flush begins: it covers what was written so far. @returns its mark. */
  mark(): number {
    return this.#taken + this.#pending.length;
  }

  /** The flush with this mark is done. */
  complete(mark: number): void {
    while (this.#taken < mark) {
      const write = this.#pending.shift();
      if (!write) break;
      this.#taken++;
      this.#write(write);
    }
  }

  #write(write: Write): void {
    if (write.kind === 'truncate') this.#durable = [this.content.slice(0, write.length)];
    else if (write.kind === 'replace') this.#durable = [write.bytes];
    else this.#durable.push(write.bytes);
  }

  /** The machine stops. */
  crash(random: SeededRandom): void {
    const kept = random.integer(this.#pending.length + 1);
    const torn = this.#pending[kept];
    this.complete(this.#taken + kept);
    if (torn?.kind === 'append' && random.uniform() < 0.5) {
      const length = random.integer(torn.bytes.length);
      const piece = torn.bytes.slice(0, random.uniform() < 0.5 ? length : torn.bytes.length);
      piece.fill(0, length);
      this.#durable.push(piece);
    }
    this.#taken += this.#pending.length;
    this.#pending = [];
  }

  /** Everything is gone. */
  wipe(): void {
    this.#durable = [];
    this.#taken += this.#pending.length;
    this.#pending = [];
  }
}
