/**
 * The signed documents of a contract: quote request, quote, agreement, delivery, acknowledgement
 * and verdict (wire-formats.md 4.1).
 *
 * A schema holds what one document shows by itself. What one document must say given another one
 * stands in `checks.ts`. Delivery, acknowledgement and verdict do not name their signers, so their
 * definitions are made from the parties of the agreement.
 *
 * @module
 */

import { z } from 'zod';
import { fields } from '../../crypto/envelope.ts';
import type { DocumentDefinition } from '../../crypto/envelope.ts';

/** Most skills of a quote request. */
export const MAX_SKILLS = 16;
/** Longest skill term, in characters. */
export const MAX_SKILL_TERM_LENGTH = 128;
/** Most check results of a verdict. */
export const MAX_CHECKS = 32;
/** Tolerance towards another peer's clock, in seconds (wire-formats.md 0). */
export const CLOCK_TOLERANCE_SECONDS = 60;
/** Longest time from now to the `exp` of a quote request or a quote, in seconds. */
export const MAX_OFFER_SECONDS = 600;

/** Range and default of each period of an agreement, in seconds (wire-formats.md 4.1). */
export const AGREEMENT_PERIODS = {
  holdSecs: { min: 10, max: 60, default: 30 },
  deliverSecs: { min: 10, max: 604_800, default: 600 },
  verifySecs: { min: 60, max: 86_400, default: 3_600 },
  disputeSecs: { min: 3_600, max: 1_209_600, default: 259_200 },
} as const;

const hash = fields.bytes(32);
const hashOrEmpty = z.union([z.literal(''), hash]);
const nonce = fields.bytes(32);
const v = z.literal(1);
const deliveryKind = z.enum(['sealed', 'open']);
const skillTerm = z
  .string()
  .max(MAX_SKILL_TERM_LENGTH)
  .regex(/^[a-zA-Z]+:[!-~]+$/, 'expected a skill term');

function period(name: keyof typeof AGREEMENT_PERIODS): z.ZodNumber {
  const { min, max } = AGREEMENT_PERIODS[name];
  return z.number().int().min(min).max(max);
}

function isStrictlyAscending(items: readonly string[]): boolean {
  return items.every((item, i) => i === 0 || items[i - 1]! < item);
}

/** What a contractor is told of a task before there is a contract. */
export const taskShapeSchema = z.strictObject({
  skills: z
    .array(skillTerm)
    .min(1)
    .max(MAX_SKILLS)
    .refine((skills) => new Set(skills).size === skills.length, 'expected no skill twice'),
  inBytes: fields.integer,
  outMaxBytes: fields.integer,
  /** 0: no limit. */
  maxLatencyMs: fields.integer,
  sensitivity: z.enum(['low', 'medium', 'high']),
  delivery: deliveryKind,
});

const quoteRequestSchema = z.strictObject({
  v,
  typ: z.literal('qreq'),
  client: fields.peerId,
  contractor: fields.peerId,
  task: hash,
  shape: taskShapeSchema,
  nonce,
  exp: fields.integer,
});

/** Load in task slots, as Paper Eq. (7) wants it: available <= total, total > 0. */
export const loadSchema = z
  .strictObject({
    demand: fields.integer,
    available: fields.integer,
    total: fields.integer.min(1),
  })
  .refine(({ available, total }) => available <= total, 'expected available <= total');

const quoteSchema = z.strictObject({
  v,
  typ: z.literal('quote'),
  req: hash,
  contractor: fields.peerId,
  price: fields.decimal,
  latencyMs: fields.integer,
  capacitySecs: fields.integer,
  load: loadSchema,
  nonce,
  exp: fields.integer,
});

