/**
 * The evidence in a certificate of a resource that its attestor did not measure over the network:
 * whoever knows attestor and holder computes it again, and so tells such a certificate from one
 * that rests on the transcript of a benchmark.
 *
 * Evidence stands in clear in the certificate, so the statement has neither value nor resource:
 * whoever guesses those could check the guess. An attestor that lies can put any 32 bytes there;
 * this tells what an attestor says, not what it did.
 *
 * @module
 */

import { toBase64Url } from '../../crypto/bytes.ts';
import { encodeDocument } from '../../crypto/canonical-json.ts';
import { sha256 } from '../../crypto/hash.ts';

/** @param attestor - PeerId. @param holder - PeerId. */
export function statedEvidence(attestor: string, holder: string): Uint8Array {
  return sha256(encodeDocument({ v: 1, typ: 'stated', attestor, holder }));
}

/** What an attestation of a resource rests on, by the word of its attestor. */
export type ResourceBasis = 'benchmark' | 'stated';

/** @param certificate - An attestation; `evidence` in base64url. */
export function resourceBasis(certificate: {
  readonly issuer: string;
  readonly holder: string;
  readonly evidence: string;
}): ResourceBasis {
  const { issuer, holder, evidence } = certificate;
  return toBase64Url(statedEvidence(issuer, holder)) === evidence ? 'stated' : 'benchmark';
}
