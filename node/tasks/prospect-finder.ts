/**
 * Contractors with a signed quote for a task: looked for, proved, asked in parallel, and told when
 * their quote is not taken.
 *
 * @module
 */

import { nowSeconds } from '../../protocols/components.ts';
import type { Clock } from '../../protocols/components.ts';
import type { Config } from '../config/schema.ts';
import { lackOfResources } from '../certificates/trust.ts';
import type { ResourceMinimum } from '../certificates/trust.ts';
import type { MarketReference } from '../decision/request.ts';
import type { ContractorSurvey, Survey } from './contractor-survey.ts';
import { describeLeftOut, limitCrowd } from './crowd-limit.ts';
import { leastLevelOf } from './decision-request.ts';
import type { Prospect } from './decision-request.ts';
import { marketReferences } from './market-reference.ts';
import type { Outsourcing } from './outsourcing.ts';
import type { PreparedTask } from './prepared-task.ts';
import type { RunLedger } from './run-ledger.ts';

/** Above every quantity that a certificate can hold. */
const MAX_MINIMUM = 2 ** 32;
/** How long a contractor is left out that gave a quote and then declined the task. */
const REST_MS = 600_000;
const MAX_RESTING = 1_024;
/** Terms of which the brokers were asked for their market; then it is asked for anew. */
const MAX_KNOWN_MARKETS = 1_024;

export interface ProspectFinderComponents {
  readonly survey: ContractorSurvey;
  readonly outsourcing: Outsourcing;
  readonly config: Config;
  readonly clock: Clock;
  /** PeerId of this node. */
  readonly self: string;
}

/** Who gave a quote, and who did not and why. */
export interface Prospects {
  readonly quoted: readonly Prospect[];
  readonly refused: readonly { readonly peerId: string; readonly dropped: string }[];
  /** Quotes that brokers hold: asked for with the first look of each term. */
  readonly market: readonly MarketReference[];
}

/** Minimums of a task as terms: `memory-mib` is short for `hasResource:memory-mib`. */
function minimumsOf(minimums: Readonly<Record<string, number>>): ResourceMinimum[] {
  return Object.entries(minimums).map(([name, least]) => ({
    name: name.includes(':') ? name : `hasResource:${name}`,
    min: BigInt(Math.min(Math.ceil(least), MAX_MINIMUM)),
  }));
}

/** Finds prospects. */
export class ProspectFinder {
  readonly #components: ProspectFinderComponents;
  /** When each contractor that declined is asked again. */
  readonly #restingUntilMs = new Map<string, number>();
  readonly #knownMarkets = new Set<string>();

  constructor(components: ProspectFinderComponents) {
    this.#components = components;
  }

  /** Looks for contractors and asks the best known ones for a quote. */
  async find(task: PreparedTask, ledger: RunLedger, signal: AbortSignal): Promise<Prospects> {
    const { survey, outsourcing, config } = this.#components;
    const { description, resources } = task.specification;
    const minimums = minimumsOf(resources?.minimums ?? {});
    const found = await ledger.timed('discover', () =>
      survey.recent(
        { term: task.term, description, minimums, isForBrokers: this.#isFirstLook(task.term) },
        signal,
      ),
    );
    const quoted: Prospect[] = [];
    const refused = found.search.dropped.map(({ peerId, reason }) => ({
      peerId,
      dropped: String(reason),
    }));
    const level = leastLevelOf(task.specification, config.trust);
    const rested = found.contractors.filter(({ hit: { peerId }, resources: shown }) => {
      const lack = lackOfResources(shown, level);
      if (lack !== undefined) {
        refused.push({ peerId, dropped: lack });
        return false;
      }
      if (!this.#isResting(peerId)) return true;
      refused.push({ peerId, dropped: 'it declined what it had quoted for, a short while ago' });
      return false;
    });
    const { maxCandidates } = config.decision;
    const { kept, leftOut } = limitCrowd(rested);
    refused.push(
      ...leftOut.map((one) => ({
        peerId: one.entry.hit.peerId,
        dropped: describeLeftOut(one),
      })),
    );
    const asked = kept.slice(0, maxCandidates);
    const notAsked = kept.slice(maxCandidates).map(({ hit: { peerId } }) => ({
      peerId,
      dropped: `${maxCandidates} better known ones were asked`,
    }));
    const ask = async (contractor: (typeof asked)[number]): Promise<void> => {
      const { peerId } = contractor.hit;
      const limit = AbortSignal.timeout(config.decision.quoteTimeoutMs);
      try {
        const quote = await outsourcing.quote(peerId, task, AbortSignal.any([signal, limit]));
        quoted.push({ contractor, quoted: quote });
      } catch (error) {
        signal.throwIfAborted();
        refused.push({ peerId, dropped: error instanceof Error ? error.message : 'no quote' });
      }
    };
    await ledger.timed('quote', () => Promise.all(asked.map(ask)));
    // Last, since a record has room for some only.
    refused.push(...notAsked);
    return { quoted, refused, market: this.#marketOf(found, task.term) };
  }

  /** Whether no task of this term was looked for before. */
  #isFirstLook(term: string): boolean {
    if (this.#knownMarkets.has(term)) return false;
    if (this.#knownMarkets.size >= MAX_KNOWN_MARKETS) this.#knownMarkets.clear();
    this.#knownMarkets.add(term);
    return true;
  }

  #marketOf({ search, contractors }: Survey, term: string): readonly MarketReference[] {
    const { clock, self } = this.#components;
    const units = new Map(contractors.map(({ hit }) => [hit.peerId, hit.offer.perUnit]));
    return marketReferences(search.brokers?.quotes ?? [], {
      term,
      nowSeconds: nowSeconds(clock),
      self,
      perUnitOf: (peerId) => units.get(peerId),
    });
  }

  /** Gives back quotes that are not taken. Never throws: they run out by themselves. */
  async release(prospects: readonly Prospect[]): Promise<void> {
    const { outsourcing, config } = this.#components;
    const signal = AbortSignal.timeout(config.decision.quoteTimeoutMs);
    await Promise.all(prospects.map(({ quoted }) => outsourcing.release(quoted, signal)));
  }

  /**
   * Leaves a contractor out for a while: to decline costs it nothing, and no outcome would keep a
   * strategy from trying it again and again.
   */
  rest(peerId: string): void {
    this.#restingUntilMs.delete(peerId);
    this.#restingUntilMs.set(peerId, this.#components.clock.monotonicMs() + REST_MS);
    if (this.#restingUntilMs.size <= MAX_RESTING) return;
    const [oldest] = this.#restingUntilMs.keys();
    this.#restingUntilMs.delete(oldest!);
  }

  #isResting(peerId: string): boolean {
    const untilMs = this.#restingUntilMs.get(peerId) ?? -Infinity;
    return this.#components.clock.monotonicMs() < untilMs;
  }

  /** Forgets what a contractor that failed had proved. */
  forget(peerId: string): void {
    this.#components.survey.forget(peerId);
  }
}