const agreementSchema = z.strictObject({
  v,
  typ: z.literal('agr'),
  quote: hash,
  task: hash,
  client: fields.peerId,
  contractor: fields.peerId,
  price: fields.decimal,
  fee: fields.decimal,
  delivery: deliveryKind,
  ledger: hashOrEmpty,
  arbiters: z
    .array(fields.peerId)
    .max(7)
    .refine(({ length }) => length === 0 || length % 2 === 1, 'expected 0, 1, 3, 5 or 7')
    .refine(isStrictlyAscending, 'expected sorted PeerIds, none twice'),
  holdSecs: period('holdSecs'),
  deliverSecs: period('deliverSecs'),
  verifySecs: period('verifySecs'),
  disputeSecs: period('disputeSecs'),
  sh: hash,
  nonce,
  iat: fields.integer,
});

const deliverySchema = z.strictObject({
  v,
  typ: z.literal('dlv'),
  contract: hash,
  result: hash,
  cipher: hashOrEmpty,
  keyCommit: hashOrEmpty,
  bytes: fields.integer,
});

const acknowledgementSchema = z.strictObject({ v, typ: z.literal('ack'), delivery: hash });

const checkResultSchema = z.strictObject({
  type: z.string().regex(/^[!-~]{1,64}$/, 'expected the name of a check'),
  passed: z.union([z.literal(0), z.literal(1)]),
});

const verdictSchema = z.strictObject({
  v,
  typ: z.literal('vrd'),
  contract: hash,
  delivery: hash,
  outcome: z.enum(['pass', 'partial', 'fail']),
  paid: fields.decimal,
  checks: z.array(checkResultSchema).max(MAX_CHECKS),
  evidence: hashOrEmpty,
});

/** Shape of a task: sizes, skills and how sensitive it is, without its content. */
export type TaskShape = z.infer<typeof taskShapeSchema>;
/** Load of a contractor in task slots. */
export type Load = z.infer<typeof loadSchema>;
/** Body of `qreq`. */
export type QuoteRequest = z.infer<typeof quoteRequestSchema>;
/** Body of `quote`. */
export type Quote = z.infer<typeof quoteSchema>;
/** Body of `agr`; its docId is the contract id. */
export type Agreement = z.infer<typeof agreementSchema>;
/** Body of `dlv`. */
export type Delivery = z.infer<typeof deliverySchema>;
/** Body of `ack`. */
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;
/** Body of `vrd`; with both signatures it is the receipt. */
export type Verdict = z.infer<typeof verdictSchema>;
/** One line of a verdict. */
export type CheckResult = z.infer<typeof checkResultSchema>;

/** The two sides of a contract, as PeerIds. */
export interface Parties {
  readonly client: string;
  readonly contractor: string;
}

/** `qreq`, signed by the client. */
export const QUOTE_REQUEST: DocumentDefinition<QuoteRequest> = {
  kind: 'qreq',
  schema: quoteRequestSchema,
  signers: (body) => [body.client],
};

/** `quote`, signed by the contractor. */
export const QUOTE: DocumentDefinition<Quote> = {
  kind: 'quote',
  schema: quoteSchema,
  signers: (body) => [body.contractor],
};

/** `agr`, signed by the client, then by the contractor. */
export const AGREEMENT: DocumentDefinition<Agreement> = {
  kind: 'agr',
  schema: agreementSchema,
  signers: (body) => [body.client, body.contractor],
};

/** `dlv` of a contract between `parties`, signed by the contractor. */
export function deliveryDefinition({ contractor }: Parties): DocumentDefinition<Delivery> {
  return { kind: 'dlv', schema: deliverySchema, signers: () => [contractor] };
}

/** `ack` of a contract between `parties`, signed by the client. */
export function acknowledgementDefinition({
  client,
}: Parties): DocumentDefinition<Acknowledgement> {
  return { kind: 'ack', schema: acknowledgementSchema, signers: () => [client] };
}

/** `vrd` of a contract between `parties`: the client's, which the contractor may countersign. */
export function verdictDefinition({ client, contractor }: Parties): DocumentDefinition<Verdict> {
  return {
    kind: 'vrd',
    schema: verdictSchema,
    signers: () => [client, contractor],
    minSignatures: 1,
  };
}
