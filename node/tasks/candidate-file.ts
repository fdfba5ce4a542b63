/**
 * Candidates of `decide --candidates`: a list, or a decision record or the answer of
 * `decide --json`, of which the candidates are taken. The engine drops a bad one with its reason
 * and judges the rest; a person who writes such a file by hand is told which key is wrong, and what
 * belongs there.
 *
 * @module
 */

import {
  CANDIDATE_LIMITS,
  newCandidateReading,
  readCandidate,
} from '../decision/candidate-reading.ts';
import type { DropReason } from '../decision/candidate-reading.ts';
import { SOURCE_LIMITS } from '../decision/evidence-source.ts';
import { OPTIONAL_GROUPS } from '../decision/request-snapshot.ts';
import type { Candidate } from '../decision/request.ts';
import { BadInputError } from '../errors.ts';

/** Candidates of a file at most: more would be a load test. */
const MAX_FILE_CANDIDATES = 100_000;
/**
 * Task types of which one candidate of a file may have outcomes: one is judged by those that the
 * task asks for, and each takes memory.
 */
const MAX_TASK_TYPES = 1_000;
/** Problems that are listed, of as many candidates. */
const MAX_LISTED_PROBLEMS = 20;
const MAX_SHOWN_KEY_CHARACTERS = 40;

/** What belongs where a candidate cannot be read. A reason that is not of its form is left out. */
const FORMS: Readonly<Partial<Record<DropReason, string>>> = {
  UNNAMED: `peerId: a text of 1 to ${CANDIDATE_LIMITS.maxPeerIdCharacters} characters`,
  BAD_SKILLS: `skills: a list of up to ${CANDIDATE_LIMITS.maxSkills} terms`,
  BAD_SIMILARITY: 'similarity: a number from -1 to 1, or left out',
  NO_QUOTE: 'quote: { priceMicroUsd, latencyMs, load: { demand, available, total } }',
  BAD_PRICE:
    `quote.priceMicroUsd: a number from 0 to ${CANDIDATE_LIMITS.maxMicroUsd}, ` +
    'in millionths of a dollar',
  BAD_LATENCY: `quote.latencyMs: milliseconds from 0 to ${CANDIDATE_LIMITS.maxLatencyMs}`,
  BAD_EXPIRY: 'quote.expiresAtSeconds: seconds since 1970, or left out',
  BAD_LOAD: 'quote.load: { demand, available, total } in task slots, available at most total',
  BAD_LEVEL: 'level: 0, 1, 2 or 3',
  NO_HISTORY: 'history: { successes, failures, monthsSinceLast }',
  BAD_HISTORY: 'history: { successes, failures, monthsSinceLast }, numbers of at least 0',
  BAD_EVIDENCE: 'evidence: { passed, run }, passed at most run, or left out',
  BAD_TESTIMONY: 'testimony: { successes, total }, successes at most total, or left out',
  BAD_INCIDENTS: 'incidents: { disputes, canaryHits, interactions }, or left out',
  BAD_LINK: 'link: { bandwidthMbps, transferMicroUsdPerGb }, or left out',
  BAD_OVERHEADS: 'overheads: { sessionMicroUsd, verificationMicroUsd, integrationMicroUsd }',
  BAD_CALIBRATION: 'calibrationRatio: a number above 0, or left out',
  BAD_SHARE: 'isOverShare: true, false, or left out',
  BAD_SOURCES:
    `sources: up to ${SOURCE_LIMITS.maxSources} of { kind, id, issuer, shows }, ` +
    'kind receipt, or certificate with a level',
  BAD_STATED: 'stated: { reliability, securityRisk, qualityRisk, performance }, each from 0 to 1',
};

const HISTORY_KEYS = ['successes', 'failures', 'monthsSinceLast', 'utility'] as const;
/** A receipt has no level; one that is given is not read. */
const SOURCE_KEYS = ['kind', 'id', 'issuer', 'level', 'shows'] as const;

/** What each part of a candidate may hold. `history.byType` holds task types. */
const KEYS = {
  '': [
    'peerId',
    'skills',
    'similarity',
    'quote',
    'level',
    'evidence',
    'testimony',
    'sources',
    'sourcesLeftOut',
    'history',
    'incidents',
    'link',
    'overheads',
    'calibrationRatio',
    'isOverShare',
    'stated',
  ],
  quote: ['priceMicroUsd', 'latencyMs', 'load', 'expiresAtSeconds'],
  'quote.load': ['demand', 'available', 'total'],
  history: [...HISTORY_KEYS, 'byType'],
  ...OPTIONAL_GROUPS,
} as const satisfies Readonly<Record<string, readonly string[]>>;

/**
 * The candidates that a file or a body names.
 *
 * @throws {@link BadInputError} if it names none, too many, only such as cannot be read, one with
 *   outcomes of too many task types, or holds a key that no candidate has: an optional figure under
 *   a wrong name would be missed in silence.
 */
