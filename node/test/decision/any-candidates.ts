/** Candidates of every kind that can be judged, for properties. @module */

import fc from 'fast-check';
import type { EvidenceSource } from '../../decision/evidence-source.ts';
import type { Candidate } from '../../decision/request.ts';
import { TASK_TYPE } from './requests.ts';

/** On a grid: no number so small that it has lost its own digits. */
const share = fc.nat(1e6).map((x) => x / 1e6);

/** Up to `most` things, and some of them. */
function partOf(most: number): fc.Arbitrary<{ readonly part: number; readonly whole: number }> {
  return fc
    .record({ share, whole: fc.nat(most) })
    .map((drawn) => ({ part: Math.floor(drawn.share * drawn.whole), whole: drawn.whole }));
}

const outcomes = fc.record({
  successes: fc.nat(60),
  failures: fc.nat(12),
  monthsSinceLast: fc.nat(36),
});

const noOutcomes = { successes: 0, failures: 0, monthsSinceLast: 0 };

const history = fc.record({
  all: fc.option(outcomes),
  typed: fc.option(outcomes),
});

const quote = fc.record({
  priceMicroUsd: fc.nat(12_000),
  latencyMs: fc.integer({ min: 1, max: 90_000 }),
  load: fc
    .record({ demand: fc.nat(9), slots: partOf(8) })
    .map(({ demand, slots: { part, whole } }) => ({
      demand,
      available: part,
      total: whole + 1,
    })),
  expiresAtSeconds: fc.constant(2_000),
});

const incidents = fc
  .record({ disputes: partOf(30), hitShare: share })
  .map(({ disputes: { part, whole }, hitShare }) => ({
    disputes: part,
    canaryHits: Math.floor(hitShare * whole),
    interactions: whole,
  }));

const skills = fc
  .record({ isRelated: fc.boolean(), others: fc.nat(3), isRepeated: fc.boolean() })
  .map(({ isRelated, others, isRepeated }) => [
    ...Array.from({ length: others }, (_, i) => `performs:other/${i}`),
    ...(isRelated ? [TASK_TYPE] : []),
    ...(isRelated && isRepeated ? [TASK_TYPE] : []),
  ]);

const overheads = fc.record(
  {
    sessionMicroUsd: fc.nat(80),
    verificationMicroUsd: fc.nat(80),
    integrationMicroUsd: fc.nat(80),
    checkMicroUsd: fc.nat(80),
    auditRate: share,
  },
  { requiredKeys: [] },
);

const name = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });

const source = fc.oneof(
  fc.record({ kind: fc.constant('receipt' as const), id: name, issuer: name, shows: name }),
  fc.record({
    kind: fc.constant('certificate' as const),
    id: name,
    issuer: name,
    level: fc.nat(3),
    shows: name,
  }),
);

/** Sources of evidence, not one or up to three. */
export const anySources: fc.Arbitrary<readonly EvidenceSource[]> = fc.array(source, {
  maxLength: 3,
});

const anyCandidate = fc.record(
  {
    skills,
    similarity: fc.integer({ min: -250, max: 1_000 }).map((x) => x / 1_000),
    quote,
    level: fc.integer({ min: 0, max: 3 }),
    history: history.map(({ all, typed }) => ({
      ...(all ?? noOutcomes),
      ...(typed === null ? {} : { byType: { [TASK_TYPE]: typed } }),
    })),
    evidence: partOf(20).map(({ part, whole }) => ({ passed: part, run: whole })),
    testimony: partOf(30).map(({ part, whole }) => ({ successes: part / 4, total: whole / 4 })),
    sources: anySources,
    incidents,
    link: fc.record({
      bandwidthMbps: fc.integer({ min: 1, max: 10_000 }).map((x) => x / 10),
      transferMicroUsdPerGb: fc.nat(1e6),
    }),
    overheads,
    calibrationRatio: fc.integer({ min: 1, max: 300 }).map((x) => x / 100),
    stated: fc.record({
      reliability: share,
      securityRisk: share,
      qualityRisk: share,
      performance: share,
    }),
  },
  { requiredKeys: ['skills', 'quote', 'level', 'history', 'stated'] },
);

/** Fields of such candidates, with distinct names. Not all of them fit the task. */
export const anyCandidates: fc.Arbitrary<Candidate[]> = fc
  .array(anyCandidate, { maxLength: 10 })
  .map((list) => list.map((facts, i) => ({ peerId: `peer-${i}`, ...facts })));
