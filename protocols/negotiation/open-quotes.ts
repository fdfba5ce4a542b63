/**
 * Capacity held for quotes that have no agreement yet: from the moment a contractor starts to work
 * a quote out until it is agreed, released, or past its expiry. Bounded per client and in all.
 *
 * @module
 */

/** How many quotes may be open at once. */
export interface OpenQuoteLimits {
  readonly perClient: number;
  readonly total: number;
}

interface Hold {
  readonly client: string;
  readonly expSeconds: number;
}

/** Holds by request id. */
export class OpenQuotes {
  readonly #limits: OpenQuoteLimits;
  readonly #holds = new Map<string, Hold>();

  constructor(limits: OpenQuoteLimits) {
    this.#limits = limits;
  }

  /** Holds a slot until `expSeconds`, or says which limit is reached. */
  hold(
    key: string,
    { client, expSeconds }: Hold,
    nowSeconds: number,
  ): 'TOO_MANY_OPEN_QUOTES' | 'BUSY' | undefined {
    this.#holds.delete(key);
    if (this.isFullFor(client, nowSeconds)) return 'TOO_MANY_OPEN_QUOTES';
    if (this.#holds.size >= this.#limits.total) return 'BUSY';
    this.#holds.set(key, { client, expSeconds });
    return undefined;
  }

  /** Whether as many quotes of the client are open as it may have. */
  isFullFor(client: string, nowSeconds: number): boolean {
    this.#purge(nowSeconds);
    let ofClient = 0;
    for (const hold of this.#holds.values()) if (hold.client === client) ofClient += 1;
    return ofClient >= this.#limits.perClient;
  }

  /** Whether a slot is held for this request. */
  has(key: string): boolean {
    return this.#holds.has(key);
  }

  /** Gives the slot back. */
  release(key: string): void {
    this.#holds.delete(key);
  }

  /** Quotes open at `nowSeconds`. */
  count(nowSeconds: number): number {
    this.#purge(nowSeconds);
    return this.#holds.size;
  }

  #purge(nowSeconds: number): void {
    for (const [key, { expSeconds }] of this.#holds) {
      if (nowSeconds > expSeconds) this.#holds.delete(key);
    }
  }
}
