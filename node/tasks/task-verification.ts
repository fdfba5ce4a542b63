/**
 * The checks that a specification asks for: names and options only. `verification/` carries them
 * out.
 *
 * @module
 */

import { z } from 'zod';
import { exactObject, quote } from './task-problems.ts';

/** Checks that this node can carry out. */
export const CHECK_TYPES = ['json-schema', 'recompute', 'optimality', 'grounding'] as const;
const KNOWN = CHECK_TYPES.map(quote).join(', ');

/** Name of a check. */
export type CheckType = (typeof CHECK_TYPES)[number];

/** JSON Schema: an object of keywords, or `true` and `false`. */
export const jsonSchemaSchema = z.union(
  [z.record(z.string(), z.json()), z.boolean()],
  'expected a JSON Schema: an object, true or false',
);

const checks = [
  exactObject({
    type: z.literal('json-schema'),
    /** Default: `output.schema`. */
    schema: jsonSchemaSchema.optional(),
  }),
  exactObject({
    type: z.literal('recompute'),
    /** Share of results that are computed again. A higher rate of the node wins. */
    auditRate: z.number().min(0).max(1).optional(),
  }),
  exactObject({
    type: z.literal('optimality'),
    /** How far from the best value a portfolio may be, relative. */
    tolerance: z.number().min(1e-9).max(0.1).optional(),
  }),
  exactObject({ type: z.literal('grounding') }),
] as const;

/** One entry of `verification`. */
export const verificationCheckSchema = z.discriminatedUnion('type', checks, {
  error: (issue) =>
    issue.code === 'invalid_union'
      ? `is not a check that this node knows: set "type" to one of ${KNOWN}`
      : undefined,
});

/** One check with its options. */
export type VerificationCheck = z.infer<typeof verificationCheckSchema>;
