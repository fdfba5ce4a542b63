/**
 * A decision as it stands in the log: every input, every parameter, the seed and every figure that
 * came out. The table of candidates, the policy and the machine stand beside it under their
 * SHA-256, once for all decisions that were made from them.
 *
 * Figures are base64 of little-endian doubles: to the last bit, and without the time that it takes
 * to print and to read 1,000 of them. Everything else is plain JSON. Nothing is explained here:
 * sentence, cost parts and counterfactual follow from the inputs, when they are asked for.
 *
 * @module
 */

import { fromUtf8, toHex } from '../../crypto/bytes.ts';
import { sha256, sha256Hex } from '../../crypto/hash.ts';
import type { HardwareProfile } from '../cost/internal-cost.ts';
import { CandidateTable } from '../decision/candidate-table.ts';
import type { Decision } from '../decision/engine.ts';
import type { DecisionPolicy } from '../decision/policy.ts';
import { snapshotCandidate } from '../decision/request-snapshot.ts';
import type { Candidate, DecisionQuery } from '../decision/request.ts';

/** Texts of what an entry refers to. */
export interface StoredParts {
  readonly table: string;
  readonly policy: string;
  readonly hardware: string;
}

/** One entry of the log. */
export interface StoredDecision {
  /** Of the engine. */
  readonly version: number;
  readonly query: Omit<DecisionQuery, 'policy' | 'local'> & {
    readonly local: Omit<DecisionQuery['local'], 'hardware'>;
  };
  /** SHA-256 of each part, hexadecimal. */
  readonly parts: StoredParts;
  /** SHA-256 of the text of `[version, query, parts, similarities]`, hexadecimal. */
  readonly inputDigest: string;
  /** Base64 of doubles; `null` if the table's own similarities were used. */
  readonly similarities: string | null;
  readonly choice: Decision['choice'];
  readonly decidedBy: Decision['decidedBy'];
  /** Chosen, considered, runner-up and greedy candidate; -1 for none. */
  readonly candidates: readonly number[];
  readonly bar: string | null;
  /** Base64 of the figures of {@link FIGURES}, then a score or minus a drop code per candidate. */
  readonly figures: string;
}

/** Names of the figures, in their order. A figure that there is none of is NaN. */
const FIGURES = [
  'score',
  'confidence',
  'costExternalMicroUsd',
  'costInternalMicroUsd',
  'costInternalWithoutOpportunityMicroUsd',
  'isExploration',
  'exploration.isForced',
  'exploration.armCount',
  'exploration.rate',
  'exploration.draw',
  'exploration.budgetMicroUsd',
  'exploration.lossMicroUsd',
  'exploration.successLossMicroUsd',
  'exploration.failureLossMicroUsd',
  ...['signals', 'mixed', 'adjusted', 'features'].flatMap((list) =>
    ['cost', 'reliability', 'latency', 'security'].map((criterion) => `${list}.${criterion}`),
  ),
];

/** Text under its own digest. */
export interface Digested {
  readonly digest: string;
  readonly text: string;
}

function digested(value: unknown): Digested {
  const text = JSON.stringify(value);
  return { digest: sha256Hex(text), text };
}

/** Digest of a stored text. A text that was changed no longer answers to its name. */
export function digestOf(text: Uint8Array): string {
  return toHex(sha256(text));
}

/** The candidates of a table as the log keeps them. */
export function storedTable({ candidates }: CandidateTable): Digested {
  return digested(candidates.map((candidate) => snapshotCandidate(candidate, null)));
}

/** A policy as the log keeps it. */
export function storedPolicy(policy: DecisionPolicy): Digested {
  return digested(policy);
}

/** A machine as the log keeps it. */
export function storedHardware(hardware: HardwareProfile): Digested {
  return digested(hardware);
}

/** The inverse of {@link storedTable}. */
export function tableOf(text: Uint8Array): CandidateTable {
  return new CandidateTable(JSON.parse(fromUtf8(text)) as Candidate[]);
}

