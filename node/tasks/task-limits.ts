/**
 * Limits of a task: counts, lengths and sizes. A peer may send a specification, its parts and a
 * result, so each is checked before anything is allocated for it. All limits are inclusive.
 *
 * @module
 */

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;

/** Limits of a specification and of the parts that go in and out. */
export const TASK_LIMITS = {
  /** A specification as written by its user, inline input included. */
  maxSpecificationBytes: 8 * mebibyte,
  /** A specification on the wire: input parts are hashes there. */
  maxWireSpecificationBytes: 128 * kibibyte,
  maxDepth: 32,
  maxTitleCharacters: 200,
  maxDescriptionCharacters: 16 * kibibyte,
  maxSkills: 16,
  maxLibraries: 64,
  /** Each is proved by every contractor that is asked. */
  maxMinimums: 8,
  maxNameCharacters: 128,
  maxPathCharacters: 4096,
  maxUrlCharacters: 2048,
  maxMediaTypeCharacters: 127,
  maxParts: 64,
  /** All parts of an input or of a result together. */
  maxPartBytes: 8 * mebibyte,
  maxChecks: 16,
  maxRegions: 32,
  maxSubtasks: 64,
  /** Of a plan that a rule made. */
  maxPlannedTasks: 4_096,
  maxLatencyMs: 7 * 24 * 3600 * 1000,
} as const;

/** Complexity of a task that states none (equations.md 7). */
export const DEFAULT_COMPLEXITY = 1;
/** Criticality of a task that states none. */
export const DEFAULT_CRITICALITY = 'normal';
