/**
 * The answer to `query`: contractors of a skill, filtered and ranked before the limit cuts.
 *
 * @module
 */

import type { BrokerNews } from '../../protocols/broker/brokered-search.ts';
import { MIN_ANSWERED_SHARE } from '../../protocols/skill-discovery/contractor-search.ts';
import type {
  ContractorHit,
  SearchResult,
} from '../../protocols/skill-discovery/find-contractors.ts';
import type { FirstHitDocument, HitDocument, HitSource, QueryDocument } from '../api-documents.ts';
import type { QueryRequest } from '../http-api/routes/requests.ts';
import { lackOfResources } from '../certificates/trust.ts';
import type { ProvedSkill } from '../certificates/trust.ts';
import { parseQuery } from '../skills/query-expression.ts';
import { unknownTerms } from '../skills/term-check.ts';
import type { Survey, SurveyedContractor } from './contractor-survey.ts';
import { describeLeftOut, limitCrowd } from './crowd-limit.ts';
import type { LeftOut } from './crowd-limit.ts';

/** @returns the document; contractors that the caller's limits exclude are listed as dropped. */
export function queryDocument(
  request: QueryRequest,
  { search, contractors }: Survey,
): QueryDocument {
  const dropped = search.dropped.map(
    ({ peerId, term, reason }): QueryDocument['dropped'][number] => ({
      peerId,
      ...(term === undefined ? {} : { term }),
      reason: String(reason),
    }),
  );
  const fitting: (SurveyedContractor & { readonly document: HitDocument })[] = [];
  let hasSilent = false;
  for (const contractor of contractors) {
    const document = hitOf(contractor, search.lookAgeMs > 0);
    const lack = lackOfResources(contractor.resources, 0) ?? lackOfLevel(document, request);
    const isSilent = lack !== undefined && !contractor.hasAnswered;
    hasSilent ||= isSilent;
    const reason = isSilent ? silenceOf(contractor) : (lack ?? exclusionOf(document, request));
    if (reason === undefined) fitting.push({ ...contractor, document });
    else dropped.push({ peerId: document.peerId, term: document.term, reason });
  }
  const { kept, leftOut } = limitCrowd(fitting);
  for (const one of leftOut) {
    const { peerId, term } = one.entry.document;
    dropped.push({ peerId, term, reason: describeLeftOut(one) });
  }
  const countOf = (reason: LeftOut<unknown>['reason']) =>
    leftOut.filter((one) => one.reason === reason).length;
  // Who was not heard may well prove what was asked for.
  const isUnsure = hasSilent || (kept.length === 0 && isUnsureOfNone(search));
  return {
    query: request.query,
    outcome: isUnsure && search.outcome === 'complete' ? 'partial' : search.outcome,
    hits: kept.slice(0, request.limit).map(({ document }) => document),
    dropped,
    leftOut: {
      sameNetwork: countOf('NETWORK_FULL'),
      sameAttestorGroup: countOf('ATTESTOR_GROUP_FULL'),
    },
    asked: search.asked,
    answered: search.answered,
    elapsedMs: Math.round(search.elapsedMs),
    lookAgeMs: Math.round(search.lookAgeMs),
    unknownTerms: unknownTerms(termsOf(request)),
    ...(search.brokers ? { brokers: brokersDocument(search.brokers) } : {}),
    firstHitMs: search.firstHitMs === null ? null : Math.round(search.firstHitMs),
    ...(request.trace
      ? { trace: [...search.trace, ...remarksOf(contractors), ...leftOut.map(traceOf)] }
      : {}),
  };
}

/** Whether too few answered to say that there is nobody: the search may have found others. */
function isUnsureOfNone({ leastAnswered = 1 }: SearchResult): boolean {
  return leastAnswered < MIN_ANSWERED_SHARE.forNone;
}

/** What brokers said beside their records: agents that nobody vouches for, and signed quotes. */
function brokersDocument({
  outside,
  quotes,
  silent,
}: BrokerNews): NonNullable<QueryDocument['brokers']> {
  return {
    outside: outside.map((agent) => ({ ...agent, verified: false as const })),
    quotes: quotes.map((quote) => ({
      peerId: quote.contractor,
      terms: quote.terms,
      priceMicroUsd: Number(quote.priceMicroUsd),
      inBytes: quote.inBytes,
      latencyMs: quote.latencyMs,
      expiresAtSeconds: quote.expSeconds,
    })),
    silent,
  };
}

