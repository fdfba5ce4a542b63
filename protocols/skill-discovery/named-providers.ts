/**
 * The providers that a search heard of, and who named them. To name a provider is free, to look for
 * its record in the DHT costs some twenty requests: so a name that one peer alone vouches for is
 * asked at its own address only, until the lookups have ended, and few of one peer's then go on.
 *
 * @module
 */

import type { NamedPeer } from './dht-lookup.ts';

/** Peers that must name a provider before the DHT is searched for its record at once. */
const VOUCHERS = 2;
/** Of the providers that one peer alone named, how many the DHT is searched for. */
const MAX_WALKS_PER_VOUCHER = 4;
/** Names that are remembered, and how many of them one peer may bring. */
const MAX_NAMES = 16_384;
export const MAX_NAMES_PER_VOUCHER = 256;

/** A provider as the answers so far name it. */
export class ProviderName {
  readonly provider: NamedPeer;
  readonly namedBy = new Set<string>();
  readonly #vouched = Promise.withResolvers<void>();
  /** Its record is being fetched, or was. */
  isTaken = false;

  constructor(provider: NamedPeer) {
    this.provider = provider;
  }

  /** Resolves once enough peers have named it. */
  get vouched(): Promise<void> {
    return this.#vouched.promise;
  }

  /** Whether anyone has named it: not so for one that is only remembered. */
  get isNamed(): boolean {
    return this.namedBy.size > 0;
  }

  get isVouched(): boolean {
    return this.namedBy.size >= VOUCHERS;
  }

  add(namedBy: string): void {
    this.namedBy.add(namedBy);
    if (this.isVouched) this.#vouched.resolve();
  }
}

/** Every name of one search. */
export class NamedProviders {
  readonly #names = new Map<string, ProviderName>();
  readonly #walksByVoucher = new Map<string, number>();
  /** Names that a peer gave before all others. */
  readonly #firstByVoucher = new Map<string, number>();
  readonly #lookedUp = Promise.withResolvers<void>();

  /** @returns `undefined` if there is no room for another name, or for another of that peer. */
  add(provider: NamedPeer, namedBy: string): ProviderName | undefined {
    const name = this.#names.get(provider.peerId) ?? this.#createFor(provider, namedBy);
    name?.add(namedBy);
    return name;
  }

  /** A name that nobody has given yet: of a peer that is known from before. */
  remember(peerId: string): ProviderName {
    return this.#names.get(peerId) ?? this.#create({ peerId, addresses: [] })!;
  }

  #createFor(provider: NamedPeer, namedBy: string): ProviderName | undefined {
    const first = this.#firstByVoucher.get(namedBy) ?? 0;
    if (first >= MAX_NAMES_PER_VOUCHER) return undefined;
    this.#firstByVoucher.set(namedBy, first + 1);
    return this.#create(provider);
  }

  #create(provider: NamedPeer): ProviderName | undefined {
    if (this.#names.size >= MAX_NAMES) return undefined;
    const name = new ProviderName(provider);
    this.#names.set(provider.peerId, name);
    return name;
  }

  /** Whether a lookup has named anyone yet. */
  get hasNamed(): boolean {
    return [...this.#names.values()].some(({ isNamed }) => isNamed);
  }

  /** Names whose record nobody fetches, those that most peers named first. */
  waiting(): readonly ProviderName[] {
    return [...this.#names.values()]
      .filter(({ isTaken }) => !isTaken)
      .sort((a, b) => b.namedBy.size - a.namedBy.size);
  }

  /** No lookup will name anyone any more. */
  endLookups(): void {
    this.#lookedUp.resolve();
  }

  /** Whether anyone names it; known at the end of the lookups at latest. */
  async isEverNamed(name: ProviderName): Promise<boolean> {
    if (!name.isNamed) await this.#lookedUp.promise;
    return name.isNamed;
  }

  /** Whether the DHT is to be searched for a record; known at the end of the lookups at latest. */
  async isWorthWalk(name: ProviderName): Promise<boolean> {
    await Promise.race([name.vouched, this.#lookedUp.promise]);
    if (name.isVouched) return true;
    if (!name.isNamed) return false;
    const [voucher = ''] = name.namedBy;
    const walks = (this.#walksByVoucher.get(voucher) ?? 0) + 1;
    this.#walksByVoucher.set(voucher, walks);
    return walks <= MAX_WALKS_PER_VOUCHER;
  }
}
