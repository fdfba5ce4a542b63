/**
 * Messages with which a holder asks an issuer for its status list, on a stream of purpose 3:
 * `{v:1, typ:"statusreq"}`, answered by the list's envelope as it is. The holder staples it to its
 * presentations (wire-formats.md 2.3 and 2.5).
 *
 * @module
 */

import { equalBytes } from '../../crypto/bytes.ts';
import { encodeDocument } from '../../crypto/canonical-json.ts';

const REQUEST_BYTES = encodeDocument({ v: 1, typ: 'statusreq' });

/** Bytes of the one request for the issuer's status list. */
export function encodeStatusRequest(): Uint8Array {
  return new Uint8Array(REQUEST_BYTES);
}

/** Whether received bytes are a request for the status list. */
export function isStatusRequest(bytes: Uint8Array): boolean {
  return equalBytes(bytes, REQUEST_BYTES);
}
