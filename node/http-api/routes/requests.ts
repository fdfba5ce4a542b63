/**
 * Schemas of the bodies that the HTTP API takes.
 *
 * @module
 */

import { z } from 'zod';
import { isPeerId } from '../../../crypto/identity.ts';
import { MAX_MEASURED_MIB } from '../../../protocols/attestation/memory-challenge.ts';
import { TASK_STATES } from '../../activity-documents.ts';
import { EXPLORATION_STRATEGIES } from '../../decision/exploration/exploration-strategy.ts';
import { POLICY_NAMES } from '../../decision/policy.ts';
import { parseQuery } from '../../skills/query-expression.ts';
import { MIN_KNOWN_ANSWER_TASKS } from '../../tasks/attestation-rule.ts';
import { TASK_LIMITS } from '../../tasks/task-limits.ts';
import { splitSchema, taskFields } from '../../tasks/task.ts';
import { isTerm } from '../../../protocols/skill-discovery/terms.ts';
import { HIT_ORDERS } from '../../tasks/contractor-ranking.ts';

export const term = z
  .string()
  .refine(isTerm, 'expected a skill term, for example performs:nlp/sentiment');
export const peerId = z
  .string()
  .refine(isPeerId, 'expected the PeerId of an Ed25519 key (12D3Koo...)');
/** Id of a document of this node. */
export const documentId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, 'expected an id: letters, digits, "_" and "-"');
const base64 = z.base64().max(12 * 1024 * 1024);

const queryText = z.string().superRefine((text, context) => {
  const parsed = parseQuery(text);
  if (!parsed.valid) context.addIssue({ code: 'custom', message: parsed.detail });
});

export const queryBody = z.strictObject({
  /** Terms and free text, combined with AND and OR. */
  query: queryText,
  limit: z.number().int().min(1).max(100).default(20),
  maxPriceMicroUsd: z.number().min(0).optional(),
  maxLatencyMs: z.number().min(0).optional(),
  level: z.number().int().min(0).max(3).optional(),
  /** By what hits are ranked, after known peers and before the limit; left out: by fit. */
  sort: z.enum(HIT_ORDERS).optional(),
  /** Quantities that hits must prove, from 0 to 2^32 - 1. */
  minimums: z
    .array(z.strictObject({ name: term, min: z.number().int().min(0).max(4_294_967_295) }))
    .max(8)
    .default([]),
  /** Asks configured brokers beside the DHT. */
  brokers: z.boolean().default(false),
  trace: z.boolean().default(false),
});

/** How to decide on this one task, instead of as the node does otherwise. */
const policyChoice = {
  policy: z.enum(POLICY_NAMES).optional(),
  explore: z.enum(EXPLORATION_STRATEGIES).optional(),
};

/** One input of a skill: bytes, or a text for a caller that has no use for base64. */
const skillInput = z
  .strictObject({
    name: z.string().max(4_096),
    mediaType: taskFields.mediaType,
    contentBase64: base64.optional(),
    text: z.string().max(TASK_LIMITS.maxPartBytes).optional(),
  })
  .transform(({ text, contentBase64: given, ...input }, context) => {
    const contentBase64 = given ?? Buffer.from(text ?? '', 'utf8').toString('base64');
    if ((given === undefined) === (text === undefined)) {
      const got = text === undefined ? 'none' : 'both';
      const message = `expected exactly one of contentBase64 and text, got ${got}`;
      context.addIssue({ code: 'custom', message });
    }
    return { ...input, contentBase64 };
  });
export const taskBody = z.strictObject({
  ...policyChoice,
  task: z.unknown(),
  files: z.record(z.string(), base64).default({}),
});
export const skillBody = z
  .strictObject({
    ...policyChoice,
    skill: term,
    inputs: z.array(skillInput).min(1).max(TASK_LIMITS.maxPlannedTasks),
    split: splitSchema.optional(),
    /** Most that is paid for it in all. */
    maxPriceMicroUsd: z.int().min(0).optional(),
  })
  .refine(({ inputs, split }) => split !== undefined || inputs.length <= TASK_LIMITS.maxParts, {
    path: ['inputs'],
    message: `expected at most ${TASK_LIMITS.maxParts} inputs without "split"`,
  });
