/**
 * The form of a request that a record keeps: plain JSON that comes back from a store exactly as it
 * went in. Numbers that JSON cannot hold become `null`, fields that nobody reads are left out,
 * texts are cut one character beyond their limit, so that what was refused is refused again.
 *
 * @module
 */

import { CANDIDATE_LIMITS } from './candidate-reading.ts';
import { snapshotSources } from './evidence-source.ts';
import type { Candidate, CandidateNumber, DecisionRequest } from './request.ts';

type Fields = Readonly<Record<string, unknown>>;

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function snapshotNumber(value: unknown): CandidateNumber {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function snapshotText(value: unknown, maxCharacters: number): string {
  // A lone surrogate cannot stand in canonical JSON: what has one is refused, and stays so.
  if (typeof value !== 'string' || !value.isWellFormed()) return '';
  // The cut may have made one.
  return value.slice(0, maxCharacters + 1).toWellFormed();
}

function snapshotSkills(value: unknown): readonly string[] {
  const { maxSkills, maxSkillCharacters } = CANDIDATE_LIMITS;
  // What is no list of texts becomes a list that is too long: both are refused as BAD_SKILLS.
  const isList =
    Array.isArray(value) &&
    value
      .slice(0, maxSkills + 1)
      .every((skill) => typeof skill === 'string' && skill.isWellFormed());
  if (!isList) return new Array<string>(maxSkills + 1).fill('');
  const skills = value.slice(0, maxSkills + 1) as string[];
  return skills.map((skill) => snapshotText(skill, maxSkillCharacters));
}

/** The named numbers of an object; those that are undefined are left out. */
function snapshotNumbers(
  value: unknown,
  names: readonly string[],
): Record<string, CandidateNumber> {
  const fields = asFields(value);
  const numbers: Record<string, CandidateNumber> = {};
  for (const name of names) {
    if (fields[name] !== undefined) numbers[name] = snapshotNumber(fields[name]);
  }
  return numbers;
}

const HISTORY_FIELDS = ['successes', 'failures', 'monthsSinceLast', 'utility'];

function snapshotHistory(value: unknown, taskType: string | null): Candidate['history'] | null {
  if (typeof value !== 'object' || value === null) return null;
  const history = snapshotNumbers(value, HISTORY_FIELDS);
  const byType = asFields(asFields(value)['byType']);
  const types = taskType === null ? Object.keys(byType) : [taskType];
  const kept = types
    .filter((type) => Object.hasOwn(byType, type) && byType[type] !== undefined)
    .map((type) => {
      const entry = byType[type];
      const isGroup = typeof entry === 'object' && entry !== null;
      return [type, isGroup ? snapshotNumbers(entry, HISTORY_FIELDS) : null] as const;
    });
  // A plain assignment to a key such as "__proto__" would be lost.
  const all = kept.length === 0 ? history : { ...history, byType: Object.fromEntries(kept) };
  return all as unknown as Candidate['history'];
}

function snapshotQuote(value: unknown): Candidate['quote'] | null {
  if (typeof value !== 'object' || value === null) return null;
  const load = asFields(value)['load'];
  return {
    ...snapshotNumbers(value, ['priceMicroUsd', 'latencyMs', 'expiresAtSeconds']),
    load:
      typeof load === 'object' && load !== null
        ? snapshotNumbers(load, ['demand', 'available', 'total'])
        : null,
  } as unknown as Candidate['quote'];
}

/** Groups of numbers of a candidate that may be left out as a whole, and the keys of each. */
export const OPTIONAL_GROUPS = {
  evidence: ['passed', 'run'],
  testimony: ['successes', 'total'],
  stated: ['reliability', 'securityRisk', 'qualityRisk', 'performance'],
  incidents: ['disputes', 'canaryHits', 'interactions'],
  link: ['bandwidthMbps', 'transferMicroUsdPerGb'],
  overheads: [
    'sessionMicroUsd',
    'verificationMicroUsd',
    'integrationMicroUsd',
    'checkMicroUsd',
    'auditRate',
  ],
} as const;

/**
 * A candidate as a record keeps it.
 *
 * @param taskType - Whose outcomes are kept beside the sums; `null`: those of every type.
 */
export function snapshotCandidate(value: unknown, taskType: string | null): Candidate {
  const fields = asFields(value);
  const snapshot: Record<string, unknown> = {
    peerId: snapshotText(fields['peerId'], CANDIDATE_LIMITS.maxPeerIdCharacters),
    skills: snapshotSkills(fields['skills']),
    quote: snapshotQuote(fields['quote']),
    level: snapshotNumber(fields['level']),
    history: snapshotHistory(fields['history'], taskType),
  };
  for (const name of ['similarity', 'calibrationRatio', 'sourcesLeftOut']) {
    if (fields[name] !== undefined) snapshot[name] = snapshotNumber(fields[name]);
  }
  const { isOverShare } = fields;
  if (isOverShare !== undefined) {
    snapshot['isOverShare'] = typeof isOverShare === 'boolean' ? isOverShare : null;
  }
  for (const [name, numbers] of Object.entries(OPTIONAL_GROUPS)) {
    const group = fields[name];
    if (group === undefined) continue;
    snapshot[name] =
      typeof group === 'object' && group !== null ? snapshotNumbers(group, numbers) : null;
  }
  if (fields['sources'] !== undefined) snapshot['sources'] = snapshotSources(fields['sources']);
  return snapshot as unknown as Candidate;
}

/**
 * Copy of a checked request that survives JSON unchanged. Deciding from the copy gives the same as
 * deciding from the original, and a snapshot of a snapshot is the same again.
 *
 * @param similarities - By index, in the place of what the candidates say; NaN if unknown.
 */
export function snapshotRequest(
  request: DecisionRequest,
  similarities: ArrayLike<number> | null = null,
): DecisionRequest {
  const { decisionId, seed, policy, task, local, context, candidates } = request;
  const own = { decisionId, seed, policy, task, local, context };
  const copy = JSON.parse(JSON.stringify(own)) as typeof own;
  const { taskType } = copy.task;
  return {
    ...copy,
    candidates: candidates.map((candidate, index) => {
      const snapshot = snapshotCandidate(candidate, taskType);
      return similarities === null ? snapshot : withSimilarity(snapshot, similarities[index]!);
    }),
  };
}

/** A candidate that states nonsense stays one that does: the engine drops it for that. */
function withSimilarity(candidate: Candidate, similarity: number): Candidate {
  const { similarity: own, ...rest } = candidate;
  if (own !== undefined && !(own !== null && own >= -1 && own <= 1)) return candidate;
  return Number.isNaN(similarity) ? rest : { ...rest, similarity: snapshotNumber(similarity) };
}

/** JSON of a snapshot with the keys of every object in order: the same after any store. */
export function canonicalRequest(snapshot: DecisionRequest): string {
  return JSON.stringify(snapshot, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries);
  });
}
