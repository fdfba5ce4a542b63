/**
 * Rulings: what an arbiter says is to be paid for a contested contract (wire-formats.md 4.1, 4.3).
 *
 * @module
 */

import { z } from 'zod';
import { fields } from '../../crypto/envelope.ts';
import type { DocumentDefinition } from '../../crypto/envelope.ts';

const rulingSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('rul'),
  contract: fields.bytes(32),
  arbiter: fields.peerId,
  /** Micro-USD. */
  paid: fields.decimal,
  reason: z.string().max(256),
});

/** Body of `rul`. */
export type Ruling = z.infer<typeof rulingSchema>;

/** `rul`, signed by the arbiter. */
export const RULING: DocumentDefinition<Ruling> = {
  kind: 'rul',
  schema: rulingSchema,
  signers: ({ arbiter }) => [arbiter],
};
