/**
 * Who is who in a local network of N nodes, and each node's configuration and offers.
 *
 * One client, one attestor, the rest contractors that sell one of the built-in skills each. The
 * client's configured hour is dear and the contractors' are cheap: that, and nothing else, is why
 * outsourcing can pay on one machine (architecture.md 10).
 *
 * @module
 */

import type { ConfigFile } from '../node/config/schema.ts';
import { COMMITTEE_SIZES } from '../protocols/pbft/committee.ts';

/** Role of a node in a local network. */
export type Role = 'client' | 'attestor' | 'contractor';

/** One node before it runs. */
export interface PlannedNode {
  readonly name: string;
  readonly role: Role;
  /** Whether it is one of the ledger's replicas too. */
  readonly isReplica: boolean;
  readonly config: ConfigFile;
  /** Offers to publish, in the form of an offer file. */
  readonly offer: OfferFile | null;
}

interface OfferFile {
  readonly skills: readonly {
    readonly term: string;
    readonly description: string;
    readonly priceMicroUsd: number;
    readonly perUnit: 'task' | 'megabyte';
    readonly latencyMs: number;
    readonly capacity: number;
    readonly executor: { readonly type: 'builtin' };
  }[];
}

/** Smallest network that can do the main job. */
export const MIN_NODES = 3;
/** Largest number of processes that one machine is asked to hold. */
export const MAX_NODES = 50;
/** Largest number of nodes in one process. */
export const MAX_NODES_IN_PROCESS = 100;

/** The client runs on a rented server with eight GPUs. */
const CLIENT_COMPUTE_USD_PER_HOUR = 60;
/** Contractors run on small machines that are there anyway. */
const CONTRACTOR_COMPUTE_USD_PER_HOUR = 0.02;

const SKILLS = [
  {
    term: 'performs:finance/portfolio-optimization',
    description: 'Mean-variance portfolio optimization on a table of asset prices',
    basePriceMicroUsd: 12,
  },
  {
    term: 'performs:nlp/sentiment',
    description: 'Sentiment of English text, per document and per sentence',
    basePriceMicroUsd: 12,
  },
] as const;

/** Prices differ by contractor so that there is something to choose: 1.0, 1.25, 1.5, ... */
function priceOf(basePriceMicroUsd: number, index: number): number {
  return Math.round(basePriceMicroUsd * (1 + 0.25 * (index % 5)));
}

/** Replicas of a network that is large enough: the smallest committee. */
const DEFAULT_REPLICAS = 4;

/**
 * The nodes of a network of `size`.
 *
 * @param replicas - How many of them are replicas of a ledger, 0 for none; left out: 4, or none in
 *   a network of 3.
 * @throws {@link RangeError} below 3 and above 50 nodes, 100 in one process, and for a committee of
 *   another size than 4, 7, 10 and 13 or one larger than the network.
 */
export function planNetwork(
  size: number,
  replicas: number = size < DEFAULT_REPLICAS ? 0 : DEFAULT_REPLICAS,
  isInProcess = false,
): readonly PlannedNode[] {
  const nodes = planNodes(size, isInProcess ? MAX_NODES_IN_PROCESS : MAX_NODES);
  if (replicas !== 0 && (!COMMITTEE_SIZES.includes(replicas) || replicas > size)) {
    throw new RangeError(
      `"replicas" expected 0, ${COMMITTEE_SIZES.join(', ')} of ${size} nodes, got ${replicas}`,
    );
  }
  // The client, which decides and waits, is the last to be given more work, the attestor the next.
  const order = [...nodes].sort((a, b) => dutiesOf(a) - dutiesOf(b));
  const chosen = new Set(order.slice(0, replicas).map(({ name }) => name));
  return nodes.map((node) => ({ ...node, isReplica: chosen.has(node.name) }));
}

function dutiesOf({ role }: { readonly role: Role }): number {
  return ['contractor', 'attestor', 'client'].indexOf(role);
}

function planNodes(size: number, max: number): readonly Omit<PlannedNode, 'isReplica'>[] {
  if (!Number.isInteger(size) || size < MIN_NODES || size > max) {
    throw new RangeError(`"size" expected ${MIN_NODES} to ${max} nodes, got ${size}`);
  }
  const nodes: Omit<PlannedNode, 'isReplica'>[] = [
    { name: 'attestor-1', role: 'attestor', config: { name: 'attestor-1' }, offer: null },
    {
      name: 'client-1',
      role: 'client',
      config: {
        name: 'client-1',
        prices: { computeUsdPerHour: CLIENT_COMPUTE_USD_PER_HOUR },
      },
      offer: null,
    },
  ];
  for (let index = 0; index < size - 2; index++) {
    const skill = SKILLS[index % SKILLS.length]!;
    nodes.push({
      name: `contractor-${index + 1}`,
      role: 'contractor',
      config: {
        name: `contractor-${index + 1}`,
        prices: { computeUsdPerHour: CONTRACTOR_COMPUTE_USD_PER_HOUR },
      },
      offer: {
        skills: [
          {
            term: skill.term,
            description: skill.description,
            priceMicroUsd: priceOf(skill.basePriceMicroUsd, Math.floor(index / SKILLS.length)),
            perUnit: 'task',
            latencyMs: 2_000,
            capacity: 4,
            executor: { type: 'builtin' },
          },
        ],
      },
    });
  }
  return nodes;
}
