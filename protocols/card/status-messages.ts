/**
 * The message with which a peer asks an issuer for one of its status lists, on a stream of purpose
 * 3: `{v:1, typ:"statusreq", list}`, answered by the list's envelope as it is. The holder staples
 * it to its presentations (wire-formats.md 2.3 and 2.5).
 *
 * @module
 */

import { z } from 'zod';
import { decodeDocument, encodeDocument } from '../../crypto/canonical-json.ts';
import type { DocumentLimits } from '../../crypto/canonical-json.ts';
import { fields } from '../../crypto/envelope.ts';

const REQUEST_LIMITS: DocumentLimits = { maxBytes: 128, maxDepth: 1, maxValues: 3 };

const requestSchema = z.strictObject({
  v: z.literal(1),
  typ: z.literal('statusreq'),
  list: fields.integer,
});

/** Bytes of the request for the issuer's status list of that number. */
export function encodeStatusRequest(list: number): Uint8Array {
  return encodeDocument(requestSchema.parse({ v: 1, typ: 'statusreq', list }), REQUEST_LIMITS);
}

/** Number of the list that is asked for; `undefined` for anything else. Never throws. */
export function decodeStatusRequest(bytes: Uint8Array): number | undefined {
  try {
    return requestSchema.parse(decodeDocument(bytes, REQUEST_LIMITS)).list;
  } catch {
    return undefined;
  }
}
