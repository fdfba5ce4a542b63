/**
 * The ledger of a local network: every node has some of the treasury's claims to begin with, and
 * the attestor admits new accounts. The treasury is no node: it owes, and takes part in no
 * contract.
 *
 * @module
 */

import { GENESIS_DEFAULTS, encodeGenesis } from '../protocols/ledger/genesis.ts';
import type { PlannedNode } from './local-plan.ts';

/** First balance of every node: one US dollar. */
const BALANCE_MICRO_USD = '1000000';

/**
 * Micro-USD. Tasks here cost a few millionths of a dollar, so escrows cost nothing; a lost dispute
 * does.
 */
const FEES = { transaction: '0', escrow: '0', dispute: '20', deposit: '20' };

/** A genesis, as bytes; nothing where no node is a replica. */
export function localGenesis(
  plan: readonly PlannedNode[],
  peerIdOf: (name: string) => string,
  { treasury, timeSeconds }: { readonly treasury: string; readonly timeSeconds: number },
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
    treasuries: [treasury],
    admission: attestors,
    seeds: peers(({ role }) => role !== 'contractor'),
    accounts: peers(() => true).map((holder) => ({
      holder,
      balance: BALANCE_MICRO_USD,
      credit: '0',
    })),
    ...GENESIS_DEFAULTS,
    fees: FEES,
  });
}
