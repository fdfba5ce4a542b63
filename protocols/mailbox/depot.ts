/**
 * Letters kept for peers that are not there, by a broker (wire-formats.md 1.5).
 *
 * Names are free, so room is shared out by crowd: the network of an address, or the sender where
 * none counts. Where a limit is reached, the oldest letter of the largest crowd makes room for one
 * of a smaller crowd; a letter of the largest crowd itself is refused. So whoever fills a box or
 * the depot from one network displaces its own letters, not those of others.
 *
 * @module
 */

import { nowSeconds } from '../components.ts';
import type { Clock } from '../components.ts';
import type { RefusalCode } from '../errors.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../negotiation/documents.ts';
import { MAX_LETTER_SECONDS, letterName } from './letter.ts';
import type { Letter } from './letter.ts';
import type { LetterName } from './messages.ts';

/** How many letters are kept. */
export interface DepotLimits {
  /** From one sender to one recipient. */
  readonly perPair: number;
  readonly perRecipient: number;
  readonly total: number;
}

/** Of 17 kB each at most, and 2 kB usually. */
export const DEPOT_LIMITS: DepotLimits = { perPair: 16, perRecipient: 128, total: 2_048 };

/** A letter as it is stored, with the crowd that it counts for. */
export interface KeptLetter {
  readonly letter: Letter;
  readonly crowd: string;
}

/** Where letters outlive a restart. */
export interface LetterSection {
  put(name: string, kept: KeptLetter): Promise<void>;
  delete(name: string): Promise<void>;
  values(options?: { readonly limit?: number }): Promise<readonly KeptLetter[]>;
}

/** What a depot is handed. */
export interface DepotComponents {
  readonly section: LetterSection;
  readonly clock: Clock;
  /** The network that a peer is in; `undefined` where none counts. */
  readonly networkOf: (peerId: string) => string | undefined;
}

/** Why a letter may not be kept at all; `undefined`: it may. */
export function letterRefusal(
  { from, exp }: Letter,
  sender: string,
  now: number,
): RefusalCode | undefined {
  if (from !== sender) return 'WRONG_SIGNERS';
  if (exp <= now) return 'EXPIRED';
  if (exp > now + MAX_LETTER_SECONDS + CLOCK_TOLERANCE_SECONDS) return 'EXPIRES_TOO_LATE';
  return undefined;
}

/** Letters by their name, oldest first. */
export class MailDepot {
  readonly #components: DepotComponents;
  readonly #limits: DepotLimits;
  readonly #letters = new Map<string, KeptLetter>();
  #written: Promise<void> = Promise.resolve();

  constructor(components: DepotComponents, limits: Partial<DepotLimits> = {}) {
    this.#components = components;
    this.#limits = { ...DEPOT_LIMITS, ...limits };
  }

  /** Takes up what was kept before a restart. */
  async load(): Promise<void> {
    const kept = await this.#components.section.values({ limit: this.#limits.total });
    // What runs out first was left first, as far as its sender said the truth.
    const oldestFirst = kept.toSorted((a, b) => a.letter.exp - b.letter.exp);
    for (const one of oldestFirst) this.#letters.set(letterName(one.letter), one);
    await this.sweep();
  }

  get size(): number {
    return this.#letters.size;
  }

  /**
   * Keeps a letter of the peer that brings it; one of the same name is replaced.
   *
   * @returns why not; `undefined` once it is on disk.
   */
  async leave(letter: Letter, sender: string): Promise<RefusalCode | undefined> {
    const { clock, networkOf, section } = this.#components;
    const refusal = letterRefusal(letter, sender, nowSeconds(clock));
    if (refusal) return refusal;
    const name = letterName(letter);
    const kept = { letter, crowd: networkOf(sender) ?? sender };
    const leaving = this.#roomFor(kept, name);
    if (leaving === 'BUSY') return leaving;
    // At once, before anything is awaited: two letters never see the same room.
    for (const one of leaving) this.#letters.delete(one);
    this.#letters.delete(name);
    this.#letters.set(name, kept);
    await this.#write(async () => {
      for (const one of leaving) await section.delete(one);
      await section.put(name, kept);
    });
    return undefined;
  }

  /** Names of letters that make room; `BUSY` where none should. */
  #roomFor(kept: KeptLetter, name: string): readonly string[] | 'BUSY' {
    const { perPair, perRecipient, total } = this.#limits;
    const { from, to } = kept.letter;
    const others = [...this.#letters].filter(([other]) => other !== name);
    const inBox = others.filter(([, { letter }]) => letter.to === to);
    if (inBox.filter(([, { letter }]) => letter.from === from).length >= perPair) return 'BUSY';
    const leaving: string[] = [];
    for (const [within, limit] of [
      [inBox, perRecipient],
      [others, total],
    ] as const) {
      const staying = within.filter(([other]) => !leaving.includes(other));
      if (staying.length < limit) continue;
      const oldest = oldestOfLargestCrowd(staying, kept.crowd);
      if (oldest === undefined) return 'BUSY';
      leaving.push(oldest);
    }
    return leaving;
  }

  /** Letters for a peer, oldest first. */
  lettersFor(recipient: string): readonly Letter[] {
    const now = nowSeconds(this.#components.clock);
    return [...this.#letters.values()].flatMap(({ letter }) =>
      letter.to === recipient && letter.exp > now ? letter : [],
    );
  }

  /** Forgets letters that their recipient has. */
  async forget(recipient: string, names: readonly LetterName[]): Promise<void> {
    await this.#delete(names.map((one) => letterName({ ...one, to: recipient })));
  }

  /** Forgets what has run out. */
  async sweep(): Promise<void> {
    const now = nowSeconds(this.#components.clock);
    await this.#delete(
      [...this.#letters].flatMap(([name, { letter }]) => (letter.exp <= now ? name : [])),
    );
  }

  async #delete(names: readonly string[]): Promise<void> {
    const gone = names.filter((name) => this.#letters.delete(name));
    if (gone.length === 0) return;
    await this.#write(async () => {
      for (const name of gone) await this.#components.section.delete(name);
    });
  }

  /** In the order in which the memory was changed: else a letter would come back from the disk. */
  #write(work: () => Promise<void>): Promise<void> {
    const written = this.#written.then(work);
    this.#written = written.catch(() => undefined);
    return written;
  }
}

/** Its name; `undefined` where no crowd is larger than `crowd` would be with one more. */
function oldestOfLargestCrowd(
  letters: readonly (readonly [string, KeptLetter])[],
  crowd: string,
): string | undefined {
  const counts = new Map<string, number>();
  for (const [, one] of letters) counts.set(one.crowd, (counts.get(one.crowd) ?? 0) + 1);
  const largest = Math.max(...counts.values());
  if (largest <= (counts.get(crowd) ?? 0)) return undefined;
  return letters.find(([, one]) => counts.get(one.crowd) === largest)?.[0];
}