const candidates = z.unknown().optional();
const { split: _notDecidedOn, ...oneSkillShape } = skillBody.shape;
export const decideTaskBody = z.strictObject({ ...taskBody.shape, candidates });
export const decideSkillBody = z.strictObject({ ...oneSkillShape, candidates });

/** Schema of a body of `run`: of the form that its keys point to, so that problems are about it. */
export function runBodyFor(body: unknown): z.ZodType<TaskRequest> {
  return isSkillForm(body) ? skillBody : taskBody;
}

/** The same for a body of `decide`. */
export function decideBodyFor(body: unknown): z.ZodType<DecideRequest> {
  return isSkillForm(body) ? decideSkillBody : decideTaskBody;
}

function isSkillForm(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.hasOwn(body, 'skill');
}

export const issueBody = z.strictObject({
  skills: z.array(term).min(1).max(32),
  days: z.number().int().min(1).max(30).default(30),
});
const quantity = z.number().int().min(0).max(4_294_967_295);
const nonce = z.string().regex(/^[0-9a-f]{64}$/, 'expected 32 bytes in lower-case hexadecimal');
export const envelopeBody = z.strictObject({ envelope: base64 });
export const disclosureBody = z.strictObject({ disclosure: z.unknown() });
export const proofBody = z.strictObject({
  presentation: z.string().max(131_072),
  holder: peerId,
  nonce,
  name: term,
  min: quantity,
});

/** Schema of a body of `verify`: of the form that its keys point to. */
export function verifyBodyFor(body: unknown): z.ZodType<VerifyRequest> {
  const has = (key: string) =>
    typeof body === 'object' && body !== null && Object.hasOwn(body, key);
  if (has('disclosure')) return disclosureBody;
  return has('presentation') ? proofBody : envelopeBody;
}

export const discloseBody = z.strictObject({ terms: z.array(term).min(1).max(32) });
export const proveBody = z.strictObject({ name: term, min: quantity, verifier: peerId, nonce });
export const endorseBody = z.strictObject({ peerId, term });
export const attestBody = z.strictObject({
  peerId,
  term,
  tasks: z.number().int().min(MIN_KNOWN_ANSWER_TASKS).max(64).default(8),
});
const MAX_QUANTITY = 2 ** 32 - 1;
export const attestResourceBody = z
  .strictObject({
    peerId,
    resource: term,
    amount: z.number().int().min(1).max(MAX_MEASURED_MIB).optional(),
    durationMs: z.number().int().min(1).max(5_000).optional(),
    measured: z.number().int().min(0).max(MAX_QUANTITY).optional(),
  })
  .refine(({ measured, amount, durationMs }) => measured === undefined || !(amount ?? durationMs), {
    path: ['measured'],
    message: 'a value that was measured needs no amount and no duration',
  });
export const listQuery = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(20),
});

/** Tasks in both roles, so many of each. */
export const tasksQuery = listQuery.extend({ state: z.enum(TASK_STATES).optional() });

const terms = z
  .union([term, z.array(term).max(8)])
  .transform((value) => (Array.isArray(value) ? value : [value]))
  .default([]);
/** Of which peer, this node if left out; for which task types; whether brokers are asked. */
export const reputationQuery = z.strictObject({
  peer: peerId.optional(),
  term: terms,
  broker: z.enum(['true', 'false']).default('false'),
});

/** A task to run or to decide on, as a body has it. */
export type TaskRequest = z.output<typeof taskBody> | z.output<typeof skillBody>;
/** A task to decide on, and whom to decide among instead of the network. */
export type DecideRequest = TaskRequest & { readonly candidates?: unknown };
/** What is to be verified. */
export type VerifyRequest =
  z.output<typeof envelopeBody> | z.output<typeof disclosureBody> | z.output<typeof proofBody>;
/** A proof that is to be made. */
export type ProveRequest = z.output<typeof proveBody>;
/** A question to the DHT. */
export type QueryRequest = z.output<typeof queryBody>;
