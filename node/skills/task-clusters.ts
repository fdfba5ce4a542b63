/**
 * Tasks that come again and again, gathered by leader clustering (Hartigan 1975): a task joins the
 * nearest leader if it is near enough, else it leads a new cluster. One pass, bounded, and the same
 * tasks in the same order give the same clusters.
 *
 * @module
 */

import { z } from 'zod';
import { cosineSimilarity } from './compatibility.ts';
import { readVector, storedVectorSchema, storeVector } from './stored-vector.ts';

/** Clusters that are kept at most; the smallest goes first, of these the one unused longest. */
export const MAX_CLUSTERS = 64;
/** Examples that are kept of a cluster. */
export const MAX_EXAMPLES = 8;
/** Characters of an example that are kept. */
export const MAX_EXAMPLE_CHARACTERS = 200;
/** Cosine from which two tasks count as the same kind: of pairs at random, 1 in 100 has 0.31. */
export const SAME_KIND_SIMILARITY = 0.4;

/** Tasks of one kind. */
export interface TaskCluster {
  /** Embedding of its first task. */
  readonly leader: Float32Array;
  readonly tasks: number;
  /** The first texts that differ, shortened. */
  readonly examples: readonly string[];
}

interface KeptCluster {
  leader: Float32Array;
  tasks: number;
  examples: string[];
  /** Number of the last task that joined. */
  lastSeen: number;
}

const countSchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const storedSchema = z.strictObject({
  v: z.literal(1),
  modelId: z.string().min(1).max(64),
  seen: countSchema,
  clusters: z
    .array(
      z.strictObject({
        leader: storedVectorSchema,
        tasks: countSchema,
        examples: z.array(z.string().min(1).max(MAX_EXAMPLE_CHARACTERS)).max(MAX_EXAMPLES),
        lastSeen: countSchema,
      }),
    )
    .max(MAX_CLUSTERS),
});

/** What is stored of clusters: JSON. */
export type StoredTaskClusters = z.infer<typeof storedSchema>;

/** Gathers tasks of one embedding model. */
export class TaskClusters {
  #clusters: KeptCluster[] = [];
  #seen = 0;

  /**
   * Clusters as {@link store} gave them; empty ones for anything else, and for another model, whose
   * vectors mean something else. Never throws.
   */
  static restore(value: unknown, modelId: string): TaskClusters {
    const restored = new TaskClusters();
    const parsed = storedSchema.safeParse(value);
    if (!parsed.success || parsed.data.modelId !== modelId) return restored;
    restored.#seen = parsed.data.seen;
    for (const { leader: text, tasks, examples, lastSeen } of parsed.data.clusters) {
      const leader = readVector(text);
      if (leader !== undefined) restored.#clusters.push({ leader, tasks, examples, lastSeen });
    }
    return restored;
  }

  /** The form that is stored. */
  store(modelId: string): StoredTaskClusters {
    const clusters = this.#clusters.map(({ leader, examples, ...numbers }) => ({
      ...numbers,
      leader: storeVector(leader),
      examples: [...examples],
    }));
    return { v: 1, modelId, seen: this.#seen, clusters };
  }

  /** Adds a task. One whose embedding is zero, or of another length, joins nothing. */
  observe(text: string, embedding: Float32Array): void {
    this.#seen++;
    const example = text.trim().slice(0, MAX_EXAMPLE_CHARACTERS);
    if (example === '' || embedding.every((value) => value === 0)) return;
    const cluster = this.#nearest(embedding) ?? this.#open(embedding);
    cluster.tasks++;
    cluster.lastSeen = this.#seen;
    if (cluster.examples.length < MAX_EXAMPLES && !cluster.examples.includes(example)) {
      cluster.examples.push(example);
    }
  }

  /** Clusters of at least so many tasks, the largest first. */
  recurring(minTasks: number): readonly TaskCluster[] {
    const found = this.#clusters.filter(({ tasks }) => tasks >= minTasks);
    found.sort((a, b) => b.tasks - a.tasks || b.lastSeen - a.lastSeen);
    return found.map(({ leader, tasks, examples }) => ({
      leader,
      tasks,
      examples: [...examples],
    }));
  }

  #nearest(embedding: Float32Array): KeptCluster | undefined {
    let nearest: KeptCluster | undefined;
    let best = SAME_KIND_SIMILARITY;
    for (const cluster of this.#clusters) {
      if (cluster.leader.length !== embedding.length) continue;
      const similarity = cosineSimilarity(cluster.leader, embedding);
      if (similarity < best || (similarity === best && nearest !== undefined)) continue;
      best = similarity;
      nearest = cluster;
    }
    return nearest;
  }

  #open(embedding: Float32Array): KeptCluster {
    if (this.#clusters.length >= MAX_CLUSTERS) {
      const least = this.#clusters.reduce((a, b) =>
        b.tasks < a.tasks || (b.tasks === a.tasks && b.lastSeen < a.lastSeen) ? b : a,
      );
      this.#clusters = this.#clusters.filter((cluster) => cluster !== least);
    }
    const leader = Float32Array.from(embedding);
    const opened = { leader, tasks: 0, examples: [], lastSeen: 0 };
    this.#clusters.push(opened);
    return opened;
  }
}
