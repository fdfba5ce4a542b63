/**
 * The decision engine: LOCAL, OUTSOURCE to a contractor, or REFUSED, with everything that led there
 * (paper III-C and Listing 1, with the resolutions of equations.md 3).
 *
 * Pure, down to the hash of the inputs, so that a record can be replayed wherever JavaScript runs;
 * and total on what peers supply: an unusable candidate is dropped with a reason. There is no
 * exploration: the seed is recorded and nothing is drawn from it.
 *
 * @module
 */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { CandidateTable } from './candidate-table.ts';
import type { DecisionRecord } from './decision-record.ts';
import { resultOf } from './decision-result.ts';
import { evaluate } from './evaluation.ts';
import { requireValidRequest } from './request-checks.ts';
import { canonicalRequest, snapshotRequest } from './request-snapshot.ts';
import type { DecisionRequest } from './request.ts';

/** Version of the engine and of the record's form. A change that alters any result raises it. */
export const ENGINE_VERSION = 1;

/**
 * Decides where a task runs.
 *
 * @returns The record; it shares nothing with `request` and survives JSON unchanged.
 * @throws {@link RangeError} if the node's own part of the request is out of range; never for a
 *   candidate.
 */
export function decide(request: DecisionRequest): DecisionRecord {
  requireValidRequest(request);
  const snapshot = snapshotRequest(request);
  const evaluation = evaluate(snapshot, new CandidateTable(snapshot.candidates.length));
  return {
    version: ENGINE_VERSION,
    request: snapshot,
    inputDigest: bytesToHex(sha256(utf8ToBytes(canonicalRequest(snapshot)))),
    result: resultOf(snapshot, evaluation),
  };
}
