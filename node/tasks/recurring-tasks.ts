/**
 * Tasks of this node's own user that come again and that no term fits, kept over restarts, and the
 * terms that could be coined for them (`coalesce skills suggest`).
 *
 * Nothing of it leaves the node. The first descriptions of each kind stand on disk in clear, so a
 * task of high sensitivity is passed over. A term outside the vocabulary fits once somebody sells
 * it: what was coined need not be coined again. A crash loses what came since the last save.
 *
 * @module
 */

import type { Logger } from '../../protocols/components.ts';
import type { TermSuggestionDocument } from '../api-documents.ts';
import type { Embedder } from '../skills/embedding.ts';
import { TaskClusters } from '../skills/task-clusters.ts';
import type { StoredTaskClusters } from '../skills/task-clusters.ts';
import { TermSuggestions } from '../skills/term-suggestions.ts';
import { findTerm } from '../skills/vocabulary.ts';
import type { JsonSection } from '../storage/store.ts';
import type { PreparedTask } from './prepared-task.ts';

const STORED_KEY = 'clusters';
/** Characters of an example that are shown. */
const SHOWN_CHARACTERS = 80;
/** Tasks that wait for the embedder; above it a task is not counted. */
const MAX_WAITING_TASKS = 256;

export interface RecurringTasksInit {
  readonly section: JsonSection<StoredTaskClusters>;
  readonly embedder: Embedder;
  readonly logger: Logger;
}

/** What is looked at of a task that was run. */
export type RunTask = Pick<PreparedTask, 'term' | 'specification'>;

/** Watches the tasks that a node runs for its user. */
export class RecurringTasks {
  readonly #init: RecurringTasksInit;
  #clusters = new TaskClusters();
  #suggestions = new TermSuggestions(this.#clusters);
  #observing: Promise<void> = Promise.resolve();
  #waiting = 0;
  #isSaved = true;

  constructor(init: RecurringTasksInit) {
    this.#init = init;
  }

  /** Reads what was gathered before the restart. */
  async load(): Promise<void> {
    const { section, embedder } = this.#init;
    this.#clusters = TaskClusters.restore(await section.get(STORED_KEY), embedder.modelId);
    this.#suggestions = new TermSuggestions(this.#clusters);
  }

  /**
   * Counts a task that was run. Never throws: nothing of a run depends on it.
   *
   * @param isSold - Whether somebody gave a quote for its term.
   */
  observe({ term, specification }: RunTask, isSold: boolean): void {
    const { description, constraints } = specification;
    if (description === undefined || constraints.sensitivity === 'high') return;
    if (isSold && findTerm(term) === undefined) return;
    if (this.#waiting === MAX_WAITING_TASKS) return;
    this.#waiting++;
    // In the order of the runs: which task leads a cluster must not depend on the embedder's speed.
    this.#observing = this.#observing.then(() => this.#add(description, term));
  }

  async #add(description: string, term: string): Promise<void> {
    const { embedder, logger } = this.#init;
    try {
      const [embedding] = await embedder.embed([description]);
      this.#suggestions.observe(description, embedding!, term);
      this.#isSaved = false;
    } catch (error) {
      logger.warn({ err: error }, 'A task was not counted among those that recur.');
    } finally {
      this.#waiting--;
    }
  }

  /** Terms to coin, the most wanted first, once all tasks so far are counted. */
  async suggestions(): Promise<readonly TermSuggestionDocument[]> {
    await this.#observing;
    return this.#suggestions.suggestions().map(({ term, tasks, examples, nearest }) => ({
      term,
      tasks,
      examples: examples.map((example) => [...example].slice(0, SHOWN_CHARACTERS).join('')),
      nearest,
    }));
  }

  /** Writes what was gathered if it has changed. */
  async save(): Promise<void> {
    await this.#observing;
    if (this.#isSaved) return;
    this.#isSaved = true;
    const { section, embedder } = this.#init;
    try {
      await section.put(STORED_KEY, this.#clusters.store(embedder.modelId));
    } catch (error) {
      this.#isSaved = false;
      throw error;
    }
  }
}
