/**
 * Tells the network of the keys of a record that no publication waits for, its ancestors and
 * buckets, and tries those again of which nobody was told: they would be missing until the record
 * is renewed, half an hour later. A publication does not wait for them: it interrupts, and those
 * that were left out come first after it.
 *
 * @module
 */

import { setMaxListeners } from 'node:events';
import type { Logger } from '../components.ts';
import type { Host } from '../libp2p-host.ts';
import { provideKeys } from './publication.ts';
import type { Scheduler } from './scheduler.ts';

/** Pause before keys are tried again; it doubles each time. */
export const REST_RETRY_MS = 5_000;
/** Tries of one record's keys: the last begins some five minutes after the first. */
export const MAX_REST_TRIES = 7;

/** What is handed in. */
export interface RestProviderInit {
  readonly host: Host;
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  /** For one try. */
  readonly timeoutMs: number;
  /** Runs a step when no publication is at work. */
  readonly inTurn: (step: () => Promise<void>) => Promise<void>;
}

/** Provides the keys that come after. One set at a time: a new one takes the place of the last. */
export class RestProvider {
  readonly #init: RestProviderInit;
  #keys: readonly string[] = [];
  /** Keys of the last set that somebody was told of. */
  #told = new Set<string>();
  /** Of the try that is at work, or that comes next. */
  #running = new AbortController();
  #cancelNext: (() => void) | undefined;

  constructor(init: RestProviderInit) {
    this.#init = init;
  }

  /** Resolves after the first try. */
  provide(keys: readonly string[]): Promise<void> {
    this.stop();
    this.#running = new AbortController();
    this.#keys = keys;
    const isNew = (key: string): boolean => !this.#told.has(key);
    const ordered = [...keys.filter(isNew), ...keys.filter((key) => !isNew(key))];
    this.#told = new Set(keys.filter((key) => !isNew(key)));
    return this.#try(keys, ordered, 1);
  }

  /** Cuts short the try that is at work or next; what it leaves out is as after a failure. */
  interrupt(): void {
    this.#running.abort();
  }

  /** Forgets what is still to be tried. */
  stop(): void {
    this.#cancelNext?.();
    this.#cancelNext = undefined;
    this.#keys = [];
  }

  /** @param of - The set that `left` is what is left of. */
  #try(of: readonly string[], left: readonly string[], number: number): Promise<void> {
    return this.#init.inTurn(async () => {
      const { host, logger, scheduler, timeoutMs } = this.#init;
      if (this.#keys !== of) return;
      const provided: string[] = [];
      const signal = AbortSignal.any([this.#running.signal, AbortSignal.timeout(timeoutMs)]);
      setMaxListeners(0, signal);
      try {
        await provideKeys(host, left, provided, signal);
      } catch (error) {
        logger.debug({ error }, 'Not all ancestors and buckets were told of.');
      }
      this.#running = new AbortController();
      for (const key of provided) this.#told.add(key);
      const missing = left.filter((key) => !provided.includes(key));
      if (this.#keys !== of || missing.length === 0) return;
      if (number === MAX_REST_TRIES) {
        logger.warn({ missing }, 'Nobody could be told of some ancestors and buckets.');
        return;
      }
      const pauseMs = REST_RETRY_MS * 2 ** (number - 1);
      this.#cancelNext = scheduler.after(pauseMs, () => void this.#try(of, missing, number + 1));
    });
  }
}
