/**
 * The ledger of a local network: the attestor is its treasury and admits new accounts, and every
 * node has some of the treasury's claims to begin with.
 *
 * @module
 */

import { GENESIS_DEFAULTS, encodeGenesis } from '../protocols/ledger/genesis.ts';
import type { PlannedNode } from './local-plan.ts';

/** First balance of every node: one US dollar. */
const BALANCE_MICRO_USD = '1000000';

/** A genesis, as bytes; nothing where no node is a replica. */
export function localGenesis(
  plan: readonly PlannedNode[],
  peerIdOf: (name: string) => string,
  timeSeconds: number,
): Uint8Array | undefined {
  const peers = (isWanted: (node: PlannedNode) => boolean): string[] =>
    plan.filter(isWanted).map(({ name }) => peerIdOf(name));
  const replicas = peers(({ isReplica }) => isReplica);
  if (replicas.length === 0) return undefined;
  const attestors = peers(({ role }) => role === 'attestor');
  return encodeGenesis({
    v: 1,
    typ: 'genesis',
    time: timeSeconds,
    replicas,
    treasuries: attestors,
    admission: attestors,
    seeds: peers(({ role }) => role !== 'contractor'),
    accounts: peers(({ role }) => role !== 'attestor').map((holder) => ({
      holder,
      balance: BALANCE_MICRO_USD,
      credit: '0',
    })),
    ...GENESIS_DEFAULTS,
  });
}