function remarksOf(contractors: readonly SurveyedContractor[]) {
  return contractors.flatMap(({ hit, proved, resources }) =>
    [proved, ...resources].flatMap((shown) =>
      shown.remarks.map((detail) => ({ event: 'proof', peerId: hit.peerId, detail })),
    ),
  );
}

function traceOf(one: LeftOut<SurveyedContractor>) {
  return { event: 'left-out', peerId: one.entry.hit.peerId, detail: describeLeftOut(one) };
}

/** Every term that was asked for. */
function termsOf({ query, minimums }: QueryRequest): readonly string[] {
  const parsed = parseQuery(query);
  const terms = parsed.valid ? parsed.alternatives.flatMap((one) => one.terms) : [];
  return [...terms, ...minimums.map(({ name }) => name)];
}

function hitOf(contractor: SurveyedContractor, isKept: boolean): HitDocument {
  const { hit, proved, resources, fit } = contractor;
  const { offer, record } = hit;
  // Of a resource that is itself what is looked for, the proof of it says the level.
  const own = resources.find(({ name }) => name === hit.matchedTerm);
  const shown = own ?? proved;
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
    level: shown.level,
    issuer: shown.issuer,
    certificateExpiresAt: shown.expiresAtSeconds,
    receipts: receiptsOf(proved),
    resources: resources.map(({ name, atLeast, basis, level, issuer, certId }) => ({
      name,
      atLeast: Number(atLeast ?? 0),
      basis,
      level,
      issuer,
      certId,
    })),
    recordAgeMs: hit.recordAgeSeconds * 1_000,
    sources: sourcesOf(contractor, isKept),
    addresses: record.body.addresses,
  };
}

function sourcesOf({ hit, isKnown }: SurveyedContractor, isKept: boolean): readonly HitSource[] {
  const { source, isAtBroker = false } = hit;
  return [
    source,
    ...(isAtBroker ? ['broker' as const] : []),
    ...(isKept ? ['cache' as const] : []),
    ...(isKnown ? ['known' as const] : []),
  ];
}

/** How many receipts of others' work it showed that verify, and of how many clients. */
function receiptsOf({ testimony = [] }: ProvedSkill): HitDocument['receipts'] {
  const told = testimony.filter(({ receipts }) => receipts !== undefined);
  const shown = told.reduce((sum, { receipts = [] }) => sum + receipts.length, 0);
  return { shown, clients: told.length };
}

/** What a contractor that did not answer is dropped for. */
function silenceOf({ proved }: SurveyedContractor): string {
  return `NOT_HEARD: ${proved.remarks.at(-1) ?? 'no answer'}`;
}

/** What is told of a hit before the survey has ended; `undefined` if the limits exclude it. */
export function firstHitDocument(
  { peerId, offer, matchedTerm, recordAgeSeconds }: ContractorHit,
  request: QueryRequest,
): FirstHitDocument | undefined {
  const document = {
    peerId,
    term: matchedTerm,
    priceMicroUsd: Number(offer.priceMicroUsd),
    perUnit: offer.perUnit,
    latencyMs: offer.latencyMs,
    recordAgeMs: recordAgeSeconds * 1_000,
  };
  return exclusionOf(document, request) === undefined ? document : undefined;
}

function exclusionOf(
  hit: Pick<HitDocument, 'priceMicroUsd' | 'latencyMs'>,
  request: QueryRequest,
): string | undefined {
  const { maxPriceMicroUsd, maxLatencyMs } = request;
  if (maxPriceMicroUsd !== undefined && hit.priceMicroUsd > maxPriceMicroUsd) return 'TOO_DEAR';
  if (maxLatencyMs !== undefined && hit.latencyMs > maxLatencyMs) return 'TOO_SLOW';
  return undefined;
}

function lackOfLevel(hit: HitDocument, { level }: QueryRequest): string | undefined {
  const levels = [hit.level, ...hit.resources.map((resource) => resource.level)];
  if (level !== undefined && Math.min(...levels) < level) return 'LEVEL_TOO_LOW';
  return undefined;
}
