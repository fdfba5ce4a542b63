/**
 * What a ledger keeps to know whom to believe: sums per subject, role and task type, sums per pair
 * of rater and subject, and how often each rater agreed with the others (wire-formats.md 5.3).
 *
 * Every sum is a non-negative integer in Q32. Sums called faded have decayed up to their hour.
 *
 * @module
 */

/** In which role somebody was judged. */
export type RatedRole = 'client' | 'contractor';

/** Whose work of which kind. */
export interface ScoreSubject {
  readonly subject: string;
  readonly role: RatedRole;
  /** Skill term, or "" where none is known. */
  readonly taskType: string;
}

/** Sums of one subject, role and task type. */
export interface ScoreRecord {
  /** s and n: sums of weights that never decay. */
  readonly successes: bigint;
  readonly total: bigint;
  /** S, N, and the part of N that newcomers gave, Nn. */
  readonly fadedSuccesses: bigint;
  readonly fadedTotal: bigint;
  readonly fadedNewcomers: bigint;
  /** Block hour of the last outcome. */
  readonly hour: number;
}

/** Sums that one rater gave one subject, Sp and Np. */
export interface PairRecord {
  readonly fadedSuccesses: bigint;
  readonly fadedTotal: bigint;
  readonly hour: number;
}

/** How far one rater can be believed. */
export interface RaterRecord {
  /** agr and tot: comparisons with what the others say, faded. */
  readonly agreements: bigint;
  readonly comparisons: bigint;
  readonly hour: number;
  /** F in force, and the one that takes its place in the course of the day. */
  readonly flow: bigint;
  readonly nextFlow: bigint;
}

/** Nobody has said anything yet. */
export const NO_SCORE: ScoreRecord = {
  successes: 0n,
  total: 0n,
  fadedSuccesses: 0n,
  fadedTotal: 0n,
  fadedNewcomers: 0n,
  hour: 0,
};

/** This rater has said nothing of this subject. */
export const NO_PAIR: PairRecord = { fadedSuccesses: 0n, fadedTotal: 0n, hour: 0 };

/** A rater that was never compared. */
export const NEW_RATER: RaterRecord = {
  agreements: 0n,
  comparisons: 0n,
  hour: 0,
  flow: 0n,
  nextFlow: 0n,
};

/** Where the records are: the state of a ledger, or plain maps in a model. */
export interface ReputationRecords {
  score(key: string): ScoreRecord | undefined;
  pair(key: string): PairRecord | undefined;
  rater(key: string): RaterRecord | undefined;
  putScore(key: string, record: ScoreRecord): void;
  putPair(key: string, record: PairRecord): void;
  putRater(key: string, record: RaterRecord): void;
}

/** Key of a score. PeerIds and roles hold no slash, so that no two scores share a key. */
export function scoreKey({ subject, role, taskType }: ScoreSubject): string {
  return `score/${subject}/${role}/${taskType}`;
}

/** Key of what `rater` said. */
export function pairKey(rater: string, { subject, role, taskType }: ScoreSubject): string {
  return `pair/${rater}/${subject}/${role}/${taskType}`;
}

/** The rater and the subject that a pair's key names. */
export function partiesOfPairKey(key: string): readonly [rater: string, subject: string] {
  const [, rater, subject] = key.split('/', 3);
  return [rater!, subject!];
}

/** The peers that a key of this file names; none for other keys. */
export function peersOfKey(key: string): readonly string[] {
  const [kind, first, second] = key.split('/', 3);
  if (kind === 'pair') return first === second ? [first!] : [first!, second!];
  return kind === 'score' || kind === 'rater' ? [first!] : [];
}

/** The key under which the same is kept once `from` is named `to`. */
export function renamedKey(key: string, from: string, to: string): string {
  const parts = key.split('/');
  const named = parts[0] === 'pair' ? 2 : 1;
  return parts.map((part, i) => (i >= 1 && i <= named && part === from ? to : part)).join('/');
}

/** Key of a rater. */
export function raterKey(peerId: string): string {
  return `rater/${peerId}`;
}
