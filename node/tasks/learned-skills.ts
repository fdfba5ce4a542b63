/**
 * What this node has shown as a contractor: for each skill on its shelf, the mean embedding of the
 * tasks that ended with a countersigned verdict, weighted by that verdict (paper III-B 2). The
 * published vector leans to it from 8 outcomes on.
 *
 * No text of a task is kept: between the work and the receipt its embedding waits in memory, and a
 * restart in between loses that one lesson. The mean is published, so that only tasks of low
 * sensitivity teach, as only their receipts are shown. The input is never looked at. Whoever buys
 * many tasks moves the mean; it costs them the price of each.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import type { Logger } from '../../protocols/components.ts';
import type { Contract } from '../../protocols/negotiation/contract.ts';
import type { Embedder } from '../skills/embedding.ts';
import {
  MIN_LEARNED_OUTCOMES,
  blendedEmbedding,
  learnTask,
  mergeLearned,
  readLearned,
  storeLearned,
} from '../skills/learned-embedding.ts';
import type { LearnedEmbedding, StoredLearnedEmbedding } from '../skills/learned-embedding.ts';
import type { JsonSection } from '../storage/store.ts';
import type { WireTaskSpecification } from './task.ts';

/** Tasks that wait for their receipt; above it the oldest teaches nothing. */
export const MAX_WAITING_TASKS = 1_024;
/** A vector is published anew once so large a share of its outcomes is not in it. */
const NEW_SHARE = 0.25;

export interface LearnedSkillsInit {
  /** By skill term: one entry for each skill that this node has ever sold. */
  readonly section: JsonSection<StoredLearnedEmbedding>;
  readonly embedder: Embedder;
  readonly logger: Logger;
}

/** What a task says of itself beside its input. */
type SeenTask = Pick<WireTaskSpecification, 'title' | 'description' | 'skills' | 'constraints'>;

interface WaitingTask {
  readonly term: string;
  /** `undefined` if the embedder failed. */
  readonly embedding: Promise<Float32Array | undefined>;
}

/** The lessons of one contractor. */
export class LearnedSkills {
  readonly #init: LearnedSkillsInit;
  /** By contract id, base64url. */
  readonly #waiting = new Map<string, WaitingTask>();
  #writing: Promise<void> = Promise.resolve();
  /** Outcomes in the vector that was blended last, and since then. */
  #blended = 0;
  #sinceBlended = 0;

  constructor(init: LearnedSkillsInit) {
    this.#init = init;
  }

  /** Remembers what a task in work here is about until its contract is settled. */
  onWork(contractId: string, { title, description, skills, constraints }: SeenTask): void {
    const [term] = skills;
    if (term === undefined || constraints.sensitivity !== 'low') return;
    const about = description === undefined || description === '' ? title : description;
    this.#waiting.delete(contractId);
    this.#waiting.set(contractId, { term, embedding: this.#embed(`${term} ${about}`) });
    if (this.#waiting.size <= MAX_WAITING_TASKS) return;
    const [oldest] = this.#waiting.keys();
    this.#waiting.delete(oldest!);
  }

  /** Learns from a contract that both sides have settled, once. Resolves when that is on disk. */
  onSettled(contract: Contract): Promise<void> {
    const quality = qualityOf(contract);
    if (quality === undefined) return Promise.resolve();
    const id = toBase64Url(contract.agreement!.id);
    const task = this.#waiting.get(id);
    if (!this.#waiting.delete(id)) return Promise.resolve();
    // One after the other: two receipts at once must not write over each other.
    const written = this.#writing.then(() => this.#learn(task!, quality));
    this.#writing = written.catch(() => undefined);
    return written;
  }

  /** The vector to publish for these skills, whose description has the one given. */
  async vectorFor(terms: readonly string[], description: Float32Array): Promise<Float32Array> {
    const learned = await this.#learnedOf(terms);
    this.#blended = learned?.outcomes ?? 0;
    this.#sinceBlended = 0;
    return blendedEmbedding(description, learned, this.#init.embedder.modelId) ?? description;
  }

  /** Whether enough was learned since the last {@link vectorFor} to publish another vector. */
  async isDue(terms: readonly string[]): Promise<boolean> {
    if (this.#sinceBlended === 0) return false;
    const outcomes = (await this.#learnedOf(terms))?.outcomes ?? 0;
    if (outcomes < MIN_LEARNED_OUTCOMES) return false;
    const needed = Math.max(MIN_LEARNED_OUTCOMES, NEW_SHARE * outcomes);
    return this.#blended < MIN_LEARNED_OUTCOMES || this.#sinceBlended >= needed;
  }

  async #learnedOf(terms: readonly string[]): Promise<LearnedEmbedding | undefined> {
    const { section, embedder } = this.#init;
    const stored = await Promise.all(terms.map((term) => section.get(term)));
    const learned = stored.map(readLearned).filter((one) => one !== undefined);
    return mergeLearned(learned, embedder.modelId);
  }

  async #learn({ term, embedding: embedded }: WaitingTask, quality: number): Promise<void> {
    const { section, embedder } = this.#init;
    const embedding = await embedded;
    if (embedding === undefined) return;
    const previous = readLearned(await section.get(term));
    const learned = learnTask(previous, { modelId: embedder.modelId, embedding, quality });
    await section.put(term, storeLearned(learned));
    this.#sinceBlended++;
  }

  async #embed(text: string): Promise<Float32Array | undefined> {
    const { embedder, logger } = this.#init;
    try {
      return (await embedder.embed([text]))[0];
    } catch (error) {
      logger.warn({ err: error }, 'Nothing is learned from a task that could not be embedded.');
      return undefined;
    }
  }
}

/** Of a settled contract of this contractor, 0 to 1; a partial result counts by what was paid. */
function qualityOf({ role, phase, agreement, verdict }: Contract): number | undefined {
  if (role !== 'contractor' || phase !== 'RECEIPT' || !agreement || !verdict) return undefined;
  if (verdict.body.outcome === 'pass') return 1;
  if (verdict.body.outcome === 'fail') return 0;
  const price = Number(agreement.body.price);
  return price === 0 ? 0.5 : Math.min(1, Number(verdict.body.paid) / price);
}
