/**
 * The world as it is handed in: time, randomness and logs (architecture.md D11). Nothing in
 * `protocols/` or in the pure folders of `node/` reaches for a global, so a test or a simulator can
 * replace each of them.
 *
 * @module
 */

/** Wall clock and monotonic clock. */
export interface Clock {
  /** Milliseconds since 1970, may jump. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start, never goes back. For durations. */
  monotonicMs(): number;
}

/** Source of random bytes. Cryptographic outside tests and simulations. */
export interface Random {
  bytes(length: number): Uint8Array;
}

/** Structured logger: fields first, then one plain sentence (the order of pino). */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Whole seconds since 1970: the unit of every signed time (wire-formats.md 0). */
export function nowSeconds(clock: Clock): number {
  return Math.floor(clock.nowMs() / 1000);
}
