/**
 * What `testnet status` shows of each node.
 *
 * @module
 */

import type { StatusDocument } from '../node/api-documents.ts';
import type { LedgerDocument, ReputationDocument } from '../node/ledger/ledger-documents.ts';
import type { NodeProcess } from './node-process.ts';

/** What a node says of itself; figures that cannot be had are null. */
export interface NodeFigures {
  readonly state: 'running' | 'paused' | 'not running';
  readonly skills: readonly string[];
  readonly peers: number | null;
  /** Tasks in work. */
  readonly tasks: number | null;
  readonly memoryRssMegabytes: number | null;
  /** Highest score of the ledger among its skills; null without a ledger, or before any outcome. */
  readonly score: number | null;
  /** On the ledger, or earned less paid without one. */
  readonly balanceMicroUsd: number | null;
}

/** Of a node that does not answer. */
export const NO_FIGURES: NodeFigures = {
  state: 'not running',
  skills: [],
  peers: null,
  tasks: null,
  memoryRssMegabytes: null,
  score: null,
  balanceMicroUsd: null,
};

/** How long one question to one node may take. */
const FIGURES_TIMEOUT_MS = 5_000;

/** Asks a running node. */
export async function figuresOf({ api }: NodeProcess): Promise<NodeFigures> {
  const ask = <Answer>(path: string): Promise<Answer | undefined> =>
    api
      .get<Answer>(path, { signal: AbortSignal.timeout(FIGURES_TIMEOUT_MS) })
      .catch(() => undefined);
  const status = await ask<StatusDocument>('/v1/status');
  if (status === undefined) return NO_FIGURES;
  const hasLedger = status.ledger !== null;
  const ledger = hasLedger ? await ask<LedgerDocument>('/v1/ledger') : undefined;
  const reputation =
    hasLedger && status.skills.length > 0
      ? await ask<ReputationDocument>('/v1/reputation')
      : undefined;
  const scores = (reputation?.scores ?? []).filter(({ source }) => source === 'ledger');
  const balance = ledger?.ledger?.account?.balanceMicroUsd;
  const earned = status.earnedMicroUsd - status.paidMicroUsd;
  return {
    state: 'running',
    skills: status.skills,
    peers: status.peersConnected,
    tasks: status.tasksInWork,
    memoryRssMegabytes: status.memoryRssMegabytes,
    score: scores.length === 0 ? null : Math.max(...scores.map(({ score }) => score)),
    balanceMicroUsd: balance === undefined ? (hasLedger ? null : earned) : Number(balance),
  };
}
