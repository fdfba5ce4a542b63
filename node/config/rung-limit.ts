/**
 * A setting `TERM=N` of `disclosure.highestRungs`: the most of a resource that this node ever
 * proves. N is a rung of the public ladder, since nothing between two rungs can be proved, or 0 for
 * nothing at all. The predicate of the term may be left out.
 *
 * @module
 */

import { z } from 'zod';
import { RUNG_LADDER } from '../../crypto/rung-ladder.ts';

const ENTRY = /^(?:hasResource:)?[a-z0-9/._+-]+=\d{1,10}$/;

/** Schema of one entry; its output has the predicate. */
export const rungLimit = z
  .string()
  .regex(ENTRY, 'expected TERM=N, for example memory-mib=40')
  .superRefine((entry, context) => {
    const at = entry.lastIndexOf('=');
    const number = entry.slice(at + 1);
    const limit = BigInt(/^\d+$/.test(number) ? number : 0);
    if (limit === 0n || RUNG_LADDER.includes(limit)) return;
    const nearest = [
      RUNG_LADDER.findLast((rung) => rung < limit),
      RUNG_LADDER.find((rung) => rung > limit),
    ].filter((rung) => rung !== undefined);
    context.addIssue({
      code: 'custom',
      message:
        `${entry}: ${limit} is no rung, and nothing else is proved; ` +
        `use ${nearest.join(' or ')}`,
    });
  })
  .transform((entry) => (entry.includes(':') ? entry : `hasResource:${entry}`));
