/**
 * Offer: the skills that a user sells with this node, at what price, done by which executor, and
 * whose work is taken (architecture.md 8). The signed skill record is made from it; executor and
 * acceptance rules never leave the node.
 *
 * @module
 */

import { z } from 'zod';
import { isPeerId } from '../../crypto/identity.ts';
import { executorConfigSchema } from './executor-config.ts';
import { TASK_LIMITS } from './task-limits.ts';
import { exactObject, parseWith } from './task-problems.ts';
import type { Parsed } from './task-problems.ts';
import { taskFields } from './task.ts';

/** Limits of an offer: those of the skill record it becomes. */
export const OFFER_LIMITS = {
  maxSkills: 32,
  maxWindows: 8,
  maxClients: 1_000,
  maxCapacity: 10_000,
  maxBytes: 262_144,
  maxDepth: 8,
} as const;

/** Printable ASCII without spaces, as the skill record wants it. */
const unitName = z.string().regex(/^[\x21-\x7e]{1,32}$/, 'expected a unit such as task or GiB');

const windowSchema = exactObject({
  /** Seconds since 1970. */
  from: z.int().min(0),
  to: z.int().min(0),
}).refine(({ from, to }) => from < to, 'expected from to be earlier than to');

const offeredSkillSchema = exactObject({
  term: taskFields.skillTerm,
  /** How much of a resource, in `unit`. */
  quantity: z.int().min(0).optional(),
  unit: unitName.optional(),
  description: z.string().min(1).max(2_000),
  /** Price of one `perUnit`. */
  priceMicroUsd: taskFields.microUsd,
  /** What the price buys, for instance task. */
  perUnit: unitName,
  /** Expected time from agreement to delivery. */
  latencyMs: z.int().min(1).max(TASK_LIMITS.maxLatencyMs),
  /** Tasks at the same time. */
  capacity: z.int().min(1).max(OFFER_LIMITS.maxCapacity),
  /** Times at which the skill is for sale; always, if absent. */
  windows: z.array(windowSchema).min(1).max(OFFER_LIMITS.maxWindows).optional(),
  executor: executorConfigSchema,
});

const acceptSchema = exactObject({
  /** "any" peer, "known" peers only, or these PeerIds. */
  clients: z.union(
    [
      z.enum(['any', 'known']),
      z.array(z.string().refine(isPeerId)).min(1).max(OFFER_LIMITS.maxClients),
    ],
    'expected "any", "known" or a list of PeerIds',
  ),
  minPriceMicroUsd: taskFields.microUsd,
  /** Largest input, all parts together. */
  maxInBytes: z.int().min(1).max(TASK_LIMITS.maxPartBytes),
  /** Sensitivities of work that this node takes. */
  levels: z.array(taskFields.sensitivity).min(1).max(3),
});

export const offerSchema = exactObject({
  skills: z
    .array(offeredSkillSchema)
    .min(1)
    .max(OFFER_LIMITS.maxSkills)
    .superRefine((skills, context) => {
      const seen = new Set<string>();
      skills.forEach(({ term }, i) => {
        if (seen.has(term)) {
          const message = `"${term}" is offered twice: keep one entry per term`;
          context.addIssue({ code: 'custom', path: [i, 'term'], message });
        }
        seen.add(term);
      });
    }),
  accept: acceptSchema.partial().optional(),
});

/** One skill for sale. */
export type OfferedSkill = z.infer<typeof offeredSkillSchema>;
/** Whose work is taken. */
export type AcceptanceRules = z.infer<typeof acceptSchema>;
/** An offer as its user wrote it. */
export type Offer = z.infer<typeof offerSchema>;

/** Acceptance rules of an offer that states none, key by key. */
export const DEFAULT_ACCEPTANCE: AcceptanceRules = {
  clients: 'any',
  minPriceMicroUsd: 0,
  maxInBytes: TASK_LIMITS.maxPartBytes,
  levels: ['low', 'medium', 'high'],
};

/** Checks an offer. All problems are listed at once; nothing is filled in. */
export function parseOffer(json: unknown): Parsed<Offer> {
  const { maxBytes, maxDepth } = OFFER_LIMITS;
  return parseWith(offerSchema, json, { maxBytes, maxDepth });
}