export function candidatesFromJson(json: unknown): readonly Candidate[] {
  const list = listOf(json);
  if (list === undefined) {
    throw new BadInputError(
      'candidates: expected a list, or a record ("decisions show ID --json", "decide --json")',
    );
  }
  if (list.length > MAX_FILE_CANDIDATES) {
    throw new BadInputError(
      `candidates: expected at most ${MAX_FILE_CANDIDATES}, got ${list.length}`,
    );
  }
  const crowded = crowdedHistories(list);
  if (crowded.length > 0) {
    throw new BadInputError('A candidate has outcomes of too many task types', {
      problems: crowded,
    });
  }
  const problems = formProblems(list);
  if (list.length > 0 && problems.length === list.length) {
    throw new BadInputError('No candidate can be read', {
      problems: problems.slice(0, MAX_LISTED_PROBLEMS),
    });
  }
  const unknown = unknownKeys(list);
  if (unknown.length > 0) {
    throw new BadInputError('A candidate holds a key that means nothing here', {
      problems: unknown,
    });
  }
  return list as readonly Candidate[];
}

/** Histories of more task types than are read, each by its place and with the mend. */
function crowdedHistories(list: readonly unknown[]): string[] {
  const problems: string[] = [];
  for (const [index, candidate] of list.entries()) {
    const count = Object.keys(asFields(asFields(asFields(candidate)['history'])['byType'])).length;
    if (count <= MAX_TASK_TYPES) continue;
    problems.push(
      `${index}.history.byType: ${count} task types, expected at most ${MAX_TASK_TYPES}; ` +
        'leave out those that the task does not ask for',
    );
    if (problems.length === MAX_LISTED_PROBLEMS) break;
  }
  return problems;
}

/** Keys that no candidate has, each by its place and with those that belong there. */
function unknownKeys(list: readonly unknown[]): string[] {
  const problems: string[] = [];
  for (const [index, candidate] of list.entries()) {
    for (const { path, part, known } of partsOf(candidate)) {
      if (Array.isArray(part)) continue;
      for (const key of Object.keys(asFields(part))) {
        if (known.includes(key)) continue;
        const place = [index, ...path].join('.');
        problems.push(
          `${place}: no key ${JSON.stringify(shortened(key))}; known: ${known.join(', ')}`,
        );
        if (problems.length === MAX_LISTED_PROBLEMS) return problems;
      }
    }
  }
  return problems;
}

interface CandidatePart {
  readonly path: readonly (string | number)[];
  readonly part: unknown;
  readonly known: readonly string[];
}

/** The parts of a candidate whose keys are known: the named ones, each task type, each source. */
function* partsOf(candidate: unknown): Generator<CandidatePart> {
  for (const [place, known] of Object.entries<readonly string[]>(KEYS)) {
    const path = place === '' ? [] : place.split('.');
    const part = path.reduce<unknown>((outer, key) => asFields(outer)[key], candidate);
    yield { path, part, known };
  }
  const { history, sources } = asFields(candidate);
  for (const [taskType, part] of Object.entries(asFields(asFields(history)['byType']))) {
    yield { path: ['history', 'byType', shortened(taskType)], part, known: HISTORY_KEYS };
  }
  for (const [i, part] of Object.entries(asFields(sources))) {
    yield { path: ['sources', shortened(i)], part, known: SOURCE_KEYS };
  }
}

function shortened(key: string): string {
  return key.slice(0, MAX_SHOWN_KEY_CHARACTERS);
}

/** What is wrong with candidates, each by place and key, such as `0.level: 0, 1, 2 or 3`. */
export function formProblems(list: readonly unknown[]): string[] {
  const reading = newCandidateReading();
  return list.flatMap((candidate, index) => {
    const form = FORMS[readCandidate(candidate, reading)];
    return form === undefined ? [] : [`${index}.${form}`];
  });
}

/**
 * The list itself; that of `{candidates}`; or that of a record or of what `decide --json` prints,
 * which have it in their request.
 */
function listOf(json: unknown): readonly unknown[] | undefined {
  if (Array.isArray(json)) return json as unknown[];
  const { request, candidates } = asFields(json);
  // Looked at first: what stands beside it in the answer of `decide` are results.
  const recorded = asFields(request)['candidates'];
  if (Array.isArray(recorded)) return recorded.map(withoutExpiry);
  return Array.isArray(candidates) ? (candidates as unknown[]) : undefined;
}

function asFields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** Quotes of a record have run out when somebody looks at it; what they offered is the question. */
function withoutExpiry(candidate: unknown): unknown {
  const fields = asFields(candidate);
  const { expiresAtSeconds: _, ...quote } = asFields(fields['quote']);
  return 'quote' in fields ? { ...fields, quote } : candidate;
}