/** Doubles on their way to base64, in memory that is used again: to make it takes longer. */
let scratch = new Float64Array(256);

function scratchFor(count: number): Float64Array {
  if (scratch.length < count) scratch = new Float64Array(2 * count);
  return scratch;
}

/** Base64 of the first `count` doubles of the scratch. */
function scratchBase64(count: number): string {
  const { buffer, BYTES_PER_ELEMENT } = scratch;
  return Buffer.from(buffer, 0, count * BYTES_PER_ELEMENT).toString('base64');
}

function similaritiesBase64(similarities: readonly number[]): string {
  scratchFor(similarities.length).set(similarities);
  return scratchBase64(similarities.length);
}

function fromBase64(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  const column = new Float64Array(Math.floor(bytes.length / 8));
  new Uint8Array(column.buffer).set(bytes.subarray(0, column.byteLength));
  return column;
}

/**
 * The entry of a decision, as text. The query is written once, for the digest and for the entry:
 * that is most of what appending costs.
 */
export function storedDecision(decision: Decision, parts: StoredParts): string {
  const { version, query, similarities, exploration } = decision;
  const { decisionId, seed, task, local, context } = query;
  const { hardware: _, ...rest } = local;
  const facts = JSON.stringify({ decisionId, seed, task, local: rest, context });
  const { table, policy, hardware } = parts;
  const names = `{"table":"${table}","policy":"${policy}","hardware":"${hardware}"}`;
  const column = similarities === null ? 'null' : `"${similaritiesBase64(similarities)}"`;
  const inputs = `[${version},${facts},${names},${column}]`;
  const { chosen, considered, runnerUp, greedy, choice, decidedBy } = decision;
  const bar = exploration?.bar ?? null;
  return (
    `{"version":${version},"query":${facts},"parts":${names},` +
    `"inputDigest":"${sha256Hex(inputs)}","similarities":${column},` +
    `"choice":"${choice}","decidedBy":"${decidedBy}",` +
    `"candidates":[${chosen},${considered},${runnerUp},${greedy}],` +
    `"bar":${bar === null ? 'null' : `"${bar}"`},"figures":"${figuresBase64(decision)}"}`
  );
}

function figuresBase64(decision: Decision): string {
  const { exploration, weights, features, verdicts } = decision;
  const figures = scratchFor(FIGURES.length + verdicts.length);
  let next = 0;
  const put = (figure: number | null | undefined): void => {
    figures[next++] = figure ?? NaN;
  };
  put(decision.score);
  put(decision.confidence);
  put(decision.costExternalMicroUsd);
  put(decision.costInternalMicroUsd);
  put(decision.costInternalWithoutOpportunityMicroUsd);
  put(decision.isExploration ? 1 : 0);
  put(exploration === null ? NaN : exploration.isForced ? 1 : 0);
  put(exploration?.armCount);
  put(exploration?.rate);
  put(exploration?.draw);
  put(exploration?.budgetMicroUsd);
  put(exploration?.lossMicroUsd);
  put(exploration?.successLossMicroUsd);
  put(exploration?.failureLossMicroUsd);
  for (const list of [weights?.signals, weights?.mixed, weights?.adjusted, features]) {
    for (let criterion = 0; criterion < 4; criterion++) put(list?.[criterion]);
  }
  figures.set(verdicts, next);
  return scratchBase64(FIGURES.length + verdicts.length);
}

/**
 * An entry with its figures by name, so that two entries can be compared: the first ones by their
 * names, then one per candidate. What has no number is `null`.
 */
export function readableEntry(entry: StoredDecision): unknown {
  const { figures, ...rest } = entry;
  const result: Record<string, number | null> = {};
  fromBase64(figures).forEach((figure, i) => {
    const name = FIGURES[i] ?? `candidates.${i - FIGURES.length}`;
    result[name] = Number.isNaN(figure) ? null : figure;
  });
  return { ...rest, result };
}

/** The similarities that an entry was decided with. */
export function similaritiesOf({ similarities }: StoredDecision): Float64Array | null {
  return similarities === null ? null : fromBase64(similarities);
}
