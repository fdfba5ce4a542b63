/**
 * The ledger of a node: its rules, and its replica where the genesis names this node as one.
 *
 * @module
 */

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { toHex } from '../../crypto/bytes.ts';
import { committeeOf } from '../../protocols/ledger/committee-chain.ts';
import { ledgerRules } from '../../protocols/ledger/genesis.ts';
import type { LedgerRules } from '../../protocols/ledger/genesis.ts';
import { HeaderGossip } from '../../protocols/ledger/header-gossip.ts';
import type { Host } from '../../protocols/libp2p-host.ts';
import type { AgentNodeInit } from '../agent-parts.ts';
import type { LedgerStatusDocument } from '../api-documents.ts';
import { BadInputError } from '../errors.ts';
import { codeOf } from '../storage/data-directory.ts';
import type { NodeLedger } from './node-ledger.ts';
import { ReplicaHost } from './replica-host.ts';

/** The ledger that a node has to do with. */
export interface CommitteeParts {
  readonly rules: LedgerRules;
  /** None where this node is no replica. */
  readonly replica: ReplicaHost | undefined;
  /** What replicas tell of their heads. */
  readonly headers: HeaderGossip;
}

/** @returns nothing without a committee in the configuration. */
export async function startCommittee(
  init: AgentNodeInit,
  host: Host,
): Promise<CommitteeParts | undefined> {
  const { config, identity, directory, store, clock, logger } = init;
  const { genesisFile } = config.committee;
  if (genesisFile === undefined) return undefined;
  const rules = await readGenesis(resolve(directory.path, genesisFile));
  const committee = committeeOf(rules);
  const headers = new HeaderGossip({ gossip: host.gossip, committee, clock, logger });
  if (!committee.replicas.includes(identity.peerId)) {
    headers.start();
    return { rules, replica: undefined, headers };
  }
  const replica = await ReplicaHost.start({
    ...{ rules, identity, clock, logger },
    directory: directory.ledgerDirectory,
    memory: store.section('ledger'),
    host: host.libp2p,
  });
  headers.start();
  replica.onCommit(({ block: header, commit }) => void headers.tell({ header, commit }));
  return { rules, replica, headers };
}

/** @throws {@link BadInputError} with the mend: a node never joins another ledger by mistake. */
async function readGenesis(file: string): Promise<LedgerRules> {
  const mend = 'copy it from a replica of the ledger, or unset it';
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new BadInputError(
      `committee.genesisFile: ${file} cannot be read (${codeOf(error)}); ${mend}`,
    );
  });
  try {
    return ledgerRules(bytes);
  } catch (error) {
    throw new BadInputError(
      `committee.genesisFile: ${file} is no genesis (${problemOf(error)}); ${mend}`,
      { cause: error },
    );
  }
}

function problemOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [first] = error.issues;
    return `${first!.path.join('.')}: ${first!.message}`;
  }
  return error instanceof Error ? error.message : 'it cannot be parsed';
}

/** The ledger in `coalesce status`. */
export function ledgerStatus(
  { rules, replica, headers }: CommitteeParts,
  { reach, terms }: Pick<NodeLedger, 'reach' | 'terms'>,
): LedgerStatusDocument {
  const header = headers.latest?.header;
  return {
    ledgerId: toHex(rules.ledgerId),
    replicas: rules.genesis.replicas.length,
    head: header ? { height: header.height, timeMs: header.timeMs } : null,
    isForked: headers.fork !== undefined,
    reach: reach.status(),
    withoutLedger: terms.isRequired ? 'refuse' : 'bilateral',
    replica: replica?.status() ?? null,
  };
}
