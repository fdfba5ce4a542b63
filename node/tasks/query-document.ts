/**
 * The answer to `query`: contractors of a skill, filtered and ranked before the limit cuts.
 *
 * @module
 */

import type { HitDocument, QueryDocument } from '../api-documents.ts';
import type { QueryRequest } from '../http-api/routes/requests.ts';
import type { Survey, SurveyedContractor } from './contractor-survey.ts';

/** @returns the document; contractors that the caller's limits exclude are listed as dropped. */
export function queryDocument(
  request: QueryRequest,
  { search, contractors }: Survey,
): QueryDocument {
  const dropped = search.dropped.map(({ peerId, reason }) => ({ peerId, reason: String(reason) }));
  const hits: HitDocument[] = [];
  for (const contractor of contractors) {
    const hit = hitOf(contractor);
    const reason = exclusionOf(hit, request);
    if (reason === undefined) hits.push(hit);
    else dropped.push({ peerId: hit.peerId, reason });
  }
  const remarks = contractors.flatMap(({ hit, proved }) =>
    proved.remarks.map((detail) => ({ event: 'proof', peerId: hit.peerId, detail })),
  );
  return {
    query: request.query,
    outcome: search.outcome,
    hits: hits.slice(0, request.limit),
    dropped,
    asked: search.asked,
    answered: search.answered,
    elapsedMs: Math.round(search.elapsedMs),
    ...(request.trace ? { trace: [...search.trace, ...remarks] } : {}),
  };
}

function hitOf({ hit, proved, fit }: SurveyedContractor): HitDocument {
  const { offer, record } = hit;
  return {
    peerId: hit.peerId,
    term: hit.matchedTerm,
    score: fit.score,
    scoreParts: {
      ontology: fit.ontology,
      embedding: fit.embedding,
      performance: fit.performance,
    },
    priceMicroUsd: Number(offer.priceMicroUsd),
    perUnit: offer.perUnit,
    latencyMs: offer.latencyMs,
    level: proved.level,
    issuer: proved.issuer,
    certificateExpiresAt: proved.expiresAtSeconds,
    recordAgeMs: hit.recordAgeSeconds * 1_000,
    addresses: record.body.addresses,
  };
}

function exclusionOf(hit: HitDocument, request: QueryRequest): string | undefined {
  const { maxPriceMicroUsd, maxLatencyMs, level } = request;
  if (maxPriceMicroUsd !== undefined && hit.priceMicroUsd > maxPriceMicroUsd) return 'TOO_DEAR';
  if (maxLatencyMs !== undefined && hit.latencyMs > maxLatencyMs) return 'TOO_SLOW';
  if (level !== undefined && hit.level < level) return 'LEVEL_TOO_LOW';
  return undefined;
}
